//! The merchant's own payment system says what became of the charge for a parcel.

use shared::ids::{ShipmentId, StoreId};

use super::ActError;
use super::charging::{Charged, write_charged};
use super::once::{Once, Outcome};
use super::parcels::parcels;
use super::records::{ProviderKind, Standing, order_of};
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::store::writing::Note;

/// Says what became of the charge for a parcel, where the merchant's own system takes the money.
///
/// # Errors
///
/// [`ActError::NotFound`] for a parcel that is not charged so; [`ActError::Conflict`] for the money of one that has not left.
pub async fn say_charged(
    app: &App,
    store: &StoreId,
    shipment: ShipmentId,
    charged: Charged,
    once: Once<Standing>,
) -> Result<Outcome<Standing>, ActError> {
    let with = (app.clone(), store.clone(), shipment, charged, once);
    detached(with, |(app, store, shipment, charged, once)| async move {
        let now = app.clock.now();
        let note = Note::new("charge_said", shipment.as_str());
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let order = order_of(&shipment).ok_or(ActError::NotFound)?;
        let standing = writing.order(&order).await?.ok_or(ActError::NotFound)?;
        let account = standing.account.as_ref().ok_or(ActError::NotFound)?;
        if account.payment.provider != ProviderKind::External {
            return Err(ActError::NotFound);
        }
        let waits = parcels(&standing.waiting).into_iter();
        let has_left = match account.charge(&shipment) {
            Some(charge) => charge.amount.is_some(),
            None => !waits.into_iter().any(|parcel| parcel.id == shipment),
        };
        if !has_left && matches!(charged, Charged::Captured { .. }) {
            let detail = format!(
                "`{shipment}` is still here: hand it over at first, POST /v1/shipments/{shipment}/ship"
            );
            return Err(ActError::conflict("not_shipped", detail));
        }
        write_charged(&mut writing, &standing, &shipment, &charged, now).await?;
        let after = writing.order(&order).await?.ok_or(ActError::NotFound)?;
        once.keep(&mut writing, &after);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(Outcome::Done(after))
    })
    .await
}
