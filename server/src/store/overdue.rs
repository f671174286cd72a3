//! Which orders time alone may have ended something of.

use chrono::NaiveDate;
use shared::ids::{OrderId, StoreId};

use super::engine::query_as;
use super::skus::read;
use super::{Store, StoreError};

/// Some of what waits, looked through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookedThrough {
    /// Orders among it of which time alone may end something.
    pub overdue: Vec<OrderId>,
    /// Where to go on; `None` where nothing is left.
    pub next: Option<String>,
}

impl Store {
    /// Orders of which time alone may end something: a promised day is over, the day that was told last, whatever is promised by
    /// now, silence has cancelled, or a day is over of which nobody was told yet that it is not kept. Looks through what waits
    /// after `after`, at most `limit` orders and holds: so each look takes the same time, however many wait.
    pub async fn orders_overdue(
        &self,
        store: &StoreId,
        today: NaiveDate,
        after: &str,
        limit: u32,
    ) -> Result<LookedThrough, StoreError> {
        let rows: Vec<(String, bool)> = query_as(
            "
            SELECT waits.reservation
                 , EXISTS
                 ( SELECT 1
                     FROM sales_order AS placed
                    WHERE placed.store_id = $1
                      AND placed.sales_order = waits.reservation
                 )
               AND EXISTS
                 ( SELECT 1
                     FROM promised_part AS part
                    WHERE part.store_id = $1
                      AND part.reservation = waits.reservation
                      AND part.ended_by IS NULL
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
                 ) AS is_overdue
              FROM ( SELECT DISTINCT reservation
                       FROM claim
                      WHERE store_id = $1
                        AND $3 < reservation
                      ORDER BY reservation
                      LIMIT $4
                   ) AS waits
             ORDER BY waits.reservation",
        )
        .bind(store.as_str())
        .bind(today)
        .bind(after)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let is_full = u32::try_from(rows.len()).is_ok_and(|found| limit <= found);
        let next = rows.last().filter(|_| is_full);
        let next = next.map(|(reservation, _)| reservation.clone());
        let overdue = rows.iter().filter(|(_, is_overdue)| *is_overdue);
        let overdue = overdue.map(|(order, _)| read(order, "promised_part.reservation"));
        Ok(LookedThrough {
            overdue: overdue.collect::<Result<_, _>>()?,
            next,
        })
    }
}
