//! What is promised to whom: reservations, the claims that they make on supply, and the ledger of every
//! date that was told.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{LocationId, ReservationId, Sku, StoreId};
use shared::quantity::Quantity;
use shared::repromise::{Awaited, Held};
use shared::shipment::PlanKind;
use shared::supply::Due;

use super::by_order::ByOrder;
use super::engine::{Session, instant, query, query_as, query_scalar, stored};
use super::promise_basis::PromiseBasis;
use super::skus::{json_list, quantity, read};
use super::{Store, StoreError, Writing};

/// When goods expire that were ordered: the last second of the year 9999.
pub(super) const NEVER_MS: i64 = 253_402_300_799_000;

/// Goods held for somebody until an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Its id.
    pub id: ReservationId,
    /// How the goods are to be sent.
    pub plan: PlanKind,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From then on it holds nothing; `None`: what it holds was ordered.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it ended before that, or was cleared away after, and how.
    pub ended: Option<(DateTime<Utc>, Ending)>,
    /// How often it was renewed.
    pub renewals: u32,
    /// The commit that made it.
    pub revision: u64,
}

/// How a reservation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The shop let it go.
    Released,
    /// Its time was over.
    Expired,
}

/// Part of a line that stands promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisedPart {
    /// Whose it is.
    pub reservation: ReservationId,
    /// The line of the reservation, from 0.
    pub line: u32,
    /// The part of the line, from 0, in the order in which parts came about.
    pub part: u32,
    /// The part as which it was promised first, where it was split off from another one.
    pub split_from: Option<u32>,
    /// How it is sent with the others of its order or hold.
    pub plan: PlanKind,
    /// What is promised.
    pub held: Held,
    /// What it takes from the shelf: of a kit all that it is made of, and the kit itself.
    pub takes: Vec<(Sku, Quantity)>,
}

/// A date that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseRow {
    /// The line of the reservation.
    pub line: u32,
    /// The part of the line.
    pub part: u32,
    /// The how-manieth date of the part, from 1.
    pub version: u32,
    /// What is promised.
    pub held: Held,
    /// Why this date was told.
    pub cause: String,
    /// What it rests on, as JSON.
    pub basis: String,
    /// When it was told.
    pub at: DateTime<Utc>,
    /// The commit that made it.
    pub revision: u64,
}

#[derive(sqlx::FromRow)]
struct ReservationRow {
    reservation: String,
    plan: String,
    created_at_ms: i64,
    expires_at_ms: i64,
    ended_at_ms: Option<i64>,
    ended_by: Option<String>,
    renewals: i64,
    revision: i64,
}

#[derive(sqlx::FromRow)]
struct LedgerRow {
    line: i64,
    part: i64,
    version: i64,
    sku: String,
    quantity: i64,
    location: String,
    ships_by: Option<NaiveDate>,
    cause: String,
    basis: String,
    at_ms: i64,
    revision: i64,
}

impl Ending {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

impl Store {
    /// A reservation with every date that was told for it, oldest first.
    pub async fn reservation(
        &self,
        store: &StoreId,
        id: &ReservationId,
    ) -> Result<Option<(Reservation, Vec<PromiseRow>)>, StoreError> {
        let mut snapshot = self.read(store).await?;
        let found = reservation(&mut snapshot, store, id).await?;
        let Some(found) = found else {
            return Ok(None);
        };
        let rows = ledger(&mut snapshot, store, id).await?;
        snapshot.end().await?;
        Ok(Some((found, rows)))
    }

    /// True if a reservation's time is over that nobody has cleared away yet.
    pub async fn has_expired(
        &self,
        store: &StoreId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let found: Option<bool> = query_scalar(
            "
            SELECT true
              FROM reservation
             WHERE store_id = $1
               AND ended_at_ms IS NULL
               AND expires_at_ms <= $2
             LIMIT 1",
        )
        .bind(store.as_str())
        .bind(now.timestamp_millis())
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(found.is_some())
    }

    /// SKUs of which something is promised, after one, in the order of their bytes.
    pub async fn claimed_skus(
        &self,
        store: &StoreId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Sku>, StoreError> {
        let skus: Vec<String> = query_scalar(
            "
            SELECT DISTINCT sku
              FROM claim
             WHERE store_id = $1
               AND $2 < sku
             ORDER BY sku
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        skus.iter().map(|sku| read(sku, "claim.sku")).collect()
    }
}

impl Writing {
    /// A reservation.
    pub async fn reservation(
        &mut self,
        id: &ReservationId,
    ) -> Result<Option<Reservation>, StoreError> {
        let store = self.store.clone();
        reservation(&mut self.session, &store, id).await
    }

    /// Every date that was told for a reservation, as this change sees it.
    pub async fn dates_of(&mut self, id: &ReservationId) -> Result<Vec<PromiseRow>, StoreError> {
        let store = self.store.clone();
        ledger(&mut self.session, &store, id).await
    }

    /// Of these names, those that reservations have.
    pub async fn reservations_among(
        &mut self,
        names: &[ReservationId],
    ) -> Result<HashSet<ReservationId>, StoreError> {
        let ids: Vec<String> = query_scalar(
            "
            SELECT reservation
              FROM reservation
             WHERE store_id = $1
               AND reservation IN (SELECT value FROM json_each($2))",
        )
        .bind(self.store.as_str())
        .bind(json_list(names))
        .fetch_all(&mut self.session)
        .await?;
        ids.iter()
            .map(|id| read(id, "reservation.reservation"))
            .collect()
    }

    /// Promises a part anew, or one that another left over: it stands from now on, claims what it takes, and its date
    /// is in the ledger.
    pub async fn promise(
        &mut self,
        part: &PromisedPart,
        cause: &str,
        basis: &PromiseBasis,
    ) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO promised_part
                 ( store_id
                 , reservation
                 , line
                 , part
                 , sku
                 , quantity
                 , location
                 , ships_by
                 , awaits_orders
                 , awaits_made
                 , split_from
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                ON CONFLICT (store_id, reservation, line, part) DO UPDATE
               SET quantity      = excluded.quantity
                 , location      = excluded.location
                 , ships_by      = excluded.ships_by
                 , awaits_orders = excluded.awaits_orders
                 , awaits_made   = excluded.awaits_made",
        )
        .bind(self.store.as_str())
        .bind(part.reservation.as_str())
        .bind(part.line)
        .bind(part.part)
        .bind(part.held.sku.as_str())
        .bind(part.held.quantity.units())
        .bind(part.held.location.as_str())
        .bind(part.held.due.day())
        .bind(json_list(&basis.awaits.orders))
        .bind(basis.awaits.made)
        .bind(part.split_from)
        .execute(&mut self.session)
        .await?;
        for (sku, quantity) in &part.takes {
            query(
                "
                INSERT INTO claim
                     ( store_id
                     , sku
                     , reservation
                     , line
                     , part
                     , quantity
                     )
                VALUES ($1, $2, $3, $4, $5, $6)
                    ON CONFLICT (store_id, sku, reservation, line, part) DO UPDATE
                   SET quantity = excluded.quantity",
            )
            .bind(self.store.as_str())
            .bind(sku.as_str())
            .bind(part.reservation.as_str())
            .bind(part.line)
            .bind(part.part)
            .bind(quantity.units())
            .execute(&mut self.session)
            .await?;
        }
        query(
            "
            INSERT INTO promise
                 ( store_id
                 , reservation
                 , line
                 , part
                 , version
                 , sku
                 , quantity
                 , location
                 , ships_by
                 , cause
                 , basis
                 , at_ms
                 , revision
                 , reached
                 )
            SELECT $1
                 , $2
                 , $3
                 , $4
                 , coalesce(max(version), 0) + 1
                 , $5
                 , $6
                 , $7
                 , $8
                 , $9
                 , $10
                 , $11
                 , $12
                 , $13
              FROM promise
             WHERE store_id = $1
               AND reservation = $2
               AND line = $3
               AND part = $4",
        )
        .bind(self.store.as_str())
        .bind(part.reservation.as_str())
        .bind(part.line)
        .bind(part.part)
        .bind(part.held.sku.as_str())
        .bind(part.held.quantity.units())
        .bind(part.held.location.as_str())
        .bind(part.held.due.day())
        .bind(cause)
        .bind(&basis.json)
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .bind(basis.reached)
        .execute(&mut self.session)
        .await?;
        let skus: Vec<Sku> = part.takes.iter().map(|(sku, _)| sku.clone()).collect();
        self.touch(&skus).await
    }

    /// Reservations whose time is over and that nobody has cleared away, the oldest of them.
    pub async fn expired(&mut self, limit: u32) -> Result<Vec<ReservationId>, StoreError> {
        let ids: Vec<String> = query_scalar(
            "
            SELECT reservation
              FROM reservation
             WHERE store_id = $1
               AND ended_at_ms IS NULL
               AND expires_at_ms <= $2
             ORDER BY expires_at_ms
             LIMIT $3",
        )
        .bind(self.store.as_str())
        .bind(self.at.timestamp_millis())
        .bind(limit)
        .fetch_all(&mut self.session)
        .await?;
        ids.iter()
            .map(|id| read(id, "reservation.reservation"))
            .collect()
    }

    /// Moves the end of a reservation. Returns the SKUs that it claims.
    pub async fn renew(
        &mut self,
        id: &ReservationId,
        until: DateTime<Utc>,
    ) -> Result<Vec<Sku>, StoreError> {
        query(
            "
            UPDATE reservation
               SET expires_at_ms = $3
                 , renewals      = renewals + 1
             WHERE store_id = $1
               AND reservation = $2
               AND ended_at_ms IS NULL",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(until.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        let skus: Vec<String> = query_scalar(
            "
            SELECT DISTINCT sku
              FROM claim
             WHERE store_id = $1
               AND reservation = $2",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .fetch_all(&mut self.session)
        .await?;
        let skus: Result<Vec<Sku>, _> = skus.iter().map(|sku| read(sku, "claim.sku")).collect();
        let skus = skus?;
        self.touch(&skus).await?;
        Ok(skus)
    }

    /// Ends a reservation: it claims nothing any more. Returns the SKUs that it claimed.
    pub async fn end_reservation(
        &mut self,
        id: &ReservationId,
        ending: Ending,
    ) -> Result<Vec<Sku>, StoreError> {
        query(
            "
            UPDATE reservation
               SET ended_at_ms = $3
                 , ended_by    = $4
             WHERE store_id = $1
               AND reservation = $2
               AND ended_at_ms IS NULL",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(self.at.timestamp_millis())
        .bind(ending.name())
        .execute(&mut self.session)
        .await?;
        let skus: Vec<String> = query_scalar(
            "
            DELETE FROM claim
             WHERE store_id = $1
               AND reservation = $2
            RETURNING sku",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .fetch_all(&mut self.session)
        .await?;
        let skus: Result<Vec<Sku>, _> = skus.iter().map(|sku| read(sku, "claim.sku")).collect();
        let skus = skus?;
        self.touch(&skus).await?;
        Ok(skus)
    }
}

/// Every date that was told for a reservation, oldest first for each part.
pub(super) async fn ledger(
    session: &mut Session,
    store: &StoreId,
    id: &ReservationId,
) -> Result<Vec<PromiseRow>, StoreError> {
    let list = json_list(&[id]);
    let mut rows = ledgers(session, store, &list).await?;
    Ok(rows.take(id.as_str()))
}

/// Every date that was told for a list of reservations or orders, oldest first for each part.
pub(super) async fn ledgers(
    session: &mut Session,
    store: &StoreId,
    ids: &str,
) -> Result<ByOrder<PromiseRow>, StoreError> {
    ByOrder::fetched(
        session,
        "
        SELECT reservation AS sales_order
             , line
             , part
             , version
             , sku
             , quantity
             , location
             , ships_by
             , cause
             , basis
             , at_ms
             , revision
          FROM promise
         WHERE store_id = $1
           AND reservation IN (SELECT value FROM json_each($2))
         ORDER BY line
                , part
                , version",
        store,
        ids,
        LedgerRow::row,
    )
    .await
}

async fn reservation(
    connection: &mut Session,
    store: &StoreId,
    id: &ReservationId,
) -> Result<Option<Reservation>, StoreError> {
    let row: Option<ReservationRow> = query_as(
        "
        SELECT reservation
             , plan
             , created_at_ms
             , expires_at_ms
             , ended_at_ms
             , ended_by
             , renewals
             , revision
          FROM reservation
         WHERE store_id = $1
           AND reservation = $2",
    )
    .bind(store.as_str())
    .bind(id.as_str())
    .fetch_optional(connection)
    .await?;
    row.map(ReservationRow::reservation).transpose()
}

impl ReservationRow {
    fn reservation(self) -> Result<Reservation, StoreError> {
        let ended = match (self.ended_at_ms, self.ended_by.as_deref()) {
            (Some(at), Some("released")) => Some((instant(at)?, Ending::Released)),
            (Some(at), _) => Some((instant(at)?, Ending::Expired)),
            (None, _) => None,
        };
        Ok(Reservation {
            id: read(&self.reservation, "reservation.reservation")?,
            plan: plan_named(&self.plan),
            created_at: instant(self.created_at_ms)?,
            expires_at: expiry(self.expires_at_ms)?,
            ended,
            renewals: number(self.renewals)?,
            revision: self.revision.unsigned_abs(),
        })
    }
}

impl LedgerRow {
    fn row(self) -> Result<PromiseRow, StoreError> {
        Ok(PromiseRow {
            line: number(self.line)?,
            part: number(self.part)?,
            version: number(self.version)?,
            held: held(&self.sku, self.quantity, &self.location, self.ships_by)?,
            cause: self.cause,
            basis: self.basis,
            at: instant(self.at_ms)?,
            revision: self.revision.unsigned_abs(),
        })
    }
}

pub(super) fn held(
    sku: &str,
    units: i64,
    location: &str,
    ships_by: Option<NaiveDate>,
) -> Result<Held, StoreError> {
    Ok(Held {
        sku: read(sku, "promise.sku")?,
        quantity: quantity(units)?,
        location: read::<LocationId>(location, "promise.location")?,
        due: ships_by.map_or(Due::Undated, Due::By),
        since: None,
        alone: true,
        awaits: Awaited::default(),
    })
}

/// When something is held no more; `None`: it was ordered.
pub(super) fn expiry(ms: i64) -> Result<Option<DateTime<Utc>>, StoreError> {
    match ms {
        NEVER_MS => Ok(None),
        ms => instant(ms).map(Some),
    }
}

impl Reservation {
    /// True if its time is over.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// How a way to send is stored.
pub fn plan_name(plan: PlanKind) -> &'static str {
    match plan {
        PlanKind::Together => "together",
        PlanKind::Separate => "separate",
    }
}

/// The way to send that is stored under a name.
pub(super) fn plan_named(name: &str) -> PlanKind {
    match name {
        "together" => PlanKind::Together,
        _ => PlanKind::Separate,
    }
}

pub(super) fn number(stored: i64) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|_| StoreError::Unreadable("promise"))
}
