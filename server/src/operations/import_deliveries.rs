//! Takes a history of deliveries in, and learns from it how suppliers deliver.

use std::io::Read;

use chrono::NaiveDate;
use tokio::sync::mpsc;

use super::import_stock::{BATCHES_AHEAD_MAX, ImportError, StockImported};
use super::learn::learn_from_history;
use crate::import::deliveries::{self, KnownSuppliers};
use crate::store::Writing;
use crate::store::import::Imported;

/// Parses in a thread of its own, a little ahead of the database.
pub(super) async fn take_in(
    writing: &mut Writing,
    dry_run: bool,
    today: NaiveDate,
    file: impl Read + Send + 'static,
) -> Result<StockImported, ImportError> {
    let suppliers = writing.suppliers().await?.into_iter();
    let known = KnownSuppliers {
        suppliers: suppliers.map(|record| (record.id, record.name)).collect(),
        today,
    };
    let (batches, mut taken) = mpsc::channel(BATCHES_AHEAD_MAX);
    let parsing = tokio::task::spawn_blocking(move || {
        // A batch that nobody takes any more: the database has failed, and says so itself.
        deliveries::read(file, known, |batch| batches.blocking_send(batch).is_ok())
    });
    let mut sum = Imported::default();
    while let Some(batch) = taken.recv().await {
        let imported = writing.import_deliveries(&batch).await?;
        sum.changed += imported.changed;
        sum.unchanged += imported.unchanged;
    }
    let report = match parsing.await {
        Ok(read) => read?,
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    };
    if 0 < sum.changed && !dry_run {
        learn_from_history(writing).await?;
    }
    Ok(StockImported {
        report,
        changed: sum.changed,
        unchanged: sum.unchanged,
        dry_run,
    })
}
