use crate::stand::{Answer, Stand};

/// What keeps others out of the merchant's pages.
#[track_caller]
fn is_guarded(answer: &Answer) {
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        ),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), microphone=(), geolocation=(), payment=()",
        ),
        ("referrer-policy", "same-origin"),
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains",
        ),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn every_address_of_the_dashboard_gives_its_page_and_no_other_site_may_use_it() {
    let stand = Stand::new().await;
    let first = stand.get("/dashboard").await;
    for path in [
        "/dashboard",
        "/dashboard/",
        "/dashboard/index.html",
        "/dashboard/stock/cc-mug",
        "/dashboard/orders?after=1",
    ] {
        let page = stand.get(path).await;
        is_guarded(&page);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(
            (page.status, &page.text),
            (first.status, &first.text),
            "{path}"
        );
    }
    for path in [
        "/dashboard/..%2f..%2fCargo.toml",
        "/dashboard/missing.js",
        "/dashboard/stock/missing.css?v=1",
    ] {
        let missing = stand.get(path).await;
        is_guarded(&missing);
        assert_eq!(missing.status, 404, "{path}");
        assert_eq!(missing.text, "", "{path}");
        assert_eq!(missing.header("cache-control"), "no-store");
    }
    if first.status == 404 {
        // Without dist/dashboard there is only the advice to make it.
        assert!(first.text.contains("scripts/build-dashboard.sh"));
        return;
    }
    assert_eq!(first.status, 200);
    for (file, kind) in [
        ("dashboard.js", "text/javascript; charset=utf-8"),
        ("dashboard.css", "text/css; charset=utf-8"),
    ] {
        let part = stand.get(&format!("/dashboard/{file}")).await;
        is_guarded(&part);
        assert_eq!(part.status, 200);
        assert_eq!(part.header("content-type"), kind);
        assert_eq!(part.header("cache-control"), "no-cache");
        assert_ne!(part.header("etag"), "");
        assert!(!part.headers.contains_key("timing-allow-origin"));
    }
}
