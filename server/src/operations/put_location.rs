//! Makes a location or replaces its days and hours.

use shared::ids::StoreId;

use super::ActError;
use super::records::LocationRecord;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::store::writing::Note;

/// Makes a location or replaces its days and hours.
///
/// # Errors
///
/// [`ActError::Conflict`] if the store ships from it and it is to fulfil no more.
pub async fn put_location(
    app: &App,
    store: &StoreId,
    record: LocationRecord,
) -> Result<LocationRecord, ActError> {
    let with = (app.clone(), store.clone(), record);
    detached(with, |(app, store, mut record)| async move {
        let note = Note::new("put_location", record.id.as_str());
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        let ships_from = writing.store_record().await?.map(|store| store.location);
        if !record.fulfils && ships_from.as_ref() == Some(&record.id) {
            let detail = format!(
                "the store ships from `{}`, so its stock is what shoppers are promised; choose another location with PUT /v1/store first",
                record.id
            );
            return Err(ActError::conflict("location_ships", detail));
        }
        writing.put_location(&record).await?;
        let revision = writing.commit().await?;
        record.revision = revision;
        publish(&app, &store, Touched::Settings, revision).await;
        Ok(record)
    })
    .await
}
