//! What was sold becomes forecasts, alerts once per crossing, drafts, orders at suppliers: once each, whoever looks and however often.

use std::path::Path;

use axum::body::Body;
use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use server::app::App;
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::operations::errands::run_due;
use server::operations::forecasting::run_forecasts;
use server::operations::low_stock::LookedAt;
use server::operations::sweep::look_after_stock;

use crate::client::{Client, Reply};
use crate::errands::knows_nobody;
use crate::shop::{TestShop, app_with, now};

/// A shop with a supplier, a mailbox and a clock that is moved by hand.
pub struct Desk {
    pub shop: TestShop,
    pub client: Client,
    hand: Hand,
    at: DateTime<Utc>,
    looked_at: LookedAt,
    requests: u32,
}

/// A letter that was carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl Desk {
    /// The weaver takes a fortnight, and delivers caps and mugs.
    pub async fn new() -> Self {
        Self::at("2026-11-23T15:00:00Z").await
    }

    async fn at(instant: &str) -> Self {
        Self::of(TestShop::new().await, instant).await
    }

    pub async fn of(shop: TestShop, instant: &str) -> Self {
        let mail = mailbox(&shop);
        Self::by(shop, instant, mail).await
    }

    async fn by(mut shop: TestShop, instant: &str, mail: Value) -> Self {
        let at: DateTime<Utc> = instant.parse().expect("an instant");
        let (clock, hand) = Clock::by_hand(at);
        let connections = connections(&shop, &clock, mail);
        shop.app = app_with(shop.app.store.clone(), clock, connections).await;
        let client = Client::new(&shop).await;
        let desk = Self {
            shop,
            client,
            hand,
            at,
            looked_at: LookedAt::default(),
            requests: 0,
        };
        let weaver = json!({"name": "Weaver & Sons", "lead_time_days": 14});
        assert_eq!(
            desk.client.put("/v1/suppliers/weaver", weaver).await.status,
            200
        );
        for (sku, title) in [("A", "Cap, blue"), ("B", "Mug")] {
            let body = json!({"title": title, "supplier": "weaver"});
            let put = desk.client.put(&format!("/v1/skus/{sku}"), body).await;
            assert_eq!(put.status, 200);
        }
        desk
    }

    /// Another server on the same database, with the same clock.
    async fn other_server(&self) -> App {
        let clock = Clock::by_hand(self.at).0;
        let store = self.shop.other_process().await;
        let connections = connections(&self.shop, &clock, mailbox(&self.shop));
        app_with(store, clock, connections).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Reply {
        self.requests += 1;
        let key = format!("request-{}", self.requests);
        self.client.post(path, &key, body).await
    }

    pub async fn import(&mut self, file: &str) -> Value {
        self.requests += 1;
        let request = self
            .client
            .request("POST", "/v1/imports/sales")
            .header("content-type", "text/csv")
            .header("idempotency-key", format!("file-{}", self.requests))
            .body(Body::from(file.to_owned()))
            .expect("a request");
        let reply = self.client.send(request).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        reply.json()
    }

    pub async fn policy(&self, body: Value) -> Value {
        let put = self.client.put("/v1/reorders/policy", body).await;
        assert_eq!(put.status, 200, "{}", put.json());
        put.json()
    }

    pub async fn terms(&self, items: Value) {
        let put = self
            .client
            .put("/v1/reorders/skus", json!({"items": items}))
            .await;
        assert_eq!(put.status, 200, "{}", put.json());
    }

    pub async fn count(&self, sku: &str, units: u32) {
        self.shop.set(sku, units, None).await.expect("stock");
    }

    pub async fn items(&self, path: &str) -> Vec<Value> {
        let reply = self.client.get(path).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        reply.json()["items"].as_array().expect("items").clone()
    }

    async fn forecast(&self, sku: &str) -> Value {
        let mut items = self.items(&format!("/v1/forecasts?sku={sku}")).await;
        assert_eq!(items.len(), 1, "{items:?}");
        items.remove(0)
    }

    /// What the server does in a turn.
    pub async fn turn(&mut self) {
        turn_of(&self.shop.app, &mut self.looked_at).await;
    }

    async fn until(&mut self, instant: &str) {
        self.at = instant.parse().expect("an instant");
        self.hand.show(self.at);
        self.turn().await;
    }

    pub async fn after_days(&mut self, days: i64) {
        self.at += TimeDelta::days(days);
        self.hand.show(self.at);
        self.turn().await;
    }

    /// Letters, in the order in which they were carried.
    pub fn letters(&self) -> Vec<Carried> {
        let Ok(folder) = std::fs::read_dir(self.shop.directory.path().join("mail")) else {
            return Vec::new();
        };
        let mut files: Vec<_> = folder.map(|file| file.expect("a file").path()).collect();
        files.sort();
        files.iter().map(|file| read(file)).collect()
    }

    fn subjects(&self) -> Vec<String> {
        let letters = self.letters().into_iter();
        letters.map(|letter| letter.subject).collect()
    }
}

fn read(file: &Path) -> Carried {
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
}

fn mailbox(shop: &TestShop) -> Value {
    json!({"folder": shop.directory.path().join("mail")})
}

fn connections(shop: &TestShop, clock: &Clock, mut mail: Value) -> Connections {
    mail["from"] = json!("Shop <orders@shop.example>");
    let accounts = json!({"stores": {shop.store.as_str(): {"mail": mail}}});
    Connections::parse(&accounts.to_string(), clock).expect("accounts")
}

async fn turn_of(app: &App, looked_at: &mut LookedAt) {
    for shop in app.catalogue.shops() {
        look_after_stock(app, &shop, looked_at)
            .await
            .expect("a turn");
        run_due(app, &shop.id).await.expect("errands");
    }
}

/// Sales of 24 months before November 2026, some thirty a month, on three days of each.
pub fn two_years(sku: &str) -> String {
    let first: NaiveDate = "2024-11-01".parse().expect("a date");
    let mut file = String::from("sku,date,quantity\n");
    for month in 0..24 {
        let first = first + Months::new(month);
        for (day, units) in [(5, 9 + month % 4), (14, 10), (23, 11 - month % 3)] {
            let day = first.with_day(day).expect("a day");
            file.push_str(&format!("{sku},{day},{units}\n"));
        }
    }
    file
}

/// A policy by which the weaver is written to.
pub fn weaver(more: Value) -> Value {
    let mut supplier = json!({"supplier": "weaver", "email": "orders@weaver.example"});
    for (name, value) in more.as_object().expect("an object") {
        supplier[name] = value.clone();
    }
    json!({"email": "buyer@shop.example", "suppliers": [supplier]})
}

#[tokio::test]
async fn a_file_of_sales_that_comes_again_changes_nothing_and_a_day_that_is_told_anew_is_replaced()
{
    let mut desk = Desk::new().await;
    let file = "sku,date,quantity\nA,2026-10-05,2\nA,2026-10-06,1\nX,2026-10-05,1\nA,2026-10-05,3\nA,2026-10-40,3\n";
    let first = desk.import(file).await;
    assert_eq!(first["changed"], 2, "{first}");
    let refused: Vec<(u64, &str)> = first["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            (
                one["line"].as_u64().expect("a line"),
                one["code"].as_str().expect("a code"),
            )
        })
        .collect();
    assert_eq!(refused, [(6, "invalid_date"), (4, "unknown_sku")]);

    let again = desk.import(file).await;
    assert_eq!(
        (&again["changed"], &again["unchanged"]),
        (&json!(0), &json!(2))
    );
    // Another file knows better of one day, and of a new one.
    let other = desk
        .import("sku,date,quantity\nA,2026-10-05,4\nA,2026-09-30,7\n")
        .await;
    assert_eq!(other["changed"], 2, "{other}");
    let skus = ["A".parse().expect("a SKU")];
    let from = "2026-01-01".parse().expect("a date");
    let sold = desk.shop.app.store.sales(&desk.shop.store, &skus, from);
    let sold = sold.await.expect("sales");
    let months: Vec<(u32, u32)> = sold
        .values()
        .flatten()
        .map(|month| (month.month.month(), month.units))
        .collect();
    assert_eq!(months, [(9, 7), (10, 5)]);
    desk.shop.assert_sound().await;
}

#[tokio::test]
async fn a_forecast_says_what_it_rests_on_and_when_to_order() {
    let mut desk = Desk::new().await;
    desk.import(&two_years("A")).await;
    desk.count("A", 25).await;
    desk.turn().await;
    let forecast = desk.forecast("A").await;
    assert_eq!(forecast["months"], 24, "{forecast}");
    assert_eq!(forecast["last_month"], "2026-10-01");
    let mean = forecast["ahead"][0]["wanted"]["mean"]
        .as_f64()
        .expect("a mean");
    assert!((27.0..34.0).contains(&mean), "{forecast}");
    // Fourteen days to come and seven until the next look: some twenty-one, and something for safety.
    let covered = &forecast["until_covered"];
    assert_eq!(
        (&covered["lead_days"], &covered["review_days"]),
        (&json!(14.0), &json!(7))
    );
    let point = forecast["reorder_point"].as_u64().expect("a point");
    assert!((22..40).contains(&point), "{forecast}");
    assert_eq!(forecast["position"], 25);
    assert_eq!(forecast["reason"], "due");
    assert!(
        forecast["order_now"].as_u64().expect("units") >= 27,
        "{forecast}"
    );
    assert!(
        desk.items("/v1/forecasts?sku=B").await.is_empty(),
        "B never sold"
    );

    desk.count("A", 400).await;
    let forecast = desk.forecast("A").await;
    assert_eq!(
        (&forecast["reason"], &forecast["order_now"]),
        (&json!("enough"), &Value::Null)
    );
}

#[tokio::test]
async fn the_past_of_a_sku_is_told_by_month_beside_what_would_have_been_forecast_of_it() {
    let mut desk = Desk::new().await;
    desk.import(&two_years("A")).await;
    // A month unlike all others, which no forecast before it can have known.
    desk.import("sku,date,quantity\nA,2026-10-05,900\n").await;
    let reply = desk.client.get("/v1/forecasts/A/past").await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    let past = reply.json();
    let months = past["months"].as_array().expect("months");
    assert_eq!(months.len(), 24, "{past}");
    assert_eq!(months[0]["month"], "2024-11-01");
    assert_eq!(months[23]["month"], "2026-10-01");
    let sold = |at: usize| months[at]["sold"].as_u64().expect("units");
    assert_eq!((sold(0), sold(23)), (30, 919), "{past}");
    assert_eq!(months[11]["forecast"], Value::Null, "a month too long ago");
    for month in &months[12..] {
        let mean = month["forecast"]["mean"].as_f64().expect("a mean");
        assert!((26.0..36.0).contains(&mean), "{month}");
    }
    let judged = &past["judged"];
    assert_eq!(judged["months"], 12);
    // Eleven months were as expected; one was some 890 more.
    let off = judged["off"].as_f64().expect("units");
    assert!((70.0..80.0).contains(&off), "{judged}");
    let within = judged["within_p95"].as_u64().expect("months");
    assert_eq!(within, 11, "{judged}");

    let never_sold = desk.client.get("/v1/forecasts/B/past").await.json();
    assert_eq!(
        (&never_sold["months"], &never_sold["judged"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(desk.client.get("/v1/forecasts/C/past").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_forecasts_until_it_says_no_more_that_it_is_at_it() {
    let desk = Desk::new().await;
    let (app, store) = (&desk.shop.app, &desk.shop.store);
    let now = app.clock.now();
    let minute = TimeDelta::minutes(1);
    let take = async |at: DateTime<Utc>| {
        let taken = app.store.take_forecasting(store, at, at + minute).await;
        taken.expect("an answer")
    };
    let hold = async |held: DateTime<Utc>, until: DateTime<Utc>| {
        let held = app.store.hold_forecasting(store, held, until).await;
        held.expect("an answer")
    };
    assert!(take(now).await);
    assert!(!take(now + minute / 2).await, "another is at it");
    assert_eq!(run_forecasts(app, store).await.expect("none"), None);
    assert!(hold(now + minute, now + minute * 2).await);
    assert!(!take(now + minute).await, "it said so again");
    // It was killed: another takes it, and the first cannot come back to it, nor end it.
    assert!(take(now + minute * 2).await);
    assert!(!hold(now + minute * 2, now + minute * 9).await);
    let ended = app.store.end_forecasting(store, now + minute * 2, None);
    ended.await.expect("nothing");
    assert!(!take(now + minute * 2).await, "the other is still at it");
    let ended = app.store.end_forecasting(store, now + minute * 3, None);
    ended.await.expect("an end");
    assert!(take(now + minute * 2).await);
}

#[tokio::test]
async fn forecasts_are_found_by_words_of_ids_and_titles() {
    let mut desk = Desk::new().await;
    desk.import(&two_years("A")).await;
    desk.import(&two_years("B")).await;
    desk.turn().await;
    let found = |words: &'static str| {
        let items = desk.items(words);
        async move {
            let items = items.await.into_iter();
            items.map(|item| item["sku"].clone()).collect::<Vec<_>>()
        }
    };
    assert_eq!(found("/v1/forecasts?q=mug").await, ["B"]);
    assert_eq!(found("/v1/forecasts?q=blue%20cap").await, ["A"]);
    assert_eq!(found("/v1/forecasts?q=").await, ["A", "B"]);
    assert!(found("/v1/forecasts?q=hat").await.is_empty());
}

#[tokio::test]
async fn only_what_changed_is_forecast_again() {
    let mut desk = Desk::new().await;
    desk.import(&two_years("A")).await;
    desk.import(&two_years("B")).await;
    for sku in ["A", "B"] {
        desk.count(sku, 50).await;
    }
    let store = desk.shop.store.clone();
    let run = |app: App| {
        let store = store.clone();
        async move {
            let ran = run_forecasts(&app, &store).await.expect("a run");
            let ran = ran.expect("nobody else forecasts");
            (ran.forecast, ran.unchanged)
        }
    };
    assert_eq!(run(desk.shop.app.clone()).await, (2, 0));
    assert_eq!(run(desk.shop.app.clone()).await, (0, 0));
    // A count is no news to a forecast; a sale in a month that is over is.
    desk.count("A", 10).await;
    assert_eq!(run(desk.shop.app.clone()).await, (0, 1));
    desk.import("sku,date,quantity\nB,2026-10-02,3\n").await;
    assert_eq!(run(desk.shop.app.clone()).await, (1, 0));
    // Another lead time is news too, and so is another pack.
    let slow = json!({"title": "Cap, blue", "supplier": "weaver", "lead_time_days": 60});
    assert_eq!(desk.client.put("/v1/skus/A", slow).await.status, 200);
    assert_eq!(run(desk.shop.app.clone()).await, (1, 0));
    desk.terms(json!([{"sku": "B", "pack": 12}])).await;
    assert_eq!(run(desk.shop.app.clone()).await, (1, 0));
    // Another policy is news to all.
    desk.policy(json!({"service": {"kind": "fill", "percent": 90}}))
        .await;
    assert_eq!(run(desk.shop.app.clone()).await, (2, 0));
    assert_eq!(
        desk.forecast("A").await["service"],
        json!({"kind": "fill", "percent": 90})
    );
}

#[tokio::test]
async fn our_own_orders_count_and_so_does_what_is_in_kits() {
    let mut desk = Desk::new().await;
    desk.import(&two_years("A")).await;
    let kit = json!({"title": "Set", "kit": [{"sku": "B", "quantity": 2}]});
    let put = desk.client.put("/v1/skus/SET", kit).await;
    assert_eq!(put.status, 200, "{}", put.json());
    desk.count("A", 500).await;
    desk.count("B", 500).await;
    let lines = json!([{"sku": "A", "quantity": 3}, {"sku": "SET", "quantity": 4}]);
    let placed = desk
        .post("/v1/orders", json!({"id": "W-1", "lines": lines}))
        .await;
    assert_eq!(placed.status, 201, "{}", placed.json());
    desk.turn().await;
    assert!(
        desk.items("/v1/forecasts?sku=B").await.is_empty(),
        "this month is not over"
    );
    desk.until("2026-12-01T15:00:00Z").await;
    let forecast = desk.forecast("B").await;
    assert_eq!(
        (&forecast["months"], &forecast["last_month"]),
        (&json!(1), &json!("2026-11-01"))
    );
    let skus = ["A", "SET"].map(|sku| sku.parse().expect("a SKU"));
    let from = "2026-11-01".parse().expect("a date");
    let sold = desk
        .shop
        .app
        .store
        .sales(&desk.shop.store, &skus, from)
        .await
        .expect("sales");
    let mut units: Vec<(String, u32)> = sold
        .iter()
        .map(|(sku, months)| (sku.to_string(), months[0].units))
        .collect();
    units.sort();
    assert_eq!(units, [("A".into(), 3), ("SET".into(), 4)]);
}

#[tokio::test]
async fn one_crossing_is_told_once_by_two_servers_and_the_next_only_after_it_was_above() {
    let mut desk = Desk::new().await;
    desk.policy(json!({"email": "buyer@shop.example"})).await;
    desk.import(&two_years("A")).await;
    desk.count("A", 400).await;
    desk.turn().await;
    assert!(desk.items("/v1/alerts").await.is_empty());

    desk.count("A", 5).await;
    let other = desk.other_server().await;
    let mut others = LookedAt::default();
    let mut ours = desk.looked_at;
    tokio::join!(
        turn_of(&desk.shop.app, &mut ours),
        turn_of(&other, &mut others)
    );
    desk.looked_at = ours;
    for units in [4, 3] {
        desk.count("A", units).await;
        desk.turn().await;
        turn_of(&other, &mut others).await;
    }
    let alerts = desk.items("/v1/alerts?status=all").await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(
        (&alerts[0]["sku"], &alerts[0]["position"]),
        (&json!("A"), &json!(5))
    );
    let today = desk.client.get("/v1/today").await.json();
    let low = &today["low_stock"];
    assert_eq!(
        (&low["count"], &low["items"][0]["sku"]),
        (&json!(1), &json!("A"))
    );
    assert_eq!(low["items"][0]["reorder_point"], alerts[0]["reorder_point"]);
    assert_eq!(desk.subjects(), ["Running low: Cap, blue (A)"]);
    assert_eq!(desk.letters()[0].to, "buyer@shop.example");

    // More comes, and it is no more so; then it is again.
    desk.count("A", 300).await;
    desk.turn().await;
    assert!(desk.items("/v1/alerts").await.is_empty());
    desk.at += TimeDelta::minutes(1);
    desk.hand.show(desk.at);
    desk.count("A", 2).await;
    desk.turn().await;
    turn_of(&other, &mut others).await;
    assert_eq!(desk.items("/v1/alerts?status=all").await.len(), 2);
    assert_eq!(desk.subjects().len(), 2);
    desk.shop.assert_sound().await;
}

#[tokio::test]
async fn a_draft_keeps_to_packs_and_minimums_and_becomes_supply_when_it_is_sent() {
    let mut desk = Desk::new().await;
    desk.policy(weaver(
        json!({"minimum": {"amount": 50_000, "currency": "USD"}}),
    ))
    .await;
    desk.import(&two_years("A")).await;
    desk.import(&two_years("B")).await;
    desk.terms(json!([
        {"sku": "A", "unit_cost": {"amount": 450, "currency": "USD"}, "pack": 12},
        {"sku": "B", "unit_cost": {"amount": 200, "currency": "USD"}, "minimum": 100},
    ]))
    .await;
    desk.count("A", 3).await;
    desk.count("B", 1).await;
    let ran = desk.post("/v1/reorders/run", json!({})).await;
    assert_eq!(ran.status, 200, "{}", ran.json());
    let draft = ran.json()["items"][0].clone();
    let units = |at: usize| draft["lines"][at]["quantity"].as_u64().expect("units");
    assert!(units(0) % 12 == 0 && 24 <= units(0), "{draft}");
    assert_eq!(units(1), 100);
    let cost = 450 * units(0) + 200 * units(1);
    assert_eq!(draft["cost"]["amount"], json!(cost));
    assert_eq!(
        draft["note"],
        json!((cost < 50_000).then_some("below_minimum"))
    );
    // Drafting again replaces the draft.
    let again = desk
        .post("/v1/reorders/run", json!({"supplier": "weaver"}))
        .await
        .json();
    assert_ne!(again["items"][0]["id"], draft["id"]);
    assert_eq!(desk.items("/v1/reorders?status=draft").await.len(), 1);
    let today = desk.client.get("/v1/today").await.json();
    assert_eq!(today["drafts"]["count"], 1);
    assert_eq!(today["drafts"]["items"][0]["id"], again["items"][0]["id"]);
    let id = again["items"][0]["id"].as_str().expect("an id").to_owned();

    let path = |step: &str| format!("/v1/reorders/{id}/{step}");
    let early = desk.post(&path("send"), json!({})).await;
    assert_eq!(
        (early.status, early.json()["code"].clone()),
        (409, json!("reorder_is_elsewhere"))
    );
    assert_eq!(desk.post(&path("approve"), json!({})).await.status, 200);
    // What is approved counts as on its way: nothing is drafted twice.
    let nothing = desk.post("/v1/reorders/run", json!({})).await.json();
    assert_eq!(nothing["items"], json!([]), "{nothing}");
    let sent = desk.post(&path("send"), json!({})).await;
    assert_eq!(sent.status, 200, "{}", sent.json());
    assert_eq!(sent.json()["status"], "sent");
    desk.turn().await;
    let order = desk
        .client
        .get(&format!("/v1/purchase-orders/{id}"))
        .await
        .json();
    assert_eq!(
        (&order["status"], &order["supplier"]),
        (&json!("open"), &json!("weaver"))
    );
    let forecast = desk.forecast("A").await;
    assert_eq!(
        forecast["incoming"],
        again["items"][0]["lines"][0]["quantity"]
    );
    let letters = desk.letters();
    let to_weaver: Vec<&Carried> = letters
        .iter()
        .filter(|one| one.to == "orders@weaver.example")
        .collect();
    assert_eq!(to_weaver.len(), 1, "{letters:?}");
    assert_eq!(to_weaver[0].subject, format!("Order {id} from default"));
    assert!(
        to_weaver[0]
            .text
            .contains(&format!("filename=\"{id}.csv\"")),
        "{}",
        to_weaver[0].text
    );

    let confirmed = desk
        .post(&path("confirm"), json!({"expected_on": "2026-12-10"}))
        .await;
    assert_eq!(
        confirmed.json()["status"],
        "confirmed",
        "{}",
        confirmed.json()
    );
    let order = desk
        .client
        .get(&format!("/v1/purchase-orders/{id}"))
        .await
        .json();
    assert_eq!(order["lines"][0]["expected_on"], "2026-12-10", "{order}");
    desk.after_days(30).await;
    let after: Vec<Carried> = desk
        .letters()
        .into_iter()
        .filter(|one| one.to == "orders@weaver.example")
        .collect();
    assert_eq!(after.len(), 1, "who has confirmed is not asked");
    desk.shop.assert_sound().await;
}

#[tokio::test]
async fn a_draft_stays_within_the_budget_and_says_so() {
    let mut desk = Desk::new().await;
    desk.policy(weaver(
        json!({"budget": {"amount": 10_000, "currency": "USD"}}),
    ))
    .await;
    desk.import(&two_years("A")).await;
    desk.import(&two_years("B")).await;
    let cost = |amount| json!({"amount": amount, "currency": "USD"});
    desk.terms(json!([{"sku": "A", "unit_cost": cost(300)}, {"sku": "B", "unit_cost": cost(250)}]))
        .await;
    desk.count("A", 0).await;
    desk.count("B", 0).await;
    let draft = desk.post("/v1/reorders/run", json!({})).await.json()["items"][0].clone();
    let spent = draft["cost"]["amount"].as_i64().expect("a cost");
    assert!(9_000 < spent && spent <= 10_000, "{draft}");
    assert_eq!(draft["note"], "budget_cut");
    let id = draft["id"].as_str().expect("an id");
    let dismissed = desk
        .post(&format!("/v1/reorders/{id}/dismiss"), json!({}))
        .await;
    assert_eq!(dismissed.json()["status"], "dismissed");
    assert!(desk.items("/v1/reorders?status=draft").await.is_empty());
}

#[tokio::test]
async fn a_schedule_fires_once_for_two_servers_and_after_a_restart() {
    let mut desk = Desk::new().await;
    desk.import(&two_years("A")).await;
    desk.count("A", 3).await;
    desk.turn().await;
    let schedule = json!({"on": true, "weekdays": ["tue"], "time": "08:00"});
    let policy = desk.policy(weaver(json!({"schedule": schedule}))).await;
    assert_eq!(
        policy["suppliers"][0]["schedule"]["next_at"], "2026-11-24T08:00:00Z",
        "{policy}"
    );
    desk.until("2026-11-24T07:59:00Z").await;
    assert!(desk.items("/v1/reorders").await.is_empty(), "not yet");

    desk.at = "2026-11-24T08:00:00Z".parse().expect("an instant");
    desk.hand.show(desk.at);
    let other = desk.other_server().await;
    let (mut ours, mut others) = (desk.looked_at, LookedAt::default());
    tokio::join!(
        turn_of(&desk.shop.app, &mut ours),
        turn_of(&other, &mut others)
    );
    assert_eq!(desk.items("/v1/reorders").await.len(), 1);
    other.store.close().await;

    // Whatever became of the draft, the same day does not make another one.
    let id = desk.items("/v1/reorders").await[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(
        desk.items("/v1/reorders").await[0]["fires_on"],
        "2026-11-24"
    );
    assert_eq!(
        desk.post(&format!("/v1/reorders/{id}/dismiss"), json!({}))
            .await
            .status,
        200
    );
    desk.shop = desk.shop.reopened().await;
    let clock = Clock::by_hand(desk.at).0;
    let connections = connections(&desk.shop, &clock, mailbox(&desk.shop));
    desk.shop.app = app_with(desk.shop.app.store.clone(), clock, connections).await;
    let mut looked_at = LookedAt::default();
    turn_of(&desk.shop.app, &mut looked_at).await;
    let store = &desk.shop.app.store;
    let all = store
        .reorders(&desk.shop.store, None, None, 10)
        .await
        .expect("reorders");
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn a_schedule_keeps_its_date_where_clocks_skip_or_repeat_its_time() {
    // New York goes from 02:00 to 03:00 on 14 March 2027, and from 02:00 back to 01:00 on 7 November 2027: both are Sundays.
    for (begins, first, second, fires_on) in [
        (
            "2027-03-13T12:00:00Z",
            "2027-03-14T06:59:00Z",
            "2027-03-14T07:30:00Z",
            "2027-03-14",
        ),
        (
            "2027-11-06T12:00:00Z",
            "2027-11-07T05:29:00Z",
            "2027-11-07T05:30:00Z",
            "2027-11-07",
        ),
    ] {
        let mut desk = Desk::at(begins).await;
        let every_day = json!(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
        let location =
            json!({"name": "Main", "time_zone": "America/New_York", "working_days": every_day});
        let put = desk.client.put("/v1/locations/main", location).await;
        assert_eq!(put.status, 200, "{}", put.json());
        let supplier = json!({"name": "Weaver", "lead_time_days": 14, "working_days": every_day});
        assert_eq!(
            desk.client
                .put("/v1/suppliers/weaver", supplier)
                .await
                .status,
            200
        );
        desk.import(&two_years("A")).await;
        desk.count("A", 0).await;
        let time = if fires_on.contains("-03-") {
            "02:30"
        } else {
            "01:30"
        };
        let schedule = json!({"on": true, "weekdays": ["sun"], "time": time});
        desk.policy(weaver(json!({"schedule": schedule}))).await;
        desk.until(first).await;
        assert!(desk.items("/v1/reorders").await.is_empty(), "{fires_on}");
        desk.until(second).await;
        assert_eq!(desk.items("/v1/reorders").await.len(), 1, "{fires_on}");
        // An hour later clocks show the time again.
        for minutes in [30, 60, 90, 600] {
            desk.at += TimeDelta::minutes(minutes);
            desk.hand.show(desk.at);
            desk.turn().await;
        }
        let reorders = desk.items("/v1/reorders").await;
        assert_eq!(reorders.len(), 1);
        assert_eq!(reorders[0]["fires_on"], json!(fires_on));
    }
}

#[tokio::test]
async fn a_day_off_moves_or_skips_a_firing_as_the_policy_says() {
    // Thanksgiving is a Thursday.
    for (rule, fires_on) in [("next", Some("2026-11-27")), ("skip", None)] {
        let mut desk = Desk::new().await;
        let supplier = json!({"name": "Weaver", "lead_time_days": 14, "holidays": ["2026-11-26"]});
        assert_eq!(
            desk.client
                .put("/v1/suppliers/weaver", supplier)
                .await
                .status,
            200
        );
        desk.import(&two_years("A")).await;
        desk.count("A", 0).await;
        let schedule =
            json!({"on": true, "weekdays": ["thu"], "time": "08:00", "on_holiday": rule});
        desk.policy(weaver(json!({"schedule": schedule}))).await;
        desk.until("2026-11-26T20:00:00Z").await;
        assert!(desk.items("/v1/reorders").await.is_empty(), "{rule}");
        desk.until("2026-11-27T20:00:00Z").await;
        let reorders = desk.items("/v1/reorders").await;
        let days: Vec<&Value> = reorders.iter().map(|one| &one["fires_on"]).collect();
        let expected: Vec<Value> = fires_on.into_iter().map(Value::from).collect();
        assert_eq!(days, expected.iter().collect::<Vec<_>>(), "{rule}");
    }
}

#[tokio::test]
async fn what_is_within_the_limits_is_sent_by_itself_and_what_is_beyond_waits() {
    for (limit, status) in [(1_000_000, "sent"), (100, "draft")] {
        let mut desk = Desk::new().await;
        desk.import(&two_years("A")).await;
        desk.count("A", 0).await;
        let cost = json!({"amount": 300, "currency": "USD"});
        desk.terms(json!([{"sku": "A", "unit_cost": cost}])).await;
        let limits = json!({"approves_up_to": {"amount": limit, "currency": "USD"}, "sends": true});
        let schedule = json!({"on": true, "weekdays": ["tue"], "time": "08:00"});
        desk.policy(weaver(json!({"schedule": schedule, "by_itself": limits})))
            .await;
        // Who asks gets a draft, whatever the limits are.
        let asked = desk.post("/v1/reorders/run", json!({})).await.json();
        assert_eq!(asked["items"][0]["status"], "draft");
        desk.until("2026-11-24T13:00:00Z").await;
        let reorders = desk.items("/v1/reorders").await;
        assert_eq!(reorders.len(), 2);
        assert_eq!(reorders[1]["status"], json!(status), "{reorders:?}");
        let to_weaver = desk
            .letters()
            .into_iter()
            .filter(|one| one.to == "orders@weaver.example");
        assert_eq!(to_weaver.count(), usize::from(status == "sent"));
        desk.shop.assert_sound().await;
    }
}

#[tokio::test]
async fn what_nobody_confirms_is_asked_about_once_and_the_merchant_is_told() {
    let mut desk = Desk::new().await;
    desk.policy(weaver(json!({}))).await;
    desk.import(&two_years("A")).await;
    desk.count("A", 0).await;
    let draft = desk.post("/v1/reorders/run", json!({})).await.json()["items"][0].clone();
    let id = draft["id"].as_str().expect("an id").to_owned();
    for step in ["approve", "send"] {
        let done = desk
            .post(&format!("/v1/reorders/{id}/{step}"), json!({}))
            .await;
        assert_eq!(done.status, 200, "{}", done.json());
    }
    desk.after_days(2).await;
    let reminders = |desk: &Desk| {
        let subjects = desk.subjects().into_iter();
        subjects
            .filter(|subject| subject.starts_with("Reminder"))
            .count()
    };
    assert_eq!(reminders(&desk), 0);
    let other = desk.other_server().await;
    other.store.close().await;
    desk.after_days(1).await;
    desk.after_days(4).await;
    assert_eq!(reminders(&desk), 1, "{:?}", desk.subjects());
    let alerts = desk.items("/v1/alerts").await;
    let told: Vec<&Value> = alerts
        .iter()
        .filter(|alert| alert["kind"] == "unconfirmed")
        .collect();
    assert_eq!(told.len(), 1, "{alerts:?}");
    assert_eq!(told[0]["reorder"], json!(id));
    assert_eq!(
        desk.post(&format!("/v1/reorders/{id}/confirm"), json!({}))
            .await
            .status,
        200
    );
    let alerts = desk.items("/v1/alerts").await;
    assert!(
        alerts.iter().all(|alert| alert["kind"] != "unconfirmed"),
        "{alerts:?}"
    );
}

/// Sends what is to be ordered of A. Returns the reorder as it stands then.
async fn sent(desk: &mut Desk) -> Value {
    desk.policy(weaver(json!({}))).await;
    desk.import(&two_years("A")).await;
    desk.count("A", 0).await;
    let draft = desk.post("/v1/reorders/run", json!({})).await.json()["items"][0].clone();
    let path = format!("/v1/reorders/{}", draft["id"].as_str().expect("an id"));
    let mut last = draft;
    for step in ["approve", "send"] {
        let done = desk.post(&format!("{path}/{step}"), json!({})).await;
        assert_eq!(done.status, 200, "{}", done.json());
        last = done.json();
    }
    last
}

#[tokio::test]
async fn a_supplier_is_not_written_to_about_what_was_taken_back() {
    // Before the letter goes, and before it would be asked about.
    for days in [0, 1] {
        let mut desk = Desk::new().await;
        let reorder = sent(&mut desk).await;
        if 0 < days {
            desk.after_days(days).await;
        }
        let order = reorder["purchase_order"].as_str().expect("an order");
        let path = format!("/v1/purchase-orders/{order}");
        let cancelled = desk
            .client
            .patch(&path, json!({"status": "cancelled"}))
            .await;
        assert_eq!(cancelled.status, 200, "{}", cancelled.json());
        desk.after_days(7).await;
        let mut to_weaver = desk.letters();
        to_weaver.retain(|letter| letter.to == "orders@weaver.example");
        assert_eq!(
            to_weaver.len(),
            usize::from(0 < days),
            "{:?}",
            desk.subjects()
        );
        let alerts = desk.items("/v1/alerts").await;
        assert!(
            alerts.iter().all(|alert| alert["kind"] != "unconfirmed"),
            "{alerts:?}"
        );
    }
}

#[tokio::test]
async fn the_merchant_is_told_of_an_order_whose_letter_no_mail_server_takes() {
    let smtp = format!("smtp://127.0.0.1:{}", knows_nobody().await);
    let shop = TestShop::new().await;
    let mut desk = Desk::by(shop, "2026-11-23T15:00:00Z", json!({"smtp": smtp})).await;
    let reorder = sent(&mut desk).await;
    desk.turn().await;
    let alerts = desk.items("/v1/alerts").await;
    let told = alerts.iter().filter(|alert| alert["kind"] == "unconfirmed");
    let told: Vec<&Value> = told.map(|alert| &alert["reorder"]).collect();
    assert_eq!(told, [&reorder["id"]], "{alerts:?}");
    desk.shop.assert_sound().await;
}

#[tokio::test]
async fn a_policy_is_tried_on_what_was_sold_and_nothing_changes() {
    let mut desk = Desk::new().await;
    desk.import(&two_years("A")).await;
    desk.count("A", 0).await;
    desk.turn().await;
    let tried = json!({"months": 6, "service": {"kind": "cycle", "percent": 50}, "cover_days": 10});
    let found = desk
        .client
        .json("POST", "/v1/reorders/simulate", &tried.to_string())
        .await;
    assert_eq!(found.status, 200, "{}", found.json());
    let found = found.json();
    assert_eq!(
        (&found["from"], &found["to"]),
        (&json!("2026-05-01"), &json!("2026-10-31"))
    );
    assert_eq!(found["asked"]["wanted"], found["current"]["wanted"]);
    assert!(
        (170..195).contains(&found["asked"]["wanted"].as_u64().expect("units")),
        "{found}"
    );
    let stock = |which: &str| found[which]["mean_stock"].as_f64().expect("a mean");
    assert!(stock("asked") < stock("current"), "{found}");
    assert!(
        0.9 < found["current"]["fill_rate"].as_f64().expect("a share"),
        "{found}"
    );
    assert_eq!(found["left_out"], json!([]));
    assert!(desk.items("/v1/reorders").await.is_empty());
    let unknown = desk
        .client
        .json("POST", "/v1/reorders/simulate", r#"{"skus": ["nope"]}"#)
        .await;
    assert_eq!(unknown.status, 422);
}

#[tokio::test]
async fn a_policy_is_refused_for_whom_nobody_knows_and_for_other_money() {
    let desk = Desk::new().await;
    let put = |body: Value| desk.client.put("/v1/reorders/policy", body);
    let unknown = put(json!({"suppliers": [{"supplier": "dyer"}]})).await;
    assert_eq!(
        (unknown.status, unknown.json()["code"].clone()),
        (422, json!("unknown_supplier"))
    );
    let euros = json!({"supplier": "weaver", "budget": {"amount": 1, "currency": "EUR"}});
    let other = put(json!({"suppliers": [euros]})).await;
    assert_eq!(
        (other.status, other.json()["code"].clone()),
        (422, json!("invalid_amount"))
    );
    let policy = desk.client.get("/v1/reorders/policy").await.json();
    assert_eq!(
        (&policy["revision"], &policy["cover_days"]),
        (&json!(0), &json!(30))
    );
    assert_eq!(now().date_naive(), desk.at.date_naive());
}
