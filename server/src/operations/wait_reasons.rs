//! Why part of an order waits, as the merchant says it.

use shared::reason::most_specific;
use shared::supply::Incoming;
use shared::text::Language;

use super::records::WaitingPart;
use crate::catalogue::{Shop, goods};

/// What the merchant says of what a waiting part's date stands on, in a language; `None` where they say nothing.
///
/// A date stands on the last of the purchase orders that were planned to be there in time and have not come; where
/// there is none, on who makes it when somebody buys. A part without a date stands on neither.
pub fn stated_of(shop: &Shop, part: &WaitingPart, language: Language) -> Option<String> {
    let facts = shop.facts_and_parts(part.sku.as_str());
    let goods = goods(&facts)?;
    let is_dated = part.due_day().is_some();
    let places = goods
        .parts
        .iter()
        .filter_map(|(facts, _)| facts.at(&part.location));
    let awaited = places
        .flat_map(|place| &place.incoming)
        .filter(|incoming| is_dated && part.purchase_orders.contains(&incoming.purchase_order));
    let awaited: Vec<&Incoming> = awaited.collect();
    let last = awaited.iter().map(|incoming| incoming.planned_on()).max();
    let made = goods
        .parts
        .iter()
        .find_map(|(facts, _)| facts.selling.replenishment.as_ref());
    let stated = most_specific(
        &goods.facts.selling.backorder,
        awaited
            .iter()
            .filter(|incoming| Some(incoming.planned_on()) == last)
            .copied(),
        made.filter(|_| is_dated && awaited.is_empty()),
    );
    stated?.text(language).map(str::to_owned)
}
