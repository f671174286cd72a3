//! `/o/{store}/{order}/{token}`: the customer's own page of an order. Whoever knows its address may open it.
//!
//! Opening a page changes nothing: programs that look through mails open every link. Only a form that is sent does.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use shared::delay::Cause;
use shared::ids::StoreId;
use shared::quantity::Quantity;
use shared::text::Language;
use subtle::ConstantTimeEq;

use super::named::Named;
use super::{auth, query};
use crate::app::App;
use crate::catalogue::Shop;
use crate::error::Problem;
use crate::hex;
use crate::operations::ActError;
use crate::operations::cancel_order::{CancelOrder, cancel_order};
use crate::operations::once::{Answer, Asked, Once, Ticket};
use crate::operations::records::Standing;
use crate::operations::reply_to_delay::{CustomerReply, Known, reply_to_delay};
use crate::operations::show;
use crate::page::render::{self, Asking, SCRIPT, STYLE};
use crate::page::say;
use crate::page::view::{ItemView, OrderPage, language, order_page, title};

/// What the pages may load, and where their forms go: this server alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
/// How the log names who cancelled.
const BY_CUSTOMER: &str = "the customer";
/// What the address of the page ends in where it is asked for as JSON.
const AS_JSON: &str = ".json";

/// Which line is to be cancelled.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Which {
    /// The line, from 0; everything that waits where there is none.
    line: Option<u32>,
}

/// What was read before it was agreed to.
#[derive(Debug, Clone, Deserialize)]
pub struct Shown {
    /// What the page says in `asked.read`.
    read: String,
}

/// An order, for somebody who knows its token.
struct Opened {
    shop: Arc<Shop>,
    standing: Standing,
    path: String,
}

/// Shows an order to its customer
///
/// `POST /v1/orders` answers the address in `page`. With `.json` behind the token it is JSON, which pages on the store's own origins may
/// read, and which has an `ETag`; without it, HTML that needs no script. Below it, `/cancel`,
/// `/consent` and `/extra-period` ask before they do anything.
#[utoipa::path(
    get,
    path = "/o/{store}/{order}/{token}",
    tag = "shoppers",
    params(
        ("store" = String, Path, description = "The store"),
        ("order" = String, Path, description = "The order"),
        ("token" = String, Path, description = "The order's token, with `.json` behind it for JSON"),
        ("lang" = Option<String>, Query, description = "The language of the JSON (BCP 47); the customer's unless given"),
    ),
    responses(
        (status = 200, description = "How the order stands, as JSON or as a page", body = OrderPage),
        (status = 304, description = "It is as it was at `If-None-Match`"),
        (status = 404, description = "There is no such order, or the token is another's: a page says so, or a problem"),
    )
)]
pub async fn show(
    State(app): State<App>,
    Named((store, order, token)): Named<(String, String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let Some(bare) = token.strip_suffix(AS_JSON) else {
        let opened = open(&app, &headers, &store, &order, &token).await?;
        return Ok(opened.page(&app));
    };
    let answer = match open(&app, &headers, &store, &order, bare).await {
        Ok(opened) => opened.json(&app, &headers, query::first(uri.query(), "lang")),
        Err(answer) if answer.status() == StatusCode::NOT_FOUND => {
            Problem::not_found().into_response()
        }
        Err(answer) => answer,
    };
    let store = store.parse().ok();
    let shop = store.and_then(|store: StoreId| app.catalogue.shop(&store));
    Ok(shared_with(shop.as_deref(), &headers, answer))
}

/// Asks before it cancels.
pub async fn ask_to_cancel(
    State(app): State<App>,
    Named((store, order, token)): Named<(String, String, String)>,
    which: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let opened = open(&app, &headers, &store, &order, &token).await?;
    let line = wanted(which).ok_or_else(|| nothing_there(&headers, "missing_why"))?;
    let items = opened.waiting(line);
    if items.is_empty() {
        return Ok(opened.refused("cannot_cancel", Some("only_returned"), StatusCode::OK));
    }
    let action = match line {
        Some(line) => format!("{}/cancel?line={line}", opened.path),
        None => format!("{}/cancel", opened.path),
    };
    let text = opened.say("cancel_free");
    Ok(opened.asks("ask_cancel", items, text, ("yes_cancel", action)))
}

/// Cancels a line, or everything that waits.
pub async fn cancel(
    State(app): State<App>,
    Named((store, order, token)): Named<(String, String, String)>,
    which: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let opened = open(&app, &headers, &store, &order, &token).await?;
    let line = wanted(which).ok_or_else(|| nothing_there(&headers, "missing_why"))?;
    if opened.waiting(line).is_empty() {
        return Ok(opened.after_nothing_waits(line));
    }
    let request = CancelOrder {
        lines: line.map(|line| (line, None)).into_iter().collect(),
        reason: Some(BY_CUSTOMER.into()),
        cause: Cause::Shopper,
    };
    let (of, id) = (
        opened.standing.store.clone(),
        opened.standing.order.id.clone(),
    );
    let once = Once::claim(&app, opened.asked(line), |_| Answer {
        status: 303,
        body: Vec::new(),
    });
    let done = match once {
        Ok(once) => cancel_order(&app, &of, id, request, once).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match done {
        // The same form, sent twice: the page shows what the first one does.
        Ok(()) | Err(ActError::InFlight) => Ok(opened.back()),
        Err(ActError::Conflict { .. }) => {
            let now = open(&app, &headers, &store, &order, &token).await?;
            Ok(now.after_nothing_waits(line))
        }
        Err(ActError::Field { .. } | ActError::NotFound) => {
            Err(nothing_there(&headers, "missing_why"))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Asks before it takes the answer to a delay.
pub async fn ask_to_consent(
    State(app): State<App>,
    Named((store, order, token)): Named<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let opened = open(&app, &headers, &store, &order, &token).await?;
    Ok(opened.asks_to_wait(&app, StatusCode::OK))
}

/// Takes the answer that the customer waits.
pub async fn consent(
    State(app): State<App>,
    Named((store, order, token)): Named<(String, String, String)>,
    shown: Result<Query<Shown>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let opened = open(&app, &headers, &store, &order, &token).await?;
    let read = shown.ok().and_then(|Query(shown)| shown.read.parse().ok());
    let Some(read) = read else {
        return Ok(opened.asks_to_wait(&app, StatusCode::CONFLICT));
    };
    let (of, id) = (
        opened.standing.store.clone(),
        opened.standing.order.id.clone(),
    );
    let said = CustomerReply::Consent(Known::Read(read));
    match reply_to_delay(&app, &of, id, said, None).await {
        Ok(_) => Ok(opened.back()),
        // What is asked by now, with its dates: nobody agrees to what they did not read.
        Err(ActError::Conflict { .. }) => {
            let now = open(&app, &headers, &store, &order, &token).await?;
            Ok(now.asks_to_wait(&app, StatusCode::CONFLICT))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Asks before it sets the shop a last period for what is late.
pub async fn ask_for_extra_period(
    State(app): State<App>,
    Named((store, order, token)): Named<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let opened = open(&app, &headers, &store, &order, &token).await?;
    let view = opened.view(&app, language(&opened.standing));
    let mut periods = view.extra_periods.into_iter();
    let Some(offered) = periods.find(|period| period.status == "offered") else {
        return Ok(opened.refused("nothing_to_answer", None, StatusCode::OK));
    };
    let yes = ("button_period", format!("{}/extra-period", opened.path));
    Ok(opened.asks("ask_period", offered.items, offered.text, yes))
}

/// Sets the shop a last period for all that is late.
pub async fn set_extra_period(
    State(app): State<App>,
    Named((store, order, token)): Named<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let opened = open(&app, &headers, &store, &order, &token).await?;
    opened.replies(&app, CustomerReply::SetExtraPeriod).await
}

/// The stylesheet and the script of the pages.
pub async fn part(Named(file): Named<String>) -> Result<Response, Problem> {
    let (kind, content) = match file.as_str() {
        "order.css" => ("text/css; charset=utf-8", STYLE),
        "order.js" => ("text/javascript; charset=utf-8", SCRIPT),
        _ => return Err(Problem::not_found()),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=60"),
    ];
    Ok((headers, content).into_response())
}

/// Opens an order. A wrong store, order or token gives one and the same answer.
async fn open(
    app: &App,
    headers: &HeaderMap,
    store: &str,
    order: &str,
    token: &str,
) -> Result<Opened, Response> {
    let missing = || nothing_there(headers, "missing_why");
    let id: StoreId = store.parse().map_err(|_| missing())?;
    let named = order.parse().map_err(|_| missing())?;
    let shop = app.catalogue.shop(&id).ok_or_else(missing)?;
    let standing = match show::order(app, &id, &named).await {
        Ok(standing) => standing,
        Err(ActError::NotFound) => return Err(missing()),
        Err(error) => return Err(failed(error)),
    };
    let known = standing.order.token.as_deref().unwrap_or_default();
    let fits: bool = known.as_bytes().ct_eq(token.as_bytes()).into();
    if known.is_empty() || !fits {
        return Err(missing());
    }
    let path = format!("/o/{store}/{order}/{token}");
    Ok(Opened {
        shop,
        standing,
        path,
    })
}

impl Opened {
    fn view(&self, app: &App, language: Language) -> OrderPage {
        order_page(&self.shop, &self.standing, language, app.clock.now())
    }

    fn page(&self, app: &App) -> Response {
        let view = self.view(app, language(&self.standing));
        dressed(StatusCode::OK, render::order(&view, &self.path))
    }

    fn json(&self, app: &App, headers: &HeaderMap, wanted: Option<Cow<'_, str>>) -> Response {
        let wanted = wanted.map(|tag| Language::for_tag(&tag));
        let view = self.view(app, wanted.unwrap_or_else(|| language(&self.standing)));
        let bytes = |view: &OrderPage| serde_json::to_vec(view).expect("it has only text keys");
        let body = bytes(&view);
        let timeless = OrderPage {
            as_of: String::new(),
            ..view
        };
        let digest = hex::text(&Sha256::digest(bytes(&timeless))[..16]);
        let tag = format!("\"{digest}\"");
        let known = headers.get(header::IF_NONE_MATCH);
        let is_known = known.is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let mut response = match is_known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        };
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }

    /// What waits, of a line or of all.
    fn waiting(&self, line: Option<u32>) -> Vec<ItemView> {
        let lines = (0..).zip(&self.standing.order.lines);
        let lines = lines.filter(|(at, _)| line.is_none_or(|line| line == *at));
        lines
            .filter_map(|(at, ordered)| {
                let parts = self.standing.waiting.iter();
                let units: u32 = parts
                    .filter(|part| part.line == at)
                    .map(|part| part.quantity.units())
                    .sum();
                (units != 0).then(|| ItemView {
                    quantity: units,
                    title: title(&self.shop, ordered),
                })
            })
            .collect()
    }

    /// Takes an answer to a delay; one that says what was said before changes nothing.
    async fn replies(&self, app: &App, reply: CustomerReply) -> Result<Response, Response> {
        let (of, id) = (&self.standing.store, self.standing.order.id.clone());
        match reply_to_delay(app, of, id, reply, None).await {
            Ok(_) => Ok(self.back()),
            Err(ActError::Conflict { .. }) => {
                Ok(self.refused("nothing_to_answer", None, StatusCode::CONFLICT))
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn say(&self, key: &str) -> String {
        say(language(&self.standing), key, &[])
    }

    /// Nothing of it waits: what was cancelled before is as it should be, what has left cannot be cancelled.
    fn after_nothing_waits(&self, line: Option<u32>) -> Response {
        let lines = (0..).zip(&self.standing.order.lines);
        let mut lines = lines.filter(|(at, _)| line.is_none_or(|line| line == *at));
        if lines.any(|(_, ordered)| ordered.cancelled != Quantity::ZERO) {
            return self.back();
        }
        self.refused("cannot_cancel", Some("only_returned"), StatusCode::CONFLICT)
    }

    /// The form of a page names what it was made from: sent twice, it is one request.
    fn asked(&self, line: Option<u32>) -> Asked {
        let order = &self.standing.order;
        let what = line.map_or("all".into(), |line| line.to_string());
        Asked {
            ticket: Ticket {
                store: self.standing.store.clone(),
                route: format!("POST /o/{}/cancel", order.id),
                key: format!("{what}/{}", order.revision),
            },
            fingerprint: Sha256::digest(what.as_bytes()).into(),
        }
    }

    /// Asks whether the customer waits, with the dates that are asked about.
    fn asks_to_wait(&self, app: &App, status: StatusCode) -> Response {
        let page = self.view(app, language(&self.standing));
        let Some(read) = page.asked.and_then(|asked| asked.read) else {
            return self.refused("nothing_to_answer", None, status);
        };
        let changed = page.lines.into_iter().flat_map(|line| {
            let changes = line.changes.into_iter();
            changes.map(move |change| (line.title.clone(), change.text))
        });
        let page = render::asking(&Asking {
            language: language(&self.standing),
            heading: "ask_wait",
            items: self.waiting(None),
            notes: changed.collect(),
            text: Some(self.say("may_cancel")),
            yes: Some(("button_wait", format!("{}/consent?read={read}", self.path))),
            path: Some(&self.path),
        });
        dressed(status, page)
    }

    fn asks(
        &self,
        heading: &'static str,
        items: Vec<ItemView>,
        text: String,
        yes: (&'static str, String),
    ) -> Response {
        let page = render::asking(&Asking {
            language: language(&self.standing),
            heading,
            items,
            notes: Vec::new(),
            text: Some(text),
            yes: Some(yes),
            path: Some(&self.path),
        });
        dressed(StatusCode::OK, page)
    }

    fn refused(
        &self,
        heading: &'static str,
        why: Option<&'static str>,
        status: StatusCode,
    ) -> Response {
        let page = render::asking(&Asking {
            language: language(&self.standing),
            heading,
            items: Vec::new(),
            notes: Vec::new(),
            text: why.map(|key| self.say(key)),
            yes: None,
            path: Some(&self.path),
        });
        dressed(status, page)
    }

    /// Back to the order's page, which shows how it stands now.
    fn back(&self) -> Response {
        let to = HeaderValue::from_str(&self.path);
        let to = to.unwrap_or(HeaderValue::from_static("/"));
        let mut response = dressed(StatusCode::SEE_OTHER, String::new());
        response.headers_mut().insert(header::LOCATION, to);
        response
    }
}

/// Which line a query names; none where it is no query of ours.
fn wanted(which: Result<Query<Which>, QueryRejection>) -> Option<Option<u32>> {
    which.ok().map(|Query(which)| which.line)
}

/// The one page for all that is not there. `why` is the key of the sentence that says what may be wrong.
pub(super) fn nothing_there(headers: &HeaderMap, why: &str) -> Response {
    let wanted = headers.get(header::ACCEPT_LANGUAGE);
    let wanted = wanted.and_then(|tags| tags.to_str().ok());
    let first = wanted.and_then(|tags| tags.split([',', ';']).next());
    let language = first.map_or(Language::English, Language::for_tag);
    let page = render::asking(&Asking {
        language,
        heading: "missing",
        items: Vec::new(),
        notes: Vec::new(),
        text: Some(say(language, why, &[])),
        yes: None,
        path: None,
    });
    dressed(StatusCode::NOT_FOUND, page)
}

/// The answer to what the server could not do.
pub(super) fn failed(error: ActError) -> Response {
    Problem::from(error).into_response()
}

/// A page with the headers that keep it to its reader.
pub(super) fn dressed(status: StatusCode, html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HTML),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    (status, headers, html).into_response()
}

/// Pages on the shop's own origins may read it; those of others not, whatever token they came by.
fn shared_with(shop: Option<&Shop>, headers: &HeaderMap, mut response: Response) -> Response {
    let origin = headers.get(header::ORIGIN);
    let origin = origin.filter(|origin| shop.is_some_and(|shop| auth::is_listed(shop, origin)));
    let headers = response.headers_mut();
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let anywhere = HeaderValue::from_static("cross-origin");
        let resource_policy = HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(resource_policy, anywhere);
    }
    response
}
