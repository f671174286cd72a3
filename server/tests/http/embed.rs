use axum::body::Body;

use crate::stand::{Stand, request};

#[tokio::test]
async fn the_widget_is_served_to_every_page() {
    let stand = Stand::new().await;
    let script = stand.get("/embed/v1/ships-by.js").await;
    assert_eq!(script.header("access-control-allow-origin"), "*");
    assert_eq!(
        script.header("cross-origin-resource-policy"),
        "cross-origin"
    );
    if script.status == 404 {
        // Without dist/embed there is only the advice to make it.
        script.is_problem(404, "widget_not_built");
        return;
    }
    assert_eq!(script.status, 200);
    assert_eq!(
        script.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert!(
        script
            .header("cache-control")
            .starts_with("public, max-age=300")
    );
    assert_eq!(script.header("vary"), "Accept-Encoding");
    assert_eq!(script.header("timing-allow-origin"), "*");

    let manifest = stand.get("/embed/manifest.json").await.json();
    let version = manifest["version"].as_str().expect("a version");
    let wasm = format!("/embed/{version}/widget.wasm");
    let pinned = request("GET", &wasm).header("accept-encoding", "gzip, br");
    let pinned = stand
        .front
        .answer(
            pinned.body(Body::empty()).expect("a request"),
            [127, 0, 0, 1].into(),
        )
        .await;
    assert_eq!(pinned.headers()["content-type"], "application/wasm");
    assert_eq!(pinned.headers()["content-encoding"], "br");
    assert_eq!(
        pinned.headers()["cache-control"],
        "public, max-age=31536000, immutable"
    );
    stand
        .get("/embed/0.0.0/widget.js")
        .await
        .is_problem(404, "not_found");
    stand
        .get("/embed/v1/secrets.js")
        .await
        .is_problem(404, "not_found");
    stand
        .get("/embed/v1/..%2f..%2fCargo.toml")
        .await
        .is_problem(404, "not_found");
}
