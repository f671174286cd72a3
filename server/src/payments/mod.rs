//! Who takes the money: one port, and what is behind it. Nothing here knows the database, and no card's number ever comes here.

pub mod client;
pub mod external;
pub mod signature;
pub mod stripe;

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{OrderId, ShipmentId, StoreId};
use shared::money::Money;

pub use client::{Reach, Unreachable, WHOLE, client};
pub use external::External;
pub use stripe::Stripe;

/// Somebody who takes the money.
#[derive(Debug, Clone)]
pub enum Provider {
    /// Stripe, over its HTTP API.
    Stripe(Stripe),
    /// The merchant's own system.
    External(External),
}

/// Whose money it is. Another store may have an order of the same name at the same provider, and so may a server on trial.
#[derive(Debug, Clone)]
pub struct Whose {
    /// The store.
    pub store: StoreId,
    /// Its order.
    pub order: OrderId,
    /// When that was placed.
    pub placed_at: DateTime<Utc>,
}

impl Whose {
    /// What a request is called at a provider: nobody else's is called so.
    fn name(&self, request: &str) -> String {
        let placed = self.placed_at.timestamp_millis();
        format!("{}/{placed}/{request}", self.store)
    }
}

/// An order whose payment is begun.
#[derive(Debug, Clone)]
pub struct Begin {
    /// Whose it is.
    pub whose: Whose,
    /// What all of it costs.
    pub amount: Money,
    /// In how many parcels it leaves.
    pub parcels: usize,
    /// The day by which the last of them does; `None`: not known.
    pub last_ships_by: Option<NaiveDate>,
    /// The day on which it is begun.
    pub today: NaiveDate,
}

/// What the shopper's browser is to confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The provider's name for it.
    pub reference: String,
    /// With which the shopper's browser confirms it.
    pub client_secret: String,
}

/// How the payment of an order stands at its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderPayment {
    /// The shopper has not confirmed it.
    Awaiting,
    /// So much may be captured.
    Authorized {
        /// Minor units.
        amount: i64,
        /// True if it may be captured in parts.
        in_parts: bool,
        /// Until when, as the provider says it.
        until: Option<DateTime<Utc>>,
        /// The provider's name for who pays.
        customer: Option<String>,
        /// The provider's name for what is charged.
        method: Option<String>,
    },
    /// What is charged is saved: each parcel is authorized by itself.
    Saved {
        /// The provider's name for who pays.
        customer: Option<String>,
        /// The provider's name for what is charged.
        method: Option<String>,
    },
    /// It came to nothing.
    Failed {
        /// Why, in the provider's words.
        code: String,
    },
}

/// A parcel that can leave once the provider agrees.
#[derive(Debug, Clone)]
pub struct Authorize {
    /// Names the request, so that asking again does nothing.
    pub key: String,
    /// The parcel.
    pub shipment: ShipmentId,
    /// Whose it is.
    pub whose: Whose,
    /// What it may cost.
    pub amount: Money,
    /// The provider's name for who pays.
    pub customer: Option<String>,
    /// The provider's name for what is charged.
    pub method: Option<String>,
}

/// A parcel that has left.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The parcel, which names the request too: a parcel is captured once.
    pub shipment: ShipmentId,
    /// Whose it is.
    pub whose: Whose,
    /// What it costs.
    pub amount: Money,
    /// The provider's name for what is captured.
    pub reference: Option<String>,
    /// True if nothing more is captured under that name.
    pub is_last: bool,
    /// What was captured under that name for other parcels, in minor units.
    pub before: i64,
}

/// Money to give back.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Names the request, so that asking again does nothing.
    pub key: String,
    /// The parcel that was charged.
    pub shipment: ShipmentId,
    /// Whose it is.
    pub whose: Whose,
    /// How much.
    pub amount: Money,
    /// The provider's name for what was captured.
    pub reference: Option<String>,
}

/// What is to be let go of.
#[derive(Debug, Clone)]
pub struct Release {
    /// Names the request.
    pub key: String,
    /// The parcel, where it is one's own authorization.
    pub shipment: Option<ShipmentId>,
    /// Whose it is.
    pub whose: Whose,
    /// The provider's name for it.
    pub reference: Option<String>,
}

/// What a provider says of a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It may be captured.
    Authorized {
        /// The provider's name for it.
        reference: String,
        /// Until when, as the provider says it.
        until: Option<DateTime<Utc>>,
    },
    /// The money was taken.
    Captured {
        /// The provider's name for it.
        reference: Option<String>,
    },
    /// The customer has to pay or to confirm.
    NeedsCustomer {
        /// The provider's name for it, if it has one.
        reference: Option<String>,
        /// With which the customer's browser confirms it.
        client_secret: Option<String>,
        /// Where the customer does it.
        pay_url: Option<String>,
        /// Why, in the provider's words.
        code: String,
    },
    /// What was authorized does not hold any more.
    Expired,
    /// It was not taken, and still may be.
    NotCaptured,
    /// It was let go, or given back.
    Done {
        /// The provider's name for it.
        reference: Option<String>,
    },
    /// The provider will say later.
    Pending,
}

/// Why a provider gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It may have been done, or not: look it up.
    #[error("it is not known whether it was done: {0}")]
    Unknown(String),
    /// It was not done: try again.
    #[error("it could not be asked: {0}")]
    Unreachable(String),
    /// It was not done: try again after a while.
    #[error("it has too much to do")]
    Busy(Option<Duration>),
    /// It will not be done, however often it is asked.
    #[error("it refuses: {code}: {detail}")]
    Refused {
        /// The provider's word for it.
        code: String,
        /// The provider's sentence about it.
        detail: String,
    },
}

impl Provider {
    /// Begins the payment of an order.
    ///
    /// # Errors
    ///
    /// As the provider fails.
    pub async fn begin(&self, begin: &Begin) -> Result<Begun, ProviderError> {
        match self {
            Self::Stripe(stripe) => stripe.begin(begin).await,
            Self::External(_) => Err(ProviderError::Refused {
                code: "not_begun_here".into(),
                detail: "the shop agrees with its shoppers itself".into(),
            }),
        }
    }

    /// Looks up how the payment of an order stands.
    ///
    /// # Errors
    ///
    /// As the provider fails.
    pub async fn look_up_order(&self, reference: &str) -> Result<OrderPayment, ProviderError> {
        match self {
            Self::Stripe(stripe) => stripe.look_up_order(reference).await,
            Self::External(_) => Ok(OrderPayment::Awaiting),
        }
    }

    /// Asks whether a parcel may be charged.
    ///
    /// # Errors
    ///
    /// As the provider fails.
    pub async fn authorize(&self, authorize: &Authorize) -> Result<Answer, ProviderError> {
        match self {
            Self::Stripe(stripe) => stripe.authorize(authorize).await,
            Self::External(external) => external.authorize(authorize).await,
        }
    }

    /// Asks for the money of a parcel that has left.
    ///
    /// # Errors
    ///
    /// As the provider fails.
    pub async fn capture(&self, capture: &Capture) -> Result<Answer, ProviderError> {
        match self {
            Self::Stripe(stripe) => stripe.capture(capture).await,
            Self::External(external) => external.capture(capture).await,
        }
    }

    /// Takes the money of a parcel that has left at once, because what was authorized for it has run out. It is looked up
    /// before whether that was done, so it may be asked again.
    ///
    /// # Errors
    ///
    /// As the provider fails.
    pub async fn charge(&self, charge: &Authorize) -> Result<Answer, ProviderError> {
        match self {
            Self::Stripe(stripe) => stripe.charge(charge).await,
            Self::External(_) => Ok(Answer::Expired),
        }
    }

    /// Looks up what became of the charge for a parcel. The merchant's own system is asked once more under the same name: it
    /// answers as it did.
    ///
    /// # Errors
    ///
    /// As the provider fails.
    pub async fn look_up_charge(&self, capture: &Capture) -> Result<Answer, ProviderError> {
        match self {
            Self::Stripe(stripe) => stripe.look_up_charge(capture).await,
            Self::External(external) => external.capture(capture).await,
        }
    }

    /// Lets go of what is kept.
    ///
    /// # Errors
    ///
    /// As the provider fails.
    pub async fn release(&self, release: &Release) -> Result<Answer, ProviderError> {
        match self {
            Self::Stripe(stripe) => stripe.release(release).await,
            Self::External(external) => external.release(release).await,
        }
    }

    /// Gives money back.
    ///
    /// # Errors
    ///
    /// As the provider fails.
    pub async fn refund(&self, refund: &Refund) -> Result<Answer, ProviderError> {
        match self {
            Self::Stripe(stripe) => stripe.refund(refund).await,
            Self::External(external) => external.refund(refund).await,
        }
    }

    /// Looks up what became of a refund; none if the provider cannot be asked that, or knows of none.
    ///
    /// # Errors
    ///
    /// As the provider fails, and as the refund did.
    pub async fn look_up_refund(&self, refund: &Refund) -> Result<Option<Answer>, ProviderError> {
        match self {
            Self::Stripe(stripe) => stripe.look_up_refund(refund).await,
            Self::External(_) => Ok(None),
        }
    }
}
