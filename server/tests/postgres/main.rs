//! What only PostgreSQL does: stores kept apart by the database, many servers at once, and the same answers as on SQLite.
//!
//! `scripts/postgres.sh run cargo test --package shipsby-server --test postgres`

mod again;
mod copy;
mod filled;
#[path = "../writes/postgres.rs"]
mod postgres;
mod schema;
mod separation;
mod sequences;
mod servers;
#[expect(dead_code, reason = "shared with the tests of all that writes")]
#[path = "../writes/shop.rs"]
mod shop;
mod stage;
mod storm;
