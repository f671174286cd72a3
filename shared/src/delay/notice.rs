//! What a shopper is told of a new date, what the words must say, and what can be answered.

use chrono::NaiveDate;

/// When goods leave, or arrive, as a shopper was told. Unknown is later than any day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// On this day at the latest.
    By(NaiveDate),
    /// Nobody can say.
    Unknown,
}

impl From<Option<NaiveDate>> for When {
    fn from(day: Option<NaiveDate>) -> Self {
        day.map_or(Self::Unknown, Self::By)
    }
}

/// What a shopper is to be told of one part of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// What kind of change it is, and so what it asks.
    pub kind: Kind,
    /// What the shopper was told last.
    pub promise_from: When,
    /// What is true now.
    pub promise_to: When,
    /// Last day on which an answer counts; `None` where none is waited for.
    pub reply_by: Option<NaiveDate>,
    /// What becomes of the part if no answer comes.
    pub silence: Silence,
    /// True if the shopper may cancel from now on until the part is shipped.
    pub may_cancel_until_shipped: bool,
}

/// What kind of change a notice tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sooner than was told last. Asks for nothing.
    Earlier,
    /// Later than was told last, but no later than what the shopper agreed to before.
    WithinAgreed,
    /// A first delay with a date that silence can agree to (US-7).
    Definite,
    /// A first delay with a date too late for silence (US-8).
    Long,
    /// A first delay without a date (US-8, US-9).
    Indefinite,
    /// A further delay, with or without a date (US-10).
    Renewed,
    /// A delivery that is or will be late, which the shopper may end (EU-2, UK-1).
    ExtraPeriod(Ending),
    /// A delay where the law asks for nothing.
    Later,
    /// The seller cancels instead of asking (US-14).
    CancelledBySeller,
}

/// When a shopper may end the contract over a late delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// On this day and after it: the date was essential, the seller refused, or the extra period is set.
    From(NaiveDate),
    /// When an extra period has passed in vain, which may be set on this day and after it.
    AfterPeriodSetFrom(NaiveDate),
}

/// What becomes of a part whose shopper does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The shopper has agreed to the new date.
    Consents,
    /// The part is cancelled at the end of this day, unless it was shipped by then.
    Cancels {
        /// The last day of the part.
        on: NaiveDate,
    },
    /// Nothing follows from it.
    ChangesNothing,
}

/// An answer that a notice offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// To wait until the new date, or without one.
    Consent,
    /// To cancel, at any time before the part is shipped.
    Cancel,
    /// To set the seller a last period, on this day and after it.
    SetExtraPeriod {
        /// First day on which it can be set.
        from: NaiveDate,
    },
    /// To end the contract over the delay, on this day and after it.
    EndContract {
        /// First day on which it can be ended.
        from: NaiveDate,
    },
}

impl From<Ending> for Button {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::From(from) => Self::EndContract { from },
            Ending::AfterPeriodSetFrom(from) => Self::SetExtraPeriod { from },
        }
    }
}

/// Something that the words of a notice must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// The new date.
    NewDate(NaiveDate),
    /// That nobody can say how long it takes, and why.
    DateUnknownAndWhy,
    /// That the shopper may cancel and gets all back that was paid for the part.
    RightToCancelWithFullRefund,
    /// That silence agrees to the new date.
    SilenceConsents,
    /// That silence cancels the part on this day.
    SilenceCancels(NaiveDate),
    /// That who agrees to an unknown date may still cancel at any time before the goods are shipped.
    CancelAfterConsent,
    /// That answering is free.
    AnswerIsFree,
    /// That silence changes nothing and costs nothing.
    SilenceCostsNothing,
    /// That the shopper may set an extra period, and end the contract when it has passed.
    RightToSetExtraPeriod,
    /// That the shopper may end the contract from this day on.
    RightToEndContract(NaiveDate),
    /// That the part is cancelled, and the money comes back.
    CancelledAndRefunded,
}

impl Notice {
    /// The answers it offers, in the order in which they are shown.
    pub fn buttons(&self) -> Vec<Button> {
        let cancel = self.may_cancel_until_shipped.then_some(Button::Cancel);
        match self.kind {
            Kind::CancelledBySeller => Vec::new(),
            Kind::Definite | Kind::Long | Kind::Indefinite | Kind::Renewed => {
                [Some(Button::Consent), cancel]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Kind::ExtraPeriod(ending) => {
                let dated = matches!(self.promise_to, When::By(_));
                [
                    dated.then_some(Button::Consent),
                    Some(ending.into()),
                    cancel,
                ]
                .into_iter()
                .flatten()
                .collect()
            }
            // A question that was asked before still stands: it may still be answered.
            Kind::Earlier | Kind::WithinAgreed | Kind::Later => {
                let asked = matches!(self.silence, Silence::Cancels { .. });
                [asked.then_some(Button::Consent), cancel]
                    .into_iter()
                    .flatten()
                    .collect()
            }
        }
    }

    /// What its words must say, in the order in which a shopper needs it.
    pub fn must_say(&self) -> Vec<Statement> {
        let mut says = Vec::new();
        if self.kind == Kind::CancelledBySeller {
            return vec![Statement::CancelledAndRefunded];
        }
        says.push(match self.promise_to {
            When::By(day) => Statement::NewDate(day),
            When::Unknown => Statement::DateUnknownAndWhy,
        });
        if self.may_cancel_until_shipped {
            says.push(Statement::RightToCancelWithFullRefund);
        }
        if let Kind::ExtraPeriod(ending) = self.kind {
            says.push(match ending {
                Ending::From(day) => Statement::RightToEndContract(day),
                Ending::AfterPeriodSetFrom(_) => Statement::RightToSetExtraPeriod,
            });
        }
        match self.silence {
            Silence::Consents => says.push(Statement::SilenceConsents),
            Silence::Cancels { on } => says.push(Statement::SilenceCancels(on)),
            Silence::ChangesNothing => says.push(Statement::SilenceCostsNothing),
        }
        let asks = self.buttons().contains(&Button::Consent);
        if asks && self.promise_to == When::Unknown {
            says.push(Statement::CancelAfterConsent);
        }
        if asks {
            says.push(Statement::AnswerIsFree);
        }
        says
    }
}
