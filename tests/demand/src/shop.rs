//! A shop that orders these parts from real suppliers, day by day: by our reorder points, and by those of the textbook.
//!
//! - **Demand** is that of `monthly-demand.csv`. A month has 30 days; its units fall on random ones, one to [`ASK_UNITS_MAX`] to a shopper.
//! - **Deliveries** are those of `supplier-deliveries.csv`. A part has one supplier, drawn by its deliveries; each order takes the
//!   supplier's next real lead time, in the sequence in which those were ordered, from a random one on. Both rules know the deliveries received
//!   before July 2010; the orders of the simulation take those ordered later.
//! - **The shop** looks at every shelf once a week. It knows the months that are over. Both rules order the same lots: what was wanted in
//!   three months, on the mean of all months until then. It begins after a year, with half a year's units on the shelf, and the last two
//!   years are judged.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use chrono::NaiveDate;
use serde::Deserialize;
use shared::demand::{
    LeadTimes, Lot, Outcome, Past, Period, Pool, ReorderPoint, Rhythm, Season, Service, Stock,
    replay,
};
use shared::ids::SupplierId;
use shared::lead_time::{Delivery, Level};
use shared::quantity::Quantity;

use crate::chance::Chance;
use crate::data::{Half, MONTHS};

/// Most units that one shopper asks for.
const ASK_UNITS_MAX: u32 = 4;
const MONTH_DAYS: usize = 30;
const RHYTHM: Rhythm = Rhythm {
    review_days: 7,
    period_days: MONTH_DAYS as f64,
};
/// Months after which the shop begins, and from which on it is judged.
const BEGINS: usize = 12;
const JUDGED_FROM: usize = 27;
/// Months of demand in a lot.
const LOT_MONTHS: f64 = 3.0;
const SEED: u64 = 1;
/// Fewest deliveries of its own by which the textbook judges a supplier.
const OWN_MIN: usize = 8;

const DELIVERIES: &str = include_str!("../../lead-times/supplier-deliveries.csv");

/// A way to tell reorder points.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Ours.
    Ours(Service),
    /// The mean and so many standard deviations of the last months, as if all were normal; `None`: of all months.
    Textbook {
        deviations: f64,
        months: Option<usize>,
    },
}

/// All parts of a half with their suppliers.
pub struct Shop {
    parts: Vec<Part>,
    /// What the parts had in common, by months known.
    pools: Vec<Pool>,
}

struct Part {
    /// Units of each month.
    months: Vec<u32>,
    /// Units of each day from the beginning on.
    days: Vec<Quantity>,
    /// Days that its orders take, one after the other.
    lead_times: Vec<u32>,
    known: Arc<Known>,
}

/// What is known of a supplier.
struct Known {
    lead_times: LeadTimes,
    /// Mean and standard deviation, in days.
    mean_days: f64,
    deviation_days: f64,
}

#[derive(Deserialize)]
struct Row {
    po_number: String,
    supplier: String,
    shipment_mode: String,
    ordered_on: NaiveDate,
    received_on: NaiveDate,
}

impl Shop {
    /// Draws suppliers and days.
    pub fn new(half: &Half) -> anyhow::Result<Self> {
        let suppliers = suppliers()?;
        let by_deliveries: Vec<usize> = (0..suppliers.len())
            .flat_map(|at| vec![at; suppliers[at].1.len()])
            .collect();
        let mut chance = Chance::new(SEED);
        let parts = half.series.iter().map(|series| {
            let (known, later) = &suppliers[by_deliveries[chance.below(by_deliveries.len())]];
            let mut lead_times = later.clone();
            lead_times.rotate_left(chance.below(later.len()));
            Part {
                months: series.units.clone(),
                days: days(&series.units, &mut chance),
                lead_times,
                known: Arc::clone(known),
            }
        });
        let parts: Vec<Part> = parts.collect();
        let pools = (BEGINS..MONTHS).map(|months| {
            let known: Vec<Vec<Period>> = half
                .series
                .iter()
                .map(|series| series.known(months))
                .collect();
            Pool::learn(&known, Some(Season::MONTHS))
        });
        let pools = pools.collect();
        Ok(Self { parts, pools })
    }

    /// What came of each rule, all parts together.
    pub fn try_rules(&self, rules: &[Rule]) -> Vec<Outcome> {
        let mut found = vec![Outcome::default(); rules.len()];
        for part in &self.parts {
            // By month, then by rule.
            let points: Vec<Vec<(Lot, ReorderPoint)>> = (BEGINS..MONTHS)
                .map(|months| part.points(months, &self.pools[months - BEGINS], rules))
                .collect();
            let past = Past {
                wanted: &part.days,
                lead_times: &part.lead_times,
                judged_from: (JUDGED_FROM - BEGINS) * MONTH_DAYS,
            };
            let first_year: u32 = part.months[..BEGINS].iter().sum();
            let opening = Stock {
                on_hand: Quantity::new(first_year.div_ceil(2)),
                ..Stock::default()
            };
            for (at, found) in found.iter_mut().enumerate() {
                let outcome = replay(past, opening, RHYTHM.review_days, |day, stock| {
                    let (lot, point) = points[day / MONTH_DAYS][at];
                    point.order(stock, lot).unwrap_or_default()
                });
                *found = found.and(outcome);
            }
        }
        found
    }
}

impl Part {
    fn points(&self, months: usize, pool: &Pool, rules: &[Rule]) -> Vec<(Lot, ReorderPoint)> {
        let known = &self.months[..months];
        let (mean, _) = moments(known);
        let lot = Lot {
            wanted: Quantity::new((LOT_MONTHS * mean).round().max(1.0) as u32),
            minimum: Quantity::ZERO,
            pack: Quantity::new(1),
        };
        let history: Vec<Period> = known
            .iter()
            .map(|units| Period::Sold(Quantity::new(*units)))
            .collect();
        let demand = pool
            .forecast(&history)
            .until_covered(&self.known.lead_times, RHYTHM);
        rules
            .iter()
            .map(|rule| match rule {
                Rule::Ours(service) => (lot, ReorderPoint::for_service(&demand, *service, lot)),
                Rule::Textbook { deviations, months } => {
                    let last =
                        months.map_or(known, |months| &known[known.len().saturating_sub(months)..]);
                    (lot, self.textbook(last, *deviations))
                }
            })
            .collect()
    }

    /// Mean demand over the lead time and a review, and so many of its standard deviations (Silver, Pyke and Thomas, section 6.7).
    fn textbook(&self, months: &[u32], deviations: f64) -> ReorderPoint {
        let (mean, variance) = moments(months);
        let long = (self.known.mean_days + f64::from(RHYTHM.review_days)) / MONTH_DAYS as f64;
        let deviation_long = self.known.deviation_days / MONTH_DAYS as f64;
        let expected = mean * long;
        let deviation = (long * variance + mean * mean * deviation_long * deviation_long).sqrt();
        let point = expected + deviations * deviation;
        ReorderPoint {
            // What is not wanted at all is not ordered either.
            at: (0.0 < mean && 0.0 <= point).then(|| Quantity::new(point.round() as u32)),
            expected,
            safety_stock: Quantity::new((deviations * deviation).max(0.0).round() as u32),
        }
    }
}

/// Mean and variance.
fn moments(months: &[u32]) -> (f64, f64) {
    let count = months.len() as f64;
    let mean = months.iter().map(|units| f64::from(*units)).sum::<f64>() / count;
    let squares = months
        .iter()
        .map(|units| (f64::from(*units) - mean).powi(2));
    (mean, squares.sum::<f64>() / (count - 1.0))
}

/// Units of each day from the beginning on.
fn days(months: &[u32], chance: &mut Chance) -> Vec<Quantity> {
    let mut days = vec![Quantity::ZERO; (MONTHS - BEGINS) * MONTH_DAYS];
    for (month, units) in months[BEGINS..].iter().enumerate() {
        let mut left = *units;
        while 0 < left {
            // One unit is as likely as all larger numbers together, and so on.
            let more = (1..ASK_UNITS_MAX).take_while(|_| chance.below(2) == 1);
            let units = (1 + more.count() as u32).min(left);
            left -= units;
            let day = &mut days[month * MONTH_DAYS + chance.below(MONTH_DAYS)];
            *day = day.plus(Quantity::new(units));
        }
    }
    days
}

/// What is known of each supplier that was ordered from later, and how long those orders took.
fn suppliers() -> anyhow::Result<Vec<(Arc<Known>, Vec<u32>)>> {
    let split: NaiveDate = "2010-07-01".parse()?;
    let mut rows: Vec<Row> = csv::Reader::from_reader(DELIVERIES.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()?;
    rows.sort_by(|a, b| (a.received_on, &a.po_number).cmp(&(b.received_on, &b.po_number)));
    let mut ids: HashMap<&str, SupplierId> = HashMap::new();
    let mut sequence = Vec::new();
    for row in &rows {
        if !ids.contains_key(row.supplier.as_str()) {
            ids.insert(
                &row.supplier,
                format!("supplier-{}", ids.len()).parse().context("an id")?,
            );
            sequence.push(row.supplier.as_str());
        }
    }
    let taken = |row: &Row| {
        u32::try_from((row.received_on - row.ordered_on).num_days()).unwrap_or_default()
    };
    let past: Vec<Delivery> = rows
        .iter()
        .filter(|row| row.received_on < split)
        .map(|row| Delivery {
            supplier: ids[row.supplier.as_str()].clone(),
            mode: Some(Arc::from(row.shipment_mode.as_str())),
            days: taken(row),
        })
        .collect();
    let mut ordered: Vec<&Row> = rows.iter().collect();
    ordered.sort_by(|a, b| (a.ordered_on, &a.po_number).cmp(&(b.ordered_on, &b.po_number)));
    let mut suppliers = Vec::new();
    for name in sequence {
        let later = ordered
            .iter()
            .filter(|row| row.supplier == name && split <= row.ordered_on);
        let later: Vec<&Row> = later.copied().collect();
        let Some(first) = later.first() else {
            continue;
        };
        let id = &ids[name];
        let lead_times = LeadTimes::learn(&past, id, Some(&first.shipment_mode), None)
            .context("deliveries are known")?;
        let own: Vec<u32> = past
            .iter()
            .filter(|one| &one.supplier == id)
            .map(|one| one.days)
            .collect();
        let all: Vec<u32> = past.iter().map(|one| one.days).collect();
        let (mean_days, variance) = moments(if own.len() < OWN_MIN { &all } else { &own });
        let known = Known {
            lead_times,
            mean_days,
            deviation_days: variance.sqrt(),
        };
        suppliers.push((Arc::new(known), later.into_iter().map(taken).collect()));
    }
    Ok(suppliers)
}

/// Names a service.
pub fn service(fill: bool, percent: u8) -> anyhow::Result<Service> {
    let level = Level::new(percent)?;
    Ok(if fill {
        Service::Fill(level)
    } else {
        Service::Cycle(level)
    })
}
