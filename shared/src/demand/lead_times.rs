//! Demand until the next order can arrive: the forecast, over a time that is itself not sure.

use super::distribution::Distribution;
use super::forecast::Forecast;
use super::horizon::{HORIZON_PERIODS_MAX, Horizon};
use crate::ids::SupplierId;
use crate::lead_time::{Delivery, Level, lead_time};

/// The shares of deliveries that are asked for, in percent: the middles of twentieths of all.
const ASKED: std::ops::RangeInclusive<u8> = 3..=98;
const ASKED_STEP: usize = 5;

/// How long a supplier may take, each number of days with how often it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadTimes(Vec<(u32, u32)>);

impl LeadTimes {
    /// Always so many calendar days.
    pub fn certain(days: u32) -> Self {
        Self(vec![(days, 1)])
    }

    /// What [`lead_time`] says at twenty levels. `None` where nothing is known at all.
    pub fn learn(
        past: &[Delivery],
        supplier: &SupplierId,
        mode: Option<&str>,
        declared: Option<u32>,
    ) -> Option<Self> {
        let mut known: Vec<(u32, u32)> = Vec::new();
        for percent in ASKED.step_by(ASKED_STEP) {
            let level = Level::new(percent).ok()?;
            let days = lead_time(past, supplier, mode, declared, level)?.days;
            match known.last_mut() {
                Some((last, count)) if *last == days => *count += 1,
                _ => known.push((days, 1)),
            }
        }
        Some(Self(known))
    }

    /// Mean calendar days.
    pub fn mean_days(&self) -> f64 {
        let (mut days, mut all) = (0.0, 0.0);
        for (taken, count) in &self.0 {
            days += f64::from(*taken) * f64::from(*count);
            all += f64::from(*count);
        }
        days / all
    }
}

/// How often a shop orders, and how long the periods of its histories are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    /// Calendar days from one look at the shelf to the next.
    pub review_days: u32,
    /// Calendar days of a period of the histories: 7 of a week, 30.44 of a month.
    pub period_days: f64,
}

impl Rhythm {
    /// So many days in periods, as far as anybody can look ahead. At least a day: what is asked for before it is over can wait for nothing.
    pub(super) fn horizon(self, days: f64) -> Horizon {
        let periods = days.max(1.0) / self.period_days;
        let periods = if periods.is_finite() {
            periods
        } else {
            HORIZON_PERIODS_MAX
        };
        Horizon::of_periods(periods.clamp(f64::MIN_POSITIVE, HORIZON_PERIODS_MAX))
            .unwrap_or(Horizon::ONE)
    }
}

impl Forecast<'_> {
    /// How many units are wanted until an order at the next review could be there.
    ///
    /// What is not ordered now can only be ordered at the next review, and comes a lead time later: what is there and under way has
    /// to last for both (the protection interval; Silver, Pyke and Thomas, *Inventory and Production Management in Supply Chains*,
    /// 4th edition, section 6.9).
    pub fn until_covered(&self, lead_times: &LeadTimes, rhythm: Rhythm) -> Distribution {
        let horizons: Vec<(Horizon, f64)> = lead_times
            .0
            .iter()
            .map(|(days, count)| {
                let days = f64::from(*days) + f64::from(rhythm.review_days);
                (rhythm.horizon(days), f64::from(*count))
            })
            .collect();
        self.over_either(&horizons)
    }

    /// Mean units wanted in so many days.
    pub fn mean_in_days(&self, days: u32, rhythm: Rhythm) -> f64 {
        if days == 0 {
            return 0.0;
        }
        self.mean(rhythm.horizon(f64::from(days)))
    }
}
