//! The database, in words of the shop. The only place with SQL.

/// An open database.
#[derive(Debug, Clone)]
pub struct Store {}
