//! Goods that are held: exact under any rush, gone when their time is over, and promised anew when
//! supply changes.

use std::sync::Arc;

use axum::body::Body;
use chrono::TimeDelta;
use serde_json::{Value, json};
use server::clock::Clock;
use server::connections::Connections;
use server::operations::sweep::{clear_expired, look_after};
use server::store::writing::Note;
use tokio::sync::Barrier;

use crate::client::{Client, Reply};
use crate::shop::{TestShop, app_with, now};

/// Turns of a test's thread after which a request waits for the database.
const TURNS: usize = 1_000;
/// Buyers that want the same goods at the same moment.
const BUYERS: usize = 200;

async fn held(client: &Client, key: &str, sku: &str, units: u32) -> Reply {
    let body = json!({"lines": [{"sku": sku, "quantity": units}], "plan": "separate", "expires_in_s": 600});
    client.post("/v1/reservations", key, body).await
}

async fn shown(client: &Client, id: &str) -> Value {
    let reply = client.get(&format!("/v1/reservations/{id}")).await;
    assert_eq!(reply.status, 200);
    reply.json()
}

fn id_of(reply: &Reply) -> String {
    reply.json()["id"].as_str().expect("an id").to_owned()
}

/// A SKU that may be backordered, `units` on the shelf.
pub async fn sku(client: &Client, name: &str, units: u32, more: Value) {
    let mut backorder = json!({"policy": "allow"});
    if let (Some(all), Some(more)) = (backorder.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    let path = format!("/v1/skus/{name}");
    assert_eq!(
        client
            .put(&path, json!({"backorder": backorder}))
            .await
            .status,
        200
    );
    let level = json!({"quantity": units, "if_quantity": null});
    let path = format!("/v1/stock/main/{name}");
    assert_eq!(client.put(&path, level).await.status, 200);
}

pub async fn ordered(client: &Client, id: &str, sku: &str, units: u32, expected_on: &str) {
    let order = json!({
        "id": id,
        "lines": [{"sku": sku, "quantity": units, "expected_on": expected_on}],
    });
    let reply = client.post("/v1/purchase-orders", id, order).await;
    assert_eq!(
        reply.status,
        201,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
}

/// How many of the buyers got `units` each, all asking at once.
async fn rush(client: &Arc<Client>, round: &str, units: u32) -> usize {
    let barrier = Arc::new(Barrier::new(BUYERS));
    let buyers = (0..BUYERS).map(|buyer| {
        let (client, barrier) = (Arc::clone(client), Arc::clone(&barrier));
        let key = format!("{round}-{buyer}");
        tokio::spawn(async move {
            barrier.wait().await;
            let reply = held(&client, &key, "A", units).await;
            match reply.status {
                201 => 1,
                409 => {
                    assert_eq!(reply.code(), "insufficient_stock");
                    0
                }
                other => panic!("{other}: {}", String::from_utf8_lossy(&reply.body)),
            }
        })
    });
    let mut winners = 0;
    for buyer in buyers.collect::<Vec<_>>() {
        winners += buyer.await.expect("an answer");
    }
    winners
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_exact_however_many_ask_at_once() {
    // domain.md V10.
    let shop = TestShop::new().await;
    let client = Arc::new(Client::new(&shop).await);
    sku(&client, "A", 0, json!({"limit": 5})).await;
    ordered(&client, "PO-7", "A", 1000, "2026-12-11").await;
    assert_eq!(rush(&client, "ones", 1).await, 5);

    let shop = TestShop::new().await;
    let client = Arc::new(Client::new(&shop).await);
    sku(&client, "A", 0, json!({"limit": 5})).await;
    ordered(&client, "PO-7", "A", 1000, "2026-12-11").await;
    assert_eq!(rush(&client, "twos", 2).await, 2);
    assert_eq!(held(&client, "last", "A", 1).await.status, 201);
    assert_eq!(
        held(&client, "one too many", "A", 1).await.status,
        400,
        "a key has no spaces"
    );
    assert_eq!(
        held(&client, "one-too-many", "A", 1).await.code(),
        "insufficient_stock"
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_comes_back_once_when_its_time_is_over_swept_or_not() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 5, json!({"policy": "deny"})).await;
    let first = held(&client, "first", "A", 5).await;
    assert_eq!(first.status, 201);
    assert_eq!(held(&client, "none-left", "A", 1).await.status, 409);

    // Ten minutes later nobody has swept.
    let shop = shop.at("2026-11-23T15:11:00Z").await;
    let client = Client::with(&shop, "sk_live_test");
    assert_eq!(shown(&client, &id_of(&first)).await["status"], "expired");
    let second = held(&client, "second", "A", 5).await;
    assert_eq!(second.status, 201);
    clear_expired(&shop.app, &shop.store).await.expect("swept");
    clear_expired(&shop.app, &shop.store)
        .await
        .expect("nothing left to sweep");
    assert_eq!(held(&client, "still-held", "A", 1).await.status, 409);
    let path = format!("/v1/reservations/{}", id_of(&first));
    let gone = client.send(
        client
            .request("DELETE", &path)
            .body(Body::empty())
            .expect("a request"),
    );
    assert_eq!(gone.await.status, 204, "it has ended already");
    assert_eq!(
        held(&client, "held-by-the-second", "A", 1).await.status,
        409
    );

    for _ in 0..2 {
        let path = format!("/v1/reservations/{}", id_of(&second));
        let gone = client.send(
            client
                .request("DELETE", &path)
                .body(Body::empty())
                .expect("a request"),
        );
        assert_eq!(gone.await.status, 204);
    }
    assert_eq!(shown(&client, &id_of(&second)).await["status"], "released");
    assert_eq!(held(&client, "six", "A", 6).await.status, 409);
    assert_eq!(held(&client, "five", "A", 5).await.status, 201);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_finds_less_takes_it_from_who_came_last() {
    // domain.md V12.
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 5, json!({})).await;
    ordered(&client, "PO-7", "A", 9, "2026-12-11").await;
    let mut ids = Vec::new();
    for buyer in 0..5 {
        ids.push(id_of(
            &held(&client, &format!("buyer-{buyer}"), "A", 1).await,
        ));
    }
    let count = json!({"quantity": 3, "if_quantity": 5});
    assert_eq!(client.put("/v1/stock/main/A", count).await.status, 200);
    for (at, id) in ids.iter().enumerate() {
        let reservation = shown(&client, id).await;
        let promises = reservation["promises"].as_array().expect("promises");
        let causes: Vec<&str> = promises
            .iter()
            .filter_map(|row| row["cause"].as_str())
            .collect();
        let (day, expected) = match at {
            0..3 => ("2026-11-25", &["reserved"][..]),
            _ => ("2026-12-15", &["reserved", "stock_counted"][..]),
        };
        assert_eq!(causes, expected, "buyer {at}");
        assert_eq!(reservation["lines"][0]["ships_by"], day, "buyer {at}");
    }
    let last = shown(&client, &ids[4]).await;
    assert_eq!(
        last["promises"][0]["ships_by"], "2026-11-25",
        "what was told stays in the ledger"
    );
    assert_eq!(last["promises"][0]["basis"]["supply"][0]["from"], "shelf");
    assert_eq!(
        last["promises"][1]["basis"]["supply"][0]["purchase_order"],
        "PO-7"
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_order_that_does_not_come_leaves_a_promise_without_a_date_until_there_is_one() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 0, json!({})).await;
    ordered(&client, "PO-7", "A", 2, "2026-12-11").await;
    let id = id_of(&held(&client, "buyer", "A", 2).await);
    let patch = json!({"status": "cancelled"});
    assert_eq!(
        client
            .json("PATCH", "/v1/purchase-orders/PO-7", &patch.to_string())
            .await
            .status,
        200
    );
    let waiting = shown(&client, &id).await;
    assert_eq!(waiting["lines"][0]["ships_by"], Value::Null);
    assert_eq!(waiting["promises"][1]["cause"], "purchase_order_changed");
    // Who waits comes before who asks now.
    ordered(&client, "PO-8", "A", 2, "2026-12-18").await;
    assert_eq!(held(&client, "later", "A", 1).await.status, 409);
    let mut after = String::new();
    look_after(&shop.app, &shop.store, &mut after)
        .await
        .expect("looked after");
    let found = shown(&client, &id).await;
    assert_eq!(found["lines"][0]["ships_by"], "2026-12-22");
    assert_eq!(found["promises"][2]["cause"], "sooner");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sooner_date_is_told_only_where_it_is_sooner_by_some_days() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 0, json!({})).await;
    ordered(&client, "PO-7", "A", 2, "2026-12-11").await;
    let body = json!({"lines": [{"sku": "A", "quantity": 2}], "expires_in_s": 604_800});
    let id = id_of(&client.post("/v1/reservations", "buyer", body).await);
    for (day, told) in [("2026-12-10", "2026-12-15"), ("2026-11-24", "2026-11-26")] {
        let patch = json!({"expected_on": day});
        client
            .json("PATCH", "/v1/purchase-orders/PO-7", &patch.to_string())
            .await;
        assert_eq!(
            shown(&client, &id).await["lines"][0]["ships_by"],
            told,
            "expected on {day}"
        );
    }
    // Late: the supplier says nothing, the day passes.
    let shop = shop.at("2026-11-26T09:00:00Z").await;
    let mut after = String::new();
    look_after(&shop.app, &shop.store, &mut after)
        .await
        .expect("looked after");
    let client = Client::with(&shop, "sk_live_test");
    let late = shown(&client, &id).await;
    assert_eq!(late["lines"][0]["ships_by"], "2026-12-01");
    let promises = late["promises"].as_array().expect("promises");
    let last = promises.last().expect("a promise");
    assert_eq!(last["cause"], "supply_late");
    assert_eq!(last["basis"]["supply"][0]["from"], "late_purchase_order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_put_off_moves_what_is_promised() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    let id = id_of(&held(&client, "buyer", "A", 2).await);
    let released = json!({"backorder": {"policy": "allow"}, "released_on": "2026-12-09"});
    assert_eq!(client.put("/v1/skus/A", released).await.status, 200);
    let moved = shown(&client, &id).await;
    assert_eq!(moved["lines"][0]["ships_by"], "2026-12-10");
    assert_eq!(moved["promises"][1]["cause"], "sku_changed");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kit_holds_its_parts_and_a_cart_is_summed_before_anything_is_said_to_be_there() {
    // domain.md V7.
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    sku(&client, "B", 9, json!({})).await;
    ordered(&client, "PO-7", "A", 10, "2026-12-11").await;
    let kit = json!({
        "backorder": {"policy": "allow"},
        "kit": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
    });
    assert_eq!(client.put("/v1/skus/K", kit).await.status, 200);
    let lines = json!([{"sku": "K", "quantity": 1}, {"sku": "A", "quantity": 1}]);
    let body = json!({"lines": lines, "plan": "separate"});
    let both = client.post("/v1/reservations", "both", body).await;
    assert_eq!(both.status, 201);
    let days: Vec<Value> = (0..2)
        .map(|at| both.json()["lines"][at]["ships_by"].clone())
        .collect();
    assert_eq!(days, ["2026-11-25", "2026-12-15"]);
    // Everything together leaves with the last of it.
    let body = json!({"lines": lines});
    let together = client.post("/v1/reservations", "together", body).await;
    let days: Vec<Value> = (0..2)
        .map(|at| together.json()["lines"][at]["ships_by"].clone())
        .collect();
    assert_eq!(days, ["2026-12-15", "2026-12-15"]);
    // 12 in all, 6 are held: 3 kits at most.
    assert_eq!(held(&client, "too-many", "K", 4).await.status, 409);
    assert_eq!(held(&client, "just-enough", "K", 3).await.status, 201);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_held_says_what_to_do_and_holds_nothing() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({"policy": "deny"})).await;
    sku(&client, "B", 1, json!({"policy": "deny"})).await;
    let ask = |lines: Value| json!({"lines": lines});
    let post = |key: &'static str, body: Value| client.post("/v1/reservations", key, body);
    let line = |sku: &str, quantity: Value| json!([{"sku": sku, "quantity": quantity}]);
    let unknown = post("a", ask(line("nobody", json!(1)))).await;
    assert_eq!(
        (unknown.status, unknown.code(), unknown.pointer()),
        (422, "unknown_sku".into(), "/lines/0/sku".into())
    );
    let too_many = post("b", ask(line("A", json!(2)))).await;
    assert_eq!(
        (too_many.status, too_many.code()),
        (409, "insufficient_stock".into())
    );
    assert!(
        too_many.json()["detail"]
            .as_str()
            .expect("words")
            .contains("1 can be had now")
    );
    for wrong in [json!(0), json!(10_000), json!(1.5), json!("1"), json!(-1)] {
        assert_eq!(post("c", ask(line("A", wrong))).await.status, 422);
    }
    assert_eq!(post("d", ask(json!([]))).await.status, 422);
    let forever = json!({"lines": line("A", json!(1)), "expires_in_s": 604_801});
    assert_eq!(post("e", forever).await.pointer(), "/expires_in_s");
    // All or none: what one line lacks holds nothing of the other.
    let both = json!([{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 2}]);
    assert_eq!(post("f", ask(both)).await.status, 409);
    let first = post("g", ask(line("A", json!(1)))).await;
    assert_eq!(first.status, 201);
    let again = post("g", ask(line("A", json!(1)))).await;
    assert_eq!((again.status, again.body), (201, first.body));
    assert_eq!(
        post("g", ask(line("B", json!(1)))).await.status,
        422,
        "the key is taken"
    );
    assert_eq!(client.get("/v1/reservations/rsv_none").await.status, 404);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kit_may_not_lead_back_to_itself() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let kit = |of: &str| json!({"kit": [{"sku": of, "quantity": 2}]});
    sku(&client, "A", 1, json!({})).await;
    assert_eq!(client.put("/v1/skus/inner", kit("A")).await.status, 200);
    assert_eq!(client.put("/v1/skus/outer", kit("inner")).await.status, 200);
    let refused = client.put("/v1/skus/inner", kit("outer")).await;
    assert_eq!(
        (refused.status, refused.code(), refused.pointer()),
        (422, "kit_contains_itself".into(), "/kit".into())
    );
    assert_eq!(
        client.get("/v1/skus/inner").await.json()["kit"][0]["sku"],
        "A"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_renewed_as_often_as_the_shop_allows_and_holds_no_more_by_it() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({"policy": "deny"})).await;
    let rules = json!({"name": "Shop", "hold_renewals": 1});
    assert_eq!(client.put("/v1/store", rules).await.status, 200);
    let hold = json!({"lines": [{"sku": "A", "quantity": 2}], "expires_in_s": 60});
    let held = client
        .post("/v1/reservations", "hold", hold.clone())
        .await
        .json();
    let path = format!(
        "/v1/reservations/{}/renew",
        held["id"].as_str().expect("an id")
    );

    let longer = json!({"expires_in_s": 600});
    let renewed = client.post(&path, "longer", longer.clone()).await;
    assert_eq!(
        renewed.status,
        200,
        "{}",
        String::from_utf8_lossy(&renewed.body)
    );
    assert!(held["expires_at"].as_str() < renewed.json()["expires_at"].as_str());
    // Sent again it is answered as it was, and uses up nothing.
    let again = client.post(&path, "longer", longer.clone()).await;
    assert_eq!((again.status, &again.body), (200, &renewed.body));
    let reused = client
        .post(&path, "longer", json!({"expires_in_s": 5}))
        .await;
    assert_eq!(reused.code(), "idempotency_key_reused");
    let unnamed = client.json("POST", &path, "{}").await;
    assert_eq!(unnamed.code(), "idempotency_key_required");
    assert_eq!(
        client.post(&path, "again", longer.clone()).await.code(),
        "reservation_limit"
    );

    let shop = shop.at("2026-11-23T15:05:00Z").await;
    let client = Client::new(&shop).await;
    let other = client.post("/v1/reservations", "other", hold.clone()).await;
    assert_eq!(
        other.code(),
        "insufficient_stock",
        "it holds past its first end"
    );
    let shop = shop.at("2026-11-23T15:30:00Z").await;
    let client = Client::new(&shop).await;
    assert_eq!(
        client.post(&path, "late", longer).await.code(),
        "reservation_ended"
    );
    assert_eq!(
        client.post("/v1/reservations", "now", hold).await.status,
        201
    );
    shop.assert_sound().await;
}

#[tokio::test]
async fn whoever_waited_for_their_turn_renews_no_hold_that_ended_meanwhile() {
    let mut shop = TestShop::new().await;
    let (clock, hand) = Clock::by_hand(now());
    shop.app = app_with(shop.app.store.clone(), clock, Connections::default()).await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({"policy": "deny"})).await;
    let hold = json!({"lines": [{"sku": "A", "quantity": 2}], "expires_in_s": 60});
    let held = client.post("/v1/reservations", "hold", hold).await;
    let path = format!("/v1/reservations/{}/renew", id_of(&held));

    // Somebody else has the turn, and is long about it.
    let note = Note::new("count", "A");
    let other = shop.app.store.begin(&shop.store, note, now()).await;
    let other = other.expect("a change");
    let renewal = client.post(&path, "longer", json!({"expires_in_s": 600}));
    let ends = async {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        hand.show(now() + TimeDelta::seconds(61));
        other.undo().await.expect("an end");
    };
    let (renewed, ()) = tokio::join!(renewal, ends);
    assert_eq!(
        (renewed.status, renewed.code().as_str()),
        (409, "reservation_ended")
    );
    shop.assert_sound().await;
}
