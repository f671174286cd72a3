//! Who is told of what happens in a shop: added, changed, tried, given another secret, removed.

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::ActError;
use super::once::{Once, Outcome};
use super::records::{AuditEntry, AuditOutcome, DisabledBy, WebhookEndpoint, WebhookRecord};
use super::reserve::as_kept;
use super::running::{Touched, detached, publish};
use super::send_webhooks::has_failed_for_long;
use crate::app::App;
use crate::hex;
use crate::limits::{WEBHOOK_ENDPOINTS_MAX, WEBHOOK_OLD_SECRET_LIFE};
use crate::store::Writing;
use crate::store::writing::Note;
use crate::webhooks::happened::EventKind;
use crate::webhooks::key::Key;
use crate::webhooks::sender::look_at;

/// Random bytes of an endpoint's id.
pub type IdBytes = [u8; 8];

/// Somebody who is to be told.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Drawn for its id.
    pub id: IdBytes,
    /// Where.
    pub url: String,
    /// What the merchant calls it.
    pub description: String,
    /// Of what.
    pub events: Vec<EventKind>,
    /// Whether it is told at once.
    pub enabled: bool,
}

/// What is to be another. What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeEndpoint {
    /// Where.
    pub url: Option<String>,
    /// What the merchant calls it.
    pub description: Option<String>,
    /// Of what.
    pub events: Option<Vec<EventKind>>,
    /// Whether it is told.
    pub enabled: Option<bool>,
}

/// An endpoint with its secret: the only time that it is shown.
#[derive(Clone)]
pub struct WithSecret {
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
    /// With what its messages are signed from now on.
    pub secret: String,
}

impl std::fmt::Debug for WithSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("WithSecret").field(&self.endpoint).finish()
    }
}

/// A message that was written down to try an endpoint.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The endpoint.
    pub endpoint: String,
    /// The event that it is told.
    pub event: String,
}

/// Adds an endpoint.
///
/// # Errors
///
/// `url_not_allowed`; `webhook_key_missing`, `too_many_webhook_endpoints`.
pub async fn add_endpoint(
    app: &App,
    store: &StoreId,
    new: NewEndpoint,
    once: Once<WithSecret>,
) -> Result<Outcome<WithSecret>, ActError> {
    let url = looked_at(app, store, &new.url).await?;
    let new = NewEndpoint { url, ..new };
    let with = (app.clone(), store.clone(), new, once);
    detached(with, |(app, store, new, once)| async move {
        let id = format!("wh_{}", hex::text(&new.id));
        let (mut writing, now) = begin(&app, &store, "add_webhook_endpoint", &id).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        if u64::from(WEBHOOK_ENDPOINTS_MAX) <= writing.webhook_endpoints_count().await? {
            let detail = format!(
                "there are {WEBHOOK_ENDPOINTS_MAX} endpoints, which is the most: remove one, or let one pass on to others"
            );
            return Err(ActError::conflict("too_many_webhook_endpoints", detail));
        }
        let key = key(&app)?;
        let endpoint = WebhookEndpoint {
            mark: key.mark(&store, &id, 1),
            id,
            url: new.url,
            description: new.description,
            events: new.events,
            enabled: new.enabled,
            disabled_by: None,
            generation: 1,
            rotated_at: None,
            failing_since: None,
            created_at: now,
        };
        writing.put_webhook_endpoint(&endpoint).await?;
        let done = with_secret(key, &store, endpoint);
        once.keep(&mut writing, &done);
        commit(&app, &store, writing).await?;
        Ok(Outcome::Done(done))
    })
    .await
}

/// Changes an endpoint. One that is told again begins anew, whatever failed before.
///
/// # Errors
///
/// [`ActError::NotFound`]; `url_not_allowed`.
pub async fn change_endpoint(
    app: &App,
    store: &StoreId,
    id: String,
    change: ChangeEndpoint,
) -> Result<WebhookEndpoint, ActError> {
    let url = match &change.url {
        Some(url) => Some(looked_at(app, store, url).await?),
        None => None,
    };
    let change = ChangeEndpoint { url, ..change };
    let with = (app.clone(), store.clone(), id, change);
    detached(with, |(app, store, id, change)| async move {
        let (mut writing, _) = begin(&app, &store, "change_webhook_endpoint", &id).await?;
        let before = writing.webhook_endpoint(&id).await?;
        let before = before.ok_or(ActError::NotFound)?;
        let enabled = change.enabled.unwrap_or(before.enabled);
        let begins_anew = change.url.is_some() || enabled && !before.enabled;
        let endpoint = WebhookEndpoint {
            url: change.url.unwrap_or(before.url),
            description: change.description.unwrap_or(before.description),
            events: change.events.unwrap_or(before.events),
            enabled,
            disabled_by: before.disabled_by.filter(|_| !enabled),
            failing_since: before.failing_since.filter(|_| !begins_anew),
            ..before
        };
        writing.put_webhook_endpoint(&endpoint).await?;
        commit(&app, &store, writing).await?;
        Ok(endpoint)
    })
    .await
}

/// Removes an endpoint, with all that was sent to it.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn remove_endpoint(app: &App, store: &StoreId, id: String) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), id);
    detached(with, |(app, store, id)| async move {
        let (mut writing, _) = begin(&app, &store, "remove_webhook_endpoint", &id).await?;
        let found = writing.webhook_endpoint(&id).await?;
        found.ok_or(ActError::NotFound)?;
        writing.remove_webhook_endpoint(&id).await?;
        commit(&app, &store, writing).await
    })
    .await
}

/// Gives an endpoint another secret. For [`WEBHOOK_OLD_SECRET_LIFE`] the one before signs beside it.
///
/// # Errors
///
/// [`ActError::NotFound`]; `webhook_key_missing`.
pub async fn rotate_secret(
    app: &App,
    store: &StoreId,
    id: String,
    once: Once<WithSecret>,
) -> Result<Outcome<WithSecret>, ActError> {
    let with = (app.clone(), store.clone(), id, once);
    detached(with, |(app, store, id, once)| async move {
        let (mut writing, now) = begin(&app, &store, "rotate_webhook_secret", &id).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let before = writing.webhook_endpoint(&id).await?;
        let before = before.ok_or(ActError::NotFound)?;
        let key = key(&app)?;
        let generation = before.generation.saturating_add(1);
        let endpoint = WebhookEndpoint {
            generation,
            mark: key.mark(&store, &id, generation),
            rotated_at: Some(now),
            ..before
        };
        writing.put_webhook_endpoint(&endpoint).await?;
        let done = with_secret(key, &store, endpoint);
        once.keep(&mut writing, &done);
        commit(&app, &store, writing).await?;
        Ok(Outcome::Done(done))
    })
    .await
}

/// Writes a message down that says nothing, to be sent once and at once.
///
/// # Errors
///
/// [`ActError::NotFound`]; `webhook_disabled`.
pub async fn try_endpoint(
    app: &App,
    store: &StoreId,
    id: String,
    once: Once<Trial>,
) -> Result<Outcome<Trial>, ActError> {
    let with = (app.clone(), store.clone(), id, once);
    detached(with, |(app, store, id, once)| async move {
        let (mut writing, _) = begin(&app, &store, "try_webhook_endpoint", &id).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let endpoint = writing.webhook_endpoint(&id).await?;
        if !endpoint.ok_or(ActError::NotFound)?.enabled {
            let detail = format!(
                "the endpoint is not told of anything: enable it first with PATCH /v1/webhook-endpoints/{id}"
            );
            return Err(ActError::conflict("webhook_disabled", detail));
        }
        let trial = Trial {
            event: writing.add_test(&id).await?,
            endpoint: id,
        };
        once.keep(&mut writing, &trial);
        commit(&app, &store, writing).await?;
        Ok(Outcome::Done(trial))
    })
    .await
}

/// Tells an endpoint nothing any more, and says so in the audit log. One that is not told anyway stays as it is.
///
/// # Errors
///
/// As the database fails.
pub(super) async fn disable_endpoint(
    app: &App,
    store: &StoreId,
    id: &str,
    why: DisabledBy,
) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), id.to_owned());
    detached(with, move |(app, store, id)| async move {
        let (mut writing, _) = begin(&app, &store, "disable_webhook_endpoint", &id).await?;
        let found = writing.webhook_endpoint(&id).await?;
        let now = app.clock.now();
        // It may have taken another message meanwhile.
        let still = |endpoint: &WebhookEndpoint| {
            why != DisabledBy::Failing || has_failed_for_long(endpoint.failing_since, now)
        };
        let Some(before) = found.filter(|endpoint| endpoint.enabled && still(endpoint)) else {
            return Ok(writing.undo().await?);
        };
        let endpoint = WebhookEndpoint {
            enabled: false,
            disabled_by: Some(why),
            ..before
        };
        writing.put_webhook_endpoint(&endpoint).await?;
        writing.add_audit(&disabled(&id, why)).await?;
        commit(&app, &store, writing).await?;
        tracing::warn!(
            webhook.endpoint = id,
            webhook.why = why.name(),
            "Endpoint `{id}` is not told of anything any more: {}",
            why.name()
        );
        Ok(())
    })
    .await
}

/// Endpoints after one, in the order of their ids.
///
/// # Errors
///
/// As the database fails.
pub async fn endpoints(
    app: &App,
    store: &StoreId,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<WebhookEndpoint>, ActError> {
    let found = app
        .store
        .webhook_endpoints(store, after.unwrap_or_default(), limit);
    Ok(found.await?)
}

/// An endpoint.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn endpoint(app: &App, store: &StoreId, id: &str) -> Result<WebhookEndpoint, ActError> {
    let found = app.store.webhook_endpoint(store, id).await?;
    found.ok_or(ActError::NotFound)
}

/// What an endpoint was told, the latest first.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn deliveries(
    app: &App,
    store: &StoreId,
    id: &str,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<WebhookRecord>, ActError> {
    endpoint(app, store, id).await?;
    Ok(app.store.deliveries_to(store, id, before, limit).await?)
}

/// Until when the secret before still signs; `None`: there is none, or it does not any more.
pub fn old_secret_until(endpoint: &WebhookEndpoint, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let until = endpoint.rotated_at? + WEBHOOK_OLD_SECRET_LIFE;
    (now < until).then_some(until)
}

/// An address as it is to be kept.
async fn looked_at(app: &App, store: &StoreId, url: &str) -> Result<String, ActError> {
    let reach = app.connections.webhook_reach(store);
    look_at(url, reach)
        .await
        .map_err(|why| ActError::field("/url", "url_not_allowed", why.to_string()))
}

fn key(app: &App) -> Result<&Key, ActError> {
    app.connections.webhook_key().ok_or_else(|| {
        ActError::conflict(
            "webhook_key_missing",
            "messages cannot be signed yet: whoever runs the server puts `webhook_key` into the file of accounts (32 random bytes in base64: openssl rand -base64 32) and starts it again",
        )
    })
}

fn with_secret(key: &Key, store: &StoreId, endpoint: WebhookEndpoint) -> WithSecret {
    let secret = key.secret(store, &endpoint.id, endpoint.generation);
    WithSecret {
        secret: secret.text(),
        endpoint,
    }
}

async fn begin(
    app: &App,
    store: &StoreId,
    act: &'static str,
    id: &str,
) -> Result<(Writing, DateTime<Utc>), ActError> {
    let now = as_kept(app.clock.now());
    let writing = app.store.begin(store, Note::new(act, id), now).await?;
    Ok((writing, now))
}

async fn commit(app: &App, store: &StoreId, writing: Writing) -> Result<(), ActError> {
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}

fn disabled(id: &str, why: DisabledBy) -> AuditEntry {
    AuditEntry {
        who: None,
        action: "disable webhook endpoint".into(),
        subject: id.to_owned(),
        outcome: AuditOutcome::Done,
        code: Some(why.name().to_owned()),
    }
}
