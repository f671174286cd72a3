//! What widening promises, whatever the past: it never acts on too little, never beyond its limit, and is enough.

use proptest::prelude::*;
use shared::lead_time::{Level, TOLERANCE_POINTS};
use shared::widening::{
    DELIVERIES_MIN, Horizon, NEAR_DAYS_MAX, PROMISES_MAX, PROMISES_MIN, Past, WIDENED_DAYS_MAX,
    widened,
};

prop_compose! {
    fn promise()(missed_by in -5..45_i32, ahead in 0..40_u32, delivery in 0..30_u8) -> Past {
        Past { missed_by, ahead, delivery: delivery.to_string() }
    }
}

prop_compose! {
    fn level()(percent in 1..=99_u8) -> Level {
        Level::new(percent).expect("a level")
    }
}

fn of(past: &[Past], horizon: Horizon) -> Vec<&Past> {
    let holds = |one: &&Past| match horizon {
        Horizon::Any => true,
        Horizon::Near => one.ahead <= NEAR_DAYS_MAX,
        Horizon::Far => NEAR_DAYS_MAX < one.ahead,
    };
    past.iter().take(PROMISES_MAX).filter(holds).collect()
}

fn kept(past: &[&Past], days: i32) -> usize {
    past.iter().filter(|one| one.missed_by <= days).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn days_are_added_for_enough_promises_only_and_are_just_enough(past in prop::collection::vec(promise(), 0..160), level in level()) {
        let Some(found) = widened(&past, level, level) else {
            return Ok(());
        };
        let judged = of(&past, found.horizon);
        let mut deliveries: Vec<&str> = judged.iter().map(|one| one.delivery.as_str()).collect();
        deliveries.sort_unstable();
        deliveries.dedup();
        prop_assert!(PROMISES_MIN <= judged.len() && DELIVERIES_MIN <= deliveries.len());
        prop_assert_eq!(found.judged as usize, judged.len());
        prop_assert_eq!(found.kept as usize, kept(&judged, 0));
        // Fewer were kept than asked, by more than is put up with.
        prop_assert!(100 * kept(&judged, 0) < usize::from(level.percent() - TOLERANCE_POINTS) * judged.len());
        prop_assert!(0 < found.days && found.days <= WIDENED_DAYS_MAX);
        let days = i32::try_from(found.days).expect("few days");
        let asked = |days| usize::from(level.percent()) * judged.len() <= 100 * kept(&judged, days);
        prop_assert!(asked(days) || found.days == WIDENED_DAYS_MAX);
        prop_assert!(!asked(days - 1));
    }

    #[test]
    fn what_is_kept_as_often_as_asked_is_never_widened(past in prop::collection::vec(promise(), 0..160), level in level()) {
        let kept_enough = Horizon::ALL.into_iter().all(|horizon| {
            let judged = of(&past, horizon);
            usize::from(level.percent().saturating_sub(TOLERANCE_POINTS)) * judged.len() <= 100 * kept(&judged, 0)
        });
        prop_assert!(!kept_enough || widened(&past, level, level).is_none());
    }

    #[test]
    fn later_goods_never_narrow(past in prop::collection::vec(promise(), 0..160), level in level(), later in 0..10_i32) {
        let worse: Vec<Past> = past.iter().map(|one| Past { missed_by: one.missed_by + later, ..one.clone() }).collect();
        let days = |past: &[Past]| widened(past, level, level).map_or(0, |found| found.days);
        prop_assert!(days(&past) <= days(&worse));
    }

    #[test]
    fn promises_of_one_delivery_count_in_any_order(mut past in prop::collection::vec(promise(), 0..=PROMISES_MAX), level in level()) {
        let found = widened(&past, level, level);
        past.reverse();
        prop_assert_eq!(widened(&past, level, level), found);
    }
}

/// Numbers that look like chance, the same each time.
struct Chance(u64);

impl Chance {
    fn percent(&mut self) -> u64 {
        // The constants of Knuth's MMIX.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % 100
    }
}

#[test]
fn a_supplier_that_keeps_what_is_asked_is_hardly_ever_widened() {
    let level = Level::new(90).expect("a level");
    let mut chance = Chance(7);
    let mut promise = |at: usize| Past {
        missed_by: if chance.percent() < 90 { 0 } else { 8 },
        ahead: if at.is_multiple_of(2) { 5 } else { 25 },
        delivery: at.to_string(),
    };
    let shops = 2_000;
    let wrongly = (0..shops)
        .filter(|_| widened(&(0..60).map(&mut promise).collect::<Vec<_>>(), level, level).is_some())
        .count();
    assert!(wrongly * 100 < shops * 2, "{wrongly} of {shops}");
}

#[test]
fn days_that_were_added_once_neither_grow_nor_dance() {
    let level = Level::new(90).expect("a level");
    let mut chance = Chance(11);
    // Each delivery leaves 3 to 9 days after the day that the model says.
    let mut past: Vec<Past> = Vec::new();
    let (mut told, mut kept) = (0, 0);
    for delivery in 0..400 {
        let days = widened(&past, level, level).map_or(0, |found| found.days);
        let missed_by = 3 + i32::try_from(chance.percent() % 7).expect("few days");
        if 100 <= delivery {
            assert!((8..=9).contains(&days), "{days} at {delivery}");
            told += 1;
            kept += u32::from(missed_by <= i32::try_from(days).expect("few days"));
        }
        let promise = Past {
            missed_by,
            ahead: 20,
            delivery: delivery.to_string(),
        };
        past.insert(0, promise);
    }
    let percent = 100 * kept / told;
    assert!((85..=100).contains(&percent), "{percent} %");
}
