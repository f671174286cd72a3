//! The picture: how many promises are kept against how long they are. Up and to the left is better.

use std::fmt::Write;

use crate::outcome::Outcome;
use crate::report::Report;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
/// The plot within it.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 728.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 396.0;

const DAYS_STEP: u32 = 25;
const KEPT_MIN: u32 = 40;
const KEPT_STEP: u32 = 10;

const STYLE: &str = "
    svg { --paper: #ffffff; --ink: #1f2328; --quiet: #59636e; --line: #d8dee4; --ours: #0b6e4f; --theirs: #a2591c }
    @media (prefers-color-scheme: dark) {
      svg { --paper: #0d1117; --ink: #e6edf3; --quiet: #9198a1; --line: #2d333b; --ours: #4cc38a; --theirs: #e0a06a }
    }
    text { font: 13px system-ui, sans-serif; fill: var(--quiet) }
    .title { font-size: 17px; font-weight: 600; fill: var(--ink) }
    .paper { fill: var(--paper) }
    .grid { stroke: var(--line); stroke-width: 1 }
    .ours { fill: var(--ours); font-weight: 600 }
    .theirs { fill: var(--theirs) }
    .path { fill: none; stroke-width: 2.5; stroke-linejoin: round }
    .path.ours { stroke: var(--ours) }
    .path.theirs { stroke: var(--theirs); stroke-width: 1.5; stroke-dasharray: 4 4 }
    .hollow { fill: var(--paper); stroke: var(--theirs); stroke-width: 1.5 }
";

/// Draws it.
pub fn svg(report: &Report) -> String {
    let padded = report.padded.iter().map(|padded| padded.total.mean_days());
    let ours = report.ours.iter().map(|(_, row)| row.total().mean_days());
    let longest = padded.chain(ours).fold(100.0, f64::max) as u32 + DAYS_STEP / 2;
    let scale = Scale {
        days_max: longest.next_multiple_of(DAYS_STEP),
    };

    let mut svg = String::new();
    let mut draw = |part: String| svg.push_str(&part);
    draw(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-labelledby=\"title desc\">\n  <title id=\"title\">Promises kept against days promised</title>\n  \
         <desc id=\"desc\">{}</desc>\n  <style>{STYLE}  </style>\n  \
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/>\n",
        description(report)
    ));
    draw(text(
        LEFT,
        34.0,
        "title",
        "start",
        "More promises kept, with shorter dates",
    ));
    let shops = report.ours.first().map_or(0, |(_, row)| row.years.len());
    let about = format!(
        "{shops} simulated shops of 500 SKUs, real demand and deliveries, what was not on the shelf"
    );
    draw(text(LEFT, 56.0, "", "start", &about));
    draw(grid(&scale));

    for row in &report.simple {
        let base = row.total();
        let padded: Vec<Outcome> = report
            .padded
            .iter()
            .filter(|padded| padded.name == row.name)
            .map(|padded| padded.total)
            .collect();
        if !padded.is_empty() {
            let all: Vec<Outcome> = [base].into_iter().chain(padded.iter().copied()).collect();
            draw(path(&scale, "theirs", &all));
        }
        for one in &padded {
            let (x, y) = scale.at(one);
            draw(format!(
                "  <circle class=\"hollow\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>\n"
            ));
        }
        let (x, y) = scale.at(&base);
        draw(format!(
            "  <circle class=\"theirs\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\"/>\n"
        ));
        let name = format!("{}: {:.1} %", row.name, base.kept_percent());
        draw(text(x + 12.0, y + 16.0, "theirs", "start", &name));
    }
    let ours: Vec<Outcome> = report.ours.iter().map(|(_, row)| row.total()).collect();
    draw(path(&scale, "ours", &ours));
    for ((target, _), total) in report.ours.iter().zip(&ours) {
        let (x, y) = scale.at(total);
        draw(format!(
            "  <circle class=\"ours\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\"/>\n"
        ));
        let name = format!("ours at {target} %: {:.1} %", total.kept_percent());
        draw(text(x - 12.0, y - 8.0, "ours", "end", &name));
    }
    let note =
        "Hollow: the same rule with days on top, chosen in hindsight to keep as many as ours.";
    draw(text(RIGHT, BOTTOM - 12.0, "", "end", note));
    svg.push_str("</svg>\n");
    svg
}

/// Where numbers lie in the plot.
struct Scale {
    days_max: u32,
}

impl Scale {
    fn at(&self, outcome: &Outcome) -> (f64, f64) {
        (self.x(outcome.mean_days()), y(outcome.kept_percent()))
    }

    fn x(&self, days: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * days / f64::from(self.days_max)
    }
}

fn y(kept: f64) -> f64 {
    let lowest = f64::from(KEPT_MIN);
    BOTTOM - (BOTTOM - TOP) * (kept - lowest) / (100.0 - lowest)
}

fn grid(scale: &Scale) -> String {
    let mut grid = String::new();
    for kept in (KEPT_MIN..=100).step_by(KEPT_STEP as usize) {
        let y = y(kept.into());
        let _ = writeln!(
            grid,
            "  <path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>"
        );
        grid += &text(LEFT - 10.0, y + 4.0, "", "end", &format!("{kept} %"));
    }
    for days in (0..=scale.days_max).step_by(DAYS_STEP as usize) {
        let x = scale.x(days.into());
        grid += &text(x, BOTTOM + 22.0, "", "middle", &days.to_string());
    }
    grid + &text(
        (LEFT + RIGHT) / 2.0,
        BOTTOM + 46.0,
        "",
        "middle",
        "mean days promised",
    )
}

fn path(scale: &Scale, class: &str, outcomes: &[Outcome]) -> String {
    let points: Vec<String> = outcomes
        .iter()
        .map(|outcome| {
            let (x, y) = scale.at(outcome);
            format!("{x:.1} {y:.1}")
        })
        .collect();
    format!(
        "  <path class=\"path {class}\" d=\"M{}\"/>\n",
        points.join("L")
    )
}

fn text(x: f64, y: f64, class: &str, anchor: &str, words: &str) -> String {
    format!(
        "  <text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{words}</text>\n"
    )
}

fn description(report: &Report) -> String {
    let simple = report
        .simple
        .iter()
        .map(|row| (row.name.to_owned(), row.total()));
    let ours = report
        .ours
        .iter()
        .map(|(target, row)| (format!("ours at {target} %"), row.total()));
    let parts: Vec<String> = simple
        .chain(ours)
        .map(|(name, total)| {
            format!(
                "{name}: {:.1} % kept, {:.0} days promised on average",
                total.kept_percent(),
                total.mean_days()
            )
        })
        .collect();
    parts.join("; ") + "."
}
