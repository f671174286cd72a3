//! How far ahead is looked.

/// Most periods that are looked ahead: two years of days.
pub const HORIZON_PERIODS_MAX: f64 = 731.0;

/// A number of periods from now on, whole or not: a lead time of 40 days is 1.31 months.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Horizon(f64);

/// A number of periods that nobody can look ahead.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a horizon is more than 0 and at most 731 periods, {0} are none")]
pub struct HorizonError(pub f64);

impl Horizon {
    /// The next period.
    pub const ONE: Self = Self(1.0);

    /// So many periods.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] unless more than 0 and at most [`HORIZON_PERIODS_MAX`].
    pub fn of_periods(periods: f64) -> Result<Self, HorizonError> {
        if 0.0 < periods && periods <= HORIZON_PERIODS_MAX {
            Ok(Self(periods))
        } else {
            Err(HorizonError(periods))
        }
    }

    /// The periods in it.
    pub fn periods(self) -> f64 {
        self.0
    }

    /// How much of each coming period lies in it.
    pub(super) fn parts(self) -> impl Iterator<Item = f64> {
        let count = self.0.ceil();
        let mut at = 0.0;
        std::iter::from_fn(move || {
            (at < count).then(|| {
                let part = (self.0 - at).min(1.0);
                at += 1.0;
                part
            })
        })
    }

    /// The whole periods in it, and what is left.
    pub(super) fn whole(self) -> (u32, f64) {
        // At most 731: the cast is exact.
        let whole = self.0.floor();
        (whole as u32, self.0 - whole)
    }
}
