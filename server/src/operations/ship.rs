//! Hands goods to a carrier: that, and nothing before it, is what "shipped" means (16 CFR 435.1(e)).

use std::collections::BTreeMap;

use shared::ids::{ShipmentId, Sku, StoreId};
use shared::quantity::Quantity;

use super::ActError;
use super::once::{Once, Outcome};
use super::parcels::{Parcel, parcels};
use super::payment::{charge_for, cost, take_steps, write_to};
use super::records::{ErrandKind, Level, PartEnd, Shipment, ShippedLine, Standing, order_of};
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::Writing;
use crate::store::writing::Note;

/// What is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ship {
    /// Which of the parcels that can leave.
    pub id: ShipmentId,
    /// Who carries it.
    pub carrier: Option<String>,
    /// Under which number.
    pub tracking_number: Option<String>,
}

/// Hands a parcel to a carrier: what is in it leaves the shelf and the order, and is charged from then on.
///
/// # Errors
///
/// [`ActError::NotFound`] for a shipment of no order; [`ActError::Conflict`] for one that has left, and for one that
/// cannot leave as it was listed, because something was cancelled, counted or came since, or that nobody pays for.
pub async fn ship(
    app: &App,
    store: &StoreId,
    request: Ship,
    once: Once<Shipment>,
) -> Result<Outcome<Shipment>, ActError> {
    let with = (app.clone(), store.clone(), request, once);
    detached(with, |(app, store, request, once)| async move {
        let note = Note::new("ship", request.id.as_str());
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let (before, parcel) = ready(&mut writing, &request.id).await?;
        let charge = match &before.account {
            Some(account) => Some(charge_for(
                account,
                &before.waiting,
                &parcel,
                cost(&before.order, &parcel),
                now,
            )?),
            None => None,
        };
        take_from_shelf(&mut writing, &parcel).await?;
        let mut skus: Vec<Sku> = Vec::new();
        let mut lines: Vec<ShippedLine> = Vec::new();
        for part in &parcel.parts {
            skus.extend(
                writing
                    .end_part(part, part.quantity, PartEnd::Shipped)
                    .await?,
            );
            match lines.last_mut() {
                Some(last) if last.line == part.line => {
                    last.quantity = last.quantity.plus(part.quantity);
                }
                _ => lines.push(ShippedLine {
                    line: part.line,
                    sku: part.sku.clone(),
                    quantity: part.quantity,
                }),
            }
        }
        let shipment = Shipment {
            id: parcel.id,
            order: parcel.order,
            location: parcel.location,
            carrier: request.carrier,
            tracking_number: request.tracking_number,
            shipped_at: now,
            lines,
            revision: writing.revision(),
        };
        writing.add_shipment(&shipment).await?;
        writing.touch_order(&shipment.order).await?;
        // Whoever was put before others takes what was promised to them: they are told now.
        if parcel.parts.iter().any(|part| part.priority > 0) {
            let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
            let settings = shop.settings();
            let overtaken = settle(&mut writing, &settings, Some(&skus), Cause::Overtaken, now);
            skus.extend(overtaken.await?);
        }
        let about = shipment.id.as_str();
        match charge {
            Some(charge) => {
                writing.put_charge(&charge).await?;
                let content = serde_json::json!({"shipment": about}).to_string();
                writing
                    .send(ErrandKind::Capture, about, Some(&shipment.order), &content)
                    .await?;
            }
            // Where money is taken, the letter says how much was.
            None => write_to(&mut writing, &before.order, "shipped", about).await?,
        }
        let after = writing
            .order(&shipment.order)
            .await?
            .ok_or(ActError::NotFound)?;
        take_steps(&mut writing, &after, now).await?;
        once.keep(&mut writing, &shipment);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(skus), revision).await;
        Ok(Outcome::Done(shipment))
    })
    .await
}

/// The parcel of this id, if it can leave.
async fn ready(writing: &mut Writing, id: &ShipmentId) -> Result<(Standing, Parcel), ActError> {
    let order = order_of(id).ok_or(ActError::NotFound)?;
    let standing = writing.order(&order).await?.ok_or(ActError::NotFound)?;
    if standing.shipments.iter().any(|shipment| shipment.id == *id) {
        let detail = format!("`{id}` has left already; GET /v1/shipments/{id} says when");
        return Err(ActError::conflict("already_shipped", detail));
    }
    let mut parcels = parcels(&standing.waiting).into_iter();
    let Some(parcel) = parcels.find(|parcel| parcel.id == *id) else {
        let detail = "what can leave of this order is not what it was: look at GET /v1/shipments?status=ready again";
        return Err(ActError::conflict("shipment_changed", detail));
    };
    Ok((standing, parcel))
}

async fn take_from_shelf(writing: &mut Writing, parcel: &Parcel) -> Result<(), ActError> {
    let leaves = |line, part| {
        let mut parts = parcel.parts.iter();
        parts.any(|leaving| (leaving.line, leaving.part) == (line, part))
    };
    let mut units = BTreeMap::<Sku, u32>::new();
    for taken in writing.taken_by(&parcel.order).await? {
        if leaves(taken.line, taken.part) {
            *units.entry(taken.sku).or_default() += taken.quantity.units();
        }
    }
    let skus: Vec<Sku> = units.keys().cloned().collect();
    let mut before = writing.levels(&skus).await?;
    before.retain(|level| level.location == parcel.location);
    let revision = writing.revision();
    let after: Result<Vec<Level>, ActError> = before
        .iter()
        .map(|level| {
            let taken = units.get(&level.sku).copied().unwrap_or(0);
            let left = level.on_hand.units().checked_sub(taken);
            let left = left.ok_or_else(|| {
                let detail = format!(
                    "there are not {taken} of `{}` at {}: look at GET /v1/shipments?status=ready again",
                    level.sku, level.location
                );
                ActError::conflict("shipment_changed", detail)
            })?;
            Ok(Level {
                on_hand: Quantity::new(left),
                revision,
                ..level.clone()
            })
        })
        .collect();
    writing.move_levels(&before, &after?).await?;
    Ok(())
}
