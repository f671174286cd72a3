//! The numbers, and whether they meet the bars.

use std::fmt;
use std::ops::RangeInclusive;

use shared::demand::Outcome;

use crate::data::{AHEAD, Half};
use crate::forecasts::{self, Other, Ours, Score};
use crate::peers::Peers;
use crate::shop::{self, Rule, Shop};

/// Most of the best peer's pinball loss of a month, and of six months together.
const MONTH_MAX: f64 = 0.97;
const SUM_MAX: f64 = 0.95;
/// Most of IMAPA's root mean squared error.
const ERROR_MAX: f64 = 1.02;
/// The share that a 90 % quantile may cover.
const COVERED: RangeInclusive<f64> = 0.87..=0.93;
/// Fewest series a second on one core.
const PACE_MIN: f64 = 10_000.0;
/// Most of the textbook's stock at the same service; where it is more, the service at the same stock has to be higher by so much.
const STOCK_MAX: f64 = 0.90;
const SERVICE_MORE_MIN: f64 = 0.02;

/// Standard deviations of the textbook, with the share of cycles that it takes them for.
const DEVIATIONS: [(f64, &str); 5] = [
    (0.842, "80 %"),
    (1.282, "90 %"),
    (1.645, "95 %"),
    (2.054, "98 %"),
    (2.326, "99 %"),
];
/// What the textbook takes for history: all of it, or so many months.
const HISTORIES: [(Option<usize>, &str); 3] = [
    (None, "all months"),
    (Some(24), "24 months"),
    (Some(12), "12 months"),
];
/// Shares in percent that ours are asked for.
const ASKED: [u8; 9] = [60, 70, 80, 85, 90, 93, 95, 97, 98];

/// What was measured of one half.
pub struct Report {
    half: String,
    peers: Vec<(String, Other)>,
    ours: Ours,
    pace: f64,
    textbook: Vec<(String, Outcome)>,
    cycle: Vec<(u8, Outcome)>,
    fill: Vec<(u8, Outcome)>,
}

struct Bar {
    met: bool,
    words: String,
}

impl Report {
    /// Measures a half.
    pub fn of(half: &Half, peers: &Peers) -> anyhow::Result<Self> {
        let scores = peers
            .keys()
            .map(|name| Ok((name.clone(), forecasts::peer(half, peers, name)?)));
        let mut rules = Vec::new();
        let mut names = Vec::new();
        for (months, history) in HISTORIES {
            for (deviations, share) in DEVIATIONS {
                rules.push(Rule::Textbook { deviations, months });
                names.push(format!("textbook, {history}, {share}"));
            }
        }
        for fill in [false, true] {
            for percent in ASKED {
                rules.push(Rule::Ours(shop::service(fill, percent)?));
            }
        }
        let mut outcomes = Shop::new(half)?.try_rules(&rules).into_iter();
        let textbook = names.into_iter().zip(outcomes.by_ref()).collect();
        let cycle = ASKED.into_iter().zip(outcomes.by_ref()).collect();
        let fill = ASKED.into_iter().zip(outcomes).collect();
        Ok(Self {
            half: format!("{} ({} parts)", half.name, half.series.len()),
            peers: scores.collect::<anyhow::Result<_>>()?,
            ours: forecasts::ours(half)?,
            pace: forecasts::pace(half)?,
            textbook,
            cycle,
            fill,
        })
    }

    /// True if every bar is met.
    pub fn is_met(&self) -> bool {
        self.bars().iter().all(|bar| bar.met)
    }

    fn bars(&self) -> Vec<Bar> {
        let Ours { score, .. } = &self.ours;
        let mut bars = Vec::new();
        let by_month = self.beside("a month", score.month, MONTH_MAX, |peer| peer.score.month);
        let by_sum = self.beside("six months", score.sum, SUM_MAX, |peer| peer.score.sum);
        bars.extend(by_month);
        bars.extend(by_sum);
        let mut say = |met: bool, words: String| bars.push(Bar { met, words });
        let imapa = self
            .peers
            .iter()
            .find(|(name, _)| name.starts_with("IMAPA"));
        if let Some((_, imapa)) = imapa {
            let imapa = &imapa.score;
            let ratio = score.error / imapa.error;
            say(
                ratio <= ERROR_MAX,
                format!(
                    "RMSE of a month: {:.4}, {ratio:.3} of IMAPA's ({:.4}); at most {ERROR_MAX}",
                    score.error, imapa.error
                ),
            );
        }
        for (what, covered) in [
            ("sums at or below their 90 % quantile", score.sum_covered),
            (
                "months within their 90 %, a month at the very quantile in part",
                self.ours.month_covered_fairly,
            ),
        ] {
            say(
                COVERED.contains(&covered),
                format!(
                    "{what}: {covered:.3}; {} to {}",
                    COVERED.start(),
                    COVERED.end()
                ),
            );
        }
        say(
            PACE_MIN <= self.pace,
            format!(
                "{:.0} series a second, model choice included; at least {PACE_MIN}",
                self.pace
            ),
        );
        for (name, textbook) in &self.textbook {
            let (service, stock) = (
                textbook.fill_rate().unwrap_or_default(),
                textbook.mean_stock(),
            );
            let found = (self.stock_at(service), self.service_at(stock));
            let (Some(less), Some(more)) = found else {
                say(false, format!("{name}: ours were not asked for as much"));
                continue;
            };
            let (ratio, more) = (less / stock, more - service);
            say(
                ratio <= STOCK_MAX || SERVICE_MORE_MIN <= more,
                format!(
                    "{name}: {ratio:.2} of its stock at its service ({:.1} %), at most {STOCK_MAX:.2}; or at its stock ({stock:.2}) {:+.1} points, at least {:+.1}",
                    100.0 * service,
                    100.0 * more,
                    100.0 * SERVICE_MORE_MIN
                ),
            );
        }
        bars
    }

    /// Where the others' months are taken as independent: stricter than any package is by itself, and no bar.
    fn stricter(&self) -> Option<Bar> {
        let sum = self.ours.score.sum;
        self.beside("six months", sum, SUM_MAX, |peer| peer.sum_if_independent)
    }

    /// A loss of ours beside the least of the others.
    fn beside(&self, what: &str, ours: f64, most: f64, of: impl Fn(&Other) -> f64) -> Option<Bar> {
        let losses = self.peers.iter().map(|(name, peer)| (name, of(peer)));
        let (name, best) = losses.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        let ratio = ours / best;
        Some(Bar {
            met: ratio <= most,
            words: format!(
                "pinball loss of {what}: {ours:.4}, {ratio:.3} of the best ({name}, {best:.4}); at most {most}"
            ),
        })
    }

    /// Mean stock of ours, asked for a fill rate, where as many units leave at once.
    fn stock_at(&self, service: f64) -> Option<f64> {
        between(self.tried(), service)
    }

    /// The share of units that leave at once of ours, with as much stock.
    fn service_at(&self, stock: f64) -> Option<f64> {
        between(self.tried().map(|(found, stock)| (stock, found)), stock)
    }

    fn tried(&self) -> impl Iterator<Item = (f64, f64)> {
        let tried = self.fill.iter();
        tried.map(|(_, outcome)| {
            (
                outcome.fill_rate().unwrap_or_default(),
                outcome.mean_stock(),
            )
        })
    }
}

/// The second number where the first is `at`: on the line between the two nearest that are known.
fn between(known: impl Iterator<Item = (f64, f64)>, at: f64) -> Option<f64> {
    let known: Vec<(f64, f64)> = known.collect();
    known.windows(2).find_map(|pair| {
        let [(low, first), (high, last)] = pair else {
            return None;
        };
        (*low <= at && at <= *high).then(|| first + (last - first) * (at - low) / (high - low))
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}: 45 months forecast the last {AHEAD}", self.half)?;
        writeln!(
            f,
            "{:26}{:>10}{:>10}{:>10}{:>12}{:>10}",
            "", "pinball", "covered", "RMSE", "pinball", "covered"
        )?;
        writeln!(
            f,
            "{:26}{:>10}{:>10}{:>10}{:>12}{:>10}{:>15}",
            "", "month", "month", "month", "6 months", "6 months", "if independent"
        )?;
        for (name, peer) in &self.peers {
            let independent = format!("{:.4}", peer.sum_if_independent);
            score_line(f, name, &peer.score, &independent)?;
        }
        score_line(f, "ours", &self.ours.score, "")?;
        writeln!(
            f,
            "ours, counted in part at the very quantile: month {:.1} %, six months {:.1} %. A month's quantile is a whole number and so covers more: {:.1} % by the model's own reckoning.",
            100.0 * self.ours.month_covered_fairly,
            100.0 * self.ours.sum_covered_fairly,
            100.0 * self.ours.month_expected
        )?;
        writeln!(
            f,
            "\nreordering{:34}{:>12}{:>12}{:>12}{:>8}",
            "", "at once", "mean stock", "days empty", "orders"
        )?;
        for (name, outcome) in &self.textbook {
            line(f, name, outcome)?;
        }
        for (asked, outcome) in &self.cycle {
            line(f, &format!("ours, cycle service {asked} %"), outcome)?;
        }
        for (asked, outcome) in &self.fill {
            line(f, &format!("ours, fill rate {asked} %"), outcome)?;
        }
        writeln!(f)?;
        for bar in self.bars() {
            writeln!(
                f,
                "{}  {}",
                if bar.met { "MET " } else { "MISS" },
                bar.words
            )?;
        }
        if let Some(bar) = self.stricter() {
            let reached = if bar.met { "reached" } else { "not reached" };
            writeln!(
                f,
                "no bar, if the others' months were independent: {}: {reached}",
                bar.words
            )?;
        }
        Ok(())
    }
}

fn score_line(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    score: &Score,
    independent: &str,
) -> fmt::Result {
    writeln!(
        f,
        "{name:26}{:>10.4}{:>9.1}%{:>10.4}{:>12.4}{:>9.1}%{independent:>15}",
        score.month,
        100.0 * score.month_covered,
        score.error,
        score.sum,
        100.0 * score.sum_covered
    )
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, outcome: &Outcome) -> fmt::Result {
    writeln!(
        f,
        "{name:44}{:>10.1} %{:>12.2}{:>10.1} %{:>8}",
        100.0 * outcome.fill_rate().unwrap_or_default(),
        outcome.mean_stock(),
        100.0 * outcome.days_empty as f64 / outcome.days as f64,
        outcome.orders
    )
}
