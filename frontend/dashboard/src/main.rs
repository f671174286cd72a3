//! What runs in the merchant's browser: the dashboard at `/dashboard`.
//!
//! It does nothing that the public API cannot do. [`ask`] is the only way to the server, [`words`] the only place
//! of sentences, [`parts`] what pages are made of, [`pages`] the pages.

mod app;
mod ask;
mod fields;
mod format;
mod pages;
mod parts;
mod place;
mod shell;
mod value;
mod words;

fn main() {
    shell::start();
}
