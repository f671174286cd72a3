//! Facts as the pure core takes them, and how they get into memory.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use shared::ids::{LocationId, Sku, StoreId, SupplierId};
use shared::quantity::QUANTITY_MAX;
use shared::reason::Stated;
use shared::supply::{Backorder, Claim, Due, Place, Selling, SkuFacts};

use super::engine::{Session, query_as, query_scalar};
use super::incoming::{Expected, Suppliers, incoming};
use super::promises::expiry;
use super::skus::{SkuRecord, json_list, quantity, read, records};
use super::{Store, StoreError, Writing};

/// SKUs that are loaded at a time: enough to be quick, few enough to be small.
pub const PAGE_SKUS: usize = 4096;

#[derive(sqlx::FromRow)]
struct LevelRow {
    sku: String,
    location: String,
    on_hand: i64,
    committed: i64,
    safety_stock: i64,
}

/// How what is promised is told.
#[derive(Clone, Copy)]
enum Claims {
    /// Each claim by itself.
    Each,
    /// Claims for the same day and end as one: a SKU that many ordered has few days.
    Summed,
}

#[derive(sqlx::FromRow)]
struct ClaimRow {
    sku: String,
    quantity: i64,
    location: String,
    ships_by: Option<NaiveDate>,
    expires_at_ms: i64,
}

impl Store {
    /// The facts of these SKUs, those that the store knows, all seen at one moment. What is promised for the same
    /// day is summed.
    pub async fn load_skus(
        &self,
        store: &StoreId,
        skus: &[Sku],
    ) -> Result<Vec<SkuFacts>, StoreError> {
        // A transaction that only reads, on a connection that cannot write.
        let mut snapshot = self.read(store).await?;
        let facts = facts(&mut snapshot, store, skus, Claims::Summed).await?;
        snapshot.end().await?;
        Ok(facts)
    }

    /// SKUs that changed after `after`, oldest change first, with the revision of each; one page.
    ///
    /// `after` is the revision and the SKU to go on from: those of the last entry of the page before.
    pub async fn skus_changed_after(
        &self,
        store: &StoreId,
        after: (u64, &str),
    ) -> Result<Vec<(Sku, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = query_as(
            "
            SELECT sku
                 , revision
              FROM sku
             WHERE store_id = $1
               AND 0 < revision
               AND ($2, $3) < (revision, sku)
             ORDER BY revision
                    , sku
             LIMIT $4",
        )
        .bind(store.as_str())
        .bind(super::engine::stored(after.0))
        .bind(after.1)
        .bind(page_skus())
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter()
            .map(|(sku, revision)| Ok((read(&sku, "sku.sku")?, revision.unsigned_abs())))
            .collect()
    }

    /// How many SKUs a store has.
    pub async fn count_skus(&self, store: &StoreId) -> Result<usize, StoreError> {
        let count: i64 = query_scalar(
            "
            SELECT count(*)
              FROM sku
             WHERE store_id = $1",
        )
        .bind(store.as_str())
        .fetch_one(&mut self.read(store).await?)
        .await?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// The SKUs of a store that sort after `after`, in that order; one page.
    pub async fn page_of_skus(&self, store: &StoreId, after: &str) -> Result<Vec<Sku>, StoreError> {
        let rows: Vec<String> = query_scalar(
            "
            SELECT sku
              FROM sku
             WHERE store_id = $1
               AND $2 < sku
             ORDER BY sku
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(after)
        .bind(page_skus())
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.iter().map(|sku| read(sku, "sku.sku")).collect()
    }
}

impl Writing {
    /// The facts of these SKUs and of all that kits among them are made of, as this change sees them, with each claim
    /// by itself.
    pub async fn facts(&mut self, skus: &[Sku]) -> Result<HashMap<Sku, SkuFacts>, StoreError> {
        self.facts_with(skus, Claims::Each).await
    }

    /// The same, with what is promised for the same day summed.
    pub async fn facts_summed(
        &mut self,
        skus: &[Sku],
    ) -> Result<HashMap<Sku, SkuFacts>, StoreError> {
        self.facts_with(skus, Claims::Summed).await
    }

    /// The changes that last changed these SKUs, those that the store knows: facts of the same revision are the same.
    pub async fn revisions_of(&mut self, skus: &[Sku]) -> Result<Vec<(Sku, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = query_as(
            "
            SELECT sku
                 , revision
              FROM sku
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))",
        )
        .bind(self.store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.session)
        .await?;
        rows.into_iter()
            .map(|(sku, revision)| Ok((read(&sku, "sku.sku")?, revision.unsigned_abs())))
            .collect()
    }

    async fn facts_with(
        &mut self,
        skus: &[Sku],
        claims: Claims,
    ) -> Result<HashMap<Sku, SkuFacts>, StoreError> {
        let store = self.store.clone();
        let mut known: HashMap<Sku, SkuFacts> = HashMap::new();
        let mut open = skus.to_vec();
        while !open.is_empty() && known.len() <= PAGE_SKUS {
            let found = facts(&mut self.session, &store, &open, claims).await?;
            known.extend(found.into_iter().map(|facts| (facts.sku.clone(), facts)));
            let parts = known.values().flat_map(|facts| &facts.kit);
            let before = std::mem::take(&mut open);
            open = parts
                .map(|(part, _)| part.clone())
                .filter(|part| !known.contains_key(part) && !before.contains(part))
                .collect();
            open.sort_unstable();
            open.dedup();
        }
        Ok(known)
    }
}

/// The facts of these SKUs, those that the store knows.
async fn facts(
    connection: &mut Session,
    store: &StoreId,
    skus: &[Sku],
    claims: Claims,
) -> Result<Vec<SkuFacts>, StoreError> {
    let asked = json_list(skus);
    let suppliers = Suppliers::of_skus(connection, store, &asked).await?;
    let known = records(connection, store, &asked).await?;
    let mut places = places(connection, store, &asked, &suppliers, claims).await?;
    let facts = known.into_iter().map(|record| {
        let places = places.remove(record.sku.as_str()).unwrap_or_default();
        facts_of(record, places, &suppliers)
    });
    Ok(facts.collect())
}

/// [`PAGE_SKUS`] as SQLite takes it.
fn page_skus() -> i64 {
    i64::try_from(PAGE_SKUS).expect("a page is far smaller than the largest integer")
}

/// Stock and supply of the SKUs asked for.
async fn places(
    snapshot: &mut Session,
    store: &StoreId,
    asked: &str,
    suppliers: &Suppliers,
    claims: Claims,
) -> Result<HashMap<String, Vec<Place>>, StoreError> {
    let mut places: HashMap<String, Vec<Place>> = HashMap::new();
    let levels: Vec<LevelRow> = query_as(
        "
        SELECT sku
             , location
             , on_hand
             , committed
             , safety_stock
          FROM stock_level
         WHERE store_id = $1
           AND sku IN (SELECT value FROM json_each($2))
         ORDER BY sku
                , location",
    )
    .bind(store.as_str())
    .bind(asked)
    .fetch_all(snapshot)
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

    let claims = match claims {
        Claims::Each => claims_each(snapshot, store, asked).await?,
        Claims::Summed => claims_summed(snapshot, store, asked).await?,
    };
    add_claims(claims, &mut places)?;
    for on_its_way in incoming(snapshot, store, asked, suppliers).await? {
        let place = place(&mut places, on_its_way.sku, on_its_way.location);
        match on_its_way.expected {
            Expected::Dated(incoming) => place.incoming.push(incoming),
            Expected::Undated(undated) => place.undated.push(undated),
        }
    }
    // In an order that memory can keep when it moves with a promise.
    for here in places.values_mut() {
        here.sort_by(|one, other| one.location.cmp(&other.location));
        for place in here {
            place.claims.sort_unstable();
        }
    }
    Ok(places)
}

/// What is promised of the SKUs asked for: each claim that has not ended.
async fn claims_each(
    snapshot: &mut Session,
    store: &StoreId,
    asked: &str,
) -> Result<Vec<ClaimRow>, StoreError> {
    query_as(
        "
        SELECT claim.sku
             , claim.quantity
             , part.location
             , part.ships_by
             , reservation.expires_at_ms
          FROM claim
          JOIN promised_part AS part
            ON part.store_id = claim.store_id
           AND part.reservation = claim.reservation
           AND part.line = claim.line
           AND part.part = claim.part
          JOIN reservation
            ON reservation.store_id = claim.store_id
           AND reservation.reservation = claim.reservation
         WHERE claim.store_id = $1
           AND claim.sku IN (SELECT value FROM json_each($2))
         ORDER BY claim.sku
                , claim.reservation
                , claim.line
                , claim.part",
    )
    .bind(store.as_str())
    .bind(asked)
    .fetch_all(snapshot)
    .await
}

/// The same, with those for the same day and end summed.
async fn claims_summed(
    snapshot: &mut Session,
    store: &StoreId,
    asked: &str,
) -> Result<Vec<ClaimRow>, StoreError> {
    query_as(
        "
        SELECT claim.sku
             , CAST(sum(claim.quantity) AS BIGINT) AS quantity
             , part.location
             , part.ships_by
             , reservation.expires_at_ms
          FROM claim
          JOIN promised_part AS part
            ON part.store_id = claim.store_id
           AND part.reservation = claim.reservation
           AND part.line = claim.line
           AND part.part = claim.part
          JOIN reservation
            ON reservation.store_id = claim.store_id
           AND reservation.reservation = claim.reservation
         WHERE claim.store_id = $1
           AND claim.sku IN (SELECT value FROM json_each($2))
         GROUP BY claim.sku
                , part.location
                , part.ships_by
                , reservation.expires_at_ms
         ORDER BY claim.sku
                , part.location
                , part.ships_by
                , reservation.expires_at_ms",
    )
    .bind(store.as_str())
    .bind(asked)
    .fetch_all(snapshot)
    .await
}

fn add_claims(
    claims: Vec<ClaimRow>,
    places: &mut HashMap<String, Vec<Place>>,
) -> Result<(), StoreError> {
    for row in claims {
        let location = read(&row.location, "promised_part.location")?;
        let place = place(places, row.sku, location);
        let due = row.ships_by.map_or(Due::Undated, Due::By);
        let expires_at = expiry(row.expires_at_ms)?;
        // A sum may be more than a quantity can be.
        let mut left = row.quantity;
        while 0 < left {
            let units = left.min(QUANTITY_MAX.into());
            place.claims.push(Claim {
                due,
                quantity: quantity(units)?,
                expires_at,
            });
            left -= units;
        }
    }
    Ok(())
}

/// What is known of a SKU at a location, made if there is nothing yet.
fn place(
    places: &mut HashMap<String, Vec<Place>>,
    sku: String,
    location: LocationId,
) -> &mut Place {
    let here = places.entry(sku).or_default();
    let at = match here.iter().position(|place| place.location == location) {
        Some(at) => at,
        None => {
            here.push(Place::new(location));
            here.len() - 1
        }
    };
    &mut here[at]
}

fn facts_of(record: SkuRecord, places: Vec<Place>, suppliers: &Suppliers) -> SkuFacts {
    let supplier = record.supplier.as_ref().map(SupplierId::as_str);
    SkuFacts {
        selling: Selling {
            tracked: record.tracked,
            discontinued: record.discontinued,
            backorder: Backorder {
                mode: record.backorder,
                limit: record.backorder_limit,
                reason: reason_of(record.wait_reason, record.reason).map(Arc::new),
            },
            released_on: record.released_on,
            sell_until: record.sell_until,
            promise_days_max: record.promise_days_max,
            low_stock_threshold: record.low_stock_threshold,
            replenishment: suppliers.replenishment(supplier, record.lead_time_days),
        },
        sku: record.sku,
        title: record.title.map(Arc::from),
        kit: record
            .kit
            .into_iter()
            .map(|part| (part.sku, part.quantity))
            .collect(),
        places,
        revision: record.revision,
    }
}

/// What a SKU says of waits: a code and words for single languages, and words for all others.
fn reason_of(stated: Option<Stated>, any: Option<String>) -> Option<Stated> {
    let stated = Stated {
        any: any.map(Arc::from),
        ..stated.unwrap_or_default()
    };
    (!stated.is_nothing()).then_some(stated)
}
