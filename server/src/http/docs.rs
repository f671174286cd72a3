//! `/docs` and `/openapi.json`: the API described, also without a network.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::named::Named;
use super::web::Web;
use crate::error::Problem;

const PAGE: &str = include_str!("docs/index.html");
const SCRIPT: &str = include_str!("docs/docs.js");
const STYLE: &str = include_str!("docs/docs.css");

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Describes this API
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operations",
    responses((status = 200, description = "The OpenAPI 3.1 description", body = serde_json::Value, content_type = "application/json"))
)]
pub async fn description(State(web): State<Web>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=60"),
    ];
    (headers, web.openapi.clone())
}

/// The page that shows the description.
pub async fn page() -> Response {
    part_of("text/html; charset=utf-8", PAGE)
}

/// Its script and its style.
pub async fn part(Named(file): Named<String>) -> Result<Response, Problem> {
    match file.as_str() {
        "docs.js" => Ok(part_of("text/javascript; charset=utf-8", SCRIPT)),
        "docs.css" => Ok(part_of("text/css; charset=utf-8", STYLE)),
        _ => Err(Problem::not_found()),
    }
}

fn part_of(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=60"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, content).into_response()
}
