//! What is on its way, for which day it is planned, and how much of it can be counted on.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use shared::calendar::WorkingDays;
use shared::ids::{LocationId, StoreId};
use shared::lead_time::Outlook;
use shared::quantity::Quantity;
use shared::reason::Stated;
use shared::supply::{Basis, Incoming, Replenishment, Undated};
use shared::widening::Widened;

use super::StoreError;
use super::engine::{Session, query_as, query_scalar};
use super::reasons::read_reason;
use super::skus::{days, json_list, quantity, read};
use super::supplier_models::{SupplierModel, supplier_models};
use super::suppliers::suppliers;

/// What is declared and what was learnt of suppliers, each calendar in memory once however many
/// SKUs share it.
pub(super) struct Suppliers {
    declared: HashMap<String, Declared>,
    learnt: HashMap<(String, String), SupplierModel>,
    usual: Arc<WorkingDays>,
}

struct Declared {
    days: Arc<WorkingDays>,
    lead_time_days: Option<u32>,
    buffer_days: u32,
    reason: Option<Arc<Stated>>,
}

/// How long a supplier takes, and who says so.
enum LeadTime<'a> {
    /// The merchant or the supplier.
    Declared(u32),
    /// What came.
    Learnt(&'a SupplierModel),
}

/// How an arrival is planned.
struct Plan {
    from: NaiveDate,
    days: i32,
    basis: Basis,
    outlooks: Vec<(NaiveDate, Arc<Outlook>)>,
}

/// A line of a purchase order of which something is still to come.
#[derive(sqlx::FromRow)]
pub(super) struct Awaited {
    pub(super) sku: String,
    pub(super) location: String,
    pub(super) purchase_order: String,
    pub(super) supplier: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) ordered_on: NaiveDate,
    pub(super) shipped_on: Option<NaiveDate>,
    pub(super) quantity: i64,
    /// Most units that were ever ordered of it.
    pub(super) asked: i64,
    pub(super) received: i64,
    pub(super) expected_on: Option<NaiveDate>,
    /// What the SKU declares.
    pub(super) lead_time_days: Option<i64>,
    pub(super) reason_code: Option<String>,
    pub(super) reason_words: Option<String>,
}

/// What is on its way of a SKU, and where to.
pub(super) struct OnItsWay {
    /// The SKU.
    pub(super) sku: String,
    /// Where to.
    pub(super) location: LocationId,
    /// What.
    pub(super) expected: Expected,
}

/// What is known of units on order.
pub(super) enum Expected {
    /// When they come.
    Dated(Incoming),
    /// Only that they do.
    Undated(Undated),
}

impl Suppliers {
    /// Those of a JSON list.
    pub(super) async fn load(
        snapshot: &mut Session,
        store: &StoreId,
        among: &str,
    ) -> Result<Self, StoreError> {
        let declared = suppliers(snapshot, store, Some(among)).await?;
        let learnt = supplier_models(snapshot, store, Some(among)).await?;
        Ok(Self {
            declared: declared
                .into_iter()
                .map(|record| {
                    let declared = Declared {
                        days: Arc::new(record.days()),
                        lead_time_days: record.lead_time_days,
                        buffer_days: record.buffer_days,
                        reason: record.wait_reason.map(Arc::new),
                    };
                    (record.id.to_string(), declared)
                })
                .collect(),
            learnt: learnt
                .into_iter()
                .map(|model| ((model.supplier.to_string(), model.mode.clone()), model))
                .collect(),
            usual: Arc::new(WorkingDays::monday_to_friday()),
        })
    }

    /// Those who bring the SKUs of a JSON list, or are to.
    pub(super) async fn of_skus(
        snapshot: &mut Session,
        store: &StoreId,
        asked: &str,
    ) -> Result<Self, StoreError> {
        let named: Vec<String> = query_scalar(
            "
            SELECT supplier
              FROM sku
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))
               AND supplier IS NOT NULL
             UNION
            SELECT ordered.supplier
              FROM purchase_order_line AS line
              JOIN purchase_order AS ordered
                ON ordered.store_id = line.store_id
               AND ordered.purchase_order = line.purchase_order
             WHERE line.store_id = $1
               AND line.received < line.quantity
               AND line.sku IN (SELECT value FROM json_each($2))
               AND ordered.status = 'open'
               AND ordered.supplier IS NOT NULL",
        )
        .bind(store.as_str())
        .bind(asked)
        .fetch_all(snapshot)
        .await?;
        Self::load(snapshot, store, &json_list(&named)).await
    }

    /// How the merchant gets more of a SKU that declares this lead time, or whose supplier declares
    /// one; none where neither does.
    pub(super) fn replenishment(
        &self,
        supplier: Option<&str>,
        declared: Option<u32>,
    ) -> Option<Replenishment> {
        let known = supplier.and_then(|id| self.declared.get(id));
        declared.or_else(|| known?.lead_time_days)?;
        let buffer_days = known.map_or(0, |known| known.buffer_days);
        let (lead_time_days, basis) = match self.lead_time(supplier, None, declared)? {
            LeadTime::Declared(days) => (days.saturating_add(buffer_days), Basis::Declared),
            LeadTime::Learnt(model) => (model.lead_time.days, model.lead_time.basis()),
        };
        Some(Replenishment {
            lead_time_days,
            basis,
            widened: self.widened(supplier),
            supplier_days: Arc::clone(known.map_or(&self.usual, |known| &known.days)),
            reason: self.reason(supplier),
        })
    }

    /// How long it takes. What is declared, by the SKU before its supplier, stands until the
    /// supplier's own deliveries are enough to say otherwise; where nothing is declared, what is
    /// known of others has to do, if that is enough.
    fn lead_time(
        &self,
        supplier: Option<&str>,
        mode: Option<&str>,
        declared: Option<u32>,
    ) -> Option<LeadTime<'_>> {
        let learnt = supplier.and_then(|id| self.learnt(id, mode.unwrap_or_default()));
        let theirs = || self.declared.get(supplier?)?.lead_time_days;
        match (learnt, declared.or_else(theirs)) {
            (Some(model), _) if model.lead_time.is_own() => Some(LeadTime::Learnt(model)),
            (_, Some(days)) => Some(LeadTime::Declared(days)),
            (model, None) => model
                .filter(|model| model.lead_time.is_enough())
                .map(LeadTime::Learnt),
        }
    }

    /// What is added to all dates of a supplier because too few promises were kept.
    fn widened(&self, supplier: Option<&str>) -> Option<Widened> {
        self.learnt(supplier?, "")?.widened
    }

    /// Why one waits for a supplier, as the merchant says it.
    fn reason(&self, supplier: Option<&str>) -> Option<Arc<Stated>> {
        self.declared.get(supplier?)?.reason.clone()
    }

    /// What was learnt of a way of shipping, or else of any.
    fn learnt(&self, supplier: &str, mode: &str) -> Option<&SupplierModel> {
        let model = |mode: &str| self.learnt.get(&(supplier.to_owned(), mode.to_owned()));
        model(mode).or_else(|| model(""))
    }
}

/// What is on its way of the SKUs asked for, and can be counted on for a day.
pub(super) async fn incoming(
    snapshot: &mut Session,
    store: &StoreId,
    asked: &str,
    suppliers: &Suppliers,
) -> Result<Vec<OnItsWay>, StoreError> {
    let rows: Vec<Awaited> = query_as(
        "
        SELECT line.sku
             , ordered.location
             , line.purchase_order
             , ordered.supplier
             , ordered.mode
             , ordered.ordered_on
             , ordered.shipped_on
             , line.quantity
             , line.asked
             , line.received
             , line.expected_on
             , sku.lead_time_days
             , ordered.reason_code
             , ordered.reason_words
          FROM purchase_order_line AS line
          JOIN purchase_order AS ordered
            ON ordered.store_id = line.store_id
           AND ordered.purchase_order = line.purchase_order
          JOIN sku
            ON sku.store_id = line.store_id
           AND sku.sku = line.sku
         WHERE line.store_id = $1
           AND line.received < line.quantity
           AND line.sku IN (SELECT value FROM json_each($2))
           AND ordered.status = 'open'
         ORDER BY line.sku
                , line.purchase_order",
    )
    .bind(store.as_str())
    .bind(asked)
    .fetch_all(snapshot)
    .await?;
    let planned = rows.into_iter().map(|row| row.planned(suppliers));
    planned.filter_map(Result::transpose).collect()
}

impl Awaited {
    /// `None` where no unit is to be expected.
    pub(super) fn planned(self, suppliers: &Suppliers) -> Result<Option<OnItsWay>, StoreError> {
        let expected = self.counted_on(suppliers)?;
        if expected.is_zero() {
            return Ok(None);
        }
        let purchase_order = read(&self.purchase_order, "purchase_order")?;
        let to_come = quantity(self.quantity)?.less(quantity(self.received)?);
        let expected = match self.plan(suppliers)? {
            None => Expected::Undated(Undated {
                quantity: to_come,
                purchase_order,
            }),
            Some(plan) => Expected::Dated(Incoming {
                to_come,
                buffer_days: plan.days,
                basis: plan.basis,
                outlooks: plan.outlooks,
                widened: suppliers.widened(self.supplier.as_deref()),
                under_way: self.shipped_on.is_some(),
                reason: self.reason()?.map(Arc::new),
                supplier_reason: suppliers.reason(self.supplier.as_deref()),
                ..Incoming::told(purchase_order, expected, plan.from)
            }),
        };
        Ok(Some(OnItsWay {
            location: read(&self.location, "purchase_order.location")?,
            expected,
            sku: self.sku,
        }))
    }

    /// Why one waits for it, as the merchant says it.
    fn reason(&self) -> Result<Option<Stated>, StoreError> {
        read_reason(self.reason_code.as_deref(), self.reason_words.as_deref())
    }

    /// Units still to come, less what the supplier is used to leave out of what it was asked for.
    fn counted_on(&self, suppliers: &Suppliers) -> Result<Quantity, StoreError> {
        let (ordered, received) = (quantity(self.quantity)?, quantity(self.received)?);
        let habit = self
            .supplier
            .as_deref()
            .and_then(|id| suppliers.learnt(id, ""))
            .and_then(|model| model.expected_yield);
        let expected = match habit {
            Some(habit) => habit.share.of(quantity(self.asked)?.max(ordered)),
            None => ordered,
        };
        Ok(expected.min(ordered).less(received))
    }

    /// What is said of the day of arrival, by the supplier, the merchant and what came before.
    fn plan(&self, suppliers: &Suppliers) -> Result<Option<Plan>, StoreError> {
        let supplier = self.supplier.as_deref();
        let mode = self.mode.as_deref();
        let whole = |days: u32| {
            i32::try_from(days).map_err(|_| StoreError::Unreadable("days of a supplier"))
        };
        let declared = supplier.and_then(|id| suppliers.declared.get(id));
        let buffer_days = declared.map_or(0, |declared| declared.buffer_days);
        let declared_days = days(self.lead_time_days, "sku.lead_time_days")?;
        let Some(told) = self.expected_on else {
            return Ok(match suppliers.lead_time(supplier, mode, declared_days) {
                None => None,
                Some(LeadTime::Declared(days)) => Some(Plan {
                    from: self.ordered_on,
                    days: whole(days.saturating_add(buffer_days))?,
                    basis: Basis::Declared,
                    outlooks: Vec::new(),
                }),
                Some(LeadTime::Learnt(model)) => Some(Plan {
                    from: self.ordered_on,
                    days: whole(model.lead_time.days)?,
                    basis: model.lead_time.basis(),
                    outlooks: vec![(self.ordered_on, Arc::clone(&model.lead_time_outlook))],
                }),
            });
        };
        let slip = supplier
            .and_then(|id| suppliers.learnt(id, ""))
            .and_then(|model| model.slip.as_ref());
        let Some(slip) = slip else {
            return Ok(Some(Plan {
                from: told,
                days: whole(buffer_days)?,
                basis: Basis::Told,
                outlooks: Vec::new(),
            }));
        };
        // An order that is later than any of which it is known is one of those that took as long.
        let lead_time = supplier.and_then(|id| suppliers.learnt(id, mode.unwrap_or_default()));
        let lead_time = lead_time.map(|model| (self.ordered_on, &model.lead_time_outlook));
        let outlooks = [(told, &slip.outlook)].into_iter().chain(lead_time);
        Ok(Some(Plan {
            from: told,
            days: slip.days.max(0),
            basis: slip.basis(),
            outlooks: outlooks
                .map(|(from, outlook)| (from, Arc::clone(outlook)))
                .collect(),
        }))
    }
}
