//! How long suppliers really take: from deliveries to a number of days, and how sure it is.
//!
//! A lead time is a distribution. What is promised is a quantile of it: the days within which, so far,
//! a given share of deliveries came. A supplier with many deliveries is judged by its own; one with few
//! leans on all others, more on those by the same way of shipping (partial pooling, as in
//! Gelman and Hill, *Data Analysis Using Regression and Multilevel/Hierarchical Models*, ch. 12).
//!
//! What is known of an open order grows with it: until the supplier names a date there is only its
//! [`lead_time`], after that the [`slip`] of its dates, and on each day that passes without the goods all
//! that would have been quicker is ruled out ([`lead_time_after`], [`slip_after`]). How much of it comes
//! is a habit too: [`expected_yield`]. At which level to promise so that the merchant's target is kept, say
//! [`calibrated`] and [`less_surplus`].

mod estimate;
mod outlook;
mod track_record;

use std::sync::Arc;

use self::estimate::{Estimate, half_lives, percent_by, pooled, quantile, whole_days};
pub use self::outlook::{Measure, Outlook, Step};
pub use self::track_record::{Came, Month, Spread, TrackRecord};
use crate::ids::SupplierId;
use crate::quantity::Quantity;

/// Deliveries of one supplier that are looked at, newest first.
pub const OWN_MAX: usize = 40;
/// Deliveries after which an older one counts half.
pub const OWN_HALF_LIFE: f64 = 20.0;
/// Deliveries of all suppliers that are looked at, newest first.
pub const POOL_MAX: usize = 200;
/// As many deliveries by one way of shipping weigh as much as the whole pool.
pub const MODE_WEIGHT: f64 = 30.0;
/// As many deliveries of its own weigh for a supplier as much as what is known of the others.
pub const POOL_WEIGHT: f64 = 25.0;
/// For how many of those a lead time speaks that the supplier declares.
pub const DECLARED_WEIGHT: f64 = 15.0;

/// As many named dates or counted receipts of its own, and a supplier is judged by them alone.
pub const OWN_MIN: usize = 8;
/// Counted receipts of a supplier that are looked at, newest first.
pub const YIELD_MAX: usize = 40;

/// Promises by which a calibration judges, newest first.
pub const JUDGED_MAX: usize = 400;
/// Fewest promises by which it judges.
pub const JUDGED_MIN: usize = 30;
/// Percentage points by which the kept rate may fall short before the level is raised.
pub const TOLERANCE_POINTS: u8 = 5;
/// Percentage points by which the level is lowered at most because other dates are safer than asked.
pub const SURPLUS_POINTS_MAX: u8 = 10;

/// A delivery as it turned out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Who delivered.
    pub supplier: SupplierId,
    /// How it was shipped ("Air", "Ocean"), where that is known.
    pub mode: Option<Arc<str>>,
    /// Calendar days from order to arrival.
    pub days: u32,
}

/// Which share of deliveries is to come in time, in percent: 1 to 99.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

/// A share that is no [`Level`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level is a whole number of percent from 1 to 99, {0} is none")]
pub struct LevelError(pub u8);

/// The days within which a share of deliveries comes, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadTime {
    /// Calendar days from order to arrival, rounded up.
    pub days: u32,
    /// The supplier's own deliveries behind it.
    pub own: usize,
    /// Deliveries of others behind it.
    pub pooled: usize,
}

impl Level {
    /// A share in percent.
    ///
    /// # Errors
    ///
    /// [`LevelError`] outside of 1 to 99.
    pub fn new(percent: u8) -> Result<Self, LevelError> {
        match percent {
            1..=99 => Ok(Self(percent)),
            _ => Err(LevelError(percent)),
        }
    }

    /// The share in percent.
    pub fn percent(self) -> u8 {
        self.0
    }
}

/// Says within how many days `level` of a supplier's deliveries come.
///
/// `past` holds what had been received by then, in the order in which it came. `declared` is the lead
/// time that the supplier states. `None` where nothing is known at all: then no date is honest.
///
/// ```
/// use shared::lead_time::{Delivery, Level, lead_time};
///
/// let delivery = |supplier: &str, days| Delivery { supplier: supplier.parse().expect("an id"), mode: None, days };
/// let past: Vec<Delivery> = (0..40).map(|at| delivery("weaver", 10 + at % 5)).collect();
/// let level = Level::new(80)?;
///
/// let known = lead_time(&past, &"weaver".parse()?, None, None, level).expect("forty deliveries");
/// assert_eq!((known.days, known.own), (14, 40));
/// // Nobody knows the newcomer, so it is judged as all are.
/// let newcomer = lead_time(&past, &"dyer".parse()?, None, None, level).expect("a pool");
/// assert_eq!((newcomer.days, newcomer.own, newcomer.pooled), (13, 0, 40));
/// assert_eq!(lead_time(&[], &"dyer".parse()?, None, None, level), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lead_time(
    past: &[Delivery],
    supplier: &SupplierId,
    mode: Option<&str>,
    declared: Option<u32>,
    level: Level,
) -> Option<LeadTime> {
    lead_time_after(past, supplier, mode, declared, level, 0)
}

/// Says the same of an order that cannot come before its day `waited`: only deliveries that took at
/// least as long speak for it, so the answer never lies in the past.
///
/// `None` where no delivery ever took that long: the order is beyond all that is known.
///
/// ```
/// use shared::lead_time::{Delivery, Level, lead_time_after};
///
/// let delivery = |days| Delivery { supplier: "weaver".parse().expect("an id"), mode: None, days };
/// let past: Vec<Delivery> = (0..40).map(|at| delivery(10 + at % 10)).collect();
/// let after = |waited| {
///     let half = Level::new(50).expect("a level");
///     lead_time_after(&past, &"weaver".parse().expect("an id"), None, None, half, waited).map(|known| known.days)
/// };
/// assert_eq!((after(0), after(15), after(19), after(20)), (Some(15), Some(17), Some(19), None));
/// ```
pub fn lead_time_after(
    past: &[Delivery],
    supplier: &SupplierId,
    mode: Option<&str>,
    declared: Option<u32>,
    level: Level,
    waited: u32,
) -> Option<LeadTime> {
    let possible = || past.iter().rev().filter(|delivery| waited <= delivery.days);
    let pool: Vec<&Delivery> = possible().take(POOL_MAX).collect();
    let own: Vec<&Delivery> = possible()
        .filter(|delivery| &delivery.supplier == supplier)
        .take(OWN_MAX)
        .collect();
    let alike = pool
        .iter()
        .filter(|delivery| delivery.mode.as_deref() == mode);
    let declared = declared.filter(|days| waited <= *days);

    let days = |delivery: &Delivery| i64::from(delivery.days);
    let mut estimate = quantile(pool.iter().map(|delivery| (days(delivery), 1.0)), level);
    let alike = quantile(alike.map(|delivery| (days(delivery), 1.0)), level);
    estimate = pooled(alike, MODE_WEIGHT, estimate);
    let declared = declared.map(|days| Estimate {
        days: f64::from(days),
        weight: DECLARED_WEIGHT,
    });
    estimate = pooled(declared, POOL_WEIGHT - DECLARED_WEIGHT, estimate);
    let aged = own
        .iter()
        .enumerate()
        .map(|(age, delivery)| (days(delivery), half_lives(age)));
    estimate = pooled(quantile(aged, level), POOL_WEIGHT, estimate);

    let theirs = pool
        .iter()
        .filter(|delivery| &delivery.supplier != supplier);
    estimate.map(|estimate| LeadTime {
        days: u32::try_from(whole_days(estimate.days)).unwrap_or_default(),
        own: own.len(),
        pooled: theirs.count(),
    })
}

/// How a date that a supplier had named turned out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Who had named it.
    pub supplier: SupplierId,
    /// Calendar days from the day named to the arrival; negative where the goods came early.
    pub days: i32,
}

/// The days to add to a named date so that a share of deliveries comes by it, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlipQuantile {
    /// Calendar days to add, rounded up; negative where the supplier is usually early.
    pub days: i32,
    /// The share that came by then, and by the date named itself, in percent, rounded down: more than asked where
    /// many came on that very day.
    pub reached: u8,
    /// The supplier's own deliveries behind it.
    pub own: usize,
    /// Deliveries of others behind it: none where its own are enough.
    pub pooled: usize,
}

/// Says how many days after (or before) the named date `level` of a supplier's deliveries come.
///
/// `past` holds what had been received by then, in the order in which it came. A supplier with
/// [`OWN_MIN`] deliveries is judged by them alone (the last [`OWN_MAX`], newer ones counting more): most
/// keep their dates to the day, and the lateness of others is no news of those. With fewer it leans on
/// all suppliers. `None` where fewer than [`OWN_MIN`] dates are known of anybody: then the merchant's
/// fixed buffer stands.
///
/// ```
/// use shared::lead_time::{Level, Slip, slip};
///
/// let named = |supplier: &str, days| Slip { supplier: supplier.parse().expect("an id"), days };
/// let mut past: Vec<Slip> = (0..20).map(|at| named("weaver", if at % 4 == 0 { 6 } else { 0 })).collect();
/// past.extend((0..8).map(|_| named("dyer", 0)));
/// let ask = |supplier: &str, percent| {
///     let level = Level::new(percent).expect("a level");
///     slip(&past, &supplier.parse().expect("an id"), level).map(|known| (known.days, known.own, known.pooled))
/// };
/// // Three of four dates of the weaver are kept, all of the dyer's.
/// assert_eq!((ask("weaver", 70), ask("weaver", 90)), (Some((0, 20, 0)), Some((6, 20, 0))));
/// assert_eq!(ask("dyer", 90), Some((0, 8, 0)));
/// assert_eq!(ask("newcomer", 70), Some((0, 0, 28)));
/// assert_eq!(slip(&past[..7], &"weaver".parse()?, Level::new(90)?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn slip(past: &[Slip], supplier: &SupplierId, level: Level) -> Option<SlipQuantile> {
    slip_after(past, supplier, level, i32::MIN)
}

/// Says the same of a delivery that cannot come before `overdue` days after the named date (negative:
/// so many before it): only what slipped at least as far speaks for it.
///
/// ```
/// use shared::lead_time::{Level, Slip, slip_after};
///
/// let named = |days| Slip { supplier: "weaver".parse().expect("an id"), days };
/// let past: Vec<Slip> = (0..40).map(|at| named(if at % 4 == 0 { 10 } else { 0 })).collect();
/// let after = |overdue| {
///     let half = Level::new(50).expect("a level");
///     slip_after(&past, &"weaver".parse().expect("an id"), half, overdue).map(|known| known.days)
/// };
/// // On the day named it may still come; from the next day on it is one of the late ones.
/// assert_eq!((after(0), after(1), after(11)), (Some(0), Some(10), None));
/// ```
pub fn slip_after(
    past: &[Slip],
    supplier: &SupplierId,
    level: Level,
    overdue: i32,
) -> Option<SlipQuantile> {
    let possible = || past.iter().rev().filter(|slip| overdue <= slip.days);
    let pool: Vec<&Slip> = possible().take(POOL_MAX).collect();
    let own: Vec<&Slip> = possible()
        .filter(|slip| &slip.supplier == supplier)
        .take(OWN_MAX)
        .collect();
    if pool.len() < OWN_MIN {
        return None;
    }
    let aged: Vec<(i64, f64)> = own
        .iter()
        .enumerate()
        .map(|(age, slip)| (i64::from(slip.days), half_lives(age)))
        .collect();
    let all: Vec<(i64, f64)> = pool
        .iter()
        .map(|slip| (i64::from(slip.days), 1.0))
        .collect();
    let own_estimate = quantile(aged.iter().copied(), level);
    let (estimate, behind, pooled) = if own.len() < OWN_MIN {
        let all_estimate = quantile(all.iter().copied(), level);
        let theirs = pool.iter().filter(|slip| &slip.supplier != supplier);
        let estimate = pooled(own_estimate, OWN_MIN as f64, all_estimate);
        (estimate, all, theirs.count())
    } else {
        (own_estimate, aged, 0)
    };
    estimate.map(|estimate| {
        let days = whole_days(estimate.days);
        SlipQuantile {
            days: i32::try_from(days).unwrap_or(i32::MAX),
            // Nobody is told a day before the one named.
            reached: percent_by(&behind, days.max(0)),
            own: own.len(),
            pooled,
        }
    })
}

/// The share of what is ordered that a supplier sends, where it habitually sends less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yield {
    ordered: u64,
    received: u64,
}

impl Yield {
    /// So many units received of so many ordered.
    pub fn new(ordered: u64, received: u64) -> Self {
        Self { ordered, received }
    }

    /// Units that were ordered.
    pub fn ordered(self) -> u64 {
        self.ordered
    }

    /// Units of them that were received.
    pub fn received(self) -> u64 {
        self.received
    }

    /// Units that can be counted on of `quantity` on order, rounded down.
    pub fn of(self, quantity: Quantity) -> Quantity {
        let units = u128::from(quantity.units()) * u128::from(self.received);
        let expected = units / u128::from(self.ordered.max(1));
        Quantity::new(u32::try_from(expected).unwrap_or(u32::MAX))
    }
}

/// Says which share of what is ordered comes from a supplier, if it habitually sends less.
///
/// `past` holds units ordered and units received of each of its orders that are closed, oldest first; the
/// last [`YIELD_MAX`] are looked at. It is a habit where more than half of at least [`OWN_MIN`] came short;
/// a single short parcel is an accident, and nobody's promise. What came on top makes up for nothing.
///
/// ```
/// use shared::lead_time::expected_yield;
/// use shared::quantity::Quantity;
///
/// let habit = expected_yield(&[(10, 9); 8]).expect("eight short deliveries");
/// assert_eq!(habit.of(Quantity::new(25)), Quantity::new(22));
/// assert_eq!(expected_yield(&[(10, 9); 7]), None);
/// assert_eq!(expected_yield(&[[(10, 10); 5], [(10, 9); 5]].concat()), None);
/// ```
pub fn expected_yield(past: &[(u32, u32)]) -> Option<Yield> {
    let past = &past[past.len().saturating_sub(YIELD_MAX)..];
    let short = past.iter().filter(|(ordered, received)| received < ordered);
    if past.len() < OWN_MIN || 2 * short.count() <= past.len() {
        return None;
    }
    let sum = |units: fn(&(u32, u32)) -> u32| past.iter().map(|one| u64::from(units(one))).sum();
    Some(Yield {
        ordered: sum(|(ordered, _)| *ordered),
        received: sum(|(ordered, received)| *received.min(ordered)),
    })
}

/// The level at which to promise so that `target` is kept.
///
/// `judged` says of promises made at `target`, oldest first, which were kept. Where clearly fewer were,
/// the level goes up by half of what is missing; where more were, the target stands: a promise kept too
/// well costs days, a broken one costs trust.
///
/// ```
/// use shared::lead_time::{Level, calibrated};
///
/// let target = Level::new(80)?;
/// let judged: Vec<bool> = (0..100).map(|at| at % 3 != 0).collect();
/// assert_eq!(calibrated(target, &judged).percent(), 85);
/// assert_eq!(calibrated(target, &[true; 100]), target);
/// # Ok::<(), shared::lead_time::LevelError>(())
/// ```
pub fn calibrated(target: Level, judged: &[bool]) -> Level {
    let judged = &judged[judged.len().saturating_sub(JUDGED_MAX)..];
    if judged.len() < JUDGED_MIN {
        return target;
    }
    let kept = judged.iter().filter(|kept| **kept).count();
    let kept_percent = u8::try_from(100 * kept / judged.len()).unwrap_or(100);
    let missing = target
        .0
        .saturating_sub(TOLERANCE_POINTS)
        .saturating_sub(kept_percent);
    Level((target.0 + missing.div_ceil(2)).min(99))
}

/// The level at which to promise where dates can be chosen, so that not more than `level` is kept in all.
///
/// A date that a supplier names is often safer than asked: where nine of ten come on the very day, no day is
/// kept by just eight of ten. `surplus` holds for recent promises, oldest first, the percentage points by which
/// each is safer than `level` (from [`SlipQuantile::reached`]; 0 where a day could be chosen). What they keep too
/// much is taken off the others, at most [`SURPLUS_POINTS_MAX`]: nobody's promise is much weaker than what the
/// merchant asked for.
///
/// ```
/// use shared::lead_time::{Level, less_surplus};
///
/// let level = |percent| Level::new(percent).expect("a level");
/// // A quarter of the promises rest on dates that are kept by 95 of 100: the others need 75 for 80 in all.
/// let recent: Vec<u8> = (0..100).map(|at| if at % 4 == 0 { 15 } else { 0 }).collect();
/// assert_eq!(less_surplus(level(80), &recent), level(75));
/// assert_eq!(less_surplus(level(80), &[20; 100]), level(70));
/// assert_eq!(less_surplus(level(80), &[20; 29]), level(80));
/// ```
pub fn less_surplus(level: Level, surplus: &[u8]) -> Level {
    let recent = &surplus[surplus.len().saturating_sub(JUDGED_MAX)..];
    if recent.len() < JUDGED_MIN {
        return level;
    }
    let sum: usize = recent.iter().map(|points| usize::from(*points)).sum();
    let others = recent.iter().filter(|points| **points == 0).count().max(1);
    let off = u8::try_from((sum + others / 2) / others)
        .unwrap_or(u8::MAX)
        .min(SURPLUS_POINTS_MAX);
    Level(level.0.saturating_sub(off).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliveries(
        supplier: &str,
        mode: &str,
        days: impl IntoIterator<Item = u32>,
    ) -> Vec<Delivery> {
        let delivery = |days| Delivery {
            supplier: supplier.parse().expect("an id"),
            mode: Some(mode.into()),
            days,
        };
        days.into_iter().map(delivery).collect()
    }

    fn days(
        past: &[Delivery],
        supplier: &str,
        mode: &str,
        declared: Option<u32>,
        percent: u8,
    ) -> Option<u32> {
        let level = Level::new(percent).expect("a level");
        let supplier = supplier.parse().expect("an id");
        lead_time(past, &supplier, Some(mode), declared, level).map(|known| known.days)
    }

    #[test]
    fn a_supplier_is_believed_the_more_it_has_delivered() {
        let others = deliveries("others", "Air", [100; 200]);
        let with = |own: usize| {
            let past = [others.clone(), deliveries("quick", "Air", vec![4; own])].concat();
            days(&past, "quick", "Air", None, 80).expect("known")
        };
        let believed: Vec<u32> = [0, 1, 5, 25, 40].map(with).into();
        assert_eq!(believed[0], 100);
        assert!(
            believed.is_sorted_by(|few, many| many < few),
            "{believed:?}"
        );
        assert!(believed[4] < 60, "{believed:?}");
    }

    #[test]
    fn a_newcomer_is_judged_by_its_way_of_shipping() {
        let past = [
            deliveries("a", "Air", [10; 60]),
            deliveries("b", "Ocean", [90; 60]),
        ]
        .concat();
        let (air, ocean) = (
            days(&past, "c", "Air", None, 80),
            days(&past, "c", "Ocean", None, 80),
        );
        assert!(air < Some(45) && Some(85) < ocean, "{air:?} {ocean:?}");
    }

    #[test]
    fn what_is_declared_stands_until_deliveries_say_otherwise() {
        assert_eq!(days(&[], "a", "Air", Some(21), 90), Some(21));
        let past = deliveries("a", "Air", [63; 40]);
        assert!(Some(45) < days(&past, "a", "Air", Some(21), 90));
        assert!(days(&past[..2], "a", "Air", Some(21), 90) < Some(45));
    }

    #[test]
    fn an_order_that_is_still_open_is_judged_by_those_that_took_as_long() {
        let past = [
            deliveries("a", "Air", [10; 60]),
            deliveries("b", "Air", [90; 20]),
        ]
        .concat();
        let after = |waited| {
            let level = Level::new(50).expect("a level");
            let supplier = "a".parse().expect("an id");
            lead_time_after(&past, &supplier, Some("Air"), Some(21), level, waited)
                .map(|known| (known.days, known.own, known.pooled))
        };
        let own = after(10).expect("known");
        assert!((own.1, own.2) == (40, 20) && own.0 < 21, "{own:?}");
        // Its own are ruled out one day later, then what it declares, then everything.
        let declared = after(11).expect("known");
        assert_eq!((declared.1, declared.2), (0, 20));
        assert!(21 < declared.0 && declared.0 < 90, "{declared:?}");
        assert_eq!(after(22), Some((90, 0, 20)));
        assert_eq!(after(91), None);
    }

    fn slips(supplier: &str, days: impl IntoIterator<Item = i32>) -> Vec<Slip> {
        let slip = |days| Slip {
            supplier: supplier.parse().expect("an id"),
            days,
        };
        days.into_iter().map(slip).collect()
    }

    fn slip_days(past: &[Slip], supplier: &str, percent: u8) -> Option<i32> {
        let level = Level::new(percent).expect("a level");
        slip(past, &supplier.parse().expect("an id"), level).map(|known| known.days)
    }

    #[test]
    fn a_supplier_that_keeps_its_dates_does_not_pay_for_those_that_do_not() {
        let late = slips("late", [30; 60]);
        let with = |own| {
            slip_days(
                &[late.clone(), slips("exact", vec![0; own])].concat(),
                "exact",
                90,
            )
        };
        assert_eq!(with(0), Some(30));
        assert!(Some(0) < with(7) && with(7) < with(1), "{:?}", with(7));
        assert_eq!(with(OWN_MIN), Some(0));
    }

    #[test]
    fn too_few_dates_say_nothing() {
        assert_eq!(slip_days(&slips("a", [0; OWN_MIN - 1]), "a", 90), None);
        assert_eq!(slip_days(&slips("a", [0; OWN_MIN]), "b", 90), Some(0));
    }

    #[test]
    fn a_supplier_that_comes_early_is_expected_early() {
        assert_eq!(slip_days(&slips("a", [-3; 20]), "a", 90), Some(-3));
    }

    #[test]
    fn a_supplier_sends_less_by_habit_not_by_accident() {
        let of = |past: &[(u32, u32)]| {
            expected_yield(past).map(|habit| habit.of(Quantity::new(100)).units())
        };
        assert_eq!(of(&[[(10, 10); 20], [(10, 2); 20]].concat()), None);
        assert_eq!(
            of(&[vec![(10, 10); 19], vec![(10, 2); 21]].concat()),
            Some(58)
        );
        // What came on top does not make up for what did not come.
        assert_eq!(
            of(&[vec![(10, 5); 9], vec![(10, 90); 7]].concat()),
            Some(71)
        );
        // A habit that is given up is forgotten.
        assert_eq!(of(&[[(10, 5); 40], [(10, 10); 40]].concat()), None);
        assert_eq!(of(&[(10, 0); 8]), Some(0));
    }

    #[test]
    fn only_what_was_kept_less_than_promised_changes_the_level() {
        let target = Level::new(90).expect("a level");
        let judged = |kept: usize, broken: usize| [vec![true; kept], vec![false; broken]].concat();
        for (kept, broken, expected) in [
            (0, 29, 90),
            (90, 10, 90),
            (85, 15, 90),
            (80, 20, 93),
            (0, 100, 99),
            (400, 0, 90),
        ] {
            assert_eq!(
                calibrated(target, &judged(kept, broken)).percent(),
                expected,
                "{kept} {broken}"
            );
        }
        // What is long past is forgotten.
        let recovered = [judged(0, 400), judged(400, 0)].concat();
        assert_eq!(calibrated(target, &recovered), target);
    }

    #[test]
    fn what_others_keep_for_sure_is_not_asked_of_all() {
        let target = Level::new(80).expect("a level");
        let less = |surplus: &[u8]| less_surplus(target, surplus).percent();
        assert_eq!(less(&[16; JUDGED_MIN - 1]), 80);
        assert_eq!(less(&[0; JUDGED_MIN]), 80);
        assert_eq!(less(&[[8; 20], [0; 20]].concat()), 72);
        assert_eq!(less(&[16; JUDGED_MIN]), 80 - SURPLUS_POINTS_MAX);
        // What is long past is forgotten.
        assert_eq!(
            less(&[vec![16; JUDGED_MAX], vec![0; JUDGED_MAX]].concat()),
            80
        );
    }

    #[test]
    fn a_date_kept_on_the_very_day_is_safer_than_asked() {
        let past = slips("a", (0..40).map(|at| if at % 10 == 0 { 9 } else { 0 }));
        let reached = |percent| {
            let level = Level::new(percent).expect("a level");
            slip(&past, &"a".parse().expect("an id"), level)
                .map(|known| (known.days, known.reached))
        };
        assert!(
            matches!(reached(50), Some((0, 85..=95))),
            "{:?}",
            reached(50)
        );
        assert_eq!(reached(99), Some((9, 100)));
    }
}
