use axum::body::Body;
use axum::http::header;
use server::operations::check_availability::{Question, answer};
use shared::availability::Display;
use shared::quantity::Quantity;
use shared::text::Language;

use crate::stand::{MONDAY_MORNING, SHOP_ORIGIN, Stand, cap, hoodie, instant, request, settings};

#[tokio::test]
async fn skus_are_answered_in_the_order_asked_and_unknown_ones_are_no_error() {
    let stand = Stand::new().await;
    let answer = stand
        .get("/v1/availability?sku=nobody&sku=hoodie&sku=cap&qty=3")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        answer.header("content-type"),
        "application/json; charset=utf-8"
    );
    let list = answer.json();
    let seen: Vec<_> = list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| format!("{} {} {}", item["sku"], item["status"], item["ships_by"]))
        .collect();
    assert_eq!(
        seen,
        [
            r#""nobody" "unknown" null"#,
            r#""hoodie" "backorder" "2026-12-15""#,
            r#""cap" "in_stock" "2026-11-24""#,
        ]
    );
    assert_eq!(list["revision"], 7);
    assert_eq!(
        list["items"][1]["text"]["detail"],
        "1 ready now, 2 more by December 15"
    );
    let as_of = instant(list["as_of"].as_str().expect("an instant"));
    assert!((as_of - instant(MONDAY_MORNING)).num_seconds() < 60);
}

#[tokio::test]
async fn words_are_in_the_language_asked_for() {
    let stand = Stand::new().await;
    let german = stand
        .get("/v1/availability?sku=hoodie&lang=de-AT&qty=3")
        .await
        .json();
    let french = stand
        .get("/v1/availability?sku=hoodie&lang=fr&qty=3")
        .await
        .json();
    assert_ne!(german["items"][0]["text"], french["items"][0]["text"]);
    let date = german["items"][0]["text"]["date"].as_str().expect("a date");
    assert!(date.contains("15. Dezember"), "{date}");
}

#[tokio::test]
async fn an_answer_that_is_kept_equals_a_fresh_one() {
    let stand = Stand::new().await;
    for language in Language::ALL {
        let address = format!("/v1/availability?sku=hoodie&lang={}", language.tag());
        let first = stand.get(&address).await.json();
        let kept = stand.get(&address).await.json();
        let fresh = answer(
            &stand.shop,
            &stand.shop.settings(),
            &"hoodie".parse().expect("a SKU"),
            &Question {
                quantity: Quantity::new(1),
                language,
                to: None,
                visitor: None,
            },
            instant(MONDAY_MORNING),
        );
        let fresh = serde_json::to_value(fresh).expect("JSON");
        assert_eq!(first["items"][0], fresh);
        assert_eq!(kept["items"][0], fresh);
    }
}

#[tokio::test]
async fn a_kept_answer_goes_with_new_facts_and_new_settings() {
    let stand = Stand::new().await;
    let label = async || {
        stand.get("/v1/availability?sku=cap").await.json()["items"][0]["text"]["label"].clone()
    };
    assert_eq!(label().await, "In stock");
    stand.change(cap(0));
    assert_eq!(label().await, "Sold out");
    stand.change({
        let mut facts = cap(2);
        facts.selling.low_stock_threshold = Quantity::new(3);
        facts
    });
    assert_eq!(label().await, "Only 2 left");
    let mut quiet = settings(SHOP_ORIGIN);
    quiet.promises.display = Display::FewLeft;
    quiet.generation = 2;
    stand.shop.put_settings(quiet);
    assert_eq!(label().await, "Only a few left");
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let stand = Stand::new().await;
    let first = stand.get("/v1/availability?sku=cap&sku=hoodie").await;
    let tag = first.header("etag").to_owned();
    let ask = async |known: &str| {
        let request =
            request("GET", "/v1/availability?sku=cap&sku=hoodie").header("if-none-match", known);
        stand
            .send(request.body(Body::empty()).expect("a request"))
            .await
    };
    for known in [
        &tag,
        "*",
        &format!("\"x\", {tag}"),
        tag.trim_start_matches("W/"),
    ] {
        let again = ask(known).await;
        assert_eq!(
            (again.status.as_u16(), again.text.as_str()),
            (304, ""),
            "{known}"
        );
        assert_eq!(again.header("etag"), tag);
        assert_ne!(again.header("cache-control"), "");
    }
    stand.change(cap(4));
    let changed = ask(&tag).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn an_answer_may_be_kept_for_five_seconds_stale_for_a_while_and_never_past_its_end() {
    let stand = Stand::new().await;
    let answer = stand.get("/v1/availability?sku=cap").await;
    let usual = "public, max-age=5, stale-while-revalidate=5, stale-if-error=600";
    assert_eq!(answer.header("cache-control"), usual);
    assert_eq!(
        answer.header("vary"),
        "Origin, Accept-Encoding, Authorization, X-ShipsBy-Key"
    );

    use server::http::availability::cacheable_until;
    let now = instant("2026-11-23T18:59:57Z");
    let cut_off = Some(instant("2026-11-23T19:00:00Z"));
    let kept = |before: &str| cacheable_until(cut_off, instant(&format!("2026-11-23T{before}Z")));
    assert_eq!(cacheable_until(cut_off, now), shortened(3, 0, 0));
    assert_eq!(kept("18:59:53"), shortened(5, 2, 2));
    assert_eq!(kept("18:59:40"), shortened(5, 5, 15));
    assert_eq!(kept("18:49:55"), usual);
    assert_eq!(kept("18:59:59.5"), "no-cache");
    assert_eq!(kept("19:00:01"), "no-cache");
    assert_eq!(cacheable_until(None, now), usual);
}

fn shortened(fresh: u32, while_asking: u32, on_error: u32) -> String {
    format!(
        "public, max-age={fresh}, stale-while-revalidate={while_asking}, stale-if-error={on_error}"
    )
}

#[tokio::test]
async fn a_cart_has_a_way_together_and_a_paid_one_apart() {
    let stand = Stand::new().await;
    let answer = stand
        .post(
            "/v1/plans",
            r#"{"lines":[{"sku":"cap","quantity":1},{"sku":"hoodie","quantity":1},{"sku":"hoodie","quantity":2}]}"#,
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let plans = answer.json();
    assert_eq!(
        plans["lines"][1]["requested"], 3,
        "lines of one SKU are summed"
    );
    assert_eq!(plans["default"], "together");
    let kinds: Vec<_> = plans["options"]
        .as_array()
        .expect("options")
        .iter()
        .map(|option| &option["kind"])
        .collect();
    assert_eq!(kinds, ["together", "separate"]);
    assert_eq!(plans["options"][0]["surcharge"]["amount"], 0);
    assert_eq!(plans["options"][1]["surcharge"]["amount"], 495);
    assert_eq!(plans["lang"], "en-US");
    assert_eq!(plans["revision"], 7);
}

#[tokio::test]
async fn counts_that_the_merchant_hides_leave_nowhere() {
    let stand = Stand::new().await;
    for (display, generation) in [(Display::FewLeft, 2), (Display::Hidden, 3)] {
        let mut quiet = settings(SHOP_ORIGIN);
        quiet.promises.display = display;
        quiet.generation = generation;
        stand.shop.put_settings(quiet);
        // 777 are there, and one more is asked for.
        stand.change(cap(777));
        let mut few = hoodie();
        few.places[0].on_hand = Quantity::new(777);
        few.selling.backorder.mode = shared::supply::BackorderMode::Deny;
        stand.change(few);
        // Here 9,999 can be had: 777 now, and the rest later.
        let mut made = hoodie();
        made.sku = "made".parse().expect("a SKU");
        made.places[0].on_hand = Quantity::new(777);
        made.places[0].incoming[0].quantity = Quantity::new(20_000);
        stand.change(made);
        for address in [
            "/v1/availability?sku=cap&sku=hoodie",
            "/v1/availability?sku=cap&sku=hoodie&qty=778",
            "/v1/availability?sku=cap&sku=hoodie&qty=9999",
            "/v1/availability?sku=made&qty=9999",
            "/v1/snippet/made.html?qty=9999",
            "/v1/snippet/cap.html?qty=778",
            "/v1/jsonld/cap.json?qty=778",
        ] {
            let answer = stand.get(address).await;
            assert_eq!(answer.status, 200, "{address}");
            assert!(!answer.text.contains("777"), "{address}: {}", answer.text);
            // The digits of a hash, of the time of day and of a request's number are anything.
            let told = answer
                .headers
                .iter()
                .filter(|(name, _)| ![header::ETAG, header::DATE].contains(name))
                .filter(|(name, _)| *name != "x-request-id");
            assert!(
                !format!("{:?}", told.collect::<Vec<_>>()).contains("777"),
                "{address}"
            );
        }
        let cart = r#"{"lines":[{"sku":"cap","quantity":778},{"sku":"hoodie","quantity":9999}]}"#;
        let answer = stand.post("/v1/plans", cart).await;
        assert!(!answer.text.contains("777"), "{}", answer.text);
        let cart = r#"{"lines":[{"sku":"made","quantity":9999}]}"#;
        let answer = stand.post("/v1/plans", cart).await;
        assert!(!answer.text.contains("777"), "{}", answer.text);
        assert!(answer.text.contains("\"quantity\":9999"), "{}", answer.text);
    }
}

#[tokio::test]
async fn the_snippet_says_the_same_words_as_text_only() {
    let stand = Stand::new().await;
    let snippet = stand.get("/v1/snippet/hoodie.html?qty=3").await;
    assert_eq!(snippet.status, 200);
    assert_eq!(snippet.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(
        snippet.text,
        "<span class=\"ships-by ships-by--backorder\" lang=\"en-US\"><span class=\"ships-by__label\">Backordered</span> \
         <span class=\"ships-by__date\">Ships by Tuesday, December 15</span> \
         <span class=\"ships-by__detail\">1 ready now, 2 more by December 15</span> \
         <span class=\"ships-by__reason\">Our weaver&#39;s &lt;ship&gt; is late</span></span>\n"
    );
    let unknown = stand.get("/v1/snippet/nobody.html").await;
    assert_eq!((unknown.status.as_u16(), unknown.text.as_str()), (200, ""));
    stand
        .get("/v1/snippet/hoodie")
        .await
        .is_problem(404, "not_found");
    stand
        .get("/v1/snippet/%FF.html")
        .await
        .is_problem(404, "not_found");
    stand
        .get("/v1/snippet/%00.html")
        .await
        .is_problem(422, "invalid_sku");
}

#[tokio::test]
async fn the_offer_is_honest_and_cannot_end_its_script_element() {
    let stand = Stand::new().await;
    let offer = stand.get("/v1/jsonld/hoodie.json?qty=3").await;
    assert_eq!(offer.header("content-type"), "application/ld+json");
    let offer = offer.json();
    assert_eq!(offer["@type"], "Offer");
    assert_eq!(offer["availability"], "https://schema.org/BackOrder");
    assert_eq!(offer["availabilityStarts"], "2026-12-15");
    let cap = stand.get("/v1/jsonld/cap.json").await;
    assert!(!cap.text.contains('<'), "{}", cap.text);
    assert_eq!(cap.json()["name"], "Cap </script><script>alert(1)</script>");
    assert_eq!(cap.json()["availabilityStarts"], serde_json::Value::Null);
    stand
        .get("/v1/jsonld/nobody.json")
        .await
        .is_problem(404, "not_found");
}

#[tokio::test]
async fn those_who_run_the_server_see_how_it_is() {
    let stand = Stand::new().await;
    assert_eq!(stand.get("/healthz").await.text, "alive\n");
    assert_eq!(stand.get("/readyz").await.text, "ready\n");
    stand.get("/v1/availability?sku=cap").await;
    stand.get("/v1/availability").await;
    stand.get("/v1/snippet/cap.html").await;
    stand.get("/nowhere").await;
    let metrics = stand.get("/metrics").await.text;
    for line in [
        r#"shipsby_http_requests_total{route="/v1/availability",status="200"} 1"#,
        r#"shipsby_http_requests_total{route="/v1/availability",status="422"} 1"#,
        r#"shipsby_http_requests_total{route="/v1/snippet/{file}",status="200"} 1"#,
        r#"shipsby_http_requests_total{route="none",status="404"} 1"#,
        r#"shipsby_skus{store="one"} 3"#,
        r#"shipsby_revision{store="one"} 7"#,
        r#"shipsby_purchase_orders_overdue{store="one"} 0"#,
        r#"shipsby_errands_overdue{store="one"} 0"#,
        r#"shipsby_letters_given_up_total{store="one"} 0"#,
        "shipsby_streams_open 0",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn every_route_is_described_and_every_description_is_a_route() {
    let stand = Stand::new().await;
    let description = stand.get("/openapi.json").await;
    assert_eq!(description.status, 200);
    let description = description.json();
    assert!(
        description["openapi"]
            .as_str()
            .expect("a version")
            .starts_with("3.1")
    );
    let paths = description["paths"].as_object().expect("paths");
    assert!(paths.len() >= 12, "{}", paths.len());
    for (path, methods) in paths {
        for method in methods.as_object().expect("methods").keys() {
            let method = method.to_uppercase();
            let request = request(&method, &path.replace(['{', '}'], "x"));
            let answer = stand
                .send(request.body(Body::empty()).expect("a request"))
                .await;
            assert_ne!(answer.status, 405, "{method} {path}");
        }
    }
    for page in ["/docs", "/docs/docs.js", "/docs/docs.css"] {
        let answer = stand.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'"),
            "{page}"
        );
    }
}

#[test]
fn the_committed_description_is_what_the_routes_are() {
    use server::http::routes;

    let committed = include_str!("../../openapi.json");
    let present = routes::json(&routes::description());
    assert!(
        committed == present,
        "run: cargo run -p shipsby-server -- openapi > server/openapi.json"
    );
}
