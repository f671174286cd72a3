//! Does what was written down to be done outside: asks providers of payment, sends letters. What comes of it is written down
//! together with the end of the errand, so nothing is done twice by us, and whoever is asked twice after a crash is asked
//! under the same name.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{ShipmentId, StoreId};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::ActError;
use super::ask_provider::ask;
use super::charging::{Agreed, Charged, record_agreed, record_charged, record_refunded};
use super::letters;
use super::publish_posts;
use super::records::{Errand, ErrandEnd, ErrandKind, Lane};
use super::reorders;
use super::trade_letters;
use super::waitlist_letters;
use crate::app::App;
use crate::payments::ProviderError;

/// For how long an errand is one server's at its first attempt: longer than anything it does takes.
const TAKEN_FOR: TimeDelta = TimeDelta::seconds(90);
/// Errands of a store that are done at once, of letters, of posts and of all else.
const AT_ONCE: usize = 16;
/// After what time it is looked whether more errands are due while others are under way.
const LOOKED_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// After what time no more errands are begun before other things of the store had their turn.
const TURN_MAX: Duration = Duration::from_secs(60);
/// How often an errand is tried without an answer: the last time about three days after the first.
pub const ATTEMPTS_MAX: u32 = 80;
/// Wait before the second attempt, in seconds; doubled with each up to [`WAIT_S_MAX`].
const WAIT_S: u32 = 2;
/// Longest wait between two questions whether something has come of it, in seconds.
const ASKED_S_MAX: u32 = 60;
/// Which part of the time since the first question is waited before the next.
const ASKED_S_SHARE: u32 = 4;
/// For how long it is asked whether something has come of it. Whoever pays later says so, or the merchant does.
const ASKED_FOR: TimeDelta = TimeDelta::days(30);
/// Longest wait between attempts, in seconds.
const WAIT_S_MAX: u32 = 3_600;

/// Why an errand did not succeed.
#[derive(Debug)]
pub(super) enum Setback {
    /// It is tried again, after so long if that is known.
    Again(String, Option<Duration>),
    /// It is asked again whether something has come of it.
    NotYet,
    /// It will not succeed.
    Never(String),
    /// It is not needed any more.
    Needless,
}

impl From<ActError> for Setback {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotFound => Self::Needless,
            other => Self::Again(other.to_string(), None),
        }
    }
}

impl From<ProviderError> for Setback {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Busy(after) => {
                Self::Again("the provider has too much to do".into(), after)
            }
            ProviderError::Refused { .. } => Self::Never(error.to_string()),
            ProviderError::Unknown(_) | ProviderError::Unreachable(_) => {
                Self::Again(error.to_string(), None)
            }
        }
    }
}

/// Does the errands of a store that are due, until none is. True if some were put off.
///
/// # Errors
///
/// As the database fails.
pub async fn run_due(app: &App, store: &StoreId) -> Result<bool, ActError> {
    let mut were_put_off = false;
    loop {
        // One may lead to another: what was paid is written about.
        let mut were_some = false;
        for lane in Lane::ALL.into_iter().rev() {
            let done = run_lane(app, store, lane).await?;
            were_some |= done.is_some();
            were_put_off |= done == Some(true);
        }
        if !were_some {
            return Ok(were_put_off);
        }
    }
}

/// Does errands of a store until none is due. True if some of them were put off; `None` if there were none. Whoever
/// does not answer keeps only their own place of [`AT_ONCE`]: what becomes due meanwhile is done in the others.
pub(super) async fn run_lane(
    app: &App,
    store: &StoreId,
    lane: Lane,
) -> Result<Option<bool>, ActError> {
    let began = Instant::now();
    let mut under_way = JoinSet::new();
    let (mut were_some, mut were_put_off, mut failure) = (false, false, None);
    loop {
        let room = AT_ONCE.saturating_sub(under_way.len());
        if 0 < room && failure.is_none() && began.elapsed() < TURN_MAX {
            let now = app.clock.now();
            let limit = u32::try_from(room).unwrap_or(u32::MAX);
            match app
                .store
                .take_errands(store, now, TAKEN_FOR, limit, lane)
                .await
            {
                Ok(taken) => {
                    were_some |= !taken.is_empty();
                    for errand in taken {
                        let (app, store) = (app.clone(), store.clone());
                        under_way.spawn(async move { run_one(&app, &store, errand).await });
                    }
                }
                Err(error) => failure = Some(error.into()),
            }
        }
        // Whatever becomes of one, the others are waited for: a provider that was asked is listened to.
        let done = match timeout(LOOKED_AGAIN_AFTER, under_way.join_next()).await {
            Ok(Some(done)) => done,
            Ok(None) => break,
            Err(_nothing_yet) => continue,
        };
        match done {
            Ok(Ok(was_put_off)) => were_put_off |= was_put_off,
            Ok(Err(error)) => drop(failure.get_or_insert(error)),
            Err(panicked) => {
                tracing::error!(error = %panicked, "An errand fell over: {panicked}");
            }
        }
    }
    match failure {
        None => Ok(were_some.then_some(were_put_off)),
        Some(error) => Err(error),
    }
}

/// Does an errand. True if it was put off.
async fn run_one(app: &App, store: &StoreId, errand: Errand) -> Result<bool, ActError> {
    let now = app.clock.now();
    let outcome = match errand.kind {
        ErrandKind::Mail => letters::send(app, store, &errand)
            .await
            .map_err(Setback::from),
        ErrandKind::WaitlistMail => waitlist_letters::send(app, store, &errand)
            .await
            .map_err(Setback::from),
        ErrandKind::ReorderMail => trade_letters::send_order(app, store, &errand)
            .await
            .map_err(Setback::from),
        ErrandKind::MerchantMail => trade_letters::tell_merchant(app, store, &errand)
            .await
            .map_err(Setback::from),
        ErrandKind::Post => publish_posts::carry(app, store, &errand).await,
        _ => ask(app, store, &errand).await,
    };
    let name = errand.name.as_str();
    let (why, wait) = match outcome {
        Ok(()) => return Ok(false),
        Err(Setback::Needless) => {
            let dropped = app
                .store
                .end_errand(store, name, now, ErrandEnd::Dropped, None);
            dropped.await?;
            return Ok(false);
        }
        Err(Setback::Never(why)) => return give_up(app, store, &errand, &why, now).await,
        Err(Setback::Again(why, _)) if ATTEMPTS_MAX <= errand.attempts => {
            return give_up(app, store, &errand, &why, now).await;
        }
        Err(Setback::NotYet) if errand.made_at + ASKED_FOR <= now => {
            let dropped = app
                .store
                .end_errand(store, name, now, ErrandEnd::Dropped, None);
            dropped.await?;
            return Ok(false);
        }
        Err(Setback::NotYet) => {
            let age = (now - errand.made_at).num_seconds().max(0);
            // Nobody waits at a screen for a refund.
            let most = match errand.kind {
                ErrandKind::Refund => WAIT_S_MAX,
                _ => ASKED_S_MAX,
            };
            let wait = u32::try_from(age).unwrap_or(WAIT_S_MAX) / ASKED_S_SHARE;
            let until = now + TimeDelta::seconds(wait.clamp(WAIT_S, most).into());
            app.store.ask_again(store, name, until).await?;
            return Ok(true);
        }
        Err(Setback::Again(why, after)) => {
            tracing::warn!(errand = name, errand.attempts = errand.attempts, error = %why, "Errand `{name}` did not succeed and is tried again: {why}");
            let after = after.map(|after| u32::try_from(after.as_secs()).unwrap_or(WAIT_S_MAX));
            (
                why,
                after
                    .unwrap_or(wait_s(errand.attempts))
                    .clamp(1, WAIT_S_MAX),
            )
        }
    };
    let until = now + TimeDelta::seconds(wait.into());
    app.store.put_off(store, name, until, &why).await?;
    Ok(true)
}

/// How long is waited after so many attempts, in seconds.
pub(super) fn wait_s(attempts: u32) -> u32 {
    let doubled = WAIT_S.checked_shl(attempts.saturating_sub(1).min(16));
    doubled.unwrap_or(WAIT_S_MAX).min(WAIT_S_MAX)
}

/// What cannot be done ends, and whatever waits for it is told so.
async fn give_up(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    why: &str,
    now: DateTime<Utc>,
) -> Result<bool, ActError> {
    let name = errand.name.as_str();
    tracing::error!(
        errand = name,
        error = why,
        "Errand `{name}` is given up: {why}"
    );
    let about = About::read(&errand.content);
    let code = why.to_owned();
    let ended: Result<(), ActError> = match (errand.kind, &errand.order, about.shipment()) {
        (ErrandKind::BeginPayment | ErrandKind::LookUpPayment, Some(order), _) => {
            record_agreed(app, store, Some(name), order, &Agreed::Failed { code }).await
        }
        (
            ErrandKind::Authorize | ErrandKind::Capture | ErrandKind::LookUpCharge,
            _,
            Some(shipment),
        ) => {
            let needs = Charged::NeedsCustomer {
                reference: None,
                client_secret: None,
                pay_url: None,
                code,
            };
            record_charged(app, store, Some(name), &shipment, &needs).await
        }
        (ErrandKind::Refund, Some(order), _) => {
            let refund = about.refund.unwrap_or_default();
            record_refunded(app, store, name, order, &refund, Err(code)).await
        }
        (ErrandKind::ReorderMail, ..) => reorders::give_up_letter(app, store, errand, why).await,
        (ErrandKind::Post, ..) => publish_posts::give_up(app, store, errand, why).await,
        _ => Ok(app
            .store
            .end_errand(store, name, now, ErrandEnd::GivenUp, Some(why))
            .await?),
    };
    if matches!(
        errand.kind,
        ErrandKind::Mail
            | ErrandKind::WaitlistMail
            | ErrandKind::ReorderMail
            | ErrandKind::MerchantMail
    ) {
        app.metrics.letter_given_up(store.as_str());
    }
    ended.map(|()| false)
}

/// What an errand is about.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct About {
    shipment: Option<String>,
    pub(super) key: Option<String>,
    pub(super) refund: Option<String>,
}

impl About {
    pub(super) fn read(content: &str) -> Self {
        serde_json::from_str(content).unwrap_or_default()
    }

    pub(super) fn shipment(&self) -> Option<ShipmentId> {
        self.shipment.as_deref()?.parse().ok()
    }
}
