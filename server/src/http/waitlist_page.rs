//! `/b/{store}/{token}`: where the owner of an address confirms that it is to be written to, and ends that.
//!
//! Opening a page changes nothing: programs that look through mails open every link. Only a form that is sent does, or a program that
//! ends letters with one request (RFC 8058).

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use chrono::DateTime;
use shared::ids::StoreId;
use shared::text::Language;

use super::named::Named;
use super::order_page::{dressed, failed, nothing_there};
use super::query;
use crate::app::App;
use crate::operations::ActError;
use crate::operations::records::EntryState;
use crate::operations::waitlist::{Opened, OwnerReply, open_link, reply};
use crate::page::waitlist::{Said, waitlist_page};

/// The names in the path.
type Names = Named<(String, String)>;

/// Shows what is asked for and asks, or shows what waits.
pub async fn show(
    State(app): State<App>,
    Named((store, token)): Names,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (_, opened) = open(&app, &headers, &store, &token).await?;
    let path = format!("/b/{store}/{token}");
    let until = opened
        .entries
        .iter()
        .filter(|entry| entry.state == EntryState::Asked);
    let until = until.map(|entry| entry.asked_at.timestamp_millis()).max();
    let said = match until {
        Some(until) => Said {
            heading: "waitlist_asks",
            items: titles(&app, &store, &opened, EntryState::Asked),
            text: Some("waitlist_once"),
            yes: Some(("button_confirm", format!("{path}?until={until}"))),
            other: Some(("not_me", format!("{path}/refuse"))),
        },
        None => {
            let items = titles(&app, &store, &opened, EntryState::Waiting);
            let waits = !items.is_empty();
            Said {
                heading: if waits {
                    "waitlist_waits"
                } else {
                    "waitlist_idle"
                },
                text: waits.then_some("waitlist_once"),
                items,
                yes: None,
                other: Some(("leave", format!("{path}/leave"))),
            }
        }
    };
    Ok(page(StatusCode::OK, language(&opened), &said))
}

/// Confirms all that was shown.
pub async fn confirm(
    State(app): State<App>,
    Named((store, token)): Names,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (id, _) = open(&app, &headers, &store, &token).await?;
    let until = query::first(uri.query(), "until");
    let until = until.and_then(|until| DateTime::from_timestamp_millis(until.parse().ok()?));
    if let Some(until) = until {
        let confirms = OwnerReply::Confirms { until };
        replied(&app, &headers, &id, &token, confirms).await?;
    }
    let to = HeaderValue::from_str(&format!("/b/{id}/{token}"));
    let to = to.map_err(|_| missing(&headers))?;
    let mut response = dressed(StatusCode::SEE_OTHER, String::new());
    response.headers_mut().insert(header::LOCATION, to);
    Ok(response)
}

/// Asks before it ends the letters.
pub async fn ask_to_leave(
    State(app): State<App>,
    Named((store, token)): Names,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (_, opened) = open(&app, &headers, &store, &token).await?;
    let said = Said {
        heading: "waitlist_leave_asks",
        items: titles(&app, &store, &opened, EntryState::Waiting),
        text: Some("waitlist_leave_means"),
        yes: Some(("waitlist_leave_yes", format!("/b/{store}/{token}/leave"))),
        other: None,
    };
    Ok(page(StatusCode::OK, language(&opened), &said))
}

/// Ends the letters.
pub async fn leave(
    State(app): State<App>,
    Named((store, token)): Names,
    headers: HeaderMap,
) -> Result<Response, Response> {
    ended(&app, &headers, (store, token), OwnerReply::Leaves).await
}

/// Asks before it takes down that the owner had not asked.
pub async fn ask_to_refuse(
    State(app): State<App>,
    Named((store, token)): Names,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (_, opened) = open(&app, &headers, &store, &token).await?;
    let said = Said {
        heading: "waitlist_refuse_asks",
        items: Vec::new(),
        text: Some("waitlist_refuse_means"),
        yes: Some(("waitlist_refuse_yes", format!("/b/{store}/{token}/refuse"))),
        other: None,
    };
    Ok(page(StatusCode::OK, language(&opened), &said))
}

/// Takes down that the owner had not asked.
pub async fn refuse(
    State(app): State<App>,
    Named((store, token)): Names,
    headers: HeaderMap,
) -> Result<Response, Response> {
    ended(&app, &headers, (store, token), OwnerReply::Refuses).await
}

async fn ended(
    app: &App,
    headers: &HeaderMap,
    (store, token): (String, String),
    said: OwnerReply,
) -> Result<Response, Response> {
    let (id, opened) = open(app, headers, &store, &token).await?;
    replied(app, headers, &id, &token, said).await?;
    let left = Said {
        heading: "waitlist_left",
        items: Vec::new(),
        text: None,
        yes: None,
        other: None,
    };
    Ok(page(StatusCode::OK, language(&opened), &left))
}

async fn replied(
    app: &App,
    headers: &HeaderMap,
    store: &StoreId,
    token: &str,
    said: OwnerReply,
) -> Result<(), Response> {
    match reply(app, store, token, said).await {
        Ok(()) => Ok(()),
        Err(ActError::NotFound) => Err(missing(headers)),
        Err(error) => Err(failed(error)),
    }
}

/// Opens a link. A wrong store and a wrong token give one and the same answer.
async fn open(
    app: &App,
    headers: &HeaderMap,
    store: &str,
    token: &str,
) -> Result<(StoreId, Opened), Response> {
    let id: StoreId = store.parse().map_err(|_| missing(headers))?;
    if app.catalogue.shop(&id).is_none() {
        return Err(missing(headers));
    }
    match open_link(app, &id, token).await {
        Ok(Some(opened)) => Ok((id, opened)),
        Ok(None) => Err(missing(headers)),
        Err(error) => Err(failed(error)),
    }
}

fn titles(app: &App, store: &str, opened: &Opened, state: EntryState) -> Vec<String> {
    let shop = store.parse().ok();
    let shop = shop.and_then(|store: StoreId| app.catalogue.shop(&store));
    let title = |sku: &shared::ids::Sku| {
        let entry = shop.as_ref().and_then(|shop| shop.entry(sku.as_str()));
        let title = entry.and_then(|entry| entry.facts().title);
        title.map_or_else(|| sku.to_string(), |title| title.to_string())
    };
    opened.skus(state).map(title).collect()
}

fn language(opened: &Opened) -> Language {
    Language::for_tag(&opened.address.language)
}

fn page(status: StatusCode, language: Language, said: &Said) -> Response {
    dressed(status, waitlist_page(language, said))
}

fn missing(headers: &HeaderMap) -> Response {
    nothing_there(headers, "waitlist_missing_why")
}
