//! A level that forgets: the units that are wanted in a period, as a count around a mean that the past gave.
//!
//! The mean is what was wanted over how long it took, both forgotten alike from period to period: exponential smoothing
//! written as counting (Harvey and Fernandes, 1989), so that few periods are few, and nothing has to be begun by guess. A season is
//! how much longer or shorter a period counts than others; growth carries the level on before the next period is counted.

use super::history::{Period, SinceFirstSale};
use super::horizon::Horizon;
use super::negative_binomial::NegativeBinomial;
use super::pool::Pool;

/// The first sale begins the history, so it is never nothing: it counts for less.
pub(super) const FIRST_WEIGHT: f64 = 0.3;
/// How fast the variance is forgotten from period to period.
const SPREAD_FORGOTTEN: f64 = 0.97;
/// The variance of one period over its mean, least.
const SPREAD_MIN: f64 = 1.05;
/// By how much of a surprise the growth changes.
const GROWTH_LEARNT: f64 = 0.06;
/// How much of the growth stays from period to period (Gardner and McKenzie, 1985).
const GROWTH_KEPT: f64 = 0.92;
/// How much of a place in the season is forgotten from year to year.
const SEASON_FORGOTTEN: f64 = 0.9;
/// For as many years the shop's season speaks against a SKU's own.
const SEASON_WEIGHT: f64 = 1.0;

/// How a level is learnt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    /// What of the past is left in the next period.
    pub(super) forgetting: f64,
    /// The variance of one period over its mean, as far as nothing is known.
    pub(super) spread: f64,
    /// As many periods of its own speak for another one as much; none: it is never another.
    pub(super) spread_weight: Option<f64>,
    /// The size of the mean's own swings from period to period; none: it has none.
    pub(super) swing: Option<f64>,
    /// Whether it follows the season.
    pub(super) seasonal: bool,
    /// Whether it carries growth on.
    pub(super) growing: bool,
}

/// What a level had learnt at the end of a history.
#[derive(Debug, Clone)]
pub(super) struct LearntLevel {
    level: f64,
    /// How many periods stand behind it.
    weight: f64,
    spread: f64,
    swing: f64,
    /// `None`: it carries none on, and fades as the shop's goods do.
    growth: Option<f64>,
    /// How much each of the coming periods counts, from the next one on; empty: one each.
    season: Vec<f64>,
}

impl Level {
    /// Learns from a history, and says how probable each of its periods was before it was seen: the sum of the logarithms.
    pub(super) fn learn(self, history: SinceFirstSale<'_>, pool: &Pool) -> (f64, LearntLevel) {
        let prior_weight = pool.prior_periods();
        let mut wanted = pool.prior_units();
        let mut weight = prior_weight;
        let (mut squares, mut counted) = (0.0, 0.0);
        let mut growth: f64 = 1.0;
        let mut season = self
            .seasonal
            .then(|| Places::of(pool, history.len()))
            .flatten();
        let swing = self.swing.map_or(0.0, |size| 1.0 / size);
        let mut score = 0.0;
        for (before_end, period) in history.periods() {
            let level = wanted / weight;
            let exposure = season.as_ref().map_or(1.0, |season| season.at(before_end));
            let mean = level * exposure;
            let spread = self.spread(squares, counted);
            let units = f64::from(period.units().units());
            let first = before_end == history.len();
            let seen = match period {
                Period::Sold(_) => true,
                // That at least so many were wanted is news only where fewer were expected.
                Period::SoldOut(_) => mean < units,
            };
            if seen && !first {
                let variance =
                    spread * mean + swing * mean * mean + spread.sqrt() * mean * exposure / weight;
                if let Period::Sold(sold) = period {
                    score +=
                        NegativeBinomial::of_moments(mean, variance).log_probability(sold.units());
                }
                let surprise = units - mean;
                squares = SPREAD_FORGOTTEN * squares
                    + surprise * surprise
                        / (mean * (1.0 + exposure / weight) + swing * mean * mean);
                counted = SPREAD_FORGOTTEN * counted + 1.0;
                if self.growing {
                    let relative = (surprise / (mean + spread)).clamp(-1.0, 1.0);
                    growth = growth.powf(GROWTH_KEPT) * (1.0 + GROWTH_LEARNT * relative);
                }
            }
            wanted *= self.forgetting * growth;
            weight *= self.forgetting;
            if seen {
                let counts = if first { FIRST_WEIGHT } else { 1.0 };
                wanted += counts * units;
                weight += counts * exposure;
                if let Some(season) = &mut season {
                    season.learn(before_end, units, level);
                }
            }
            // Forgetting leaves what is known of the pool.
            wanted += (1.0 - self.forgetting) * pool.prior_units();
            weight += (1.0 - self.forgetting) * prior_weight;
        }
        let learnt = LearntLevel {
            level: wanted / weight,
            weight,
            spread: self.spread(squares, counted),
            swing,
            growth: self.growing.then_some(growth),
            season: season.map(Places::coming).unwrap_or_default(),
        };
        (score, learnt)
    }

    fn spread(self, squares: f64, counted: f64) -> f64 {
        let Some(weight) = self.spread_weight else {
            return self.spread;
        };
        ((weight * self.spread + squares) / (weight + counted)).max(SPREAD_MIN)
    }
}

impl LearntLevel {
    /// What is wanted over a horizon.
    pub(super) fn over(&self, horizon: Horizon, drift: f64) -> NegativeBinomial {
        let (mut exposure, mut swings) = (0.0, 0.0);
        let (mut carried, mut growth) = (1.0, self.growth);
        let count = self.season.len();
        for (at, part) in horizon.parts().enumerate() {
            carried *= match &mut growth {
                None => drift,
                // The growth of the first period is in the level already.
                Some(_) if at == 0 => 1.0,
                Some(growth) => {
                    *growth = growth.powf(GROWTH_KEPT);
                    *growth
                }
            };
            let place = if count == 0 {
                1.0
            } else {
                self.season[at % count]
            };
            let counts = carried * place * part;
            exposure += counts;
            swings += counts * counts / part;
        }
        let mean = self.level * exposure;
        let variance = self.spread * mean
            + self.swing * self.level * self.level * swings
            + self.spread.sqrt() * self.level * exposure * exposure / self.weight;
        NegativeBinomial::of_moments(mean, variance)
    }
}

/// How much each place in the year counts.
struct Places {
    /// Units, and the units that the level made expect, by place before the end of the history.
    seen: Vec<(f64, f64)>,
    known: Vec<f64>,
}

impl Places {
    fn of(pool: &Pool, periods: usize) -> Option<Self> {
        let known = pool.season();
        // Within its first year nobody can tell a season from a level.
        (!known.is_empty() && known.len() < periods).then(|| Self {
            seen: vec![(0.0, 0.0); known.len()],
            known: known.to_vec(),
        })
    }

    fn at(&self, before_end: usize) -> f64 {
        let place = before_end % self.known.len();
        let (units, expected) = self.seen[place];
        let known = self.known[place];
        if expected <= 0.0 {
            return known;
        }
        // What the shop's season says weighs as much as so many years of this SKU's last level.
        (SEASON_WEIGHT * known + units) / (SEASON_WEIGHT + expected)
    }

    fn learn(&mut self, before_end: usize, units: f64, level: f64) {
        let place = before_end % self.known.len();
        let (seen, expected) = &mut self.seen[place];
        *seen = SEASON_FORGOTTEN * *seen + units / level;
        *expected = SEASON_FORGOTTEN * *expected + 1.0;
    }

    /// From the next period on: the last one is 1 before the end, the next one a year after the one that is a year less 0 before it.
    fn coming(self) -> Vec<f64> {
        let count = self.known.len();
        (0..count).map(|at| self.at(count - at)).collect()
    }
}
