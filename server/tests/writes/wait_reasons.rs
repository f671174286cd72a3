//! Why one waits, in the merchant's words: shown wherever the date is, the most specific first, and gone with the date.

use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::clock::Clock;
use server::connections::Connections;
use server::operations::errands::run_due;

use crate::client::Client;
use crate::order_page::Visitor;
use crate::orders::{line, place};
use crate::reservations::{ordered, sku};
use crate::shop::{TestShop, app_with, now};

const KEY: &str = "pk_live_test";

/// A shop with a mailbox that sells A, which comes with PO-7 of the weaver, and somebody who looks at it.
struct Waits {
    shop: TestShop,
    client: Client,
    visitor: Visitor,
}

impl Waits {
    async fn new() -> Self {
        let mut shop = TestShop::new().await;
        let (clock, _) = Clock::by_hand(now());
        let folder = shop.directory.path().join("mail");
        let accounts = json!({
            "public_url": "https://ships.example",
            "stores": {"default": {"mail": {"folder": folder, "from": "Shop <orders@shop.example>"}}},
        });
        let connections = Connections::parse(&accounts.to_string(), &clock).expect("accounts");
        shop.app = app_with(shop.app.store.clone(), clock, connections).await;
        shop.key(&shop.store, KeyKind::Publishable, KEY).await;
        let client = Client::new(&shop).await;
        let visitor = Visitor::of(&shop);
        let waits = Self {
            shop,
            client,
            visitor,
        };
        waits.put_supplier(Value::Null).await;
        sku(&waits.client, "A", 0, json!({})).await;
        let order = json!({
            "id": "PO-7",
            "supplier": "weaver",
            "lines": [{"sku": "A", "quantity": 10, "expected_on": "2026-12-11"}],
        });
        let made = waits
            .client
            .post("/v1/purchase-orders", "PO-7", order)
            .await;
        assert_eq!(made.status, 201);
        waits
    }

    async fn put_supplier(&self, reason: Value) {
        let body = json!({"name": "The weaver", "wait_reason": reason});
        let reply = self.client.put("/v1/suppliers/weaver", body).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["wait_reason"].is_null(), reason.is_null());
    }

    async fn put_sku(&self, backorder: Value) {
        sku(&self.client, "A", 0, backorder).await;
    }

    /// Changes PO-7. Returns it as it is then.
    async fn change(&self, change: Value) -> Value {
        let reply = self.client.patch("/v1/purchase-orders/PO-7", change).await;
        let said = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, 200, "{said}");
        reply.json()
    }

    async fn get(&self, path: &str) -> String {
        let between = if path.contains('?') { '&' } else { '?' };
        let seen = self.visitor.get(&format!("{path}{between}key={KEY}")).await;
        assert_eq!(seen.status, 200, "{path}: {}", seen.text);
        seen.text
    }

    /// The reason that stands beside the date of one of A.
    async fn told(&self, language: &str) -> Value {
        let path = format!("/v1/availability?sku=A&lang={language}");
        let answer: Value = serde_json::from_str(&self.get(&path).await).expect("JSON");
        answer["items"][0]["reason"].clone()
    }

    async fn text(&self, language: &str) -> String {
        let told = self.told(language).await;
        told["text"].as_str().unwrap_or_default().to_owned()
    }

    /// The letters that were carried, oldest first.
    async fn letters(&self) -> Vec<String> {
        run_due(&self.shop.app, &self.shop.store)
            .await
            .expect("errands");
        let folder = std::fs::read_dir(self.shop.directory.path().join("mail"));
        let files = folder
            .expect("letters")
            .map(|file| file.expect("a file").path());
        let mut files: Vec<_> = files.collect();
        files.sort();
        let text = |file| {
            std::fs::read_to_string(file)
                .expect("a letter")
                .replace("=\r\n", "")
        };
        files.iter().map(text).collect()
    }
}

#[tokio::test]
async fn a_reason_stands_wherever_the_date_does_and_is_only_text() {
    let waits = Waits::new().await;
    let words = json!({"de": "Der <b>Zoll</b> wartet.", "en": "Customs <b>waits</b>."});
    let after = waits
        .change(json!({"wait_reason": {"code": "customs", "words": words}}))
        .await;
    assert_eq!(after["wait_reason"]["code"], "customs");
    assert_eq!(after["wait_reason"]["words"], words);

    let told = waits.told("de").await;
    let expected = json!({"code": "awaiting_supplier", "stated": "customs", "text": "Der <b>Zoll</b> wartet."});
    assert_eq!(told, expected);
    // Where the merchant has no words, ours for what they state.
    assert_eq!(
        waits.text("fr").await,
        "La marchandise est en cours de dédouanement."
    );

    let plans = waits
        .visitor
        .post_json(
            "/v1/plans",
            KEY,
            &json!({"lang": "de", "lines": [line("A", 1)]}),
        )
        .await;
    let plans: Value = serde_json::from_str(&plans.text).expect("JSON");
    assert_eq!(
        plans["lines"][0]["reason"]["text"],
        "Der <b>Zoll</b> wartet."
    );

    let offer = waits.get("/v1/jsonld/A.json?lang=de").await;
    assert!(!offer.contains('<'), "{offer}");
    let offer: Value = serde_json::from_str(&offer).expect("JSON");
    assert_eq!(offer["description"], "Der <b>Zoll</b> wartet.");
    assert_eq!(offer["availabilityStarts"], "2026-12-15");

    let order = json!({
        "lines": [line("A", 1)],
        "customer": {"email": "anna@example.org", "country": "DE", "lang": "de"},
    });
    let placed = place(&waits.client, "W-1", order).await;
    assert_eq!(placed.status, 201);
    let page = placed.json()["page"].as_str().expect("a page").to_owned();
    let pages = [
        waits.get("/v1/snippet/A.html?lang=de").await,
        waits.get("/s/default/A?lang=de").await,
        waits.get(&page).await,
        waits.letters().await.pop().expect("a letter"),
    ];
    for page in pages {
        let page = page.replace("&#x2f;", "/");
        assert!(
            page.contains("Der &lt;b&gt;Zoll&lt;/b&gt; wartet."),
            "{page}"
        );
        let markup = page.split("Der <b>Zoll").count() - 1;
        // A letter is plain text as well, where nothing is markup.
        assert!(markup <= usize::from(page.contains("text/plain")), "{page}");
    }
    waits.shop.assert_sound().await;
}

#[tokio::test]
async fn the_purchase_order_speaks_before_the_sku_and_the_sku_before_the_supplier() {
    let waits = Waits::new().await;
    let ours = "More is on its way from our supplier.";
    assert_eq!(waits.text("en").await, ours);
    let words = |words: &str| json!({"words": {"en": words}});
    waits.put_supplier(words("supplier")).await;
    assert_eq!(waits.text("en").await, "supplier");
    waits.put_sku(json!({"reason": "sku"})).await;
    assert_eq!(waits.text("en").await, "sku");
    waits
        .put_sku(json!({"reason": "sku", "wait_reason": words("sku in English")}))
        .await;
    assert_eq!(waits.text("en").await, "sku in English");
    assert_eq!(waits.text("de").await, "sku");
    waits.change(json!({"wait_reason": words("order")})).await;
    assert_eq!(waits.text("en").await, "order");
    // It has nothing to say in German, and neither did anybody say what kind of reason it is.
    assert_eq!(waits.text("de").await, "Nachschub ist unterwegs zu uns.");
    waits.change(json!({"wait_reason": null})).await;
    assert_eq!(waits.text("en").await, "sku in English");
    waits.put_sku(json!({})).await;
    assert_eq!(waits.text("en").await, "supplier");
    waits.put_supplier(Value::Null).await;
    assert_eq!(waits.text("en").await, ours);
    waits.shop.assert_sound().await;
}

#[tokio::test]
async fn what_is_made_to_order_waits_for_its_supplier() {
    let waits = Waits::new().await;
    let body = json!({"lead_time_days": 9, "wait_reason": {"code": "season"}});
    let put = waits.client.put("/v1/suppliers/joiner", body).await;
    assert_eq!(put.status, 200);
    let body = json!({"supplier": "joiner", "backorder": {"policy": "allow"}});
    assert_eq!(waits.client.put("/v1/skus/B", body).await.status, 200);
    let answer = waits.get("/v1/availability?sku=B").await;
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let reason = &answer["items"][0]["reason"];
    assert_eq!(
        (&reason["code"], &reason["stated"]),
        (&json!("made_to_order"), &json!("season"))
    );
    let placed = place(&waits.client, "W-1", json!({"lines": [line("B", 1)]})).await;
    let page = placed.json()["page"].as_str().expect("a page").to_owned();
    let page = waits.get(&page).await;
    assert!(
        page.contains("It is made only at certain times of the year."),
        "{page}"
    );
}

#[tokio::test]
async fn a_reason_goes_with_the_date_that_it_spoke_of() {
    let waits = Waits::new().await;
    let reason = json!({"code": "weather"});
    let changes = [
        json!({"expected_on": null}),
        json!({"lines": [{"sku": "A", "expected_on": null}]}),
    ];
    for change in changes {
        let stated = waits
            .change(json!({"expected_on": "2026-12-11", "wait_reason": reason}))
            .await;
        assert_eq!(stated["wait_reason"]["code"], "weather");
        assert!(waits.change(change).await["wait_reason"].is_null());
        let back = waits.change(json!({"expected_on": "2026-12-18"})).await;
        assert!(back["wait_reason"].is_null());
        assert!(waits.told("en").await["stated"].is_null());
    }
    // Another date does not take it away, and part of the goods does not either.
    waits.change(json!({"wait_reason": reason})).await;
    let later = waits.change(json!({"expected_on": "2026-12-21"})).await;
    assert_eq!(later["wait_reason"]["code"], "weather");
    for (receipt, units, code) in [("first", 4, json!("weather")), ("second", 6, Value::Null)] {
        let body = json!({"receipt": receipt, "lines": [{"sku": "A", "quantity": units}]});
        let path = "/v1/purchase-orders/PO-7/receipts";
        let received = waits.client.post(path, receipt, body).await.json();
        assert_eq!(received["purchase_order"]["wait_reason"]["code"], code);
    }
    let cancelled = json!({
        "id": "PO-8",
        "expected_on": "2026-12-11",
        "wait_reason": reason,
        "lines": [{"sku": "A", "quantity": 5}],
    });
    let made = waits
        .client
        .post("/v1/purchase-orders", "PO-8", cancelled)
        .await;
    assert_eq!(made.json()["wait_reason"]["code"], "weather");
    let change = json!({"status": "cancelled", "wait_reason": {"code": "demand"}});
    let cancelled = waits.client.patch("/v1/purchase-orders/PO-8", change).await;
    assert!(cancelled.json()["wait_reason"].is_null());
    waits.shop.assert_sound().await;
}

#[tokio::test]
async fn an_order_is_told_why_its_own_goods_are_late_and_not_those_of_others() {
    let waits = Waits::new().await;
    let order = json!({
        "lines": [line("A", 10)],
        "customer": {"email": "anna@example.org", "country": "US"},
    });
    let placed = place(&waits.client, "W-1", order).await;
    let page = placed.json()["page"].as_str().expect("a page").to_owned();
    // Who comes later waits for another delivery.
    ordered(&waits.client, "PO-8", "A", 10, "2026-12-18").await;
    let path = "/v1/purchase-orders/PO-8";
    let held = json!({"wait_reason": {"code": "customs"}});
    assert_eq!(waits.client.patch(path, held).await.status, 200);
    assert_eq!(waits.told("en").await["stated"], "customs");
    let ours = "More is on its way from our supplier.";
    let shown = waits.get(&page).await;
    assert!(
        shown.contains(ours) && !shown.contains("customs"),
        "{shown}"
    );

    waits.letters().await;
    let late = json!({"expected_on": "2026-12-16", "wait_reason": {"code": "weather"}});
    waits.change(late).await;
    let storm = "Bad weather holds up the delivery to us.";
    let shown = waits.get(&page).await;
    assert!(shown.contains(storm), "{shown}");
    let letter = waits.letters().await.pop().expect("a letter");
    assert!(
        letter.contains(storm) && !letter.contains("customs"),
        "{letter}"
    );
}

#[tokio::test]
async fn a_reason_that_says_nothing_or_too_much_is_refused_and_leaves_all_as_it_was() {
    let waits = Waits::new().await;
    let long = "x".repeat(501);
    let cases = [
        (json!({}), "/wait_reason", "empty_reason"),
        (json!({"words": {}}), "/wait_reason", "empty_reason"),
        (
            json!({"words": {"en": long}}),
            "/wait_reason/words/en",
            "too_long",
        ),
        (
            json!({"words": {"en": "a\nb"}}),
            "/wait_reason/words/en",
            "invalid_text",
        ),
        (
            json!({"words": {"en": " "}}),
            "/wait_reason/words/en",
            "invalid_text",
        ),
    ];
    for (reason, pointer, code) in cases {
        let body = json!({"wait_reason": reason});
        let order = json!({"lines": [{"sku": "A", "quantity": 1}], "wait_reason": reason});
        let replies = [
            waits.client.put("/v1/suppliers/weaver", body.clone()).await,
            waits.client.patch("/v1/purchase-orders/PO-7", body).await,
            waits
                .client
                .post("/v1/purchase-orders", "refused", order)
                .await,
        ];
        for refused in replies {
            assert_eq!(refused.status, 422, "{reason}");
            let error = refused.json()["errors"][0].clone();
            assert_eq!(
                (&error["pointer"], &error["code"]),
                (&json!(pointer), &json!(code))
            );
        }
        let backorder = json!({"backorder": {"wait_reason": reason}});
        let refused = waits.client.put("/v1/skus/A", backorder).await;
        assert_eq!(refused.pointer(), format!("/backorder{pointer}"));
    }
    for reason in [json!({"code": "dog"}), json!({"words": {"tlh": "Qapla'"}})] {
        let body = json!({"wait_reason": reason});
        let refused = waits.client.put("/v1/suppliers/weaver", body).await;
        assert_eq!(refused.status, 422, "{reason}");
    }
    assert_eq!(
        waits.text("en").await,
        "More is on its way from our supplier."
    );
}
