//! What is known of a delivery that is still to come, for each day on which it is waited for.

use std::collections::BTreeSet;

use super::{Delivery, Level, OWN_MIN, Slip, lead_time_after, slip_after};
use crate::ids::SupplierId;

/// The days within which a share of deliveries comes, by how long one is waited for already.
///
/// It is learnt once and read on any day: waiting rules out all that would have been quicker. What it says
/// never lies in the past.
///
/// ```
/// use shared::lead_time::{Level, Outlook, Slip};
///
/// let named = |days| Slip { supplier: "weaver".parse().expect("an id"), days };
/// let past: Vec<Slip> = (0..40).map(|at| named(if at % 4 == 0 { 10 } else { 0 })).collect();
/// let outlook = Outlook::of_slips(&past, &"weaver".parse()?, Level::new(50)?);
/// let days = |overdue| outlook.after(overdue).map(|step| step.days);
/// // Half of its deliveries come on the day named; of those that did not, half within ten days more.
/// assert_eq!((days(-30), days(0), days(1), days(11)), (Some(0), Some(0), Some(10), None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    measures: Measure,
    level: Level,
    steps: Box<[Step]>,
}

/// From which day an [`Outlook`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// From the date that the supplier named.
    Slips,
    /// From the day of the order.
    LeadTimes,
}

/// What an [`Outlook`] says for some days of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The last day of waiting for which it holds.
    pub until: i32,
    /// Calendar days from the same day to the arrival.
    pub days: i32,
    /// The share that comes by then, in percent: more than the level where many came on that very day.
    pub reached: u8,
    /// The supplier's own deliveries behind it.
    pub own: u32,
    /// Deliveries of others behind it.
    pub pooled: u32,
}

impl Outlook {
    /// What [`slip_after`] says for each day. No day is sooner than the one that the supplier named.
    pub fn of_slips(past: &[Slip], supplier: &SupplierId, level: Level) -> Self {
        let seen = past.iter().map(|slip| slip.days).collect();
        Self::of(Measure::Slips, level, seen, |overdue| {
            let known = slip_after(past, supplier, level, overdue)?;
            Some(Step {
                until: overdue,
                days: known.days.max(0),
                reached: known.reached,
                own: counted(known.own),
                pooled: counted(known.pooled),
            })
        })
    }

    /// What [`lead_time_after`] says for each day, as long as [`OWN_MIN`] deliveries speak for it.
    pub fn of_lead_times(
        past: &[Delivery],
        supplier: &SupplierId,
        mode: Option<&str>,
        declared: Option<u32>,
        level: Level,
    ) -> Self {
        let taken = past.iter().map(|delivery| delivery.days).chain(declared);
        let seen = taken.filter_map(|days| i32::try_from(days).ok()).collect();
        Self::of(Measure::LeadTimes, level, seen, |waited| {
            let since = u32::try_from(waited).ok()?;
            let known = lead_time_after(past, supplier, mode, declared, level, since)?;
            if known.own + known.pooled < OWN_MIN {
                return None;
            }
            Some(Step {
                until: waited,
                days: i32::try_from(known.days).ok()?,
                reached: level.percent(),
                own: counted(known.own),
                pooled: counted(known.pooled),
            })
        })
    }

    /// One that was learnt earlier. Steps are in the order of their days; none: nothing is known.
    pub fn new(measures: Measure, level: Level, steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            measures,
            level,
            steps: steps.into_iter().collect(),
        }
    }

    /// Between two days on which something came, nothing new is ruled out.
    fn of(
        measures: Measure,
        level: Level,
        seen: BTreeSet<i32>,
        step: impl Fn(i32) -> Option<Step>,
    ) -> Self {
        let mut steps: Vec<Step> = Vec::new();
        for step in seen.into_iter().map_while(step) {
            match steps.last_mut() {
                Some(last)
                    if (Step {
                        until: step.until,
                        ..*last
                    }) == step =>
                {
                    *last = step
                }
                _ => steps.push(step),
            }
        }
        Self::new(measures, level, steps)
    }

    /// From which day it counts.
    pub fn measures(&self) -> Measure {
        self.measures
    }

    /// The share of deliveries that it speaks of.
    pub fn level(&self) -> Level {
        self.level
    }

    /// All that it says, by days of waiting.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What it says on a day of waiting. `None` where nothing that is known ever took as long.
    pub fn after(&self, waited: i32) -> Option<&Step> {
        let passed = self.steps.partition_point(|step| step.until < waited);
        self.steps.get(passed)
    }
}

fn counted(deliveries: usize) -> u32 {
    u32::try_from(deliveries).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_says_what_would_be_learnt_on_it() {
        let supplier = |at: i32| if at % 3 == 0 { "a" } else { "b" }.parse().expect("an id");
        let spread = |at: i32| (at * 37 % 41) - 12;
        let slips: Vec<Slip> = (0..300)
            .map(|at| Slip {
                supplier: supplier(at),
                days: spread(at),
            })
            .collect();
        let deliveries: Vec<Delivery> = (0..300)
            .map(|at| Delivery {
                supplier: supplier(at),
                mode: Some(if at % 2 == 0 { "Air" } else { "Ocean" }.into()),
                days: spread(at).unsigned_abs() * 2,
            })
            .collect();
        let a: SupplierId = "a".parse().expect("an id");
        for percent in [50, 80, 95] {
            let level = Level::new(percent).expect("a level");
            let slipping = Outlook::of_slips(&slips, &a, level);
            let lasting = Outlook::of_lead_times(&deliveries, &a, Some("Air"), Some(21), level);
            for waited in -20..80 {
                let slip = slip_after(&slips, &a, level, waited);
                assert_eq!(
                    slipping.after(waited).map(|step| (step.days, step.reached)),
                    slip.map(|known| (known.days.max(0), known.reached)),
                    "{percent} {waited}"
                );
                let since = waited.max(0).unsigned_abs();
                let known = lead_time_after(&deliveries, &a, Some("Air"), Some(21), level, since);
                let known = known.filter(|known| OWN_MIN <= known.own + known.pooled);
                assert_eq!(
                    lasting.after(waited).map(|step| (
                        step.days.unsigned_abs(),
                        step.own,
                        step.pooled
                    )),
                    known.map(|known| (known.days, counted(known.own), counted(known.pooled))),
                    "{percent} {waited}"
                );
                let said = [slipping.after(waited), lasting.after(waited)];
                assert!(said.iter().flatten().all(|step| waited <= step.days));
            }
        }
    }

    #[test]
    fn too_few_dates_are_no_outlook() {
        let slip = Slip {
            supplier: "a".parse().expect("an id"),
            days: 0,
        };
        let level = Level::new(80).expect("a level");
        let outlook = Outlook::of_slips(&vec![slip.clone(); 7], &slip.supplier, level);
        assert_eq!((outlook.steps(), outlook.after(0)), (&[][..], None));
    }
}
