//! What is counted, for Prometheus.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::operations::check_database::State;
use crate::store::meter::Meter;

/// Upper ends of the classes into which durations are counted, in seconds.
const DURATIONS_S: [f64; 10] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0,
];

/// The counters.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram>,
    /// Open streams.
    pub streams: Gauge,
    skus: Family<Store, Gauge>,
    overdue: Family<Store, Gauge>,
    revision: Family<Store, Gauge>,
    errands_overdue: Family<Store, Gauge>,
    letters_given_up: Family<Store, Counter>,
    stores: Gauge,
    behind: Family<Store, Gauge>,
    facts_age: Gauge<f64, AtomicU64>,
    database_up: Gauge,
    journal_bytes: Gauge,
    /// When memory was last seen to hold all that the database does.
    fresh_at: Mutex<Instant>,
}

/// The counters of one route and status.
#[derive(Debug, Clone)]
pub struct Tally {
    requests: Counter,
    durations: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Store {
    store: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("shipsby");
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let durations = Family::new_with_constructor(durations as fn() -> Histogram);
        registry.register_with_unit(
            "http_request_duration",
            "Time until the answer was there",
            Unit::Seconds,
            durations.clone(),
        );
        let streams = Gauge::default();
        registry.register("streams_open", "Open event streams", streams.clone());
        let skus = Family::default();
        registry.register("skus", "SKUs known", skus.clone());
        let overdue = Family::default();
        registry.register(
            "purchase_orders_overdue",
            "Lines of purchase orders that should have arrived",
            overdue.clone(),
        );
        let revision = Family::default();
        registry.register("revision", "The store's last revision", revision.clone());
        let errands_overdue = Family::default();
        registry.register(
            "errands_overdue",
            "Letters and payments that are still to be done 15 minutes after they were written down",
            errands_overdue.clone(),
        );
        let letters_given_up = Family::default();
        registry.register(
            "letters_given_up",
            "Letters that no mail server takes",
            letters_given_up.clone(),
        );
        let stores = Gauge::default();
        registry.register("stores", "Stores held in memory", stores.clone());
        let behind = Family::default();
        registry.register(
            "revisions_behind",
            "Revisions of the store that are in the database and not in memory yet",
            behind.clone(),
        );
        let facts_age = Gauge::default();
        registry.register_with_unit(
            "facts_age",
            "Time that memory takes to hold what the database does; where it does not within 1 s, time since it was last seen to",
            Unit::Seconds,
            facts_age.clone(),
        );
        let database_up = Gauge::default();
        registry.register(
            "database_up",
            "1 if the database answers",
            database_up.clone(),
        );
        let journal_bytes = Gauge::default();
        registry.register_with_unit(
            "database_journal",
            "Write-ahead log of the file beside the database; 0 with PostgreSQL",
            Unit::Bytes,
            journal_bytes.clone(),
        );
        Self {
            registry,
            requests,
            durations,
            streams,
            skus,
            overdue,
            revision,
            errands_overdue,
            letters_given_up,
            stores,
            behind,
            facts_age,
            database_up,
            journal_bytes,
            fresh_at: Mutex::new(Instant::now()),
        }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, route: &'static str, status: u16, took: Duration) {
        self.requests
            .get_or_create(&Answered { route, status })
            .inc();
        self.durations
            .get_or_create(&Route { route })
            .observe(took.as_secs_f64());
    }

    /// Where answers of one route with one status are counted, for a route that is asked so often that
    /// finding its counters counts.
    pub fn tally(&self, route: &'static str, status: u16) -> Tally {
        Tally {
            requests: self
                .requests
                .get_or_create(&Answered { route, status })
                .clone(),
            durations: self.durations.get_or_create(&Route { route }).clone(),
        }
    }

    /// Notes how a store is.
    pub fn store(&self, id: &str, skus: usize, overdue: usize, revision: u64) {
        let store = Store { store: id.into() };
        let set = |family: &Family<Store, Gauge>, value: i64| {
            family.get_or_create(&store).set(value);
        };
        set(&self.skus, i64::try_from(skus).unwrap_or(i64::MAX));
        set(&self.overdue, i64::try_from(overdue).unwrap_or(i64::MAX));
        set(&self.revision, i64::try_from(revision).unwrap_or(i64::MAX));
        // Told from the start, so that nobody takes a number that is not there for a zero.
        drop(self.errands_overdue.get_or_create(&store));
        drop(self.letters_given_up.get_or_create(&store));
    }

    /// Notes how many errands of a store were not done in time.
    pub fn errands_overdue(&self, id: &str, overdue: u64) {
        let store = Store { store: id.into() };
        let overdue = i64::try_from(overdue).unwrap_or(i64::MAX);
        self.errands_overdue.get_or_create(&store).set(overdue);
    }

    /// Counts a letter that is not sent any more.
    pub fn letter_given_up(&self, id: &str) {
        let store = Store { store: id.into() };
        self.letters_given_up.get_or_create(&store).inc();
    }

    /// Has the database's own counters told along.
    pub fn include(&mut self, meter: &Meter) {
        self.registry.register_with_unit(
            "database_turn_wait",
            "Time that a change waited for its turn to write",
            Unit::Seconds,
            meter.turns.clone(),
        );
        self.registry.register_with_unit(
            "database_write_duration",
            "Time from the beginning of a change until it was durable",
            Unit::Seconds,
            meter.writes.clone(),
        );
    }

    /// Notes how the database is, and how far memory is behind it.
    pub fn database(&self, state: &State) {
        let behind = state.behind.as_deref();
        self.database_up.set(behind.is_some().into());
        self.journal_bytes
            .set(i64::try_from(state.journal_bytes.unwrap_or(0)).unwrap_or(i64::MAX));
        for (id, revisions) in behind.unwrap_or_default() {
            let store = Store { store: id.clone() };
            let revisions = i64::try_from(*revisions).unwrap_or(i64::MAX);
            self.behind.get_or_create(&store).set(revisions);
        }
        let is_fresh = behind.is_some_and(|all| all.iter().all(|(_, revisions)| *revisions == 0));
        let mut fresh_at = self.fresh_at.lock().unwrap_or_else(PoisonError::into_inner);
        if is_fresh {
            *fresh_at = Instant::now();
        }
        self.facts_age.set(match is_fresh {
            true => state.reached_after.as_secs_f64(),
            false => fresh_at.elapsed().as_secs_f64(),
        });
    }

    /// Notes how many stores there are.
    pub fn stores(&self, count: usize) {
        self.stores.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// All of it in the OpenMetrics text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("text can always be appended to");
        text
    }
}

impl Tally {
    /// Counts an answer.
    pub fn answered(&self, took: Duration) {
        self.requests.inc();
        self.durations.observe(took.as_secs_f64());
    }
}

fn durations() -> Histogram {
    Histogram::new(DURATIONS_S)
}
