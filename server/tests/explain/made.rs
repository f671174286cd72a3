//! Shops made up to show one thing each.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use server::catalogue::{Settings, Shop};
use server::explain::{svg, text};
use server::operations::explain::explain_availability;
use shared::availability::{Location, PromisePolicy};
use shared::calendar::{DispatchCalendar, Transit, WorkingDays};
use shared::lead_time::{Level, Outlook, Slip};
use shared::quantity::Quantity;
use shared::shipment::{SplitCharge, SplitPolicy};
use shared::supply::{
    Backorder, BackorderMode, Basis, Claim, Due, Incoming, Place, Replenishment, SkuFacts,
};

/// A shop, and what is asked of it.
pub struct Made {
    pub name: &'static str,
    pub locations: Vec<Location>,
    pub policy: PromisePolicy,
    pub facts: Vec<SkuFacts>,
    pub units: u32,
    pub now: &'static str,
}

impl Made {
    pub fn shop(&self) -> Shop {
        let currency = "EUR".parse().expect("a currency");
        let settings = Settings {
            name: "Made".into(),
            location: self.locations[0].clone(),
            locations: self.locations.clone(),
            promises: self.policy.clone(),
            currency,
            split: SplitPolicy {
                charge: SplitCharge::Free,
                parcels_max: 3,
            },
            hold_renewals: 3,
            delays: Default::default(),
            better_by_days: 3,
            publish_kept_rate: false,
            share_pages: true,
            product_url: None,
            origins: Vec::new(),
            has_offers: false,
            generation: 1,
        };
        let shop = Shop::new("default".parse().expect("an id"), settings, 12);
        shop.put(self.facts.iter().cloned());
        shop
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.now.parse().expect("an instant")
    }

    /// The text and the picture about the first of the facts.
    pub fn told(&self) -> (String, String) {
        let (shop, units) = (self.shop(), Quantity::new(self.units));
        let told = explain_availability(&shop, &self.facts[0].sku, units, self.now(), |shown| {
            (text::text(shown.told), svg::svg(shown.told))
        });
        told.expect("the shop knows it")
    }
}

/// domain.md V1: eight wait for ten that come on 11 January; twenty more come on 1 February.
pub fn queue() -> Made {
    let facts = sold(
        "mug-blue",
        "Mug, blue",
        Place {
            incoming: vec![
                order("PO-1", 10, "2027-01-11"),
                order("PO-2", 20, "2027-02-01"),
            ],
            claims: vec![Claim::owed(units(8))],
            ..there("main", 0)
        },
    );
    made("queue", vec![location("main")], vec![facts], 3)
}

/// domain.md V2: an earlier order of ten is due on 15 January, so three more wait for the 25th.
fn look_ahead() -> Made {
    let facts = sold(
        "mug-red",
        "Mug, red",
        Place {
            incoming: vec![
                order("PO-1", 5, "2027-01-06"),
                order("PO-2", 5, "2027-01-13"),
                order("PO-3", 20, "2027-01-21"),
            ],
            claims: vec![Claim::by(day("2027-01-15"), units(10))],
            ..there("main", 0)
        },
    );
    made("look-ahead", vec![location("main")], vec![facts], 3)
}

/// Two warehouses, one dearer, one closed for a day; and how long carriers take.
pub fn locations() -> Made {
    let transit = Transit {
        zone: "eu".into(),
        days: 3,
        delivery_days: WorkingDays::monday_to_friday(),
    };
    let mut main = location("main");
    main.parcel_cost = 590;
    main.transit = vec![transit.clone()];
    let mut porto = location("porto");
    porto.parcel_cost = 390;
    porto.calendar.zone = chrono_tz::Europe::Lisbon;
    porto.calendar.working_days = WorkingDays::monday_to_friday().without([day("2027-01-06")]);
    porto.transit = vec![Transit { days: 5, ..transit }];
    let mut facts = sold("tee-green", "T-shirt, green", there("main", 4));
    facts.places[0].claims = vec![Claim::by(day("2027-01-05"), units(1))];
    facts.places.push(Place {
        incoming: vec![
            order("PO-9", 12, "2027-01-12"),
            order("PO-10", 30, "2027-02-04"),
        ],
        claims: vec![Claim {
            expires_at: Some("2027-01-04T09:30:00Z".parse().expect("an instant")),
            ..Claim::by(day("2027-01-14"), units(4))
        }],
        ..there("porto", 3)
    });
    let policy = PromisePolicy {
        zone: Some("eu".into()),
        ..PromisePolicy::default()
    };
    Made {
        policy,
        ..made("locations", vec![main, porto], vec![facts], 20)
    }
}

/// domain.md V7: a set takes two of one thing and one of another.
pub fn kit() -> Made {
    let mut set = sold("tea-set", "Tea set", there("main", 0));
    set.kit = vec![(sku("cup"), units(2)), (sku("pot"), units(1))];
    set.places.clear();
    let cup = sold(
        "cup",
        "Cup",
        Place {
            incoming: vec![order("PO-4", 10, "2027-01-18")],
            claims: vec![Claim::by(day("2027-01-20"), units(3))],
            ..there("main", 5)
        },
    );
    let pot = sold(
        "pot",
        "Pot",
        Place {
            incoming: vec![order("PO-5", 6, "2027-02-08")],
            ..there("main", 3)
        },
    );
    made("kit", vec![location("main")], vec![set, cup, pot], 4)
}

fn broken_kit() -> Made {
    let mut set = sold("coffee-set", "Coffee set", there("main", 0));
    set.kit = vec![(sku("mill"), units(1))];
    made("broken-kit", vec![location("main")], vec![set], 1)
}

/// Deliveries that are late, too late, dated by what suppliers did, and never told.
pub fn suppliers() -> Made {
    let level = Level::new(80).expect("a level");
    // Three of four dates are kept, or nearly; the others are late by one to three weeks.
    let past: Vec<Slip> = (0..64)
        .map(|at| Slip {
            supplier: "lamplighter".parse().expect("an id"),
            days: if at % 4 == 0 {
                7 * (1 + at / 4 % 3)
            } else {
                at % 3 - 1
            },
        })
        .collect();
    let slips = Arc::new(Outlook::of_slips(&past, &past[0].supplier, level));
    let slipping = |id: &str, quantity: u32, on: &str| Incoming {
        buffer_days: slips.steps()[0].days,
        basis: Basis::Slips {
            level,
            reached: slips.steps()[0].reached,
            own: slips.steps()[0].own,
            pooled: 0,
        },
        outlooks: vec![(day(on), Arc::clone(&slips))],
        ..order(id, quantity, on)
    };
    let sent = Incoming {
        under_way: true,
        ..slipping("PO-23", 12, "2027-01-15")
    };
    let estimated = Incoming {
        buffer_days: 45,
        basis: Basis::LeadTime {
            level,
            own: 3,
            pooled: 140,
        },
        ..order("PO-24", 40, "2026-12-28")
    };
    let declared = Incoming {
        buffer_days: 30,
        basis: Basis::Declared,
        ..order("PO-26", 9, "2026-12-29")
    };
    let added = Incoming {
        buffer_days: 4,
        ..order("PO-25", 8, "2027-01-20")
    };
    let facts = sold(
        "lamp",
        "Lamp",
        Place {
            incoming: vec![
                sent,
                estimated,
                declared,
                added,
                slipping("PO-20", 7, "2026-12-26"),
                order("PO-21", 5, "2026-12-30"),
                order("PO-22", 50, "2026-11-02"),
            ],
            claims: vec![
                Claim::by(day("2026-12-31"), units(2)),
                Claim::by(day("2027-01-22"), units(6)),
                Claim::due(Due::Undated, units(1)),
            ],
            safety_stock: units(3),
            ..there("main", 2)
        },
    );
    made("suppliers", vec![location("main")], vec![facts], 15)
}

fn preorder() -> Made {
    let mut facts = sold(
        "record",
        "Record",
        Place {
            incoming: vec![order("PO-8", 200, "2027-02-22")],
            claims: vec![Claim::by(day("2027-03-09"), units(30))],
            ..there("main", 0)
        },
    );
    facts.selling.released_on = Some(day("2027-03-05"));
    facts.selling.backorder.limit = Some(units(50));
    facts.selling.sell_until = Some(day("2027-06-30"));
    made("preorder", vec![location("main")], vec![facts], 25)
}

fn made_to_order() -> Made {
    let mut facts = sold("shelf-oak", "Shelf, oak", there("main", 1));
    facts.selling.backorder.mode = BackorderMode::AllowSilent;
    facts.selling.replenishment = Some(Replenishment {
        lead_time_days: 24,
        basis: Basis::Declared,
        widened: None,
        supplier_days: WorkingDays::on([chrono::Weekday::Tue, chrono::Weekday::Thu]).into(),
        reason: None,
    });
    made("made-to-order", vec![location("main")], vec![facts], 4)
}

fn suppressed() -> Made {
    let sent = Incoming {
        under_way: true,
        ..order("PO-6", 10, "2027-01-05")
    };
    let place = Place {
        incoming: vec![sent],
        ..there("main", 1)
    };
    let facts = sold("soap", "Soap", place);
    let policy = PromisePolicy {
        suppress_within_days: Some(2),
        ..PromisePolicy::default()
    };
    Made {
        policy,
        ..made("suppressed", vec![location("main")], vec![facts], 3)
    }
}

/// After the cut-off on a Friday before a holiday; sold from the shelf only since yesterday; small parcels wait.
fn sold_until() -> Made {
    let mut main = location("main");
    main.calendar.working_days = WorkingDays::monday_to_friday().without([day("2027-01-11")]);
    main.calendar.processing_days = 3;
    let mut facts = sold(
        "candle",
        "Candle",
        Place {
            incoming: vec![order("PO-3", 9, "2027-01-12")],
            ..there("main", 4)
        },
    );
    facts.selling.sell_until = Some(day("2027-01-07"));
    facts.selling.discontinued = true;
    Made {
        now: "2027-01-08T14:00:00Z",
        ..made("sold-until", vec![main], vec![facts], 6)
    }
}

fn near_horizon() -> Made {
    let mut facts = sold(
        "vase",
        "Vase",
        Place {
            incoming: vec![
                order("PO-1", 1, "2027-01-08"),
                order("PO-2", 9, "2027-03-01"),
            ],
            ..there("main", 1)
        },
    );
    facts.selling.promise_days_max = Some(30);
    let policy = PromisePolicy {
        min_shipment: units(2),
        ..PromisePolicy::default()
    };
    Made {
        policy,
        ..made("near-horizon", vec![location("main")], vec![facts], 2)
    }
}

/// Fifty deliveries and sixty who wait, all within half a year.
pub fn dense() -> Made {
    let first = day("2027-01-06");
    let incoming = (0..50_i64).map(|at| {
        let on = first + TimeDelta::days(at * 7 / 2 + at % 3);
        let quantity = units(4 + u32::try_from(at * 7 % 11).unwrap_or(0));
        let id = format!("PO-{}", 3000 + at);
        Incoming::told(id.parse().expect("an id"), quantity, on)
    });
    let claims = (0..60_i64).map(|at| {
        let due = first + TimeDelta::days(2 + at * 3);
        Claim::by(due, units(1 + u32::try_from(at * 5 % 7).unwrap_or(0)))
    });
    let place = Place {
        incoming: incoming.collect(),
        claims: claims.collect(),
        ..there("main", 6)
    };
    let facts = sold("bolt", "Bolt, M8 × 40, zinc plated", place);
    made("dense", vec![location("main")], vec![facts], 190)
}

/// All of them.
pub fn all() -> Vec<Made> {
    vec![
        queue(),
        look_ahead(),
        locations(),
        kit(),
        broken_kit(),
        suppliers(),
        preorder(),
        made_to_order(),
        suppressed(),
        sold_until(),
        near_horizon(),
        dense(),
    ]
}

fn made(name: &'static str, locations: Vec<Location>, facts: Vec<SkuFacts>, units: u32) -> Made {
    Made {
        name,
        locations,
        policy: PromisePolicy::default(),
        facts,
        units,
        // Monday, 10 o'clock in Berlin.
        now: "2027-01-04T09:00:00Z",
    }
}

fn location(id: &str) -> Location {
    let calendar = DispatchCalendar {
        zone: chrono_tz::Europe::Berlin,
        working_days: WorkingDays::monday_to_friday(),
        pickup_days: WorkingDays::monday_to_friday(),
        cut_offs: "14:00:00".parse().expect("a time"),
        receiving_days: 1,
        processing_days: 1,
    };
    Location {
        revision: 3,
        ..Location::new(id.parse().expect("an id"), calendar)
    }
}

fn sold(code: &str, title: &str, place: Place) -> SkuFacts {
    let mut facts = SkuFacts::new(sku(code));
    facts.title = Some(title.into());
    facts.selling.backorder = Backorder {
        mode: BackorderMode::Allow,
        ..Backorder::default()
    };
    facts.places.push(place);
    facts.revision = 9;
    facts
}

fn there(location: &str, on_hand: u32) -> Place {
    Place {
        on_hand: units(on_hand),
        ..Place::new(location.parse().expect("an id"))
    }
}

fn order(id: &str, quantity: u32, on: &str) -> Incoming {
    Incoming::told(id.parse().expect("an id"), units(quantity), day(on))
}

fn units(count: u32) -> Quantity {
    Quantity::new(count)
}

fn sku(code: &str) -> shared::ids::Sku {
    code.parse().expect("a SKU")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}
