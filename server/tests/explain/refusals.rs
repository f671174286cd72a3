//! Who may see it, how it is asked for, and that names in it stay names.

use server::demo::setup::{self, PUBLISHABLE_KEY, SECRET_KEY};
use server::operations::put_sku::put_sku;
use server::operations::records::SkuRecord;

use crate::demo::Demo;

const EXPLAIN: &str = "/v1/availability/cc-scarf/explain";

#[tokio::test]
async fn shoppers_are_refused_whatever_they_ask_for() {
    let demo = Demo::new().await;
    for asked in [
        "",
        "?qty=3",
        "?format=text",
        "?format=svg",
        "?format=nonsense",
    ] {
        let path = format!("{EXPLAIN}{asked}");
        let reply = demo.ask(&path, PUBLISHABLE_KEY, "*/*").await;
        assert_eq!(reply.status, 403, "{path}");
        assert_eq!(reply.json()["code"], "publishable_key_not_allowed");
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }
    let unknown = demo
        .ask("/v1/availability/nobody/explain", PUBLISHABLE_KEY, "*/*")
        .await;
    assert_eq!(unknown.status, 403, "nobody learns which SKUs there are");
    let in_address = format!("{EXPLAIN}?key={SECRET_KEY}");
    let in_address = demo.ask(&in_address, "", "*/*").await;
    assert_eq!(in_address.status, 401);
}

#[tokio::test]
async fn it_is_had_as_json_text_or_a_picture() {
    let demo = Demo::new().await;
    let cases = [
        ("?format=json", "*/*", "application/json"),
        ("", "*/*", "application/json"),
        ("", "text/plain", "text/plain; charset=utf-8"),
        ("", "image/svg+xml", "image/svg+xml"),
        ("?format=svg", "text/plain", "image/svg+xml"),
        (
            "?format=text",
            "application/json",
            "text/plain; charset=utf-8",
        ),
    ];
    for (asked, accept, kind) in cases {
        let path = format!("{EXPLAIN}{asked}");
        let reply = demo.ask(&path, SECRET_KEY, accept).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, kind));
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        let policy = reply.header("content-security-policy");
        match kind {
            "image/svg+xml" => assert_eq!(
                policy,
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
            ),
            _ => assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'"),
        }
        if kind == "application/json" {
            let text = demo.ask(&path, SECRET_KEY, "text/plain").await.text;
            let json = reply.json();
            assert!(asked.contains("json") || json["text"] == text.as_str());
        }
    }
}

#[tokio::test]
async fn what_cannot_be_explained_is_refused_with_the_reason() {
    let demo = Demo::new().await;
    let cases = [
        ("nobody", "", 404, "not_found"),
        ("%00", "", 404, "not_found"),
        ("%FF", "", 404, "not_found"),
        ("cc-scarf", "?qty=0", 422, "invalid_quantity"),
        ("cc-scarf", "?qty=", 422, "invalid_quantity"),
        ("cc-scarf", "?qty=x", 422, "invalid_quantity"),
        ("cc-scarf", "?qty=10000", 422, "quantity_too_large"),
        ("cc-scarf", "?format=pdf", 422, "invalid_parameter"),
    ];
    for (sku, asked, status, code) in cases {
        let path = format!("/v1/availability/{sku}/explain{asked}");
        let reply = demo.ask(&path, SECRET_KEY, "*/*").await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.json()["code"], code, "{path}");
    }
    assert_eq!(demo.explained("cc-scarf", "?qty=9999").await.status, 200);
}

#[tokio::test]
async fn names_stay_text_wherever_they_stand() {
    let demo = Demo::new().await;
    let hostile = "</text><script>alert('1')</script>&\"/ü";
    let mut record = SkuRecord::new(hostile.parse().expect("a SKU"));
    record.title = Some("</title></svg><img src=x onerror=\"alert(2)\"><style>*{}".into());
    put_sku(&demo.app, &setup::store(), record)
        .await
        .expect("a SKU");
    let picture = demo.explained(hostile, "?format=svg").await;
    assert_eq!(picture.status, 200);
    assert!(picture.text.contains("&lt;/text&gt;&lt;script&gt;"));
    assert!(picture.text.contains("&lt;/title&gt;&lt;/svg&gt;"));
    // Nothing else makes an element, and no element has an attribute that does something.
    const ELEMENTS: [&str; 9] = [
        "svg", "title", "desc", "style", "rect", "text", "tspan", "line", "path",
    ];
    for tag in picture.text.split('<').skip(1) {
        let name = tag.trim_start_matches('/');
        let name = name.split([' ', '>', '/']).next().unwrap_or_default();
        assert!(ELEMENTS.contains(&name) || name == "circle", "<{tag}");
        let inside = tag.split('>').next().unwrap_or_default();
        assert!(
            !inside.contains(" on") && !inside.contains("href"),
            "<{tag}"
        );
    }
    assert_eq!(picture.text.matches("<style>").count(), 1);

    let text = demo.explained(hostile, "?format=text").await;
    assert!(text.text.contains("<script>"), "text is not marked up");
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(demo.explained(hostile, "").await.json()["sku"], hostile);
}
