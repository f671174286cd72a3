//! Stores: what a merchant decides about the whole shop.

use std::collections::BTreeSet;

use shared::availability::Display;
use shared::ids::{LocationId, StoreId};
use shared::lead_time::Level;
use shared::money::{Currency, Money};
use shared::quantity::Quantity;
use shared::shipment::{SplitCharge, SplitPolicy};

use super::delays::DelayRules;
use super::engine::stored;
use super::engine::{Session, query, query_as};
use super::skus::{json_list, read};
use super::transit::{TransitRecord, transit};
use super::{Store, StoreError, Writing};

/// The id of the store that a new database has.
pub const FIRST_STORE: &str = "default";
/// The id of the location that a new store has.
pub const FIRST_LOCATION: &str = "main";

/// What a merchant decides about the whole shop.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreRecord {
    /// The shop's name.
    pub name: String,
    /// The location that ships.
    pub location: LocationId,
    /// What prices are in.
    pub currency: Currency,
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
    /// What is done about late goods.
    pub delays: DelayRules,
    /// The share of suppliers' deliveries that is to come by the day for which it is planned.
    pub promise_level: Level,
    /// Whether everybody may read how many dates were kept.
    pub publish_kept_rate: bool,
    /// Whether goods have pages that can be shared.
    pub share_pages: bool,
    /// Where goods are bought, with `{sku}` in the place of the SKU; `None`: the merchant has not said.
    pub product_url: Option<String>,
    /// Origins whose pages may use the publishable keys.
    pub origins: Vec<String>,
    /// How long carriers take. The zone of the first counts where none is named.
    pub transit: Vec<TransitRecord>,
    /// The commit that last changed how long carriers take.
    pub transit_revision: u64,
}

/// Where a store stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The store.
    pub store: StoreId,
    /// Its last commit.
    pub revision: u64,
    /// The last commit that changed the store itself or a location.
    pub settings_revision: u64,
}

#[derive(sqlx::FromRow)]
struct StandingRow {
    store_id: String,
    revision: i64,
    settings_revision: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    location: String,
    currency: String,
    split: String,
    split_amount: i64,
    parcels_max: i64,
    display: String,
    horizon_days: i64,
    overdue_fence_days: i64,
    overdue_offset_days: i64,
    min_shipment: i64,
    suppress_within_days: Option<i64>,
    better_by_days: i64,
    hold_renewals: i64,
    delays: Option<String>,
    promise_level: i64,
    publish_kept_rate: bool,
    share_pages: bool,
    product_url: Option<String>,
    origins: String,
    transit_revision: i64,
}

impl Store {
    /// All stores, and where each stands.
    pub async fn standings(&self) -> Result<Vec<Standing>, StoreError> {
        let rows: Vec<StandingRow> = query_as(
            "
            SELECT store_id
                 , revision
                 , settings_revision
              FROM store",
        )
        .fetch_all(&mut self.read_all().await?)
        .await?;
        rows.into_iter().map(StandingRow::standing).collect()
    }

    /// Where these stores stand, as far as they are there.
    pub async fn standings_of(
        &self,
        stores: &BTreeSet<StoreId>,
    ) -> Result<Vec<Standing>, StoreError> {
        let stores: Vec<&StoreId> = stores.iter().collect();
        let rows: Vec<StandingRow> = query_as(
            "
            SELECT store_id
                 , revision
                 , settings_revision
              FROM store
             WHERE store_id IN (SELECT value FROM json_each($1))",
        )
        .bind(json_list(&stores))
        .fetch_all(&mut self.read_all().await?)
        .await?;
        rows.into_iter().map(StandingRow::standing).collect()
    }

    /// What the merchant decided about the whole shop.
    pub async fn store_record(&self, store: &StoreId) -> Result<Option<StoreRecord>, StoreError> {
        store_record(&mut self.read(store).await?, store).await
    }

    /// Adds a store with one location. A store that exists stays as it is.
    pub async fn add_store(&self, store: &StoreId) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        query(
            "
            INSERT INTO store
                 ( store_id
                 , name
                 , location
                 , currency
                 , split
                 , split_amount
                 , parcels_max
                 , display
                 , horizon_days
                 , overdue_fence_days
                 , overdue_offset_days
                 , min_shipment
                 , origins
                 , revision
                 , settings_revision
                 )
            VALUES ($1, $1, $2, 'USD', 'off', 0, 2, 'exact', 365, 30, 1, 1, '[]', 0, 0)
                ON CONFLICT DO NOTHING",
        )
        .bind(store.as_str())
        .bind(FIRST_LOCATION)
        .execute(&mut session)
        .await?;
        query(
            "
            INSERT INTO location
                 ( store_id
                 , location
                 , name
                 , time_zone
                 , working_days
                 , pickup_days
                 , holidays
                 , cut_off
                 , processing_days
                 , receiving_days
                 , revision
                 )
            SELECT store.store_id
                 , store.location
                 , store.location
                 , 'UTC'
                 , '1111100'
                 , '1111100'
                 , '[]'
                 , '14:00'
                 , 1
                 , 1
                 , 0
              FROM store
             WHERE store.store_id = $1
                ON CONFLICT DO NOTHING",
        )
        .bind(store.as_str())
        .execute(&mut session)
        .await?;
        session.commit().await?;
        self.0.untold.add_everywhere();
        Ok(())
    }

    /// Gives a new database its first store.
    pub(super) async fn add_first_store(&self) -> Result<(), StoreError> {
        if !self.standings().await?.is_empty() {
            return Ok(());
        }
        let first = FIRST_STORE.parse().expect("is an id by its looks");
        self.add_store(&first).await
    }
}

impl Writing {
    /// What the merchant decided about the whole shop, as this change sees it.
    pub async fn store_record(&mut self) -> Result<Option<StoreRecord>, StoreError> {
        store_record(&mut self.session, &self.store).await
    }

    /// Replaces what the merchant decided about the whole shop.
    pub async fn put_store(&mut self, record: &StoreRecord) -> Result<(), StoreError> {
        let (split, split_amount) = stored_charge(record.split.charge);
        let origins =
            serde_json::to_string(&record.origins).expect("a list of strings is always JSON");
        query(
            "
            UPDATE store
               SET name                = $2
                 , location            = $3
                 , currency            = $4
                 , split               = $5
                 , split_amount        = $6
                 , parcels_max         = $7
                 , display             = $8
                 , horizon_days        = $9
                 , overdue_fence_days  = $10
                 , overdue_offset_days = $11
                 , min_shipment        = $12
                 , origins             = $13
                 , transit_revision    = $14
                 , settings_revision   = $15
                 , suppress_within_days = $16
                 , better_by_days      = $17
                 , promise_level       = $18
                 , delays              = $19
                 , hold_renewals       = $20
                 , publish_kept_rate   = $21
                 , share_pages         = $22
                 , product_url         = $23
             WHERE store_id = $1",
        )
        .bind(self.store.as_str())
        .bind(&record.name)
        .bind(record.location.as_str())
        .bind(record.currency.code())
        .bind(split)
        .bind(split_amount)
        .bind(record.split.parcels_max)
        .bind(display_name(record.display))
        .bind(record.horizon_days)
        .bind(record.overdue_fence_days)
        .bind(record.overdue_offset_days)
        .bind(record.min_shipment.units())
        .bind(origins)
        .bind(stored(record.transit_revision))
        .bind(stored(self.revision))
        .bind(record.suppress_within_days)
        .bind(record.better_by_days)
        .bind(record.promise_level.percent())
        .bind(record.delays.stored())
        .bind(record.hold_renewals)
        .bind(record.publish_kept_rate)
        .bind(record.share_pages)
        .bind(record.product_url.as_deref())
        .execute(&mut self.session)
        .await?;
        self.put_transit(&record.transit).await
    }

    /// Says that settings changed, without changing the store itself.
    pub(super) async fn raise_settings_revision(&mut self) -> Result<(), StoreError> {
        query(
            "
            UPDATE store
               SET settings_revision = $2
             WHERE store_id = $1",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

pub(super) async fn store_record(
    session: &mut Session,
    store: &StoreId,
) -> Result<Option<StoreRecord>, StoreError> {
    let row: Option<Row> = query_as(
        "
        SELECT name
             , location
             , currency
             , split
             , split_amount
             , parcels_max
             , display
             , horizon_days
             , overdue_fence_days
             , overdue_offset_days
             , min_shipment
             , suppress_within_days
             , better_by_days
             , hold_renewals
             , delays
             , promise_level
             , publish_kept_rate
             , share_pages
             , product_url
             , origins
             , transit_revision
          FROM store
         WHERE store_id = $1",
    )
    .bind(store.as_str())
    .fetch_optional(session)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let transit = transit(session, store).await?;
    row.record(transit).map(Some)
}

impl StandingRow {
    fn standing(self) -> Result<Standing, StoreError> {
        Ok(Standing {
            store: read(&self.store_id, "store.store_id")?,
            revision: self.revision.unsigned_abs(),
            settings_revision: self.settings_revision.unsigned_abs(),
        })
    }
}

impl Row {
    fn record(self, transit: Vec<TransitRecord>) -> Result<StoreRecord, StoreError> {
        let unreadable = StoreError::Unreadable;
        let currency: Currency = self
            .currency
            .parse()
            .map_err(|_| unreadable("store.currency"))?;
        let days = |days: i64| u32::try_from(days).map_err(|_| unreadable("store"));
        Ok(StoreRecord {
            name: self.name,
            location: self
                .location
                .parse()
                .map_err(|_| unreadable("store.location"))?,
            currency,
            split: SplitPolicy {
                charge: charge(&self.split, Money::new(self.split_amount, currency))
                    .ok_or(unreadable("store.split"))?,
                parcels_max: days(self.parcels_max)?,
            },
            display: display(&self.display).ok_or(unreadable("store.display"))?,
            horizon_days: days(self.horizon_days)?,
            overdue_fence_days: days(self.overdue_fence_days)?,
            overdue_offset_days: days(self.overdue_offset_days)?,
            min_shipment: Quantity::new(days(self.min_shipment)?),
            suppress_within_days: self.suppress_within_days.map(days).transpose()?,
            better_by_days: days(self.better_by_days)?,
            hold_renewals: days(self.hold_renewals)?,
            delays: DelayRules::read(self.delays.as_deref())?,
            promise_level: u8::try_from(self.promise_level)
                .ok()
                .and_then(|percent| Level::new(percent).ok())
                .ok_or(unreadable("store.promise_level"))?,
            publish_kept_rate: self.publish_kept_rate,
            share_pages: self.share_pages,
            product_url: self.product_url,
            origins: serde_json::from_str(&self.origins)
                .map_err(|_| unreadable("store.origins"))?,
            transit,
            transit_revision: self.transit_revision.unsigned_abs(),
        })
    }
}

fn charge(name: &str, amount: Money) -> Option<SplitCharge> {
    match name {
        "off" => Some(SplitCharge::Off),
        "free" => Some(SplitCharge::Free),
        "flat" => Some(SplitCharge::Flat(amount)),
        "per_extra_parcel" => Some(SplitCharge::PerExtraParcel(amount)),
        _ => None,
    }
}

/// The charge's name and its amount in minor units.
fn stored_charge(charge: SplitCharge) -> (&'static str, i64) {
    match charge {
        SplitCharge::Off => ("off", 0),
        SplitCharge::Free => ("free", 0),
        SplitCharge::Flat(amount) => ("flat", amount.amount),
        SplitCharge::PerExtraParcel(amount) => ("per_extra_parcel", amount.amount),
    }
}

fn display(name: &str) -> Option<Display> {
    [Display::Exact, Display::FewLeft, Display::Hidden]
        .into_iter()
        .find(|display| display_name(*display) == name)
}

fn display_name(display: Display) -> &'static str {
    match display {
        Display::Exact => "exact",
        Display::FewLeft => "few_left",
        Display::Hidden => "hidden",
    }
}
