//! `/dashboard`: the merchant's own pages. They are one page that asks the API for all else.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

use super::bundles::Bundle;
use super::web::Web;

/// What the build of the front leaves in dist/dashboard. Read from there by development builds.
#[derive(RustEmbed)]
#[folder = "../dist/dashboard"]
#[allow_missing = true]
struct Built;

/// Where the dashboard is.
pub const PATH: &str = "/dashboard";
/// Its page.
const INDEX: &str = "index.html";
/// What pages and their parts may do: nothing of anybody else's, no script within the page, and no frame around it.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>ShipsBy</title>\
    <h1>The dashboard is not built into this server</h1>\
    <p>Run <code>scripts/build-dashboard.sh</code>, then build the server again. Everything the dashboard does is in the API too: see <a href=\"/docs\">/docs</a>.</p>";

/// The dashboard's files that are built in.
pub fn built_in() -> Bundle {
    Bundle::built_in::<Built>()
}

/// Gives the page.
pub async fn page(State(web): State<Web>, headers: HeaderMap) -> Response {
    guarded(index(&web, &headers), "no-store")
}

/// Gives a file, or the page: it shows what its address says. Where the last part of an address has a dot it names a file,
/// and nothing else does: who asks for one that is missing is told so.
pub async fn part(
    State(web): State<Web>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    match web.dashboard.given(&path, &headers) {
        // Their names are the same in each version, so they are asked for again each time, and are mostly still the same.
        Some(file) if path != INDEX => guarded(file, "no-cache"),
        None if path != INDEX && names_file(&path) => {
            guarded(StatusCode::NOT_FOUND.into_response(), "no-store")
        }
        _ => guarded(index(&web, &headers), "no-store"),
    }
}

fn names_file(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|last| last.contains('.'))
}

fn index(web: &Web, headers: &HeaderMap) -> Response {
    let page = web.dashboard.given(INDEX, headers);
    page.unwrap_or_else(|| (StatusCode::NOT_FOUND, Html(NOT_BUILT)).into_response())
}

fn guarded(mut response: Response, cache: &'static str) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CACHE_CONTROL, cache);
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        (
            "permissions-policy",
            "camera=(), microphone=(), geolocation=(), payment=()",
        ),
    ] {
        set(HeaderName::from_static(name), value);
    }
    response
}
