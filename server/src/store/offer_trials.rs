//! On whom rules for offers were tried, and who saw an offer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use shared::ids::{OfferRuleId, OrderId, StoreId};
use shared::offer::Arm;

use super::engine::{Session, json_rows, query, query_as, query_scalar, stored};
use super::offer_rules::{OfferRule, rules};
use super::skus::{json_list, read};
use super::{Store, StoreError, Writing};

/// Who orders, without a name: the first 16 bytes of a SHA-256 in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShopperHash(pub String);

/// An order that a rule is tried on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The order.
    pub order: OrderId,
    /// The rule.
    pub rule: OfferRuleId,
    /// Which run of it.
    pub run: u32,
    /// Who ordered.
    pub shopper: ShopperHash,
    /// On which side they are.
    pub arm: Arm,
}

/// Where an offer was shown, or would have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownIn {
    /// On a product's page.
    Product,
    /// In a cart.
    Cart,
    /// With an order: nobody had seen it before.
    Order,
}

impl ShownIn {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Cart => "cart",
            Self::Order => "order",
        }
    }
}

/// Somebody saw an offer, or would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The rule.
    pub rule: OfferRuleId,
    /// Which run of it.
    pub run: u32,
    /// Who.
    pub shopper: ShopperHash,
    /// On which side they are.
    pub arm: Arm,
    /// Where.
    pub shown_in: ShownIn,
    /// When.
    pub at: DateTime<Utc>,
}

/// What is known of a shopper.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShopperPast {
    /// True if an earlier order of theirs had to wait.
    pub has_waited: bool,
    /// How often each rule was tried on them.
    pub tried: HashMap<OfferRuleId, u32>,
}

impl Store {
    /// The rules of a store as they stand, and what is known of a shopper, at one moment.
    pub async fn rules_for(
        &self,
        store: &StoreId,
        shopper: &ShopperHash,
    ) -> Result<(Vec<OfferRule>, ShopperPast), StoreError> {
        let mut snapshot = self.read(store).await?;
        let rules = rules(&mut snapshot, store).await?;
        let mut known = pasts(&mut snapshot, store, std::slice::from_ref(shopper), None).await?;
        snapshot.end().await?;
        Ok((rules, known.remove(shopper).unwrap_or_default()))
    }
}

impl Writing {
    /// What is known of shoppers, from orders other than one; those of whom nothing is are left out.
    pub async fn shopper_pasts(
        &mut self,
        shoppers: &[ShopperHash],
        except: Option<&OrderId>,
    ) -> Result<HashMap<ShopperHash, ShopperPast>, StoreError> {
        let store = self.store.clone();
        pasts(&mut self.session, &store, shoppers, except).await
    }

    /// Notes that an order has to wait that had not when it was placed.
    pub async fn order_waits(&mut self, order: &OrderId) -> Result<(), StoreError> {
        query(
            "
            UPDATE order_shopper
               SET waited   = TRUE
                 , revision = $3
             WHERE store_id = $1
               AND sales_order = $2
               AND NOT waited",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Who placed an order, as far as it was written down.
    pub async fn order_shopper(
        &mut self,
        order: &OrderId,
    ) -> Result<Option<ShopperHash>, StoreError> {
        let found: Option<String> = query_scalar(
            "
            SELECT shopper
              FROM order_shopper
             WHERE store_id = $1
               AND sales_order = $2",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .fetch_optional(&mut self.session)
        .await?;
        Ok(found.map(ShopperHash))
    }

    /// True if a rule was tried on an order.
    pub async fn has_assignment(&mut self, order: &OrderId) -> Result<bool, StoreError> {
        let found: Option<i64> = query_scalar(
            "
            SELECT CAST(1 AS BIGINT)
              FROM offer_assignment
             WHERE store_id = $1
               AND sales_order = $2",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .fetch_optional(&mut self.session)
        .await?;
        Ok(found.is_some())
    }

    /// Writes down who placed orders, and whether something of them had to wait.
    pub async fn add_order_shoppers(
        &mut self,
        placed: &[(OrderId, ShopperHash, bool)],
    ) -> Result<(), StoreError> {
        let rows = placed
            .iter()
            .map(|(order, shopper, waited)| (order.as_str(), &shopper.0, waited));
        let rows: Vec<_> = rows.collect();
        query(
            "
            INSERT INTO order_shopper
                 ( store_id
                 , sales_order
                 , shopper
                 , waited
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , value ->> 1
                 , CAST(value ->> 2 AS BOOLEAN)
                 , $3
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Writes down which orders rules are tried on.
    pub async fn add_assignments(&mut self, tried: &[Assignment]) -> Result<(), StoreError> {
        let rows = tried.iter().map(|one| {
            (
                one.order.as_str(),
                one.rule.as_str(),
                one.run,
                &one.shopper.0,
                one.arm.name(),
            )
        });
        let rows: Vec<_> = rows.collect();
        query(
            "
            INSERT INTO offer_assignment
                 ( store_id
                 , sales_order
                 , rule
                 , run
                 , shopper
                 , arm
                 , at_ms
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , value ->> 1
                 , CAST(value ->> 2 AS BIGINT)
                 , value ->> 3
                 , value ->> 4
                 , $3
                 , $4
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Writes down who saw an offer, or would have, each once. Whoever was noted with an order and had seen it before is noted
    /// with that.
    pub async fn add_exposures(&mut self, exposures: &[Exposure]) -> Result<(), StoreError> {
        let rows = exposures.iter().map(|one| {
            (
                one.rule.as_str(),
                one.run,
                &one.shopper.0,
                one.arm.name(),
                one.shown_in.name(),
                one.at.timestamp_millis(),
            )
        });
        let rows: Vec<_> = rows.collect();
        query(
            "
            INSERT INTO offer_exposure
                 ( store_id
                 , rule
                 , run
                 , shopper
                 , arm
                 , shown_in
                 , shown_at_ms
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , CAST(value ->> 1 AS BIGINT)
                 , value ->> 2
                 , value ->> 3
                 , value ->> 4
                 , CAST(value ->> 5 AS BIGINT)
                 , $3
              FROM jsonb_each($2)
             WHERE true
                ON CONFLICT (store_id, rule, run, shopper) DO UPDATE
               SET shown_in    = excluded.shown_in
                 , shown_at_ms = excluded.shown_at_ms
                 , revision    = excluded.revision
             WHERE offer_exposure.shown_in = 'order'
               AND excluded.shown_at_ms <= offer_exposure.shown_at_ms",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

async fn pasts(
    session: &mut Session,
    store: &StoreId,
    shoppers: &[ShopperHash],
    except: Option<&OrderId>,
) -> Result<HashMap<ShopperHash, ShopperPast>, StoreError> {
    let names: Vec<&String> = shoppers.iter().map(|shopper| &shopper.0).collect();
    let asked = json_list(&names);
    let waited: Vec<String> = query_scalar(
        "
        SELECT DISTINCT shopper
          FROM order_shopper
         WHERE store_id = $1
           AND waited
           AND sales_order <> $3
           AND shopper IN (SELECT value FROM json_each($2))",
    )
    .bind(store.as_str())
    .bind(&asked)
    .bind(except.map(OrderId::as_str).unwrap_or_default())
    .fetch_all(session)
    .await?;
    let tried: Vec<(String, String, i64)> = query_as(
        "
        SELECT shopper
             , rule
             , count(*)
          FROM offer_assignment
         WHERE store_id = $1
           AND shopper IN (SELECT value FROM json_each($2))
         GROUP BY shopper
                , rule",
    )
    .bind(store.as_str())
    .bind(&asked)
    .fetch_all(session)
    .await?;
    let mut known: HashMap<ShopperHash, ShopperPast> = HashMap::new();
    for shopper in waited {
        known.entry(ShopperHash(shopper)).or_default().has_waited = true;
    }
    for (shopper, rule, times) in tried {
        let rule = read(&rule, "offer_assignment.rule")?;
        let past = known.entry(ShopperHash(shopper)).or_default();
        past.tried
            .insert(rule, u32::try_from(times).unwrap_or(u32::MAX));
    }
    Ok(known)
}
