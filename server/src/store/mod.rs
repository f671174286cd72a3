//! The database, in words of the shop. The only place with SQL.
//!
//! One file for each noun. A change is a [`Writing`]: begun, filled, committed once. There is one
//! connection that writes and several that read; no reader waits for the writer or the reverse.

pub mod commits;
pub mod deliveries;
pub mod error;
pub mod facts;
pub mod import;
mod incoming;
pub mod kept_answers;
pub mod keys;
pub mod locations;
pub mod open;
mod outlooks;
pub mod promise_basis;
pub mod promises;
pub mod purchase_orders;
pub mod settings;
pub mod skus;
pub mod soundness;
pub mod stock;
pub mod stores;
pub mod supplier_models;
pub mod suppliers;
pub mod transit;
pub mod writing;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

pub use error::StoreError;
pub use open::{OpenError, ServingLock};
pub use writing::Writing;

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// How a connection that cannot write is made.
    reading: SqliteConnectOptions,
    /// One connection: SQLite has one writer, and waiting for it in a queue is fair.
    writer: SqlitePool,
    /// Connections that cannot write.
    readers: SqlitePool,
    /// Idempotency keys whose first request is being answered.
    in_flight: Mutex<HashSet<kept_answers::Ticket>>,
}
