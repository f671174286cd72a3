//! Vectors of whole carts: kits, and several locations.

use chrono::{DateTime, Utc};
use shared::availability::{Location, PromisePolicy};
use shared::cart::date_cart;
use shared::kit::Goods;
use shared::promise::Slice;
use shared::quantity::Quantity;
use shared::supply::{BackorderMode, Incoming, Place, SkuFacts};
use shared::wire;

use crate::{Shop, line, parsed, status};

/// V7: what a kit is made of is there once, for it and for whoever buys it alone.
pub fn kits(lines: &mut String) {
    let shop = Shop::new(chrono_tz::America::New_York, "2027-01-04T15:00:00Z");
    let mut cart = Cart::of(&shop);
    cart.stock("A", "main", 2);
    cart.incoming("A", "main", 10, "2027-01-11");
    cart.stock("B", "main", 20);
    cart.kit("K", &[("A", 2), ("B", 1)]);
    cart.ask(lines, "V7", &[("K", 1), ("A", 1)]);
    cart.ask(lines, "V7", &[("A", 1), ("K", 1)]);
    for units in [1, 2, 6, 7] {
        cart.ask(lines, "V7", &[("K", units)]);
    }
    let mut picks = Cart::of(&shop);
    picks.stock("A", "main", 1);
    picks.incoming("A", "main", 10, "2027-01-11");
    picks.kit("P", &[("A", 1)]);
    picks.kit("Q", &[("P", 1)]);
    picks.ask(lines, "V7 two picks", &[("P", 1), ("Q", 1)]);
    picks.facts("A").selling.backorder.mode = BackorderMode::Deny;
    picks.ask(
        lines,
        "V7 two picks of what may not wait",
        &[("P", 1), ("Q", 1)],
    );
}

/// Two locations: fewest parcels, earliest, cost and id, in the order that the rules give them.
pub fn locations(lines: &mut String) {
    let shop = Shop::every_day("2027-01-04T12:00:00Z");
    let two = |berlin: u32, lyon: u32| {
        let mut cart = Cart::of(&shop);
        cart.locations.clear();
        for (id, parcel_cost) in [("lyon", lyon), ("berlin", berlin)] {
            let location = Location::new(parsed(id), shop.location.calendar.clone());
            cart.locations.push(Location {
                parcel_cost,
                ..location
            });
        }
        cart
    };

    let mut cart = two(500, 400);
    cart.stock("A", "berlin", 2);
    cart.stock("A", "lyon", 1);
    cart.incoming("A", "lyon", 1, "2027-01-08");
    cart.stock("B", "lyon", 1);
    cart.ask(lines, "fewest or earliest", &[("A", 2), ("B", 1)]);

    for (name, berlin, lyon) in [("cost", 500, 400), ("id", 500, 500)] {
        let mut cart = two(berlin, lyon);
        cart.stock("A", "berlin", 2);
        cart.stock("A", "lyon", 2);
        cart.ask(lines, &format!("tie by {name}"), &[("A", 2)]);
        cart.ask(
            lines,
            &format!("tie by {name}, neither has all"),
            &[("A", 3)],
        );
        cart.stock("B", "berlin", 1);
        cart.ask(
            lines,
            &format!("tie by {name}, after a parcel"),
            &[("B", 1), ("A", 1)],
        );
    }

    let mut cart = two(500, 900);
    cart.stock("A", "berlin", 1);
    cart.incoming("A", "lyon", 1, "2027-01-06");
    cart.incoming("B", "berlin", 1, "2027-01-08");
    cart.stock("B", "lyon", 1);
    cart.ask(
        lines,
        "together by the earliest last day",
        &[("A", 1), ("B", 1)],
    );
}

/// SKUs of a store, and where they are.
struct Cart {
    known: Vec<SkuFacts>,
    locations: Vec<Location>,
    now: DateTime<Utc>,
}

impl Cart {
    fn of(shop: &Shop) -> Self {
        Self {
            known: Vec::new(),
            locations: vec![shop.location.clone()],
            now: shop.now,
        }
    }

    fn facts(&mut self, sku: &str) -> &mut SkuFacts {
        let at = self
            .known
            .iter()
            .position(|facts| facts.sku.as_str() == sku);
        let at = at.unwrap_or_else(|| {
            let mut facts = SkuFacts::new(parsed(sku));
            facts.selling.backorder.mode = BackorderMode::Allow;
            self.known.push(facts);
            self.known.len() - 1
        });
        &mut self.known[at]
    }

    fn place(&mut self, sku: &str, location: &str) -> &mut Place {
        let places = &mut self.facts(sku).places;
        let at = places
            .iter()
            .position(|place| place.location.as_str() == location);
        let at = at.unwrap_or_else(|| {
            places.push(Place::new(parsed(location)));
            places.len() - 1
        });
        &mut places[at]
    }

    fn stock(&mut self, sku: &str, location: &str, units: u32) {
        self.place(sku, location).on_hand = Quantity::new(units);
    }

    fn incoming(&mut self, sku: &str, location: &str, units: u32, expected_on: &str) {
        let incoming = Incoming::told(parsed("PO"), Quantity::new(units), parsed(expected_on));
        self.place(sku, location).incoming.push(incoming);
    }

    fn kit(&mut self, sku: &str, parts: &[(&str, u32)]) {
        let part = |(sku, units): &(&str, u32)| (parsed(sku), Quantity::new(*units));
        self.facts(sku).kit = parts.iter().map(part).collect();
    }

    /// A line for each line of the cart: what is said, and where it leaves; after a bar where it leaves
    /// together, if that is elsewhere.
    fn ask(&self, lines: &mut String, name: &str, cart: &[(&str, u32)]) {
        let find = |sku: &shared::ids::Sku| self.known.iter().find(|facts| facts.sku == *sku);
        let goods: Vec<(Goods<'_>, Quantity)> = cart
            .iter()
            .filter_map(|(sku, units)| {
                let facts = find(&parsed(sku))?;
                Some((Goods::new(facts, find).ok()?, Quantity::new(*units)))
            })
            .collect();
        let asked: Vec<String> = cart
            .iter()
            .map(|(sku, units)| format!("{sku}:{units}"))
            .collect();
        let dated = date_cart(&goods, &self.locations, &PromisePolicy::default(), self.now);
        for ((sku, _), dated) in cart.iter().zip(dated) {
            let answer = &dated.availability;
            let ships_by = answer
                .ships_by
                .map_or("no date".into(), |day| wire::Date(day).to_string());
            let mut said = format!(
                "{} {ships_by} [{}]",
                status(answer),
                self.slices(&answer.slices)
            );
            if !dated.together.is_empty() {
                said += &format!(" | [{}]", self.slices(&dated.together));
            }
            line(
                lines,
                &format!("{name} {{{}}} {sku}", asked.join(", ")),
                &said,
            );
        }
    }

    fn slices(&self, slices: &[Slice]) -> String {
        let parts = slices.iter().map(|slice| {
            let from = &self.locations[usize::from(slice.from.0)].id;
            format!(
                "{} by {} from {from}",
                slice.quantity,
                wire::Date(slice.ships_by)
            )
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}
