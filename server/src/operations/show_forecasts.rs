//! Shows what will be wanted of each SKU, and what follows for ordering it as its stock is now.

use std::collections::HashMap;

use shared::demand::{Lot, ReorderPoint, Stock};
use shared::ids::{Sku, StoreId};
use shared::quantity::Quantity;

use super::ActError;
use super::low_stock::stock_of;
use super::records::{ForecastRecord, ReorderTerms};
use crate::app::App;

/// A forecast, and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownForecast {
    /// What was forecast.
    pub record: ForecastRecord,
    /// What is there, comes and is owed.
    pub stock: Stock,
    /// Units to order now; `None`: nothing is due.
    pub order: Option<Quantity>,
    /// Why.
    pub why: Why,
}

/// Why something is to be ordered, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The position is at or below the reorder point.
    Due,
    /// It is above.
    Enough,
    /// The service is reached with nothing on the shelf: hardly anybody wants it.
    NoStockNeeded,
    /// Nobody knows how long orders take: no delivery of its supplier is known, and none is declared.
    NoLeadTime,
    /// No more will come of it.
    Discontinued,
}

impl Why {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Enough => "enough",
            Self::NoStockNeeded => "no_stock_needed",
            Self::NoLeadTime => "no_lead_time",
            Self::Discontinued => "discontinued",
        }
    }
}

/// Forecasts of the SKUs after one, or of these SKUs alone, by SKU.
///
/// # Errors
///
/// As the database fails.
pub async fn forecasts(
    app: &App,
    store: &StoreId,
    only: Option<&[Sku]>,
    after: Option<&Sku>,
    limit: u32,
) -> Result<Vec<ShownForecast>, ActError> {
    let records = match only {
        Some(skus) => {
            let found = app.store.forecasts_of(store, skus).await?;
            let mut found: Vec<ForecastRecord> = found.into_values().collect();
            found.sort_unstable_by(|a, b| a.sku.cmp(&b.sku));
            found
        }
        None => app.store.forecasts(store, after, limit).await?,
    };
    let skus: Vec<Sku> = records.iter().map(|record| record.sku.clone()).collect();
    let facts = app.store.load_skus(store, &skus).await?.into_iter();
    let facts: HashMap<Sku, _> = facts.map(|facts| (facts.sku.clone(), facts)).collect();
    let terms = app.store.reorder_terms(store, &skus).await?;
    let shown = records.into_iter().filter_map(|record| {
        let facts = facts.get(&record.sku)?;
        let terms = terms.get(&record.sku);
        let is_discontinued = facts.selling.discontinued;
        Some(shown(record, stock_of(facts), is_discontinued, terms))
    });
    Ok(shown.collect())
}

fn shown(
    record: ForecastRecord,
    stock: Stock,
    is_discontinued: bool,
    terms: Option<&ReorderTerms>,
) -> ShownForecast {
    let lot = Lot {
        wanted: Quantity::new(record.content.lot_wanted),
        minimum: terms.map_or(Quantity::ZERO, |terms| terms.minimum),
        pack: terms.map_or(Quantity::new(1), |terms| terms.pack),
    };
    let point = ReorderPoint {
        at: record.reorder_point.map(Quantity::new),
        expected: 0.0,
        safety_stock: Quantity::ZERO,
    };
    let order = point.order(stock, lot);
    let why = match (order, &record.content.until_covered) {
        (Some(_), _) => Why::Due,
        _ if is_discontinued => Why::Discontinued,
        (None, None) => Why::NoLeadTime,
        (None, Some(_)) if record.reorder_point.is_none() => Why::NoStockNeeded,
        (None, Some(_)) => Why::Enough,
    };
    ShownForecast {
        record,
        stock,
        order,
        why,
    }
}
