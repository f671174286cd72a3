//! How merchants ask: names in the path, pages of lists, requests that are done at most once.

use std::str::FromStr;

use axum::body::Body;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::ids::StoreId;
use utoipa::IntoParams;

use crate::app::App;
use crate::error::Problem;
use crate::hex;
use crate::http::auth::Merchant;
use crate::http::body::{ApiJson, read, whole};
use crate::operations::once::{Answer, Asked, IDEMPOTENCY_KEY_CHARS_MAX, Outcome, Ticket};

/// The header that names a request, so that sending it again does nothing.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The header on an answer that was given before.
const IDEMPOTENT_REPLAYED: &str = "idempotent-replayed";
/// Entries of a page unless asked otherwise.
const PAGE_DEFAULT: u32 = 50;
/// Most entries of a page.
const PAGE_MAX: u32 = 200;

/// A request that is to be done at most once, with its body read.
pub struct Once<T> {
    /// Who asks.
    pub merchant: Merchant,
    /// What the request is called.
    pub asked: Asked,
    /// What is asked.
    pub body: T,
}

/// Which page of a list is asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// `next` of the page before.
    after: Option<String>,
    /// Entries of a page, from 1 to 200; 50 unless asked otherwise.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// Of orders: `open`, `part_shipped`, `shipped` or `cancelled` only. Of purchase orders: `open`, `received` or `cancelled` only. Of shipments: `ready` unless said otherwise, or `shipped`. Of reorders:
    /// `draft`, `approved`, `sent`, `confirmed` or `dismissed` only. Of alerts: `open` unless said otherwise, or `all`. Of posts: `draft`, `due`, `published`, `corrected`,
    /// `withdrawn` or `cancelled` only.
    pub status: Option<String>,
}

impl Page {
    /// A page of a list that has parameters of its own besides.
    pub fn new(after: Option<String>, limit: Option<String>) -> Self {
        Self {
            after,
            limit,
            status: None,
        }
    }

    /// How many entries.
    pub fn limit(&self) -> Result<u32, Problem> {
        let Some(limit) = &self.limit else {
            return Ok(PAGE_DEFAULT);
        };
        limit
            .parse()
            .ok()
            .filter(|limit| (1..=PAGE_MAX).contains(limit))
            .ok_or_else(|| {
                let detail = format!("must be a whole number from 1 to {PAGE_MAX}");
                Problem::invalid("?limit", "invalid_parameter", detail)
            })
    }

    /// The entry that the page comes after.
    ///
    /// # Errors
    ///
    /// 400 `invalid_cursor` for anything but a `next` of this store.
    pub fn after<T: FromStr>(&self, store: &StoreId) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.after else {
            return Ok(None);
        };
        let read = || {
            let bytes = hex::bytes(cursor)?;
            let text = String::from_utf8(bytes).ok()?;
            let (theirs, name) = text.split_once('\n')?;
            (theirs == store.as_str()).then_some(())?;
            name.parse().ok()
        };
        read().map(Some).ok_or_else(|| {
            Problem::new(
                400,
                "invalid_cursor",
                "The list cannot go on from there",
                "Take `next` from the page before as it is, or leave `after` out to begin anew.",
            )
        })
    }

    /// The cursor for the page after `entries`, unless they are the last ones.
    pub fn next<T>(
        store: &StoreId,
        entries: &[T],
        limit: u32,
        name: impl Fn(&T) -> String,
    ) -> Option<String> {
        let full = u32::try_from(entries.len()).is_ok_and(|count| limit <= count);
        let last = entries.last().filter(|_| full)?;
        Some(hex::text(format!("{store}\n{}", name(last)).as_bytes()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let page = Query::<Self>::from_request_parts(parts, state).await;
        page.map(|Query(page)| page).map_err(|_| {
            Problem::invalid(
                "?",
                "invalid_parameter",
                "the parameters of a list are after, limit and (for purchase orders, shipments, reorders and alerts) status",
            )
        })
    }
}

/// Reads a name in the path of something that exists: what is no name is not there.
pub fn existing<T: FromStr>(raw: &str) -> Result<T, Problem> {
    raw.parse().map_err(|_| Problem::not_found())
}

/// Reads a name in the path of something that may be made by this request.
pub fn new<T: FromStr<Err = shared::ids::IdError>>(
    raw: &str,
    pointer: &'static str,
    code: &'static str,
) -> Result<T, Problem> {
    raw.parse().map_err(|error| {
        Problem::invalid(pointer, code, format!("the name in the address {error}"))
    })
}

impl<T: DeserializeOwned, S> FromRequest<S> for Once<T>
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let merchant = Merchant::from_request_parts(&mut parts, state).await?;
        let key = idempotency_key(&parts)?;
        let whole = whole(Request::from_parts(parts.clone(), body), state).await?;
        let asked = asked(&parts, &merchant.store, key, &whole);
        let body = match whole.is_empty() {
            // Some acts need nothing but their address. Others name the field that they miss.
            true => read(b"{}")?,
            false => {
                let again = Request::from_parts(parts, Body::from(whole));
                ApiJson::from_request(again, state).await?.0
            }
        };
        Ok(Self {
            merchant,
            asked,
            body,
        })
    }
}

/// What a request is called, and what it asks: the same name with another query or body is refused.
pub fn asked(parts: &Parts, store: &StoreId, key: String, body: &[u8]) -> Asked {
    let mut fingerprint = Sha256::new();
    fingerprint.update(parts.uri.query().unwrap_or_default());
    // Stands in no query.
    fingerprint.update(b"\n");
    fingerprint.update(body);
    Asked {
        ticket: Ticket {
            store: store.clone(),
            route: format!("{} {}", parts.method, parts.uri.path()),
            key,
        },
        fingerprint: fingerprint.finalize().into(),
    }
}

/// The request's idempotency key.
///
/// # Errors
///
/// 400 `idempotency_key_required` where there is none that can be used.
pub fn idempotency_key(parts: &Parts) -> Result<String, Problem> {
    let mut keys = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = keys.next().and_then(|key| key.to_str().ok());
    let usable = |key: &&str| {
        (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match (key.filter(usable), keys.next()) {
        (Some(key), None) => Ok(key.to_owned()),
        _ => Err(Problem::new(
            400,
            "idempotency_key_required",
            "The request has no Idempotency-Key",
            "Send one header Idempotency-Key with 1 to 255 visible ASCII characters, a new one for each new request (a UUID is good). Then it is safe to send the request again.",
        )),
    }
}

/// An answer in JSON, to be sent and kept.
pub fn answer<T: Serialize>(status: u16, body: &T) -> Answer {
    Answer {
        status,
        body: serde_json::to_vec(body).expect("answers have only text keys"),
    }
}

/// Sends the answer of a request that is done at most once.
pub fn sent<T>(outcome: Outcome<T>, render: fn(&T) -> Answer) -> Response {
    match outcome {
        Outcome::Done(done) => response(render(&done)),
        Outcome::Before(answer) => {
            let mut response = response(answer);
            let replayed = HeaderValue::from_static("true");
            response.headers_mut().insert(IDEMPOTENT_REPLAYED, replayed);
            response
        }
    }
}

fn response(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() {
        "application/json"
    } else {
        "application/problem+json"
    };
    (status, [(header::CONTENT_TYPE, kind)], answer.body).into_response()
}
