//! One file for each command.

pub mod backup;
pub mod check;
pub mod copy;
pub mod demo;
pub mod explain;
pub mod holidays;
pub mod import;
pub mod keys;
pub mod log;
pub mod members;
pub mod migrate;
pub mod notify;
pub mod open;
pub mod openapi;
pub mod restore;
pub mod serve;
#[cfg(feature = "otel")]
pub mod traces;

/// Shown under `ships-by --help`.
pub const EXAMPLES: &str = "\
Examples:
  ships-by demo                                         a shop to look at, on http://127.0.0.1:8080
  ships-by import stock.csv --db shop.sqlite            read a stock file (see `ships-by import --help`)
  ships-by keys create publishable --db shop.sqlite     a key for the script tag
  ships-by serve --db shop.sqlite                       answer on http://127.0.0.1:8080
  ships-by serve --db postgres://ships_by@db/shop       the same on PostgreSQL (see `ships-by migrate --help`)";
