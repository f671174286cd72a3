//! How a date came about: what is said of it, what it looks like, and that it is what shoppers are told.
//!
//! `SHIPS_BY_SNAPSHOTS=write cargo test -p shipsby-server --test explain` writes the snapshots beside this file
//! and the pictures of the book anew. Look at them before they are committed.

mod demo;
mod made;
mod made_tests;
mod refusals;
mod snapshot;
