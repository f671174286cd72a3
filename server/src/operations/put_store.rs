//! Replaces what the merchant decides about the whole shop.

use shared::availability::Display;
use shared::ids::{LocationId, StoreId};
use shared::lead_time::Level;
use shared::money::Currency;
use shared::quantity::Quantity;
use shared::shipment::{SplitCharge, SplitPolicy};

use super::ActError;
use super::learn::learn_of_all;
use super::records::StoreRecord;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::store::writing::Note;

/// What the merchant decides about the whole shop.
#[derive(Debug, Clone, PartialEq)]
pub struct PutStore {
    /// The shop's name.
    pub name: String,
    /// The location that ships; `None`: as before.
    pub location: Option<LocationId>,
    /// What prices are in; `None`: as before.
    pub currency: Option<Currency>,
    /// Who pays for more parcels than one.
    pub split: SplitPolicy,
    /// How much of the counts shoppers may see.
    pub display: Display,
    /// Days ahead beyond which nothing is promised.
    pub horizon_days: u32,
    /// Days for which a late purchase order still counts.
    pub overdue_fence_days: u32,
    /// Days from today in which a late purchase order is assumed to arrive.
    pub overdue_offset_days: u32,
    /// Smallest part of a line worth a parcel of its own.
    pub min_shipment: Quantity,
    /// The share of suppliers' deliveries that is to come by the day for which it is planned;
    /// `None`: as before.
    pub promise_level: Option<Level>,
    /// Origins whose pages may use the publishable keys; `None`: as before.
    pub origins: Option<Vec<String>>,
}

/// Replaces what the merchant decides about the whole shop.
///
/// # Errors
///
/// [`ActError::Field`] for a location that the store does not have, and for a price in another
/// currency than the store's.
pub async fn put_store(
    app: &App,
    store: &StoreId,
    request: PutStore,
) -> Result<StoreRecord, ActError> {
    let (app, store) = (app.clone(), store.clone());
    detached(async move {
        let note = Note::new("put_store", store.as_str());
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        let before = writing.store_record().await?.ok_or(ActError::NotFound)?;
        let record = StoreRecord {
            name: request.name,
            location: request.location.unwrap_or(before.location),
            currency: request.currency.unwrap_or(before.currency),
            split: request.split,
            display: request.display,
            horizon_days: request.horizon_days,
            overdue_fence_days: request.overdue_fence_days,
            overdue_offset_days: request.overdue_offset_days,
            min_shipment: request.min_shipment,
            promise_level: request.promise_level.unwrap_or(before.promise_level),
            origins: request.origins.unwrap_or(before.origins),
        };
        refuse_other_currency(&record)?;
        if !writing.has_location(&record.location).await? {
            return Err(ActError::unknown_location("/location", &record.location));
        }
        writing.put_store(&record).await?;
        let mut touched = Touched::Settings;
        if record.promise_level != before.promise_level {
            learn_of_all(&mut writing).await?;
            touched = Touched::Anything;
        }
        let revision = writing.commit().await?;
        publish(&app, &store, touched, revision).await;
        Ok(record)
    })
    .await
}

fn refuse_other_currency(record: &StoreRecord) -> Result<(), ActError> {
    match record.split.charge {
        SplitCharge::Flat(price) | SplitCharge::PerExtraParcel(price)
            if price.currency != record.currency =>
        {
            let detail = format!("must be in {}, the currency of the store", record.currency);
            Err(ActError::field("/split/amount", "invalid_amount", detail))
        }
        _ => Ok(()),
    }
}

impl From<StoreRecord> for PutStore {
    fn from(record: StoreRecord) -> Self {
        Self {
            name: record.name,
            location: Some(record.location),
            currency: Some(record.currency),
            split: record.split,
            display: record.display,
            horizon_days: record.horizon_days,
            overdue_fence_days: record.overdue_fence_days,
            overdue_offset_days: record.overdue_offset_days,
            min_shipment: record.min_shipment,
            promise_level: Some(record.promise_level),
            origins: Some(record.origins),
        }
    }
}
