//! Redeems an offer: at most once, by whoever knows its code.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::ids::{OrderId, StoreId};
use shared::offer::Gives;
use tokio::time::timeout;

use super::ActError;
use super::offers::{address_hash, shopper_hash, those_there};
use super::once::{Once, Outcome};
use super::records::{Offer, OfferState};
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::catalogue::Settings;
use crate::store::writing::Note;
use crate::store::{StoreError, Writing};

/// Redemptions that are under way at once: the others wait, and most of those find it done.
pub const REDEEMED_AT_ONCE_MAX: usize = 4;
/// Longest wait for one's turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// What is to be redeemed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedeemOffer {
    /// The code, as [`super::offers::code_as_kept`] reads it.
    pub code: String,
    /// The order that it must have been given for, if the shop says.
    pub order: Option<OrderId>,
    /// Who must have got it, if the shop says.
    pub shopper: Option<String>,
}

/// Redeems an offer. The shop grants what the answer says; nothing that is charged here changes by it.
///
/// # Errors
///
/// [`ActError::NotFound`] for a code of this store that does not exist; [`ActError::Conflict`] for one that was redeemed,
/// revoked or has expired, of another order or shopper, and for a gift that is not there.
pub async fn redeem_offer(
    app: &App,
    store: &StoreId,
    request: RedeemOffer,
    once: Once<Offer>,
) -> Result<Outcome<Offer>, ActError> {
    // Hundreds may come at once. All but the first are told from a look that locks nothing.
    let turn = timeout(TURN_TIMEOUT, app.redemptions.acquire()).await;
    let _turn = turn
        .map_err(|_| StoreError::busy())?
        .map_err(|_| StoreError::stopping())?;
    if !app.store.has_kept_answer(once.ticket()).await? {
        let found = app.store.offer_by_code(store, &request.code).await?;
        judge(found.as_ref(), app, store, &request)?;
    }
    let with = (app.clone(), store.clone(), request, once);
    detached(with, |(app, store, request, once)| async move {
        let now = app.clock.now();
        // The code is as good as money: the log has the order's name.
        let known = app.store.offer_by_code(&store, &request.code).await?;
        let order = known.as_ref().map(|offer| offer.order.to_string());
        let note = Note::new("redeem_offer", order.unwrap_or_default());
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let offer = writing.offer_by_code(&request.code).await?;
        judge(offer.as_ref(), &app, &store, &request)?;
        let offer = offer.ok_or(ActError::NotFound)?;
        refuse_absent_gift(&mut writing, &shop.settings(), &offer, now).await?;
        if !writing.redeem_offer(&offer.order).await? {
            return Err(already_redeemed());
        }
        writing.touch_order(&offer.order).await?;
        let after = writing.offer_by_code(&request.code).await?;
        let after = after.ok_or(ActError::NotFound)?;
        once.keep(&mut writing, &after);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(Outcome::Done(after))
    })
    .await
}

/// Whether an offer can be redeemed by who asks.
fn judge(
    offer: Option<&Offer>,
    app: &App,
    store: &StoreId,
    request: &RedeemOffer,
) -> Result<(), ActError> {
    let offer = offer.ok_or(ActError::NotFound)?;
    let is_other_order = request
        .order
        .as_ref()
        .is_some_and(|order| *order != offer.order);
    let shopper = request.shopper.as_deref();
    let is_other_shopper = shopper.is_some_and(|name| {
        ![shopper_hash(store, name), address_hash(store, name)].contains(&offer.shopper)
    });
    if is_other_order || is_other_shopper {
        let detail = "the code was given to another shopper or for another order, and is good for these alone";
        return Err(ActError::conflict("offer_not_transferable", detail));
    }
    match offer.state {
        OfferState::Issued => {}
        OfferState::Redeemed | OfferState::TakenBack => return Err(already_redeemed()),
        OfferState::Revoked => {
            let detail = "the order that the code was given for was cancelled";
            return Err(ActError::conflict("offer_revoked", detail));
        }
    }
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let today = shop.settings().location.calendar.today(app.clock.now());
    if offer.expires_on < today {
        let detail = format!("the code was good until {}", offer.expires_on);
        return Err(ActError::conflict("offer_expired", detail));
    }
    Ok(())
}

async fn refuse_absent_gift(
    writing: &mut Writing,
    settings: &Settings,
    offer: &Offer,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let Gives::Gift(sku) = &offer.gives else {
        return Ok(());
    };
    let asked = std::slice::from_ref(sku);
    let there = those_there(writing, settings, asked, now).await?;
    match there.contains(sku) {
        true => Ok(()),
        false => {
            let detail = format!(
                "none of `{sku}` is there now; the code stays good: try again when there is"
            );
            Err(ActError::conflict("gift_unavailable", detail))
        }
    }
}

fn already_redeemed() -> ActError {
    let detail = "the code was redeemed before, and is good once";
    ActError::conflict("offer_already_redeemed", detail)
}
