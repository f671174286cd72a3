//! The demo: a shop to look at, with goods in every state.
//!
//! [`shop`] is a merchant's own web server, with its checkout, its bank and its mailbox; [`setup`] fills our store as
//! that merchant would; [`backend`] is what the merchant's server asks of ours.

pub mod backend;
pub mod bank;
mod checkout;
pub mod mailbox;
mod message;
pub mod order;
mod panel;
pub mod products;
pub mod render;
pub mod scenario;
pub mod setup;
pub mod shop;
pub mod warehouse;

/// The address of the demo's owner, with which everybody may sign in to the demo.
pub const OWNER_EMAIL: &str = "owner@plainsong.example";
/// Their password, which everybody knows: so it opens nothing but a demo.
pub const OWNER_PASSWORD: &str = "plainsong-demo";
