//! What a supplier is sent: an order as a letter, as a PDF and as a CSV, from how it stands when it is asked for.

use shared::ids::{ReorderId, Sku, StoreId};
use shared::money::{Currency, Money};
use shared::quantity::Quantity;
use shared::text::Language;

use super::ActError;
use super::records::{PurchaseOrder, Reorder};
use super::reorders::reorder;
use crate::app::App;
use crate::catalogue::Shop;
use crate::mail::trade::{NotWritten, OrderedLine, SupplierOrder};

/// A file that goes to a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFile {
    /// What it is called.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum NoForm {
    /// There is no such order, or the database did not say.
    #[error(transparent)]
    Act(#[from] ActError),
    /// It was not written.
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
}

/// A reorder as a PDF, in the supplier's language.
///
/// # Errors
///
/// [`ActError::NotFound`], and [`NotWritten`], which no order brings about.
pub async fn order_pdf(app: &App, store: &StoreId, id: &ReorderId) -> Result<OrderFile, NoForm> {
    let found = reorder(app, store, id).await?;
    let order = supplier_order(app, store, &found, false).await?;
    Ok(OrderFile {
        name: format!("{}.pdf", order.number),
        content: pdf(order).await?,
    })
}

/// A reorder as a CSV.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn order_csv(app: &App, store: &StoreId, id: &ReorderId) -> Result<OrderFile, ActError> {
    let found = reorder(app, store, id).await?;
    let order = supplier_order(app, store, &found, false).await?;
    Ok(OrderFile {
        name: format!("{}.csv", order.number),
        content: order.csv(),
    })
}

/// The PDF of an order, written apart from what answers.
pub(super) async fn pdf(order: SupplierOrder) -> Result<Vec<u8>, NotWritten> {
    match tokio::task::spawn_blocking(move || order.pdf()).await {
        Ok(written) => written,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        Err(ended) => Err(NotWritten(ended.to_string())),
    }
}

/// A reorder as its supplier is told of it.
pub(super) async fn supplier_order(
    app: &App,
    store: &StoreId,
    reorder: &Reorder,
    is_reminder: bool,
) -> Result<SupplierOrder, ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let settings = shop.settings();
    let supplier = app.store.supplier(store, &reorder.supplier).await?;
    let ordered = match &reorder.purchase_order {
        Some(id) => app.store.purchase_order(store, id).await?,
        None => None,
    };
    let location = ordered
        .as_ref()
        .map_or(&settings.location.id, |order| &order.location);
    let location = app.store.location(store, location).await?;
    let mail = app.connections.of(store);
    let mail = mail.and_then(|connection| connection.mail.as_ref());
    let postal = mail.and_then(|mail| mail.postal.clone());
    let on = reorder.sent_at.unwrap_or(reorder.made_at);
    let number = reorder.purchase_order.as_ref();
    let planned = ordered.iter().flat_map(|order| &order.lines);
    let lines = lines_of(reorder, ordered.as_ref());
    let is_as_drafted = lines.len() == reorder.lines.len()
        && lines
            .iter()
            .zip(&reorder.lines)
            .all(|((sku, units, _), line)| **sku == line.sku && *units == line.quantity);
    let name = location.map(|location| location.name);
    let language = supplier
        .as_ref()
        .and_then(|record| record.language.as_deref());
    Ok(SupplierOrder {
        language: Language::for_tag(language.unwrap_or("en")),
        shop: settings.name.clone(),
        ship_to: [Some(settings.name.clone()), name, postal.clone()]
            .into_iter()
            .flatten()
            .collect(),
        postal,
        supplier: supplier.map_or_else(|| reorder.supplier.to_string(), |record| record.name),
        number: number.map_or_else(|| reorder.id.to_string(), ToString::to_string),
        ordered_on: settings.location.calendar.today(on),
        wanted_by: planned.filter_map(|line| line.planned_on).max(),
        lines: lines
            .iter()
            .map(|(sku, quantity, unit_cost)| OrderedLine {
                sku: sku.to_string(),
                title: title(&shop, sku),
                quantity: quantity.units(),
                unit_cost: *unit_cost,
            })
            .collect(),
        total: match is_as_drafted {
            true => reorder.cost,
            false => reorder.cost.and_then(|cost| total(&lines, cost.currency)),
        },
        is_reminder,
    })
}

/// What is ordered, with what one costs: as the purchase order stands that it became, else as it was drafted.
fn lines_of<'a>(
    reorder: &'a Reorder,
    ordered: Option<&'a PurchaseOrder>,
) -> Vec<(&'a Sku, Quantity, Option<i64>)> {
    let cost = |sku: &Sku| {
        let line = reorder.lines.iter().find(|line| line.sku == *sku);
        line.and_then(|line| line.unit_cost)
    };
    match ordered {
        Some(order) => {
            let lines = order.lines.iter();
            lines
                .map(|line| (&line.sku, line.quantity, cost(&line.sku)))
                .collect()
        }
        None => {
            let lines = reorder.lines.iter();
            lines
                .map(|line| (&line.sku, line.quantity, line.unit_cost))
                .collect()
        }
    }
}

/// What all lines cost; `None`: of some nobody said it.
fn total(lines: &[(&Sku, Quantity, Option<i64>)], currency: Currency) -> Option<Money> {
    let each = lines
        .iter()
        .map(|(_, units, cost)| cost.and_then(|cost| cost.checked_mul(units.units().into())));
    let sum: Option<Vec<i64>> = each.collect();
    Some(Money::new(sum?.iter().sum(), currency))
}

/// What goods are called.
pub(super) fn title(shop: &Shop, sku: &Sku) -> Option<String> {
    let entry = shop.entry(sku.as_str())?;
    entry.title().map(str::to_owned)
}
