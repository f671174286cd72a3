//! Judges the lead-time model as it is used: on each order's date it knows only what had been received before.
//!
//! The deliveries are those of the Supply Chain Management System programme (USAID, public domain), in
//! supplier-deliveries.csv. Orders of July 2010 to June 2012 are judged; later ones are kept aside, and judged the same way.
//! Fails where the model misses one of its bars on the orders that are judged.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use chrono::NaiveDate;
use serde::Deserialize;
use shared::ids::SupplierId;
use shared::lead_time::{Delivery, Level, calibrated, lead_time};

const FILE: &str = include_str!("../supplier-deliveries.csv");

/// Levels that are judged, in percent.
const LEVELS: [u8; 3] = [80, 90, 95];

/// Fewest deliveries with which anything is said.
const KNOWN_MIN: usize = 30;

/// Deliveries of a supplier that the simple rules call its last.
const OWN_LAST: usize = 40;
/// Deliveries of all suppliers that the simple rules call the last.
const ALL_LAST: usize = 400;
/// As many of a supplier's deliveries weigh as much as the last of all where a simple rule pools them.
const ALL_WEIGHT: usize = 10;

/// What the model must reach on the orders that are judged: a level in percent, and the most mean pinball loss in days.
const BARS: [(u8, f64); 2] = [(80, 23.5), (90, 16.7)];
/// Percentage points by which the share that is kept may differ from a level.
const KEPT_OFF_POINTS_MAX: f64 = 4.0;

#[derive(Deserialize)]
struct Row {
    po_number: String,
    supplier: String,
    shipment_mode: String,
    ordered_on: NaiveDate,
    received_on: NaiveDate,
}

/// An order with what was known on its date.
struct Order {
    delivery: Delivery,
    /// Days that it took; some arrived before they were ordered, on paper.
    days: i64,
    ordered_on: NaiveDate,
    /// How many of the deliveries, in the order of their arrival, were there before it was ordered.
    known: usize,
}

/// Says the days within which a share of deliveries comes.
type Rule<'a> = dyn Fn(&Order, Level) -> u32 + 'a;

fn main() -> anyhow::Result<ExitCode> {
    let orders = read()?;
    let past: Vec<Delivery> = orders.iter().map(|order| order.delivery.clone()).collect();

    let all = |order: &Order| past[..order.known].iter().collect::<Vec<_>>();
    let own = |order: &Order| {
        let past = past[..order.known].iter();
        past.filter(|one| one.supplier == order.delivery.supplier)
            .collect::<Vec<_>>()
    };
    let own_or_all = |order: &Order| {
        let own = own(order);
        if own.is_empty() { all(order) } else { own }
    };
    let model = |order: &Order, level: Level| {
        let mode = order.delivery.mode.as_deref();
        lead_time(
            &past[..order.known],
            &order.delivery.supplier,
            mode,
            None,
            level,
        )
        .map_or(0, |lead_time| lead_time.days)
    };
    // What was promised for each delivery on the day on which it was ordered.
    let kept: HashMap<Level, Vec<bool>> = levels()
        .map(|level| {
            (
                level,
                orders
                    .iter()
                    .map(|order| order.days <= i64::from(model(order, level)))
                    .collect(),
            )
        })
        .collect();
    let ours = |order: &Order, level: Level| {
        let judged: Vec<bool> = (0..order.known)
            .filter(|at| KNOWN_MIN <= orders[*at].known)
            .map(|at| kept[&level][at])
            .collect();
        model(order, calibrated(level, &judged))
    };

    let rules: [(&str, &Rule<'_>); 7] = [
        ("all suppliers, all past", &|order, level| {
            quantile(&all(order), level)
        }),
        ("all suppliers, last 400", &|order, level| {
            quantile(last(&all(order), ALL_LAST), level)
        }),
        ("per supplier, all past", &|order, level| {
            quantile(&own_or_all(order), level)
        }),
        ("per supplier, last 40", &|order, level| {
            quantile(last(&own_or_all(order), OWN_LAST), level)
        }),
        ("those pooled with all", &|order, level| {
            let (all, own) = (all(order), own(order));
            let (all, own) = (last(&all, ALL_LAST), last(&own, OWN_LAST));
            let own = own.iter().map(|one| (one.days, all.len()));
            let all = all.iter().map(|one| (one.days, ALL_WEIGHT));
            weighted_quantile(own.chain(all), level)
        }),
        ("ours, not calibrated", &model),
        ("ours", &ours),
    ];
    let [from, to] = ["2010-07-01", "2012-07-01"].map(str::parse::<NaiveDate>);
    let (from, to) = (from?, to?);
    let judged: Vec<&Order> = orders
        .iter()
        .filter(|order| (from..to).contains(&order.ordered_on))
        .collect();
    let aside: Vec<&Order> = orders
        .iter()
        .filter(|order| to <= order.ordered_on)
        .collect();
    for (name, judged) in [
        ("judged: July 2010 to June 2012", &judged),
        ("kept aside: July 2012 and later", &aside),
    ] {
        println!("\n{name} ({} orders)", judged.len());
        print!("{:28}", "rule");
        for level in levels() {
            print!("{:>10}{:>9}", format!("kept {}%", level.percent()), "loss");
        }
        println!();
        for (name, rule) in rules {
            print!("{name:28}");
            for level in levels() {
                let (kept, loss) = judge(judged, rule, level);
                print!("{kept:>9.1}%{loss:>9.2}");
            }
            println!();
        }
    }
    println!(
        "\nkept: share of orders that came within the days said. loss: mean pinball loss, in days."
    );
    Ok(match meets_bars(&judged, &ours)? {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Prints each bar with what `rule` reaches on the orders. True if all are met.
fn meets_bars(orders: &[&Order], rule: &Rule<'_>) -> anyhow::Result<bool> {
    println!("\nbars for ours on the {} judged orders", orders.len());
    let mut all_met = true;
    let mut say = |met: bool, what: String| {
        println!("{:8}{what}", if met { "met" } else { "MISSED" });
        all_met &= met;
    };
    for (percent, loss_max) in BARS {
        let (kept, loss) = judge(orders, rule, Level::new(percent)?);
        say(
            (kept - f64::from(percent)).abs() <= KEPT_OFF_POINTS_MAX,
            format!("kept {percent}%: {kept:.1}%, within {KEPT_OFF_POINTS_MAX} points"),
        );
        say(
            loss <= loss_max,
            format!("loss at {percent}%: {loss:.2} days, at most {loss_max}"),
        );
    }
    Ok(all_met)
}

fn levels() -> impl Iterator<Item = Level> {
    LEVELS
        .into_iter()
        .filter_map(|percent| Level::new(percent).ok())
}

/// The orders in the order of their arrival.
fn read() -> anyhow::Result<Vec<Order>> {
    let mut rows: Vec<Row> = csv::Reader::from_reader(FILE.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()?;
    rows.sort_by(|a, b| (a.received_on, &a.po_number).cmp(&(b.received_on, &b.po_number)));
    let mut ids: HashMap<String, SupplierId> = HashMap::new();
    let arrivals: Vec<NaiveDate> = rows.iter().map(|row| row.received_on).collect();
    rows.into_iter()
        .map(|row| {
            let next = ids.len();
            let supplier = match ids.get(&row.supplier) {
                Some(id) => id.clone(),
                None => format!("supplier-{next}").parse().context("an id")?,
            };
            ids.insert(row.supplier, supplier.clone());
            let days = (row.received_on - row.ordered_on).num_days();
            Ok(Order {
                delivery: Delivery {
                    supplier,
                    mode: Some(Arc::from(row.shipment_mode)),
                    days: u32::try_from(days).unwrap_or_default(),
                },
                days,
                ordered_on: row.ordered_on,
                known: arrivals.partition_point(|arrived| *arrived < row.ordered_on),
            })
        })
        .collect()
}

/// The share of orders that were kept, in percent, and the mean pinball loss.
fn judge(orders: &[&Order], rule: &Rule<'_>, level: Level) -> (f64, f64) {
    let share = f64::from(level.percent()) / 100.0;
    let (mut kept, mut loss) = (0.0, 0.0);
    for order in orders {
        let late = (order.days - i64::from(rule(order, level))) as f64;
        kept += f64::from(u8::from(late <= 0.0));
        loss += (share * late).max((share - 1.0) * late);
    }
    let count = orders.len() as f64;
    (100.0 * kept / count, loss / count)
}

fn last<T>(all: &[T], most: usize) -> &[T] {
    &all[all.len().saturating_sub(most)..]
}

fn quantile(deliveries: &[&Delivery], level: Level) -> u32 {
    weighted_quantile(deliveries.iter().map(|delivery| (delivery.days, 1)), level)
}

/// The fewest days with which the share of the weights is reached.
fn weighted_quantile(weighted: impl Iterator<Item = (u32, usize)>, level: Level) -> u32 {
    let mut weighted: Vec<(u32, usize)> = weighted.collect();
    weighted.sort_unstable();
    let total: usize = weighted.iter().map(|(_, weight)| weight).sum();
    let mut reached = 0;
    let at = weighted.iter().find(|(_, weight)| {
        reached += 100 * weight;
        total * usize::from(level.percent()) <= reached
    });
    at.map_or(0, |(days, _)| *days)
}
