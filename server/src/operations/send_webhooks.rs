//! Sends endpoints what they are to be told. Each endpoint is sent to by a task of its own: one that is slow keeps no other one
//! waiting, nor the shop's mail.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::StoreId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{self, JoinSet};
use tokio::time::MissedTickBehavior;

use super::ActError;
use super::records::{AfterTry, Delivery, DeliveryEnd, DisabledBy, Try, WebhookEndpoint};
use super::running::again;
use super::watch_goods::{Watched, watch_goods};
use super::webhook_endpoints::{disable_endpoint, old_secret_until};
use crate::app::App;
use crate::limits::{
    WEBHOOK_ENDPOINTS_AT_ONCE_MAX, WEBHOOK_FAILING_MAX, WEBHOOK_KEPT, WEBHOOK_RETRIES_S,
    WEBHOOKS_AT_ONCE_MAX, WEBHOOKS_NOTED_AT_ONCE,
};
use crate::payments::signature::Secret;
use crate::webhooks::happened::EventKind;
use crate::webhooks::sender::{Message, Sent};

/// How often it is looked whether something is to be sent.
const LOOKED_EVERY: Duration = Duration::from_secs(1);
/// How often what is computed is looked at, and what is old forgotten.
const WATCHED_EVERY: Duration = Duration::from_secs(10);
/// For how long a message is one server's: longer than sending it takes.
const TAKEN_FOR: TimeDelta = TimeDelta::seconds(60);
/// By how much a wait is lengthened at most, in percent: so that many that failed together do not come back together.
const SPREAD_PERCENT: u64 = 10;

/// An endpoint of a store.
type Whose = (StoreId, String);

/// Sends for as long as it is polled. A failure is logged and tried again.
pub async fn run(app: App) {
    tokio::join!(keep_sending(&app), keep_watching(&app));
}

async fn keep_sending(app: &App) {
    let free = Arc::new(Semaphore::new(WEBHOOK_ENDPOINTS_AT_ONCE_MAX));
    let mut turns: JoinSet<()> = JoinSet::new();
    let mut under_way: HashMap<task::Id, Whose> = HashMap::new();
    let mut ticks = tokio::time::interval(LOOKED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let due = match endpoints_due(app).await {
                    Ok(due) => due,
                    Err(error) => {
                        tracing::warn!(error = %error, "Cannot look for messages to endpoints: {error}");
                        continue;
                    }
                };
                let busy: HashSet<&Whose> = under_way.values().collect();
                let ready: Vec<Whose> = due
                    .into_iter()
                    .filter(|whose| !busy.contains(whose))
                    .collect();
                for whose in ready {
                    let Ok(place) = Arc::clone(&free).try_acquire_owned() else {
                        break;
                    };
                    let turn = turn(app.clone(), whose.clone(), place);
                    under_way.insert(turns.spawn(turn).id(), whose);
                }
            }
            Some(ended) = turns.join_next_with_id() => {
                let id = match &ended {
                    Ok((id, ())) => *id,
                    Err(panicked) => panicked.id(),
                };
                under_way.remove(&id);
                if let Err(panicked) = ended {
                    tracing::error!(error = %panicked, "Sending to an endpoint fell over: {panicked}");
                }
            }
        }
    }
}

/// Endpoints for which something is due, of the stores that this server holds.
async fn endpoints_due(app: &App) -> Result<Vec<Whose>, ActError> {
    let now = app.clock.now();
    let mut due = Vec::new();
    for store in app.store.stores_with_webhooks().await? {
        if app.catalogue.shop(&store).is_none() {
            continue;
        }
        let endpoints = app.store.webhooks_due(&store, now).await?.into_iter();
        due.extend(endpoints.map(|endpoint| (store.clone(), endpoint)));
    }
    Ok(due)
}

async fn turn(app: App, (store, endpoint): Whose, _place: OwnedSemaphorePermit) {
    if let Err(error) = send_due(&app, &store, &endpoint).await {
        tracing::warn!(error = %error, webhook.endpoint = endpoint, "Cannot send to endpoint `{endpoint}`: {error}");
    }
}

/// Sends everything that is due, to each endpoint at the same time.
///
/// # Errors
///
/// As the database fails.
pub async fn send_all_due(app: &App) -> Result<(), ActError> {
    let mut turns: JoinSet<Result<(), ActError>> = JoinSet::new();
    for (store, endpoint) in endpoints_due(app).await? {
        let app = app.clone();
        turns.spawn(async move { send_due(&app, &store, &endpoint).await });
    }
    while let Some(ended) = turns.join_next().await {
        match ended {
            Ok(sent) => sent?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
    Ok(())
}

/// Sends an endpoint what is due, until nothing is or it is not told any more.
async fn send_due(app: &App, store: &StoreId, endpoint: &str) -> Result<(), ActError> {
    loop {
        let found = app.store.webhook_endpoint(store, endpoint).await?;
        let Some(endpoint) = found.filter(|endpoint| endpoint.enabled) else {
            return Ok(());
        };
        let now = app.clock.now();
        let taken =
            app.store
                .take_deliveries(store, &endpoint.id, now, TAKEN_FOR, WEBHOOKS_AT_ONCE_MAX);
        let taken = taken.await?;
        if taken.is_empty() {
            return Ok(());
        }
        let endpoint = Arc::new(endpoint);
        let mut under_way: JoinSet<Result<(), ActError>> = JoinSet::new();
        for delivery in taken {
            let (app, store, endpoint) = (app.clone(), store.clone(), Arc::clone(&endpoint));
            under_way.spawn(async move { send(&app, &store, &endpoint, &delivery).await });
        }
        let mut failure = None;
        // Whatever becomes of one, the others are waited for: what was sent is written down.
        while let Some(ended) = under_way.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => drop(failure.get_or_insert(error)),
                Err(panicked) => {
                    tracing::error!(error = %panicked, "Sending a message fell over: {panicked}");
                }
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
    }
}

/// Sends a message, and writes down what came of it.
async fn send(
    app: &App,
    store: &StoreId,
    endpoint: &WebhookEndpoint,
    delivery: &Delivery,
) -> Result<(), ActError> {
    let (now, begun) = (app.clock.now(), Instant::now());
    let id = message_id(&delivery.event, &endpoint.id);
    let message = Message {
        id: &id,
        kind: delivery.kind,
        happened_at: delivery.happened_at,
        data: &delivery.data,
    };
    let sent = match secrets(app, store, endpoint, now) {
        Ok(secrets) => {
            let reach = app.connections.webhook_reach(store);
            let sent = app
                .webhooks
                .send(&endpoint.url, reach, &message, &secrets, now);
            sent.await
        }
        Err(why) => {
            tracing::error!(webhook.endpoint = endpoint.id, "{why}");
            Sent::Unanswered(why.into())
        }
    };
    let (status, failure) = match &sent {
        Sent::Taken(status) => (Some(*status), None),
        Sent::Gone(status) => (Some(*status), Some("the endpoint is gone".to_owned())),
        Sent::Refused(status) => (Some(*status), Some(format!("answered {status}"))),
        Sent::Unanswered(why) => (None, Some(why.clone())),
    };
    let tried = Try {
        at: now,
        took_ms: u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX),
        status,
        failure,
    };
    let then = match &sent {
        Sent::Taken(_) => AfterTry::End(DeliveryEnd::Delivered),
        _ => after_failure(delivery, now),
    };
    let failing_since = again(|| async {
        let noted = app
            .store
            .note_try(store, &endpoint.id, &delivery.event, &tried, then);
        Ok::<_, ActError>(noted.await?)
    })
    .await?;
    let why = match sent {
        Sent::Gone(_) => DisabledBy::Gone,
        // One try that fails after quiet days is not enough: all tries of a message have to.
        _ if then == AfterTry::End(DeliveryEnd::GivenUp)
            && delivery.kind != EventKind::Test
            && has_failed_for_long(failing_since, now) =>
        {
            DisabledBy::Failing
        }
        _ => return Ok(()),
    };
    disable_endpoint(app, store, &endpoint.id, why).await
}

/// True where an endpoint has taken nothing for so long that it is not sent to any more.
pub(super) fn has_failed_for_long(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    since.is_some_and(|since| since + WEBHOOK_FAILING_MAX <= now)
}

/// What a message is known by at an endpoint, however often it is sent.
pub fn message_id(event: &str, endpoint: &str) -> String {
    format!("msg_{event}_{endpoint}")
}

/// With what messages to an endpoint are signed: the newest secret first.
fn secrets(
    app: &App,
    store: &StoreId,
    endpoint: &WebhookEndpoint,
    now: DateTime<Utc>,
) -> Result<Vec<Secret>, &'static str> {
    let key = app.connections.webhook_key();
    let key = key.ok_or("`webhook_key` is missing from the file of accounts")?;
    if key.mark(store, &endpoint.id, endpoint.generation) != endpoint.mark {
        return Err(
            "`webhook_key` in the file of accounts is not the one with which the endpoint's secret was made: put that one back, or rotate the secret",
        );
    }
    let before = old_secret_until(endpoint, now).map(|_| endpoint.generation.saturating_sub(1));
    let generations = [Some(endpoint.generation), before].into_iter().flatten();
    Ok(generations
        .map(|generation| key.secret(store, &endpoint.id, generation))
        .collect())
}

/// A message that was not taken is sent again after longer and longer; one that only tries the endpoint is not.
fn after_failure(delivery: &Delivery, now: DateTime<Utc>) -> AfterTry {
    let tries = usize::try_from(delivery.attempts).unwrap_or(usize::MAX);
    let wait_s = WEBHOOK_RETRIES_S.get(tries.saturating_sub(1));
    match wait_s {
        Some(wait_s) if delivery.kind != EventKind::Test => {
            let spread = RandomState::new().hash_one(tries) % (SPREAD_PERCENT * 10);
            let wait_ms = i64::from(*wait_s) * (1_000 + i64::try_from(spread).unwrap_or_default());
            AfterTry::Again(now + TimeDelta::milliseconds(wait_ms))
        }
        _ => AfterTry::End(DeliveryEnd::GivenUp),
    }
}

async fn keep_watching(app: &App) {
    let mut ticks = tokio::time::interval(WATCHED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watched = Watched::default();
    loop {
        ticks.tick().await;
        let stores = match app.store.stores_with_webhooks().await {
            Ok(stores) => stores,
            Err(error) => {
                tracing::warn!(error = %error, "Cannot look which stores have endpoints: {error}");
                continue;
            }
        };
        for store in stores {
            if let Err(error) = watch_goods(app, &store, &mut watched).await {
                tracing::warn!(error = %error, "Cannot look what can leave or is there again: {error}");
            }
            let before = app.clock.now() - WEBHOOK_KEPT;
            let forgotten = app
                .store
                .forget_webhooks(&store, before, WEBHOOKS_NOTED_AT_ONCE);
            if let Err(error) = forgotten.await {
                tracing::warn!(error = %error, "Cannot forget old messages to endpoints: {error}");
            }
        }
    }
}
