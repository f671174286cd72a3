//! Posts of which it is not known at once whether they are on a network, and removals that a network refuses.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::posts::{Posting, on};
use crate::reservations::sku;

/// Puts a post up by hand. Returns its path.
async fn by_hand(shop: &mut Posting) -> String {
    let body = json!({"sku": "mug", "template": "{title}"});
    let made = shop.post("/v1/posts", body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    shop.turn().await;
    let made = made.json();
    format!("/v1/posts/{}", made["id"].as_str().expect("an id"))
}

async fn remove(shop: &mut Posting, path: &str) {
    let removed = shop.client.json("DELETE", path, "").await;
    assert_eq!(removed.status, 204);
    shop.turn().await;
}

/// Where the posts are on Mastodon and on Bluesky.
async fn places(shop: &Posting) -> (Vec<String>, Vec<String>) {
    let posts = shop.posts().await;
    (on(&posts, "mastodon"), on(&posts, "bluesky"))
}

fn failure(posts: &[Value], network: &str) -> String {
    let copies = posts.iter().filter_map(|post| post["copies"].as_array());
    let mut copies = copies.flatten();
    let copy = copies.find(|copy| copy["network"] == network);
    let failure = copy.and_then(|copy| copy["failure"].as_str());
    failure.unwrap_or_default().to_owned()
}

async fn shop() -> Posting {
    let shop = Posting::new().await;
    sku(&shop.client, "mug", 4, json!({})).await;
    shop.policy(json!({"moments": {}})).await;
    shop
}

#[tokio::test]
async fn a_removal_that_failed_is_tried_again_when_it_is_asked_for_again() {
    let mut shop = shop().await;
    let path = by_hand(&mut shop).await;
    shop.mastodon.next_removal(403);
    shop.bluesky.next_removal(400);
    remove(&mut shop, &path).await;
    let failed = || vec!["failed".to_owned()];
    assert_eq!(places(&shop).await, (failed(), failed()));
    assert_eq!((shop.mastodon.there(), shop.bluesky.there()), (1, 1));
    remove(&mut shop, &path).await;
    let removed = || vec!["removed".to_owned()];
    assert_eq!(places(&shop).await, (removed(), removed()));
    assert_eq!((shop.mastodon.there(), shop.bluesky.there()), (0, 0));
    // Once more is nothing to do.
    remove(&mut shop, &path).await;
    assert_eq!(places(&shop).await, (removed(), removed()));
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn what_was_given_up_without_an_answer_is_not_called_removed_before_it_was_looked_for() {
    let mut shop = shop().await;
    shop.mastodon.next(422, false);
    shop.bluesky.next(500, true);
    // Whatever is asked after that has no answer for days.
    let path = by_hand(&mut shop).await;
    shop.bluesky.is_away(true);
    for _ in 0..80 {
        shop.pass(TimeDelta::hours(1)).await;
    }
    let posts = shop.posts().await;
    assert_eq!(on(&posts, "bluesky"), ["failed"]);
    let why = failure(&posts, "bluesky");
    assert!(why.contains("not known whether it is there"), "{why}");
    let why = failure(&posts, "mastodon");
    assert!(why.starts_with("422") && !why.contains("known"), "{why}");
    shop.bluesky.is_away(false);
    remove(&mut shop, &path).await;
    assert_eq!(shop.bluesky.there(), 0);
    let posts = shop.posts().await;
    assert_eq!(on(&posts, "bluesky"), ["removed"]);
    // Mastodon refused it, which is no removal.
    assert_eq!(on(&posts, "mastodon"), ["failed"]);
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn what_mastodon_may_have_is_not_put_up_twice_after_an_hour() {
    let mut shop = shop().await;
    shop.mastodon.next(500, true);
    by_hand(&mut shop).await;
    shop.mastodon.is_away(true);
    for _ in 0..13 {
        shop.pass(TimeDelta::minutes(5)).await;
    }
    shop.mastodon.is_away(false);
    shop.mastodon.forget_keys();
    for _ in 0..3 {
        shop.pass(TimeDelta::hours(1)).await;
    }
    assert_eq!(shop.mastodon.made().len(), 1);
    let posts = shop.posts().await;
    assert_eq!(on(&posts, "mastodon"), ["failed"]);
    let why = failure(&posts, "mastodon");
    assert!(why.contains("not known whether it is there"), "{why}");

    // What it has said no to it does not have, however long it says so.
    for _ in 0..16 {
        shop.mastodon.next(429, false);
    }
    by_hand(&mut shop).await;
    for _ in 0..18 {
        shop.pass(TimeDelta::minutes(5)).await;
    }
    assert_eq!(on(&shop.posts().await, "mastodon"), ["failed", "posted"]);
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn what_another_account_posted_is_not_called_removed() {
    let mut shop = shop().await;
    let path = by_hand(&mut shop).await;
    shop.bluesky.is_other_account(true);
    shop.mastodon.next_removal(404);
    remove(&mut shop, &path).await;
    let failed = || vec!["failed".to_owned()];
    assert_eq!(places(&shop).await, (failed(), failed()));
    let posts = shop.posts().await;
    for network in ["mastodon", "bluesky"] {
        let why = failure(&posts, network);
        assert!(why.contains("another account"), "{why}");
    }
    // Once it is the same again, what comes next signs in anew.
    shop.bluesky.is_other_account(false);
    by_hand(&mut shop).await;
    assert_eq!((shop.mastodon.there(), shop.bluesky.there()), (2, 2));
    remove(&mut shop, &path).await;
    assert_eq!((shop.mastodon.there(), shop.bluesky.there()), (1, 1));
    shop.shop.assert_sound().await;
}
