//! Goods that are wanted rarely, and then in the sizes of a box: whether anybody asks, and for how many.
//!
//! Both are forgotten apart, as Teunter, Syntetos and Babai (2011) do; but the sizes are kept as they were, since who buys by
//! tens does not come for fourteen. A size that was never seen leans on the sizes of the whole shop.

use super::history::{Period, SinceFirstSale};
use super::horizon::Horizon;
use super::level::FIRST_WEIGHT;
use super::pool::Pool;

/// Largest size that is kept as it was: sellers of more are told by their level.
pub(super) const SIZE_MAX: u32 = 200;
/// Longest horizon for which sizes are added up, in whole periods.
pub(super) const PERIODS_MAX: u32 = 36;

/// Periods with a sale that are taken for known, and periods without.
const PRIOR: (f64, f64) = (0.15, 0.6);
/// As many sizes of its own speak for a SKU as much as the shop's.
const SHOP_WEIGHT: f64 = 3.0;
/// How fast sizes are forgotten from sale to sale.
const SIZE_FORGOTTEN: f64 = 0.97;
/// As many sizes speak for a mean size of its own as much as for the shop's.
const MEAN_WEIGHT: f64 = 2.0;

/// How whether anybody asks is learnt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bulk {
    /// What of the past is left in the next period.
    pub(super) forgetting: f64,
}

/// Whether anybody asks in a period: as many periods with a sale and without stand behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct LearntBulk {
    with_sale: f64,
    without: f64,
}

/// The sizes in which a SKU was wanted.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    /// Each size with its weight. Newer ones weigh more, all grow instead of the old ones' shrinking.
    seen: Vec<(u32, f64)>,
    newest: f64,
    weight: f64,
    units: f64,
}

/// The probability of each size.
#[derive(Debug, Clone)]
pub(super) struct SizeTable {
    probabilities: Vec<f64>,
    mean: f64,
    variance: f64,
}

impl Bulk {
    /// Learns from a history with the sizes of all its sales, and says how probable each period was: the sum of the logarithms.
    pub(super) fn learn(self, history: SinceFirstSale<'_>, sizes: &[f64]) -> (f64, LearntBulk) {
        let (mut with_sale, mut all) = (0.0, 0.0);
        let mut score = 0.0;
        let mut sizes = sizes.iter();
        for (before_end, period) in history.periods() {
            let first = before_end == history.len();
            let asked = !period.units().is_zero();
            let size = if asked { sizes.next() } else { None };
            let share = (PRIOR.0 + with_sale) / (PRIOR.0 + PRIOR.1 + all);
            if matches!(period, Period::Sold(_)) && !first {
                score += match size {
                    Some(size) => share.ln() + size,
                    None => (1.0 - share).ln(),
                };
            }
            with_sale *= self.forgetting;
            all *= self.forgetting;
            if asked || matches!(period, Period::Sold(_)) {
                let counts = if first { FIRST_WEIGHT } else { 1.0 };
                with_sale += if asked { counts } else { 0.0 };
                all += counts;
            }
        }
        let learnt = LearntBulk {
            with_sale: PRIOR.0 + with_sale,
            without: PRIOR.1 + all - with_sale,
        };
        (score, learnt)
    }
}

impl LearntBulk {
    /// The mean number of periods with a sale.
    fn share(self, horizon: Horizon, drift: f64) -> f64 {
        let (mut carried, mut sum) = (drift, 0.0);
        for part in horizon.parts() {
            sum += carried * part;
            carried *= drift;
        }
        let faded = sum / horizon.periods();
        (faded * self.with_sale / (self.with_sale + self.without)).min(1.0 - 1e-9)
    }

    /// Mean and variance of what is wanted.
    pub(super) fn moments(self, horizon: Horizon, drift: f64, sizes: &SizeTable) -> (f64, f64) {
        let share = self.share(horizon, drift);
        let known = self.with_sale + self.without;
        let periods = horizon.periods();
        let asked = periods * share;
        // The beta-binomial's variance; less than a period is less than one chance.
        let together = 1.0 + (periods - 1.0).max(0.0) / (known + 1.0);
        let asked_variance = asked * (1.0 - share) * together;
        (
            asked * sizes.mean,
            asked * sizes.variance + asked_variance * sizes.mean * sizes.mean,
        )
    }

    /// Adds `weight` times the probabilities of 0, 1, 2 ... periods with a sale to `counts`.
    pub(super) fn add_counts(self, horizon: Horizon, drift: f64, weight: f64, counts: &mut [f64]) {
        let known = self.with_sale + self.without;
        let share = self.share(horizon, drift);
        let (a, b) = (known * share, known * (1.0 - share));
        let (whole, rest) = horizon.whole();
        let chance = rest * share;
        let mut probability = weight;
        for at in 0..whole {
            let at = f64::from(at);
            probability *= (b + at) / (known + at);
        }
        let periods = f64::from(whole);
        let mut at = 0.0;
        for place in 0..=whole as usize {
            counts[place] += probability * (1.0 - chance);
            if 0.0 < chance {
                counts[place + 1] += probability * chance;
            }
            probability *= (periods - at) / (at + 1.0) * (a + at) / (b + periods - 1.0 - at);
            at += 1.0;
        }
    }
}

impl Sizes {
    /// Learns the sizes, and says of each how probable it was, as a logarithm: one for each period with a sale.
    pub(super) fn learn(history: SinceFirstSale<'_>, pool: &Pool) -> (Vec<f64>, Self) {
        let mut sizes = Self {
            seen: Vec::new(),
            newest: 1.0,
            weight: 0.0,
            units: 0.0,
        };
        let mut scores = Vec::new();
        for (_, period) in history.periods() {
            let size = period.units().units();
            if size == 0 {
                continue;
            }
            scores.push(sizes.probability(size, pool).ln());
            // Where the shelf ran empty, more may have been asked for.
            if matches!(period, Period::Sold(_)) {
                sizes.add(size);
            }
        }
        (scores, sizes)
    }

    fn add(&mut self, size: u32) {
        self.newest /= SIZE_FORGOTTEN;
        match self.seen.iter_mut().find(|(seen, _)| *seen == size) {
            Some((_, weight)) => *weight += self.newest,
            None => self.seen.push((size, self.newest)),
        }
        self.weight = SIZE_FORGOTTEN * self.weight + 1.0;
        self.units = SIZE_FORGOTTEN * self.units + f64::from(size);
    }

    fn probability(&self, size: u32, pool: &Pool) -> f64 {
        let seen = self.seen.iter().find(|(seen, _)| *seen == size);
        let own = seen.map_or(0.0, |(_, weight)| weight / self.newest);
        let (mean, known) = (self.mean(pool), pool.size(size));
        let stays = 1.0 - 1.0 / mean;
        let smooth = stays.powi(size.cast_signed() - 1) / mean;
        (SHOP_WEIGHT * 0.5 * (known + smooth) + own) / (SHOP_WEIGHT + self.weight)
    }

    /// The mean size, drawn towards the shop's.
    fn mean(&self, pool: &Pool) -> f64 {
        let mean = (MEAN_WEIGHT * pool.mean_size() + self.units) / (MEAN_WEIGHT + self.weight);
        mean.max(1.05)
    }

    /// The probability of each size that may come next.
    pub(super) fn table(&self, pool: &Pool) -> SizeTable {
        let mean = self.mean(pool);
        let stays = 1.0 - 1.0 / mean;
        let all = SHOP_WEIGHT + self.weight;
        let shop = 0.5 * SHOP_WEIGHT / all;
        let mut smooth = shop / mean;
        let mut table: Vec<f64> = pool
            .sizes()
            .iter()
            .map(|known| {
                let here = shop * known + smooth;
                smooth *= stays;
                here
            })
            .collect();
        for (size, weight) in &self.seen {
            table[*size as usize - 1] += weight / self.newest / all;
        }
        table.insert(0, 0.0);
        // Sizes that hardly ever come cost time and change nothing.
        let sum: f64 = table.iter().sum();
        let mut beyond = 0.0;
        while let Some(last) = table.last()
            && beyond + last < 1e-5 * sum
        {
            beyond += last;
            table.pop();
        }
        let sum: f64 = table.iter().sum();
        let (mut mean, mut square) = (0.0, 0.0);
        let mut size = 0.0;
        for probability in &mut table {
            *probability /= sum;
            mean += size * *probability;
            square += size * size * *probability;
            size += 1.0;
        }
        SizeTable {
            probabilities: table,
            mean,
            variance: square - mean * mean,
        }
    }
}

impl SizeTable {
    /// By size, from 0 on, which is never asked for; together 1.
    pub(super) fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }
}
