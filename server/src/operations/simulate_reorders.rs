//! Tries a policy for reorders on what a shop has sold: nothing is changed.

use chrono::{Datelike, Days, Months, NaiveDate};
use shared::demand::{
    Lot, Outcome, Past, Period, Pool, ReorderPoint, Season, Service, Stock, replay,
};
use shared::ids::{Sku, StoreId};
use shared::quantity::Quantity;

use super::ActError;
use super::forecast_inputs::{Input, Learner};
use super::forecasting::run_forecasts;
use super::reserve::as_kept;
use crate::app::App;
use crate::limits::{
    SALES_MONTHS_MAX, SIMULATED_LEARNT_FROM, SIMULATED_MONTHS_MAX, SIMULATED_SKUS_MAX,
};

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulate {
    /// On what; none: on those that sell, evenly taken of all.
    pub skus: Vec<Sku>,
    /// Over how many of the last months, from 1.
    pub months: u32,
    /// How much is to be served; `None`: as the store's policy says.
    pub service: Option<Service>,
    /// For how many days an order is to last; `None`: as the store's policy says.
    pub cover_days: Option<u32>,
    /// Days from one look at the shelf to the next; `None`: as the store's policy says.
    pub review_days: Option<u32>,
}

/// What would have come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// The first day that is judged.
    pub from: NaiveDate,
    /// The first day that is not.
    pub until: NaiveDate,
    /// What came of each SKU, by what was asked for.
    pub asked: Vec<(Sku, Outcome)>,
    /// All of them, by what was asked for, and by the policy that the store has.
    pub total: [Outcome; 2],
    /// SKUs that could not be tried: they have not sold, or nobody knows how long orders take.
    pub left_out: Vec<Sku>,
}

/// Lives through the last months again, with what was asked for and with the policy that the store has.
///
/// In each evening only the months that were over then are known. Orders take their supplier's mean lead time; what is on the shelf in the
/// beginning is what the rule itself would have there.
///
/// # Errors
///
/// [`ActError::Field`] for a SKU that the store does not have, [`ActError::Conflict`] while another policy is tried.
pub async fn simulate_reorders(
    app: &App,
    store: &StoreId,
    wanted: Simulate,
) -> Result<Simulated, ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    if let Some(at) = wanted
        .skus
        .iter()
        .position(|sku| shop.entry(sku.as_str()).is_none())
    {
        let pointer = format!("/skus/{at}");
        return Err(ActError::unknown_sku(pointer, &wanted.skus[at]));
    }
    let Ok(_turn) = app.simulations.try_acquire() else {
        let detail = "another policy is being tried; try this one in a moment";
        return Err(ActError::conflict("simulation_under_way", detail));
    };
    // What was sold is counted first.
    run_forecasts(app, store).await?;
    let mut learner = Learner::new(app, &shop, as_kept(app.clock.now())).await?;
    let months = wanted.months.clamp(1, SIMULATED_MONTHS_MAX) as usize;
    let mut asked = wanted.skus.clone();
    if asked.is_empty() {
        asked = learner.some_skus(app, SIMULATED_SKUS_MAX).await?;
    }
    asked.truncate(SIMULATED_SKUS_MAX);
    let inputs = learner.inputs(app, &asked).await?;
    let left_out = asked.into_iter().filter(|sku| {
        let input = inputs.iter().find(|input| input.sku == *sku);
        input.is_none_or(|input| input.known.is_none())
    });
    let left_out: Vec<Sku> = left_out.collect();
    let until = learner.last + Months::new(1);
    let from = until - Months::new(months as u32);
    let mut tried = Vec::new();
    for input in inputs {
        if input.known.is_some() {
            let days = app.store.sold_days(store, &input.sku, from).await?;
            tried.push((input, days));
        }
    }
    let sample = learner.sample(app).await?;
    let every = sample.len().div_ceil(SIMULATED_LEARNT_FROM).max(1);
    let policy = learner.policy;
    let rule = |service: Service, cover: Option<u32>, review: Option<u32>| Rule {
        service,
        cover_days: cover,
        review_days: review,
    };
    let rules = [
        rule(
            wanted.service.unwrap_or(policy.service),
            wanted.cover_days,
            wanted.review_days,
        ),
        rule(policy.service, None, None),
    ];
    let working = tokio::task::spawn_blocking(move || {
        // As much as was known in each month.
        let pools: Vec<Pool> = (0..months)
            .map(|month| {
                let known = SALES_MONTHS_MAX as usize - months + month;
                let before: Vec<&[Period]> = sample
                    .iter()
                    .step_by(every)
                    .map(|one| &one[..known])
                    .collect();
                Pool::learn(&before, Some(Season::MONTHS))
            })
            .collect();
        let mut total = [Outcome::default(); 2];
        let mut each = Vec::with_capacity(tried.len());
        for (input, sold) in tried {
            let days = days_of(&input, &sold, from, until);
            let outcomes = rules.map(|rule| rule.live_through(&input, &days, from, &pools));
            for (total, outcome) in total.iter_mut().zip(outcomes) {
                *total = total.and(outcome);
            }
            each.push((input.sku, outcomes[0]));
        }
        (each, total)
    });
    let (asked, total) = match working.await {
        Ok(tried) => tried,
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    };
    Ok(Simulated {
        from,
        until,
        asked,
        total,
        left_out,
    })
}

#[derive(Debug, Clone, Copy)]
struct Rule {
    service: Service,
    cover_days: Option<u32>,
    review_days: Option<u32>,
}

impl Rule {
    fn live_through(
        self,
        input: &Input,
        wanted: &[Quantity],
        from: NaiveDate,
        pools: &[Pool],
    ) -> Outcome {
        let mut input = input.clone();
        input.cover_days = self.cover_days.unwrap_or(input.cover_days);
        input.review_days = self.review_days.unwrap_or(input.review_days);
        let points: Vec<Option<(Lot, ReorderPoint)>> = pools
            .iter()
            .enumerate()
            .map(|(month, pool)| {
                let known = input.history.len() - pools.len() + month;
                let forecast = pool.forecast(&input.history[..known]);
                let lot = input.lot_of(&forecast);
                let demand = input.until_covered(&forecast)?;
                Some((lot, ReorderPoint::for_service(&demand, self.service, lot)))
            })
            .collect();
        let lead_days = input.known.as_ref().map(|known| known.times.mean_days());
        let lead_times = [lead_days.unwrap_or(1.0).round().max(1.0) as u32];
        let opening = points.iter().flatten().next();
        let opening = opening.and_then(|(lot, point)| {
            let at = point.at?;
            Some(at.plus(lot.at_least(Quantity::new(1))))
        });
        let past = Past {
            wanted,
            lead_times: &lead_times,
            judged_from: 0,
        };
        let stock = Stock {
            on_hand: opening.unwrap_or_default(),
            ..Stock::default()
        };
        replay(past, stock, input.review_days, |day, stock| {
            let month = months_between(from, from + Days::new(day as u64));
            let point = points.get(month).copied().flatten();
            let ordered = point.and_then(|(lot, point)| point.order(stock, lot));
            ordered.unwrap_or_default()
        })
    }
}

/// Units wanted on each day: as files say where they do, and else spread evenly over each month.
fn days_of(
    input: &Input,
    sold: &[(NaiveDate, u32)],
    from: NaiveDate,
    until: NaiveDate,
) -> Vec<Quantity> {
    let months = months_between(from, until);
    let mut days = Vec::new();
    for month in 0..months {
        let first = from + Months::new(month as u32);
        let after = first + Months::new(1);
        let count = u32::try_from((after - first).num_days()).unwrap_or(30);
        let place = input.history.len() - months + month;
        let all = input.history[place].units().units();
        let named: Vec<&(NaiveDate, u32)> = sold
            .iter()
            .filter(|(day, _)| first <= *day && *day < after)
            .collect();
        let in_files: u32 = named.iter().map(|(_, units)| *units).sum();
        // What files do not name is spread.
        let rest = all.saturating_sub(in_files);
        for day in 0..count {
            let spread = (u64::from(day + 1) * u64::from(rest) / u64::from(count))
                - (u64::from(day) * u64::from(rest) / u64::from(count));
            let date = first + Days::new(day.into());
            let in_file = named.iter().find(|(known, _)| *known == date);
            let units = u32::try_from(spread).unwrap_or(u32::MAX);
            days.push(
                Quantity::new(in_file.map_or(0, |(_, units)| *units)).plus(Quantity::new(units)),
            );
        }
    }
    days
}

fn months_between(from: NaiveDate, to: NaiveDate) -> usize {
    let count = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    usize::try_from(count(to) - count(from)).unwrap_or_default()
}
