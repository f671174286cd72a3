//! Orders that share a commit: told and written as if each had come alone, and none is refused for another's sake.

use futures_util::future::join_all;
use serde_json::json;
use server::operations::ActError;
use server::operations::once::{Answer, Asked, Once, Outcome, Ticket};
use server::operations::place_order::{Pay, PlaceOrder, Prices, place_order};
use server::operations::records::{Customer, ProviderKind, Standing};
use shared::quantity::Quantity;
use shared::shipment::PlanKind;

use crate::client::Client;
use crate::reservations::{ordered, sku};
use crate::shop::{TestShop, id, now};

/// Goods of the shop: on the shelf, on order, part of a kit, without end, unknown.
const SKUS: [&str; 7] = ["A", "B", "C", "KIT", "DEEP", "FREE", "GONE"];
/// Orders that come at the same time, and how often they do.
const ORDERS: usize = 24;
const ROUNDS: u64 = 6;

async fn shop_with_goods() -> TestShop {
    let shop = TestShop::new().await.standing_still().await;
    let client = Client::new(&shop).await;
    let far = json!({"time_zone": "UTC"});
    assert_eq!(client.put("/v1/locations/far", far).await.status, 200);
    sku(&client, "A", 40, json!({"limit": 30})).await;
    sku(&client, "B", 12, json!({})).await;
    sku(&client, "C", 5, json!({"policy": "deny"})).await;
    let level = json!({"quantity": 9, "if_quantity": null, "committed": 2});
    assert_eq!(client.put("/v1/stock/far/B", level).await.status, 200);
    let kits = [
        ("KIT", json!([["A", 2], ["B", 1]])),
        ("DEEP", json!([["KIT", 1], ["C", 1]])),
    ];
    for (name, parts) in kits {
        let parts = parts.as_array().expect("parts").iter();
        let parts = parts.map(|part| json!({"sku": part[0], "quantity": part[1]}));
        let kit = json!({"kit": parts.collect::<Vec<_>>(), "backorder": {"policy": "allow"}});
        let put = client.put(&format!("/v1/skus/{name}"), kit).await;
        assert_eq!(put.status, 200, "{}", String::from_utf8_lossy(&put.body));
    }
    let free = json!({"tracked": false});
    assert_eq!(client.put("/v1/skus/FREE", free).await.status, 200);
    ordered(&client, "PO-1", "A", 25, "2026-12-04").await;
    ordered(&client, "PO-2", "B", 60, "2026-12-11").await;
    ordered(&client, "PO-3", "A", 90, "2026-12-18").await;
    shop
}

fn order(name: &str, lines: &[(&str, u32)]) -> PlaceOrder {
    let lines = lines.iter();
    PlaceOrder {
        id: id(name),
        lines: lines
            .map(|(sku, units)| (id(sku), Quantity::new(*units)))
            .collect(),
        plan: PlanKind::Separate,
        shown: Vec::new(),
        reservation: None,
        customer: Customer::default(),
        shopper: None,
        token: format!("tok_{name}"),
        prices: None,
        pay: None,
    }
}

fn paid(lines: usize) -> (Option<Prices>, Option<Pay>) {
    let prices = Prices {
        currency: "USD".parse().expect("a currency"),
        goods: vec![1_099; lines],
        discount: 100,
        shipping: 495,
        tax: 88,
    };
    let pay = Pay {
        provider: ProviderKind::External,
        reference: Some("auth-1".into()),
        expires_at: Some(now() + chrono::TimeDelta::days(6)),
    };
    (Some(prices), Some(pay))
}

/// Orders of all kinds, the same for the same round.
fn orders(round: u64) -> Vec<PlaceOrder> {
    let mut state = round + 1;
    let mut roll = |sides: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % sides
    };
    let one = |at: usize| {
        let mut lines: Vec<(&str, u32)> = Vec::new();
        for _ in 0..=roll(3) {
            let sku = match roll(40) {
                0 => "GONE",
                other => SKUS[usize::try_from(other % 6).expect("few")],
            };
            if lines.iter().all(|(known, _)| *known != sku) {
                lines.push((sku, u32::try_from(roll(5) + 1).expect("few")));
            }
        }
        // A name now and then that another has.
        let number = if roll(12) == 0 { 0 } else { at };
        let mut order = order(&format!("W-{round}-{number}"), &lines);
        if roll(2) == 0 {
            order.plan = PlanKind::Together;
        }
        if roll(4) == 0 {
            order.shown = vec![(order.lines[0].0.clone(), Some(id("2026-12-02")))];
        }
        if roll(4) == 0 {
            (order.prices, order.pay) = paid(lines.len());
        }
        if roll(4) == 0 {
            order.customer.email = Some("sam@example.com".into());
        }
        order
    };
    (0..ORDERS).map(one).collect()
}

fn once(shop: &TestShop, key: &str) -> Once<Standing> {
    let asked = Asked {
        ticket: Ticket {
            store: shop.store.clone(),
            route: "POST /v1/orders".into(),
            key: key.into(),
        },
        fingerprint: [7; 32],
    };
    let answer = |standing: &Standing| Answer {
        status: 201,
        body: format!("{standing:?}").into_bytes(),
    };
    Once::claim(&shop.app, asked, answer).expect("nobody else asks")
}

async fn place(
    shop: &TestShop,
    key: String,
    order: PlaceOrder,
) -> Result<Outcome<Standing>, ActError> {
    place_order(&shop.app, &shop.store, order, once(shop, &key)).await
}

/// What is known of all goods, in memory and as it would be read anew.
async fn assert_memory_is_true(shop: &TestShop) {
    let skus = SKUS.map(id);
    let mut read = shop
        .app
        .store
        .load_skus(&shop.store, &skus)
        .await
        .expect("facts");
    read.sort_by(|one, other| one.sku.cmp(&other.sku));
    let known = shop.app.catalogue.shop(&shop.store).expect("the shop");
    for mut facts in read {
        let entry = known.entry(facts.sku.as_str()).expect("a SKU");
        let mut remembered = entry.facts();
        for facts in [&mut facts, &mut remembered] {
            facts
                .places
                .sort_by(|one, other| one.location.cmp(&other.location));
            for place in &mut facts.places {
                place.claims.sort_unstable();
            }
        }
        assert_eq!(remembered, facts);
    }
}

// One thread: all orders wait by the time that somebody begins to take them.
#[tokio::test]
async fn orders_that_share_a_commit_are_answered_as_if_each_had_come_alone() {
    let (alone, together) = (shop_with_goods().await, shop_with_goods().await);
    let mut taken = 0;
    for round in 0..ROUNDS {
        let mut expected = Vec::new();
        for (at, order) in orders(round).into_iter().enumerate() {
            let name = order.id.clone();
            let ended = place(&alone, format!("{round}-{at}"), order).await;
            if let Ok(Outcome::Done(standing)) = &ended {
                let read = alone.app.store.order(&alone.store, &name, now()).await;
                assert_eq!(Some(standing), read.expect("an order").as_ref());
                taken += 1;
            }
            expected.push(format!("{ended:?}"));
        }
        let asked = orders(round).into_iter().enumerate();
        let ended =
            join_all(asked.map(|(at, order)| place(&together, format!("{round}-{at}"), order)));
        let ended = ended.await;
        for (ended, expected) in ended.iter().zip(&expected) {
            assert_eq!(&format!("{ended:?}"), expected);
        }
        assert_memory_is_true(&alone).await;
        assert_memory_is_true(&together).await;

        // Sent again, each gets what it got.
        for (at, order) in orders(round).into_iter().enumerate() {
            let again = place(&together, format!("{round}-{at}"), order).await;
            match (&ended[at], again) {
                (Ok(Outcome::Done(standing)), Ok(Outcome::Before(answer))) => {
                    assert_eq!(answer.body, format!("{standing:?}").into_bytes());
                }
                (Err(_), Err(_)) => {}
                (first, again) => panic!("{first:?}, then {again:?}"),
            }
        }
    }
    assert!(ORDERS < taken, "{taken} orders were taken");
    let waiting = async |shop: &TestShop| shop.app.store.waiting(&shop.store, now()).await;
    assert_eq!(
        waiting(&together).await.expect("what waits"),
        waiting(&alone).await.expect("what waits")
    );
    alone.assert_sound().await;
    together.assert_sound().await;
}

#[tokio::test]
async fn an_order_that_cannot_be_written_is_refused_alone() {
    let shop = shop_with_goods().await;
    // What is paid needs a price; that is found once its order is written.
    let unpriced = PlaceOrder {
        pay: paid(1).1,
        ..order("W-2", &[("A", 1)])
    };
    let asked = [
        order("W-1", &[("A", 1)]),
        unpriced,
        order("W-3", &[("A", 1)]),
    ];
    let asked = asked.into_iter().enumerate();
    let ended = join_all(asked.map(|(at, order)| place(&shop, format!("{at}"), order))).await;
    assert!(matches!(ended[0], Ok(Outcome::Done(_))), "{:?}", ended[0]);
    assert!(
        matches!(ended[1], Err(ActError::Field { .. })),
        "{:?}",
        ended[1]
    );
    assert!(matches!(ended[2], Ok(Outcome::Done(_))), "{:?}", ended[2]);
    assert_memory_is_true(&shop).await;
    shop.assert_sound().await;
}

#[tokio::test]
async fn facts_that_another_process_changed_are_read_anew() {
    let shop = shop_with_goods().await;
    let other = TestShop {
        app: crate::shop::app(shop.other_process().await).await,
        store: shop.store.clone(),
        directory: tempfile::TempDir::new().expect("a directory"),
        address: shop.address.clone(),
        _lent: None,
    };
    // The first server's memory does not know of these.
    let most = place(&other, "other".into(), order("W-1", &[("C", 4)])).await;
    assert!(matches!(most, Ok(Outcome::Done(_))), "{most:?}");
    let two = place(&shop, "two".into(), order("W-2", &[("C", 2)])).await;
    assert!(matches!(two, Err(ActError::Conflict { .. })), "{two:?}");
    let last = place(&shop, "last".into(), order("W-3", &[("C", 1)])).await;
    assert!(matches!(last, Ok(Outcome::Done(_))), "{last:?}");
    assert_memory_is_true(&shop).await;
    shop.assert_sound().await;
}
