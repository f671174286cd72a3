//! The writing side, on SQLite, or on PostgreSQL where `SHIPSBY_TEST_POSTGRES` names a server: the store's contract, what acts do and refuse, imports, the merchant's routes.

mod acts;
mod client;
mod delays;
mod errands;
mod history;
mod holidays;
mod imports;
mod money;
mod offers;
mod order_page;
mod orders;
mod places;
mod postgres;
mod promise_report;
mod reorders;
mod reservations;
mod routes;
mod shop;
mod store;
mod stripe_rules;
mod stripe_stories;
mod together;
mod waiting;
mod waitlist;
mod widening;
