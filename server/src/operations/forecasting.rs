//! Forecasts what will be wanted of each SKU, and says when to order it: all of them when a month is over, and else only those of
//! which something is new.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use shared::calendar::DispatchCalendar;
use shared::ids::{Sku, StoreId};
use shared::supply::BackorderMode;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};

use super::ActError;
use super::forecast_inputs::Learner;
use super::low_stock::hold_against_points;
use super::records::{ForecastRecord, ForecastState, first_of};
use super::reserve::as_kept;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::catalogue::{Entry, Shop};
use crate::limits::{
    FORECAST_AT_ONCE, FORECASTING_HELD_SECONDS, FORECASTING_SAID_AGAIN_SECONDS, SALES_MONTHS_MAX,
};
use crate::store::StoreError;
use crate::store::writing::Note;

const HELD: TimeDelta = TimeDelta::seconds(FORECASTING_HELD_SECONDS);
const SAID_AGAIN: Duration = Duration::from_secs(FORECASTING_SAID_AGAIN_SECONDS);

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastRun {
    /// SKUs that were forecast.
    pub forecast: usize,
    /// SKUs of which something had changed, but nothing that a forecast rests on.
    pub unchanged: usize,
}

/// Forecasts what has to be. `None` while another server does.
///
/// # Errors
///
/// As the database fails.
pub async fn run_forecasts(app: &App, store: &StoreId) -> Result<Option<ForecastRun>, ActError> {
    let with = (app.clone(), store.clone());
    detached(with, |(app, store)| async move {
        let now = as_kept(app.clock.now());
        if !app.store.take_forecasting(&store, now, now + HELD).await? {
            return Ok(None);
        }
        let begun = Instant::now();
        let (over, is_over) = oneshot::channel();
        let mut holding = tokio::spawn(hold(app.clone(), store.clone(), now + HELD, is_over));
        let ran = tokio::select! {
            ran = run(&app, &store, now) => ran,
            lost = &mut holding => return ended(lost).map(|_| None),
        };
        drop(over);
        let Some(held) = ended(holding.await)? else {
            return Ok(None);
        };
        let state = ran.as_ref().ok().map(|(_, state)| *state);
        app.store.end_forecasting(&store, held, state).await?;
        if let Ok((ran, _)) = &ran {
            let took_ms = begun.elapsed().as_millis();
            tracing::info!(
                forecast.skus = ran.forecast,
                forecast.unchanged = ran.unchanged,
                forecast.took_ms = took_ms,
                "Forecast {} SKUs of `{store}` in {took_ms} ms, left {} as they were",
                ran.forecast,
                ran.unchanged
            );
        }
        ran.map(|(ran, _)| Some(ran))
    })
    .await
}

/// Says again and again that we are at it, so that a server that is killed keeps others waiting only for a moment. Returns until
/// when forecasting is held once it is over; `None` when another server has taken it.
async fn hold(
    app: App,
    store: StoreId,
    mut held: DateTime<Utc>,
    mut is_over: oneshot::Receiver<()>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    loop {
        tokio::select! {
            _ = &mut is_over => return Ok(Some(held)),
            () = tokio::time::sleep(SAID_AGAIN) => {}
        }
        let now = as_kept(app.clock.now());
        match app.store.hold_forecasting(&store, held, now + HELD).await {
            Ok(true) => held = now + HELD,
            Ok(false) => return Ok(None),
            // A database that is busy has its next turn before others think that nobody is at it.
            Err(error) if now < held => tracing::warn!("Forecasting is not held yet: {error}"),
            Err(error) => return Err(error),
        }
    }
}

/// How a task ended.
fn ended<T>(task: Result<Result<T, StoreError>, JoinError>) -> Result<T, ActError> {
    match task {
        Ok(outcome) => Ok(outcome?),
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        // Only a runtime that shuts down cancels the task.
        Err(_) => Err(StoreError::stopping().into()),
    }
}

/// True if there is something to forecast that can wait no longer: a new day, another policy, or a file of sales.
///
/// # Errors
///
/// As the database fails.
pub async fn is_forecast_due(app: &App, shop: &Shop) -> Result<bool, ActError> {
    let today = shop.settings().location.calendar.today(app.clock.now());
    let state = app.store.forecast_state(&shop.id).await?;
    let is_new_day = state.ran_on != Some(today);
    if is_new_day
        || app
            .store
            .has_sold_after(&shop.id, state.sales_revision)
            .await?
    {
        return Ok(true);
    }
    let policy = app.store.reorder_policy(&shop.id).await?;
    Ok(state.policy_revision < policy.revision)
}

async fn run(
    app: &App,
    store: &StoreId,
    now: DateTime<Utc>,
) -> Result<(ForecastRun, ForecastState), ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let before = app.store.forecast_state(store).await?;
    let calendar = shop.settings().location.calendar.clone();
    let today = calendar.today(now);
    count_orders(app, store, &calendar, before.month, now).await?;
    note_empty(app, &shop, first_of(today), now).await?;

    let learner = Learner::new(app, &shop, now).await?;
    // What is committed from here on is for the next run.
    let reached = app.store.last_revision(store).await?;
    let is_full =
        before.month != Some(learner.last) || before.policy_revision < learner.policy.revision;
    let candidates = match is_full {
        true => learner.all_skus(app).await?,
        false => learner.changed(app, &before).await?,
    };
    let mut ran = ForecastRun {
        forecast: 0,
        unchanged: 0,
    };
    let mut learner = learner;
    let mut under_way: JoinSet<Vec<ForecastRecord>> = JoinSet::new();
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    for skus in candidates.chunks(FORECAST_AT_ONCE) {
        let mut inputs = learner.inputs(app, skus).await?;
        if !is_full {
            let known = app.store.forecasts_of(store, skus).await?;
            let all = inputs.len();
            inputs.retain(|input| {
                let known = known.get(&input.sku);
                known.is_none_or(|known| known.content.inputs != input.fingerprint())
            });
            ran.unchanged += all - inputs.len();
        }
        if inputs.is_empty() {
            continue;
        }
        let pool = learner.pool(app).await?;
        let (policy, last) = (Arc::clone(&learner.policy), learner.last);
        under_way.spawn_blocking(move || {
            let all = inputs.iter();
            all.map(|input| input.forecast(&pool, &policy, last, now))
                .collect()
        });
        if at_once < under_way.len() {
            ran.forecast += keep_next(app, store, &mut under_way, now).await?;
        }
    }
    while !under_way.is_empty() {
        ran.forecast += keep_next(app, store, &mut under_way, now).await?;
    }
    let state = ForecastState {
        month: Some(learner.last),
        ran_on: Some(today),
        sales_revision: reached,
        sku_revision: reached,
        policy_revision: learner.policy.revision,
    };
    Ok((ran, state))
}

/// Keeps the forecasts that are ready next, and tells what is low by them.
async fn keep_next(
    app: &App,
    store: &StoreId,
    under_way: &mut JoinSet<Vec<ForecastRecord>>,
    now: DateTime<Utc>,
) -> Result<usize, ActError> {
    let records = match under_way.join_next().await {
        None => return Ok(0),
        Some(Ok(records)) => records,
        Some(Err(ended)) => std::panic::resume_unwind(ended.into_panic()),
    };
    let mut writing = app.store.begin(store, note("forecast"), now).await?;
    writing.put_forecasts(&records).await?;
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    let skus: Vec<Sku> = records.iter().map(|record| record.sku.clone()).collect();
    hold_against_points(app, store, &skus).await?;
    Ok(records.len())
}

/// Counts what our own orders sold: of this month and the last, and of all before where nobody has yet. What is cancelled later than
/// that counts as sold: it was wanted.
async fn count_orders(
    app: &App,
    store: &StoreId,
    calendar: &DispatchCalendar,
    known: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let this = first_of(calendar.today(now));
    let last = this - Months::new(1);
    let first = match known {
        Some(known) => known.min(last),
        None => this - Months::new(SALES_MONTHS_MAX),
    };
    let months = (0..).map(|count| first + Months::new(count));
    for month in months.take_while(|month| *month <= this) {
        let (from, until) = (
            calendar.start_of(month),
            calendar.start_of(month + Months::new(1)),
        );
        let mut writing = app.store.begin(store, note("count_sales"), now).await?;
        match writing.count_orders(month, from, until).await? {
            0 => writing.undo().await?,
            _ => drop(writing.commit().await?),
        }
    }
    Ok(())
}

/// Notes of which goods nothing is there now, and none can be ordered: what is sold of them this month says only how many at least.
async fn note_empty(
    app: &App,
    shop: &Shop,
    month: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let is_empty = |entry: &Entry| {
        let selling = entry.selling();
        selling.tracked
            && !selling.discontinued
            && selling.backorder.mode == BackorderMode::Deny
            && entry.kit().is_empty()
            && entry.is_off_the_shelf()
    };
    let entries = shop.entries().into_iter();
    let empty = entries.filter(|entry| is_empty(entry));
    let empty: Vec<Sku> = empty.map(|entry| entry.sku().clone()).collect();
    for skus in empty.chunks(FORECAST_AT_ONCE) {
        let note = note("note_empty_shelves");
        let mut writing = app.store.begin(&shop.id, note, now).await?;
        match writing.note_empty(month, skus).await? {
            0 => writing.undo().await?,
            _ => drop(writing.commit().await?),
        }
    }
    Ok(())
}

fn note(act: &'static str) -> Note {
    Note {
        act,
        subject: None,
        reason: None,
    }
}
