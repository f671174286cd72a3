//! Keys: what opens the shop.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, sent};
use super::fields::Name;
use crate::app::App;
use crate::catalogue::KeyKind;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::named::Named;
use crate::operations::keys::{NewKey, create_key, invented, revoke_key};
use crate::operations::once::{self, Once};
use crate::operations::records::KeyRecord;
use crate::operations::show;

/// What a key is to be for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyRequest)]
pub struct Request {
    /// What it may be used for.
    kind: Kind,
    /// What you call it.
    label: Option<Name>,
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = KeyKind)]
pub enum Kind {
    /// `pk_...`: stands in web pages; reads what shoppers may see.
    Publishable,
    /// `sk_...`: reads and writes everything of the shop. Never in a page.
    Secret,
}

/// A key as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub struct Answer {
    /// Its id, by which it is revoked.
    id: String,
    /// What it may be used for.
    kind: Kind,
    /// Its first characters.
    prefix: String,
    /// What you call it.
    label: String,
    /// When it was made.
    created_at: String,
    /// When it stopped working; null while it works.
    revoked_at: Option<String>,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewKey)]
pub struct NewAnswer {
    /// Its id, by which it is revoked.
    id: String,
    /// What it may be used for.
    kind: Kind,
    /// What you call it.
    label: String,
    /// The key itself. It is shown this once and kept nowhere.
    key: String,
}

/// All keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Keys)]
pub struct List {
    /// Keys, newest first.
    items: Vec<Answer>,
}

/// Lists all keys; their texts are not known any more
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "merchants",
    responses((status = 200, description = "All of them", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(State(app): State<App>, merchant: Merchant) -> Result<Json<List>, Problem> {
    let records = show::keys(&app, &merchant.store).await?;
    Ok(Json(List {
        items: records.into_iter().map(Answer::from).collect(),
    }))
}

/// Makes a key and shows it, this once
#[utoipa::path(
    post,
    path = "/v1/keys",
    tag = "merchants",
    params(("Idempotency-Key" = String, Header, description = "Names the request. Sent again, it makes no second key, and cannot show the first")),
    request_body = Request,
    responses((status = 201, description = "The key", body = NewAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn create(
    State(app): State<App>,
    request: asking::Once<Request>,
) -> Result<Response, Problem> {
    let kind = match request.body.kind {
        Kind::Publishable => KeyKind::Publishable,
        Kind::Secret => KeyKind::Secret,
    };
    let label = request.body.label.map(|label| label.0).unwrap_or_default();
    let key = invented(kind, &label, app.clock.now(), &mut OsRng).map_err(|error| {
        tracing::error!(error = %error, "Cannot draw random bytes: {error}");
        Problem::internal()
    })?;
    let once = Once::claim(&app, request.asked, without_key)?;
    let outcome = create_key(&app, &request.merchant.store, key, once).await?;
    Ok(sent(outcome, with_key))
}

/// Revokes a key: from now on it opens nothing
#[utoipa::path(
    delete,
    path = "/v1/keys/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 204, description = "It is revoked"), Refusals),
    security(("secret" = []))
)]
pub async fn revoke(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    revoke_key(&app, &merchant.store, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn with_key(new: &NewKey) -> once::Answer {
    asking::answer(
        201,
        &NewAnswer {
            id: new.record.id.clone(),
            kind: kind(new.record.kind),
            label: new.record.label.clone(),
            key: new.key.clone(),
        },
    )
}

/// What is kept of the answer: a key is shown once and stored nowhere.
fn without_key(new: &NewKey) -> once::Answer {
    let detail = format!(
        "The key {} was made by the first request and is not shown again. If its answer was lost, revoke it, and make another with a new Idempotency-Key.",
        new.record.id
    );
    let problem = Problem::new(409, "key_shown_before", "The key was made already", detail);
    asking::answer(409, &problem)
}

impl From<KeyRecord> for Answer {
    fn from(record: KeyRecord) -> Self {
        let instant = |at: chrono::DateTime<chrono::Utc>| {
            at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        };
        Self {
            id: record.id,
            kind: kind(record.kind),
            prefix: record.prefix,
            label: record.label,
            created_at: instant(record.created_at),
            revoked_at: record.revoked_at.map(instant),
        }
    }
}

fn kind(kind: KeyKind) -> Kind {
    match kind {
        KeyKind::Publishable => Kind::Publishable,
        KeyKind::Secret => Kind::Secret,
    }
}
