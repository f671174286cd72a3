//! What a merchant decides about the whole shop, as the catalogue keeps it.

use shared::availability::{Location, PromisePolicy};
use shared::cart::LOCATIONS_MAX;
use shared::ids::StoreId;

use super::engine::query_scalar;
use super::locations::{LocationRecord, locations};
use super::offer_rules::rules;
use super::stores::{StoreRecord, store_record};
use super::transit::transit_from;
use super::{Store, StoreError};
use crate::catalogue::Settings;

/// The locations whose stock may be promised: the one that the store ships from, then the others by
/// id.
pub fn fulfilling(record: &StoreRecord, mut locations: Vec<LocationRecord>) -> Vec<Location> {
    locations.retain(|location| location.fulfils);
    locations.sort_by_cached_key(|location| (location.id != record.location, location.id.clone()));
    let locations = locations.into_iter().take(LOCATIONS_MAX);
    locations
        .map(|location| as_promised_from(location, record))
        .collect()
}

impl Store {
    /// The settings of a store; `None` where there is no such store.
    pub async fn load_settings(&self, store: &StoreId) -> Result<Option<Settings>, StoreError> {
        // A transaction that only reads: all of this as of one commit.
        let mut snapshot = self.read(store).await?;
        let generation: Option<i64> = query_scalar(
            "
            SELECT settings_revision
              FROM store
             WHERE store_id = $1",
        )
        .bind(store.as_str())
        .fetch_optional(&mut snapshot)
        .await?;
        let record = store_record(&mut snapshot, store).await?;
        let locations = locations(&mut snapshot, store).await?;
        let has_offers = rules(&mut snapshot, store)
            .await?
            .iter()
            .any(|rule| rule.is_on);
        snapshot.end().await?;
        let Some(record) = record else {
            return Ok(None);
        };
        let locations = fulfilling(&record, locations);
        let primary = locations
            .first()
            .filter(|primary| primary.id == record.location)
            .ok_or(StoreError::Unreadable("store.location"))?;
        Ok(Some(Settings {
            name: record.name,
            location: primary.clone(),
            locations,
            promises: PromisePolicy {
                horizon_days: record.horizon_days,
                overdue_fence_days: record.overdue_fence_days,
                overdue_offset_days: record.overdue_offset_days,
                min_shipment: record.min_shipment,
                display: record.display,
                suppress_within_days: record.suppress_within_days,
                zone: record
                    .transit
                    .first()
                    .map(|transit| transit.zone.as_str().into()),
            },
            currency: record.currency,
            split: record.split,
            better_by_days: record.better_by_days,
            hold_renewals: record.hold_renewals,
            delays: record.delays,
            publish_kept_rate: record.publish_kept_rate,
            share_pages: record.share_pages,
            product_url: record.product_url,
            origins: record.origins,
            has_offers,
            generation: generation.unwrap_or_default().unsigned_abs(),
        }))
    }
}

fn as_promised_from(location: LocationRecord, record: &StoreRecord) -> Location {
    Location {
        calendar: location.calendar(),
        parcel_cost: location.parcel_cost,
        transit: transit_from(&record.transit, &location.id),
        revision: location.revision.max(record.transit_revision),
        id: location.id,
    }
}
