//! Who is told of what happens in the shop, and what came of it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, Page, sent};
use super::fields::{EventName, Name};
use super::reservations::instant;
use super::session::drawn;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::OwnId;
use crate::operations::once::{self, Once};
use crate::operations::records::{DisabledBy, Try, WebhookEndpoint, WebhookRecord};
use crate::operations::send_webhooks::message_id;
use crate::operations::webhook_endpoints::{
    self as acts, ChangeEndpoint, NewEndpoint, Trial, WithSecret, add_endpoint, change_endpoint,
    old_secret_until, remove_endpoint, rotate_secret, try_endpoint,
};
use crate::webhooks::happened::EventKind;

/// Somebody who is to be told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookEndpointRequest)]
pub struct Request {
    /// Where: a public address that begins with `https://`, at most 2,048 bytes.
    url: String,
    /// Of what. Left out: of all that there is now.
    #[serde(default)]
    #[schema(min_items = 1)]
    events: Option<Vec<EventName>>,
    /// What you call it.
    description: Option<Name>,
    /// Whether it is told at once. True unless said otherwise.
    enabled: Option<bool>,
}

/// What is to be another. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookEndpointChange)]
pub struct ChangeRequest {
    /// Where.
    url: Option<String>,
    /// Of what.
    #[serde(default)]
    #[schema(min_items = 1)]
    events: Option<Vec<EventName>>,
    /// What you call it.
    description: Option<Name>,
    /// Whether it is told. What still waited for one that is disabled is not sent any more.
    enabled: Option<bool>,
}

/// Who is told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub struct Answer {
    /// Its id.
    id: String,
    /// Where.
    url: String,
    /// What you call it.
    description: String,
    /// Of what.
    events: Vec<&'static str>,
    /// Whether it is told.
    enabled: bool,
    /// Why it is not, where nobody here said so: `gone`, it answered 410; `failing`, it took nothing for five days. Null otherwise.
    disabled_by: Option<&'static str>,
    /// Since when it has taken nothing; null: it took the last message, or got none.
    failing_since: Option<String>,
    /// Until when the secret before the last signs too; null: it does not.
    old_secret_until: Option<String>,
    /// When it was added.
    created_at: String,
}

/// Who is told, with the secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpointWithSecret)]
pub struct SecretAnswer {
    /// Its id.
    id: String,
    /// Where.
    url: String,
    /// With what messages are signed (`whsec_...`). It is shown this once and kept nowhere.
    secret: String,
    /// Until when the secret before signs too; null: there was none.
    old_secret_until: Option<String>,
}

/// A page of endpoints.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoints)]
pub struct List {
    /// Endpoints, by id.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// A message to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct DeliveryAnswer {
    /// Its `webhook-id`, the same in each try.
    id: String,
    /// Of what it tells.
    r#type: &'static str,
    /// When that happened.
    at: String,
    /// `waiting`, `delivered`, `given_up` (it was tried often enough) or `dropped` (the endpoint was disabled).
    status: &'static str,
    /// When it is tried next; null: it is not.
    next_try_at: Option<String>,
    /// What came of each try, the first at first.
    tries: Vec<TryAnswer>,
}

/// A try to send a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTry)]
pub struct TryAnswer {
    /// When.
    at: String,
    /// How long it took, in milliseconds.
    took_ms: u32,
    /// The status of the answer; null: there was none.
    status: Option<u16>,
    /// Why it was not taken; null: it was.
    failure: Option<String>,
}

/// A page of what an endpoint was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveries)]
pub struct DeliveryList {
    /// Messages, the latest first.
    items: Vec<DeliveryAnswer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// A message that was written down.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTrial)]
pub struct TrialAnswer {
    /// Its `webhook-id`. What came of it is among the endpoint's deliveries a moment later.
    id: String,
}

/// Lists who is told of what happens
#[utoipa::path(
    get,
    path = "/v1/webhook-endpoints",
    tag = "merchants",
    params(Page),
    responses((status = 200, description = "A page of them", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(
    State(app): State<App>,
    merchant: Merchant,
    page: Page,
) -> Result<Json<List>, Problem> {
    let (store, limit) = (&merchant.store, page.limit()?);
    let after: Option<OwnId> = page.after(store)?;
    let after = after.map(|id| id.0);
    let found = acts::endpoints(&app, store, after.as_deref(), limit).await?;
    let now = app.clock.now();
    Ok(Json(List {
        next: Page::next(store, &found, limit, |endpoint| endpoint.id.clone()),
        items: found
            .into_iter()
            .map(|endpoint| answer(endpoint, now))
            .collect(),
    }))
}

/// Tells somebody of what happens, from now on, and shows the secret, this once; for owners
///
/// `422 url_not_allowed` for an address that is not public; `409 webhook_key_missing` where whoever runs the server has not made messages
/// possible.
#[utoipa::path(
    post,
    path = "/v1/webhook-endpoints",
    tag = "merchants",
    params(("Idempotency-Key" = String, Header, description = "Names the request. Sent again, it adds no second endpoint, and cannot show the secret")),
    request_body = Request,
    responses((status = 201, description = "It is told", body = SecretAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn create(
    State(app): State<App>,
    request: asking::Once<Request>,
) -> Result<Response, Problem> {
    let asking::Once {
        merchant,
        asked,
        body,
    } = request;
    let new = NewEndpoint {
        id: drawn()?,
        url: body.url,
        description: body.description.map(|name| name.0).unwrap_or_default(),
        events: events(body.events)?.unwrap_or_else(|| EventKind::to_ask_for().collect()),
        enabled: body.enabled.unwrap_or(true),
    };
    let once = Once::claim(&app, asked, without_secret)?;
    let outcome = add_endpoint(&app, &merchant.store, new, once).await?;
    Ok(sent(outcome, with_secret))
}

/// Shows who is told
#[utoipa::path(
    get,
    path = "/v1/webhook-endpoints/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The endpoint's id")),
    responses((status = 200, description = "As it is", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    OwnId(id): OwnId,
) -> Result<Json<Answer>, Problem> {
    let endpoint = acts::endpoint(&app, &merchant.store, &id).await?;
    Ok(Json(answer(endpoint, app.clock.now())))
}

/// Changes where somebody is told, of what, or whether; for owners
#[utoipa::path(
    patch,
    path = "/v1/webhook-endpoints/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The endpoint's id")),
    request_body = ChangeRequest,
    responses((status = 200, description = "As it is now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn change(
    State(app): State<App>,
    merchant: Merchant,
    OwnId(id): OwnId,
    ApiJson(request): ApiJson<ChangeRequest>,
) -> Result<Json<Answer>, Problem> {
    let change = ChangeEndpoint {
        url: request.url,
        description: request.description.map(|name| name.0),
        events: events(request.events)?,
        enabled: request.enabled,
    };
    let endpoint = change_endpoint(&app, &merchant.store, id, change).await?;
    Ok(Json(answer(endpoint, app.clock.now())))
}

/// Tells somebody nothing any more, and forgets what they were told; for owners
#[utoipa::path(
    delete,
    path = "/v1/webhook-endpoints/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The endpoint's id")),
    responses((status = 204, description = "It is removed"), Refusals),
    security(("secret" = []))
)]
pub async fn remove(
    State(app): State<App>,
    merchant: Merchant,
    OwnId(id): OwnId,
) -> Result<StatusCode, Problem> {
    remove_endpoint(&app, &merchant.store, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes another secret and shows it, this once; for owners
///
/// For 24 hours messages are signed with the secret before too.
#[utoipa::path(
    post,
    path = "/v1/webhook-endpoints/{id}/rotate",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The endpoint's id"),
        ("Idempotency-Key" = String, Header, description = "Names the request. Sent again, it makes no other secret, and cannot show the first"),
    ),
    responses((status = 200, description = "The secret", body = SecretAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn rotate(
    State(app): State<App>,
    OwnId(id): OwnId,
    request: asking::Once<Nothing>,
) -> Result<Response, Problem> {
    let once = Once::claim(&app, request.asked, without_secret)?;
    let outcome = rotate_secret(&app, &request.merchant.store, id, once).await?;
    Ok(sent(outcome, with_new_secret))
}

/// Sends a message that says nothing, once and at once; for owners
#[utoipa::path(
    post,
    path = "/v1/webhook-endpoints/{id}/test",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The endpoint's id"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
    ),
    responses((status = 202, description = "It is under way", body = TrialAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn test(
    State(app): State<App>,
    OwnId(id): OwnId,
    request: asking::Once<Nothing>,
) -> Result<Response, Problem> {
    let once = Once::claim(&app, request.asked, on_trial)?;
    let outcome = try_endpoint(&app, &request.merchant.store, id, once).await?;
    Ok(sent(outcome, on_trial))
}

/// Lists what somebody was told, with each try
#[utoipa::path(
    get,
    path = "/v1/webhook-endpoints/{id}/deliveries",
    tag = "merchants",
    params(("id" = String, Path, description = "The endpoint's id"), Page),
    responses((status = 200, description = "A page of it", body = DeliveryList), Refusals),
    security(("secret" = []))
)]
pub async fn deliveries(
    State(app): State<App>,
    merchant: Merchant,
    OwnId(id): OwnId,
    page: Page,
) -> Result<Json<DeliveryList>, Problem> {
    let (store, limit) = (&merchant.store, page.limit()?);
    let before: Option<OwnId> = page.after(store)?;
    let before = before.map(|id| id.0);
    let found = acts::deliveries(&app, store, &id, before.as_deref(), limit).await?;
    Ok(Json(DeliveryList {
        next: Page::next(store, &found, limit, |delivery| delivery.event.clone()),
        items: found
            .into_iter()
            .map(|delivery| delivery_answer(&id, delivery))
            .collect(),
    }))
}

/// A request that says nothing beyond its address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NothingMore)]
pub struct Nothing {}

/// Each kind once, and at least one.
fn events(asked: Option<Vec<EventName>>) -> Result<Option<Vec<EventKind>>, Problem> {
    let Some(asked) = asked else {
        return Ok(None);
    };
    let mut events: Vec<EventKind> = asked.into_iter().map(|event| event.0).collect();
    events.sort_unstable();
    events.dedup();
    match events.is_empty() {
        false => Ok(Some(events)),
        true => Err(Problem::invalid(
            "/events",
            "events_required",
            "name at least one kind, or leave the field out; to be told nothing set enabled to false",
        )),
    }
}

fn answer(endpoint: WebhookEndpoint, now: DateTime<Utc>) -> Answer {
    Answer {
        old_secret_until: old_secret_until(&endpoint, now).map(instant),
        id: endpoint.id,
        url: endpoint.url,
        description: endpoint.description,
        events: endpoint.events.into_iter().map(EventKind::name).collect(),
        enabled: endpoint.enabled,
        disabled_by: endpoint.disabled_by.map(DisabledBy::name),
        failing_since: endpoint.failing_since.map(instant),
        created_at: instant(endpoint.created_at),
    }
}

fn with_secret(made: &WithSecret) -> once::Answer {
    asking::answer(201, &secret_answer(made))
}

fn with_new_secret(made: &WithSecret) -> once::Answer {
    asking::answer(200, &secret_answer(made))
}

fn secret_answer(made: &WithSecret) -> SecretAnswer {
    let endpoint = &made.endpoint;
    let until = endpoint
        .rotated_at
        .and_then(|at| old_secret_until(endpoint, at));
    SecretAnswer {
        id: endpoint.id.clone(),
        url: endpoint.url.clone(),
        secret: made.secret.clone(),
        old_secret_until: until.map(instant),
    }
}

/// What is kept of the answer: a secret is shown once and stored nowhere.
fn without_secret(made: &WithSecret) -> once::Answer {
    let detail = format!(
        "The secret of {id} was made by the first request and is not shown again. If its answer was lost, make another: POST /v1/webhook-endpoints/{id}/rotate with a new Idempotency-Key.",
        id = made.endpoint.id
    );
    let problem = Problem::new(
        409,
        "secret_shown_before",
        "The secret was made already",
        detail,
    );
    asking::answer(409, &problem)
}

fn on_trial(trial: &Trial) -> once::Answer {
    asking::answer(
        202,
        &TrialAnswer {
            id: message_id(&trial.event, &trial.endpoint),
        },
    )
}

fn delivery_answer(endpoint: &str, delivery: WebhookRecord) -> DeliveryAnswer {
    let is_open = delivery.ended.is_none();
    DeliveryAnswer {
        id: message_id(&delivery.event, endpoint),
        r#type: delivery.kind.name(),
        at: instant(delivery.made_at),
        status: delivery.ended.map_or("waiting", |(_, end)| end.name()),
        next_try_at: is_open.then(|| instant(delivery.due_at)),
        tries: delivery.tries.into_iter().map(TryAnswer::from).collect(),
    }
}

impl From<Try> for TryAnswer {
    fn from(tried: Try) -> Self {
        Self {
            at: instant(tried.at),
            took_ms: tried.took_ms,
            status: tried.status,
            failure: tried.failure,
        }
    }
}
