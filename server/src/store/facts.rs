//! Facts as the pure core takes them, and how they get into memory.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use shared::ids::{Sku, StoreId};
use shared::supply::{Backorder, BackorderMode, Claim, Place, Selling, SkuFacts};
use sqlx::SqliteConnection;

use super::incoming::{Suppliers, incoming};
use super::skus::{json_list, quantity, read, read_kit};
use super::{Store, StoreError};
use crate::catalogue::{Catalogue, Shop};

/// SKUs that are loaded at a time: enough to be quick, few enough to be small.
pub const PAGE_SKUS: usize = 4096;

#[derive(sqlx::FromRow)]
struct SkuRow {
    sku: String,
    title: Option<String>,
    tracked: bool,
    discontinued: bool,
    backorder: String,
    backorder_limit: Option<i64>,
    reason: Option<String>,
    released_on: Option<NaiveDate>,
    low_stock_threshold: i64,
    supplier: Option<String>,
    lead_time_days: Option<i64>,
    kit: Option<String>,
    revision: i64,
}

#[derive(sqlx::FromRow)]
struct LevelRow {
    sku: String,
    location: String,
    on_hand: i64,
    committed: i64,
    safety_stock: i64,
}

impl Store {
    /// Loads every shop with all its facts, and all keys.
    pub async fn load_catalogue(&self, catalogue: &Catalogue) -> Result<(), StoreError> {
        catalogue.put_keys(self.load_keys().await?);
        for standing in self.standings().await? {
            let Some(settings) = self.load_settings(&standing.store).await? else {
                continue;
            };
            // The revision was read before the facts: what is committed between is loaded twice,
            // never missed.
            let shop = Arc::new(Shop::new(
                standing.store.clone(),
                settings,
                standing.revision,
            ));
            let mut after = String::new();
            loop {
                let page = self.page_of_skus(&standing.store, &after).await?;
                let Some(last) = page.last() else { break };
                after = last.to_string();
                shop.put(self.load_skus(&standing.store, &page).await?);
            }
            catalogue.put_shop(shop);
        }
        Ok(())
    }

    /// The facts of these SKUs, those that the store knows, all seen at one moment.
    pub async fn load_skus(
        &self,
        store: &StoreId,
        skus: &[Sku],
    ) -> Result<Vec<SkuFacts>, StoreError> {
        let asked = json_list(skus);
        // A transaction that only reads, on a connection that cannot write.
        let mut snapshot = self.0.readers.begin().await?;
        let suppliers = Suppliers::load(&mut snapshot, store).await?;
        let rows: Vec<SkuRow> = sqlx::query_as(
            "
            SELECT sku
                 , title
                 , tracked
                 , discontinued
                 , backorder
                 , backorder_limit
                 , reason
                 , released_on
                 , low_stock_threshold
                 , supplier
                 , lead_time_days
                 , kit
                 , revision
              FROM sku
             WHERE store_id = ?1
               AND sku IN (SELECT value FROM json_each(?2))",
        )
        .bind(store.as_str())
        .bind(&asked)
        .fetch_all(&mut *snapshot)
        .await?;
        let mut places = places(&mut snapshot, store, &asked, &suppliers).await?;
        snapshot.rollback().await?;
        rows.into_iter()
            .map(|row| {
                let places = places.remove(&row.sku).unwrap_or_default();
                row.facts(places, &suppliers)
            })
            .collect()
    }

    /// SKUs that changed after `after`, oldest change first, with the revision of each; one page.
    ///
    /// `after` is the revision and the SKU to go on from: those of the last entry of the page before.
    pub async fn skus_changed_after(
        &self,
        store: &StoreId,
        after: (u64, &str),
    ) -> Result<Vec<(Sku, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "
            SELECT sku
                 , revision
              FROM sku
             WHERE store_id = ?1
               AND (?2, ?3) < (revision, sku)
             ORDER BY revision
                    , sku
             LIMIT ?4",
        )
        .bind(store.as_str())
        .bind(super::writing::stored(after.0))
        .bind(after.1)
        .bind(page_skus())
        .fetch_all(&self.0.readers)
        .await?;
        rows.into_iter()
            .map(|(sku, revision)| Ok((read(&sku, "sku.sku")?, revision.unsigned_abs())))
            .collect()
    }

    async fn page_of_skus(&self, store: &StoreId, after: &str) -> Result<Vec<Sku>, StoreError> {
        let rows: Vec<String> = sqlx::query_scalar(
            "
            SELECT sku
              FROM sku
             WHERE store_id = ?1
               AND ?2 < sku
             ORDER BY sku
             LIMIT ?3",
        )
        .bind(store.as_str())
        .bind(after)
        .bind(page_skus())
        .fetch_all(&self.0.readers)
        .await?;
        rows.iter().map(|sku| read(sku, "sku.sku")).collect()
    }
}

/// [`PAGE_SKUS`] as SQLite takes it.
fn page_skus() -> i64 {
    i64::try_from(PAGE_SKUS).expect("a page is far smaller than the largest integer")
}

/// Stock and supply of the SKUs asked for.
async fn places(
    snapshot: &mut SqliteConnection,
    store: &StoreId,
    asked: &str,
    suppliers: &Suppliers,
) -> Result<HashMap<String, Vec<Place>>, StoreError> {
    let mut places: HashMap<String, Vec<Place>> = HashMap::new();
    let levels: Vec<LevelRow> = sqlx::query_as(
        "
        SELECT sku
             , location
             , on_hand
             , committed
             , safety_stock
          FROM stock_level
         WHERE store_id = ?1
           AND sku IN (SELECT value FROM json_each(?2))",
    )
    .bind(store.as_str())
    .bind(asked)
    .fetch_all(&mut *snapshot)
    .await?;
    for row in levels {
        let mut place = Place::new(read(&row.location, "stock_level.location")?);
        place.on_hand = quantity(row.on_hand)?;
        place.safety_stock = quantity(row.safety_stock)?;
        let committed = quantity(row.committed)?;
        if !committed.is_zero() {
            place.claims.push(Claim::owed(committed));
        }
        places.entry(row.sku).or_default().push(place);
    }

    for on_its_way in incoming(&mut *snapshot, store, asked, suppliers).await? {
        let here = places.entry(on_its_way.sku).or_default();
        let location = on_its_way.location;
        let at = match here.iter().position(|place| place.location == location) {
            Some(at) => at,
            None => {
                here.push(Place::new(location));
                here.len() - 1
            }
        };
        here[at].incoming.push(on_its_way.incoming);
    }
    Ok(places)
}

impl SkuRow {
    fn facts(self, places: Vec<Place>, suppliers: &Suppliers) -> Result<SkuFacts, StoreError> {
        let declared = self
            .lead_time_days
            .map(|days| {
                u32::try_from(days).map_err(|_| StoreError::Unreadable("sku.lead_time_days"))
            })
            .transpose()?;
        Ok(SkuFacts {
            sku: read(&self.sku, "sku.sku")?,
            title: self.title.map(Arc::from),
            selling: Selling {
                tracked: self.tracked,
                discontinued: self.discontinued,
                backorder: Backorder {
                    mode: BackorderMode::named(&self.backorder)
                        .ok_or(StoreError::Unreadable("sku.backorder"))?,
                    limit: self.backorder_limit.map(quantity).transpose()?,
                    reason: self.reason.map(Arc::from),
                },
                released_on: self.released_on,
                sell_until: None,
                promise_days_max: None,
                low_stock_threshold: quantity(self.low_stock_threshold)?,
                replenishment: suppliers.replenishment(self.supplier.as_deref(), declared),
            },
            kit: self
                .kit
                .as_deref()
                .map_or(Ok(Vec::new()), read_kit)?
                .into_iter()
                .map(|part| (part.sku, part.quantity))
                .collect(),
            places,
            revision: self.revision.unsigned_abs(),
        })
    }
}
