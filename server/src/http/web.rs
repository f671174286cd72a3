//! What the routes share besides the [`App`].

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::FromRef;
use shared::ids::StoreId;
use tokio_util::sync::CancellationToken;

use super::back_in_stock::SignUps;
use super::bundles::{Bundle, Bundles};
use super::dashboard;
use super::stream::Events;
use crate::app::App;
use crate::cards::Cards;

/// The state of the routes: cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<WebParts>);

/// The parts of a [`Web`].
pub struct WebParts {
    /// What operations share.
    pub app: App,
    /// Open streams.
    pub streams: Streams,
    /// What was last told on them.
    pub events: Events,
    /// Ends everything when the server stops.
    pub stop: CancellationToken,
    /// How many purchase orders of each store were late when they were last counted.
    pub overdue: Mutex<HashMap<StoreId, (Instant, usize)>>,
    /// Pictures of goods.
    pub cards: Cards,
    /// How often addresses are signed up.
    pub sign_ups: SignUps,
    /// The widget's files.
    pub bundles: Bundles,
    /// The dashboard's files.
    pub dashboard: Bundle,
    /// The OpenAPI description.
    pub openapi: Bytes,
    /// Makes numbers look alike no more: for ids of requests, and to spread what would else
    /// happen at once.
    pub spread: RandomState,
    number: AtomicU64,
}

/// Counts open streams of each store and address.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<StoreId, Open>>>);

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to one stream. Given back when dropped.
pub struct Slot {
    streams: Streams,
    app: App,
    store: StoreId,
    address: IpAddr,
}

impl Web {
    /// Puts the parts together.
    pub fn new(app: App, bundles: Bundles, openapi: Bytes, stop: CancellationToken) -> Self {
        let sign_ups = SignUps::limited(app.limits.rate_limited);
        Self(Arc::new(WebParts {
            app,
            streams: Streams::default(),
            events: Events::default(),
            stop,
            overdue: Mutex::default(),
            cards: Cards::default(),
            sign_ups,
            bundles,
            dashboard: dashboard::built_in(),
            openapi,
            spread: RandomState::new(),
            number: AtomicU64::new(0),
        }))
    }

    /// A number that no other request of this server gets.
    pub fn next_number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// A number from `range`, another one each time.
    pub fn spread_over(&self, range: std::ops::Range<u64>) -> u64 {
        let width = range.end.saturating_sub(range.start).max(1);
        range.start + self.spread.hash_one(self.next_number()) % width
    }

    /// Takes a slot for a stream, if the limits leave one.
    pub fn stream_slot(&self, store: &StoreId, address: IpAddr) -> Option<Slot> {
        let limits = &self.app.limits;
        let mut stores = self
            .streams
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let open = stores.entry(store.clone()).or_default();
        let here = open.by_address.get(&address).copied().unwrap_or(0);
        if limits.streams_per_store <= open.all || limits.streams_per_address <= here {
            return None;
        }
        open.all += 1;
        open.by_address.insert(address, here + 1);
        self.app.metrics.streams.inc();
        Some(Slot {
            streams: self.streams.clone(),
            app: self.app.clone(),
            store: store.clone(),
            address,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.app.metrics.streams.dec();
        let mut stores = self
            .streams
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(open) = stores.get_mut(&self.store) else {
            return;
        };
        open.all = open.all.saturating_sub(1);
        if let Some(here) = open.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

impl std::ops::Deref for Web {
    type Target = WebParts;

    fn deref(&self) -> &WebParts {
        &self.0
    }
}

impl FromRef<Web> for App {
    fn from_ref(web: &Web) -> Self {
        web.app.clone()
    }
}
