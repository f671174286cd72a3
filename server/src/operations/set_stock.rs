//! Sets what is on hand, provided it is what the caller thinks it is.

use shared::ids::{LocationId, Sku, StoreId};
use shared::quantity::Quantity;

use super::ActError;
use super::records::Level;
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::writing::Note;

/// A count, and what it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetStock {
    /// Of what.
    pub sku: Sku,
    /// Where.
    pub location: LocationId,
    /// Units on hand from now on.
    pub quantity: Quantity,
    /// Units on hand until now, as far as the caller knows; `None`: whatever they are.
    pub if_quantity: Option<Quantity>,
    /// Units of open orders that only the shop knows; `None`: as before.
    pub committed: Option<Quantity>,
    /// Units withheld from sale; `None`: as before.
    pub safety_stock: Option<Quantity>,
}

/// Sets what is on hand.
///
/// # Errors
///
/// [`ActError::VersionConflict`] if it is not what the caller thinks: of two that set the same count
/// at once, one wins. [`ActError::NotFound`] for a SKU or location that the store does not have.
pub async fn set_stock(app: &App, store: &StoreId, set: SetStock) -> Result<Level, ActError> {
    let with = (app.clone(), store.clone(), set);
    detached(with, |(app, store, set)| async move {
        let note = Note::new("set_stock", format!("{} at {}", set.sku, set.location));
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let skus = [set.sku.clone()];
        if !writing.unknown_skus(&skus).await?.is_empty()
            || !writing.has_location(&set.location).await?
        {
            return Err(ActError::NotFound);
        }
        let levels = writing.levels(&skus).await?;
        let before = levels
            .into_iter()
            .find(|level| level.location == set.location)
            .unwrap_or_else(|| Level::empty(set.sku.clone(), set.location.clone()));
        if set
            .if_quantity
            .is_some_and(|expected| expected != before.on_hand)
        {
            let current = before.on_hand.units();
            return Err(ActError::VersionConflict { current });
        }
        let after = Level {
            on_hand: set.quantity,
            committed: set.committed.unwrap_or(before.committed),
            safety_stock: set.safety_stock.unwrap_or(before.safety_stock),
            revision: writing.revision(),
            ..before.clone()
        };
        writing
            .move_levels(std::slice::from_ref(&before), std::slice::from_ref(&after))
            .await?;
        let changed = settle(
            &mut writing,
            &shop.settings(),
            Some(&skus),
            Cause::StockCounted,
            now,
        )
        .await?;
        let revision = writing.commit().await?;
        let touched = skus.into_iter().chain(changed).collect();
        publish(&app, &store, Touched::Skus(touched), revision).await;
        Ok(after)
    })
    .await
}
