//! What a merchant decides about the whole shop, as the catalogue keeps it.

use shared::availability::{Location, PromisePolicy};
use shared::calendar::{DispatchCalendar, Transit};
use shared::ids::{LocationId, StoreId};

use super::locations::LocationRecord;
use super::stores::StoreRecord;
use super::transit::transit_from;
use super::{Store, StoreError};
use crate::catalogue::Settings;

/// A location whose stock may be promised, as promises are computed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fulfilling {
    /// Its id.
    pub id: LocationId,
    /// When it works.
    pub calendar: DispatchCalendar,
    /// What a parcel from it costs, in minor units: only chooses between locations.
    pub parcel_cost: u32,
    /// How long carriers take from it, one for each zone that they reach from here. Zones come in the
    /// order in which the store names them.
    pub transit: Vec<Transit>,
    /// The commit that last changed it.
    pub revision: u64,
}

impl Store {
    /// The locations whose stock may be promised: the one that the store ships from, then the
    /// others by id.
    pub async fn fulfilling(
        &self,
        store: &StoreId,
        record: &StoreRecord,
    ) -> Result<Vec<Fulfilling>, StoreError> {
        let mut locations = self.locations(store).await?;
        locations.retain(|location| location.fulfils);
        // Stable: the others stay in the order of their ids.
        locations.sort_by_key(|location| location.id != record.location);
        let locations = locations.into_iter();
        Ok(locations
            .map(|location| Fulfilling::new(location, record))
            .collect())
    }

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
        let primary = self.fulfilling(store, &record).await?.into_iter().next();
        let primary = primary
            .filter(|primary| primary.id == record.location)
            .ok_or(StoreError::Unreadable("store.location"))?;
        Ok(Some(Settings {
            name: record.name,
            location: Location {
                id: primary.id,
                calendar: primary.calendar,
            },
            promises: PromisePolicy {
                horizon_days: record.horizon_days,
                overdue_fence_days: record.overdue_fence_days,
                overdue_offset_days: record.overdue_offset_days,
                min_shipment: record.min_shipment,
                display: record.display,
            },
            currency: record.currency,
            split: record.split,
            origins: record.origins,
            generation: generation.unwrap_or_default().unsigned_abs(),
        }))
    }
}

impl Fulfilling {
    fn new(location: LocationRecord, record: &StoreRecord) -> Self {
        Self {
            calendar: location.calendar(),
            parcel_cost: location.parcel_cost,
            transit: transit_from(&record.transit, &location.id),
            revision: location.revision,
            id: location.id,
        }
    }
}
