//! Who wants to be told when something is there again: addresses, what each waits for, and the links in their letters.

use chrono::{DateTime, Utc};
use shared::ids::{Sku, StoreId};

use super::engine::{Session, instant, query, query_as, query_scalar, stored};
use super::payments::words;
use super::skus::read;
use super::{Store, StoreError, Writing};

/// SHA-256 of what a link ends in: 256 random bits, so no slow hash is needed.
pub type LinkHash = [u8; 32];

words!(
    /// How far an address has come with a SKU.
    EntryState {
        /// Somebody asked, and the address's owner has not said yet that it was them.
        Asked = "asked",
        /// It stands in the queue.
        Waiting = "waiting",
        /// A letter said that it is there, or is about to.
        Told = "told",
    }
);

/// An address.
#[derive(Clone, PartialEq, Eq)]
pub struct WaitlistAddress {
    /// Its number.
    pub number: u64,
    /// The address itself.
    pub email: String,
    /// The language in which it was asked last, BCP 47.
    pub language: String,
    /// How many letters asked for a confirmation.
    pub asked_to: u64,
    /// When the last of them was sent, or is to be.
    pub asked_to_at: Option<DateTime<Utc>>,
    /// When its owner said that they had not asked.
    pub refused_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for WaitlistAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WaitlistAddress")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// What an address waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitlistEntry {
    /// The SKU.
    pub sku: Sku,
    /// How far it has come.
    pub state: EntryState,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
}

/// Before which instants things are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForgetBefore {
    /// Sign-ups that nobody confirmed.
    pub asked: DateTime<Utc>,
    /// What was told.
    pub told: DateTime<Utc>,
    /// What was waited for in vain.
    pub waiting: DateTime<Utc>,
    /// Refusals.
    pub refused: DateTime<Utc>,
    /// Addresses that wait for nothing, by when they were last asked to confirm.
    pub asked_to: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct AddressRow {
    address: i64,
    email: String,
    language: String,
    asked_to: i64,
    asked_to_at_ms: Option<i64>,
    refused_at_ms: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    sku: String,
    state: String,
    asked_at_ms: i64,
}

impl Store {
    /// The address that a link in a letter belongs to, with what it waits for or was told of.
    pub async fn waitlist_by_link(
        &self,
        store: &StoreId,
        hash: &LinkHash,
    ) -> Result<Option<(WaitlistAddress, Vec<WaitlistEntry>)>, StoreError> {
        let mut session = self.read(store).await?;
        let row: Option<AddressRow> = query_as(
            "
            SELECT owner.address
                 , owner.email
                 , owner.language
                 , owner.asked_to
                 , owner.asked_to_at_ms
                 , owner.refused_at_ms
              FROM waitlist_link AS link
              JOIN waitlist_address AS owner
                ON owner.store_id = link.store_id
               AND owner.address = link.address
             WHERE link.store_id = $1
               AND link.hash = $2",
        )
        .bind(store.as_str())
        .bind(&hash[..])
        .fetch_optional(&mut session)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let owner = row.address()?;
        let entries = entries(&mut session, store, owner.number).await?;
        Ok(Some((owner, entries)))
    }

    /// Forgets what is over, at most `limit` of each kind: entries, and addresses with their links that wait for nothing more.
    pub async fn forget_waitlist(
        &self,
        store: &StoreId,
        before: ForgetBefore,
        limit: u32,
    ) -> Result<(), StoreError> {
        if !self.has_forgettable(store, before).await? {
            return Ok(());
        }
        let mut session = self.0.engine.write(store).await?;
        // As every change of a store does: nobody signs up, or confirms, between a look and what is done about it.
        query("UPDATE store SET revision = revision WHERE store_id = $1")
            .bind(store.as_str())
            .execute(&mut session)
            .await?;
        query(
            "
            DELETE FROM waitlist_entry
             WHERE store_id = $1
               AND (address, sku) IN
                 ( SELECT address
                        , sku
                     FROM waitlist_entry
                    WHERE store_id = $1
                      AND ( (state = 'asked' AND asked_at_ms <= $2)
                         OR (state = 'told' AND told_at_ms <= $3)
                         OR (state = 'waiting' AND confirmed_at_ms <= $4)
                          )
                    LIMIT $5
                 )",
        )
        .bind(store.as_str())
        .bind(before.asked.timestamp_millis())
        .bind(before.told.timestamp_millis())
        .bind(before.waiting.timestamp_millis())
        .bind(limit)
        .execute(&mut session)
        .await?;
        let idle: Vec<i64> = query_scalar(
            "
            SELECT address
              FROM waitlist_address AS owner
             WHERE store_id = $1
               AND coalesce(refused_at_ms, 0) <= $2
               AND coalesce(asked_to_at_ms, 0) <= $3
               AND NOT EXISTS
                 ( SELECT 1
                     FROM waitlist_entry AS entry
                    WHERE entry.store_id = owner.store_id
                      AND entry.address = owner.address
                 )
             LIMIT $4",
        )
        .bind(store.as_str())
        .bind(before.refused.timestamp_millis())
        .bind(before.asked_to.timestamp_millis())
        .bind(limit)
        .fetch_all(&mut session)
        .await?;
        for address in idle {
            remove(&mut session, store, address).await?;
        }
        session.commit().await
    }

    async fn has_forgettable(
        &self,
        store: &StoreId,
        before: ForgetBefore,
    ) -> Result<bool, StoreError> {
        let found: Option<(bool,)> = query_as(
            "
            SELECT true
             WHERE EXISTS
                 ( SELECT 1
                     FROM waitlist_entry
                    WHERE store_id = $1
                      AND state = 'asked'
                      AND asked_at_ms <= $2
                 )
                OR EXISTS
                 ( SELECT 1
                     FROM waitlist_entry
                    WHERE store_id = $1
                      AND state = 'told'
                      AND told_at_ms <= $3
                 )
                OR EXISTS
                 ( SELECT 1
                     FROM waitlist_entry
                    WHERE store_id = $1
                      AND state = 'waiting'
                      AND confirmed_at_ms <= $4
                 )
                OR EXISTS
                 ( SELECT 1
                     FROM waitlist_address AS owner
                    WHERE owner.store_id = $1
                      AND coalesce(owner.refused_at_ms, 0) <= $5
                      AND coalesce(owner.asked_to_at_ms, 0) <= $6
                      AND NOT EXISTS
                        ( SELECT 1
                            FROM waitlist_entry AS entry
                           WHERE entry.store_id = owner.store_id
                             AND entry.address = owner.address
                        )
                 )",
        )
        .bind(store.as_str())
        .bind(before.asked.timestamp_millis())
        .bind(before.told.timestamp_millis())
        .bind(before.waiting.timestamp_millis())
        .bind(before.refused.timestamp_millis())
        .bind(before.asked_to.timestamp_millis())
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(found.is_some())
    }
}

impl Writing {
    /// An address by itself.
    pub async fn waitlist_address_of(
        &mut self,
        email: &str,
    ) -> Result<Option<WaitlistAddress>, StoreError> {
        let row: Option<AddressRow> = query_as(
            "
            SELECT address
                 , email
                 , language
                 , asked_to
                 , asked_to_at_ms
                 , refused_at_ms
              FROM waitlist_address
             WHERE store_id = $1
               AND email = $2",
        )
        .bind(self.store.as_str())
        .bind(email)
        .fetch_optional(&mut self.session)
        .await?;
        row.map(AddressRow::address).transpose()
    }

    /// An address by its number.
    pub async fn waitlist_address(
        &mut self,
        number: u64,
    ) -> Result<Option<WaitlistAddress>, StoreError> {
        let row: Option<AddressRow> = query_as(
            "
            SELECT address
                 , email
                 , language
                 , asked_to
                 , asked_to_at_ms
                 , refused_at_ms
              FROM waitlist_address
             WHERE store_id = $1
               AND address = $2",
        )
        .bind(self.store.as_str())
        .bind(stored(number))
        .fetch_optional(&mut self.session)
        .await?;
        row.map(AddressRow::address).transpose()
    }

    /// Keeps what is known of an address. Its number is that of the change that brings it.
    pub async fn put_waitlist_address(
        &mut self,
        address: &WaitlistAddress,
    ) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO waitlist_address
                 ( store_id
                 , address
                 , email
                 , language
                 , asked_to
                 , asked_to_at_ms
                 , refused_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                ON CONFLICT (store_id, address) DO UPDATE
               SET language       = excluded.language
                 , asked_to       = excluded.asked_to
                 , asked_to_at_ms = excluded.asked_to_at_ms
                 , refused_at_ms  = excluded.refused_at_ms
                 , revision       = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(stored(address.number))
        .bind(&address.email)
        .bind(&address.language)
        .bind(stored(address.asked_to))
        .bind(address.asked_to_at.map(|at| at.timestamp_millis()))
        .bind(address.refused_at.map(|at| at.timestamp_millis()))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// What an address waits for, or was told of.
    pub async fn waitlist_entries(
        &mut self,
        number: u64,
    ) -> Result<Vec<WaitlistEntry>, StoreError> {
        let store = self.store.clone();
        entries(&mut self.session, &store, number).await
    }

    /// How many entries of the store nobody has confirmed, counted up to `most`.
    pub async fn unconfirmed(&mut self, most: u32) -> Result<u64, StoreError> {
        let count: i64 = query_scalar(
            "
            SELECT count(*)
              FROM ( SELECT 1 AS one
                       FROM waitlist_entry
                      WHERE store_id = $1
                        AND state = 'asked'
                      LIMIT $2
                   ) AS unconfirmed",
        )
        .bind(self.store.as_str())
        .bind(most)
        .fetch_one(&mut self.session)
        .await?;
        Ok(count.unsigned_abs())
    }

    /// Notes that an address asks for a SKU; anew, where it was told of it before. Who was told when still counts.
    pub async fn ask_for(&mut self, number: u64, sku: &Sku) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO waitlist_entry
                 ( store_id
                 , address
                 , sku
                 , state
                 , asked_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, 'asked', $4, $5)
                ON CONFLICT (store_id, address, sku) DO UPDATE
               SET state           = 'asked'
                 , asked_at_ms     = excluded.asked_at_ms
                 , confirmed_at_ms = NULL
                 , revision        = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(stored(number))
        .bind(sku.as_str())
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Puts all that an address asked for until an instant into the queues. Returns how many that are.
    pub async fn confirm_waitlist(
        &mut self,
        number: u64,
        until: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        query(
            "
            UPDATE waitlist_entry
               SET state           = 'waiting'
                 , confirmed_at_ms = $3
                 , revision        = $5
             WHERE store_id = $1
               AND address = $2
               AND state = 'asked'
               AND asked_at_ms <= $4",
        )
        .bind(self.store.as_str())
        .bind(stored(number))
        .bind(self.at.timestamp_millis())
        .bind(until.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await
    }

    /// Forgets what an address waits for, and its links. The address itself stays until its day is over, so that nobody can have it
    /// asked again sooner.
    pub async fn leave_waitlist(&mut self, number: u64) -> Result<(), StoreError> {
        let store = self.store.clone();
        remove_entries(&mut self.session, &store, stored(number)).await
    }

    /// Forgets an address with all that is about it.
    pub async fn erase_waitlist_address(&mut self, number: u64) -> Result<(), StoreError> {
        let store = self.store.clone();
        remove(&mut self.session, &store, stored(number)).await
    }

    /// Keeps a link that a letter will have.
    pub async fn add_waitlist_link(
        &mut self,
        number: u64,
        hash: &LinkHash,
    ) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO waitlist_link
                 ( store_id
                 , hash
                 , address
                 , made_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(self.store.as_str())
        .bind(&hash[..])
        .bind(stored(number))
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

async fn entries(
    session: &mut Session,
    store: &StoreId,
    number: u64,
) -> Result<Vec<WaitlistEntry>, StoreError> {
    let rows: Vec<EntryRow> = query_as(
        "
        SELECT sku
             , state
             , asked_at_ms
          FROM waitlist_entry
         WHERE store_id = $1
           AND address = $2
         ORDER BY asked_at_ms
                , sku",
    )
    .bind(store.as_str())
    .bind(stored(number))
    .fetch_all(session)
    .await?;
    rows.into_iter().map(EntryRow::entry).collect()
}

async fn remove(session: &mut Session, store: &StoreId, address: i64) -> Result<(), StoreError> {
    remove_entries(session, store, address).await?;
    query(
        "
        DELETE FROM waitlist_address
         WHERE store_id = $1
           AND address = $2",
    )
    .bind(store.as_str())
    .bind(address)
    .execute(session)
    .await?;
    Ok(())
}

async fn remove_entries(
    session: &mut Session,
    store: &StoreId,
    address: i64,
) -> Result<(), StoreError> {
    query(
        "
        DELETE FROM waitlist_link
         WHERE store_id = $1
           AND address = $2",
    )
    .bind(store.as_str())
    .bind(address)
    .execute(session)
    .await?;
    query(
        "
        DELETE FROM waitlist_entry
         WHERE store_id = $1
           AND address = $2",
    )
    .bind(store.as_str())
    .bind(address)
    .execute(session)
    .await?;
    Ok(())
}

impl AddressRow {
    fn address(self) -> Result<WaitlistAddress, StoreError> {
        Ok(WaitlistAddress {
            number: self.address.unsigned_abs(),
            email: self.email,
            language: self.language,
            asked_to: self.asked_to.unsigned_abs(),
            asked_to_at: self.asked_to_at_ms.map(instant).transpose()?,
            refused_at: self.refused_at_ms.map(instant).transpose()?,
        })
    }
}

impl EntryRow {
    fn entry(self) -> Result<WaitlistEntry, StoreError> {
        let state = EntryState::named(&self.state);
        Ok(WaitlistEntry {
            sku: read(&self.sku, "waitlist_entry.sku")?,
            state: state.ok_or(StoreError::Unreadable("waitlist_entry.state"))?,
            asked_at: instant(self.asked_at_ms)?,
        })
    }
}
