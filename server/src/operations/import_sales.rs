//! Takes in what was sold in the past.

use std::io::Read;

use chrono::NaiveDate;

use super::import_stock::{ImportError, StockImported};
use crate::import::sales;
use crate::store::Writing;
use crate::store::import::Imported;

/// SKUs that are written at a time.
const SKUS_AT_ONCE: usize = 500;

/// Parses in a thread of its own. What the file says of a SKU and a day takes the place of what a file said before: its lines may
/// stand anywhere, so all are read before any is written, as sums.
pub(super) async fn take_in(
    writing: &mut Writing,
    dry_run: bool,
    today: NaiveDate,
    file: impl Read + Send + 'static,
) -> Result<StockImported, ImportError> {
    let parsing = tokio::task::spawn_blocking(move || sales::read(file, today));
    let (mut sold, mut report) = match parsing.await {
        Ok(read) => read?,
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    };
    let mut sum = Imported::default();
    for skus in sold.skus().chunks(SKUS_AT_ONCE) {
        for unknown in writing.unknown_skus(skus).await? {
            sold.refuse(&unknown, &mut report);
        }
        let rows = skus.iter().map(|sku| (sku.clone(), sold.take(sku)));
        let rows: Vec<_> = rows.filter(|(_, days)| !days.is_empty()).collect();
        let imported = writing.import_sales(&rows).await?;
        sum.changed += imported.changed;
        sum.unchanged += imported.unchanged;
    }
    Ok(StockImported {
        report,
        changed: sum.changed,
        unchanged: sum.unchanged,
        dry_run,
    })
}
