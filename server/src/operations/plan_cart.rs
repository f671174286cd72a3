//! Says in which ways a cart can be sent, from the facts in memory.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use shared::availability::{Availability, PromisePolicy};
use shared::cart::date_cart;
use shared::ids::Sku;
use shared::money::Money;
use shared::quantity::Quantity;
use shared::text::{Language, Speaker, Tables};
use shared::wire::{self, PlanKind, Plans, SplitPolicy, plan_options, plans_text};

use super::check_availability::{bound_for, instant};
use super::tell_offers::Visitor;
use crate::catalogue::{Settings, Shop, goods};

/// A cart, and who asks about it.
pub struct CartAsked<'a> {
    /// SKUs and units, each SKU once ([`shared::shipment::summed`]).
    pub lines: &'a [(Sku, Quantity)],
    /// The language of the words.
    pub language: Language,
    /// The part of the world that parcels go to, as the store names it; `None`: where most of them go.
    pub to: Option<&'a Arc<str>>,
    /// What the goods cost, where the page says so: only rules for offers look at it.
    pub goods: Option<Money>,
    /// Who looks, where the store makes offers and the page says who.
    pub visitor: Option<&'a Visitor>,
}

/// Plans a cart at `now`.
pub fn plan_cart(shop: &Shop, asked: &CartAsked<'_>, now: DateTime<Utc>) -> Plans {
    let language = asked.language;
    // Read the revision first: facts may be newer than it says, never older.
    let revision = shop.revision();
    let settings = shop.settings();
    let tables = Tables(language);
    let speaker = Speaker::new(language, &tables, settings.location.calendar.today(now));
    let promises = bound_for(&settings, asked.to);
    let mut lines = dated(shop, &settings, &promises, asked.lines, &speaker, now);
    let offer = asked.visitor.and_then(|visitor| {
        visitor.offer_for_cart(shop, &settings, &mut lines, asked.goods, language, now)
    });
    let policy = SplitPolicy::new(&settings.split, settings.currency);
    Plans {
        options: plan_options(&lines, &policy, &speaker),
        // A paid way is never chosen for the shopper, and this one costs nothing.
        default: PlanKind::Together,
        policy,
        offer,
        text: plans_text(&lines, &speaker),
        lang: language.tag().into(),
        as_of: now.to_rfc3339_opts(SecondsFormat::Millis, true),
        revision,
        lines,
    }
}

/// The lines of a cart with their dates: what one takes, the next does not get.
fn dated(
    shop: &Shop,
    settings: &Settings,
    promises: &PromisePolicy,
    lines: &[(Sku, Quantity)],
    speaker: &Speaker<'_>,
    now: DateTime<Utc>,
) -> Vec<wire::Availability> {
    let facts: Vec<_> = lines
        .iter()
        .map(|(sku, _)| shop.facts_and_parts(sku.as_str()))
        .collect();
    let known: Vec<_> = lines
        .iter()
        .zip(&facts)
        .filter_map(|((_, quantity), facts)| Some((goods(facts)?, *quantity)))
        .collect();
    let mut dated = date_cart(&known, &settings.locations, promises, now).into_iter();
    let mut on_wire = Vec::with_capacity(lines.len());
    for ((sku, quantity), facts) in lines.iter().zip(&facts) {
        let title = facts.first().and_then(|facts| facts.title.as_deref());
        let line = facts.first().and_then(|_| dated.next());
        let unknown = || Availability::unknown(sku.clone(), *quantity);
        let answer = line
            .as_ref()
            .map_or_else(unknown, |line| line.availability.clone());
        let until = answer.valid_until.map(instant);
        let mut one = wire::Availability::new(&answer, title, speaker, until);
        if let Some(line) = &line {
            one = one.leaving(line, &settings.locations);
        }
        on_wire.push(one);
    }
    on_wire
}
