//! How many promises were kept, by the date that was told first.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::http::bundles::Bundles;
use server::http::routes::front;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::orders::{cancel, line, place, ready, receive, ship};
use crate::reservations::{ordered, sku};
use crate::shop::TestShop;

async fn rows(client: &Client, query: &str) -> Vec<(String, u64, u64, u64, u64)> {
    let reply = client.get(&format!("/v1/promises/report{query}")).await;
    assert_eq!(
        reply.status,
        200,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
    let report = reply.json();
    let row = |row: &Value| {
        let count = |name: &str| row[name].as_u64().expect("a count");
        let key = row["key"].as_str().expect("a key").to_owned();
        (
            key,
            count("kept"),
            count("broken"),
            count("open"),
            count("aside"),
        )
    };
    report["items"]
        .as_array()
        .expect("rows")
        .iter()
        .map(row)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_judged_by_the_date_that_was_told_first() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    sku(&client, "B", 0, json!({})).await;
    ordered(&client, "PO-7", "B", 10, "2026-12-11").await;
    for (id, what) in [
        ("W-kept", "A"),
        ("W-gone", "A"),
        ("W-late", "B"),
        ("W-open", "B"),
    ] {
        assert_eq!(
            place(&client, id, json!({"lines": [line(what, 1)]}))
                .await
                .status,
            201
        );
    }
    let parcels = ready(&client).await;
    let kept = parcels
        .iter()
        .find(|(_, order, _)| order == "W-kept")
        .expect("it is ready");
    assert_eq!(ship(&client, "kept", &kept.0).await.status, 200);
    // Before its day is over that says nothing.
    assert_eq!(
        cancel(&client, "gone", "W-gone", json!({"by": "customer"}))
            .await
            .status,
        200
    );
    let moved = client
        .patch(
            "/v1/purchase-orders/PO-7",
            json!({"expected_on": "2026-12-18"}),
        )
        .await;
    assert_eq!(moved.status, 200);
    assert_eq!(rows(&client, "").await, [("total".into(), 1, 0, 2, 1)]);

    // They were told the 15th first. The later date hides no slip.
    let shop = shop.at("2026-12-16T15:00:00Z").await;
    let client = Client::new(&shop).await;
    assert_eq!(
        rows(&client, "?by=sku").await,
        [("A".into(), 1, 0, 0, 1), ("B".into(), 0, 2, 0, 0)]
    );
    assert_eq!(
        rows(&client, "?by=supplier").await,
        [("none".into(), 1, 2, 0, 1)]
    );
    assert_eq!(
        rows(&client, "?by=horizon").await,
        [("0-2".into(), 1, 0, 0, 1), ("15-30".into(), 0, 2, 0, 0)]
    );
    assert_eq!(
        rows(&client, "?by=month").await,
        [
            ("2026-11".into(), 1, 0, 0, 1),
            ("2026-12".into(), 0, 2, 0, 0)
        ]
    );
    assert!(rows(&client, "?from=2026-12-01").await.is_empty());
    let report = client.get("/v1/promises/report").await.json();
    assert_eq!(report["items"][0]["rate"], 0.3333);
    assert_eq!(report["items"][0]["days_late"], 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_matters_who_cancelled() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "B", 0, json!({})).await;
    ordered(&client, "PO-7", "B", 10, "2026-12-11").await;
    for id in ["W-shopper", "W-shop", "W-late"] {
        let placed = place(&client, id, json!({"lines": [line("B", 1)]})).await;
        assert_eq!(placed.status, 201);
    }
    let by = |who: &str| json!({"by": who});
    for (order, who) in [("W-shopper", "customer"), ("W-shop", "shop")] {
        let done = cancel(&client, order, order, by(who)).await;
        assert_eq!(done.status, 200);
    }
    // The shop took its word back; the shopper may change their mind.
    assert_eq!(rows(&client, "").await, [("total".into(), 0, 1, 1, 1)]);
    let report = client.get("/v1/promises/report").await.json();
    assert_eq!(report["items"][0]["days_late"], 0.0);

    // Who waited longer than told and then gave up was promised something that was not kept.
    let shop = shop.at("2026-12-18T15:00:00Z").await;
    let client = Client::new(&shop).await;
    let done = cancel(&client, "late", "W-late", by("customer")).await;
    assert_eq!(done.status, 200);
    assert_eq!(rows(&client, "").await, [("total".into(), 0, 2, 0, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_were_cancelled_are_counted_by_themselves() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "B", 0, json!({})).await;
    ordered(&client, "PO-7", "B", 10, "2026-12-11").await;
    let placed = place(&client, "W-1", json!({"lines": [line("B", 6)]})).await;
    assert_eq!(placed.status, 201);
    let some =
        |units: u32, who: &str| json!({"lines": [{"line": 0, "quantity": units}], "by": who});
    let done = cancel(&client, "soon", "W-1", some(1, "customer")).await;
    assert_eq!(done.status, 200);
    assert_eq!(rows(&client, "").await, [("total".into(), 0, 0, 1, 1)]);
    let done = cancel(&client, "shop", "W-1", some(1, "shop")).await;
    assert_eq!(done.status, 200);
    assert_eq!(rows(&client, "").await, [("total".into(), 0, 1, 1, 1)]);

    let shop = shop.at("2026-12-18T15:00:00Z").await;
    let client = Client::new(&shop).await;
    let done = cancel(&client, "late", "W-1", some(2, "customer")).await;
    assert_eq!(done.status, 200);
    // One unit that the shop did not send, two that were given up too late, two that still wait.
    assert_eq!(rows(&client, "").await, [("total".into(), 0, 3, 0, 1)]);
    receive(&client, "PO-7", "note", "B", 10).await;
    let parcels = ready(&client).await;
    assert_eq!(ship(&client, "rest", &parcels[0].0).await.status, 200);
    assert_eq!(rows(&client, "").await, [("total".into(), 0, 3, 0, 1)]);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_split_off_is_judged_by_its_own_first_date() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "B", 0, json!({})).await;
    ordered(&client, "PO-1", "B", 2, "2026-12-04").await;
    ordered(&client, "PO-9", "B", 1, "2026-12-11").await;
    // Two are told the 8th, one the 15th.
    let placed = place(&client, "W-1", json!({"lines": [line("B", 3)]})).await;
    assert_eq!(placed.status, 201);
    // One of the two does not come; it is told the 16th instead, and is a part of its own from now on.
    ordered(&client, "PO-3", "B", 1, "2026-12-14").await;
    let cut = json!({"lines": [{"sku": "B", "quantity": 1}]});
    assert_eq!(
        client.patch("/v1/purchase-orders/PO-1", cut).await.status,
        200
    );
    let order = client.get("/v1/orders/W-1").await.json();
    let told = order["promises"].as_array().expect("dates").iter();
    let told: Vec<(u64, &str)> = told
        .map(|row| {
            let part = row["part"].as_u64().expect("a number");
            (part, row["ships_by"].as_str().expect("a day"))
        })
        .collect();
    assert_eq!(
        told,
        [
            (0, "2026-12-08"),
            (0, "2026-12-08"),
            (1, "2026-12-15"),
            (2, "2026-12-16")
        ]
    );
    let late = client.get("/v1/backorders").await.json();
    let late = late["items"].as_array().expect("rows").iter();
    let first: Vec<&str> = late
        .map(|row| row["first_ships_by"].as_str().expect("a day"))
        .collect();
    assert_eq!(first, ["2026-12-08", "2026-12-15", "2026-12-08"]);

    // Before the 16th it is late already: what was told first is over, though another part of the line may wait.
    let shop = shop.at("2026-12-10T10:00:00Z").await;
    let client = Client::new(&shop).await;
    assert_eq!(
        rows(&client, "?by=month").await,
        [("2026-12".into(), 0, 2, 1, 0)]
    );
    receive(&client, "PO-3", "note", "B", 1).await;
    for (parcel, _, _) in ready(&client).await {
        assert_eq!(ship(&client, &parcel, &parcel).await.status, 200);
    }
    assert_eq!(
        rows(&client, "?by=month").await,
        [("2026-12".into(), 0, 2, 1, 0)]
    );
    shop.assert_sound().await;
}

/// The front of the server, where everybody asks.
async fn public(shop: &TestShop, path: &str, etag: Option<&str>) -> (u16, HeaderMap, Vec<u8>) {
    let front = Arc::new(front(
        shop.app.clone(),
        Bundles::built_in(),
        CancellationToken::new(),
    ));
    let mut request = Request::get(path).header("host", "ships.example");
    if let Some(etag) = etag {
        request = request.header("if-none-match", etag);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = front.answer(request, IpAddr::from([127, 0, 0, 1])).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a body");
    (parts.status.as_u16(), parts.headers, body.to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_may_let_everybody_read_how_many_dates_it_kept() {
    let shop = TestShop::new().await;
    shop.key(&shop.store, KeyKind::Publishable, "pk_live_test")
        .await;
    let client = Client::new(&shop).await;
    let path = "/v1/kept.json?key=pk_live_test";
    let (status, headers, body) = public(&shop, path, None).await;
    assert_eq!(status, 404);
    assert_eq!(headers["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(problem["code"], "not_published");

    assert_eq!(
        client
            .put("/v1/suppliers/secret-weaver", json!({}))
            .await
            .status,
        200
    );
    sku(&client, "secret-sku", 1, json!({})).await;
    let order = json!({
        "id": "PO-7",
        "supplier": "secret-weaver",
        "lines": [{"sku": "secret-sku", "quantity": 7_777, "expected_on": "2026-12-11"}],
    });
    let made = client.post("/v1/purchase-orders", "PO-7", order).await;
    assert_eq!(made.status, 201);
    for (id, units) in [("W-kept", 1), ("W-late", 5_555)] {
        let placed = place(&client, id, json!({"lines": [line("secret-sku", units)]})).await;
        assert_eq!(placed.status, 201);
    }
    let parcels = ready(&client).await;
    assert_eq!(ship(&client, "kept", &parcels[0].0).await.status, 200);

    let shop = shop.at("2026-12-18T15:00:00Z").await;
    let client = Client::new(&shop).await;
    let settings = json!({"name": "Shop", "publish_kept_rate": true});
    let reply = client.put("/v1/store", settings).await;
    assert_eq!(
        (reply.status, &reply.json()["publish_kept_rate"]),
        (200, &json!(true))
    );
    // What is left out stays as it was.
    let reply = client.put("/v1/store", json!({"name": "Shop"})).await;
    assert_eq!(reply.json()["publish_kept_rate"], true);

    let (status, headers, body) = public(&shop, path, None).await;
    let text = String::from_utf8(body).expect("UTF-8");
    assert_eq!(status, 200, "{text}");
    let row = |key: &str, kept: u32, broken: u32, rate: [f64; 3]| json!({"key": key, "kept": kept, "broken": broken, "rate": rate[0], "rate_low": rate[1], "rate_high": rate[2]});
    let (one, none) = ([1.0, 0.2065, 1.0], [0.0, 0.0, 0.7935]);
    let expected = json!({
        "from": "2025-12-18",
        "to": "2026-12-18",
        "total": row("total", 1, 1, [0.5, 0.0945, 0.9055]),
        "by_horizon": [row("0-2", 1, 0, one), row("15-30", 0, 1, none)],
        "by_month": [row("2026-11", 1, 0, one), row("2026-12", 0, 1, none)],
        "cut": false,
    });
    assert_eq!(
        serde_json::from_str::<Value>(&text).expect("JSON"),
        expected
    );
    for secret in ["weaver", "secret", "PO-7", "777", "555"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let cached = headers["cache-control"].to_str().expect("text");
    assert!(cached.starts_with("public, max-age=3"), "{cached}");
    let tag = headers["etag"].to_str().expect("text").to_owned();
    let (status, headers, body) = public(&shop, path, Some(&tag)).await;
    assert_eq!((status, body.len()), (304, 0));
    assert_eq!(headers["etag"], tag);

    let (status, _, _) = public(&shop, "/v1/kept.json", None).await;
    assert_eq!(status, 401);
    let settings = json!({"name": "Shop", "publish_kept_rate": false});
    assert_eq!(client.put("/v1/store", settings).await.status, 200);
    assert_eq!(public(&shop, path, None).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_said() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    for (query, pointer) in [
        ("?by=colour", "?by"),
        ("?from=yesterday", "?from"),
        ("?from=2026-12-02&to=2026-12-01", "?from"),
        ("?what=1", "?"),
    ] {
        let refused = client.get(&format!("/v1/promises/report{query}")).await;
        assert_eq!(
            (refused.status, refused.pointer()),
            (422, pointer.to_owned()),
            "{query}"
        );
    }
}
