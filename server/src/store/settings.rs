//! What a merchant decides about the whole shop, as the catalogue keeps it.

use shared::availability::{Location, PromisePolicy};
use shared::calendar::{DispatchCalendar, Transit};
use shared::ids::{LocationId, StoreId};

use super::locations::{LocationRecord, locations};
use super::stores::{StoreRecord, store_record};
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
    /// The commit that last changed any of this.
    pub revision: u64,
}

/// The locations whose stock may be promised: the one that the store ships from, then the others by
/// id.
pub fn fulfilling(record: &StoreRecord, mut locations: Vec<LocationRecord>) -> Vec<Fulfilling> {
    locations.retain(|location| location.fulfils);
    locations.sort_by_cached_key(|location| (location.id != record.location, location.id.clone()));
    let locations = locations.into_iter();
    locations
        .map(|location| Fulfilling::new(location, record))
        .collect()
}

impl Store {
    /// The settings of a store; `None` where there is no such store.
    pub async fn load_settings(&self, store: &StoreId) -> Result<Option<Settings>, StoreError> {
        // A transaction that only reads: all of this as of one commit.
        let mut snapshot = self.0.readers.begin().await?;
        let generation: Option<i64> = sqlx::query_scalar(
            "
            SELECT settings_revision
              FROM store
             WHERE store_id = ?1",
        )
        .bind(store.as_str())
        .fetch_optional(&mut *snapshot)
        .await?;
        let record = store_record(&mut *snapshot, store).await?;
        let locations = locations(&mut *snapshot, store).await?;
        snapshot.rollback().await?;
        let Some(record) = record else {
            return Ok(None);
        };
        let primary = fulfilling(&record, locations).into_iter().next();
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
            revision: location.revision.max(record.transit_revision),
            id: location.id,
        }
    }
}
