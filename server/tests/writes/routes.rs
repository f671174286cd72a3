//! The merchant's routes, as a client sees them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::operations::turns::UnderWay;
use server::store::writing::Note;

use crate::client::Client;
use crate::shop::{TestShop, id, now};

#[tokio::test]
async fn a_sku_is_put_whole_and_shown_as_it_is() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    client
        .put("/v1/suppliers/weaver", json!({"lead_time_days": 21}))
        .await;
    let body = json!({
        "title": "Hoodie",
        "backorder": {"policy": "allow", "limit": 20, "reason": "Woven to order"},
        "low_stock_threshold": 3,
        "supplier": "weaver",
    });
    let put = client.put("/v1/skus/Gr%C3%B6%C3%9Fe%2042%2FL", body).await;
    assert_eq!(put.status, 200, "{:?}", put.json());
    let shown = client.get("/v1/skus/Gr%C3%B6%C3%9Fe%2042%2FL").await;
    assert_eq!(shown.body, put.body);
    let shown = shown.json();
    assert_eq!(shown["sku"], "Größe 42/L");
    assert_eq!(shown["tracked"], true);
    assert_eq!(shown["backorder"]["policy"], "allow");

    let replaced = client
        .put("/v1/skus/Gr%C3%B6%C3%9Fe%2042%2FL", json!({}))
        .await
        .json();
    assert_eq!(replaced["title"], Value::Null);
    assert_eq!(replaced["backorder"]["policy"], "deny");
}

#[tokio::test]
async fn fields_that_cannot_be_used_are_named_and_nothing_is_changed() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    shop.stocked("a", 5).await;
    let stock = "/v1/stock/main/a";
    for quantity in [
        "-1",
        "1.5",
        "\"1\"",
        "1e9",
        "2147483648",
        "9223372036854775808",
        "null",
        "true",
    ] {
        let body = format!("{{\"quantity\": {quantity}, \"if_quantity\": null}}");
        let reply = client.json("PUT", stock, &body).await;
        assert_eq!(
            (reply.status, &*reply.code()),
            (422, "invalid_quantity"),
            "{quantity}"
        );
        assert_eq!(reply.pointer(), "/quantity", "{quantity}");
    }
    let zone = |zone: &str| json!({"time_zone": zone}).to_string();
    let order = |field: &str| {
        format!(
            "{{\"expected_on\": \"2026-12-01\", \"lines\": [{{\"sku\": \"a\", \"quantity\": 1}}], {field}}}"
        )
    };
    let long = "x".repeat(501);
    let location = "/v1/locations/main";
    let cases = [
        (stock, "{\"quantity\": 1}".into(), "if_quantity_required", "/if_quantity"),
        (stock, "{\"quantity\": 1, \"if_quantity\": null, \"store_id\": \"b\"}".into(), "unknown_field", "/store_id"),
        (location, zone("Mars/Phobos"), "unknown_time_zone", "/time_zone"),
        (location, zone("../../etc/passwd"), "unknown_time_zone", "/time_zone"),
        (location, "{\"time_zone\": \"UTC\", \"cut_off\": \"25:00\"}".into(), "invalid_time", "/cut_off"),
        (location, "{\"time_zone\": \"UTC\", \"working_days\": [\"mon\", \"x\"]}".into(), "invalid_weekday", "/working_days"),
        (location, "{\"time_zone\": \"UTC\", \"holidays\": [\"2026-02-30\"]}".into(), "invalid_date", "/holidays"),
        ("/v1/skus/a", "{\"released_on\": \"0000-00-00\"}".into(), "invalid_date", "/released_on"),
        ("/v1/skus/a", "{\"released_on\": \"10000-01-01\"}".into(), "invalid_date", "/released_on"),
        ("/v1/skus/a", format!("{{\"backorder\": {{\"reason\": \"{long}\"}}}}"), "too_long", "/backorder/reason"),
        ("/v1/skus/a", "{\"supplier\": \"nobody\"}".into(), "unknown_supplier", "/supplier"),
        ("/v1/skus/a", "{\"kit\": [{\"sku\": \"b\", \"quantity\": 1}]}".into(), "unknown_sku", "/kit/0/sku"),
        ("/v1/skus/a%00b", "{}".into(), "invalid_sku", "/sku"),
        ("/v1/store", "{\"name\": \"S\", \"location\": \"main\", \"currency\": \"usd\"}".into(), "invalid_amount", "/currency"),
        ("/v1/store", "{\"name\": \"S\", \"location\": \"moon\", \"currency\": \"USD\"}".into(), "unknown_location", "/location"),
        ("/v1/store", "{\"name\": \"S\", \"location\": \"main\", \"currency\": \"USD\", \"origins\": [\"https://a.example/path\"]}".into(), "invalid_origin", "/origins/0"),
        ("/v1/store", "{\"name\": \"S\", \"location\": \"main\", \"currency\": \"USD\", \"split\": {\"split\": \"flat\", \"amount\": {\"amount\": 4.95, \"currency\": \"USD\"}}}".into(), "invalid_amount", "/split/amount/amount"),
        ("/v1/store", "{\"name\": \"S\", \"location\": \"main\", \"currency\": \"USD\", \"split\": {\"split\": \"flat\", \"amount\": {\"amount\": 495, \"currency\": \"EUR\"}}}".into(), "invalid_amount", "/split/amount"),
        ("/v1/purchase-orders", order("\"ordered_on\": \"2026-12-02\""), "date_out_of_range", "/expected_on"),
        ("/v1/purchase-orders", order("\"supplier\": \"nobody\""), "unknown_supplier", "/supplier"),
        ("/v1/purchase-orders", "{\"expected_on\": \"2026-02-30\", \"lines\": []}".into(), "invalid_date", "/expected_on"),
        ("/v1/purchase-orders", "{\"lines\": [{\"sku\": \"a\", \"quantity\": 0}]}".into(), "invalid_quantity", "/lines/0/quantity"),
    ];
    let before = shop.app.store.standings().await.expect("stores");
    for (path, body, code, pointer) in cases {
        let reply = match path {
            "/v1/purchase-orders" => {
                let body = serde_json::from_str(&body).expect("JSON");
                client.post(path, "key", body).await
            }
            path => client.json("PUT", path, &body).await,
        };
        assert_eq!((reply.status, &*reply.code()), (422, code), "{path} {body}");
        assert_eq!(reply.pointer(), pointer, "{path} {body}");
    }
    assert_eq!(shop.app.store.standings().await.expect("stores"), before);
}

#[tokio::test]
async fn a_store_keeps_its_location_and_currency_unless_told_otherwise() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let full = json!({
        "name": "Shop", "location": "main", "currency": "EUR", "display": "few_left", "horizon_days": 90,
        "split": {"split": "per_extra_parcel", "amount": {"amount": 495, "currency": "EUR"}, "parcels_max": 3},
        "origins": ["https://shop.example", "http://127.0.0.1:8081"],
    });
    let put = client.put("/v1/store", full).await;
    assert_eq!(put.status, 200, "{:?}", put.json());
    assert_eq!(client.get("/v1/store").await.body, put.body);
    assert_eq!(
        put.json()["split"]["amount"],
        json!({"amount": 495, "currency": "EUR"})
    );
    let settings = shop
        .app
        .catalogue
        .shop(&shop.store)
        .expect("a shop")
        .settings();
    assert_eq!(settings.origins.len(), 2);
    assert_eq!(settings.promises.horizon_days, 90);

    let short = client
        .put("/v1/store", json!({"name": "Shop"}))
        .await
        .json();
    assert_eq!(
        (&short["location"], &short["currency"]),
        (&json!("main"), &json!("EUR"))
    );
    assert_eq!(
        (&short["display"], &short["split"]["split"]),
        (&json!("exact"), &json!("off"))
    );
    assert_eq!(short["origins"], put.json()["origins"]);
}

#[tokio::test]
async fn a_store_keeps_the_location_and_currency_of_a_change_at_the_same_time() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    client
        .put("/v1/locations/attic", json!({"time_zone": "UTC"}))
        .await;
    let other = shop.other_process().await;
    let note = Note::new("test", "the store");
    let mut writing = other
        .begin(&shop.store, note, now())
        .await
        .expect("a change");
    let record = writing.store_record().await.expect("an answer");
    let mut record = record.expect("a store");
    record.location = id("attic");
    record.currency = id("EUR");
    writing.put_store(&record).await.expect("the store");
    // Asks while that is under way, and says nothing of what it changes.
    let commit = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        writing.commit().await.expect("a commit");
    };
    let ask = client.put("/v1/store", json!({"name": "Shop"}));
    let (put, ()) = tokio::join!(ask, commit);
    let put = put.json();
    assert_eq!(
        (&put["name"], &put["location"], &put["currency"]),
        (&json!("Shop"), &json!("attic"), &json!("EUR"))
    );
    let dollars = json!({"split": "flat", "amount": {"amount": 1, "currency": "USD"}});
    let refused = client
        .put("/v1/store", json!({"name": "Shop", "split": dollars}))
        .await;
    assert_eq!(
        (refused.status, &*refused.pointer()),
        (422, "/split/amount")
    );
    for unknown in [
        json!({"name": "Shop", "split": {"split": "off", "colour": 1}}),
        json!({"name": "Shop", "split": {"split": "flat", "amount": {"amount": 1, "currency": "EUR", "colour": 1}}}),
    ] {
        let refused = client.put("/v1/store", unknown).await;
        assert_eq!((refused.status, &*refused.code()), (422, "unknown_field"));
    }
}

#[tokio::test]
async fn a_list_of_lines_that_is_empty_or_too_long_is_refused_by_name() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let line = json!({"sku": "a", "quantity": 1});
    let change = json!({"sku": "a", "change": 1});
    let none: Vec<Value> = Vec::new();
    for (lines, adjustments, code) in [
        (none.clone(), none, "lines_required"),
        (vec![line; 1_001], vec![change; 101], "too_many_lines"),
    ] {
        for (path, body) in [
            (
                "/v1/stock/adjustments",
                json!({"reason": "counted", "lines": adjustments}),
            ),
            ("/v1/purchase-orders", json!({"lines": lines})),
            (
                "/v1/purchase-orders/PO-1/receipts",
                json!({"receipt": "R", "lines": lines}),
            ),
        ] {
            let refused = client.post(path, "k1", body).await;
            assert_eq!(
                (refused.status, &*refused.code(), &*refused.pointer()),
                (422, code, "/lines"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_purchase_order_of_nothing_of_which_nothing_came_is_cancelled() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    let client = Client::new(&shop).await;
    for (received, status) in [(0, "cancelled"), (2, "received")] {
        let id = format!("PO-{received}");
        let order = json!({"id": id, "lines": [{"sku": "a", "quantity": 5}]});
        client.post("/v1/purchase-orders", &id, order).await;
        let path = format!("/v1/purchase-orders/{id}");
        if 0 < received {
            let receipt = json!({"receipt": "R", "lines": [{"sku": "a", "quantity": received}]});
            client.post(&format!("{path}/receipts"), "k", receipt).await;
        }
        let change = json!({"lines": [{"sku": "a", "quantity": received}]});
        let changed = client.json("PATCH", &path, &change.to_string()).await;
        assert_eq!(changed.json()["status"], status);
    }
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_store_has_one_import_under_way_and_holds_up_no_other() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let other = shop.add_store("other").await;
    let key = shop.key(&other, KeyKind::Secret, "sk_live_other").await;
    let others = Client::with(&shop, &key);
    let send = async |client: &Client| {
        let request = client
            .request("POST", "/v1/imports/shipsby?dry_run=true")
            .header("content-type", "text/csv");
        let body = Body::from("sku,on_hand\na,5\n");
        client.send(request.body(body).expect("a request")).await
    };
    let turn = shop.app.imports.of(&shop.store).expect("nobody imports");
    turn.begins(&Arc::new(UnderWay {
        format: "sales",
        dry_run: false,
        since: "2026-11-23T13:00:00Z".parse().expect("an instant"),
        bytes: 100,
        bytes_read: AtomicU64::new(40),
    }));
    let of = async |client: &Client| client.get("/v1/imports").await.json()["under_way"].clone();
    assert_eq!(
        of(&client).await,
        json!({"format": "sales", "dry_run": false, "since": "2026-11-23T13:00:00Z", "bytes": 100, "bytes_read": 40})
    );
    assert_eq!(of(&others).await, Value::Null);
    let refused = send(&client).await;
    assert_eq!(
        (refused.status, &*refused.code()),
        (409, "import_under_way")
    );
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(send(&others).await.status, 200);
    drop(turn);
    assert_eq!(of(&client).await, Value::Null);
    assert_eq!(send(&client).await.status, 200);
    assert_eq!(send(&client).await.status, 200);
}

#[tokio::test]
async fn a_stale_count_gets_409_with_the_count() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    shop.stocked("a", 5).await;
    let set = client
        .put("/v1/stock/main/a", json!({"quantity": 7, "if_quantity": 5}))
        .await;
    assert_eq!((set.status, set.json()["on_hand"].as_u64()), (200, Some(7)));
    let stale = client
        .put("/v1/stock/main/a", json!({"quantity": 8, "if_quantity": 5}))
        .await;
    assert_eq!((stale.status, &*stale.code()), (409, "version_conflict"));
    assert_eq!(stale.json()["current"], 7);
    assert_eq!(client.get("/v1/stock/main/a").await.json()["on_hand"], 7);
}

#[tokio::test]
async fn a_post_is_done_once_for_its_key_and_answered_the_same() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    shop.stocked("a", 5).await;
    let path = "/v1/stock/adjustments";
    let body = json!({"reason": "found one", "lines": [{"sku": "a", "change": 1}]});
    let missing = client.json("POST", path, &body.to_string()).await;
    assert_eq!(
        (missing.status, &*missing.code()),
        (400, "idempotency_key_required")
    );
    let first = client.post(path, "k1", body.clone()).await;
    assert_eq!(first.status, 200, "{:?}", first.json());
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = client.post(path, "k1", body.clone()).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["content-type"], first.headers["content-type"]);
    let other = json!({"reason": "found two", "lines": [{"sku": "a", "change": 2}]});
    let reused = client.post(path, "k1", other).await;
    assert_eq!(
        (reused.status, &*reused.code()),
        (422, "idempotency_key_reused")
    );
    assert_eq!(shop.on_hand("a").await, 6);
    for key in ["", "two words", &"x".repeat(256)] {
        let refused = client.post(path, key, body.clone()).await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (400, "idempotency_key_required")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_posts_with_one_key_at_once_act_once() {
    let shop = TestShop::new().await;
    let client = std::sync::Arc::new(Client::new(&shop).await);
    shop.stocked("a", 5).await;
    let body = json!({"reason": "found one", "lines": [{"sku": "a", "change": 1}]});
    let senders: Vec<_> = (0..100)
        .map(|_| {
            let (client, body) = (std::sync::Arc::clone(&client), body.clone());
            tokio::spawn(async move { client.post("/v1/stock/adjustments", "k1", body).await })
        })
        .collect();
    let mut fresh = 0;
    for sender in senders {
        let reply = sender.await.expect("a sender");
        match reply.status {
            200 => fresh += u32::from(!reply.headers.contains_key("idempotent-replayed")),
            409 => {
                assert_eq!(reply.code(), "idempotency_in_flight");
                assert!(reply.headers.contains_key("retry-after"));
            }
            status => panic!("{status}: {:?}", reply.json()),
        }
    }
    assert_eq!((fresh, shop.on_hand("a").await), (1, 6));
}

#[tokio::test]
async fn what_is_anothers_looks_like_what_is_not_there() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    shop.stocked("a", 5).await;
    client.put("/v1/suppliers/weaver", json!({})).await;
    client
        .put("/v1/locations/attic", json!({"time_zone": "UTC"}))
        .await;
    let order = json!({"id": "PO-7", "lines": [{"sku": "a", "quantity": 1}]});
    assert_eq!(
        client
            .post("/v1/purchase-orders", "k1", order.clone())
            .await
            .status,
        201
    );
    let page = client.get("/v1/skus?limit=1").await.json();
    let cursor = page["next"].as_str().expect("a cursor").to_owned();

    let other = shop.add_store("other").await;
    let key = shop.key(&other, KeyKind::Secret, "sk_live_other").await;
    let stranger = Client::with(&shop, &key);
    for (theirs, nobodys) in [
        ("/v1/skus/a", "/v1/skus/zzz"),
        ("/v1/stock/main/a", "/v1/stock/main/zzz"),
        ("/v1/suppliers/weaver", "/v1/suppliers/zzz"),
        ("/v1/locations/attic", "/v1/locations/zzz"),
        ("/v1/purchase-orders/PO-7", "/v1/purchase-orders/zzz"),
    ] {
        let (theirs, nobodys) = (stranger.get(theirs).await, stranger.get(nobodys).await);
        assert_eq!((theirs.status, &theirs.body), (404, &nobodys.body));
        assert_eq!(theirs.code(), "not_found");
    }
    let set = json!({"quantity": 1, "if_quantity": null});
    assert_eq!(stranger.put("/v1/stock/main/a", set).await.status, 404);
    let change = stranger.json(
        "PATCH",
        "/v1/purchase-orders/PO-7",
        "{\"status\": \"cancelled\"}",
    );
    assert_eq!(change.await.status, 404);
    let receipt = json!({"receipt": "R", "lines": [{"sku": "a", "quantity": 1}]});
    let received = stranger
        .post("/v1/purchase-orders/PO-7/receipts", "k1", receipt)
        .await;
    assert_eq!(received.status, 404);
    let foreign = stranger.get(&format!("/v1/skus?after={cursor}")).await;
    assert_eq!((foreign.status, &*foreign.code()), (400, "invalid_cursor"));
    // The same key of another store is another request.
    stranger.put("/v1/skus/a", json!({})).await;
    let reply = stranger.post("/v1/purchase-orders", "k1", order).await;
    assert_eq!(reply.status, 201);
    assert!(!reply.headers.contains_key("idempotent-replayed"));
    assert_eq!(shop.on_hand("a").await, 5);
    shop.assert_sound().await;
}

#[tokio::test]
async fn lists_come_in_pages_that_miss_nothing() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    for sku in ["a", "b", "c", "d", "e"] {
        shop.stocked(sku, 1).await;
    }
    let mut path = "/v1/skus?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = client.get(&path).await.json();
        let items = page["items"].as_array().expect("items");
        seen.extend(
            items
                .iter()
                .map(|item| item["sku"].as_str().expect("a SKU").to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/skus?limit=2&after={next}");
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=1e6",
        "sort=sku;drop",
    ] {
        let refused = client.get(&format!("/v1/skus?{query}")).await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (422, "invalid_parameter"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn keys_open_exactly_what_they_are_for() {
    let shop = TestShop::in_file().await;
    let client = Client::new(&shop).await;
    let publishable = shop
        .key(&shop.store, KeyKind::Publishable, "pk_live_test")
        .await;
    let refused = Client::with(&shop, &publishable).get("/v1/skus").await;
    assert_eq!(
        (refused.status, &*refused.code()),
        (403, "publishable_key_not_allowed")
    );
    assert_eq!(
        Client::with(&shop, "sk_live_wrong")
            .get("/v1/skus")
            .await
            .status,
        401
    );

    let made = client
        .post("/v1/keys", "k1", json!({"kind": "secret", "label": "ERP"}))
        .await;
    assert_eq!(made.status, 201);
    let key = made.json()["key"].as_str().expect("a key").to_owned();
    assert_eq!(key.len(), "sk_live_".len() + 64);
    let again = client
        .post("/v1/keys", "k1", json!({"kind": "secret", "label": "ERP"}))
        .await;
    assert_eq!((again.status, &*again.code()), (409, "key_shown_before"));
    let new = Client::with(&shop, &key);
    assert_eq!(new.get("/v1/skus").await.status, 200);
    let listed = String::from_utf8(client.get("/v1/keys").await.body).expect("text");
    assert!(!listed.contains(&key));
    let file = std::fs::read(shop.path()).expect("the database");
    let log = std::fs::read(shop.path().with_extension("sqlite-wal")).unwrap_or_default();
    let has_key = |bytes: &[u8]| bytes.windows(key.len()).any(|part| part == key.as_bytes());
    assert!(
        !has_key(&file) && !has_key(&log),
        "the key is in the database"
    );

    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let revoke = client.request("DELETE", &format!("/v1/keys/{id}"));
    let revoked = client
        .send(revoke.body(Body::empty()).expect("a request"))
        .await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT.as_u16());
    let refused = new.get("/v1/skus").await;
    assert_eq!((refused.status, &*refused.code()), (401, "key_revoked"));
}

#[tokio::test]
async fn an_order_is_made_changed_received_and_shown() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    shop.stocked("a", 0).await;
    let order = json!({"expected_on": "2026-12-11", "lines": [{"sku": "a", "quantity": 10}]});
    let made = client.post("/v1/purchase-orders", "k1", order).await;
    assert_eq!(made.status, 201, "{:?}", made.json());
    let made = made.json();
    assert_eq!(made["ordered_on"], "2026-11-23");
    let path = format!(
        "/v1/purchase-orders/{}",
        made["id"].as_str().expect("an id")
    );
    let changed = client
        .json("PATCH", &path, "{\"expected_on\": \"2026-12-18\"}")
        .await
        .json();
    assert_eq!(changed["lines"][0]["expected_on"], "2026-12-18");
    let receipt = json!({"receipt": "R1", "lines": [{"sku": "a", "quantity": 10}]});
    let received = client
        .post(&format!("{path}/receipts"), "k2", receipt.clone())
        .await
        .json();
    assert_eq!(received["recorded"], true);
    assert_eq!(received["purchase_order"]["status"], "received");
    let again = client
        .post(&format!("{path}/receipts"), "k3", receipt.clone())
        .await;
    let replayed = client
        .post(&format!("{path}/receipts"), "k3", receipt)
        .await;
    assert_eq!(replayed.body, again.body);
    assert_eq!(replayed.headers["idempotent-replayed"], "true");
    let other = json!({"receipt": "another", "lines": [{"sku": "a", "quantity": 1}]});
    let reused = client.post(&format!("{path}/receipts"), "k3", other).await;
    assert_eq!(
        (reused.status, &*reused.code()),
        (422, "idempotency_key_reused")
    );
    let again = again.json();
    assert_eq!(again["recorded"], false);
    assert_eq!(client.get(&path).await.json(), again["purchase_order"]);
    let open = client.get("/v1/purchase-orders?status=open").await.json();
    assert_eq!(open["items"], json!([]));
    assert_eq!(shop.on_hand("a").await, 10);
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_file_is_taken_in_over_http_once() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let send = async |query: &str, key: Option<&str>, kind: &str, file: &str| {
        let mut request = client
            .request("POST", &format!("/v1/imports/shipsby{query}"))
            .header("content-type", kind);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        client
            .send(
                request
                    .body(Body::from(file.to_owned()))
                    .expect("a request"),
            )
            .await
    };
    let file = "sku,on_hand\na,5\nb,-1\n";
    let dry = send("?dry_run=true", None, "text/csv", file).await;
    assert_eq!(dry.status, 200, "{:?}", dry.json());
    assert_eq!(
        (
            dry.json()["changed"].as_u64(),
            dry.json()["dry_run"].as_bool()
        ),
        (Some(1), Some(true))
    );
    assert_eq!(shop.on_hand_in_memory("a"), None);
    assert_eq!(
        send("", None, "text/csv", file).await.code(),
        "idempotency_key_required"
    );
    assert_eq!(
        send("", Some("k1"), "application/json", file).await.status,
        415
    );
    let last = async || client.get("/v1/imports").await.json()["last"].clone();
    assert_eq!(last().await, Value::Null, "what is tried is not taken in");
    let done = send("", Some("k1"), "text/csv; charset=utf-8", file).await;
    assert_eq!(done.status, 200);
    let told = done.json();
    let found = last().await;
    assert_eq!(
        (&found["format"], &found["answer"]),
        (&json!("shipsby"), &told)
    );
    assert_eq!(told["rows_read"], 2);
    assert_eq!(told["refused"][0]["line"], 3);
    assert_eq!(told["refused"][0]["code"], "invalid_quantity");
    assert_eq!(shop.on_hand_in_memory("a"), Some(5));
    let again = send("", Some("k1"), "text/csv; charset=utf-8", file).await;
    assert_eq!(again.body, done.body);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let elsewhere = send("?location=main", Some("k1"), "text/csv", file).await;
    assert_eq!(
        (elsewhere.status, &*elsewhere.code()),
        (422, "idempotency_key_reused")
    );
    let broken = send("", Some("k2"), "text/csv", "sku,on_hand\n\"a,5\n").await;
    assert_eq!((broken.status, &*broken.code()), (422, "unclosed_quote"));
    let large = "x".repeat(11 * 1024 * 1024);
    assert_eq!(send("", Some("k3"), "text/csv", &large).await.status, 413);
}

#[tokio::test]
async fn what_is_learnt_of_a_supplier_is_shown_and_dates_follow_it() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    shop.stocked("a", 0).await;
    client.put("/v1/suppliers/weaver", json!({})).await;
    let order = json!({
        "id": "PO-7",
        "supplier": "weaver",
        "mode": "Ocean",
        "shipped_on": "2026-11-20",
        "ordered_on": "2026-11-01",
        "lines": [{"sku": "a", "quantity": 10}],
    });
    let made = client.post("/v1/purchase-orders", "k1", order).await.json();
    assert_eq!(made["mode"], "Ocean");
    assert_eq!(made["shipped_on"], "2026-11-20");
    assert_eq!(made["lines"][0]["planned_on"], Value::Null);

    let lines: String = (0..8)
        .map(|at| format!("{at},weaver,2026-03-02,2026-04-10,2026-04-13,10,9,Ocean\n"))
        .collect();
    let file = format!(
        "po_number,supplier,ordered_on,promised_on,received_on,quantity,quantity_received,shipment_mode\n{lines}"
    );
    let request = client
        .request("POST", "/v1/imports/supplier-deliveries")
        .header("content-type", "text/csv")
        .header("idempotency-key", "k2")
        .body(Body::from(file));
    let imported = client.send(request.expect("a request")).await;
    assert_eq!(imported.json()["changed"], 8, "{:?}", imported.json());

    let learnt = client.get("/v1/suppliers/weaver").await.json();
    let lead_time = json!({"days": 42, "level": 80, "own": 8, "pooled": 0});
    assert_eq!(learnt["lead_time"], lead_time);
    assert_eq!(
        learnt["lead_time_by_mode"],
        json!([{"mode": "Ocean", "lead_time": lead_time}])
    );
    assert_eq!(learnt["slip"], json!({"days": 3, "level": 80, "sample": 8}));
    assert_eq!(
        learnt["yield"],
        json!({"ordered": 80, "received": 72, "sample": 8})
    );
    let listed = client.get("/v1/suppliers").await.json();
    assert_eq!(listed["items"][0], learnt);
    let planned = client.get("/v1/purchase-orders/PO-7").await.json();
    assert_eq!(planned["lines"][0]["planned_on"], "2026-12-13");
    let told = client
        .json(
            "PATCH",
            "/v1/purchase-orders/PO-7",
            "{\"expected_on\": \"2026-12-11\", \"shipped_on\": null}",
        )
        .await
        .json();
    assert_eq!(told["lines"][0]["planned_on"], "2026-12-14");
    assert_eq!(told["shipped_on"], Value::Null);

    let level = |percent: u32| json!({"name": "A shop", "promise_level": percent});
    let refused = client.put("/v1/store", level(100)).await;
    assert_eq!((refused.status, &*refused.code()), (422, "invalid_number"));
    assert_eq!(refused.pointer(), "/promise_level");
    let surer = client.put("/v1/store", level(90)).await.json();
    assert_eq!(surer["promise_level"], 90);
    let kept = client.put("/v1/store", json!({"name": "A shop"})).await;
    assert_eq!(kept.json()["promise_level"], 90);
    let learnt = client.get("/v1/suppliers/weaver").await.json();
    assert_eq!(learnt["slip"]["level"], 90);
    shop.assert_sound().await;
}
