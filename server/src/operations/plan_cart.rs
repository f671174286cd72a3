//! Says in which ways a cart can be sent, from the facts in memory.

use chrono::{DateTime, SecondsFormat, Utc};
use shared::ids::Sku;
use shared::quantity::Quantity;
use shared::text::{Language, Speaker, Tables};
use shared::wire::{PlanKind, Plans, SplitPolicy, plan_options, plans_text};

use super::check_availability::{Question, answer};
use crate::catalogue::Shop;

/// Plans a cart at `now`. `lines` name each SKU once ([`shared::shipment::summed`]).
pub fn plan_cart(
    shop: &Shop,
    lines: &[(Sku, Quantity)],
    language: Language,
    now: DateTime<Utc>,
) -> Plans {
    // Read the revision first: facts may be newer than it says, never older.
    let revision = shop.revision();
    let settings = shop.settings();
    let lines: Vec<_> = lines
        .iter()
        .map(|(sku, quantity)| {
            let question = Question {
                quantity: *quantity,
                language,
            };
            answer(shop, &settings, sku, question, now)
        })
        .collect();
    let tables = Tables(language);
    let speaker = Speaker::new(language, &tables, settings.location.calendar.today(now));
    let policy = SplitPolicy::new(&settings.split, settings.currency);
    Plans {
        options: plan_options(&lines, &policy, &speaker),
        // A paid way is never chosen for the shopper, and this one costs nothing.
        default: PlanKind::Together,
        policy,
        text: plans_text(&lines, &speaker),
        lang: language.tag().into(),
        as_of: now.to_rfc3339_opts(SecondsFormat::Millis, true),
        revision,
        lines,
    }
}
