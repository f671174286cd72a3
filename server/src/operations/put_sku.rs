//! Makes a SKU or replaces how it may be sold.

use shared::ids::StoreId;
use shared::kit::{Goods, KitError};

use super::ActError;
use super::records::SkuRecord;
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::Writing;
use crate::store::writing::Note;

/// Makes a SKU or replaces how it may be sold. Its stock stays as it is; what is promised of it gets another date
/// where its release or its supplier makes that necessary.
///
/// # Errors
///
/// [`ActError::Field`] for a supplier or a component that the store does not have.
pub async fn put_sku(app: &App, store: &StoreId, record: SkuRecord) -> Result<SkuRecord, ActError> {
    let with = (app.clone(), store.clone(), record);
    detached(with, |(app, store, record)| async move {
        let note = Note::new("put_sku", record.sku.as_str());
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(supplier) = &record.supplier
            && !writing.has_supplier(supplier).await?
        {
            return Err(ActError::unknown_supplier("/supplier", supplier));
        }
        refuse_unsound_kit(&record)?;
        let parts: Vec<_> = record.kit.iter().map(|part| part.sku.clone()).collect();
        if let Some(unknown) = writing.unknown_skus(&parts).await?.first() {
            let at = parts.iter().position(|part| part == unknown).unwrap_or(0);
            return Err(ActError::unknown_sku(format!("/kit/{at}/sku"), unknown));
        }
        refuse_change_of_promised_kit(&mut writing, &record).await?;
        writing.put_sku(&record).await?;
        refuse_endless_kit(&mut writing, &record).await?;
        let mut skus = vec![record.sku.clone()];
        if let Some(shop) = app.catalogue.shop(&store) {
            let settings = shop.settings();
            skus.extend(
                settle(&mut writing, &settings, Some(&skus), Cause::SkuChanged, now).await?,
            );
        }
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(skus), revision).await;
        Ok(SkuRecord { revision, ..record })
    })
    .await
}

/// Refuses to make a kit of something else while it stands promised: what it takes would not be what
/// is held.
async fn refuse_change_of_promised_kit(
    writing: &mut Writing,
    record: &SkuRecord,
) -> Result<(), ActError> {
    let own = std::slice::from_ref(&record.sku);
    if writing.claimed_among(Some(own)).await?.is_empty() {
        return Ok(());
    }
    let facts = writing.facts(own).await?;
    let before = facts.get(&record.sku).map_or(&[][..], |facts| &facts.kit);
    let parts = record
        .kit
        .iter()
        .map(|part| (part.sku.clone(), part.quantity));
    if before.iter().cloned().eq(parts) {
        return Ok(());
    }
    let detail = format!(
        "`{}` is promised to somebody as it is; release the reservations or let them end, then change what it is made of",
        record.sku
    );
    Err(ActError::conflict("kit_is_promised", detail))
}

/// Refuses a kit that stands in itself by way of others, or is made of too much.
async fn refuse_endless_kit(writing: &mut Writing, record: &SkuRecord) -> Result<(), ActError> {
    if record.kit.is_empty() {
        return Ok(());
    }
    let facts = writing.facts(std::slice::from_ref(&record.sku)).await?;
    let Some(kit) = facts.get(&record.sku) else {
        return Ok(());
    };
    let (code, error) = match Goods::new(kit, |sku| facts.get(sku)) {
        Ok(_) => return Ok(()),
        Err(error @ KitError::TooMany) => ("too_many_lines", error),
        Err(error) => ("kit_contains_itself", error),
    };
    let detail =
        format!("{error}; take a part out that leads back to this kit, or name fewer parts");
    Err(ActError::field("/kit", code, detail))
}

fn refuse_unsound_kit(record: &SkuRecord) -> Result<(), ActError> {
    for (at, part) in record.kit.iter().enumerate() {
        let pointer = || format!("/kit/{at}/sku");
        if part.sku == record.sku {
            let detail = "a kit cannot be a part of itself; leave this component out";
            return Err(ActError::field(pointer(), "kit_contains_itself", detail));
        }
        if record.kit[..at].iter().any(|before| before.sku == part.sku) {
            let detail = format!("`{}` is named twice; name it once with the sum", part.sku);
            return Err(ActError::field(pointer(), "duplicate_sku", detail));
        }
    }
    Ok(())
}
