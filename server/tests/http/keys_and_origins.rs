use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use server::catalogue::Catalogue;
use server::limits::Limits;
use server::share::Held;

use crate::stand::{Answer, OTHER_ORIGIN, SHOP_ORIGIN, Stand};

async fn ask(stand: &Stand, address: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder()
        .uri(address)
        .header("host", "ships.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    stand
        .send(request.body(Body::empty()).expect("a request"))
        .await
}

#[tokio::test]
async fn a_key_may_be_shown_in_three_ways() {
    let stand = Stand::new().await;
    let question = "/v1/availability?sku=cap";
    for (address, header) in [
        (question.to_owned(), Some(("x-shipsby-key", "pk_one"))),
        (format!("{question}&key=pk_one"), None),
        (
            question.to_owned(),
            Some(("authorization", "Bearer sk_one")),
        ),
        (
            question.to_owned(),
            Some(("authorization", "bearer sk_one")),
        ),
    ] {
        let answer = ask(&stand, &address, header.as_slice()).await;
        assert_eq!(answer.status, 200, "{address} {header:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn keys_that_open_nothing_say_why() {
    let stand = Stand::new().await;
    let cases = [
        (None, 401, "key_required"),
        (Some(""), 401, "key_required"),
        (Some("pk_nobody"), 401, "invalid_key"),
        (Some("pk_old"), 401, "key_revoked"),
        (Some("pk_demo_shipsby"), 401, "demo_key_refused"),
        (Some("sk_demo_shipsby"), 401, "demo_key_refused"),
        (Some("sk_one"), 401, "secret_key_exposed"),
    ];
    for (key, status, code) in cases {
        let header = key.map(|key| ("x-shipsby-key", key));
        for address in [
            "/v1/availability?sku=cap",
            "/v1/stream?sku=cap",
            "/v1/snippet/cap.html",
            "/v1/jsonld/cap.json",
        ] {
            let answer = ask(&stand, address, header.as_slice()).await;
            answer.is_problem(status, code);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert!(key.is_none_or(|key| key.is_empty() || !answer.text.contains(key)));
        }
    }
}

#[tokio::test]
async fn the_demo_lets_in_its_own_keys() {
    let stand = Stand::with(Limits {
        demo_keys: true,
        ..Limits::default()
    })
    .await;
    let answer = ask(&stand, "/v1/availability?sku=cap&key=pk_demo_shipsby", &[]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn only_a_listed_page_may_read_an_answer() {
    let stand = Stand::new().await;
    let cases = [
        (SHOP_ORIGIN, 200, SHOP_ORIGIN),
        (OTHER_ORIGIN, 403, ""),
        ("https://evil.example", 403, ""),
        ("https://shop.example.evil.example", 403, ""),
        ("http://shop.example", 403, ""),
        ("https://shop.example:444", 403, ""),
        ("HTTPS://SHOP.EXAMPLE", 403, ""),
        ("null", 403, ""),
    ];
    for (origin, status, allowed) in cases {
        let answer = ask(
            &stand,
            "/v1/availability?sku=cap&key=pk_one",
            &[("origin", origin)],
        )
        .await;
        assert_eq!(answer.status, status, "{origin}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            allowed,
            "{origin}"
        );
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            "",
            "{origin}"
        );
        assert_eq!(
            answer.header("vary"),
            "Origin, Accept-Encoding, Authorization, X-ShipsBy-Key"
        );
        if status == 403 {
            answer.is_problem(403, "origin_not_allowed");
        }
    }
}

#[tokio::test]
async fn a_listed_page_may_read_what_went_wrong() {
    let stand = Stand::new().await;
    for address in [
        "/v1/availability?key=pk_one",
        "/v1/availability?sku=cap&key=pk_old",
        "/v1/availability?sku=cap",
        &format!("/v1/availability?sku={}", "x".repeat(9_000)),
    ] {
        let answer = ask(&stand, address, &[("origin", SHOP_ORIGIN)]).await;
        assert!(answer.status.is_client_error());
        assert_eq!(
            answer.header("access-control-allow-origin"),
            SHOP_ORIGIN,
            "{address}"
        );
        let stranger = ask(&stand, address, &[("origin", "https://evil.example")]).await;
        assert_eq!(
            stranger.header("access-control-allow-origin"),
            "",
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_preflight_is_answered_for_listed_pages_only() {
    let stand = Stand::new().await;
    let preflight = async |origin: &str, address: &str| {
        let request = Request::builder()
            .method("OPTIONS")
            .uri(address)
            .header("host", "ships.example");
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        stand
            .send(request.body(Body::empty()).expect("a request"))
            .await
    };
    for address in ["/v1/plans", "/v1/availability"] {
        let listed = preflight(SHOP_ORIGIN, address).await;
        assert_eq!(listed.status, 204);
        assert_eq!(listed.header("access-control-allow-origin"), SHOP_ORIGIN);
        assert_eq!(
            listed.header("access-control-allow-headers"),
            "content-type, last-event-id, x-shipsby-key"
        );
        assert_eq!(
            listed.header("access-control-allow-methods"),
            "GET, HEAD, POST"
        );
        assert_eq!(listed.header("access-control-max-age"), "600");
        assert_eq!(listed.header("access-control-allow-credentials"), "");
        let stranger = preflight("https://evil.example", address).await;
        stranger.is_problem(403, "origin_not_allowed");
        assert_eq!(stranger.header("access-control-allow-origin"), "");
    }
    let file = preflight("https://evil.example", "/embed/v1/ships-by.js").await;
    assert_eq!(file.header("access-control-allow-origin"), "*");
    let merchant = preflight(SHOP_ORIGIN, "/v1/skus/a").await;
    assert_eq!(merchant.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn one_shop_never_sees_another_shops_goods() {
    let stand = Stand::new().await;
    let answer = ask(
        &stand,
        "/v1/availability?sku=cap&key=pk_two",
        &[("origin", OTHER_ORIGIN)],
    )
    .await;
    assert_eq!(answer.json()["items"][0]["status"], "unknown");
}

#[tokio::test]
async fn a_store_that_is_still_loaded_is_worth_asking_again() {
    let stand = Stand::new().await;
    let fresh = Catalogue::default();
    fresh.await_stores(["one".parse().expect("an id")].into());
    let stand = stand.with_catalogue(fresh);
    let answer = stand.get("/v1/availability?sku=hoodie").await;
    answer.is_problem(503, "store_loading");
    assert_eq!(answer.headers["retry-after"], "2");
    let ready = stand.get("/readyz").await;
    ready.is_problem(503, "stores_loading");

    stand.app.catalogue.put_shop(Arc::clone(&stand.shop));
    assert_eq!(stand.get("/v1/availability?sku=hoodie").await.status, 200);
    assert_eq!(stand.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_store_of_another_server_is_sent_away() {
    let stand = Stand::new().await;
    let others = Held::Named(["two".parse().expect("an id")].into());
    let stand = stand.with_catalogue(Catalogue::of(others));
    for address in ["/v1/availability?sku=hoodie", "/v1/stream?sku=hoodie"] {
        let answer = stand.get(address).await;
        answer.is_problem(421, "store_elsewhere");
    }
    assert_eq!(stand.get("/readyz").await.status, 200);
}
