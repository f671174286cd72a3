//! Clears away what time has ended, looks after promises that time alone can break, tells who waits for goods, learns and forecasts anew each
//! day, and orders by the suppliers' rhythms.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use shared::ids::{Sku, StoreId};

use super::ActError;
use super::draft_reorders::run_schedules;
use super::forecasting::{is_forecast_due, run_forecasts};
use super::low_stock::{LookedAt, look_for_low_stock};
use super::posts::forget_posts;
use super::records::Ending;
use super::relearn::relearn;
use super::reorders::follow_up;
use super::running::{Touched, again, publish};
use super::settle::{Cause, settle};
use super::tell_offers::forget_exposures;
use super::tell_waitlist::tell_waitlist;
use super::waitlist::forget_waitlist;
use super::watch_posts::{PostsWatched, look_after_posts};
use crate::app::App;
use crate::catalogue::Shop;
use crate::store::writing::Note;

/// How often the server looks.
pub const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked whether addresses, who saw an offer, and posts that never went are to be forgotten.
const FORGETS_EVERY: TimeDelta = TimeDelta::minutes(10);
/// Reservations that are cleared away at a time.
pub const EXPIRED_MAX: u32 = 200;
/// SKUs whose promises are looked after at a time.
pub const LOOKED_AFTER_MAX: u32 = 50;

/// Sweeps for as long as it is polled. A failure is logged and tried again. Nothing waits for it: a
/// reservation whose time is over holds nothing, swept or not.
pub async fn sweep(app: App) {
    // A night of forecasts takes a while: no promise waits for it.
    tokio::join!(sweep_promises(&app), sweep_stock(&app), sweep_posts(&app));
}

async fn sweep_posts(app: &App) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut watched = PostsWatched::default();
    loop {
        ticks.tick().await;
        for shop in app.catalogue.shops() {
            if let Err(error) = look_after_posts(app, &shop, &mut watched).await {
                tracing::warn!(error = %error, "Cannot look after posts: {error}");
            }
        }
    }
}

async fn forget(app: &App, store: &StoreId) -> Result<(), ActError> {
    forget_waitlist(app, store).await?;
    forget_exposures(app, store).await?;
    forget_posts(app, store).await
}

async fn sweep_stock(app: &App) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looked_at = HashMap::<StoreId, LookedAt>::new();
    loop {
        ticks.tick().await;
        for shop in app.catalogue.shops() {
            let looked_at = looked_at.entry(shop.id.clone()).or_default();
            if let Err(error) = look_after_stock(app, &shop, looked_at).await {
                tracing::warn!(error = %error, "Cannot look after stock: {error}");
            }
        }
    }
}

async fn sweep_promises(app: &App) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut after = HashMap::<StoreId, String>::new();
    let mut learnt_on = HashMap::<StoreId, NaiveDate>::new();
    let mut waited_for = HashMap::<StoreId, String>::new();
    let mut forgot_at = HashMap::<StoreId, DateTime<Utc>>::new();
    loop {
        ticks.tick().await;
        for shop in app.catalogue.shops() {
            let cursor = after.entry(shop.id.clone()).or_default();
            let swept = match clear_expired(app, &shop.id).await {
                Ok(()) => look_after(app, &shop.id, cursor).await,
                Err(error) => Err(error),
            };
            if let Err(error) = swept {
                tracing::warn!(error = %error, "Cannot look after promises: {error}");
            }
            if let Err(error) = app.store.forget_answers(&shop.id, app.clock.now()).await {
                tracing::warn!(error = %error, "Cannot forget old answers: {error}");
            }
            let cursor = waited_for.entry(shop.id.clone()).or_default();
            if let Err(error) = tell_waitlist(app, &shop.id, cursor).await {
                tracing::warn!(error = %error, "Cannot tell who waits: {error}");
            }
            let now = app.clock.now();
            let is_forgotten = forgot_at
                .get(&shop.id)
                .is_some_and(|at| now < *at + FORGETS_EVERY);
            if !is_forgotten {
                match forget(app, &shop.id).await {
                    Ok(()) => drop(forgot_at.insert(shop.id.clone(), now)),
                    Err(error) => {
                        tracing::warn!(error = %error, "Cannot forget who waited or saw an offer, or which posts were cancelled: {error}")
                    }
                }
            }
            let today = app.clock.now().date_naive();
            if learnt_on.get(&shop.id) == Some(&today) {
                continue;
            }
            match relearn(app, &shop.id).await {
                Ok(()) => drop(learnt_on.insert(shop.id.clone(), today)),
                Err(error) => tracing::warn!(error = %error, "Cannot learn of suppliers: {error}"),
            }
        }
    }
}

/// Forecasts where it is time to, tells what runs low, orders what a schedule says, and asks about what was ordered.
///
/// # Errors
///
/// As the database fails.
pub async fn look_after_stock(
    app: &App,
    shop: &Shop,
    looked_at: &mut LookedAt,
) -> Result<(), ActError> {
    if is_forecast_due(app, shop).await? {
        run_forecasts(app, &shop.id).await?;
    }
    look_for_low_stock(app, &shop.id, looked_at).await?;
    run_schedules(app, &shop.id).await?;
    follow_up(app, &shop.id).await
}

/// Ends the reservations whose time is over, and gives what they held to who waits.
///
/// # Errors
///
/// As the database fails.
pub async fn clear_expired(app: &App, store: &StoreId) -> Result<(), ActError> {
    let now = app.clock.now();
    if !app.store.has_expired(store, now).await? {
        return Ok(());
    }
    again(|| end_expired(app, store, now)).await
}

async fn end_expired(app: &App, store: &StoreId, now: DateTime<Utc>) -> Result<(), ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let mut writing = app.store.begin(store, note("expire"), now).await?;
    let mut skus: Vec<Sku> = Vec::new();
    for id in writing.expired(EXPIRED_MAX).await? {
        skus.extend(writing.end_reservation(&id, Ending::Expired).await?);
    }
    let changed = settle(
        &mut writing,
        &shop.settings(),
        Some(&skus),
        Cause::ReservationEnded,
        now,
    )
    .await?;
    skus.extend(changed);
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(skus), revision).await;
    Ok(())
}

/// Looks after the promises of some SKUs: those after `after`, which is moved on.
///
/// # Errors
///
/// As the database fails.
pub async fn look_after(app: &App, store: &StoreId, after: &mut String) -> Result<(), ActError> {
    let skus = app
        .store
        .claimed_skus(store, after, LOOKED_AFTER_MAX)
        .await?;
    *after = skus.last().map(ToString::to_string).unwrap_or_default();
    if skus.is_empty() {
        return Ok(());
    }
    again(|| look_after_these(app, store, &skus)).await
}

async fn look_after_these(app: &App, store: &StoreId, skus: &[Sku]) -> Result<(), ActError> {
    let now = app.clock.now();
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let mut writing = app
        .store
        .begin(store, note("look_after_promises"), now)
        .await?;
    let changed = settle(
        &mut writing,
        &shop.settings(),
        Some(skus),
        Cause::SupplyLate,
        now,
    )
    .await?;
    if changed.is_empty() {
        return Ok(writing.undo().await?);
    }
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(changed), revision).await;
    Ok(())
}

fn note(act: &'static str) -> Note {
    Note {
        act,
        subject: None,
        reason: None,
    }
}
