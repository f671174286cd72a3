//! An explanation as JSON: the same as its text, with names to program against.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::explain::{
    Allowance, ArrivalExplained, DayExplained, PartExplained, PlaceExplained, SliceExplained,
};
use shared::promise::Amount;
use shared::supply::{Claim, Due};
use shared::timeline::Source;
use shared::wire::{Availability, Date};
use utoipa::ToSchema;

use super::promises::WidenedAnswer;
use crate::explain::words::spaced;
use crate::explain::{Told, text};
use crate::operations::check_availability::instant;
use crate::operations::explain::Shown;

/// How a date came about. Where units are null there is no end of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct Answer {
    /// The SKU.
    sku: String,
    /// Units asked for.
    quantity: u32,
    /// Instant (RFC 3339) of the answer.
    as_of: String,
    /// The store's revision: the facts are at least as new.
    revision: u64,
    /// What a shopper is told at this moment.
    answer: Availability,
    /// True if it reads as in stock though some of it is still on its way.
    suppressed: bool,
    /// Units on the shelf and needed by nobody else.
    ready: Option<u32>,
    /// Most units that can be promised within the horizon.
    promisable: Option<u32>,
    /// Most units that can be ordered now.
    max_orderable: Option<u32>,
    /// Why it is a kit that cannot be put together; null where it can, and for what is no kit.
    broken_kit: Option<String>,
    /// Limits on what may be owed.
    limits: Vec<Limit>,
    /// Which units leave on which day, and why; counts and all, as far as it can be ordered.
    parts: Vec<Leaves>,
    /// Each location that fulfils orders.
    locations: Vec<Location>,
    /// All of it as English text.
    text: String,
}

/// How many more may be sold than are on the shelf.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedLimit)]
pub struct Limit {
    /// The SKU that has the limit.
    sku: String,
    /// Most units that may be owed at once.
    limit: u32,
    /// Units on the shelf for sale.
    on_shelf: Option<u32>,
    /// Units promised to somebody.
    claimed: u32,
    /// Units that may still be sold: `on_shelf` and `limit`, less `claimed`.
    left: Option<u32>,
}

/// Units that leave on a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedSlice)]
pub struct Leaves {
    /// Units.
    quantity: u32,
    /// The number of the first of them, counted from 1.
    first_unit: u32,
    /// Civil date by which they are with the carrier.
    ships_by: Date,
    /// The location that they leave.
    from: Option<String>,
    /// The carrier's day from which its days count, where the store knows how long it takes.
    carrier_from: Option<Date>,
    /// The carrier's days to the door.
    carrier_days: Option<u32>,
    /// Civil date by which they are at the door.
    delivers_by: Option<Date>,
    /// Why on that day, and from there.
    text: String,
}

/// A location's part in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedLocation)]
pub struct Location {
    /// The location.
    location: String,
    /// IANA time zone.
    time_zone: String,
    /// The store's revision at which its calendar last changed.
    calendar_revision: u64,
    /// The civil date there.
    today: Date,
    /// The local time at which today's orders are closed, `HH:MM`.
    cut_off: String,
    /// The working day on which an order placed now is begun; null if nobody works within a year.
    begun_on: Option<Date>,
    /// Working days from arrival to the shelf.
    receiving_days: u32,
    /// Working days from beginning to the carrier.
    processing_days: u32,
    /// What a parcel from here costs, in minor units.
    parcel_cost: u32,
    /// By which day how much of what was asked for could leave.
    can_send: Vec<Sendable>,
    /// What it takes from the shelf there: itself, or for a kit all that it is made of.
    skus: Vec<Part>,
}

/// How much could leave by a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedSendable)]
pub struct Sendable {
    /// The day.
    by: Date,
    /// Units.
    units: Option<u32>,
}

/// A SKU at a location.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedSku)]
pub struct Part {
    /// The SKU.
    sku: String,
    /// Units of it in one of what was asked for.
    each: u32,
    /// `deny`, `allow` or `allow_silent`, as it holds today.
    policy: String,
    /// Units physically there.
    on_hand: u32,
    /// Units withheld from sale.
    safety_stock: u32,
    /// Safety stock that is not there: what comes fills it up first.
    safety_stock_missing: u32,
    /// Last day for which anything is promised.
    horizon: Date,
    /// The release day, while it is still to come.
    released_on: Option<Date>,
    /// What is there and what comes, by the day on which it can leave.
    supply: Vec<Supply>,
    /// Purchase orders on which no promise counts: too late, or never to leave.
    not_counted: Vec<NotCounted>,
    /// Who waits, by due date.
    claims: Vec<Waits>,
    /// Units of holds whose time is over: they do not count.
    expired_units: u32,
    /// The sums up to each day on which something can leave or is due.
    days: Vec<Day>,
}

/// Units that are there, or come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedSupply)]
pub struct Supply {
    /// `shelf`, `purchase_order`, `late_purchase_order`, `made_to_order` or `release`.
    source: &'static str,
    /// The purchase order.
    purchase_order: Option<String>,
    /// Units.
    units: Option<u32>,
    /// The supplier's date; for the bases `declared` and `lead_time` the day of the order.
    expected_on: Option<Date>,
    /// Calendar days added to it.
    added_days: Option<i32>,
    /// Days of them that are added because too few promises of the supplier were kept, and why; null where none are.
    widened: Option<WidenedAnswer>,
    /// Why that many: `told` or `declared` by the supplier, or learnt from its `slips` or its `lead_time`.
    basis: Option<&'static str>,
    /// The share of deliveries, in percent, that came within the days added.
    level: Option<u8>,
    /// The supplier's own deliveries behind it.
    own_deliveries: Option<u32>,
    /// Deliveries of others behind it.
    other_deliveries: Option<u32>,
    /// True once the supplier has sent it.
    under_way: bool,
    /// The day on which it is ordered, for what is ordered on demand.
    ordered_on: Option<Date>,
    /// The day on which it is planned to arrive.
    arrives_on: Option<Date>,
    /// The working day by which it is put away.
    put_away_on: Option<Date>,
    /// The working day on which an order of it is begun.
    begun_on: Option<Date>,
    /// The working day on which it is packed.
    packed_on: Option<Date>,
    /// The day on which the carrier has it.
    ships_by: Date,
    /// The steps in words.
    text: String,
}

/// A purchase order on which no promise counts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedNotCounted)]
pub struct NotCounted {
    /// The purchase order.
    purchase_order: String,
    /// Units.
    units: u32,
    /// `too_late`, `never_leaves`, or `no_date`: for no known day.
    reason: &'static str,
    /// How it is dated.
    text: String,
}

/// Somebody who waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedClaim)]
pub struct Waits {
    /// Units.
    units: u32,
    /// `date`; `owed`, since before any date was told; or `undated`, where the date told cannot be kept.
    due: &'static str,
    /// The date that was promised.
    ships_by: Option<Date>,
    /// Instant at which a hold ends.
    expires_at: Option<String>,
}

/// The sums up to a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedDay)]
pub struct Day {
    /// `date`; `owed`, before all days; or `undated`, after all days.
    due: &'static str,
    /// The day.
    by: Option<Date>,
    /// Units that can leave by then.
    supply: Option<u32>,
    /// Units promised for then or before.
    claims: u32,
    /// What can be promised by then: the smallest `supply` less `claims` on this or a later day, at least 0.
    promisable: Option<u32>,
}

impl Answer {
    /// The explanation in JSON.
    pub fn new(shown: &Shown<'_>) -> Self {
        let told = shown.told;
        let explanation = told.explanation;
        let parts = explanation.slices.iter().enumerate();
        Self {
            sku: explanation.answer.sku.to_string(),
            quantity: explanation.answer.requested.units(),
            as_of: instant(told.now),
            revision: told.revision,
            suppressed: explanation.answer.is_suppressed,
            ready: units(explanation.ready),
            promisable: units(explanation.promisable),
            max_orderable: units(explanation.most),
            broken_kit: told.broken.as_ref().map(ToString::to_string),
            limits: explanation.allowances.iter().map(Limit::new).collect(),
            parts: parts
                .map(|(at, part)| Leaves::new(told, at, part))
                .collect(),
            locations: explanation
                .places
                .iter()
                .map(|place| Location::new(told, place))
                .collect(),
            answer: shown.answer(),
            text: text::text(told),
        }
    }
}

impl Limit {
    fn new(allowance: &Allowance) -> Self {
        Self {
            sku: allowance.sku.to_string(),
            limit: allowance.limit.units(),
            on_shelf: units(allowance.on_shelf),
            claimed: allowance.claimed.units(),
            left: units(allowance.left),
        }
    }
}

impl Leaves {
    fn new(told: &Told<'_>, at: usize, part: &SliceExplained) -> Self {
        let slice = part.slice;
        let delivery = part.delivery;
        Self {
            quantity: slice.quantity.units(),
            first_unit: part.reaches.less(slice.quantity).units().saturating_add(1),
            ships_by: Date(slice.ships_by),
            from: told
                .place_of(&slice)
                .map(|place| place.location.id.to_string()),
            carrier_from: delivery.map(|delivery| Date(delivery.taken_on)),
            carrier_days: delivery.map(|delivery| delivery.days),
            delivers_by: delivery.map(|delivery| Date(delivery.delivers_by)),
            text: spaced(&text::because(told, at, part)),
        }
    }
}

impl Location {
    fn new(told: &Told<'_>, place: &PlaceExplained<'_>) -> Self {
        let calendar = &place.location.calendar;
        let cut_off = calendar.cut_offs.for_day(place.today);
        let can_send = place.can_send.iter().map(|(by, amount)| Sendable {
            by: Date(*by),
            units: units(*amount),
        });
        Self {
            location: place.location.id.to_string(),
            time_zone: calendar.zone.to_string(),
            calendar_revision: place.location.revision,
            today: Date(place.today),
            cut_off: cut_off.format("%H:%M").to_string(),
            begun_on: place.begun_on.map(Date),
            receiving_days: calendar.receiving_days,
            processing_days: calendar.processing_days,
            parcel_cost: place.location.parcel_cost,
            can_send: can_send.collect(),
            skus: place
                .parts
                .iter()
                .map(|part| Part::new(told, place, part))
                .collect(),
        }
    }
}

impl Part {
    fn new(told: &Told<'_>, place: &PlaceExplained<'_>, part: &PartExplained<'_>) -> Self {
        let supply = part.supply.iter();
        let dropped = part.dropped.iter().map(|order| (order, "too_late"));
        let stuck = part.stuck.iter().map(|order| (order, "never_leaves"));
        let not_counted = dropped.chain(stuck).map(|(order, reason)| NotCounted {
            purchase_order: order.purchase_order.to_string(),
            units: order.quantity.units(),
            reason,
            text: spaced(&text::planned(order, place.today)),
        });
        let undated = part.undated.iter().map(|order| NotCounted {
            purchase_order: order.purchase_order.to_string(),
            units: order.quantity.units(),
            reason: "no_date",
            text: spaced(text::UNDATED),
        });
        let not_counted = not_counted.chain(undated);
        let expired = part.expired.iter().map(|claim| claim.quantity);
        Self {
            sku: part.facts.sku.to_string(),
            each: part.each.units(),
            policy: part.mode.name().to_owned(),
            on_hand: part.on_hand.units(),
            safety_stock: part.safety_stock.units(),
            safety_stock_missing: part.withheld.units(),
            horizon: Date(part.horizon),
            released_on: part.unreleased_until.map(Date),
            supply: supply
                .map(|step| Supply::new(told, place, part, step))
                .collect(),
            not_counted: not_counted.collect(),
            claims: part.claims.iter().map(Waits::new).collect(),
            expired_units: expired.sum::<shared::quantity::Quantity>().units(),
            days: part.days.iter().map(Day::new).collect(),
        }
    }
}

impl Supply {
    fn new(
        told: &Told<'_>,
        place: &PlaceExplained<'_>,
        part: &PartExplained<'_>,
        step: &ArrivalExplained<'_>,
    ) -> Self {
        let arrival = &step.arrival;
        let order = arrival.source.order();
        let plan = order.map(|order| order.planned(place.today));
        let sample = plan.and_then(|plan| plan.basis.sample());
        let widened = match arrival.source {
            Source::Replenishment(made) => made.widened,
            _ => plan.and_then(|plan| plan.widened),
        };
        Self {
            source: arrival.source.name(),
            purchase_order: order.map(|order| order.purchase_order.to_string()),
            units: units(arrival.amount),
            expected_on: plan.map(|plan| Date(plan.from)),
            added_days: plan.map(|plan| plan.days),
            widened: widened.as_ref().map(WidenedAnswer::of),
            basis: plan.map(|plan| plan.basis.name()),
            level: sample.map(|sample| sample.level.percent()),
            own_deliveries: sample.map(|sample| sample.own),
            other_deliveries: sample.map(|sample| sample.pooled),
            under_way: order.is_some_and(|order| order.under_way),
            ordered_on: step.ordered_on.map(Date),
            arrives_on: arrival.arrives_on.map(Date),
            put_away_on: step.pickable_on.map(Date),
            begun_on: step.begun_on.map(Date),
            packed_on: step.packed_on.map(Date),
            ships_by: Date(arrival.ships_by),
            text: spaced(&text::steps(step, part, place, told.policy)),
        }
    }
}

impl Waits {
    fn new(claim: &Claim) -> Self {
        let (due, ships_by) = named(claim.due);
        Self {
            units: claim.quantity.units(),
            due,
            ships_by,
            expires_at: claim.expires_at.map(|end: DateTime<Utc>| instant(end)),
        }
    }
}

impl Day {
    fn new(day: &DayExplained) -> Self {
        let (due, by) = named(day.due);
        Self {
            due,
            by,
            supply: units(day.supply),
            claims: day.claims.units(),
            promisable: units(day.promisable),
        }
    }
}

fn named(due: Due) -> (&'static str, Option<Date>) {
    match due {
        Due::Owed => ("owed", None),
        Due::By(day) => ("date", Some(Date(day))),
        Due::Undated => ("undated", None),
    }
}

fn units(amount: Amount) -> Option<u32> {
    amount.counted().map(|count| count.units())
}
