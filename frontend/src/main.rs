//! What runs in the shopper's browser, compiled to WebAssembly.
//!
//! `element.js` is the custom element: attributes, network, events, forms. It hands each answer of the server to a
//! `View`, which computes the ways to send a cart with the server's own code and draws it.

mod browser;
mod widget;

fn main() {}
