//! Makes a supplier or replaces its days and dates.

use shared::ids::StoreId;

use super::ActError;
use super::learn::learn_of;
use super::records::SupplierRecord;
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::writing::Note;

/// Makes a supplier or replaces its days and dates. What it delivers gets other dates by it.
pub async fn put_supplier(
    app: &App,
    store: &StoreId,
    record: SupplierRecord,
) -> Result<SupplierRecord, ActError> {
    let with = (app.clone(), store.clone(), record);
    detached(with, |(app, store, record)| async move {
        let note = Note::new("put_supplier", record.id.as_str());
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        let mut touched = writing.put_supplier(&record).await?;
        // Moves dates of those SKUs only.
        learn_of(&mut writing, &record.id).await?;
        if let Some(shop) = app.catalogue.shop(&store) {
            let settings = shop.settings();
            let cause = Cause::SupplierChanged;
            touched.extend(settle(&mut writing, &settings, Some(&touched), cause, now).await?);
        }
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(touched), revision).await;
        Ok(record)
    })
    .await
}
