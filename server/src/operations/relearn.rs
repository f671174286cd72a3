//! Learns once a day what the last deliveries of all suppliers, and the dates told, say of each.

use shared::ids::{StoreId, SupplierId};

use super::ActError;
use super::learn::learn_of;
use super::running::{Touched, again, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::writing::Note;

/// Learns anew of each supplier of a store, one after the other, so that no other change waits for long. A supplier
/// of which nothing else is known leaves no trace.
///
/// # Errors
///
/// As the database fails.
pub async fn relearn(app: &App, store: &StoreId) -> Result<(), ActError> {
    for supplier in app.store.suppliers(store).await? {
        again(|| relearn_of(app, store, &supplier.id)).await?;
    }
    Ok(())
}

async fn relearn_of(app: &App, store: &StoreId, supplier: &SupplierId) -> Result<(), ActError> {
    let now = app.clock.now();
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let note = Note::new("relearn", supplier.as_str());
    let mut writing = app.store.begin(store, note, now).await?;
    let Some(mut touched) = learn_of(&mut writing, supplier).await? else {
        return Ok(writing.undo().await?);
    };
    let settings = shop.settings();
    let cause = Cause::SupplierChanged;
    touched.extend(settle(&mut writing, &settings, Some(&touched), cause, now).await?);
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(touched), revision).await;
    Ok(())
}
