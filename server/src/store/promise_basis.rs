//! What the dates of the ledger rest on.

use shared::ids::{PurchaseOrderId, Sku};
use shared::lead_time::JUDGED_MAX;
use shared::repromise::Awaited;

use super::engine::query_scalar;
use super::{StoreError, Writing};

/// What a date rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PromiseBasis {
    /// The supply behind it, its quantile and sample, and the calendar, as JSON.
    pub json: String,
    /// The share of deliveries, in percent, that comes by the supplier's date and the days added; 0 where any
    /// day could be chosen. `None` where it rests on what is on the shelf.
    pub reached: Option<u8>,
    /// What it waits for.
    pub awaits: Awaited,
    /// Whose goods open it, where they are not on the shelf.
    pub opened_by: Option<OpenedBy>,
    /// By how many days it was widened.
    pub widened_days: u32,
}

/// Whose goods open a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenedBy {
    /// Those of a purchase order.
    Order(PurchaseOrderId),
    /// Those of who supplies a SKU that is made to order.
    Made(Sku),
}

impl PromiseBasis {
    /// The purchase order that opens it, and the SKU that is made for it, as they are stored.
    pub(super) fn opened_by(&self) -> (Option<&str>, Option<&str>) {
        match &self.opened_by {
            None => (None, None),
            Some(OpenedBy::Order(order)) => (Some(order.as_str()), None),
            Some(OpenedBy::Made(sku)) => (None, Some(sku.as_str())),
        }
    }
}

impl Writing {
    /// What [`PromiseBasis::reached`] says of the last dates that somebody was told who asked, oldest first.
    pub async fn reached(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut newest: Vec<i64> = query_scalar(
            "
            SELECT reached
              FROM promise
             WHERE store_id = $1
               AND cause = 'reserved'
               AND reached IS NOT NULL
             ORDER BY revision DESC
             LIMIT $2",
        )
        .bind(self.store.as_str())
        .bind(i64::try_from(JUDGED_MAX).unwrap_or(i64::MAX))
        .fetch_all(&mut self.session)
        .await?;
        newest.reverse();
        let percent =
            |stored| u8::try_from(stored).map_err(|_| StoreError::Unreadable("promise.reached"));
        newest.into_iter().map(percent).collect()
    }
}

/// What a promise waits for, as it is stored.
pub(super) fn awaited(orders: &str, made: bool) -> Result<Awaited, StoreError> {
    let unreadable = || StoreError::Unreadable("promised_part.awaits_orders");
    let orders: Vec<String> = serde_json::from_str(orders).map_err(|_| unreadable())?;
    let orders = orders.iter().map(|id| id.parse().map_err(|_| unreadable()));
    Ok(Awaited {
        orders: orders.collect::<Result<_, _>>()?,
        made,
    })
}
