//! The pure core of ShipsBy: facts and a moment in, promises out.
//!
//! Nothing here reads a clock, draws a random number, waits, or touches the world. The same
//! arguments give the same answer on the server and, compiled to WebAssembly, in the shopper's
//! browser.
//!
//! # Glossary
//!
//! | Word | Meaning |
//! | --- | --- |
//! | on hand | Units physically at a location and in saleable condition: [`supply::Place::on_hand`]. |
//! | safety stock | Units withheld from sale to absorb errors: [`supply::Place::safety_stock`]. |
//! | incoming | Units on open purchase orders, not yet received: [`supply::Incoming`]. |
//! | claim | Units promised to somebody, with the date that was promised: [`supply::Claim`]. |
//! | ATP | Available to promise, cumulative, with look-ahead: [`promise::Atp`]. |
//! | slice | Part of a requested quantity with its date: [`promise::Slice`]. |
//! | kit | Goods made of other SKUs, and what one of them takes from the shelf: [`kit::Goods`]. |
//! | backorder limit | Most units that may be owed at once: [`supply::Backorder::limit`]. |
//! | cut-off | Local time; an order strictly before it is begun the same day: [`calendar::DispatchCalendar::cut_offs`]. |
//! | ship-by | Last civil date, at the location, by which a slice is with the carrier. |
//! | part | Units of an order line that have a date of their own: [`delay::History`]. |
//! | notice | What a shopper is told of another date, and asked: [`delay::Notice`]. |
//! | reply-by | Last civil date on which an answer to a notice counts: [`delay::Notice::reply_by`]. |
//! | widening | Days added to all dates of a supplier because fewer of its promises were kept than asked: [`widening::Widened`]. |
//! | period | A month or a week of a SKU's history: units wanted, or sold before the shelf was empty: [`demand::Period`]. |
//! | forecast | How many units will be wanted over a horizon, and how probable each number is: [`demand::Forecast`]. |
//! | position | On hand, and incoming, less backorders: [`demand::Stock::position`]. |
//! | reorder point | Position at or below which to order: [`demand::ReorderPoint::at`]. |
//! | cycle service | Share of the times between two orders in which nothing is missing: [`demand::Service::Cycle`]. |
//! | fill rate | Share of units that leave at once, from the shelf: [`demand::Service::Fill`]. |
//! | firing | A civil date on which a schedule acts, once: [`schedule::Schedule`]. |
//! | lot | What a supplier accepts, and for how long an order is to last: [`demand::Lot`]. |
//! | offer | What a merchant gives to whoever waits, by a rule with [`offer::Terms`]. |
//! | arm | On which side of a rule's experiment a shopper is: [`offer::Arm`]. |
//! | reason | Why there is a wait, as the merchant says it: [`reason::Stated`]. |
//! | plan | A way to send a cart, together or separate: [`shipment::Plan`]. |
//!
//! # From facts to words
//!
//! ```
//! use shared::availability::{Location, PromisePolicy, availability};
//! use shared::calendar::{DispatchCalendar, WorkingDays};
//! use shared::kit::Goods;
//! use shared::quantity::Quantity;
//! use shared::supply::{Backorder, BackorderMode, Incoming, Place, SkuFacts};
//! use shared::text::{Language, Speaker, Tables};
//!
//! // Monday, 23 November 2026. One hoodie is there, ten more arrive on 11 December.
//! let location = Location::new("main".parse()?, DispatchCalendar {
//!     zone: chrono_tz::America::New_York,
//!     working_days: WorkingDays::monday_to_friday().without(["2026-11-26".parse()?]),
//!     pickup_days: WorkingDays::monday_to_friday(),
//!     cut_offs: "14:00:00".parse()?,
//!     receiving_days: 1,
//!     processing_days: 1,
//! });
//! let mut facts = SkuFacts::new("cc-hoodie".parse()?);
//! facts.selling.backorder = Backorder { mode: BackorderMode::Allow, ..Backorder::default() };
//! facts.places.push(Place {
//!     on_hand: Quantity::new(1),
//!     incoming: vec![Incoming::told("PO-7".parse()?, Quantity::new(10), "2026-12-11".parse()?)],
//!     ..Place::new("main".parse()?)
//! });
//!
//! let now = "2026-11-23T15:00:00Z".parse()?;
//! let today = location.calendar.today(now);
//! let answer = availability(&Goods::plain(&facts), &[location], &PromisePolicy::default(), Quantity::new(3), now);
//! let tables = Tables(Language::English);
//! let text = Speaker::new(Language::English, &tables, today).availability(&answer);
//! assert_eq!(text.label, "Backordered");
//! assert_eq!(text.date.as_deref(), Some("Ships by Tuesday, December 15"));
//! assert_eq!(text.detail.as_deref(), Some("1 ready now, 2 more by December 15"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

pub mod availability;
pub mod bill;
pub mod calendar;
pub mod cart;
pub mod delay;
pub mod demand;
pub mod experiment;
pub mod explain;
pub mod ids;
pub mod kept;
pub mod kit;
pub mod lead_time;
pub mod money;
pub mod offer;
pub mod promise;
pub mod quantity;
pub mod reason;
pub mod repromise;
pub mod schedule;
pub mod shipment;
pub mod supply;
pub mod text;
pub mod timeline;
pub mod widening;
pub mod wire;
