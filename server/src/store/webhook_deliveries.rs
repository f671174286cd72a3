//! What is to be sent to endpoints, and what came of each try.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::StoreId;

use super::engine::{instant, query, query_as, query_scalar};
use super::payments::words;
use super::skus::json_list;
use super::{Store, StoreError};
use crate::webhooks::happened::EventKind;

words!(
    /// How a delivery ended.
    DeliveryEnd {
        /// It was taken.
        Delivered = "delivered",
        /// It was tried often enough.
        GivenUp = "given_up",
        /// The endpoint was not told any more.
        Dropped = "dropped",
    }
);

/// A message that is to be sent to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event of which it tells.
    pub event: String,
    /// The kind of that.
    pub kind: EventKind,
    /// The facts, as JSON.
    pub data: String,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// How often it was tried, this time included.
    pub attempts: u32,
}

/// A try to send a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// When.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// Of the answer, if there was one.
    pub status: Option<u16>,
    /// Why it was not taken; `None`: it was.
    pub failure: Option<String>,
}

/// What follows from a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterTry {
    /// It is over.
    End(DeliveryEnd),
    /// It is tried again then.
    Again(DateTime<Utc>),
}

/// A message to an endpoint as it stands, for who looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRecord {
    /// The event of which it tells.
    pub event: String,
    /// The kind of that.
    pub kind: EventKind,
    /// When it was written down.
    pub made_at: DateTime<Utc>,
    /// When it is tried next, as long as it has not ended.
    pub due_at: DateTime<Utc>,
    /// When and how it ended.
    pub ended: Option<(DateTime<Utc>, DeliveryEnd)>,
    /// What came of each try, the first at first.
    pub tries: Vec<Try>,
}

#[derive(sqlx::FromRow)]
struct Row {
    event: String,
    kind: String,
    data: String,
    at_ms: i64,
    attempts: i64,
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    event: String,
    kind: String,
    made_at_ms: i64,
    due_at_ms: i64,
    ended_at_ms: Option<i64>,
    ended_by: Option<String>,
}

#[derive(sqlx::FromRow)]
struct TryRow {
    event: String,
    at_ms: i64,
    took_ms: i64,
    status: Option<i64>,
    failure: Option<String>,
}

impl Store {
    /// Endpoints of a store for which a message is due that nobody is sending.
    pub async fn webhooks_due(
        &self,
        store: &StoreId,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        query_scalar(
            "
            SELECT DISTINCT endpoint
              FROM webhook_delivery
             WHERE store_id = $1
               AND ended_at_ms IS NULL
               AND due_at_ms <= $2
               AND taken_until_ms <= $2",
        )
        .bind(store.as_str())
        .bind(now.timestamp_millis())
        .fetch_all(&mut self.read(store).await?)
        .await
    }

    /// Takes messages to an endpoint that are due, the oldest of them: for `lease` nobody else sends them.
    pub async fn take_deliveries(
        &self,
        store: &StoreId,
        endpoint: &str,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut session = self.0.engine.write(store).await?;
        let taken: Vec<String> = query_scalar(
            "
            UPDATE webhook_delivery
               SET taken_until_ms = $3 + $4
                 , attempts       = attempts + 1
             WHERE store_id = $1
               AND endpoint = $2
               AND taken_until_ms <= $3
               AND ended_at_ms IS NULL
               AND event IN
                 ( SELECT event
                     FROM webhook_delivery
                    WHERE store_id = $1
                      AND endpoint = $2
                      AND ended_at_ms IS NULL
                      AND due_at_ms <= $3
                      AND taken_until_ms <= $3
                    ORDER BY event
                    LIMIT $5
                 )
            RETURNING event",
        )
        .bind(store.as_str())
        .bind(endpoint)
        .bind(now.timestamp_millis())
        .bind(lease.num_milliseconds())
        .bind(limit)
        .fetch_all(&mut session)
        .await?;
        let rows: Vec<Row> = query_as(
            "
            SELECT told.event
                 , told.kind
                 , told.data
                 , told.at_ms
                 , delivery.attempts
              FROM webhook_delivery AS delivery
              JOIN webhook_event AS told
                ON told.store_id = delivery.store_id
               AND told.event = delivery.event
             WHERE delivery.store_id = $1
               AND delivery.endpoint = $2
               AND delivery.event IN (SELECT value FROM json_each($3))
             ORDER BY delivery.event",
        )
        .bind(store.as_str())
        .bind(endpoint)
        .bind(json_list(&taken))
        .fetch_all(&mut session)
        .await?;
        session.commit().await?;
        rows.into_iter().map(Row::delivery).collect()
    }

    /// Writes down what came of a try. Returns since when no try to the endpoint has succeeded; `None`: this one did, or the
    /// endpoint was removed meanwhile.
    pub async fn note_try(
        &self,
        store: &StoreId,
        endpoint: &str,
        event: &str,
        tried: &Try,
        then: AfterTry,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut session = self.0.engine.write(store).await?;
        // The endpoint first, as whoever disables or removes it does: so nobody waits for another who waits for them.
        let failing: Option<Option<i64>> = query_scalar(
            "
            UPDATE webhook_endpoint
               SET failing_since_ms = CASE
                                        WHEN $3
                                        THEN NULL
                                        -- An endpoint is tried before it is ready.
                                        WHEN EXISTS
                                           ( SELECT 1
                                               FROM webhook_event AS told
                                              WHERE told.store_id = $1
                                                AND told.event = $5
                                                AND told.kind = 'webhook.test'
                                           )
                                        THEN failing_since_ms
                                        ELSE coalesce(failing_since_ms, $4)
                                      END
             WHERE store_id = $1
               AND endpoint = $2
            RETURNING failing_since_ms",
        )
        .bind(store.as_str())
        .bind(endpoint)
        .bind(tried.failure.is_none())
        .bind(tried.at.timestamp_millis())
        .bind(event)
        .fetch_optional(&mut session)
        .await?;
        query(
            "
            INSERT INTO webhook_try
                 ( store_id
                 , endpoint
                 , event
                 , number
                 , at_ms
                 , took_ms
                 , status
                 , failure
                 )
            SELECT store_id
                 , endpoint
                 , event
                 , 1 + ( SELECT count(*)
                           FROM webhook_try AS before
                          WHERE before.store_id = delivery.store_id
                            AND before.endpoint = delivery.endpoint
                            AND before.event = delivery.event
                       )
                 , $4
                 , $5
                 , $6
                 , $7
              FROM webhook_delivery AS delivery
             WHERE store_id = $1
               AND endpoint = $2
               AND event = $3",
        )
        .bind(store.as_str())
        .bind(endpoint)
        .bind(event)
        .bind(tried.at.timestamp_millis())
        .bind(tried.took_ms)
        .bind(tried.status)
        .bind(tried.failure.as_deref())
        .execute(&mut session)
        .await?;
        let (due, ended) = match then {
            AfterTry::End(end) => (tried.at, Some(end)),
            AfterTry::Again(due) => (due, None),
        };
        query(
            "
            UPDATE webhook_delivery
               SET due_at_ms      = $4
                 , taken_until_ms = 0
                 , ended_at_ms    = $5
                 , ended_by       = $6
             WHERE store_id = $1
               AND endpoint = $2
               AND event = $3
               AND ended_at_ms IS NULL",
        )
        .bind(store.as_str())
        .bind(endpoint)
        .bind(event)
        .bind(due.timestamp_millis())
        .bind(ended.map(|_| tried.at.timestamp_millis()))
        .bind(ended.map(DeliveryEnd::name))
        .execute(&mut session)
        .await?;
        session.commit().await?;
        failing.flatten().map(instant).transpose()
    }

    /// Messages to an endpoint, the latest first, from before the event `before`.
    pub async fn deliveries_to(
        &self,
        store: &StoreId,
        endpoint: &str,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<WebhookRecord>, StoreError> {
        let mut session = self.read(store).await?;
        let rows: Vec<RecordRow> = query_as(
            "
            SELECT delivery.event
                 , told.kind
                 , delivery.made_at_ms
                 , delivery.due_at_ms
                 , delivery.ended_at_ms
                 , delivery.ended_by
              FROM webhook_delivery AS delivery
              JOIN webhook_event AS told
                ON told.store_id = delivery.store_id
               AND told.event = delivery.event
             WHERE delivery.store_id = $1
               AND delivery.endpoint = $2
               AND ($3 = '' OR delivery.event < $3)
             ORDER BY delivery.event DESC
             LIMIT $4",
        )
        .bind(store.as_str())
        .bind(endpoint)
        .bind(before.unwrap_or_default())
        .bind(limit)
        .fetch_all(&mut session)
        .await?;
        let events: Vec<&str> = rows.iter().map(|row| row.event.as_str()).collect();
        let found: Vec<TryRow> = query_as(
            "
            SELECT event
                 , at_ms
                 , took_ms
                 , status
                 , failure
              FROM webhook_try
             WHERE store_id = $1
               AND endpoint = $2
               AND event IN (SELECT value FROM json_each($3))
             ORDER BY event
                    , number",
        )
        .bind(store.as_str())
        .bind(endpoint)
        .bind(json_list(&events))
        .fetch_all(&mut session)
        .await?;
        let mut tries: HashMap<String, Vec<Try>> = HashMap::new();
        for row in found {
            tries
                .entry(row.event.clone())
                .or_default()
                .push(row.tried()?);
        }
        let records = rows.into_iter().map(|row| {
            let tries = tries.remove(&row.event).unwrap_or_default();
            row.record(tries)
        });
        records.collect()
    }

    /// Forgets at most `limit` messages that ended before an instant, with what came of them. Returns how many.
    pub async fn forget_webhooks(
        &self,
        store: &StoreId,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError> {
        let old: Vec<(String, String)> = query_as(
            "
            SELECT endpoint
                 , event
              FROM webhook_delivery
             WHERE store_id = $1
               AND ended_at_ms IS NOT NULL
               AND ended_at_ms < $2
             ORDER BY ended_at_ms
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(before.timestamp_millis())
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        if old.is_empty() {
            return Ok(0);
        }
        let mut session = self.0.engine.write(store).await?;
        let mut of_each: HashMap<&str, Vec<&str>> = HashMap::new();
        for (endpoint, event) in &old {
            of_each.entry(endpoint).or_default().push(event);
        }
        for (endpoint, events) in of_each {
            for sql in [
                "
                DELETE FROM webhook_try
                 WHERE store_id = $1
                   AND endpoint = $2
                   AND event IN (SELECT value FROM json_each($3))",
                "
                DELETE FROM webhook_delivery
                 WHERE store_id = $1
                   AND endpoint = $2
                   AND event IN (SELECT value FROM json_each($3))",
            ] {
                query(sql)
                    .bind(store.as_str())
                    .bind(endpoint)
                    .bind(json_list(&events))
                    .execute(&mut session)
                    .await?;
            }
        }
        let events: Vec<&str> = old.iter().map(|(_, event)| event.as_str()).collect();
        query(
            "
            DELETE FROM webhook_event
             WHERE store_id = $1
               AND event IN (SELECT value FROM json_each($2))
               AND NOT EXISTS
                 ( SELECT 1
                     FROM webhook_delivery AS left_over
                    WHERE left_over.store_id = webhook_event.store_id
                      AND left_over.event = webhook_event.event
                 )",
        )
        .bind(store.as_str())
        .bind(json_list(&events))
        .execute(&mut session)
        .await?;
        session.commit().await?;
        Ok(old.len())
    }
}

impl Row {
    fn delivery(self) -> Result<Delivery, StoreError> {
        Ok(Delivery {
            kind: kind(&self.kind)?,
            event: self.event,
            data: self.data,
            happened_at: instant(self.at_ms)?,
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
        })
    }
}

impl RecordRow {
    fn record(self, tries: Vec<Try>) -> Result<WebhookRecord, StoreError> {
        let end = self.ended_by.as_deref().and_then(DeliveryEnd::named);
        let ended = match (self.ended_at_ms, end) {
            (Some(at), Some(end)) => Some((instant(at)?, end)),
            _ => None,
        };
        Ok(WebhookRecord {
            kind: kind(&self.kind)?,
            event: self.event,
            made_at: instant(self.made_at_ms)?,
            due_at: instant(self.due_at_ms)?,
            ended,
            tries,
        })
    }
}

impl TryRow {
    fn tried(self) -> Result<Try, StoreError> {
        let status = self.status.map(u16::try_from).transpose();
        Ok(Try {
            at: instant(self.at_ms)?,
            took_ms: u32::try_from(self.took_ms).unwrap_or(u32::MAX),
            status: status.map_err(|_| StoreError::Unreadable("webhook_try.status"))?,
            failure: self.failure,
        })
    }
}

fn kind(word: &str) -> Result<EventKind, StoreError> {
    EventKind::named(word).ok_or(StoreError::Unreadable("webhook_event.kind"))
}
