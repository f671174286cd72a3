//! The ShipsBy server: load facts, decide purely, commit once, then announce.
//!
//! Read from the top: [`app`] is what everything shares, [`catalogue`] the facts in memory,
//! [`operations`] one act a file, [`store`] the only place with SQL, [`http`] the only place with
//! status codes beside [`error`].

pub mod app;
pub mod cards;
pub mod catalogue;
pub mod changes;
pub mod clock;
pub mod connections;
pub mod demo;
pub mod error;
pub mod explain;
pub mod freshness;
pub mod hex;
pub mod http;
pub mod import;
pub mod limits;
pub mod mail;
pub mod metrics;
pub mod operations;
pub mod page;
pub mod passwords;
pub mod payments;
pub mod posts;
pub mod share;
pub mod store;
pub mod tls;
pub mod totp;
pub mod webhooks;
