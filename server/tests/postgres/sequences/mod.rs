//! The same random acts on SQLite and on PostgreSQL: the same answers, refusals, facts in memory and rows.
//!
//! `SHIPSBY_SEQUENCES=20000` plays as many instead of those that are quick.

mod acts;
mod play;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use server::store::{Address, Store};
use tempfile::TempDir;

use crate::postgres::{self, Lent};
use crate::shop::id;
use crate::stage::server;
use play::Played;

/// The seed of the first sequence; the next has the next.
pub const SEED: u64 = 4_000_000;
/// Sequences that are played unless the environment says otherwise.
const SEQUENCES: u64 = 300;
/// Sequences at once, each engine's share of a core.
const AT_ONCE: u64 = 3;
/// Sequences that share a database, each with a store of its own.
const SHARE_A_DATABASE: u64 = 500;

/// Plays one sequence in a store of its own, which is made.
pub async fn play_one(database: &Store, store: &shared::ids::StoreId, seed: u64) -> Played {
    play::play(database, store, &acts::steps(seed)).await
}

/// A database of each engine.
struct Pair {
    sqlite: Store,
    postgres: Store,
    _folder: TempDir,
    _lent: Lent,
}

impl Pair {
    async fn new() -> Self {
        // In memory where there is such a folder: what is compared here is not what survives a power cut.
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
        let folder = folder.expect("a folder");
        let sqlite = Store::open(folder.path().join("shop.sqlite")).await;
        let lent = postgres::fresh().await.expect("PostgreSQL");
        let postgres = Store::open_at(&Address::Postgres(lent.url.clone())).await;
        Self {
            sqlite: sqlite.expect("a file"),
            postgres: postgres.expect("a database"),
            _folder: folder,
            _lent: lent,
        }
    }

    /// Plays a sequence on both and compares. Returns what was done how often, and how it ended.
    async fn play(&self, seed: u64) -> BTreeMap<String, u64> {
        let store = id(&format!("s{seed}"));
        let (ours, theirs) = tokio::join!(
            play_one(&self.sqlite, &store, seed),
            play_one(&self.postgres, &store, seed)
        );
        for (step, (ours, theirs)) in ours.answers.iter().zip(&theirs.answers).enumerate() {
            let act = &acts::steps(seed)[step].act;
            assert_eq!(ours, theirs, "seed {seed}, step {step}: {act:?}");
        }
        assert_eq!(ours.answers.len(), theirs.answers.len(), "seed {seed}");
        assert_eq!(ours.memory, theirs.memory, "seed {seed}: memory");
        assert_eq!(ours.read_back, theirs.read_back, "seed {seed}: read back");
        assert_eq!(ours.sums, theirs.sums, "seed {seed}: rows");
        ours.counts
    }

    async fn assert_sound(&self) {
        for database in [&self.sqlite, &self.postgres] {
            assert_eq!(database.faults().await.expect("a check"), []);
            database.close().await;
        }
    }
}

fn wanted() -> u64 {
    let wanted = std::env::var("SHIPSBY_SEQUENCES").ok();
    wanted.map_or(SEQUENCES, |wanted| wanted.parse().expect("a number"))
}

/// Plays sequences until all are played. Returns what was done how often, and how it ended.
async fn play_some(next: &AtomicU64, wanted: u64) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::<String, u64>::new();
    let mut pair = Pair::new().await;
    let mut played = 0;
    loop {
        let sequence = next.fetch_add(1, Ordering::Relaxed);
        if wanted <= sequence {
            pair.assert_sound().await;
            return counts;
        }
        if played == SHARE_A_DATABASE {
            pair.assert_sound().await;
            pair = Pair::new().await;
            played = 0;
        }
        for (act, count) in pair.play(SEED + sequence).await {
            *counts.entry(act).or_default() += count;
        }
        played += 1;
    }
}

#[test]
fn random_sequences_of_acts_have_the_same_outcome_on_both_engines() {
    server();
    let (began, wanted) = (Instant::now(), wanted());
    let next = Arc::new(AtomicU64::new(0));
    let players = (0..AT_ONCE).map(|_| {
        let next = Arc::clone(&next);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(play_some(&next, wanted))
        })
    });
    let mut counts = BTreeMap::<String, u64>::new();
    for player in players.collect::<Vec<_>>() {
        for (act, count) in player.join().expect("the same on both") {
            *counts.entry(act).or_default() += count;
        }
    }
    let total: u64 = counts.values().sum();
    eprintln!(
        "{wanted} sequences, {total} acts, in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    for (act, count) in &counts {
        eprintln!("  {count:>7} {act}");
    }
    // Nothing is compared where nothing happens: every act is done, and refused, now and then.
    if SEQUENCES <= wanted {
        for act in [
            "put_sku",
            "set_stock",
            "adjust_stock",
            "create_order",
            "change_order",
            "receive",
            "reserve",
            "place",
            "cancel",
            "ship",
            "put_store",
            "put_location",
            "import",
        ] {
            for end in ["done", "refused"] {
                let what = format!("{act} {end}");
                assert!(counts.contains_key(&what), "{what} never");
            }
        }
    }
}
