//! Notes that an address wants to be told when goods are there again, once its owner has said so.
//!
//! Whatever is known of the address, the same is answered: nobody learns from this who waits for what.

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{Sku, StoreId};
use shared::text::Language;

use super::ActError;
use super::records::{EntryState, ErrandKind, WaitlistAddress};
use super::reserve::as_kept;
use super::running::{Touched, detached, publish};
use super::waitlist::{About, is_refused};
use crate::app::App;
use crate::limits::{CONFIRM_EVERY_HOURS, SIGN_UPS_PER_EMAIL_MAX, SIGN_UPS_UNCONFIRMED_MAX};
use crate::store::Writing;
use crate::store::writing::Note;

/// Somebody who wants to be told.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinWaitlist {
    /// Of what.
    pub sku: Sku,
    /// Where.
    pub email: String,
    /// In which language.
    pub language: Language,
}

/// Notes that an address wants to be told, and writes a letter down that asks its owner: one in [`CONFIRM_EVERY_HOURS`], about all
/// that was asked for by the time it is sent.
///
/// Nothing is noted of a SKU that the store does not have, of an address whose owner said that it was not them, and beyond the limits.
///
/// # Errors
///
/// As the database fails.
pub async fn join_waitlist(
    app: &App,
    store: &StoreId,
    request: JoinWaitlist,
) -> Result<(), ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    if shop.entry(request.sku.as_str()).is_none() {
        return Ok(());
    }
    let with = (app.clone(), store.clone(), request);
    detached(with, |(app, store, request)| async move {
        let now = as_kept(app.clock.now());
        let note = Note::new("join_waitlist", request.sku.as_str());
        let mut writing = app.store.begin(&store, note, now).await?;
        let email = request.email.to_lowercase();
        let known = writing.waitlist_address_of(&email).await?;
        let mut address = known.unwrap_or_else(|| WaitlistAddress {
            number: writing.revision(),
            email,
            language: String::new(),
            asked_to: 0,
            asked_to_at: None,
            refused_at: None,
        });
        address.language = request.language.tag().to_owned();
        if is_noted(&mut writing, &address, &request.sku, now).await? {
            ask_owner(&mut writing, &mut address, now).await?;
        }
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(())
    })
    .await
}

/// Notes what is asked for. True if its owner has to be asked.
async fn is_noted(
    writing: &mut Writing,
    address: &WaitlistAddress,
    sku: &Sku,
    now: DateTime<Utc>,
) -> Result<bool, ActError> {
    let entries = writing.waitlist_entries(address.number).await?;
    let before = entries.iter().find(|entry| entry.sku == *sku);
    match before.map(|entry| entry.state) {
        _ if is_refused(address, now) => return Ok(false),
        Some(EntryState::Asked) => return Ok(true),
        Some(EntryState::Waiting) => return Ok(false),
        None if SIGN_UPS_PER_EMAIL_MAX <= entries.len() => return Ok(false),
        Some(EntryState::Told) | None => {}
    }
    let unconfirmed = writing.unconfirmed(SIGN_UPS_UNCONFIRMED_MAX).await?;
    if u64::from(SIGN_UPS_UNCONFIRMED_MAX) <= unconfirmed {
        tracing::warn!(
            waitlist.unconfirmed = unconfirmed,
            "{unconfirmed} sign-ups are not confirmed: no more are taken"
        );
        return Ok(false);
    }
    writing.put_waitlist_address(address).await?;
    writing.ask_for(address.number, sku).await?;
    Ok(true)
}

/// Writes the letter down that asks, unless one is on its way.
async fn ask_owner(
    writing: &mut Writing,
    address: &mut WaitlistAddress,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let name = |asked_to: u64| format!("confirm/{}/{asked_to}", address.number);
    let kind = ErrandKind::WaitlistMail;
    if writing
        .is_open_errand(kind, &name(address.asked_to))
        .await?
    {
        return Ok(());
    }
    let next = address
        .asked_to_at
        .map(|at| at + TimeDelta::hours(CONFIRM_EVERY_HOURS));
    let due = next.map_or(now, |next| next.max(now));
    let content = About::confirm(address.number).written();
    let about = name(address.asked_to + 1);
    writing.send_at(kind, &about, None, &content, due).await?;
    address.asked_to += 1;
    address.asked_to_at = Some(due);
    Ok(writing.put_waitlist_address(address).await?)
}
