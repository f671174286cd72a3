//! How a date came about: everything that the answer was computed from, step by step.

use chrono::{DateTime, NaiveDate, Utc};

use crate::availability::{Availability, Location, PromisePolicy};
use crate::calendar::DispatchCalendar;
pub use crate::cart::Allowance;
use crate::cart::{date_line, measure};
use crate::ids::Sku;
use crate::kit::Goods;
use crate::promise::{Amount, Atp, Slice};
use crate::quantity::Quantity;
use crate::repromise::Awaited;
use crate::supply::{BackorderMode, Claim, Due, Incoming, SkuFacts, Undated};
use crate::timeline::{Arrival, Source, Timeline};

/// An answer with all that it was computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The answer itself, as a shopper gets it.
    pub answer: Availability,
    /// The dated parts as a promise would be made of them, counts and all; as far as it can be ordered.
    pub slices: Vec<SliceExplained>,
    /// Units on the shelf and needed by nobody else, at all locations.
    pub ready: Amount,
    /// The same with what reads as in stock though it is on its way.
    pub near: Amount,
    /// Most units that can be promised within the horizon.
    pub promisable: Amount,
    /// Most units that can be ordered now.
    pub most: Amount,
    /// How many more may be owed, where there are limits.
    pub allowances: Vec<Allowance>,
    /// Each location that ships, in the order in which [`Slice::from`] counts them.
    pub places: Vec<PlaceExplained<'a>>,
}

/// A dated part, and how it gets to the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliceExplained {
    /// The part.
    pub slice: Slice,
    /// Units of it and all parts before it.
    pub reaches: Quantity,
    /// Where it goes, if the store knows how long carriers take there.
    pub delivery: Option<DeliveryExplained>,
}

/// A parcel's way from hand-over to the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryExplained {
    /// The carrier's first day on or after hand-over, from which its days count.
    pub taken_on: NaiveDate,
    /// The carrier's days to the door.
    pub days: u32,
    /// The day by which it is at the door.
    pub delivers_by: NaiveDate,
}

/// A location's part in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceExplained<'a> {
    /// The location.
    pub location: &'a Location,
    /// The civil date there.
    pub today: NaiveDate,
    /// The working day on which an order placed now is begun.
    pub begun_on: Option<NaiveDate>,
    /// The days from which on it can send more of the goods, with how much; ascending in both.
    pub can_send: Vec<(NaiveDate, Amount)>,
    /// What the goods take from the shelf there: themselves, or for a kit all that they are made of.
    pub parts: Vec<PartExplained<'a>>,
}

/// One SKU at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartExplained<'a> {
    /// What is known of the SKU.
    pub facts: &'a SkuFacts,
    /// Units of it in one of the goods.
    pub each: Quantity,
    /// Units physically there.
    pub on_hand: Quantity,
    /// Units withheld from sale.
    pub safety_stock: Quantity,
    /// Safety stock that is not there: what comes fills it up first, so it is a claim before all others.
    pub withheld: Quantity,
    /// Whether more than is on the shelf may be sold today.
    pub mode: BackorderMode,
    /// The release day, while it is still to come.
    pub unreleased_until: Option<NaiveDate>,
    /// Last day for which anything is promised.
    pub horizon: NaiveDate,
    /// Ship-by of what is on the shelf.
    pub ready_by: Option<NaiveDate>,
    /// Ship-by up to which what the supplier has sent reads as in stock.
    pub near_by: Option<NaiveDate>,
    /// What is there and what comes, by the day on which it can leave.
    pub supply: Vec<ArrivalExplained<'a>>,
    /// Purchase orders that are late by more than the store waits for: no promise counts on them.
    pub dropped: Vec<&'a Incoming>,
    /// Purchase orders whose goods could never leave: nobody works or picks up in all the time looked at.
    pub stuck: Vec<&'a Incoming>,
    /// What is on order and for no known day: no promise counts on it.
    pub undated: &'a [Undated],
    /// Who waits, by due date.
    pub claims: Vec<Claim>,
    /// Who waited, until the time was over.
    pub expired: Vec<Claim>,
    /// Every day on which something can leave or is due, with the sums up to it.
    pub days: Vec<DayExplained>,
    /// What is on the shelf and needed by nobody else.
    pub ready: Amount,
}

/// The sums up to a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayExplained {
    /// The day; or before all days what is owed since before any date was told, and after all days what
    /// was promised without a date.
    pub due: Due,
    /// Units that can leave by then.
    pub supply: Amount,
    /// Units promised for then or before.
    pub claims: Quantity,
    /// What can be promised by then without breaking a promise: the smallest difference of both on this
    /// day and all days after it, never less than none.
    pub promisable: Amount,
}

/// Units that are there, or come, with every step to the day on which they are with the carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrivalExplained<'a> {
    /// The units and where they come from.
    pub arrival: Arrival<'a>,
    /// The supplier's first day for orders, for what is ordered when somebody buys.
    pub ordered_on: Option<NaiveDate>,
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
/// let (goods, locations) = (Goods::plain(&facts), [main]);
/// let told = explain(&goods, &locations, &PromisePolicy::default(), Quantity::new(1), "2027-01-04T15:00:00Z".parse()?);
/// // It arrives on a Saturday, is put away by Tuesday, packed on Wednesday.
/// let step = &told.places[0].parts[0].supply[1];
/// assert_eq!(step.pickable_on, Some("2027-01-12".parse()?));
/// assert_eq!(step.arrival.ships_by, "2027-01-13".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain<'a>(
    goods: &Goods<'a>,
    locations: &'a [Location],
    policy: &PromisePolicy,
    requested: Quantity,
    now: DateTime<Utc>,
) -> Explanation<'a> {
    let dated = date_line(goods, requested, locations, policy, now);
    let measured = measure(goods, requested, locations, policy, now);
    let mut reaches = Quantity::ZERO;
    let slices = measured.slices.iter().map(|slice| {
        reaches = reaches.plus(slice.quantity);
        SliceExplained {
            slice: *slice,
            reaches,
            delivery: delivery(slice, locations, policy),
        }
    });
    let slices = slices.collect();
    let places = locations.iter().zip(measured.can_send);
    let places = places.map(|(location, can_send)| PlaceExplained {
        location,
        today: location.calendar.today(now),
        begun_on: location.calendar.first_working_day(now),
        can_send,
        parts: parts(goods, location, policy, now),
    });
    Explanation {
        answer: dated.availability,
        slices,
        ready: measured.ready,
        near: measured.near,
        promisable: measured.promisable,
        most: measured.most,
        allowances: measured.allowances,
        places: places.collect(),
    }
}

fn delivery(
    slice: &Slice,
    locations: &[Location],
    policy: &PromisePolicy,
) -> Option<DeliveryExplained> {
    let zone = policy.zone.as_deref()?;
    let location = locations.get(usize::from(slice.from.0))?;
    let mut transit = location.transit.iter();
    let transit = transit.find(|transit| &*transit.zone == zone)?;
    Some(DeliveryExplained {
        taken_on: transit.delivery_days.on_or_after(slice.ships_by)?,
        days: transit.days,
        delivers_by: transit.deliver_by(slice.ships_by)?,
    })
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
        found.extend(last.map(|arrival| (part.facts.sku.clone(), arrival)));
    }
    found
}

/// What a promise for `day` from `location` waits for: all that is planned to be there by then.
pub fn awaits(
    goods: &Goods<'_>,
    location: &Location,
    policy: &PromisePolicy,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Awaited {
    let mut awaits = Awaited::default();
    for (facts, _) in &goods.parts {
        let timeline = Timeline::new(facts, &goods.facts.selling, location, policy, now);
        for part in timeline.supply.iter().filter(|part| part.ships_by <= day) {
            awaits.made |= matches!(part.source, Source::Replenishment(_));
            let order = part.source.order();
            awaits
                .orders
                .extend(order.map(|order| order.purchase_order.clone()));
        }
    }
    awaits.orders.sort_unstable();
    awaits.orders.dedup();
    awaits
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
        let standing = place.map_or(&[][..], |place| &place.claims);
        let standing = |stands: bool| {
            let found = standing.iter().filter(|claim| claim.stands(now) == stands);
            let mut found: Vec<Claim> = found.copied().collect();
            found.sort_unstable();
            found
        };
        let counts = |incoming: &&Incoming| {
            timeline.dropped.iter().any(|one| one == incoming)
                || supply.iter().any(|step: &ArrivalExplained<'_>| {
                    step.arrival.source.order() == Some(incoming)
                })
        };
        let incoming = place.map_or(&[][..], |place| &place.incoming);
        let (on_hand, safety_stock) = place.map_or_else(Default::default, |place| {
            (place.on_hand, place.safety_stock)
        });
        PartExplained {
            facts,
            each: *each,
            on_hand,
            safety_stock,
            withheld: safety_stock.less(on_hand),
            mode: timeline.mode,
            unreleased_until: timeline.unreleased_until,
            horizon: timeline.horizon,
            ready_by: timeline.ready_by,
            near_by: timeline.near_by,
            stuck: incoming.iter().filter(|one| !counts(one)).collect(),
            dropped: timeline.dropped.clone(),
            undated: place.map_or(&[][..], |place| &place.undated),
            claims: standing(true),
            expired: standing(false),
            ready: timeline.ready(&atp),
            days: days(&timeline, &atp),
            supply,
        }
    });
    explained.collect()
}

/// Every day on which something can leave or is due, with the sums up to it.
fn days(timeline: &Timeline<'_>, atp: &Atp) -> Vec<DayExplained> {
    let arrivals = timeline.supply.iter();
    let mut dues: Vec<Due> = arrivals
        .map(|arrival| Due::By(arrival.ships_by))
        .chain(timeline.claims.iter().map(|claim| claim.due))
        .collect();
    dues.sort_unstable();
    dues.dedup();
    let sums = dues.into_iter().map(|due| {
        let arrivals = timeline.supply.iter();
        let here = arrivals.filter(|arrival| Due::By(arrival.ships_by) <= due);
        let claims = timeline.claims.iter().filter(|claim| claim.due <= due);
        DayExplained {
            due,
            supply: here.fold(Amount::ZERO, |sum, arrival| sum.plus(arrival.amount)),
            claims: claims.map(|claim| claim.quantity).sum(),
            promisable: match due {
                Due::Owed | Due::Undated => Amount::ZERO,
                Due::By(day) => atp.by(day),
            },
        }
    });
    sums.collect()
}

/// The days between arrival and hand-over, as the calendar counts them.
fn steps<'a>(
    arrival: Arrival<'a>,
    timeline: &Timeline<'_>,
    calendar: &DispatchCalendar,
    now: DateTime<Utc>,
) -> ArrivalExplained<'a> {
    let first = calendar.first_working_day(now);
    let ordered_on = match arrival.source {
        Source::Replenishment(order) => first.and_then(|day| order.supplier_days.on_or_after(day)),
        _ => None,
    };
    let pickable_on = match arrival.source {
        Source::Shelf | Source::Release => None,
        _ => arrival.arrives_on.and_then(|day| calendar.pickable_on(day)),
    };
    let earliest = pickable_on.max(first).max(timeline.unreleased_until);
    let begun_on = earliest.and_then(|day| calendar.working_days.on_or_after(day));
    ArrivalExplained {
        arrival,
        ordered_on,
        pickable_on,
        begun_on,
        packed_on: begun_on
            .and_then(|day| calendar.working_days.after(day, calendar.processing_days)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::WorkingDays;
    use crate::promise::Origin;
    use crate::supply::Place;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn main() -> Location {
        let calendar = DispatchCalendar {
            zone: chrono_tz::UTC,
            working_days: WorkingDays::monday_to_friday(),
            pickup_days: WorkingDays::monday_to_friday(),
            cut_offs: "14:00:00".parse().expect("a time"),
            receiving_days: 1,
            processing_days: 1,
        };
        Location::new("main".parse().expect("an id"), calendar)
    }

    fn order(id: &str, units: u32, on: &str) -> Incoming {
        Incoming::told(id.parse().expect("an id"), Quantity::new(units), date(on))
    }

    /// domain.md V1.
    fn queue() -> SkuFacts {
        let mut facts = SkuFacts::new("A".parse().expect("a SKU"));
        facts.selling.backorder.mode = BackorderMode::Allow;
        facts.places.push(Place {
            incoming: vec![
                order("one", 10, "2027-01-11"),
                order("two", 20, "2027-02-01"),
            ],
            claims: vec![Claim::owed(Quantity::new(8))],
            ..Place::new("main".parse().expect("an id"))
        });
        facts
    }

    fn told<T>(facts: &SkuFacts, units: u32, look: impl FnOnce(Explanation<'_>) -> T) -> T {
        let (locations, policy) = ([main()], PromisePolicy::default());
        let now = "2027-01-04T10:00:00Z".parse().expect("an instant");
        let goods = Goods::plain(facts);
        look(explain(
            &goods,
            &locations,
            &policy,
            Quantity::new(units),
            now,
        ))
    }

    #[test]
    fn sums_and_parts_are_those_of_the_vector() {
        told(&queue(), 3, |told| {
            let days: Vec<_> = told.places[0].parts[0]
                .days
                .iter()
                .map(|day| (day.due, day.claims.units(), day.promisable))
                .collect();
            let count = |units| Amount::Counted(Quantity::new(units));
            let expected = [
                (Due::Owed, 8, count(0)),
                (Due::By(date("2027-01-05")), 8, count(0)),
                (Due::By(date("2027-01-13")), 8, count(2)),
                (Due::By(date("2027-02-03")), 8, count(22)),
            ];
            assert_eq!(days, expected);
            let parts: Vec<_> = told.slices.iter().map(|part| part.slice).collect();
            let slice = |units, day| Slice {
                quantity: Quantity::new(units),
                ships_by: date(day),
                from: Origin::default(),
            };
            assert_eq!(parts, [slice(2, "2027-01-13"), slice(1, "2027-02-03")]);
            assert_eq!(told.slices[1].reaches, Quantity::new(3));
        });
        told(&queue(), 23, |told| {
            assert!(!told.answer.orderable());
            assert_eq!(told.most, Amount::Counted(Quantity::new(22)));
        });
    }

    #[test]
    fn counts_are_told_whatever_shoppers_may_see() {
        let facts = queue();
        let goods = Goods::plain(&facts);
        let policy = PromisePolicy {
            display: crate::availability::Display::Hidden,
            ..PromisePolicy::default()
        };
        let (locations, now) = (
            [main()],
            "2027-01-04T10:00:00Z".parse().expect("an instant"),
        );
        let told = explain(&goods, &locations, &policy, Quantity::new(3), now);
        assert_eq!(told.answer.slices.len(), 1);
        assert_eq!(told.slices.len(), 2);
        assert_eq!(
            (told.answer.max_orderable, told.most),
            (None, Amount::Counted(Quantity::new(22)))
        );
    }

    #[test]
    fn a_limit_says_what_it_leaves() {
        let mut facts = queue();
        facts.selling.backorder.limit = Some(Quantity::new(10));
        told(&facts, 3, |told| {
            let [limit] = &told.allowances[..] else {
                panic!("one limit, not {:?}", told.allowances);
            };
            assert_eq!(
                (limit.claimed, limit.left),
                (Quantity::new(8), Amount::Counted(Quantity::new(2)))
            );
            assert_eq!(told.most, limit.left);
        });
        facts.selling.backorder.mode = BackorderMode::Deny;
        told(&facts, 3, |told| assert_eq!(told.allowances, []));
    }

    #[test]
    fn goods_that_can_never_leave_are_named() {
        let mut facts = queue();
        facts.places[0]
            .incoming
            .push(order("never", 5, "2027-01-11"));
        facts.places[0].incoming[2].expected_on = NaiveDate::MAX;
        facts.places[0].incoming[2].buffer_days = 1;
        told(&facts, 1, |told| {
            let part = &told.places[0].parts[0];
            let stuck: Vec<_> = part
                .stuck
                .iter()
                .map(|one| one.purchase_order.as_str())
                .collect();
            assert_eq!(stuck, ["never"]);
        });
    }

    #[test]
    fn a_release_brings_nothing_where_something_is_on_its_way_to_another_location() {
        let mut facts = queue();
        facts.selling.released_on = Some(date("2027-03-01"));
        let mut other = main();
        other.id = "other".parse().expect("an id");
        let locations = [other, main()];
        let (policy, goods) = (PromisePolicy::default(), Goods::plain(&facts));
        let now = "2027-01-04T10:00:00Z".parse().expect("an instant");
        let told = explain(&goods, &locations, &policy, Quantity::new(1), now);
        assert_eq!(told.most, Amount::Counted(Quantity::new(22)));

        facts.places[0].incoming.clear();
        let goods = Goods::plain(&facts);
        let told = explain(&goods, &locations, &policy, Quantity::new(1), now);
        assert_eq!(told.most, Amount::Unlimited);
    }
}
