//! What forecasts are made from: histories with those of kits, how long orders take, and what all goods of a shop have in common.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use shared::demand::{
    Distribution, Forecast, Horizon, LEARNT_FROM_MAX, LeadTimes, Lot, Model, Period, Pool,
    ReorderPoint, Rhythm, Season,
};
use shared::ids::{Sku, StoreId, SupplierId};
use shared::lead_time::{Delivery, Level};
use shared::quantity::Quantity;

use super::ActError;
use super::learn::{OWN_LOADED_MAX, POOL_LOADED_MAX, past};
use super::records::{
    Covered, DeliveryRecord, ForecastContent, ForecastRecord, ForecastState, ReorderPolicy,
    ReorderTerms, SoldMonth, SupplierRecord, Wanted, first_of, service_name,
};
use crate::app::App;
use crate::catalogue::Shop;
use crate::limits::{FORECAST_AT_ONCE, SALES_MONTHS_MAX};

/// Days of a month, on the mean.
const MONTH_DAYS: f64 = 365.25 / 12.0;
/// Months ahead that are told, each with all before it.
const MONTHS_AHEAD: u32 = 3;
/// Sorts after every SKU: the largest character there is.
const AFTER_ALL_SKUS: &str = "\u{10FFFF}\u{10FFFF}";

/// What forecasts of a store are made from.
pub(super) struct Learner {
    store: StoreId,
    /// The first day of the last month that is over.
    pub(super) last: NaiveDate,
    /// The first day of the first month that is looked at.
    from: NaiveDate,
    pub(super) policy: Arc<ReorderPolicy>,
    suppliers: HashMap<SupplierId, SupplierRecord>,
    newest: Option<Vec<DeliveryRecord>>,
    lead_times: HashMap<(Option<SupplierId>, Option<u32>), Option<Known>>,
    /// Kits that a SKU is part of, and how many of it each takes.
    kits: HashMap<Sku, Vec<(Sku, Quantity)>>,
    discontinued: BTreeSet<Sku>,
    /// SKUs that are no goods of their own.
    uncounted: BTreeSet<Sku>,
    pool: Option<Arc<Pool>>,
}

/// How long orders take, and how many deliveries say so.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) times: LeadTimes,
    deliveries: u32,
}

/// What the forecast of a SKU is made from.
#[derive(Debug, Clone)]
pub(super) struct Input {
    pub(super) sku: Sku,
    pub(super) history: Vec<Period>,
    pub(super) known: Option<Known>,
    terms: Option<ReorderTerms>,
    pub(super) review_days: u32,
    pub(super) cover_days: u32,
    is_discontinued: bool,
    /// The last month, and how much is to be served.
    says: String,
}

impl Learner {
    pub(super) async fn new(app: &App, shop: &Shop, now: DateTime<Utc>) -> Result<Self, ActError> {
        let today = shop.settings().location.calendar.today(now);
        let last = first_of(today) - Months::new(1);
        let policy = app.store.reorder_policy(&shop.id).await?;
        let suppliers = app.store.suppliers(&shop.id).await?.into_iter();
        let mut kits: HashMap<Sku, Vec<(Sku, Quantity)>> = HashMap::new();
        let (mut discontinued, mut uncounted) = (BTreeSet::new(), BTreeSet::new());
        for entry in shop.entries() {
            for (part, quantity) in entry.kit() {
                let kits = kits.entry(part.clone()).or_default();
                kits.push((entry.sku().clone(), *quantity));
            }
            if !entry.kit().is_empty() || !entry.selling().tracked {
                uncounted.insert(entry.sku().clone());
            } else if entry.selling().discontinued {
                discontinued.insert(entry.sku().clone());
            }
        }
        Ok(Self {
            store: shop.id.clone(),
            last,
            from: last - Months::new(SALES_MONTHS_MAX - 1),
            policy: Arc::new(policy),
            suppliers: suppliers
                .map(|record| (record.id.clone(), record))
                .collect(),
            newest: None,
            lead_times: HashMap::new(),
            kits,
            discontinued,
            uncounted,
            pool: None,
        })
    }

    /// All SKUs that were ever sold, and those that were sold as part of a kit.
    pub(super) async fn all_skus(&self, app: &App) -> Result<Vec<Sku>, ActError> {
        let sold = app.store.sold_after(&self.store, 0).await?;
        Ok(self.goods(sold))
    }

    /// SKUs of which something is new.
    pub(super) async fn changed(
        &self,
        app: &App,
        before: &ForecastState,
    ) -> Result<Vec<Sku>, ActError> {
        let mut skus = app
            .store
            .sold_after(&self.store, before.sales_revision)
            .await?;
        let mut after = (before.sku_revision, AFTER_ALL_SKUS.to_owned());
        loop {
            let page = app
                .store
                .skus_changed_after(&self.store, (after.0, &after.1))
                .await?;
            let Some((last, at)) = page.last() else { break };
            after = (*at, last.to_string());
            skus.extend(page.into_iter().map(|(sku, _)| sku));
        }
        Ok(self.goods(skus))
    }

    /// The same SKUs with the parts of kits, less what is not counted.
    fn goods(&self, skus: Vec<Sku>) -> Vec<Sku> {
        let asked: BTreeSet<Sku> = skus.into_iter().collect();
        let in_kits = self
            .kits
            .iter()
            .filter(|(_, kits)| kits.iter().any(|(kit, _)| asked.contains(kit)));
        let parts: Vec<Sku> = in_kits.map(|(part, _)| part.clone()).collect();
        let all: BTreeSet<Sku> = asked.into_iter().chain(parts).collect();
        all.into_iter()
            .filter(|sku| !self.uncounted.contains(sku))
            .collect()
    }

    /// What all goods have in common, learnt once.
    pub(super) async fn pool(&mut self, app: &App) -> Result<Arc<Pool>, ActError> {
        if let Some(pool) = &self.pool {
            return Ok(Arc::clone(pool));
        }
        let histories = self.sample(app).await?;
        let learning =
            tokio::task::spawn_blocking(move || Pool::learn(&histories, Some(Season::MONTHS)));
        let pool = match learning.await {
            Ok(pool) => Arc::new(pool),
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        };
        self.pool = Some(Arc::clone(&pool));
        Ok(pool)
    }

    /// Some SKUs that sell, evenly taken of all.
    pub(super) async fn some_skus(&self, app: &App, count: usize) -> Result<Vec<Sku>, ActError> {
        let all = self.all_skus(app).await?;
        let every = all.len().div_ceil(count).max(1);
        Ok(all.into_iter().step_by(every).collect())
    }

    /// Histories to learn from, evenly taken of all.
    pub(super) async fn sample(&mut self, app: &App) -> Result<Vec<Vec<Period>>, ActError> {
        let all = self.all_skus(app).await?;
        let every = all.len().div_ceil(LEARNT_FROM_MAX).max(1);
        let some: Vec<Sku> = all.into_iter().step_by(every).collect();
        let mut histories = Vec::with_capacity(some.len());
        for skus in some.chunks(FORECAST_AT_ONCE) {
            let sold = self.histories(app, skus).await?;
            histories.extend(sold.into_iter().map(|(_, history)| history));
        }
        Ok(histories)
    }

    /// What was sold of these SKUs, month by month until the last: by itself, and within kits.
    pub(super) async fn histories(
        &self,
        app: &App,
        skus: &[Sku],
    ) -> Result<Vec<(Sku, Vec<Period>)>, ActError> {
        let kits = skus.iter().filter_map(|sku| self.kits.get(sku)).flatten();
        let kits: BTreeSet<Sku> = kits.map(|(kit, _)| kit.clone()).collect();
        let asked: Vec<Sku> = skus.iter().cloned().chain(kits).collect();
        let sold = app.store.sales(&self.store, &asked, self.from).await?;
        let of = |sku: &Sku| {
            let mut units = vec![(0_u32, false); SALES_MONTHS_MAX as usize];
            let mut add = |months: Option<&Vec<SoldMonth>>, times: u32| {
                for month in months.into_iter().flatten() {
                    if let Some((units, was_empty)) = units.get_mut(self.place(month.month)) {
                        *units = units.saturating_add(month.units.saturating_mul(times));
                        *was_empty |= month.was_empty && times == 1;
                    }
                }
            };
            add(sold.get(sku), 1);
            for (kit, quantity) in self.kits.get(sku).into_iter().flatten() {
                add(sold.get(kit), quantity.units());
            }
            let period = |(units, was_empty)| {
                let units = Quantity::new(units);
                match was_empty {
                    true => Period::SoldOut(units),
                    false => Period::Sold(units),
                }
            };
            units.into_iter().map(period).collect()
        };
        Ok(skus.iter().map(|sku| (sku.clone(), of(sku))).collect())
    }

    /// Where a month stands in a history; beyond its end for the month under way.
    fn place(&self, month: NaiveDate) -> usize {
        let count = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
        usize::try_from(count(month) - count(self.from)).unwrap_or(usize::MAX)
    }

    /// What the forecasts of these SKUs are made from: of those that were ever sold.
    pub(super) async fn inputs(&mut self, app: &App, skus: &[Sku]) -> Result<Vec<Input>, ActError> {
        let histories = self.histories(app, skus).await?;
        let supply = app.store.supply_of(&self.store, skus).await?;
        let mut terms = app.store.reorder_terms(&self.store, skus).await?;
        let (service, level) = service_name(self.policy.service);
        let says = format!("{} {service} {}", self.last, level.percent());
        let mut inputs = Vec::with_capacity(histories.len());
        for (sku, history) in histories {
            let is_sold = history.iter().any(|period| !period.units().is_zero());
            let Some((supplier, declared)) = supply.get(&sku).filter(|_| is_sold) else {
                continue;
            };
            let terms = terms.remove(&sku);
            inputs.push(Input {
                known: self.known(app, supplier.as_ref(), *declared).await?,
                review_days: self.policy.review_days(supplier.as_ref()),
                cover_days: self.policy.cover_days(supplier.as_ref(), terms.as_ref()),
                is_discontinued: self.discontinued.contains(&sku),
                says: says.clone(),
                sku,
                history,
                terms,
            });
        }
        Ok(inputs)
    }

    /// How long orders at a supplier take, where a SKU declares so many days.
    async fn known(
        &mut self,
        app: &App,
        supplier: Option<&SupplierId>,
        declared: Option<u32>,
    ) -> Result<Option<Known>, ActError> {
        let key = (supplier.cloned(), declared);
        if let Some(known) = self.lead_times.get(&key) {
            return Ok(known.clone());
        }
        let known = match supplier.and_then(|id| self.suppliers.get(id)) {
            None => declared.map(|days| Known {
                times: LeadTimes::certain(days),
                deliveries: 0,
            }),
            Some(record) => {
                let declared = declared.or(record.lead_time_days);
                let declared = declared.map(|days| days.saturating_add(record.buffer_days));
                let id = record.id.clone();
                if self.newest.is_none() {
                    let newest = app.store.newest_deliveries(&self.store, POOL_LOADED_MAX);
                    self.newest = Some(newest.await?);
                }
                let own = app
                    .store
                    .newest_deliveries_of(&self.store, &id, OWN_LOADED_MAX);
                let own = own.await?;
                let pool = self.newest.as_deref().unwrap_or_default();
                let past: Vec<Delivery> = past(&own, pool)
                    .into_iter()
                    .map(DeliveryRecord::delivery)
                    .collect();
                LeadTimes::learn(&past, &id, None, declared).map(|times| Known {
                    times,
                    deliveries: u32::try_from(own.len()).unwrap_or(u32::MAX),
                })
            }
        };
        self.lead_times.insert(key, known.clone());
        Ok(known)
    }
}

impl Input {
    /// The same for the same input, so that nothing is computed twice.
    pub(super) fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.says.hash(&mut hasher);
        self.history.hash(&mut hasher);
        (self.review_days, self.cover_days, self.is_discontinued).hash(&mut hasher);
        let lot = self.lot(Quantity::ZERO);
        (lot.minimum, lot.pack).hash(&mut hasher);
        format!("{:?}", self.known).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    fn rhythm(&self) -> Rhythm {
        Rhythm {
            review_days: self.review_days,
            period_days: MONTH_DAYS,
        }
    }

    /// What the supplier accepts.
    fn lot(&self, wanted: Quantity) -> Lot {
        let terms = self.terms.as_ref();
        Lot {
            wanted,
            minimum: terms.map_or(Quantity::ZERO, |terms| terms.minimum),
            pack: terms.map_or(Quantity::new(1), |terms| terms.pack),
        }
    }

    /// What an order is worth the work: what is wanted over the days that it should last.
    pub(super) fn lot_of(&self, forecast: &Forecast<'_>) -> Lot {
        let wanted = forecast.mean_in_days(self.cover_days, self.rhythm());
        self.lot(Quantity::new(wanted.round().max(1.0) as u32))
    }

    /// What may be wanted until an order at the next review could be there.
    pub(super) fn until_covered(&self, forecast: &Forecast<'_>) -> Option<Distribution> {
        let known = self.known.as_ref()?;
        Some(forecast.until_covered(&known.times, self.rhythm()))
    }

    /// What will be wanted, and when to order.
    pub(super) fn forecast(
        &self,
        pool: &Pool,
        policy: &ReorderPolicy,
        last: NaiveDate,
        now: DateTime<Utc>,
    ) -> ForecastRecord {
        let forecast = pool.forecast(&self.history);
        let ahead = (1..=MONTHS_AHEAD).filter_map(|months| {
            let horizon = Horizon::of_periods(f64::from(months)).ok()?;
            Some(wanted(&forecast.over(horizon)))
        });
        let lot = self.lot_of(&forecast);
        let demand = self.until_covered(&forecast);
        let point = demand
            .as_ref()
            .map(|demand| ReorderPoint::for_service(demand, policy.service, lot));
        let covered = self.known.as_ref().zip(demand.as_ref());
        let since_first = self.history.iter().skip_while(|one| one.units().is_zero());
        let (service, level) = service_name(policy.service);
        ForecastRecord {
            sku: self.sku.clone(),
            month: last,
            reorder_point: point
                .filter(|_| !self.is_discontinued)
                .and_then(|point| point.at)
                .map(Quantity::units),
            content: ForecastContent {
                months: counted(since_first.clone().count()),
                months_empty: counted(
                    since_first
                        .filter(|one| matches!(one, Period::SoldOut(_)))
                        .count(),
                ),
                models: forecast
                    .models()
                    .into_iter()
                    .map(|(model, belief)| (model_name(model).to_owned(), belief))
                    .collect(),
                ahead: ahead.collect(),
                until_covered: covered.map(|(known, demand)| Covered {
                    lead_days: known.times.mean_days(),
                    deliveries: known.deliveries,
                    review_days: self.review_days,
                    wanted: wanted(demand),
                }),
                safety_stock: point.map_or(0, |point| point.safety_stock.units()),
                lot: lot.at_least(Quantity::new(1)).units(),
                lot_wanted: lot.wanted.units(),
                service: (service.to_owned(), level.percent()),
                inputs: self.fingerprint(),
            },
            made_at: now,
            revision: 0,
        }
    }
}

/// The word for a way in which goods may be wanted.
fn model_name(model: Model) -> &'static str {
    match model {
        Model::Level => "level",
        Model::Bulk => "bulk",
        Model::Steady => "steady",
        Model::Seasonal => "seasonal",
        Model::Growing => "growing",
    }
}

pub(super) fn wanted(demand: &Distribution) -> Wanted {
    let quantile = |percent| {
        let level = Level::new(percent).expect("a share of 1 to 99");
        demand.quantile(level).units()
    };
    Wanted {
        mean: demand.mean(),
        p50: quantile(50),
        p80: quantile(80),
        p90: quantile(90),
        p95: quantile(95),
    }
}

fn counted(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
