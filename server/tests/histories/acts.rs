//! What merchants, shoppers, providers and time do, as requests that can be sent again.

use chrono::{DateTime, Utc};
use server::operations::adjust_stock::AdjustStock;
use server::operations::cancel_order::CancelOrder;
use server::operations::once::Fingerprint;
use server::operations::place_order::PlaceOrder;
use server::operations::receive_purchase_order::ReceivePurchaseOrder;
use server::operations::refund::GiveBack;
use server::operations::reserve::Reserve;
use server::operations::ship::Ship;
use shared::ids::{OrderId, PurchaseOrderId};

/// Every kind of act. Each has to happen.
pub const NAMES: [&str; 20] = [
    "place",
    "place_held",
    "reserve",
    "renew",
    "release",
    "cancel",
    "ship",
    "receive",
    "order_more",
    "slip",
    "cut",
    "count",
    "adjust",
    "reply",
    "refund",
    "prioritize",
    "hear",
    "errands",
    "later",
    "again",
];

/// A request with a key: sent again it does nothing more.
#[derive(Debug, Clone)]
pub enum Request {
    Place(Box<PlaceOrder>),
    Reserve(Reserve),
    Cancel(OrderId, CancelOrder),
    Ship(Ship),
    Receive(PurchaseOrderId, ReceivePurchaseOrder),
    Adjust(AdjustStock),
    Refund(OrderId, GiveBack),
}

impl Request {
    /// True for what a buyer or the warehouse does: it never makes anybody else wait for longer.
    pub fn is_harmless(&self) -> bool {
        match self {
            Self::Place(_)
            | Self::Reserve(_)
            | Self::Cancel(..)
            | Self::Ship(_)
            | Self::Receive(..)
            | Self::Refund(..) => true,
            Self::Adjust(it) => it.lines.iter().all(|line| 0 <= line.change),
        }
    }
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub request: Request,
    pub key: String,
    pub fingerprint: Fingerprint,
    pub at: DateTime<Utc>,
    /// What was answered, where it was done.
    pub answer: Option<Vec<u8>>,
}

/// What came of an act.
#[derive(Debug)]
pub struct Acted {
    pub name: &'static str,
    /// Why it was refused.
    pub refused: Option<String>,
    /// True: nothing may be other than it was.
    pub changes_nothing: bool,
    /// True: nobody else's goods may leave later for it.
    pub is_harmless: bool,
    /// The order that it is about.
    pub about: Option<OrderId>,
    /// True: time and providers may have cancelled something.
    pub may_cancel: bool,
    /// True: late goods were looked after at this moment.
    pub looked_after: bool,
}

impl Acted {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            refused: None,
            changes_nothing: false,
            is_harmless: false,
            about: None,
            may_cancel: false,
            looked_after: false,
        }
    }
}
