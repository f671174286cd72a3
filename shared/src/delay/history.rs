//! What happened to one part of an order, and how it stands because of that.

use chrono::NaiveDate;

use super::notice::{Silence, When};
use super::policy::{DelayPolicy, Payment, refund_by};
use super::state::{End, State};

/// What was agreed about a part when it was ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The day of the order, complete with its payment or the authority to charge (US-3).
    pub placed: NaiveDate,
    /// The date that was shown at checkout, if one was.
    pub shown: Option<NaiveDate>,
    /// How it is paid.
    pub payment: Payment,
    /// True if the shopper said that the goods are of no use after that date.
    pub essential: bool,
}

impl Terms {
    /// An order like most, for which no date was shown.
    pub const fn placed(placed: NaiveDate) -> Self {
        Self {
            placed,
            shown: None,
            payment: Payment::Ordinary,
            essential: false,
        }
    }
}

/// Something that happened to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A notice was sent. Before it is sent, it does not count.
    Told {
        /// When.
        on: NaiveDate,
        /// The date it told.
        due: When,
    },
    /// The shopper agreed to wait.
    Consented {
        /// When.
        on: NaiveDate,
        /// The date that was agreed to.
        to: When,
    },
    /// The shopper set the seller a last period.
    ExtraPeriodSet {
        /// When.
        on: NaiveDate,
    },
    /// The seller said that the goods will not come.
    SellerRefused {
        /// When.
        on: NaiveDate,
    },
    /// It was handed to the carrier. A printed label is not enough (US-4).
    Shipped {
        /// When, at the place which it left.
        on: NaiveDate,
    },
    /// It is over.
    Cancelled {
        /// The day at whose end it was over.
        on: NaiveDate,
        /// Why.
        cause: Cause,
    },
    /// The money is on its way back.
    RefundStarted {
        /// When.
        on: NaiveDate,
    },
}

impl Event {
    /// The day on which it happened.
    pub const fn on(&self) -> NaiveDate {
        match self {
            Self::Told { on, .. }
            | Self::Consented { on, .. }
            | Self::ExtraPeriodSet { on }
            | Self::SellerRefused { on }
            | Self::Shipped { on }
            | Self::Cancelled { on, .. }
            | Self::RefundStarted { on } => *on,
        }
    }
}

/// Why a part was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The shopper said so.
    Shopper,
    /// The seller said so.
    Seller,
    /// The shopper was asked, and did not answer in time (US-8, US-10).
    Silence,
    /// A date passed, and the shopper was asked nothing (US-11).
    NoNotice,
}

/// Whether an event was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It is part of the history now.
    Recorded,
    /// It was so already; nothing changed.
    AlreadyRecorded,
}

/// Why something cannot happen to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has left.
    #[error("it was shipped on {on}")]
    AlreadyShipped {
        /// When.
        on: NaiveDate,
    },
    /// It is over.
    #[error("it was cancelled on {on}")]
    AlreadyCancelled {
        /// When.
        on: NaiveDate,
    },
    /// No answer came in time, and so it is over.
    #[error("an answer was needed by {by}")]
    TooLate {
        /// Last day on which an answer counted.
        by: NaiveDate,
    },
    /// The right to it begins later.
    #[error("it is possible from {from} on")]
    TooEarly {
        /// First day.
        from: NaiveDate,
    },
    /// The seller has to be set a last period before.
    #[error("an extra period has to pass before, which can be set from {from} on")]
    ExtraPeriodFirst {
        /// First day on which it can be set.
        from: NaiveDate,
    },
    /// The shopper was asked nothing that this would answer.
    #[error("nothing was asked")]
    NothingAsked,
    /// The shopper has been told a later date than the one that is agreed to.
    #[error("another date was told since")]
    ToldAnew {
        /// What was told last.
        due: When,
    },
    /// A promise would lie in the past.
    #[error("{due} is over")]
    DateOver {
        /// The date that would be told.
        due: NaiveDate,
    },
    /// Time alone does not cancel it on that day.
    #[error("it does not end by itself on {on}")]
    NotLapsed {
        /// That day.
        on: NaiveDate,
    },
    /// There is nothing to give back.
    #[error("it is not cancelled")]
    NotCancelled,
    /// Something later is recorded.
    #[error("something that happened on {last} is recorded already")]
    OutOfOrder {
        /// When that was.
        last: NaiveDate,
    },
}

/// How a part stands on some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits to be shipped.
    Waits {
        /// What the shopper was told last.
        due: When,
        /// What becomes of it if the shopper says nothing more. Where nothing is asked, that changes nothing.
        silence: Silence,
    },
    /// It has left.
    Shipped {
        /// When.
        on: NaiveDate,
    },
    /// It is over.
    Cancelled {
        /// The day at whose end it was over.
        on: NaiveDate,
        /// Why.
        cause: Cause,
        /// Last day on which the refund is in time.
        refund_by: NaiveDate,
    },
}

/// What happened to one part of an order, earliest first.
///
/// Only what can happen is let in, so that no part was both shipped and cancelled. A history that was stored
/// is read by recording its events again, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    policy: DelayPolicy,
    promised: NaiveDate,
    pub(super) terms: Terms,
    events: Vec<Event>,
}

impl History {
    /// A part that was just ordered, under the policy that it keeps.
    pub fn new(policy: DelayPolicy, terms: Terms) -> Self {
        Self {
            policy,
            promised: policy.limit(terms.placed, terms.shown, terms.payment),
            terms,
            events: Vec::new(),
        }
    }

    /// The policy under which it was ordered.
    pub const fn policy(&self) -> &DelayPolicy {
        &self.policy
    }

    /// The date that was agreed first.
    pub const fn promised(&self) -> NaiveDate {
        self.promised
    }

    /// What happened since.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// How it stands on a day, with what time alone has done by then.
    pub fn standing(&self, today: NaiveDate) -> Standing {
        let state = self.state(today);
        match state.end {
            Some(End::Shipped { on }) => Standing::Shipped { on },
            Some(End::Cancelled { on, cause }) => Standing::Cancelled {
                on,
                cause,
                refund_by: refund_by(on, &self.policy),
            },
            None => Standing::Waits {
                due: state.told,
                silence: state.silence_about(state.told),
            },
        }
    }

    /// Adds what happened. Saying the same again changes nothing.
    ///
    /// # Errors
    ///
    /// Fails if it cannot have happened after all that did.
    pub fn record(&mut self, event: Event) -> Result<Receipt, Refusal> {
        let state = self.state(event.on());
        if state.has(self, &event) {
            return Ok(Receipt::AlreadyRecorded);
        }
        let last = self.events.last().map_or(self.terms.placed, Event::on);
        if event.on() < last {
            return Err(Refusal::OutOfOrder { last });
        }
        state.check(self, &event)?;
        self.events.push(event);
        Ok(Receipt::Recorded)
    }

    /// What follows from the events, and from the time that passed until a day.
    pub(super) fn state(&self, today: NaiveDate) -> State {
        let mut state = State::new(self);
        for event in &self.events {
            state.pass(event.on());
            state.apply(self, event);
        }
        state.pass(today);
        state
    }
}
