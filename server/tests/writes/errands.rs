//! What is done outside: a payment system that fails in every way, and mail that is carried once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::operations::delays::look_after_delays;
use server::operations::errand_turns::{self, count_overdue};
use server::operations::errands::run_due;
use server::operations::look_after_payments::{Seen, look_after_payments};
use server::operations::records::Lane;
use server::payments::signature::{Secret, verify_standard};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::client::Client;
use crate::order_page::Visitor;
use crate::orders::{cancel, place, ready, ship, shown};
use crate::reservations::{ordered, sku};
use crate::shop::{TestShop, app_with, now};
use crate::store::stranger;

/// With which messages to the payment system are signed.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// How long an answer is waited for here.
const TIMEOUT_MS: u64 = 1_500;

/// What the payment system does with the next message.
#[derive(Debug, Clone)]
enum Turn {
    /// Does it and says so.
    Well,
    /// Breaks the connection before it has done anything.
    LostBefore,
    /// Does it, and breaks the connection before it says so.
    LostAfter,
    /// Does it, and says so too late.
    LateAfter,
    /// Does it, and says so a while later.
    Slowly,
    /// Does it, and says so without end.
    HugeAfter,
    /// Does nothing and answers so.
    Status(u16),
    /// Does nothing and answers this.
    Says(Value),
}

/// What goes wrong, how the charge stands in the end, and how often money was taken.
type Case = (&'static str, Vec<Turn>, (&'static str, i64), usize);

/// A payment system as a merchant might have one: what it is asked twice under one name it does once.
#[derive(Clone, Default)]
struct Bank(Arc<Mutex<Ledger>>);

#[derive(Default)]
struct Ledger {
    turns: VecDeque<Turn>,
    /// What was done, by the name under which it was asked.
    done: HashMap<String, Value>,
    messages: usize,
    forged: usize,
}

impl Bank {
    fn will(&self, turns: &[Turn]) {
        let mut ledger = self.0.lock().expect("the ledger");
        ledger.turns.extend(turns.iter().cloned());
    }

    /// Types and amounts of what was done, smallest first.
    fn done(&self) -> Vec<(String, i64)> {
        let ledger = self.0.lock().expect("the ledger");
        let mut done: Vec<(String, i64)> = ledger
            .done
            .values()
            .map(|asked| {
                let amount = asked["amount"]["amount"].as_i64().unwrap_or(0);
                (
                    asked["type"].as_str().unwrap_or_default().to_owned(),
                    amount,
                )
            })
            .collect();
        done.sort();
        assert_eq!(ledger.forged, 0, "every message is signed");
        done
    }
}

async fn bank(State(bank): State<Bank>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let (id, timestamp, signature) = (
        text("webhook-id"),
        text("webhook-timestamp"),
        text("webhook-signature"),
    );
    let at = timestamp
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let secret = Secret::standard(SECRET).expect("a secret");
    let believed = verify_standard(
        &[secret],
        &id,
        &timestamp,
        &signature,
        &body,
        at.unwrap_or_default(),
    );
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    assert_eq!(asked["store"], "default");
    assert!(id.starts_with("default/"), "{id}");
    let (turn, said) = {
        let mut ledger = bank.0.lock().expect("the ledger");
        ledger.messages += 1;
        ledger.forged += usize::from(believed.is_err());
        let turn = ledger.turns.pop_front().unwrap_or(Turn::Well);
        let does = !matches!(turn, Turn::LostBefore | Turn::Status(_) | Turn::Says(_));
        if does {
            ledger.done.entry(id).or_insert_with(|| asked.clone());
        }
        let said = match asked["type"].as_str() {
            Some("payment.authorize") => "authorized",
            Some("payment.capture") => "captured",
            Some("payment.refund") => "refunded",
            _ => "released",
        };
        (turn, json!({"status": said, "reference": "their-1"}))
    };
    match turn {
        Turn::Well => axum::Json(said).into_response(),
        // A handler that falls over breaks the connection.
        Turn::LostBefore | Turn::LostAfter => panic!("the connection is lost"),
        Turn::LateAfter => {
            tokio::time::sleep(Duration::from_millis(2 * TIMEOUT_MS)).await;
            axum::Json(said).into_response()
        }
        Turn::Slowly => {
            tokio::time::sleep(Duration::from_millis(TIMEOUT_MS / 2)).await;
            axum::Json(said).into_response()
        }
        Turn::HugeAfter => vec![b'x'; 1024 * 1024].into_response(),
        Turn::Status(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (
                status,
                [("retry-after", "7"), ("location", "http://127.0.0.1:1/")],
            )
                .into_response()
        }
        Turn::Says(said) => axum::Json(said).into_response(),
    }
}

/// A shop that is connected to a payment system and a mailbox, with a clock that is moved by hand.
struct Connected {
    shop: TestShop,
    client: Client,
    bank: Bank,
    hand: Hand,
    at: DateTime<Utc>,
}

impl Connected {
    async fn new() -> Self {
        Self::of(TestShop::new().await).await
    }

    async fn with_mail(mail: Value) -> Self {
        Self::by(TestShop::new().await, mail).await
    }

    async fn of(shop: TestShop) -> Self {
        let folder = shop.directory.path().join("mail");
        let mail = json!({"folder": folder, "from": "Shop <orders@shop.example>"});
        Self::by(shop, mail).await
    }

    async fn by(mut shop: TestShop, mail: Value) -> Self {
        let bank_ = Bank::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let router = Router::new().fallback(bank).with_state(bank_.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (clock, hand) = Clock::by_hand(now());
        let accounts = json!({
            "public_url": "https://ships.example",
            "stores": {"default": {
                "external": {"url": format!("http://127.0.0.1:{port}/bank"), "private": true, "secret": SECRET, "timeout_ms": TIMEOUT_MS},
                "mail": mail,
            }},
        });
        let connections = Connections::parse(&accounts.to_string(), &clock).expect("accounts");
        shop.app = app_with(shop.app.store.clone(), clock, connections).await;
        let client = Client::new(&shop).await;
        Self {
            shop,
            client,
            bank: bank_,
            hand,
            at: now(),
        }
    }

    /// An order of three, of which one is there, for 34.02 in all.
    async fn with_order() -> Self {
        let connected = Self::new().await;
        let client = &connected.client;
        sku(client, "A", 1, json!({})).await;
        ordered(client, "PO-7", "A", 2, "2026-12-11").await;
        let usd = |amount: i64| json!({"amount": amount, "currency": "USD"});
        let order = json!({
            "lines": [{"sku": "A", "quantity": 3, "unit_price": usd(1_000)}],
            "discount": usd(100), "shipping": usd(495), "tax": usd(7),
            "customer": {"email": "anna@example.org", "name": "Anna", "lang": "en-US", "country": "US"},
            "payment": {"provider": "external", "reference": "their-7"},
        });
        let placed = place(client, "W-1", order).await;
        assert_eq!(
            placed.status,
            201,
            "{}",
            String::from_utf8_lossy(&placed.body)
        );
        connected
    }

    /// An order of A and B, which come with different deliveries, by a customer who was written to that it stands.
    async fn with_two_deliveries() -> Self {
        let mut connected = Self::new().await;
        let client = &connected.client;
        for (name, delivery) in [("A", "PO-7"), ("B", "PO-8")] {
            sku(client, name, 0, json!({})).await;
            ordered(client, delivery, name, 2, "2026-12-11").await;
        }
        let order = json!({
            "lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}],
            "customer": {"email": "anna@example.org", "country": "US"},
        });
        assert_eq!(place(client, "W-1", order).await.status, 201);
        connected.after_hours(1).await;
        assert_eq!(connected.letters(), ["Your order W-1 at default"]);
        connected
    }

    async fn slips(&self, delivery: &str, to: Value) {
        let path = format!("/v1/purchase-orders/{delivery}");
        let reply = self.client.patch(&path, json!({"expected_on": to})).await;
        assert_eq!(reply.status, 200);
    }

    /// From now on no letter is taken.
    fn mail_goes_down(&self) {
        let mail = self.shop.directory.path().join("mail");
        std::fs::rename(&mail, mail.with_extension("away")).expect("letters were sent before");
        std::fs::write(&mail, "no folder").expect("a file");
    }

    fn mail_comes_back(&self) {
        let mail = self.shop.directory.path().join("mail");
        std::fs::remove_file(&mail).expect("the file");
        std::fs::rename(mail.with_extension("away"), &mail).expect("the letters");
    }

    /// How often it was written down that something happened to the order.
    async fn noted(&self, what: &str) -> usize {
        let evidence = self.client.get("/v1/orders/W-1/evidence").await.json();
        let entries = evidence["items"].as_array().expect("entries").iter();
        entries.filter(|entry| entry["what"] == what).count()
    }

    /// Lets time go on and does what is due, for so many hours.
    async fn after_hours(&mut self, hours: i64) {
        for _ in 0..hours {
            for minutes in [1, 4, 10, 45] {
                self.at += TimeDelta::minutes(minutes);
                self.hand.show(self.at);
                look_after_payments(&self.shop.app, &self.shop.store, &mut Seen::default())
                    .await
                    .expect("a look");
                run_due(&self.shop.app, &self.shop.store)
                    .await
                    .expect("errands");
            }
        }
    }

    async fn ship_first(&self) -> String {
        let parcel = ready(&self.client).await.remove(0).0;
        let left = ship(&self.client, "ship", &parcel).await;
        assert_eq!(left.status, 200, "{}", String::from_utf8_lossy(&left.body));
        parcel
    }

    async fn charge(&self) -> (String, i64) {
        let order = shown(&self.client, "W-1").await;
        let charge = &order["payment"]["charges"][0];
        (
            charge["status"].as_str().unwrap_or_default().to_owned(),
            charge["captured"]["amount"].as_i64().unwrap_or(-1),
        )
    }

    /// The letters that were carried, oldest first, with their lines as they were before they were sent.
    fn texts(&self) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.shop.directory.path().join("mail")) else {
            return Vec::new();
        };
        let mut files: Vec<_> = folder.map(|file| file.expect("a file").path()).collect();
        files.sort();
        let texts = files.iter().map(std::fs::read_to_string);
        texts
            .map(|text| text.expect("a letter").replace("=\r\n", ""))
            .collect()
    }

    /// Subjects of the letters that were carried, oldest first.
    fn letters(&self) -> Vec<String> {
        let subject = |text: &String| {
            let line = text.lines().find_map(|line| line.strip_prefix("Subject: "));
            line.unwrap_or_default().to_owned()
        };
        self.texts().iter().map(subject).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_a_parcel_is_captured_once_or_its_customer_is_asked() {
    let declined = json!({"status": "declined", "code": "card_declined", "pay_url": "https://shop.example/pay"});
    let strange = json!({"status": "sure"});
    let cases: [Case; 14] = [
        ("well", vec![], ("captured", 1_134), 1),
        (
            "lost before",
            vec![Turn::LostBefore],
            ("captured", 1_134),
            1,
        ),
        ("lost after", vec![Turn::LostAfter], ("captured", 1_134), 1),
        ("late after", vec![Turn::LateAfter], ("captured", 1_134), 1),
        (
            "late twice",
            vec![Turn::LateAfter, Turn::LateAfter],
            ("captured", 1_134),
            1,
        ),
        ("huge after", vec![Turn::HugeAfter], ("captured", 1_134), 1),
        (
            "500",
            vec![Turn::Status(500), Turn::Status(503)],
            ("captured", 1_134),
            1,
        ),
        ("429", vec![Turn::Status(429)], ("captured", 1_134), 1),
        (
            "pending",
            vec![Turn::Says(json!({"status": "pending"}))],
            ("captured", 1_134),
            1,
        ),
        (
            "declined",
            vec![Turn::Says(declined.clone()); 99],
            ("payment_needed", 0),
            0,
        ),
        (
            "authentication",
            vec![Turn::Says(json!({"status": "authentication_required"})); 99],
            ("payment_needed", 0),
            0,
        ),
        (
            "expired",
            vec![Turn::Says(json!({"status": "expired"})); 99],
            ("payment_needed", 0),
            0,
        ),
        (
            "redirect",
            vec![Turn::Status(307); 99],
            ("payment_needed", 0),
            0,
        ),
        (
            "strange answer",
            vec![Turn::Says(strange); 99],
            ("payment_needed", 0),
            0,
        ),
    ];
    for (name, turns, expected, captures) in cases {
        let mut connected = Connected::with_order().await;
        connected.bank.will(&turns);
        connected.ship_first().await;
        connected.after_hours(2).await;
        let (status, captured) = connected.charge().await;
        assert_eq!((status.as_str(), captured), expected, "{name}");
        let done = connected.bank.done();
        let taken = done
            .iter()
            .filter(|(kind, _)| kind == "payment.capture")
            .count();
        assert_eq!(taken, captures, "{name}: {done:?}");
        let letters = connected.letters();
        let told = match captures {
            1 => "Order W-1 is on its way",
            _ => "Order W-1: we need your payment",
        };
        assert_eq!(
            letters.iter().filter(|subject| *subject == told).count(),
            1,
            "{name}: {letters:?}"
        );
        connected.shop.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_answered_to_an_authorization_the_customer_is_asked_or_the_parcel_leaves() {
    for (answered, expected) in [
        ("authorized", "authorized"),
        ("expired", "payment_needed"),
        ("captured", "payment_needed"),
        ("released", "payment_needed"),
        ("refunded", "payment_needed"),
    ] {
        let mut connected = Connected::new().await;
        sku(&connected.client, "A", 1, json!({})).await;
        let usd = |amount: i64| json!({"amount": amount, "currency": "USD"});
        let order = json!({
            "lines": [{"sku": "A", "quantity": 1, "unit_price": usd(1_000)}],
            "payment": {"provider": "external", "reference": "their-7", "authorized_until": "2026-11-23T15:30:00Z"},
        });
        assert_eq!(place(&connected.client, "W-1", order).await.status, 201);
        let said = json!({"status": answered, "pay_url": "https://shop.example/pay"});
        connected.bank.will(&[Turn::Says(said)]);
        connected.after_hours(1).await;
        let charge = connected.charge().await;
        assert_eq!(charge, (expected.to_owned(), 0), "{answered}");
        connected.shop.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_pays_later_is_captured_then() {
    let mut connected = Connected::with_order().await;
    connected
        .bank
        .will(&[Turn::Says(json!({"status": "declined"}))]);
    connected.ship_first().await;
    connected.after_hours(1).await;
    // Asked again under the same name, the payment system says what it knows by then.
    assert_eq!(connected.charge().await, ("captured".to_owned(), 1_134));
    connected.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_hears_of_the_order_the_parcel_the_delay_and_the_end_once_each() {
    let mut connected = Connected::with_order().await;
    connected.after_hours(1).await;
    assert_eq!(connected.letters(), ["Your order W-1 at default"]);
    connected.ship_first().await;
    connected.after_hours(1).await;
    let later = json!({"expected_on": "2026-12-18"});
    assert_eq!(
        connected
            .client
            .patch("/v1/purchase-orders/PO-7", later)
            .await
            .status,
        200
    );
    connected.after_hours(1).await;
    let order = shown(&connected.client, "W-1").await;
    assert_eq!(order["notices"][0]["status"], "told");
    assert_eq!(
        cancel(&connected.client, "rest", "W-1", json!({}))
            .await
            .status,
        200
    );
    connected.after_hours(2).await;
    assert_eq!(
        connected.letters(),
        [
            "Your order W-1 at default",
            "Order W-1 is on its way",
            "Order W-1: a new date",
            "Order W-1: cancelled",
        ]
    );
    assert_eq!(
        connected.bank.done(),
        [
            ("payment.capture".to_owned(), 1_134),
            ("payment.release".to_owned(), 0)
        ]
    );
    connected.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_lost_on_the_way_is_given_once() {
    let mut connected = Connected::with_order().await;
    let parcel = connected.ship_first().await;
    connected.after_hours(1).await;
    connected.bank.will(&[Turn::LostAfter, Turn::LateAfter]);
    let body = json!({"shipment": parcel, "amount": {"amount": 134, "currency": "USD"}});
    assert_eq!(
        connected
            .client
            .post("/v1/orders/W-1/refunds", "back", body)
            .await
            .status,
        201
    );
    connected.after_hours(1).await;
    let order = shown(&connected.client, "W-1").await;
    assert_eq!(order["payment"]["refunds"][0]["status"], "done");
    let refunds: Vec<_> = connected
        .bank
        .done()
        .into_iter()
        .filter(|(kind, _)| kind == "payment.refund")
        .collect();
    assert_eq!(refunds, [("payment.refund".to_owned(), 134)]);
    connected.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errands_of_a_server_that_fell_are_done_by_another_after_a_while() {
    let mut connected = Connected::with_order().await;
    connected.ship_first().await;
    let (store, app) = (&connected.shop.store, &connected.shop.app);
    let taken = app
        .store
        .take_errands(
            store,
            connected.at,
            TimeDelta::seconds(90),
            16,
            Lane::Questions,
        )
        .await;
    assert_eq!(
        taken.expect("errands").len(),
        1,
        "of a letter and a capture, one at a time"
    );
    // Nobody else does them meanwhile.
    run_due(app, store).await.expect("nothing to do");
    assert!(connected.bank.done().is_empty());
    connected.after_hours(1).await;
    assert_eq!(connected.charge().await, ("captured".to_owned(), 1_134));
    assert_eq!(connected.letters().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_errand_that_servers_fall_over_is_left_alone_longer_each_time() {
    let connected = Connected::with_order().await;
    let (store, app) = (&connected.shop.store, &connected.shop.app);
    let taken_after = async |seconds: i64| {
        let at = connected.at + TimeDelta::seconds(seconds);
        let taken = app
            .store
            .take_errands(store, at, TimeDelta::seconds(90), 16, Lane::Letters);
        taken.await.expect("errands").len()
    };
    let moments = [0, 89, 90, 269, 270, 539, 540];
    let mut taken = Vec::new();
    for seconds in moments {
        taken.push(taken_after(seconds).await);
    }
    assert_eq!(taken, [1, 0, 1, 0, 1, 0, 1], "after {moments:?} seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_of_one_order_that_slip_at_once_are_one_letter() {
    let mut connected = Connected::with_two_deliveries().await;
    connected.slips("PO-7", json!("2026-12-18")).await;
    connected.slips("PO-8", json!("2026-12-21")).await;
    connected.after_hours(1).await;
    assert_eq!(
        connected.letters(),
        ["Your order W-1 at default", "Order W-1: a new date"]
    );
    assert_eq!(connected.noted("told").await, 2, "once for each part");
    connected.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slipped_while_the_mail_was_down_is_one_letter_when_it_is_back() {
    let mut connected = Connected::with_two_deliveries().await;
    connected.mail_goes_down();
    connected.slips("PO-7", json!("2026-12-18")).await;
    connected.after_hours(1).await;
    connected.slips("PO-8", json!("2026-12-21")).await;
    connected.slips("PO-7", json!("2026-12-23")).await;
    connected.after_hours(1).await;
    connected.mail_comes_back();
    connected.after_hours(2).await;
    assert_eq!(
        connected.letters(),
        ["Your order W-1 at default", "Order W-1: a new date"]
    );
    assert_eq!(connected.noted("told").await, 2, "once for each part");
    connected.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_could_not_be_told_in_time_is_told_of_the_end_and_of_no_later_date() {
    let mut connected = Connected::with_two_deliveries().await;
    connected.mail_goes_down();
    connected.slips("PO-7", json!("2026-12-18")).await;
    connected.slips("PO-8", json!("2026-12-21")).await;
    // The day after the one that was told, before anybody looked what time has ended.
    connected.at = "2026-12-16T15:00:00Z".parse().expect("an instant");
    connected.mail_comes_back();
    connected.after_hours(2).await;
    assert_eq!(connected.letters(), ["Your order W-1 at default"]);
    look_after_delays(&connected.shop.app, &connected.shop.store)
        .await
        .expect("a look");
    connected.after_hours(1).await;
    assert_eq!(
        connected.letters(),
        ["Your order W-1 at default", "Order W-1: cancelled"]
    );
    connected.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_errand_that_cannot_be_written_down_cuts_no_other_one_off() {
    let connected = Connected::of(TestShop::in_file().await).await;
    let client = &connected.client;
    sku(client, "A", 2, json!({})).await;
    let usd = |amount: i64| json!({"amount": amount, "currency": "USD"});
    let order = json!({
        "lines": [{"sku": "A", "quantity": 1, "unit_price": usd(1_000)}],
        "payment": {"provider": "external", "reference": "their-7"},
    });
    assert_eq!(place(client, "W-1", order).await.status, 201);
    connected.ship_first().await;
    let order = json!({
        "lines": [{"sku": "A", "quantity": 1}],
        "customer": {"email": "anna@example.org"},
    });
    assert_eq!(place(client, "W-2", order).await.status, 201);
    // The letter fails at once, and then its failure cannot be kept.
    std::fs::write(connected.shop.directory.path().join("mail"), "no folder").expect("a file");
    sqlx::raw_sql(
        "CREATE TRIGGER no_mail BEFORE UPDATE OF failure ON errand WHEN new.kind = 'mail'
         BEGIN SELECT RAISE(ABORT, 'no room'); END",
    )
    .execute(&mut stranger(&connected.shop).await)
    .await
    .expect("a trigger");
    connected.bank.will(&[Turn::Slowly]);
    run_due(&connected.shop.app, &connected.shop.store)
        .await
        .expect_err("the letter's failure");
    assert_eq!(connected.charge().await, ("captured".to_owned(), 1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_mail_goes_nowhere_keeps_no_other_store_waiting() {
    let shop = TestShop::new().await;
    let hole = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = hole.local_addr().expect("an address").port();
    let accounts = json!({"stores": {
        "default": {"mail": {"smtp": format!("smtp://127.0.0.1:{port}"), "from": "Shop <orders@shop.example>"}},
        "other": {"mail": {"folder": shop.directory.path().join("mail"), "from": "Other <orders@other.example>"}},
    }});
    let (clock, _) = Clock::by_hand(now());
    let connections = Connections::parse(&accounts.to_string(), &clock).expect("accounts");
    let other = shop.add_store("other").await;
    let shop = TestShop {
        app: app_with(shop.app.store.clone(), clock, connections).await,
        ..shop
    };
    let client = Client::new(&shop).await;
    let key = shop.key(&other, KeyKind::Secret, "sk_live_other").await;
    let others = Client::with(&shop, &key);
    let order =
        json!({"lines": [{"sku": "A", "quantity": 1}], "customer": {"email": "anna@example.org"}});
    sku(&client, "A", 40, json!({})).await;
    sku(&others, "A", 1, json!({})).await;
    for number in 0..40 {
        let placed = place(&client, &format!("W-{number}"), order.clone()).await;
        assert_eq!(placed.status, 201);
    }
    let running = tokio::spawn(errand_turns::run(shop.app.clone()));
    // Taken in, and never answered.
    let _held = hole.accept().await.expect("a letter");
    assert_eq!(place(&others, "W-1", order).await.status, 201);
    let folder = shop.directory.path().join("mail");
    let began = std::time::Instant::now();
    while std::fs::read_dir(&folder).map_or(0, Iterator::count) == 0 {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the letter of the other store is not sent"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_system_that_does_not_answer_keeps_no_letter_and_no_other_parcel_waiting() {
    let shop = TestShop::new().await;
    let hole = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = hole.local_addr().expect("an address").port();
    let folder = shop.directory.path().join("mail");
    let accounts = json!({"stores": {"default": {
        "external": {"url": format!("http://127.0.0.1:{port}/"), "private": true, "secret": SECRET, "timeout_ms": 15_000},
        "mail": {"folder": folder, "from": "Shop <orders@shop.example>"},
    }}});
    let (clock, _) = Clock::by_hand(now());
    let connections = Connections::parse(&accounts.to_string(), &clock).expect("accounts");
    let shop = TestShop {
        app: app_with(shop.app.store.clone(), clock, connections).await,
        ..shop
    };
    let client = Client::new(&shop).await;
    sku(&client, "A", 3, json!({})).await;
    let usd = |amount: i64| json!({"amount": amount, "currency": "USD"});
    let paid = json!({
        "lines": [{"sku": "A", "quantity": 1, "unit_price": usd(1_000)}],
        "payment": {"provider": "external", "reference": "their-7"},
    });
    for name in ["W-1", "W-2"] {
        assert_eq!(place(&client, name, paid.clone()).await.status, 201);
    }
    let running = tokio::spawn(errand_turns::run(shop.app.clone()));
    let patience = Duration::from_secs(10);
    let mut held = Vec::new();
    for (id, order, _) in ready(&client).await {
        assert_eq!(ship(&client, &order, &id).await.status, 200);
        // Taken in, and never answered.
        let asked = tokio::time::timeout(patience, hole.accept()).await;
        held.push(
            asked
                .expect("the parcel is not asked about")
                .expect("a question"),
        );
    }
    assert_eq!(held.len(), 2);
    let order =
        json!({"lines": [{"sku": "A", "quantity": 1}], "customer": {"email": "anna@example.org"}});
    assert_eq!(place(&client, "W-3", order).await.status, 201);
    let began = std::time::Instant::now();
    while std::fs::read_dir(&folder).map_or(0, Iterator::count) == 0 {
        assert!(began.elapsed() < patience, "the letter is not sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_before_its_letter_was_written_stands_in_it_and_what_is_cancelled_costs_nothing()
{
    let mut connected = Connected::with_order().await;
    connected.ship_first().await;
    let page = shown(&connected.client, "W-1").await["page"]
        .as_str()
        .expect("a page")
        .trim_start_matches("https://ships.example")
        .to_owned();
    let total = async |connected: &Connected| {
        let seen = Visitor::of(&connected.shop)
            .get(&format!("{page}.json"))
            .await;
        let seen: Value = serde_json::from_str(&seen.text).expect("JSON");
        seen["money"]["total"].as_str().expect("a total").to_owned()
    };
    assert_eq!(total(&connected).await, "$34.02");
    let cancelled = cancel(&connected.client, "rest", "W-1", json!({})).await;
    assert_eq!(cancelled.status, 200);
    assert_eq!(total(&connected).await, "$11.34");
    connected.after_hours(2).await;
    let letters = connected.texts();
    let mut confirmed = letters
        .iter()
        .filter(|text| text.contains("Thank you for your order"));
    let confirmed = confirmed.next().expect("a confirmation");
    for words in ["Has left already", "$11.34"] {
        assert!(confirmed.contains(words), "no `{words}` in {confirmed}");
    }
    assert!(!confirmed.contains("$34.02"), "{confirmed}");
    connected.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_names_a_day_of_delivery_only_where_the_way_to_the_door_is_known() {
    let ways = [
        (
            json!([]),
            "Ships by Tuesday, December 15",
            "Ships by Tuesday, December 22 instead of",
        ),
        (
            json!([{"zone": "eu", "days": 3}]),
            "Arrives by Friday, December 18",
            "Arrives by Friday, December 25 instead of",
        ),
    ];
    for (transit, first, then) in ways {
        let mut connected = Connected::new().await;
        let client = &connected.client;
        let store = json!({"name": "Shop", "transit": transit});
        assert_eq!(client.put("/v1/store", store).await.status, 200);
        sku(client, "A", 0, json!({})).await;
        ordered(client, "PO-7", "A", 2, "2026-12-11").await;
        let order = json!({
            "lines": [{"sku": "A", "quantity": 1}],
            "customer": {"email": "anna@example.org", "country": "DE", "lang": "en"},
        });
        assert_eq!(place(client, "W-1", order).await.status, 201);
        connected.after_hours(1).await;
        connected.slips("PO-7", json!("2026-12-18")).await;
        connected.after_hours(1).await;
        let texts = connected.texts();
        assert_eq!(texts.len(), 2, "{:?}", connected.letters());
        assert!(texts[0].contains(first), "no `{first}` in {}", texts[0]);
        assert!(texts[1].contains(then), "no `{then}` in {}", texts[1]);
        connected.shop.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_europe_the_customer_sets_a_last_period_and_ends_what_misses_it() {
    for country in ["DE", "GB"] {
        let mut connected = Connected::new().await;
        let client = &connected.client;
        sku(client, "A", 1, json!({})).await;
        ordered(client, "PO-7", "A", 2, "2026-12-11").await;
        let usd = |amount: i64| json!({"amount": amount, "currency": "USD"});
        let order = json!({
            "lines": [{"sku": "A", "quantity": 2, "unit_price": usd(1_000)}],
            "customer": {"email": "anna@example.org", "country": country},
            "payment": {"provider": "external", "reference": "their-7"},
        });
        assert_eq!(place(client, "W-1", order).await.status, 201);
        connected.ship_first().await;
        connected.slips("PO-7", json!(null)).await;
        connected.after_hours(1).await;
        let order = shown(&connected.client, "W-1").await;
        assert_eq!(order["notices"][0]["kind"], "extra_period");
        assert_eq!(order["notices"][0]["silence"], "nothing");

        // Not before the day is missed.
        let body = json!({"reply": "extra_period"});
        let path = "/v1/orders/W-1/replies";
        let early = connected.client.post(path, "early", body.clone()).await;
        assert_eq!(early.code(), "nothing_to_answer");
        let detail = early.json()["detail"].as_str().expect("words").to_owned();
        assert!(detail.contains("2026-12-16"), "{detail}");
        connected.at = "2026-12-16T15:00:00Z".parse().expect("an instant");
        connected.after_hours(1).await;
        for key in ["set", "set again"] {
            let key = key.replace(' ', "-");
            let set = connected.client.post(path, &key, body.clone()).await;
            assert_eq!(set.status, 200, "{country}");
        }
        assert_eq!(connected.noted("extra_period_set").await, 1);

        // It is missed: nothing ends by itself, and the customer ends it.
        connected.at = "2027-01-04T15:00:00Z".parse().expect("an instant");
        connected.after_hours(1).await;
        look_after_delays(&connected.shop.app, &connected.shop.store)
            .await
            .expect("a look");
        assert_eq!(
            shown(&connected.client, "W-1").await["status"],
            "part_shipped"
        );
        let by = json!({"by": "customer"});
        assert_eq!(
            cancel(&connected.client, "end", "W-1", by).await.status,
            200
        );
        connected.after_hours(1).await;
        let order = shown(&connected.client, "W-1").await;
        assert_eq!(order["status"], "shipped");
        assert_eq!(order["lines"][0]["cancelled"], 1);
        assert_eq!(connected.noted("cancelled").await, 1);
        assert_eq!(connected.noted("refund_started").await, 1);
        // What has left was paid, and what will not leave is let go of.
        assert_eq!(
            connected.bank.done(),
            [
                ("payment.capture".to_owned(), 1_000),
                ("payment.release".to_owned(), 0)
            ],
            "{country}"
        );
        assert_eq!(
            connected.letters().last().map(String::as_str),
            Some("Order W-1: cancelled")
        );
        connected.shop.assert_sound().await;
    }
}

/// A mail server that knows nobody, and takes what is sent to nobody.
pub async fn knows_nobody() -> u16 {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = server.local_addr().expect("an address").port();
    tokio::spawn(async move {
        loop {
            let (connection, _) = server.accept().await.expect("a connection");
            tokio::spawn(async move {
                let (read, mut write) = connection.into_split();
                let mut said = BufReader::new(read).lines();
                let _ = write.write_all(b"220 h\r\n").await;
                while let Ok(Some(line)) = said.next_line().await {
                    let answer = match line.starts_with("RCPT") {
                        true => "550 nobody of that name\r\n",
                        false => "250 yes\r\n",
                    };
                    let _ = write.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_no_mail_server_takes_is_given_up_and_ends_the_order_on_its_day() {
    let mut connected = Connected::with_mail(json!({
        "smtp": format!("smtp://127.0.0.1:{}", knows_nobody().await),
        "from": "Shop <orders@shop.example>",
    }))
    .await;
    let client = &connected.client;
    sku(client, "A", 0, json!({})).await;
    ordered(client, "PO-7", "A", 2, "2026-12-11").await;
    let order = json!({
        "lines": [{"sku": "A", "quantity": 1}],
        "customer": {"email": "anna@example.org", "country": "US"},
    });
    assert_eq!(place(client, "W-1", order).await.status, 201);
    connected.slips("PO-7", json!("2026-12-18")).await;
    connected.after_hours(1).await;
    let order = shown(&connected.client, "W-1").await;
    assert_eq!(order["notices"][0]["status"], "due", "nobody was told");
    let evidence = connected.client.get("/v1/orders/W-1/evidence").await.json();
    let entries = evidence["items"].as_array().expect("entries").iter();
    let ended = entries
        .filter(|entry| entry["what"] == "mail_ended")
        .filter_map(|entry| entry["detail"].as_str())
        .find(|detail| detail.contains("delayed"));
    let ended = ended.expect("the letter has ended");
    assert!(
        ended.ends_with("given_up: the mail server answered 550"),
        "{ended}"
    );

    connected.at = "2026-12-16T15:00:00Z".parse().expect("an instant");
    connected.after_hours(1).await;
    look_after_delays(&connected.shop.app, &connected.shop.store)
        .await
        .expect("a look");
    assert_eq!(shown(&connected.client, "W-1").await["status"], "cancelled");
    connected.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_the_server_is_told_of_letters_that_are_late_and_of_those_given_up() {
    let mut connected = Connected::with_two_deliveries().await;
    let told = |connected: &Connected, name: &str| {
        let text = connected.shop.app.metrics.text();
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        let value = lines.find_map(|rest| rest.strip_prefix("{store=\"default\"} "));
        value.map(str::to_owned)
    };
    let overdue = "shipsby_errands_overdue";
    connected.mail_goes_down();
    connected.slips("PO-7", json!("2026-12-18")).await;
    for (minutes, late) in [(0, "0"), (14, "0"), (2, "1")] {
        connected.at += TimeDelta::minutes(minutes);
        connected.hand.show(connected.at);
        count_overdue(&connected.shop.app, &connected.shop.store)
            .await
            .expect("a count");
        assert_eq!(told(&connected, overdue).as_deref(), Some(late));
    }
    let given_up = "shipsby_letters_given_up_total";
    assert_eq!(told(&connected, given_up), None);
    connected.after_hours(80).await;
    assert_eq!(told(&connected, given_up).as_deref(), Some("1"));
    count_overdue(&connected.shop.app, &connected.shop.store)
        .await
        .expect("a count");
    assert_eq!(told(&connected, overdue).as_deref(), Some("0"));
}

/// A mail server that takes what is sent to it, and says so only when it is let.
async fn takes_its_time(is_let: Arc<tokio::sync::Semaphore>, has: Arc<Mutex<Vec<String>>>) -> u16 {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = server.local_addr().expect("an address").port();
    tokio::spawn(async move {
        loop {
            let (connection, _) = server.accept().await.expect("a connection");
            let (is_let, has) = (Arc::clone(&is_let), Arc::clone(&has));
            tokio::spawn(async move {
                let (read, mut write) = connection.into_split();
                let mut said = BufReader::new(read).lines();
                let mut is_letter = false;
                let _ = write.write_all(b"220 h\r\n").await;
                while let Ok(Some(line)) = said.next_line().await {
                    if let Some(id) = line.strip_prefix("Message-ID: ") {
                        has.lock().expect("letters").push(id.to_owned());
                    }
                    let answer = match (is_letter, line.as_str()) {
                        (true, ".") => {
                            is_letter = false;
                            is_let.acquire().await.expect("never closed").forget();
                            "250 taken\r\n"
                        }
                        (true, _) => continue,
                        (false, "DATA") => {
                            is_letter = true;
                            "354 go on\r\n"
                        }
                        (false, _) => "250 yes\r\n",
                    };
                    let _ = write.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slips_while_the_letter_is_on_its_way_is_asked_anew_after_it() {
    let is_let = Arc::new(tokio::sync::Semaphore::new(1));
    let has: Arc<Mutex<Vec<String>>> = Arc::default();
    let port = takes_its_time(Arc::clone(&is_let), Arc::clone(&has)).await;
    let mut connected = Connected::with_mail(json!({
        "smtp": format!("smtp://127.0.0.1:{port}"),
        "from": "Shop <orders@shop.example>",
    }))
    .await;
    let client = &connected.client;
    sku(client, "A", 0, json!({})).await;
    ordered(client, "PO-7", "A", 2, "2026-12-11").await;
    let order = json!({
        "lines": [{"sku": "A", "quantity": 1}],
        "customer": {"email": "anna@example.org", "country": "US"},
    });
    assert_eq!(place(client, "W-1", order).await.status, 201);
    connected.after_hours(1).await;

    connected.slips("PO-7", json!("2026-12-18")).await;
    let (app, store) = (connected.shop.app.clone(), connected.shop.store.clone());
    let sending = tokio::spawn(async move { run_due(&app, &store).await });
    while has.lock().expect("letters").len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    connected.slips("PO-7", json!("2026-12-23")).await;
    is_let.add_permits(9);
    sending.await.expect("errands").expect("errands");
    connected.after_hours(1).await;

    let order = shown(&connected.client, "W-1").await;
    let notices = order["notices"].as_array().expect("notices").iter();
    let notices: Vec<_> = notices
        .map(|notice| {
            let text = |name: &str| notice[name].as_str().unwrap_or_default().to_owned();
            (text("kind"), text("was"), text("now"), text("status"))
        })
        .collect();
    let notice =
        |kind: &str, was: &str, now: &str| (kind.into(), was.into(), now.into(), "told".into());
    // What was told first counts, whatever came to be true meanwhile.
    assert_eq!(
        notices,
        [
            notice("definite", "2026-12-15", "2026-12-22"),
            notice("renewed", "2026-12-22", "2026-12-25"),
        ]
    );
    let mut letters = has.lock().expect("letters").clone();
    assert_eq!(letters.len(), 3, "{letters:?}");
    letters.dedup();
    assert_eq!(letters.len(), 3, "each has a name of its own: {letters:?}");
    connected.shop.assert_sound().await;
}
