//! Makes a location or replaces its days and hours.

use shared::ids::StoreId;

use super::ActError;
use super::records::LocationRecord;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::store::writing::Note;

/// Makes a location or replaces its days and hours.
pub async fn put_location(
    app: &App,
    store: &StoreId,
    record: LocationRecord,
) -> Result<LocationRecord, ActError> {
    let (app, store) = (app.clone(), store.clone());
    detached(async move {
        let note = Note::new("put_location", record.id.as_str());
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        writing.put_location(&record).await?;
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Settings, revision).await;
        Ok(record)
    })
    .await
}
