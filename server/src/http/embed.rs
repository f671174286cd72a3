//! `/embed/...`: the widget's files, built into the server.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use serde::Deserialize;

use super::named::Named;
use super::web::Web;
use crate::error::Problem;

/// What `make widget` leaves in dist/embed. Read from there by development builds.
#[derive(RustEmbed)]
#[folder = "../dist/embed"]
#[allow_missing = true]
struct Built;

/// The version in addresses whose files follow the server's.
const EVERGREEN: &str = "v1";

/// The widget's files as they are served.
#[derive(Debug, Default)]
pub struct Files {
    version: String,
    files: HashMap<String, File>,
}

#[derive(Debug)]
struct File {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    kind: &'static str,
    tag: HeaderValue,
}

/// The part of manifest.json that the server reads.
#[derive(Deserialize)]
struct Manifest {
    version: String,
}

/// How long a file may be kept.
#[derive(Debug, Clone, Copy)]
enum Kept {
    /// For ever: its address names its version.
    Pinned,
    /// For minutes.
    Shortly,
}

impl Files {
    /// The files that are built in; none if the widget was not built.
    pub fn embedded() -> Self {
        let content = |name: &str| {
            Built::get(name).map(|file| match file.data {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
            })
        };
        let version = content("manifest.json")
            .and_then(|json| serde_json::from_slice::<Manifest>(&json).ok())
            .map(|manifest| manifest.version)
            .unwrap_or_default();
        let files = Built::iter()
            .filter(|name| !name.ends_with(".br") && !name.ends_with(".gz"))
            .filter_map(|name| {
                let plain = content(&name)?;
                let file = File {
                    tag: tag(&plain),
                    kind: kind(&name),
                    brotli: content(&format!("{name}.br")),
                    gzip: content(&format!("{name}.gz")),
                    plain,
                };
                Some((name.into_owned(), file))
            })
            .collect();
        Self { version, files }
    }

    fn answer(&self, name: &str, kept: Kept, headers: &HeaderMap) -> Result<Response, Problem> {
        if self.files.is_empty() {
            return Err(Problem::new(
                404,
                "widget_not_built",
                "The widget is not built into this server",
                "Run `make widget`, then build the server again.",
            ));
        }
        let file = self.files.get(name).ok_or_else(Problem::not_found)?;
        let unchanged = headers
            .get(header::IF_NONE_MATCH)
            .is_some_and(|known| known == file.tag);
        let mut response = if unchanged {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            file.content(headers)
        };
        let cache = match kept {
            Kept::Pinned => "public, max-age=31536000, immutable",
            Kept::Shortly => "public, max-age=300, stale-while-revalidate=86400",
        };
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(header::CACHE_CONTROL, cache);
        set(header::VARY, "Accept-Encoding");
        set(HeaderName::from_static("timing-allow-origin"), "*");
        headers.insert(header::ETAG, file.tag.clone());
        Ok(response)
    }
}

impl File {
    fn content(&self, headers: &HeaderMap) -> Response {
        let accepted = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let (content, encoding) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepts(accepted, "br") => (brotli, Some("br")),
            (_, Some(gzip)) if accepts(accepted, "gzip") => (gzip, Some("gzip")),
            _ => (&self.plain, None),
        };
        let mut response = content.clone().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        if let Some(encoding) = encoding {
            let encoding = HeaderValue::from_static(encoding);
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
        response
    }
}

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
    web.files.answer("manifest.json", Kept::Shortly, &headers)
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
    web.files
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
    web.files.answer("ships-by.d.ts", Kept::Shortly, &headers)
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
    let kept = match version.as_str() {
        EVERGREEN => Kept::Shortly,
        pinned if pinned == web.files.version => Kept::Pinned,
        _ if web.files.files.is_empty() => Kept::Shortly,
        _ => return Err(Problem::not_found()),
    };
    web.files.answer(&file, kept, &headers)
}

fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let refused = weight.trim().trim_start_matches("q=").parse() == Ok(0.0);
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

fn tag(content: &Bytes) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    // Weak, because it is the same however the file is compressed.
    HeaderValue::from_str(&format!("W/\"{:016x}\"", hasher.finish()))
        .expect("hexadecimal digits may stand in a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_used_only_where_it_is_accepted() {
        for (accepted, expected) in [
            ("gzip, deflate, br", true),
            ("BR;q=0.5", true),
            ("gzip", false),
            ("br;q=0", false),
            ("", false),
            ("brotli", false),
        ] {
            assert_eq!(accepts(accepted, "br"), expected, "{accepted}");
        }
    }
}
