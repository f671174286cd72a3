//! What a location can send of a line, and when.

use chrono::NaiveDate;

use crate::promise::Amount;
use crate::quantity::Quantity;
use crate::supply::{BackorderMode, Claim};
use crate::timeline::Timeline;

/// What a location can send of a line.
pub(super) struct Offer {
    /// Days from which on more can leave, with how much can; ascending in both.
    pub(super) steps: Vec<(NaiveDate, Amount)>,
    /// Ship-by of what is on the shelf.
    pub(super) ready_by: Option<NaiveDate>,
    pub(super) ready: Amount,
    pub(super) near: Amount,
}

impl Offer {
    pub(super) const NONE: Self = Self {
        steps: Vec::new(),
        ready_by: None,
        ready: Amount::ZERO,
        near: Amount::ZERO,
    };

    pub(super) fn promisable(&self) -> Amount {
        self.steps
            .last()
            .map_or(Amount::ZERO, |(_, amount)| *amount)
    }

    pub(super) fn by(&self, day: NaiveDate) -> Amount {
        let reached = self
            .steps
            .iter()
            .take_while(|(step, _)| *step <= day)
            .last();
        reached.map_or(Amount::ZERO, |(_, amount)| *amount)
    }

    /// How often `each` units can be sent.
    pub(super) fn sets_of(mut self, each: Quantity) -> Self {
        if each != Quantity::new(1) {
            for (_, amount) in &mut self.steps {
                *amount = amount.sets_of(each);
            }
            self.ready = self.ready.sets_of(each);
            self.near = self.near.sets_of(each);
        }
        self
    }

    /// What can be sent where both this and `other` are needed.
    pub(super) fn with(self, other: Self) -> Self {
        let mut days: Vec<NaiveDate> = self
            .steps
            .iter()
            .chain(&other.steps)
            .map(|(day, _)| *day)
            .collect();
        days.sort_unstable();
        days.dedup();
        Self {
            steps: days
                .into_iter()
                .map(|day| (day, self.by(day).min(other.by(day))))
                .filter(|(_, amount)| *amount != Amount::ZERO)
                .collect(),
            ready_by: self.ready_by.max(other.ready_by),
            ready: self.ready.min(other.ready),
            near: self.near.min(other.near),
        }
    }
}

/// What a location can send of one part. In a kit, a part that may not be sold before it is there only
/// counts from the shelf.
pub(super) fn part_offer(timeline: &Timeline<'_>, booked: &[Claim], in_kit: bool) -> Offer {
    let atp = timeline.atp(booked);
    let ready = timeline.ready(&atp);
    let from_shelf_only =
        in_kit && timeline.mode == BackorderMode::Deny && timeline.unreleased_until.is_none();
    let steps = match from_shelf_only {
        true => from_shelf(timeline.ready_by, ready),
        false => {
            let within = atp.steps().take_while(|(day, _)| *day <= timeline.horizon);
            within
                .filter(|(_, amount)| *amount != Amount::ZERO)
                .collect()
        }
    };
    Offer {
        steps,
        ready_by: timeline.ready_by,
        near: timeline.near(&atp),
        ready,
    }
}

pub(super) fn from_shelf(ready_by: Option<NaiveDate>, ready: Amount) -> Vec<(NaiveDate, Amount)> {
    let step = ready_by.filter(|_| ready != Amount::ZERO);
    step.map(|day| (day, ready)).into_iter().collect()
}
