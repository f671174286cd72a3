//! What every operation and every route shares.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

use tokio::sync::Semaphore;

use crate::catalogue::Catalogue;
use crate::changes::Changes;
use crate::clock::Clock;
use crate::connections::Connections;
use crate::freshness::Freshness;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::operations::publish_kept::KeptRates;
use crate::operations::redeem_offer::REDEEMED_AT_ONCE_MAX;
use crate::operations::sign_in::SignIns;
use crate::operations::tell_offers::Exposures;
use crate::operations::together::Together;
use crate::operations::told::Told;
use crate::operations::turns::Turns;
use crate::operations::{adjust_stock, place_order};
use crate::store::Store;
use crate::webhooks::sender::Sender;

/// The application's state: cheap to clone, first argument of every operation.
#[derive(Clone)]
pub struct App {
    parts: Arc<Parts>,
    /// Whose turn it is to import.
    pub imports: Turns,
    /// Adjustments that share a commit.
    pub adjustments: Together<adjust_stock::Waiting>,
    /// Orders that share a commit.
    pub orders: Together<place_order::Waiting>,
    /// Since when memory may lack what others commit.
    pub freshness: Freshness,
    /// Stores that may have something to be done outside.
    pub errands: Arc<Told>,
    /// How many dates the shops kept that publish it.
    pub kept_rates: Arc<KeptRates>,
    /// Who saw an offer and is not written down yet.
    pub exposures: Arc<Exposures>,
    /// Whose turn it is to redeem an offer.
    pub redemptions: Arc<Semaphore>,
    /// Who tries to sign in how often.
    pub sign_ins: Arc<SignIns>,
    /// Sends messages to endpoints, once there are some.
    pub webhooks: Arc<LazyLock<Sender>>,
    /// Whose turn it is to try a policy for reorders: one of all stores.
    pub simulations: Arc<Semaphore>,
    /// True once the server is about to leave: it is not ready any more, and still answers. Looked at with each
    /// request, so no lock.
    pub leaving: Arc<AtomicBool>,
}

/// The parts of an [`App`].
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Facts in memory, as fresh as the last commit.
    pub catalogue: Catalogue,
    /// Who wants to know of changes.
    pub changes: Changes,
    /// The time.
    pub clock: Clock,
    /// What is allowed how often and how large.
    pub limits: Limits,
    /// What is counted.
    pub metrics: Metrics,
    /// Who takes the money and carries the mail.
    pub connections: Connections,
}

impl App {
    /// Puts the parts together.
    pub fn new(mut parts: Parts) -> Self {
        parts.metrics.include(parts.store.meter());
        Self {
            parts: Arc::new(parts),
            imports: Turns::default(),
            adjustments: Together::default(),
            orders: Together::default(),
            freshness: Freshness::default(),
            errands: Arc::default(),
            kept_rates: Arc::default(),
            exposures: Arc::default(),
            redemptions: Arc::new(Semaphore::new(REDEEMED_AT_ONCE_MAX)),
            sign_ins: Arc::default(),
            webhooks: Arc::new(LazyLock::new(Sender::default)),
            simulations: Arc::new(Semaphore::new(1)),
            leaving: Arc::default(),
        }
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
