//! What endpoints are told: written with the change that it tells of, and sent after it.

use super::engine::{json_rows, query, stored};
use super::{StoreError, Writing};
use crate::webhooks::happened::{Event, Happened, events, test};

impl Writing {
    /// Says that something happened of which others are told, if anybody is.
    pub fn happened(&mut self, what: impl FnOnce() -> Happened) {
        if self.has_webhooks {
            self.happened.push(what());
        }
    }

    /// Writes down who is told what of that which happened, to be committed with it.
    pub(super) async fn hand_out(&mut self) -> Result<(), StoreError> {
        let happened = std::mem::take(&mut self.happened);
        if happened.is_empty() {
            return Ok(());
        }
        let endpoints = self.told_endpoints().await?;
        let mut told: Vec<Event> = Vec::new();
        let mut deliveries: Vec<(String, String)> = Vec::new();
        for event in events(&happened) {
            let asks = endpoints
                .iter()
                .filter(|endpoint| endpoint.events.contains(&event.kind));
            let name = self.event_id(told.len());
            let before = deliveries.len();
            deliveries.extend(asks.map(|endpoint| (endpoint.id.clone(), name.clone())));
            if before < deliveries.len() {
                told.push(event);
            }
        }
        self.add_events(&told, &deliveries).await
    }

    /// Writes down that an endpoint is to be told something to try whether it is reached. Returns the event.
    pub async fn add_test(&mut self, endpoint: &str) -> Result<String, StoreError> {
        let event = self.event_id(0);
        let deliveries = [(endpoint.to_owned(), event.clone())];
        self.add_events(&[test()], &deliveries).await?;
        Ok(event)
    }

    async fn add_events(
        &mut self,
        told: &[Event],
        deliveries: &[(String, String)],
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = told
            .iter()
            .enumerate()
            .map(|(at, event)| (self.event_id(at), event.kind.name(), event.data.to_string()))
            .collect();
        query(
            "
            INSERT INTO webhook_event
                 ( store_id
                 , event
                 , kind
                 , data
                 , at_ms
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , value ->> 1
                 , value ->> 2
                 , $3
                 , $4
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        query(
            "
            INSERT INTO webhook_delivery
                 ( store_id
                 , endpoint
                 , event
                 , due_at_ms
                 , attempts
                 , taken_until_ms
                 , made_at_ms
                 )
            SELECT $1
                 , value ->> 0
                 , value ->> 1
                 , $3
                 , 0
                 , 0
                 , $3
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(deliveries))
        .bind(self.at.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// In the order of its bytes an event comes after all that happened before.
    fn event_id(&self, at: usize) -> String {
        format!("{:012}-{at:05}", self.revision)
    }

    /// Ends what was still to be sent to an endpoint.
    pub(super) async fn drop_deliveries(&mut self, endpoint: &str) -> Result<(), StoreError> {
        query(
            "
            UPDATE webhook_delivery
               SET ended_at_ms = $3
                 , ended_by    = 'dropped'
             WHERE store_id = $1
               AND endpoint = $2
               AND ended_at_ms IS NULL",
        )
        .bind(self.store.as_str())
        .bind(endpoint)
        .bind(self.at.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Forgets what was sent to an endpoint, and what was still to be. What others were told of stays.
    pub(super) async fn forget_deliveries(&mut self, endpoint: &str) -> Result<(), StoreError> {
        for sql in [
            "
            DELETE FROM webhook_try
             WHERE store_id = $1
               AND endpoint = $2",
            "
            DELETE FROM webhook_delivery
             WHERE store_id = $1
               AND endpoint = $2",
        ] {
            query(sql)
                .bind(self.store.as_str())
                .bind(endpoint)
                .execute(&mut self.session)
                .await?;
        }
        query(
            "
            DELETE FROM webhook_event
             WHERE store_id = $1
               AND NOT EXISTS
                 ( SELECT 1
                     FROM webhook_delivery AS left_over
                    WHERE left_over.store_id = webhook_event.store_id
                      AND left_over.event = webhook_event.event
                 )",
        )
        .bind(self.store.as_str())
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}
