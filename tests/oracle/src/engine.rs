//! The code under judgement, asked about a case.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use shared::availability::{Location, PromisePolicy};
use shared::calendar::{CutOffs, DispatchCalendar, WorkingDays};
use shared::cart::{DatedLine, date_cart};
use shared::kit::Goods;
use shared::lead_time::{Level, Measure, Outlook, Step};
use shared::money::Money;
use shared::promise::{Origin, Slice};
use shared::quantity::Quantity;
use shared::repromise::{Awaited, Held, repromise};
use shared::shipment::{Plan, PromisedLine, SplitCharge, SplitPolicy, plans};
use shared::supply::{
    Backorder, BackorderMode, Basis, Claim, Due, Incoming, Place, Replenishment, SkuFacts,
};
use shared::wire;

use crate::answer::{Part, Told};
use crate::case::{self, Case, Mode};
use crate::civil::{Day, Week, Zone};
use crate::queue::{Change, Promise, Queue};

/// A case in the words of `shared`.
pub struct Store {
    pub facts: Vec<SkuFacts>,
    pub locations: Vec<Location>,
    pub policy: PromisePolicy,
    pub now: DateTime<Utc>,
}

/// What is said about each line, and until when it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub lines: Vec<Told>,
    /// Seconds since 1970 in UTC.
    pub valid_until: Option<i64>,
    /// The dates of the first line as the viewer reads them.
    pub read: Option<Day>,
}

/// Answers a case.
pub fn ask(case: &Case) -> Answer {
    let store = Store::of(case);
    let lines = store.dated(case);
    Answer {
        valid_until: lines
            .iter()
            .filter_map(|line| line.availability.valid_until)
            .map(|until| until.timestamp())
            .min(),
        // A civil date is the same text for everybody.
        read: lines
            .first()
            .and_then(|line| read(&wire::Date(line.availability.ships_by?).to_string())),
        lines: lines.iter().map(told).collect(),
    }
}

fn read(text: &str) -> Option<Day> {
    text.parse().ok().map(day_number)
}

/// Says which promises are replaced, and by what.
pub fn settle(queue: &Queue) -> Vec<Change> {
    let store = Store::of(&queue.claimed());
    let held = |promise: &Promise| Held {
        sku: store.facts[promise.item].sku.clone(),
        quantity: Quantity::new(promise.units),
        location: store.locations[promise.house].id.clone(),
        due: due(promise.due),
        since: promise.since.map(moment),
        alone: promise.alone,
        awaits: Awaited::default(),
    };
    let held: Vec<Held> = queue.held.iter().map(held).collect();
    let facts: HashMap<_, _> = store
        .facts
        .iter()
        .map(|facts| (facts.sku.clone(), facts.clone()))
        .collect();
    let replaced = repromise(
        &held,
        &facts,
        &store.locations,
        &store.policy,
        queue.better_by,
        store.now,
    );
    let part = |part: &Held| Promise {
        item: position(&store.facts, |facts| facts.sku == part.sku),
        house: position(&store.locations, |location| location.id == part.location),
        units: part.quantity.units(),
        due: match part.due {
            Due::Owed => case::Due::Owed,
            Due::By(day) => case::Due::By(day_number(day)),
            Due::Undated => case::Due::Undated,
        },
        since: part.since.map(|since| since.timestamp()),
        alone: part.alone,
    };
    let replaced = replaced.iter();
    replaced
        .map(|one| Change {
            held: one.held,
            parts: one.parts.iter().map(part).collect(),
            better: one.better,
        })
        .collect()
}

fn position<T>(all: &[T], is_it: impl Fn(&T) -> bool) -> usize {
    all.iter()
        .position(is_it)
        .expect("nothing is promised that is not in the case")
}

impl Store {
    pub fn of(case: &Case) -> Self {
        let locations: Vec<Location> = case.houses.iter().map(location).collect();
        let rules = &case.rules;
        Self {
            facts: case
                .items
                .iter()
                .map(|item| facts(case, item, &locations))
                .collect(),
            policy: PromisePolicy {
                horizon_days: rules.horizon,
                overdue_fence_days: rules.fence,
                overdue_offset_days: rules.offset,
                suppress_within_days: rules.suppress,
                min_shipment: Quantity::new(rules.least),
                ..PromisePolicy::default()
            },
            now: moment(case.now),
            locations,
        }
    }

    /// Dates the cart.
    pub fn dated(&self, case: &Case) -> Vec<DatedLine> {
        let lines: Vec<(Goods<'_>, Quantity)> = case
            .cart
            .iter()
            .map(|(item, units)| (self.goods(*item), Quantity::new(*units)))
            .collect();
        date_cart(&lines, &self.locations, &self.policy, self.now)
    }

    /// The ways to send what was dated.
    pub fn plans(&self, case: &Case, dated: &[DatedLine], parcels_max: u32) -> Vec<Plan> {
        let lines: Vec<PromisedLine> = case
            .cart
            .iter()
            .zip(dated)
            .map(|((item, _), line)| PromisedLine {
                sku: self.facts[*item].sku.clone(),
                slices: line.slices.clone(),
                together: line.together.clone(),
            })
            .collect();
        let fee = Money::new(495, "USD".parse().expect("a currency"));
        let policy = SplitPolicy {
            charge: SplitCharge::PerExtraParcel(fee),
            parcels_max,
        };
        plans(&lines, &policy)
    }

    fn goods(&self, item: usize) -> Goods<'_> {
        let find = |sku: &shared::ids::Sku| self.facts.iter().find(|facts| facts.sku == *sku);
        Goods::new(&self.facts[item], find).expect("kits of cases have an end")
    }
}

/// A line's answer as plain data.
pub fn told(line: &DatedLine) -> Told {
    let availability = &line.availability;
    Told {
        ships_by: availability.ships_by.map(day_number),
        shown: availability.slices.iter().map(part).collect(),
        promised: line.slices.iter().map(part).collect(),
        together: line.together.iter().map(part).collect(),
        most: availability.max_orderable.map(Quantity::units),
    }
}

fn part(slice: &Slice) -> Part {
    let Origin(house) = slice.from;
    Part {
        day: day_number(slice.ships_by),
        house: usize::from(house),
        units: slice.quantity.units(),
    }
}

fn location(house: &case::House) -> Location {
    let cut_off = u32::try_from(house.cut_off).ok();
    let calendar = DispatchCalendar {
        zone: zone(house.zone),
        working_days: week(&house.working),
        pickup_days: week(&house.pickup),
        cut_offs: cut_off
            .and_then(|second| NaiveTime::from_num_seconds_from_midnight_opt(second, 0))
            .map(CutOffs::daily)
            .expect("a time of the day"),
        receiving_days: house.receiving,
        processing_days: house.processing,
    };
    let location = Location::new(house.name.parse().expect("an id"), calendar);
    Location {
        parcel_cost: house.parcel_cost,
        ..location
    }
}

fn facts(case: &Case, item: &case::Item, locations: &[Location]) -> SkuFacts {
    let mut facts = SkuFacts::new(item.name.parse().expect("a SKU"));
    let selling = &mut facts.selling;
    selling.tracked = item.tracked;
    selling.discontinued = item.discontinued;
    selling.backorder = Backorder {
        mode: match item.mode {
            Mode::Deny => BackorderMode::Deny,
            Mode::Allow => BackorderMode::Allow,
            Mode::Silent => BackorderMode::AllowSilent,
        },
        limit: item.limit.map(Quantity::new),
        reason: None,
    };
    selling.released_on = item.released_on.map(date);
    selling.sell_until = item.sell_until.map(date);
    selling.promise_days_max = item.days_max;
    selling.low_stock_threshold = Quantity::new(item.low);
    selling.replenishment = item
        .lead
        .as_ref()
        .map(|(lead_time_days, days)| Replenishment {
            lead_time_days: *lead_time_days,
            basis: Basis::Declared,
            widened: None,
            supplier_days: Arc::new(week(days)),
            reason: None,
        });
    let parts = item.kit.iter();
    facts.kit = parts
        .map(|(part, each)| {
            (
                case.items[*part].name.parse().expect("a SKU"),
                Quantity::new(*each),
            )
        })
        .collect();
    facts.places = item
        .shelves
        .iter()
        .zip(locations)
        .map(|(shelf, at)| place(shelf, at))
        .collect();
    facts
}

fn place(shelf: &case::Shelf, at: &Location) -> Place {
    let incoming = |coming: &case::Coming| Incoming {
        buffer_days: coming.buffer,
        under_way: coming.under_way,
        outlooks: coming
            .habit
            .iter()
            .map(|steps| (date(coming.expected), outlook(steps)))
            .collect(),
        basis: match coming.told {
            true => Basis::Told,
            false => Basis::LeadTime {
                level: Level::new(80).expect("a level"),
                own: 9,
                pooled: 0,
            },
        },
        ..Incoming::told(
            "PO".parse().expect("an id"),
            Quantity::new(coming.units),
            date(coming.expected),
        )
    };
    let claim = |taken: &case::Taken| Claim {
        due: due(taken.due),
        quantity: Quantity::new(taken.units),
        expires_at: taken.ends.map(moment),
    };
    Place {
        location: at.id.clone(),
        on_hand: Quantity::new(shelf.on_hand),
        safety_stock: Quantity::new(shelf.safety),
        incoming: shelf.coming.iter().map(incoming).collect(),
        undated: Vec::new(),
        claims: shelf.taken.iter().map(claim).collect(),
    }
}

fn outlook(steps: &[(i32, i32)]) -> Arc<Outlook> {
    let step = |(until, days): &(i32, i32)| Step {
        until: *until,
        days: *days,
        reached: 80,
        own: 8,
        pooled: 0,
    };
    let level = Level::new(80).expect("a level");
    let steps = steps.iter().map(step);
    Arc::new(Outlook::new(Measure::Slips, level, steps))
}

fn due(due: case::Due) -> Due {
    match due {
        case::Due::Owed => Due::Owed,
        case::Due::By(day) => Due::By(date(day)),
        case::Due::Undated => Due::Undated,
    }
}

fn week(week: &Week) -> WorkingDays {
    let days = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
    let open = days
        .into_iter()
        .zip(week.open)
        .filter(|(_, open)| *open)
        .map(|(day, _)| day);
    WorkingDays::on(open).without(week.holidays.iter().copied().map(date))
}

/// The name of a zone in the tables of the world.
pub fn zone(zone: Zone) -> Tz {
    match zone {
        Zone::Utc => Tz::UTC,
        Zone::NewYork => chrono_tz::America::New_York,
        Zone::LosAngeles => chrono_tz::America::Los_Angeles,
        Zone::Berlin => chrono_tz::Europe::Berlin,
        Zone::Tokyo => chrono_tz::Asia::Tokyo,
        Zone::Kathmandu => chrono_tz::Asia::Kathmandu,
        Zone::Kiritimati => chrono_tz::Pacific::Kiritimati,
        Zone::Niue => chrono_tz::Pacific::Niue,
    }
}

pub fn date(day: Day) -> NaiveDate {
    NaiveDate::default() + TimeDelta::days(day)
}

pub fn day_number(date: NaiveDate) -> Day {
    (date - NaiveDate::default()).num_days()
}

pub fn moment(utc_s: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(utc_s, 0).expect("a moment of this century")
}
