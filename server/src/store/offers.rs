//! Offers to whoever waits: what was given, and what became of it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{OfferRuleId, OrderId, StoreId};
use shared::money::{Currency, Money};
use shared::offer::{Gives, Worth};

use super::by_order::ByOrder;
use super::engine::{Session, instant, json_rows, query, query_as, stored};
use super::offer_rules::gives_name;
use super::offer_trials::ShopperHash;
use super::skus::read;
use super::{Store, StoreError, Writing};

/// What was given for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The order.
    pub order: OrderId,
    /// The rule.
    pub rule: OfferRuleId,
    /// Who gets it.
    pub shopper: ShopperHash,
    /// Whoever knows it may redeem it: nobody can guess it.
    pub code: String,
    /// What is given.
    pub gives: Gives,
    /// What it is worth.
    pub worth: Worth,
    /// What it takes of the rule's budget, in minor units.
    pub counted: i64,
    /// What it says, in the merchant's words, by language.
    pub words: BTreeMap<String, String>,
    /// Whether it is taken back where its order is cancelled after it was redeemed.
    pub is_taken_back: bool,
    /// How far it is.
    pub state: OfferState,
    /// When it was made.
    pub issued_at: DateTime<Utc>,
    /// The last day on which it can be redeemed, at the store's own location.
    pub expires_on: NaiveDate,
    /// When it was redeemed.
    pub redeemed_at: Option<DateTime<Utc>>,
    /// When it was revoked or taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// How far an offer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferState {
    /// It can be redeemed, until its last day.
    Issued,
    /// It was redeemed.
    Redeemed,
    /// Its order was cancelled before.
    Revoked,
    /// Its order was cancelled afterwards, and the merchant takes it back.
    TakenBack,
}

impl OfferState {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Redeemed => "redeemed",
            Self::Revoked => "revoked",
            Self::TakenBack => "taken_back",
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    sales_order: String,
    rule: String,
    shopper: String,
    code: String,
    kind: String,
    percent: Option<i64>,
    amount: Option<i64>,
    amount_max: Option<i64>,
    currency: Option<String>,
    gift: Option<String>,
    counted: i64,
    words: String,
    is_taken_back: bool,
    state: String,
    issued_at_ms: i64,
    expires_on: NaiveDate,
    redeemed_at_ms: Option<i64>,
    revoked_at_ms: Option<i64>,
}

/// Offers: `$which` of them.
macro_rules! offers_that {
    ($which:literal) => {
        concat!(
            "
            SELECT offer.sales_order
                 , tried.rule
                 , tried.shopper
                 , offer.code
                 , offer.kind
                 , offer.percent
                 , offer.amount
                 , offer.amount_max
                 , offer.currency
                 , offer.gift
                 , offer.counted
                 , offer.words
                 , offer.is_taken_back
                 , offer.state
                 , offer.issued_at_ms
                 , offer.expires_on
                 , offer.redeemed_at_ms
                 , offer.revoked_at_ms
              FROM offer
              JOIN offer_assignment AS tried
                ON tried.store_id = offer.store_id
               AND tried.sales_order = offer.sales_order
             WHERE offer.store_id = $1",
            $which
        )
    };
}

impl Store {
    /// Offers for orders after one, in the order of the orders' ids.
    pub async fn offers(
        &self,
        store: &StoreId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Offer>, StoreError> {
        let rows: Vec<Row> = query_as(offers_that!(
            "
               AND $2 < offer.sales_order
             ORDER BY offer.sales_order
             LIMIT $3"
        ))
        .bind(store.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::offer).collect()
    }

    /// The offer with a code.
    pub async fn offer_by_code(
        &self,
        store: &StoreId,
        code: &str,
    ) -> Result<Option<Offer>, StoreError> {
        by_code(&mut self.read(store).await?, store, code).await
    }
}

impl Writing {
    /// Gives something for orders.
    pub async fn add_offers(&mut self, offers: &[Offer]) -> Result<(), StoreError> {
        let rows = offers.iter().map(|one| {
            let (percent, gift) = match &one.gives {
                Gives::Percentage(percent) => (Some(*percent), None),
                Gives::Gift(sku) => (None, Some(sku.to_string())),
                Gives::FreeShipping | Gives::Amount(_) => (None, None),
            };
            let worth = [one.worth.amount, one.worth.amount_max];
            let currency = worth.iter().flatten().next();
            (
                one.order.as_str(),
                &one.code,
                gives_name(&one.gives),
                percent,
                one.worth.amount.map(|money| money.amount),
                one.worth.amount_max.map(|money| money.amount),
                currency.map(|money| money.currency.to_string()),
                gift,
                one.counted,
                serde_json::to_string(&one.words).unwrap_or_default(),
                one.is_taken_back,
                one.expires_on.to_string(),
            )
        });
        let rows: Vec<_> = rows.collect();
        query(
            "
            INSERT INTO offer
                 ( store_id
                 , sales_order
                 , code
                 , kind
                 , percent
                 , amount
                 , amount_max
                 , currency
                 , gift
                 , counted
                 , words
                 , is_taken_back
                 , state
                 , issued_at_ms
                 , expires_on
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , value ->> 1
                 , value ->> 2
                 , CAST(value ->> 3 AS BIGINT)
                 , CAST(value ->> 4 AS BIGINT)
                 , CAST(value ->> 5 AS BIGINT)
                 , value ->> 6
                 , value ->> 7
                 , CAST(value ->> 8 AS BIGINT)
                 , value ->> 9
                 , CAST(value ->> 10 AS BOOLEAN)
                 , 'issued'
                 , $3
                 , date(value ->> 11)
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

    /// The offer with a code, as this change sees it.
    pub async fn offer_by_code(&mut self, code: &str) -> Result<Option<Offer>, StoreError> {
        let store = self.store.clone();
        by_code(&mut self.session, &store, code).await
    }

    /// Redeems the offer of an order. False if it cannot be redeemed any more.
    pub async fn redeem_offer(&mut self, order: &OrderId) -> Result<bool, StoreError> {
        let redeemed = query(
            "
            UPDATE offer
               SET state          = 'redeemed'
                 , redeemed_at_ms = $3
                 , revision       = $4
             WHERE store_id = $1
               AND sales_order = $2
               AND state = 'issued'",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(redeemed == 1)
    }

    /// Revokes the offer of an order, or takes it back where it was redeemed.
    pub async fn revoke_offer(&mut self, order: &OrderId) -> Result<(), StoreError> {
        query(
            "
            UPDATE offer
               SET state         = CASE state WHEN 'issued' THEN 'revoked' ELSE 'taken_back' END
                 , revoked_at_ms = $3
                 , revision      = $4
             WHERE store_id = $1
               AND sales_order = $2
               AND state IN ('issued', 'redeemed')",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

/// What was given for a list of orders, where something was.
pub(super) async fn offers_of(
    session: &mut Session,
    store: &StoreId,
    orders: &str,
) -> Result<ByOrder<Offer>, StoreError> {
    let sql = offers_that!(
        "
               AND offer.sales_order IN (SELECT value FROM json_each($2))"
    );
    ByOrder::fetched(session, sql, store, orders, Row::offer).await
}

async fn by_code(
    session: &mut Session,
    store: &StoreId,
    code: &str,
) -> Result<Option<Offer>, StoreError> {
    let row: Option<Row> = query_as(offers_that!(
        "
               AND offer.code = $2"
    ))
    .bind(store.as_str())
    .bind(code)
    .fetch_optional(session)
    .await?;
    row.map(Row::offer).transpose()
}

impl Row {
    fn offer(self) -> Result<Offer, StoreError> {
        let wrong = || StoreError::Unreadable("offer.kind");
        let currency: Option<Currency> = self
            .currency
            .map(|code| code.parse())
            .transpose()
            .map_err(|_| StoreError::Unreadable("offer.currency"))?;
        let money = |amount: Option<i64>| {
            let both = amount.zip(currency);
            both.map(|(amount, currency)| Money::new(amount, currency))
        };
        let percent = self.percent.and_then(|percent| u32::try_from(percent).ok());
        Ok(Offer {
            gives: match self.kind.as_str() {
                "free_shipping" => Gives::FreeShipping,
                "percentage" => Gives::Percentage(percent.ok_or_else(wrong)?),
                "amount" => Gives::Amount(money(self.amount).ok_or_else(wrong)?),
                "gift" => Gives::Gift(read(&self.gift.ok_or_else(wrong)?, "offer.gift")?),
                _ => return Err(wrong()),
            },
            worth: Worth {
                amount: money(self.amount),
                amount_max: money(self.amount_max),
            },
            order: read(&self.sales_order, "offer.sales_order")?,
            rule: read(&self.rule, "offer_assignment.rule")?,
            shopper: ShopperHash(self.shopper),
            code: self.code,
            counted: self.counted,
            words: serde_json::from_str(&self.words)
                .map_err(|_| StoreError::Unreadable("offer.words"))?,
            is_taken_back: self.is_taken_back,
            state: match self.state.as_str() {
                "issued" => OfferState::Issued,
                "redeemed" => OfferState::Redeemed,
                "revoked" => OfferState::Revoked,
                "taken_back" => OfferState::TakenBack,
                _ => return Err(StoreError::Unreadable("offer.state")),
            },
            issued_at: instant(self.issued_at_ms)?,
            expires_on: self.expires_on,
            redeemed_at: self.redeemed_at_ms.map(instant).transpose()?,
            revoked_at: self.revoked_at_ms.map(instant).transpose()?,
        })
    }
}
