//! The customer's own page of an order: what is said on it, and how it looks without a script.
//!
//! [`view`] gathers all that the page says, ready in the customer's language; [`render`] puts it into HTML. The same
//! view is what the page's script and the merchant's element read as JSON.

pub mod card;
pub(crate) mod fonts;
pub mod labels;
pub(crate) mod lines;
pub mod render;
pub mod share;
pub mod view;
pub mod waitlist;
mod words;

pub use words::{fill, say};
