//! Answers kept so that a request sent twice acts once.

use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::StoreId;

use super::engine::{json_rows, query, query_as, query_scalar};
use super::skus::json_list;
use super::{Store, StoreError, Writing};
use crate::hex;

/// How long an answer is kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// Answers that are forgotten at a time: who writes meanwhile waits for no more than that.
const FORGOTTEN_MAX: u32 = 200;

/// How often they are forgotten in one go: other stores have their turn too.
const FORGETTING_MAX: u32 = 50;

/// Names a request: the store and route it goes to, and the key the client gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The store.
    pub store: StoreId,
    /// `POST /v1/stock/adjustments`, ids included.
    pub route: String,
    /// The client's `Idempotency-Key`.
    pub key: String,
}

/// SHA-256 of what a request asks: its query and its body.
pub type Fingerprint = [u8; 32];

/// An answer as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it asked when it was first sent.
    pub fingerprint: Fingerprint,
    /// What was answered.
    pub answer: Answer,
}

/// The right to answer a request. While it lives, nobody else in this process has it.
#[derive(Debug)]
pub struct InFlight {
    store: Store,
    ticket: Ticket,
}

#[derive(sqlx::FromRow)]
struct Row {
    route: String,
    key: String,
    fingerprint: Vec<u8>,
    status: i64,
    body: Vec<u8>,
    expires_at_ms: i64,
}

impl Store {
    /// Claims a request for answering; `None` while another is answering it.
    pub fn claim(&self, ticket: &Ticket) -> Option<InFlight> {
        let mut in_flight = self
            .0
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_flight.insert(ticket.clone()).then(|| InFlight {
            store: self.clone(),
            ticket: ticket.clone(),
        })
    }

    /// Forgets the answers of a store that have expired, a few at a time.
    pub async fn forget_answers(
        &self,
        store: &StoreId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for _ in 0..FORGETTING_MAX {
            if !self.has_old_answers(store, now).await? {
                break;
            }
            let mut session = self.0.engine.write(store).await?;
            query(
                "
                DELETE FROM kept_answer
                 WHERE store_id = $1
                   AND expires_at_ms <= $2
                   AND (route, key) IN
                     ( SELECT route
                            , key
                         FROM kept_answer
                        WHERE store_id = $1
                          AND 0 < expires_at_ms
                          AND expires_at_ms <= $2
                        ORDER BY expires_at_ms
                        LIMIT $3
                     )",
            )
            .bind(store.as_str())
            .bind(now.timestamp_millis())
            .bind(FORGOTTEN_MAX)
            .execute(&mut session)
            .await?;
            session.commit().await?;
        }
        Ok(())
    }

    /// True if an answer is kept for a request.
    pub async fn has_kept_answer(&self, ticket: &Ticket) -> Result<bool, StoreError> {
        let found: Option<bool> = query_scalar(
            "
            SELECT true
              FROM kept_answer
             WHERE store_id = $1
               AND route = $2
               AND key = $3",
        )
        .bind(ticket.store.as_str())
        .bind(&ticket.route)
        .bind(&ticket.key)
        .fetch_optional(&mut self.read(&ticket.store).await?)
        .await?;
        Ok(found.is_some())
    }

    /// The last answer that is kept of all whose route begins so, with its route and when it was kept. The beginning ends with `/`.
    pub async fn last_kept_answer(
        &self,
        store: &StoreId,
        routes: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(String, DateTime<Utc>, Answer)>, StoreError> {
        // The sign after `/` is `0`.
        let end = format!("{}0", routes.trim_end_matches('/'));
        // By a sum, as the time itself would tempt both engines to go through all that is kept.
        let row: Option<Row> = query_as(
            "
            SELECT route
                 , key
                 , fingerprint
                 , status
                 , body
                 , expires_at_ms
              FROM kept_answer
             WHERE store_id = $1
               AND $2 <= route
               AND route < $3
             ORDER BY expires_at_ms + 0 DESC
             LIMIT 1",
        )
        .bind(store.as_str())
        .bind(routes)
        .bind(end)
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        let Some(row) = row.filter(|row| now.timestamp_millis() < row.expires_at_ms) else {
            return Ok(None);
        };
        let at = DateTime::from_timestamp_millis(row.expires_at_ms).unwrap_or(now) - KEPT_FOR;
        let (ticket, kept) = row.kept(store)?;
        Ok(Some((ticket.route, at, kept.answer)))
    }

    async fn has_old_answers(
        &self,
        store: &StoreId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let found: Option<bool> = query_scalar(
            "
            SELECT true
              FROM kept_answer
             WHERE store_id = $1
               AND 0 < expires_at_ms
               AND expires_at_ms <= $2
             LIMIT 1",
        )
        .bind(store.as_str())
        .bind(now.timestamp_millis())
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(found.is_some())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut in_flight = self
            .store
            .0
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_flight.remove(&self.ticket);
    }
}

impl Writing {
    /// The answers kept for requests, those that have not expired.
    pub async fn kept_answers(
        &mut self,
        tickets: &[&Ticket],
    ) -> Result<HashMap<Ticket, Kept>, StoreError> {
        let mut by_route: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for ticket in tickets {
            let keys = by_route.entry(&ticket.route).or_default();
            keys.push(&ticket.key);
        }
        let mut rows: Vec<Row> = Vec::new();
        for (route, keys) in by_route {
            rows.extend(self.kept_of_route(route, &keys).await?);
        }
        // Not in the statement: there it would tempt both engines to go by the times, through all that is kept.
        let now_ms = self.at.timestamp_millis();
        let store = &self.store;
        rows.into_iter()
            .filter(|row| now_ms < row.expires_at_ms)
            .map(|row| row.kept(store))
            .collect()
    }

    async fn kept_of_route(&mut self, route: &str, keys: &[&str]) -> Result<Vec<Row>, StoreError> {
        query_as(
            "
            SELECT route
                 , key
                 , fingerprint
                 , status
                 , body
                 , expires_at_ms
              FROM kept_answer
             WHERE store_id = $1
               AND route = $2
               AND key IN (SELECT value FROM json_each($3))",
        )
        .bind(self.store.as_str())
        .bind(route)
        .bind(json_list(keys))
        .fetch_all(&mut self.session)
        .await
    }

    /// Keeps answers, committed with the effects that they speak of; in the place of those that have expired.
    /// That no other stands there is known by [`Writing::kept_answers`] of the same change, which holds the store.
    pub fn keep_answers(&mut self, kept: &[(&Ticket, Kept)]) {
        let rows: Vec<_> = kept
            .iter()
            .map(|(ticket, kept)| {
                let (print, body) = (hex::text(&kept.fingerprint), hex::text(&kept.answer.body));
                (&ticket.route, &ticket.key, print, kept.answer.status, body)
            })
            .collect();
        let keep = query(
            "
            INSERT INTO kept_answer
                 ( store_id
                 , route
                 , key
                 , fingerprint
                 , status
                 , body
                 , expires_at_ms
                 )
            SELECT $1
                 , asked.value ->> 0
                 , asked.value ->> 1
                 , unhex(asked.value ->> 2)
                 , CAST(asked.value ->> 3 AS BIGINT)
                 , unhex(asked.value ->> 4)
                 , $3
              FROM jsonb_each($2) AS asked
             WHERE true
                ON CONFLICT (store_id, route, key) DO UPDATE
               SET fingerprint   = excluded.fingerprint
                 , status        = excluded.status
                 , body          = excluded.body
                 , expires_at_ms = excluded.expires_at_ms",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind((self.at + KEPT_FOR).timestamp_millis());
        self.at_the_end.push(keep);
    }
}

impl Row {
    fn kept(self, store: &StoreId) -> Result<(Ticket, Kept), StoreError> {
        let ticket = Ticket {
            store: store.clone(),
            route: self.route,
            key: self.key,
        };
        let kept = Kept {
            fingerprint: self
                .fingerprint
                .try_into()
                .map_err(|_| StoreError::Unreadable("kept_answer.fingerprint"))?,
            answer: Answer {
                status: u16::try_from(self.status)
                    .map_err(|_| StoreError::Unreadable("kept_answer.status"))?,
                body: self.body,
            },
        };
        Ok((ticket, kept))
    }
}
