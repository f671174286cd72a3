//! A date that was told is moved: who ordered is told and asked, and time does what the law says.

use serde_json::{Value, json};
use server::operations::delays::look_after_delays;

use crate::client::Client;
use crate::orders::{cancel, line, place, ready, ship, shown};
use crate::reservations::{ordered, sku};
use crate::shop::{TestShop, id};
use crate::store::stranger;

/// A shop that owes a customer in the United States 2 of A by Monday, 14 December: its only delivery comes on the 11th.
async fn owing(customer: Value) -> (TestShop, Client) {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 0, json!({})).await;
    ordered(&client, "PO-7", "A", 10, "2026-12-11").await;
    let order = json!({"lines": [line("A", 2)], "customer": customer});
    let placed = place(&client, "W-1", order).await;
    assert_eq!(
        placed.status,
        201,
        "{}",
        String::from_utf8_lossy(&placed.body)
    );
    (shop, client)
}

async fn expect_on(client: &Client, day: Value) {
    let reply = client
        .patch("/v1/purchase-orders/PO-7", json!({"expected_on": day}))
        .await;
    assert_eq!(
        reply.status,
        200,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
}

async fn notices(client: &Client) -> Vec<Value> {
    let order = shown(client, "W-1").await;
    order["notices"].as_array().expect("notices").clone()
}

/// Kind, what silence does, and where each notice stands.
async fn told(client: &Client) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let notice = |notice: &Value| {
        (
            text(&notice["kind"]),
            text(&notice["silence"]),
            text(&notice["status"]),
        )
    };
    notices(client).await.iter().map(notice).collect()
}

fn told_as(kind: &str, silence: &str, status: &str) -> (String, String, String) {
    (kind.into(), silence.into(), status.into())
}

async fn reply(client: &Client, said: &str) -> crate::client::Reply {
    let body = json!({"reply": said});
    client.post("/v1/orders/W-1/replies", said, body).await
}

/// Makes an order one that cannot be read any more.
pub async fn spoil(shop: &TestShop, order: &str) {
    let spoilt = sqlx::query("UPDATE sales_order SET delays = 'no rules' WHERE sales_order = $1")
        .bind(order)
        .execute(&mut stranger(shop).await)
        .await;
    assert_eq!(spoilt.expect("a change").rows_affected(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_date_that_is_moved_is_one_notice_in_the_same_change() {
    let (shop, client) = owing(json!({"country": "US"})).await;
    assert!(notices(&client).await.is_empty());
    expect_on(&client, json!("2026-12-18")).await;
    let found = notices(&client).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["kind"], "definite");
    assert_eq!(found[0]["was"], "2026-12-15");
    assert_eq!(found[0]["now"], "2026-12-22");
    assert_eq!(found[0]["silence"], "consents");
    assert_eq!(found[0]["version"], 2);
    // Who has no address is told by the shop: it knows from the order, and the next date comes after this one.
    assert_eq!(found[0]["status"], "told");
    assert!(found[0]["told_at"].is_string());
    let order = shown(&client, "W-1").await;
    assert_eq!(order["promises"].as_array().expect("dates").len(), 2);
    expect_on(&client, json!("2026-12-23")).await;
    assert_eq!(
        told(&client).await,
        [
            told_as("definite", "consents", "told"),
            told_as("renewed", "cancels", "told"),
        ]
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_slips_before_the_first_mail_are_one_notice_of_the_latest_date() {
    let (shop, client) = owing(json!({"country": "US", "email": "anna@example.org"})).await;
    expect_on(&client, json!("2026-12-18")).await;
    expect_on(&client, json!("2026-12-23")).await;
    assert_eq!(
        told(&client).await,
        [
            told_as("definite", "consents", "replaced"),
            told_as("definite", "consents", "due"),
        ]
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_that_is_taken_back_before_anybody_heard_of_it_is_not_told() {
    let (shop, client) = owing(json!({"country": "US", "email": "anna@example.org"})).await;
    expect_on(&client, json!("2026-12-18")).await;
    expect_on(&client, json!("2026-12-11")).await;
    let open = told(&client).await;
    assert!(
        open.iter().all(|(_, _, status)| status == "replaced"),
        "{open:?}"
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_about_a_date_nobody_knows_cancels_after_thirty_days_and_frees_the_goods() {
    let (shop, client) = owing(json!({"country": "US"})).await;
    expect_on(&client, json!(null)).await;
    assert_eq!(
        told(&client).await,
        [told_as("indefinite", "cancels", "told")]
    );
    assert_eq!(notices(&client).await[0]["cancels_on"], "2027-01-14");

    let shop = shop.at("2027-01-14T20:00:00Z").await;
    look_after_delays(&shop.app, &shop.store)
        .await
        .expect("a look");
    let client = Client::new(&shop).await;
    assert_eq!(shown(&client, "W-1").await["status"], "open");

    let shop = shop.at("2027-01-15T20:00:00Z").await;
    look_after_delays(&shop.app, &shop.store)
        .await
        .expect("a look");
    look_after_delays(&shop.app, &shop.store)
        .await
        .expect("another look changes nothing");
    let client = Client::new(&shop).await;
    let order = shown(&client, "W-1").await;
    assert_eq!(order["status"], "cancelled");
    let evidence = client.get("/v1/orders/W-1/evidence").await.json();
    let entries = evidence["items"].as_array().expect("entries").iter();
    let what: Vec<&str> = entries.filter_map(|entry| entry["what"].as_str()).collect();
    assert_eq!(
        what.iter().filter(|what| **what == "cancelled").count(),
        1,
        "{what:?}"
    );
    assert_eq!(
        what.iter()
            .filter(|what| **what == "refund_started")
            .count(),
        1,
        "{what:?}"
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_could_be_told_in_time_ends_on_the_day_that_was_told_before() {
    for later in [json!("2026-12-18"), json!(null)] {
        // Nobody carries this shop's mail.
        let (shop, client) = owing(json!({"country": "US", "email": "anna@example.org"})).await;
        expect_on(&client, later.clone()).await;
        assert_eq!(told(&client).await[0].2, "due");

        let shop = shop.at("2026-12-15T20:00:00Z").await;
        look_after_delays(&shop.app, &shop.store)
            .await
            .expect("a look");
        let client = Client::new(&shop).await;
        assert_eq!(shown(&client, "W-1").await["status"], "open", "{later}");

        let shop = shop.at("2026-12-16T20:00:00Z").await;
        look_after_delays(&shop.app, &shop.store)
            .await
            .expect("a look");
        let client = Client::new(&shop).await;
        assert_eq!(
            shown(&client, "W-1").await["status"],
            "cancelled",
            "{later}"
        );
        let evidence = client.get("/v1/orders/W-1/evidence").await.json();
        let entries = evidence["items"].as_array().expect("entries").iter();
        let ended: Vec<&str> = entries
            .filter(|entry| entry["what"] == "cancelled")
            .filter_map(|entry| entry["detail"].as_str())
            .collect();
        assert_eq!(ended, ["2026-12-15: no_notice"], "{later}");
        shop.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_promised_anew_after_its_day_has_passed_ends_all_the_same() {
    for earlier in [false, true] {
        let (shop, client) = owing(json!({"country": "US"})).await;
        if earlier {
            expect_on(&client, json!("2026-12-04")).await;
            assert_eq!(told(&client).await, [told_as("earlier", "nothing", "told")]);
        }
        // Nobody looked for days, and then it slips before somebody looks.
        let shop = shop.at("2026-12-21T20:00:00Z").await;
        let client = Client::new(&shop).await;
        expect_on(&client, json!("2027-01-08")).await;
        assert_eq!(notices(&client).await.len(), usize::from(earlier));
        look_after_delays(&shop.app, &shop.store)
            .await
            .expect("a look");
        assert_eq!(shown(&client, "W-1").await["status"], "cancelled");
        shop.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_agrees_to_wait_is_not_cancelled_and_may_still_cancel() {
    let (shop, client) = owing(json!({"country": "US"})).await;
    assert_eq!(reply(&client, "consent").await.code(), "nothing_to_answer");
    expect_on(&client, json!(null)).await;
    let agreed = reply(&client, "consent").await;
    assert_eq!(
        agreed.status,
        200,
        "{}",
        String::from_utf8_lossy(&agreed.body)
    );

    let shop = shop.at("2027-02-20T20:00:00Z").await;
    look_after_delays(&shop.app, &shop.store)
        .await
        .expect("a look");
    let client = Client::new(&shop).await;
    assert_eq!(shown(&client, "W-1").await["status"], "open");
    assert_eq!(cancel(&client, "mind", "W-1", json!({})).await.status, 200);
    assert_eq!(shown(&client, "W-1").await["status"], "cancelled");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_agrees_to_what_the_customer_was_told_and_to_nothing_later() {
    // Nobody carries this shop's mail: the customer is told on the telephone.
    let (shop, client) = owing(json!({"country": "US", "email": "anna@example.org"})).await;
    expect_on(&client, json!("2026-12-18")).await;
    let agrees = |key: &'static str, to: Value| {
        let body = json!({"reply": "consent", "to": to});
        let client = &client;
        async move { client.post("/v1/orders/W-1/replies", key, body).await }
    };
    assert_eq!(reply(&client, "consent").await.code(), "nothing_to_answer");
    let stale = agrees("one", json!("2026-12-21")).await;
    assert_eq!(
        (stale.status, stale.code().as_str()),
        (409, "promise_changed")
    );
    assert!(
        stale.json()["detail"]
            .as_str()
            .expect("words")
            .contains("2026-12-22")
    );
    assert_eq!(told(&client).await[0].2, "due");
    for wrong in [json!("soon"), json!("2026-13-01"), json!(7)] {
        let refused = agrees("two", wrong.clone()).await;
        assert_eq!(
            (refused.status, refused.pointer().as_str()),
            (422, "/to"),
            "{wrong}"
        );
    }
    let agreed = agrees("three", json!("2026-12-22")).await;
    assert_eq!(agreed.status, 200);
    assert_eq!(told(&client).await[0].2, "told");

    // Once, under one name; never without a name.
    let before = shop.revision();
    let again = agrees("three", json!("2026-12-22")).await;
    assert_eq!((again.status, again.body), (200, agreed.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(shop.revision(), before);
    let body = json!({"reply": "consent"}).to_string();
    let unnamed = client.json("POST", "/v1/orders/W-1/replies", &body).await;
    assert_eq!(unnamed.code(), "idempotency_key_required");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shipped_in_time_is_never_cancelled() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    let order = json!({"lines": [line("A", 2)], "customer": {"country": "US"}});
    assert_eq!(place(&client, "W-1", order).await.status, 201);
    let parcel = ready(&client).await.remove(0).0;
    assert_eq!(ship(&client, "ship", &parcel).await.status, 200);
    let shop = shop.at("2027-02-20T20:00:00Z").await;
    look_after_delays(&shop.app, &shop.store)
        .await
        .expect("a look");
    let client = Client::new(&shop).await;
    assert_eq!(shown(&client, "W-1").await["status"], "shipped");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn elsewhere_a_late_date_is_told_and_silence_changes_nothing() {
    let (shop, client) = owing(json!({"country": "CH"})).await;
    expect_on(&client, json!(null)).await;
    let found = told(&client).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, "nothing");
    let shop = shop.at("2027-06-20T20:00:00Z").await;
    look_after_delays(&shop.app, &shop.store)
        .await
        .expect("a look");
    let client = Client::new(&shop).await;
    assert_eq!(shown(&client, "W-1").await["status"], "open");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_may_cancel_instead_of_asking_and_orders_keep_the_rules_they_were_placed_under() {
    let (shop, client) = owing(json!({"country": "US"})).await;
    let rules = json!({"name": "Shop", "delays": {"cancel_instead_of_asking": true}});
    assert_eq!(client.put("/v1/store", rules).await.status, 200);
    let order = json!({"lines": [line("A", 1)], "customer": {"country": "US"}});
    assert_eq!(place(&client, "W-2", order).await.status, 201);
    expect_on(&client, json!(null)).await;
    look_after_delays(&shop.app, &shop.store)
        .await
        .expect("a look");
    assert_eq!(shown(&client, "W-1").await["status"], "open");
    assert_eq!(shown(&client, "W-2").await["status"], "cancelled");
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_be_read_keeps_no_other_one_from_ending() {
    let shop = TestShop::in_file().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 0, json!({})).await;
    ordered(&client, "PO-7", "A", 10, "2026-12-11").await;
    for name in ["W-1", "W-2"] {
        let order = json!({"lines": [line("A", 1)], "customer": {"country": "US"}});
        assert_eq!(place(&client, name, order).await.status, 201);
    }
    expect_on(&client, json!(null)).await;
    spoil(&shop, "W-1").await;
    let shop = shop.at("2027-01-15T20:00:00Z").await;
    look_after_delays(&shop.app, &shop.store)
        .await
        .expect("a look");
    let client = Client::new(&shop).await;
    assert_eq!(shown(&client, "W-2").await["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_may_have_ended_are_looked_at_page_by_page() {
    let (shop, client) = owing(json!({"country": "US"})).await;
    for name in ["W-2", "W-3"] {
        let order = json!({"lines": [line("A", 1)], "customer": {"country": "US"}});
        assert_eq!(place(&client, name, order).await.status, 201);
    }
    let (today, database) = (id("2026-12-16"), &shop.app.store);
    let mut found = Vec::new();
    let mut after = Some(String::new());
    while let Some(from) = after {
        let page = database.orders_overdue(&shop.store, today, &from, 2).await;
        let page = page.expect("orders");
        let names = page.overdue.iter().map(ToString::to_string);
        found.push(names.collect::<Vec<_>>());
        after = page.next;
    }
    assert_eq!(found, [vec!["W-1", "W-2"], vec!["W-3"]]);
    // Nothing is over yet: all are looked through all the same.
    let early = id("2026-12-15");
    let page = database.orders_overdue(&shop.store, early, "", 2).await;
    let page = page.expect("orders");
    assert_eq!((page.overdue, page.next.as_deref()), (vec![], Some("W-2")));
}

/// A shop of which a customer wants one of A, that lies on the shelf, and one of B, that comes on the 11th; in one parcel.
async fn parcel_of_two(customer: Value) -> (TestShop, Client) {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 1, json!({})).await;
    sku(&client, "B", 0, json!({})).await;
    ordered(&client, "PO-7", "B", 1, "2026-12-11").await;
    let order =
        json!({"lines": [line("A", 1), line("B", 1)], "customer": customer, "plan": "together"});
    assert_eq!(place(&client, "W-1", order).await.status, 201);
    (shop, client)
}

/// The day by which each line leaves.
async fn days(client: &Client) -> Vec<Value> {
    let order = shown(client, "W-1").await;
    let lines = order["lines"].as_array().expect("lines").iter();
    lines
        .map(|line| {
            let slices = line["slices"].as_array().expect("slices");
            assert_eq!(slices.len(), 1, "{slices:?}");
            slices[0]["ships_by"].clone()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_in_one_parcel_waits_for_what_slips_and_is_told_with_it() {
    let (shop, client) = parcel_of_two(json!({"country": "US"})).await;
    assert_eq!(days(&client).await, ["2026-12-15", "2026-12-15"]);
    expect_on(&client, json!("2026-12-21")).await;
    let later = "2026-12-23";
    assert_eq!(days(&client).await, [later, later]);
    let found = notices(&client).await;
    let lines: Vec<_> = found.iter().map(|one| one["line"].as_u64()).collect();
    assert_eq!(lines, [Some(0), Some(1)], "{found:?}");
    for notice in &found {
        assert_eq!(notice["now"], later);
        assert_eq!(notice["silence"], "consents");
    }
    // The day that was told first passes, and nobody said anything.
    let shop = shop.at("2026-12-17T12:00:00Z").await;
    look_after_delays(&shop.app, &id("default"))
        .await
        .expect("looked");
    let client = Client::new(&shop).await;
    let order = shown(&client, "W-1").await;
    assert_eq!(order["status"], "open");
    assert_eq!(days(&client).await, [later, later]);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_parcel_of_which_a_part_has_no_date_nothing_has_one_until_that_has() {
    let (shop, client) = parcel_of_two(json!({"country": "DE"})).await;
    expect_on(&client, Value::Null).await;
    assert_eq!(days(&client).await, [Value::Null, Value::Null]);
    // Nobody else gets what lies there for it.
    let other = place(&client, "W-2", json!({"lines": [line("A", 1)]})).await;
    assert_eq!(other.code(), "insufficient_stock");
    expect_on(&client, json!("2026-12-21")).await;
    assert_eq!(days(&client).await, ["2026-12-23", "2026-12-23"]);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_which_a_part_slips_stays_one_part_in_its_parcel() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    sku(&client, "A", 2, json!({})).await;
    ordered(&client, "PO-7", "A", 4, "2026-12-11").await;
    let order = json!({"lines": [line("A", 6)], "plan": "together"});
    assert_eq!(place(&client, "W-1", order).await.status, 201);
    assert_eq!(days(&client).await, ["2026-12-15"]);
    ordered(&client, "PO-8", "A", 9, "2027-01-18").await;
    let cut = json!({"lines": [{"sku": "A", "quantity": 2}]});
    let cut = client.patch("/v1/purchase-orders/PO-7", cut).await;
    assert_eq!(cut.status, 200, "{}", String::from_utf8_lossy(&cut.body));
    assert_eq!(days(&client).await, ["2027-01-20"]);
    shop.assert_sound().await;
}
