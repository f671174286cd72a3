//! Promises that were broken move out the dates of the supplier that they waited for, and of no other; the share that is kept
//! comes near what the shop asks for.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use server::app::App;
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::operations::relearn::relearn;

use crate::client::Client;
use crate::orders::{line, place, ready, ship};
use crate::reservations::sku;
use crate::shop::{TestShop, app_with, id, now};

/// Orders that wait for each delivery.
const SHOPPERS: usize = 3;

/// Days from an order to the day that is told for it before anything is known: a week to the supplier's date, a day to put the
/// goods away and a day to pack.
const SOLD_DAYS: i64 = 9;
/// Days of a round. It begins on a Monday.
const ROUND_DAYS: i64 = 21;

/// A shop that lives from day to day.
struct Life {
    shop: TestShop,
    client: Client,
    hand: Hand,
    today: DateTime<Utc>,
    round: usize,
}

impl Life {
    /// A shop with a supplier and a SKU for each of these names.
    async fn begin(suppliers: &[&str]) -> Self {
        let shop = TestShop::new().await;
        shop.app.store.close().await;
        let (clock, hand) = Clock::by_hand(now());
        let app: App = app_with(shop.other_process().await, clock, Connections::default()).await;
        let shop = TestShop { app, ..shop };
        let client = Client::new(&shop).await;
        for supplier in suppliers {
            let path = format!("/v1/suppliers/{supplier}");
            assert_eq!(client.put(&path, json!({})).await.status, 200);
            sku(&client, &format!("of-{supplier}"), 0, json!({})).await;
        }
        Self {
            shop,
            client,
            hand,
            today: now(),
            round: 0,
        }
    }

    async fn pass(&mut self, days: i64) {
        self.today += TimeDelta::days(days);
        self.hand.show(self.today);
        relearn(&self.shop.app, &self.shop.store)
            .await
            .expect("what is learnt each day");
    }

    fn day(&self, ahead: u64) -> NaiveDate {
        self.today.date_naive() + Days::new(ahead)
    }

    /// Orders goods that the supplier names a date for, sells them, and sends them so many days after the day on which
    /// they were there by the supplier's papers. Returns by when shoppers were told they would leave, and how many days
    /// later they did.
    async fn round(&mut self, supplier: &str, late: i64) -> (NaiveDate, i64) {
        self.round += 1;
        let (order, round) = (format!("PO-{}", self.round), self.round);
        let named = self.day(7);
        let item = format!("of-{supplier}");
        let asked = json!({
            "id": order,
            "supplier": supplier,
            "expected_on": named.to_string(),
            "lines": [{"sku": item, "quantity": SHOPPERS}],
        });
        let made = self.client.post("/v1/purchase-orders", &order, asked).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let mut told = None;
        for at in 0..SHOPPERS {
            let name = format!("W-{round}-{at}");
            let placed = place(&self.client, &name, json!({"lines": [line(&item, 1)]})).await;
            assert_eq!(placed.status, 201, "{}", placed.json());
            told = Some(first_day(&placed.json()));
        }
        let told = told.expect("somebody bought");
        self.pass(SOLD_DAYS + late).await;
        let came = json!({
            "receipt": order,
            "received_on": named.to_string(),
            "lines": [{"sku": item, "quantity": SHOPPERS}],
        });
        let path = format!("/v1/purchase-orders/{order}/receipts");
        assert_eq!(self.client.post(&path, &order, came).await.status, 200);
        for (parcel, _, _) in ready(&self.client).await {
            assert_eq!(ship(&self.client, &parcel, &parcel).await.status, 200);
        }
        let left = self.day(0);
        // So that the next round begins on the same day of the week.
        self.pass(ROUND_DAYS - SOLD_DAYS - late).await;
        (told, (left - told).num_days())
    }

    async fn supplier(&self, name: &str) -> Value {
        self.client
            .get(&format!("/v1/suppliers/{name}"))
            .await
            .json()
    }
}

/// The first day that was told for an order.
fn first_day(order: &Value) -> NaiveDate {
    id(order["promises"][0]["ships_by"].as_str().expect("a day"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supplier_that_is_always_later_than_its_papers_say_is_told_later() {
    let mut life = Life::begin(&["weaver", "dyer"]).await;
    let lateness = [4, 5, 6, 7, 8];
    let mut kept: Vec<bool> = Vec::new();
    for at in 0..24 {
        let (_, late) = life.round("weaver", lateness[at % 5]).await;
        kept.push(late <= 0);
        if at == 6 {
            assert_eq!(life.supplier("weaver").await["widened"], Value::Null);
        }
        if at % 3 == 0 {
            let (_, late) = life.round("dyer", 0).await;
            assert!(late <= 0, "{late}");
        }
    }
    // Nothing was kept as long as too little was known. By its papers the supplier is never late.
    assert_eq!(kept[..8], [false; 8]);
    let weaver = life.supplier("weaver").await;
    assert_eq!(weaver["slip"]["days"], 0);
    assert_eq!(weaver["widened"]["level"], 80);
    assert_eq!(weaver["widened"]["kept"], 0);
    let days = weaver["widened"]["days"].as_u64().expect("days");
    assert!((6..=8).contains(&days), "{days}");
    // Four of five is what the shop asks for.
    let after = &kept[9..];
    let percent = 100 * after.iter().filter(|kept| **kept).count() / after.len();
    assert!((75..=90).contains(&percent), "{percent} % in {kept:?}");
    // Whoever keeps its dates pays for nobody else.
    assert_eq!(life.supplier("dyer").await["widened"], Value::Null);
    life.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_merchant_sees_why_dates_were_moved_out_and_no_promise_is_broken_by_it() {
    let mut life = Life::begin(&["weaver"]).await;
    for _ in 0..7 {
        life.round("weaver", 6).await;
    }
    // Somebody buys before anything is known, for a later day.
    let far = json!({
        "id": "PO-far",
        "supplier": "weaver",
        "expected_on": life.day(70).to_string(),
        "lines": [{"sku": "of-weaver", "quantity": 9}],
    });
    let made = life.client.post("/v1/purchase-orders", "far", far).await;
    assert_eq!(made.status, 201);
    // More than the next delivery brings, so that nothing is to be had sooner.
    let four = json!({"lines": [line("of-weaver", 4)]});
    let before = place(&life.client, "W-before", four).await.json();
    life.round("weaver", 6).await;
    life.pass(1).await;

    let client = &life.client;
    let report = client.get("/v1/promises/report?by=supplier").await.json();
    assert_eq!(report["items"][0]["key"], "weaver");
    let widened = &report["items"][0]["widened"];
    let said = json!({"days": 6, "kept": 0, "judged": 24, "level": 80, "horizon": "any"});
    assert_eq!(*widened, said);
    let why =
        "+6 days because without them 0 of its last 24 promises were kept and 80 % are wanted";
    let explained = client.get("/v1/availability/of-weaver/explain?qty=1").await;
    let text = explained.json()["text"].as_str().expect("text").to_owned();
    assert!(
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains(why),
        "{text}"
    );
    let supply = &explained.json()["locations"][0]["skus"][0]["supply"];
    let ordered = supply.as_array().expect("supply").iter();
    let mut ordered = ordered.filter(|one| one["purchase_order"] == "PO-far");
    assert_eq!(ordered.next().expect("it is on its way")["widened"], said);

    // Who bought before keeps the date; who buys now is told a later one.
    let stands = client.get("/v1/orders/W-before").await.json();
    assert_eq!(stands["promises"], before["promises"]);
    let now = place(client, "W-now", json!({"lines": [line("of-weaver", 1)]})).await;
    let moved = (first_day(&now.json()) - first_day(&before)).num_days();
    assert!((6..=8).contains(&moved), "{moved}");
    life.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_were_added_are_taken_off_when_the_supplier_recovers() {
    let mut life = Life::begin(&["weaver"]).await;
    for _ in 0..9 {
        life.round("weaver", 6).await;
    }
    assert_eq!(life.supplier("weaver").await["widened"]["days"], 6);
    let (mut rounds, mut early) = (0, 0);
    while life.supplier("weaver").await["widened"] != Value::Null {
        let (_, late) = life.round("weaver", 0).await;
        early += i64::from(late < -3);
        rounds += 1;
        assert!(rounds < 26, "{}", life.supplier("weaver").await);
    }
    // They left sooner than told by just those days.
    assert_eq!(early, rounds);
    let (_, late) = life.round("weaver", 0).await;
    assert!((-1..=0).contains(&late), "{late}");
}
