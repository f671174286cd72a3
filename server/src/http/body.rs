//! JSON bodies: read whole, strictly, and refused in words that name the field.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::deadline::BodyTooSlow;
use super::spoken::spoken;
use crate::error::Problem;
use crate::limits::JSON_DEPTH_MAX;

/// A body of JSON, read into a type that denies unknown fields.
///
/// An error of the form `code: detail` from a type's own `Deserialize` gives the problem its code.
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                415,
                "unsupported_media_type",
                "The body is not JSON",
                "Send JSON with the header Content-Type: application/json.",
            ));
        }
        read(&whole(request, state).await?).map(Self)
    }
}

/// Reads a whole body, up to the limit of the route.
///
/// # Errors
///
/// 413 where it is larger, 408 where it takes too long, 400 where it breaks off.
pub async fn whole<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let rejection = match Bytes::from_request(request, state).await {
        Ok(bytes) => return Ok(bytes),
        Err(rejection) => rejection,
    };
    if is_too_slow(&rejection) {
        return Err(too_slow());
    }
    Err(match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::new(
            400,
            "incomplete_body",
            "The body broke off",
            "The connection ended before the body did. Send it again.",
        ),
    })
}

/// The problem of a body that is larger than its route allows.
pub fn too_large() -> Problem {
    Problem::new(
        413,
        "payload_too_large",
        "The body is too large",
        "The body has more bytes than this address takes. Send less at once.",
    )
}

/// The problem of a body that did not come in time.
pub fn too_slow() -> Problem {
    Problem::new(
        408,
        "request_timeout",
        "The body did not come in time",
        "The whole body must be here within the time limit. Send it again.",
    )
}

/// Refuses a list `lines` that is empty or too long.
///
/// # Errors
///
/// 422 `lines_required` or `too_many_lines`.
pub fn refuse_line_count<T>(lines: &[T], lines_max: usize) -> Result<(), Problem> {
    let (code, detail) = match lines.len() {
        0 => ("lines_required", "Name at least one line.".to_owned()),
        count if lines_max < count => {
            let detail = format!("There are {count} lines, at most {lines_max} are taken.");
            ("too_many_lines", detail)
        }
        _ => return Ok(()),
    };
    Err(Problem::invalid("/lines", code, detail))
}

/// Reads JSON into a value.
///
/// # Errors
///
/// 400 `invalid_json` with line and column where it is no JSON; 422 with a JSON pointer where it
/// is another value than asked for.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    if let Some(byte) = too_deep(json) {
        return Err(no_json(format!(
            "The value at byte {byte} is nested deeper than {JSON_DEPTH_MAX} levels."
        )));
    }
    if let Some(byte) = list_of_what_has_names(json) {
        let detail =
            format!("At byte {byte} stands a list where an object with named fields belongs.");
        return Err(Problem::invalid("", "invalid_value", detail));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| refused(error.path(), error.inner()))?;
    reader.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let essence = kind.to_str().unwrap_or_default().split(';').next();
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn is_too_slow(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<BodyTooSlow>() {
            return true;
        }
        next = error.source();
    }
    false
}

fn no_json(detail: String) -> Problem {
    Problem::new(
        400,
        "invalid_json",
        "The body is no JSON that can be read",
        detail,
    )
}

fn syntax(error: &serde_json::Error) -> Problem {
    no_json(format!(
        "Line {}, column {}: {}.",
        error.line(),
        error.column(),
        without_place(error)
    ))
}

fn refused(path: &Path, error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        return syntax(error);
    }
    let message = without_place(error);
    let at = pointer(path);
    for (beginning, code, what) in [
        ("unknown field `", "unknown_field", "is not known here"),
        ("missing field `", "missing_field", "is missing"),
        ("duplicate field `", "duplicate_field", "is there twice"),
    ] {
        let Some((name, expected)) = message
            .strip_prefix(beginning)
            .and_then(|rest| rest.split_once('`'))
        else {
            continue;
        };
        // The path may or may not name the field already.
        let last = format!("/{}", escaped(name));
        let at = if at.ends_with(&last) { at } else { at + &last };
        return Problem::invalid(at, code, format!("The field `{name}` {what}{expected}."));
    }
    match message.split_once(": ") {
        Some((code, detail)) if is_code(code) => {
            Problem::invalid(at, code.to_owned(), detail.to_owned())
        }
        _ => Problem::invalid(at, "invalid_value", spoken(&message)),
    }
}

/// serde_json's messages end with a place, which is of no use beside a pointer.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { variant } => pointer.push_str(&format!("/{}", escaped(variant))),
            Segment::Unknown => {}
        }
    }
    pointer
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Where a list stands for an object, if one does. serde would take the fields by their order, and nobody means that;
/// no body has a list at its top or directly within another.
fn list_of_what_has_names(json: &[u8]) -> Option<usize> {
    let (mut within, mut in_text, mut escaped) = (vec![b'['], false, false);
    for (at, byte) in json.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' if within.last() == Some(&b'[') => return Some(at),
            b'{' | b'[' => within.push(*byte),
            b'}' | b']' => drop(within.pop()),
            _ => {}
        }
    }
    None
}

/// Where the JSON becomes too deep, if it does.
fn too_deep(json: &[u8]) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, byte) in json.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if JSON_DEPTH_MAX < depth {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Cart {
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Line {
        sku: String,
        #[serde(deserialize_with = "count")]
        quantity: u32,
    }

    fn count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        u32::deserialize(deserializer)
            .map_err(|_| serde::de::Error::custom("invalid_quantity: must be a count"))
    }

    #[track_caller]
    fn check(json: &str, status: u16, code: &str, pointer: &str) {
        let problem = read::<Cart>(json.as_bytes()).expect_err(json);
        assert_eq!(
            (problem.status, &*problem.code),
            (status, code),
            "{json}: {problem:?}"
        );
        let at = problem
            .errors
            .first()
            .map_or("", |error| error.pointer.as_str());
        assert_eq!(at, pointer, "{json}: {problem:?}");
    }

    #[test]
    fn what_is_wrong_with_a_body_is_named_with_its_place() {
        check("", 400, "invalid_json", "");
        check("{\"lines\": [", 400, "invalid_json", "");
        check("{\"lines\": []} x", 400, "invalid_json", "");
        check("{\"lines\": 1e999}", 400, "invalid_json", "");
        check("{}", 422, "missing_field", "/lines");
        check("[1]", 422, "invalid_value", "");
        check("{\"lines\": [[\"a\", 1]]}", 422, "invalid_value", "");
        check("{\"lines\": {}}", 422, "invalid_value", "/lines");
        check(
            "{\"lines\": [], \"store_id\": 1}",
            422,
            "unknown_field",
            "/store_id",
        );
        check(
            "{\"lines\": [], \"lines\": []}",
            422,
            "duplicate_field",
            "/lines",
        );
        let line = |line: &str| format!("{{\"lines\": [{line}]}}");
        check(
            &line(r#"{"sku":"a","quantity":1,"a/b":2}"#),
            422,
            "unknown_field",
            "/lines/0/a~1b",
        );
        check(
            &line(r#"{"sku":"a"}"#),
            422,
            "missing_field",
            "/lines/0/quantity",
        );
        check(
            &line(r#"{"sku":7,"quantity":1}"#),
            422,
            "invalid_value",
            "/lines/0/sku",
        );
        for quantity in [
            "-1",
            "1.5",
            "\"1\"",
            "1e9",
            "null",
            "true",
            "9223372036854775808",
        ] {
            let json = line(&format!(r#"{{"sku":"a","quantity":{quantity}}}"#));
            check(&json, 422, "invalid_quantity", "/lines/0/quantity");
        }
    }

    #[test]
    fn a_body_may_be_nested_only_so_deep() {
        let nested = |levels: usize, inner: &str| {
            format!("{}{inner}{}", "{\"a\":".repeat(levels), "}".repeat(levels))
        };
        let deep = nested(33, "1");
        let problem = read::<serde_json::Value>(deep.as_bytes()).expect_err("too deep");
        assert_eq!(problem.code, "invalid_json");
        let fine = nested(32, "\"[[\\\"[[\"");
        read::<serde_json::Value>(fine.as_bytes()).expect("deep enough");
    }
}
