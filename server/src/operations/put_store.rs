//! Replaces what the merchant decides about the whole shop.

use shared::ids::StoreId;

use super::ActError;
use super::records::StoreRecord;
use super::running::{detached, publish_settings};
use crate::app::App;
use crate::store::writing::Note;

/// Replaces what the merchant decides about the whole shop.
///
/// # Errors
///
/// [`ActError::Field`] for a location that the store does not have.
pub async fn put_store(
    app: &App,
    store: &StoreId,
    record: StoreRecord,
) -> Result<StoreRecord, ActError> {
    let (app, store) = (app.clone(), store.clone());
    detached(async move {
        let note = Note::new("put_store", store.as_str());
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        if !writing.has_location(&record.location).await? {
            return Err(ActError::unknown_location("/location", &record.location));
        }
        writing.put_store(&record).await?;
        let revision = writing.commit().await?;
        publish_settings(&app, &store, revision).await;
        Ok(record)
    })
    .await
}
