//! Says whom a change of a purchase order would move, before anybody is told.

use std::collections::BTreeMap;

use shared::ids::{OrderId, PurchaseOrderId, Sku, StoreId};
use shared::quantity::Quantity;
use shared::supply::Due;

use super::ActError;
use super::change_purchase_order::{ChangePurchaseOrder, write};
use super::records::{PurchaseOrder, WaitingPart};
use super::running::detached;
use crate::app::App;
use crate::store::writing::Note;

/// What a change would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The purchase order after it.
    pub after: PurchaseOrder,
    /// Lines of orders of which the last unit would leave on another day, by order and line.
    pub moved: Vec<Moved>,
}

/// A line of an order of which the last unit would leave on another day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The order.
    pub order: OrderId,
    /// The line, from 0.
    pub line: u32,
    /// The SKU.
    pub sku: Sku,
    /// Units that wait.
    pub quantity: Quantity,
    /// The day that was told first.
    pub first: Due,
    /// The day that was told last.
    pub now: Due,
    /// The day that would be told.
    pub then: Due,
}

/// What waits of a line of an order.
struct Waits {
    sku: Sku,
    quantity: Quantity,
    first: Due,
    due: Due,
}

/// Does the change, looks at everybody who waits, and undoes it: so it says exactly what the change itself would do.
///
/// # Errors
///
/// Those of the change itself.
pub async fn preview_purchase_order(
    app: &App,
    store: &StoreId,
    id: PurchaseOrderId,
    request: ChangePurchaseOrder,
) -> Result<Preview, ActError> {
    let with = (app.clone(), store.clone(), id, request);
    detached(with, |(app, store, id, request)| async move {
        let now = app.clock.now();
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let note = Note::new("preview_purchase_order", id.as_str());
        let mut writing = app.store.begin(&store, note, now).await?;
        let before = by_line(writing.waiting().await?);
        let written = write(&mut writing, &shop.settings(), &id, &request, now).await;
        let after = writing.waiting().await;
        writing.undo().await?;
        let (purchase_order, _) = written?;
        let after = by_line(after?);
        let moved = after.into_iter().filter_map(|((order, line), then)| {
            let before = before.get(&(order.clone(), line))?;
            (before.due != then.due).then_some(Moved {
                order,
                line,
                sku: then.sku,
                quantity: then.quantity,
                first: then.first,
                now: before.due,
                then: then.due,
            })
        });
        Ok(Preview {
            moved: moved.collect(),
            after: purchase_order,
        })
    })
    .await
}

fn by_line(waiting: Vec<WaitingPart>) -> BTreeMap<(OrderId, u32), Waits> {
    let mut lines: BTreeMap<(OrderId, u32), Waits> = BTreeMap::new();
    for part in waiting {
        let line = lines
            .entry((part.order.clone(), part.line))
            .or_insert_with(|| Waits {
                sku: part.sku.clone(),
                quantity: Quantity::ZERO,
                first: part.first_due,
                due: part.due,
            });
        line.quantity = line.quantity.plus(part.quantity);
        line.first = later(line.first, part.first_due);
        line.due = later(line.due, part.due);
    }
    lines
}

/// The later of two; no day at all is later than any.
fn later(one: Due, other: Due) -> Due {
    match (one.day(), other.day()) {
        (Some(first), Some(second)) if first < second => other,
        (Some(_), None) => other,
        _ => one,
    }
}
