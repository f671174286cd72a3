//! HTTP: parse, call, render; one file a noun. A request passes [`front`], then its route.

pub mod auth;
pub mod availability;
pub mod back_in_stock;
pub mod body;
pub mod bundles;
pub mod deadline;
mod direct;
pub mod docs;
pub mod embed;
pub mod front;
pub mod health;
pub mod jsonld;
pub mod kept;
pub mod merchant;
pub mod named;
pub mod order_page;
pub mod pace;
pub mod plans;
pub mod query;
pub mod routes;
pub mod server;
pub mod share_page;
pub mod snippet;
pub mod stream;
pub mod waitlist_page;
pub mod web;
