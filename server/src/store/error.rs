//! Why the database did not do it.

use std::sync::Arc;

use sqlx::postgres::PgDatabaseError;

/// Why the database did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another process is writing, and has been for longer than is worth waiting for.
    #[error("the database is busy with another write")]
    Busy(#[source] Arc<sqlx::Error>),
    /// Another change came between. Nothing is done; doing it again may succeed.
    #[error("another change came between")]
    Raced(#[source] Arc<sqlx::Error>),
    /// The database cannot be reached, or is about to stop.
    #[error("the database cannot be reached")]
    Away(#[source] Arc<sqlx::Error>),
    /// There is no room left on the disk.
    #[error("the disk is full")]
    Full(#[source] Arc<sqlx::Error>),
    /// A constraint of the schema says no. Its name is the one in the migrations.
    #[error("the constraint {0} does not hold")]
    Constraint(String),
    /// No store has this id.
    #[error("there is no store `{0}`")]
    NoSuchStore(String),
    /// A stored value is not what the schema promises.
    #[error("{0} holds a value that cannot be read")]
    Unreadable(&'static str),
    /// This engine has no such thing.
    #[error("{0}")]
    NotHere(&'static str),
    /// Anything else.
    #[error("the database failed")]
    Database(#[source] Arc<sqlx::Error>),
}

impl StoreError {
    /// Too much waits to be written already.
    pub fn busy() -> Self {
        sqlx::Error::PoolTimedOut.into()
    }

    /// The server stops, and did not do it any more.
    pub fn stopping() -> Self {
        sqlx::Error::PoolClosed.into()
    }
}

/// Primary result codes of SQLite, <https://www.sqlite.org/rescode.html>.
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_FULL: i32 = 13;
const SQLITE_CONSTRAINT: i32 = 19;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Busy(error.into()),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => {
                Self::Away(error.into())
            }
            sqlx::Error::Database(inner) => match inner.try_downcast_ref::<PgDatabaseError>() {
                Some(inner) => {
                    let (code, constraint) = (inner.code().to_owned(), inner.constraint());
                    let constraint = constraint.unwrap_or_default().to_owned();
                    of_postgres(&code, constraint, error)
                }
                None => of_sqlite(error),
            },
            _ => Self::Database(error.into()),
        }
    }
}

/// Codes of PostgreSQL, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_postgres(code: &str, constraint: String, error: sqlx::Error) -> StoreError {
    match code {
        // A serialisation failure, a deadlock.
        "40001" | "40P01" => StoreError::Raced(error.into()),
        // No lock in time, a statement that took too long, too many connections.
        "55P03" | "57014" | "53300" => StoreError::Busy(error.into()),
        "53100" => StoreError::Full(error.into()),
        // The connection is broken, the server stops or starts, an idle transaction was ended.
        "57P01" | "57P02" | "57P03" | "25P03" | "25P02" => StoreError::Away(error.into()),
        _ if code.starts_with("08") => StoreError::Away(error.into()),
        _ if code.starts_with("23") => StoreError::Constraint(constraint),
        _ => StoreError::Database(error.into()),
    }
}

fn of_sqlite(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|inner| inner.code());
    // Extended codes carry the primary one in their lowest byte.
    let primary = code
        .and_then(|code| code.parse::<i32>().ok())
        .map(|code| code & 0xff);
    match primary {
        Some(SQLITE_BUSY | SQLITE_LOCKED) => StoreError::Busy(error.into()),
        Some(SQLITE_FULL) => StoreError::Full(error.into()),
        Some(SQLITE_CONSTRAINT) => StoreError::Constraint(
            error
                .as_database_error()
                .map(|inner| inner.message().to_owned())
                .unwrap_or_default(),
        ),
        _ => StoreError::Database(error.into()),
    }
}
