//! Offers to whoever waits: made once, redeemed once, within their budget, tried on one of two arms, and revoked with the order.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use chrono::TimeDelta;
use serde_json::{Value, json};
use server::catalogue::KeyKind;
use server::http::bundles::Bundles;
use server::http::front::Front;
use server::http::routes;
use server::operations::offers::{arm_of, shopper_hash};
use server::operations::tell_offers::{forget_exposures, keep_waiting};
use shared::experiment::{Counts, Difference};
use shared::ids::OfferRuleId;
use shared::offer::Arm;
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Reply};
use crate::orders::{cancel, shown};
use crate::reservations::{ordered, sku};
use crate::shop::{TestShop, id, now};

/// Carts that are ordered at the same moment.
const CARTS: usize = 300;
/// Offers that there are for them.
const BUDGET: u64 = 30;
/// Clients that redeem one code at the same moment.
const REDEEMERS: usize = 500;

/// A shop in which `A` has to be waited for until 15 December, and the rule `R` with `more`.
async fn waiting_shop(more: Value) -> (TestShop, Client) {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 0, json!({})).await;
    ordered(&client, "PO-1", "A", 5_000, "2026-12-11").await;
    rule(&client, "R", more).await;
    (shop, client)
}

/// A rule that gives five dollars to whoever waits a week, with `more`.
fn terms(more: Value) -> Value {
    let mut terms = json!({
        "on": true,
        "waits_days": 7,
        "gives": {"kind": "amount", "amount": {"amount": 500, "currency": "USD"}},
        "budget": {"count": 1_000},
    });
    if let (Some(all), Some(more)) = (terms.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    terms
}

async fn rule(client: &Client, name: &str, more: Value) -> Value {
    let path = format!("/v1/offers/rules/{name}");
    let reply = client.put(&path, terms(more)).await;
    assert_eq!(reply.status, 200, "{}", text(&reply));
    reply.json()
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

/// Somebody who is in an arm of the rule `R`; another for each number.
async fn somebody(shop: &TestShop, arm: Arm, number: usize) -> String {
    let rule: OfferRuleId = id("R");
    let rule = shop.app.store.offer_rule(&shop.store, &rule).await;
    let rule = rule.expect("a look").expect("a rule");
    let names = (0..).map(|tried| format!("v-{number}-{tried}"));
    let is_in = |name: &String| arm_of(&shop.store, &rule, &shopper_hash(&shop.store, name)) == arm;
    names.into_iter().find(is_in).expect("one of many")
}

async fn buy(client: &Client, order: &str, shopper: &str, more: Value) -> Value {
    let mut body = json!({
        "id": order,
        "shopper": shopper,
        "lines": [{"sku": "A", "quantity": 1, "unit_price": {"amount": 4_000, "currency": "USD"}}],
        "shipping": {"amount": 495, "currency": "USD"},
    });
    if let (Some(all), Some(more)) = (body.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    let reply = client.post("/v1/orders", order, body).await;
    assert_eq!(reply.status, 201, "{}", text(&reply));
    reply.json()
}

async fn redeem(client: &Client, key: &str, body: Value) -> Reply {
    client.post("/v1/offers/redeem", key, body).await
}

fn code(order: &Value) -> String {
    order["offer"]["code"].as_str().expect("a code").to_owned()
}

async fn issued(client: &Client) -> (u64, i64) {
    let rule = client.get("/v1/offers/rules/R").await.json();
    let budget = &rule["budget"];
    let amount = budget["issued_amount"]["amount"].as_i64();
    (
        budget["issued"].as_u64().expect("a count"),
        amount.expect("an amount"),
    )
}

/// What shoppers' pages ask.
struct Pages(Arc<Front>);

impl Pages {
    async fn of(shop: &TestShop) -> Self {
        shop.key(&shop.store, KeyKind::Publishable, "pk_live_test")
            .await;
        let stop = CancellationToken::new();
        let front = routes::front(shop.app.clone(), Bundles::built_in(), stop);
        Self(Arc::new(front))
    }

    async fn ask(&self, method: &str, path: &str, body: String) -> (String, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "ships.example")
            .header("x-shipsby-key", "pk_live_test")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .expect("a request");
        let response = self.0.answer(request, IpAddr::from([127, 0, 0, 1])).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("a body");
        assert_eq!(parts.status, 200, "{}", String::from_utf8_lossy(&body));
        let cache = parts.headers.get("cache-control");
        let cache = cache.map_or("", |value| value.to_str().expect("plain text"));
        (
            cache.to_owned(),
            serde_json::from_slice(&body).expect("JSON"),
        )
    }

    async fn offer(&self, query: &str) -> Value {
        let path = format!("/v1/availability?sku=A&{query}");
        let (_, answer) = self.ask("GET", &path, String::new()).await;
        answer["items"][0]["offer"].clone()
    }
}

#[tokio::test]
async fn an_offer_is_made_with_an_order_shown_and_redeemed_once() {
    let (shop, client) = waiting_shop(json!({"words": {"de": "Fünf Dollar von uns."}})).await;
    let anna = somebody(&shop, Arm::Offer, 1).await;
    let order = buy(&client, "W-1", &anna, json!({"customer": {"lang": "de"}})).await;
    let offer = &order["offer"];
    assert_eq!(offer["state"], "issued");
    assert_eq!(offer["kind"], "amount");
    assert_eq!(offer["amount"], json!({"amount": 500, "currency": "USD"}));
    assert_eq!(offer["expires_on"], "2026-12-23");
    assert_eq!(shown(&client, "W-1").await["offer"], *offer);

    let pages = Pages::of(&shop).await;
    let page = format!("{}.json", order["page"].as_str().expect("a page"));
    let (_, page) = pages.ask("GET", &page, String::new()).await;
    assert_eq!(page["offer"]["text"], "Fünf Dollar von uns.");
    assert_eq!(
        page["offer"]["how"],
        format!(
            "Ihr Code ist {}, gültig bis Mittwoch, 23. Dezember.",
            code(&order)
        )
    );

    let typed = code(&order).to_lowercase().replace('-', " ");
    let first = redeem(&client, "first", json!({"code": typed})).await;
    assert_eq!(first.status, 200, "{}", text(&first));
    assert_eq!(first.json()["state"], "redeemed");
    assert_eq!(first.json()["order"], "W-1");
    // Sent again it says the same, under another key it is refused.
    let again = redeem(&client, "first", json!({"code": typed})).await;
    assert_eq!((again.status, again.body), (200, first.body));
    let second = redeem(&client, "second", json!({"code": typed})).await;
    assert_eq!(
        (second.status, second.code().as_str()),
        (409, "offer_already_redeemed")
    );
    let (_, page) = pages
        .ask(
            "GET",
            &format!("{}.json", order["page"].as_str().expect("a page")),
            String::new(),
        )
        .await;
    assert_eq!(page["offer"], Value::Null);
    let evidence = client.get("/v1/orders/W-1/evidence").await.json();
    let evidence = evidence.to_string();
    assert!(evidence.contains("offer_issued") && evidence.contains("offer_redeemed"));
    assert!(
        !evidence.contains(&code(&order)),
        "a code is as good as money"
    );
    let all = client.get("/v1/offers").await.json();
    assert_eq!(all["items"][0]["order"], "W-1");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_500_who_redeem_one_code_at_once_exactly_one_does() {
    let (shop, client) = waiting_shop(json!({})).await;
    let anna = somebody(&shop, Arm::Offer, 1).await;
    let code = code(&buy(&client, "W-1", &anna, json!({})).await);
    let (client, barrier) = (Arc::new(client), Arc::new(Barrier::new(REDEEMERS)));
    let all = (0..REDEEMERS).map(|at| {
        let (client, barrier) = (Arc::clone(&client), Arc::clone(&barrier));
        let body = json!({"code": code});
        tokio::spawn(async move {
            barrier.wait().await;
            let reply = redeem(&client, &format!("r-{at}"), body).await;
            (reply.status, reply.code())
        })
    });
    let (mut redeemed, mut refused) = (0, 0);
    for one in all.collect::<Vec<_>>() {
        match one.await.expect("an answer") {
            (200, _) => redeemed += 1,
            (409, code) if code == "offer_already_redeemed" => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((redeemed, refused), (1, REDEEMERS - 1));
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_kept_to_the_offer_however_many_order_at_once() {
    let budget = json!({"budget": {"count": BUDGET}, "holdout_percent": 5});
    let (shop, client) = waiting_shop(budget).await;
    let (client, barrier) = (Arc::new(client), Arc::new(Barrier::new(CARTS)));
    let all = (0..CARTS).map(|at| {
        let (client, barrier) = (Arc::clone(&client), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            let order = buy(&client, &format!("W-{at}"), &format!("v-{at}"), json!({})).await;
            u64::from(!order["offer"].is_null())
        })
    });
    let mut made = 0;
    for one in all.collect::<Vec<_>>() {
        made += one.await.expect("an answer");
    }
    assert_eq!(made, BUDGET);
    assert_eq!(issued(&client).await, (BUDGET, 500 * 30));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_budget_of_money_is_kept_to_the_cent_and_in_what_each_offer_is_worth() {
    let share = json!({
        "gives": {"kind": "percentage", "percent": 10},
        "cap": {"amount": 350, "currency": "USD"},
        "budget": {"amount": {"amount": 1_000, "currency": "USD"}},
    });
    let (shop, client) = waiting_shop(share).await;
    let mut worth = Vec::new();
    for at in 0..4 {
        let shopper = somebody(&shop, Arm::Offer, at).await;
        // 40 dollars, and one of 30 that still fits in the end.
        let price = if at == 3 { 3_000 } else { 4_000 };
        let lines = json!([{"sku": "A", "quantity": 1, "unit_price": {"amount": price, "currency": "USD"}}]);
        let order = buy(
            &client,
            &format!("W-{at}"),
            &shopper,
            json!({"lines": lines}),
        )
        .await;
        worth.push(order["offer"]["amount"]["amount"].as_i64());
    }
    assert_eq!(worth, [Some(350), Some(350), None, Some(300)]);
    assert_eq!(issued(&client).await, (3, 1_000));
    let smaller = terms(json!({"budget": {"amount": {"amount": 999, "currency": "USD"}}}));
    let refused = client.put("/v1/offers/rules/R", smaller).await;
    assert_eq!(refused.code(), "budget_below_issued");
    shop.assert_sound().await;
}

#[tokio::test]
async fn who_is_held_out_stays_so_and_is_counted() {
    let (shop, client) = waiting_shop(json!({"per_shopper": 2})).await;
    let held = somebody(&shop, Arm::Holdout, 1).await;
    let lucky = somebody(&shop, Arm::Offer, 1).await;
    for (order, shopper, gets) in [
        ("W-1", &held, false),
        ("W-2", &lucky, true),
        ("W-3", &held, false),
        ("W-4", &lucky, true),
        // The third time neither is tried on any more.
        ("W-5", &held, false),
        ("W-6", &lucky, false),
    ] {
        let order = buy(&client, order, shopper, json!({})).await;
        assert_eq!(!order["offer"].is_null(), gets, "{order}");
    }
    let shop = shop.reopened().await;
    let client = Client::with(&shop, "sk_live_test");
    assert_eq!(somebody(&shop, Arm::Holdout, 1).await, held);
    cancel(&client, "c-1", "W-1", json!({})).await;
    let results = client.get("/v1/offers/results?rule=R").await.json();
    let found = &results["items"][0];
    assert_eq!(found["holdout"]["orders"], 2);
    assert_eq!(found["holdout"]["cancelled"], 1);
    assert_eq!(found["offer"]["orders"], 2);
    assert_eq!(found["offer"]["offers"], 2);
    assert_eq!(found["offer"]["revenue"]["amount"], 2 * 4_495);
    assert_eq!(found["holdout"]["revenue"]["amount"], 4_495);
    let counts = |happened| Counts { happened, of: 2 };
    let known = Difference::between(counts(0), counts(1)).expect("both have some");
    assert_eq!(found["cancel_rate"]["low"].as_f64(), Some(known.low));
    assert_eq!(found["cancel_rate"]["high"].as_f64(), Some(known.high));
    assert_eq!(found["cancel_rate"]["says"], "unknown");
    assert_eq!(found["verdict"], "too_few");
    assert_eq!(found["words"], "too few to say");
    assert!(found["cancel_rate"]["further_needed"].is_u64());
    // Nobody had seen it before ordering.
    assert_eq!(found["offer"]["shoppers"], 0);
    assert_eq!(found["conversion"]["offer"], Value::Null);
    // Other terms begin a new run, and nobody is counted in it.
    assert_eq!(rule(&client, "R", json!({"waits_days": 8})).await["run"], 2);
    let results = client.get("/v1/offers/results").await.json();
    assert_eq!(results["items"][0]["offer"]["orders"], 0);
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_page_that_says_who_looks_is_told_of_their_offer_and_each_is_noted_once() {
    let (shop, client) = waiting_shop(json!({})).await;
    sku(&client, "THERE", 9, json!({})).await;
    let (lucky, held) = (
        somebody(&shop, Arm::Offer, 1).await,
        somebody(&shop, Arm::Holdout, 1).await,
    );
    let pages = Pages::of(&shop).await;
    assert_eq!(pages.offer("lang=en-US").await, Value::Null);
    assert_eq!(pages.offer(&format!("shopper={held}")).await, Value::Null);
    let told = json!({"rule": "R", "kind": "amount", "text": "For the wait: $5.00 off."});
    assert_eq!(
        pages.offer(&format!("lang=en-US&shopper={lucky}")).await,
        told
    );
    assert_eq!(
        pages.offer(&format!("lang=en-US&shopper={lucky}")).await,
        told
    );
    let path = format!("/v1/availability?sku=A&sku=THERE&shopper={lucky}");
    let (cache, answer) = pages.ask("GET", &path, String::new()).await;
    assert_eq!(answer["items"][1]["offer"], Value::Null, "it is there");
    assert!(cache.contains("private"), "{cache}");

    let cart = json!({"lines": [{"sku": "THERE", "quantity": 1}, {"sku": "A", "quantity": 1}], "lang": "fr"});
    let path = format!("/v1/plans?shopper={lucky}");
    let (_, plans) = pages.ask("POST", &path, cart.to_string()).await;
    assert_eq!(
        plans["offer"]["text"],
        "Pour votre attente\u{a0}: 5,00\u{a0}$US de remise."
    );
    assert_eq!(plans["lines"][0]["offer"], Value::Null);
    assert_eq!(plans["lines"][1]["offer"], plans["offer"]);

    keep_waiting(&shop.app).await;
    keep_waiting(&shop.app).await;
    buy(&client, "W-1", &lucky, json!({})).await;
    let found = client.get("/v1/offers/results").await.json()["items"][0].clone();
    assert_eq!(found["offer"]["shoppers"], 1);
    assert_eq!(found["offer"]["shoppers_who_ordered"], 1);
    assert_eq!(found["holdout"]["shoppers"], 1);
    assert_eq!(found["holdout"]["shoppers_who_ordered"], 0);
    // Once is enough for one shopper.
    assert_eq!(pages.offer(&format!("shopper={lucky}")).await, Value::Null);
    shop.assert_sound().await;
}

#[tokio::test]
async fn who_looked_before_is_noted_as_such_even_where_it_is_written_down_after_the_order() {
    let (shop, client) = waiting_shop(json!({})).await;
    let lucky = somebody(&shop, Arm::Offer, 1).await;
    let pages = Pages::of(&shop).await;
    assert!(pages.offer(&format!("shopper={lucky}")).await.is_object());
    buy(&client, "W-1", &lucky, json!({})).await;
    keep_waiting(&shop.app).await;
    let found = client.get("/v1/offers/results").await.json()["items"][0].clone();
    assert_eq!(found["offer"]["shoppers"], 1);
    assert_eq!(found["offer"]["shoppers_who_ordered"], 1);
}

#[tokio::test]
async fn who_saw_an_offer_long_ago_is_forgotten_and_still_counted() {
    let (shop, client) = waiting_shop(json!({})).await;
    let pages = Pages::of(&shop).await;
    let mut bought = 0;
    for (arm, count) in [(Arm::Offer, 5), (Arm::Holdout, 4)] {
        for number in 0..count {
            let shopper = somebody(&shop, arm, number).await;
            pages.offer(&format!("shopper={shopper}")).await;
            keep_waiting(&shop.app).await;
            if number < 2 {
                bought += 1;
                buy(&client, &format!("W-{bought}"), &shopper, json!({})).await;
            }
        }
    }
    // One who ordered without having looked.
    let other = somebody(&shop, Arm::Offer, 50).await;
    buy(&client, "W-other", &other, json!({})).await;
    let counted = async |client: &Client| {
        let found = client.get("/v1/offers/results").await.json()["items"][0].clone();
        let of = |arm: &str| {
            let count = |what: &str| found[arm][what].as_u64().expect("a count");
            (count("shoppers"), count("shoppers_who_ordered"))
        };
        (of("offer"), of("holdout"))
    };
    let before = counted(&client).await;
    assert_eq!(before, ((5, 2), (4, 2)));

    // Nobody is old enough yet.
    forget_exposures(&shop.app, &shop.store)
        .await
        .expect("a look");
    let shop = shop.reopened().await;
    let client = Client::new(&shop).await;
    let pages = Pages::of(&shop).await;
    let looks_again = somebody(&shop, Arm::Holdout, 3).await;
    pages.offer(&format!("shopper={looks_again}")).await;
    keep_waiting(&shop.app).await;
    assert_eq!(counted(&client).await, before);

    let store = &shop.app.store;
    let tomorrow = now() + TimeDelta::days(1);
    let forget = async || store.forget_exposures(&shop.store, tomorrow, 2).await;
    while forget().await.expect("a turn") {
        assert_eq!(counted(&client).await, before);
    }
    assert_eq!(counted(&client).await, before);
    assert!(!forget().await.expect("nobody is left"));
    // Whoever looks again after that is somebody new.
    let shop = shop.reopened().await;
    let client = Client::new(&shop).await;
    let pages = Pages::of(&shop).await;
    pages.offer(&format!("shopper={looks_again}")).await;
    keep_waiting(&shop.app).await;
    assert_eq!(counted(&client).await, ((5, 2), (5, 2)));
    shop.assert_sound().await;
}

#[tokio::test]
async fn only_who_meets_the_conditions_is_tried_on() {
    let conditions = json!({
        "waits_days": 22,
        "cart_at_least": {"amount": 4_000, "currency": "USD"},
        "skus": ["A"],
        "first_backorder": true,
        "per_shopper": 9,
    });
    let (shop, client) = waiting_shop(conditions).await;
    sku(&client, "B", 0, json!({})).await;
    sku(&client, "THERE", 9, json!({})).await;
    ordered(&client, "PO-2", "B", 50, "2026-12-11").await;
    let line = |sku: &str, amount: i64| json!({"lines": [{"sku": sku, "quantity": 1, "unit_price": {"amount": amount, "currency": "USD"}}]});
    for (at, (more, gets)) in [
        (line("A", 4_000), true),
        (line("A", 3_999), false),
        (line("B", 4_000), false),
        (line("THERE", 4_000), false),
        (
            json!({"lines": [{"sku": "A", "quantity": 1}], "shipping": null}),
            false,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let shopper = somebody(&shop, Arm::Offer, at).await;
        let order = buy(&client, &format!("W-{at}"), &shopper, more).await;
        assert_eq!(!order["offer"].is_null(), gets, "{at}");
    }
    // Whoever waited before has not waited for the first time; whoever had it from the shelf has not waited.
    for (at, gets) in [(0, false), (3, true)] {
        let shopper = somebody(&shop, Arm::Offer, at).await;
        let order = buy(
            &client,
            &format!("W-again-{at}"),
            &shopper,
            line("A", 4_000),
        )
        .await;
        assert_eq!(!order["offer"].is_null(), gets, "{at}");
    }
    rule(&client, "R", json!({"waits_days": 23})).await;
    let other = somebody(&shop, Arm::Offer, 50).await;
    let order = buy(&client, "W-short", &other, json!({})).await;
    assert_eq!(order["offer"], Value::Null, "it waits 22 days");
    rule(&client, "R", json!({"on": false})).await;
    let other = somebody(&shop, Arm::Offer, 51).await;
    assert_eq!(
        buy(&client, "W-off", &other, json!({})).await["offer"],
        Value::Null
    );
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_shopper_is_known_by_address_where_the_shop_names_nobody_and_else_gets_nothing() {
    let (_shop, client) = waiting_shop(json!({"holdout_percent": 5, "per_shopper": 1})).await;
    let by = |email: &str| json!({"shopper": null, "customer": {"email": email}});
    // Of so many, somebody is not held out.
    let mut got = Vec::new();
    for at in 0..6 {
        let email = format!("anna{at}@example.org");
        let order = buy(&client, &format!("W-{at}"), "", by(&email)).await;
        if !order["offer"].is_null() {
            got.push(email);
        }
    }
    let again = got.first().expect("somebody").to_uppercase();
    let order = buy(&client, "W-again", "", by(&again)).await;
    assert_eq!(order["offer"], Value::Null, "it is the same shopper");
    let order = buy(&client, "W-nobody", "", json!({"shopper": null})).await;
    assert_eq!(order["offer"], Value::Null);
}

#[tokio::test]
async fn a_gift_is_given_while_it_is_there() {
    let gift = json!({"gives": {"kind": "gift", "sku": "MUG"}});
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 0, json!({})).await;
    ordered(&client, "PO-1", "A", 50, "2026-12-11").await;
    let unknown = client.put("/v1/offers/rules/R", terms(gift.clone())).await;
    assert_eq!(
        (unknown.code().as_str(), unknown.pointer().as_str()),
        ("unknown_sku", "/gives/sku")
    );
    sku(&client, "MUG", 0, json!({})).await;
    rule(&client, "R", gift).await;
    let pages = Pages::of(&shop).await;
    let first = somebody(&shop, Arm::Offer, 1).await;
    assert_eq!(pages.offer(&format!("shopper={first}")).await, Value::Null);
    let order = buy(&client, "W-1", &first, json!({})).await;
    assert_eq!(order["offer"], Value::Null, "none is there");

    let mugs = |units: u32| json!({"quantity": units, "if_quantity": null});
    client.put("/v1/stock/main/MUG", mugs(1)).await;
    let second = somebody(&shop, Arm::Offer, 2).await;
    let told = pages.offer(&format!("shopper={second}")).await;
    assert_eq!(told["text"], "For the wait: MUG as a gift.");
    let order = buy(&client, "W-2", &second, json!({})).await;
    assert_eq!(order["offer"]["sku"], "MUG");
    client.put("/v1/stock/main/MUG", mugs(0)).await;
    let body = json!({"code": code(&order)});
    let absent = redeem(&client, "r-1", body.clone()).await;
    assert_eq!(absent.code(), "gift_unavailable");
    client.put("/v1/stock/main/MUG", mugs(1)).await;
    assert_eq!(redeem(&client, "r-1", body).await.status, 200);
    shop.assert_sound().await;
}

#[tokio::test]
async fn what_is_cancelled_whole_loses_its_offer_as_the_rule_says() {
    let (shop, client) = waiting_shop(json!({"budget": {"count": 2}})).await;
    let some = [
        somebody(&shop, Arm::Offer, 0).await,
        somebody(&shop, Arm::Offer, 1).await,
        somebody(&shop, Arm::Offer, 2).await,
        somebody(&shop, Arm::Offer, 3).await,
    ];
    let two = json!({"lines": [{"sku": "A", "quantity": 2}], "shipping": null});
    let order = buy(&client, "W-1", &some[0], two).await;
    // A part is not all of it.
    let part = json!({"lines": [{"line": 0, "quantity": 1}]});
    let after = cancel(&client, "c-1", "W-1", part).await.json();
    assert_eq!(after["offer"]["state"], "issued");
    let after = cancel(&client, "c-2", "W-1", json!({})).await.json();
    assert_eq!(after["offer"]["state"], "revoked");
    assert_eq!(issued(&client).await, (0, 0));
    let refused = redeem(&client, "r-1", json!({"code": code(&order)})).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "offer_revoked")
    );

    // What was revoked may be given to others.
    let stays = buy(&client, "W-2", &some[1], json!({})).await;
    assert_eq!(
        redeem(&client, "r-2", json!({"code": code(&stays)}))
            .await
            .status,
        200
    );
    let after = cancel(&client, "c-3", "W-2", json!({})).await.json();
    assert_eq!(after["offer"]["state"], "redeemed");
    assert_eq!(issued(&client).await, (1, 500));

    let back = json!({"budget": {"count": 2}, "after_cancel": "taken_back"});
    rule(&client, "R", back).await;
    let order = buy(&client, "W-3", &some[2], json!({})).await;
    assert_eq!(
        redeem(&client, "r-3", json!({"code": code(&order)}))
            .await
            .status,
        200
    );
    let after = cancel(&client, "c-4", "W-3", json!({})).await.json();
    assert_eq!(after["offer"]["state"], "taken_back");
    assert_eq!(issued(&client).await, (1, 500));
    let again = redeem(&client, "r-4", json!({"code": code(&order)})).await;
    assert_eq!(again.code(), "offer_already_redeemed");
    buy(&client, "W-4", &some[3], json!({})).await;
    assert_eq!(issued(&client).await, (2, 1_000));
    shop.assert_sound().await;
}

#[tokio::test]
async fn an_offer_is_good_until_the_end_of_its_last_day_and_no_longer() {
    let (shop, client) = waiting_shop(json!({"expires_days": 3})).await;
    let (one, other) = (
        somebody(&shop, Arm::Offer, 1).await,
        somebody(&shop, Arm::Offer, 2).await,
    );
    let first = code(&buy(&client, "W-1", &one, json!({})).await);
    let second = code(&buy(&client, "W-2", &other, json!({})).await);
    let shop = shop.at("2026-11-26T23:59:00Z").await;
    let client = Client::with(&shop, "sk_live_test");
    assert_eq!(
        redeem(&client, "r-1", json!({"code": first})).await.status,
        200
    );
    let shop = shop.at("2026-11-27T00:01:00Z").await;
    let client = Client::with(&shop, "sk_live_test");
    let late = redeem(&client, "r-2", json!({"code": second})).await;
    assert_eq!((late.status, late.code().as_str()), (409, "offer_expired"));
}

#[tokio::test]
async fn a_code_is_good_for_its_store_its_order_and_its_shopper_alone() {
    let (shop, client) = waiting_shop(json!({})).await;
    let anna = somebody(&shop, Arm::Offer, 1).await;
    let code = code(&buy(&client, "W-1", &anna, json!({})).await);
    let other = shop.add_store("other").await;
    let key = shop.key(&other, KeyKind::Secret, "sk_live_other").await;
    let stranger = Client::with(&shop, &key);
    assert_eq!(
        redeem(&stranger, "r-0", json!({"code": code})).await.status,
        404
    );
    for unknown in ["0000-0000-0000-0000", "x", "W-1"] {
        let reply = redeem(&client, "r-1", json!({"code": unknown})).await;
        assert_eq!(reply.status, 404, "{unknown}");
    }
    for wrong in [
        json!({"code": code, "order": "W-2"}),
        json!({"code": code, "shopper": "somebody"}),
    ] {
        let reply = redeem(&client, "r-2", wrong).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (409, "offer_not_transferable")
        );
    }
    let right = json!({"code": code, "order": "W-1", "shopper": anna});
    assert_eq!(redeem(&client, "r-3", right).await.status, 200);
}

#[tokio::test]
async fn who_waits_longer_than_promised_is_tried_on_then() {
    // The order itself is none before it.
    let conditions = json!({"waits_days": 30, "first_backorder": true});
    let (shop, client) = waiting_shop(conditions).await;
    let anna = somebody(&shop, Arm::Offer, 1).await;
    let order = buy(&client, "W-1", &anna, json!({})).await;
    assert_eq!(order["offer"], Value::Null);
    let later = json!({"expected_on": "2027-01-29", "reason": "late"});
    let moved = client.patch("/v1/purchase-orders/PO-1", later).await;
    assert_eq!(moved.status, 200, "{}", text(&moved));
    let offer = shown(&client, "W-1").await["offer"].clone();
    assert_eq!(offer["state"], "issued");
    // Another move is no reason for another offer.
    let later = json!({"expected_on": "2027-02-26", "reason": "later still"});
    client.patch("/v1/purchase-orders/PO-1", later).await;
    assert_eq!(shown(&client, "W-1").await["offer"], offer);
    assert_eq!(issued(&client).await, (1, 500));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_rule_that_cannot_be_kept_is_refused_where_it_is_wrong() {
    let (_shop, client) = waiting_shop(json!({})).await;
    let euros = json!({"amount": 500, "currency": "EUR"});
    for (more, code, pointer) in [
        (json!({"waits_days": 0}), "invalid_number", "/waits_days"),
        (json!({"budget": {}}), "required", "/budget"),
        (
            json!({"holdout_percent": 4}),
            "invalid_number",
            "/holdout_percent",
        ),
        (
            json!({"gives": {"kind": "amount"}}),
            "required",
            "/gives/amount",
        ),
        (
            json!({"gives": {"kind": "free_shipping", "percent": 5}}),
            "invalid_parameter",
            "/gives/percent",
        ),
        (
            json!({"gives": {"kind": "percentage", "percent": 101}}),
            "invalid_number",
            "/gives/percent",
        ),
        (
            json!({"gives": {"kind": "percentage", "percent": 10}}),
            "required",
            "/cap",
        ),
        (
            json!({"gives": {"kind": "free_shipping"}, "budget": {"amount": {"amount": 5, "currency": "USD"}}}),
            "required",
            "/cap",
        ),
        (
            json!({"gives": {"kind": "amount", "amount": euros}}),
            "invalid_amount",
            "/gives/amount/currency",
        ),
        (
            json!({"cart_at_least": euros}),
            "invalid_amount",
            "/cart_at_least/currency",
        ),
        (json!({"skus": ["NOBODY"]}), "unknown_sku", "/skus/0"),
        (json!({"words": {"de": ""}}), "invalid_text", "/words/de"),
        (
            json!({"words": {"tlh": "Qapla'"}}),
            "unknown_field",
            "/words/tlh",
        ),
    ] {
        let reply = client.put("/v1/offers/rules/X", terms(more.clone())).await;
        assert_eq!(reply.status, 422, "{more}");
        assert_eq!(
            (reply.code().as_str(), reply.pointer().as_str()),
            (code, pointer),
            "{more}"
        );
    }
    assert_eq!(client.get("/v1/offers/rules/X").await.status, 404);
    let listed = client.get("/v1/offers/rules").await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    let gone = client.request("DELETE", "/v1/offers/rules/R");
    let gone = client
        .send(gone.body(Body::empty()).expect("a request"))
        .await;
    assert_eq!(gone.status, 204);
    assert_eq!(client.get("/v1/offers/rules/R").await.status, 404);
    assert_eq!(client.get("/v1/offers/results?rule=R").await.status, 200);
    assert_eq!(client.get("/v1/offers/results?rule=X").await.status, 404);
}
