//! With the world outside: Stripe as localstripe models it, and a real mail server.
//!
//! `scripts/outside.sh run cargo test --package shipsby-server --test outside`
//!
//! localstripe (a process of its own) models customers, setup intents, payment intents that are captured by hand, cards that
//! are declined or want the customer to confirm, cancellation, refunds and signed messages. It does not model `capture_before`,
//! captures in parts, idempotency keys or `setup_future_usage`: for those `stripe.rs` here has a small server of its own.

#[expect(dead_code, reason = "shared with the tests of all that writes")]
#[path = "../writes/client.rs"]
mod client;
mod mail;
#[path = "../writes/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "shared with the tests of all that writes")]
#[path = "../writes/shop.rs"]
mod shop;
mod stripe;
