//! What became of those that a rule was tried on, counted by arm.

use shared::ids::{OfferRuleId, StoreId};
use shared::money::Currency;

use super::engine::query_as;
use super::{Store, StoreError};

/// What became of one arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArmCounts {
    /// Shoppers who saw an offer before they ordered, or would have.
    pub exposed: u64,
    /// Those of them who ordered afterwards.
    pub converted: u64,
    /// Orders that met the conditions.
    pub orders: u64,
    /// Those of them of which everything was cancelled.
    pub cancelled: u64,
    /// What is to be paid of them without what was cancelled, in minor units; of orders in another currency, nothing.
    pub revenue: i64,
    /// Orders that have prices in the store's currency.
    pub priced: u64,
    /// Offers that were made.
    pub offers: u64,
    /// Those that were redeemed and not taken back.
    pub redeemed: u64,
    /// What those are worth, in minor units: at most, where it is not known.
    pub cost: i64,
}

/// What became of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArmsCounted {
    /// Of those who get offers.
    pub offer: ArmCounts,
    /// Of those who do not.
    pub holdout: ArmCounts,
}

#[derive(sqlx::FromRow)]
struct ShownRow {
    arm: String,
    exposed: i64,
    converted: i64,
}

#[derive(sqlx::FromRow)]
struct OrderedRow {
    arm: String,
    orders: i64,
    cancelled: i64,
    revenue: i64,
    priced: i64,
    offers: i64,
    redeemed: i64,
    cost: i64,
}

impl Store {
    /// Counts a run of a rule. Amounts are in `currency`.
    pub async fn offer_results(
        &self,
        store: &StoreId,
        rule: &OfferRuleId,
        run: u32,
        currency: Currency,
    ) -> Result<ArmsCounted, StoreError> {
        let mut snapshot = self.read(store).await?;
        let shown: Vec<ShownRow> = query_as(
            "
            SELECT arm
                 , CAST(sum(exposed) AS BIGINT) AS exposed
                 , CAST(sum(converted) AS BIGINT) AS converted
              FROM ( SELECT shown.arm
                          , 1 AS exposed
                          , CASE WHEN EXISTS
                            ( SELECT 1
                                FROM offer_assignment AS tried
                               WHERE tried.store_id = shown.store_id
                                 AND tried.shopper = shown.shopper
                                 AND tried.rule = shown.rule
                                 AND tried.run = shown.run
                                 AND shown.shown_at_ms <= tried.at_ms
                            ) THEN 1 ELSE 0 END AS converted
                       FROM offer_exposure AS shown
                      WHERE shown.store_id = $1
                        AND shown.rule = $2
                        AND shown.run = $3
                        AND shown.shown_in <> 'order'
                      UNION ALL
                     SELECT arm
                          , exposed
                          , converted
                       FROM offer_exposure_sum
                      WHERE store_id = $1
                        AND rule = $2
                        AND run = $3
                   ) AS counted
             GROUP BY arm",
        )
        .bind(store.as_str())
        .bind(rule.as_str())
        .bind(run)
        .fetch_all(&mut snapshot)
        .await?;
        let ordered: Vec<OrderedRow> = query_as(
            "
            SELECT arm
                 , count(*) AS orders
                 , CAST(sum(is_cancelled) AS BIGINT) AS cancelled
                 , CAST(sum(is_priced * revenue) AS BIGINT) AS revenue
                 , CAST(sum(is_priced) AS BIGINT) AS priced
                 , CAST(sum(has_offer) AS BIGINT) AS offers
                 , CAST(sum(is_redeemed) AS BIGINT) AS redeemed
                 , CAST(sum(is_redeemed * cost) AS BIGINT) AS cost
              FROM ( SELECT tried.arm
                          , tried.sales_order
                          , CASE WHEN sum(line.quantity) = sum(line.cancelled) THEN 1 ELSE 0 END AS is_cancelled
                          , sum((line.goods - line.discount + line.shipping + line.tax) * (line.quantity - line.cancelled) / line.quantity) AS revenue
                          , max(CASE WHEN placed.currency = $4 THEN 1 ELSE 0 END) AS is_priced
                          , max(CASE WHEN offer.code IS NOT NULL THEN 1 ELSE 0 END) AS has_offer
                          , max(CASE WHEN offer.state = 'redeemed' THEN 1 ELSE 0 END) AS is_redeemed
                          , max(coalesce(offer.counted, 0)) AS cost
                       FROM offer_assignment AS tried
                       JOIN sales_order AS placed
                         ON placed.store_id = tried.store_id
                        AND placed.sales_order = tried.sales_order
                       JOIN sales_order_line AS line
                         ON line.store_id = tried.store_id
                        AND line.sales_order = tried.sales_order
                       LEFT JOIN offer
                         ON offer.store_id = tried.store_id
                        AND offer.sales_order = tried.sales_order
                      WHERE tried.store_id = $1
                        AND tried.rule = $2
                        AND tried.run = $3
                      GROUP BY tried.arm
                             , tried.sales_order
                   ) AS by_order
             GROUP BY arm",
        )
        .bind(store.as_str())
        .bind(rule.as_str())
        .bind(run)
        .bind(currency.code())
        .fetch_all(&mut snapshot)
        .await?;
        snapshot.end().await?;
        let mut counted = ArmsCounted::default();
        for row in shown {
            let arm = counted.arm(&row.arm);
            arm.exposed = row.exposed.unsigned_abs();
            arm.converted = row.converted.unsigned_abs();
        }
        for row in ordered {
            let arm = counted.arm(&row.arm);
            arm.orders = row.orders.unsigned_abs();
            arm.cancelled = row.cancelled.unsigned_abs();
            arm.revenue = row.revenue;
            arm.priced = row.priced.unsigned_abs();
            arm.offers = row.offers.unsigned_abs();
            arm.redeemed = row.redeemed.unsigned_abs();
            arm.cost = row.cost;
        }
        Ok(counted)
    }
}

impl ArmsCounted {
    fn arm(&mut self, name: &str) -> &mut ArmCounts {
        match name {
            "holdout" => &mut self.holdout,
            _ => &mut self.offer,
        }
    }
}
