//! By how many days the dates of a supplier are moved out because fewer of its promises were kept than asked.
//!
//! What is learnt of deliveries ([`lead_time`](crate::lead_time)) says when goods come. Whether a promise is kept shows only once
//! they have left: a supplier that is always later than its deliveries say, goods that need another look before they can be
//! sent, a model that is wrong. So the promises are looked at themselves, by the date that was told first (domain.md 3.1,
//! step 14). A shop that loses its word to one supplier tells later dates for that supplier, and for no other.
//!
//! Each promise is judged by the day that it would have had *without* widening. So the decision needs no memory, does not
//! chase what it has done itself, and ends by itself when the supplier recovers.

use std::collections::HashSet;

use crate::lead_time::{Level, OWN_MIN, TOLERANCE_POINTS};

/// Promises of a supplier that are looked at, those of the latest days.
pub const PROMISES_MAX: usize = 100;
/// Fewest promises by which it is decided.
pub const PROMISES_MIN: usize = 20;
/// Fewest deliveries behind them: what waited for the same one is late together, and is one experience, not many.
pub const DELIVERIES_MIN: usize = OWN_MIN;
/// Most days that are added. Who misses its dates by more is no matter of days any more: the merchant sees it in the report.
pub const WIDENED_DAYS_MAX: u32 = 30;
/// Days ahead up to which a date is near.
pub const NEAR_DAYS_MAX: u32 = 14;

/// A promise whose day is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Calendar days from the day that would have been told without widening to the day on which it left; negative where it
    /// left sooner. What has not left yet counts by today.
    pub missed_by: i32,
    /// Days ahead for which it would have been told without widening.
    pub ahead: u32,
    /// The delivery that it waited for.
    pub delivery: String,
}

/// Days that are added to all dates of a supplier, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widened {
    /// Calendar days, from 1 to [`WIDENED_DAYS_MAX`].
    pub days: u32,
    /// Promises that were kept, or would have been without the days.
    pub kept: u32,
    /// Promises that were looked at.
    pub judged: u32,
    /// The share that is to be kept.
    pub level: Level,
    /// Which of them.
    pub horizon: Horizon,
}

/// How far ahead promises were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Horizon {
    /// However far.
    Any,
    /// At most [`NEAR_DAYS_MAX`] days.
    Near,
    /// More than that.
    Far,
}

impl Horizon {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Any, Self::Near, Self::Far];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Near => "near",
            Self::Far => "far",
        }
    }

    /// The horizon of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|horizon| horizon.name() == name)
    }

    fn holds(self, ahead: u32) -> bool {
        match self {
            Self::Any => true,
            Self::Near => ahead <= NEAR_DAYS_MAX,
            Self::Far => NEAR_DAYS_MAX < ahead,
        }
    }
}

/// Says by how many days the dates of a supplier are widened so that a share `level` of its promises is kept.
///
/// `past` holds its promises whose day is over, the latest first; the first [`PROMISES_MAX`] are looked at. They are judged all
/// together, and those told for near and for far days on their own where there are enough; what needs most is added. None
/// where they are too few, or where so few kept ones may be chance: the upper end of the one-sided interval of 99.9 % (Wilson's)
/// has to be below the level at which its dates are told (`told_at`, where that is less than `level`) less [`TOLERANCE_POINTS`], and
/// as many experiences count as there were deliveries.
///
/// ```
/// use shared::lead_time::Level;
/// use shared::widening::{Horizon, Past, widened};
///
/// // Of ten promises for each of ten deliveries, seven are kept, and three left five to seven days late.
/// let promise = |at: i32| Past { missed_by: if at % 10 < 7 { 0 } else { at % 10 - 2 }, ahead: 20, delivery: format!("PO-{}", at / 10) };
/// let past: Vec<Past> = (0..100).map(promise).collect();
/// let level = Level::new(90)?;
/// assert_eq!(widened(&past, level, level), None, "seven of ten may still be bad luck");
///
/// let worse: Vec<Past> = past.iter().map(|one| Past { missed_by: one.missed_by + 1, ..one.clone() }).collect();
/// let widened = widened(&worse, level, level).expect("none was kept");
/// assert_eq!((widened.days, widened.kept, widened.judged, widened.horizon), (7, 0, 100, Horizon::Any));
/// # Ok::<(), shared::lead_time::LevelError>(())
/// ```
pub fn widened(past: &[Past], level: Level, told_at: Level) -> Option<Widened> {
    let past = &past[..past.len().min(PROMISES_MAX)];
    let each = Horizon::ALL.into_iter().rev();
    let asked = each.filter_map(|horizon| widened_for(past, level, told_at, horizon));
    // Of those that need as many days, all together say it.
    asked.max_by_key(|widened| widened.days)
}

fn widened_for(past: &[Past], level: Level, told_at: Level, horizon: Horizon) -> Option<Widened> {
    let told = || past.iter().filter(|one| horizon.holds(one.ahead));
    let deliveries: HashSet<&str> = told().map(|one| one.delivery.as_str()).collect();
    let mut missed: Vec<i32> = told().map(|one| one.missed_by).collect();
    if missed.len() < PROMISES_MIN || deliveries.len() < DELIVERIES_MIN {
        return None;
    }
    missed.sort_unstable();
    let kept = missed.partition_point(|days| *days <= 0);
    let asked = level.min(told_at).percent();
    let wanted = f64::from(asked.saturating_sub(TOLERANCE_POINTS)) / 100.0;
    if wanted <= at_most(kept as f64 / missed.len() as f64, deliveries.len() as f64) {
        return None;
    }
    // The fewest days with which the share would have been kept.
    let enough = (missed.len() * usize::from(level.percent())).div_ceil(100);
    let days = u32::try_from(*missed.get(enough.checked_sub(1)?)?).ok()?;
    Some(Widened {
        days: days.min(WIDENED_DAYS_MAX),
        kept: counted(kept),
        judged: counted(missed.len()),
        level,
        horizon,
    })
}

/// The upper end of the one-sided interval of 99.9 % for a share that was found in so many experiences (Wilson's).
fn at_most(share: f64, experiences: f64) -> f64 {
    // The 99.9 % quantile of the normal distribution: each day is another chance to be wrong.
    const Z: f64 = 3.090_232;
    let middle = share + Z * Z / (2.0 * experiences);
    let spread = Z
        * (share * (1.0 - share) / experiences + Z * Z / (4.0 * experiences * experiences)).sqrt();
    (middle + spread) / (1.0 + Z * Z / experiences)
}

fn counted(promises: usize) -> u32 {
    u32::try_from(promises).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(percent: u8) -> Level {
        Level::new(percent).expect("a level")
    }

    /// Promises for deliveries, so many each, missed by so many days.
    fn past(each: usize, missed: &[i32]) -> Vec<Past> {
        let promise = |(at, missed_by): (usize, &i32)| Past {
            missed_by: *missed_by,
            ahead: 10,
            delivery: format!("PO-{}", at / each),
        };
        missed.iter().enumerate().map(promise).collect()
    }

    fn days(past: &[Past], percent: u8) -> Option<u32> {
        widened(past, level(percent), level(percent)).map(|widened| widened.days)
    }

    #[test]
    fn a_supplier_that_is_always_late_is_widened_by_how_late_it_is() {
        assert_eq!(days(&past(1, &[6; 20]), 90), Some(6));
        assert_eq!(days(&past(1, &[[6; 15], [9; 15]].concat()), 90), Some(9));
        // The worst tenth is not waited for where nine of ten are to be kept.
        assert_eq!(
            days(&past(1, &[vec![6; 27], vec![25; 3]].concat()), 90),
            Some(6)
        );
        assert_eq!(days(&past(1, &[400; 20]), 90), Some(WIDENED_DAYS_MAX));
    }

    #[test]
    fn too_few_promises_or_deliveries_say_nothing() {
        assert_eq!(days(&past(1, &[6; PROMISES_MIN - 1]), 90), None);
        assert_eq!(days(&past(1, &[6; PROMISES_MIN]), 90), Some(6));
        // A hundred that waited for seven deliveries.
        assert_eq!(days(&past(15, &[6; 100]), 90), None);
        assert_eq!(days(&past(13, &[6; 100]), 90), Some(6));
    }

    #[test]
    fn what_may_be_chance_widens_nothing() {
        let missed = |kept: usize, late: usize| [vec![0; kept], vec![5; late]].concat();
        // Asked for 90 less 5: the interval of 74 of 100 ends at 85.03 %, that of 73 of 100 at 84.3 %.
        assert_eq!(days(&past(1, &missed(74, 26)), 90), None);
        assert_eq!(days(&past(1, &missed(73, 27)), 90), Some(5));
        // The same share in ten deliveries is much less sure.
        assert_eq!(days(&past(10, &missed(55, 45)), 90), None);
        assert_eq!(days(&past(10, &missed(40, 60)), 90), Some(5));
    }

    #[test]
    fn far_dates_that_are_missed_are_not_hidden_by_near_ones_that_are_kept() {
        let near = past(1, &[0; 70]);
        let far = past(1, &[8; 30]).into_iter().map(|one| Past {
            ahead: NEAR_DAYS_MAX + 1,
            delivery: format!("far {}", one.delivery),
            ..one
        });
        let all: Vec<Past> = near.into_iter().chain(far).collect();
        let widened = widened(&all, level(60), level(60)).expect("no far date was kept");
        assert_eq!(
            (widened.days, widened.kept, widened.judged, widened.horizon),
            (8, 0, 30, Horizon::Far)
        );
    }

    #[test]
    fn it_ends_when_the_supplier_recovers() {
        // The latest first: so many in time after many late ones.
        let after = |in_time: usize| past(1, &[vec![0; in_time], vec![6; 100]].concat());
        assert_eq!(days(&after(0), 90), Some(6));
        assert_eq!(days(&after(70), 90), Some(6));
        assert_eq!(days(&after(75), 90), None);
    }

    #[test]
    fn horizons_are_called_what_they_are_read_back_from() {
        for horizon in Horizon::ALL {
            assert_eq!(Horizon::named(horizon.name()), Some(horizon));
        }
    }
}
