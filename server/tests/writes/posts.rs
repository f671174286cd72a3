//! Posts: made when the merchant wants them, no more of them than that, carried once to each network, and not left standing when they are
//! not true any more.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::http::bundles::Bundles;
use server::http::front::Front;
use server::http::routes;
use server::operations::errands::run_due;
use server::operations::watch_posts::{PostsWatched, look_after_posts};
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Reply};
use crate::networks::{Network, PASSWORD, TOKEN};
use crate::reservations::{ordered, sku};
use crate::shop::{TestShop, app_with, now};

/// A shop with accounts on both networks and a clock that is moved by hand.
pub struct Posting {
    pub shop: TestShop,
    pub client: Client,
    pub mastodon: Network,
    pub bluesky: Network,
    hand: Hand,
    at: DateTime<Utc>,
    watched: PostsWatched,
    requests: u32,
}

impl Posting {
    pub async fn new() -> Self {
        let mut shop = TestShop::new().await;
        let (mastodon, bluesky) = (Network::mastodon().await, Network::bluesky().await);
        let (clock, hand) = Clock::by_hand(now());
        let accounts = json!({
            "public_url": "https://ships.example",
            "stores": {"default": {
                "mastodon": {"url": mastodon.url(), "access_token": TOKEN, "private": true},
                "bluesky": {"url": bluesky.url(), "identifier": "shop.example", "app_password": PASSWORD, "private": true},
            }},
        });
        let connections = Connections::parse(&accounts.to_string(), &clock).expect("accounts");
        shop.app = app_with(shop.app.store.clone(), clock, connections).await;
        let client = Client::new(&shop).await;
        shop.watched().await;
        Self {
            client,
            shop,
            mastodon,
            bluesky,
            hand,
            at: now(),
            watched: PostsWatched::default(),
            requests: 0,
        }
    }

    pub async fn policy(&self, more: Value) -> Value {
        let mut body = json!({
            "moments": {
                "back_in_stock": "{title} is back. {link}",
                "new_date": "{title}: {told}. {link}",
                "preorder_opens": "Preorder {title}. {link}",
            },
            "networks": ["mastodon", "bluesky"],
            "approve": false,
            "from": "00:00",
            "until": "00:00",
            "per_sku_days": 0,
        });
        if let (Some(all), Some(more)) = (body.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        let put = self.client.put("/v1/posts/policy", body).await;
        assert_eq!(put.status, 200, "{}", put.json());
        put.json()
    }

    /// What the server does in a turn.
    pub async fn turn(&mut self) {
        let app = &self.shop.app;
        let shop = app.catalogue.shop(&self.shop.store).expect("the shop");
        look_after_posts(app, &shop, &mut self.watched)
            .await
            .expect("a look");
        run_due(app, &self.shop.store).await.expect("errands");
    }

    pub async fn count(&mut self, sku: &str, units: u32) {
        self.shop.set(sku, units, None).await.expect("stock");
        self.turn().await;
    }

    pub async fn pass(&mut self, time: TimeDelta) {
        self.at += time;
        self.hand.show(self.at);
        self.turn().await;
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Reply {
        self.requests += 1;
        let key = format!("request-{}", self.requests);
        self.client.post(path, &key, body).await
    }

    /// Posts, the first at first.
    pub async fn posts(&self) -> Vec<Value> {
        let page = self.client.get("/v1/posts").await;
        assert_eq!(page.status, 200, "{}", page.json());
        let mut items = page.json()["items"].as_array().expect("a list").clone();
        items.reverse();
        items
    }

    async fn feed(&self, path: &str, known: Option<&str>) -> Reply {
        let stop = CancellationToken::new();
        let front = routes::front(self.shop.app.clone(), Bundles::built_in(), stop);
        let front: Arc<Front> = Arc::new(front);
        let request = Request::builder().uri(path).header("host", "ships.example");
        let request = match known {
            Some(tag) => request.header("if-none-match", tag),
            None => request,
        };
        let request = request.body(Body::empty()).expect("a request");
        let response = front.answer(request, IpAddr::from([10, 0, 0, 1])).await;
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: to_bytes(body, 1 << 20).await.expect("a body").to_vec(),
        }
    }

    async fn feed_text(&self) -> String {
        let feed = self.feed("/s/default/feed.atom", None).await;
        assert_eq!(feed.status, 200);
        String::from_utf8(feed.body).expect("UTF-8")
    }
}

pub fn statuses(posts: &[Value]) -> Vec<(&str, &str)> {
    posts
        .iter()
        .map(|post| {
            let text = |name: &str| post[name].as_str().expect("text");
            (text("moment"), text("status"))
        })
        .collect()
}

#[tokio::test]
async fn goods_that_are_there_again_are_posted_once_on_every_network_and_in_the_feed() {
    let mut shop = Posting::new().await;
    shop.shop.stocked("mug", 0).await;
    shop.policy(json!({})).await;
    shop.turn().await;
    assert!(
        shop.posts().await.is_empty(),
        "what was so before is no news"
    );
    // The answer of one network is lost, the other has no time.
    shop.mastodon.next(500, true);
    shop.bluesky.next(502, true);
    shop.count("mug", 3).await;
    shop.pass(TimeDelta::minutes(1)).await;
    let posts = shop.posts().await;
    assert_eq!(statuses(&posts), [("back_in_stock", "published")]);
    let text = "mug is back. https://ships.example/s/default/mug";
    assert_eq!(posts[0]["text"], text);
    let copies = posts[0]["copies"].as_array().expect("copies");
    let copies: Vec<(&Value, &Value)> = copies
        .iter()
        .map(|copy| (&copy["network"], &copy["status"]))
        .collect();
    assert_eq!(
        copies,
        [
            (&json!("bluesky"), &json!("posted")),
            (&json!("mastodon"), &json!("posted"))
        ]
    );
    let (toots, records) = (shop.mastodon.made(), shop.bluesky.made());
    assert_eq!(
        (toots.len(), records.len()),
        (1, 1),
        "{toots:?} {records:?}"
    );
    assert_eq!(toots[0]["status"], text);
    assert_eq!(toots[0]["visibility"], "public");
    assert_eq!(records[0]["text"], text);
    let card = &records[0]["embed"]["external"];
    assert_eq!(card["uri"], "https://ships.example/s/default/mug");
    assert_eq!(records[0]["facets"].as_array().map(Vec::len), Some(1));
    let feed = shop.feed_text().await;
    assert!(feed.contains(&format!(">{text}</content>")), "{feed}");

    // Fewer of them, and the passing of time, are nothing to write about.
    shop.count("mug", 2).await;
    shop.pass(TimeDelta::days(1)).await;
    assert_eq!(shop.posts().await.len(), 1);
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn a_date_that_moved_is_followed_up_below_the_post_that_said_it() {
    let mut shop = Posting::new().await;
    sku(&shop.client, "mug", 0, json!({})).await;
    shop.policy(json!({})).await;
    shop.turn().await;
    ordered(&shop.client, "PO-1", "mug", 9, "2026-12-10").await;
    shop.turn().await;
    let patch = json!({"expected_on": "2026-12-17"});
    let path = "/v1/purchase-orders/PO-1";
    assert_eq!(shop.client.patch(path, patch).await.status, 200);
    shop.turn().await;
    let posts = shop.posts().await;
    assert_eq!(
        statuses(&posts),
        [("new_date", "corrected"), ("correction", "published")]
    );
    assert_eq!(posts[1]["follows"], posts[0]["id"]);
    assert_ne!(posts[0]["ships_by"], posts[1]["ships_by"]);
    let texts: Vec<&str> = posts
        .iter()
        .filter_map(|post| post["text"].as_str())
        .collect();
    assert_eq!(
        texts,
        ["14", "21"].map(|day| format!(
            "mug: Backordered. Ships by Monday, December {day}. https://ships.example/s/default/mug"
        ))
    );
    let (toots, records) = (shop.mastodon.made(), shop.bluesky.made());
    assert_eq!(toots[1]["in_reply_to_id"], toots[0]["id"]);
    assert_eq!(toots[0]["in_reply_to_id"], Value::Null);
    let parent = &records[1]["reply"]["parent"];
    assert!(
        parent["uri"]
            .as_str()
            .is_some_and(|uri| uri.starts_with("at://did:plc:"))
    );
    assert_eq!(records[1]["reply"]["root"], *parent);
    assert_eq!(shop.feed_text().await.matches("<entry ").count(), 2);

    // It moves again: everything in a thread names the post with which it begins, or nobody sees it there.
    let patch = json!({"expected_on": "2026-12-24"});
    assert_eq!(shop.client.patch(path, patch).await.status, 200);
    shop.turn().await;
    let again = &shop.bluesky.made()[2]["reply"];
    assert_eq!(again["root"], *parent);
    assert_ne!(again["parent"], *parent);
    shop.shop.assert_sound().await;
}

/// Where each post is on a network.
pub fn on(posts: &[Value], network: &str) -> Vec<String> {
    let copies = posts.iter().filter_map(|post| post["copies"].as_array());
    let there = copies.flatten().filter(|copy| copy["network"] == network);
    there
        .map(|copy| copy["status"].as_str().expect("text").to_owned())
        .collect()
}

#[tokio::test]
async fn what_is_not_so_any_more_when_a_network_is_there_again_is_not_said_there() {
    let mut shop = Posting::new().await;
    for sku in ["mug", "cap"] {
        shop.shop.stocked(sku, 0).await;
    }
    shop.policy(json!({})).await;
    shop.turn().await;
    shop.bluesky.next(503, false);
    shop.count("mug", 1).await;
    shop.count("mug", 0).await;
    assert!(shop.bluesky.made().is_empty(), "{:?}", shop.bluesky.made());
    for _ in 0..2 {
        shop.pass(TimeDelta::minutes(1)).await;
    }
    let posts = shop.posts().await;
    let expected = [("back_in_stock", "corrected"), ("correction", "published")];
    assert_eq!(statuses(&posts), expected);
    assert_eq!(on(&posts, "bluesky"), ["failed", "posted"]);
    assert_eq!(on(&posts, "mastodon"), ["posted", "posted"]);
    let records = shop.bluesky.made();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["text"], posts[1]["text"]);
    assert_eq!(records[0].get("reply"), None);

    // The next one got there, though nobody heard of it: what is so then is said below it.
    shop.bluesky.next(500, true);
    shop.count("cap", 1).await;
    shop.count("cap", 0).await;
    for _ in 0..2 {
        shop.pass(TimeDelta::minutes(1)).await;
    }
    assert_eq!(
        on(&shop.posts().await[2..], "bluesky"),
        ["posted", "posted"]
    );
    let records = shop.bluesky.made();
    assert_eq!(records.len(), 3, "{records:?}");
    assert_eq!(records[2]["reply"]["parent"], records[2]["reply"]["root"]);
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn a_post_that_is_removed_before_anybody_heard_that_it_is_there_is_removed_there() {
    let mut shop = Posting::new().await;
    sku(&shop.client, "mug", 4, json!({})).await;
    shop.policy(json!({"moments": {}})).await;
    shop.mastodon.next(500, true);
    shop.bluesky.next(500, true);
    let body = json!({"sku": "mug", "template": "{title}"});
    let made = shop.post("/v1/posts", body).await.json();
    shop.turn().await;
    assert_eq!((shop.mastodon.there(), shop.bluesky.there()), (1, 1));
    let path = format!("/v1/posts/{}", made["id"].as_str().expect("an id"));
    assert_eq!(shop.client.json("DELETE", &path, "").await.status, 204);
    shop.pass(TimeDelta::minutes(1)).await;
    assert_eq!((shop.mastodon.there(), shop.bluesky.there()), (0, 0));
    assert_eq!(shop.mastodon.made().len(), 1);
    let posts = shop.posts().await;
    assert_eq!(on(&posts, "mastodon"), ["removed"]);
    assert_eq!(on(&posts, "bluesky"), ["removed"]);
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn whoever_signed_in_stays_in_until_that_is_over() {
    let mut shop = Posting::new().await;
    sku(&shop.client, "mug", 4, json!({})).await;
    shop.policy(json!({"moments": {}, "networks": ["bluesky"]}))
        .await;
    for number in 0..8 {
        let body = json!({"sku": "mug", "template": format!("{{title}} {number}")});
        assert_eq!(shop.post("/v1/posts", body).await.status, 201);
    }
    shop.turn().await;
    assert_eq!((shop.bluesky.there(), shop.bluesky.sign_ins()), (8, 1));
    shop.bluesky.expire();
    let body = json!({"sku": "mug", "template": "{title} again"});
    let made = shop.post("/v1/posts", body).await.json();
    shop.turn().await;
    assert_eq!((shop.bluesky.there(), shop.bluesky.sign_ins()), (9, 2));
    shop.bluesky.expire();
    let path = format!("/v1/posts/{}", made["id"].as_str().expect("an id"));
    assert_eq!(shop.client.json("DELETE", &path, "").await.status, 204);
    shop.turn().await;
    assert_eq!((shop.bluesky.there(), shop.bluesky.sign_ins()), (8, 3));

    shop.bluesky.next(400, false);
    let body = json!({"sku": "mug", "template": "No"});
    assert_eq!(shop.post("/v1/posts", body).await.status, 201);
    shop.turn().await;
    let posts = shop.posts().await;
    let copy = &posts[9]["copies"][0];
    assert_eq!(copy["failure"], "400 InvalidRequest: not now");
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn where_the_merchant_wants_it_what_is_not_so_any_more_is_removed_everywhere() {
    let mut shop = Posting::new().await;
    shop.shop.stocked("mug", 0).await;
    shop.policy(json!({"when_outdated": "delete"})).await;
    shop.turn().await;
    shop.count("mug", 1).await;
    assert_eq!((shop.mastodon.there(), shop.bluesky.there()), (1, 1));
    shop.count("mug", 0).await;
    assert_eq!((shop.mastodon.there(), shop.bluesky.there()), (0, 0));
    let posts = shop.posts().await;
    assert_eq!(statuses(&posts), [("back_in_stock", "withdrawn")]);
    assert_eq!(posts[0]["copies"][0]["status"], "removed");
    assert!(!shop.feed_text().await.contains("<entry "));

    // By hand it goes too, wherever it is, and once is enough.
    shop.policy(json!({"when_outdated": "leave"})).await;
    shop.count("mug", 1).await;
    let again = shop.posts().await[1]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/v1/posts/{again}");
    for _ in 0..2 {
        assert_eq!(shop.client.json("DELETE", &path, "").await.status, 204);
        shop.turn().await;
    }
    assert_eq!((shop.mastodon.there(), shop.bluesky.there()), (0, 0));
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn posts_keep_to_their_hours_their_number_and_whoever_is_to_look_first() {
    let mut shop = Posting::new().await;
    for sku in ["a", "b", "c"] {
        shop.shop.stocked(sku, 0).await;
    }
    // It is three in the afternoon.
    let hours = json!({"from": "16:00", "until": "18:00", "per_day": 2, "per_sku_days": 7});
    shop.policy(hours).await;
    shop.turn().await;
    for sku in ["a", "b", "c"] {
        shop.count(sku, 1).await;
    }
    assert!(shop.mastodon.made().is_empty(), "it is too early");
    shop.pass(TimeDelta::hours(1)).await;
    assert_eq!(shop.mastodon.made().len(), 2);
    shop.pass(TimeDelta::hours(12)).await;
    assert_eq!(shop.mastodon.made().len(), 2, "nobody posts at night");
    shop.pass(TimeDelta::hours(13)).await;
    assert_eq!(shop.mastodon.made().len(), 3);
    // Of the same goods nothing for a week.
    shop.policy(json!({"per_sku_days": 7, "when_outdated": "leave"}))
        .await;
    shop.count("a", 0).await;
    shop.count("a", 1).await;
    assert_eq!(shop.posts().await.len(), 3);

    shop.policy(json!({"approve": true, "when_outdated": "leave"}))
        .await;
    shop.count("a", 0).await;
    shop.count("a", 1).await;
    let draft = shop.posts().await[3].clone();
    assert_eq!(draft["status"], "draft");
    let path = format!("/v1/posts/{}", draft["id"].as_str().expect("an id"));
    let worded = shop
        .client
        .patch(&path, json!({"template": "Look: {title}"}))
        .await;
    assert_eq!(worded.status, 200, "{}", worded.json());
    let approved = shop.post(&format!("{path}/approve"), json!({})).await;
    assert_eq!(approved.json()["status"], "due", "{}", approved.json());
    shop.turn().await;
    assert_eq!(shop.mastodon.made()[3]["status"], "Look: a");
    let late = shop.client.patch(&path, json!({"template": "No"})).await;
    assert_eq!((late.status, late.code().as_str()), (409, "post_gone"));

    // What was drafted of something that is not so any more never goes.
    shop.count("b", 0).await;
    shop.count("b", 1).await;
    shop.count("b", 0).await;
    let posts = shop.posts().await;
    assert_eq!(statuses(&posts[4..]), [("back_in_stock", "cancelled")]);
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn a_post_by_hand_goes_when_it_is_to_and_its_preview_says_what() {
    let mut shop = Posting::new().await;
    sku(&shop.client, "mug", 4, json!({})).await;
    shop.policy(json!({"moments": {}})).await;
    let preview = json!({"sku": "mug", "template": "{title} at {shop}: {label}. {link}"});
    let shown = shop
        .client
        .json("POST", "/v1/posts/preview", &preview.to_string())
        .await;
    assert_eq!(shown.status, 200, "{}", shown.json());
    let shown = shown.json();
    assert_eq!(shown["link"], "https://ships.example/s/default/mug");
    let text = shown["text"].as_str().expect("text").to_owned();
    assert_eq!(shown["chars"], text.chars().count());
    let body = json!({
        "sku": "mug",
        "template": "{title} at {shop}: {label}. {link}",
        "at": "2026-11-24T09:00:00Z",
    });
    let made = shop.post("/v1/posts", body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    shop.turn().await;
    assert!(shop.mastodon.made().is_empty());
    shop.pass(TimeDelta::hours(18)).await;
    assert_eq!(shop.mastodon.made()[0]["status"], text);

    for (body, status, code) in [
        (json!({"sku": "cap", "template": "Cap"}), 422, "unknown_sku"),
        (
            json!({"sku": "mug", "template": "{price}"}),
            422,
            "invalid_template",
        ),
        (
            json!({"sku": "mug", "template": "Mug", "at": "2029-01-01T00:00:00Z"}),
            422,
            "invalid_time",
        ),
        (
            json!({"sku": "mug", "template": "Mug", "on": 1}),
            422,
            "unknown_field",
        ),
    ] {
        let refusal = shop.post("/v1/posts", body).await;
        assert_eq!((refusal.status, refusal.code().as_str()), (status, code));
    }
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn what_a_network_refuses_is_said_and_keeps_nothing_else_from_going() {
    let mut shop = Posting::new().await;
    shop.shop.stocked("mug", 0).await;
    shop.policy(json!({})).await;
    shop.turn().await;
    shop.mastodon.next(422, false);
    shop.count("mug", 1).await;
    let copies = shop.posts().await[0]["copies"].clone();
    assert_eq!(copies[0]["status"], "posted");
    assert_eq!(copies[1]["status"], "failed");
    let why = copies[1]["failure"].as_str().expect("a reason");
    assert!(why.starts_with("422"), "{why}");
    assert!(shop.feed_text().await.contains("mug is back"));

    let client = &shop.client;
    let other = shop.shop.add_store("other").await;
    let key = shop
        .shop
        .key(&other, KeyKind::Secret, "sk_live_other")
        .await;
    let theirs = Client::with(&shop.shop, &key);
    let refusal = theirs
        .put("/v1/posts/policy", json!({"networks": ["mastodon"]}))
        .await;
    assert_eq!(
        (refusal.status, refusal.code().as_str()),
        (422, "no_account")
    );
    let id = shop.posts().await[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/v1/posts/{id}");
    assert_eq!(theirs.get(&path).await.status, 404);
    assert_eq!(theirs.json("DELETE", &path, "").await.status, 404);
    assert_eq!(theirs.get("/v1/posts").await.json()["items"], json!([]));
    for (field, value, code) in [
        ("networks", json!(["friendster"]), "unknown_network"),
        (
            "moments",
            json!({"back_in_stock": "{price}"}),
            "invalid_template",
        ),
        ("per_day", json!(0), "invalid_count"),
        ("from", json!("9"), "invalid_time"),
        ("when_outdated", json!("shrug"), "invalid_when_outdated"),
    ] {
        let refusal = client.put("/v1/posts/policy", json!({field: value})).await;
        assert_eq!(
            (refusal.status, refusal.code().as_str()),
            (422, code),
            "{field}"
        );
    }
    shop.shop.assert_sound().await;
}

#[tokio::test]
async fn the_feed_is_for_everybody_and_kept_by_caches() {
    let mut shop = Posting::new().await;
    shop.shop.stocked("mug", 0).await;
    let empty = shop.feed_text().await;
    assert!(!empty.contains("<entry "), "{empty}");
    shop.policy(json!({"networks": []})).await;
    shop.turn().await;
    shop.count("mug", 1).await;
    let feed = shop.feed("/s/default/feed.atom", None).await;
    let header = |name: &str| feed.headers[name].to_str().expect("text").to_owned();
    assert_eq!(
        header("content-type"),
        "application/atom+xml; charset=utf-8"
    );
    assert_eq!(header("cache-control"), "public, max-age=60");
    let tag = header("etag");
    let same = shop.feed("/s/default/feed.atom", Some(&tag)).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let text = String::from_utf8(feed.body).expect("UTF-8");
    assert!(text.contains("<link rel=\"self\" type=\"application/atom+xml\" href=\"https://ships.example/s/default/feed.atom\"/>"), "{text}");
    assert!(
        text.contains("<updated>2026-11-23T15:00:00Z</updated>"),
        "{text}"
    );
    for missing in ["/s/nobody/feed.atom", "/s/%00/feed.atom"] {
        assert_eq!(shop.feed(missing, None).await.status, 404, "{missing}");
    }
    let settings = shop.client.get("/v1/store").await.json();
    let closed = json!({"name": settings["name"], "share_pages": false});
    assert_eq!(shop.client.put("/v1/store", closed).await.status, 200);
    assert_eq!(shop.feed("/s/default/feed.atom", None).await.status, 404);
}
