//! Is the money sound? What was taken beside what was agreed, and beside what left.

use shared::ids::StoreId;

use super::StoreError;
use super::engine::{Session, query_as};
use super::soundness::{FAULTS_MAX, Fault};

/// Charges for parcels that have not left, or were taken before they did.
pub(super) async fn captures_without_their_shipment(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String,)> = query_as(
        "
        SELECT charge.shipment
          FROM charge
          LEFT JOIN shipment
            ON shipment.store_id = charge.store_id
           AND shipment.shipment = charge.shipment
         WHERE charge.store_id = $1
           AND (charge.amount IS NOT NULL OR 0 < charge.captured)
           AND ( shipment.shipment IS NULL
              OR charge.captured_at_ms < shipment.shipped_at_ms
               )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(shipment,): (String,)| Fault {
        check: "money is taken for what has left, and not before",
        found: format!("the charge for {shipment} of store {store}"),
    };
    Ok(rows.into_iter().map(fault).collect())
}

/// Orders of which more is charged than they cost, or, where all of it has left, less.
pub(super) async fn charges_beside_their_order(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, i64, i64)> = query_as(
        "
          WITH charged AS
             ( SELECT sales_order
                    , CAST(sum(coalesce(amount, 0)) AS BIGINT) AS amount
                 FROM charge
                WHERE store_id = $1
                GROUP BY sales_order
             )
             , missing AS
             ( SELECT DISTINCT sales_order
                 FROM sales_order_line
                WHERE store_id = $1
                  AND shipped < quantity
             )
        SELECT payment.sales_order
             , payment.total
             , coalesce(charged.amount, 0)
          FROM payment
          LEFT JOIN charged
            ON charged.sales_order = payment.sales_order
          LEFT JOIN missing
            ON missing.sales_order = payment.sales_order
         WHERE payment.store_id = $1
           AND ( payment.total < coalesce(charged.amount, 0)
              OR ( missing.sales_order IS NULL
               AND coalesce(charged.amount, 0) <> payment.total
                 )
               )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(order, total, amount): (String, i64, i64)| Fault {
        check: "parcels cost together what their order does",
        found: format!("order {order} of store {store} costs {total}, its parcels {amount}"),
    };
    Ok(rows.into_iter().map(fault).collect())
}

/// Refunds that are not what their charge says was given back.
pub(super) async fn refunds_beside_their_charge(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, i64, i64)> = query_as(
        "
          WITH given AS
             ( SELECT shipment
                    , CAST(sum(amount) AS BIGINT) AS amount
                 FROM refund
                WHERE store_id = $1
                  AND state <> 'failed'
                GROUP BY shipment
             )
        SELECT charge.shipment
             , charge.refunded
             , coalesce(given.amount, 0)
          FROM charge
          LEFT JOIN given
            ON given.shipment = charge.shipment
         WHERE charge.store_id = $1
           AND charge.refunded <> coalesce(given.amount, 0)
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(shipment, refunded, sum): (String, i64, i64)| Fault {
        check: "what was given back is the sum of its refunds",
        found: format!(
            "the charge for {shipment} of store {store}: {refunded} given back, refunds add up to {sum}"
        ),
    };
    Ok(rows.into_iter().map(fault).collect())
}

/// Rules whose budget is not what their offers take of it.
pub(super) async fn rules_beside_their_offers(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, i64, i64, i64, i64)> = query_as(
        "
          WITH made AS
             ( SELECT tried.rule
                    , count(*) AS offers
                    , CAST(sum(offer.counted) AS BIGINT) AS amount
                 FROM offer
                 JOIN offer_assignment AS tried
                   ON tried.store_id = offer.store_id
                  AND tried.sales_order = offer.sales_order
                WHERE offer.store_id = $1
                  AND offer.state IN ('issued', 'redeemed')
                GROUP BY tried.rule
             )
        SELECT offer_rule.rule
             , offer_rule.issued
             , coalesce(made.offers, 0)
             , offer_rule.issued_amount
             , coalesce(made.amount, 0)
          FROM offer_rule
          LEFT JOIN made
            ON made.rule = offer_rule.rule
         WHERE offer_rule.store_id = $1
           AND ( offer_rule.issued <> coalesce(made.offers, 0)
              OR offer_rule.issued_amount <> coalesce(made.amount, 0)
               )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(rule, issued, offers, amount, sum): (String, i64, i64, i64, i64)| Fault {
        check: "what a rule has given is the sum of its offers",
        found: format!(
            "the rule {rule} of store {store}: {issued} offers over {amount} given, there are {offers} over {sum}"
        ),
    };
    Ok(rows.into_iter().map(fault).collect())
}
