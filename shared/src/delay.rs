//! The law of delays: what a shopper must be told and asked when a date is not kept, what silence means,
//! and what time alone does (law-and-payment.md, US-1 to US-16, EU-1 to EU-5, UK-1).
//!
//! All is decided for one *part* of an order line, which has its own date. Its [`History`] holds what
//! happened; the functions here say what follows. They are asked as often as one likes: an answer that
//! was recorded is not given again, and what time does is dated by the law and not by who asked when.
//!
//! Dates are civil. What happens on the last day is in time, whatever the hour, and a part ends with the
//! end of its last day. Once shipped, a part is out of reach: what does not arrive is a matter of returns.
//!
//! ```
//! use shared::delay::*;
//!
//! let day = |text: &str| text.parse().expect("a date");
//! let terms = Terms { shown: Some(day("2027-01-14")), ..Terms::placed(day("2027-01-04")) };
//! let mut history = History::new(DelayPolicy::of(Law::UnitedStates), terms);
//!
//! // The supplier is late: 31 days, so that silence cancels after 30.
//! let notice = on_revision(&history, Some(day("2027-02-14")), day("2027-01-10")).expect("a notice");
//! assert_eq!(notice.kind, Kind::Long);
//! assert_eq!(notice.silence, Silence::Cancels { on: day("2027-02-13") });
//! history.record(Event::Told { on: day("2027-01-10"), due: notice.promise_to })?;
//! assert_eq!(on_day(&history, day("2027-02-13")), []);
//! let cause = Cause::Silence;
//! let refund = Action::Refund { by: day("2027-02-23") };
//! assert_eq!(on_day(&history, day("2027-02-14")), [Action::Cancel { on: day("2027-02-13"), cause }, refund]);
//!
//! // Unless the shopper agrees.
//! let consent = Reply::Consent { to: notice.promise_to };
//! let answer = reply(&history, consent, day("2027-02-13"))?;
//! history.record(answer.record.expect("something new"))?;
//! assert_eq!(on_day(&history, day("2027-02-14")), []);
//! # Ok::<(), Refusal>(())
//! ```

use chrono::NaiveDate;

mod history;
mod notice;
mod policy;
mod state;

pub use history::{Cause, Event, History, Receipt, Refusal, Standing, Terms};
pub use notice::{Button, Ending, Kind, Notice, Silence, Statement, When};
pub use policy::{
    DefiniteSilence, DelayPolicy, Law, Payment, Rule, Sense, WITHDRAWAL_DAYS, Withdrawal,
    refund_by, withdrawal_ends,
};

use state::End;

/// Says what the shopper is to be told now that the part is due on another day, or nobody can say when.
///
/// `None` if it is nothing new, or the part is shipped or cancelled. A day that is over is no promise: it
/// counts as unknown. Once the notice is sent, record [`Event::Told`].
pub fn on_revision(
    history: &History,
    new_due: Option<NaiveDate>,
    today: NaiveDate,
) -> Option<Notice> {
    let due = new_due.filter(|day| today <= *day).into();
    history.state(today).notice(history, due, today)
}

/// The same for revisions that came one after another and of which nobody was told yet: one notice, of the last.
///
/// `None` as well if the last of them is what the shopper was told before all of them.
pub fn on_revisions(
    history: &History,
    new_dues: &[Option<NaiveDate>],
    today: NaiveDate,
) -> Option<Notice> {
    on_revision(history, *new_dues.last()?, today)
}

/// What is to be done because of the date alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Record [`Event::Cancelled`]: the part is over.
    Cancel {
        /// The day at whose end it was over.
        on: NaiveDate,
        /// Why.
        cause: Cause,
    },
    /// Give the money back, and record [`Event::RefundStarted`].
    Refund {
        /// Last day on which that is in time.
        by: NaiveDate,
    },
    /// Tell the shopper that a date has passed: ask [`on_revision`] for the notice.
    TellMissed {
        /// The date that was told last.
        due: NaiveDate,
    },
}

/// Says what is to be done today that nobody has recorded yet.
pub fn on_day(history: &History, today: NaiveDate) -> Vec<Action> {
    let state = history.state(today);
    match (state.end, state.told) {
        (Some(End::Cancelled { on, cause }), _) => {
            let cancel = Action::Cancel { on, cause };
            let by = refund_by(on, history.policy());
            let cancel = (!state.cancel_recorded).then_some(cancel);
            let refund = (!state.refund_started).then_some(Action::Refund { by });
            cancel.into_iter().chain(refund).collect()
        }
        (None, When::By(due)) if due < today => vec![Action::TellMissed { due }],
        _ => Vec::new(),
    }
}

/// The answers that a shopper has today, in the order in which they are shown.
///
/// What a notice offered may have been answered since, or have become possible only now.
pub fn buttons(history: &History, today: NaiveDate) -> Vec<Button> {
    history.state(today).buttons(history, today)
}

/// What a shopper answers to a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// To wait.
    Consent {
        /// What the notice said that is answered, so that an old mail cannot agree to a later date.
        to: When,
    },
    /// To cancel, or to end the contract.
    Cancel,
    /// To set the seller a last period.
    SetExtraPeriod,
}

/// What is true after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replied {
    /// How the part stands with it.
    pub now: Standing,
    /// What is to be recorded; `None` if the reply says what is true already.
    pub record: Option<Event>,
}

/// Says what a reply does today, or why it does nothing.
///
/// # Errors
///
/// Fails if the part was shipped, if it was cancelled and is asked to go on, if the answer is too late or
/// too early, or if nothing was asked.
pub fn reply(history: &History, reply: Reply, today: NaiveDate) -> Result<Replied, Refusal> {
    let state = history.state(today);
    let event = match reply {
        Reply::Consent { to } => Event::Consented { on: today, to },
        Reply::SetExtraPeriod => Event::ExtraPeriodSet { on: today },
        Reply::Cancel => Event::Cancelled {
            on: today,
            cause: Cause::Shopper,
        },
    };
    let mut after = history.clone();
    let receipt = match (reply, state.end) {
        (Reply::Cancel, Some(End::Cancelled { .. })) => Receipt::AlreadyRecorded,
        (Reply::Cancel, None) => {
            state.check_may_cancel(history, today)?;
            after.record(event)?
        }
        _ => after.record(event)?,
    };
    Ok(Replied {
        now: after.standing(today),
        record: (receipt == Receipt::Recorded).then_some(event),
    })
}
