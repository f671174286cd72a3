//! Is what was sold, what is to be ordered and what the merchant is told of sound?

use chrono::{Datelike, NaiveDate};
use shared::ids::StoreId;

use super::StoreError;
use super::engine::{Session, query_as};
use super::forecasts::ForecastContent;
use super::sales::read_days;
use super::soundness::{FAULTS_MAX, Fault};

/// Rows that are looked through at a time.
const PAGE_ROWS: u32 = 4_096;

/// Looks for faults in what one store has of all that.
pub(super) async fn faults_of_demand(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let mut faults = reorders_beside_their_lines(session, store).await?;
    faults.extend(reorders_beside_their_purchase_order(session, store).await?);
    faults.extend(reorders_that_nobody_made_or_sent(session, store).await?);
    faults.extend(alerts_about_nothing(session, store).await?);
    faults.extend(months_beside_their_days(session, store).await?);
    faults.extend(forecasts_of_no_month(session, store).await?);
    Ok(faults)
}

/// Reorders of nothing, and those that cost other than their lines.
async fn reorders_beside_their_lines(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, i64, Option<i64>, Option<i64>)> = query_as(
        "
        SELECT reorder.reorder
             , count(line.sku)
             , reorder.cost
             , CAST(sum(line.quantity * line.unit_cost) AS BIGINT)
          FROM reorder
          LEFT JOIN reorder_line AS line
            ON line.store_id = reorder.store_id
           AND line.reorder = reorder.reorder
         WHERE reorder.store_id = $1
         GROUP BY reorder.reorder
                , reorder.cost
        HAVING count(line.sku) = 0
            OR ( reorder.cost IS NOT NULL
             AND ( count(line.unit_cost) < count(line.sku)
                OR sum(line.quantity * line.unit_cost) <> reorder.cost
                 )
               )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(reorder, lines, cost, sum): (String, i64, Option<i64>, Option<i64>)| Fault {
        check: "a reorder costs what its lines do",
        found: match (lines, cost) {
            (0, _) => format!("{reorder} of store {store} has no lines"),
            (_, cost) => format!(
                "{reorder} of store {store} costs {}, its lines {}",
                cost.unwrap_or_default(),
                sum.unwrap_or_default()
            ),
        },
    };
    Ok(rows.into_iter().map(fault).collect())
}

/// Lines that were sent and are not on order at that supplier.
async fn reorders_beside_their_purchase_order(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, String, String)> = query_as(
        "
        SELECT reorder.reorder
             , reorder.purchase_order
             , line.sku
          FROM reorder
          JOIN purchase_order AS ordered
            ON ordered.store_id = reorder.store_id
           AND ordered.purchase_order = reorder.purchase_order
          JOIN reorder_line AS line
            ON line.store_id = reorder.store_id
           AND line.reorder = reorder.reorder
          LEFT JOIN purchase_order_line AS became
            ON became.store_id = reorder.store_id
           AND became.purchase_order = reorder.purchase_order
           AND became.sku = line.sku
         WHERE reorder.store_id = $1
           AND ( ordered.supplier IS DISTINCT FROM reorder.supplier
              OR became.sku IS NULL
              OR became.asked < line.quantity
               )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(reorder, order, sku): (String, String, String)| Fault {
        check: "what was sent to a supplier is on order there",
        found: format!("{sku} of {reorder} of store {store}, which became {order}"),
    };
    Ok(rows.into_iter().map(fault).collect())
}

/// Drafts of a day that no schedule acted on, and what was sent at no time: nobody would ask about it.
async fn reorders_that_nobody_made_or_sent(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, bool)> = query_as(
        "
        SELECT reorder.reorder
             , reorder.status = 'sent' AND reorder.sent_at_ms IS NULL
          FROM reorder
         WHERE reorder.store_id = $1
           AND ( (reorder.status = 'sent' AND reorder.sent_at_ms IS NULL)
              OR ( reorder.fires_on IS NOT NULL
               AND NOT EXISTS
                 ( SELECT 1
                     FROM reorder_firing AS fired
                    WHERE fired.store_id = reorder.store_id
                      AND fired.supplier = reorder.supplier
                      AND fired.fires_on = reorder.fires_on
                 )
                 )
               )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(reorder, is_sent): (String, bool)| match is_sent {
        true => Fault {
            check: "what was sent says when",
            found: format!("{reorder} of store {store}"),
        },
        false => Fault {
            check: "a day of a schedule that made a draft was acted on",
            found: format!("{reorder} of store {store}"),
        },
    };
    Ok(rows.into_iter().map(fault).collect())
}

/// Alerts about what there is not, or what is not so.
async fn alerts_about_nothing(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, String, String)> = query_as(
        "
        SELECT alert.alert
             , alert.kind
             , alert.subject
          FROM alert
         WHERE alert.store_id = $1
           AND ( alert.ended_at_ms < alert.begun_at_ms
              OR ( alert.kind = 'low_stock'
               AND ( coalesce(alert.position <= alert.reorder_point, false) = false
                  OR NOT EXISTS
                   ( SELECT 1
                       FROM sku
                      WHERE sku.store_id = alert.store_id
                        AND sku.sku = alert.subject
                   )
                   )
                 )
              OR ( alert.kind = 'unconfirmed'
               AND NOT EXISTS
                 ( SELECT 1
                     FROM reorder
                    WHERE reorder.store_id = alert.store_id
                      AND reorder.reorder = alert.subject
                      AND (alert.ended_at_ms IS NOT NULL OR reorder.status = 'sent')
                 )
                 )
               )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(alert, kind, subject): (String, String, String)| Fault {
        check: "an alert tells of what is so",
        found: format!("{alert} of store {store}: {kind} of {subject}"),
    };
    Ok(rows.into_iter().map(fault).collect())
}

/// Months that begin on another day than their first, and those of which files say more or less than of their days.
async fn months_beside_their_days(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    let mut after = (String::new(), NaiveDate::default());
    loop {
        let rows: Vec<(String, NaiveDate, i64, String)> = query_as(
            "
            SELECT sku
                 , month
                 , imported
                 , days
              FROM sales_month
             WHERE store_id = $1
               AND ($2, $3) < (sku, month)
             ORDER BY sku
                    , month
             LIMIT $4",
        )
        .bind(store.as_str())
        .bind(&after.0)
        .bind(after.1)
        .bind(PAGE_ROWS)
        .fetch_all_patiently(session)
        .await?;
        let Some((sku, month, ..)) = rows.last() else {
            return Ok(faults);
        };
        after = (sku.clone(), *month);
        for (sku, month, imported, days) in rows {
            let sum = read_days(&days).map(|days| days.values().copied().map(i64::from).sum());
            if month.day() != 1 || sum.as_ref().ok() != Some(&imported) {
                let sum: String = sum.map_or("none".into(), |sum: i64| sum.to_string());
                faults.push(Fault {
                    check: "what files say of a month is the sum of its days",
                    found: format!(
                        "{sku} in {month} of store {store}: {imported} sold, its days add up to {sum}"
                    ),
                });
            }
        }
        if usize::try_from(FAULTS_MAX).is_ok_and(|most| most <= faults.len()) {
            return Ok(faults);
        }
    }
}

/// Forecasts that end within a month, or cannot be read.
async fn forecasts_of_no_month(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    let mut after = String::new();
    loop {
        let rows: Vec<(String, NaiveDate, String)> = query_as(
            "
            SELECT sku
                 , month
                 , content
              FROM forecast
             WHERE store_id = $1
               AND $2 < sku
             ORDER BY sku
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(&after)
        .bind(PAGE_ROWS)
        .fetch_all_patiently(session)
        .await?;
        let Some((sku, ..)) = rows.last() else {
            return Ok(faults);
        };
        after.clone_from(sku);
        for (sku, month, content) in rows {
            let content: Result<ForecastContent, _> = serde_json::from_str(&content);
            if month.day() != 1 || content.is_err() {
                faults.push(Fault {
                    check: "a forecast goes on from a whole month and can be read",
                    found: format!("{sku} of store {store}, which knows {month}"),
                });
            }
        }
        if usize::try_from(FAULTS_MAX).is_ok_and(|most| most <= faults.len()) {
            return Ok(faults);
        }
    }
}
