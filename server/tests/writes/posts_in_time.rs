//! Posts that wait, dates that move by themselves, and servers of which one does not know yet what another has done.

use chrono::TimeDelta;
use serde_json::{Value, json};
use server::app::App;
use server::connections::Connections;
use server::operations::posts::forget_posts;
use server::operations::set_stock::{SetStock, set_stock};
use server::operations::watch_posts::{PostsWatched, look_after_posts};
use shared::quantity::Quantity;

use crate::posts::{Posting, statuses};
use crate::reservations::{ordered, sku};
use crate::shop::{app_with, id};

/// Another server on the same database.
async fn other_server(shop: &Posting) -> App {
    let app = &shop.shop.app;
    app_with(app.store.clone(), app.clock.clone(), Connections::default()).await
}

async fn set_there(app: &App, shop: &Posting, sku: &str, units: u32) {
    let set = SetStock {
        sku: id(sku),
        location: id("main"),
        quantity: Quantity::new(units),
        if_quantity: None,
        committed: None,
        safety_stock: None,
    };
    set_stock(app, &shop.shop.store, set).await.expect("stock");
}

/// The corrections that went.
fn gone(posts: &[Value]) -> Vec<&str> {
    let went = posts.iter().filter(|post| post["moment"] == "correction");
    went.filter_map(|post| post["text"].as_str()).collect()
}

async fn move_to(shop: &mut Posting, day: u32) {
    let patch = json!({"expected_on": format!("2026-12-{day:02}")});
    let moved = shop.client.patch("/v1/purchase-orders/PO-1", patch).await;
    assert_eq!(moved.status, 200, "{}", moved.json());
    shop.turn().await;
}

#[tokio::test]
async fn nothing_is_posted_of_a_date_that_moves_by_itself() {
    let mut shop = Posting::new().await;
    sku(&shop.client, "made", 0, json!({})).await;
    let body = json!({"lead_time_days": 9});
    let put = shop.client.put("/v1/suppliers/joiner", body).await;
    assert_eq!(put.status, 200, "{}", put.json());
    let body = json!({"supplier": "joiner", "backorder": {"policy": "allow"}});
    assert_eq!(shop.client.put("/v1/skus/made", body).await.status, 200);
    sku(&shop.client, "late", 0, json!({})).await;
    shop.policy(json!({})).await;
    shop.turn().await;
    let body = json!({"sku": "made", "template": "{title}: {told}"});
    assert_eq!(shop.post("/v1/posts", body).await.status, 201);
    ordered(&shop.client, "PO-1", "late", 9, "2026-11-25").await;
    shop.turn().await;
    let expected = [("by_hand", "published"), ("new_date", "published")];
    assert_eq!(statuses(&shop.posts().await), expected);
    // Of what is late it is said once that it is not there by then.
    for _ in 0..8 {
        shop.pass(TimeDelta::days(1)).await;
    }
    let expected = [
        ("by_hand", "published"),
        ("new_date", "corrected"),
        ("correction", "published"),
    ];
    assert_eq!(statuses(&shop.posts().await), expected);
    // Once somebody says when, it is.
    move_to(&mut shop, 16).await;
    let posts = shop.posts().await;
    assert_eq!(gone(&posts).len(), 2);
    assert!(gone(&posts)[1].contains("December 18"), "{posts:?}");
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn a_date_that_moves_again_and_again_is_corrected_a_few_times_a_day_and_in_the_end() {
    let mut shop = Posting::new().await;
    sku(&shop.client, "mug", 0, json!({})).await;
    shop.policy(json!({})).await;
    shop.turn().await;
    ordered(&shop.client, "PO-1", "mug", 9, "2026-12-08").await;
    shop.turn().await;
    for day in [9, 10, 14, 15, 16] {
        move_to(&mut shop, day).await;
    }
    for _ in 0..23 {
        shop.pass(TimeDelta::hours(1)).await;
    }
    assert_eq!(gone(&shop.posts().await).len(), 3);
    shop.pass(TimeDelta::hours(2)).await;
    let posts = shop.posts().await;
    let texts = gone(&posts);
    assert_eq!(texts.len(), 4, "{texts:?}");
    assert!(texts[3].contains("December 18"), "{texts:?}");
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn what_never_went_is_forgotten_in_time() {
    let mut shop = Posting::new().await;
    sku(&shop.client, "mug", 4, json!({})).await;
    let body = json!({"sku": "mug", "template": "{title}", "at": "2026-11-24T09:00:00Z"});
    let made = shop.post("/v1/posts", body).await.json();
    let path = format!("/v1/posts/{}", made["id"].as_str().expect("an id"));
    assert_eq!(shop.client.json("DELETE", &path, "").await.status, 204);
    for (days, kept) in [(89, 1), (3, 0)] {
        shop.pass(TimeDelta::days(days)).await;
        forget_posts(&shop.shop.app, &shop.shop.store)
            .await
            .expect("it");
        assert_eq!(shop.posts().await.len(), kept);
    }
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn many_posts_that_wait_keep_no_correction_and_no_word_of_the_merchant_waiting() {
    let mut shop = Posting::new().await;
    let names: Vec<String> = (0..21).map(|number| format!("sku-{number}")).collect();
    for name in &names {
        shop.shop.stocked(name, 0).await;
    }
    sku(&shop.client, "mug", 0, json!({})).await;
    shop.policy(json!({})).await;
    shop.turn().await;
    ordered(&shop.client, "PO-1", "mug", 9, "2026-12-08").await;
    shop.turn().await;
    assert_eq!(shop.mastodon.made().len(), 1);
    shop.policy(json!({"from": "16:00", "until": "18:00"}))
        .await;
    for name in &names {
        shop.shop.set(name, 1, None).await.expect("stock");
    }
    shop.turn().await;
    assert_eq!(shop.mastodon.made().len(), 1, "it is too early");
    move_to(&mut shop, 16).await;
    let body = json!({"sku": "mug", "template": "Look"});
    assert_eq!(shop.post("/v1/posts", body).await.status, 201);
    shop.turn().await;
    let made = shop.mastodon.made();
    let texts: Vec<&str> = made[1..]
        .iter()
        .filter_map(|toot| toot["status"].as_str())
        .collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("December 18"), "{texts:?}");
    assert_eq!(texts[1], "Look");
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn a_server_that_does_not_know_yet_what_another_did_says_nothing_that_is_not_so() {
    let mut shop = Posting::new().await;
    for name in ["mug", "cap"] {
        shop.shop.stocked(name, 0).await;
    }
    shop.policy(json!({})).await;
    shop.turn().await;
    let other = other_server(&shop).await;
    let theirs = other.catalogue.shop(&shop.shop.store).expect("the shop");
    let mut watched = PostsWatched::default();

    // The other has seen and said that the mug is there; this one still believes it is gone.
    set_there(&other, &shop, "mug", 3).await;
    look_after_posts(&other, &theirs, &mut watched)
        .await
        .expect("a look");
    shop.pass(TimeDelta::minutes(11)).await;
    let posts = shop.posts().await;
    assert_eq!(statuses(&posts), [("back_in_stock", "published")]);

    shop.shop.watched().await;
    // This one has a post that waits; that the cap is gone again only the other knows.
    shop.policy(json!({"from": "16:00", "until": "18:00"}))
        .await;
    shop.count("cap", 1).await;
    set_there(&other, &shop, "cap", 0).await;
    shop.pass(TimeDelta::hours(1)).await;
    let posts = shop.posts().await;
    assert_eq!(statuses(&posts[1..]), [("back_in_stock", "cancelled")]);
    shop.shop.assert_sound().await;
}
