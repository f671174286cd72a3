//! The words around what is told of an order: over its sections, beside its marks, on its buttons.

use serde::Serialize;
use shared::text::Language;
use utoipa::ToSchema;

use super::words::say;

/// The words around what is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPageText)]
pub struct Labels {
    /// "What you ordered"
    pub goods: String,
    /// "Ready to leave"
    pub ready: String,
    /// "What has left"
    pub parcels: String,
    /// "Carrier"
    pub carrier: String,
    /// "Tracking"
    pub tracking: String,
    /// "What you pay"
    pub pays: String,
    /// "Total"
    pub total: String,
    /// "I will wait"
    pub wait: String,
    /// "Set this last period"
    pub set_period: String,
    /// "Pay now"
    pub pay: String,
    /// "Cancel this"
    pub cancel_line: String,
    /// "Cancel all that has not left"
    pub cancel_all: String,
    /// "See your order"
    pub see: String,
    /// "The order has changed. This page shows the new state."
    pub updated: String,
}

impl Labels {
    /// The words in a language.
    pub fn of(language: Language) -> Self {
        let word = |key: &str| say(language, key, &[]);
        Self {
            goods: word("goods"),
            ready: word("ready"),
            parcels: word("parcels"),
            carrier: word("carrier"),
            tracking: word("tracking"),
            pays: word("pays"),
            total: word("total"),
            wait: word("button_wait"),
            set_period: word("button_period"),
            pay: word("button_pay"),
            cancel_line: word("cancel_line"),
            cancel_all: word("cancel_all"),
            see: word("button_see"),
            updated: word("updated"),
        }
    }
}
