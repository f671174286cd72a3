//! Who waits for goods to be there again: asked once a day, told once, first come first served, and forgotten.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use server::app::App;
use server::catalogue::KeyKind;
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::http::bundles::Bundles;
use server::http::front::Front;
use server::http::routes;
use server::operations::errands::run_due;
use server::operations::tell_waitlist::tell_waitlist;
use server::operations::waitlist::forget_waitlist;
use server::store::writing::Note;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::errands::knows_nobody;
use crate::shop::{TestShop, app_with, now};

const PUBLIC_URL: &str = "https://ships.example";

/// A shop with a mailbox, a clock that is moved by hand, and people who wait.
struct Waiters {
    shop: TestShop,
    client: Client,
    front: Arc<Front>,
    hand: Hand,
    at: DateTime<Utc>,
    people: AtomicU8,
}

/// A letter that was carried.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Carried {
    to: String,
    subject: String,
    text: String,
}

impl Carried {
    /// The path of the first link to a page of ours that ends so.
    #[track_caller]
    fn link(&self, end: &str) -> String {
        let mut links = self.text.split(PUBLIC_URL).skip(1).map(|rest| {
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '<' | '"'));
            &rest[..end.unwrap_or(rest.len())]
        });
        // A store and a token, and then what is to be done.
        let is_wanted = |link: &&str| match end {
            "" => link.split('/').count() == 4,
            end => link.ends_with(end),
        };
        let found = links.find(|link| link.starts_with("/b/") && is_wanted(link));
        found
            .unwrap_or_else(|| panic!("no {end} in {}", self.text))
            .to_owned()
    }
}

impl Waiters {
    async fn new() -> Self {
        let shop = TestShop::new().await;
        let folder = shop.directory.path().join("mail");
        Self::of(shop, json!({"folder": folder})).await
    }

    async fn of(mut shop: TestShop, mail: Value) -> Self {
        let (clock, hand) = Clock::by_hand(now());
        shop.app = connected(&shop, shop.app.store.clone(), clock, mail).await;
        let client = Client::new(&shop).await;
        shop.key(&shop.store, KeyKind::Publishable, "pk_live_test")
            .await;
        let stop = CancellationToken::new();
        let front = routes::front(shop.app.clone(), Bundles::built_in(), stop);
        let waiters = Self {
            shop,
            client,
            front: Arc::new(front),
            hand,
            at: now(),
            people: AtomicU8::new(1),
        };
        for (sku, title) in [("A", "Cap, blue"), ("B", "Mug")] {
            let body = json!({"title": title, "backorder": {"policy": "deny"}});
            let put = waiters.client.put(&format!("/v1/skus/{sku}"), body).await;
            assert_eq!(put.status, 200);
        }
        waiters
    }

    /// Asks as a browser somewhere does; each time from somewhere else.
    async fn send(&self, method: &str, path: &str, key: &str, body: &str) -> (u16, String) {
        let person = self.people.fetch_add(1, Ordering::Relaxed);
        self.send_from(person, method, path, key, body).await
    }

    async fn send_from(
        &self,
        person: u8,
        method: &str,
        path: &str,
        key: &str,
        body: &str,
    ) -> (u16, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "ships.example")
            .header("x-shipsby-key", key)
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .expect("a request");
        let peer = IpAddr::from([10, 0, 0, person]);
        let response = self.front.answer(request, peer).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("a body").to_vec();
        (
            parts.status.as_u16(),
            String::from_utf8(body).expect("UTF-8"),
        )
    }

    async fn sign_up(&self, sku: &str, email: &str) -> (u16, String) {
        let body = json!({"sku": sku, "email": email}).to_string();
        self.send("POST", "/v1/back-in-stock", "pk_live_test", &body)
            .await
    }

    async fn get(&self, path: &str) -> (u16, String) {
        self.send("GET", path, "", "").await
    }

    async fn post(&self, path: &str) -> (u16, String) {
        self.send("POST", path, "", "List-Unsubscribe=One-Click")
            .await
    }

    /// Lets so many minutes pass, and does what is due then.
    async fn after_minutes(&mut self, minutes: i64) {
        self.at += TimeDelta::minutes(minutes);
        self.hand.show(self.at);
        self.turn().await;
    }

    async fn after_days(&mut self, days: i64) {
        self.after_minutes(days * 24 * 60).await;
    }

    async fn turn(&self) {
        turn_of(&self.shop.app, &self.shop).await;
    }

    /// Signs up and confirms, a minute after whoever did before.
    async fn waits(&mut self, sku: &str, email: &str) {
        assert_eq!(self.sign_up(sku, email).await.0, 202);
        self.after_minutes(1).await;
        let letter = self.letters_to(email).pop().expect("a letter that asks");
        self.confirm(&letter.link("")).await;
    }

    /// Opens a link and sends the form on its page.
    async fn confirm(&self, path: &str) {
        let (status, page) = self.get(path).await;
        assert_eq!(status, 200, "{page}");
        let page = page.replace("&#x2f;", "/");
        let (_, form) = page.split_once("action=\"").expect("a form");
        let (action, _) = form.split_once('"').expect("its end");
        assert_eq!(self.post(action).await.0, 303);
    }

    async fn count(&self, sku: &str, units: u32) {
        self.shop.set(sku, units, None).await.expect("stock");
    }

    /// Letters in the order in which they were carried.
    fn letters(&self) -> Vec<Carried> {
        let Ok(folder) = std::fs::read_dir(self.shop.directory.path().join("mail")) else {
            return Vec::new();
        };
        let mut files: Vec<_> = folder.map(|file| file.expect("a file").path()).collect();
        files.sort();
        let read = |file: &std::path::PathBuf| {
            let text = std::fs::read_to_string(file).expect("a letter");
            let text = text.replace("=\r\n", "").replace("\r\n ", " ");
            let header = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap_or_default().to_owned()
            };
            Carried {
                to: header("To: "),
                subject: header("Subject: "),
                text: text.clone(),
            }
        };
        files.iter().map(read).collect()
    }

    fn letters_to(&self, email: &str) -> Vec<Carried> {
        let mut letters = self.letters();
        letters.retain(|letter| letter.to == email);
        letters
    }

    /// Who was told that it is there again, in that order.
    fn told(&self) -> Vec<String> {
        let letters = self.letters().into_iter();
        let told = letters.filter(|letter| letter.subject.starts_with("Back in stock"));
        told.map(|letter| letter.to).collect()
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

    /// True if the database knows an address.
    async fn is_known(&self, email: &str) -> bool {
        let store = &self.shop.app.store;
        let note = Note::new("look", "");
        let writing = store.begin(&self.shop.store, note, self.at).await;
        let mut writing = writing.expect("a look");
        let found = writing.waitlist_address_of(email).await.expect("an answer");
        writing.undo().await.expect("no trace");
        found.is_some()
    }

    async fn waiting(&self) -> Vec<(String, u64)> {
        let list = self.client.get("/v1/back-in-stock").await.json();
        let items = list["items"].as_array().expect("items").iter();
        let counted = |item: &Value| {
            let sku = item["sku"].as_str().unwrap_or_default().to_owned();
            (sku, item["waiting"].as_u64().unwrap_or_default())
        };
        items.map(counted).collect()
    }
}

async fn connected(
    shop: &TestShop,
    store: server::store::Store,
    clock: Clock,
    mut mail: Value,
) -> App {
    mail["from"] = json!("Shop <orders@shop.example>");
    let accounts = json!({
        "public_url": PUBLIC_URL,
        "stores": {shop.store.as_str(): {"mail": mail}},
    });
    let connections = Connections::parse(&accounts.to_string(), &clock).expect("accounts");
    app_with(store, clock, connections).await
}

/// What a server does in a turn.
async fn turn_of(app: &App, shop: &TestShop) {
    let told = tell_waitlist(app, &shop.store, &mut String::new()).await;
    told.expect("a turn");
    run_due(app, &shop.store).await.expect("errands");
}

#[tokio::test]
async fn an_address_is_asked_once_a_day_about_all_that_was_asked_for() {
    let mut waiters = Waiters::new().await;
    for email in ["anna@example.org", "Anna@Example.org", "anna@example.org"] {
        assert_eq!(waiters.sign_up("A", email).await.0, 202);
    }
    waiters.after_minutes(1).await;
    assert_eq!(waiters.letters().len(), 1);
    waiters.sign_up("B", "anna@example.org").await;
    waiters.after_minutes(23 * 60).await;
    let late = waiters
        .shop
        .app
        .store
        .errands_overdue(&waiters.shop.store, waiters.at);
    assert_eq!(
        late.await.expect("a count"),
        0,
        "what waits for its day is not late"
    );
    let letters = waiters.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, "anna@example.org");
    assert!(
        letters[0].text.contains("- Cap, blue"),
        "{}",
        letters[0].text
    );
    assert!(!letters[0].text.contains("- Mug"));

    waiters.after_minutes(60).await;
    let letters = waiters.letters();
    assert_eq!(letters.len(), 2);
    assert!(letters[1].text.contains("- Cap, blue") && letters[1].text.contains("- Mug"));
    assert!(
        letters[1]
            .text
            .contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    );
    assert!(letters[1].link("/refuse").starts_with("/b/default/"));
    waiters.after_days(3).await;
    assert_eq!(waiters.letters().len(), 2);
    waiters.shop.assert_sound().await;
}

#[tokio::test]
async fn nothing_is_sent_to_who_did_not_confirm_and_opening_a_link_confirms_nothing() {
    let mut waiters = Waiters::new().await;
    waiters.sign_up("A", "anna@example.org").await;
    waiters.after_minutes(1).await;
    let link = waiters.letters()[0].link("");
    for path in [
        link.clone(),
        format!("{link}/leave"),
        format!("{link}/refuse"),
    ] {
        assert_eq!(waiters.get(&path).await.0, 200);
    }
    waiters.count("A", 5).await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), [""; 0]);
    assert_eq!(waiters.waiting().await, []);
    waiters.confirm(&link).await;
    assert_eq!(waiters.waiting().await, [("A".to_owned(), 1)]);
    let (_, page) = waiters.get(&link).await;
    assert!(page.contains("We will write to you"), "{page}");
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), ["anna@example.org"]);
}

#[tokio::test]
async fn a_form_confirms_what_its_page_showed() {
    let mut waiters = Waiters::new().await;
    waiters.sign_up("A", "anna@example.org").await;
    waiters.after_minutes(1).await;
    let link = waiters.letters()[0].link("");
    let (_, page) = waiters.get(&link).await;
    waiters.sign_up("B", "anna@example.org").await;
    let (_, until) = page.split_once("?until=").expect("a form");
    let (until, _) = until.split_once('"').expect("its end");
    assert_eq!(waiters.post(&format!("{link}?until={until}")).await.0, 303);
    assert_eq!(waiters.waiting().await, [("A".to_owned(), 1)]);
    assert_eq!(waiters.post(&link).await.0, 303);
    assert_eq!(waiters.waiting().await, [("A".to_owned(), 1)]);
}

#[tokio::test]
async fn first_come_first_told_and_never_more_than_arrived() {
    let mut waiters = Waiters::new().await;
    let people = ["e@x.org", "d@x.org", "c@x.org", "b@x.org", "a@x.org"];
    for email in people {
        waiters.waits("A", email).await;
    }
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), [""; 0]);

    waiters.count("A", 2).await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), people[..2]);
    for _ in 0..3 {
        waiters.after_minutes(30).await;
    }
    assert_eq!(
        waiters.told(),
        people[..2],
        "the same two units are told of once"
    );
    waiters.count("A", 3).await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), people[..3], "one more came");
    waiters.count("A", 1).await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), people[..3], "two were sold");

    waiters.after_minutes(6 * 60).await;
    assert_eq!(
        waiters.told(),
        people[..4],
        "the last was left by those before"
    );
    waiters.after_minutes(6 * 60 + 1).await;
    assert_eq!(waiters.told(), people, "and again");
    waiters.after_days(1).await;
    assert_eq!(waiters.told(), people);
    let told = waiters.letters_to("e@x.org").pop().expect("a letter");
    for words in [
        "Cap, blue",
        "Ships by",
        "https://ships.example/s/default/A?lang=3Den-US",
    ] {
        assert!(told.text.contains(words), "no {words} in {}", told.text);
    }
    waiters.shop.assert_sound().await;
}

#[tokio::test]
async fn a_receipt_and_a_cancellation_are_told_of_like_a_count() {
    let mut waiters = Waiters::new().await;
    waiters.count("B", 1).await;
    let order = json!({"lines": [{"sku": "B", "quantity": 1}]});
    assert_eq!(
        waiters
            .client
            .post(
                "/v1/orders",
                "o-1",
                json!({"id": "W-1", "lines": order["lines"]})
            )
            .await
            .status,
        201
    );
    waiters.waits("A", "a@x.org").await;
    waiters.waits("B", "b@x.org").await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), [""; 0]);
    let expected =
        json!({"id": "PO-1", "lines": [{"sku": "A", "quantity": 1, "expected_on": "2026-12-11"}]});
    assert_eq!(
        waiters
            .client
            .post("/v1/purchase-orders", "p-1", expected)
            .await
            .status,
        201
    );
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), [""; 0], "what is on its way is not there");
    let receipt = json!({"receipt": "r-1", "lines": [{"sku": "A", "quantity": 1}]});
    let received = waiters
        .client
        .post("/v1/purchase-orders/PO-1/receipts", "r-1", receipt)
        .await;
    assert_eq!(
        received.status,
        200,
        "{}",
        String::from_utf8_lossy(&received.body)
    );
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), ["a@x.org"]);
    let cancelled = waiters
        .client
        .post("/v1/orders/W-1/cancel", "c-1", json!({}))
        .await;
    assert_eq!(cancelled.status, 200);
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), ["a@x.org", "b@x.org"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_tell_each_once_and_no_more_than_arrived() {
    let mut waiters = Waiters::new().await;
    let people: Vec<String> = (0..8).map(|person| format!("p{person}@x.org")).collect();
    for email in &people {
        waiters.waits("A", email).await;
    }
    waiters.count("A", 5).await;
    let (clock, _hand) = Clock::by_hand(waiters.at);
    let folder = waiters.shop.directory.path().join("mail");
    let store = waiters.shop.other_process().await;
    let other = connected(&waiters.shop, store, clock, json!({"folder": folder})).await;
    for _ in 0..3 {
        tokio::join!(
            turn_of(&waiters.shop.app, &waiters.shop),
            turn_of(&other, &waiters.shop)
        );
    }
    let mut told = waiters.told();
    told.sort();
    assert_eq!(told, people[..5]);
    waiters.shop.assert_sound().await;
}

#[tokio::test]
async fn who_leaves_gets_nothing_more_whatever_was_on_its_way() {
    let mut waiters = Waiters::new().await;
    for email in ["a@x.org", "b@x.org"] {
        waiters.waits("A", email).await;
        waiters.waits("B", email).await;
    }
    waiters.count("A", 1).await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), ["a@x.org"]);
    let leave = waiters
        .letters_to("a@x.org")
        .pop()
        .expect("a letter")
        .link("/leave");

    // A letter is written down, and cannot be sent yet.
    waiters.mail_goes_down();
    waiters.count("B", 2).await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.post(&leave).await.0, 200);
    waiters.mail_comes_back();
    waiters.count("A", 9).await;
    waiters.after_minutes(60).await;
    waiters.after_days(1).await;
    let told = waiters.told();
    assert_eq!(
        told.iter().filter(|to| *to == "a@x.org").count(),
        1,
        "{told:?}"
    );
    assert_eq!(
        told.iter().filter(|to| *to == "b@x.org").count(),
        2,
        "{told:?}"
    );
    assert_eq!(
        waiters.post(&leave).await.0,
        404,
        "what the link was for is over"
    );
    forget_waitlist(&waiters.shop.app, &waiters.shop.store)
        .await
        .expect("it forgets");
    assert!(!waiters.is_known("a@x.org").await);
    assert!(waiters.is_known("b@x.org").await);
}

#[tokio::test]
async fn who_did_not_ask_is_left_alone_for_a_month() {
    let mut waiters = Waiters::new().await;
    waiters.sign_up("A", "anna@example.org").await;
    waiters.after_minutes(1).await;
    let refuse = waiters.letters()[0].link("/refuse");
    assert_eq!(waiters.post(&refuse).await.0, 200);
    waiters.count("A", 5).await;
    for _ in 0..29 {
        assert_eq!(waiters.sign_up("A", "anna@example.org").await.0, 202);
        waiters.after_days(1).await;
        forget_waitlist(&waiters.shop.app, &waiters.shop.store)
            .await
            .expect("it forgets");
    }
    assert_eq!(waiters.letters().len(), 1);
    waiters.after_days(2).await;
    forget_waitlist(&waiters.shop.app, &waiters.shop.store)
        .await
        .expect("it forgets");
    assert!(!waiters.is_known("anna@example.org").await);
    waiters.sign_up("A", "anna@example.org").await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.letters().len(), 2);
}

#[tokio::test]
async fn an_address_that_no_mail_server_takes_is_left_alone_for_a_month() {
    let shop = TestShop::new().await;
    let smtp = format!("smtp://127.0.0.1:{}", knows_nobody().await);
    let mut waiters = Waiters::of(shop, json!({"smtp": smtp})).await;
    let given_up = |waiters: &Waiters| {
        let text = waiters.shop.app.metrics.text();
        let mut lines = text.lines();
        let name = "shipsby_letters_given_up_total{store=\"default\"} ";
        lines.find_map(|line| line.strip_prefix(name).map(str::to_owned))
    };
    for _ in 0..15 {
        assert_eq!(waiters.sign_up("A", "gone@x.org").await.0, 202);
        waiters.after_days(2).await;
        assert_eq!(given_up(&waiters).as_deref(), Some("1"));
    }
    waiters.after_days(2).await;
    waiters.sign_up("A", "gone@x.org").await;
    waiters.after_days(2).await;
    assert_eq!(given_up(&waiters).as_deref(), Some("2"));
    waiters.shop.assert_sound().await;
}

#[tokio::test]
async fn what_was_sold_before_the_letter_left_is_not_told_and_costs_nobody_their_place() {
    let mut waiters = Waiters::new().await;
    waiters.waits("A", "a@x.org").await;
    waiters.waits("A", "b@x.org").await;
    waiters.mail_goes_down();
    waiters.count("A", 1).await;
    waiters.after_minutes(1).await;
    waiters.count("A", 0).await;
    waiters.mail_comes_back();
    waiters.after_minutes(5).await;
    assert_eq!(waiters.told(), [""; 0]);
    waiters.count("A", 1).await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), ["a@x.org"]);
    waiters.shop.assert_sound().await;
}

#[tokio::test]
async fn addresses_are_forgotten_when_their_time_is_over() {
    let mut waiters = Waiters::new().await;
    let forget = async |waiters: &Waiters| {
        let forgotten = forget_waitlist(&waiters.shop.app, &waiters.shop.store).await;
        forgotten.expect("it forgets");
    };
    waiters.waits("A", "told@x.org").await;
    waiters.waits("B", "waits@x.org").await;
    waiters.sign_up("B", "asked@x.org").await;
    waiters.count("A", 1).await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), ["told@x.org"]);
    let leave = waiters
        .letters_to("told@x.org")
        .pop()
        .expect("a letter")
        .link("/leave");

    waiters.after_days(6).await;
    forget(&waiters).await;
    assert!(waiters.is_known("asked@x.org").await);
    waiters.after_days(2).await;
    forget(&waiters).await;
    assert!(
        !waiters.is_known("asked@x.org").await,
        "nobody confirmed it for a week"
    );
    assert!(waiters.is_known("told@x.org").await);
    waiters.after_days(21).await;
    forget(&waiters).await;
    assert!(
        waiters.is_known("told@x.org").await,
        "29 days after it was told"
    );
    waiters.after_days(2).await;
    forget(&waiters).await;
    assert!(!waiters.is_known("told@x.org").await);
    assert_eq!(waiters.get(&leave).await.0, 404);
    waiters.after_days(330).await;
    forget(&waiters).await;
    assert!(waiters.is_known("waits@x.org").await, "361 days in vain");
    waiters.after_days(5).await;
    forget(&waiters).await;
    assert!(!waiters.is_known("waits@x.org").await);
    assert_eq!(waiters.waiting().await, []);
    waiters.shop.assert_sound().await;
}

#[tokio::test]
async fn the_answer_is_the_same_whatever_is_known() {
    let mut waiters = Waiters::new().await;
    let first = waiters.sign_up("A", "new@x.org").await;
    assert_eq!(first.0, 202);
    waiters.waits("A", "waits@x.org").await;
    waiters.sign_up("A", "refused@x.org").await;
    waiters.after_minutes(1).await;
    let refuse = waiters.letters_to("refused@x.org")[0].link("/refuse");
    waiters.post(&refuse).await;
    for (sku, email) in [
        ("nothing", "new@x.org"),
        ("A", "new@x.org"),
        ("A", "waits@x.org"),
        ("B", "waits@x.org"),
        ("A", "refused@x.org"),
    ] {
        assert_eq!(waiters.sign_up(sku, email).await, first, "{sku} {email}");
    }
    assert!(!waiters.is_known("nobody@x.org").await);
    waiters.sign_up("nothing", "nobody@x.org").await;
    assert!(
        !waiters.is_known("nobody@x.org").await,
        "nothing is kept for a SKU that is none"
    );
}

#[tokio::test]
async fn what_is_no_sign_up_is_refused_and_too_many_from_one_place_are() {
    let waiters = Waiters::new().await;
    for email in [
        "",
        "anna",
        "a@b.example\r\nBcc: all@example.org",
        "a@b.example, c@d.example",
    ] {
        let (status, text) = waiters.sign_up("A", email).await;
        assert_eq!(status, 422, "{email}: {text}");
    }
    let body = json!({"sku": "A", "email": "a@x.org"}).to_string();
    let path = "/v1/back-in-stock";
    assert_eq!(waiters.send("POST", path, "", &body).await.0, 401);
    assert_eq!(waiters.send("GET", path, "pk_live_test", "").await.0, 403);
    let mut answers = Vec::new();
    for person in 0..7 {
        let body = json!({"sku": "A", "email": format!("p{person}@x.org")}).to_string();
        answers.push(
            waiters
                .send_from(250, "POST", path, "pk_live_test", &body)
                .await
                .0,
        );
    }
    assert_eq!(answers, [202, 202, 202, 202, 202, 429, 429]);
}

#[tokio::test]
async fn a_merchant_sees_how_many_wait_and_forgets_who_asks_for_it() {
    let mut waiters = Waiters::new().await;
    waiters.waits("A", "a@x.org").await;
    waiters.waits("A", "b@x.org").await;
    waiters.waits("B", "b@x.org").await;
    let first = waiters.client.get("/v1/back-in-stock?limit=1").await.json();
    assert_eq!(
        first["items"],
        json!([{"sku": "A", "title": "Cap, blue", "waiting": 2, "since": "2026-11-23T15:01:00Z"}])
    );
    assert!(!first.to_string().contains('@'));
    let next = first["next"].as_str().expect("there is more");
    let second = waiters
        .client
        .get(&format!("/v1/back-in-stock?limit=1&after={next}"))
        .await
        .json();
    assert_eq!(second["items"][0]["sku"], "B");

    for _ in 0..2 {
        let erased = waiters
            .client
            .json("DELETE", "/v1/back-in-stock", r#"{"email": "B@x.org"}"#)
            .await;
        assert_eq!(erased.status, 204);
    }
    assert!(!waiters.is_known("b@x.org").await);
    waiters.sign_up("B", "d@x.org").await;
    assert!(waiters.is_known("d@x.org").await);
    let in_address = "/v1/back-in-stock?email=D%40x.org";
    assert_eq!(
        waiters.client.json("DELETE", in_address, "").await.status,
        204
    );
    assert!(!waiters.is_known("d@x.org").await);
    for odd in ["[]", "{}", r#"{"email": "a@x.org", "sku": "A"}"#] {
        let refused = waiters
            .client
            .json("DELETE", "/v1/back-in-stock", odd)
            .await;
        assert_eq!(refused.status, 422, "{odd}");
    }
    assert!(waiters.is_known("a@x.org").await);
    assert_eq!(waiters.waiting().await, [("A".to_owned(), 1)]);
    assert_eq!(
        waiters
            .client
            .json("DELETE", "/v1/back-in-stock", "")
            .await
            .code(),
        "missing_field"
    );
    waiters.count("A", 9).await;
    waiters.after_minutes(1).await;
    assert_eq!(waiters.told(), ["a@x.org"]);
}

#[tokio::test]
async fn a_link_of_another_store_or_with_another_letter_opens_nothing() {
    let mut waiters = Waiters::new().await;
    waiters.shop.add_store("other").await;
    waiters.sign_up("A", "anna@example.org").await;
    waiters.after_minutes(1).await;
    let link = waiters.letters()[0].link("");
    let token = link.rsplit('/').next().expect("a token");
    assert_eq!(token.len(), 64);
    let (_, missing) = waiters.get("/b/nobody/x").await;
    for path in [
        format!("/b/other/{token}"),
        format!("{link}0"),
        format!("/b/default/{}", &token[1..]),
        "/b/default/%FF".into(),
    ] {
        for end in ["", "/leave", "/refuse"] {
            let (status, page) = waiters.post(&format!("{path}{end}")).await;
            assert_eq!(status, 404, "{path}{end}");
            assert!(path.contains("%FF") || page == missing, "{page}");
        }
    }
    assert_eq!(waiters.get(&link).await.0, 200);
}

#[tokio::test]
async fn the_way_to_buy_is_where_the_shop_says() {
    let mut waiters = Waiters::new().await;
    let store =
        json!({"name": "Plainsong", "product_url": "https://shop.example/p/{sku}?from=letter"});
    assert_eq!(waiters.client.put("/v1/store", store).await.status, 200);
    waiters.waits("A", "a@x.org").await;
    waiters.count("A", 1).await;
    waiters.after_minutes(1).await;
    let letter = waiters.letters_to("a@x.org").pop().expect("a letter");
    assert!(
        letter
            .text
            .contains("See it in the shop: https://shop.example/p/A?from=3Dletter"),
        "{}",
        letter.text
    );
    for (url, code) in [
        ("https://shop.example/p", "invalid_url"),
        ("https://{sku}.example/", "invalid_url"),
        ("javascript:alert({sku})", "invalid_url"),
        ("https://shop.example/{sku}/{sku}", "invalid_url"),
        ("https://a:b@shop.example/{sku}", "invalid_url"),
    ] {
        let store = json!({"name": "Plainsong", "product_url": url});
        let refused = waiters.client.put("/v1/store", store).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (422, code),
            "{url}"
        );
    }
    let kept = waiters.client.get("/v1/store").await.json();
    assert_eq!(
        kept["product_url"],
        "https://shop.example/p/{sku}?from=letter"
    );
    let gone = json!({"name": "Plainsong", "product_url": null, "share_pages": false});
    let gone = waiters.client.put("/v1/store", gone).await.json();
    assert_eq!(
        (&gone["product_url"], &gone["share_pages"]),
        (&Value::Null, &json!(false))
    );
}
