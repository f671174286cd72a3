//! Lets go of goods that were held.

use shared::ids::{ReservationId, StoreId};

use super::ActError;
use super::records::Ending;
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::writing::Note;

/// Lets go of a reservation, once: one that has ended already stays as it is.
///
/// # Errors
///
/// [`ActError::NotFound`] if there never was such a reservation.
pub async fn release(app: &App, store: &StoreId, id: ReservationId) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), id);
    detached(with, |(app, store, id)| async move {
        let now = app.clock.now();
        let note = Note::new("release", id.as_str());
        let mut writing = app.store.begin(&store, note, now).await?;
        let found = writing.reservation(&id).await?.ok_or(ActError::NotFound)?;
        if found.expires_at.is_none() {
            let detail =
                format!("`{id}` was ordered: cancel the order, POST /v1/orders/{id}/cancel");
            return Err(ActError::conflict("reservation_ordered", detail));
        }
        if found.ended.is_some() {
            return Ok(writing.undo().await?);
        }
        let ending = match found.is_over(now) {
            true => Ending::Expired,
            false => Ending::Released,
        };
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let mut skus = writing.end_reservation(&id, ending).await?;
        let changed = settle(
            &mut writing,
            &shop.settings(),
            Some(&skus),
            Cause::ReservationEnded,
            now,
        )
        .await?;
        skus.extend(changed);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(skus), revision).await;
        Ok(())
    })
    .await
}
