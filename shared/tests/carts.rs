//! What the policies of a store hold a cart to: kits, several locations, and claims that end.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use shared::availability::{Location, PromisePolicy, Status, availability};
use shared::calendar::{DispatchCalendar, WorkingDays};
use shared::cart::{DatedLine, date_cart};
use shared::ids::Sku;
use shared::kit::Goods;
use shared::quantity::Quantity;
use shared::supply::{Backorder, BackorderMode, Claim, Due, Incoming, Place, SkuFacts};

const NOON: &str = "2027-01-04T12:00:00Z";

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

fn units(units: u32) -> Quantity {
    Quantity::new(units)
}

/// Works every day, in no time.
fn location(id: &str, zone: chrono_tz::Tz) -> Location {
    let calendar = DispatchCalendar {
        zone,
        working_days: WorkingDays::every_day(),
        pickup_days: WorkingDays::every_day(),
        cut_offs: parsed("23:00:00"),
        receiving_days: 0,
        processing_days: 0,
    };
    Location::new(parsed(id), calendar)
}

fn in_utc(ids: &[&str]) -> Vec<Location> {
    ids.iter().map(|id| location(id, chrono_tz::UTC)).collect()
}

fn may_wait(sku: &str) -> SkuFacts {
    let mut facts = SkuFacts::new(parsed(sku));
    facts.selling.backorder = Backorder {
        mode: BackorderMode::Allow,
        ..Backorder::default()
    };
    facts
}

fn place(id: &str, on_hand: u32) -> Place {
    Place {
        on_hand: units(on_hand),
        ..Place::new(parsed(id))
    }
}

fn comes(count: u32, on: &str) -> Vec<Incoming> {
    vec![Incoming::told(parsed("PO"), units(count), parsed(on))]
}

fn kit_of(part: &SkuFacts) -> SkuFacts {
    SkuFacts {
        kit: vec![(part.sku.clone(), units(1))],
        ..may_wait("K")
    }
}

fn ask(goods: &[(Goods<'_>, u32)], locations: &[Location], now: &str) -> Vec<DatedLine> {
    let lines: Vec<_> = goods
        .iter()
        .map(|(goods, count)| (goods.clone(), units(*count)))
        .collect();
    date_cart(&lines, locations, &PromisePolicy::default(), parsed(now))
}

fn ships_by(line: &DatedLine) -> Option<NaiveDate> {
    line.availability.ships_by
}

#[test]
fn who_waits_without_a_date_comes_before_whoever_asks_now() {
    let mut facts = may_wait("A");
    facts.places.push(Place {
        incoming: comes(5, "2027-06-01"),
        claims: vec![Claim::due(Due::Undated, units(3))],
        ..place("main", 5)
    });
    let locations = in_utc(&["main"]);
    let lines = ask(&[(Goods::plain(&facts), 3)], &locations, NOON);
    assert_eq!(ships_by(&lines[0]), Some(parsed("2027-06-01")));
    let lines = ask(&[(Goods::plain(&facts), 2)], &locations, NOON);
    assert_eq!(ships_by(&lines[0]), Some(parsed("2027-01-04")));
}

#[test]
fn a_kit_is_not_promised_beyond_its_own_last_day_nor_beyond_that_of_a_part() {
    let mut part = may_wait("A");
    part.places.push(Place {
        incoming: comes(5, "2027-01-20"),
        ..place("main", 0)
    });
    let locations = in_utc(&["main"]);
    let mut kit = kit_of(&part);
    let ask = |kit: &SkuFacts, parts: &[&SkuFacts]| {
        let find = |sku: &shared::ids::Sku| parts.iter().find(|part| part.sku == *sku).copied();
        ships_by(
            &ask(
                &[(Goods::new(kit, find).expect("a kit"), 1)],
                &locations,
                NOON,
            )[0],
        )
    };
    assert_eq!(ask(&kit, &[&part]), Some(parsed("2027-01-20")));
    kit.selling.promise_days_max = Some(16);
    assert_eq!(ask(&kit, &[&part]), Some(parsed("2027-01-20")));
    kit.selling.promise_days_max = Some(15);
    assert_eq!(ask(&kit, &[&part]), None);

    // The other part is there, but is promised for no more than 15 days ahead.
    let mut other = may_wait("B");
    other.selling.promise_days_max = Some(15);
    other.places.push(place("main", 1));
    let mut kit = kit_of(&part);
    kit.kit.push((other.sku.clone(), units(1)));
    assert_eq!(ask(&kit, &[&part, &other]), None);
    // Tomorrow it is for one day more, so what is said today ends with the day.
    let goods = Goods::new(&kit, |sku| {
        [&part, &other].into_iter().find(|part| part.sku == *sku)
    });
    let line = [(goods.expect("a kit"), units(1))];
    let late = parsed("2027-01-04T23:30:00Z");
    let dated = date_cart(&line, &locations, &PromisePolicy::default(), late);
    let midnight = parsed("2027-01-05T00:00:00Z");
    assert_eq!(dated[0].availability.valid_until, Some(midnight));
    other.selling.promise_days_max = Some(16);
    assert_eq!(ask(&kit, &[&part, &other]), Some(parsed("2027-01-20")));
}

#[test]
fn a_claim_on_a_kit_that_has_ended_takes_nothing_from_its_limit() {
    let mut part = may_wait("A");
    part.places.push(Place {
        incoming: comes(9, "2027-01-20"),
        ..place("main", 0)
    });
    let mut kit = kit_of(&part);
    kit.selling.backorder.limit = Some(units(2));
    let end: DateTime<Utc> = parsed("2027-01-04T12:30:00Z");
    kit.places.push(Place {
        claims: vec![Claim {
            expires_at: Some(end),
            ..Claim::by(parsed("2027-01-20"), units(2))
        }],
        ..place("main", 0)
    });
    let locations = in_utc(&["main"]);
    let ask = |now: DateTime<Utc>| {
        let goods = Goods::new(&kit, |_| Some(&part)).expect("a kit");
        availability(&goods, &locations, &PromisePolicy::default(), units(1), now)
    };
    let before = ask(parsed(NOON));
    assert!(!before.orderable());
    assert_eq!(before.valid_until, Some(end));
    assert!(ask(end).orderable());
}

#[test]
fn the_answer_about_a_kit_ends_with_the_last_day_on_which_it_may_wait() {
    let mut part = may_wait("A");
    part.places.push(Place {
        incoming: comes(9, "2027-01-20"),
        ..place("main", 0)
    });
    let mut kit = kit_of(&part);
    kit.selling.sell_until = Some(parsed("2027-01-04"));
    let goods = Goods::new(&kit, |_| Some(&part)).expect("a kit");
    let locations = in_utc(&["main"]);
    // After the cut-off nothing else changes before the next day's.
    let lines = ask(&[(goods.clone(), 1)], &locations, "2027-01-04T23:30:00Z");
    assert_eq!(ships_by(&lines[0]), Some(parsed("2027-01-20")));
    let midnight = "2027-01-05T00:00:00Z";
    assert_eq!(lines[0].availability.valid_until, Some(parsed(midnight)));
    assert_eq!(ships_by(&ask(&[(goods, 1)], &locations, midnight)[0]), None);
}

#[test]
fn the_last_day_of_sale_is_each_locations_own() {
    // It is the 5th in Tokyo already.
    let locations = [
        location("los-angeles", chrono_tz::America::Los_Angeles),
        location("tokyo", chrono_tz::Asia::Tokyo),
    ];
    let now = "2027-01-04T20:00:00Z";
    let mut facts = may_wait("A");
    facts.selling.sell_until = Some(parsed("2027-01-04"));
    facts.places.push(Place {
        incoming: comes(1, "2027-01-08"),
        ..place("tokyo", 0)
    });
    assert_eq!(
        ships_by(&ask(&[(Goods::plain(&facts), 1)], &locations, now)[0]),
        None
    );
    facts.places[0].location = parsed("los-angeles");
    let there = ask(&[(Goods::plain(&facts), 1)], &locations, now);
    assert_eq!(ships_by(&there[0]), Some(parsed("2027-01-08")));
    let reversed: Vec<Location> = locations.into_iter().rev().collect();
    let there = ask(&[(Goods::plain(&facts), 1)], &reversed, now);
    assert_eq!(ships_by(&there[0]), Some(parsed("2027-01-08")));
}

#[test]
fn a_line_that_cannot_be_ordered_changes_nothing_for_the_others() {
    let mut known = may_wait("A");
    known.places.push(place("east", 2));
    let mut unknown = may_wait("B");
    unknown.places.push(place("east", 1));
    let locations = in_utc(&["east", "west"]);
    let lines = ask(
        &[(Goods::plain(&known), 1), (Goods::plain(&unknown), 2)],
        &locations,
        NOON,
    );
    assert!(lines[0].availability.orderable() && !lines[1].availability.orderable());
    // Both ways are the same, so none is told twice.
    assert_eq!(lines[0].together, []);
}

/// Two are there, and two are promised of what comes.
fn two_on_the_shelf_and_two_promised() -> SkuFacts {
    let mut scarce = may_wait("A");
    scarce.selling.backorder.limit = Some(units(1));
    let mut main = place("main", 2);
    main.incoming = comes(9, "2027-01-20");
    main.claims = vec![Claim::by(parsed("2027-01-20"), units(2))];
    scarce.places.push(main);
    scarce
}

#[test]
fn what_leaves_now_is_not_there_for_those_who_wait_so_the_limit_is_about_it_too() {
    let scarce = two_on_the_shelf_and_two_promised();
    let locations = in_utc(&["main"]);
    // Were two sold, two would be owed and none be there.
    let lines = ask(&[(Goods::plain(&scarce), 2)], &locations, NOON);
    assert!(!lines[0].availability.orderable());
    let lines = ask(&[(Goods::plain(&scarce), 1)], &locations, NOON);
    assert!(lines[0].availability.orderable());
    assert_eq!(ships_by(&lines[0]), Some(parsed("2027-01-04")));
    assert_eq!(lines[0].availability.max_orderable, Some(units(1)));
}

#[test]
fn what_may_not_be_sold_is_not_left() {
    let mut scarce = two_on_the_shelf_and_two_promised();
    scarce.selling.low_stock_threshold = units(5);
    let lines = ask(&[(Goods::plain(&scarce), 1)], &in_utc(&["main"]), NOON);
    let left = Some(units(1));
    assert_eq!(lines[0].availability.status, Status::LowStock { left });
    scarce.selling.backorder.limit = Some(Quantity::ZERO);
    let lines = ask(&[(Goods::plain(&scarce), 1)], &in_utc(&["main"]), NOON);
    let more_comes = true;
    assert_eq!(
        lines[0].availability.status,
        Status::OutOfStock { more_comes }
    );
}

#[test]
fn what_may_not_wait_any_more_has_no_limit_on_what_is_there() {
    let mut scarce = two_on_the_shelf_and_two_promised();
    scarce.selling.backorder.mode = BackorderMode::Deny;
    let lines = ask(&[(Goods::plain(&scarce), 2)], &in_utc(&["main"]), NOON);
    assert!(lines[0].availability.orderable());
    assert_eq!(ships_by(&lines[0]), Some(parsed("2027-01-04")));
}

#[test]
fn a_cart_with_too_much_to_try_leaves_from_where_each_is_ready() {
    let ids = ["l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7"];
    let locations = in_utc(&ids);
    // All but the last can send one kit: they have plenty of one part and one of the other, by turns.
    let mut parts = ["P", "Q"].map(|sku| SkuFacts::new(parsed(sku)));
    for (at, id) in ids[..7].iter().enumerate() {
        parts[at % 2].places.push(place(id, 9));
        parts[(at + 1) % 2].places.push(place(id, 1));
    }
    let kits = ["K1", "K2", "K3", "K4", "K5", "K6", "K7"].map(|sku| SkuFacts {
        kit: parts
            .iter()
            .map(|part| (part.sku.clone(), units(1)))
            .collect(),
        ..may_wait(sku)
    });
    let find = |sku: &Sku| parts.iter().find(|part| part.sku == *sku);
    // What else is wanted is ready at the last one, and comes to the first.
    let parcels_together = |claims: u32| {
        let mut other = may_wait("A");
        for id in ids {
            let mut there = place(id, claims + u32::from(id == "l7"));
            there.incoming = comes(u32::from(id == "l0"), "2027-01-20");
            there.claims = (0..claims).map(|_| Claim::owed(units(1))).collect();
            other.places.push(there);
        }
        let mut goods = vec![(Goods::plain(&other), 1)];
        goods.extend(
            kits.iter()
                .map(|kit| (Goods::new(kit, find).expect("a kit"), 1)),
        );
        let lines = ask(&goods, &locations, NOON);
        for line in &lines {
            assert_eq!(ships_by(line), Some(parsed("2027-01-04")));
        }
        let together = lines.iter().flat_map(|line| &line.together);
        together
            .map(|slice| slice.from)
            .collect::<BTreeSet<_>>()
            .len()
    };
    assert_eq!(parcels_together(0), 7);
    // None is told: both ways are the same.
    assert_eq!(parcels_together(10_000), 0);
}
