//! Random histories of a shop beside a model of it: orders, holds, receipts, slips, cancels, parcels, a payment system that
//! fails and says things twice, a clock that jumps. After every step all has to be as the model says, and every rule of
//! [`rules`] has to hold.
//!
//! On SQLite, or on PostgreSQL where one is named: `scripts/postgres.sh run cargo test --package shipsby-server --test histories`.
//! `SHIPSBY_HISTORIES=5000` plays as many instead of those that are quick; `SHIPSBY_HISTORY=17` plays the one of that seed, or
//! as many from there on.
//! `tests/guards/guards.mjs` breaks the server on purpose, and says whether this notices.

mod acts;
mod bank;
mod doings;
mod model;
#[path = "../writes/postgres.rs"]
mod postgres;
mod requests;
mod rules;
#[expect(dead_code, reason = "shared with the tests of all that writes")]
#[path = "../writes/shop.rs"]
mod shop;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use server::store::{Address, Store};
use tempfile::TempDir;

use bank::Bank;
use postgres::Lent;
use world::World;

/// Histories that are played unless the environment says otherwise.
const HISTORIES: u64 = 40;
/// Steps of each.
const STEPS: usize = 60;
/// Histories at once.
const AT_ONCE: u64 = 2;
/// Histories that share a database, each with a store of its own.
const SHARE_A_DATABASE: u64 = 200;

/// A number that the environment gives.
fn given(name: &str) -> Option<u64> {
    let given = std::env::var(name).ok()?;
    Some(given.parse().expect("a number"))
}

/// Where a database is, and the letters of its histories.
struct Place {
    folder: TempDir,
    _lent: Option<Lent>,
}

async fn database() -> (Store, Place) {
    // In memory where there is such a folder: what is looked at here is not what survives a power cut.
    let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
    let folder = folder.expect("a folder");
    let lent = postgres::fresh().await;
    let address = match &lent {
        Some(lent) => Address::Postgres(lent.url.clone()),
        None => Address::File(folder.path().join("shop.sqlite")),
    };
    let database = Store::open_at(&address).await;
    let place = Place {
        folder,
        _lent: lent,
    };
    (database.expect("a database"), place)
}

/// Plays histories until all are played. Returns what was done how often, and how it ended.
async fn play_some(seeds: &AtomicU64, end: u64) -> BTreeMap<String, u64> {
    let bank = Bank::open().await;
    let (mut database_, mut place) = database().await;
    let (mut counts, mut played) = (BTreeMap::<String, u64>::new(), 0);
    loop {
        let seed = seeds.fetch_add(1, Ordering::Relaxed);
        if end <= seed {
            database_.close().await;
            return counts;
        }
        if played == SHARE_A_DATABASE {
            database_.close().await;
            (database_, place) = database().await;
            played = 0;
        }
        let mail = place.folder.path().join(format!("mail-{seed}"));
        let world = World::new(&database_, &bank, &mail, seed).await;
        for (act, count) in world.play(STEPS).await {
            *counts.entry(act).or_default() += count;
        }
        played += 1;
    }
}

#[test]
fn random_histories_keep_every_rule_after_every_step() {
    let began = Instant::now();
    let (first, wanted) = match given("SHIPSBY_HISTORY") {
        Some(seed) => (seed, given("SHIPSBY_HISTORIES").unwrap_or(1)),
        None => (0, given("SHIPSBY_HISTORIES").unwrap_or(HISTORIES)),
    };
    let seeds = Arc::new(AtomicU64::new(first));
    let players = (0..AT_ONCE.min(wanted)).map(|_| {
        let seeds = Arc::clone(&seeds);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(play_some(&seeds, first + wanted))
        })
    });
    let mut counts = BTreeMap::<String, u64>::new();
    for player in players.collect::<Vec<_>>() {
        for (act, count) in player.join().expect("every rule is kept") {
            *counts.entry(act).or_default() += count;
        }
    }
    eprintln!(
        "{wanted} histories of {STEPS} steps in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    for (act, count) in &counts {
        eprintln!("  {count:>7} {act}");
    }
    // Nothing is shown where nothing happens: every act is done now and then.
    if HISTORIES <= wanted {
        for act in acts::NAMES {
            assert!(counts.contains_key(&format!("{act} done")), "{act} never");
        }
    }
}
