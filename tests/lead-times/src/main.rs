//! Judges the lead-time model as it is used: on each order's date it knows only what had been received before.
//!
//! The deliveries are those of the Supply Chain Management System programme (USAID, public domain), in
//! supplier-deliveries.csv. Orders of July 2010 to June 2012 are judged; later ones are kept aside, and judged the same way.

use std::collections::HashMap;
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

fn main() -> anyhow::Result<()> {
    let orders = read()?;
    let past: Vec<Delivery> = orders.iter().map(|order| order.delivery.clone()).collect();

    let all = |order: &Order| past[..order.known].iter().collect::<Vec<_>>();
    let own = |order: &Order| {
        let own: Vec<_> = past[..order.known]
            .iter()
            .filter(|one| one.supplier == order.delivery.supplier)
            .collect();
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

    let rules: [(&str, &Rule<'_>); 6] = [
        ("all suppliers, all past", &|order, level| {
            quantile(&all(order), level)
        }),
        ("all suppliers, last 400", &|order, level| {
            quantile(last(&all(order), 400), level)
        }),
        ("per supplier, all past", &|order, level| {
            quantile(&own(order), level)
        }),
        ("per supplier, last 40", &|order, level| {
            quantile(last(&own(order), 40), level)
        }),
        ("ours, not calibrated", &model),
        ("ours", &ours),
    ];
    let day = |text: &str| text.parse::<NaiveDate>();
    let windows = [
        (
            "judged: July 2010 to June 2012",
            day("2010-07-01")?,
            day("2012-07-01")?,
        ),
        (
            "kept aside: July 2012 and later",
            day("2012-07-01")?,
            NaiveDate::MAX,
        ),
    ];
    for (name, from, to) in windows {
        let judged: Vec<&Order> = orders
            .iter()
            .filter(|order| (from..to).contains(&order.ordered_on))
            .collect();
        println!("\n{name} ({} orders)", judged.len());
        print!("{:28}", "rule");
        for level in levels() {
            print!("{:>10}{:>9}", format!("kept {}%", level.percent()), "loss");
        }
        println!();
        for (name, rule) in rules {
            print!("{name:28}");
            for level in levels() {
                let (kept, loss) = judge(&judged, rule, level);
                print!("{kept:>9.1}%{loss:>9.2}");
            }
            println!();
        }
    }
    println!(
        "\nkept: share of orders that came within the days said. loss: mean pinball loss, in days."
    );
    Ok(())
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
    let mut days: Vec<u32> = deliveries.iter().map(|delivery| delivery.days).collect();
    days.sort_unstable();
    let at = (days.len() * usize::from(level.percent()))
        .div_ceil(100)
        .saturating_sub(1);
    days.get(at).copied().unwrap_or_default()
}
