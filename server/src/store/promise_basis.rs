//! What the dates of the ledger rest on.

use shared::lead_time::JUDGED_MAX;

use super::{StoreError, Writing};

/// What a date rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseBasis {
    /// The supply behind it, its quantile and sample, and the calendar, as JSON.
    pub json: String,
    /// Percentage points by which it is safer than the level it was made at. `None` where it rests on what is
    /// on the shelf.
    pub surplus: Option<u8>,
}

impl Writing {
    /// By how many points the last dates that were told first are safer than asked, oldest first.
    pub async fn surpluses(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut newest: Vec<u8> = sqlx::query_scalar(
            "
            SELECT surplus
              FROM promise
             WHERE store_id = ?1
               AND version = 1
               AND surplus IS NOT NULL
             ORDER BY revision DESC
             LIMIT ?2",
        )
        .bind(self.store.as_str())
        .bind(i64::try_from(JUDGED_MAX).unwrap_or(i64::MAX))
        .fetch_all(&mut *self.transaction)
        .await?;
        newest.reverse();
        Ok(newest)
    }
}
