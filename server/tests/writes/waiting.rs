//! Orders that do not come: what is told to who asks, and what becomes of what was promised.

use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};
use server::operations::show;
use server::operations::sweep::{look_after, sweep};
use server::store::Store;
use server::store::writing::Note;
use shared::availability::availability;
use shared::kit::Goods;
use shared::quantity::Quantity;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

use crate::client::Client;
use crate::shop::{TestShop, id, now};

/// Of eight dates the weaver keeps four, misses three by three days and one by twenty.
const DAYS_LATE: [i64; 8] = [0, 20, 3, 0, 3, 0, 3, 0];
/// Deliveries among which eight came after twenty days.
const EIGHT_LATE: i64 = 64;

/// A shop whose weaver has delivered so often, and is to bring five of `A` by today.
async fn shop(days_late: &[i64], deliveries: i64) -> (TestShop, Client) {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let weaver = json!({"name": "Weaver"});
    assert_eq!(client.put("/v1/suppliers/weaver", weaver).await.status, 200);
    let sku = json!({"backorder": {"policy": "allow"}});
    assert_eq!(client.put("/v1/skus/A", sku).await.status, 200);
    for (late, at) in days_late.iter().cycle().zip(0..deliveries) {
        deliver(&client, &format!("H-{at}"), "weaver", at, *late).await;
    }
    order(&client, "PO-7", "weaver", "2026-11-23", "2026-11-02").await;
    (shop, client)
}

async fn order(client: &Client, name: &str, from: &str, expected_on: &str, ordered_on: &str) {
    let order = json!({
        "id": name,
        "supplier": from,
        "ordered_on": ordered_on,
        "lines": [{"sku": "A", "quantity": 5, "expected_on": expected_on}],
    });
    let reply = client.post("/v1/purchase-orders", name, order).await;
    assert_eq!(
        reply.status,
        201,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
}

/// Five of `A` that were to come some days after 1 June, and are sold by now.
async fn deliver(client: &Client, name: &str, from: &str, days_after: i64, days_late: i64) {
    let first: NaiveDate = id("2026-06-01");
    let told = first + TimeDelta::days(days_after);
    let (ordered, came) = (
        told - TimeDelta::days(29),
        told + TimeDelta::days(days_late),
    );
    order(client, name, from, &told.to_string(), &ordered.to_string()).await;
    let receipt = json!({"receipt": name, "received_on": came.to_string(), "lines": [{"sku": "A", "quantity": 5}]});
    let path = format!("/v1/purchase-orders/{name}/receipts");
    let reply = client.post(&path, name, receipt).await;
    assert_eq!(
        reply.status,
        200,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
    let level = json!({"quantity": 0, "if_quantity": 5});
    assert_eq!(client.put("/v1/stock/main/A", level).await.status, 200);
}

/// By when five of `A` leave, for who asks now.
fn ships_by(shop: &TestShop) -> Option<String> {
    let catalogue = shop.app.catalogue.shop(&shop.store)?;
    let (entry, settings) = (catalogue.entry("A")?, catalogue.settings());
    let answer = availability(
        &Goods::plain(&entry.facts()),
        &settings.locations,
        &settings.promises,
        Quantity::new(5),
        shop.app.clock.now(),
    );
    Some(answer.slices.last()?.ships_by.to_string())
}

async fn held(client: &Client) -> String {
    let body = json!({"lines": [{"sku": "A", "quantity": 5}], "expires_in_s": 604_800});
    let reply = client.post("/v1/reservations", "buyer", body).await;
    assert_eq!(
        reply.status,
        201,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
    reply.json()["id"].as_str().expect("an id").to_owned()
}

/// What is told of a reservation after promises were looked after.
async fn looked_after(shop: &TestShop, client: &Client, held: &str) -> Value {
    let mut after = String::new();
    look_after(&shop.app, &shop.store, &mut after)
        .await
        .expect("looked after");
    client.get(&format!("/v1/reservations/{held}")).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_is_told_when_others_came_that_were_as_late() {
    let (shop, _) = shop(&DAYS_LATE, EIGHT_LATE).await;
    assert_eq!(ships_by(&shop).as_deref(), Some("2026-11-30"));
    // Half of them would have come by now; of the others one in four comes after twenty days.
    let shop = shop.at("2026-11-25T09:00:00Z").await;
    assert_eq!(ships_by(&shop).as_deref(), Some("2026-12-16"));
    // No date ever slipped as far, but orders took as long.
    let shop = shop.at("2026-12-14T09:00:00Z").await;
    assert_eq!(ships_by(&shop).as_deref(), Some("2026-12-23"));
    // Later than any that is known: assumed for tomorrow, until nobody counts on it any more.
    let shop = shop.at("2026-12-22T09:00:00Z").await;
    assert_eq!(ships_by(&shop).as_deref(), Some("2026-12-25"));
    let shop = shop.at("2026-12-27T09:00:00Z").await;
    assert_eq!(ships_by(&shop), None);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_stands_until_its_day_cannot_be_kept_whatever_is_told_to_others() {
    let (shop, client) = shop(&DAYS_LATE, EIGHT_LATE).await;
    let held = held(&client).await;
    // Not likely any more, but it may still come today.
    let shop = shop.at("2026-11-25T09:00:00Z").await;
    let client = Client::with(&shop, "sk_live_test");
    let waiting = looked_after(&shop, &client, &held).await;
    assert_eq!(waiting["lines"][0]["ships_by"], "2026-11-30");
    assert_eq!(waiting["promises"].as_array().map(Vec::len), Some(1));

    // What comes today leaves too late.
    let shop = shop.at("2026-11-27T09:00:00Z").await;
    let client = Client::with(&shop, "sk_live_test");
    let late = looked_after(&shop, &client, &held).await;
    assert_eq!(late["lines"][0]["ships_by"], "2026-12-16");
    let told = &late["promises"][1];
    assert_eq!(told["cause"], "supply_late");
    let basis = &told["basis"]["supply"][0];
    assert_eq!(basis["from"], "late_purchase_order");
    assert_eq!(
        (&basis["rule"], &basis["sample"]),
        (&json!("slips"), &json!(8))
    );
    assert_eq!(basis["added_days"], 20);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_moves_with_the_suppliers_own_word() {
    let (shop, client) = shop(&DAYS_LATE, EIGHT_LATE).await;
    let held = held(&client).await;
    for (says, told) in [("2026-11-25", "2026-11-30"), ("2026-12-01", "2026-12-08")] {
        let patch = json!({"expected_on": says}).to_string();
        client
            .json("PATCH", "/v1/purchase-orders/PO-7", &patch)
            .await;
        let shown = client.get(&format!("/v1/reservations/{held}")).await.json();
        assert_eq!(shown["lines"][0]["ships_by"], told, "expected on {says}");
    }
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_that_are_safer_than_asked_are_written_down_as_such() {
    let (shop, client) = shop(&[0], 8).await;
    held(&client).await;
    let note = Note::new("test", "surplus");
    let begun = shop.app.store.begin(&shop.store, note, now());
    let mut writing = begun.await.expect("a change");
    // All came on the day that was told, four of five were asked for.
    assert_eq!(writing.reached().await.expect("what was told"), [100]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_is_judged_anew_each_day_by_what_others_did() {
    let (shop, client) = shop(&DAYS_LATE, 8).await;
    let newcomer = json!({"name": "Newcomer"});
    client.put("/v1/suppliers/newcomer", newcomer).await;
    let newcomer = id("newcomer");
    let days = || async {
        let models = show::supplier_models(&shop.app, &shop.store, Some(&newcomer)).await;
        models.expect("models")[0].lead_time.days
    };
    let before = days().await;
    for at in 0..8 {
        deliver(&client, &format!("L-{at}"), "weaver", 60, 60).await;
    }
    assert_eq!(days().await, before);
    let sweeping = tokio::spawn(sweep(shop.app.clone()));
    let seen = async {
        while days().await <= before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(10), seen).await;
    sweeping.abort();
    assert!(seen.is_ok(), "still {before} days");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_backed_no_promise_carries_none_when_another_is_cancelled() {
    let (shop, client) = shop(&DAYS_LATE, EIGHT_LATE).await;
    let held = held(&client).await;
    // Ordered today without a date: by history it comes in a month.
    let order = json!({"id": "PO-8", "supplier": "weaver", "lines": [{"sku": "A", "quantity": 9}]});
    let reply = client.post("/v1/purchase-orders", "PO-8", order).await;
    assert_eq!(reply.status, 201);
    let cancelled = json!({"status": "cancelled"}).to_string();
    client
        .json("PATCH", "/v1/purchase-orders/PO-7", &cancelled)
        .await;
    let shown = client.get(&format!("/v1/reservations/{held}")).await.json();
    assert_eq!(shown["promises"][1]["cause"], "purchase_order_changed");
    let told = shown["lines"][0]["ships_by"].as_str().expect("a day");
    assert!("2026-12-20" < told, "{told}");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_of_before_keeps_its_dates_and_promises() {
    let directory = TempDir::new().expect("a directory");
    let before = directory.path().join("migrations");
    std::fs::create_dir(&before).expect("a directory");
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    for name in [
        "0001_shop",
        "0002_places",
        "0003_supplier_history",
        "0004_promises",
    ] {
        let name = format!("{name}.sql");
        std::fs::copy(format!("{here}/{name}"), before.join(&name)).expect("a file");
    }
    let path = directory.path().join("shop.sqlite");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("a database");
    let migrations = Migrator::new(before).await.expect("the tables of before");
    migrations
        .run(&mut connection)
        .await
        .expect("the tables of before");
    sqlx::raw_sql(SHOP_OF_BEFORE)
        .execute(&mut connection)
        .await
        .expect("a shop");
    connection.close().await.expect("an end");

    let store = Store::open(&path).await.expect("the tables of now");
    assert_eq!(store.faults().await.expect("a check"), []);
    let known = store
        .load_skus(&id("default"), &[id("A")])
        .await
        .expect("facts");
    let place = known[0].at(&id("main")).expect("a place");
    // What was learnt holds, though not yet for each day of waiting.
    let planned = place.incoming[0].planned(id("2026-11-23"));
    assert_eq!(planned.on(), Some(id("2026-12-17")));
    assert_eq!(place.claims.len(), 1);
}

/// A supplier that comes six days late, five of `A` on their way, and one of them promised.
const SHOP_OF_BEFORE: &str = "
    BEGIN;
    INSERT INTO store (store_id, name, location, currency, split, split_amount, parcels_max, display, horizon_days,
                       overdue_fence_days, overdue_offset_days, min_shipment, origins, revision, settings_revision)
         VALUES ('default', 'A shop', 'main', 'USD', 'off', 0, 2, 'exact', 365, 30, 1, 1, '[]', 4, 0);
    INSERT INTO location (store_id, location, name, time_zone, working_days, pickup_days, holidays, cut_off,
                          processing_days, receiving_days, revision)
         VALUES ('default', 'main', 'main', 'UTC', '1111100', '1111100', '[]', '14:00', 1, 1, 0);
    INSERT INTO supplier VALUES ('default', 'weaver', 'Weaver', '1111100', '[]', NULL, 0, 1);
    INSERT INTO supplier_model (store_id, supplier, mode, level, lead_time_days, own, pooled, slip_level, slip_days,
                                slip_sample, revision)
         VALUES ('default', 'weaver', '', 80, 35, 8, 0, 80, 6, 8, 2);
    INSERT INTO sku (store_id, sku, tracked, discontinued, backorder, low_stock_threshold, revision)
         VALUES ('default', 'A', 1, 0, 'allow', 0, 4);
    INSERT INTO purchase_order (store_id, purchase_order, location, supplier, ordered_on, status, revision)
         VALUES ('default', 'PO-7', 'main', 'weaver', '2026-11-02', 'open', 3);
    INSERT INTO purchase_order_line (store_id, purchase_order, sku, quantity, received, expected_on, promised_on, asked)
         VALUES ('default', 'PO-7', 'A', 5, 0, '2026-12-11', '2026-12-11', 5);
    INSERT INTO reservation (store_id, reservation, plan, created_at_ms, expires_at_ms, revision)
         VALUES ('default', 'rsv_1', 'together', 1795446000000, 1796050800000, 4);
    INSERT INTO promised_part VALUES ('default', 'rsv_1', 0, 0, 'A', 1, 'main', '2026-12-21');
    INSERT INTO claim VALUES ('default', 'A', 'rsv_1', 0, 0, 1);
    INSERT INTO promise VALUES ('default', 'rsv_1', 0, 0, 1, 'A', 1, 'main', '2026-12-21', 'reserved', '{}',
                                1795446000000, 4);
    COMMIT;";
