//! Which promises were kept, judged by the date that was told first: dates that were moved later hide no slip.

use chrono::NaiveDate;

use crate::delay::Cause;
use crate::quantity::Quantity;

/// What became of part of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits.
    Waits,
    /// It was handed to the carrier on this day.
    Shipped(NaiveDate),
    /// It was cancelled.
    Cancelled {
        /// On this day.
        on: NaiveDate,
        /// By whom, or by what the law makes of silence.
        by: Cause,
    },
    /// It ended, and nobody wrote down when.
    Unknown,
}

/// How a promise is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It left by the day that was told first.
    Kept,
    /// It left so many days later, or waits, or was cancelled, that long after that day; or the shop did not send it at all.
    Broken {
        /// Days after the day that was told first; 0 where the shop, or the law in its place, cancelled before that was over.
        days_late: u32,
    },
    /// Its day is not over.
    Open,
    /// It says nothing: no date was told, or the shopper cancelled before the day was over.
    Aside,
}

/// Judges a promise. `first_by` is the day that was told first.
///
/// What still waits when its day is over is broken already, or a shop that never ships would look good. A shopper may change
/// their mind until the day is over, and nobody is to blame; a shop that takes its word back has not kept it, whenever it
/// does so, and neither has one whose customer did not agree to wait longer, so that the law cancels.
///
/// ```
/// use shared::delay::Cause;
/// use shared::kept::{Fate, Verdict, judge};
///
/// let day = |text: &str| text.parse().expect("a date");
/// let told = Some(day("2026-12-15"));
/// assert_eq!(judge(told, Fate::Shipped(day("2026-12-15")), day("2027-01-01")), Verdict::Kept);
/// assert_eq!(judge(told, Fate::Shipped(day("2026-12-17")), day("2027-01-01")), Verdict::Broken { days_late: 2 });
/// assert_eq!(judge(told, Fate::Waits, day("2026-12-15")), Verdict::Open);
/// assert_eq!(judge(told, Fate::Waits, day("2026-12-16")), Verdict::Broken { days_late: 1 });
/// let cancelled = |on, by| judge(told, Fate::Cancelled { on: day(on), by }, day("2027-01-01"));
/// assert_eq!(cancelled("2026-12-15", Cause::Shopper), Verdict::Aside);
/// assert_eq!(cancelled("2026-12-20", Cause::Shopper), Verdict::Broken { days_late: 5 });
/// assert_eq!(cancelled("2026-12-10", Cause::Seller), Verdict::Broken { days_late: 0 });
/// assert_eq!(cancelled("2026-12-10", Cause::Silence), Verdict::Broken { days_late: 0 });
/// assert_eq!(judge(None, Fate::Waits, day("2027-01-01")), Verdict::Aside);
/// ```
pub fn judge(first_by: Option<NaiveDate>, fate: Fate, today: NaiveDate) -> Verdict {
    let Some(first_by) = first_by else {
        return Verdict::Aside;
    };
    let late = |day: NaiveDate| {
        u32::try_from((day - first_by).num_days())
            .ok()
            .filter(|days| 0 < *days)
    };
    match fate {
        Fate::Shipped(on) => {
            late(on).map_or(Verdict::Kept, |days_late| Verdict::Broken { days_late })
        }
        Fate::Unknown => Verdict::Aside,
        Fate::Waits => late(today).map_or(Verdict::Open, |days_late| Verdict::Broken { days_late }),
        Fate::Cancelled { on, by } => match (late(on), by) {
            (None, Cause::Shopper) => Verdict::Aside,
            (days_late, _) => Verdict::Broken {
                days_late: days_late.unwrap_or_default(),
            },
        },
    }
}

/// Promises counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Those that were kept.
    pub kept: u32,
    /// Those that were broken.
    pub broken: u32,
    /// Those whose day is not over.
    pub open: u32,
    /// Those that say nothing.
    pub aside: u32,
    /// Units of those that were kept.
    pub kept_units: u64,
    /// Units of those that were broken.
    pub broken_units: u64,
    /// Days by which the broken ones were late, all together.
    pub days_late: u64,
    /// Days from the order to the day that was told first, of those that were kept or broken, all together.
    pub days_ahead: u64,
}

/// A share with how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The share.
    pub rate: f64,
    /// The lower end of the interval that holds the true one in 95 of 100 cases (Wilson's).
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Tally {
    /// Counts a promise of so many units, told so many days ahead.
    pub fn count(&mut self, verdict: Verdict, units: Quantity, days_ahead: u32) {
        let units = u64::from(units.units());
        match verdict {
            Verdict::Kept => {
                self.kept += 1;
                self.kept_units += units;
                self.days_ahead += u64::from(days_ahead);
            }
            Verdict::Broken { days_late } => {
                self.broken += 1;
                self.broken_units += units;
                self.days_late += u64::from(days_late);
                self.days_ahead += u64::from(days_ahead);
            }
            Verdict::Open => self.open += 1,
            Verdict::Aside => self.aside += 1,
        }
    }

    /// The share that was kept; `None` where nothing was judged.
    ///
    /// ```
    /// use shared::kept::Tally;
    ///
    /// let share = Tally { kept: 8, broken: 2, ..Tally::default() }.share().expect("some were judged");
    /// assert_eq!(share.rate, 0.8);
    /// assert_eq!(((share.low * 100.0).round(), (share.high * 100.0).round()), (49.0, 94.0));
    /// assert_eq!(Tally::default().share(), None);
    /// ```
    pub fn share(&self) -> Option<Share> {
        let judged = f64::from(self.kept) + f64::from(self.broken);
        if judged == 0.0 {
            return None;
        }
        // The 97.5 % quantile of the normal distribution.
        const Z: f64 = 1.959_964;
        let rate = f64::from(self.kept) / judged;
        let middle = rate + Z * Z / (2.0 * judged);
        let spread = Z * (rate * (1.0 - rate) / judged + Z * Z / (4.0 * judged * judged)).sqrt();
        let all = 1.0 + Z * Z / judged;
        Some(Share {
            rate,
            low: ((middle - spread) / all).max(0.0),
            high: ((middle + spread) / all).min(1.0),
        })
    }
}
