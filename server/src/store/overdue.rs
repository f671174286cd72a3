//! Which orders time alone may have ended something of.

use chrono::NaiveDate;
use shared::ids::{OrderId, StoreId};

use super::engine::query_as;
use super::skus::read;
use super::{Store, StoreError};

impl Store {
    /// Orders of which time alone may end something: a promised day is over, the day that was told last, whatever is promised by
    /// now, silence has cancelled, or a day is over of which nobody was told yet that it is not kept. Those after `after`, so many
    /// at most.
    pub async fn orders_overdue(
        &self,
        store: &StoreId,
        today: NaiveDate,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OrderId>, StoreError> {
        let rows: Vec<(String,)> = query_as(
            "
            SELECT DISTINCT part.reservation
              FROM claim
              JOIN sales_order AS placed
                ON placed.store_id = claim.store_id
               AND placed.sales_order = claim.reservation
              JOIN promised_part AS part
                ON part.store_id = claim.store_id
               AND part.reservation = claim.reservation
               AND part.line = claim.line
               AND part.part = claim.part
             WHERE claim.store_id = $1
               AND $3 < part.reservation
               AND ( part.ships_by < $2
                  OR coalesce
                   ( ( SELECT told.due
                         FROM delay_event AS told
                        WHERE told.store_id = part.store_id
                          AND told.sales_order = part.reservation
                          AND told.line = part.line
                          AND told.part = part.part
                          AND told.kind = 'told'
                        ORDER BY told.event DESC
                        LIMIT 1
                     )
                   , ( SELECT min(first.ships_by)
                         FROM promise AS first
                        WHERE first.store_id = part.store_id
                          AND first.reservation = part.reservation
                          AND first.line = part.line
                          AND first.cause = 'reserved'
                     )
                   ) < $2
                  OR EXISTS
                   ( SELECT 1
                       FROM notice
                      WHERE notice.store_id = part.store_id
                        AND notice.sales_order = part.reservation
                        AND notice.line = part.line
                        AND notice.part = part.part
                        AND ( notice.cancels_on < $2
                           OR (notice.state = 'due' AND notice.was_by < $2)
                           OR notice.kind = 'cancelled_by_seller'
                            )
                   )
                   )
             ORDER BY part.reservation
             LIMIT $4",
        )
        .bind(store.as_str())
        .bind(today)
        .bind(after)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let order = |(order,): (String,)| read(&order, "promised_part.reservation");
        rows.into_iter().map(order).collect()
    }
}
