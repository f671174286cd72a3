//! `/embed/...`: the widget's files.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::bundles::Kept;
use super::named::Named;
use super::web::Web;
use crate::error::Problem;

/// The version in addresses whose files follow the server's.
const EVERGREEN: &str = "v1";

/// Tells the version of the widget's files, and their hashes
#[utoipa::path(
    get,
    path = "/embed/manifest.json",
    tag = "widget",
    responses(
        (status = 200, description = "`version`, and `files`: name, integrity and bytes of each", body = serde_json::Value, content_type = "application/json"),
        (status = 404, description = "The widget is not built in", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn manifest(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    web.bundles
        .current()
        .answer("manifest.json", Kept::Shortly, &headers)
}

/// Describes the custom element for editors
#[utoipa::path(
    get,
    path = "/embed/custom-elements.json",
    tag = "widget",
    responses(
        (status = 200, description = "The custom elements manifest", body = serde_json::Value, content_type = "application/json"),
        (status = 404, description = "The widget is not built in", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn elements(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    web.bundles
        .current()
        .answer("custom-elements.json", Kept::Shortly, &headers)
}

/// Describes the custom element for TypeScript
#[utoipa::path(
    get,
    path = "/embed/ships-by.d.ts",
    tag = "widget",
    responses(
        (status = 200, description = "The types", body = String, content_type = "text/plain"),
        (status = 404, description = "The widget is not built in", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn types(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    web.bundles
        .current()
        .answer("ships-by.d.ts", Kept::Shortly, &headers)
}

/// Gives a file of the widget
///
/// `/embed/v1/ships-by.js` is the script tag and follows the server's version. With a version from
/// the manifest in its place a file never changes.
#[utoipa::path(
    get,
    path = "/embed/{version}/{file}",
    tag = "widget",
    params(
        ("version" = String, Path, description = "`v1`, or a version from the manifest"),
        ("file" = String, Path, description = "The file's name"),
    ),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/javascript"),
        (status = 404, description = "No such version or file", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn file(
    State(web): State<Web>,
    Named((version, file)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if version == EVERGREEN {
        return web.bundles.current().answer(&file, Kept::Shortly, &headers);
    }
    let bundle = web
        .bundles
        .version(&version)
        .ok_or_else(Problem::not_found)?;
    bundle.answer(&file, Kept::Pinned, &headers)
}
