//! The parts that a picture is made of. Text is only ever text: nothing gets in unescaped.

use std::fmt::{self, Write};

use chrono::NaiveDate;
use shared::promise::Amount;

/// Pixels of a letter of the small size, on average.
const LETTER: f64 = 6.5;

/// A picture while it is drawn.
#[derive(Default)]
pub struct Drawing {
    elements: String,
}

impl Drawing {
    /// What was drawn.
    pub fn finished(self) -> String {
        self.elements
    }

    /// A text at its baseline.
    pub fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let text = escaped(text);
        self.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>\n"
        ));
    }

    /// Two texts one after the other, each in its own class.
    pub fn texts(&mut self, x: f64, y: f64, [first, second]: [(&str, &str); 2]) {
        self.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\"><tspan class=\"{}\">{}</tspan><tspan class=\"{}\" dx=\"12\">{}</tspan></text>\n",
            first.0,
            escaped(first.1),
            second.0,
            escaped(second.1),
        ));
    }

    /// A straight line.
    pub fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        self.put(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>\n"
        ));
    }

    /// A rectangle with round corners.
    pub fn rect(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        radius: f64,
        class: &str,
    ) {
        self.put(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{radius:.1}\" class=\"{class}\"/>\n"
        ));
    }

    /// A dot, or a ring.
    pub fn circle(&mut self, (x, y): (f64, f64), radius: f64, class: &str) {
        self.put(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" class=\"{class}\"/>\n"
        ));
    }

    /// A line through points.
    pub fn path(&mut self, points: &[(f64, f64)], is_closed: bool, class: &str) {
        let mut path = String::new();
        for (at, (x, y)) in points.iter().enumerate() {
            let command = if at == 0 { 'M' } else { 'L' };
            write!(path, "{command}{x:.1} {y:.1}").expect("a text takes text");
        }
        let end = if is_closed { "Z" } else { "" };
        self.put(format_args!(
            "<path d=\"{path}{end}\" class=\"{class}\"/>\n"
        ));
    }

    fn put(&mut self, element: fmt::Arguments<'_>) {
        self.elements.write_fmt(element).expect("a text takes text");
    }
}

/// From days and units to pixels.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
    /// Where the first day begins.
    pub left: f64,
    /// Where the last day ends.
    pub right: f64,
}

impl Scale {
    /// Pixels of a day.
    pub fn day_width(&self) -> f64 {
        (self.right - self.left) / (between(self.first, self.last) + 1.0)
    }

    /// Where a day begins.
    pub fn start(&self, day: NaiveDate) -> f64 {
        (self.left + between(self.first, day) * self.day_width()).clamp(self.left, self.right)
    }

    /// The middle of a day.
    pub fn middle(&self, day: NaiveDate) -> f64 {
        (self.left + (between(self.first, day) + 0.5) * self.day_width())
            .clamp(self.left, self.right)
    }

    /// True if the day is in the picture.
    pub fn shows(&self, day: NaiveDate) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

fn between(first: NaiveDate, day: NaiveDate) -> f64 {
    let days = (day - first).num_days();
    f64::from(i32::try_from(days).unwrap_or(i32::MAX))
}

/// Units as pixels count them; what has no end reaches to `top`.
pub fn height(amount: Amount, top: f64) -> f64 {
    amount
        .counted()
        .map_or(top, |count| f64::from(count.units()).min(top))
}

/// A round step for about four lines up to `highest`.
pub fn step(highest: f64) -> f64 {
    let mut decade = 1.0;
    loop {
        for step in [1.0, 2.0, 5.0] {
            if highest <= step * decade * 4.0 {
                return step * decade;
            }
        }
        decade *= 10.0;
    }
}

/// About how many pixels a text of the small size takes.
pub fn width(text: &str) -> f64 {
    let wide = |character: char| if character < '\u{2e80}' { 1.0 } else { 1.9 };
    text.chars().map(wide).sum::<f64>() * LETTER
}

/// A text cut so that it takes at most so many pixels.
pub fn cut(text: &str, pixels: f64) -> String {
    if width(text) <= pixels {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        if pixels < width(&short) + 2.0 * LETTER {
            break;
        }
        short.push(character);
    }
    short.push('…');
    short
}

/// A text as it may stand in XML, between tags and in attributes.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML knows no way to write these.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            '\u{a0}' => safe.push(' '),
            control if control.is_control() => safe.push(' '),
            plain => safe.push(plain),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escaped("</text><script>alert('1')</script>&\"\u{0}\u{ffff}"),
            "&lt;/text&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot; \u{fffd}"
        );
    }

    #[test]
    fn steps_are_round() {
        let steps = [1.0, 4.0, 5.0, 20.0, 21.0, 400.0, 900.0].map(step);
        assert_eq!(steps, [1.0, 1.0, 2.0, 5.0, 10.0, 100.0, 500.0]);
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(cut("short", 100.0), "short");
        let long = cut(&"x".repeat(100), 100.0);
        assert!(long.ends_with('…') && width(&long) <= 100.0, "{long}");
    }
}
