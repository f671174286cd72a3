//! Rules by which something is given to whoever waits.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::ids::{OfferRuleId, Sku, StoreId};
use shared::money::{Currency, Money};
use shared::offer::{Gives, Left, Terms};

use super::engine::{Session, instant, query, query_as, stored};
use super::skus::read;
use super::{Store, StoreError, Writing};

/// A rule by which something is given to whoever waits, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRule {
    /// Its id. Of several that fit, the first by id is tried.
    pub id: OfferRuleId,
    /// To whom something is given, and what.
    pub terms: Terms,
    /// Of 100 that meet the conditions, so many get nothing: the others are compared with them.
    pub holdout_percent: u32,
    /// For how many days an offer is good, from 1.
    pub expires_days: u32,
    /// Whether an offer is taken back where its order is cancelled after it was redeemed.
    pub is_taken_back: bool,
    /// What it says, in the merchant's words, by the first part of a language's tag; where there are none, in ours.
    pub words: BTreeMap<String, String>,
    /// Most offers, of all runs; `None`: any number.
    pub budget_count: Option<u32>,
    /// Most that they may cost, in minor units of the store's currency; `None`: any amount.
    pub budget_amount: Option<i64>,
    /// False: nobody is tried on any more.
    pub is_on: bool,
    /// From 1; with other terms, or another share that is held out, the next one begins.
    pub run: u32,
    /// When this run began.
    pub begun_at: DateTime<Utc>,
    /// Offers that were made and not revoked, of all runs.
    pub issued: u32,
    /// What they may cost, in minor units.
    pub issued_amount: i64,
    /// When the merchant removed it.
    pub removed_at: Option<DateTime<Utc>>,
    /// The commit that last changed it.
    pub revision: u64,
}

impl OfferRule {
    /// What is left of the budget.
    pub fn left(&self) -> Left {
        Left {
            count: self
                .budget_count
                .map(|most| most.saturating_sub(self.issued)),
            amount: self
                .budget_amount
                .map(|most| most.saturating_sub(self.issued_amount)),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    rule: String,
    terms: String,
    is_on: bool,
    run: i64,
    begun_at_ms: i64,
    budget_count: Option<i64>,
    budget_amount: Option<i64>,
    issued: i64,
    issued_amount: i64,
    removed_at_ms: Option<i64>,
    revision: i64,
}

/// What a rule says, as it is kept.
#[derive(Serialize, Deserialize)]
struct StoredTerms {
    waits_days: u32,
    goods_at_least: Option<StoredMoney>,
    skus: Vec<String>,
    first_backorder: bool,
    per_shopper_max: u32,
    kind: String,
    percent: Option<u32>,
    amount: Option<StoredMoney>,
    gift: Option<String>,
    amount_max: Option<StoredMoney>,
    holdout_percent: u32,
    expires_days: u32,
    is_taken_back: bool,
    words: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct StoredMoney {
    amount: i64,
    currency: String,
}

impl Store {
    /// The rules of a store that were not removed, by id.
    pub async fn offer_rules(&self, store: &StoreId) -> Result<Vec<OfferRule>, StoreError> {
        let mut snapshot = self.read(store).await?;
        let rules = rules(&mut snapshot, store).await?;
        snapshot.end().await?;
        Ok(rules)
    }

    /// A rule, removed or not.
    pub async fn offer_rule(
        &self,
        store: &StoreId,
        id: &OfferRuleId,
    ) -> Result<Option<OfferRule>, StoreError> {
        rule(&mut self.read(store).await?, store, id).await
    }
}

impl Writing {
    /// The rules that were not removed, by id, as this change sees them.
    pub async fn offer_rules(&mut self) -> Result<Vec<OfferRule>, StoreError> {
        let store = self.store.clone();
        rules(&mut self.session, &store).await
    }

    /// A rule, removed or not, as this change sees it.
    pub async fn offer_rule(&mut self, id: &OfferRuleId) -> Result<Option<OfferRule>, StoreError> {
        let store = self.store.clone();
        rule(&mut self.session, &store, id).await
    }

    /// Makes a rule or replaces it: all but what was issued by it.
    pub async fn put_offer_rule(&mut self, rule: &OfferRule) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO offer_rule
                 ( store_id
                 , rule
                 , terms
                 , is_on
                 , run
                 , begun_at_ms
                 , budget_count
                 , budget_amount
                 , issued
                 , issued_amount
                 , removed_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10)
                ON CONFLICT (store_id, rule) DO UPDATE
               SET terms         = excluded.terms
                 , is_on         = excluded.is_on
                 , run           = excluded.run
                 , begun_at_ms   = excluded.begun_at_ms
                 , budget_count  = excluded.budget_count
                 , budget_amount = excluded.budget_amount
                 , removed_at_ms = excluded.removed_at_ms
                 , revision      = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(rule.id.as_str())
        .bind(stored_terms(rule))
        .bind(rule.is_on)
        .bind(rule.run)
        .bind(rule.begun_at.timestamp_millis())
        .bind(rule.budget_count)
        .bind(rule.budget_amount)
        .bind(rule.removed_at.map(|at| at.timestamp_millis()))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        self.raise_settings_revision().await
    }

    /// Takes offers out of a rule's budget, or gives them back where there are fewer than none. The database refuses more than
    /// there is.
    pub async fn charge_offer_rule(
        &mut self,
        id: &OfferRuleId,
        count: i64,
        amount: i64,
    ) -> Result<(), StoreError> {
        query(
            "
            UPDATE offer_rule
               SET issued        = issued + $3
                 , issued_amount = issued_amount + $4
                 , revision      = $5
             WHERE store_id = $1
               AND rule = $2",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(count)
        .bind(amount)
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

/// The rules of a store that were not removed, by id.
pub(super) async fn rules(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<OfferRule>, StoreError> {
    let rows: Vec<Row> = query_as(
        "
        SELECT rule
             , terms
             , is_on
             , run
             , begun_at_ms
             , budget_count
             , budget_amount
             , issued
             , issued_amount
             , removed_at_ms
             , revision
          FROM offer_rule
         WHERE store_id = $1
           AND removed_at_ms IS NULL
         ORDER BY rule",
    )
    .bind(store.as_str())
    .fetch_all(session)
    .await?;
    rows.into_iter().map(Row::rule).collect()
}

async fn rule(
    session: &mut Session,
    store: &StoreId,
    id: &OfferRuleId,
) -> Result<Option<OfferRule>, StoreError> {
    let row: Option<Row> = query_as(
        "
        SELECT rule
             , terms
             , is_on
             , run
             , begun_at_ms
             , budget_count
             , budget_amount
             , issued
             , issued_amount
             , removed_at_ms
             , revision
          FROM offer_rule
         WHERE store_id = $1
           AND rule = $2",
    )
    .bind(store.as_str())
    .bind(id.as_str())
    .fetch_optional(session)
    .await?;
    row.map(Row::rule).transpose()
}

impl Row {
    fn rule(self) -> Result<OfferRule, StoreError> {
        let wrong = || StoreError::Unreadable("offer_rule.terms");
        let said: StoredTerms = serde_json::from_str(&self.terms).map_err(|_| wrong())?;
        let gives = match said.kind.as_str() {
            "free_shipping" => Gives::FreeShipping,
            "percentage" => Gives::Percentage(said.percent.ok_or_else(wrong)?),
            "amount" => Gives::Amount(money(said.amount.ok_or_else(wrong)?)?),
            "gift" => Gives::Gift(read(&said.gift.ok_or_else(wrong)?, "offer_rule.terms")?),
            _ => return Err(wrong()),
        };
        let skus: Result<Vec<Sku>, StoreError> = said
            .skus
            .iter()
            .map(|sku| read(sku, "offer_rule.terms"))
            .collect();
        let count = |number: i64| u32::try_from(number).map_err(|_| wrong());
        Ok(OfferRule {
            id: read(&self.rule, "offer_rule.rule")?,
            terms: Terms {
                waits_days: said.waits_days,
                goods_at_least: said.goods_at_least.map(money).transpose()?,
                skus: skus?,
                first_backorder: said.first_backorder,
                per_shopper_max: said.per_shopper_max,
                gives,
                amount_max: said.amount_max.map(money).transpose()?,
            },
            holdout_percent: said.holdout_percent,
            expires_days: said.expires_days,
            is_taken_back: said.is_taken_back,
            words: said.words,
            budget_count: self.budget_count.map(count).transpose()?,
            budget_amount: self.budget_amount,
            is_on: self.is_on,
            run: count(self.run)?,
            begun_at: instant(self.begun_at_ms)?,
            issued: count(self.issued)?,
            issued_amount: self.issued_amount,
            removed_at: self.removed_at_ms.map(instant).transpose()?,
            revision: self.revision.unsigned_abs(),
        })
    }
}

/// The word for what is given.
pub const fn gives_name(gives: &Gives) -> &'static str {
    match gives {
        Gives::FreeShipping => "free_shipping",
        Gives::Percentage(_) => "percentage",
        Gives::Amount(_) => "amount",
        Gives::Gift(_) => "gift",
    }
}

fn stored_terms(rule: &OfferRule) -> String {
    let terms = &rule.terms;
    let (mut percent, mut amount, mut gift) = (None, None, None);
    match &terms.gives {
        Gives::FreeShipping => {}
        Gives::Percentage(share) => percent = Some(*share),
        Gives::Amount(money) => amount = Some(kept(*money)),
        Gives::Gift(sku) => gift = Some(sku.to_string()),
    }
    let said = StoredTerms {
        waits_days: terms.waits_days,
        goods_at_least: terms.goods_at_least.map(kept),
        skus: terms.skus.iter().map(ToString::to_string).collect(),
        first_backorder: terms.first_backorder,
        per_shopper_max: terms.per_shopper_max,
        kind: gives_name(&terms.gives).into(),
        percent,
        amount,
        gift,
        amount_max: terms.amount_max.map(kept),
        holdout_percent: rule.holdout_percent,
        expires_days: rule.expires_days,
        is_taken_back: rule.is_taken_back,
        words: rule.words.clone(),
    };
    serde_json::to_string(&said).expect("texts and numbers are always JSON")
}

fn kept(money: Money) -> StoredMoney {
    StoredMoney {
        amount: money.amount,
        currency: money.currency.to_string(),
    }
}

fn money(kept: StoredMoney) -> Result<Money, StoreError> {
    let currency: Result<Currency, _> = kept.currency.parse();
    let currency = currency.map_err(|_| StoreError::Unreadable("offer_rule.terms"))?;
    Ok(Money::new(kept.amount, currency))
}
