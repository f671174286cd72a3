//! Simulates a shop for a year under four ways to promise dates: how many promises are kept, and how long they are.
//!
//! Eighty shops of 500 SKUs each, drawn from real demand and real deliveries (`traces`), live through the same days under
//! each rule (`rules`, `world`). A single year swings by ten points, since a few suppliers' bad months decide it: what is
//! judged is the sum of all, and the worst and the best year stand beside it. docs/decisions/dates-that-are-kept.md says what
//! was chosen because of these numbers, and what they depend on.

mod chance;
mod chart;
mod outcome;
mod report;
mod rules;
mod traces;
mod world;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, bail, ensure};
use shared::lead_time::Level;

use crate::outcome::Outcome;
use crate::report::{Padded, Report, Row};
use crate::rules::{Levels, Rule};
use crate::traces::{NOTICE_DAYS, Notice, Source, Traces};

/// SKUs of a shop.
const SKUS: usize = 500;
/// Shops. Their numbers are their seeds.
const SHOPS: u64 = 80;
/// Shares of promises to keep, in percent.
const TARGETS: [u8; 3] = [80, 90, 95];
/// Most days that are tried on top of a simple rule.
const MORE_DAYS_MAX: u32 = 365;

fn main() -> anyhow::Result<ExitCode> {
    let (svg, notice) = asked()?;
    let source = Source::read(notice)?;
    let shops: Vec<Traces> = (1..=SHOPS).map(|seed| source.traces(seed, SKUS)).collect();

    let row = |name, rule| Row {
        name,
        years: years(&shops, rule),
    };
    let simple = vec![
        row("next incoming date", Rule::NextIncomingDate),
        row("fixed lead time", Rule::FixedLeadTime { more: 0 }),
        row("supplier's promise", Rule::SuppliersPromise { more: 0 }),
    ];
    let mut ours = Vec::new();
    let mut padded = Vec::new();
    for percent in TARGETS {
        let levels = Levels::both(Level::new(percent)?);
        let row = row("ours", Rule::Ours { levels });
        let kept = row.total().kept_percent();
        let fixed = |more| Rule::FixedLeadTime { more };
        padded.extend(in_hindsight(
            &shops,
            "fixed lead time",
            percent,
            kept,
            fixed,
        ));
        let promise = |more| Rule::SuppliersPromise { more };
        padded.extend(in_hindsight(
            &shops,
            "supplier's promise",
            percent,
            kept,
            promise,
        ));
        ours.push((percent, row));
    }
    let report = Report {
        simple,
        ours,
        padded,
    };

    print!("{report}");
    if let Some(path) = svg {
        std::fs::write(&path, chart::svg(&report))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(if report.is_met() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Each shop's year under a rule.
fn years(shops: &[Traces], rule: Rule) -> Vec<Outcome> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let live = |shops: &[Traces]| -> Vec<Outcome> {
            shops.iter().map(|shop| world::live(shop, rule)).collect()
        };
        let parts: Vec<_> = shops
            .chunks(shops.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || live(part)))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().expect("a year ends"))
            .collect()
    })
}

/// The fewest days on top with which a simple rule keeps `kept` percent. No merchant could know them beforehand.
fn in_hindsight(
    shops: &[Traces],
    name: &'static str,
    target: u8,
    kept: f64,
    rule: impl Fn(u32) -> Rule,
) -> Option<Padded> {
    let total = |more| Outcome::sum(&years(shops, rule(more)));
    let (mut short, mut enough) = (0, MORE_DAYS_MAX);
    while 1 < enough - short {
        let middle = short.midpoint(enough);
        if kept <= total(middle).kept_percent() {
            enough = middle;
        } else {
            short = middle;
        }
    }
    let total = total(enough);
    (kept <= total.kept_percent()).then_some(Padded {
        name,
        target,
        more: enough,
        total,
    })
}

/// What is asked for: where the picture goes, and when suppliers name their dates.
fn asked() -> anyhow::Result<(Option<PathBuf>, Notice)> {
    let usage = "kept-promises [--svg PATH] [--notice FROM TO | --notice-after FROM TO]";
    let (mut svg, mut notice) = (None, Notice::Before(NOTICE_DAYS));
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().context(usage);
        match name.as_str() {
            "--svg" => svg = Some(value()?.into()),
            "--notice" => notice = Notice::Before(days(value()?, value()?)?),
            "--notice-after" => notice = Notice::After(days(value()?, value()?)?),
            _ => bail!(usage),
        }
    }
    Ok((svg, notice))
}

fn days(from: String, to: String) -> anyhow::Result<RangeInclusive<usize>> {
    let (from, to) = (from.parse()?, to.parse()?);
    ensure!(from <= to, "{from} to {to} are no days");
    Ok(from..=to)
}
