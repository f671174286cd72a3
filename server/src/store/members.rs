//! Who may sign in on a store's behalf, what opens where their phone is lost, and how the first of them is made.

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::engine::{Scope, Session, instant, query, query_as, query_scalar, stored};
use super::payments::words;
use super::{Store, StoreError, Writing};

/// SHA-256 of something nobody can guess: what a browser shows, a recovery code, a link.
pub type SecretHash = [u8; 32];

/// Bytes of what the secret of codes is made of: as many as HMAC-SHA-1 gives (RFC 4226, 4).
pub const TOTP_SEED_BYTES: usize = 20;

words!(
    /// What somebody may do.
    Role {
        /// Everything.
        Owner = "owner",
        /// Everything but keys, members and what is decided about the whole store.
        Staff = "staff",
        /// Look.
        ReadOnly = "read_only",
    }
);

words!(
    /// Whether somebody is asked for a code besides the password.
    TotpState {
        /// They are not.
        Off = "off",
        /// They were shown a secret, and have not shown that they keep it.
        Begun = "begun",
        /// They are.
        On = "on",
    }
);

/// Somebody who may sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct Member {
    /// Their id.
    pub id: String,
    /// Their address, in small letters: once in a store.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id of their password, as a PHC string.
    pub password: String,
    /// Whether they are asked for a code.
    pub totp: TotpState,
    /// What the secret of their codes is made of.
    pub totp_seed: Option<[u8; TOTP_SEED_BYTES]>,
    /// True where the seed is worth nothing without the server's key.
    pub totp_is_keyed: bool,
    /// The last step of 30 seconds whose code was used: neither it nor one before opens again.
    pub totp_step: u64,
    /// Since when they are a member.
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    member: String,
    email: String,
    name: String,
    role: String,
    password: String,
    totp: String,
    totp_seed: Option<Vec<u8>>,
    totp_is_keyed: bool,
    totp_step: i64,
    created_at_ms: i64,
}

/// Members of a store: `$which` of them.
macro_rules! members_that {
    ($which:literal) => {
        concat!(
            "
        SELECT member
             , email
             , name
             , role
             , password
             , totp
             , totp_seed
             , totp_is_keyed
             , totp_step
             , created_at_ms
          FROM member
         WHERE store_id = $1",
            $which
        )
    };
}

impl Store {
    /// The members with an address, of some stores, each with its store.
    ///
    /// The database keeps stores apart, so each is looked at by itself, and always all of them: how long it takes
    /// does not tell whether there is somebody.
    pub async fn members_by_email(
        &self,
        stores: &[StoreId],
        email: &str,
    ) -> Result<Vec<(StoreId, Member)>, StoreError> {
        let Some(first) = stores.first() else {
            return Ok(Vec::new());
        };
        let mut session = self.read(first).await?;
        let mut found = Vec::new();
        for store in stores {
            session.turn_to(Scope::Store(store)).await?;
            if let Some(member) = member_by_email(&mut session, store, email).await? {
                found.push((store.clone(), member));
            }
        }
        Ok(found)
    }

    /// True if any of these stores has a member.
    pub async fn has_members(&self, stores: &[StoreId]) -> Result<bool, StoreError> {
        let Some(first) = stores.first() else {
            return Ok(false);
        };
        let mut session = self.read(first).await?;
        for store in stores {
            session.turn_to(Scope::Store(store)).await?;
            if 0 < count(&mut session, store).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The members of a store, the first one first.
    pub async fn members(&self, store: &StoreId) -> Result<Vec<Member>, StoreError> {
        members(&mut self.read(store).await?, store).await
    }

    /// Adds a link with which the first member can be made, and forgets those made before an instant.
    pub async fn add_setup_link(
        &self,
        store: &StoreId,
        hash: &SecretHash,
        at: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        query(
            "
            DELETE FROM setup_link
             WHERE store_id = $1
               AND made_at_ms < $2",
        )
        .bind(store.as_str())
        .bind(forget_before.timestamp_millis())
        .execute(&mut session)
        .await?;
        query(
            "
            INSERT INTO setup_link
                 ( store_id
                 , hash
                 , made_at_ms
                 )
            VALUES ($1, $2, $3)",
        )
        .bind(store.as_str())
        .bind(&hash[..])
        .bind(at.timestamp_millis())
        .execute(&mut session)
        .await?;
        session.commit().await
    }

    /// True if this is a link with which the first member can be made.
    pub async fn is_setup_link(
        &self,
        store: &StoreId,
        hash: &SecretHash,
        made_after: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let found: Option<(bool,)> = query_as(
            "
            SELECT true
              FROM setup_link
             WHERE store_id = $1
               AND hash = $2
               AND $3 < made_at_ms",
        )
        .bind(store.as_str())
        .bind(&hash[..])
        .bind(made_after.timestamp_millis())
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(found.is_some())
    }
}

impl Writing {
    /// The members of the store, as this change sees them.
    pub async fn members(&mut self) -> Result<Vec<Member>, StoreError> {
        let store = self.store.clone();
        members(&mut self.session, &store).await
    }

    /// A member by their id.
    pub async fn member(&mut self, id: &str) -> Result<Option<Member>, StoreError> {
        let row: Option<Row> = query_as(members_that!(
            "
           AND member = $2"
        ))
        .bind(self.store.as_str())
        .bind(id)
        .fetch_optional(&mut self.session)
        .await?;
        row.map(Row::member).transpose()
    }

    /// Adds a member, or replaces what is known of them. Their address stays what it was.
    pub async fn put_member(&mut self, member: &Member) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO member
                 ( store_id
                 , member
                 , email
                 , name
                 , role
                 , password
                 , totp
                 , totp_seed
                 , totp_is_keyed
                 , totp_step
                 , created_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                ON CONFLICT (store_id, member) DO UPDATE
               SET name          = excluded.name
                 , role          = excluded.role
                 , password      = excluded.password
                 , totp          = excluded.totp
                 , totp_seed     = excluded.totp_seed
                 , totp_is_keyed = excluded.totp_is_keyed
                 , totp_step     = excluded.totp_step
                 , revision      = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(&member.id)
        .bind(&member.email)
        .bind(&member.name)
        .bind(member.role.name())
        .bind(&member.password)
        .bind(member.totp.name())
        .bind(member.totp_seed.as_ref().map(|seed| &seed[..]))
        .bind(member.totp_is_keyed)
        .bind(stored(member.totp_step))
        .bind(member.created_at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Removes a member, with all that opens for them.
    pub async fn remove_member(&mut self, id: &str) -> Result<(), StoreError> {
        self.end_sessions(id).await?;
        self.put_recovery_codes(id, &[]).await?;
        query(
            "
            DELETE FROM member
             WHERE store_id = $1
               AND member = $2",
        )
        .bind(self.store.as_str())
        .bind(id)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Replaces the recovery codes of a member.
    pub async fn put_recovery_codes(
        &mut self,
        member: &str,
        hashes: &[SecretHash],
    ) -> Result<(), StoreError> {
        query(
            "
            DELETE FROM recovery_code
             WHERE store_id = $1
               AND member = $2",
        )
        .bind(self.store.as_str())
        .bind(member)
        .execute(&mut self.session)
        .await?;
        for hash in hashes {
            query(
                "
                INSERT INTO recovery_code
                     ( store_id
                     , member
                     , hash
                     )
                VALUES ($1, $2, $3)",
            )
            .bind(self.store.as_str())
            .bind(member)
            .bind(&hash[..])
            .execute(&mut self.session)
            .await?;
        }
        Ok(())
    }

    /// Uses a recovery code up. False where the member has no such code.
    pub async fn use_recovery_code(
        &mut self,
        member: &str,
        hash: &SecretHash,
    ) -> Result<bool, StoreError> {
        let used = query(
            "
            DELETE FROM recovery_code
             WHERE store_id = $1
               AND member = $2
               AND hash = $3",
        )
        .bind(self.store.as_str())
        .bind(member)
        .bind(&hash[..])
        .execute(&mut self.session)
        .await?;
        Ok(used == 1)
    }

    /// Forgets all links with which the first member could be made.
    pub async fn close_setup(&mut self) -> Result<(), StoreError> {
        query(
            "
            DELETE FROM setup_link
             WHERE store_id = $1",
        )
        .bind(self.store.as_str())
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

async fn member_by_email(
    session: &mut Session,
    store: &StoreId,
    email: &str,
) -> Result<Option<Member>, StoreError> {
    let row: Option<Row> = query_as(members_that!(
        "
           AND email = $2"
    ))
    .bind(store.as_str())
    .bind(email)
    .fetch_optional(session)
    .await?;
    row.map(Row::member).transpose()
}

async fn count(session: &mut Session, store: &StoreId) -> Result<i64, StoreError> {
    query_scalar("SELECT count(*) FROM member WHERE store_id = $1")
        .bind(store.as_str())
        .fetch_one(session)
        .await
}

async fn members(session: &mut Session, store: &StoreId) -> Result<Vec<Member>, StoreError> {
    let rows: Vec<Row> = query_as(members_that!(
        "
         ORDER BY created_at_ms
                , member"
    ))
    .bind(store.as_str())
    .fetch_all(session)
    .await?;
    rows.into_iter().map(Row::member).collect()
}

impl Row {
    pub(super) fn member(self) -> Result<Member, StoreError> {
        let unreadable = StoreError::Unreadable;
        let seed = self.totp_seed.map(TryInto::try_into).transpose();
        Ok(Member {
            role: Role::named(&self.role).ok_or(unreadable("member.role"))?,
            totp: TotpState::named(&self.totp).ok_or(unreadable("member.totp"))?,
            totp_seed: seed.map_err(|_| unreadable("member.totp_seed"))?,
            totp_is_keyed: self.totp_is_keyed,
            totp_step: self.totp_step.unsigned_abs(),
            created_at: instant(self.created_at_ms)?,
            id: self.member,
            email: self.email,
            name: self.name,
            password: self.password,
        })
    }
}
