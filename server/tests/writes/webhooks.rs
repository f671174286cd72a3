//! Endpoints are told of what happens: with the change, signed, once or more often under the same name, and nobody else's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::limits::Limits;
use server::operations::records::Role;
use server::operations::send_webhooks::send_all_due;
use server::operations::watch_goods::{Watched, watch_goods};
use sha2::Sha256;

use crate::client::{Client, Reply};
use crate::desk::{ANNA, Desk};
use crate::orders::{cancel, place, ready, ship};
use crate::reservations::sku;
use crate::shop::{TestShop, app_with, now};

/// So long an endpoint thinks that keeps nobody waiting.
const SLOW: Duration = Duration::from_secs(10);
/// 32 bytes in base64.
const KEY: &str = "c2hpcHNieS10ZXN0LXdlYmhvb2sta2V5LTMyLWJ5dGVzISE=";
const OTHER_KEY: &str = "b3RoZXItdGVzdC13ZWJob29rLWtleS0zMi1ieXRlcyEhISE=";

/// A message as it came.
#[derive(Debug, Clone)]
struct Came {
    path: String,
    id: String,
    timestamp: String,
    signatures: String,
    body: String,
}

impl Came {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// What the specification says, said again: nothing of ours is used.
    fn is_signed_with(&self, secret: &str) -> bool {
        let key = secret.strip_prefix("whsec_").expect("a secret");
        let key = STANDARD.decode(key).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.body).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.signatures.split(' ').any(|one| one == expected)
    }
}

/// What the receiver does next.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Answers(u16),
    Elsewhere,
    Waits(Duration),
}

/// Somebody who is told.
#[derive(Clone, Default)]
struct Receiver {
    came: Arc<Mutex<Vec<Came>>>,
    turns: Arc<Mutex<VecDeque<Turn>>>,
    port: u16,
}

impl Receiver {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let receiver = Self {
            port: listener.local_addr().expect("an address").port(),
            ..Self::default()
        };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    fn next(&self, turns: impl IntoIterator<Item = Turn>) {
        self.turns.lock().expect("turns").extend(turns);
    }

    /// What came since it was asked last.
    fn take(&self) -> Vec<Came> {
        std::mem::take(&mut *self.came.lock().expect("messages"))
    }

    fn kinds(&self) -> Vec<String> {
        self.take().iter().map(Came::kind).collect()
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let came = Came {
        path: uri.path().to_owned(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signatures: header("webhook-signature"),
        body: String::from_utf8(body.to_vec()).expect("UTF-8"),
    };
    receiver.came.lock().expect("messages").push(came);
    let turn = receiver.turns.lock().expect("turns").pop_front();
    match turn.unwrap_or(Turn::Answers(204)) {
        Turn::Answers(status) => StatusCode::from_u16(status)
            .expect("a status")
            .into_response(),
        Turn::Elsewhere => {
            let place = [("location", receiver.url("elsewhere"))];
            (StatusCode::FOUND, place).into_response()
        }
        Turn::Waits(long) => {
            tokio::time::sleep(long).await;
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

/// A shop with a clock that is moved by hand, whose endpoints may be on this machine.
struct Told {
    shop: TestShop,
    client: Client,
    receiver: Receiver,
    hand: Hand,
    at: DateTime<Utc>,
    watched: Watched,
}

impl Told {
    async fn new() -> Self {
        let mut shop = TestShop::new().await;
        let (clock, hand) = Clock::by_hand(now());
        let database = shop.app.store.clone();
        shop.app = app_with(database, clock.clone(), connections(KEY, &clock)).await;
        let client = Client::new(&shop).await;
        shop.watched().await;
        Self {
            client,
            shop,
            receiver: Receiver::new().await,
            hand,
            at: now(),
            watched: Watched::default(),
        }
    }

    async fn endpoint(&self, path: &str, events: Value) -> Value {
        let body = json!({"url": self.receiver.url(path), "events": events});
        let added = self.client.post("/v1/webhook-endpoints", path, body).await;
        assert_eq!(added.status, 201, "{}", added.json());
        added.json()
    }

    async fn send(&self) {
        send_all_due(&self.shop.app).await.expect("it is sent");
    }

    async fn watch(&mut self) {
        let (app, store) = (&self.shop.app, &self.shop.store);
        watch_goods(app, store, &mut self.watched)
            .await
            .expect("a look");
    }

    fn pass(&mut self, time: TimeDelta) {
        self.at += time;
        self.hand.show(self.at);
    }

    async fn deliveries(&self, endpoint: &Value) -> Vec<Value> {
        let path = format!("/v1/webhook-endpoints/{}/deliveries", id(endpoint));
        let page = self.client.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.json());
        page.json()["items"].as_array().expect("a list").clone()
    }

    async fn shown(&self, endpoint: &Value) -> Value {
        let path = format!("/v1/webhook-endpoints/{}", id(endpoint));
        self.client.get(&path).await.json()
    }

    /// An order of one mug.
    async fn order(&self, name: &str) {
        let lines = json!({"lines": [{"sku": "mug", "quantity": 1}]});
        let placed = place(&self.client, name, lines).await;
        assert_eq!(placed.status, 201, "{}", placed.json());
    }
}

fn connections(key: &str, clock: &Clock) -> Connections {
    let accounts = json!({
        "webhook_key": key,
        "stores": {"default": {"webhooks": {"private": true}}},
    });
    Connections::parse(&accounts.to_string(), clock).expect("accounts")
}

fn id(endpoint: &Value) -> &str {
    endpoint["id"].as_str().expect("an id")
}

fn secret(endpoint: &Value) -> &str {
    endpoint["secret"].as_str().expect("a secret")
}

fn refused(reply: &Reply) -> (u16, String) {
    (reply.status, reply.code())
}

#[tokio::test]
async fn an_order_s_life_is_told_with_each_change_and_signed() {
    let mut told = Told::new().await;
    told.shop.stocked("mug", 2).await;
    let endpoint = told
        .endpoint(
            "hook",
            json!([
                "order.placed",
                "order.cancelled",
                "shipment.ready",
                "shipment.shipped",
                "promise.changed"
            ]),
        )
        .await;
    told.watch().await;
    told.order("o-1").await;
    told.order("o-2").await;
    told.watch().await;
    told.send().await;
    let came = told.receiver.take();
    let mut kinds: Vec<String> = came.iter().map(Came::kind).collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [
            "order.placed",
            "order.placed",
            "shipment.ready",
            "shipment.ready"
        ]
    );
    for one in &came {
        assert!(one.is_signed_with(secret(&endpoint)), "{one:?}");
        assert!(!one.is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        assert_eq!(one.timestamp, told.at.timestamp().to_string());
        assert!(one.body.len() <= 20 * 1024);
    }
    let first = came
        .iter()
        .find(|one| one.kind() == "order.placed" && one.json()["data"]["order"] == "o-1");
    let first = first.expect("the first order").json();
    assert_eq!(first["type"], "order.placed");
    assert_eq!(first["timestamp"], "2026-11-23T15:00:00.000Z");
    assert_eq!(
        first["data"],
        json!({
            "order": "o-1",
            "placed_at": "2026-11-23T15:00:00.000Z",
            "lines": [{"line": 0, "sku": "mug", "quantity": 1}],
        })
    );

    // A parcel that could leave before is not told again. One of them leaves, the other is cancelled.
    told.watch().await;
    let parcels = ready(&told.client).await;
    let parcel = parcels.iter().find(|(_, order, _)| order == "o-1");
    let (parcel, ..) = parcel.expect("a parcel");
    assert_eq!(ship(&told.client, "ship", parcel).await.status, 200);
    let cancelled = cancel(&told.client, "cancel", "o-2", json!({})).await;
    assert_eq!(cancelled.status, 200);
    told.watch().await;
    told.send().await;
    let came = told.receiver.take();
    let data: Vec<(String, Value)> = came
        .iter()
        .map(|one| (one.kind(), one.json()["data"].clone()))
        .collect();
    let of = |kind: &str| {
        let of_kind: Vec<&Value> = data
            .iter()
            .filter(|(one, _)| one == kind)
            .map(|(_, data)| data)
            .collect();
        assert_eq!(of_kind.len(), 1, "{data:?}");
        of_kind[0].clone()
    };
    assert_eq!(data.len(), 2, "{data:?}");
    let left = of("shipment.shipped");
    assert_eq!(left["shipment"], parcel.as_str());
    assert_eq!(left["tracking_number"], "1Z999");
    assert_eq!(
        of("order.cancelled"),
        json!({
            "order": "o-2",
            "cancelled_by": "seller",
            "lines": [{"line": 0, "sku": "mug", "quantity": 1}],
        })
    );
    told.shop.assert_sound().await;
}

#[tokio::test]
async fn another_date_is_told_with_the_one_before_and_a_cart_s_is_not() {
    let told = Told::new().await;
    sku(&told.client, "mug", 2, json!({})).await;
    told.order("o-1").await;
    let hold = json!({"lines": [{"sku": "mug", "quantity": 1}], "plan": "separate"});
    let held = told.client.post("/v1/reservations", "hold", hold).await;
    assert_eq!(held.status, 201, "{}", held.json());
    told.endpoint("hook", json!(["promise.changed"])).await;
    // Both are broken.
    told.shop.set("mug", 0, None).await.expect("stock");
    told.send().await;
    let came = told.receiver.take();
    assert_eq!(came.len(), 1, "{came:?}");
    let data = came[0].json()["data"].clone();
    assert_eq!(data["order"], "o-1");
    assert_eq!(
        (&data["was_by"], &data["ships_by"]),
        (&json!("2026-11-25"), &json!(null))
    );
    assert_eq!(data["cause"], "stock_counted");
    told.shop.assert_sound().await;
}

#[tokio::test]
async fn what_is_there_again_is_told_once_and_only_after_it_was_sold_out() {
    let mut told = Told::new().await;
    told.shop.stocked("mug", 0).await;
    told.shop.stocked("cap", 3).await;
    told.endpoint("hook", json!(["stock.back"])).await;
    // What was sold out before anybody was told is no news; that it is there again is.
    told.watch().await;
    for (units, news) in [(5, 1), (4, 0), (0, 0), (0, 0), (1, 1)] {
        told.shop.set("mug", units, None).await.expect("stock");
        told.watch().await;
        // A server that starts anew tells nothing twice.
        told.watched = Watched::default();
        told.watch().await;
        told.send().await;
        let came = told.receiver.take();
        assert_eq!(came.len(), news, "{units}: {came:?}");
        assert!(
            came.iter()
                .all(|one| one.json()["data"] == json!({"sku": "mug"}))
        );
    }
    told.shop.assert_sound().await;
}

#[tokio::test]
async fn a_message_that_is_not_taken_comes_again_under_the_same_name() {
    let mut told = Told::new().await;
    told.shop.stocked("mug", 5).await;
    let endpoint = told.endpoint("hook", json!(["order.placed"])).await;
    told.order("o-1").await;
    told.receiver
        .next([Turn::Answers(500), Turn::Elsewhere, Turn::Answers(200)]);
    told.send().await;
    told.send().await;
    let first = told.receiver.take();
    assert_eq!(first.len(), 1, "it waits before it tries again");
    let waiting = told.deliveries(&endpoint).await;
    assert_eq!(waiting[0]["status"], "waiting");
    assert_eq!(waiting[0]["tries"][0]["status"], 500);
    let wait = due_in_s(&waiting[0], told.at);
    assert!((5..=6).contains(&wait), "{wait} s");

    told.pass(TimeDelta::seconds(6));
    told.send().await;
    let second = told.receiver.take();
    assert_eq!(second.len(), 1, "a redirect is not followed: {second:?}");
    assert_eq!(second[0].path, "/hook");
    let wait = due_in_s(&told.deliveries(&endpoint).await[0], told.at);
    assert!((300..=330).contains(&wait), "{wait} s");
    told.pass(TimeDelta::seconds(331));
    told.send().await;
    let third = told.receiver.take();
    assert_eq!(third.len(), 1);
    let (one, last) = (&first[0], &third[0]);
    assert_eq!((&one.id, &one.body), (&last.id, &last.body));
    assert_ne!(one.timestamp, last.timestamp);
    assert!(last.is_signed_with(secret(&endpoint)));
    let delivered = told.deliveries(&endpoint).await;
    assert_eq!(delivered[0]["id"], last.id);
    assert_eq!(delivered[0]["status"], "delivered");
    assert_eq!(delivered[0]["next_try_at"], Value::Null);
    let statuses: Vec<&Value> = delivered[0]["tries"]
        .as_array()
        .expect("tries")
        .iter()
        .map(|tried| &tried["status"])
        .collect();
    assert_eq!(statuses, [&json!(500), &json!(302), &json!(200)]);
    assert_eq!(told.shown(&endpoint).await["failing_since"], Value::Null);

    told.pass(TimeDelta::days(1));
    told.send().await;
    assert!(told.receiver.take().is_empty(), "what was taken is over");
    told.shop.assert_sound().await;
}

fn due_in_s(delivery: &Value, at: DateTime<Utc>) -> i64 {
    let due = delivery["next_try_at"].as_str().expect("an instant");
    let due: DateTime<Utc> = due.parse().expect("an instant");
    (due - at).num_seconds()
}

#[tokio::test]
async fn an_endpoint_that_takes_nothing_for_days_is_disabled_and_the_log_says_so() {
    let mut told = Told::new().await;
    told.shop.stocked("mug", 9).await;
    let failing = told.endpoint("hook", json!(["order.placed"])).await;
    told.receiver.next([Turn::Answers(503); 40]);
    told.order("o-1").await;
    let mut tries = 0;
    for wait_s in [
        0, 6, 331, 1_981, 7_921, 19_801, 39_601, 55_441, 79_201, 95_041, 95_041,
    ] {
        told.pass(TimeDelta::seconds(wait_s));
        told.send().await;
        tries += told.receiver.take().len();
    }
    assert_eq!(tries, 10);
    let delivery = &told.deliveries(&failing).await[0];
    assert_eq!(delivery["status"], "given_up");
    assert_eq!(delivery["tries"].as_array().map(Vec::len), Some(10));
    assert_eq!(told.shown(&failing).await["enabled"], true);
    told.pass(TimeDelta::days(2));
    told.order("o-2").await;
    told.send().await;
    // It took nothing for five days; that one more try fails is not enough.
    assert_eq!(told.shown(&failing).await["enabled"], true);
    for wait_s in [6, 331, 1_981, 7_921, 19_801, 39_601, 55_441, 79_201] {
        told.pass(TimeDelta::seconds(wait_s));
        told.send().await;
    }
    told.order("o-2b").await;
    told.pass(TimeDelta::seconds(95_041));
    told.send().await;
    let shown = told.shown(&failing).await;
    assert_eq!(
        (&shown["enabled"], &shown["disabled_by"]),
        (&json!(false), &json!("failing"))
    );
    let ended = told.deliveries(&failing).await;
    let ended: Vec<&Value> = ended.iter().map(|one| &one["status"]).collect();
    assert_eq!(ended, ["dropped", "given_up", "given_up"]);
    // Nobody is told, so nothing is written down for anybody.
    told.order("o-3").await;
    assert_eq!(told.deliveries(&failing).await.len(), 3);
    let log = told.client.get("/v1/audit").await.json();
    let line = &log["items"][0];
    assert_eq!(line["action"], "disable webhook endpoint");
    assert_eq!(
        (&line["subject"], &line["code"]),
        (&failing["id"], &json!("failing"))
    );
    assert_eq!(line["member"], Value::Null);

    // Once it is enabled again it begins anew.
    let path = format!("/v1/webhook-endpoints/{}", id(&failing));
    let again = told.client.patch(&path, json!({"enabled": true})).await;
    assert_eq!(again.json()["disabled_by"], Value::Null);
    told.order("o-6").await;
    told.send().await;
    assert_eq!(told.shown(&failing).await["enabled"], true);

    // One that says it is gone is not asked twice.
    told.receiver.turns.lock().expect("turns").clear();
    told.receiver.next([Turn::Answers(410)]);
    told.order("o-4").await;
    told.order("o-5").await;
    told.pass(TimeDelta::days(1));
    told.send().await;
    assert_eq!(told.shown(&failing).await["disabled_by"], "gone");
    let log = told.client.get("/v1/audit").await.json();
    assert_eq!(log["items"][0]["code"], "gone");
    assert_eq!(log["items"].as_array().map(Vec::len), Some(2));
    told.shop.assert_sound().await;
}

#[tokio::test]
async fn a_secret_is_shown_once_and_the_old_one_signs_for_a_day() {
    let mut told = Told::new().await;
    told.shop.stocked("mug", 9).await;
    let endpoint = told.endpoint("hook", json!(["order.placed"])).await;
    let body = json!({"url": told.receiver.url("hook"), "events": ["order.placed"]});
    let again = told
        .client
        .post("/v1/webhook-endpoints", "hook", body)
        .await;
    assert_eq!(refused(&again), (409, "secret_shown_before".into()));
    let listed = told.client.get("/v1/webhook-endpoints").await;
    let listed = String::from_utf8(listed.body).expect("UTF-8");
    assert!(!listed.contains("whsec_"), "{listed}");

    let path = format!("/v1/webhook-endpoints/{}/rotate", id(&endpoint));
    let rotated = told.client.post(&path, "rotate", json!({})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.json());
    let rotated = rotated.json();
    let (old, new) = (secret(&endpoint), secret(&rotated));
    assert_ne!(old, new);
    let again = told.client.post(&path, "rotate", json!({})).await;
    assert_eq!(refused(&again), (409, "secret_shown_before".into()));
    told.order("o-1").await;
    told.send().await;
    let came = told.receiver.take();
    assert!(came[0].is_signed_with(old) && came[0].is_signed_with(new));
    told.pass(TimeDelta::hours(24));
    told.order("o-2").await;
    told.send().await;
    let came = told.receiver.take();
    assert!(!came[0].is_signed_with(old) && came[0].is_signed_with(new));

    // Neither secret stands in the database.
    if let server::store::Address::File(path) = &told.shop.address {
        told.shop.app.store.close().await;
        let directory = path.parent().expect("a directory");
        for file in std::fs::read_dir(directory).expect("files") {
            let file = file.expect("a file").path();
            let bytes = std::fs::read(&file).expect("bytes");
            for secret in [old, new] {
                let encoded = secret.strip_prefix("whsec_").expect("a secret");
                let raw = STANDARD.decode(encoded).expect("base64");
                for hidden in [encoded.as_bytes(), &raw] {
                    let stands = bytes.windows(hidden.len()).any(|one| one == hidden);
                    assert!(!stands, "{}", file.display());
                }
            }
        }
    }
}

#[tokio::test]
async fn without_its_key_nothing_is_signed_and_it_is_said_what_to_do() {
    let mut told = Told::new().await;
    told.shop.stocked("mug", 9).await;
    let endpoint = told.endpoint("hook", json!(["order.placed"])).await;
    let database = told.shop.app.store.clone();
    let clock = Clock::by_hand(now()).0;
    let without = [
        Connections::parse(
            r#"{"stores": {"default": {"webhooks": {"private": true}}}}"#,
            &clock,
        )
        .expect("accounts"),
        connections(OTHER_KEY, &clock),
    ];
    for (at, accounts) in without.into_iter().enumerate() {
        told.shop.app = app_with(database.clone(), clock.clone(), accounts).await;
        let client = Client::with(&told.shop, "sk_live_test");
        let lines = json!({"lines": [{"sku": "mug", "quantity": 1}]});
        let placed = place(&client, &format!("o-{at}"), lines).await;
        assert_eq!(placed.status, 201);
        told.send().await;
        assert!(told.receiver.take().is_empty(), "nothing is sent unsigned");
        let page = format!("/v1/webhook-endpoints/{}/deliveries", id(&endpoint));
        let items = client.get(&page).await.json();
        let failure = items["items"][0]["tries"][0]["failure"].as_str();
        assert!(
            failure.is_some_and(|why| why.contains("webhook_key")),
            "{items}"
        );
        if told.shop.app.connections.webhook_key().is_none() {
            let body = json!({"url": told.receiver.url("other")});
            let refusal = client.post("/v1/webhook-endpoints", "other", body).await;
            assert_eq!(refused(&refusal), (409, "webhook_key_missing".into()));
            let detail = refusal.json()["detail"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            assert!(detail.contains("openssl rand"), "{detail}");
        }
    }
    told.shop.assert_sound().await;
}

#[tokio::test]
async fn a_slow_endpoint_keeps_no_other_one_waiting() {
    let told = Told::new().await;
    told.shop.stocked("mug", 9).await;
    let slow = Receiver::new().await;
    slow.next([Turn::Waits(SLOW)]);
    let body = json!({"url": slow.url("slow"), "events": ["order.placed"]});
    let added = told
        .client
        .post("/v1/webhook-endpoints", "slow", body)
        .await;
    assert_eq!(added.status, 201);
    told.endpoint("quick", json!(["order.placed"])).await;
    let sending = tokio::spawn(server::operations::send_webhooks::run(
        told.shop.app.clone(),
    ));
    told.order("o-1").await;
    let mut waited = 0;
    while slow.came.lock().expect("messages").is_empty() && waited < 100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        waited += 1;
    }
    // It is at the first while another happens.
    told.order("o-2").await;
    let begun = Instant::now();
    let mut came = told.receiver.take();
    while came.len() < 2 && begun.elapsed() < SLOW / 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        came.extend(told.receiver.take());
    }
    sending.abort();
    assert_eq!(came.len(), 2, "{came:?}");
    assert_eq!(slow.take().len(), 1, "the slow one is still at the first");
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_when_they_are_given() {
    let told = Told::new().await;
    let accounts = json!({"webhook_key": KEY}).to_string();
    let clock = Clock::by_hand(now()).0;
    let mut shop = told.shop;
    let connections = Connections::parse(&accounts, &clock).expect("accounts");
    shop.app = app_with(shop.app.store.clone(), clock, connections).await;
    let client = Client::with(&shop, "sk_live_test");
    for url in [
        "http://shop.example/hook",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "https://127.0.0.1/hook",
        "https://10.0.0.1/hook",
        "https://100.64.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://198.18.0.1/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/hook",
        "https://user:word@93.184.216.34/",
        "https://93.184.216.34:22/",
        "",
    ] {
        let refusal = client
            .post(
                "/v1/webhook-endpoints",
                &format!("add-{url}"),
                json!({"url": url}),
            )
            .await;
        assert_eq!(refused(&refusal), (422, "url_not_allowed".into()), "{url}");
        assert_eq!(refusal.pointer(), "/url");
    }
    let public = json!({"url": "https://93.184.216.34/hook", "description": "ERP"});
    let added = client.post("/v1/webhook-endpoints", "public", public).await;
    assert_eq!(added.status, 201, "{}", added.json());
    let added = added.json();
    let path = format!("/v1/webhook-endpoints/{}", id(&added));
    let change = client
        .patch(&path, json!({"url": "https://10.0.0.1/"}))
        .await;
    assert_eq!(refused(&change), (422, "url_not_allowed".into()));
    let shown = client.get(&path).await.json();
    assert_eq!(shown["url"], "https://93.184.216.34/hook");
    assert_eq!(shown["events"].as_array().map(Vec::len), Some(10));
    for (field, value, code) in [
        ("events", json!([]), "events_required"),
        ("events", json!(["order.eaten"]), "unknown_event"),
        ("events", json!(["webhook.test"]), "unknown_event"),
        ("colour", json!("blue"), "unknown_field"),
    ] {
        let refusal = client.patch(&path, json!({field: value})).await;
        assert_eq!(refused(&refusal), (422, code.into()));
    }
}

#[tokio::test]
async fn another_store_s_endpoint_looks_like_one_that_is_not_there() {
    let told = Told::new().await;
    let endpoint = told.endpoint("hook", json!(["order.placed"])).await;
    let other = told.shop.add_store("other").await;
    let key = told
        .shop
        .key(&other, KeyKind::Secret, "sk_live_other")
        .await;
    let theirs = Client::with(&told.shop, &key);
    for name in [id(&endpoint), "wh_0000000000000000", "%2e", "a%00b"] {
        let path = format!("/v1/webhook-endpoints/{name}");
        let deliveries = format!("{path}/deliveries");
        let (rotate, test) = (format!("{path}/rotate"), format!("{path}/test"));
        let key = |what: &str| format!("{what}-{name}");
        for reply in [
            theirs.get(&path).await,
            theirs.get(&deliveries).await,
            theirs.patch(&path, json!({"enabled": false})).await,
            theirs.json("DELETE", &path, "").await,
            theirs.post(&rotate, &key("rotate"), json!({})).await,
            theirs.post(&test, &key("test"), json!({})).await,
        ] {
            assert_eq!(refused(&reply), (404, "not_found".into()), "{name}");
        }
    }
    let listed = theirs.get("/v1/webhook-endpoints").await.json();
    assert_eq!(listed["items"], json!([]));
    assert_eq!(told.shown(&endpoint).await["enabled"], true);
    told.shop.assert_sound().await;
}

#[tokio::test]
async fn a_test_is_sent_once_and_shows_no_more_than_a_status() {
    let mut told = Told::new().await;
    let endpoint = told.endpoint("hook", json!(["order.placed"])).await;
    let path = format!("/v1/webhook-endpoints/{}/test", id(&endpoint));
    told.receiver.next([Turn::Answers(418)]);
    let asked = told.client.post(&path, "test-1", json!({})).await;
    assert_eq!(asked.status, 202, "{}", asked.json());
    told.send().await;
    told.pass(TimeDelta::days(1));
    told.send().await;
    let came = told.receiver.take();
    assert_eq!(came.len(), 1);
    assert_eq!(json!(came[0].id), asked.json()["id"]);
    assert_eq!(
        (came[0].kind().as_str(), &came[0].json()["data"]),
        ("webhook.test", &json!({}))
    );
    let delivery = &told.deliveries(&endpoint).await[0];
    assert_eq!(delivery["status"], "given_up");
    let tried = &delivery["tries"][0];
    assert_eq!(
        (&tried["status"], &tried["failure"]),
        (&json!(418), &json!("answered 418"))
    );

    let disabled = json!({"enabled": false});
    told.client
        .patch(path.trim_end_matches("/test"), disabled)
        .await;
    let refusal = told.client.post(&path, "test-2", json!({})).await;
    assert_eq!(refused(&refusal), (409, "webhook_disabled".into()));
    told.shop.assert_sound().await;
}

#[tokio::test]
async fn lists_go_on_where_the_page_before_ended_and_a_removed_endpoint_is_forgotten() {
    let told = Told::new().await;
    told.shop.stocked("mug", 9).await;
    let one = told.endpoint("one", json!(["order.placed"])).await;
    let two = told
        .endpoint("two", json!(["order.placed", "stock.low"]))
        .await;
    for order in ["o-1", "o-2", "o-3"] {
        told.order(order).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/webhook-endpoints?limit=1".to_owned();
    loop {
        let page = told.client.get(&path).await.json();
        seen.extend(
            page["items"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|item| item["id"].clone()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/webhook-endpoints?limit=1&after={next}");
    }
    let mut expected = vec![one["id"].clone(), two["id"].clone()];
    expected.sort_by_key(|id| id.to_string());
    assert_eq!(seen, expected);

    let all: Vec<Value> = told
        .deliveries(&two)
        .await
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(all.len(), 3);
    let path = format!("/v1/webhook-endpoints/{}/deliveries?limit=2", id(&two));
    let page = told.client.get(&path).await.json();
    let next = page["next"].as_str().expect("more");
    let rest = told
        .client
        .get(&format!("{path}&after={next}"))
        .await
        .json();
    assert_eq!(rest["items"][0]["id"], all[2]);
    assert_eq!(rest["next"], Value::Null);

    for endpoint in [&one, &two] {
        let path = format!("/v1/webhook-endpoints/{}", id(endpoint));
        assert_eq!(told.client.json("DELETE", &path, "").await.status, 204);
        assert_eq!(told.client.get(&path).await.status, 404);
    }
    told.send().await;
    assert!(told.receiver.kinds().is_empty());
    told.shop.assert_sound().await;
}

#[tokio::test]
async fn only_owners_say_who_is_told_and_others_may_look() {
    let accounts = json!({
        "webhook_key": KEY,
        "stores": {"default": {"webhooks": {"private": true}}},
    });
    let desk = Desk::with(Limits::default(), &accounts.to_string()).await;
    let store = &desk.shop.store;
    for (email, role) in [
        (ANNA, Role::Owner),
        ("ben@shop.example", Role::Staff),
        ("cleo@shop.example", Role::ReadOnly),
    ] {
        desk.add(store, email, role).await;
    }
    let owner = desk.signed_in(ANNA).await;
    let body = json!({"url": "http://127.0.0.1:9/hook"});
    let added = owner
        .post("/v1/webhook-endpoints", "add", body.clone())
        .await;
    assert_eq!(added.status, 201, "{}", added.json());
    let path = format!("/v1/webhook-endpoints/{}", id(&added.json()));
    for email in ["ben@shop.example", "cleo@shop.example"] {
        let browser = desk.signed_in(email).await;
        for path in [
            "/v1/webhook-endpoints",
            &path,
            &format!("{path}/deliveries"),
        ] {
            assert_eq!(browser.get(path).await.status, 200, "{email} {path}");
        }
        for (method, path) in [
            ("PATCH", path.clone()),
            ("DELETE", path.clone()),
            ("POST", format!("{path}/rotate")),
            ("POST", format!("{path}/test")),
            ("POST", "/v1/webhook-endpoints".into()),
        ] {
            let reply = match method {
                "POST" => browser.post(&path, email, json!({})).await,
                _ => browser.ask(method, &path, json!({})).await,
            };
            assert_eq!(
                refused(&reply),
                (403, "role_not_allowed".into()),
                "{method} {path}"
            );
        }
    }
    // Whoever changed something stands in the log.
    let log = owner.get("/v1/audit").await.json();
    assert!(
        log["items"]
            .as_array()
            .is_some_and(|items| items
                .iter()
                .any(|line| line["action"] == "POST /v1/webhook-endpoints"
                    && line["outcome"] == "done")),
        "{log}"
    );
}
