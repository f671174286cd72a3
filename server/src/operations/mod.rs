//! What can be done: one file for each act.
//!
//! An act loads, decides, commits once, brings the catalogue up to date and announces. It runs in a
//! task of its own ([`running::detached`]), so that a client that hangs up cannot stop it halfway, and is
//! done again where PostgreSQL undid it for another change's sake.

pub mod add_holidays;
pub mod adjust_stock;
mod ask_provider;
pub mod audit;
mod basis;
pub mod cancel_order;
pub mod change_purchase_order;
pub mod charging;
pub mod check_availability;
pub mod check_database;
mod claims;
pub mod create_purchase_order;
mod decide_order;
pub mod delays;
pub mod errand_turns;
pub mod errands;
pub mod error;
pub mod evidence;
pub mod explain;
pub mod hear;
mod import_deliveries;
pub mod import_stock;
pub mod join_waitlist;
mod judged;
pub mod keys;
mod learn;
pub mod letter_templates;
mod letters;
pub mod load;
pub mod look_after_payments;
pub mod members;
pub mod offer_results;
pub mod offer_rules;
pub mod offer_words;
pub mod offers;
pub mod once;
pub mod own_account;
pub mod parcels;
pub mod payment;
pub mod place_order;
pub mod plan_cart;
pub mod preview_purchase_order;
pub mod prioritize;
pub mod promise_report;
pub mod publish_kept;
pub mod put_location;
pub mod put_sku;
pub mod put_store;
pub mod put_supplier;
pub mod receive_purchase_order;
pub mod records;
pub mod redeem_offer;
pub mod refund;
pub mod relearn;
pub mod release;
pub mod renew;
pub mod reply_to_delay;
pub mod reserve;
pub mod running;
pub mod say_charged;
pub mod search_skus;
pub mod set_stock;
pub mod settle;
pub mod share_goods;
pub mod ship;
pub mod show;
pub mod sign_in;
pub mod sweep;
pub mod tell_offers;
pub mod tell_waitlist;
pub mod today;
pub mod together;
pub mod told;
pub mod track_records;
pub mod turns;
pub mod waitlist;
mod waitlist_letters;
pub mod watch;

pub use error::ActError;
// Part of `ActError`: what the database could not do.
pub use crate::store::StoreError;
