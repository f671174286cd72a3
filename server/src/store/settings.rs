//! What a merchant decides about the whole shop, as the catalogue keeps it.

use shared::availability::PromisePolicy;
use shared::cart::LOCATIONS_MAX;
use shared::ids::StoreId;

use super::locations::LocationRecord;
use super::{Store, StoreError};
use crate::catalogue::Settings;

impl Store {
    /// The settings of a store; `None` where there is no such store.
    pub async fn load_settings(&self, store: &StoreId) -> Result<Option<Settings>, StoreError> {
        // The generation is read first: a change that comes between is loaded again, never missed.
        let generation: Option<i64> = sqlx::query_scalar(
            "
            SELECT settings_revision
              FROM store
             WHERE store_id = ?1",
        )
        .bind(store.as_str())
        .fetch_optional(&self.0.readers)
        .await?;
        let Some(record) = self.store_record(store).await? else {
            return Ok(None);
        };
        let mut locations = self.locations(store).await?;
        locations.sort_by_key(|location| location.id != record.location);
        let location = locations
            .first()
            .ok_or(StoreError::Unreadable("store.location"))?
            .location();
        Ok(Some(Settings {
            name: record.name,
            location,
            locations: locations
                .iter()
                .map(LocationRecord::location)
                .take(LOCATIONS_MAX)
                .collect(),
            promises: PromisePolicy {
                horizon_days: record.horizon_days,
                overdue_fence_days: record.overdue_fence_days,
                overdue_offset_days: record.overdue_offset_days,
                min_shipment: record.min_shipment,
                display: record.display,
                suppress_within_days: Some(0),
            },
            currency: record.currency,
            split: record.split,
            origins: record.origins,
            generation: generation.unwrap_or_default().unsigned_abs(),
        }))
    }
}
