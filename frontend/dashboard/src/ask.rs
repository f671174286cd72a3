//! The way to the server: the public API, same origin, with the session's cookie.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request, RequestCredentials, RequestInit, Response};

use crate::fields::Fields;
use crate::value::Value;
use crate::words::{named, t};

/// What bodies are written in.
const JSON: &str = "application/json";

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The problem's code, such as `login_required`; `offline` where the server was not reached.
    pub code: String,
    /// What to do, for the reader.
    pub text: String,
    /// The fields that are wrong: pointer and sentence.
    pub fields: Vec<(String, String)>,
}

impl Refused {
    /// Why something is not done, without asking the server.
    pub fn saying(text: String) -> Self {
        Self {
            code: String::new(),
            text,
            fields: Vec::new(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What an act comes to.
pub type Answer = Result<Value, Refused>;

/// An answer that is under way. Of one type whatever is asked, so that what waits for it is compiled once.
pub type Asking = Pin<Box<dyn Future<Output = Answer>>>;

/// Reads.
pub fn get(path: &str) -> Asking {
    sent("GET", path, None, "")
}

/// Does something once: with a key that a repetition of the browser's keeps.
pub fn post(path: &str, body: &Value) -> Asking {
    sent("POST", path, Some(body.to_string()), JSON)
}

/// Sends a file as it is: whether it can be read is the server's to say.
pub fn upload(path: &str, file: &web_sys::File, media_type: &'static str) -> Asking {
    let (path, file) = (path.to_owned(), JsValue::from(file));
    Box::pin(async move { answered("POST", &path, Some(file), media_type).await })
}

/// Replaces.
pub fn put(path: &str, body: &Value) -> Asking {
    sent("PUT", path, Some(body.to_string()), JSON)
}

/// Changes some of it.
pub fn patch(path: &str, body: &Value) -> Asking {
    sent("PATCH", path, Some(body.to_string()), JSON)
}

/// Removes.
pub fn delete(path: &str) -> Asking {
    sent("DELETE", path, None, "")
}

/// Removes, saying why it may be.
pub fn delete_with(path: &str, body: &Value) -> Asking {
    sent("DELETE", path, Some(body.to_string()), JSON)
}

/// The text of a file beside the dashboard; `None` where it is not there.
pub async fn file(path: &str) -> Option<String> {
    let response = fetched(&Request::new_with_str(path).ok()?).await.ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?)
        .await
        .ok()?
        .as_string()
}

fn sent(
    method: &'static str,
    path: &str,
    body: Option<String>,
    media_type: &'static str,
) -> Asking {
    let path = path.to_owned();
    let body = body.map(|body| JsValue::from_str(&body));
    Box::pin(async move { answered(method, &path, body, media_type).await })
}

async fn answered(method: &str, path: &str, body: Option<JsValue>, media_type: &str) -> Answer {
    let request = request(method, path, body, media_type).map_err(|_| offline())?;
    let response = fetched(&request).await.map_err(|_| offline())?;
    let text = match response.text() {
        Ok(text) => JsFuture::from(text).await.map_err(|_| offline())?,
        Err(_) => return Err(offline()),
    };
    // An empty answer, or a proxy's page, is no JSON.
    let value = Value::read(&text.as_string().unwrap_or_default());
    if response.ok() {
        return Ok(value);
    }
    Err(refused(&value, response.status()))
}

fn request(
    method: &str,
    path: &str,
    body: Option<JsValue>,
    media_type: &str,
) -> Result<Request, JsValue> {
    let init = RequestInit::new();
    init.set_method(method);
    init.set_credentials(RequestCredentials::SameOrigin);
    if let Some(body) = body {
        init.set_body(&body);
    }
    let request = Request::new_with_str_and_init(path, &init)?;
    let headers = request.headers();
    headers.set("accept", "application/json")?;
    if !media_type.is_empty() {
        headers.set("content-type", media_type)?;
    }
    if method == "POST" {
        headers.set("idempotency-key", &unique())?;
    }
    Ok(request)
}

async fn fetched(request: &Request) -> Result<Response, JsValue> {
    let window = web_sys::window().expect("a page has a window");
    let response = JsFuture::from(window.fetch_with_request(request)).await?;
    Ok(response.unchecked_into())
}

/// A name that nobody else makes up: 128 bits of the browser's chance, in hex.
pub fn unique() -> String {
    let mut bytes = [0; 16];
    let window = web_sys::window().expect("a page has a window");
    if let Ok(crypto) = window.crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn refused(problem: &Value, status: u16) -> Refused {
    let code = problem.text("code");
    let known = named("problem", &code);
    let detail = problem.text("detail");
    let text = match (code.is_empty(), known == code.replace('_', " ")) {
        (true, _) => format!("{} ({status})", t("problem.unknown")),
        (false, true) if !detail.is_empty() => detail,
        (false, _) => known,
    };
    let fields = problem
        .list("errors")
        .iter()
        .map(|field| (field.text("pointer"), field.text("detail")))
        .collect();
    Refused { code, text, fields }
}

fn offline() -> Refused {
    Refused {
        code: "offline".to_owned(),
        text: t("problem.offline"),
        fields: Vec::new(),
    }
}
