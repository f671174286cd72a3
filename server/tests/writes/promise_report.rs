//! How many promises were kept, by the date that was told first.

use serde_json::{Value, json};

use crate::client::Client;
use crate::orders::{cancel, line, place, ready, ship};
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
        cancel(&client, "gone", "W-gone", json!({})).await.status,
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
