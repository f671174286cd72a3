//! Where members are signed in. What a browser shows is kept nowhere, only its hash.

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::engine::{instant, query, query_as};
use super::members::{Member, Row as MemberRow, SecretHash};
use super::{Store, StoreError, Writing};

/// Where somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of what their browser shows.
    pub hash: SecretHash,
    /// Who it is.
    pub member: Member,
    /// When they signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, give or take some minutes.
    pub seen_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    session_created_at_ms: i64,
    seen_at_ms: i64,
    #[sqlx(flatten)]
    member: MemberRow,
}

impl Store {
    /// A session by what a browser shows, with whose it is.
    pub async fn session(
        &self,
        store: &StoreId,
        hash: &SecretHash,
    ) -> Result<Option<Session>, StoreError> {
        let row: Option<Row> = query_as(
            "
            SELECT session.created_at_ms AS session_created_at_ms
                 , session.seen_at_ms
                 , member.member
                 , member.email
                 , member.name
                 , member.role
                 , member.password
                 , member.totp
                 , member.totp_seed
                 , member.totp_is_keyed
                 , member.totp_step
                 , member.created_at_ms
              FROM session
              JOIN member
                ON member.store_id = session.store_id
               AND member.member = session.member
             WHERE session.store_id = $1
               AND session.hash = $2",
        )
        .bind(store.as_str())
        .bind(&hash[..])
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Session {
            hash: *hash,
            member: row.member.member()?,
            created_at: instant(row.session_created_at_ms)?,
            seen_at: instant(row.seen_at_ms)?,
        }))
    }

    /// Notes that a session was used.
    pub async fn see_session(
        &self,
        store: &StoreId,
        hash: &SecretHash,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        query(
            "
            UPDATE session
               SET seen_at_ms = $3
             WHERE store_id = $1
               AND hash = $2
               AND seen_at_ms < $3",
        )
        .bind(store.as_str())
        .bind(&hash[..])
        .bind(at.timestamp_millis())
        .execute(&mut session)
        .await?;
        session.commit().await
    }

    /// Ends a session. One that is not there stays so.
    pub async fn end_session(&self, store: &StoreId, hash: &SecretHash) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        query(
            "
            DELETE FROM session
             WHERE store_id = $1
               AND hash = $2",
        )
        .bind(store.as_str())
        .bind(&hash[..])
        .execute(&mut session)
        .await?;
        session.commit().await
    }
}

impl Writing {
    /// Signs a member in.
    pub async fn add_session(
        &mut self,
        member: &str,
        hash: &SecretHash,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO session
                 ( store_id
                 , hash
                 , member
                 , created_at_ms
                 , seen_at_ms
                 )
            VALUES ($1, $2, $3, $4, $4)",
        )
        .bind(self.store.as_str())
        .bind(&hash[..])
        .bind(member)
        .bind(at.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Ends every session of a member.
    pub async fn end_sessions(&mut self, member: &str) -> Result<(), StoreError> {
        query(
            "
            DELETE FROM session
             WHERE store_id = $1
               AND member = $2",
        )
        .bind(self.store.as_str())
        .bind(member)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Ends a session of the store, whosever it is.
    pub async fn end_session(&mut self, hash: &SecretHash) -> Result<(), StoreError> {
        query(
            "
            DELETE FROM session
             WHERE store_id = $1
               AND hash = $2",
        )
        .bind(self.store.as_str())
        .bind(&hash[..])
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Forgets the sessions of a member that were begun, or used, before an instant each, and of the others all but those
    /// that were used last.
    pub async fn forget_sessions(
        &mut self,
        member: &str,
        created_before: DateTime<Utc>,
        seen_before: DateTime<Utc>,
        most: u32,
    ) -> Result<(), StoreError> {
        query(
            "
            DELETE FROM session
             WHERE store_id = $1
               AND member = $2
               AND ( created_at_ms <= $3
                  OR seen_at_ms <= $4
                  OR hash NOT IN
                   ( SELECT hash
                       FROM session
                      WHERE store_id = $1
                        AND member = $2
                      ORDER BY seen_at_ms DESC
                             , hash
                      LIMIT $5
                   )
                   )",
        )
        .bind(self.store.as_str())
        .bind(member)
        .bind(created_before.timestamp_millis())
        .bind(seen_before.timestamp_millis())
        .bind(most)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}
