//! Letters to customers: what they say, how they look, and who carries them.
//!
//! A [`Letter`] is plain facts. [`words::said`] puts them into sentences of one language, [`render`] into HTML and plain text by
//! templates that a merchant may replace, and a [`carrier::Carrier`] takes the [`render::Mail`] away.

pub mod carrier;
pub mod letter;
mod order_form;
pub mod render;
pub mod trade;
mod trade_words;
pub mod words;

pub use letter::{Change, Letter, LetterKind, LetterLine, Slice};
