//! What an answer costs: one SKU with many deliveries and claims, and a long cart over several locations.
//!
//! Held to at most 20 µs for 50 deliveries, and at most 12 times that of 50 for 500.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

use chrono::{DateTime, Days, NaiveDate, Utc};
use shared::availability::{Location, PromisePolicy, availability};
use shared::calendar::{DispatchCalendar, WorkingDays};
use shared::cart::date_cart;
use shared::ids::{LocationId, PurchaseOrderId, Sku};
use shared::kit::Goods;
use shared::quantity::Quantity;
use shared::supply::{Backorder, BackorderMode, Claim, Incoming, Place, SkuFacts};

/// Claims on a SKU that many want.
const CLAIMS: u32 = 200;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn now() -> DateTime<Utc> {
    "2026-11-23T15:00:00Z".parse().expect("an instant")
}

fn location(id: &str) -> Location {
    let holidays = [
        "2026-11-26",
        "2026-12-25",
        "2027-01-01",
        "2027-05-31",
        "2027-07-05",
    ];
    let week = WorkingDays::monday_to_friday().without(holidays.map(date));
    let calendar = DispatchCalendar {
        zone: chrono_tz::America::New_York,
        working_days: week.clone(),
        pickup_days: week,
        cut_offs: "14:00:00".parse().expect("a time"),
        receiving_days: 1,
        processing_days: 1,
    };
    Location::new(id.parse().expect("an id"), calendar)
}

/// Deliveries over the next 300 days, as many units as are claimed and some more.
fn place(id: LocationId, deliveries: u32, claims: u32) -> Place {
    let today = date("2026-11-23");
    let spread = |at: u32, of: u32| today + Days::new(u64::from(at * 7_919 % of * 300 / of));
    let purchase_order: PurchaseOrderId = "PO-1".parse().expect("an id");
    let incoming = |at| {
        Incoming::told(
            purchase_order.clone(),
            Quantity::new(8),
            spread(at, deliveries),
        )
    };
    Place {
        on_hand: Quantity::new(3),
        incoming: (0..deliveries).map(incoming).collect(),
        claims: (0..claims)
            .map(|at| Claim::by(spread(at, claims), Quantity::new(1)))
            .collect(),
        ..Place::new(id)
    }
}

fn facts(sku: &str, places: Vec<Place>) -> SkuFacts {
    let mut facts = SkuFacts::new(sku.parse::<Sku>().expect("a SKU"));
    facts.selling.backorder = Backorder {
        mode: BackorderMode::Allow,
        ..Backorder::default()
    };
    facts.places = places;
    facts
}

fn one_sku(bench: &mut Criterion) {
    let main = [location("main")];
    let mut group = bench.benchmark_group("availability");
    for deliveries in [50, 500] {
        let facts = facts("A", vec![place(main[0].id.clone(), deliveries, CLAIMS)]);
        let goods = Goods::plain(&facts);
        group.bench_with_input(
            BenchmarkId::from_parameter(deliveries),
            &goods,
            |bench, goods| {
                bench.iter(|| {
                    availability(
                        goods,
                        &main,
                        &PromisePolicy::default(),
                        Quantity::new(5),
                        now(),
                    )
                });
            },
        );
    }
    group.finish();
}

fn long_cart(bench: &mut Criterion) {
    let locations = ["east", "north", "west"].map(location);
    let known: Vec<SkuFacts> = (0..20)
        .map(|at| {
            let places = locations
                .iter()
                .map(|location| place(location.id.clone(), 5, 10));
            facts(&format!("SKU-{at}"), places.collect())
        })
        .collect();
    let lines: Vec<_> = known
        .iter()
        .map(|facts| (Goods::plain(facts), Quantity::new(3)))
        .collect();
    bench.bench_function("cart of 20 lines, 3 locations", |bench| {
        bench.iter(|| date_cart(&lines, &locations, &PromisePolicy::default(), now()));
    });
}

criterion_group!(benches, one_sku, long_cart);
criterion_main!(benches);
