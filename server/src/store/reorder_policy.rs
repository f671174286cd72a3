//! How a store orders at its suppliers: by which rules, and what each supplier accepts of each SKU.

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use shared::demand::Service;
use shared::ids::{Sku, StoreId, SupplierId};
use shared::lead_time::Level;
use shared::money::{Currency, Money};
use shared::quantity::Quantity;
use shared::schedule::{OnHoliday, Schedule};

use super::engine::{Session, json_rows, query, query_as, stored};
use super::locations::Week;
use super::skus::{json_list, quantity, read};
use super::{Store, StoreError, Writing};

/// How a store orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReorderPolicy {
    /// How much is to be served.
    pub service: Service,
    /// For how many days an order is to last.
    pub cover_days: u32,
    /// Days from one look at the shelf to the next.
    pub review_days: u32,
    /// Where the merchant is told what runs low; `None`: not by mail.
    pub email: Option<String>,
    /// Days after which a supplier is asked about an order that it has not confirmed; `None`: never.
    pub follow_up_days: Option<u32>,
    /// Suppliers of which something else is so, by id.
    pub suppliers: Vec<SupplierPolicy>,
    /// The commit that last changed it; 0: nobody ever said anything.
    pub revision: u64,
}

/// How a store orders at a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierPolicy {
    /// The supplier.
    pub supplier: SupplierId,
    /// Where orders are sent; `None`: the merchant sends them.
    pub email: Option<String>,
    /// For how many days an order is to last; `None`: as the store says.
    pub cover_days: Option<u32>,
    /// Days from one look at the shelf to the next; `None`: as the store says.
    pub review_days: Option<u32>,
    /// What an order costs at least.
    pub minimum: Option<Money>,
    /// What an order may cost.
    pub budget: Option<Money>,
    /// When drafts are made by themselves.
    pub schedule: Option<SupplierSchedule>,
    /// Within which limits those are approved and sent by themselves.
    pub by_itself: Option<ByItself>,
}

/// When drafts for a supplier are made by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupplierSchedule {
    /// Whether they are.
    pub is_on: bool,
    /// Since when it is so: no day before counts.
    pub since: DateTime<Utc>,
    /// Days of the week.
    pub days: Week,
    /// When, on the clocks of the location that ships. Whole minutes.
    pub time: NaiveTime,
    /// What becomes of a day that is a day off.
    pub on_holiday: OnHoliday,
}

/// Within which limits drafts are approved and sent by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByItself {
    /// What such an order costs at most.
    pub approves_up_to: Money,
    /// Whether it is sent too.
    pub sends: bool,
}

/// How a SKU is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReorderTerms {
    /// The SKU.
    pub sku: Sku,
    /// What a unit costs.
    pub unit_cost: Option<Money>,
    /// Fewest units that the supplier sends.
    pub minimum: Quantity,
    /// Units of a pack, at least 1: only whole packs are ordered.
    pub pack: Quantity,
    /// For how many days an order is to last; `None`: as the supplier or the store says.
    pub cover_days: Option<u32>,
}

impl Default for ReorderPolicy {
    fn default() -> Self {
        Self {
            service: Service::Cycle(Level::new(SERVICE_PERCENT).expect("95 of 100 is a share")),
            cover_days: COVER_DAYS,
            review_days: REVIEW_DAYS,
            email: None,
            follow_up_days: Some(FOLLOW_UP_DAYS),
            suppliers: Vec::new(),
            revision: 0,
        }
    }
}

/// Of 100 times between two orders, in so many nothing is missing, unless the merchant says otherwise.
const SERVICE_PERCENT: u8 = 95;
/// Days that an order lasts, unless the merchant says otherwise.
const COVER_DAYS: u32 = 30;
/// Days between two looks at the shelf, unless the merchant says otherwise.
const REVIEW_DAYS: u32 = 7;
/// Days after which a supplier is asked about an order, unless the merchant says otherwise.
const FOLLOW_UP_DAYS: u32 = 3;

impl ReorderPolicy {
    /// What is so at a supplier, if anything else is than in the whole store.
    pub fn at(&self, supplier: &SupplierId) -> Option<&SupplierPolicy> {
        self.suppliers.iter().find(|one| one.supplier == *supplier)
    }

    /// Days from one look at the shelf to the next.
    pub fn review_days(&self, supplier: Option<&SupplierId>) -> u32 {
        let own = supplier.and_then(|id| self.at(id)?.review_days);
        own.unwrap_or(self.review_days)
    }

    /// For how many days an order is to last.
    pub fn cover_days(&self, supplier: Option<&SupplierId>, terms: Option<&ReorderTerms>) -> u32 {
        let own = terms.and_then(|terms| terms.cover_days);
        let theirs = supplier.and_then(|id| self.at(id)?.cover_days);
        own.or(theirs).unwrap_or(self.cover_days)
    }
}

impl SupplierSchedule {
    /// The days on which it fires.
    pub fn schedule(&self) -> Schedule {
        Schedule::new(self.days.days(), self.time, self.on_holiday)
    }
}

/// The word for a kind of service, and its percent.
pub fn service_name(service: Service) -> (&'static str, Level) {
    match service {
        Service::Cycle(level) => ("cycle", level),
        Service::Fill(level) => ("fill", level),
    }
}

/// The word for what becomes of a day off.
pub fn on_holiday_name(rule: OnHoliday) -> &'static str {
    match rule {
        OnHoliday::Skip => "skip",
        OnHoliday::Next => "next",
    }
}

/// A policy as it is kept.
#[derive(Serialize, Deserialize)]
struct StoredPolicy {
    service: String,
    percent: u8,
    cover_days: u32,
    review_days: u32,
    email: Option<String>,
    follow_up_days: Option<u32>,
    suppliers: Vec<StoredSupplier>,
}

#[derive(Serialize, Deserialize)]
struct StoredSupplier {
    supplier: String,
    email: Option<String>,
    cover_days: Option<u32>,
    review_days: Option<u32>,
    minimum: Option<StoredMoney>,
    budget: Option<StoredMoney>,
    schedule: Option<StoredSchedule>,
    approves_up_to: Option<StoredMoney>,
    sends: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredSchedule {
    is_on: bool,
    since_ms: i64,
    days: String,
    time: String,
    on_holiday: String,
}

#[derive(Serialize, Deserialize)]
struct StoredMoney {
    amount: i64,
    currency: String,
}

#[derive(sqlx::FromRow)]
struct TermsRow {
    sku: String,
    unit_cost: Option<i64>,
    currency: Option<String>,
    minimum: i64,
    pack: i64,
    cover_days: Option<i64>,
}

impl Store {
    /// How a store orders; what is usual where nobody said anything.
    pub async fn reorder_policy(&self, store: &StoreId) -> Result<ReorderPolicy, StoreError> {
        policy(&mut self.read(store).await?, store).await
    }

    /// How these SKUs are ordered, those of which somebody said something.
    pub async fn reorder_terms(
        &self,
        store: &StoreId,
        skus: &[Sku],
    ) -> Result<HashMap<Sku, ReorderTerms>, StoreError> {
        let rows: Vec<TermsRow> = query_as(
            "
            SELECT sku
                 , unit_cost
                 , currency
                 , minimum
                 , pack
                 , cover_days
              FROM reorder_terms
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))",
        )
        .bind(store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let row = |row: TermsRow| row.terms().map(|terms| (terms.sku.clone(), terms));
        rows.into_iter().map(row).collect()
    }

    /// How SKUs after `after` are ordered, at most `limit` of those of which somebody said something.
    pub async fn page_of_reorder_terms(
        &self,
        store: &StoreId,
        after: Option<&Sku>,
        limit: u32,
    ) -> Result<Vec<ReorderTerms>, StoreError> {
        let rows: Vec<TermsRow> = query_as(
            "
            SELECT sku
                 , unit_cost
                 , currency
                 , minimum
                 , pack
                 , cover_days
              FROM reorder_terms
             WHERE store_id = $1
               AND $2 < sku
             ORDER BY sku
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(after.map_or("", Sku::as_str))
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(TermsRow::terms).collect()
    }
}

impl Writing {
    /// How the store orders, as this change sees it.
    pub async fn reorder_policy(&mut self) -> Result<ReorderPolicy, StoreError> {
        let store = self.store.clone();
        policy(&mut self.session, &store).await
    }

    /// Keeps how the store orders.
    pub async fn put_reorder_policy(&mut self, policy: &ReorderPolicy) -> Result<(), StoreError> {
        let terms = StoredPolicy::of(policy);
        let terms = serde_json::to_string(&terms).expect("texts and numbers are always JSON");
        query(
            "
            INSERT INTO reorder_policy
                 ( store_id
                 , terms
                 , revision
                 )
            VALUES ($1, $2, $3)
                ON CONFLICT (store_id) DO UPDATE
               SET terms    = excluded.terms
                 , revision = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(terms)
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Keeps how some SKUs are ordered, each in the place of what was said of it before. What is forecast of them is computed anew.
    pub async fn put_reorder_terms(&mut self, terms: &[ReorderTerms]) -> Result<(), StoreError> {
        let rows: Vec<_> = terms
            .iter()
            .map(|one| {
                (
                    one.sku.as_str(),
                    one.unit_cost.map(|cost| cost.amount),
                    one.unit_cost.map(|cost| cost.currency.to_string()),
                    one.minimum.units(),
                    one.pack.units(),
                    one.cover_days,
                )
            })
            .collect();
        query(
            "
            INSERT INTO reorder_terms
                 ( store_id
                 , sku
                 , unit_cost
                 , currency
                 , minimum
                 , pack
                 , cover_days
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , CAST(value ->> 1 AS BIGINT)
                 , value ->> 2
                 , CAST(value ->> 3 AS BIGINT)
                 , CAST(value ->> 4 AS BIGINT)
                 , CAST(value ->> 5 AS BIGINT)
                 , $3
              FROM jsonb_each($2)
             WHERE true
                ON CONFLICT (store_id, sku) DO UPDATE
               SET unit_cost  = excluded.unit_cost
                 , currency   = excluded.currency
                 , minimum    = excluded.minimum
                 , pack       = excluded.pack
                 , cover_days = excluded.cover_days
                 , revision   = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        let skus: Vec<Sku> = terms.iter().map(|one| one.sku.clone()).collect();
        self.touch(&skus).await
    }
}

async fn policy(session: &mut Session, store: &StoreId) -> Result<ReorderPolicy, StoreError> {
    let row: Option<(String, i64)> = query_as(
        "
        SELECT terms
             , revision
          FROM reorder_policy
         WHERE store_id = $1",
    )
    .bind(store.as_str())
    .fetch_optional(session)
    .await?;
    let Some((terms, revision)) = row else {
        return Ok(ReorderPolicy::default());
    };
    let stored: Option<StoredPolicy> = serde_json::from_str(&terms).ok();
    stored
        .and_then(|stored| stored.policy(revision.unsigned_abs()))
        .ok_or(StoreError::Unreadable("reorder_policy.terms"))
}

impl StoredPolicy {
    fn of(policy: &ReorderPolicy) -> Self {
        let (service, level) = service_name(policy.service);
        Self {
            service: service.into(),
            percent: level.percent(),
            cover_days: policy.cover_days,
            review_days: policy.review_days,
            email: policy.email.clone(),
            follow_up_days: policy.follow_up_days,
            suppliers: policy.suppliers.iter().map(StoredSupplier::of).collect(),
        }
    }

    fn policy(self, revision: u64) -> Option<ReorderPolicy> {
        let level = Level::new(self.percent).ok()?;
        let suppliers = self.suppliers.into_iter().map(StoredSupplier::policy);
        Some(ReorderPolicy {
            service: match self.service.as_str() {
                "cycle" => Service::Cycle(level),
                "fill" => Service::Fill(level),
                _ => return None,
            },
            cover_days: self.cover_days,
            review_days: self.review_days,
            email: self.email,
            follow_up_days: self.follow_up_days,
            suppliers: suppliers.collect::<Option<_>>()?,
            revision,
        })
    }
}

impl StoredSupplier {
    fn of(policy: &SupplierPolicy) -> Self {
        Self {
            supplier: policy.supplier.to_string(),
            email: policy.email.clone(),
            cover_days: policy.cover_days,
            review_days: policy.review_days,
            minimum: policy.minimum.map(StoredMoney::of),
            budget: policy.budget.map(StoredMoney::of),
            schedule: policy.schedule.map(|schedule| StoredSchedule {
                is_on: schedule.is_on,
                since_ms: schedule.since.timestamp_millis(),
                days: schedule.days.stored(),
                time: schedule.time.format("%H:%M").to_string(),
                on_holiday: on_holiday_name(schedule.on_holiday).into(),
            }),
            approves_up_to: policy
                .by_itself
                .map(|limits| StoredMoney::of(limits.approves_up_to)),
            sends: policy.by_itself.is_some_and(|limits| limits.sends),
        }
    }

    fn policy(self) -> Option<SupplierPolicy> {
        let money = |stored: Option<StoredMoney>| match stored {
            Some(stored) => stored.money().map(Some),
            None => Some(None),
        };
        let schedule = match self.schedule {
            None => None,
            Some(stored) => Some(SupplierSchedule {
                is_on: stored.is_on,
                since: DateTime::from_timestamp_millis(stored.since_ms)?,
                days: Week::read(&stored.days)?,
                time: NaiveTime::parse_from_str(&stored.time, "%H:%M").ok()?,
                on_holiday: match stored.on_holiday.as_str() {
                    "skip" => OnHoliday::Skip,
                    "next" => OnHoliday::Next,
                    _ => return None,
                },
            }),
        };
        let sends = self.sends;
        Some(SupplierPolicy {
            supplier: self.supplier.parse().ok()?,
            email: self.email,
            cover_days: self.cover_days,
            review_days: self.review_days,
            minimum: money(self.minimum)?,
            budget: money(self.budget)?,
            schedule,
            by_itself: money(self.approves_up_to)?.map(|approves_up_to| ByItself {
                approves_up_to,
                sends,
            }),
        })
    }
}

impl StoredMoney {
    fn of(money: Money) -> Self {
        Self {
            amount: money.amount,
            currency: money.currency.to_string(),
        }
    }

    fn money(self) -> Option<Money> {
        let currency: Currency = self.currency.parse().ok()?;
        Some(Money::new(self.amount, currency))
    }
}

impl TermsRow {
    fn terms(self) -> Result<ReorderTerms, StoreError> {
        let currency: Option<Currency> = self
            .currency
            .map(|code| code.parse())
            .transpose()
            .map_err(|_| StoreError::Unreadable("reorder_terms.currency"))?;
        let cost = self.unit_cost.zip(currency);
        Ok(ReorderTerms {
            sku: read(&self.sku, "reorder_terms.sku")?,
            unit_cost: cost.map(|(amount, currency)| Money::new(amount, currency)),
            minimum: quantity(self.minimum)?,
            pack: quantity(self.pack)?,
            cover_days: super::skus::days(self.cover_days, "reorder_terms.cover_days")?,
        })
    }
}
