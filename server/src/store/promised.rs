//! What stands promised, and what it takes from the shelf.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use shared::ids::{ReservationId, Sku};
use shared::quantity::Quantity;
use shared::repromise::Held;

use super::engine::{instant, query_as, query_scalar};
use super::promise_basis::awaited;
use super::promises::{PromisedPart, held, number, plan_named};
use super::skus::{json_list, quantity, read};
use super::{StoreError, Writing};

#[derive(sqlx::FromRow)]
struct PartRow {
    reservation: String,
    line: i64,
    part: i64,
    sku: String,
    quantity: i64,
    location: String,
    ships_by: Option<NaiveDate>,
    alone: bool,
    awaits_orders: String,
    awaits_made: bool,
    split_from: Option<i64>,
    created_at_ms: i64,
    plan: String,
}

#[derive(sqlx::FromRow)]
struct TakenRow {
    reservation: String,
    line: i64,
    part: i64,
    sku: String,
    quantity: i64,
}

/// What parts take from the shelf, by reservation, line and part.
type Taken = HashMap<(String, i64, i64), BTreeMap<Sku, Quantity>>;

/// Parts that stand promised, by a condition on what they claim.
macro_rules! promised_where {
    ($claimed:literal) => {
        concat!(
            "
            SELECT part.reservation
                 , part.line
                 , part.part
                 , part.sku
                 , part.quantity
                 , part.location
                 , part.ships_by
                 , part.awaits_orders
                 , part.awaits_made
                 , part.split_from
                 , reservation.plan = 'separate' OR 1 =
                 ( SELECT count(*)
                     FROM promised_part AS other
                    WHERE other.store_id = part.store_id
                      AND other.reservation = part.reservation
                      AND other.ended_by IS NULL
                 ) AS alone
                 , reservation.created_at_ms
                 , reservation.plan
              FROM claim
             CROSS JOIN promised_part AS part
             CROSS JOIN reservation
             WHERE claim.store_id = $1
               AND ",
            $claimed,
            "
               AND part.store_id = $1
               AND part.reservation = claim.reservation
               AND part.line = claim.line
               AND part.part = claim.part
               AND reservation.store_id = $1
               AND reservation.reservation = claim.reservation
               AND reservation.ended_at_ms IS NULL
               AND $3 < reservation.expires_at_ms
             ORDER BY reservation.revision
                    , part.reservation
                    , part.line
                    , part.part"
        )
    };
}

/// All that is taken by the parts that claim what the condition says, by reservation, line and part.
macro_rules! taken_where {
    ($claimed:literal) => {
        concat!(
            "
            SELECT taken.reservation
                 , taken.line
                 , taken.part
                 , taken.sku
                 , taken.quantity
              FROM claim
             CROSS JOIN claim AS taken
             WHERE claim.store_id = $1
               AND ",
            $claimed,
            "
               AND taken.store_id = $1
               AND taken.reservation = claim.reservation
               AND taken.line = claim.line
               AND taken.part = claim.part"
        )
    };
}

impl Writing {
    /// The parts that stand promised and take any of these SKUs, those of who came first at first.
    pub async fn promised(&mut self, skus: &[Sku]) -> Result<Vec<PromisedPart>, StoreError> {
        let parts = promised_where!("claim.sku IN (SELECT value FROM json_each($2))");
        let taken = taken_where!("claim.sku IN (SELECT value FROM json_each($2))");
        self.parts(parts, taken, json_list(skus)).await
    }

    /// All parts that stand promised of these orders and holds, those of who came first at first.
    pub async fn promised_to(
        &mut self,
        reservations: &[ReservationId],
    ) -> Result<Vec<PromisedPart>, StoreError> {
        let parts = promised_where!("claim.reservation IN (SELECT value FROM json_each($2))");
        let taken = taken_where!("claim.reservation IN (SELECT value FROM json_each($2))");
        self.parts(parts, taken, json_list(reservations)).await
    }

    async fn parts(
        &mut self,
        parts: &'static str,
        taken: &'static str,
        list: String,
    ) -> Result<Vec<PromisedPart>, StoreError> {
        // CROSS JOIN keeps the order. Beginning with the reservations, either engine would go through all that is
        // claimed once for each of them.
        self.session.join_as_written(true).await?;
        let mut rows: Vec<PartRow> = query_as(parts)
            .bind(self.store.as_str())
            .bind(list.as_str())
            .bind(self.at.timestamp_millis())
            .fetch_all(&mut self.session)
            .await?;
        // A part of a kit stands there once for each SKU that it takes.
        rows.dedup_by(|row, before| row.key() == before.key());
        let mut takes = self.taken_with(taken, &list).await?;
        let part = |row: PartRow| {
            let takes = takes.remove(&row.key()).unwrap_or_default();
            row.part(takes.into_iter().collect())
        };
        let parts = rows.into_iter().map(part).collect();
        self.session.join_as_written(false).await?;
        parts
    }

    async fn taken_with(&mut self, taken: &'static str, list: &str) -> Result<Taken, StoreError> {
        let rows: Vec<TakenRow> = query_as(taken)
            .bind(self.store.as_str())
            .bind(list)
            .fetch_all(&mut self.session)
            .await?;
        let mut taken = Taken::new();
        for row in rows {
            let part = (row.reservation, row.line, row.part);
            let sku = read(&row.sku, "claim.sku")?;
            let takes = taken.entry(part).or_default();
            takes.insert(sku, quantity(row.quantity)?);
        }
        Ok(taken)
    }

    /// The number that the next part of a line gets.
    pub async fn next_part(&mut self, part: &PromisedPart) -> Result<u32, StoreError> {
        let next: i64 = query_scalar(
            "
            SELECT coalesce(max(part), -1) + 1
              FROM promised_part
             WHERE store_id = $1
               AND reservation = $2
               AND line = $3",
        )
        .bind(self.store.as_str())
        .bind(part.reservation.as_str())
        .bind(part.line)
        .fetch_one(&mut self.session)
        .await?;
        u32::try_from(next).map_err(|_| StoreError::Unreadable("promised_part.part"))
    }

    /// Of these SKUs, those of which something is promised; of all SKUs where there is no list.
    pub async fn claimed_among(&mut self, skus: Option<&[Sku]>) -> Result<Vec<Sku>, StoreError> {
        let found: Vec<String> = query_scalar(
            "
            SELECT DISTINCT sku
              FROM claim
             WHERE store_id = $1
               AND ($2 IS NULL OR sku IN (SELECT value FROM json_each($2)))",
        )
        .bind(self.store.as_str())
        .bind(skus.map(json_list))
        .fetch_all(&mut self.session)
        .await?;
        found.iter().map(|sku| read(sku, "claim.sku")).collect()
    }
}

impl PartRow {
    fn key(&self) -> (String, i64, i64) {
        (self.reservation.clone(), self.line, self.part)
    }

    fn part(self, takes: Vec<(Sku, Quantity)>) -> Result<PromisedPart, StoreError> {
        Ok(PromisedPart {
            reservation: read(&self.reservation, "promised_part.reservation")?,
            line: number(self.line)?,
            part: number(self.part)?,
            split_from: self.split_from.map(number).transpose()?,
            plan: plan_named(&self.plan),
            held: Held {
                since: Some(instant(self.created_at_ms)?),
                // Goods that leave together wait for each other.
                alone: self.alone,
                awaits: awaited(&self.awaits_orders, self.awaits_made)?,
                ..held(&self.sku, self.quantity, &self.location, self.ships_by)?
            },
            takes,
        })
    }
}
