//! Keys: what opens a shop. Only their hashes are kept.

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::engine::instant;
use super::engine::{query, query_as, query_scalar};
use super::{Store, StoreError, Writing};
use crate::catalogue::{Key, KeyHash, KeyKind, Keys};

/// A key as the merchant sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id, by which it is revoked. Tells nothing of the key.
    pub id: String,
    /// What it may be used for.
    pub kind: KeyKind,
    /// Its first characters, to tell it by.
    pub prefix: String,
    /// What the merchant calls it.
    pub label: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stopped working.
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    key_id: String,
    kind: String,
    prefix: String,
    label: String,
    created_at_ms: i64,
    revoked_at_ms: Option<i64>,
}

impl Store {
    /// All keys of all stores, by their hashes.
    pub async fn load_keys(&self) -> Result<Keys, StoreError> {
        let rows: Vec<(String, String, Vec<u8>, bool)> = query_as(
            "
            SELECT store_id
                 , kind
                 , hash
                 , revoked_at_ms IS NOT NULL
              FROM key",
        )
        .fetch_all(&mut self.read_all().await?)
        .await?;
        let revoked = rows.iter().filter(|(.., revoked)| *revoked).count();
        let version = (rows.len() + revoked) as u64;
        let by_hash: Result<_, StoreError> = rows
            .into_iter()
            .map(|(store, kind, hash, revoked)| {
                let hash: KeyHash = hash
                    .try_into()
                    .map_err(|_| StoreError::Unreadable("key.hash"))?;
                let key = Key {
                    store: store
                        .parse()
                        .map_err(|_| StoreError::Unreadable("key.store_id"))?,
                    kind: read_kind(&kind)?,
                    revoked,
                };
                Ok((hash, key))
            })
            .collect();
        Ok(Keys {
            by_hash: by_hash?,
            version,
        })
    }

    /// The version of the keys of all stores, as [`Keys::version`]: how many there are, and how many of them were
    /// revoked. No key is ever removed, or works again, so it only grows.
    pub async fn keys_version(&self) -> Result<u64, StoreError> {
        let version: i64 = query_scalar("SELECT count(*) + count(revoked_at_ms) FROM key")
            .fetch_one(&mut self.read_all().await?)
            .await?;
        Ok(version.unsigned_abs())
    }

    /// The keys of a store, newest first.
    pub async fn keys(&self, store: &StoreId) -> Result<Vec<KeyRecord>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            SELECT key_id
                 , kind
                 , prefix
                 , label
                 , created_at_ms
                 , revoked_at_ms
              FROM key
             WHERE store_id = $1
             ORDER BY created_at_ms DESC
                    , key_id",
        )
        .bind(store.as_str())
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::record).collect()
    }
}

impl Writing {
    /// Adds a key. One that is there already stays as it is.
    pub async fn add_key(&mut self, record: &KeyRecord, hash: &KeyHash) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO key
                 ( store_id
                 , key_id
                 , kind
                 , prefix
                 , label
                 , hash
                 , created_at_ms
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT (store_id, key_id) DO NOTHING",
        )
        .bind(self.store.as_str())
        .bind(&record.id)
        .bind(kind_name(record.kind))
        .bind(&record.prefix)
        .bind(&record.label)
        .bind(&hash[..])
        .bind(record.created_at.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        self.changed_keys = true;
        Ok(())
    }

    /// Makes a key stop working. False where the store has no such key; one revoked before keeps
    /// the time at which it was.
    pub async fn revoke_key(&mut self, id: &str) -> Result<bool, StoreError> {
        let done = query(
            "
            UPDATE key
               SET revoked_at_ms = coalesce(revoked_at_ms, $3)
             WHERE store_id = $1
               AND key_id = $2",
        )
        .bind(self.store.as_str())
        .bind(id)
        .bind(self.at.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        self.changed_keys = true;
        Ok(done == 1)
    }
}

impl Row {
    fn record(self) -> Result<KeyRecord, StoreError> {
        Ok(KeyRecord {
            kind: read_kind(&self.kind)?,
            id: self.key_id,
            prefix: self.prefix,
            label: self.label,
            created_at: instant(self.created_at_ms)?,
            revoked_at: self.revoked_at_ms.map(instant).transpose()?,
        })
    }
}

fn read_kind(name: &str) -> Result<KeyKind, StoreError> {
    [KeyKind::Publishable, KeyKind::Secret]
        .into_iter()
        .find(|kind| kind_name(*kind) == name)
        .ok_or(StoreError::Unreadable("key.kind"))
}

fn kind_name(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Publishable => "publishable",
        KeyKind::Secret => "secret",
    }
}
