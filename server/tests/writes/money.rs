//! Money is taken when goods leave, parcel by parcel, and never more than was agreed.

use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::operations::charging::{
    Agreed, Charged, record_agreed, record_charged, record_refunded,
};
use server::operations::look_after_payments::{Seen, look_after_payments};
use server::operations::records::ErrandKind;

use crate::client::{Client, Reply};
use crate::delays::spoil;
use crate::order_page::Visitor;
use crate::orders::{cancel, line, place, ready, receive, ship, shown};
use crate::reservations::{ordered, sku};
use crate::shop::{TestShop, id};

fn usd(amount: i64) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

fn priced(sku: &str, units: u32, each: i64) -> Value {
    json!({"sku": sku, "quantity": units, "unit_price": usd(each)})
}

/// A shop with one of A, two more to come, and an order of three for 30.00 and some odd cents.
async fn ordered_for(payment: Value) -> (TestShop, Client) {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({})).await;
    ordered(&client, "PO-7", "A", 2, "2026-12-11").await;
    let order = json!({
        "lines": [priced("A", 3, 1_000)],
        "discount": usd(100), "shipping": usd(495), "tax": usd(7),
        "payment": payment,
    });
    let placed = place(&client, "W-1", order).await;
    assert_eq!(
        placed.status,
        201,
        "{}",
        String::from_utf8_lossy(&placed.body)
    );
    assert_eq!(placed.json()["total"], usd(3_402));
    (shop, client)
}

async fn errands(shop: &TestShop) -> Vec<(ErrandKind, String)> {
    let order = id("W-1");
    let records = shop.app.store.errands_of(&shop.store, &order).await;
    let open = records.expect("errands").into_iter();
    open.filter(|record| record.ended.is_none())
        .map(|record| (record.errand.kind, record.errand.name))
        .collect()
}

async fn said(shop: &TestShop, shipment: &str, charged: Charged) {
    record_charged(&shop.app, &shop.store, None, &id(shipment), &charged)
        .await
        .expect("it is written down");
}

async fn first_ready(client: &Client) -> String {
    ready(client).await.remove(0).0
}

async fn payment(client: &Client) -> Value {
    shown(client, "W-1").await["payment"].clone()
}

async fn refund(client: &Client, key: &str, body: Value) -> Reply {
    client.post("/v1/orders/W-1/refunds", key, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_parcel_is_charged_when_it_leaves_and_all_of_them_are_the_whole_to_the_cent() {
    let (shop, client) = ordered_for(json!({"provider": "external"})).await;
    assert!(
        errands(&shop).await.is_empty(),
        "nothing is captured before anything leaves"
    );
    let first = first_ready(&client).await;
    assert_eq!(ship(&client, "one", &first).await.status, 200);
    assert_eq!(
        errands(&shop).await,
        [(ErrandKind::Capture, format!("capture {first}"))]
    );
    said(
        &shop,
        &first,
        Charged::Captured {
            reference: Some("ch_1".into()),
        },
    )
    .await;
    // A provider that says so twice takes nothing twice.
    said(
        &shop,
        &first,
        Charged::Captured {
            reference: Some("ch_1".into()),
        },
    )
    .await;
    assert_eq!(payment(&client).await["captured"], usd(1_134));

    receive(&client, "PO-7", "R-1", "A", 2).await;
    let second = first_ready(&client).await;
    assert_eq!(ship(&client, "two", &second).await.status, 200);
    said(
        &shop,
        &second,
        Charged::Captured {
            reference: Some("ch_2".into()),
        },
    )
    .await;
    let paid = payment(&client).await;
    assert_eq!(paid["captured"], usd(3_402));
    assert_eq!(
        paid["status"], "released",
        "there is nothing left to charge"
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_is_never_charged() {
    let (shop, client) = ordered_for(json!({"provider": "external"})).await;
    let first = first_ready(&client).await;
    assert_eq!(ship(&client, "one", &first).await.status, 200);
    said(&shop, &first, Charged::Captured { reference: None }).await;
    assert_eq!(cancel(&client, "rest", "W-1", json!({})).await.status, 200);
    let paid = payment(&client).await;
    assert_eq!(paid["captured"], usd(1_134));
    assert_eq!(paid["status"], "released");
    assert_eq!(
        errands(&shop).await.last().map(|(kind, _)| *kind),
        Some(ErrandKind::ReleasePayment)
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_before_the_shopper_has_agreed_to_pay() {
    let (shop, client) = ordered_for(json!({"provider": "stripe"})).await;
    let first = first_ready(&client).await;
    assert_eq!(
        ship(&client, "early", &first).await.code(),
        "payment_needed"
    );
    assert_eq!(
        errands(&shop).await,
        [(ErrandKind::BeginPayment, "begin_payment W-1".into())]
    );
    let order = id("W-1");
    let awaiting = Agreed::Awaiting {
        reference: "seti_1".into(),
        client_secret: "seti_1_secret".into(),
    };
    let saved = Agreed::Saved {
        customer: Some("cus_1".into()),
        method: Some("pm_1".into()),
    };
    let begun = Some("begin_payment W-1");
    record_agreed(&shop.app, &shop.store, begun, &order, &awaiting)
        .await
        .expect("written");
    assert_eq!(payment(&client).await["client_secret"], "seti_1_secret");
    record_agreed(&shop.app, &shop.store, None, &order, &saved)
        .await
        .expect("written");
    // What is said late and out of order changes nothing.
    record_agreed(&shop.app, &shop.store, None, &order, &awaiting)
        .await
        .expect("written");
    let failed = Agreed::Failed {
        code: "card_declined".into(),
    };
    record_agreed(&shop.app, &shop.store, None, &order, &failed)
        .await
        .expect("written");
    assert_eq!(payment(&client).await["status"], "saved");

    // The parcel that is ready is authorized by itself, and leaves after that.
    assert!(
        errands(&shop)
            .await
            .contains(&(ErrandKind::Authorize, format!("authorize {first}")))
    );
    assert_eq!(
        ship(&client, "still-early", &first).await.code(),
        "payment_needed"
    );
    let agreed = Charged::Authorized {
        reference: "pi_1".into(),
        until: Some(id("2026-11-28T15:00:00Z")),
    };
    said(&shop, &first, agreed).await;
    assert_eq!(ship(&client, "now", &first).await.status, 200);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_that_has_run_out_is_never_captured_but_asked_for_anew() {
    let (shop, client) = ordered_for(json!({
        "provider": "external", "reference": "their-7", "authorized_until": "2026-11-28T15:00:00Z",
    }))
    .await;
    let first = first_ready(&client).await;
    let shop = shop.at("2026-11-28T15:00:01Z").await;
    let client = Client::new(&shop).await;
    assert_eq!(ship(&client, "late", &first).await.code(), "payment_needed");
    look_after_payments(&shop.app, &shop.store, &mut Seen::default())
        .await
        .expect("a look");
    assert_eq!(
        errands(&shop).await,
        [(ErrandKind::Authorize, format!("authorize {first}"))]
    );
    let declined = Charged::NeedsCustomer {
        reference: None,
        client_secret: None,
        pay_url: Some("https://shop.example/pay/7".into()),
        code: "card_declined".into(),
    };
    said(&shop, &first, declined).await;
    assert_eq!(
        ship(&client, "unpaid", &first).await.code(),
        "payment_needed"
    );
    let paid = payment(&client).await;
    assert_eq!(paid["charges"][0]["status"], "payment_needed");
    assert_eq!(paid["charges"][0]["pay_url"], "https://shop.example/pay/7");

    // The goods are kept for a while, and then they are not.
    let shop = shop.at("2026-12-06T00:00:00Z").await;
    look_after_payments(&shop.app, &shop.store, &mut Seen::default())
        .await
        .expect("a look");
    let client = Client::new(&shop).await;
    let order = shown(&client, "W-1").await;
    assert_eq!(order["lines"][0]["cancelled"], 1);
    assert_eq!(
        order["status"], "open",
        "what is still to come is still wanted"
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_nobody_confirms_gives_its_goods_back_after_an_hour() {
    let (shop, client) = ordered_for(json!({"provider": "stripe"})).await;
    drop(client);
    let shop = shop.at("2026-11-23T16:05:00Z").await;
    look_after_payments(&shop.app, &shop.store, &mut Seen::default())
        .await
        .expect("a look");
    let client = Client::new(&shop).await;
    assert_eq!(shown(&client, "W-1").await["status"], "cancelled");
    let more = json!({"lines": [line("A", 3)]});
    assert_eq!(place(&client, "W-2", more).await.status, 201);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_be_read_keeps_no_other_from_being_looked_after() {
    let shop = TestShop::in_file().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    for name in ["W-1", "W-2"] {
        let order = json!({"lines": [priced("A", 1, 1_000)], "payment": {"provider": "stripe"}});
        assert_eq!(place(&client, name, order).await.status, 201);
    }
    spoil(&shop, "W-1").await;
    let shop = shop.at("2026-11-23T16:05:00Z").await;
    look_after_payments(&shop.app, &shop.store, &mut Seen::default())
        .await
        .expect("a look");
    let client = Client::new(&shop).await;
    assert_eq!(shown(&client, "W-2").await["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_given_back_than_was_taken() {
    let (shop, client) = ordered_for(json!({"provider": "external"})).await;
    let first = first_ready(&client).await;
    let nothing = refund(&client, "a", json!({"shipment": first})).await;
    assert_eq!(
        (nothing.status, nothing.code().as_str()),
        (422, "not_charged")
    );
    assert_eq!(ship(&client, "one", &first).await.status, 200);
    said(
        &shop,
        &first,
        Charged::Captured {
            reference: Some("ch_1".into()),
        },
    )
    .await;
    let part = refund(
        &client,
        "b",
        json!({"shipment": first, "amount": usd(134), "reason": "a scratch"}),
    )
    .await;
    assert_eq!(part.status, 201, "{}", String::from_utf8_lossy(&part.body));
    assert_eq!(
        refund(
            &client,
            "b",
            json!({"shipment": first, "amount": usd(134), "reason": "a scratch"})
        )
        .await
        .body,
        part.body
    );
    let too_much = refund(
        &client,
        "c",
        json!({"shipment": first, "amount": usd(1_001)}),
    )
    .await;
    assert_eq!(too_much.code(), "refund_too_large");
    let rest = refund(&client, "d", json!({"shipment": first})).await;
    assert_eq!(rest.status, 201);
    assert_eq!(payment(&client).await["refunded"], usd(1_134));

    // One of them is refused: what it took of the charge is free again.
    let refunds = payment(&client).await["refunds"].clone();
    let name = refunds[0]["id"].as_str().expect("an id").to_owned();
    let errand = format!("refund {name}");
    let refused = Err("charge_disputed".to_owned());
    record_refunded(&shop.app, &shop.store, &errand, &id("W-1"), &name, refused)
        .await
        .expect("written");
    assert!(payment(&client).await["refunded"] != usd(1_134));
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_are_in_one_currency_and_complete() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 5, json!({})).await;
    sku(&client, "B", 5, json!({})).await;
    let euros =
        json!({"lines": [priced("A", 1, 100)], "shipping": {"amount": 1, "currency": "EUR"}});
    let unpriced = json!({"lines": [priced("A", 1, 100), line("B", 1)]});
    let unpaid = json!({"lines": [line("A", 1)], "payment": {"provider": "external"}});
    let too_cheap = json!({"lines": [priced("A", 1, 100)], "discount": usd(101)});
    for (body, pointer) in [
        (euros, "/shipping/currency"),
        (unpriced, "/lines/1/unit_price"),
        (unpaid, "/lines/0/unit_price"),
        (too_cheap, "/discount/amount"),
    ] {
        let refused = place(&client, "W-1", body.clone()).await;
        assert_eq!(
            (refused.status, refused.pointer()),
            (422, pointer.to_owned()),
            "{body}"
        );
    }
    assert_eq!(
        client.get("/v1/orders/W-1").await.status,
        404,
        "nothing was ordered"
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_paid_and_written_of_anothers_order_looks_like_what_is_not_there() {
    let (shop, client) = ordered_for(json!({"provider": "external"})).await;
    let parcel = first_ready(&client).await;
    assert_eq!(ship(&client, "one", &parcel).await.status, 200);
    said(&shop, &parcel, Charged::Captured { reference: None }).await;
    let words =
        json!({"subject": "Ours", "mjml": "<mjml><mj-body></mj-body></mjml>", "plain": "Ours"});
    let letter = "/v1/letters/confirmed/de";
    assert_eq!(client.put(letter, words.clone()).await.status, 200);
    let order = shown(&client, "W-1").await;
    let page = order["page"].as_str().expect("a page").to_owned();

    let other = shop.add_store("other").await;
    let key = shop.key(&other, KeyKind::Secret, "sk_live_other").await;
    let stranger = Client::with(&shop, &key);
    let nobody = stranger.get("/v1/orders/nobody/evidence").await;
    assert_eq!((nobody.status, nobody.code().as_str()), (404, "not_found"));
    let evidence = stranger.get("/v1/orders/W-1/evidence").await;
    assert_eq!((evidence.status, &evidence.body), (404, &nobody.body));
    let asked = [
        (
            "/v1/orders/W-1/refunds".to_owned(),
            json!({"shipment": parcel}),
        ),
        (
            "/v1/orders/W-1/replies".to_owned(),
            json!({"reply": "consent"}),
        ),
        (
            "/v1/orders/W-1/replies".to_owned(),
            json!({"reply": "extra_period"}),
        ),
        (
            format!("/v1/shipments/{parcel}/payment"),
            json!({"status": "captured"}),
        ),
    ];
    for (at, (path, body)) in asked.into_iter().enumerate() {
        let reply = stranger.post(&path, &format!("k{at}"), body).await;
        assert_eq!((reply.status, &reply.body), (404, &nobody.body), "{path}");
    }
    // Each store has its own letters.
    assert_eq!(client.get(letter).await.json()["subject"], "Ours");
    assert_ne!(stranger.get(letter).await.json()["subject"], "Ours");
    let theirs = json!({"subject": "Theirs", "mjml": words["mjml"], "plain": "Theirs"});
    assert_eq!(stranger.put(letter, theirs).await.status, 200);
    assert_eq!(stranger.json("DELETE", letter, "").await.status, 204);
    assert_eq!(client.get(letter).await.json()["subject"], "Ours");
    // The page of an order is its own store's alone.
    let visitor = Visitor::of(&shop);
    assert_eq!(visitor.get(&page).await.status, 200);
    let missing = visitor.get("/o/other/nobody/tok").await;
    for below in ["", "/cancel", "/consent"] {
        let elsewhere = format!("{}{below}", page.replacen("/o/default/", "/o/other/", 1));
        let seen = visitor.get(&elsewhere).await;
        assert_eq!(
            (seen.status, &seen.text),
            (404, &missing.text),
            "{elsewhere}"
        );
    }
    let unchanged = shown(&client, "W-1").await;
    assert_eq!(unchanged, order, "nothing of it is changed");
    shop.assert_sound().await;
}
