//! The demo: a shop to look at, with goods in every state.
//!
//! [`shop`] is a merchant's own web server; [`setup`] fills our store as that merchant would;
//! [`backend`] is what the merchant's server asks of ours.

pub mod backend;
pub mod order;
pub mod products;
pub mod render;
pub mod scenario;
pub mod setup;
pub mod shop;
pub mod warehouse;
