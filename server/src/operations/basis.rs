//! What a date rests on, for the ledger: the supply that opens it, how it was planned, and the version of
//! the calendar.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};
use shared::availability::{Location, PromisePolicy};
use shared::explain::basis;
use shared::kit::Goods;
use shared::supply::{Basis, Planned};
use shared::timeline::{Arrival, Source};

use super::records::PromiseBasis;

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
        entry.insert("from".into(), json!(source_name(&arrival.source)));
        entry.insert("ships_by".into(), json!(arrival.ships_by.to_string()));
        if let Source::Incoming(incoming) | Source::Late(incoming) = arrival.source {
            let order = incoming.purchase_order.as_str();
            entry.insert("purchase_order".into(), json!(order));
            add_plan(&mut entry, &incoming.planned(today));
        }
        Value::Object(entry)
    });
    let json = json!({
        "location": location.id.as_str(),
        "calendar_revision": location.revision,
        "supply": supply.collect::<Vec<_>>(),
    });
    PromiseBasis {
        json: json.to_string(),
        surplus: surplus(opening.iter().map(|(_, arrival)| arrival), today),
    }
}

fn add_plan(entry: &mut Map<String, Value>, planned: &Planned) {
    let (level, own, pooled) = match planned.basis {
        Basis::Told | Basis::Declared => (None, None, None),
        Basis::Slips {
            level, own, pooled, ..
        }
        | Basis::LeadTime { level, own, pooled } => {
            (Some(level.percent()), Some(own), Some(pooled))
        }
    };
    entry.insert("expected_on".into(), json!(planned.from.to_string()));
    entry.insert("added_days".into(), json!(planned.days));
    entry.insert("rule".into(), json!(planned.basis.name()));
    entry.insert("level".into(), json!(level));
    entry.insert("sample".into(), json!(own));
    entry.insert("pooled".into(), json!(pooled));
}

/// Percentage points by which a date is safer than asked, because the suppliers' own dates are; `None` where
/// all it rests on is on the shelf.
fn surplus<'a, 's: 'a>(
    opening: impl Iterator<Item = &'a Arrival<'s>>,
    today: NaiveDate,
) -> Option<u8> {
    let waited_for = opening.filter(|arrival| !matches!(arrival.source, Source::Shelf));
    let points = waited_for.map(|arrival| match arrival.source {
        Source::Incoming(incoming) | Source::Late(incoming) => {
            match incoming.planned(today).basis {
                Basis::Slips { level, reached, .. } => reached.saturating_sub(level.percent()),
                _ => 0,
            }
        }
        _ => 0,
    });
    points.max().map(|points| points.min(99))
}

/// The word for where units come from.
pub fn source_name(source: &Source<'_>) -> &'static str {
    match source {
        Source::Shelf => "shelf",
        Source::Incoming(_) => "purchase_order",
        Source::Late(_) => "late_purchase_order",
        Source::Replenishment(_) => "made_to_order",
        Source::Release => "release",
    }
}
