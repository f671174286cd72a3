//! How long writing takes, counted where it happens.

use std::time::{Duration, Instant};

use prometheus_client::metrics::histogram::Histogram;

use super::Store;
use super::engine::Engine;

/// Upper ends of the classes into which durations are counted, in seconds.
const DURATIONS_S: [f64; 10] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0,
];

/// The counters of one open database. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct Meter {
    /// From asking for the right to write until it was there: the wait for others.
    pub turns: Histogram,
    /// From then until the change was durable.
    pub writes: Histogram,
}

impl Default for Meter {
    fn default() -> Self {
        let histogram = || Histogram::new(DURATIONS_S);
        Self {
            turns: histogram(),
            writes: histogram(),
        }
    }
}

impl Meter {
    pub(super) fn had_its_turn(&self, waited: Duration) {
        self.turns.observe(waited.as_secs_f64());
    }

    pub(super) fn wrote(&self, since: Instant) {
        self.writes.observe(since.elapsed().as_secs_f64());
    }
}

impl Store {
    /// How long its writes take.
    pub fn meter(&self) -> &Meter {
        &self.0.meter
    }

    /// Bytes of the write-ahead log of a file; `None` for PostgreSQL, which has its own view of that.
    pub fn journal_bytes(&self) -> Option<u64> {
        let Engine::Sqlite(engine) = &self.0.engine else {
            return None;
        };
        let mut log = engine.path().as_os_str().to_owned();
        log.push("-wal");
        Some(std::fs::metadata(log).map_or(0, |log| log.len()))
    }
}
