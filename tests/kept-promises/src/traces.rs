//! What happens whatever is promised: who asks for how much, what is ordered from suppliers, when it really comes.
//!
//! - **Demand** is `monthly-demand.csv`: 51 months of car parts, most months of most parts without any. A month's units
//!   fall on random days, one to [`ASK_UNITS_MAX`] to a shopper. Parts with a gap in the file are left out.
//! - **Replenishment** follows what shoppers ask for, sold or not, so that it is the same for every rule: each Monday a SKU
//!   whose stock and open orders, less all that was asked for, would last for fewer than [`REORDER_DAYS`] is ordered for
//!   [`ORDER_DAYS`] at the pace of the last year. That is a lean shop, which lives on what is under way.
//! - **Deliveries** are those of `supplier-deliveries.csv`. A SKU has one supplier, drawn by its deliveries; each order takes
//!   the supplier's next real delivery, in the sequence in which those were ordered, from a random one on (after the last
//!   comes the first): its way of shipping, days to the promised date and days to the arrival. Nothing comes short.
//! - **The supplier names its date** [`NOTICE_DAYS`] before that date. The file holds the last date that a supplier named, and
//!   four in five came on the very day, months after the order: such a date is known when the goods are ready, not before.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use anyhow::Context;
use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta, Weekday};
use serde::Deserialize;
use shared::ids::SupplierId;
use shared::lead_time::{Delivery, Slip};

use crate::chance::Chance;

/// Most units that one shopper asks for.
pub const ASK_UNITS_MAX: usize = 4;
/// A SKU is ordered when it would last for less.
pub const REORDER_DAYS: u32 = 60;
/// It is ordered for so long.
pub const ORDER_DAYS: u32 = 240;
/// Days of demand with which a SKU begins.
const OPENING_DAYS: u32 = 180;
/// Days before the date that a supplier names, on which it names it, unless said otherwise.
pub const NOTICE_DAYS: RangeInclusive<usize> = 7..=28;

const DEMAND: &str = include_str!("../monthly-demand.csv");
const DELIVERIES: &str = include_str!("../../lead-times/supplier-deliveries.csv");

/// First day of the first month in monthly-demand.csv.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1998, 1, 1).expect("a date");
/// Months in monthly-demand.csv.
const MONTHS: u32 = 51;
const DAYS_PER_YEAR: u32 = 365;

/// When suppliers name their dates: the files do not say.
#[derive(Debug, Clone)]
pub enum Notice {
    /// So many days before the date.
    Before(RangeInclusive<usize>),
    /// So many days after the order.
    After(RangeInclusive<usize>),
}

/// The files as read: what worlds are drawn from.
pub struct Source {
    notice: Notice,
    /// Units per month, one row for each part that was sold in all months of the file.
    demand: Vec<Vec<u32>>,
    suppliers: Vec<Supplier>,
}

struct Supplier {
    id: SupplierId,
    /// In the sequence in which they were ordered.
    deliveries: Vec<RealDelivery>,
}

struct RealDelivery {
    mode: Arc<str>,
    promised_days: u32,
    days: u32,
}

/// One world: everything that does not depend on what is promised.
#[derive(Debug, PartialEq, Eq)]
pub struct Traces {
    /// Who delivers.
    pub suppliers: Vec<SupplierId>,
    /// For each SKU the place of its supplier in `suppliers`.
    pub skus: Vec<usize>,
    /// Units with which each SKU begins.
    pub opening: Vec<u32>,
    /// In the order in which they were placed.
    pub orders: Vec<PurchaseOrder>,
    /// What was received, in the order in which it came.
    pub deliveries: Vec<Delivery>,
    /// How the dates that were named turned out; the same deliveries in the same order.
    pub slips: Vec<Slip>,
    /// By day; on each day first what is ordered, then who asks, then what arrives.
    pub events: Vec<(NaiveDate, Event)>,
}

/// What happens on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// An order comes.
    Arrives {
        /// Place in [`Traces::orders`].
        order: usize,
    },
    /// An order is placed.
    Ordered {
        /// Place in [`Traces::orders`].
        order: usize,
    },
    /// A shopper asks.
    Asked {
        /// Place in [`Traces::skus`].
        sku: usize,
        /// For how many.
        units: u32,
    },
}

/// An order at a supplier, with how it will turn out.
#[derive(Debug, PartialEq, Eq)]
pub struct PurchaseOrder {
    /// Place in [`Traces::skus`].
    pub sku: usize,
    /// Units.
    pub units: u32,
    /// How it is shipped.
    pub mode: Arc<str>,
    /// The day on which it was placed.
    pub ordered_on: NaiveDate,
    /// The day on which the supplier names its date.
    pub named_on: NaiveDate,
    /// The date that it names.
    pub promised_on: NaiveDate,
    /// The day on which it really comes.
    pub received_on: NaiveDate,
}

/// The year in which promises are judged, the last of the file. Before it lie 39 months to learn in; after it the demand of the
/// file's first year comes again, so that what was promised can fall due.
pub fn judged_year() -> std::ops::Range<NaiveDate> {
    FIRST_DAY + Months::new(MONTHS - 12)..FIRST_DAY + Months::new(MONTHS)
}

impl Source {
    /// Reads both files.
    pub fn read(notice: Notice) -> anyhow::Result<Self> {
        Ok(Self {
            notice,
            demand: demand()?,
            suppliers: suppliers()?,
        })
    }

    /// Draws a world of `skus`.
    pub fn traces(&self, seed: u64, skus: usize) -> Traces {
        let mut chance = Chance::new(seed);
        let demand = chance.some(self.demand.iter().collect(), skus);
        // A supplier with more deliveries has more SKUs.
        let by_deliveries: Vec<usize> = (0..self.suppliers.len())
            .flat_map(|at| vec![at; self.suppliers[at].deliveries.len()])
            .collect();
        let skus: Vec<usize> = demand
            .iter()
            .map(|_| by_deliveries[chance.below(by_deliveries.len())])
            .collect();
        let opening: Vec<u32> = demand.iter().map(|months| opening(months)).collect();
        let asks = asks(&demand, &mut chance);
        let orders = self.orders(&skus, &opening, &asks, &mut chance);

        let mut arrivals: Vec<&PurchaseOrder> = orders.iter().collect();
        arrivals.sort_by_key(|order| order.received_on);
        let supplier = |order: &PurchaseOrder| self.suppliers[skus[order.sku]].id.clone();
        let deliveries = arrivals.iter().map(|order| Delivery {
            supplier: supplier(order),
            mode: Some(Arc::clone(&order.mode)),
            days: days_between(order.ordered_on, order.received_on),
        });
        let slips = arrivals.iter().map(|order| Slip {
            supplier: supplier(order),
            days: (order.received_on - order.promised_on).num_days() as i32,
        });
        let (deliveries, slips) = (deliveries.collect(), slips.collect());

        let mut events = asks;
        for (at, order) in orders.iter().enumerate() {
            events.push((order.ordered_on, Event::Ordered { order: at }));
            events.push((order.received_on, Event::Arrives { order: at }));
        }
        events.sort_by_key(|(day, event)| {
            let turn = match event {
                Event::Ordered { .. } => 0,
                Event::Asked { .. } => 1,
                Event::Arrives { .. } => 2,
            };
            (*day, turn)
        });
        let suppliers = self
            .suppliers
            .iter()
            .map(|supplier| supplier.id.clone())
            .collect();
        Traces {
            suppliers,
            skus,
            opening,
            orders,
            deliveries,
            slips,
            events,
        }
    }

    /// What a merchant orders who sees what shoppers ask for.
    fn orders(
        &self,
        skus: &[usize],
        opening: &[u32],
        asks: &[(NaiveDate, Event)],
        chance: &mut Chance,
    ) -> Vec<PurchaseOrder> {
        let mut next: Vec<usize> = self
            .suppliers
            .iter()
            .map(|supplier| chance.below(supplier.deliveries.len()))
            .collect();
        let mut position: Vec<i64> = opening.iter().map(|units| i64::from(*units)).collect();
        let mut asked: Vec<Vec<(NaiveDate, u32)>> = vec![Vec::new(); skus.len()];
        let mut orders = Vec::new();
        let mut coming = asks.iter().peekable();
        let mondays = FIRST_DAY
            .iter_days()
            .take_while(|day| *day < FIRST_DAY + Months::new(MONTHS + 12))
            .filter(|day| day.weekday() == Weekday::Mon);
        for monday in mondays {
            while let Some((day, Event::Asked { sku, units })) =
                coming.next_if(|(day, _)| *day < monday)
            {
                position[*sku] -= i64::from(*units);
                asked[*sku].push((*day, *units));
            }
            for (sku, supplier) in skus.iter().enumerate() {
                let units_per_year = units_per_year(&asked[sku], opening[sku], monday);
                let lasting = |days: u32| (units_per_year * days).div_ceil(DAYS_PER_YEAR);
                if i64::from(lasting(REORDER_DAYS)) < position[sku] {
                    continue;
                }
                let supplier = &self.suppliers[*supplier];
                let real = &supplier.deliveries[next[skus[sku]] % supplier.deliveries.len()];
                next[skus[sku]] += 1;
                let wanted = i64::from(lasting(REORDER_DAYS + ORDER_DAYS)) - position[sku];
                let units = u32::try_from(wanted.max(1)).unwrap_or(1);
                position[sku] += i64::from(units);
                let promised_on = monday + Days::new(real.promised_days.into());
                let (Notice::Before(days) | Notice::After(days)) = &self.notice;
                let days = Days::new((days.start() + chance.below(days.clone().count())) as u64);
                let named_on = match &self.notice {
                    Notice::Before(_) => (promised_on - days).max(monday),
                    Notice::After(_) => monday + days,
                };
                orders.push(PurchaseOrder {
                    sku,
                    units,
                    mode: Arc::clone(&real.mode),
                    ordered_on: monday,
                    named_on,
                    promised_on,
                    received_on: monday + Days::new(real.days.into()),
                });
            }
        }
        orders
    }
}

/// Calendar days from `start` to `end`; none if it is earlier.
pub fn days_between(start: NaiveDate, end: NaiveDate) -> u32 {
    u32::try_from((end - start).num_days()).unwrap_or_default()
}

/// What a SKU begins with: the pace of its first year.
fn opening(months: &[u32]) -> u32 {
    (months.iter().take(12).sum::<u32>() * OPENING_DAYS)
        .div_ceil(DAYS_PER_YEAR)
        .max(1)
}

/// What was asked for in the year before `today`; in the first year it is scaled up, or as the opening stock supposed.
fn units_per_year(asked: &[(NaiveDate, u32)], opening: u32, today: NaiveDate) -> u32 {
    let supposed = opening * DAYS_PER_YEAR / OPENING_DAYS;
    let seen = days_between(FIRST_DAY, today).min(DAYS_PER_YEAR);
    let since = today - TimeDelta::days(DAYS_PER_YEAR.into());
    let units: u32 = asked
        .iter()
        .rev()
        .take_while(|(day, _)| since <= *day)
        .map(|(_, units)| units)
        .sum();
    units + supposed * (DAYS_PER_YEAR - seen) / DAYS_PER_YEAR
}

/// The months' units on days.
fn asks(demand: &[&Vec<u32>], chance: &mut Chance) -> Vec<(NaiveDate, Event)> {
    let mut asks = Vec::new();
    for (sku, months) in demand.iter().enumerate() {
        for (month, units) in (0..MONTHS + 12).zip(months.iter().cycle()) {
            let first = FIRST_DAY + Months::new(month);
            let days = days_between(first, first + Months::new(1));
            let mut left = *units;
            while 0 < left {
                // One unit is as likely as all larger numbers together, and so on.
                let wanted = 1
                    + (1..ASK_UNITS_MAX)
                        .take_while(|_| chance.below(2) == 1)
                        .count() as u32;
                let units = wanted.min(left);
                left -= units;
                let day = first + Days::new(chance.below(days as usize) as u64);
                asks.push((day, Event::Asked { sku, units }));
            }
        }
    }
    asks.sort();
    asks
}

fn demand() -> anyhow::Result<Vec<Vec<u32>>> {
    let mut parts = Vec::new();
    for row in csv::Reader::from_reader(DEMAND.as_bytes()).records() {
        let row = row?;
        // A part without a number for some month was not in the range then.
        let months: Result<Vec<u32>, _> = row.iter().skip(1).map(str::parse).collect();
        parts.extend(months.ok());
    }
    anyhow::ensure!(
        parts.iter().all(|months| months.len() == MONTHS as usize),
        "a row of monthly-demand.csv is too short"
    );
    Ok(parts)
}

#[derive(Deserialize)]
struct Row {
    po_number: String,
    supplier: String,
    shipment_mode: String,
    ordered_on: NaiveDate,
    promised_on: NaiveDate,
    received_on: NaiveDate,
}

fn suppliers() -> anyhow::Result<Vec<Supplier>> {
    let mut rows: Vec<Row> = csv::Reader::from_reader(DELIVERIES.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()?;
    // Some came before they were ordered, on paper.
    rows.retain(|row| row.ordered_on < row.promised_on && row.ordered_on < row.received_on);
    rows.sort_by(|a, b| (a.ordered_on, &a.po_number).cmp(&(b.ordered_on, &b.po_number)));
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut suppliers: Vec<Supplier> = Vec::new();
    for row in rows {
        let place = *places.entry(row.supplier).or_insert(suppliers.len());
        if place == suppliers.len() {
            let id = format!("supplier-{place}").parse().context("an id")?;
            suppliers.push(Supplier {
                id,
                deliveries: Vec::new(),
            });
        }
        suppliers[place].deliveries.push(RealDelivery {
            mode: Arc::from(row.shipment_mode),
            promised_days: days_between(row.ordered_on, row.promised_on),
            days: days_between(row.ordered_on, row.received_on),
        });
    }
    Ok(suppliers)
}
