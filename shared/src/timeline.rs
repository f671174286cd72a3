//! One SKU at one location, laid out in time as seen at one moment: what is there, what comes when,
//! who waits for it, and what is left to promise.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::availability::{HORIZON_DAYS_MAX, Location, PromisePolicy};
use crate::promise::{Amount, Atp, Supply};
use crate::quantity::Quantity;
use crate::supply::{BackorderMode, Claim, Incoming, Place, Replenishment, Selling, SkuFacts};

/// A SKU at a location, seen at a moment.
///
/// Supply and claims stand here in the order in which the facts name them. [`Timeline::atp`] says
/// what can be promised of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline<'a> {
    /// The civil date at the location.
    pub today: NaiveDate,
    /// What is there and what comes.
    pub supply: Vec<Arrival<'a>>,
    /// Purchase orders that no promise counts on: late by more than the store waits for.
    pub dropped: Vec<&'a Incoming>,
    /// Who waits for it, the location's own safety stock first where some of it is missing.
    pub claims: Vec<Claim>,
    /// Ship-by of what is on the shelf. `None` if the location never works again.
    pub ready_by: Option<NaiveDate>,
    /// Ship-by that is no later than a shopper puts up with for goods in stock.
    pub near_by: Option<NaiveDate>,
    /// Last day for which anything is promised.
    pub horizon: NaiveDate,
    /// The release day, while it is still to come.
    pub unreleased_until: Option<NaiveDate>,
    /// Units on the shelf for sale.
    pub on_shelf: Amount,
    /// Units promised to somebody.
    pub claimed: Quantity,
    /// Whether more than is on the shelf may be sold today.
    pub mode: BackorderMode,
    /// When any of this changes by the passing of time alone.
    pub changes_at: Option<DateTime<Utc>>,
}

/// Units that are there, or come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// Where they come from.
    pub source: Source<'a>,
    /// The civil date on which they are planned to arrive; `None` for what is on the shelf.
    pub arrives_on: Option<NaiveDate>,
    /// First civil date by which they can be with the carrier.
    pub ships_by: NaiveDate,
    /// The same if they come as soon as they may: until then nobody's promise is broken.
    pub hoped_by: NaiveDate,
    /// How many.
    pub amount: Amount,
}

/// Where units come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// The shelf.
    Shelf,
    /// A purchase order, on its way.
    Incoming(&'a Incoming),
    /// A purchase order that should be here: it is expected for when others came that were as late, or
    /// assumed for one of the next days.
    Late(&'a Incoming),
    /// An order that is placed when somebody buys.
    Replenishment(&'a Replenishment),
    /// The merchant's word that the goods are there by the day of release.
    Release,
}

impl<'a> Source<'a> {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shelf => "shelf",
            Self::Incoming(_) => "purchase_order",
            Self::Late(_) => "late_purchase_order",
            Self::Replenishment(_) => "made_to_order",
            Self::Release => "release",
        }
    }

    /// The purchase order, where they come from one.
    pub fn order(self) -> Option<&'a Incoming> {
        match self {
            Self::Incoming(order) | Self::Late(order) => Some(order),
            Self::Shelf | Self::Replenishment(_) | Self::Release => None,
        }
    }
}

impl<'a> Timeline<'a> {
    /// Lays a SKU out as it is seen at `now` by who buys it, or a kit of it: `bought` is how that may be
    /// sold. A kit is not sent before its own release.
    pub fn new(
        facts: &'a SkuFacts,
        bought: &Selling,
        location: &Location,
        policy: &PromisePolicy,
        now: DateTime<Utc>,
    ) -> Self {
        let calendar = &location.calendar;
        let today = calendar.today(now);
        let begun = calendar.first_working_day(now);
        let unreleased_until = facts
            .selling
            .released_on
            .max(bought.released_on)
            .filter(|release| today < *release);
        // Nothing is begun before the order is, nor before the release.
        let begin = |day: NaiveDate| {
            let day = day.max(begun?).max(unreleased_until.unwrap_or(day));
            calendar.ship_by(calendar.working_days.on_or_after(day)?)
        };
        let mut changes = vec![calendar.first_working_day_holds_until(now)];
        let mut changes_on = |day: Option<NaiveDate>| {
            changes.push(day.map(|day| calendar.start_of(day)));
        };

        let place = facts.at(&location.id);
        let (on_hand, safety_stock) = place.map_or_else(Default::default, |place| {
            (place.on_hand, place.safety_stock)
        });
        let counted_on_shelf = on_hand.less(safety_stock);
        let on_shelf = match facts.selling.tracked {
            true => Amount::Counted(counted_on_shelf),
            false => Amount::Unlimited,
        };
        let ready_by = begin(today);
        let mut supply = Vec::with_capacity(place.map_or(0, |place| place.incoming.len()) + 2);
        supply.extend(ready_by.map(|ships_by| Arrival {
            source: Source::Shelf,
            arrives_on: None,
            ships_by,
            hoped_by: ships_by,
            amount: on_shelf,
        }));

        // What arrives on a day leaves then.
        let leaves = |day| calendar.pickable_on(day).and_then(begin);
        let mut dropped = Vec::new();
        for incoming in place.map_or(&[][..], |place| &place.incoming) {
            let Some(planned) = incoming.planned_on() else {
                continue;
            };
            let late = planned < today;
            let fence = planned.checked_add_days(days(policy.overdue_fence_days));
            if late && fence.is_none_or(|fence| fence < today) {
                dropped.push(incoming);
                continue;
            }
            let (arrives_on, until) = match incoming.foreseen(today) {
                Some(foreseen) => (foreseen.on(), foreseen.until),
                // Nothing is known of orders as late: it is put off each midnight.
                None if late => {
                    let offset = days(policy.overdue_offset_days.max(1));
                    (today.checked_add_days(offset), Some(today))
                }
                None => (Some(planned), Some(planned)),
            };
            let Some(ships_by) = arrives_on.and_then(leaves) else {
                continue;
            };
            let hoped_by = incoming.hoped_on(today).and_then(leaves);
            for last in [until, if late { fence } else { Some(planned) }] {
                changes_on(last.and_then(|last| last.succ_opt()));
            }
            supply.push(Arrival {
                source: match late {
                    true => Source::Late(incoming),
                    false => Source::Incoming(incoming),
                },
                arrives_on,
                ships_by,
                hoped_by: hoped_by.unwrap_or(ships_by),
                amount: Amount::Counted(incoming.quantity),
            });
        }

        let mode = facts.selling.mode_on(today);
        for last in [facts.selling.sell_until, bought.sell_until] {
            let last = last.filter(|last| today <= *last);
            changes_on(last.and_then(|last| last.succ_opt()));
        }
        let sells_unmade = mode != BackorderMode::Deny && !facts.selling.discontinued;
        let replenishment = facts.selling.replenishment.as_ref();
        if let Some(replenishment) = replenishment.filter(|_| sells_unmade) {
            let arrives_on = begun
                .and_then(|day| replenishment.supplier_days.on_or_after(day))
                .and_then(|day| day.checked_add_days(days(replenishment.days())))
                .and_then(|day| replenishment.supplier_days.on_or_after(day));
            supply.extend(arrives_on.and_then(leaves).map(|ships_by| Arrival {
                source: Source::Replenishment(replenishment),
                arrives_on,
                ships_by,
                hoped_by: leaves(today).unwrap_or(ships_by),
                amount: Amount::Unlimited,
            }));
        } else if facts.selling.released_on.is_some_and(|day| today < day)
            && facts.places.iter().all(is_bare)
        {
            supply.extend(ready_by.map(|ships_by| Arrival {
                source: Source::Release,
                arrives_on: facts.selling.released_on,
                ships_by,
                hoped_by: ships_by,
                amount: Amount::Unlimited,
            }));
        }

        let horizon_days = facts
            .selling
            .promise_days_max
            .map_or(policy.horizon_days, |own| own.min(policy.horizon_days));
        let horizon = today
            .checked_add_days(days(horizon_days.min(HORIZON_DAYS_MAX)))
            .unwrap_or(today);
        if unreleased_until.is_some() || supply.iter().any(|part| horizon < part.ships_by) {
            changes_on(today.succ_opt());
        }

        // Safety stock that is not there is filled up first by what comes (domain.md 3.1, step 2).
        let missing = Claim::owed(safety_stock.less(on_hand));
        let standing = place.map_or(&[][..], |place| &place.claims);
        let standing = standing.iter().filter(|claim| claim.stands(now));
        changes.extend(standing.clone().map(|claim| claim.expires_at));
        Self {
            today,
            claimed: standing.clone().map(|claim| claim.quantity).sum(),
            claims: std::iter::once(missing)
                .filter(|claim| !claim.quantity.is_zero())
                .chain(standing.copied())
                .collect(),
            near_by: ready_by
                .zip(policy.suppress_within_days)
                .and_then(|(day, within)| calendar.working_days.after(day, within)),
            supply,
            dropped,
            ready_by,
            horizon,
            unreleased_until,
            on_shelf,
            mode,
            changes_at: changes
                .into_iter()
                .flatten()
                .filter(|change| now < *change)
                .min(),
        }
    }

    /// What can be promised besides all that is promised already, and besides `booked`.
    pub fn atp(&self, booked: &[Claim]) -> Atp {
        let supply = self.supply.iter().map(|part| Supply {
            ships_by: part.ships_by,
            amount: part.amount,
        });
        Atp::new(supply, self.claims.iter().chain(booked).copied())
    }

    /// What is on the shelf and needed by nobody else. Supply that happens to leave on the same day
    /// is not there yet, so it does not count.
    pub fn ready(&self, atp: &Atp) -> Amount {
        let leaving = self.promisable(atp, self.ready_by);
        leaving.min(self.on_shelf)
    }

    /// The same with what the supplier has sent and what arrives so soon that the shopper gets it no
    /// later than the merchant lets pass for goods in stock (domain.md 3.1, step 10).
    pub fn near(&self, atp: &Atp) -> Amount {
        if self.mode == BackorderMode::Deny || self.unreleased_until.is_some() {
            return self.ready(atp);
        }
        let sent = self.supply.iter().filter(|part| match part.source {
            // A date that has passed without the goods confirms nothing.
            Source::Incoming(incoming) => {
                incoming.under_way
                    && incoming.is_told()
                    && self.today <= incoming.expected_on
                    && Some(part.ships_by) <= self.near_by
            }
            _ => false,
        });
        let there = sent.fold(self.on_shelf, |sum, part| sum.plus(part.amount));
        let leaving = self.promisable(atp, self.near_by.max(self.ready_by));
        leaving.min(there).max(self.ready(atp))
    }

    /// Most that can be promised for `day`, within the horizon.
    fn promisable(&self, atp: &Atp, day: Option<NaiveDate>) -> Amount {
        day.filter(|day| *day <= self.horizon)
            .map_or(Amount::ZERO, |day| atp.by(day))
    }
}

/// True if nothing is there for sale, and nothing comes.
fn is_bare(place: &Place) -> bool {
    place.on_hand <= place.safety_stock && place.incoming.is_empty()
}

fn days(count: u32) -> Days {
    Days::new(u64::from(count))
}
