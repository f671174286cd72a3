use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use server::changes::{BEHIND_MAX, Change, Changed};
use server::limits::Limits;
use tokio::time::timeout;

use crate::stand::{SHOP_ORIGIN, Stand, cap, hoodie, request, settings};

struct Listening(BodyDataStream);

impl Listening {
    async fn to(stand: &Stand, address: &str, last_seen: Option<&str>) -> Self {
        let mut asked = request("GET", address);
        if let Some(id) = last_seen {
            asked = asked.header("last-event-id", id);
        }
        let asked = asked.body(Body::empty()).expect("a request");
        let response = stand.front.answer(asked, [127, 0, 0, 1].into()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(
            response.headers()["cache-control"],
            "no-cache, no-transform"
        );
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self(response.into_body().into_data_stream())
    }

    /// What comes next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        let part = timeout(Duration::from_secs(3600), self.0.next())
            .await
            .expect("news")?;
        Some(String::from_utf8(part.expect("no failure").to_vec()).expect("UTF-8"))
    }

    async fn is_silent(&mut self) -> bool {
        timeout(Duration::from_millis(50), self.0.next())
            .await
            .is_err()
    }
}

fn events(text: &str) -> Vec<(String, String, serde_json::Value)> {
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    text.split("\n\n")
        .filter(|block| block.contains("data:"))
        .map(|block| {
            let data = serde_json::from_str(&field(block, "data:")).expect("JSON");
            (field(block, "event:"), field(block, "id:"), data)
        })
        .collect()
}

#[tokio::test]
async fn a_stream_begins_with_whole_answers_and_goes_on_with_changes() {
    let stand = Stand::new().await;
    let mut stream = Listening::to(
        &stand,
        "/v1/stream?sku=hoodie&sku=cap&sku=cap&sku=nobody",
        None,
    )
    .await;
    let first = stream.next().await.expect("a beginning");
    assert!(first.contains("retry: "), "{first}");
    let told = events(&first);
    let skus: Vec<_> = told
        .iter()
        .map(|(event, id, data)| format!("{event} {id} {}", data["sku"]))
        .collect();
    assert_eq!(
        skus,
        [
            r#"availability 0 "nobody""#,
            r#"availability 6 "hoodie""#,
            r#"availability 7 "cap""#
        ],
        "the oldest come first, so that the last id heard stands for all before"
    );
    let asked = stand.get("/v1/availability?sku=hoodie").await.json();
    assert_eq!(told[1].2, asked["items"][0], "the same answer as by asking");

    stand.change(cap(0));
    let told = events(&stream.next().await.expect("news"));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1, "8");
    assert_eq!(told[0].2["status"], "out_of_stock");
    assert!(stream.is_silent().await);
}

#[tokio::test]
async fn changes_of_other_goods_and_other_shops_are_not_told() {
    let stand = Stand::new().await;
    let mut stream = Listening::to(&stand, "/v1/stream?sku=cap", None).await;
    stream.next().await.expect("a beginning");
    stand.change(hoodie());
    stand.app.changes.announce(Change {
        store: "two".parse().expect("an id"),
        skus: Changed::All,
        revision: 9,
    });
    // Perhaps anything changed, but this did not.
    stand.app.changes.announce(Change {
        store: stand.shop.id.clone(),
        skus: Changed::All,
        revision: 9,
    });
    assert!(stream.is_silent().await);
    let mut renamed = settings(SHOP_ORIGIN);
    renamed.generation = 2;
    renamed.locations[0].calendar.processing_days = 3;
    stand.shop.put_settings(renamed);
    stand.app.changes.announce(Change {
        store: stand.shop.id.clone(),
        skus: Changed::All,
        revision: 10,
    });
    assert_eq!(events(&stream.next().await.expect("news")).len(), 1);
}

#[tokio::test]
async fn a_client_that_comes_back_is_told_what_changed_since() {
    let stand = Stand::new().await;
    stand.change(cap(4));
    stand.change(hoodie());
    for (address, last_seen) in [
        ("/v1/stream?sku=cap&sku=hoodie&since=8", None),
        ("/v1/stream?sku=cap&sku=hoodie", Some("8")),
    ] {
        let mut stream = Listening::to(&stand, address, last_seen).await;
        let told = events(&stream.next().await.expect("a beginning"));
        assert_eq!(told.len(), 1, "{address}");
        assert_eq!(told[0].2["sku"], "hoodie");
    }
    // Two of one revision: the connection may have broken between them.
    for mut facts in [cap(2), hoodie()] {
        facts.revision = 10;
        stand.shop.put([facts]);
    }
    stand.shop.reach(10);
    let mut tied = Listening::to(&stand, "/v1/stream?sku=cap&sku=hoodie&since=10", None).await;
    assert_eq!(events(&tied.next().await.expect("a beginning")).len(), 2);
    stand.change(hoodie());
    let mut current = Listening::to(&stand, "/v1/stream?sku=cap&sku=hoodie&since=11", None).await;
    assert_eq!(events(&current.next().await.expect("a beginning")), []);
    stand.change(cap(1));
    assert_eq!(events(&current.next().await.expect("news")).len(), 1);
    // Before the store was restored from a copy; before the server started, when time may have changed it.
    for since in ["4000", "7"] {
        let address = format!("/v1/stream?sku=cap&since={since}");
        let mut strange = Listening::to(&stand, &address, None).await;
        assert_eq!(events(&strange.next().await.expect("a beginning")).len(), 1);
    }
}

#[tokio::test]
async fn a_client_that_comes_back_is_told_what_time_has_changed() {
    let stand = Stand::starting("2026-11-23T18:59:59Z", Limits::default()).await;
    stand.change(cap(4));
    let address = "/v1/stream?sku=cap&since=8";
    let mut before = Listening::to(&stand, address, None).await;
    assert_eq!(events(&before.next().await.expect("a beginning")), []);

    // 14:00 in New York: what is ordered now leaves a day later.
    let afternoon = "2026-11-23T19:00:00Z".parse().expect("an instant");
    stand.hand.show(afternoon);
    let mut after = Listening::to(&stand, address, None).await;
    let told = events(&after.next().await.expect("a beginning"));
    assert_eq!(told[0].2["ships_by"], "2026-11-25");
}

#[tokio::test]
async fn a_client_that_falls_behind_is_told_to_ask_again() {
    let stand = Stand::new().await;
    let mut stream = Listening::to(&stand, "/v1/stream?sku=cap", None).await;
    stream.next().await.expect("a beginning");
    for _ in 0..=BEHIND_MAX {
        stand.change(hoodie());
    }
    let told = events(&stream.next().await.expect("news"));
    assert_eq!(told[0].0, "resync");
    assert_eq!(told[0].2["revision"], stand.shop.revision());
    stand.change(cap(0));
    let mut told = Vec::new();
    while told.is_empty() {
        told = events(&stream.next().await.expect("news"));
    }
    assert_eq!(told[0].2["status"], "out_of_stock");
}

#[tokio::test]
async fn each_address_and_each_store_has_so_many_streams_and_gets_them_back() {
    let stand = Stand::with(Limits {
        streams_per_address: 2,
        ..Limits::default()
    })
    .await;
    let first = Listening::to(&stand, "/v1/stream?sku=cap", None).await;
    let _second = Listening::to(&stand, "/v1/stream?sku=cap", None).await;
    let refused = stand.get("/v1/stream?sku=cap").await;
    refused.is_problem(429, "too_many_streams");
    assert_ne!(refused.header("retry-after"), "");
    drop(first);
    let _third = Listening::to(&stand, "/v1/stream?sku=cap", None).await;
    assert!(
        stand
            .get("/metrics")
            .await
            .text
            .contains("shipsby_streams_open 2")
    );
}

#[tokio::test]
async fn a_stream_shows_that_it_lives_and_ends_with_the_server() {
    let stand = Stand::new().await;
    let mut stream = Listening::to(&stand, "/v1/stream?sku=cap", None).await;
    stream.next().await.expect("a beginning");
    tokio::time::pause();
    assert_eq!(stream.next().await.as_deref(), Some(":\n\n"));
    stand.stop.cancel();
    let end = stream.next().await.expect("a goodbye");
    assert!(end.starts_with("retry: "), "{end}");
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_stream_ends_after_its_life_and_says_when_to_come_back() {
    let stand = Stand::with(Limits {
        stream_life: Duration::from_secs(100),
        ..Limits::default()
    })
    .await;
    let mut stream = Listening::to(&stand, "/v1/stream?sku=cap", None).await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let mut last = String::new();
    while let Some(text) = stream.next().await {
        last = text;
    }
    assert!(last.starts_with("retry: "), "{last}");
    let lived = begun.elapsed().as_secs();
    assert!((79..=121).contains(&lived), "{lived}");
}
