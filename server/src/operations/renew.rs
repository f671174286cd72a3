//! Holds goods for longer: what is held stays the same, and only its end moves.

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{ReservationId, StoreId};

use super::ActError;
use super::once::{Once, Outcome};
use super::records::{PromiseRow, Reservation};
use super::running::{Touched, begin_in_turn, detached, publish};
use crate::app::App;
use crate::store::writing::Note;

/// How often a hold may be renewed unless the shop says otherwise.
pub const HOLD_RENEWALS: u32 = 3;

/// Goods that are held for longer.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// What holds them.
    pub reservation: Reservation,
    /// Every date that was told for it.
    pub promises: Vec<PromiseRow>,
    /// When that was done.
    pub at: DateTime<Utc>,
}

/// Holds goods for `hold` from now on, if that is longer than before. Nothing is held twice by it, and nobody's dates move.
///
/// # Errors
///
/// [`ActError::NotFound`]; [`ActError::Conflict`] for a reservation that has ended or was ordered, and for one that was renewed
/// as often as the shop allows.
pub async fn renew(
    app: &App,
    store: &StoreId,
    id: ReservationId,
    hold: TimeDelta,
    once: Once<Renewed>,
) -> Result<Outcome<Renewed>, ActError> {
    let with = (app.clone(), store.clone(), id, once);
    detached(with, move |(app, store, id, once)| async move {
        let note = Note::new("renew", id.as_str());
        let (mut writing, now) = begin_in_turn(&app, &store, note).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let most = shop.settings().hold_renewals;
        let found = writing.reservation(&id).await?.ok_or(ActError::NotFound)?;
        let Some(end) = found.expires_at else {
            let detail = format!("`{id}` was ordered: it holds its goods until they leave");
            return Err(ActError::conflict("reservation_ordered", detail));
        };
        if found.ended.is_some() || found.is_over(now) {
            let detail = format!("`{id}` has ended; hold the goods anew, if they are still there");
            return Err(ActError::conflict("reservation_ended", detail));
        }
        if most <= found.renewals {
            let detail = format!(
                "`{id}` was renewed {} times, and the shop allows {most}: order before it ends",
                found.renewals
            );
            return Err(ActError::conflict("reservation_limit", detail));
        }
        let skus = writing.renew(&id, end.max(now + hold)).await?;
        let renewed = Renewed {
            reservation: writing.reservation(&id).await?.ok_or(ActError::NotFound)?,
            promises: writing.dates_of(&id).await?,
            at: now,
        };
        once.keep(&mut writing, &renewed);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(skus), revision).await;
        Ok(Outcome::Done(renewed))
    })
    .await
}
