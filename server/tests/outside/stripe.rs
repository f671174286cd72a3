//! Orders that are paid through Stripe, from the shopper's yes to the refund.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::operations::errands::run_due;
use server::operations::look_after_payments::{Seen, look_after_payments};
use shared::money::Money;

use server::payments::{
    Answer, Begin, Capture, OrderPayment, Provider, ProviderError, Stripe, Whose,
};

use crate::client::Client;
use crate::shop::{TestShop, app_with, id, now};

const KEY: &str = "sk_test_12345";

fn localstripe() -> String {
    std::env::var("SHIPSBY_LOCALSTRIPE").expect("scripts/outside.sh sets it")
}

/// A shop that is paid through localstripe, with a clock that is moved by hand.
struct Paid {
    shop: TestShop,
    client: Client,
    hand: Hand,
    at: DateTime<Utc>,
    http: reqwest::Client,
    order: String,
}

impl Paid {
    /// An order of three, of which one is there.
    async fn new(order: &str) -> Self {
        let mut shop = TestShop::new().await;
        let (clock, hand) = Clock::by_hand(now());
        let accounts = json!({"stores": {"default": {"stripe": {
            "secret_key": KEY, "base": localstripe(), "pay_url": "https://shop.example/pay?secret={client_secret}",
        }}}});
        let connections = Connections::parse(&accounts.to_string(), &clock).expect("accounts");
        shop.app = app_with(shop.app.store.clone(), clock, connections).await;
        let client = Client::new(&shop).await;
        let http =
            server::payments::client(server::payments::Reach::Anywhere, Duration::from_secs(10));
        let paid = Self {
            shop,
            client,
            hand,
            at: now(),
            http,
            order: order.to_owned(),
        };
        let sku = json!({"backorder": {"policy": "allow"}});
        assert_eq!(paid.client.put("/v1/skus/A", sku).await.status, 200);
        let level = json!({"quantity": 1, "if_quantity": null});
        assert_eq!(paid.client.put("/v1/stock/main/A", level).await.status, 200);
        let supply = json!({"id": "PO-7", "lines": [{"sku": "A", "quantity": 2, "expected_on": "2026-12-11"}]});
        assert_eq!(
            paid.client
                .post("/v1/purchase-orders", "PO-7", supply)
                .await
                .status,
            201
        );
        let usd = |amount: i64| json!({"amount": amount, "currency": "USD"});
        let body = json!({
            "id": order, "plan": "separate", "shipping": usd(495), "payment": {"provider": "stripe"},
            "lines": [{"sku": "A", "quantity": 3, "unit_price": usd(1_000)}],
        });
        let placed = paid.client.post("/v1/orders", order, body).await;
        assert_eq!(
            placed.status,
            201,
            "{}",
            String::from_utf8_lossy(&placed.body)
        );
        paid
    }

    async fn later(&mut self) {
        for _ in 0..4 {
            self.at += TimeDelta::minutes(2);
            self.hand.show(self.at);
            look_after_payments(&self.shop.app, &self.shop.store, &mut Seen::default())
                .await
                .expect("a look");
            run_due(&self.shop.app, &self.shop.store)
                .await
                .expect("errands");
        }
    }

    async fn payment(&self) -> Value {
        let order = self
            .client
            .get(&format!("/v1/orders/{}", self.order))
            .await
            .json();
        order["payment"].clone()
    }

    /// The shopper confirms with a card, as Stripe's script would.
    async fn confirms(&self, card: &str) -> StatusCode {
        let payment = self.payment().await;
        let secret = payment["client_secret"]
            .as_str()
            .expect("a secret")
            .to_owned();
        let intent = secret
            .split("_secret_")
            .next()
            .expect("its name")
            .to_owned();
        let fields = [
            ("client_secret", secret.as_str()),
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][number]", card),
            ("payment_method_data[card][exp_month]", "12"),
            ("payment_method_data[card][exp_year]", "2030"),
            ("payment_method_data[card][cvc]", "123"),
        ];
        let url = format!("{}/v1/setup_intents/{intent}/confirm", localstripe());
        let answer = self
            .http
            .post(url)
            .bearer_auth(KEY)
            .form(&fields)
            .send()
            .await
            .expect("localstripe");
        answer.status()
    }

    async fn ready(&self) -> String {
        let page = self.client.get("/v1/shipments?status=ready").await.json();
        page["items"][0]["id"]
            .as_str()
            .expect("a parcel")
            .to_owned()
    }

    async fn ship(&self, key: &str) -> (u16, String) {
        let parcel = self.ready().await;
        let left = self
            .client
            .post(&format!("/v1/shipments/{parcel}/ship"), key, json!({}))
            .await;
        (left.status, parcel)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_card_is_charged_for_each_parcel_when_it_leaves_and_refunded() {
    let mut paid = Paid::new("L-1").await;
    paid.later().await;
    assert_eq!(paid.payment().await["status"], "awaiting");
    assert_eq!(paid.ship("early").await.0, 409, "nobody has agreed to pay");
    assert_eq!(paid.confirms("4242424242424242").await, StatusCode::OK);
    paid.later().await;
    let payment = paid.payment().await;
    assert_eq!(payment["status"], "saved");
    assert_eq!(payment["charges"][0]["status"], "authorized", "{payment}");
    let (status, first) = paid.ship("first").await;
    assert_eq!(status, 200);
    paid.later().await;
    assert_eq!(paid.payment().await["captured"]["amount"], 1_165);

    let came = json!({"receipt": "R-1", "lines": [{"sku": "A", "quantity": 2}]});
    assert_eq!(
        paid.client
            .post("/v1/purchase-orders/PO-7/receipts", "R-1", came)
            .await
            .status,
        200
    );
    paid.later().await;
    assert_eq!(paid.ship("second").await.0, 200);
    paid.later().await;
    let payment = paid.payment().await;
    assert_eq!(payment["captured"]["amount"], 3_495);
    assert_eq!(payment["status"], "released");

    let back = json!({"shipment": first, "amount": {"amount": 165, "currency": "USD"}});
    assert_eq!(
        paid.client
            .post("/v1/orders/L-1/refunds", "back", back)
            .await
            .status,
        201
    );
    paid.later().await;
    assert_eq!(paid.payment().await["refunds"][0]["status"], "done");
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_declined_later_keeps_the_parcel_here() {
    let mut paid = Paid::new("L-2").await;
    paid.later().await;
    // It can be saved and is declined when it is charged.
    assert_eq!(paid.confirms("4000000000000341").await, StatusCode::OK);
    paid.later().await;
    let payment = paid.payment().await;
    assert_eq!(
        payment["charges"][0]["status"], "payment_needed",
        "{payment}"
    );
    assert_eq!(paid.ship("unpaid").await.0, 409);
    assert_eq!(payment["captured"]["amount"], 0);
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_cannot_be_saved_is_said_so_and_another_may_be_tried() {
    let mut paid = Paid::new("L-3").await;
    paid.later().await;
    assert_eq!(
        paid.confirms("4000000000000002").await,
        StatusCode::PAYMENT_REQUIRED
    );
    paid.later().await;
    assert_eq!(paid.payment().await["status"], "failed");
    assert_eq!(paid.confirms("4242424242424242").await, StatusCode::OK);
    paid.later().await;
    assert_eq!(paid.payment().await["status"], "saved");
    paid.shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_before_it_leaves_is_let_go_at_stripe() {
    let mut paid = Paid::new("L-4").await;
    paid.later().await;
    assert_eq!(paid.confirms("4242424242424242").await, StatusCode::OK);
    paid.later().await;
    assert_eq!(paid.payment().await["charges"][0]["status"], "authorized");
    assert_eq!(
        paid.client
            .post("/v1/orders/L-4/cancel", "all", json!({}))
            .await
            .status,
        200
    );
    paid.later().await;
    let payment = paid.payment().await;
    assert_eq!(payment["charges"][0]["status"], "released", "{payment}");
    assert_eq!(payment["captured"]["amount"], 0);
    paid.shop.assert_sound().await;
}

/// A Stripe that answers what a test says, and remembers what it was asked.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    asked: Vec<String>,
    answers: Vec<(u16, Value)>,
}

async fn answer(State(fake): State<Fake>, method: Method, uri: Uri, body: Bytes) -> Response {
    let mut parts = fake.0.lock().expect("the fake");
    parts
        .asked
        .push(format!("{method} {uri} {}", String::from_utf8_lossy(&body)));
    let (status, said) = match parts.answers.is_empty() {
        true => (500, json!({})),
        false => parts.answers.remove(0),
    };
    (
        StatusCode::from_u16(status).expect("a status"),
        axum::Json(said),
    )
        .into_response()
}

impl Fake {
    async fn stripe(answers: &[(u16, Value)], multicapture: bool) -> (Self, Provider) {
        let fake = Self::default();
        fake.0.lock().expect("the fake").answers = answers.to_vec();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let stripe = Stripe::new(&base, KEY, multicapture, None, Duration::from_secs(2));
        (fake, Provider::Stripe(stripe))
    }

    fn asked(&self) -> Vec<String> {
        self.0.lock().expect("the fake").asked.clone()
    }
}

fn usd(amount: i64) -> Money {
    Money::new(amount, "USD".parse().expect("a currency"))
}

fn whose() -> Whose {
    Whose {
        store: id("default"),
        order: id("L-1"),
        placed_at: now(),
    }
}

fn capture(is_last: bool) -> Capture {
    Capture {
        shipment: id("L-1.00"),
        whose: whose(),
        amount: usd(700),
        reference: Some("pi_1".into()),
        is_last,
        before: 300,
    }
}

#[tokio::test]
async fn what_leaves_soon_is_authorized_at_once_and_what_leaves_late_is_saved() {
    let begin = |day: &str, parcels| Begin {
        whose: whose(),
        amount: usd(700),
        parcels,
        last_ships_by: Some(day.parse().expect("a date")),
        today: "2026-11-24".parse().expect("a date"),
    };
    let cases = [
        ("2026-11-30", 1, false, "payment_intents"),
        ("2026-12-01", 1, false, "setup_intents"),
        ("2026-11-30", 2, false, "setup_intents"),
        ("2026-11-30", 2, true, "payment_intents"),
    ];
    for (day, parcels, multicapture, expected) in cases {
        let intent = json!({"id": "x_1", "client_secret": "x_1_secret"});
        let (fake, stripe) = Fake::stripe(
            &[(200, json!({"id": "cus_1"})), (200, intent)],
            multicapture,
        )
        .await;
        stripe
            .begin(&begin(day, parcels))
            .await
            .expect("it is begun");
        let asked = fake.asked();
        assert!(asked[1].contains(expected), "{day} {parcels}: {asked:?}");
        assert_eq!(
            asked[1].contains("capture_method=manual"),
            expected == "payment_intents",
            "{asked:?}"
        );
        assert_eq!(
            asked[1].contains("request_multicapture%5D=if_available"),
            expected == "payment_intents" && multicapture,
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn until_when_it_may_be_captured_is_read_and_never_computed() {
    let charge = json!({"payment_method_details": {"card": {"capture_before": 1_796_000_000}}});
    let intent =
        json!({"status": "requires_capture", "amount_capturable": 700, "latest_charge": charge});
    let (_, stripe) = Fake::stripe(
        &[
            (200, intent),
            (200, json!({"status": "requires_capture", "amount": 700})),
        ],
        false,
    )
    .await;
    let until = |payment: OrderPayment| match payment {
        OrderPayment::Authorized { until, .. } => until,
        other => panic!("{other:?}"),
    };
    let read = until(stripe.look_up_order("pi_1").await.expect("an answer"));
    assert_eq!(read, DateTime::from_timestamp(1_796_000_000, 0));
    assert_eq!(
        until(stripe.look_up_order("pi_1").await.expect("an answer")),
        None
    );
}

#[tokio::test]
async fn a_capture_in_parts_says_so_until_the_last() {
    let done = (200, json!({"status": "requires_capture"}));
    for is_last in [false, true] {
        let (fake, stripe) = Fake::stripe(std::slice::from_ref(&done), true).await;
        stripe.capture(&capture(is_last)).await.expect("an answer");
        assert_ne!(fake.asked()[0].contains("final_capture=false"), is_last);
    }
}

#[tokio::test]
async fn each_way_in_which_stripe_fails_is_told_apart() {
    let refused = (
        400,
        json!({"error": {"code": "payment_intent_unexpected_state"}}),
    );
    let answer = |answers: Vec<(u16, Value)>| async move {
        let (_, stripe) = Fake::stripe(&answers, false).await;
        stripe.capture(&capture(true)).await
    };
    let succeeded = |received: i64| {
        (
            200,
            json!({"status": "succeeded", "amount_received": received}),
        )
    };
    let captured = Ok(Answer::Captured {
        reference: Some("pi_1".into()),
    });
    assert!(matches!(
        answer(vec![(500, json!({}))]).await,
        Err(ProviderError::Unknown(_))
    ));
    assert!(matches!(
        answer(vec![(429, json!({}))]).await,
        Err(ProviderError::Busy(None))
    ));
    assert!(matches!(
        answer(vec![(409, json!({}))]).await,
        Err(ProviderError::Busy(None))
    ));
    // Refused because it is done: it says so when it is looked up.
    assert_eq!(
        answer(vec![refused.clone(), succeeded(1_000)]).await,
        captured
    );
    // What was received is another parcel's.
    assert_eq!(
        answer(vec![refused.clone(), succeeded(300)]).await,
        Ok(Answer::Expired)
    );
    // Somebody took another amount: nothing more is taken on top of it.
    let otherwise = answer(vec![refused.clone(), succeeded(999)]).await;
    assert!(
        matches!(&otherwise, Err(ProviderError::Refused { code, .. }) if code == "captured_otherwise"),
        "{otherwise:?}"
    );
    assert_eq!(
        answer(vec![refused.clone(), (200, json!({"status": "canceled"}))]).await,
        Ok(Answer::Expired)
    );
    let open = answer(vec![refused, (200, json!({"status": "requires_capture"}))]).await;
    assert!(
        matches!(open, Err(ProviderError::Refused { .. })),
        "{open:?}"
    );
    let elsewhere = answer(vec![
        (302, json!({})),
        (200, json!({"status": "requires_capture"})),
    ])
    .await;
    assert!(
        matches!(elsewhere, Err(ProviderError::Refused { .. })),
        "nobody is followed elsewhere: {elsewhere:?}"
    );
}
