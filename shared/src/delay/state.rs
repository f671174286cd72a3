//! What the events of a part come to, and what the law makes of the next one.

use chrono::NaiveDate;

use super::history::{Cause, Event, History, Refusal};
use super::notice::{Button, Ending, Kind, Notice, Silence, When};
use super::policy::{DefiniteSilence, Rule, days_after};

/// How a part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Shipped { on: NaiveDate },
    Cancelled { on: NaiveDate, cause: Cause },
}

/// Whether the shopper can agree to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    None,
    Asked,
}

/// What the events of a history come to.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// What the shopper was told last.
    pub told: When,
    /// The latest date to which the shopper agreed, in words or by silence.
    agreed: When,
    question: Question,
    /// True once a delay was told that reaches beyond what was agreed first.
    slipped: bool,
    may_cancel: bool,
    /// The last day of the part unless something more happens; `None` where time alone does not end it.
    last_day: Option<NaiveDate>,
    pub extra_until: Option<NaiveDate>,
    refused_on: Option<NaiveDate>,
    pub end: Option<End>,
    pub cancel_recorded: bool,
    pub refund_started: bool,
}

impl State {
    pub(super) fn new(history: &History) -> Self {
        let promised = When::By(history.promised());
        Self {
            told: promised,
            agreed: promised,
            question: Question::None,
            slipped: false,
            may_cancel: false,
            last_day: match history.policy().rule() {
                Rule::Ask {
                    auto_cancel: true, ..
                } => Some(history.promised()),
                _ => None,
            },
            extra_until: None,
            refused_on: None,
            end: None,
            cancel_recorded: false,
            refund_started: false,
        }
    }

    /// Ends a part whose last day is over.
    pub(super) fn pass(&mut self, today: NaiveDate) {
        if let (None, Some(on)) = (self.end, self.last_day)
            && on < today
        {
            let cause = self.lapse();
            self.end = Some(End::Cancelled { on, cause });
        }
    }

    /// Why the part ends if time alone ends it.
    fn lapse(&self) -> Cause {
        match self.question == Question::Asked && self.agreed < self.told {
            true => Cause::Silence,
            false => Cause::NoNotice,
        }
    }

    pub(super) fn apply(&mut self, history: &History, event: &Event) {
        match *event {
            Event::Told { on, due } => {
                if let Some(notice) = self.notice(history, due, on) {
                    self.tell(history, &notice, on);
                }
            }
            Event::Consented { .. } => self.agree(),
            Event::ExtraPeriodSet { on } => {
                if let Rule::ExtraPeriod { days, .. } = history.policy().rule() {
                    self.extra_until = Some(days_after(on, days));
                }
            }
            Event::SellerRefused { on } => self.refused_on = Some(on),
            Event::Shipped { on } => self.end = Some(End::Shipped { on }),
            Event::Cancelled { on, cause } => {
                self.end = Some(End::Cancelled { on, cause });
                self.cancel_recorded = true;
            }
            Event::RefundStarted { .. } => self.refund_started = true,
        }
    }

    fn tell(&mut self, history: &History, notice: &Notice, on: NaiveDate) {
        self.told = notice.promise_to;
        self.may_cancel = notice.may_cancel_until_shipped;
        self.question = match notice.buttons().contains(&Button::Consent) {
            true => Question::Asked,
            false => Question::None,
        };
        match notice.kind {
            Kind::Definite | Kind::Long | Kind::Indefinite => {
                self.slipped = true;
                if notice.silence == Silence::Consents {
                    self.agreed = notice.promise_to;
                }
                let asked_until = match (notice.promise_to, history.policy().rule()) {
                    (When::By(day), _) if notice.kind == Kind::Definite => day,
                    (_, Rule::Ask { definite_days, .. }) => {
                        days_after(history.promised(), definite_days)
                    }
                    _ => return,
                };
                self.last_day = self.last_day.map(|_| asked_until);
            }
            Kind::Later => self.agreed = notice.promise_to,
            Kind::CancelledBySeller => {
                let cause = Cause::Seller;
                self.end = Some(End::Cancelled { on, cause });
            }
            // A further question leaves the day as it is on which silence ends the part (US-10).
            Kind::Renewed | Kind::ExtraPeriod(_) | Kind::Earlier | Kind::WithinAgreed => {}
        }
    }

    /// Takes what was told last as agreed.
    fn agree(&mut self) {
        self.question = Question::None;
        if self.told <= self.agreed {
            return;
        }
        self.agreed = self.told;
        self.extra_until = None;
        self.last_day = match self.told {
            When::By(day) => self.last_day.map(|last| last.max(day)),
            // Who agreed to wait without a date waits until the goods leave, or cancels (US-9).
            When::Unknown => None,
        };
    }

    /// The notice of another date; `None` where there is nothing to tell.
    pub(super) fn notice(&self, history: &History, due: When, today: NaiveDate) -> Option<Notice> {
        if self.end.is_some() || due == self.told {
            return None;
        }
        let kind = self.kind(history, due, today);
        let silence = match (kind, history.policy().rule()) {
            (
                Kind::Definite,
                Rule::Ask {
                    definite_silence: DefiniteSilence::Consents,
                    ..
                },
            ) => Silence::Consents,
            (Kind::Definite, _) => match (due, self.last_day) {
                (When::By(on), Some(_)) => Silence::Cancels { on },
                _ => Silence::ChangesNothing,
            },
            (Kind::Long | Kind::Indefinite, Rule::Ask { definite_days, .. }) => {
                let on = days_after(history.promised(), definite_days);
                cancels(self.last_day.map(|_| on))
            }
            (Kind::Renewed, _) => cancels(self.last_day),
            (Kind::CancelledBySeller, _) => Silence::Cancels { on: today },
            (Kind::Earlier, _) => self.silence_about(due),
            _ => Silence::ChangesNothing,
        };
        let may_cancel_until_shipped = match (kind, history.policy().rule()) {
            (Kind::CancelledBySeller, _) => false,
            (Kind::Earlier | Kind::WithinAgreed, _) => self.may_cancel,
            (
                _,
                Rule::ExtraPeriod {
                    cancel_any_time, ..
                },
            ) => cancel_any_time,
            _ => true,
        };
        let reply_by = match (silence, due) {
            _ if kind == Kind::CancelledBySeller => None,
            (Silence::Consents, When::By(day)) => Some(day),
            (Silence::Cancels { on }, _) => Some(on),
            _ => None,
        };
        Some(Notice {
            kind,
            promise_from: self.told,
            promise_to: due,
            reply_by,
            silence,
            may_cancel_until_shipped,
        })
    }

    fn kind(&self, history: &History, due: When, today: NaiveDate) -> Kind {
        if due < self.told {
            return Kind::Earlier;
        }
        if due <= self.agreed {
            return Kind::WithinAgreed;
        }
        if history.policy().cancel_instead_of_asking {
            return Kind::CancelledBySeller;
        }
        match (history.policy().rule(), due) {
            (Rule::Tell, _) => Kind::Later,
            (Rule::ExtraPeriod { .. }, _) => Kind::ExtraPeriod(self.ending(history, today)),
            (Rule::Ask { .. }, _) if self.slipped => Kind::Renewed,
            (Rule::Ask { .. }, When::Unknown) => Kind::Indefinite,
            (Rule::Ask { definite_days, .. }, When::By(day)) => {
                match day <= days_after(history.promised(), definite_days) {
                    true => Kind::Definite,
                    false => Kind::Long,
                }
            }
        }
    }

    /// What silence does about a question that was asked before, if the part is due on that day.
    pub(super) fn silence_about(&self, due: When) -> Silence {
        match self.question == Question::Asked && self.agreed < due {
            true => cancels(self.last_day),
            false => Silence::ChangesNothing,
        }
    }

    /// When the contract can be ended over a late delivery.
    fn ending(&self, history: &History, today: NaiveDate) -> Ending {
        let missed = match self.agreed {
            When::By(day) => days_after(day, 1),
            When::Unknown => today,
        };
        match (self.refused_on, self.extra_until) {
            (Some(on), _) => Ending::From(on.max(today)),
            _ if history.terms.essential => Ending::From(missed.max(today)),
            (None, Some(until)) => Ending::From(days_after(until, 1).max(today)),
            (None, None) => Ending::AfterPeriodSetFrom(missed.max(today)),
        }
    }

    /// True if the shopper has agreed to what was told last, and there is nothing left to agree to.
    fn has_agreed(&self, history: &History) -> bool {
        let further = When::By(history.promised()) < self.agreed;
        further && self.told <= self.agreed && self.question == Question::None
    }

    /// The answers that the shopper has today.
    pub(super) fn buttons(&self, history: &History, today: NaiveDate) -> Vec<Button> {
        if self.end.is_some() {
            return Vec::new();
        }
        let late = self.agreed < self.told.max(When::By(today));
        let (ending, cancel) = match history.policy().rule() {
            Rule::ExtraPeriod {
                cancel_any_time, ..
            } => {
                let ending = Button::from(self.ending(history, today));
                (late.then_some(ending), cancel_any_time)
            }
            _ => (None, self.check_may_cancel(history, today).is_ok()),
        };
        let consent = (self.question == Question::Asked).then_some(Button::Consent);
        let cancel = cancel.then_some(Button::Cancel);
        [consent, ending, cancel].into_iter().flatten().collect()
    }

    /// Says whether the shopper may cancel today.
    pub(super) fn check_may_cancel(
        &self,
        history: &History,
        today: NaiveDate,
    ) -> Result<(), Refusal> {
        let missed = self.agreed < When::By(today);
        match (history.policy().rule(), self.ending(history, today)) {
            (
                Rule::ExtraPeriod {
                    cancel_any_time: true,
                    ..
                },
                _,
            ) => Ok(()),
            (Rule::ExtraPeriod { .. }, Ending::From(from)) if today < from => {
                Err(Refusal::TooEarly { from })
            }
            (Rule::ExtraPeriod { .. }, Ending::From(_)) => Ok(()),
            (Rule::ExtraPeriod { .. }, Ending::AfterPeriodSetFrom(from)) => {
                Err(Refusal::ExtraPeriodFirst { from })
            }
            _ if self.may_cancel || missed => Ok(()),
            _ => Err(Refusal::NothingAsked),
        }
    }

    /// True if an event would say again what is recorded.
    pub(super) fn has(&self, history: &History, event: &Event) -> bool {
        match (event, self.end) {
            (Event::Shipped { .. }, Some(End::Shipped { .. })) => true,
            (Event::Cancelled { on, cause }, Some(end)) => {
                let (on, cause) = (*on, *cause);
                self.cancel_recorded && end == End::Cancelled { on, cause }
            }
            (Event::RefundStarted { .. }, _) => self.refund_started,
            (Event::Told { due, .. }, None) => *due == self.told,
            (Event::Consented { .. }, None) => self.has_agreed(history),
            (Event::SellerRefused { .. }, None) => self.refused_on.is_some(),
            (Event::ExtraPeriodSet { .. }, None) => self.extra_until.is_some(),
            _ => false,
        }
    }

    /// Says why an event cannot have happened.
    pub(super) fn check(&self, history: &History, event: &Event) -> Result<(), Refusal> {
        match (event, self.end) {
            (Event::RefundStarted { .. }, _) => match self.cancel_recorded {
                true => Ok(()),
                false => Err(Refusal::NotCancelled),
            },
            (_, Some(End::Shipped { on })) => Err(Refusal::AlreadyShipped { on }),
            (Event::Cancelled { on, cause }, Some(end)) if !self.cancel_recorded => {
                let (on, cause) = (*on, *cause);
                match end == (End::Cancelled { on, cause }) {
                    true => Ok(()),
                    false => Err(over(end)),
                }
            }
            (
                Event::Consented { .. },
                Some(End::Cancelled {
                    on,
                    cause: Cause::Silence,
                }),
            ) => Err(Refusal::TooLate { by: on }),
            (_, Some(end)) => Err(over(end)),
            (
                Event::Told {
                    on,
                    due: When::By(due),
                },
                None,
            ) if due < on => Err(Refusal::DateOver { due: *due }),
            (Event::Consented { .. }, None) if self.question == Question::None => {
                Err(Refusal::NothingAsked)
            }
            (Event::Consented { to, .. }, None) if *to < self.told => {
                Err(Refusal::ToldAnew { due: self.told })
            }
            (Event::ExtraPeriodSet { on }, None) => match (history.policy().rule(), self.agreed) {
                (Rule::ExtraPeriod { .. }, When::By(day)) if *on <= day => Err(Refusal::TooEarly {
                    from: days_after(day, 1),
                }),
                (Rule::ExtraPeriod { .. }, _) => Ok(()),
                _ => Err(Refusal::NothingAsked),
            },
            (
                Event::Cancelled {
                    on,
                    cause: cause @ (Cause::Silence | Cause::NoNotice),
                },
                None,
            ) if self.last_day != Some(*on) || *cause != self.lapse() => {
                Err(Refusal::NotLapsed { on: *on })
            }
            _ => Ok(()),
        }
    }
}

fn over(end: End) -> Refusal {
    match end {
        End::Shipped { on } => Refusal::AlreadyShipped { on },
        End::Cancelled { on, .. } => Refusal::AlreadyCancelled { on },
    }
}

fn cancels(last_day: Option<NaiveDate>) -> Silence {
    last_day.map_or(Silence::ChangesNothing, |on| Silence::Cancels { on })
}
