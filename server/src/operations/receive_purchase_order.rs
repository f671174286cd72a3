//! Records that goods came: what was on its way is on hand.

use std::collections::BTreeSet;

use shared::ids::{PurchaseOrderId, Sku, StoreId};
use shared::quantity::{QUANTITY_MAX, Quantity};

use super::ActError;
use super::change_purchase_order::{is_awaited, reason_after};
use super::learn::learn_from_order;
use super::once::{Once, Outcome};
use super::records::{Level, PurchaseOrder, PurchaseOrderStatus, Receipt};
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::Writing;
use crate::store::writing::Note;

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivePurchaseOrder {
    /// The delivery; its day is today where `None`.
    pub receipt: String,
    /// The day on which it came; `None`: today.
    pub received_on: Option<chrono::NaiveDate>,
    /// SKUs and units.
    pub lines: Vec<(Sku, Quantity)>,
    /// True: take more than was ordered.
    pub allow_over_receipt: bool,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// False: this receipt had been recorded before, and nothing changed.
    pub recorded: bool,
    /// The purchase order after it.
    pub order: PurchaseOrder,
}

/// Records that goods came. A receipt that was recorded before changes nothing.
///
/// # Errors
///
/// [`ActError::NotFound`], [`ActError::Conflict`] for one that is cancelled and for a receipt that was recorded with
/// other lines, [`ActError::Field`] for lines that it does not have, and for more than was ordered unless that is allowed.
pub async fn receive_purchase_order(
    app: &App,
    store: &StoreId,
    id: PurchaseOrderId,
    request: ReceivePurchaseOrder,
    once: Once<Received>,
) -> Result<Outcome<Received>, ActError> {
    let with = (app.clone(), store.clone(), id, request, once);
    detached(with, |(app, store, id, request, once)| async move {
        let note = Note::new(
            "receive_purchase_order",
            format!("{id} by {}", request.receipt),
        );
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let before = writing
            .purchase_order(&id)
            .await?
            .ok_or(ActError::NotFound)?;
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let today = shop.settings().location.calendar.today(now);
        let lines = summed(&request.lines);
        let receipt = Receipt {
            id: request.receipt.clone(),
            received_on: request.received_on.unwrap_or(today),
            lines,
        };
        if today < receipt.received_on {
            let detail = format!("{} is still to come", receipt.received_on);
            return Err(ActError::field("/received_on", "date_out_of_range", detail));
        }
        // First of all: a repeated receipt must not be measured against what it has changed.
        if !writing.add_receipt(&id, &receipt).await? {
            refuse_other_lines(&mut writing, &id, &receipt).await?;
            let received = Received {
                recorded: false,
                order: before,
            };
            once.keep(&mut writing, &received);
            let revision = writing.commit().await?;
            publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
            return Ok(Outcome::Done(received));
        }
        let after = PurchaseOrder {
            revision: writing.revision(),
            ..received(&before, &request)?
        };
        put_on_shelf(&mut writing, &before, &receipt).await?;
        writing.change_purchase_order(&before, &after).await?;
        let moved = learn_from_order(&mut writing, &after).await?;
        let skus = after.lines.iter().map(|line| line.sku.clone());
        let mut skus: BTreeSet<Sku> = skus.chain(moved).collect();
        let concerned: Vec<Sku> = skus.iter().cloned().collect();
        let changed = settle(
            &mut writing,
            &shop.settings(),
            Some(&concerned),
            Cause::GoodsReceived,
            now,
        )
        .await?;
        skus.extend(changed);
        // With the days for which its lines are planned now.
        let after = writing.purchase_order(&id).await?.unwrap_or(after);
        let received = Received {
            recorded: true,
            order: after,
        };
        once.keep(&mut writing, &received);
        let revision = writing.commit().await?;
        let touched = Touched::Skus(skus.into_iter().collect());
        publish(&app, &store, touched, revision).await;
        Ok(Outcome::Done(received))
    })
    .await
}

fn received(
    before: &PurchaseOrder,
    request: &ReceivePurchaseOrder,
) -> Result<PurchaseOrder, ActError> {
    if before.status == PurchaseOrderStatus::Cancelled {
        let detail = format!(
            "`{}` is cancelled; book what came all the same with POST /v1/stock/adjustments",
            before.id
        );
        return Err(ActError::conflict("purchase_order_closed", detail));
    }
    let mut after = before.clone();
    for (at, (sku, quantity)) in request.lines.iter().enumerate() {
        let Some(line) = after.lines.iter_mut().find(|line| line.sku == *sku) else {
            let detail = format!("`{}` has no line for `{sku}`", before.id);
            return Err(ActError::field(
                format!("/lines/{at}/sku"),
                "unknown_sku",
                detail,
            ));
        };
        let sum = line.received.plus(*quantity);
        if line.quantity < sum && !request.allow_over_receipt {
            let detail = format!(
                "{} of `{sku}` were ordered and {} have come, so {quantity} more are too many; count again, or send allow_over_receipt",
                line.quantity, line.received
            );
            return Err(ActError::field(
                format!("/lines/{at}/quantity"),
                "over_receipt",
                detail,
            ));
        }
        if QUANTITY_MAX < sum.units() {
            let detail = format!("at most {QUANTITY_MAX} can come of a line");
            let pointer = format!("/lines/{at}/quantity");
            return Err(ActError::field(pointer, "quantity_too_large", detail));
        }
        line.received = sum;
    }
    if !after.lines.iter().any(is_awaited) {
        after.status = PurchaseOrderStatus::Received;
    }
    after.wait_reason = reason_after(before, &after);
    Ok(after)
}

async fn put_on_shelf(
    writing: &mut Writing,
    order: &PurchaseOrder,
    receipt: &Receipt,
) -> Result<(), ActError> {
    let skus: Vec<Sku> = receipt.lines.iter().map(|(sku, _)| sku.clone()).collect();
    let known = writing.levels(&skus).await?;
    let revision = writing.revision();
    let mut before = Vec::with_capacity(skus.len());
    let mut after = Vec::with_capacity(skus.len());
    for (at, (sku, quantity)) in receipt.lines.iter().enumerate() {
        let level = known
            .iter()
            .find(|level| level.sku == *sku && level.location == order.location)
            .cloned()
            .unwrap_or_else(|| Level::empty(sku.clone(), order.location.clone()));
        let on_hand = level.on_hand.plus(*quantity);
        if QUANTITY_MAX < on_hand.units() {
            let detail = format!("makes {on_hand} on hand, at most {QUANTITY_MAX} can be");
            let pointer = format!("/lines/{at}/quantity");
            return Err(ActError::field(pointer, "quantity_too_large", detail));
        }
        after.push(Level {
            on_hand,
            revision,
            ..level.clone()
        });
        before.push(level);
    }
    Ok(writing.move_levels(&before, &after).await?)
}

/// Refuses a number that stands for another receipt: what came by this one would be lost.
async fn refuse_other_lines(
    writing: &mut Writing,
    id: &PurchaseOrderId,
    receipt: &Receipt,
) -> Result<(), ActError> {
    let mut lines = receipt.lines.clone();
    lines.sort_unstable();
    if writing.receipt_lines(id, &receipt.id).await? == lines {
        return Ok(());
    }
    let detail = format!(
        "the receipt `{}` was recorded with other lines; send what came besides under another receipt, and correct a count with PUT /v1/stock",
        receipt.id
    );
    Err(ActError::conflict("receipt_differs", detail))
}

fn summed(lines: &[(Sku, Quantity)]) -> Vec<(Sku, Quantity)> {
    shared::shipment::summed(lines.iter().cloned())
}
