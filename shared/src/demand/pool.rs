//! What all goods of a shop say together, for those that are too young to say it themselves.

use super::bulk;
use super::forecast::Forecast;
use super::history::{Period, Season, SinceFirstSale};
use super::horizon::Horizon;
use super::model::{TRIED, Trial};

/// Goods that a shop is learnt from, evenly taken of all: more change nothing.
pub const LEARNT_FROM_MAX: usize = 2_000;
/// How often what is believed of all is drawn from what is believed of each.
const ROUNDS: usize = 40;
/// No way is believed less than this of all.
const BELIEF_MIN: f64 = 0.002;
/// For so many periods speaks what is wanted of all, times that the shop's goods are wanted in a period.
const PRIOR_UNITS: f64 = 0.3;
/// Periods over which it is looked how goods fade, and the fewest that have to lie before.
const FADING_PERIODS: usize = 6;
/// How often that is looked at, each time as many periods earlier.
const FADING_WINDOWS: usize = 4;
/// As many goods say that nothing fades.
const FADING_WEIGHT: f64 = 20.0;
/// What of demand may be left from period to period, least and most: goods grow old, and new ones are no forecast.
const DRIFT: (f64, f64) = (0.92, 1.0);
/// As many years of single goods say that there is no season.
const SEASON_WEIGHT: f64 = 8.0;

/// What a shop's goods have in common: learnt once for all, then read for each.
///
/// ```
/// use shared::demand::{Horizon, Period, Pool, Season};
/// use shared::lead_time::Level;
/// use shared::quantity::Quantity;
///
/// let sold = |units: &[u32]| units.iter().map(|units| Period::Sold(Quantity::new(*units))).collect::<Vec<_>>();
/// // Twelve months of three goods.
/// let histories = [
///     sold(&[0, 1, 0, 0, 2, 0, 1, 0, 0, 1, 0, 1]),
///     sold(&[7, 9, 8, 12, 9, 8, 7, 10, 9, 8, 11, 9]),
///     sold(&[0, 0, 10, 0, 0, 0, 0, 10, 0, 0, 10, 0]),
/// ];
/// let pool = Pool::learn(&histories, Some(Season::MONTHS));
///
/// let forecast = pool.forecast(&histories[1]);
/// let next_quarter = forecast.over(Horizon::of_periods(3.0)?);
/// assert_eq!(next_quarter.quantile(Level::new(50)?), Quantity::new(27));
/// // Who wants to have enough in nine of ten quarters needs more.
/// assert_eq!(next_quarter.quantile(Level::new(90)?), Quantity::new(35));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pool {
    /// How much each way is believed of goods of which nothing is known.
    beliefs: [f64; TRIED],
    /// Units wanted of the middle one of the goods in a period.
    rate: f64,
    /// The share of sales that are of 1, 2, 3 ... units.
    sizes: Vec<f64>,
    mean_size: f64,
    /// How much each place of the year counts, by periods before the end of all histories; empty where the year does not matter.
    season: Vec<f64>,
    /// What of demand is left from period to period: goods grow old.
    drift: f64,
}

impl Pool {
    /// Learns from the histories of all goods, oldest period first. All end with the same period.
    ///
    /// Where a `season` is named, the goods that sell steadily may follow it.
    pub fn learn<H: AsRef<[Period]>>(histories: &[H], season: Option<Season>) -> Self {
        let every = histories.len().div_ceil(LEARNT_FROM_MAX).max(1);
        let histories: Vec<SinceFirstSale<'_>> = histories
            .iter()
            .step_by(every)
            .map(|history| SinceFirstSale::of(history.as_ref()))
            .filter(|history| 0 < history.len())
            .collect();
        let mut pool = Self::unlearnt();
        pool.learn_sizes(&histories);
        let mut rates: Vec<f64> = histories.iter().filter_map(|one| one.rate()).collect();
        rates.sort_unstable_by(f64::total_cmp);
        if let Some(middle) = rates.get(rates.len() / 2) {
            pool.rate = middle.max(1e-3);
        }
        if let Some(season) = season {
            pool.learn_season(&histories, season.periods());
        }
        pool.learn_beliefs(&histories);
        pool.learn_drift(&histories);
        pool
    }

    /// Says what will be wanted of goods with this history, oldest period first, which ends with the same period as all others.
    pub fn forecast(&self, history: &[Period]) -> Forecast<'_> {
        Forecast::of(SinceFirstSale::of(history), self)
    }

    /// What of the demand for the shop's goods is left from one period to the next.
    pub fn drift(&self) -> f64 {
        self.drift
    }

    pub(super) fn beliefs(&self) -> &[f64; TRIED] {
        &self.beliefs
    }

    pub(super) fn prior_units(&self) -> f64 {
        PRIOR_UNITS
    }

    pub(super) fn prior_periods(&self) -> f64 {
        PRIOR_UNITS / self.rate
    }

    pub(super) fn mean_size(&self) -> f64 {
        self.mean_size
    }

    pub(super) fn sizes(&self) -> &[f64] {
        &self.sizes
    }

    pub(super) fn size(&self, units: u32) -> f64 {
        self.sizes.get(units as usize - 1).copied().unwrap_or(0.0)
    }

    pub(super) fn season(&self) -> &[f64] {
        &self.season
    }

    fn unlearnt() -> Self {
        Self {
            beliefs: [1.0 / TRIED as f64; TRIED],
            rate: 0.5,
            sizes: Vec::new(),
            mean_size: 2.0,
            season: Vec::new(),
            drift: 1.0,
        }
    }

    fn learn_sizes(&mut self, histories: &[SinceFirstSale<'_>]) {
        let mut counts = vec![0.0; bulk::SIZE_MAX as usize];
        let (mut sales, mut units) = (0.0, 0.0);
        for (_, period) in histories.iter().flat_map(|one| one.periods()) {
            let size = period.units().units();
            if 0 < size && size <= bulk::SIZE_MAX {
                counts[size as usize - 1] += 1.0;
                sales += 1.0;
                units += f64::from(size);
            }
        }
        // Some sizes were never asked for, and yet may be.
        let mut unseen = 0.1;
        for count in &mut counts {
            *count = (*count + unseen) / (sales + 1.0);
            unseen *= 0.9;
        }
        self.sizes = counts;
        self.mean_size = (units + 2.0) / (sales + 1.0);
    }

    /// The share of its own year's mean that a period has, over all goods that sell steadily.
    fn learn_season(&mut self, histories: &[SinceFirstSale<'_>], periods: usize) {
        let mut sums = vec![(SEASON_WEIGHT, SEASON_WEIGHT); periods];
        for history in histories.iter().filter(|one| one.is_regular()) {
            let years = history.len() / periods;
            for year in 0..years {
                let whole = history.before(year * periods);
                let whole = whole.last(periods);
                let units = |one: &Period| f64::from(one.units().units());
                let mean = whole.iter().map(units).sum::<f64>() / periods as f64;
                if mean <= 0.0 {
                    continue;
                }
                // Few units say little of a year's shape.
                let weight = mean / (1.0 + mean);
                for (at, one) in whole.iter().enumerate() {
                    if let Period::Sold(sold) = one {
                        let (seen, expected) = &mut sums[(periods - at) % periods];
                        *seen += weight * f64::from(sold.units()) / mean;
                        *expected += weight;
                    }
                }
            }
        }
        self.season = sums
            .into_iter()
            .map(|(seen, expected)| seen / expected)
            .collect();
    }

    /// What is believed of all is the mean of what is believed of each (expectation maximization, Dempster and others, 1977).
    fn learn_beliefs(&mut self, histories: &[SinceFirstSale<'_>]) {
        let trials: Vec<Trial> = histories.iter().map(|one| Trial::of(*one, self)).collect();
        for _ in 0..ROUNDS {
            let mut sums = [0.0; TRIED];
            for trial in &trials {
                for (sum, belief) in sums.iter_mut().zip(trial.beliefs(&self.beliefs)) {
                    *sum += belief;
                }
            }
            let count = trials.len() as f64;
            self.beliefs = sums.map(|sum| (sum + BELIEF_MIN * count + 0.1) / (count + 1.0));
        }
    }

    /// How much less was wanted than goods of the same past made expect: in the last periods, and in those before.
    fn learn_drift(&mut self, histories: &[SinceFirstSale<'_>]) {
        let Ok(horizon) = Horizon::of_periods(FADING_PERIODS as f64) else {
            return;
        };
        let (mut wanted, mut expected) = (FADING_WEIGHT, FADING_WEIGHT);
        for history in histories {
            for windows in 1..=FADING_WINDOWS {
                let known = history.before(windows * FADING_PERIODS);
                if known.len() < FADING_PERIODS {
                    continue;
                }
                let came = history.before((windows - 1) * FADING_PERIODS);
                let came = came.last(FADING_PERIODS);
                if came.iter().any(|one| matches!(one, Period::SoldOut(_))) {
                    continue;
                }
                let units: f64 = came.iter().map(|one| f64::from(one.units().units())).sum();
                let mean = Forecast::of(known, self).mean(horizon);
                // Chance alone moves a sum by the root of its mean: nobody's luck decides for all.
                let weight = 1.0 / (1.0 + mean).sqrt();
                wanted += weight * units;
                expected += weight * mean;
            }
        }
        // The middle of the periods looked at lies so many after the last one known.
        let ahead = 0.5 * (FADING_PERIODS as f64 + 1.0);
        self.drift = (wanted / expected)
            .powf(1.0 / ahead)
            .clamp(DRIFT.0, DRIFT.1);
    }
}
