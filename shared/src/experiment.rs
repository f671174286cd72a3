//! Two arms of an experiment: what differs between them, how sure that is, and how many more it takes to say.
//!
//! A difference of two shares has Newcombe's interval (R. G. Newcombe, "Interval estimation for the difference between
//! independent proportions: comparison of eleven methods", Statistics in Medicine 17, 1998, method 10): it is made of the
//! Wilson intervals of both, and holds with few counts and with none, where the textbook's does not. It is for one look: who
//! looks every day finds a difference sooner or later where there is none.

/// The 97.5 % quantile of the normal distribution: intervals hold the truth in 95 of 100 experiments.
const Z: f64 = 1.959_964;
/// The 80 % quantile: so often is a difference found that is there.
const Z_POWER: f64 = 0.841_621;
/// More than so many are never waited for.
pub const NEEDED_MAX: u64 = 10_000_000;

/// How often something happened in one arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Times that it happened.
    pub happened: u64,
    /// Times that it could have.
    pub of: u64,
}

/// A difference between two shares: the share of the first minus that of the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The difference that was seen.
    pub seen: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What an interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// All of it is above zero.
    More,
    /// All of it is below zero.
    Less,
    /// It holds zero: nothing can be said.
    Unknown,
}

impl Counts {
    /// The share; `None` of nothing.
    pub fn share(self) -> Option<f64> {
        (self.of != 0).then(|| number(self.happened) / number(self.of))
    }

    /// Wilson's interval of a share.
    fn interval(self) -> Option<(f64, f64)> {
        let (share, of) = (self.share()?, number(self.of));
        let middle = share + Z * Z / (2.0 * of);
        let spread = Z * (share * (1.0 - share) / of + Z * Z / (4.0 * of * of)).sqrt();
        let all = 1.0 + Z * Z / of;
        Some((
            ((middle - spread) / all).max(0.0),
            ((middle + spread) / all).min(1.0),
        ))
    }
}

impl Difference {
    /// The difference between two arms; `None` where one has nobody.
    ///
    /// ```
    /// use shared::experiment::{Counts, Difference, Sign};
    ///
    /// let counts = |happened, of| Counts { happened, of };
    /// let difference = Difference::between(counts(56, 70), counts(48, 80)).expect("both have some");
    /// assert_eq!(format!("{:.4} {:.4}", difference.low, difference.high), "0.0524 0.3339");
    /// assert_eq!(difference.sign(), Sign::More);
    /// assert_eq!(Difference::between(counts(0, 0), counts(1, 2)), None);
    /// ```
    pub fn between(first: Counts, second: Counts) -> Option<Self> {
        let (one, other) = (first.share()?, second.share()?);
        let ((one_low, one_high), (other_low, other_high)) =
            (first.interval()?, second.interval()?);
        let seen = one - other;
        let below = (one - one_low).hypot(other_high - other);
        let above = (one_high - one).hypot(other - other_low);
        Some(Self {
            seen,
            low: (seen - below).max(-1.0),
            high: (seen + above).min(1.0),
        })
    }

    /// What can be said of it.
    pub fn sign(&self) -> Sign {
        match (0.0 < self.low, self.high < 0.0) {
            (true, _) => Sign::More,
            (_, true) => Sign::Less,
            _ => Sign::Unknown,
        }
    }
}

/// How many more, in both arms together and in the proportion so far, it takes until a difference as large as the one that was
/// seen is found in 80 of 100 experiments; `None` where no number is large enough: there is no difference, or an arm has nobody.
///
/// ```
/// use shared::experiment::{Counts, further_needed};
///
/// let counts = |happened, of| Counts { happened, of };
/// // The textbook: 10 % against 15 % takes about 685 each.
/// assert_eq!(further_needed(counts(10, 100), counts(15, 100)), Some(1_166));
/// assert_eq!(further_needed(counts(10, 100), counts(10, 100)), None);
/// ```
pub fn further_needed(first: Counts, second: Counts) -> Option<u64> {
    let (one, other) = (first.share()?, second.share()?);
    let all = number(first.of) + number(second.of);
    let (of_one, of_other) = (number(first.of) / all, number(second.of) / all);
    let spread = one * (1.0 - one) / of_one + other * (1.0 - other) / of_other;
    let seen = one - other;
    if seen == 0.0 {
        return None;
    }
    let needed = ((Z + Z_POWER) / seen).powi(2) * spread;
    let further = (needed - all).max(0.0).ceil();
    (further <= number(NEEDED_MAX)).then(|| whole(further))
}

/// A count as a fraction takes it. Counts of people and orders are far below 2^53.
const fn number(count: u64) -> f64 {
    count as f64
}

/// A whole number that is not negative, at most [`NEEDED_MAX`].
const fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(happened: u64, of: u64) -> Counts {
        Counts { happened, of }
    }

    #[test]
    fn intervals_are_those_of_newcombes_table() {
        for (first, second, low, high) in [
            (counts(56, 70), counts(48, 80), "0.0524", "0.3339"),
            (counts(9, 10), counts(3, 10), "0.1705", "0.8090"),
            (counts(6, 7), counts(2, 7), "0.0582", "0.8062"),
            (counts(5, 56), counts(0, 29), "-0.0381", "0.1926"),
            (counts(0, 10), counts(0, 20), "-0.1611", "0.2775"),
            (counts(0, 10), counts(0, 10), "-0.2775", "0.2775"),
            (counts(10, 10), counts(0, 20), "0.6791", "1.0000"),
            (counts(10, 10), counts(0, 10), "0.6075", "1.0000"),
        ] {
            let found = Difference::between(first, second).expect("both have some");
            assert_eq!(format!("{:.4}", found.low), low, "{first:?} {second:?}");
            assert_eq!(format!("{:.4}", found.high), high, "{first:?} {second:?}");
        }
    }

    #[test]
    fn nothing_is_said_before_the_interval_excludes_zero() {
        let sign = |first, second| {
            Difference::between(first, second)
                .expect("both have some")
                .sign()
        };
        assert_eq!(sign(counts(3, 10), counts(1, 10)), Sign::Unknown);
        assert_eq!(sign(counts(300, 1_000), counts(100, 1_000)), Sign::More);
        assert_eq!(sign(counts(100, 1_000), counts(300, 1_000)), Sign::Less);
    }

    #[test]
    fn as_many_as_were_said_to_be_needed_are_enough() {
        let needed = further_needed(counts(6, 60), counts(8, 40)).expect("a number");
        let times = (needed + 100).div_ceil(100);
        let more = |counts: Counts| Counts {
            happened: counts.happened * times,
            of: counts.of * times,
        };
        let (first, second) = (more(counts(6, 60)), more(counts(8, 40)));
        let found = Difference::between(first, second).expect("both have some");
        assert_eq!(found.sign(), Sign::Less);
        assert_eq!(further_needed(first, second), Some(0));
    }
}
