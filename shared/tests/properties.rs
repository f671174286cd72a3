//! The properties of domain.md 3.2, against a brute force that hands out single units.
//!
//! `PROPTEST_CASES` sets how many cases are tried; without it [`CASES`].

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use shared::availability::{
    Availability, Display, HORIZON_DAYS_MAX, Location, PromisePolicy, Status, availability,
};
use shared::calendar::{DispatchCalendar, WorkingDays};
use shared::kit::Goods;
use shared::lead_time::{
    Delivery, Level, SURPLUS_POINTS_MAX, Slip, expected_yield, lead_time, lead_time_after,
    less_surplus, slip, slip_after,
};
use shared::promise::{Amount, Atp, Promised, Slice, Supply, merge_small};
use shared::quantity::Quantity;
use shared::supply::{
    Backorder, BackorderMode, Basis, Claim, Due, Incoming, Place, Replenishment, SkuFacts,
};

/// Cases of each property in `make test`; `make bench` tries 100,000.
const CASES: u32 = 2_000;

/// Supplies and claims of a case.
const PARTS_MAX: usize = 6;
/// Days over which they are spread.
const DAYS: u64 = 12;

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(CASES),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn day(ahead: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 1, 4).expect("a date") + Days::new(ahead)
}

prop_compose! {
    fn supply()(ahead in 0..DAYS, units in 0..8_u32) -> Supply {
        Supply { ships_by: day(ahead), amount: Amount::Counted(Quantity::new(units)) }
    }
}

prop_compose! {
    fn claim()(
        due in prop_oneof![
            1 => Just(Due::Owed),
            1 => Just(Due::Undated),
            6 => (0..DAYS).prop_map(|ahead| Due::By(day(ahead))),
        ],
        units in 0..8_u32,
    ) -> Claim {
        Claim::due(due, Quantity::new(units))
    }
}

prop_compose! {
    fn facts()(
        supplies in prop::collection::vec(supply(), 0..=PARTS_MAX),
        claims in prop::collection::vec(claim(), 0..=PARTS_MAX),
    ) -> (Vec<Supply>, Vec<Claim>) {
        (supplies, claims)
    }
}

/// The days of the free units, earliest first: every unit of supply is handed to a claim or is free.
///
/// Claims that can be met take the latest unit that is in time, latest claims first, so that early
/// units stay free; what is owed and late takes the first unit that comes after.
fn brute_force(supplies: &[Supply], claims: &[Claim]) -> Vec<NaiveDate> {
    let mut units: Vec<NaiveDate> = Vec::new();
    for part in supplies {
        let Amount::Counted(quantity) = part.amount else {
            unreachable!("cases are counted")
        };
        units.extend((0..quantity.units()).map(|_| part.ships_by));
    }
    units.sort_unstable();
    let mut dues: Vec<NaiveDate> = Vec::new();
    for claim in claims {
        dues.extend((0..claim.quantity.units()).map(|_| day_of(claim.due)));
    }
    dues.sort_unstable();
    let mut late = Vec::new();
    for due in dues.into_iter().rev() {
        match units.iter().rposition(|unit| *unit <= due) {
            Some(at) => drop(units.remove(at)),
            None => late.push(due),
        }
    }
    for due in late {
        if let Some(at) = units.iter().position(|unit| due < *unit) {
            units.remove(at);
        }
    }
    units
}

fn day_of(due: Due) -> NaiveDate {
    match due {
        Due::Owed | Due::Undated => NaiveDate::MIN,
        Due::By(day) => day,
    }
}

fn promise(supplies: &[Supply], claims: &[Claim], units: u32) -> Promised {
    Atp::new(supplies, claims).slices(Quantity::new(units), day(DAYS))
}

/// The promised day of each unit.
fn units(slices: &[Slice]) -> Vec<NaiveDate> {
    slices
        .iter()
        .flat_map(|slice| (0..slice.quantity.units()).map(|_| slice.ships_by))
        .collect()
}

/// What is left on each day: cumulative supply less cumulative claims.
fn left(supplies: &[Supply], claims: &[Claim]) -> Vec<i64> {
    let units = |amount: Amount| match amount {
        Amount::Counted(quantity) => i64::from(quantity.units()),
        Amount::Unlimited => unreachable!("cases are counted"),
    };
    let until = |today: NaiveDate| {
        let there: i64 = supplies
            .iter()
            .filter(|part| part.ships_by <= today)
            .map(|part| units(part.amount))
            .sum();
        let due = |claim: &&Claim| day_of(claim.due) <= today;
        let owed: i64 = claims
            .iter()
            .filter(due)
            .map(|claim| i64::from(claim.quantity.units()))
            .sum();
        there - owed
    };
    (0..=DAYS).map(|ahead| until(day(ahead))).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_unit_is_promised_for_the_day_that_handing_out_single_units_gives((supplies, claims) in facts(), wanted in 0..40_u32) {
        let promised = promise(&supplies, &claims, wanted);
        let mut expected = brute_force(&supplies, &claims);
        expected.truncate(usize::try_from(wanted).expect("small"));
        prop_assert_eq!(units(&promised.slices), expected.clone());
        prop_assert_eq!(promised.undated.units(), wanted - u32::try_from(expected.len()).expect("small"));
    }

    #[test]
    fn the_sum_of_the_slices_is_what_look_ahead_atp_allows((supplies, claims) in facts(), wanted in 0..40_u32) {
        let atp = Atp::new(&supplies, &claims).by(day(DAYS));
        let Amount::Counted(atp) = atp else { return Err(TestCaseError::fail("counted supply is counted")) };
        let sum: Quantity = promise(&supplies, &claims, wanted).slices.iter().map(|slice| slice.quantity).sum();
        prop_assert_eq!(sum, Quantity::new(wanted).min(atp));
    }

    #[test]
    fn the_day_of_a_unit_does_not_depend_on_how_many_are_asked_for((supplies, claims) in facts(), few in 0..20_u32, more in 0..20_u32) {
        let short = units(&promise(&supplies, &claims, few).slices);
        let long = units(&promise(&supplies, &claims, few + more).slices);
        prop_assert_eq!(&long[..short.len()], &short[..]);
    }

    #[test]
    fn more_supply_makes_no_day_later_and_one_more_claim_none_earlier(
        (supplies, claims) in facts(), extra in supply(), order in claim(), wanted in 1..30_u32,
    ) {
        let before = units(&promise(&supplies, &claims, wanted).slices);
        let richer: Vec<Supply> = supplies.iter().copied().chain([extra]).collect();
        let with_more = units(&promise(&richer, &claims, wanted).slices);
        prop_assert!(before.len() <= with_more.len());
        prop_assert!(before.iter().zip(&with_more).all(|(before, after)| after <= before));
        let busier: Vec<Claim> = claims.iter().copied().chain([order]).collect();
        let with_claim = units(&promise(&supplies, &busier, wanted).slices);
        prop_assert!(with_claim.len() <= before.len());
        prop_assert!(before.iter().zip(&with_claim).all(|(before, after)| before <= after));
    }

    #[test]
    fn supply_that_comes_sooner_makes_no_day_later((supplies, claims) in facts(), at in 0..PARTS_MAX, by in 1..DAYS, wanted in 1..30_u32) {
        let before = units(&promise(&supplies, &claims, wanted).slices);
        let mut sooner = supplies;
        if let Some(part) = sooner.get_mut(at) {
            part.ships_by = (part.ships_by - Days::new(by)).max(day(0));
        }
        let after = units(&promise(&sooner, &claims, wanted).slices);
        prop_assert!(before.len() <= after.len());
        prop_assert!(before.iter().zip(&after).all(|(before, after)| after <= before));
    }

    #[test]
    fn order_and_splitting_of_the_facts_change_nothing((supplies, claims) in facts(), wanted in 0..30_u32) {
        let expected = promise(&supplies, &claims, wanted);
        let reversed: Vec<Supply> = supplies.iter().rev().copied().collect();
        let shuffled: Vec<Claim> = claims.iter().rev().copied().collect();
        prop_assert_eq!(&promise(&reversed, &shuffled, wanted), &expected);
        let mut single = Vec::new();
        for part in &supplies {
            if let Amount::Counted(quantity) = part.amount {
                single.extend((0..quantity.units()).map(|_| Supply { amount: Amount::Counted(Quantity::new(1)), ..*part }));
            }
        }
        prop_assert_eq!(&promise(&single, &claims, wanted), &expected);
    }

    #[test]
    fn booking_what_was_promised_breaks_no_promise_made_before((supplies, claims) in facts(), wanted in 0..30_u32) {
        let promised = promise(&supplies, &claims, wanted);
        let booked = promised.slices.iter().map(|slice| Claim::by(slice.ships_by, slice.quantity));
        let after: Vec<Claim> = claims.iter().copied().chain(booked).collect();
        for (before, after) in left(&supplies, &claims).into_iter().zip(left(&supplies, &after)) {
            prop_assert!(before < 0 || 0 <= after, "{before} before, {after} after");
        }
    }

    #[test]
    fn merging_small_slices_keeps_the_sum_and_makes_nothing_earlier((supplies, claims) in facts(), wanted in 0..30_u32, least in 1..6_u32) {
        let slices = promise(&supplies, &claims, wanted).slices;
        let merged = merge_small(slices.clone(), Quantity::new(least));
        let (before, after) = (units(&slices), units(&merged));
        prop_assert_eq!(before.len(), after.len());
        prop_assert!(before.iter().zip(&after).all(|(before, after)| before <= after));
        if 1 < merged.len() {
            prop_assert!(merged.iter().all(|slice| least <= slice.quantity.units()));
        }
    }
}

prop_compose! {
    fn sku()(
        on_hand in 0..6_u32,
        safety_stock in 0..3_u32,
        committed in 0..6_u32,
        incoming in prop::collection::vec((1..6_u32, -40..40_i64), 0..4),
        mode in prop::sample::select(vec![BackorderMode::Deny, BackorderMode::Allow, BackorderMode::AllowSilent]),
        limit in prop::option::of(0..8_u32),
        released in prop::option::of(-3..20_i64),
        lead_time_days in prop::option::of(0..30_u32),
        low_stock_threshold in 0..4_u32,
        discontinued in prop::bool::weighted(0.1),
    ) -> SkuFacts {
        let mut facts = SkuFacts::new("A".parse().expect("a SKU"));
        let around = |days: i64| NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date") + TimeDelta::days(days);
        facts.selling.backorder = Backorder { mode, limit: limit.map(Quantity::new), reason: None };
        facts.selling.released_on = released.map(around);
        facts.selling.discontinued = discontinued;
        facts.selling.low_stock_threshold = Quantity::new(low_stock_threshold);
        facts.selling.replenishment = lead_time_days.map(|lead_time_days| {
            Replenishment { lead_time_days, basis: Basis::Declared, widened: None, supplier_days: WorkingDays::monday_to_friday().into(), reason: None }
        });
        facts.places.push(Place {
            on_hand: Quantity::new(on_hand),
            safety_stock: Quantity::new(safety_stock),
            claims: vec![Claim::owed(Quantity::new(committed))],
            incoming: incoming.into_iter().map(|(units, ahead)| {
                Incoming::told("PO".parse().expect("an id"), Quantity::new(units), around(ahead))
            }).collect(),
            ..Place::new("main".parse().expect("an id"))
        });
        facts
    }
}

fn location() -> Location {
    let calendar = DispatchCalendar {
        zone: chrono_tz::America::New_York,
        working_days: WorkingDays::monday_to_friday()
            .without([NaiveDate::from_ymd_opt(2026, 11, 26).expect("a date")]),
        pickup_days: WorkingDays::monday_to_friday(),
        cut_offs: "14:00:00".parse().expect("a time"),
        receiving_days: 1,
        processing_days: 1,
    };
    Location::new("main".parse().expect("an id"), calendar)
}

fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-20T00:00:00Z"
        .parse::<DateTime<Utc>>()
        .expect("an instant")
        + TimeDelta::minutes(minutes)
}

fn ask(facts: &SkuFacts, units: u32, now: DateTime<Utc>) -> Availability {
    ask_with(PromisePolicy::default(), facts, units, now)
}

fn ask_with(
    policy: PromisePolicy,
    facts: &SkuFacts,
    units: u32,
    now: DateTime<Utc>,
) -> Availability {
    availability(
        &Goods::plain(facts),
        &[location()],
        &policy,
        Quantity::new(units),
        now,
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_answer_holds_together(
        facts in sku(),
        wanted in 1..20_u32,
        minutes in 0..20_160_i64,
        horizon_days in prop_oneof![0..10_u32, Just(HORIZON_DAYS_MAX)],
        display in prop::sample::select(vec![Display::Exact, Display::FewLeft, Display::Hidden]),
    ) {
        let now = at(minutes);
        let policy = PromisePolicy { horizon_days, display, ..PromisePolicy::default() };
        let answer = ask_with(policy, &facts, wanted, now);
        let shown = answer.max_orderable.is_some() || 1 < answer.slices.len();
        prop_assert!(display == Display::Exact || !shown, "counts are not for shoppers");
        let today = location().calendar.today(now);
        prop_assert!(answer.ships_by.is_none_or(|day| today <= day), "no promise lies in the past");
        prop_assert!(answer.slices.windows(2).all(|pair| pair[0].ships_by < pair[1].ships_by));
        let sum: Quantity = answer.slices.iter().map(|slice| slice.quantity).sum();
        if answer.orderable() {
            prop_assert_eq!(sum.units(), wanted);
            prop_assert_eq!(answer.ships_by, answer.slices.last().map(|slice| slice.ships_by));
        }
        prop_assert!(answer.max_orderable.is_none_or(|most| (Quantity::new(wanted) <= most) == answer.orderable()));
        prop_assert!(answer.valid_until.is_none_or(|until| now < until));
        if answer.status == Status::InStock {
            prop_assert!(answer.orderable() && answer.reason.is_none());
            prop_assert!(wanted <= facts.places[0].on_hand.units(), "what is not there is not in stock");
        }
    }

    #[test]
    fn an_answer_stands_until_the_instant_it_names(facts in sku(), wanted in 1..10_u32, minutes in 0..20_160_i64, part in 0.0..1.0_f64) {
        let now = at(minutes);
        let answer = ask(&facts, wanted, now);
        if let Some(until) = answer.valid_until {
            let span = (until - now).num_milliseconds();
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any instant in between will do")]
            let later = now + TimeDelta::milliseconds(((span - 1) as f64 * part) as i64);
            prop_assert_eq!(ask(&facts, wanted, later), answer);
        }
    }
}

prop_compose! {
    fn delivery()(supplier in 0..4_u8, mode in prop::option::of(0..3_u8), days in 0..400_u32) -> Delivery {
        Delivery {
            supplier: format!("s{supplier}").parse().expect("an id"),
            mode: mode.map(|mode| format!("mode {mode}").into()),
            days,
        }
    }
}

prop_compose! {
    fn dated()(supplier in 0..4_u8, days in -30..60_i32) -> Slip {
        Slip { supplier: format!("s{supplier}").parse().expect("an id"), days }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_lead_time_lies_among_what_was_seen_and_grows_with_its_level(
        past in prop::collection::vec(delivery(), 1..80),
        declared in prop::option::of(0..400_u32),
        (one, other) in (1..100_u8, 1..100_u8),
    ) {
        let ask = |percent| {
            let level = Level::new(percent).expect("a level");
            lead_time(&past, &"s0".parse().expect("an id"), Some("mode 0"), declared, level).expect("something is known").days
        };
        let seen = || past.iter().map(|delivery| delivery.days).chain(declared);
        let (low, high) = (ask(one.min(other)), ask(one.max(other)));
        prop_assert!(low <= high);
        prop_assert!(seen().min() <= Some(low) && Some(high) <= seen().max());
    }

    #[test]
    fn later_deliveries_never_shorten_a_lead_time(
        past in prop::collection::vec(delivery(), 1..80),
        at in 0..80_usize,
        later in 0..100_u32,
        percent in 1..100_u8,
    ) {
        let level = Level::new(percent).expect("a level");
        let ask = |past: &[Delivery]| lead_time(past, &"s0".parse().expect("an id"), None, None, level).map(|known| known.days);
        let mut worse = past.clone();
        let at = at % worse.len();
        worse[at].days += later;
        prop_assert!(ask(&past) <= ask(&worse));
    }

    #[test]
    fn what_is_said_of_an_open_order_never_lies_in_the_past(
        past in prop::collection::vec(delivery(), 1..80),
        declared in prop::option::of(0..400_u32),
        waited in 0..500_u32,
        percent in 1..100_u8,
    ) {
        let level = Level::new(percent).expect("a level");
        let after = |waited| lead_time_after(&past, &"s0".parse().expect("an id"), Some("mode 0"), declared, level, waited);
        let longest = past.iter().map(|delivery| delivery.days).chain(declared).max();
        prop_assert_eq!(after(waited).is_some(), Some(waited) <= longest);
        if let Some(known) = after(waited) {
            prop_assert!(waited <= known.days && Some(known.days) <= longest);
        }
    }

    #[test]
    fn a_slip_lies_among_what_was_seen_and_grows_with_its_level(
        past in prop::collection::vec(dated(), 8..80),
        (one, other) in (1..100_u8, 1..100_u8),
        overdue in -40..40_i32,
    ) {
        let supplier = "s0".parse().expect("an id");
        let level = |percent| Level::new(percent).expect("a level");
        let ask = |percent| slip(&past, &supplier, level(percent)).expect("eight dates").days;
        let (low, high) = (ask(one.min(other)), ask(one.max(other)));
        let seen = || past.iter().map(|slip| slip.days);
        prop_assert!(low <= high);
        prop_assert!(seen().min() <= Some(low) && Some(high) <= seen().max());
        let known = slip(&past, &supplier, level(one)).expect("eight dates");
        let own = past.iter().filter(|slip| slip.supplier == supplier).count();
        prop_assert!(own < 8 || one <= known.reached, "{:?} at {}", known, one);
        let overdue_days = slip_after(&past, &supplier, level(one), overdue).map(|known| known.days);
        prop_assert!(overdue_days.is_none_or(|days| overdue <= days));
    }

    #[test]
    fn a_yield_is_never_more_than_what_is_on_order(
        past in prop::collection::vec((0..50_u32, 0..50_u32), 0..60),
        (few, more) in (0..1_000_u32, 0..1_000_u32),
    ) {
        let Some(habit) = expected_yield(&past) else { return Ok(()) };
        let of = |units| habit.of(Quantity::new(units));
        prop_assert!(of(few) <= Quantity::new(few));
        prop_assert!(of(few).plus(of(more)) <= of(few + more));
    }

    #[test]
    fn a_level_is_lowered_by_what_others_keep_for_sure_and_not_below_the_limit(
        surplus in prop::collection::vec(0..60_u8, 0..500),
        more in 0..40_u8,
        percent in 1..100_u8,
    ) {
        let level = Level::new(percent).expect("a level");
        let safer: Vec<u8> = surplus.iter().map(|points| points + more).collect();
        let (less, least) = (less_surplus(level, &surplus), less_surplus(level, &safer));
        prop_assert!(least <= less && less <= level);
        prop_assert!(percent.saturating_sub(SURPLUS_POINTS_MAX).max(1) <= least.percent());
    }
}
