//! The numbers, and whether they meet the bar.

use std::fmt;

use crate::outcome::Outcome;

/// Points by which the kept rate may miss its target.
const MISSED_POINTS_MAX: f64 = 2.0;

/// What all rules did.
pub struct Report {
    /// The simple rules.
    pub simple: Vec<Row>,
    /// Ours, by target in percent.
    pub ours: Vec<(u8, Row)>,
    /// Simple rules with days on top, chosen so that they keep as much as ours.
    pub padded: Vec<Padded>,
}

/// What a rule did in each shop.
pub struct Row {
    /// The rule.
    pub name: &'static str,
    /// Its years.
    pub years: Vec<Outcome>,
}

/// What a simple rule does with days on top.
pub struct Padded {
    /// The rule.
    pub name: &'static str,
    /// It keeps as much as ours at this target, in percent.
    pub target: u8,
    /// The days.
    pub more: u32,
    /// What it did in all shops.
    pub total: Outcome,
}

impl Row {
    /// All years together.
    pub fn total(&self) -> Outcome {
        Outcome::sum(&self.years)
    }

    /// Kept rate of the worst and of the best year.
    fn range(&self) -> (f64, f64) {
        let kept = self.years.iter().map(Outcome::kept_percent);
        kept.fold((100.0, 0.0), |(low, high), one| {
            (one.min(low), one.max(high))
        })
    }
}

impl Report {
    /// True if every bar is met.
    pub fn is_met(&self) -> bool {
        self.bars().iter().all(|(_, met)| *met)
    }

    fn bars(&self) -> Vec<(String, bool)> {
        let mut bars = Vec::new();
        for (target, row) in &self.ours {
            let total = row.total();
            let missed = total.kept_percent() - f64::from(*target);
            bars.push((
                format!(
                    "ours at {target} %: within {MISSED_POINTS_MAX} points of it ({missed:+.1})"
                ),
                missed.abs() <= MISSED_POINTS_MAX,
            ));
            let as_many: Vec<&Row> = self
                .simple
                .iter()
                .filter(|simple| total.kept_percent() <= simple.total().kept_percent())
                .collect();
            bars.push((
                format!(
                    "ours at {target} %: shorter than each rule that keeps as many ({} do)",
                    as_many.len()
                ),
                as_many
                    .iter()
                    .all(|simple| total.mean_days() < simple.total().mean_days()),
            ));
            let padded = self.padded.iter().filter(|padded| padded.target == *target);
            bars.push((
                format!("ours at {target} %: shorter than those with days on top"),
                padded
                    .into_iter()
                    .all(|padded| total.mean_days() < padded.total.mean_days()),
            ));
        }
        let oversold: u32 = self.ours.iter().map(|(_, row)| row.total().oversold).sum();
        bars.push((
            format!("ours: no unit oversold ({oversold})"),
            oversold == 0,
        ));
        bars
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = ["kept", "days", "no date", "oversold"];
        let [kept, days, undated, oversold] = titles;
        writeln!(
            f,
            "{:28}{kept:>8}{days:>8}{undated:>10}{oversold:>10}{:>20}",
            "rule", "kept, single years"
        )?;
        for row in &self.simple {
            line(f, row.name, &row.total(), row.range())?;
        }
        for (target, row) in &self.ours {
            line(
                f,
                &format!("{}, target {target} %", row.name),
                &row.total(),
                row.range(),
            )?;
        }
        writeln!(
            f,
            "\nwith days on top, chosen in hindsight to keep as many as ours"
        )?;
        for padded in &self.padded {
            let name = format!("{} + {}", padded.name, padded.more);
            writeln!(f, "{}", columns(&name, &padded.total))?;
        }
        let (years, total) = match self.ours.first() {
            Some((_, row)) => (row.years.len(), row.total()),
            None => (0, Outcome::default()),
        };
        writeln!(
            f,
            "\n{years} shops, one year each: {} shoppers, {:.0} % of them served from the shelf (with ours), who are not counted here.",
            total.shoppers,
            total.served_percent()
        )?;
        writeln!(
            f,
            "kept: promises kept, of those told a date. days: mean days promised. no date: of those who found too little there."
        )?;
        writeln!(
            f,
            "oversold: units beyond all that was on the shelf and under way.\n"
        )?;
        for (bar, met) in self.bars() {
            writeln!(f, "{}  {bar}", if met { "met   " } else { "MISSED" })?;
        }
        Ok(())
    }
}

fn line(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    total: &Outcome,
    (low, high): (f64, f64),
) -> fmt::Result {
    let range = format!("{low:.0} to {high:.0}%");
    writeln!(f, "{}{range:>20}", columns(name, total))
}

fn columns(name: &str, total: &Outcome) -> String {
    format!(
        "{name:28}{:>7.1}%{:>8.1}{:>9.1}%{:>10}",
        total.kept_percent(),
        total.mean_days(),
        total.undated_percent(),
        total.oversold
    )
}
