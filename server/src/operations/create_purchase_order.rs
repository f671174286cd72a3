//! Records what was ordered at a supplier.

use chrono::NaiveDate;
use shared::ids::{LocationId, PurchaseOrderId, Sku, StoreId, SupplierId};
use shared::quantity::Quantity;
use shared::reason::Stated;

use super::ActError;
use super::once::{Once, Outcome};
use super::records::{PurchaseOrder, PurchaseOrderLine, PurchaseOrderStatus};
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::writing::Note;

/// Most lines of one purchase order.
pub const PURCHASE_ORDER_LINES_MAX: usize = 1_000;
/// How far from today the dates of a purchase order may lie, in days.
pub const DATES_AWAY_DAYS_MAX: i64 = 731;

/// What was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePurchaseOrder {
    /// The merchant's number for it; `None`: one is made.
    pub id: Option<PurchaseOrderId>,
    /// Who delivers.
    pub supplier: Option<SupplierId>,
    /// Where to; `None`: to the location that ships.
    pub location: Option<LocationId>,
    /// When it was placed; `None`: today.
    pub ordered_on: Option<NaiveDate>,
    /// How it is shipped ("Air"), where that is known.
    pub mode: Option<String>,
    /// The day on which the goods left, once the supplier has said so.
    pub shipped_on: Option<NaiveDate>,
    /// When it is expected, for lines that do not say otherwise.
    pub expected_on: Option<NaiveDate>,
    /// Why one waits for it, as shoppers read it.
    pub wait_reason: Option<Stated>,
    /// What.
    pub lines: Vec<Ordered>,
}

/// What was ordered of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// The SKU.
    pub sku: Sku,
    /// Units, at least one.
    pub quantity: Quantity,
    /// When it is expected; `None`: with the rest.
    pub expected_on: Option<NaiveDate>,
}

/// Records what was ordered at a supplier. What is expected on a date can be promised from now on.
///
/// # Errors
///
/// [`ActError::Conflict`] if there is a purchase order of this id, [`ActError::Field`] for dates out
/// of range and for what the store does not have.
pub async fn create_purchase_order(
    app: &App,
    store: &StoreId,
    request: CreatePurchaseOrder,
    once: Once<PurchaseOrder>,
) -> Result<Outcome<PurchaseOrder>, ActError> {
    let with = (app.clone(), store.clone(), request, once);
    detached(with, |(app, store, request, once)| async move {
        let note = Note {
            act: "create_purchase_order",
            subject: request.id.as_ref().map(ToString::to_string),
            reason: None,
        };
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let settings = shop.settings();
        let today = settings.location.calendar.today(now);
        let order = decided(request, &settings.location.id, today, writing.revision())?;

        if let Some(supplier) = &order.supplier
            && !writing.has_supplier(supplier).await?
        {
            return Err(ActError::unknown_supplier("/supplier", supplier));
        }
        if !writing.has_location(&order.location).await? {
            return Err(ActError::unknown_location("/location", &order.location));
        }
        let skus: Vec<Sku> = order.lines.iter().map(|line| line.sku.clone()).collect();
        if let Some(unknown) = writing.unknown_skus(&skus).await?.first() {
            let at = skus.iter().position(|sku| sku == unknown).unwrap_or(0);
            return Err(ActError::unknown_sku(format!("/lines/{at}/sku"), unknown));
        }
        if writing.purchase_order(&order.id).await?.is_some() {
            let detail = format!(
                "there is a purchase order `{}` already; change it with PATCH, or use another id",
                order.id
            );
            return Err(ActError::conflict("purchase_order_exists", detail));
        }
        writing.add_purchase_order(&order).await?;
        let cause = Cause::PurchaseOrderChanged;
        let mut touched = skus.clone();
        touched.extend(settle(&mut writing, &settings, Some(&skus), cause, now).await?);
        // With the days for which its lines are planned.
        let order = writing.purchase_order(&order.id).await?.unwrap_or(order);
        once.keep(&mut writing, &order);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(touched), revision).await;
        Ok(Outcome::Done(order))
    })
    .await
}

/// Refuses an expected day that cannot be meant.
pub(super) fn refuse_odd_date(
    pointer: impl Into<String>,
    expected_on: NaiveDate,
    ordered_on: NaiveDate,
    today: NaiveDate,
) -> Result<(), ActError> {
    let detail = if expected_on < ordered_on {
        format!("{expected_on} is before {ordered_on}, when it was ordered")
    } else if DATES_AWAY_DAYS_MAX < (expected_on - today).num_days() {
        format!("{expected_on} is more than two years ahead; send null until the date is known")
    } else {
        return Ok(());
    };
    Err(ActError::field(pointer, "date_out_of_range", detail))
}

/// Refuses a day on which goods cannot have left. They may have left before they were ordered, on
/// paper: who calls first and writes the order afterwards is no liar.
pub(super) fn refuse_odd_shipping(shipped_on: NaiveDate, today: NaiveDate) -> Result<(), ActError> {
    let detail = if today < shipped_on {
        format!("{shipped_on} is still to come; say expected_on until the goods have left")
    } else if DATES_AWAY_DAYS_MAX < (today - shipped_on).num_days() {
        format!("{shipped_on} is more than two years ago")
    } else {
        return Ok(());
    };
    Err(ActError::field("/shipped_on", "date_out_of_range", detail))
}

fn decided(
    request: CreatePurchaseOrder,
    ships_from: &LocationId,
    today: NaiveDate,
    revision: u64,
) -> Result<PurchaseOrder, ActError> {
    let ordered_on = request.ordered_on.unwrap_or(today);
    if DATES_AWAY_DAYS_MAX < (ordered_on - today).num_days().abs() {
        let detail = format!("{ordered_on} is more than two years away from today");
        return Err(ActError::field("/ordered_on", "date_out_of_range", detail));
    }
    if let Some(shipped_on) = request.shipped_on {
        refuse_odd_shipping(shipped_on, today)?;
    }
    if let Some(expected_on) = request.expected_on {
        refuse_odd_date("/expected_on", expected_on, ordered_on, today)?;
    }
    let mut lines: Vec<PurchaseOrderLine> = Vec::with_capacity(request.lines.len());
    for (at, line) in request.lines.into_iter().enumerate() {
        if let Some(expected_on) = line.expected_on {
            let pointer = format!("/lines/{at}/expected_on");
            refuse_odd_date(pointer, expected_on, ordered_on, today)?;
        }
        if lines.iter().any(|before| before.sku == line.sku) {
            let detail = format!("`{}` has a line already; add the quantities up", line.sku);
            let pointer = format!("/lines/{at}/sku");
            return Err(ActError::field(pointer, "duplicate_sku", detail));
        }
        lines.push(PurchaseOrderLine {
            sku: line.sku,
            quantity: line.quantity,
            received: Quantity::ZERO,
            expected_on: line.expected_on.or(request.expected_on),
            planned_on: None,
        });
    }
    let made = || {
        format!("PO-{revision}")
            .parse()
            .expect("letters, a dash and digits are an id")
    };
    Ok(PurchaseOrder {
        id: request.id.unwrap_or_else(made),
        location: request.location.unwrap_or_else(|| ships_from.clone()),
        supplier: request.supplier,
        ordered_on,
        mode: request.mode,
        shipped_on: request.shipped_on,
        status: PurchaseOrderStatus::Open,
        wait_reason: request.wait_reason,
        lines,
        revision,
    })
}
