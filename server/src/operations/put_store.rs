//! Replaces what the merchant decides about the whole shop.

use shared::availability::Display;
use shared::ids::{LocationId, StoreId};
use shared::lead_time::Level;
use shared::money::Currency;
use shared::quantity::Quantity;
use shared::shipment::{SplitCharge, SplitPolicy};

use super::ActError;
use super::learn::learn_of_all;
use super::records::{DelayRules, StoreRecord, TransitRecord};
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
    /// Working days by which goods that the supplier has sent may leave later than from the shelf, and
    /// still read as in stock; `None`: never.
    pub suppress_within_days: Option<u32>,
    /// A sooner date is told where it is sooner by this many days.
    pub better_by_days: u32,
    /// How often a hold may be renewed.
    pub hold_renewals: u32,
    /// What is done about late goods; `None`: as before. An order keeps what was so when it was placed.
    pub delays: Option<DelayRules>,
    /// The share of suppliers' deliveries that is to come by the day for which it is planned;
    /// `None`: as before.
    pub promise_level: Option<Level>,
    /// Whether everybody may read how many dates were kept; `None`: as before.
    pub publish_kept_rate: Option<bool>,
    /// Whether goods have pages that can be shared; `None`: as before.
    pub share_pages: Option<bool>,
    /// Where goods are bought, with `{sku}` in the place of the SKU; `None`: as before.
    pub product_url: Option<Option<String>>,
    /// Origins whose pages may use the publishable keys; `None`: as before.
    pub origins: Option<Vec<String>>,
    /// How long carriers take; `None`: as before.
    pub transit: Option<Vec<TransitRecord>>,
}

/// Replaces what the merchant decides about the whole shop.
///
/// # Errors
///
/// [`ActError::Field`] for a location that the store does not have or that does not fulfil, and for
/// a price in another currency than the store's.
pub async fn put_store(
    app: &App,
    store: &StoreId,
    request: PutStore,
) -> Result<StoreRecord, ActError> {
    let with = (app.clone(), store.clone(), request);
    detached(with, |(app, store, request)| async move {
        let note = Note::new("put_store", store.as_str());
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        let before = writing.store_record().await?.ok_or(ActError::NotFound)?;
        let transit = request.transit.unwrap_or_else(|| before.transit.clone());
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
            suppress_within_days: request.suppress_within_days,
            better_by_days: request.better_by_days,
            hold_renewals: request.hold_renewals,
            delays: request.delays.unwrap_or(before.delays),
            promise_level: request.promise_level.unwrap_or(before.promise_level),
            publish_kept_rate: request
                .publish_kept_rate
                .unwrap_or(before.publish_kept_rate),
            share_pages: request.share_pages.unwrap_or(before.share_pages),
            product_url: request.product_url.unwrap_or(before.product_url),
            origins: request.origins.unwrap_or(before.origins),
            transit_revision: match transit == before.transit {
                true => before.transit_revision,
                false => writing.revision(),
            },
            transit,
        };
        refuse_other_currency(&record)?;
        let Some(ships_from) = writing.location(&record.location).await? else {
            return Err(ActError::unknown_location("/location", &record.location));
        };
        if !ships_from.fulfils {
            let detail = format!(
                "the stock of `{}` is not for shoppers; let it be with `fulfils` of PUT /v1/locations/{{id}} first",
                record.location
            );
            return Err(ActError::field("/location", "location_does_not_fulfil", detail));
        }
        for (at, transit) in record.transit.iter().enumerate() {
            if let Some(from) = &transit.from
                && !writing.has_location(from).await?
            {
                return Err(ActError::unknown_location(format!("/transit/{at}/from"), from));
            }
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
            suppress_within_days: record.suppress_within_days,
            better_by_days: record.better_by_days,
            hold_renewals: record.hold_renewals,
            delays: Some(record.delays),
            promise_level: Some(record.promise_level),
            publish_kept_rate: Some(record.publish_kept_rate),
            share_pages: Some(record.share_pages),
            product_url: Some(record.product_url),
            origins: Some(record.origins),
            transit: Some(record.transit),
        }
    }
}
