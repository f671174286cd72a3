//! The HTTP side against a catalogue filled by hand: no fact here comes from the database.

mod answers;
mod connections;
mod dashboard;
mod embed;
mod extras;
mod keys_and_origins;
mod refusals;
mod share_page;
mod stand;
mod streams;
