//! What the owner of an address says about the letters to it, what a merchant sees of who waits, and what is forgotten.

use chrono::{DateTime, TimeDelta, Utc};
use rand::rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::cart::ready_now;
use shared::ids::{Sku, StoreId};
use shared::kit::Goods;
use shared::promise::Amount;

use super::ActError;
use super::claims::Facts;
use super::records::{Demand, EntryState, ForgetBefore, LinkHash, WaitlistAddress, WaitlistEntry};
use super::reserve::as_kept;
use super::running::detached;
use crate::app::App;
use crate::catalogue::Settings;
use crate::hex;
use crate::limits::{
    CONFIRM_EVERY_HOURS, FORGOTTEN_AT_ONCE_MAX, REFUSED_DAYS, TOLD_DAYS, UNCONFIRMED_DAYS,
    WAITING_DAYS,
};
use crate::store::writing::Note;

/// Random bytes of a link: 256 bits.
const TOKEN_BYTES: usize = 32;

/// True if letters to who waits can be sent: somebody carries them, and their links lead somewhere.
pub fn is_written_to(app: &App, store: &StoreId) -> bool {
    app.connections.carrier(store).is_some() && app.connections.link("").is_some()
}

/// What a link in a letter opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The address that the letter went to.
    pub address: WaitlistAddress,
    /// What it waits for or was told of, oldest first.
    pub entries: Vec<WaitlistEntry>,
}

impl Opened {
    /// SKUs that are in a state.
    pub fn skus(&self, state: EntryState) -> impl Iterator<Item = &Sku> {
        let entries = self.entries.iter();
        entries
            .filter(move |entry| entry.state == state)
            .map(|entry| &entry.sku)
    }
}

/// What the owner of an address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerReply {
    /// All that was asked for until then was asked for by them.
    Confirms {
        /// What they saw: until when it was asked for.
        until: DateTime<Utc>,
    },
    /// They want no more letters.
    Leaves,
    /// They had not asked.
    Refuses,
}

/// Invents what a link ends in.
///
/// # Errors
///
/// If the source of random bytes fails.
pub(super) fn invented_token<R: TryCryptoRng>(random: &mut R) -> Result<String, R::Error> {
    let mut bytes = [0; TOKEN_BYTES];
    random.try_fill_bytes(&mut bytes)?;
    Ok(hex::text(&bytes))
}

/// What is kept of a link. Looking for it tells nothing by how long it takes: the hash of a guess is not near that of the token.
pub(super) fn hash_of(token: &str) -> LinkHash {
    Sha256::digest(token.as_bytes()).into()
}

/// Opens a link; `None` where there is none, or what it was for is over.
///
/// # Errors
///
/// As the database fails.
pub async fn open_link(
    app: &App,
    store: &StoreId,
    token: &str,
) -> Result<Option<Opened>, ActError> {
    let found = app.store.waitlist_by_link(store, &hash_of(token)).await?;
    Ok(found.map(|(address, entries)| Opened { address, entries }))
}

/// Takes what the owner of an address says. Saying it twice is saying it once.
///
/// # Errors
///
/// [`ActError::NotFound`] where the link opens nothing any more.
pub async fn reply(
    app: &App,
    store: &StoreId,
    token: &str,
    reply: OwnerReply,
) -> Result<(), ActError> {
    let opened = open_link(app, store, token).await?;
    let number = opened.ok_or(ActError::NotFound)?.address.number;
    let with = (app.clone(), store.clone());
    detached(with, move |(app, store)| async move {
        let now = as_kept(app.clock.now());
        let act = match reply {
            OwnerReply::Confirms { .. } => "confirm_waitlist",
            OwnerReply::Leaves => "leave_waitlist",
            OwnerReply::Refuses => "refuse_waitlist",
        };
        let note = Note::new(act, number.to_string());
        let mut writing = app.store.begin(&store, note, now).await?;
        let Some(mut address) = writing.waitlist_address(number).await? else {
            return Ok(writing.undo().await?);
        };
        match reply {
            OwnerReply::Confirms { until } => {
                if writing.confirm_waitlist(number, until).await? == 0 {
                    return Ok(writing.undo().await?);
                }
            }
            OwnerReply::Leaves | OwnerReply::Refuses => {
                writing.leave_waitlist(number).await?;
                // A letter that was to ask later will not.
                address.asked_to_at = address.asked_to_at.map(|at| at.min(now));
                if reply == OwnerReply::Refuses {
                    address.refused_at = Some(now);
                }
                writing.put_waitlist_address(&address).await?;
            }
        }
        writing.commit().await?;
        Ok(())
    })
    .await
}

/// Forgets an address at once, with all that is about it. One that is not known is forgotten already.
///
/// # Errors
///
/// As the database fails.
pub async fn erase(app: &App, store: &StoreId, email: &str) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), email.to_lowercase());
    detached(with, |(app, store, email)| async move {
        let note = Note {
            act: "erase_from_waitlist",
            subject: None,
            reason: None,
        };
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        let Some(address) = writing.waitlist_address_of(&email).await? else {
            return Ok(writing.undo().await?);
        };
        writing.erase_waitlist_address(address.number).await?;
        writing.commit().await?;
        Ok(())
    })
    .await
}

/// How many wait for each SKU after one.
///
/// # Errors
///
/// As the database fails.
pub async fn demand(
    app: &App,
    store: &StoreId,
    after: Option<&Sku>,
    limit: u32,
) -> Result<Vec<Demand>, ActError> {
    Ok(app.store.demand(store, after, limit).await?)
}

/// Forgets what is over.
///
/// # Errors
///
/// As the database fails.
pub async fn forget_waitlist(app: &App, store: &StoreId) -> Result<(), ActError> {
    let now = app.clock.now();
    let days = |days| now - TimeDelta::days(days);
    let before = ForgetBefore {
        asked: days(UNCONFIRMED_DAYS),
        told: days(TOLD_DAYS),
        waiting: days(WAITING_DAYS),
        refused: days(REFUSED_DAYS),
        asked_to: now - TimeDelta::hours(CONFIRM_EVERY_HOURS),
    };
    let forgotten = app
        .store
        .forget_waitlist(store, before, FORGOTTEN_AT_ONCE_MAX);
    Ok(forgotten.await?)
}

/// True while nothing is sent to an address because its owner had not asked.
pub(super) fn is_refused(address: &WaitlistAddress, now: DateTime<Utc>) -> bool {
    let until = address
        .refused_at
        .map(|at| at + TimeDelta::days(REFUSED_DAYS));
    until.is_some_and(|until| now < until)
}

/// How many units of a SKU can be sold from the shelf now.
pub(super) fn ready_units(
    facts: &Facts,
    settings: &Settings,
    sku: &Sku,
    now: DateTime<Utc>,
) -> Amount {
    let Some(own) = facts.get(sku) else {
        return Amount::ZERO;
    };
    let goods = Goods::new(own, |sku| facts.get(sku)).unwrap_or(Goods::broken(own));
    ready_now(&goods, &settings.locations, &settings.promises, now)
}

/// What a letter to who waits is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    /// `confirm` or `told`.
    pub letter: String,
    /// The number of the address: the address itself is kept in one place.
    pub address: u64,
    /// What is there again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
}

impl About {
    pub(super) fn confirm(address: u64) -> Self {
        Self {
            letter: "confirm".into(),
            address,
            sku: None,
        }
    }

    pub(super) fn told(address: u64, sku: &Sku) -> Self {
        Self {
            letter: "told".into(),
            address,
            sku: Some(sku.to_string()),
        }
    }

    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).expect("it has only text keys")
    }
}
