//! What an act's refusal looks like from outside: the table from [`ActError`] to [`Problem`].

use shared::wire::Date;

use crate::error::{ChangedDate, Problem};
use crate::operations::error::ChangedPromise;
use crate::operations::{ActError, StoreError};

/// Seconds after which a busy database is worth another try.
const BUSY_RETRY_S: u32 = 1;
/// Seconds after which a full disk is worth another try.
const FULL_RETRY_S: u32 = 60;

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotFound => Self::not_found(),
            ActError::Field {
                pointer,
                code,
                detail,
            } => Self::invalid(pointer, code, detail),
            ActError::Conflict { code, detail } => Self::new(
                409,
                code,
                "Things do not stand as the request expects",
                detail,
            ),
            ActError::VersionConflict { current } => version_conflict(current),
            ActError::PromiseChanged(changed) => promise_changed(changed),
            ActError::KeyReused => Self::new(
                422,
                "idempotency_key_reused",
                "The Idempotency-Key was used for another request",
                "Use a new key for each new request, and the same key only to repeat one unchanged.",
            ),
            ActError::InFlight => Self::new(
                409,
                "idempotency_in_flight",
                "The same request is still being answered",
                "Wait, then send it again unchanged with the same Idempotency-Key.",
            )
            .retry_after_s(BUSY_RETRY_S),
            ActError::Store(error) => store(&error),
        }
    }
}

fn promise_changed(changed: Vec<ChangedPromise>) -> Problem {
    let mut problem = Problem::new(
        409,
        "promise_changed",
        "What can be promised is later than what was shown",
        "Nothing was ordered. Show the shopper the new dates in `changed`, and order again with them as `shown`.",
    );
    problem.changed = changed
        .into_iter()
        .map(|one| ChangedDate {
            sku: one.sku.to_string(),
            shown: Date(one.shown),
            ships_by: one.ships_by.map(Date),
        })
        .collect();
    problem
}

fn version_conflict(current: u32) -> Problem {
    let detail = format!(
        "The count is {current} by now. Look what changed it, then send your count with if_quantity {current}."
    );
    let mut problem = Problem::new(
        409,
        "version_conflict",
        "The count is not what the request expects",
        detail.clone(),
    )
    .field("/if_quantity", "version_conflict", detail);
    problem.current = Some(current);
    problem
}

fn store(error: &StoreError) -> Problem {
    match error {
        StoreError::Busy(_) | StoreError::Raced(_) => Problem::new(
            503,
            "busy",
            "Too much is being written right now",
            "Nothing was changed. Send it again in a moment.",
        )
        .retry_after_s(BUSY_RETRY_S),
        StoreError::Away(source) => {
            tracing::error!(error = %source, "Cannot act: the database cannot be reached: {source}");
            Problem::new(
                503,
                "database_away",
                "The database cannot be reached",
                "It may have been done or not. Send it again in a moment; with the same Idempotency-Key it is done once.",
            )
            .retry_after_s(BUSY_RETRY_S)
        }
        StoreError::Full(_) => {
            tracing::error!("Cannot write: the disk is full");
            Problem::new(
                503,
                "storage_full",
                "The server has no room left",
                "Nothing was changed. Free disk space on the server, then send it again.",
            )
            .retry_after_s(FULL_RETRY_S)
        }
        error => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(error = %error, error.cause = cause, "Cannot act: {error}");
            Problem::internal()
        }
    }
}
