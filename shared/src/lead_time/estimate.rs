//! Weighted quantiles, and how what is known of one leans on what is known of all.

use super::{Level, OWN_HALF_LIFE};

/// A quantile, with the weight of the deliveries behind it.
#[derive(Clone, Copy)]
pub(super) struct Estimate {
    pub(super) days: f64,
    pub(super) weight: f64,
}

/// The smallest number of days within which `level` of the weight came.
pub(super) fn quantile(
    deliveries: impl Iterator<Item = (i64, f64)>,
    level: Level,
) -> Option<Estimate> {
    let mut deliveries: Vec<(i64, f64)> = deliveries.collect();
    deliveries.sort_by_key(|(days, _)| *days);
    let weight: f64 = deliveries.iter().map(|(_, weight)| weight).sum();
    let wanted = weight * f64::from(level.0) / 100.0 - f64::EPSILON * weight;
    let mut reached = 0.0;
    let (days, _) = deliveries.iter().find(|(_, weight)| {
        reached += weight;
        wanted <= reached
    })?;
    Some(Estimate {
        days: *days as f64,
        weight,
    })
}

/// What is known in particular, drawn towards what is known in general, which weighs `general_weight`.
pub(super) fn pooled(
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

/// The share of the weight that came within so many days, in percent, rounded down.
pub(super) fn percent_by(deliveries: &[(i64, f64)], days: i64) -> u8 {
    let weight: f64 = deliveries.iter().map(|(_, weight)| weight).sum();
    let within = deliveries.iter().filter(|(took, _)| *took <= days);
    let share = within.map(|(_, weight)| weight).sum::<f64>() / weight;
    (100.0 * share + 1e-9) as u8
}

/// How much the delivery counts that so many newer ones came after.
pub(super) fn half_lives(age: usize) -> f64 {
    let age = f64::from(u32::try_from(age).unwrap_or(u32::MAX));
    let whole = (age / OWN_HALF_LIFE).floor();
    let rest = age / OWN_HALF_LIFE - whole;
    // Between two halvings the weight falls in a straight line.
    (1.0 - rest / 2.0) / f64::from(1_u32 << (whole.min(31.0) as u32))
}

/// Days rounded up, away from optimism. A rounding error is no day.
pub(super) fn whole_days(days: f64) -> i64 {
    (days - 1e-9).ceil() as i64
}
