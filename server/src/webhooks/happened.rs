//! What happened in a shop, and what others are told of it: from the facts of a change to messages, without asking anybody.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use shared::ids::{LocationId, OrderId, ReorderId, ShipmentId, Sku, SupplierId};
use shared::money::Money;
use shared::quantity::Quantity;

use crate::limits::WEBHOOK_DATA_BYTES_MAX;

/// Gives the kinds of events the words under which they are stored and told.
macro_rules! kinds {
    ($($(#[$doc:meta])* $case:ident = $word:literal,)*) => {
        /// A kind of event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $case,)*
        }

        impl EventKind {
            /// All of them.
            const ALL: &[Self] = &[$(Self::$case,)*];

            /// The word for it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$case => $word,)*
                }
            }
        }
    };
}

kinds!(
    /// An order was taken.
    OrderPlaced = "order.placed",
    /// Units of an order are not wanted any more.
    OrderCancelled = "order.cancelled",
    /// An order's goods leave by another day than was promised.
    PromiseChanged = "promise.changed",
    /// A customer has to pay, or to confirm, before goods leave or because they left.
    PaymentNeeded = "payment.needed",
    /// A parcel can leave.
    ShipmentReady = "shipment.ready",
    /// A parcel was handed to a carrier.
    ShipmentShipped = "shipment.shipped",
    /// A SKU came down to its reorder point.
    StockLow = "stock.low",
    /// A SKU that was sold out can be sold from the shelf again.
    StockBack = "stock.back",
    /// An order at a supplier was drafted.
    ReorderDrafted = "reorder.drafted",
    /// A post about goods went.
    PostPublished = "post.published",
    /// Somebody tries whether an endpoint is reached.
    Test = "webhook.test",
);

impl EventKind {
    /// What a word stands for.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == word)
    }

    /// Those that an endpoint may ask for.
    pub fn to_ask_for() -> impl Iterator<Item = Self> {
        let kinds = Self::ALL.iter().copied();
        kinds.filter(|kind| *kind != Self::Test)
    }
}

/// Something that a change did, as far as others are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// An order was taken.
    Placed {
        /// The order.
        order: OrderId,
        /// When.
        at: DateTime<Utc>,
        /// SKUs and units.
        lines: Vec<(Sku, Quantity)>,
    },
    /// Units of a line are not wanted any more.
    Cancelled {
        /// The order.
        order: OrderId,
        /// Its line, from 0.
        line: u32,
        /// The SKU.
        sku: Sku,
        /// Units.
        quantity: Quantity,
        /// Who did not want them any more, by the word for it, if that is known.
        by: Option<&'static str>,
    },
    /// Units of an order leave by another day than was promised.
    Moved(Moved),
    /// A customer has to pay or to confirm.
    PaymentNeeded {
        /// The order.
        order: OrderId,
        /// The parcel that it is for.
        shipment: ShipmentId,
        /// How much.
        amount: Option<Money>,
        /// True if the parcel has left already.
        has_left: bool,
    },
    /// A parcel can leave.
    Ready(Parcel),
    /// A parcel was handed to a carrier.
    Shipped {
        /// The parcel.
        parcel: Parcel,
        /// When.
        at: DateTime<Utc>,
        /// Who carries it.
        carrier: Option<String>,
        /// Under which number.
        tracking_number: Option<String>,
    },
    /// A SKU came down to its reorder point.
    Low {
        /// The SKU.
        sku: Sku,
        /// On hand, and incoming, less what is owed.
        position: i64,
        /// Its reorder point.
        reorder_point: u32,
    },
    /// A SKU that was sold out can be sold from the shelf again.
    Back {
        /// The SKU.
        sku: Sku,
    },
    /// A post about goods went.
    Published {
        /// The post.
        post: String,
        /// About what.
        sku: Sku,
        /// Why: the word for it.
        moment: &'static str,
        /// What it says.
        text: String,
        /// In which language, by its tag.
        language: String,
        /// The page of the goods.
        link: Option<String>,
        /// The post that it corrects.
        follows: Option<String>,
    },
    /// An order at a supplier was drafted.
    Drafted {
        /// The draft.
        reorder: ReorderId,
        /// At whom.
        supplier: SupplierId,
        /// How many SKUs.
        skus: usize,
        /// What it costs, if that is known.
        cost: Option<Money>,
    },
}

/// Units of an order that leave by another day than was promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The order.
    pub order: OrderId,
    /// Its line, from 0.
    pub line: u32,
    /// The SKU.
    pub sku: Sku,
    /// Units.
    pub quantity: Quantity,
    /// The ship-by date that was promised; none: there was none.
    pub was_by: Option<NaiveDate>,
    /// The one that is now; none: there is none.
    pub ships_by: Option<NaiveDate>,
    /// Why: the word that stands with the promise.
    pub cause: &'static str,
}

/// Goods of an order that leave together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// What the shipment is, or will be, called.
    pub shipment: ShipmentId,
    /// Whose it is.
    pub order: OrderId,
    /// Where it leaves.
    pub location: LocationId,
    /// Lines of the order, from 0, SKUs and units.
    pub lines: Vec<(u32, Sku, Quantity)>,
}

/// What others are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Of what.
    pub kind: EventKind,
    /// The facts.
    pub data: Value,
}

/// What others are told of the things that a change did. What is cancelled of an order at once is told at once.
pub fn events(happened: &[Happened]) -> Vec<Event> {
    let order_of = |one: &Happened| match one {
        Happened::Cancelled { order, .. } => Some(order.clone()),
        _ => None,
    };
    let of_one = happened.chunk_by(|one, next| {
        let order = order_of(one);
        order.is_some() && order == order_of(next)
    });
    of_one.filter_map(event).collect()
}

/// What is told to try whether an endpoint is reached.
pub fn test() -> Event {
    Event {
        kind: EventKind::Test,
        data: json!({}),
    }
}

fn event(happened: &[Happened]) -> Option<Event> {
    let (kind, data) = match happened.first()? {
        Happened::Placed { order, at, lines } => {
            let lines = lines.iter().enumerate();
            let lines: Vec<Value> = lines
                .map(|(line, (sku, quantity))| line_of(line, sku, *quantity))
                .collect();
            let data = json!({"order": order.as_str(), "placed_at": instant(*at), "lines": lines});
            (EventKind::OrderPlaced, data)
        }
        Happened::Cancelled { order, by, .. } => {
            let lines: Vec<Value> = happened.iter().filter_map(cancelled_line).collect();
            let data = json!({"order": order.as_str(), "cancelled_by": by, "lines": lines});
            (EventKind::OrderCancelled, data)
        }
        Happened::Moved(moved) => (
            EventKind::PromiseChanged,
            json!({
                "order": moved.order.as_str(),
                "line": moved.line,
                "sku": moved.sku.as_str(),
                "quantity": moved.quantity.units(),
                "was_by": moved.was_by.map(|day| day.to_string()),
                "ships_by": moved.ships_by.map(|day| day.to_string()),
                "cause": moved.cause,
            }),
        ),
        Happened::PaymentNeeded {
            order,
            shipment,
            amount,
            has_left,
        } => (
            EventKind::PaymentNeeded,
            json!({
                "order": order.as_str(),
                "shipment": shipment.as_str(),
                "amount": amount.map(money),
                "has_left": has_left,
            }),
        ),
        Happened::Ready(parcel) => (EventKind::ShipmentReady, parcel_of(parcel)),
        Happened::Shipped {
            parcel,
            at,
            carrier,
            tracking_number,
        } => {
            let mut data = parcel_of(parcel);
            data["shipped_at"] = instant(*at).into();
            data["carrier"] = carrier.as_deref().into();
            data["tracking_number"] = tracking_number.as_deref().into();
            (EventKind::ShipmentShipped, data)
        }
        Happened::Low {
            sku,
            position,
            reorder_point,
        } => (
            EventKind::StockLow,
            json!({"sku": sku.as_str(), "position": position, "reorder_point": reorder_point}),
        ),
        Happened::Back { sku } => (EventKind::StockBack, json!({"sku": sku.as_str()})),
        Happened::Published {
            post,
            sku,
            moment,
            text,
            language,
            link,
            follows,
        } => (
            EventKind::PostPublished,
            json!({
                "post": post,
                "sku": sku.as_str(),
                "moment": moment,
                "text": text,
                "language": language,
                "link": link,
                "follows": follows,
            }),
        ),
        Happened::Drafted {
            reorder,
            supplier,
            skus,
            cost,
        } => (
            EventKind::ReorderDrafted,
            json!({
                "reorder": reorder.as_str(),
                "supplier": supplier.as_str(),
                "skus": skus,
                "cost": cost.map(money),
            }),
        ),
    };
    Some(Event {
        kind,
        data: within_limit(data),
    })
}

/// What would be too long is told without its lines: the API has them.
fn within_limit(mut data: Value) -> Value {
    if WEBHOOK_DATA_BYTES_MAX < data.to_string().len() && data.get("lines").is_some() {
        data["lines"] = Value::Null;
    }
    data
}

fn cancelled_line(happened: &Happened) -> Option<Value> {
    let Happened::Cancelled {
        line,
        sku,
        quantity,
        ..
    } = happened
    else {
        return None;
    };
    Some(json!({"line": line, "sku": sku.as_str(), "quantity": quantity.units()}))
}

fn line_of(line: usize, sku: &Sku, quantity: Quantity) -> Value {
    json!({"line": line, "sku": sku.as_str(), "quantity": quantity.units()})
}

fn parcel_of(parcel: &Parcel) -> Value {
    let lines = parcel.lines.iter();
    let lines: Vec<Value> = lines
        .map(|(line, sku, quantity)| {
            json!({"line": line, "sku": sku.as_str(), "quantity": quantity.units()})
        })
        .collect();
    json!({
        "shipment": parcel.shipment.as_str(),
        "order": parcel.order.as_str(),
        "location": parcel.location.as_str(),
        "lines": lines,
    })
}

fn money(money: Money) -> Value {
    json!({"amount": money.amount, "currency": money.currency.code()})
}

/// An instant as it is told.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T: std::str::FromStr>(text: &str) -> T
    where
        T::Err: std::fmt::Debug,
    {
        text.parse().expect(text)
    }

    fn cancelled(order: &str, line: u32, units: u32) -> Happened {
        Happened::Cancelled {
            order: id(order),
            line,
            sku: id("cc-mug"),
            quantity: Quantity::new(units),
            by: Some("shopper"),
        }
    }

    #[test]
    fn what_is_cancelled_of_an_order_at_once_is_told_at_once() {
        let told = events(&[
            cancelled("one", 0, 2),
            cancelled("one", 1, 1),
            cancelled("two", 0, 3),
        ]);
        let lines: Vec<(&str, usize)> = told
            .iter()
            .map(|event| {
                let lines = event.data["lines"].as_array().expect("lines");
                (event.data["order"].as_str().expect("an order"), lines.len())
            })
            .collect();
        assert_eq!(lines, [("one", 2), ("two", 1)]);
        assert_eq!(
            told[1].data,
            json!({
                "order": "two",
                "cancelled_by": "shopper",
                "lines": [{"line": 0, "sku": "cc-mug", "quantity": 3}],
            })
        );
    }

    #[test]
    fn a_message_stays_within_its_limit_whatever_was_ordered() {
        let long = |lines: usize| Happened::Placed {
            order: id("one"),
            at: DateTime::UNIX_EPOCH,
            lines: vec![(id(&"\"".repeat(128)), Quantity::new(1)); lines],
        };
        for (lines, is_whole) in [(2, true), (100, false)] {
            let told = events(&[long(lines)]);
            let data = told[0].data.to_string();
            assert!(data.len() <= WEBHOOK_DATA_BYTES_MAX, "{}", data.len());
            assert_eq!(told[0].data["lines"].is_array(), is_whole, "{lines}");
            assert_eq!(told[0].data["order"], "one");
        }
    }

    #[test]
    fn a_kind_is_known_by_its_word_and_a_test_is_not_to_be_asked_for() {
        for kind in EventKind::to_ask_for() {
            assert_eq!(EventKind::named(kind.name()), Some(kind));
            assert_ne!(kind, EventKind::Test);
        }
        assert_eq!(EventKind::named("order.eaten"), None);
    }
}
