//! Answers kept so that a request sent twice acts once.

use std::sync::PoisonError;

use chrono::TimeDelta;
use shared::ids::StoreId;

use super::engine::{query, query_as};
use super::{Store, StoreError, Writing};

/// How long an answer is kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

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
    fingerprint: Vec<u8>,
    status: i64,
    body: Vec<u8>,
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
    /// The answer kept for a request, if there is one that has not expired.
    pub async fn kept_answer(&mut self, ticket: &Ticket) -> Result<Option<Kept>, StoreError> {
        let row: Option<Row> = query_as(
            "
            SELECT fingerprint
                 , status
                 , body
              FROM kept_answer
             WHERE store_id = $1
               AND route = $2
               AND key = $3
               AND $4 < expires_at_ms",
        )
        .bind(ticket.store.as_str())
        .bind(&ticket.route)
        .bind(&ticket.key)
        .bind(self.at.timestamp_millis())
        .fetch_optional(&mut self.session)
        .await?;
        row.map(Row::kept).transpose()
    }

    /// Keeps an answer, committed with the effect it speaks of. Forgets those that have expired.
    pub async fn keep_answer(
        &mut self,
        ticket: &Ticket,
        fingerprint: &Fingerprint,
        answer: &Answer,
    ) -> Result<(), StoreError> {
        query(
            "
            DELETE FROM kept_answer
             WHERE store_id = $1
               AND expires_at_ms <= $2",
        )
        .bind(ticket.store.as_str())
        .bind(self.at.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        query(
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
            VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(ticket.store.as_str())
        .bind(&ticket.route)
        .bind(&ticket.key)
        .bind(&fingerprint[..])
        .bind(answer.status)
        .bind(&answer.body[..])
        .bind((self.at + KEPT_FOR).timestamp_millis())
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

impl Row {
    fn kept(self) -> Result<Kept, StoreError> {
        Ok(Kept {
            fingerprint: self
                .fingerprint
                .try_into()
                .map_err(|_| StoreError::Unreadable("kept_answer.fingerprint"))?,
            answer: Answer {
                status: u16::try_from(self.status)
                    .map_err(|_| StoreError::Unreadable("kept_answer.status"))?,
                body: self.body,
            },
        })
    }
}
