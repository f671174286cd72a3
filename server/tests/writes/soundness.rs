//! Faults that are planted in what was sold, what is to be ordered and what the merchant is told of, each named by `ships-by check`.

use serde_json::json;
use server::store::Store;
use server::store::soundness::Fault;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::reorders::{Desk, two_years, weaver};
use crate::shop::TestShop;

/// What is done behind the server's back, the check that names it, and what it says.
const FAULTS: [(&str, &str, &str); 12] = [
    (
        "UPDATE reorder SET cost = cost + 1",
        "a reorder costs what its lines do",
        "its lines",
    ),
    (
        "DELETE FROM reorder_line",
        "a reorder costs what its lines do",
        "has no lines",
    ),
    (
        "UPDATE purchase_order SET supplier = NULL",
        "what was sent to a supplier is on order there",
        "A of R-",
    ),
    (
        "UPDATE purchase_order_line SET asked = 1, quantity = 1",
        "what was sent to a supplier is on order there",
        "A of R-",
    ),
    (
        "UPDATE reorder SET sent_at_ms = NULL",
        "what was sent says when",
        "R-",
    ),
    (
        "UPDATE reorder SET fires_on = '2026-11-24'",
        "a day of a schedule that made a draft was acted on",
        "R-",
    ),
    (
        "UPDATE alert SET subject = 'nothing' WHERE kind = 'low_stock'",
        "an alert tells of what is so",
        "low_stock of nothing",
    ),
    (
        "UPDATE alert SET position = reorder_point + 1 WHERE kind = 'low_stock'",
        "an alert tells of what is so",
        "low_stock of A",
    ),
    (
        "UPDATE alert SET ended_at_ms = begun_at_ms - 1",
        "an alert tells of what is so",
        "low_stock of A",
    ),
    (
        "UPDATE sales_month SET imported = imported + 1 WHERE month = '2026-10-01'",
        "what files say of a month is the sum of its days",
        "A in 2026-10-01",
    ),
    (
        "UPDATE sales_month SET month = '2026-10-02' WHERE month = '2026-10-01'",
        "what files say of a month is the sum of its days",
        "A in 2026-10-02",
    ),
    (
        "UPDATE forecast SET content = '{}'",
        "a forecast goes on from a whole month and can be read",
        "A of store default",
    ),
];

/// A shop that ran low of A, was told so, and ordered more, which nobody has confirmed.
async fn ordered() -> Desk {
    let mut desk = Desk::of(TestShop::in_file().await, "2026-11-23T15:00:00Z").await;
    desk.policy(weaver(json!({}))).await;
    desk.terms(json!([{"sku": "A", "unit_cost": {"amount": 300, "currency": "USD"}}]))
        .await;
    desk.import(&two_years("A")).await;
    desk.count("A", 0).await;
    desk.turn().await;
    let run = desk.post("/v1/reorders/run", json!({})).await.json();
    let id = run["items"][0]["id"].as_str().expect("a draft").to_owned();
    for step in ["approve", "send"] {
        let path = format!("/v1/reorders/{id}/{step}");
        assert_eq!(desk.post(&path, json!({})).await.status, 200);
    }
    desk
}

/// What a check finds in a copy of the shop after it was meddled with.
async fn found_after(desk: &Desk, copy: &str, meddling: &'static str) -> Vec<Fault> {
    let copy = desk.shop.directory.path().join(copy);
    let path = copy.to_str().expect("text");
    desk.shop.app.store.copy_to(path).await.expect("a copy");
    let options = SqliteConnectOptions::new().filename(&copy);
    let mut stranger = SqliteConnection::connect_with(&options)
        .await
        .expect("the copy");
    sqlx::query(meddling)
        .execute(&mut stranger)
        .await
        .expect(meddling);
    stranger.close().await.expect("all of it in the file");
    let store = Store::open_as_it_is(&copy).await.expect("the copy");
    let faults = store.faults().await.expect("a check");
    store.close().await;
    faults
}

#[tokio::test]
async fn a_fault_of_reorders_demand_or_alerts_is_named() {
    let desk = ordered().await;
    desk.shop.assert_sound().await;
    for (at, (meddling, check, said)) in FAULTS.into_iter().enumerate() {
        let faults = found_after(&desk, &format!("{at}.sqlite"), meddling).await;
        assert!(!faults.is_empty(), "{meddling}");
        for fault in faults {
            assert_eq!(fault.check, check, "{meddling}");
            assert!(fault.found.contains(said), "{meddling}: {fault:?}");
        }
    }
}

#[tokio::test]
async fn an_alert_about_an_order_that_was_confirmed_is_named() {
    let mut desk = ordered().await;
    desk.after_days(5).await;
    desk.shop.assert_sound().await;
    let confirmed = "UPDATE reorder SET status = 'confirmed'";
    let faults = found_after(&desk, "confirmed.sqlite", confirmed).await;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].found.contains("unconfirmed of R-"), "{faults:?}");
}
