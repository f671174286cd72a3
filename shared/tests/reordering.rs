//! What reorder points, budgets and replays promise, whatever is wanted.

use proptest::prelude::*;
use shared::demand::{
    Distribution, LeadTimes, Lot, Past, Period, Pool, ReorderPoint, Rhythm, Service, Stock, Wish,
    replay, within_budget,
};
use shared::lead_time::Level;
use shared::money::{Currency, Money};
use shared::quantity::Quantity;

fn demand(units: &[u32]) -> Distribution {
    let history: Vec<Period> = units
        .iter()
        .map(|units| Period::Sold(Quantity::new(*units)))
        .collect();
    let pool = Pool::learn(&[&history], None);
    let rhythm = Rhythm {
        review_days: 7,
        period_days: 30.0,
    };
    pool.forecast(&history)
        .until_covered(&LeadTimes::certain(38), rhythm)
}

fn level(percent: u8) -> Level {
    Level::new(percent).expect("a level")
}

fn usd() -> Currency {
    "USD".parse().expect("a currency")
}

fn wish(sku: &str, units: u32, cents: i64, position: i64, demand: Distribution) -> Wish {
    Wish {
        sku: sku.parse().expect("a SKU"),
        units: Quantity::new(units),
        unit_cost: Money::new(cents, usd()),
        lot: lot(1, 0, 1),
        position,
        demand,
    }
}

fn lot(wanted: u32, minimum: u32, pack: u32) -> Lot {
    Lot {
        wanted: Quantity::new(wanted),
        minimum: Quantity::new(minimum),
        pack: Quantity::new(pack),
    }
}

fn granted(wishes: &[Wish], cents: i64) -> Vec<u32> {
    let found = within_budget(wishes, Money::new(cents, usd())).expect("one currency");
    found.iter().map(|units| units.units()).collect()
}

prop_compose! {
    fn history()(units in prop::collection::vec(0..40_u32, 1..40)) -> Vec<u32> {
        units
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_service_needs_at_least_as_much_stock(units in history(), wanted in 1..60_u32) {
        let demand = demand(&units);
        let lot = lot(wanted, 0, 1);
        for service in [Service::Cycle, Service::Fill] {
            let points: Vec<ReorderPoint> = (1..=99)
                .map(|percent| ReorderPoint::for_service(&demand, service(level(percent)), lot))
                .collect();
            prop_assert!(points.is_sorted_by(|less, more| less.at <= more.at && less.safety_stock <= more.safety_stock));
        }
    }

    #[test]
    fn a_fill_rate_is_reached_with_the_fewest_units(units in history(), percent in 50..=99_u8, wanted in 1..60_u32) {
        let demand = demand(&units);
        let ordered = Quantity::new(wanted);
        let point = ReorderPoint::for_service(&demand, Service::Fill(level(percent)), lot(wanted, 0, 1));
        let filled = |units: u32| {
            let units = Quantity::new(units);
            let missing = demand.missing(units) - demand.missing(units.plus(ordered));
            1.0 - missing / f64::from(wanted)
        };
        let asked = f64::from(percent) / 100.0 - 1e-6;
        let needed = point.at.map_or(0, |at| at.units() + 1);
        prop_assert!(asked <= filled(needed));
        prop_assert!(needed == 0 || filled(needed - 1) < asked + 2e-6);
    }

    #[test]
    fn what_is_ordered_is_enough_and_what_the_supplier_sends(
        units in history(),
        on_hand in 0..50_u32, incoming in 0..50_u32, backorders in 0..50_u32,
        wanted in 0..60_u32, minimum in 0..60_u32, pack in 0..30_u32,
    ) {
        let lot = lot(wanted, minimum, pack);
        let point = ReorderPoint::for_service(&demand(&units), Service::Cycle(level(95)), lot);
        let stock = Stock {
            on_hand: Quantity::new(on_hand),
            incoming: Quantity::new(incoming),
            backorders: Quantity::new(backorders),
        };
        let at = point.at.map_or(-1, |at| i64::from(at.units()));
        match point.order(stock, lot) {
            None => prop_assert!(at < stock.position() || point.at.is_none()),
            Some(ordered) => {
                prop_assert!(stock.position() <= at);
                prop_assert!(at < stock.position() + i64::from(ordered.units()));
                prop_assert!(wanted.max(minimum) <= ordered.units());
                prop_assert_eq!(ordered.units() % pack.max(1), 0);
            }
        }
    }

    #[test]
    fn a_budget_is_never_exceeded_and_large_enough_grants_all(
        wishes in prop::collection::vec((history(), 0..200_u32, 0..5_000_i64, -20..40_i64, 0..40_u32, 1..12_u32), 0..6),
        cents in 0..200_000_i64,
    ) {
        let wishes: Vec<Wish> = wishes
            .into_iter()
            .enumerate()
            .map(|(at, (units, wished, cost, position, minimum, pack))| {
                let lot = lot(1, minimum, pack);
                let wished = lot.at_least(Quantity::new(wished));
                Wish { lot, ..wish(&format!("sku-{at}"), wished.units(), cost, position, demand(&units)) }
            })
            .collect();
        let cost = |granted: &[u32]| -> i64 {
            let each = granted.iter().zip(&wishes);
            each.map(|(units, wish)| i64::from(*units) * wish.unit_cost.amount).sum()
        };
        let some = granted(&wishes, cents);
        prop_assert!(cost(&some) <= cents);
        for (units, wish) in some.iter().zip(&wishes) {
            prop_assert!(*units <= wish.units.units());
            prop_assert_eq!(units % wish.lot.pack.units(), 0);
            prop_assert!(*units == 0 || wish.lot.minimum.units() <= *units);
        }
        let all: Vec<u32> = wishes.iter().map(|wish| wish.units.units()).collect();
        prop_assert_eq!(granted(&wishes, cost(&all)), all);
    }

    #[test]
    fn a_replay_keeps_count(wanted in prop::collection::vec(0..6_u32, 1..120), lead_times in prop::collection::vec(0..30_u32, 1..5), opening in 0..30_u32, review_days in 1..15_u32) {
        let wanted: Vec<Quantity> = wanted.into_iter().map(Quantity::new).collect();
        let past = Past { wanted: &wanted, lead_times: &lead_times, judged_from: 0 };
        let opening = Stock { on_hand: Quantity::new(opening), ..Stock::default() };
        let mut ordered = 0_i64;
        let mut asked = 0_i64;
        let mut looked = Vec::new();
        let found = replay(past, opening, review_days, |day, stock| {
            let until: i64 = wanted[..=day].iter().map(|units| i64::from(units.units())).sum();
            asked += 1;
            looked.push(day);
            // Nothing gets lost: what there was and what was ordered is there, under way, or sold.
            assert_eq!(stock.position(), i64::from(opening.on_hand.units()) + ordered - until);
            assert!(stock.on_hand.is_zero() || stock.backorders.is_zero());
            if stock.position() < 10 { ordered += 12; Quantity::new(12) } else { Quantity::ZERO }
        });
        prop_assert_eq!(i64::try_from(found.orders).expect("few") * 12, ordered);
        prop_assert!(found.at_once <= found.wanted);
        prop_assert_eq!(found.days as usize, wanted.len());
        prop_assert!(looked.iter().all(|day| day % review_days as usize == 0));
    }
}

#[test]
fn what_hardly_anybody_wants_is_not_kept() {
    let mut units = vec![1];
    units.extend([0; 48]);
    let demand = demand(&units);
    let point = ReorderPoint::for_service(&demand, Service::Cycle(level(90)), lot(1, 0, 1));
    assert_eq!((point.at, point.safety_stock), (None, Quantity::ZERO));
    assert_eq!(point.order(Stock::default(), lot(1, 0, 1)), None);
}

#[test]
fn money_goes_first_where_it_saves_the_most_units() {
    let (slow, fast) = (
        demand(&[1, 0, 1, 1, 0, 1]),
        demand(&[20, 22, 19, 21, 20, 18]),
    );
    // Both cost the same: the fast one runs out for certain.
    let wishes = [
        wish("slow", 5, 100, 1, slow.clone()),
        wish("fast", 5, 100, 10, fast.clone()),
    ];
    assert_eq!(granted(&wishes, 500), [0, 5]);
    assert_eq!(granted(&wishes, 499), [0, 4]);
    assert_eq!(granted(&wishes, 700), [2, 5]);
    // At a hundredth of the price the slow one saves more for the same money.
    let cheap = [
        wish("slow", 5, 1, 1, slow),
        wish("fast", 5, 100, 10, fast.clone()),
    ];
    assert_eq!(granted(&cheap, 100), [5, 0]);
    // What does not fit is passed over, and the next one is tried.
    let dear = [
        wish("dear", 5, 900, 0, fast.clone()),
        wish("fast", 5, 100, 30, fast.clone()),
    ];
    assert_eq!(granted(&dear, 500), [0, 5]);
    // Of equals the first by SKU.
    let equal = [
        wish("b", 1, 100, 0, fast.clone()),
        wish("a", 1, 100, 0, fast),
    ];
    assert_eq!(granted(&equal, 100), [0, 1]);
}

#[test]
fn a_wish_in_another_currency_is_refused() {
    let wishes = [wish("a", 1, 100, 0, demand(&[3, 4]))];
    let eur = "EUR".parse().expect("a currency");
    let refused = within_budget(&wishes, Money::new(100, eur)).expect_err("dollars are no euros");
    assert_eq!(
        refused.to_string(),
        "a is paid in USD, the budget is in EUR"
    );
}
