//! Counts that vary more than by chance alone: the negative binomial distribution, by its mean and size.

/// A size from which on it is as good as Poisson.
const SIZE_MAX: f64 = 1e9;
/// Units up to which probabilities are multiplied instead of approximated.
const MULTIPLIED_MAX: u32 = 32;
/// Beyond so many units of information the chance of nothing is no number any more.
const EXPONENT_MAX: f64 = 600.0;

/// The negative binomial with variance `mean + mean² / size`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NegativeBinomial {
    pub(super) mean: f64,
    size: f64,
}

impl NegativeBinomial {
    /// The one with these moments. Chance alone makes a variance as large as the mean; less is not told apart.
    pub(super) fn of_moments(mean: f64, variance: f64) -> Self {
        let mean = mean.max(1e-9);
        let size = mean * mean / (variance - mean).max(mean * mean / SIZE_MAX);
        Self { mean, size }
    }

    pub(super) fn variance(self) -> f64 {
        self.mean + self.mean * self.mean / self.size
    }

    /// How improbable no unit at all is: the negative of its logarithm.
    fn exponent(self) -> f64 {
        let ratio = self.mean / self.size;
        // Between them the two differ by less than 1e-12, and the first is far quicker than a logarithm that is exact near 1.
        let log = if 1e-3 < ratio {
            (1.0 + ratio).ln()
        } else {
            ratio * (1.0 - ratio * (0.5 - ratio * (1.0 / 3.0 - ratio * 0.25)))
        };
        self.size * log
    }

    /// The natural logarithm of the probability of so many units.
    pub(super) fn log_probability(self, units: u32) -> f64 {
        let Self { mean, size } = self;
        let none = -self.exponent();
        if units == 0 {
            return none;
        }
        if units <= MULTIPLIED_MAX {
            let ratio = mean / (size + mean);
            let mut product = 1.0;
            for at in 0..units {
                let at = f64::from(at);
                product *= (size + at) / (at + 1.0) * ratio;
            }
            return none + product.ln();
        }
        let units = f64::from(units);
        none + log_gamma(units + size) - log_gamma(size) - log_gamma(units + 1.0)
            + units * (mean / (size + mean)).ln()
    }

    /// Adds `weight` times its probabilities to `cells`: the first is for no unit, each further one for the next `step` units, and the
    /// last takes all that is more.
    pub(super) fn add_to(self, cells: &mut [f64], step: u32, weight: f64) {
        let Self { mean, size } = self;
        let exponent = self.exponent();
        let Some((last, before)) = cells.split_last_mut() else {
            return;
        };
        let mut left = weight;
        if step == 1 && exponent < EXPONENT_MAX {
            let ratio = mean / (size + mean);
            let mut probability = weight * (-exponent).exp();
            let mut at = 0.0;
            for cell in before {
                *cell += probability;
                left -= probability;
                probability *= (size + at) / (at + 1.0) * ratio;
                at += 1.0;
            }
        } else {
            let (shape, mut reached) = (mean * mean / self.variance(), 0.0);
            let step = f64::from(step);
            let mut end = 0.0;
            for cell in before {
                let within = weight * gamma_within(end + 0.5, mean, shape);
                *cell += within - reached;
                reached = within;
                end += step;
            }
            left -= reached;
        }
        *last += left.max(0.0);
    }
}

/// The probability of at most `value` under the gamma distribution, after Wilson and Hilferty (1931): its cube root is nearly normal.
fn gamma_within(value: f64, mean: f64, shape: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let spread = 1.0 / (9.0 * shape);
    normal_within(((value / mean).cbrt() - (1.0 - spread)) / spread.sqrt())
}

/// The standard normal distribution (Abramowitz and Stegun 26.2.17, off by less than 7.5e-8).
pub(super) fn normal_within(value: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * value.abs());
    let series = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let beyond = series * (-0.5 * value * value).exp() / std::f64::consts::TAU.sqrt();
    if value < 0.0 { beyond } else { 1.0 - beyond }
}

/// The natural logarithm of the gamma function of a positive number (Stirling's series, moved up to 8).
fn log_gamma(mut value: f64) -> f64 {
    let mut product = 1.0;
    while value < 8.0 {
        product *= value;
        value += 1.0;
    }
    let inverse = 1.0 / value;
    let square = inverse * inverse;
    let series =
        inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (value - 0.5) * value.ln() - value + 0.5 * std::f64::consts::TAU.ln() + series - product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_the_tables() {
        // scipy.stats.nbinom(0.7, 0.7 / (0.7 + 2.3)).logpmf, of 0, 3, 32, 33 and 400 units.
        let known = NegativeBinomial::of_moments(2.3, 2.3 + 2.3 * 2.3 / 0.7);
        let expected = [
            (0, -1.018_701_1),
            (3, -2.440_364_9),
            (32, -10.825_064_7),
            (33, -11.099_900_3),
            (400, -109.358_536_4),
        ];
        for (units, log) in expected {
            let found = known.log_probability(units);
            assert!((found - log).abs() < 1e-5, "{units}: {found}, not {log}");
        }
    }

    #[test]
    fn cells_hold_everything_however_wide_they_are() {
        for (mean, variance) in [(0.3, 0.9), (40.0, 41.0), (5_000.0, 9_000.0), (9e8, 1e15)] {
            for step in [1, 7, 1_000_000] {
                let mut cells = [0.0; 300];
                NegativeBinomial::of_moments(mean, variance).add_to(&mut cells, step, 0.5);
                let sum: f64 = cells.iter().sum();
                assert!((sum - 0.5).abs() < 1e-9, "{mean} {step}: {sum}");
                assert!(cells.iter().all(|cell| -1e-12 <= *cell));
            }
        }
    }

    #[test]
    fn the_approximation_meets_the_exact_one_where_it_takes_over() {
        let known = NegativeBinomial::of_moments(300.0, 1_500.0);
        let (mut exact, mut rough) = ([0.0; 1_000], [0.0; 100]);
        known.add_to(&mut exact, 1, 1.0);
        known.add_to(&mut rough, 10, 1.0);
        let share = |cells: &[f64], end: usize| cells[..end].iter().sum::<f64>();
        for end in [20, 25, 30, 35, 40] {
            let (exact, rough) = (share(&exact, 10 * end + 1), share(&rough, end + 1));
            assert!((exact - rough).abs() < 0.005, "{end}: {exact} {rough}");
        }
    }
}
