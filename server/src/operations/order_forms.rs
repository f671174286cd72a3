//! What a supplier is sent: an order as a letter, as a PDF and as a CSV, from how it stands when it is asked for.

use shared::ids::{ReorderId, Sku, StoreId};
use shared::text::Language;

use super::ActError;
use super::records::Reorder;
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
        lines: reorder
            .lines
            .iter()
            .map(|line| OrderedLine {
                sku: line.sku.to_string(),
                title: title(&shop, &line.sku),
                quantity: line.quantity.units(),
                unit_cost: line.unit_cost,
            })
            .collect(),
        total: reorder.cost,
        is_reminder,
    })
}

/// What goods are called.
pub(super) fn title(shop: &Shop, sku: &Sku) -> Option<String> {
    let entry = shop.entry(sku.as_str())?;
    entry.title().map(str::to_owned)
}
