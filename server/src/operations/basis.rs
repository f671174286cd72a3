//! What a date rests on, for the ledger: the supply that opens it, how it was planned, and the version of
//! the calendar.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};
use shared::availability::{Location, PromisePolicy};
use shared::explain::{awaits, basis};
use shared::ids::Sku;
use shared::kit::Goods;
use shared::supply::{Basis, Planned};
use shared::timeline::{Arrival, Source};
use shared::widening::Widened;

use super::records::{OpenedBy, PromiseBasis};

/// What a promise of `goods` for `day` rests on.
pub(super) fn promise_basis(
    goods: &Goods<'_>,
    location: &Location,
    policy: &PromisePolicy,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> PromiseBasis {
    let today = location.calendar.today(now);
    let opening = basis(goods, location, policy, day, now);
    let supply = opening.iter().map(|(sku, arrival)| {
        let mut entry = Map::new();
        entry.insert("sku".into(), json!(sku.as_str()));
        entry.insert("from".into(), json!(arrival.source.name()));
        entry.insert("ships_by".into(), json!(arrival.ships_by.to_string()));
        if let Some(incoming) = arrival.source.order() {
            let order = incoming.purchase_order.as_str();
            entry.insert("purchase_order".into(), json!(order));
            add_plan(&mut entry, &incoming.planned(today));
        }
        if let Some(widened) = widened(arrival) {
            entry.insert("widened_days".into(), json!(widened.days));
        }
        Value::Object(entry)
    });
    // Of a kit, the part that is there last.
    let last = opening
        .iter()
        .filter(|(_, arrival)| !matches!(arrival.source, Source::Shelf | Source::Release))
        .max_by_key(|(_, arrival)| arrival.ships_by);
    let json = json!({
        "location": location.id.as_str(),
        "calendar_revision": location.revision,
        "supply": supply.collect::<Vec<_>>(),
    });
    PromiseBasis {
        json: json.to_string(),
        reached: reached(opening.iter().map(|(_, arrival)| arrival), today),
        awaits: awaits(goods, location, policy, day, now),
        opened_by: last.and_then(|(sku, arrival)| opened_by(sku, arrival)),
        widened_days: last
            .and_then(|(_, arrival)| widened(arrival))
            .map_or(0, |widened| widened.days),
    }
}

fn opened_by(sku: &Sku, arrival: &Arrival<'_>) -> Option<OpenedBy> {
    match arrival.source {
        Source::Incoming(order) | Source::Late(order) => {
            Some(OpenedBy::Order(order.purchase_order.clone()))
        }
        Source::Replenishment(_) => Some(OpenedBy::Made(sku.clone())),
        Source::Shelf | Source::Release => None,
    }
}

fn widened(arrival: &Arrival<'_>) -> Option<Widened> {
    match arrival.source {
        Source::Incoming(order) | Source::Late(order) => order.widened,
        Source::Replenishment(made) => made.widened,
        Source::Shelf | Source::Release => None,
    }
}

fn add_plan(entry: &mut Map<String, Value>, planned: &Planned) {
    let sample = planned.basis.sample();
    entry.insert("expected_on".into(), json!(planned.from.to_string()));
    entry.insert("added_days".into(), json!(planned.days));
    entry.insert("rule".into(), json!(planned.basis.name()));
    let level = sample.map(|sample| sample.level.percent());
    entry.insert("level".into(), json!(level));
    entry.insert("sample".into(), json!(sample.map(|sample| sample.own)));
    entry.insert("pooled".into(), json!(sample.map(|sample| sample.pooled)));
}

/// [`PromiseBasis::reached`] of a date that such supply opens.
fn reached<'a, 's: 'a>(
    opening: impl Iterator<Item = &'a Arrival<'s>>,
    today: NaiveDate,
) -> Option<u8> {
    let waited_for = opening.filter(|arrival| !matches!(arrival.source, Source::Shelf));
    let planned =
        waited_for.map(|arrival| arrival.source.order().map(|order| order.planned(today)));
    let reached = planned.map(|planned| match planned.map(|planned| planned.basis) {
        Some(Basis::Slips { reached, .. }) => reached,
        _ => 0,
    });
    reached.max()
}
