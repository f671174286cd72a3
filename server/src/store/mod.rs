//! The database, in words of the shop. The only place with SQL.
//!
//! One file for each noun. A change is a [`Writing`]: begun, filled, committed once. No reader waits for
//! a writer or the reverse. The statements are written once, in what SQLite and PostgreSQL have in common.

mod accounts;
pub mod acts;
pub mod alerts;
pub mod audit;
mod by_order;
pub mod commits;
pub mod copy;
pub mod delays;
pub mod deliveries;
mod demand_soundness;
mod engine;
pub mod errands;
pub mod error;
mod exposure_sums;
pub mod facts;
pub mod forecasts;
pub mod import;
mod incoming;
pub mod kept_answers;
pub mod kept_promises;
pub mod keys;
mod letter_templates;
pub mod locations;
pub mod members;
pub mod meter;
mod money_soundness;
pub mod offer_results;
pub mod offer_rules;
pub mod offer_trials;
pub mod offers;
pub mod open;
pub mod orders;
mod outlooks;
mod overdue;
pub mod payments;
pub mod payments_needed;
pub mod placed;
mod post_outlooks;
pub mod post_policy;
pub mod posts;
pub mod promise_basis;
mod promised;
pub mod promises;
pub mod purchase_orders;
mod reasons;
pub mod reorder_policy;
pub mod reorders;
pub mod sales;
pub mod sessions;
pub mod settings;
pub mod shipments;
pub mod skus;
pub mod soundness;
pub mod stock;
pub mod stores;
pub mod supplier_models;
pub mod suppliers;
pub mod transit;
pub mod waiting;
pub mod waitlist;
pub mod waitlist_queue;
pub mod webhook_deliveries;
pub mod webhook_endpoints;
pub mod webhook_known;
mod webhook_outbox;
pub mod writing;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use shared::ids::StoreId;

use engine::{Engine, Scope, Session};
pub use error::StoreError;
pub use open::{Address, OpenError, ServingLock};
pub use writing::Writing;

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    engine: Engine,
    /// What this process has committed and others do not know of.
    untold: commits::Untold,
    /// Idempotency keys whose first request is being answered.
    in_flight: Mutex<HashSet<kept_answers::Ticket>>,
    /// How long writing takes.
    meter: meter::Meter,
}

impl Store {
    /// Begins to look at a store, at one moment.
    async fn read(&self, store: &StoreId) -> Result<Session, StoreError> {
        self.0.engine.read(Scope::Store(store)).await
    }

    /// Begins to look which stores there are.
    async fn read_all(&self) -> Result<Session, StoreError> {
        self.0.engine.read(Scope::AllStores).await
    }
}
