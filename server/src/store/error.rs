//! Why the database did not do it.

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process is writing, and has been for longer than is worth waiting for.
    #[error("the database is busy with another write")]
    Busy(#[source] sqlx::Error),
    /// There is no room left on the disk.
    #[error("the disk is full")]
    Full(#[source] sqlx::Error),
    /// A constraint of the schema says no. Its name is the one in the migrations.
    #[error("the constraint {0} does not hold")]
    Constraint(String),
    /// No store has this id.
    #[error("there is no store `{0}`")]
    NoSuchStore(String),
    /// A stored value is not what the schema promises.
    #[error("{0} holds a value that cannot be read")]
    Unreadable(&'static str),
    /// Anything else.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
}

/// Primary result codes of SQLite, <https://www.sqlite.org/rescode.html>.
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_FULL: i32 = 13;
const SQLITE_CONSTRAINT: i32 = 19;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy(error);
        }
        let code = error.as_database_error().and_then(|inner| inner.code());
        // Extended codes carry the primary one in their lowest byte.
        let primary = code
            .and_then(|code| code.parse::<i32>().ok())
            .map(|code| code & 0xff);
        match primary {
            Some(SQLITE_BUSY | SQLITE_LOCKED) => Self::Busy(error),
            Some(SQLITE_FULL) => Self::Full(error),
            Some(SQLITE_CONSTRAINT) => Self::Constraint(
                error
                    .as_database_error()
                    .map(|inner| inner.message().to_owned())
                    .unwrap_or_default(),
            ),
            _ => Self::Database(error),
        }
    }
}
