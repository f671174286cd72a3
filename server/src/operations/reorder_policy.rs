//! Says how a store orders at its suppliers, and what those accept.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{Sku, StoreId, SupplierId};
use shared::money::Money;

use super::ActError;
use super::records::{ReorderPolicy, ReorderTerms};
use super::reserve::as_kept;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::limits::REORDER_SUPPLIERS_MAX;
use crate::store::writing::Note;

/// How a store orders.
///
/// # Errors
///
/// As the database fails.
pub async fn reorder_policy(app: &App, store: &StoreId) -> Result<ReorderPolicy, ActError> {
    Ok(app.store.reorder_policy(store).await?)
}

/// When drafts are made by themselves next, by supplier.
///
/// # Errors
///
/// As the database fails.
pub async fn next_firings(
    app: &App,
    store: &StoreId,
    policy: &ReorderPolicy,
) -> Result<HashMap<SupplierId, (NaiveDate, DateTime<Utc>)>, ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let settings = shop.settings();
    let suppliers = app.store.suppliers(store).await?;
    let next = policy.suppliers.iter().filter_map(|one| {
        let schedule = one.schedule.filter(|schedule| schedule.is_on)?;
        let record = suppliers.iter().find(|record| record.id == one.supplier)?;
        let calendar = &settings.location.calendar;
        let next = schedule
            .schedule()
            .next_after(calendar, &record.days(), app.clock.now());
        Some((one.supplier.clone(), next?))
    });
    Ok(next.collect())
}

/// Replaces how a store orders. A schedule that was off counts from now on.
///
/// # Errors
///
/// [`ActError::Field`] for suppliers that the store does not have, or that are named twice, and for money in another currency than the
/// store's.
pub async fn put_reorder_policy(
    app: &App,
    store: &StoreId,
    policy: ReorderPolicy,
) -> Result<ReorderPolicy, ActError> {
    let with = (app.clone(), store.clone(), policy);
    detached(with, |(app, store, mut policy)| async move {
        let now = as_kept(app.clock.now());
        let note = Note {
            act: "put_reorder_policy",
            subject: None,
            reason: None,
        };
        let mut writing = app.store.begin(&store, note, now).await?;
        let record = writing.store_record().await?.ok_or(ActError::NotFound)?;
        let before = writing.reorder_policy().await?;
        if REORDER_SUPPLIERS_MAX < policy.suppliers.len() {
            let detail = format!("at most {REORDER_SUPPLIERS_MAX} suppliers are kept");
            return Err(ActError::field("/suppliers", "too_many_items", detail));
        }
        let known = writing.suppliers().await?;
        let mut named = HashSet::new();
        for (at, one) in policy.suppliers.iter_mut().enumerate() {
            let pointer = format!("/suppliers/{at}");
            if !known.iter().any(|record| record.id == one.supplier) {
                let pointer = format!("{pointer}/supplier");
                return Err(ActError::unknown_supplier(pointer, &one.supplier));
            }
            if !named.insert(one.supplier.clone()) {
                let detail = format!("`{}` is named twice", one.supplier);
                let pointer = format!("{pointer}/supplier");
                return Err(ActError::field(pointer, "duplicate_supplier", detail));
            }
            let limit = one.by_itself.map(|limits| limits.approves_up_to);
            for (field, money) in [
                ("minimum", one.minimum),
                ("budget", one.budget),
                ("by_itself/approves_up_to", limit),
            ] {
                let pointer = format!("{pointer}/{field}");
                refuse_other_currency(pointer, money, record.currency)?;
            }
            let was = before.at(&one.supplier).and_then(|one| one.schedule);
            if let Some(schedule) = &mut one.schedule {
                schedule.since = was
                    .filter(|was| was.is_on && schedule.is_on)
                    .map_or(now, |was| was.since);
            }
        }
        policy
            .suppliers
            .sort_by(|one, next| one.supplier.cmp(&next.supplier));
        policy.revision = writing.revision();
        writing.put_reorder_policy(&policy).await?;
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(policy)
    })
    .await
}

/// How SKUs after one are ordered: those of which somebody said something.
///
/// # Errors
///
/// As the database fails.
pub async fn reorder_terms(
    app: &App,
    store: &StoreId,
    after: Option<&Sku>,
    limit: u32,
) -> Result<Vec<ReorderTerms>, ActError> {
    Ok(app.store.page_of_reorder_terms(store, after, limit).await?)
}

/// Says how some SKUs are ordered, each in the place of what was said of it before.
///
/// # Errors
///
/// [`ActError::Field`] for SKUs that the store does not have, or that are named twice, and for money in another currency than the store's.
pub async fn put_reorder_terms(
    app: &App,
    store: &StoreId,
    terms: Vec<ReorderTerms>,
) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), terms);
    detached(with, |(app, store, terms)| async move {
        let note = Note {
            act: "put_reorder_terms",
            subject: None,
            reason: None,
        };
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        let record = writing.store_record().await?.ok_or(ActError::NotFound)?;
        let mut named = HashSet::new();
        for (at, one) in terms.iter().enumerate() {
            let pointer = format!("/items/{at}");
            if !named.insert(&one.sku) {
                let detail = format!("`{}` is named twice", one.sku);
                let pointer = format!("{pointer}/sku");
                return Err(ActError::field(pointer, "duplicate_sku", detail));
            }
            let pointer = format!("{pointer}/unit_cost");
            refuse_other_currency(pointer, one.unit_cost, record.currency)?;
        }
        let skus: Vec<Sku> = terms.iter().map(|one| one.sku.clone()).collect();
        if let Some(unknown) = writing.unknown_skus(&skus).await?.first() {
            let at = skus.iter().position(|sku| sku == unknown).unwrap_or(0);
            return Err(ActError::unknown_sku(format!("/items/{at}/sku"), unknown));
        }
        writing.put_reorder_terms(&terms).await?;
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(skus), revision).await;
        Ok(())
    })
    .await
}

fn refuse_other_currency(
    pointer: String,
    money: Option<Money>,
    currency: shared::money::Currency,
) -> Result<(), ActError> {
    if money.is_none_or(|money| money.currency == currency) {
        return Ok(());
    }
    let detail = format!("must be in {currency}, the currency of the store");
    let pointer = format!("{pointer}/currency");
    Err(ActError::field(pointer, "invalid_amount", detail))
}
