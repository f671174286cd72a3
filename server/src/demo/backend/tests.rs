//! Orders of the demo shop, from the checkout to the carrier, in a store that is set up as the demo's.

use chrono::{DateTime, Utc};
use rand::SeedableRng;
use rand::rngs::StdRng;
use shared::wire::PlanKind;
use tempfile::TempDir;

use super::*;
use crate::app::Parts;
use crate::catalogue::Catalogue;
use crate::changes::Changes;
use crate::clock::Clock;
use crate::demo::warehouse::{Changes as NotAsShown, Chosen, Item, Units};
use crate::demo::{products, setup};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::operations::load::load_all;
use crate::store::Store;

/// Monday morning in Los Angeles.
const NOW: &str = "2026-11-23T15:00:00Z";

async fn demo() -> (Backend, TempDir) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("demo.sqlite");
    let now: DateTime<Utc> = NOW.parse().expect("an instant");
    let app = App::new(Parts {
        store: Store::open(&path).await.expect("a database"),
        catalogue: Catalogue::default(),
        changes: Changes::default(),
        clock: Clock::by_hand(now).0,
        limits: Limits {
            demo_keys: true,
            ..Limits::default()
        },
        metrics: Metrics::default(),
        connections: Default::default(),
    });
    load_all(&app).await.expect("a catalogue");
    let products = products::read().expect("products");
    setup::fill(&app, &products).await.expect("a full demo");
    load_all(&app).await.expect("a catalogue");
    (Backend(app), folder)
}

fn basket(number: &str, lines: &[(&str, u32)]) -> Basket {
    let item = |(sku, quantity): &(&str, u32)| Item {
        units: Units {
            sku: (*sku).into(),
            quantity: *quantity,
        },
        unit_price: 4500,
    };
    Basket {
        number: number.into(),
        items: lines.iter().map(item).collect(),
        chosen: None,
        email: "ada@example.com".into(),
        name: "Ada".into(),
        language: "en".into(),
    }
}

fn separate(shown: &[(&str, &str)], surcharge: u32) -> Option<Chosen> {
    let day = |day: &str| Date(day.parse().expect("a date"));
    Some(Chosen {
        kind: PlanKind::Separate,
        shown: shown
            .iter()
            .map(|(sku, shown)| ((*sku).into(), day(shown)))
            .collect(),
        surcharge,
    })
}

/// Days and goods of parcels, one in a line.
fn said(placed: &Placed) -> Vec<String> {
    let parcels = placed.parcels.iter().map(|parcel| {
        let day = parcel.ships_by.map(|day| day.0.to_string());
        let lines = parcel.lines.iter();
        let lines: Vec<_> = lines
            .map(|line| format!("{} {}", line.quantity, line.sku))
            .collect();
        format!("{}: {}", day.unwrap_or_default(), lines.join(", "))
    });
    parcels.collect()
}

const MIXED: &[(&str, u32)] = &[("cc-hoodie-green", 1), ("cc-hoodie-blue", 2)];

#[test]
fn numbers_are_of_one_form_and_each_is_another() {
    let mut random = StdRng::seed_from_u64(7);
    let numbers: Vec<_> = (0..100)
        .map(|_| placing::number(&mut random).expect("a number"))
        .collect();
    for number in &numbers {
        let parts: Vec<_> = number.split('-').collect();
        assert_eq!(
            parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [2, 4, 4]
        );
        assert!(number.parse::<shared::ids::OrderId>().is_ok());
    }
    let different: std::collections::BTreeSet<_> = numbers.iter().collect();
    assert_eq!(different.len(), 100);
}

#[tokio::test]
async fn an_order_without_a_plan_leaves_together_and_costs_nothing_on_top() {
    let (shop, _folder) = demo().await;
    let placed = shop
        .place_order(&basket("PS-1", MIXED))
        .await
        .expect("an order");
    assert_eq!(
        said(&placed),
        ["2026-12-15: 1 cc-hoodie-green, 2 cc-hoodie-blue"]
    );
    assert_eq!((placed.shipping, placed.total), (0, 13_500));
    assert!(placed.page.is_some_and(|page| page.starts_with("/o/")));
}

#[tokio::test]
async fn an_order_without_a_plan_goes_without_what_cannot_be_had() {
    let (shop, _folder) = demo().await;
    let lines = [("cc-hoodie-green", 1), ("cc-t-shirt-green", 1)];
    let placed = shop
        .place_order(&basket("PS-1", &lines))
        .await
        .expect("an order");
    assert_eq!(said(&placed), ["2026-11-24: 1 cc-hoodie-green"]);
    assert_eq!(placed.total, 4_500);
    let nothing = shop.place_order(&basket("PS-2", &lines[1..])).await;
    assert!(matches!(nothing, Err(NotPlaced::NothingHad)));
}

#[tokio::test]
async fn a_plan_that_was_seen_is_taken_whole_or_not_at_all() {
    let (shop, _folder) = demo().await;
    let lines = [("cc-hoodie-green", 1), ("cc-t-shirt-green", 1)];
    let seen = Basket {
        chosen: separate(&[], 495),
        ..basket("PS-1", &lines)
    };
    assert!(matches!(
        shop.place_order(&seen).await,
        Err(NotPlaced::Gone)
    ));
    assert_eq!(shop.payer("PS-1").await.expect("an answer"), None);
}

#[tokio::test]
async fn sent_twice_even_at_once_it_is_one_order_and_nobody_elses() {
    let (shop, _folder) = demo().await;
    let form = basket("PS-1", MIXED);
    let (one, other) = tokio::join!(shop.place_order(&form), shop.place_order(&form));
    let (one, other) = (one.expect("an order"), other.expect("the same"));
    assert_eq!(
        [one.is_new, other.is_new]
            .iter()
            .filter(|new| **new)
            .count(),
        1
    );
    assert_eq!((said(&one), &one.page), (said(&other), &other.page));
    let somebody = Basket {
        email: "somebody@example.com".into(),
        ..form
    };
    assert!(matches!(
        shop.place_order(&somebody).await,
        Err(NotPlaced::Taken)
    ));
}

#[tokio::test]
async fn a_later_day_or_a_higher_price_than_was_shown_is_told_and_nothing_is_ordered() {
    let (shop, _folder) = demo().await;
    let early = Basket {
        chosen: separate(&[("cc-hoodie-blue", "2026-12-01")], 495),
        ..basket("PS-1", MIXED)
    };
    let Err(NotPlaced::Changed(changes)) = shop.place_order(&early).await else {
        panic!("the day is later");
    };
    let later = &changes.later[0];
    assert_eq!(
        (later.sku.as_str(), changes.later.len()),
        ("cc-hoodie-blue", 1)
    );
    assert_eq!(
        later.ships_by.map(|day| day.0.to_string()).as_deref(),
        Some("2026-12-15")
    );

    let cheap = Basket {
        chosen: separate(&[], 494),
        ..basket("PS-1", MIXED)
    };
    let Err(NotPlaced::Changed(changes)) = shop.place_order(&cheap).await else {
        panic!("it costs more");
    };
    let wanted = NotAsShown {
        later: Vec::new(),
        surcharge: Some((494, 495)),
    };
    assert_eq!(changes, wanted);
    assert_eq!(shop.payer("PS-1").await.expect("an answer"), None);
}

#[tokio::test]
async fn what_is_ready_leaves_once_and_what_waits_leaves_when_it_has_come() {
    let (shop, _folder) = demo().await;
    let form = Basket {
        chosen: separate(&[], 495),
        ..basket("PS-1", MIXED)
    };
    shop.place_order(&form).await.expect("an order");
    let before = shop.dispatch().await.expect("a list");
    let waits: Vec<_> = before.waiting.iter().collect();
    assert_eq!((before.ready.len(), waits.len()), (1, 1));
    assert_eq!(
        (waits[0].units.sku.as_str(), waits[0].late),
        ("cc-hoodie-blue", false)
    );

    let id = &before.ready[0].id;
    let number = shop.hand_over(id).await.expect("it has left");
    assert_eq!(shop.hand_over(id).await.expect("once"), number);
    let purchase_order = &waits[0].purchase_orders[0];
    assert!(0 < shop.receive(purchase_order).await.expect("it has come"));
    let again = shop.receive(purchase_order).await;
    assert!(matches!(again, Err(WarehouseError::Refused(_))));
    let after = shop.dispatch().await.expect("a list");
    assert_eq!((after.ready.len(), after.waiting.len()), (1, 0));
    shop.hand_over(&after.ready[0].id)
        .await
        .expect("it has left");
    assert_eq!(shop.dispatch().await.expect("a list"), Dispatch::default());
}

#[tokio::test]
async fn a_parcel_that_is_another_by_now_stays_and_the_panel_says_why() {
    let (shop, _folder) = demo().await;
    shop.place_order(&basket("PS-1", &MIXED[..1]))
        .await
        .expect("an order");
    let ready = shop.dispatch().await.expect("a list").ready;
    shop.set_stock("cc-hoodie-green", 0).await.expect("a count");
    let Err(WarehouseError::Refused(words)) = shop.hand_over(&ready[0].id).await else {
        panic!("there is nothing to hand over");
    };
    assert!(words.contains("look again"), "{words}");
    assert!(!words.contains("/v1/"), "{words}");
}
