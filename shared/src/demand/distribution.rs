//! How many units may be wanted, and how probable each number is.

use super::negative_binomial::NegativeBinomial;
use crate::lead_time::Level;
use crate::quantity::{QUANTITY_MAX, Quantity};

/// Numbers that are told apart. Where more units may be wanted, neighbours are counted together.
const CELLS_MAX: usize = 1_024;
/// Standard deviations beyond the mean that are looked at.
const FAR: f64 = 12.0;

/// The probability of each number of units.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Units of a cell; 1 unless many are wanted.
    step: u32,
    /// The first cell is no unit at all, each further one the next `step`; the probability of at most so many.
    within: Vec<f64>,
}

impl Distribution {
    /// As far as something with these moments has to be looked at, in units.
    pub(super) fn range(mean: f64, variance: f64) -> f64 {
        mean + FAR * variance.sqrt() + 8.0
    }

    /// An empty one, up to so many units.
    pub(super) fn within(units: f64) -> Self {
        let units = units.min(f64::from(QUANTITY_MAX));
        let step = (units / CELLS_MAX as f64).ceil().max(1.0);
        let cells = (units / step).ceil() + 2.0;
        Self {
            step: step as u32,
            within: vec![0.0; cells as usize],
        }
    }

    pub(super) fn add(&mut self, part: NegativeBinomial, weight: f64) {
        part.add_to(&mut self.within, self.step, weight);
    }

    /// Adds as many sizes as there are sales: `counts` holds the probability of none, one, two ..., `sizes` that of each size.
    pub(super) fn add_sizes(&mut self, counts: &[f64], sizes: &[f64]) {
        let last = self.within.len() - 1;
        let step = self.step as usize;
        let mut sum = vec![1.0];
        for (at, count) in counts.iter().enumerate() {
            for (units, probability) in sum.iter().enumerate() {
                self.within[units.div_ceil(step).min(last)] += count * probability;
            }
            if counts.len() <= at + 1 {
                break;
            }
            // Beyond the last cell all numbers are alike.
            let length = (sum.len() + sizes.len() - 1).min(last * step + 1);
            let mut next = vec![0.0; length];
            for (size, share) in sizes.iter().enumerate().skip(1) {
                let (before, beyond) = sum.split_at(sum.len().min(length.saturating_sub(size)));
                for (cell, probability) in next[size.min(length)..].iter_mut().zip(before) {
                    *cell += share * probability;
                }
                next[length - 1] += share * beyond.iter().sum::<f64>();
            }
            sum = next;
        }
    }

    /// Adds up.
    pub(super) fn finish(mut self) -> Self {
        let mut sum = 0.0;
        for cell in &mut self.within {
            sum += *cell;
            *cell = sum;
        }
        if sum <= 0.0 {
            sum = 1.0;
            self.within = vec![1.0];
        }
        self.within.iter_mut().for_each(|cell| *cell /= sum);
        self
    }

    /// The fewest units with which at least `level` of all cases are covered.
    pub fn quantile(&self, level: Level) -> Quantity {
        let share = f64::from(level.percent()) / 100.0 - 1e-12;
        self.units(self.within.partition_point(|within| *within < share))
    }

    /// The probability that at most so many units are wanted.
    pub fn within_units(&self, units: Quantity) -> f64 {
        if QUANTITY_MAX <= units.units() {
            return 1.0;
        }
        let cell = (units.units() / self.step) as usize;
        self.within.get(cell).copied().unwrap_or(1.0)
    }

    /// The most units that are told apart from still more.
    pub(super) fn most(&self) -> Quantity {
        self.units(self.within.len() - 1)
    }

    /// Mean units wanted.
    pub fn mean(&self) -> f64 {
        self.missing(Quantity::ZERO)
    }

    /// Mean units wanted beyond so many.
    pub fn missing(&self, units: Quantity) -> f64 {
        let step = f64::from(self.step);
        let from = (units.units() / self.step) as usize;
        let rest = self.within.iter().skip(from);
        let beyond: f64 = rest.map(|within| step * (1.0 - within)).sum();
        let begun = f64::from(units.units() % self.step);
        let first = self.within.get(from).map_or(0.0, |within| 1.0 - within);
        beyond - begun * first
    }

    fn units(&self, cell: usize) -> Quantity {
        let units = cell as u64 * u64::from(self.step);
        Quantity::new(
            u32::try_from(units)
                .unwrap_or(QUANTITY_MAX)
                .min(QUANTITY_MAX),
        )
    }
}
