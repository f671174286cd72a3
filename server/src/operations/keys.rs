//! Makes, lists and revokes keys.

use chrono::{DateTime, Utc};
use rand::rand_core::TryCryptoRng;
use shared::ids::StoreId;

use super::ActError;
use super::once::{Once, Outcome};
use super::records::KeyRecord;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::catalogue::{KeyHash, KeyKind, hash_of};
use crate::hex;
use crate::store::writing::Note;
use crate::store::{Store, StoreError};

/// Random bytes of a key: 256 bits, so that its hash need not be slow.
const KEY_BYTES: usize = 32;
/// Characters by which a key is shown in lists.
const PREFIX_CHARS: usize = 12;
/// Bytes of the hash that make the id of a key.
const ID_BYTES: usize = 6;

/// A key that was made. The only time that it is known.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What lists show of it.
    pub record: KeyRecord,
    /// The key itself.
    pub key: String,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NewKey").field(&self.record).finish()
    }
}

/// Invents a key.
///
/// # Errors
///
/// If the source of random bytes fails.
pub fn invented<R: TryCryptoRng>(
    kind: KeyKind,
    label: &str,
    at: DateTime<Utc>,
    random: &mut R,
) -> Result<NewKey, R::Error> {
    let mut bytes = [0; KEY_BYTES];
    random.try_fill_bytes(&mut bytes)?;
    let begin = match kind {
        KeyKind::Publishable => "pk_live_",
        KeyKind::Secret => "sk_live_",
    };
    Ok(named(
        kind,
        label,
        at,
        format!("{begin}{}", hex::text(&bytes)),
    ))
}

/// A key whose text is known before: for the demo and for tests.
pub fn named(kind: KeyKind, label: &str, at: DateTime<Utc>, key: String) -> NewKey {
    let hash = hash_of(&key);
    let record = KeyRecord {
        id: format!("key_{}", hex::text(&hash[..ID_BYTES])),
        kind,
        prefix: key.chars().take(PREFIX_CHARS).collect(),
        label: label.to_owned(),
        created_at: at,
        revoked_at: None,
    };
    NewKey { record, key }
}

/// Adds a key to a database; a running server takes notice of it.
pub async fn add_key(store: &Store, shop: &StoreId, key: &NewKey) -> Result<(), StoreError> {
    let note = Note::new("create_key", key.record.id.as_str());
    let mut writing = store.begin(shop, note, key.record.created_at).await?;
    writing.add_key(&key.record, &hash(key)).await?;
    writing.commit().await?;
    Ok(())
}

/// Revokes a key of a database; a running server takes notice of it. Returns the commit; `None`: there
/// is no such key.
pub async fn revoke(
    store: &Store,
    shop: &StoreId,
    id: &str,
    at: DateTime<Utc>,
) -> Result<Option<u64>, StoreError> {
    let mut writing = store.begin(shop, Note::new("revoke_key", id), at).await?;
    if !writing.revoke_key(id).await? {
        return Ok(None);
    }
    Ok(Some(writing.commit().await?))
}

/// Adds a key for a client of the API.
pub async fn create_key(
    app: &App,
    store: &StoreId,
    key: NewKey,
    once: Once<NewKey>,
) -> Result<Outcome<NewKey>, ActError> {
    let with = (app.clone(), store.clone(), key, once);
    detached(with, |(app, store, key, once)| async move {
        let note = Note::new("create_key", key.record.id.as_str());
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        writing.add_key(&key.record, &hash(&key)).await?;
        once.keep(&mut writing, &key);
        let revision = writing.commit().await?;
        app.catalogue.put_keys(app.store.load_keys().await?);
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(Outcome::Done(key))
    })
    .await
}

/// Revokes a key. From the moment this returns it opens nothing.
///
/// # Errors
///
/// [`ActError::NotFound`] where the store has no such key.
pub async fn revoke_key(app: &App, store: &StoreId, id: String) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), id);
    detached(with, |(app, store, id)| async move {
        let revoked = revoke(&app.store, &store, &id, app.clock.now()).await?;
        let revision = revoked.ok_or(ActError::NotFound)?;
        app.catalogue.put_keys(app.store.load_keys().await?);
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(())
    })
    .await
}

fn hash(key: &NewKey) -> KeyHash {
    hash_of(&key.key)
}
