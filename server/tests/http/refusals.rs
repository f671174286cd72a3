use axum::body::Body;
use axum::http::Request;
use server::limits::Limits;

use crate::stand::{Stand, request};

#[tokio::test]
async fn questions_that_cannot_be_answered_say_why() {
    let stand = Stand::new().await;
    let skus = |count: usize| vec!["sku=a"; count].join("&");
    let long = format!("/v1/availability?sku={}", "x".repeat(8200));
    let cases = [
        ("/v1/availability".to_owned(), 422, "sku_required"),
        ("/v1/availability?sku=".to_owned(), 422, "invalid_sku"),
        ("/v1/availability?sku=%00".to_owned(), 422, "invalid_sku"),
        (
            format!("/v1/availability?{}", skus(101)),
            422,
            "too_many_skus",
        ),
        (
            "/v1/availability?sku=a&qty=0".to_owned(),
            422,
            "invalid_quantity",
        ),
        (
            "/v1/availability?sku=a&qty=1.5".to_owned(),
            422,
            "invalid_quantity",
        ),
        (
            "/v1/availability?sku=a&qty=1e30".to_owned(),
            422,
            "invalid_quantity",
        ),
        (
            "/v1/availability?sku=a&qty=10000".to_owned(),
            422,
            "quantity_too_large",
        ),
        ("/v1/stream".to_owned(), 422, "sku_required"),
        (format!("/v1/stream?{}", skus(101)), 422, "too_many_skus"),
        (long, 414, "url_too_long"),
        ("/nowhere".to_owned(), 404, "not_found"),
        ("/v1/nowhere".to_owned(), 404, "not_found"),
        ("/v1/plans".to_owned(), 405, "method_not_allowed"),
    ];
    for (address, status, code) in cases {
        stand.get(&address).await.is_problem(status, code);
    }
    let fine = stand
        .get(&format!("/v1/availability?{}&debug=1", skus(100)))
        .await;
    assert_eq!(fine.status, 200);
    assert_eq!(stand.get("/v1/plans").await.header("allow"), "POST");
}

#[tokio::test]
async fn a_quantity_is_named_by_where_it_stands() {
    let stand = Stand::new().await;
    let query = stand.get("/v1/availability?sku=a&qty=0").await.json();
    assert_eq!(query["errors"][0]["pointer"], "?qty");

    let line = |quantity: &str| format!(r#"{{"lines":[{{"sku":"cap","quantity":{quantity}}}]}}"#);
    let bad = [
        "0",
        "-1",
        "1.5",
        "\"1\"",
        "1e9",
        "2147483648",
        "9223372036854775808",
        "null",
        "true",
        "[]",
    ];
    for quantity in bad {
        let answer = stand.post("/v1/plans", &line(quantity)).await;
        answer.is_problem(422, "invalid_quantity");
        assert_eq!(
            answer.json()["errors"][0]["pointer"],
            "/lines/0/quantity",
            "{quantity}"
        );
    }
    for quantity in ["10000", "99999"] {
        stand
            .post("/v1/plans", &line(quantity))
            .await
            .is_problem(422, "quantity_too_large");
    }
    let twice = r#"{"lines":[{"sku":"cap","quantity":5000},{"sku":"cap","quantity":5000}]}"#;
    let answer = stand.post("/v1/plans", twice).await;
    answer.is_problem(422, "quantity_too_large");
    assert_eq!(answer.json()["errors"][0]["pointer"], "/lines/1/quantity");
}

#[tokio::test]
async fn bodies_that_cannot_be_used_say_why() {
    let stand = Stand::new().await;
    let many = |count| {
        format!(
            r#"{{"lines":[{}]}}"#,
            vec![r#"{"sku":"a","quantity":1}"#; count].join(",")
        )
    };
    let cases = [
        ("", 400, "invalid_json"),
        ("{", 400, "invalid_json"),
        ("NaN", 400, "invalid_json"),
        ("null", 422, "invalid_value"),
        ("{}", 422, "missing_field"),
        (r#"{"lines":[]}"#, 422, "lines_required"),
        (&many(101), 422, "too_many_lines"),
        (r#"{"lines":[],"tenant_id":"two"}"#, 422, "unknown_field"),
        (
            r#"{"lines":[{"sku":"a","quantity":1,"price":1}]}"#,
            422,
            "unknown_field",
        ),
        (
            r#"{"lines":[{"sku":"a","sku":"b","quantity":1}]}"#,
            422,
            "duplicate_field",
        ),
        (r#"{"lines":[{"sku":"","quantity":1}]}"#, 422, "invalid_sku"),
        (
            r#"{"lines":[{"sku":"a\u0000","quantity":1}]}"#,
            422,
            "invalid_sku",
        ),
        (
            r#"{"lines":[{"sku":"\ud800","quantity":1}]}"#,
            422,
            "invalid_sku",
        ),
        (&"[".repeat(100_000 / 2), 400, "invalid_json"),
    ];
    for (json, status, code) in cases {
        stand.post("/v1/plans", json).await.is_problem(status, code);
    }
    let unknown = stand
        .post("/v1/plans", r#"{"lines":[],"tenant_id":"two"}"#)
        .await
        .json();
    assert_eq!(unknown["errors"][0]["pointer"], "/tenant_id");
    assert_eq!(stand.post("/v1/plans", &many(100)).await.status, 200);
}

#[tokio::test]
async fn a_body_is_json_and_small_whether_its_length_is_told_or_not() {
    let stand = Stand::new().await;
    let send = async |kind: &str, body: Body| {
        let request = request("POST", "/v1/plans").header("content-type", kind);
        stand.send(request.body(body).expect("a request")).await
    };
    let cart = r#"{"lines":[{"sku":"cap","quantity":1}]}"#;
    send("text/plain", Body::from(cart))
        .await
        .is_problem(415, "unsupported_media_type");
    send("application/json; charset=utf-8", Body::from(cart)).await;
    let large = vec![b' '; 64 * 1024 + 1];
    let told = send("application/json", Body::from(large.clone())).await;
    told.is_problem(413, "payload_too_large");
    let parts = futures_util::stream::iter(
        large
            .chunks(1000)
            .map(|part| Ok::<_, std::io::Error>(part.to_vec()))
            .collect::<Vec<_>>(),
    );
    let chunked = send("application/json", Body::from_stream(parts)).await;
    chunked.is_problem(413, "payload_too_large");
    let zipped = request("POST", "/v1/plans")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    let zipped = stand
        .send(zipped.body(Body::from(cart)).expect("a request"))
        .await;
    zipped.is_problem(415, "unsupported_content_encoding");
}

#[tokio::test]
async fn whoever_sent_a_body_that_nobody_read_is_told_that_the_connection_ends() {
    let stand = Stand::new().await;
    let sent = |content_type: &str| {
        request("POST", "/v1/plans")
            .header("content-type", content_type)
            .body(Body::from(r#"{"lines": []}"#))
            .expect("a request")
    };
    let unread = stand.send(sent("text/plain")).await;
    assert_eq!(unread.status, 415);
    assert_eq!(unread.header("connection"), "close");
    let read = stand.send(sent("application/json")).await;
    assert_eq!(read.status, 422);
    assert_eq!(read.header("connection"), "");
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up() {
    let stand = Stand::new().await;
    tokio::time::pause();
    let trickle = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>(" "), ()))
    });
    let begun = tokio::time::Instant::now();
    let request = request("POST", "/v1/plans").header("content-type", "application/json");
    let answer = stand
        .send(request.body(Body::from_stream(trickle)).expect("a request"))
        .await;
    answer.is_problem(408, "request_timeout");
    assert_eq!(begun.elapsed().as_secs(), 15);
}

#[tokio::test]
async fn strange_methods_and_hosts_are_refused() {
    let stand = Stand::new().await;
    for method in ["TRACE", "CONNECT", "FOO"] {
        let answer = stand
            .send(request(method, "/").body(Body::empty()).expect("a request"))
            .await;
        answer.is_problem(405, "method_not_allowed");
        assert!(answer.header("allow").contains("GET"), "{method}");
    }
    let mut hostless = request("GET", "/healthz")
        .body(Body::empty())
        .expect("a request");
    hostless.headers_mut().remove("host");
    stand.send(hostless).await.is_problem(400, "host_required");
    assert_eq!(stand.send(to_host("evil.example")).await.status, 200);

    let listed = stand.with_accounts(r#"{"hosts": ["ships.example"]}"#);
    assert_eq!(listed.send(to_host("ships.example")).await.status, 200);
    listed
        .send(to_host("evil.example"))
        .await
        .is_problem(421, "host_not_served");
    let absolute =
        request("GET", "http://evil.example/v1/availability?sku=cap").body(Body::empty());
    let refused = listed.send(absolute.expect("a request")).await;
    refused.is_problem(421, "host_not_served");
}

fn to_host(host: &str) -> Request<Body> {
    let mut to = request("GET", "/v1/availability?sku=cap")
        .body(Body::empty())
        .expect("a request");
    to.headers_mut()
        .insert("host", host.parse().expect("a name"));
    to
}

#[tokio::test]
async fn every_answer_has_an_id_and_headers_that_keep_browsers_careful() {
    let stand = Stand::new().await;
    for address in [
        "/v1/availability?sku=cap",
        "/v1/availability",
        "/nowhere",
        "/healthz",
        "/embed/v1/ships-by.js",
    ] {
        let answer = stand.get(address).await;
        assert_eq!(answer.header("x-request-id").len(), 16, "{address}");
        assert_eq!(
            answer.header("x-content-type-options"),
            "nosniff",
            "{address}"
        );
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{address}");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'",
            "{address}"
        );
        assert_ne!(
            answer.header("cross-origin-resource-policy"),
            "",
            "{address}"
        );
        assert_eq!(answer.header("server"), "", "{address}");
    }
    for (shown, taken) in [
        ("my-id_1.2", true),
        ("with space", false),
        (&"x".repeat(65), false),
        ("<script>", false),
    ] {
        let request = request("GET", "/healthz").header("x-request-id", shown);
        let answer = stand
            .send(request.body(Body::empty()).expect("a request"))
            .await;
        assert_eq!(answer.header("x-request-id") == shown, taken, "{shown}");
    }
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_come_back() {
    let stand = Stand::with(Limits {
        requests_per_s: 1,
        requests_burst: 3,
        ..Limits::default()
    })
    .await;
    for _ in 0..3 {
        assert_eq!(stand.get("/v1/availability?sku=cap").await.status, 200);
    }
    let refused = stand.get("/v1/availability?sku=cap").await;
    refused.is_problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "1");
    // An address that nobody trusts to tell the truth does not help.
    let rotated = request("GET", "/v1/availability?sku=cap").header("x-forwarded-for", "9.9.9.9");
    stand
        .send(rotated.body(Body::empty()).expect("a request"))
        .await
        .is_problem(429, "rate_limited");
    let mut other = request("GET", "/v1/availability?sku=cap")
        .body(Body::empty())
        .expect("a request");
    other
        .headers_mut()
        .insert("x-shipsby-key", "pk_two".parse().expect("a header"));
    assert_eq!(stand.send(other).await.status, 200);
}
