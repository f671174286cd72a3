//! Gives each store's errands their turn, apart from those of the others, and does what a new day makes necessary.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use shared::ids::StoreId;
use tokio::sync::Semaphore;
use tokio::task::{self, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::ActError;
use super::delays::look_after_delays;
use super::errands::run_lane;
use super::look_after_payments::{Seen, look_after_payments};
use super::records::Lane;
use crate::app::App;

/// How often errands that were put off are looked for.
const LOOKED_FOR_EVERY: Duration = Duration::from_secs(2);
/// How often all stores are looked at: what another server left undone is found then.
const ALL_EVERY: Duration = Duration::from_secs(10);
/// How often delays are looked after: only a new day changes something.
const DELAYS_EVERY: Duration = Duration::from_secs(60);
/// After what time an errand that is not done is an alarm.
const OVERDUE_AFTER: TimeDelta = TimeDelta::minutes(15);
/// Stores whose letters are sent at once, and as many whose other errands are done.
const STORES_AT_ONCE: usize = 64;

/// What of a store has its turn apart from all else.
type Whose = (StoreId, Lane);

/// Runs errands and looks after delays for as long as it is polled. A failure is logged and tried again.
pub async fn run(app: App) {
    tokio::join!(take_turns(&app), keep_looking_after_delays(&app));
}

/// How a store's turn ended.
struct Turn {
    seen: Seen,
    /// Something was done, and there may be more.
    is_more: bool,
    /// Something was left for a moment later.
    is_open: bool,
}

/// Gives each store that may have errands its turn, letters, posts and all else apart, many at once: whoever one of them waits for keeps no other one waiting.
async fn take_turns(app: &App) {
    let free = Lane::ALL.map(|lane| (lane, Arc::new(Semaphore::new(STORES_AT_ONCE))));
    let free = HashMap::from(free);
    let lanes_of = |store: &StoreId| Lane::ALL.map(|lane| (store.clone(), lane));
    let mut turns: JoinSet<Turn> = JoinSet::new();
    let mut under_way: HashMap<task::Id, Whose> = HashMap::new();
    let mut seen: HashMap<Whose, Seen> = HashMap::new();
    let mut due: HashSet<Whose> = HashSet::new();
    // Those that are to be looked at again soon.
    let mut open: HashSet<Whose> = HashSet::new();
    let mut soon = ticks(LOOKED_FOR_EVERY);
    let mut all = ticks(ALL_EVERY);
    let mut news = pin!(app.errands.wait(ALL_EVERY));
    loop {
        tokio::select! {
            told = &mut news => {
                due.extend(told.iter().flat_map(lanes_of));
                news.set(app.errands.wait(ALL_EVERY));
            }
            _ = soon.tick() => due.extend(open.drain()),
            _ = all.tick() => {
                let shops = app.catalogue.shops().into_iter();
                due.extend(shops.flat_map(|shop| lanes_of(&shop.id)));
            }
            Some(ended) = turns.join_next_with_id() => {
                let id = match &ended {
                    Ok((id, _)) => *id,
                    Err(panicked) => panicked.id(),
                };
                let whose = under_way.remove(&id).expect("each turn is a store's");
                match ended {
                    Ok((_, turn)) => {
                        if turn.is_more {
                            // Of an order one is done after the other, whatever they are.
                            due.extend(lanes_of(&whose.0));
                        }
                        if turn.is_open {
                            open.insert(whose.clone());
                        }
                        seen.insert(whose, turn.seen);
                    }
                    Err(panicked) => {
                        tracing::error!(error = %panicked, "A store's errands fell over: {panicked}");
                        open.insert(whose);
                    }
                }
            }
        }
        let busy: HashSet<&Whose> = under_way.values().collect();
        let ready: Vec<Whose> = due
            .iter()
            .filter(|whose| !busy.contains(whose))
            .cloned()
            .collect();
        for whose in ready {
            due.remove(&whose);
            let seen = seen.remove(&whose).unwrap_or_default();
            let free = Arc::clone(&free[&whose.1]);
            let turn = turn(app.clone(), whose.clone(), seen, free);
            under_way.insert(turns.spawn(turn).id(), whose);
        }
    }
}

async fn turn(app: App, (store, lane): Whose, mut seen: Seen, free: Arc<Semaphore>) -> Turn {
    let _one_of_them = free.acquire_owned().await.expect("it is never closed");
    let (mut is_more, mut is_open) = (false, false);
    if lane == Lane::Questions {
        match look_after_payments(&app, &store, &mut seen).await {
            Ok(was_looked) => is_open |= !was_looked,
            Err(error) => tracing::warn!(error = %error, "Cannot look after payments: {error}"),
        }
    }
    match run_lane(&app, &store, lane).await {
        Ok(Some(were_put_off)) => {
            is_more = true;
            is_open |= were_put_off;
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(error = %error, "Cannot run errands: {error}"),
    }
    Turn {
        seen,
        is_more,
        is_open,
    }
}

/// Does what a new day makes necessary, and counts what is late.
async fn keep_looking_after_delays(app: &App) {
    let mut ticks = ticks(DELAYS_EVERY);
    loop {
        ticks.tick().await;
        for shop in app.catalogue.shops() {
            if let Err(error) = look_after_delays(app, &shop.id).await {
                tracing::warn!(error = %error, "Cannot look after delays: {error}");
            }
            if let Err(error) = count_overdue(app, &shop.id).await {
                tracing::warn!(error = %error, "Cannot count errands: {error}");
            }
        }
    }
}

/// Counts errands that were not done in time, for whoever is to be alarmed.
///
/// # Errors
///
/// As the database fails.
pub async fn count_overdue(app: &App, store: &StoreId) -> Result<(), ActError> {
    let before = app.clock.now() - OVERDUE_AFTER;
    let overdue = app.store.errands_overdue(store, before).await?;
    app.metrics.errands_overdue(store.as_str(), overdue);
    Ok(())
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + LOOKED_FOR_EVERY, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
