//! Breaks a text into lines of a width: a picture breaks nothing by itself, and neither does a PDF.

/// Stands where a text had to end before its end.
const ELLIPSIS: char = '…';
/// How often the width is halved to find the narrowest that needs no more lines.
const BALANCE_STEPS: u32 = 7;

/// Breaks a text into at most `lines_max` lines of `width`, the lines about as long as each other. `None` where it does not fit.
pub fn fitted(
    text: &str,
    width: f32,
    lines_max: usize,
    measure: &dyn Fn(&str) -> f32,
) -> Option<Vec<String>> {
    let greedy = broken(text, width, measure);
    if lines_max < greedy.len() || greedy.iter().any(|line| width < measure(line)) {
        return None;
    }
    let (mut too_narrow, mut wide_enough) = (0.0, width);
    let mut best = greedy;
    for _ in 0..BALANCE_STEPS {
        let tried = f32::midpoint(too_narrow, wide_enough);
        let lines = broken(text, tried, measure);
        if lines.len() <= best.len() && lines.iter().all(|line| measure(line) <= tried) {
            (best, wide_enough) = (lines, tried);
        } else {
            too_narrow = tried;
        }
    }
    Some(best)
}

/// Breaks a text into at most `lines_max` lines of `width`, whatever it takes: what is too long ends in an ellipsis.
pub fn cut(text: &str, width: f32, lines_max: usize, measure: &dyn Fn(&str) -> f32) -> Vec<String> {
    let mut lines = Vec::new();
    for line in broken(text, width, measure) {
        lines.extend(halved(&line, width, measure));
    }
    if lines_max < lines.len() {
        lines.truncate(lines_max);
        if let Some(last) = lines.last_mut() {
            let with_ellipsis = |text: &str| format!("{}{ELLIPSIS}", text.trim_end());
            while !last.is_empty() && width < measure(&with_ellipsis(last)) {
                last.pop();
            }
            *last = with_ellipsis(last);
        }
    }
    lines
}

/// Fills line after line with as much as fits. A piece that is wider than a line has one of its own.
fn broken(text: &str, width: f32, measure: &dyn Fn(&str) -> f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let longer = format!("{line}{piece}");
        if !line.is_empty() && width < measure(longer.trim_end()) {
            lines.push(line.trim_end().to_owned());
            line = piece.to_owned();
        } else {
            line = longer;
        }
    }
    lines.push(line.trim_end().to_owned());
    lines.retain(|line| !line.is_empty());
    lines
}

/// Parts between which a line may end.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((_, c)) = characters.next() {
        let Some(&(at, next)) = characters.peek() else {
            break;
        };
        let may_end = match c {
            ' ' | '/' | '-' => next != ' ',
            _ => {
                is_cjk(c) && !begins_no_line(next) && !ends_no_line(c)
                    || is_cjk(next) && !begins_no_line(next) && c != ' ' && !ends_no_line(c)
            }
        };
        if may_end {
            pieces.push(&text[start..at]);
            start = at;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// A line that is still too wide, by characters.
fn halved(line: &str, width: f32, measure: &dyn Fn(&str) -> f32) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in line.chars() {
        let part = parts.last_mut().expect("there is one from the start");
        part.push(c);
        if width < measure(part) && 1 < part.chars().count() {
            part.pop();
            parts.push(c.to_string());
        }
    }
    parts
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}')
}

/// Japanese marks and small signs that stand at no line's beginning (JIS X 4051).
fn begins_no_line(c: char) -> bool {
    "、。，．・：；？！ー）」』】〕〉》々ぁぃぅぇぉっゃゅょァィゥェォッャュョ～".contains(c)
        || matches!(c, ' ' | ',' | '.' | ')' | ']' | '!' | '?' | ':' | ';')
}

fn ends_no_line(c: char) -> bool {
    "（「『【〔〈《([".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> f32 {
        text.chars().fold(0.0, |sum, _| sum + 1.0)
    }

    #[test]
    fn lines_end_between_words_and_are_about_as_long_as_each_other() {
        let fits = |text, lines_max| fitted(text, 16.0, lines_max, &count);
        assert_eq!(fits("Hoodie", 2), Some(vec!["Hoodie".into()]));
        assert_eq!(
            fits("Hoodie with pocket", 2),
            Some(vec!["Hoodie with".into(), "pocket".into()])
        );
        assert_eq!(
            fits("A b c d e f g h i j k", 2),
            Some(vec!["A b c d e f".into(), "g h i j k".into()])
        );
        assert_eq!(fits("Hoodie with pocket and hood", 1), None);
        assert_eq!(fits("Donaudampfschifffahrt", 2), None);
    }

    #[test]
    fn japanese_ends_anywhere_but_before_a_mark() {
        let lines = fitted("青いパーカー（大）です。", 7.0, 2, &count);
        assert_eq!(
            lines,
            Some(vec!["青いパーカー".into(), "（大）です。".into()])
        );
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis_within_the_width() {
        let lines = cut(
            "Donaudampfschifffahrtsgesellschaft and more of it",
            10.0,
            2,
            &count,
        );
        assert_eq!(lines, ["Donaudampf", "schifffah…"]);
        assert_eq!(cut("short", 10.0, 2, &count), ["short"]);
        assert_eq!(cut("", 10.0, 2, &count), [""; 0]);
    }
}
