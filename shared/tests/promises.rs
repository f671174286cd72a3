//! What becomes of promises when supply changes.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use shared::availability::{Location, PromisePolicy};
use shared::calendar::{DispatchCalendar, WorkingDays};
use shared::ids::Sku;
use shared::lead_time::{Level, Measure, Outlook, Step};
use shared::quantity::Quantity;
use shared::repromise::{Awaited, Held, Replaced, repromise};
use shared::supply::{Basis, Claim, Due, Incoming, Place, Replenishment, SkuFacts};
use shared::widening::{Horizon, Widened};

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 1, day).expect("a date")
}

fn location(id: &str) -> Location {
    let calendar = DispatchCalendar {
        zone: chrono_tz::UTC,
        working_days: WorkingDays::every_day(),
        pickup_days: WorkingDays::every_day(),
        cut_offs: "14:00:00".parse().expect("a time"),
        receiving_days: 0,
        processing_days: 0,
    };
    Location::new(id.parse().expect("an id"), calendar)
}

fn held(sku: &str, units: u32, due: Due) -> Held {
    Held {
        sku: sku.parse().expect("a SKU"),
        quantity: Quantity::new(units),
        location: "main".parse().expect("an id"),
        due,
        since: None,
        alone: true,
        awaits: Awaited::default(),
    }
}

/// A SKU with units on the shelf, and units that come in January.
fn sku(name: &str, on_hand: u32, incoming: &[(u32, u32)], claims: Vec<Claim>) -> SkuFacts {
    let mut facts = SkuFacts::new(name.parse().expect("a SKU"));
    let told = |(units, on): &(u32, u32)| {
        Incoming::told(
            "PO".parse().expect("an id"),
            Quantity::new(*units),
            day(*on),
        )
    };
    facts.places.push(Place {
        on_hand: Quantity::new(on_hand),
        incoming: incoming.iter().map(told).collect(),
        claims,
        ..Place::new("main".parse().expect("an id"))
    });
    facts
}

fn known(all: impl IntoIterator<Item = SkuFacts>) -> HashMap<Sku, SkuFacts> {
    all.into_iter()
        .map(|facts| (facts.sku.clone(), facts))
        .collect()
}

fn ask(held: &[Held], facts: &HashMap<Sku, SkuFacts>, better: Option<u32>) -> Vec<Replaced> {
    let now = "2027-01-01T09:00:00Z".parse().expect("an instant");
    repromise(
        held,
        facts,
        &[location("main")],
        &PromisePolicy::default(),
        better,
        now,
    )
}

#[test]
fn nothing_is_replaced_where_all_can_be_kept() {
    let promises = [
        held("A", 5, Due::By(day(1))),
        held("A", 10, Due::By(day(25))),
    ];
    let claims = promises
        .iter()
        .map(|one| Claim::due(one.due, one.quantity))
        .collect();
    let facts = known([sku("A", 5, &[(5, 8), (20, 25)], claims)]);
    assert_eq!(ask(&promises, &facts, None), []);
}

#[test]
fn a_cancellation_pulls_nobody_in_and_pushes_nobody_out() {
    // domain.md V11: the first order, of five for the 1st, was cancelled.
    let promises = [
        held("A", 10, Due::By(day(3))),
        held("A", 5, Due::By(day(2))),
    ];
    let claims = promises
        .iter()
        .map(|one| Claim::due(one.due, one.quantity))
        .collect();
    let facts = known([sku("A", 5, &[(6, 2), (9, 3)], claims)]);
    assert_eq!(ask(&promises, &facts, Some(3)), []);
    // The later order could leave a day sooner; the earlier one still needs all there is by the 3rd.
    let sooner = ask(&promises, &facts, Some(1));
    assert_eq!(sooner.len(), 1);
    assert_eq!((sooner[0].held, sooner[0].better), (1, true));
    assert_eq!(sooner[0].parts, [held("A", 5, Due::By(day(1)))]);
}

#[test]
fn a_promise_that_is_lost_in_part_is_split() {
    let promises = [held("A", 5, Due::By(day(2)))];
    let facts = known([sku(
        "A",
        3,
        &[(9, 20)],
        vec![Claim::by(day(2), Quantity::new(5))],
    )]);
    let replaced = ask(&promises, &facts, None);
    let parts = [
        held("A", 3, Due::By(day(2))),
        held("A", 2, Due::By(day(20))),
    ];
    assert_eq!(replaced[0].parts, parts);
}

#[test]
fn what_is_still_there_keeps_its_date_where_no_more_comes() {
    let promises = [held("A", 5, Due::By(day(2)))];
    let facts = known([sku("A", 3, &[], vec![Claim::by(day(2), Quantity::new(5))])]);
    let parts = [held("A", 3, Due::By(day(2))), held("A", 2, Due::Undated)];
    assert_eq!(ask(&promises, &facts, None)[0].parts, parts);
}

#[test]
fn a_claim_that_has_ended_takes_no_other_place() {
    let ended = Claim {
        expires_at: Some("2027-01-01T08:00:00Z".parse().expect("an instant")),
        ..Claim::by(day(2), Quantity::new(1))
    };
    let claims = vec![ended, Claim::by(day(2), Quantity::new(1))];
    let facts = known([sku("A", 1, &[(9, 20)], claims)]);
    assert_eq!(ask(&[held("A", 1, Due::By(day(2)))], &facts, None), []);
}

#[test]
fn without_any_supply_a_promise_waits_for_a_date_and_gets_the_first_there_is() {
    let promises = [held("A", 2, Due::By(day(2)))];
    let claims = vec![Claim::by(day(2), Quantity::new(2))];
    let replaced = ask(&promises, &known([sku("A", 0, &[], claims)]), None);
    assert_eq!(replaced[0].parts, [held("A", 2, Due::Undated)]);
    let waiting = [held("A", 2, Due::Undated)];
    let claims = vec![Claim::due(Due::Undated, Quantity::new(2))];
    assert_eq!(
        ask(&waiting, &known([sku("A", 0, &[], claims.clone())]), None),
        []
    );
    let found = ask(&waiting, &known([sku("A", 0, &[(5, 9)], claims)]), None);
    assert_eq!(
        (&found[0].parts[..], found[0].better),
        (&[held("A", 2, Due::By(day(9)))][..], true)
    );
}

#[test]
fn what_is_made_for_somebody_is_not_taken_from_who_came_later() {
    let since = |at: &str| Some(at.parse().expect("an instant"));
    let made = Held {
        since: since("2027-01-01T08:00:00Z"),
        ..held("A", 3, Due::By(day(21)))
    };
    let from_shelf = Held {
        since: since("2027-01-03T08:00:00Z"),
        ..held("A", 2, Due::By(day(3)))
    };
    let promises = [made, from_shelf];
    let claims = promises
        .iter()
        .map(|one| Claim::due(one.due, one.quantity))
        .collect();
    let mut facts = sku("A", 4, &[], claims);
    facts.selling.replenishment = Some(Replenishment {
        lead_time_days: 20,
        basis: Basis::Declared,
        widened: None,
        supplier_days: Arc::new(WorkingDays::every_day()),
        reason: None,
    });
    let now = "2027-01-03T09:00:00Z".parse().expect("an instant");
    let (all, policy) = ([location("main")], PromisePolicy::default());
    let replaced = repromise(&promises, &known([facts]), &all, &policy, None, now);
    assert_eq!(replaced, []);
}

#[test]
fn what_is_held_back_until_a_later_release_is_promised_anew() {
    let promises = [held("A", 2, Due::By(day(5)))];
    let claims = vec![Claim::by(day(5), Quantity::new(2))];
    let mut facts = sku("A", 2, &[], claims);
    facts.selling.released_on = Some(day(9));
    let replaced = ask(&promises, &known([facts.clone()]), None);
    assert_eq!(replaced[0].parts, [held("A", 2, Due::By(day(9)))]);
    facts.selling.released_on = Some(day(5));
    assert_eq!(ask(&promises, &known([facts]), None), []);
}

#[test]
fn a_kit_leaves_no_earlier_than_its_own_release() {
    let mut kit = SkuFacts::new("K".parse().expect("a SKU"));
    kit.kit = vec![("A".parse().expect("a SKU"), Quantity::new(1))];
    kit.selling.released_on = Some(day(9));
    let due = Due::By(day(5));
    let promises = [held("K", 1, due), held("A", 1, due)];
    let claims = vec![Claim::due(due, Quantity::new(1)); 2];
    let replaced = ask(&promises, &known([kit, sku("A", 2, &[], claims)]), None);
    assert_eq!(replaced.len(), 1);
    assert_eq!(replaced[0].parts, [held("K", 1, Due::By(day(9)))]);
}

#[test]
fn a_kit_is_promised_anew_when_one_of_its_parts_is_missing() {
    let mut kit = SkuFacts::new("K".parse().expect("a SKU"));
    kit.kit = vec![
        ("A".parse().expect("a SKU"), Quantity::new(2)),
        ("B".parse().expect("a SKU"), Quantity::new(1)),
    ];
    let due = Due::By(day(2));
    let promises = [held("K", 1, due), held("A", 1, due)];
    let claim = |units| Claim::due(due, Quantity::new(units));
    let facts = known([
        kit,
        sku("A", 1, &[(9, 12)], vec![claim(2), claim(1)]),
        sku("B", 4, &[], vec![claim(1)]),
    ]);
    let replaced = ask(&promises, &facts, None);
    assert_eq!(replaced.len(), 1);
    assert_eq!(replaced[0].parts, [held("K", 1, Due::By(day(12)))]);
}

/// An order of so many that was to come on the day, and by history comes then or three weeks after.
fn slipping(units: u32, on: NaiveDate) -> Incoming {
    let step = |until, days| Step {
        until,
        days,
        reached: 80,
        own: 40,
        pooled: 0,
    };
    let level = Level::new(80).expect("a level");
    let outlook = Outlook::new(Measure::Slips, level, [step(0, 0), step(21, 21)]);
    Incoming {
        outlooks: vec![(on, Arc::new(outlook))],
        ..Incoming::told("PO-7".parse().expect("an id"), Quantity::new(units), on)
    }
}

fn awaiting(promise: Held) -> Held {
    Held {
        awaits: Awaited {
            orders: vec!["PO-7".parse().expect("an id")],
            made: false,
        },
        ..promise
    }
}

#[test]
fn a_promise_stands_while_what_it_waits_for_may_still_come() {
    // It was to come two days ago; who asks now is told the 20th.
    let late = slipping(5, day(1) - TimeDelta::days(2));
    let with = |promise: Held| {
        let claims = vec![Claim::due(promise.due, promise.quantity)];
        let mut facts = sku("A", 0, &[], claims);
        facts.places[0].incoming.push(late.clone());
        ask(&[promise], &known([facts]), None)
    };
    let promise = |on| awaiting(held("A", 5, Due::By(day(on))));
    assert_eq!(with(promise(3)), []);
    assert_eq!(with(promise(1)), []);
    let over = awaiting(held("A", 5, Due::By(day(1) - TimeDelta::days(1))));
    assert_eq!(with(over)[0].parts, [promise(20)]);
    // Nobody else may hope for it.
    let other = held("A", 5, Due::By(day(3)));
    assert_eq!(with(other)[0].parts, [held("A", 5, Due::By(day(20)))]);
}

#[test]
fn days_that_are_added_because_promises_were_broken_break_none() {
    let widened = Widened {
        days: 6,
        kept: 0,
        judged: 40,
        level: Level::new(80).expect("a level"),
        horizon: Horizon::Any,
    };
    let with = |incoming: Incoming, promise: Held| {
        let claims = vec![Claim::due(promise.due, promise.quantity)];
        let mut facts = sku("A", 0, &[], claims);
        facts.places[0].incoming.push(Incoming {
            widened: Some(widened),
            ..incoming
        });
        ask(&[promise], &known([facts]), None)
    };
    let told = |on| Incoming::told("PO-7".parse().expect("an id"), Quantity::new(5), on);
    let promise = |on| awaiting(held("A", 5, Due::By(day(on))));
    // Whether or not it is known how such orders turn out; and while it is late, but may come today.
    assert_eq!(with(told(day(9)), promise(9)), []);
    assert_eq!(with(slipping(5, day(9)), promise(9)), []);
    assert_eq!(with(told(day(1) - TimeDelta::days(2)), promise(1)), []);
    // Who did not wait for it is told the day with the days that are added.
    let other = held("A", 5, Due::By(day(9)));
    let moved = held("A", 5, Due::By(day(15)));
    for known in [told(day(9)), slipping(5, day(9))] {
        let replaced = with(known, other.clone());
        let moved = moved.clone();
        assert_eq!(replaced[0].parts, vec![moved]);
    }
    // The supplier's own later date is another matter.
    assert_eq!(with(told(day(10)), promise(9)).len(), 1);
}

#[test]
fn what_one_waits_for_is_hoped_for_by_no_other() {
    let promises = [
        awaiting(held("A", 3, Due::By(day(4)))),
        held("A", 2, Due::By(day(2))),
        held("A", 1, Due::By(day(3))),
    ];
    let claims = promises
        .iter()
        .map(|one| Claim::due(one.due, one.quantity))
        .collect();
    // A count found two where three were.
    let mut facts = sku("A", 2, &[], claims);
    facts.places[0]
        .incoming
        .push(slipping(9, day(1) - TimeDelta::days(2)));
    let replaced = ask(&promises, &known([facts]), None);
    assert_eq!(replaced.len(), 1);
    assert_eq!(replaced[0].held, 2);
    assert_eq!(replaced[0].parts, [held("A", 1, Due::By(day(20)))]);
}

#[test]
fn a_suppliers_own_later_date_moves_a_promise_at_once() {
    let promise = awaiting(held("A", 5, Due::By(day(9))));
    let claims = vec![Claim::due(promise.due, promise.quantity)];
    let with = |on| {
        let mut facts = sku("A", 0, &[], claims.clone());
        facts.places[0].incoming.push(slipping(5, day(on)));
        ask(std::slice::from_ref(&promise), &known([facts]), None)
    };
    assert_eq!(with(9), []);
    let moved = awaiting(held("A", 5, Due::By(day(10))));
    assert_eq!(with(10)[0].parts, [moved]);
}

#[test]
fn what_is_made_to_order_and_has_not_come_is_promised_anew_on_its_day() {
    let learnt = Basis::LeadTime {
        level: Level::new(80).expect("a level"),
        own: 20,
        pooled: 0,
    };
    let made = |on, basis, lead_time_days| {
        let promise = Held {
            since: Some("2026-12-20T08:00:00Z".parse().expect("an instant")),
            awaits: Awaited {
                orders: Vec::new(),
                made: true,
            },
            ..held("A", 1, Due::By(on))
        };
        let claims = vec![Claim::due(promise.due, promise.quantity)];
        let mut facts = sku("A", 0, &[], claims);
        facts.selling.replenishment = Some(Replenishment {
            lead_time_days,
            basis,
            widened: None,
            supplier_days: Arc::new(WorkingDays::every_day()),
            reason: None,
        });
        ask(&[promise], &known([facts]), None)
    };
    // Ordered on 20 December for the 3rd: two weeks.
    assert_eq!(made(day(3), Basis::Declared, 14), []);
    // The supplier says that it takes longer; or it was only learnt.
    assert_eq!(made(day(3), Basis::Declared, 16).len(), 1);
    assert_eq!(made(day(3), learnt, 16), []);
    // Its day is over, and nothing came.
    assert_eq!(made(day(1) - TimeDelta::days(1), learnt, 11).len(), 1);
    assert_eq!(
        made(day(1) - TimeDelta::days(1), Basis::Declared, 11).len(),
        1
    );
}
