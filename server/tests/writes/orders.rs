//! Customers' orders: taken whole or not at all, at the dates that were shown, filled by date, and gone with the carrier.

use std::sync::Arc;

use axum::body::Body;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::client::{Client, Reply};
use crate::reservations::{ordered, sku};
use crate::shop::TestShop;

/// Buyers that want the same goods at the same moment.
const BUYERS: usize = 100;

pub async fn place(client: &Client, id: &str, more: Value) -> Reply {
    let mut body = json!({"id": id, "plan": "separate"});
    if let (Some(all), Some(more)) = (body.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    client.post("/v1/orders", id, body).await
}

pub async fn shown(client: &Client, id: &str) -> Value {
    let reply = client.get(&format!("/v1/orders/{id}")).await;
    assert_eq!(reply.status, 200);
    reply.json()
}

/// What can leave: id, order, units of all lines.
pub async fn ready(client: &Client) -> Vec<(String, String, u64)> {
    let reply = client.get("/v1/shipments?status=ready").await;
    assert_eq!(reply.status, 200);
    let parcel = |parcel: &Value| {
        let lines = parcel["lines"].as_array().expect("lines");
        let units = lines.iter().filter_map(|line| line["quantity"].as_u64());
        let text = |name: &str| parcel[name].as_str().expect("text").to_owned();
        (text("id"), text("order"), units.sum())
    };
    let page = reply.json();
    page["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(parcel)
        .collect()
}

async fn ready_orders(client: &Client) -> Vec<(String, u64)> {
    let all = ready(client).await.into_iter();
    all.map(|(_, order, units)| (order, units)).collect()
}

pub async fn ship(client: &Client, key: &str, id: &str) -> Reply {
    let body = json!({"carrier": "UPS", "tracking_number": "1Z999"});
    client
        .post(&format!("/v1/shipments/{id}/ship"), key, body)
        .await
}

pub async fn cancel(client: &Client, key: &str, id: &str, body: Value) -> Reply {
    client
        .post(&format!("/v1/orders/{id}/cancel"), key, body)
        .await
}

pub async fn receive(client: &Client, order: &str, receipt: &str, sku: &str, units: u32) {
    let path = format!("/v1/purchase-orders/{order}/receipts");
    let body = json!({"receipt": receipt, "lines": [{"sku": sku, "quantity": units}]});
    let reply = client.post(&path, receipt, body).await;
    assert_eq!(
        reply.status,
        200,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
}

async fn count(client: &Client, sku: &str, units: u32) {
    let level = json!({"quantity": units, "if_quantity": null});
    assert_eq!(
        client
            .put(&format!("/v1/stock/main/{sku}"), level)
            .await
            .status,
        200
    );
}

pub fn line(sku: &str, units: u32) -> Value {
    json!({"sku": sku, "quantity": units})
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_listed_by_how_far_they_are() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    ordered(&client, "PO-7", "A", 10, "2026-12-11").await;
    for (id, units) in [
        ("all-left", 1),
        ("some-left", 2),
        ("waits", 1),
        ("unwanted", 1),
    ] {
        let placed = place(&client, id, json!({"lines": [line("A", units)]})).await;
        assert_eq!(placed.status, 201, "{id}");
    }
    for (parcel, ..) in ready(&client).await {
        assert_eq!(ship(&client, &parcel, &parcel).await.status, 200);
    }
    assert_eq!(
        cancel(&client, "no", "unwanted", json!({})).await.status,
        200
    );
    let cases = [
        ("open", "waits"),
        ("part_shipped", "some-left"),
        ("shipped", "all-left"),
        ("cancelled", "unwanted"),
    ];
    for (status, wanted) in cases {
        let listed = client
            .get(&format!("/v1/orders?status={status}"))
            .await
            .json();
        let items = listed["items"].as_array().expect("a list");
        assert_eq!(items.len(), 1, "{listed}");
        assert_eq!(
            (&items[0]["id"], &items[0]["status"]),
            (&json!(wanted), &json!(status))
        );
    }
    let all = client.get("/v1/orders").await.json();
    assert_eq!(all["items"].as_array().expect("a list").len(), 4);
    let refused = client.get("/v1/orders?status=lost").await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "invalid_parameter")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_is_filled_and_leaves_in_two_parcels() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    ordered(&client, "PO-7", "A", 10, "2026-12-11").await;
    let placed = place(&client, "W-1", json!({"lines": [line("A", 3)]})).await;
    assert_eq!(
        placed.status,
        201,
        "{}",
        String::from_utf8_lossy(&placed.body)
    );
    let order = placed.json();
    assert_eq!(order["status"], "open");
    assert_eq!(
        order["lines"][0]["slices"].as_array().expect("parts").len(),
        2
    );
    assert_eq!(order["shipments"][0]["status"], "ready");
    assert_eq!(order["promises"].as_array().expect("dates").len(), 2);
    // What is ordered is in nobody else's reach.
    assert_eq!(
        place(&client, "W-2", json!({"lines": [line("A", 10)]}))
            .await
            .code(),
        "insufficient_stock"
    );

    let parcels = ready(&client).await;
    assert_eq!(parcels.len(), 1);
    let (first, _, units) = &parcels[0];
    assert_eq!(*units, 2);
    let left = ship(&client, "first", first).await;
    assert_eq!(left.status, 200, "{}", String::from_utf8_lossy(&left.body));
    assert_eq!(left.json()["tracking_number"], "1Z999");
    assert_eq!(shop.on_hand("A").await, 0);
    // Sent again it changes nothing, under another key it has left already.
    assert_eq!(ship(&client, "first", first).await.body, left.body);
    assert_eq!(
        ship(&client, "again", first).await.code(),
        "already_shipped"
    );
    assert_eq!(shown(&client, "W-1").await["status"], "part_shipped");
    assert!(ready(&client).await.is_empty());

    receive(&client, "PO-7", "R-1", "A", 10).await;
    let parcels = ready(&client).await;
    assert_eq!(parcels.len(), 1);
    assert_eq!(ship(&client, "second", &parcels[0].0).await.status, 200);
    let order = shown(&client, "W-1").await;
    assert_eq!(order["status"], "shipped");
    assert_eq!(order["lines"][0]["shipped"], 3);
    assert_eq!(order["shipments"].as_array().expect("two").len(), 2);
    assert_eq!(shop.on_hand("A").await, 9);
    assert_eq!(shop.on_hand_in_memory("A"), Some(9));
    let left = client.get("/v1/shipments?status=shipped").await.json();
    assert_eq!(left["items"].as_array().expect("two").len(), 2);
    assert_eq!(
        cancel(&client, "late", "W-1", json!({})).await.code(),
        "already_shipped"
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_together_waits_until_all_is_there() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 5, json!({})).await;
    sku(&client, "B", 0, json!({})).await;
    ordered(&client, "PO-7", "B", 10, "2026-12-11").await;
    let lines = json!({"lines": [line("A", 1), line("B", 2)], "plan": "together"});
    let order = place(&client, "W-1", lines).await.json();
    assert_eq!(order["lines"][0]["ships_by"], order["lines"][1]["ships_by"]);
    assert!(ready(&client).await.is_empty());
    receive(&client, "PO-7", "R-1", "B", 2).await;
    assert_eq!(ready_orders(&client).await, [("W-1".to_owned(), 3)]);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_go_to_who_was_promised_them_sooner() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({})).await;
    ordered(&client, "PO-7", "A", 2, "2026-12-11").await;
    ordered(&client, "PO-8", "A", 2, "2026-12-18").await;
    for (id, units) in [("W-1", 1), ("W-2", 2), ("W-3", 2)] {
        assert_eq!(
            place(&client, id, json!({"lines": [line("A", units)]}))
                .await
                .status,
            201
        );
    }
    assert_eq!(ready_orders(&client).await, [("W-1".to_owned(), 1)]);
    // The later delivery comes first: it is for who waits longer.
    receive(&client, "PO-8", "R-8", "A", 2).await;
    assert_eq!(
        ready_orders(&client).await,
        [("W-1".to_owned(), 1), ("W-2".to_owned(), 2)]
    );
    // A count that finds less takes it from who came last.
    count(&client, "A", 1).await;
    assert_eq!(ready_orders(&client).await, [("W-1".to_owned(), 1)]);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_longer_keeps_nobody_waiting_who_ordered_later() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({})).await;
    sku(&client, "B", 0, json!({})).await;
    ordered(&client, "PO-7", "A", 2, "2026-12-11").await;
    ordered(&client, "PO-8", "B", 2, "2026-12-18").await;
    // The first needs its A no sooner than its B is there; the second was promised the one on the shelf.
    let whole = json!({"lines": [line("A", 1), line("B", 1)], "plan": "together"});
    assert_eq!(place(&client, "W-1", whole).await.status, 201);
    let now = json!({"lines": [line("A", 1)]});
    assert_eq!(place(&client, "W-2", now).await.status, 201);
    assert_eq!(ready_orders(&client).await, [("W-2".to_owned(), 1)]);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_what_is_listed_in_the_order_in_which_it_is_filled() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({})).await;
    ordered(&client, "PO-8", "A", 2, "2026-12-18").await;
    ordered(&client, "PO-7", "A", 2, "2026-12-11").await;
    for (id, units) in [("W-1", 2), ("W-2", 2), ("W-3", 1)] {
        let placed = place(&client, id, json!({"lines": [line("A", units)]})).await;
        assert_eq!(placed.status, 201);
    }
    let listed = async |query: &str| {
        let reply = client.get(&format!("/v1/backorders{query}")).await;
        assert_eq!(reply.status, 200);
        reply.json()
    };
    let told = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("a list").iter();
        let told = items.map(|item| {
            let (order, late) = (&item["order"], &item["late"]);
            format!(
                "{order} {} {} {late}",
                item["quantity"], item["purchase_orders"]
            )
        });
        told.collect()
    };
    let expected = [
        r#""W-1" 1 ["PO-7"] false"#,
        r#""W-2" 1 ["PO-7"] false"#,
        r#""W-2" 1 ["PO-7","PO-8"] false"#,
        r#""W-3" 1 ["PO-7","PO-8"] false"#,
    ];
    assert_eq!(told(&listed("").await), expected);
    // A page at a time.
    let mut paged = Vec::new();
    let mut query = "?limit=3".to_owned();
    loop {
        let page = listed(&query).await;
        paged.extend(told(&page));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        query = format!("?limit=3&after={next}");
    }
    assert_eq!(paged, expected);
    // The supplier says that it comes later: who loses the date is late.
    let later = json!({"expected_on": "2027-01-15"});
    let moved = client
        .json("PATCH", "/v1/purchase-orders/PO-7", &later.to_string())
        .await;
    assert_eq!(moved.status, 200);
    let late: Vec<bool> = listed("").await["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["late"] == true)
        .collect();
    assert!(late.contains(&true), "{late:?}");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_got_worse_is_told_and_nothing_is_ordered() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 0, json!({})).await;
    ordered(&client, "PO-7", "A", 10, "2026-12-11").await;
    let saw =
        |day: &str| json!({"lines": [line("A", 1)], "shown": [{"sku": "A", "ships_by": day}]});
    let refused = place(&client, "W-1", saw("2026-12-10")).await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.code(), "promise_changed");
    let changed = &refused.json()["changed"][0];
    assert_eq!(changed["sku"], "A");
    assert_eq!(changed["shown"], "2026-12-10");
    let now = changed["ships_by"].as_str().expect("a date").to_owned();
    assert!("2026-12-10" < now.as_str());
    assert_eq!(client.get("/v1/orders/W-1").await.status, 404);
    // The same key may be used again: nothing was done. With the new date it is ordered.
    let placed = place(&client, "W-1", saw(&now)).await;
    assert_eq!(placed.status, 201);
    assert_eq!(placed.json()["lines"][0]["shown"], now.as_str());
    let other = json!({"lines": [line("A", 1)], "shown": [{"sku": "B", "ships_by": now}]});
    assert_eq!(place(&client, "W-2", other).await.pointer(), "/shown/0/sku");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_line_says_by_itself_is_no_worse_where_the_parcel_waits_for_another() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({})).await;
    sku(&client, "B", 0, json!({})).await;
    ordered(&client, "PO-7", "B", 1, "2026-12-11").await;
    let (own, parcel) = ("2026-11-25", "2026-12-15");
    let saw = |day: &str| {
        json!({
            "lines": [line("A", 1), line("B", 1)],
            "plan": "together",
            "shown": [{"sku": "A", "ships_by": day}, {"sku": "B", "ships_by": parcel}],
        })
    };
    let sooner = place(&client, "W-1", saw("2026-11-24")).await;
    assert_eq!(sooner.code(), "promise_changed");
    let placed = place(&client, "W-1", saw(own)).await;
    assert_eq!(
        placed.status,
        201,
        "{}",
        String::from_utf8_lossy(&placed.body)
    );
    assert_eq!(placed.json()["lines"][0]["slices"][0]["ships_by"], parcel);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_leaves_in_no_more_parcels_than_the_merchant_allows() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({})).await;
    ordered(&client, "PO-7", "A", 1, "2026-12-11").await;
    ordered(&client, "PO-8", "A", 5, "2026-12-18").await;
    let usd = |amount: i64| json!({"amount": amount, "currency": "USD"});
    let split = json!({"split": "per_extra_parcel", "amount": usd(495), "parcels_max": 2});
    let store = json!({"name": "Shop", "split": split});
    assert_eq!(client.put("/v1/store", store).await.status, 200);
    let order = json!({"lines": [line("A", 3)], "plan": "separate"});
    let placed = place(&client, "W-1", order).await;
    assert_eq!(
        placed.status,
        201,
        "{}",
        String::from_utf8_lossy(&placed.body)
    );
    let placed = placed.json();
    let slices = placed["lines"][0]["slices"].as_array().expect("slices");
    let parcels: Vec<_> = slices
        .iter()
        .map(|slice| (slice["quantity"].as_u64(), slice["ships_by"].as_str()))
        .collect();
    assert_eq!(
        parcels,
        [(Some(1), Some("2026-11-25")), (Some(2), Some("2026-12-22"))]
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_nothing_and_what_is_paid_in_other_money_is_refused() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    let eur = json!({"amount": 100, "currency": "EUR"});
    let dear = json!({"lines": [{"sku": "A", "quantity": 1, "unit_price": eur}]});
    let refused = place(&client, "W-1", dear).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "invalid_amount")
    );
    let order = json!({"lines": [line("A", 1)]});
    assert_eq!(place(&client, "W-1", order).await.status, 201);
    let nothing = cancel(&client, "nothing", "W-1", json!({"lines": []})).await;
    assert_eq!(
        (nothing.status, nothing.code().as_str()),
        (422, "lines_required")
    );
    assert_eq!(shown(&client, "W-1").await["status"], "open");
    let all = cancel(&client, "all", "W-1", json!({})).await;
    assert_eq!(all.json()["status"], "cancelled");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_kept_from_an_order_by_their_own_hold() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 3, json!({"policy": "deny"})).await;
    let hold = json!({"lines": [line("A", 3)]});
    let held = client.post("/v1/reservations", "hold", hold).await.json();
    let held = held["id"].as_str().expect("an id");
    assert_eq!(
        place(&client, "W-0", json!({"lines": [line("A", 1)]}))
            .await
            .code(),
        "insufficient_stock"
    );
    let mine = json!({"lines": [line("A", 2)], "reservation": held});
    assert_eq!(place(&client, "W-1", mine.clone()).await.status, 201);
    // The third unit is free, and the hold is over.
    assert_eq!(
        place(&client, "W-2", json!({"lines": [line("A", 1)]}))
            .await
            .status,
        201
    );
    assert_eq!(
        place(&client, "W-3", mine).await.code(),
        "insufficient_stock"
    );
    let unknown = json!({"lines": [line("A", 1)], "reservation": "rsv_none"});
    assert_eq!(
        place(&client, "W-4", unknown).await.code(),
        "unknown_reservation"
    );
    // What is ordered is not released.
    let reply = client.json("DELETE", "/v1/reservations/W-1", "").await;
    assert_eq!(reply.code(), "reservation_ordered");
    let again = json!({"lines": [line("A", 1)], "reservation": "W-1"});
    assert_eq!(
        place(&client, "W-5", again).await.code(),
        "reservation_ordered"
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_held_the_goods_keeps_their_place() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    let hold = client
        .post("/v1/reservations", "hold", json!({"lines": [line("A", 1)]}))
        .await
        .json();
    assert_eq!(
        place(&client, "W-1", json!({"lines": [line("A", 1)]}))
            .await
            .status,
        201
    );
    let mine = json!({"lines": [line("A", 1)], "reservation": hold["id"]});
    assert_eq!(place(&client, "W-2", mine).await.status, 201);
    count(&client, "A", 1).await;
    assert_eq!(ready_orders(&client).await, [("W-2".to_owned(), 1)]);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kit_leaves_as_its_parts() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 5, json!({"policy": "deny"})).await;
    sku(&client, "B", 2, json!({"policy": "deny"})).await;
    let kit = json!({"kit": [line("A", 2), line("B", 1)]});
    assert_eq!(client.put("/v1/skus/K", kit).await.status, 200);
    assert_eq!(
        place(
            &client,
            "W-1",
            json!({"lines": [line("K", 2), line("A", 2)]})
        )
        .await
        .code(),
        "insufficient_stock"
    );
    assert_eq!(
        place(
            &client,
            "W-1",
            json!({"lines": [line("K", 2), line("A", 1)]})
        )
        .await
        .status,
        201
    );
    let cancelled = cancel(
        &client,
        "one",
        "W-1",
        json!({"lines": [{"line": 0, "quantity": 1}]}),
    )
    .await;
    assert_eq!(cancelled.json()["lines"][0]["cancelled"], 1);
    let parcels = ready(&client).await;
    assert_eq!(parcels.len(), 1);
    assert_eq!(ship(&client, "all", &parcels[0].0).await.status, 200);
    assert_eq!((shop.on_hand("A").await, shop.on_hand("B").await), (2, 1));
    assert_eq!(
        place(&client, "W-2", json!({"lines": [line("K", 1)]}))
            .await
            .status,
        201
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_is_free_at_once_and_counted_once() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    ordered(&client, "PO-7", "A", 3, "2026-12-11").await;
    assert_eq!(
        place(&client, "W-1", json!({"lines": [line("A", 5)]}))
            .await
            .status,
        201
    );
    assert_eq!(
        place(&client, "W-2", json!({"lines": [line("A", 1)]}))
            .await
            .status,
        409
    );
    // The units that would leave last go first: what lies on the shelf stays ready.
    let two = cancel(
        &client,
        "two",
        "W-1",
        json!({"lines": [{"line": 0, "quantity": 2}], "reason": "too many"}),
    )
    .await;
    assert_eq!(two.status, 200);
    assert_eq!(
        cancel(
            &client,
            "two",
            "W-1",
            json!({"lines": [{"line": 0, "quantity": 2}], "reason": "too many"})
        )
        .await
        .body,
        two.body
    );
    let order = two.json();
    assert_eq!(order["lines"][0]["cancelled"], 2);
    assert_eq!(
        order["lines"][0]["slices"].as_array().expect("parts").len(),
        2
    );
    assert_eq!(ready_orders(&client).await, [("W-1".to_owned(), 2)]);
    assert_eq!(
        place(&client, "W-3", json!({"lines": [line("A", 2)]}))
            .await
            .status,
        201
    );
    let listed = ready(&client).await;
    for (body, pointer, code) in [
        (
            json!({"lines": [{"line": 1}]}),
            "/lines/0/line",
            "unknown_line",
        ),
        (
            json!({"lines": [{"line": 0}, {"line": 0}]}),
            "/lines/1/line",
            "duplicate_line",
        ),
        (
            json!({"lines": [{"line": 0, "quantity": 4}]}),
            "",
            "already_shipped",
        ),
    ] {
        let refused = cancel(&client, code, "W-1", body).await;
        assert_eq!(
            (refused.code().as_str(), refused.pointer().as_str()),
            (code, pointer)
        );
    }
    // All that waits, which needs no body.
    let all = client.request("POST", "/v1/orders/W-1/cancel");
    let all = all.header("idempotency-key", "rest").body(Body::empty());
    let rest = client.send(all.expect("a request")).await.json();
    assert_eq!(rest["status"], "cancelled");
    assert_eq!(
        ship(&client, "gone", &listed[0].0).await.code(),
        "shipment_changed"
    );
    assert_eq!(cancel(&client, "twice", "W-1", json!({})).await.status, 200);
    assert_eq!(cancel(&client, "none", "W-9", json!({})).await.status, 404);
    assert_eq!(shop.on_hand("A").await, 2);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_taken_once_however_often_it_is_sent() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 9, json!({"policy": "deny"})).await;
    let body = json!({"lines": [line("A", 1), line("A", 2)]});
    let first = client.post("/v1/orders", "key", body.clone()).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.json()["lines"][0]["quantity"], 3, "lines are summed");
    let again = client.post("/v1/orders", "key", body).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    let other = client
        .post("/v1/orders", "key", json!({"lines": [line("A", 4)]}))
        .await;
    assert_eq!(
        (other.status, other.code().as_str()),
        (422, "idempotency_key_reused")
    );
    let taken = json!({"id": first.json()["id"], "lines": [line("A", 1)]});
    assert_eq!(
        client.post("/v1/orders", "other", taken).await.code(),
        "order_exists"
    );
    let long = json!({"id": "x".repeat(41), "lines": [line("A", 1)]});
    assert_eq!(
        client.post("/v1/orders", "long", long).await.pointer(),
        "/id"
    );
    assert_eq!(shop.on_hand("A").await, 9);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_buyers_exactly_as_many_are_served_as_there_is() {
    let shop = TestShop::new().await;
    let client = Arc::new(Client::new(&shop).await);
    sku(&client, "A", 7, json!({"limit": 5})).await;
    ordered(&client, "PO-7", "A", 1000, "2026-12-11").await;
    let barrier = Arc::new(Barrier::new(BUYERS));
    let buyers: Vec<_> = (0..BUYERS)
        .map(|buyer| {
            let (client, barrier) = (Arc::clone(&client), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                place(
                    &client,
                    &format!("W-{buyer}"),
                    json!({"lines": [line("A", 1)]}),
                )
                .await
                .status
            })
        })
        .collect();
    let mut served = 0;
    for buyer in buyers {
        match buyer.await.expect("an answer") {
            201 => served += 1,
            409 => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(served, 12);
    assert_eq!(ready(&client).await.len(), 7);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_store_sees_none_of_it() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 3, json!({})).await;
    assert_eq!(
        place(&client, "W-1", json!({"lines": [line("A", 1)]}))
            .await
            .status,
        201
    );
    let parcel = ready(&client).await[0].0.clone();
    let other = shop.add_store("other").await;
    let key = shop
        .key(&other, server::catalogue::KeyKind::Secret, "sk_live_other")
        .await;
    let stranger = Client::with(&shop, &key);
    assert_eq!(stranger.get("/v1/orders/W-1").await.status, 404);
    assert_eq!(cancel(&stranger, "c", "W-1", json!({})).await.status, 404);
    assert_eq!(ship(&stranger, "s", &parcel).await.status, 404);
    assert!(ready(&stranger).await.is_empty());
    assert_eq!(ready(&client).await.len(), 1);
}
