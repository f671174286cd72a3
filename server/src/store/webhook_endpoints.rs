//! Who is told of what happens in a shop.

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::engine::{instant, json_rows, query, query_as, query_scalar, stored};
use super::payments::words;
use super::{Store, StoreError, Writing};
use crate::webhooks::happened::EventKind;
use crate::webhooks::key::MARK_BYTES;

words!(
    /// Why an endpoint is not told any more, though its merchant did not say so.
    DisabledBy {
        /// It said that it is there no more.
        Gone = "gone",
        /// It took nothing for days.
        Failing = "failing",
    }
);

/// Somebody who is told of what happens in a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: String,
    /// Where it is told.
    pub url: String,
    /// What the merchant calls it.
    pub description: String,
    /// Of what it is told.
    pub events: Vec<EventKind>,
    /// Whether it is told.
    pub enabled: bool,
    /// Why it is not any more, where the merchant did not say so.
    pub disabled_by: Option<DisabledBy>,
    /// The how-manieth secret it has, from 1.
    pub generation: u32,
    /// Tells with which key the secret was made.
    pub mark: [u8; MARK_BYTES],
    /// When the secret took the place of another.
    pub rotated_at: Option<DateTime<Utc>>,
    /// Since when no try has succeeded.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    endpoint: String,
    url: String,
    description: String,
    events: String,
    enabled: bool,
    disabled_by: Option<String>,
    generation: i64,
    mark: Vec<u8>,
    rotated_at_ms: Option<i64>,
    failing_since_ms: Option<i64>,
    created_at_ms: i64,
}

/// Endpoints, of which `$wanted` says which.
macro_rules! endpoints_where {
    ($wanted:literal) => {
        concat!(
            "
        SELECT endpoint
             , url
             , description
             , events
             , enabled
             , disabled_by
             , generation
             , mark
             , rotated_at_ms
             , failing_since_ms
             , created_at_ms
          FROM webhook_endpoint
         WHERE store_id = $1",
            $wanted
        )
    };
}

impl Store {
    /// At most `limit` endpoints after one, in the order of their ids.
    pub async fn webhook_endpoints(
        &self,
        store: &StoreId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<WebhookEndpoint>, StoreError> {
        let rows: Vec<Row> = query_as(endpoints_where!(
            "
           AND $2 < endpoint
         ORDER BY endpoint
         LIMIT $3"
        ))
        .bind(store.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::endpoint).collect()
    }

    /// An endpoint.
    pub async fn webhook_endpoint(
        &self,
        store: &StoreId,
        id: &str,
    ) -> Result<Option<WebhookEndpoint>, StoreError> {
        let row: Option<Row> = query_as(endpoints_where!(
            "
           AND endpoint = $2"
        ))
        .bind(store.as_str())
        .bind(id)
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        row.map(Row::endpoint).transpose()
    }

    /// Stores that have somebody to be told.
    pub async fn stores_with_webhooks(&self) -> Result<Vec<StoreId>, StoreError> {
        let rows: Vec<String> = query_scalar(
            "
            SELECT store_id
              FROM store
             WHERE has_webhooks
             ORDER BY store_id",
        )
        .fetch_all(&mut self.read_all().await?)
        .await?;
        rows.iter()
            .map(|id| super::skus::read(id, "store.store_id"))
            .collect()
    }
}

impl Writing {
    /// Who of the store is told of what, as this change sees it.
    pub(super) async fn told_endpoints(&mut self) -> Result<Vec<WebhookEndpoint>, StoreError> {
        let rows: Vec<Row> = query_as(endpoints_where!(
            "
           AND enabled
         ORDER BY endpoint"
        ))
        .bind(self.store.as_str())
        .fetch_all(&mut self.session)
        .await?;
        rows.into_iter().map(Row::endpoint).collect()
    }

    /// An endpoint, as this change sees it.
    pub async fn webhook_endpoint(
        &mut self,
        id: &str,
    ) -> Result<Option<WebhookEndpoint>, StoreError> {
        let row: Option<Row> = query_as(endpoints_where!(
            "
           AND endpoint = $2"
        ))
        .bind(self.store.as_str())
        .bind(id)
        .fetch_optional(&mut self.session)
        .await?;
        row.map(Row::endpoint).transpose()
    }

    /// How many endpoints the store has.
    pub async fn webhook_endpoints_count(&mut self) -> Result<u64, StoreError> {
        let count: i64 = query_scalar(
            "
            SELECT count(*)
              FROM webhook_endpoint
             WHERE store_id = $1",
        )
        .bind(self.store.as_str())
        .fetch_one(&mut self.session)
        .await?;
        Ok(count.unsigned_abs())
    }

    /// Adds an endpoint, or writes down how it is now. What waited for one that is not told any more is not sent.
    pub async fn put_webhook_endpoint(
        &mut self,
        endpoint: &WebhookEndpoint,
    ) -> Result<(), StoreError> {
        let events: Vec<&str> = endpoint.events.iter().map(|kind| kind.name()).collect();
        query(
            "
            INSERT INTO webhook_endpoint
                 ( store_id
                 , endpoint
                 , url
                 , description
                 , events
                 , enabled
                 , disabled_by
                 , generation
                 , mark
                 , rotated_at_ms
                 , failing_since_ms
                 , created_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                ON CONFLICT (store_id, endpoint) DO UPDATE
               SET url              = excluded.url
                 , description      = excluded.description
                 , events           = excluded.events
                 , enabled          = excluded.enabled
                 , disabled_by      = excluded.disabled_by
                 , generation       = excluded.generation
                 , mark             = excluded.mark
                 , rotated_at_ms    = excluded.rotated_at_ms
                 , failing_since_ms = excluded.failing_since_ms
                 , revision         = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(&endpoint.id)
        .bind(&endpoint.url)
        .bind(&endpoint.description)
        .bind(json_rows(&events))
        .bind(endpoint.enabled)
        .bind(endpoint.disabled_by.map(DisabledBy::name))
        .bind(endpoint.generation)
        .bind(&endpoint.mark[..])
        .bind(ms(endpoint.rotated_at))
        .bind(ms(endpoint.failing_since))
        .bind(endpoint.created_at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        if !endpoint.enabled {
            self.drop_deliveries(&endpoint.id).await?;
        }
        self.note_who_is_told().await
    }

    /// Removes an endpoint, with all that was to be sent to it and what came of it.
    pub async fn remove_webhook_endpoint(&mut self, id: &str) -> Result<(), StoreError> {
        // From here on nobody writes down what came of a try.
        query(
            "
            UPDATE webhook_endpoint
               SET enabled = false
             WHERE store_id = $1
               AND endpoint = $2",
        )
        .bind(self.store.as_str())
        .bind(id)
        .execute(&mut self.session)
        .await?;
        self.forget_deliveries(id).await?;
        query(
            "
            DELETE FROM webhook_endpoint
             WHERE store_id = $1
               AND endpoint = $2",
        )
        .bind(self.store.as_str())
        .bind(id)
        .execute(&mut self.session)
        .await?;
        self.note_who_is_told().await
    }

    /// Says at the store whether anybody is told. What nobody asks for is not known any more from then on: who asks for it
    /// later is told of what comes.
    async fn note_who_is_told(&mut self) -> Result<(), StoreError> {
        let told = self.told_endpoints().await?;
        query(
            "
            UPDATE store
               SET has_webhooks = $2
             WHERE store_id = $1",
        )
        .bind(self.store.as_str())
        .bind(!told.is_empty())
        .execute(&mut self.session)
        .await?;
        for known in super::webhook_known::KnownKind::ALL {
            let asks = |endpoint: &WebhookEndpoint| endpoint.events.contains(&known.told_as());
            if !told.iter().any(asks) {
                self.forget_known(known).await?;
            }
        }
        Ok(())
    }
}

fn ms(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(|at| at.timestamp_millis())
}

impl Row {
    fn endpoint(self) -> Result<WebhookEndpoint, StoreError> {
        let events: Vec<String> = serde_json::from_str(&self.events)
            .map_err(|_| StoreError::Unreadable("webhook_endpoint.events"))?;
        let events = events.iter().map(|word| EventKind::named(word));
        let events: Option<Vec<EventKind>> = events.collect();
        let disabled_by = self.disabled_by.as_deref().map(|word| {
            DisabledBy::named(word).ok_or(StoreError::Unreadable("webhook_endpoint.disabled_by"))
        });
        Ok(WebhookEndpoint {
            id: self.endpoint,
            url: self.url,
            description: self.description,
            events: events.ok_or(StoreError::Unreadable("webhook_endpoint.events"))?,
            enabled: self.enabled,
            disabled_by: disabled_by.transpose()?,
            generation: u32::try_from(self.generation)
                .map_err(|_| StoreError::Unreadable("webhook_endpoint.generation"))?,
            mark: self
                .mark
                .try_into()
                .map_err(|_| StoreError::Unreadable("webhook_endpoint.mark"))?,
            rotated_at: self.rotated_at_ms.map(instant).transpose()?,
            failing_since: self.failing_since_ms.map(instant).transpose()?,
            created_at: instant(self.created_at_ms)?,
        })
    }
}
