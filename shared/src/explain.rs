//! How a date came about: everything that the answer was computed from, step by step.

use chrono::{DateTime, NaiveDate, Utc};

use crate::availability::{Availability, Location, PromisePolicy};
use crate::calendar::DispatchCalendar;
use crate::cart::date_cart;
use crate::ids::{LocationId, Sku};
use crate::kit::Goods;
use crate::promise::{Amount, Slice};
use crate::quantity::Quantity;
use crate::supply::{Claim, Incoming};
use crate::timeline::{Arrival, Source, Timeline};

/// An answer with all that it was computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The answer itself.
    pub answer: Availability,
    /// The dated parts as a promise would be made of them, counts and all.
    pub slices: Vec<Slice>,
    /// Each location that ships, in the order in which [`Slice::from`] counts them.
    pub places: Vec<PlaceExplained<'a>>,
}

/// A location's part in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceExplained<'a> {
    /// The location.
    pub location: LocationId,
    /// The version of its calendar: the store's revision at which it last changed.
    pub calendar_revision: u64,
    /// The civil date there.
    pub today: NaiveDate,
    /// The working day on which an order placed now is begun.
    pub begun_on: Option<NaiveDate>,
    /// What the goods take from the shelf there: themselves, or for a kit all that they are made of.
    pub parts: Vec<PartExplained<'a>>,
}

/// One SKU at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartExplained<'a> {
    /// The SKU.
    pub sku: Sku,
    /// Units of it in one of the goods.
    pub each: Quantity,
    /// Units physically there.
    pub on_hand: Quantity,
    /// Units withheld from sale.
    pub safety_stock: Quantity,
    /// What is there and what comes, by the day on which it can leave.
    pub supply: Vec<ArrivalExplained<'a>>,
    /// Purchase orders that are late by more than the store waits for: no promise counts on them.
    pub dropped: Vec<&'a Incoming>,
    /// Who waits, by due date.
    pub claims: Vec<Claim>,
    /// What can be promised from each day on, besides all claims.
    pub promisable: Vec<(NaiveDate, Amount)>,
    /// What is on the shelf and needed by nobody else.
    pub ready: Amount,
}

/// Units that are there, or come, with every step to the day on which they are with the carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrivalExplained<'a> {
    /// The units and where they come from.
    pub arrival: Arrival<'a>,
    /// The working day on which they may be picked, for what has to arrive first.
    pub pickable_on: Option<NaiveDate>,
    /// The working day on which work on the order begins.
    pub begun_on: Option<NaiveDate>,
    /// The working day on which the parcel is packed.
    pub packed_on: Option<NaiveDate>,
}

/// Explains what [`availability`](crate::availability::availability) says of `requested` units.
///
/// ```
/// use shared::availability::{Location, PromisePolicy};
/// use shared::calendar::{DispatchCalendar, WorkingDays};
/// use shared::explain::explain;
/// use shared::kit::Goods;
/// use shared::quantity::Quantity;
/// use shared::supply::{Incoming, Place, SkuFacts};
///
/// let main = Location::new("main".parse()?, DispatchCalendar {
///     zone: chrono_tz::UTC,
///     working_days: WorkingDays::monday_to_friday(),
///     pickup_days: WorkingDays::monday_to_friday(),
///     cut_offs: "14:00:00".parse()?,
///     receiving_days: 1,
///     processing_days: 1,
/// });
/// let mut facts = SkuFacts::new("A".parse()?);
/// facts.places.push(Place {
///     incoming: vec![Incoming::told("PO-7".parse()?, Quantity::new(10), "2027-01-09".parse()?)],
///     ..Place::new("main".parse()?)
/// });
/// let goods = Goods::plain(&facts);
/// let told = explain(&goods, &[main], &PromisePolicy::default(), Quantity::new(1), "2027-01-04T15:00:00Z".parse()?);
/// // It arrives on a Saturday, is put away by Tuesday, packed on Wednesday.
/// let step = &told.places[0].parts[0].supply[1];
/// assert_eq!(step.pickable_on, Some("2027-01-12".parse()?));
/// assert_eq!(step.arrival.ships_by, "2027-01-13".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain<'a>(
    goods: &Goods<'a>,
    locations: &[Location],
    policy: &PromisePolicy,
    requested: Quantity,
    now: DateTime<Utc>,
) -> Explanation<'a> {
    let line = [(goods.clone(), requested)];
    let dated = date_cart(&line, locations, policy, now).pop();
    let dated = dated.expect("a cart of one line has one answer");
    let places = locations.iter().map(|location| PlaceExplained {
        location: location.id.clone(),
        calendar_revision: location.revision,
        today: location.calendar.today(now),
        begun_on: location.calendar.first_working_day(now),
        parts: parts(goods, location, policy, now),
    });
    Explanation {
        slices: match dated.slices.is_empty() {
            true => dated.availability.slices.clone(),
            false => dated.slices,
        },
        answer: dated.availability,
        places: places.collect(),
    }
}

/// What a promise for `day` from `location` rests on: of each part what comes last, or is on the shelf.
pub fn basis<'a>(
    goods: &Goods<'a>,
    location: &Location,
    policy: &PromisePolicy,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Vec<(Sku, Arrival<'a>)> {
    let mut found = Vec::new();
    for part in parts(goods, location, policy, now) {
        let in_time = part.supply.iter().map(|step| step.arrival);
        let in_time = in_time.filter(|arrival| arrival.ships_by <= day);
        let last = in_time.clone().map(|arrival| arrival.ships_by).max();
        let last = in_time.filter(|arrival| Some(arrival.ships_by) == last);
        found.extend(last.map(|arrival| (part.sku.clone(), arrival)));
    }
    found
}

fn parts<'a>(
    goods: &Goods<'a>,
    location: &Location,
    policy: &PromisePolicy,
    now: DateTime<Utc>,
) -> Vec<PartExplained<'a>> {
    let explained = goods.parts.iter().map(|(facts, each)| {
        let timeline = Timeline::new(facts, &goods.facts.selling, location, policy, now);
        let atp = timeline.atp(&[]);
        let place = facts.at(&location.id);
        let mut supply: Vec<_> = timeline
            .supply
            .iter()
            .map(|arrival| steps(*arrival, &timeline, &location.calendar, now))
            .collect();
        supply.sort_by_key(|step| step.arrival.ships_by);
        let mut claims = timeline.claims.clone();
        claims.sort_unstable();
        PartExplained {
            sku: facts.sku.clone(),
            each: *each,
            on_hand: place.map_or(Quantity::ZERO, |place| place.on_hand),
            safety_stock: place.map_or(Quantity::ZERO, |place| place.safety_stock),
            supply,
            dropped: timeline.dropped.clone(),
            claims,
            ready: timeline.ready(&atp),
            promisable: atp.steps().collect(),
        }
    });
    explained.collect()
}

/// The days between arrival and hand-over, as the calendar counts them.
fn steps<'a>(
    arrival: Arrival<'a>,
    timeline: &Timeline<'_>,
    calendar: &DispatchCalendar,
    now: DateTime<Utc>,
) -> ArrivalExplained<'a> {
    let pickable_on = match arrival.source {
        Source::Shelf | Source::Release => None,
        _ => arrival.arrives_on.and_then(|day| calendar.pickable_on(day)),
    };
    let first = calendar.first_working_day(now);
    let earliest = pickable_on.max(first).max(timeline.unreleased_until);
    let begun_on = earliest.and_then(|day| calendar.working_days.on_or_after(day));
    ArrivalExplained {
        arrival,
        pickable_on,
        begun_on,
        packed_on: begun_on
            .and_then(|day| calendar.working_days.after(day, calendar.processing_days)),
    }
}
