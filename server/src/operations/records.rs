//! The records that acts take and show, as the store keeps them.

pub use crate::store::alerts::{Alert, AlertKind, Low};
pub use crate::store::audit::{AuditEntry, AuditOutcome, AuditRecord, AuditWho};
pub use crate::store::delays::{
    DelayEvent, DelayRules, NoticeRecord, NoticeState, PartKey, cause_name, event_name,
    silence_name,
};
pub use crate::store::deliveries::{
    DeliveryBatch, DeliveryRecord, Foretold, MODE_CHARS_MAX, Needed,
};
pub use crate::store::errands::{Errand, ErrandEnd, ErrandKind, ErrandRecord, Lane};
pub use crate::store::forecasts::{
    Covered, ForecastContent, ForecastRecord, ForecastState, ReorderPointOf, Wanted,
};
pub use crate::store::kept_promises::{PartEnded, PastPromise, ToldPart};
pub use crate::store::keys::KeyRecord;
pub use crate::store::locations::{LocationRecord, Week, WeekTimes, day_name, day_named};
pub use crate::store::members::{Member, Role, SecretHash, TOTP_SEED_BYTES, TotpState};
pub use crate::store::offer_results::{ArmCounts, ArmsCounted};
pub use crate::store::offer_rules::{OfferRule, gives_name};
pub use crate::store::offer_trials::{Assignment, Exposure, ShopperHash, ShopperPast, ShownIn};
pub use crate::store::offers::{Offer, OfferState};
pub use crate::store::orders::{Customer, ORDER_STATUSES, Order, OrderLine, Standing};
pub use crate::store::payments::{
    Account, Charge, ChargeState, MoneyEvent, Payment, PaymentState, ProviderKind, Refund,
    RefundState,
};
pub use crate::store::payments_needed::PaymentNeeded;
pub use crate::store::placed::{Promised, RESERVED};
pub use crate::store::post_policy::{Network, PostPolicy, WhenOutdated};
pub use crate::store::posts::{Copy, CopyState, Post, PostState, Said};
pub use crate::store::promise_basis::{OpenedBy, PromiseBasis};
pub use crate::store::promises::{Ending, PromiseRow, PromisedPart, Reservation, plan_name};
pub use crate::store::purchase_orders::{
    PurchaseOrder, PurchaseOrderLine, PurchaseOrderStatus, Receipt,
};
pub use crate::store::reorder_policy::{
    ByItself, ReorderPolicy, ReorderTerms, SupplierPolicy, SupplierSchedule, on_holiday_name,
    service_name,
};
pub use crate::store::reorders::{Reorder, ReorderLine, ReorderNote, ReorderStatus};
pub use crate::store::sales::{SoldMonth, first_of};
pub use crate::store::sessions::Session;
pub use crate::store::shipments::{Shipment, ShippedLine, order_of};
pub use crate::store::skus::{Component, SkuRecord};
pub use crate::store::stock::Level;
pub use crate::store::stores::StoreRecord;
pub use crate::store::supplier_models::{LeadTimeModel, SlipModel, SupplierModel, YieldModel};
pub use crate::store::suppliers::SupplierRecord;
pub use crate::store::transit::TransitRecord;
pub use crate::store::waiting::{PartEnd, WaitingPart};
pub use crate::store::waitlist::{
    EntryState, ForgetBefore, LinkHash, WaitlistAddress, WaitlistEntry,
};
pub use crate::store::waitlist_queue::Demand;
pub use crate::store::webhook_deliveries::{AfterTry, Delivery, DeliveryEnd, Try, WebhookRecord};
pub use crate::store::webhook_endpoints::{DisabledBy, WebhookEndpoint};
pub use crate::store::webhook_known::KnownKind;
