//! How long suppliers really take: from deliveries to a number of days, and how sure it is.
//!
//! A lead time is a distribution. What is promised is a quantile of it: the days within which, so far,
//! a given share of deliveries came. A supplier with many deliveries is judged by its own; one with few
//! leans on all others, more on those by the same way of shipping (partial pooling, as in
//! Gelman and Hill, *Data Analysis Using Regression and Multilevel/Hierarchical Models*, ch. 12).

use std::sync::Arc;

use crate::ids::SupplierId;

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

/// Promises by which a calibration judges, newest first.
pub const JUDGED_MAX: usize = 400;
/// Fewest promises by which it judges.
pub const JUDGED_MIN: usize = 30;
/// Percentage points by which the kept rate may fall short before the level is raised.
pub const TOLERANCE_POINTS: u8 = 5;

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
    let pool = &past[past.len().saturating_sub(POOL_MAX)..];
    let own: Vec<&Delivery> = past
        .iter()
        .rev()
        .filter(|delivery| &delivery.supplier == supplier)
        .take(OWN_MAX)
        .collect();
    let alike = pool
        .iter()
        .filter(|delivery| delivery.mode.as_deref() == mode);

    let mut estimate = quantile(pool.iter().map(|delivery| (delivery.days, 1.0)), level);
    let alike = quantile(alike.map(|delivery| (delivery.days, 1.0)), level);
    estimate = pooled(alike, MODE_WEIGHT, estimate);
    let declared = declared.map(|days| Estimate {
        days: f64::from(days),
        weight: DECLARED_WEIGHT,
    });
    estimate = pooled(declared, POOL_WEIGHT - DECLARED_WEIGHT, estimate);
    let aged = own
        .iter()
        .enumerate()
        .map(|(age, delivery)| (delivery.days, half_lives(age)));
    estimate = pooled(quantile(aged, level), POOL_WEIGHT, estimate);

    let theirs = pool
        .iter()
        .filter(|delivery| &delivery.supplier != supplier);
    estimate.map(|estimate| LeadTime {
        days: whole_days(estimate.days),
        own: own.len(),
        pooled: theirs.count(),
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

/// A quantile, with the weight of the deliveries behind it.
#[derive(Clone, Copy)]
struct Estimate {
    days: f64,
    weight: f64,
}

/// The smallest number of days within which `level` of the weight came.
fn quantile(deliveries: impl Iterator<Item = (u32, f64)>, level: Level) -> Option<Estimate> {
    let mut deliveries: Vec<(u32, f64)> = deliveries.collect();
    deliveries.sort_by_key(|(days, _)| *days);
    let weight: f64 = deliveries.iter().map(|(_, weight)| weight).sum();
    let wanted = weight * f64::from(level.0) / 100.0 - f64::EPSILON * weight;
    let mut reached = 0.0;
    let (days, _) = deliveries.iter().find(|(_, weight)| {
        reached += weight;
        wanted <= reached
    })?;
    Some(Estimate {
        days: f64::from(*days),
        weight,
    })
}

/// What is known in particular, drawn towards what is known in general, which weighs `general_weight`.
fn pooled(
    particular: Option<Estimate>,
    general_weight: f64,
    general: Option<Estimate>,
) -> Option<Estimate> {
    let (Some(one), Some(all)) = (particular, general) else {
        return particular.or(general);
    };
    let share = one.weight / (one.weight + general_weight);
    Some(Estimate {
        days: share * one.days + (1.0 - share) * all.days,
        weight: one.weight + general_weight,
    })
}

fn half_lives(age: usize) -> f64 {
    let age = f64::from(u32::try_from(age).unwrap_or(u32::MAX));
    let whole = (age / OWN_HALF_LIFE).floor();
    let rest = age / OWN_HALF_LIFE - whole;
    // Between two halvings the weight falls in a straight line.
    (1.0 - rest / 2.0) / f64::from(1_u32 << (whole.min(31.0) as u32))
}

/// Days rounded up, away from optimism. A rounding error is no day.
fn whole_days(days: f64) -> u32 {
    (days - 1e-9).ceil().max(0.0) as u32
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
}
