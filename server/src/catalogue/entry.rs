//! The facts of one SKU, kept small: most SKUs of a shop are alike but for a name and a number.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use shared::ids::{LocationId, Sku};
use shared::quantity::Quantity;
use shared::supply::{Claim, Incoming, Place, Selling, SkuFacts, Undated};

/// The facts of one SKU. Made into [`SkuFacts`] where something is to be decided.
#[derive(Debug, Clone)]
pub struct Entry {
    sku: Sku,
    title: Option<Arc<str>>,
    selling: Arc<Selling>,
    kit: Box<[(Sku, Quantity)]>,
    places: Box<[Kept]>,
    revision: u64,
}

/// A [`Place`] without room for what is not there.
#[derive(Debug, Clone)]
struct Kept {
    location: LocationId,
    on_hand: Quantity,
    safety_stock: Quantity,
    more: Option<Box<More>>,
}

/// What is on its way to a place, and what is promised there.
#[derive(Debug, Clone)]
struct More {
    incoming: Box<[Incoming]>,
    undated: Box<[Undated]>,
    claims: Box<[Claim]>,
}

/// What many SKUs of a shop have in common, each once.
#[derive(Debug, Default)]
pub struct Common {
    locations: HashSet<LocationId>,
    sellings: HashSet<Rules>,
    /// Look for those that nobody has any more once there are so many.
    sellings_looked_over_at: usize,
}

/// Least number of ways to sell at which it is worth looking for those that nobody has any more.
const SELLINGS_LOOKED_OVER_MIN: usize = 1024;

/// A way to sell, found by what differs most.
#[derive(Debug, PartialEq, Eq)]
struct Rules(Arc<Selling>);

impl Entry {
    /// Takes facts, with the parts that others have as well.
    pub fn new(facts: SkuFacts, common: &mut Common) -> Self {
        let places = facts.places.into_iter();
        Self {
            sku: facts.sku,
            title: facts.title,
            selling: common.selling(facts.selling),
            kit: facts.kit.into(),
            places: places.map(|place| Kept::new(place, common)).collect(),
            revision: facts.revision,
        }
    }

    /// The SKU.
    pub fn sku(&self) -> &Sku {
        &self.sku
    }

    /// What it is called.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The store's revision at which any of the facts last changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What it is made of; empty for what is no kit.
    pub fn kit(&self) -> &[(Sku, Quantity)] {
        &self.kit
    }

    /// How it may be sold.
    pub fn selling(&self) -> &Selling {
        &self.selling
    }

    /// True if none is on any shelf.
    pub fn is_off_the_shelf(&self) -> bool {
        self.places.iter().all(|place| place.on_hand.is_zero())
    }

    /// True if something of it is on its way.
    pub fn is_awaited(&self) -> bool {
        let more = self.places.iter().filter_map(|place| place.more.as_ref());
        more.into_iter().any(|more| !more.incoming.is_empty())
    }

    /// Units that orders and carts are promised now: from one place, or from all.
    pub fn promised(&self, from: Option<&LocationId>, now: DateTime<Utc>) -> u64 {
        let places = self.places.iter();
        let places = places.filter(|place| from.is_none_or(|from| *from == place.location));
        let claims = places
            .filter_map(|place| place.more.as_ref())
            .flat_map(|more| &more.claims);
        let live = claims.filter(|claim| claim.expires_at.is_none_or(|end| now < end));
        live.map(|claim| u64::from(claim.quantity.units())).sum()
    }

    /// The facts as the core takes them.
    pub fn facts(&self) -> SkuFacts {
        SkuFacts {
            sku: self.sku.clone(),
            title: self.title.clone(),
            selling: Selling::clone(&self.selling),
            kit: self.kit.to_vec(),
            places: self.places.iter().map(Kept::place).collect(),
            revision: self.revision,
        }
    }
}

impl Kept {
    fn new(place: Place, common: &mut Common) -> Self {
        let more = More {
            incoming: place.incoming.into(),
            undated: place.undated.into(),
            claims: place.claims.into(),
        };
        Self {
            location: common.location(place.location),
            on_hand: place.on_hand,
            safety_stock: place.safety_stock,
            more: (!more.is_nothing()).then(|| Box::new(more)),
        }
    }

    fn place(&self) -> Place {
        let mut place = Place::new(self.location.clone());
        place.on_hand = self.on_hand;
        place.safety_stock = self.safety_stock;
        if let Some(more) = &self.more {
            place.incoming = more.incoming.to_vec();
            place.undated = more.undated.to_vec();
            place.claims = more.claims.to_vec();
        }
        place
    }
}

impl More {
    fn is_nothing(&self) -> bool {
        self.incoming.is_empty() && self.undated.is_empty() && self.claims.is_empty()
    }
}

impl Common {
    fn location(&mut self, location: LocationId) -> LocationId {
        if let Some(known) = self.locations.get(&location) {
            return known.clone();
        }
        self.locations.insert(location.clone());
        location
    }

    fn selling(&mut self, selling: Selling) -> Arc<Selling> {
        let rules = Rules(Arc::new(selling));
        if let Some(known) = self.sellings.get(&rules) {
            return Arc::clone(&known.0);
        }
        if self.sellings_looked_over_at.max(SELLINGS_LOOKED_OVER_MIN) <= self.sellings.len() {
            self.sellings
                .retain(|rules| 1 < Arc::strong_count(&rules.0));
            self.sellings_looked_over_at = 2 * self.sellings.len();
        }
        let selling = Arc::clone(&rules.0);
        self.sellings.insert(rules);
        selling
    }
}

impl Hash for Rules {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let rules = &self.0;
        (rules.tracked, rules.discontinued).hash(state);
        (rules.backorder.mode.name(), rules.backorder.limit).hash(state);
        rules.backorder.reason.hash(state);
        (rules.released_on, rules.sell_until).hash(state);
        (rules.promise_days_max, rules.low_stock_threshold).hash(state);
        // Not the supplier's days off: they are many, and those who share them share the rest.
        let lead_time = rules.replenishment.as_ref();
        lead_time.map(|more| more.lead_time_days).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use shared::supply::Due;

    use super::*;

    fn facts(sku: &str) -> SkuFacts {
        let mut facts = SkuFacts::new(sku.parse().expect("a SKU"));
        let mut place = Place::new("main".parse().expect("an id"));
        place.on_hand = Quantity::new(7);
        facts.places.push(place);
        facts.revision = 3;
        facts
    }

    #[test]
    fn facts_come_back_as_they_were() {
        let plain = facts("plain");
        let mut rich = facts("rich");
        rich.title = Some("A name".into());
        rich.kit = vec![("plain".parse().expect("a SKU"), Quantity::new(2))];
        rich.selling.promise_days_max = Some(9);
        let place = &mut rich.places[0];
        place.safety_stock = Quantity::new(1);
        place.claims = vec![Claim::due(Due::Undated, Quantity::new(4))];
        place.undated = vec![Undated {
            quantity: Quantity::new(5),
            purchase_order: "PO-1".parse().expect("an id"),
        }];
        let day = "2027-01-15".parse().expect("a date");
        let order = "PO-2".parse().expect("an id");
        place.incoming = vec![Incoming::told(order, Quantity::new(6), day)];
        let mut common = Common::default();
        for facts in [plain, rich] {
            let entry = Entry::new(facts.clone(), &mut common);
            assert_eq!(entry.facts(), facts);
            assert_eq!(entry.is_awaited(), entry.sku().as_str() == "rich");
        }
    }

    #[test]
    fn what_is_alike_is_kept_once() {
        let mut common = Common::default();
        let entries: Vec<Entry> = ["a", "b"]
            .map(|sku| Entry::new(facts(sku), &mut common))
            .into();
        assert!(Arc::ptr_eq(&entries[0].selling, &entries[1].selling));
        let mut other = facts("c");
        other.selling.discontinued = true;
        let other = Entry::new(other, &mut common);
        assert!(!Arc::ptr_eq(&entries[0].selling, &other.selling));
        assert!(other.facts().selling.discontinued);
    }
}
