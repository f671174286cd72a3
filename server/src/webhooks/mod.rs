//! Telling others of what happens in a shop, as [Standard Webhooks](https://www.standardwebhooks.com) say: what is told of
//! which change, with which secret, and how it is sent. Nothing here knows the database.

pub mod happened;
pub mod key;
pub mod sender;
