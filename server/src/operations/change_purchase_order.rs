//! Changes what is expected of a purchase order: dates, quantities, or that nothing comes.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{PurchaseOrderId, Sku, StoreId};
use shared::quantity::Quantity;
use shared::reason::Stated;

use super::ActError;
use super::create_purchase_order::{refuse_odd_date, refuse_odd_shipping};
use super::learn::learn_from_order;
use super::records::{PurchaseOrder, PurchaseOrderLine, PurchaseOrderStatus};
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::catalogue::Settings;
use crate::store::Writing;
use crate::store::writing::Note;

/// What changes. `None` leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePurchaseOrder {
    /// The day on which all that is still to come is expected; `Some(None)`: not known any more.
    pub expected_on: Option<Option<NaiveDate>>,
    /// How it is shipped; `Some(None)`: not known any more.
    pub mode: Option<Option<String>>,
    /// The day on which the goods left, as the supplier says; `Some(None)`: they have not after all.
    pub shipped_on: Option<Option<NaiveDate>>,
    /// True: nothing more will come.
    pub cancel: bool,
    /// Lines that differ from the rest.
    pub lines: Vec<ChangedLine>,
    /// Why one waits for it, as shoppers read it; `Some(None)`: nothing is said any more.
    pub wait_reason: Option<Option<Stated>>,
    /// Why it is changed, in the merchant's words: for the log.
    pub reason: Option<String>,
}

/// What changes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLine {
    /// Which.
    pub sku: Sku,
    /// Units ordered, not fewer than have come; zero: none after all.
    pub quantity: Option<Quantity>,
    /// The day on which it is expected; `Some(None)`: not known any more.
    pub expected_on: Option<Option<NaiveDate>>,
}

/// Changes what is expected of a purchase order. Each date that moves is recorded.
///
/// # Errors
///
/// [`ActError::NotFound`], [`ActError::Conflict`] for one that is closed, [`ActError::Field`] for
/// lines that it does not have, dates out of range and quantities below what has come.
pub async fn change_purchase_order(
    app: &App,
    store: &StoreId,
    id: PurchaseOrderId,
    request: ChangePurchaseOrder,
) -> Result<PurchaseOrder, ActError> {
    let with = (app.clone(), store.clone(), id, request);
    detached(with, |(app, store, id, request)| async move {
        let note = Note {
            act: "change_purchase_order",
            subject: Some(id.to_string()),
            reason: request.reason.clone(),
        };
        let now = app.clock.now();
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let mut writing = app.store.begin(&store, note, now).await?;
        let (after, skus) = write(&mut writing, &shop.settings(), &id, &request, now).await?;
        let revision = writing.commit().await?;
        let touched = Touched::Skus(skus.into_iter().collect());
        publish(&app, &store, touched, revision).await;
        Ok(after)
    })
    .await
}

/// Writes the change down, and every date that moves by it. Returns the purchase order after it, and the SKUs that it concerns.
pub(super) async fn write(
    writing: &mut Writing,
    settings: &Settings,
    id: &PurchaseOrderId,
    request: &ChangePurchaseOrder,
    now: DateTime<Utc>,
) -> Result<(PurchaseOrder, BTreeSet<Sku>), ActError> {
    let before = writing
        .purchase_order(id)
        .await?
        .ok_or(ActError::NotFound)?;
    let today = settings.location.calendar.today(now);
    let after = PurchaseOrder {
        revision: writing.revision(),
        ..changed(&before, request, today)?
    };
    writing.change_purchase_order(&before, &after).await?;
    let moved = learn_from_order(writing, &after).await?;
    let skus = after.lines.iter().map(|line| line.sku.clone());
    let mut skus: BTreeSet<Sku> = skus.chain(moved).collect();
    let concerned: Vec<Sku> = skus.iter().cloned().collect();
    let cause = Cause::PurchaseOrderChanged;
    skus.extend(settle(writing, settings, Some(&concerned), cause, now).await?);
    // With the days for which its lines are planned now.
    let after = writing.purchase_order(id).await?.unwrap_or(after);
    Ok((after, skus))
}

fn changed(
    before: &PurchaseOrder,
    request: &ChangePurchaseOrder,
    today: NaiveDate,
) -> Result<PurchaseOrder, ActError> {
    if before.status != PurchaseOrderStatus::Open {
        let detail = format!(
            "`{}` is {}; create another purchase order for what is to come",
            before.id,
            before.status.name()
        );
        return Err(ActError::conflict("purchase_order_closed", detail));
    }
    let mut after = before.clone();
    if let Some(expected_on) = request.expected_on {
        if let Some(day) = expected_on {
            refuse_odd_date("/expected_on", day, before.ordered_on, today)?;
        }
        for line in after.lines.iter_mut().filter(|line| is_awaited(line)) {
            line.expected_on = expected_on;
        }
    }
    for (at, change) in request.lines.iter().enumerate() {
        let Some(line) = after.lines.iter_mut().find(|line| line.sku == change.sku) else {
            let detail = format!("`{}` has no line for `{}`", before.id, change.sku);
            return Err(ActError::field(
                format!("/lines/{at}/sku"),
                "unknown_sku",
                detail,
            ));
        };
        if let Some(quantity) = change.quantity {
            if quantity < line.received {
                let detail = format!("{} have come already, so it cannot be fewer", line.received);
                let pointer = format!("/lines/{at}/quantity");
                return Err(ActError::field(pointer, "quantity_below_received", detail));
            }
            line.quantity = quantity;
        }
        if let Some(expected_on) = change.expected_on {
            if let Some(day) = expected_on {
                let pointer = format!("/lines/{at}/expected_on");
                refuse_odd_date(pointer, day, before.ordered_on, today)?;
            }
            line.expected_on = expected_on;
        }
    }
    if let Some(mode) = &request.mode {
        after.mode.clone_from(mode);
    }
    if let Some(shipped_on) = request.shipped_on {
        if let Some(day) = shipped_on {
            refuse_odd_shipping(day, today)?;
        }
        after.shipped_on = shipped_on;
    }
    let anything_came = after.lines.iter().any(|line| !line.received.is_zero());
    after.status = match (request.cancel, after.lines.iter().any(is_awaited)) {
        (false, true) => PurchaseOrderStatus::Open,
        (false, false) if anything_came => PurchaseOrderStatus::Received,
        _ => PurchaseOrderStatus::Cancelled,
    };
    after.wait_reason = match (&request.wait_reason, after.status) {
        (Some(stated), PurchaseOrderStatus::Open) => stated.clone(),
        _ => reason_after(before, &after),
    };
    Ok(after)
}

/// What is still said of why one waits for a purchase order: it goes with the last date that it spoke of.
pub(super) fn reason_after(before: &PurchaseOrder, after: &PurchaseOrder) -> Option<Stated> {
    let has_date = |order: &PurchaseOrder| {
        let mut awaited = order.lines.iter().filter(|line| is_awaited(line));
        awaited.any(|line| line.expected_on.is_some())
    };
    let is_over = after.status != PurchaseOrderStatus::Open;
    let lost_its_date = has_date(before) && !has_date(after);
    (!is_over && !lost_its_date)
        .then(|| before.wait_reason.clone())
        .flatten()
}

pub(super) fn is_awaited(line: &PurchaseOrderLine) -> bool {
    line.received < line.quantity
}
