//! HTTP: parse, call, render; one file a noun.

pub mod auth;
pub mod body;
pub mod deadline;
pub mod merchant;
pub mod query;
