//! Orders paid through Stripe, where something goes otherwise: what is taken is what has left, once, and what is recorded is what was
//! taken.

use std::time::Duration;

use axum::body::Body;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::operations::errands::run_due;
use server::operations::look_after_payments::{Seen, look_after_payments};
use sha2::Sha256;
use shared::ids::StoreId;

use crate::client::{Client, Reply};
use crate::orders::{cancel, place, ready, receive, ship, shown};
use crate::reservations::{ordered, sku};
use crate::shop::{TestShop, app_with, id, now};
use crate::stripe_rules::{StripeAccount, Trouble};

/// With which Stripe signs what it tells the store `default`.
const SIGNS: &str = "whsec_of_default";
/// Longest that doing what is due may take: longer, and it never ends.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// A shop that is paid through Stripe, with a clock that is moved by hand.
struct Paid {
    shop: TestShop,
    client: Client,
    stripe: StripeAccount,
    clock: Clock,
    connections: Connections,
    hand: Hand,
    at: DateTime<Utc>,
}

fn usd(amount: i64) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

fn priced(sku: &str, units: u32, each: i64) -> Value {
    json!({"sku": sku, "quantity": units, "unit_price": usd(each)})
}

impl Paid {
    async fn new(multicapture: bool) -> Self {
        let (stripe, base) = StripeAccount::open(multicapture).await;
        Self::at(stripe, &base, multicapture, now()).await
    }

    async fn at(stripe: StripeAccount, base: &str, multicapture: bool, at: DateTime<Utc>) -> Self {
        let mut shop = TestShop::new().await;
        shop.add_store("other").await;
        let (clock, hand) = Clock::by_hand(at);
        let connected = |signs: &str| {
            json!({
                "stripe": {"secret_key": "sk_test_1", "base": base, "multicapture": multicapture, "webhook_secrets": [signs],
                    "pay_url": "https://shop.example/pay?secret={client_secret}", "timeout_ms": 2_000},
                "mail": {"folder": shop.directory.path().join("mail"), "from": "Shop <orders@shop.example>"},
            })
        };
        let accounts =
            json!({"stores": {"default": connected(SIGNS), "other": connected("whsec_of_other")}});
        let connections = Connections::parse(&accounts.to_string(), &clock).expect("accounts");
        shop.app = app_with(shop.app.store.clone(), clock.clone(), connections.clone()).await;
        let client = Client::new(&shop).await;
        Self {
            shop,
            client,
            stripe,
            clock,
            connections,
            hand,
            at,
        }
    }

    /// Places an order of these lines with a flat 4.95 for shipping.
    async fn ordered(&self, order: &str, lines: Value) {
        let body = json!({
            "lines": lines, "shipping": usd(495), "payment": {"provider": "stripe"},
            "customer": {"email": "anna@example.org", "name": "Anna", "lang": "en-US", "country": "US"},
        });
        let placed = place(&self.client, order, body).await;
        assert_eq!(
            placed.status,
            201,
            "{}",
            String::from_utf8_lossy(&placed.body)
        );
    }

    /// The same, once the shopper has confirmed with a card.
    async fn agreed(&mut self, order: &str, lines: Value) {
        self.ordered(order, lines).await;
        self.later(1).await;
        self.confirms(order).await;
        self.later(2).await;
    }

    async fn confirms(&self, order: &str) {
        let secret = self.payment(order).await["client_secret"].clone();
        let intent = secret
            .as_str()
            .expect("a secret")
            .trim_end_matches("_secret")
            .to_owned();
        let status = if intent.starts_with("seti") {
            "succeeded"
        } else {
            "requires_capture"
        };
        self.stripe.becomes(&intent, status);
    }

    /// Lets minutes go by and does what is due.
    async fn later(&mut self, minutes: u32) {
        for _ in 0..minutes {
            self.at += TimeDelta::minutes(1);
            self.hand.show(self.at);
            self.does_what_is_due().await;
        }
    }

    async fn does_what_is_due(&self) {
        let work = async {
            for store in [&self.shop.store, &id("other")] {
                look_after_payments(&self.shop.app, store, &mut Seen::default())
                    .await
                    .expect("a look");
                run_due(&self.shop.app, store).await.expect("errands");
            }
        };
        tokio::time::timeout(ENDS_WITHIN, work)
            .await
            .expect("what is due is done in a while");
    }

    async fn payment(&self, order: &str) -> Value {
        shown(&self.client, order).await["payment"].clone()
    }

    async fn captured(&self, order: &str) -> i64 {
        self.payment(order).await["captured"]["amount"]
            .as_i64()
            .expect("an amount")
    }

    /// Hands over what is ready.
    async fn ships(&self) -> String {
        let parcel = ready(&self.client).await.remove(0).0;
        let left = ship(&self.client, &parcel, &parcel).await;
        assert_eq!(left.status, 200, "{}", String::from_utf8_lossy(&left.body));
        parcel
    }

    fn letters(&self, subject: &str) -> usize {
        let Ok(folder) = std::fs::read_dir(self.shop.directory.path().join("mail")) else {
            return 0;
        };
        let letters = folder
            .map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a letter"));
        let line = format!("Subject: {subject}\r\n");
        letters.filter(|letter| letter.contains(&line)).count()
    }

    /// Two that are there, of which one was counted wrong: it comes later, and leaves in a parcel of its own.
    async fn with_one_miscounted(multicapture: bool) -> Self {
        let mut paid = Self::new(multicapture).await;
        sku(&paid.client, "A", 1, json!({})).await;
        sku(&paid.client, "B", 1, json!({})).await;
        paid.agreed("W-1", json!([priced("A", 1, 1_000), priced("B", 1, 2_000)]))
            .await;
        let payment = paid.payment("W-1").await;
        assert_eq!(payment["status"], "authorized", "{payment}");
        let level = json!({"quantity": 0, "if_quantity": null});
        assert_eq!(paid.client.put("/v1/stock/main/B", level).await.status, 200);
        ordered(&paid.client, "PO-7", "B", 1, "2026-12-11").await;
        paid
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_parcel_is_authorized_by_itself_where_one_authorization_is_captured_once() {
    let mut paid = Paid::with_one_miscounted(false).await;
    paid.ships().await;
    paid.later(1).await;
    let first = paid.captured("W-1").await;
    assert_eq!(paid.stripe.taken(), first);
    receive(&paid.client, "PO-7", "R-1", "B", 1).await;
    paid.later(2).await;
    let second = paid.ships().await;
    paid.later(2).await;
    let payment = paid.payment("W-1").await;
    assert_eq!(payment["captured"]["amount"], 3_495, "{payment}");
    assert_eq!(paid.stripe.taken(), 3_495, "what is recorded was taken");
    assert_eq!(paid.stripe.all("pi").len(), 2);
    assert!(paid.stripe.all("pi")[1].fields["metadata[shipment]"].contains(&second));
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_parcel_waits_for_its_customer_where_the_card_is_refused_meanwhile() {
    let mut paid = Paid::with_one_miscounted(false).await;
    paid.ships().await;
    paid.later(1).await;
    receive(&paid.client, "PO-7", "R-1", "B", 1).await;
    paid.stripe.declines(true);
    paid.later(2).await;
    let parcel = ready(&paid.client).await.remove(0).0;
    assert_eq!(
        ship(&paid.client, "unpaid", &parcel).await.code(),
        "payment_needed"
    );
    assert_eq!(paid.captured("W-1").await, paid.stripe.taken());
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_parcels_that_leave_at_once_are_both_captured_from_one_authorization() {
    let mut paid = Paid::with_one_miscounted(true).await;
    // Nothing is asked before both have left.
    paid.ships().await;
    receive(&paid.client, "PO-7", "R-1", "B", 1).await;
    paid.ships().await;
    paid.later(2).await;
    let payment = paid.payment("W-1").await;
    assert_eq!(payment["captured"]["amount"], 3_495, "{payment}");
    assert_eq!(paid.stripe.taken(), 3_495, "what is recorded was taken");
    assert_eq!(paid.stripe.all("pi").len(), 1);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_is_asked_again_is_asked_in_the_same_words() {
    let mut paid = Paid::with_one_miscounted(true).await;
    paid.stripe.troubled("/capture", &[Trouble::LostAfter]);
    paid.ships().await;
    paid.does_what_is_due().await;
    // What was not the last parcel when it left is the last now.
    assert_eq!(
        cancel(&paid.client, "rest", "W-1", json!({})).await.status,
        200
    );
    paid.later(2).await;
    let payment = paid.payment("W-1").await;
    assert_eq!(
        payment["captured"]["amount"],
        paid.stripe.taken(),
        "{payment}"
    );
    let asked = paid.stripe.asked("/capture");
    assert!(
        asked.iter().all(|one| one.contains("final_capture=false")),
        "{asked:?}"
    );
    assert_eq!(
        paid.stripe.all("pi")[0].status,
        "canceled",
        "the rest is let go"
    );
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_is_asked_again_after_longer_and_longer_and_then_under_a_new_name() {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", 1, json!({})).await;
    paid.agreed("W-1", json!([priced("A", 1, 1_000)])).await;
    paid.stripe.troubled("/capture", &[Trouble::Says(500); 3]);
    paid.ships().await;
    paid.does_what_is_due().await;
    assert_eq!(
        paid.stripe.asked("/capture").len(),
        1,
        "the next time is later"
    );
    paid.later(60).await;
    assert_eq!(paid.captured("W-1").await, 1_495);
    assert_eq!(paid.stripe.taken(), 1_495);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_for_days_is_given_up_and_the_customer_asked_once() {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", 1, json!({})).await;
    paid.agreed("W-1", json!([priced("A", 1, 1_000)])).await;
    paid.stripe.troubled("/capture", &[Trouble::Says(400); 999]);
    paid.ships().await;
    for _ in 0..24 {
        paid.at += TimeDelta::hours(6);
        paid.later(4).await;
    }
    let payment = paid.payment("W-1").await;
    assert_eq!(
        payment["charges"][0]["status"], "payment_needed",
        "{payment}"
    );
    assert_eq!(paid.letters("Order W-1: we need your payment"), 1);
    assert!(paid.stripe.asked("/capture").len() < 100);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_confirmed_is_let_go_of_when_the_order_is_cancelled() {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", 2, json!({})).await;
    paid.ordered("W-1", json!([priced("A", 1, 1_000)])).await;
    paid.ordered("W-2", json!([priced("A", 1, 1_000)])).await;
    paid.later(1).await;
    assert_eq!(
        cancel(&paid.client, "all", "W-1", json!({})).await.status,
        200
    );
    paid.later(70).await;
    assert_eq!(
        shown(&paid.client, "W-2").await["status"],
        "cancelled",
        "nobody confirmed it"
    );
    let statuses: Vec<String> = paid
        .stripe
        .all("pi")
        .into_iter()
        .map(|intent| intent.status)
        .collect();
    assert_eq!(statuses, ["canceled", "canceled"]);
    assert_eq!(paid.payment("W-1").await["client_secret"], Value::Null);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_confirmed_after_the_order_was_cancelled_is_let_go_once_it_is_heard() {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", 1, json!({})).await;
    paid.ordered("W-1", json!([priced("A", 1, 1_000)])).await;
    paid.later(1).await;
    // The shopper's bank is at it while the order is cancelled: Stripe cancels nothing then.
    paid.stripe.becomes("pi_0001", "processing");
    assert_eq!(
        cancel(&paid.client, "all", "W-1", json!({})).await.status,
        200
    );
    paid.later(1).await;
    paid.stripe.becomes("pi_0001", "requires_capture");
    let event = event("evt_1", "pi_0001", json!({"order": "W-1"}));
    assert_eq!(paid.hears("default", &event).await.status, 200);
    paid.later(1).await;
    assert_eq!(paid.stripe.all("pi")[0].status, "canceled");
    assert_eq!(paid.payment("W-1").await["status"], "released");
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_pays_after_hours_is_learnt_of_although_a_question_failed_before() {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", 1, json!({})).await;
    ordered(&paid.client, "PO-7", "A", 2, "2026-12-11").await;
    paid.stripe.declines(true);
    paid.agreed("W-1", json!([priced("A", 3, 1_000)])).await;
    let needed = paid.payment("W-1").await;
    assert_eq!(needed["charges"][0]["status"], "payment_needed", "{needed}");
    let intent = paid.stripe.all("pi").remove(0).id;
    paid.later(150).await;
    let path: &'static str = Box::leak(format!("/{intent}").into_boxed_str());
    paid.stripe.troubled(path, &[Trouble::Says(503)]);
    paid.later(5).await;
    paid.stripe.becomes(&intent, "requires_capture");
    paid.later(90).await;
    let payment = paid.payment("W-1").await;
    assert_eq!(payment["charges"][0]["status"], "authorized", "{payment}");
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_leaves_without_anybody_being_asked() {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "gift", 1, json!({})).await;
    sku(&paid.client, "A", 0, json!({})).await;
    ordered(&paid.client, "PO-7", "A", 1, "2026-12-11").await;
    paid.agreed("W-1", json!([priced("gift", 1, 0), priced("A", 1, 1_000)]))
        .await;
    paid.ships().await;
    paid.later(1).await;
    let payment = paid.payment("W-1").await;
    assert_eq!(payment["charges"][0]["status"], "captured", "{payment}");
    assert_eq!(paid.stripe.asked("/payment_intents"), Vec::<String>::new());
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_that_runs_out_after_the_parcel_left_is_charged_anew() {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", 1, json!({})).await;
    paid.agreed("W-1", json!([priced("A", 1, 1_000)])).await;
    paid.ships().await;
    paid.stripe.becomes("pi_0001", "canceled");
    // It is done, and nobody hears of it: it is not done twice.
    paid.stripe
        .troubled("/payment_intents", &[Trouble::LostAfter]);
    paid.later(30).await;
    assert_eq!(paid.captured("W-1").await, 1_495);
    assert_eq!(paid.stripe.taken(), 1_495);
    assert_eq!(paid.letters("Order W-1: we need your payment"), 0);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whose_card_is_refused_after_the_parcel_left_has_a_link_to_pay() {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", 1, json!({})).await;
    paid.agreed("W-1", json!([priced("A", 1, 1_000)])).await;
    paid.ships().await;
    paid.stripe.becomes("pi_0001", "canceled");
    paid.stripe.declines(true);
    paid.later(30).await;
    let payment = paid.payment("W-1").await;
    let anew = paid.stripe.all("pi").pop().expect("another").id;
    assert_eq!(
        payment["charges"][0]["status"], "payment_needed",
        "{payment}"
    );
    let link = format!("https://shop.example/pay?secret={anew}_secret");
    assert_eq!(payment["charges"][0]["pay_url"], link);
    assert_eq!(paid.stripe.all("pi").len(), 2);
    paid.stripe.becomes(&anew, "succeeded");
    paid.later(5).await;
    assert_eq!(paid.captured("W-1").await, 1_495);
    assert_eq!(paid.letters("Order W-1: we need your payment"), 1);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_shops_at_one_stripe_account_are_kept_apart() {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", 1, json!({})).await;
    paid.agreed("W-1", json!([priced("A", 1, 1_000)])).await;
    let other: StoreId = id("other");
    let key = paid
        .shop
        .key(&other, KeyKind::Secret, "sk_live_other")
        .await;
    let theirs = Client::with(&paid.shop, &key);
    sku(&theirs, "A", 1, json!({})).await;
    let body = json!({"lines": [priced("A", 1, 1_000)], "shipping": usd(495), "payment": {"provider": "stripe"}});
    assert_eq!(place(&theirs, "W-1", body).await.status, 201);
    paid.later(1).await;
    assert_eq!(paid.stripe.all("cus").len(), 2);
    assert_eq!(paid.stripe.all("pi").len(), 2);

    let intents = paid.stripe.all("pi");
    let stores: Vec<&str> = intents
        .iter()
        .map(|intent| intent.fields["metadata[store]"].as_str())
        .collect();
    assert_eq!(stores, ["default", "other"]);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_on_trial_with_the_same_names_does_not_get_what_the_real_one_asked_for() {
    let (stripe, base) = StripeAccount::open(false).await;
    let mut real = Paid::at(stripe.clone(), &base, false, now()).await;
    sku(&real.client, "A", 1, json!({})).await;
    real.agreed("W-1", json!([priced("A", 1, 1_000)])).await;
    let hour = now() + TimeDelta::hours(1);
    let mut tried = Paid::at(stripe.clone(), &base, false, hour).await;
    sku(&tried.client, "A", 1, json!({})).await;
    tried.ordered("W-1", json!([priced("A", 1, 1_000)])).await;
    tried.later(1).await;
    assert_eq!(tried.payment("W-1").await["status"], "awaiting");
    assert_eq!(stripe.all("pi").len(), 2);
}

/// An order that was charged 14.95, and a refund of 4.95 that was asked for.
async fn refunded(troubles: &[Trouble], becomes: Option<&str>) -> Paid {
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", 1, json!({})).await;
    paid.agreed("W-1", json!([priced("A", 1, 1_000)])).await;
    let parcel = paid.ships().await;
    paid.later(1).await;
    paid.stripe.troubled("/refunds", troubles);
    let body = json!({"shipment": parcel, "amount": usd(495)});
    assert_eq!(
        paid.client
            .post("/v1/orders/W-1/refunds", "back", body)
            .await
            .status,
        201
    );
    if let Some(status) = becomes {
        paid.stripe.refunds_become(status);
    }
    paid.later(1).await;
    paid
}

impl Paid {
    async fn refund(&self) -> (String, i64) {
        let payment = self.payment("W-1").await;
        let status = payment["refunds"][0]["status"]
            .as_str()
            .expect("a status")
            .to_owned();
        (
            status,
            payment["refunded"]["amount"].as_i64().expect("an amount"),
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_takes_a_while_is_done_once_it_is() {
    let mut paid = refunded(&[], Some("pending")).await;
    assert_eq!(paid.refund().await, ("due".into(), 495));
    assert_eq!(paid.letters("Order W-1: refunded"), 0);
    let name = paid.stripe.all("re").remove(0).id;
    paid.stripe.becomes(&name, "succeeded");
    paid.later(120).await;
    assert_eq!(paid.refund().await, ("done".into(), 495));
    assert_eq!(paid.stripe.all("re").len(), 1);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_after_a_while_is_learnt() {
    let mut paid = refunded(&[], Some("pending")).await;
    let name = paid.stripe.all("re").remove(0).id;
    paid.stripe.becomes(&name, "failed");
    paid.later(120).await;
    assert_eq!(paid.refund().await, ("failed".into(), 0));
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_after_it_was_done_is_learnt_from_what_stripe_tells() {
    let mut paid = refunded(&[], None).await;
    assert_eq!(paid.refund().await, ("done".into(), 495));
    let refund = paid.stripe.all("re").remove(0);
    paid.stripe.becomes(&refund.id, "failed");
    let object = json!({
        "object": "refund", "id": refund.id, "payment_intent": refund.fields["payment_intent"],
        "metadata": {"order": "W-1", "shipment": refund.fields["metadata[shipment]"], "refund": refund.fields.get("metadata[refund]")},
    });
    let told =
        json!({"id": "evt_9", "type": "refund.failed", "data": {"object": object}}).to_string();
    assert_eq!(paid.hears("default", &told).await.status, 200);
    paid.later(1).await;
    assert_eq!(paid.refund().await, ("failed".into(), 0));
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_which_nobody_heard_is_not_given_twice_when_stripe_has_forgotten_its_name() {
    let mut paid = refunded(&[Trouble::LostAfter], None).await;
    paid.later(10).await;
    assert_eq!(paid.refund().await, ("done".into(), 495));
    assert_eq!(paid.stripe.all("re").len(), 1, "it was given once");
    paid.shop.assert_sound().await;
}

/// What Stripe tells of a payment intent.
fn event(name: &str, intent: &str, metadata: Value) -> String {
    let object = json!({"object": "payment_intent", "id": intent, "metadata": metadata});
    json!({"id": name, "type": "payment_intent.amount_capturable_updated", "data": {"object": object}}).to_string()
}

/// Stripe's signature of a message.
fn signature(secret: &str, at: DateTime<Utc>, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("{}.{body}", at.timestamp()).as_bytes());
    let digits: Vec<String> = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("t={},v1={}", at.timestamp(), digits.concat())
}

impl Paid {
    /// What Stripe tells the store `default`, sent to the address of some store.
    async fn hears(&self, store: &str, body: &str) -> Reply {
        let signed = signature(SIGNS, self.at, body);
        self.hears_signed(store, &signed, body).await
    }

    async fn hears_signed(&self, store: &str, signature: &str, body: &str) -> Reply {
        let request = axum::http::Request::post(format!("/v1/webhooks/stripe/{store}"))
            .header("content-type", "application/json")
            .header("stripe-signature", signature)
            .body(Body::from(body.to_owned()));
        self.client.send(request.expect("a request")).await
    }

    async fn revisions(&self) -> Vec<u64> {
        let standings = self.shop.app.store.standings().await.expect("stores");
        standings.iter().map(|store| store.revision).collect()
    }

    /// An order that awaits its shopper, who has confirmed without anybody knowing.
    async fn unheard() -> (Self, String) {
        let mut paid = Self::new(false).await;
        sku(&paid.client, "A", 1, json!({})).await;
        paid.ordered("W-1", json!([priced("A", 1, 1_000)])).await;
        paid.later(1).await;
        paid.confirms("W-1").await;
        let told = event("evt_1", "pi_0001", json!({"order": "W-1"}));
        (paid, told)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stripe_tells_is_believed_by_its_signature_of_these_bytes_in_these_minutes() {
    let (paid, told) = Paid::unheard().await;
    let before = paid.revisions().await;
    let altered = told.replace("evt_1", "evt_2");
    let signed = signature(SIGNS, paid.at, &told);
    let seconds = TimeDelta::seconds;
    let refused = [
        ("nobody signed it", String::new(), &told),
        (
            "another signed it",
            signature("whsec_forged", paid.at, &told),
            &told,
        ),
        (
            "another store's secret",
            signature("whsec_of_other", paid.at, &told),
            &told,
        ),
        ("other bytes", signed.clone(), &altered),
        (
            "long ago",
            signature(SIGNS, paid.at - seconds(301), &told),
            &told,
        ),
        (
            "in the future",
            signature(SIGNS, paid.at + seconds(301), &told),
            &told,
        ),
        ("no time", signed.replace("t=", "t=x"), &told),
    ];
    for (what, signed, body) in refused {
        let reply = paid.hears_signed("default", &signed, body).await;
        let code = match what {
            "long ago" | "in the future" => "timestamp_out_of_window",
            _ => "bad_signature",
        };
        assert_eq!((reply.status, reply.code().as_str()), (401, code), "{what}");
    }
    assert_eq!(paid.revisions().await, before, "nothing was written");
    for at in [paid.at - seconds(300), paid.at + seconds(300)] {
        let signed = signature(SIGNS, at, &told);
        assert_eq!(
            paid.hears_signed("default", &signed, &told).await.status,
            200
        );
    }
    let unknown = paid.hears("elsewhere", &told).await;
    let no_platform = axum::http::Request::post("/v1/webhooks/paypal/default").body(Body::empty());
    let no_platform = paid.client.send(no_platform.expect("a request")).await;
    assert_eq!((unknown.status, no_platform.status), (404, 404));
    paid.does_what_is_due().await;
    assert_eq!(paid.payment("W-1").await["status"], "authorized");
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_twice_late_or_in_another_order_ends_as_it_stands_at_stripe() {
    let (mut paid, told) = Paid::unheard().await;
    for _ in 0..3 {
        assert_eq!(paid.hears("default", &told).await.status, 200);
    }
    paid.does_what_is_due().await;
    assert_eq!(paid.payment("W-1").await["status"], "authorized");
    let before = paid.revisions().await;
    let events = paid.payment("W-1").await["events"].clone();
    assert_eq!(paid.hears("default", &told).await.status, 200);
    assert_eq!(
        paid.revisions().await,
        before,
        "what was told already writes nothing"
    );

    // Of older times, whatever it says.
    for (name, kind) in [
        ("evt_0", "payment_intent.created"),
        ("evt_5", "payment_intent.payment_failed"),
    ] {
        let told = told
            .replace("evt_1", name)
            .replace("payment_intent.amount_capturable_updated", kind);
        assert_eq!(paid.hears("default", &told).await.status, 200);
    }
    paid.later(2).await;
    assert_eq!(paid.payment("W-1").await["events"], events);
    paid.ships().await;
    assert_eq!(
        paid.hears(
            "default",
            &event("evt_7", "pi_0001", json!({"order": "W-1"}))
        )
        .await
        .status,
        200
    );
    paid.later(2).await;
    assert_eq!(
        (paid.captured("W-1").await, paid.stripe.taken()),
        (1_495, 1_495)
    );
    assert_eq!(paid.letters("Order W-1 is on its way"), 1);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_told_of_it_however_often_and_in_whichever_order_each_order_ends_the_same() {
    const ORDERS: u32 = 12;
    const MESSAGES: u32 = 12;
    let mut paid = Paid::new(false).await;
    sku(&paid.client, "A", ORDERS, json!({})).await;
    let names: Vec<String> = (0..ORDERS).map(|number| format!("W-{number}")).collect();
    for name in &names {
        paid.ordered(name, json!([priced("A", 1, 1_000)])).await;
    }
    paid.later(1).await;
    let mut intents = Vec::new();
    for name in &names {
        let secret = paid.payment(name).await["client_secret"].clone();
        let secret = secret.as_str().expect("a secret").to_owned();
        intents.push(secret.trim_end_matches("_secret").to_owned());
    }
    let mut chance: u32 = 1;
    for message in 0..MESSAGES {
        if message == 3 {
            for name in &names {
                paid.confirms(name).await;
            }
        }
        if message == 7 {
            paid.later(1).await;
            for (parcel, ..) in ready(&paid.client).await {
                assert_eq!(ship(&paid.client, &parcel, &parcel).await.status, 200);
            }
        }
        for (name, intent) in names.iter().zip(&intents) {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (new, old) = (
                format!("evt_{name}_{message}"),
                format!("evt_{name}_{}", chance >> 30),
            );
            let told = match (chance >> 24) % 5 {
                0 => event(&new, intent, json!({"order": name})),
                1 => event(&old, intent, json!({"order": name})),
                2 => event(
                    &new,
                    intent,
                    json!({"order": name, "shipment": format!("{name}.00")}),
                ),
                3 => event(&new, intent, json!({})),
                _ => continue,
            };
            assert_eq!(paid.hears("default", &told).await.status, 200);
        }
        paid.does_what_is_due().await;
    }
    paid.later(3).await;
    for name in &names {
        let payment = paid.payment(name).await;
        let kinds: Vec<&str> = payment["events"]
            .as_array()
            .expect("events")
            .iter()
            .filter_map(|event| event["kind"].as_str())
            .collect();
        assert_eq!(
            kinds,
            ["awaiting", "authorized", "captured", "closed"],
            "{name}"
        );
        assert_eq!(payment["captured"], usd(1_495));
    }
    assert_eq!(paid.stripe.taken(), 1_495 * i64::from(ORDERS));
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_an_order_that_is_not_here_changes_nothing() {
    let (paid, _) = Paid::unheard().await;
    let before = paid.revisions().await;
    for metadata in [
        json!({}),
        json!({"order": "W-9"}),
        json!({"order": "../W-1"}),
        json!({"order": "W-1", "store": "other"}),
        json!({"order": "W-1", "shipment": 7, "store": "elsewhere"}),
    ] {
        let told = event("evt_1", "pi_9", metadata.clone());
        assert_eq!(paid.hears("default", &told).await.status, 200, "{metadata}");
    }
    for strange in [
        "",
        "[]",
        "{",
        r#"{"id": 7, "data": {"object": {"object": "payment_intent"}}}"#,
    ] {
        assert_eq!(
            paid.hears("default", strange).await.status,
            200,
            "{strange}"
        );
    }
    assert_eq!(paid.revisions().await, before);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_is_to_be_sent_again() {
    let (mut paid, told) = Paid::unheard().await;
    paid.shop.app.store.close().await;
    let reply = paid.hears("default", &told).await;
    assert!((500..600).contains(&reply.status), "{}", reply.status);

    let (clock, connections) = (paid.clock.clone(), paid.connections.clone());
    paid.shop.app = app_with(paid.shop.other_process().await, clock, connections).await;
    paid.client = Client::with(&paid.shop, "sk_live_test");
    assert_eq!(paid.hears("default", &told).await.status, 200);
    paid.does_what_is_due().await;
    assert_eq!(paid.payment("W-1").await["status"], "authorized");
    paid.shop.assert_sound().await;
}
