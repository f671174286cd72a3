//! Requests that end in the middle: a client that hangs up drops its request at any moment.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use server::app::App;
use server::operations::adjust_stock::{AdjustStock, Adjusted, Adjustment, adjust_stock};
use server::operations::once::{Once, Outcome, Ticket};
use server::operations::{ActError, StoreError, show};
use shared::ids::StoreId;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};

use crate::filled::once;
use crate::shop::id;
use crate::stage::{admin_pool, database, fresh_shop, server};

/// How often a bare pool is tried.
const BARE_ATTEMPTS_MAX: u32 = 40;
/// Requests of the storm.
const REQUESTS: u32 = 20_000;
/// They come in so many squalls, with a calm after each.
const SQUALLS: u32 = 20;
/// Clients of a squall, each of which sends one after the other.
const CLIENTS: u32 = 20;
/// One in so many adjusts; the others look.
const ADJUSTS_ONE_IN: u32 = 8;
/// A request that looks is dropped when it has waited less often than so.
const WAITS_MAX: u32 = 5;
/// A request that adjusts is dropped after less than so many microseconds.
const ADJUSTS_FOR_US_MAX: u64 = 30_000;
/// Units that are there before.
const BEFORE: u32 = 1_000;

/// The outcome, unless it has to wait more often than `waits` times: then it is dropped where it stands.
async fn cut_off<F: Future>(future: F, waits: u32) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = waits;
    poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Connections of a program to a database that are inside a transaction without doing anything.
async fn idle_in_transaction(admin: &PgPool, program: &str, database: &str) -> i64 {
    sqlx::query_scalar(
        "
        SELECT count(*)
          FROM pg_stat_activity
         WHERE application_name = $1
           AND datname = $2
           AND state LIKE 'idle in transaction%'",
    )
    .bind(program)
    .bind(database)
    .fetch_one(admin)
    .await
    .expect("a count")
}

/// The same of ours, when whatever comes back late has had a moment to: much less than PostgreSQL would end it after.
async fn left_inside(admin: &PgPool, database: &str) -> i64 {
    let mut left = idle_in_transaction(admin, "ships-by", database).await;
    for _ in 0..50 {
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        left = idle_in_transaction(admin, "ships-by", database).await;
    }
    left
}

/// Fails on the day on which sqlx mends it. Then `begun` of `store/engine/postgres.rs` needs no task of its own.
#[tokio::test]
async fn a_pool_of_sqlx_takes_back_a_connection_inside_a_transaction_when_its_begin_is_cancelled() {
    let shop = fresh_shop().await;
    let (admin, name) = (admin_pool(&shop), database(&shop));
    let options = PgConnectOptions::from_str(&format!("{}/{name}", server()))
        .expect("an address")
        .application_name("bare");
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .expect("a connection");
    let mut is_left_inside = false;
    for attempt in 0..BARE_ATTEMPTS_MAX {
        cut_off(pool.begin(), attempt % 4).await;
        // It comes back in a task of its own, after a round trip.
        tokio::time::sleep(Duration::from_millis(10)).await;
        is_left_inside |= 0 < idle_in_transaction(&admin, "bare", &name).await;
        if is_left_inside {
            break;
        }
    }
    assert!(
        is_left_inside,
        "sqlx has mended https://github.com/transact-rs/sqlx/issues/4385: begin without a task in store/engine/postgres.rs"
    );
}

/// What came of a storm.
#[derive(Default)]
struct Tally {
    dropped: AtomicU32,
    answered: AtomicU32,
    busy: AtomicU32,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_of_clients_that_hang_up_leaves_nothing_half_done_and_no_connection_in_a_transaction()
 {
    let shop = fresh_shop().await;
    let (admin, name) = (admin_pool(&shop), database(&shop));
    for sku in ["left", "right"] {
        shop.stocked(sku, BEFORE).await;
    }
    let tally = Arc::new(Tally::default());
    let mut done = BTreeSet::new();
    for squall in 0..SQUALLS {
        let clients = (0..CLIENTS).map(|client| {
            let (app, store, tally) = (shop.app.clone(), shop.store.clone(), Arc::clone(&tally));
            let client = squall * CLIENTS + client;
            tokio::spawn(async move { hang_up_again_and_again(&app, &store, client, &tally).await })
        });
        for client in clients.collect::<Vec<_>>() {
            done.extend(client.await.expect("an end"));
        }
        // In a storm whoever is next would clear up after who was before: a connection that was given back inside
        // a transaction is found when nobody asks for a moment.
        assert_eq!(left_inside(&admin, &name).await, 0, "after squall {squall}");
    }
    let count = |of: &AtomicU32| of.load(Ordering::Relaxed);
    eprintln!(
        "{} dropped, {} answered, {} refused as busy",
        count(&tally.dropped),
        count(&tally.answered),
        count(&tally.busy)
    );
    // It was a storm: most were dropped, and many came through.
    assert!(REQUESTS / 4 < count(&tally.dropped));
    assert!(REQUESTS / 10 < count(&tally.answered));

    // Each adjustment is there with both of its lines, its act and its answer, or not at all.
    let kept = acted(&admin, "SELECT key FROM kept_answer").await;
    assert!(done.is_subset(&kept), "an acknowledged one is lost");
    let adjustments = u32::try_from(kept.len()).expect("a count");
    assert!(REQUESTS / ADJUSTS_ONE_IN / 3 < adjustments);
    for sku in ["left", "right"] {
        assert_eq!(shop.on_hand(sku).await, BEFORE + adjustments, "{sku}");
    }
    let halves = "
        SELECT CAST(act.revision AS text)
          FROM act
         WHERE act.act = 'adjust_stock'
           AND (SELECT count(*) FROM movement WHERE movement.revision = act.revision) <> 2";
    assert_eq!(acted(&admin, halves).await, BTreeSet::new());
    let acts = "SELECT CAST(revision AS text) FROM act WHERE act = 'adjust_stock'";
    assert_eq!(acted(&admin, acts).await.len(), kept.len());

    // And it answers, on as many connections at once as it has.
    let asked = (0..16).map(|_| {
        let (app, store) = (shop.app.clone(), shop.store.clone());
        tokio::spawn(async move { show::sku(&app, &store, &id("left")).await })
    });
    for asked in asked.collect::<Vec<_>>() {
        asked.await.expect("an end").expect("an answer");
    }
    shop.set("left", 1, Some(BEFORE + adjustments))
        .await
        .expect("a count");
    shop.assert_sound().await;
}

async fn acted(admin: &PgPool, sql: &str) -> BTreeSet<String> {
    let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_all(admin)
        .await
        .expect("rows");
    rows.into_iter().collect()
}

/// One client. Returns the adjustments that were acknowledged to it.
async fn hang_up_again_and_again(
    app: &App,
    store: &StoreId,
    client: u32,
    tally: &Tally,
) -> Vec<String> {
    let mut random = StdRng::seed_from_u64(u64::from(client));
    let mut done = Vec::new();
    for request in 0..REQUESTS / SQUALLS / CLIENTS {
        let outcome = match random.random_ratio(1, ADJUSTS_ONE_IN) {
            true => {
                let key = format!("{client}-{request}");
                let time = Duration::from_micros(random.random_range(0..ADJUSTS_FOR_US_MAX));
                let adjusting = adjusted(app, store, once(app, store, &key));
                let adjusted = tokio::time::timeout(time, adjusting).await.ok();
                until_nobody_answers(app, store, &key).await;
                if matches!(adjusted, Some(Ok(()))) {
                    done.push(key);
                }
                adjusted
            }
            false => {
                let waits = random.random_range(0..WAITS_MAX);
                cut_off(looked(app, store, random.random_range(0..5)), waits).await
            }
        };
        let counter = match outcome {
            None => &tally.dropped,
            Some(Ok(())) => &tally.answered,
            Some(Err(ActError::Store(StoreError::Busy(_)))) => &tally.busy,
            Some(Err(other)) => panic!("{other:?}"),
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
    done
}

async fn adjusted(app: &App, store: &StoreId, once: Once<Adjusted>) -> Result<(), ActError> {
    let line = |sku| Adjustment {
        sku: id(sku),
        location: None,
        change: 1,
    };
    let request = AdjustStock {
        reason: "storm".into(),
        lines: vec![line("left"), line("right")],
    };
    match adjust_stock(app, store, request, once).await? {
        Outcome::Done(_) => Ok(()),
        Outcome::Before(answer) => panic!("nobody asked before: {answer:?}"),
    }
}

/// An act goes on when its client has gone; a client waits for its end before it sends the next.
async fn until_nobody_answers(app: &App, store: &StoreId, key: &str) {
    let ticket = Ticket {
        store: store.clone(),
        route: "POST /test".into(),
        key: key.into(),
    };
    while app.store.claim(&ticket).is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn looked(app: &App, store: &StoreId, at: u32) -> Result<(), ActError> {
    match at {
        0 => show::skus(app, store, None, 10).await.map(drop),
        1 => show::level(app, store, &id("left"), &id("main"))
            .await
            .map(drop),
        2 => show::store(app, store).await.map(drop),
        3 => Ok(app.store.load_skus(store, &[id("right")]).await.map(drop)?),
        _ => Ok(app.store.standings().await.map(drop)?),
    }
}
