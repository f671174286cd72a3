//! The customer's own page of an order: shown to whoever knows its address, changed by forms alone.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use server::http::bundles::Bundles;
use server::http::front::Front;
use server::http::routes;
use server::operations::delays::look_after_delays;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::orders::{cancel, line, place, ready, ship, shown};
use crate::reservations::{ordered, sku};
use crate::shop::TestShop;

/// Somebody with a browser, and no key.
pub struct Visitor(Arc<Front>);

pub struct Seen {
    pub status: u16,
    headers: HeaderMap,
    pub text: String,
}

impl Visitor {
    pub fn of(shop: &TestShop) -> Self {
        let stop = CancellationToken::new();
        let front = routes::front(shop.app.clone(), Bundles::built_in(), stop);
        Self(Arc::new(front))
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Seen {
        self.send_body(method, path, headers, Body::empty()).await
    }

    async fn send_body(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Seen {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "ships.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let response = self.0.answer(request, IpAddr::from([127, 0, 0, 1])).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("a body").to_vec();
        Seen {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(body).expect("UTF-8"),
        }
    }

    pub async fn get(&self, path: &str) -> Seen {
        self.send("GET", path, &[]).await
    }

    async fn post(&self, path: &str) -> Seen {
        self.send("POST", path, &[]).await
    }

    /// Asks as the script on a shop's page does.
    pub async fn post_json(&self, path: &str, key: &str, body: &Value) -> Seen {
        let headers = [("x-shipsby-key", key), ("content-type", "application/json")];
        let body = Body::from(body.to_string());
        self.send_body("POST", path, &headers, body).await
    }
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("plain text"))
    }

    /// Where the form is sent with which the customer agrees to wait.
    #[track_caller]
    fn way_to_wait(&self) -> String {
        let text = self.text.replace("&#x2f;", "/");
        let mut actions = text.split("action=\"").skip(1);
        let action = actions.find_map(|rest| {
            let action = rest.split('"').next()?;
            action.contains("/consent").then(|| action.to_owned())
        });
        action.unwrap_or_else(|| panic!("no form in {text}"))
    }

    #[track_caller]
    fn says(&self, words: &str) {
        assert!(self.text.contains(words), "no `{words}` in {}", self.text);
    }
}

/// An order of 2 of A, one of which is there, and of 1 of B, which comes later; with the path of its page.
async fn ordered_by(customer: Value) -> (TestShop, Client, Visitor, String) {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let reason = json!({"reason": "Our <b>weaver</b> is away"});
    sku(&client, "A", 1, reason).await;
    sku(&client, "B", 0, json!({})).await;
    ordered(&client, "PO-7", "A", 10, "2026-12-11").await;
    ordered(&client, "PO-8", "B", 10, "2026-12-18").await;
    let order = json!({"lines": [line("A", 2), line("B", 1)], "customer": customer});
    let placed = place(&client, "W-1", order).await;
    assert_eq!(placed.status, 201);
    let path = placed.json()["page"].as_str().expect("a page").to_owned();
    let visitor = Visitor::of(&shop);
    (shop, client, visitor, path)
}

async fn expect_on(client: &Client, day: Value) {
    let moved = json!({"expected_on": day});
    let reply = client.patch("/v1/purchase-orders/PO-7", moved).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn whoever_knows_the_address_sees_what_leaves_when_and_why() {
    let (_shop, _client, visitor, path) = ordered_by(json!({})).await;
    let page = visitor.get(&path).await;
    assert_eq!(page.status, 200);
    page.says("Order W-1");
    page.says("Placed on Monday, November 23");
    page.says("Nothing has left yet.");
    page.says("Ships by Wednesday, November 25");
    page.says("Ships by Tuesday, December 15");
    page.says("Our &lt;b&gt;weaver&lt;");
    assert!(!page.text.contains("<b>weaver"));
}

#[tokio::test]
async fn a_wrong_store_order_or_token_gives_one_and_the_same_page() {
    let (_shop, _client, visitor, path) = ordered_by(json!({})).await;
    let token = path.rsplit('/').next().expect("a token");
    let right = visitor.get(&path).await;
    let wrong = [
        format!("/o/default/W-1/{token}x"),
        format!("/o/default/W-1/{}", &token[1..]),
        format!("/o/default/W-2/{token}"),
        format!("/o/nobody/W-1/{token}"),
        format!("/o/default/W-1/{token}x/cancel"),
        format!("/o/default/W-1/{token}x/consent"),
        format!("/o/default/W-1/{token}x/extra-period"),
    ];
    assert_eq!(right.status, 200);
    let first = visitor.get(&wrong[0]).await.text;
    for path in &wrong {
        let page = visitor.get(path).await;
        assert_eq!((page.status, page.text), (404, first.clone()), "{path}");
    }
    for path in &wrong[4..] {
        let page = visitor.post(path).await;
        assert_eq!((page.status, page.text), (404, first.clone()), "{path}");
    }
}

#[tokio::test]
async fn opening_a_page_changes_nothing() {
    let (shop, client, visitor, path) = ordered_by(json!({})).await;
    let before = (shown(&client, "W-1").await, shop.revision());
    let pages = [
        "",
        ".json",
        "/cancel",
        "/cancel?line=0",
        "/consent",
        "/extra-period",
    ];
    for below in pages {
        let page = visitor.get(&format!("{path}{below}")).await;
        assert_eq!(page.status, 200, "{below}");
    }
    assert_eq!((shown(&client, "W-1").await, shop.revision()), before);
}

#[tokio::test]
async fn a_line_is_cancelled_by_a_form_and_a_second_one_does_no_harm() {
    let (shop, client, visitor, path) = ordered_by(json!({})).await;
    let asked = visitor.get(&format!("{path}/cancel?line=0")).await;
    asked.says("2 × <bdi>A</bdi>");
    asked.says("cancel?line=0\"");
    for _ in 0..2 {
        let done = visitor.post(&format!("{path}/cancel?line=0")).await;
        assert_eq!((done.status, done.header("location")), (303, path.as_str()));
    }
    let order = shown(&client, "W-1").await;
    let cancelled = |at: usize| order["lines"][at]["cancelled"].as_u64();
    assert_eq!((cancelled(0), cancelled(1)), (Some(2), Some(0)));
    visitor.get(&path).await.says("Cancelled");
    shop.assert_sound().await;
}

#[tokio::test]
async fn everything_that_waits_is_cancelled_at_once() {
    let (shop, client, visitor, path) = ordered_by(json!({})).await;
    for _ in 0..2 {
        let done = visitor.post(&format!("{path}/cancel")).await;
        assert_eq!(done.status, 303, "{}", done.text);
    }
    assert_eq!(shown(&client, "W-1").await["status"], "cancelled");
    let page = visitor.get(&path).await;
    page.says("All of it is cancelled. Nothing will be sent.");
    assert!(!page.text.contains("<form"));
    shop.assert_sound().await;
}

#[tokio::test]
async fn what_has_left_cannot_be_cancelled_and_the_page_says_so() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({})).await;
    let placed = place(&client, "W-1", json!({"lines": [line("A", 1)]})).await;
    let path = placed.json()["page"].as_str().expect("a page").to_owned();
    let (parcel, ..) = ready(&client).await.remove(0);
    assert_eq!(ship(&client, "s", &parcel).await.status, 200);
    let visitor = Visitor::of(&shop);

    let page = visitor.get(&path).await;
    page.says("All of it has left.");
    page.says("Left on Monday, November 23");
    page.says("1Z999");
    for below in ["/cancel", "/cancel?line=0"] {
        let refused = visitor.post(&format!("{path}{below}")).await;
        assert_eq!(refused.status, 409);
        refused.says("What has left can only be returned");
    }
    assert_eq!(shown(&client, "W-1").await["status"], "shipped");
}

#[tokio::test]
async fn a_date_that_moved_is_told_with_its_cause_and_the_customer_may_agree() {
    let (_shop, client, visitor, path) = ordered_by(json!({"country": "US"})).await;
    expect_on(&client, json!("2026-12-28")).await;
    let page = visitor.get(&path).await;
    page.says("instead of Tuesday, December 15");
    page.says("Why it changed: Our next delivery has another date or size.");
    page.says("Will you wait?");
    let done = visitor.post(&page.way_to_wait()).await;
    assert_eq!(done.status, 303, "{}", done.text);
    visitor
        .get(&path)
        .await
        .says("You said that you will wait.");
}

#[tokio::test]
async fn why_a_date_moved_is_still_told_where_fewer_are_wanted_later() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 0, json!({})).await;
    ordered(&client, "PO-7", "A", 10, "2026-12-11").await;
    let placed = place(&client, "W-1", json!({"lines": [line("A", 3)]})).await;
    let path = placed.json()["page"].as_str().expect("a page").to_owned();
    expect_on(&client, json!("2026-12-28")).await;
    let fewer = json!({"lines": [{"line": 0, "quantity": 1}]});
    assert_eq!(cancel(&client, "one", "W-1", fewer).await.status, 200);
    let page = Visitor::of(&shop).get(&path).await;
    page.says("Why it changed: Our next delivery has another date or size.");
}

#[tokio::test]
async fn all_has_left_that_was_not_cancelled() {
    let (shop, client, visitor, path) = ordered_by(json!({})).await;
    let (parcel, ..) = ready(&client).await.remove(0);
    assert_eq!(ship(&client, "s", &parcel).await.status, 200);
    assert_eq!(cancel(&client, "c", "W-1", json!({})).await.status, 200);
    let page = visitor.get(&path).await;
    page.says("All that was not cancelled has left.");
    shop.assert_sound().await;
}

#[tokio::test]
async fn whoever_has_nothing_late_or_another_law_sets_no_last_period() {
    for country in ["US", "CH", "DE"] {
        let (shop, client, visitor, path) = ordered_by(json!({"country": country})).await;
        let late = json!({"expected_on": "2026-12-28"});
        client.patch("/v1/purchase-orders/PO-7", late).await;
        let before = shop.revision();
        let page = visitor.get(&path).await;
        assert!(!page.text.contains("last period"), "{country}");
        let asked = visitor.get(&format!("{path}/extra-period")).await;
        asked.says("There is nothing to answer");
        let refused = visitor.post(&format!("{path}/extra-period")).await;
        assert_eq!(refused.status, 409, "{country}");
        assert_eq!(shop.revision(), before, "{country}");
    }
}

#[tokio::test]
async fn for_goods_that_are_late_a_european_sets_a_last_period_and_ends_the_contract_after_it() {
    for country in ["DE", "GB"] {
        let (shop, client, _, path) = ordered_by(json!({"country": country})).await;
        let late = json!({"expected_on": "2027-01-08"});
        client.patch("/v1/purchase-orders/PO-7", late).await;

        // The day that was told has passed: the period can be set, for what is late.
        let shop = shop.at("2026-12-16T20:00:00Z").await;
        let visitor = Visitor::of(&shop);
        let page = visitor.get(&path).await;
        page.says("Part of your order is late");
        page.says("until Wednesday, December 30");
        let asked = visitor.get(&format!("{path}/extra-period")).await;
        asked.says("Set us a last period?");
        asked.says("2 × <bdi>A</bdi>");
        assert!(!asked.text.contains("<bdi>B</bdi>"));
        for _ in 0..2 {
            let done = visitor.post(&format!("{path}/extra-period")).await;
            assert_eq!((done.status, done.header("location")), (303, path.as_str()));
        }
        let page = visitor.get(&path).await;
        page.says("You set us a last period until Wednesday, December 30");
        assert!(!page.text.contains("extra-period"));
        // Until its last day it holds, and what is late since then has a period of its own.
        let shop = shop.at("2026-12-30T20:00:00Z").await;
        let page = Visitor::of(&shop).get(&path).await;
        page.says("You set us a last period until Wednesday, December 30");
        page.says("until Wednesday, January 13");

        // It has passed in vain: the contract is ended by cancelling, as far as it is late.
        let shop = shop.at("2026-12-31T20:00:00Z").await;
        let visitor = Visitor::of(&shop);
        visitor.get(&path).await.says("The last period has passed");
        let done = visitor.post(&format!("{path}/cancel?line=0")).await;
        assert_eq!(done.status, 303);
        let page = visitor.get(&path).await;
        assert!(!page.text.contains("The last period has passed"));
        let order = shown(&Client::new(&shop).await, "W-1").await;
        assert_eq!(order["lines"][0]["cancelled"], 2);
        shop.assert_sound().await;
    }
}

#[tokio::test]
async fn a_question_that_the_page_shows_before_the_letter_came_can_be_answered() {
    // Nobody carries this shop's mail.
    let customer = json!({"country": "US", "email": "anna@example.org"});
    let (shop, client, visitor, path) = ordered_by(customer).await;
    let (parcel, ..) = ready(&client).await.remove(0);
    assert_eq!(ship(&client, "s", &parcel).await.status, 200);
    expect_on(&client, json!(null)).await;
    let page = visitor.get(&path).await;
    page.says("Will you wait?");
    let done = visitor.post(&page.way_to_wait()).await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(shown(&client, "W-1").await["notices"][0]["status"], "told");

    let shop = shop.at("2027-02-20T20:00:00Z").await;
    look_after_delays(&shop.app, &shop.store)
        .await
        .expect("a look");
    let client = Client::new(&shop).await;
    let order = shown(&client, "W-1").await;
    let cancelled = |line: usize| order["lines"][line]["cancelled"].as_u64();
    assert_eq!(cancelled(0), Some(0), "it was agreed to");
    shop.assert_sound().await;
}

#[tokio::test]
async fn nobody_agrees_to_a_later_date_than_the_page_showed() {
    for customer in [
        // Who has no address is told by the shop at once; the other one's letter is still to be sent.
        json!({"country": "US"}),
        json!({"country": "US", "email": "anna@example.org"}),
    ] {
        let (shop, client, visitor, path) = ordered_by(customer).await;
        expect_on(&client, json!("2026-12-18")).await;
        let first = visitor.get(&path).await.way_to_wait();
        expect_on(&client, json!("2026-12-28")).await;

        let refused = visitor.post(&first).await;
        assert_eq!(refused.status, 409);
        refused.says("Will you wait?");
        refused.says("Wednesday, December 30");
        let order = shown(&client, "W-1").await;
        let evidence = client.get("/v1/orders/W-1/evidence").await.json();
        let entries = evidence["items"].as_array().expect("entries").iter();
        assert_eq!(
            entries.filter(|entry| entry["what"] == "consented").count(),
            0
        );
        let unsaid = visitor.post(&format!("{path}/consent")).await;
        assert_eq!(unsaid.status, 409, "nothing was read");
        assert_eq!(shown(&client, "W-1").await, order, "nothing is changed");

        let done = visitor.post(&refused.way_to_wait()).await;
        assert_eq!(done.status, 303, "{}", done.text);
        visitor
            .get(&path)
            .await
            .says("You said that you will wait.");
        shop.assert_sound().await;
    }
}

#[tokio::test]
async fn of_two_parts_that_move_apart_each_date_is_agreed_to_as_it_was_read() {
    let (shop, client, visitor, path) = ordered_by(json!({"country": "US"})).await;
    let later = client.patch(
        "/v1/purchase-orders/PO-8",
        json!({"expected_on": "2027-01-22"}),
    );
    assert_eq!(later.await.status, 200);
    expect_on(&client, json!("2026-12-18")).await;
    let first = visitor.get(&path).await.way_to_wait();
    let json = visitor.get(&format!("{path}.json")).await.text;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    // The nearer of the two moves, to a day before the one of the other.
    expect_on(&client, json!("2026-12-28")).await;

    let refused = visitor.post(&first).await;
    assert_eq!(refused.status, 409);
    refused.says("Wednesday, December 30");
    let says = |key: &'static str, read: Value| {
        let body = json!({"reply": "consent", "read": read});
        let client = &client;
        async move { client.post("/v1/orders/W-1/replies", key, body).await }
    };
    let stale = says("stale", json["asked"]["read"].clone()).await;
    assert_eq!(stale.code(), "promise_changed");
    for wrong in [
        json!("soon"),
        json!("0.0"),
        json!(""),
        json!("0.0.1.1"),
        json!(7),
    ] {
        let refused = says("wrong", wrong.clone()).await;
        let at = (refused.status, refused.pointer());
        assert_eq!(at, (422, "/read".to_owned()), "{wrong}");
    }
    let both = json!({"reply": "consent", "read": "0.0.1", "to": "2026-12-22"});
    let both = client.post("/v1/orders/W-1/replies", "both", both).await;
    assert_eq!((both.status, both.code().as_str()), (422, "ambiguous"));

    let done = visitor.post(&refused.way_to_wait()).await;
    assert_eq!(done.status, 303, "{}", done.text);
    shop.assert_sound().await;
}

#[tokio::test]
async fn the_page_may_load_nothing_from_elsewhere_and_tells_nobody_its_address() {
    let (_shop, _client, visitor, path) = ordered_by(json!({})).await;
    let missing = format!("{path}x");
    for path in [&path, &missing, &format!("{path}/cancel")] {
        let page = visitor.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn the_json_is_not_sent_again_while_it_is_the_same() {
    let (_shop, _client, visitor, path) = ordered_by(json!({})).await;
    let address = format!("{path}.json");
    let answer = visitor.get(&address).await;
    let page: Value = serde_json::from_str(&answer.text).expect("JSON");
    assert_eq!(page["lines"][0]["parts"][1]["ships_by"], "2026-12-15");
    let tag = answer.header("etag");
    let again = visitor
        .send("GET", &address, &[("if-none-match", tag)])
        .await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    visitor.post(&format!("{path}/cancel?line=1")).await;
    let changed = visitor
        .send("GET", &address, &[("if-none-match", tag)])
        .await;
    assert_eq!(changed.status, 200);
}

#[tokio::test]
async fn the_json_is_for_the_shops_own_origins_alone_and_has_no_token() {
    let (_shop, client, visitor, path) = ordered_by(json!({})).await;
    let ours = "https://shop.example";
    let store = json!({"name": "Shop", "origins": [ours]});
    assert_eq!(client.put("/v1/store", store).await.status, 200);
    let token = path.rsplit('/').next().expect("a token");
    for (below, status) in [(".json", 200), ("x.json", 404)] {
        let address = format!("{path}{below}");
        for (origin, allowed) in [(ours, ours), ("https://other.example", ""), ("null", "")] {
            let answer = visitor.send("GET", &address, &[("origin", origin)]).await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("access-control-allow-origin"), allowed);
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            assert_eq!(answer.header("vary"), "Origin");
            assert_eq!(answer.header("cache-control"), "no-store");
            let policy = match allowed {
                "" => "same-origin",
                _ => "cross-origin",
            };
            assert_eq!(answer.header("cross-origin-resource-policy"), policy);
            assert!(!answer.text.contains(token));
        }
    }
}

#[tokio::test]
async fn the_json_speaks_the_language_that_a_page_asks_for() {
    let (_shop, _client, visitor, path) = ordered_by(json!({"lang": "fr"})).await;
    for (query, lang, goods) in [
        ("", "fr", "Ce que vous avez commandé"),
        ("?lang=de-AT", "de", "Was Sie bestellt haben"),
        ("?lang=ar", "ar", "ما طلبته"),
    ] {
        let answer = visitor.get(&format!("{path}.json{query}")).await;
        let page: Value = serde_json::from_str(&answer.text).expect("JSON");
        assert_eq!(
            (&page["lang"], &page["text"]["goods"]),
            (&json!(lang), &json!(goods))
        );
    }
}

#[tokio::test]
async fn the_page_speaks_the_customers_language() {
    let cases = [
        ("de-AT", "Bestellung W-1", "Versand bis"),
        ("fr", "Commande W-1", "Expédié"),
        ("es", "Pedido W-1", "15 de diciembre"),
        ("ja", "ご注文 W-1", "12月15日"),
        ("ar", "dir=\"rtl\"", "ديسمبر"),
    ];
    for (tag, first, second) in cases {
        let (_shop, _client, visitor, path) = ordered_by(json!({"lang": tag})).await;
        let page = visitor.get(&path).await;
        page.says(first);
        page.says(second);
    }
}

#[tokio::test]
async fn what_a_merchant_writes_is_text_whatever_it_looks_like() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({})).await;
    let title = json!({"title": "<script>alert(1)</script>{{ 7 * 7 }}"});
    assert_eq!(client.put("/v1/skus/A", title).await.status, 200);
    let placed = place(&client, "W-1", json!({"lines": [line("A", 1)]})).await;
    let path = placed.json()["page"].as_str().expect("a page").to_owned();
    let page = Visitor::of(&shop).get(&path).await;
    page.says("&lt;script&gt;alert(1)&lt;");
    page.says("{{ 7 * 7 }}");
    assert!(!page.text.contains("<script>alert"));
}
