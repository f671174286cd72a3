//! What a merchant looks at: goods that are searched for, what is to be decided today, what suppliers did, whom a change would move.

use serde_json::{Value, json};

use crate::client::Client;
use crate::shop::TestShop;

/// A shop with a mug of which two are there, a bowl that is awaited, and an order for four mugs that waits for PO-1.
async fn shop() -> (TestShop, Client) {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let mug = json!({"title": "Blue Mug", "backorder": {"policy": "allow"}});
    let bowl = json!({"title": "Größe Schüssel", "backorder": {"policy": "allow"}});
    for (sku, record) in [
        ("cc-mug", mug),
        ("cc-bowl", bowl),
        ("mug-tree", json!({"title": "Tree for six"})),
    ] {
        let reply = client.put(&format!("/v1/skus/{sku}"), record).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
    }
    let level = json!({"quantity": 2, "if_quantity": null});
    let reply = client.put("/v1/stock/main/cc-mug", level).await;
    assert_eq!(reply.status, 200);
    let incoming = json!({"id": "PO-1", "lines": [
        {"sku": "cc-mug", "quantity": 10, "expected_on": "2026-12-01"},
        {"sku": "cc-bowl", "quantity": 5, "expected_on": "2026-12-01"},
    ]});
    let reply = client.post("/v1/purchase-orders", "po", incoming).await;
    assert_eq!(reply.status, 201, "{}", reply.json());
    let order =
        json!({"id": "1001", "plan": "separate", "lines": [{"sku": "cc-mug", "quantity": 4}]});
    let reply = client.post("/v1/orders", "order", order).await;
    assert_eq!(reply.status, 201, "{}", reply.json());
    (shop, client)
}

fn skus(found: &Value) -> Vec<&str> {
    let items = found["items"].as_array().expect("items").iter();
    items
        .map(|item| item["sku"].as_str().expect("a SKU"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spoken_for_and_what_nobody_can_order_yet_is_said_where_one_looks() {
    let (_shop, client) = shop().await;
    let shelf = client.get("/v1/stock/main/cc-mug").await.json();
    assert_eq!(
        (&shelf["on_hand"], &shelf["promised"]),
        (&json!(2), &json!(4))
    );
    let unsold = async || {
        client
            .get("/v1/purchase-orders/PO-1/not-sold-ahead")
            .await
            .json()
    };
    assert_eq!(unsold().await, json!({"skus": []}));
    let denied = json!({"title": "Bowl", "backorder": {"policy": "deny"}});
    let reply = client.put("/v1/skus/cc-bowl", denied).await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    assert_eq!(unsold().await, json!({"skus": ["cc-bowl"]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_got_another_title_is_found_by_that_one_alone() {
    let (_shop, client) = shop().await;
    let ask = async |query: &str| client.get(&format!("/v1/stock?{query}")).await.json();
    assert_eq!(skus(&ask("q=blue").await), ["cc-mug"]);
    for (sku, title) in [("cc-mug", "Red Mug"), ("CC-lamp", "Red Lamp")] {
        let reply = client
            .put(&format!("/v1/skus/{sku}"), json!({"title": title}))
            .await;
        assert_eq!(reply.status, 200, "{}", reply.json());
    }
    assert_eq!(skus(&ask("q=blue").await), [""; 0]);
    assert_eq!(skus(&ask("q=red").await), ["CC-lamp", "cc-mug"]);
    assert_eq!(skus(&ask("q=red+mug").await), ["cc-mug"]);
    let all = ask("limit=3").await;
    assert_eq!(
        (skus(&all), &all["more"]),
        (vec!["cc-bowl", "CC-lamp", "cc-mug"], &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_are_found_by_words_of_their_ids_and_titles_the_best_first() {
    let (_shop, client) = shop().await;
    let ask = async |query: &str| client.get(&format!("/v1/stock?{query}")).await.json();
    assert_eq!(skus(&ask("q=MUG").await), ["mug-tree", "cc-mug"]);
    assert_eq!(skus(&ask("q=cc-mug").await), ["cc-mug"]);
    assert_eq!(skus(&ask("q=mug+blue").await), ["cc-mug"]);
    assert_eq!(skus(&ask("q=sch%C3%BC").await), ["cc-bowl"]);
    assert_eq!(skus(&ask("q=nothing").await), [""; 0]);
    let first = ask("limit=1").await;
    assert_eq!(
        (skus(&first), &first["more"]),
        (vec!["cc-bowl"], &json!(true))
    );

    let mug = &ask("q=cc-mug").await["items"][0];
    assert_eq!(mug["title"], "Blue Mug");
    let numbers =
        ["on_hand", "promised", "available", "waiting", "incoming"].map(|name| &mug[name]);
    assert_eq!(numbers, [2, 4, -2, 2, 10].map(Value::from).each_ref());
    assert_eq!(
        (&mug["next_in"], &mug["status"]),
        (&json!("2026-12-01"), &json!("backorder"))
    );
    assert!(
        mug["ships_by"].is_string() && mug["text"].is_string(),
        "{mug}"
    );

    for query in ["limit=0", "limit=51", "limit=x", "query=mug"] {
        let reply = client.get(&format!("/v1/stock?{query}")).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (422, "invalid_parameter"),
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_previewed_as_it_would_come_about_and_changes_nothing() {
    let (shop, client) = shop().await;
    let before = client.get("/v1/orders/1001").await.json();
    let revision = shop.revision();
    let change = json!({"expected_on": "2026-12-20"});
    let path = "/v1/purchase-orders/PO-1/preview";
    let preview = client.json("POST", path, &change.to_string()).await;
    assert_eq!(preview.status, 200, "{}", preview.json());
    let preview = preview.json();
    assert_eq!(
        preview["later"].as_array().map(Vec::len),
        Some(1),
        "{preview}"
    );
    assert_eq!(preview["sooner"], json!([]));
    assert_eq!(client.get("/v1/orders/1001").await.json(), before);
    assert_eq!(shop.revision(), revision);
    let order = client.get("/v1/purchase-orders/PO-1").await.json();
    assert_eq!(order["lines"][0]["expected_on"], "2026-12-01");

    let changed = client.patch("/v1/purchase-orders/PO-1", change).await;
    assert_eq!(changed.status, 200);
    let moved = &preview["later"][0];
    let after = client.get("/v1/orders/1001").await.json();
    let slices = after["lines"][0]["slices"].as_array().expect("slices");
    let last = slices
        .iter()
        .filter_map(|slice| slice["ships_by"].as_str())
        .max();
    assert_eq!(moved["would_ship_by"].as_str(), last, "{after}");
    assert_eq!(
        (&moved["order"], &moved["quantity"]),
        (&json!("1001"), &json!(4))
    );
    assert!(
        moved["ships_by"].as_str() < moved["would_ship_by"].as_str(),
        "{moved}"
    );

    let sooner = json!({"expected_on": "2026-11-25"}).to_string();
    let preview = client.json("POST", path, &sooner).await.json();
    assert_eq!(
        (
            &preview["later"],
            preview["sooner"].as_array().map(Vec::len)
        ),
        (&json!([]), Some(1))
    );
    let reply = client
        .json("POST", "/v1/purchase-orders/PO-9/preview", &sooner)
        .await;
    assert_eq!(reply.status, 404);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn today_names_what_is_later_than_it_was_told_and_counts_what_can_leave() {
    let (shop, client) = shop().await;
    let today = client.get("/v1/today").await.json();
    assert_eq!(
        (&today["day"], &today["at_risk"]["count"]),
        (&json!("2026-11-23"), &json!(0))
    );
    assert_eq!(
        (&today["ready"]["count"], &today["payments"]["count"]),
        (&json!(1), &json!(0))
    );

    let change = json!({"expected_on": "2026-12-20"});
    assert_eq!(
        client
            .patch("/v1/purchase-orders/PO-1", change)
            .await
            .status,
        200
    );
    let today = client.get("/v1/today").await.json();
    let risk = &today["at_risk"]["items"][0];
    assert_eq!(
        (&today["at_risk"]["count"], &risk["order"]),
        (&json!(1), &json!("1001"))
    );
    assert!(0 < risk["days_late"].as_i64().expect("days"), "{risk}");
    assert_eq!(risk["purchase_orders"], json!(["PO-1"]));

    let change = json!({"expected_on": null});
    assert_eq!(
        client
            .patch("/v1/purchase-orders/PO-1", change)
            .await
            .status,
        200
    );
    let today = client.get("/v1/today").await.json();
    assert_eq!(today["at_risk"]["items"][0]["days_late"], Value::Null);

    let receipt = json!({"receipt": "r1", "lines": [{"sku": "cc-mug", "quantity": 10}]});
    let reply = client
        .post("/v1/purchase-orders/PO-1/receipts", "r1", receipt)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    let today = client.get("/v1/today").await.json();
    assert_eq!(
        (&today["at_risk"]["count"], &today["ready"]["count"]),
        (&json!(0), &json!(1))
    );
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suppliers_are_told_with_how_many_deliveries_stand_behind_each_number() {
    let (_shop, client) = shop().await;
    let weaver = json!({"name": "Weaver"});
    assert_eq!(
        client
            .put("/v1/suppliers/weaver", weaver.clone())
            .await
            .status,
        200
    );
    assert_eq!(
        client.put("/v1/suppliers/newcomer", json!({})).await.status,
        200
    );
    for (at, came) in ["2026-10-10", "2026-10-12", "2026-11-05"]
        .iter()
        .enumerate()
    {
        let order = json!({"id": format!("W-{at}"), "supplier": "weaver", "ordered_on": "2026-10-01",
            "lines": [{"sku": "mug-tree", "quantity": 1, "expected_on": "2026-10-11"}]});
        let reply = client
            .post("/v1/purchase-orders", &format!("w{at}"), order)
            .await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        let receipt = json!({"receipt": "r", "received_on": came, "lines": [{"sku": "mug-tree", "quantity": 1}]});
        let path = format!("/v1/purchase-orders/W-{at}/receipts");
        let reply = client.post(&path, &format!("r{at}"), receipt).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
    }
    let told = client.get("/v1/lead-times").await.json();
    let [newcomer, weaver] = [&told["items"][0], &told["items"][1]];
    assert_eq!(
        (&newcomer["deliveries"], &newcomer["lead_time"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(
        (&weaver["name"], &weaver["deliveries"]),
        (&json!("Weaver"), &json!(3))
    );
    assert_eq!(
        weaver["lead_time"],
        json!({"n": 3, "p10": 9, "p50": 11, "p80": 35, "p90": 35})
    );
    assert_eq!(weaver["promised"]["p50"], 10);
    assert_eq!(
        weaver["slip"],
        json!({"n": 3, "p10": -1, "p50": 1, "p80": 25, "p90": 25})
    );
    assert_eq!(
        (&weaver["kept"]["n"], weaver["kept"]["rate"].as_f64()),
        (&json!(3), Some(1.0 / 3.0))
    );
    let months = weaver["months"].as_array().expect("months").iter();
    let months: Vec<_> = months
        .map(|month| (&month["month"], &month["lead_time"]["n"]))
        .collect();
    assert_eq!(
        months,
        [
            (&json!("2026-10"), &json!(2)),
            (&json!("2026-11"), &json!(1))
        ]
    );
}
