//! Drafts what is to be ordered at suppliers: all that is due, within what each accepts and what may be spent.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use shared::demand::{Distribution, Lot, ReorderPoint, Stock, Wish, within_budget};
use shared::ids::{Sku, StoreId, SupplierId};
use shared::money::Money;
use shared::quantity::Quantity;

use super::ActError;
use super::claims::{Facts, known};
use super::create_purchase_order::PURCHASE_ORDER_LINES_MAX;
use super::forecast_inputs::{Input, Learner};
use super::forecasting::run_forecasts;
use super::low_stock::stock_of;
use super::once::{Once, Outcome};
use super::records::{
    ForecastRecord, Reorder, ReorderLine, ReorderNote, ReorderStatus, ReorderTerms, SupplierPolicy,
};
use super::reorders::send_within;
use super::reserve::as_kept;
use super::running::{Touched, again, detached, publish};
use crate::app::App;
use crate::catalogue::Shop;
use crate::limits::FORECAST_AT_ONCE;
use crate::store::Writing;
use crate::store::writing::Note;

/// Drafts that were made together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drafts(pub Vec<Reorder>);

/// Drafts now, for one supplier or for all. What was drafted before and nobody approved is replaced.
///
/// # Errors
///
/// [`ActError::Field`] for a supplier that the store does not have.
pub async fn run_reorders(
    app: &App,
    store: &StoreId,
    supplier: Option<SupplierId>,
    once: Once<Drafts>,
) -> Result<Outcome<Drafts>, ActError> {
    let with = (app.clone(), store.clone(), supplier, once);
    detached(with, |(app, store, supplier, once)| async move {
        let now = as_kept(app.clock.now());
        let mut writing = app.store.begin(&store, note("run_reorders"), now).await?;
        let before = once.before(&mut writing).await?;
        writing.undo().await?;
        if let Some(answer) = before {
            return Ok(Outcome::Before(answer));
        }
        let suppliers = app.store.suppliers(&store).await?.into_iter();
        let mut suppliers: Vec<SupplierId> = suppliers.map(|record| record.id).collect();
        if let Some(only) = &supplier {
            if !suppliers.contains(only) {
                return Err(ActError::unknown_supplier("/supplier", only));
            }
            suppliers.retain(|id| id == only);
        }
        run_forecasts(&app, &store).await?;
        let mut made = Vec::new();
        for supplier in &suppliers {
            made.extend(again(|| draft(&app, &store, supplier, None)).await?);
        }
        // Drafts take the place of those before, so an answer that is lost costs nothing but the work.
        let mut writing = app.store.begin(&store, note("run_reorders"), now).await?;
        let made = Drafts(made);
        once.keep(&mut writing, &made);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(Outcome::Done(made))
    })
    .await
}

/// Drafts for the schedules whose time has come. Each date of each is acted on once, by whichever server comes first.
///
/// # Errors
///
/// As the database fails.
pub async fn run_schedules(app: &App, store: &StoreId) -> Result<(), ActError> {
    let policy = app.store.reorder_policy(store).await?;
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    for one in &policy.suppliers {
        let Some(schedule) = one.schedule.filter(|schedule| schedule.is_on) else {
            continue;
        };
        let Some(record) = app.store.supplier(store, &one.supplier).await? else {
            continue;
        };
        let now = app.clock.now();
        let settings = shop.settings();
        let due = schedule.schedule().last_due(
            &settings.location.calendar,
            &record.days(),
            schedule.since,
            now,
        );
        let Some(day) = due else { continue };
        if app.store.has_fired(store, &one.supplier, day).await? {
            continue;
        }
        run_forecasts(app, store).await?;
        again(|| draft(app, store, &one.supplier, Some(day))).await?;
    }
    Ok(())
}

/// Drafts for a supplier; `None` where nothing is due, or where the date of its schedule was acted on before.
async fn draft(
    app: &App,
    store: &StoreId,
    supplier: &SupplierId,
    fires_on: Option<NaiveDate>,
) -> Result<Option<Reorder>, ActError> {
    let now = as_kept(app.clock.now());
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let due = Due::look(app, &shop, supplier, now).await?;

    let name = format!("draft_reorder {supplier}");
    let mut writing = app
        .store
        .begin(store, Note::new("draft_reorder", name), now)
        .await?;
    if let Some(day) = fires_on
        && !writing.fire(supplier, day).await?
    {
        writing.undo().await?;
        return Ok(None);
    }
    let skus: Vec<Sku> = due.forecasts.keys().cloned().collect();
    let facts = known(&mut writing, &shop, &skus).await?;
    let approved = writing.approved_units(supplier).await?;
    let wants = due.wants(&facts, &approved);
    let policy = writing.reorder_policy().await?;
    let terms = policy.at(supplier);
    writing.dismiss_draft(supplier).await?;
    let mut touched = Vec::new();
    let reorder = due.reorder(wants, supplier, terms, fires_on, &writing)?;
    let made = match reorder {
        None => None,
        Some(mut reorder) => {
            let limits = terms.and_then(|terms| terms.by_itself);
            let limits = limits.filter(|limits| {
                let is_within = |cost: Money| {
                    cost.currency == limits.approves_up_to.currency
                        && cost.amount <= limits.approves_up_to.amount
                };
                fires_on.is_some() && reorder.note.is_none() && reorder.cost.is_some_and(is_within)
            });
            if limits.is_some() {
                reorder.status = ReorderStatus::Approved;
            }
            writing.add_reorder(&reorder).await?;
            let can_send = terms.is_some_and(|terms| terms.email.is_some());
            if limits.is_some_and(|limits| limits.sends) && can_send {
                touched = send_within(&mut writing, &shop, &mut reorder, now).await?;
            }
            Some(reorder)
        }
    };
    let revision = writing.commit().await?;
    if let Some(made) = &made {
        tracing::info!(
            reorder.id = %made.id,
            reorder.supplier = %supplier,
            reorder.status = made.status.name(),
            "Drafted `{}` with {} lines for `{supplier}`",
            made.id,
            made.lines.len()
        );
    }
    publish(app, store, Touched::Skus(touched), revision).await;
    Ok(made)
}

/// What seems to be due at a supplier, before the change that orders it.
struct Due {
    forecasts: HashMap<Sku, ForecastRecord>,
    terms: HashMap<Sku, ReorderTerms>,
    /// What may be wanted, where the budget does not allow all.
    demand: HashMap<Sku, Distribution>,
}

/// A SKU that is to be ordered.
struct Want {
    sku: Sku,
    quantity: Quantity,
    lot: Lot,
    position: i64,
    reorder_point: u32,
    unit_cost: Option<Money>,
}

impl Due {
    async fn look(
        app: &App,
        shop: &Shop,
        supplier: &SupplierId,
        now: DateTime<Utc>,
    ) -> Result<Self, ActError> {
        let store = &shop.id;
        let points = app.store.reorder_points_at(store, supplier).await?;
        let mut due: Vec<(Sku, i64)> = Vec::new();
        for some in points.chunks(FORECAST_AT_ONCE) {
            let points: HashMap<&Sku, u32> = some
                .iter()
                .map(|one| (&one.sku, one.reorder_point))
                .collect();
            let skus: Vec<Sku> = some.iter().map(|one| one.sku.clone()).collect();
            for facts in app.store.load_skus(store, &skus).await? {
                let above = points
                    .get(&facts.sku)
                    .map(|point| stock_of(&facts).position() - i64::from(*point));
                due.extend(
                    above
                        .filter(|above| *above <= 0)
                        .map(|above| (facts.sku, above)),
                );
            }
        }
        // Where more is due than fits into an order, what is furthest below comes first.
        due.sort_by(|(one, above), (next, next_above)| (above, one).cmp(&(next_above, next)));
        due.truncate(PURCHASE_ORDER_LINES_MAX);
        let skus: Vec<Sku> = due.into_iter().map(|(sku, _)| sku).collect();
        let policy = app.store.reorder_policy(store).await?;
        let has_budget = policy.at(supplier).is_some_and(|one| one.budget.is_some());
        let mut demand = HashMap::new();
        if has_budget && !skus.is_empty() {
            let mut learner = Learner::new(app, shop, now).await?;
            let inputs = learner.inputs(app, &skus).await?;
            let pool = learner.pool(app).await?;
            let working = tokio::task::spawn_blocking(move || {
                let of = |input: &Input| {
                    let forecast = pool.forecast(&input.history);
                    Some((input.sku.clone(), input.until_covered(&forecast)?))
                };
                inputs.iter().filter_map(of).collect()
            });
            demand = match working.await {
                Ok(demand) => demand,
                Err(ended) => std::panic::resume_unwind(ended.into_panic()),
            };
        }
        Ok(Self {
            forecasts: app.store.forecasts_of(store, &skus).await?,
            terms: app.store.reorder_terms(store, &skus).await?,
            demand,
        })
    }

    /// What is due, now that nobody else changes anything, by SKU.
    fn wants(&self, facts: &Facts, approved: &HashMap<Sku, Quantity>) -> Vec<Want> {
        let want = |(sku, forecast): (&Sku, &ForecastRecord)| {
            let stock = stock_of(facts.get(sku)?);
            let approved = approved.get(sku).copied().unwrap_or_default();
            let stock = Stock {
                incoming: stock.incoming.plus(approved),
                ..stock
            };
            let terms = self.terms.get(sku);
            let lot = Lot {
                wanted: Quantity::new(forecast.content.lot_wanted),
                minimum: terms.map_or(Quantity::ZERO, |terms| terms.minimum),
                pack: terms.map_or(Quantity::new(1), |terms| terms.pack),
            };
            let reorder_point = forecast.reorder_point?;
            let point = ReorderPoint {
                at: Some(Quantity::new(reorder_point)),
                expected: 0.0,
                safety_stock: Quantity::ZERO,
            };
            Some(Want {
                sku: sku.clone(),
                quantity: point.order(stock, lot)?,
                lot,
                position: stock.position(),
                reorder_point,
                unit_cost: terms.and_then(|terms| terms.unit_cost),
            })
        };
        let mut wants: Vec<Want> = self.forecasts.iter().filter_map(want).collect();
        wants.sort_by(|one, next| one.sku.cmp(&next.sku));
        wants
    }

    /// The draft of what is wanted, within the budget; `None` where nothing is.
    fn reorder(
        &self,
        mut wants: Vec<Want>,
        supplier: &SupplierId,
        terms: Option<&SupplierPolicy>,
        fires_on: Option<NaiveDate>,
        writing: &Writing,
    ) -> Result<Option<Reorder>, ActError> {
        let mut note = None;
        if let Some(budget) = terms.and_then(|terms| terms.budget) {
            let cut = self.cut_to(&mut wants, budget);
            note = cut.then_some(ReorderNote::BudgetCut);
        }
        wants.retain(|want| !want.quantity.is_zero());
        if wants.is_empty() {
            return Ok(None);
        }
        let cost = cost_of(&wants);
        let minimum = terms.and_then(|terms| terms.minimum);
        let is_below = |minimum: Money| {
            cost.is_some_and(|cost| {
                cost.currency == minimum.currency && cost.amount < minimum.amount
            })
        };
        if minimum.is_some_and(is_below) {
            note = Some(ReorderNote::BelowMinimum);
        }
        let id = format!("R-{:09}", writing.revision());
        Ok(Some(Reorder {
            id: id.parse().expect("a letter, a dash and digits are an id"),
            supplier: supplier.clone(),
            status: ReorderStatus::Draft,
            fires_on,
            cost,
            note,
            purchase_order: None,
            made_at: writing.at(),
            changed_at: writing.at(),
            sent_at: None,
            chased_at: None,
            lines: wants
                .into_iter()
                .map(|want| ReorderLine {
                    sku: want.sku,
                    quantity: want.quantity,
                    unit_cost: want.unit_cost.map(|cost| cost.amount),
                    position: want.position,
                    reorder_point: want.reorder_point,
                })
                .collect(),
            revision: writing.revision(),
        }))
    }

    /// Takes as much off as the budget does not allow, where it saves least. What nobody said the cost of is left out: it may cost
    /// anything. True if something was taken off.
    fn cut_to(&self, wants: &mut [Want], budget: Money) -> bool {
        let (mut wishes, mut places) = (Vec::new(), Vec::new());
        for (at, want) in wants.iter().enumerate() {
            let unit_cost = want
                .unit_cost
                .filter(|cost| cost.currency == budget.currency);
            if let (Some(unit_cost), Some(demand)) = (unit_cost, self.demand.get(&want.sku)) {
                places.push(at);
                wishes.push(Wish {
                    sku: want.sku.clone(),
                    units: want.quantity,
                    unit_cost,
                    lot: want.lot,
                    position: want.position,
                    demand: demand.clone(),
                });
            }
        }
        // All are in the currency of the budget.
        let granted = within_budget(&wishes, budget).unwrap_or_default();
        let mut is_cut = false;
        for (at, want) in wants.iter_mut().enumerate() {
            let place = places.iter().position(|place| *place == at);
            let allowed = place.and_then(|place| granted.get(place).copied());
            let allowed = allowed.unwrap_or(Quantity::ZERO);
            is_cut |= allowed < want.quantity;
            want.quantity = allowed;
        }
        is_cut
    }
}

/// What all cost; `None` where it is not known of one, or is beyond all numbers.
fn cost_of(wants: &[Want]) -> Option<Money> {
    let mut sum: Option<Money> = None;
    for want in wants {
        let cost = want.unit_cost?.times(want.quantity.units())?;
        sum = Some(match sum {
            None => cost,
            Some(before) if before.currency == cost.currency => {
                Money::new(before.amount.checked_add(cost.amount)?, cost.currency)
            }
            Some(_) => return None,
        });
    }
    sum
}

fn note(act: &'static str) -> Note {
    Note {
        act,
        subject: None,
        reason: None,
    }
}
