//! A customer answers a delay: waits until the dates that were read, or sets the shop a last period.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use shared::delay::{Button, Event, Reply, When, buttons, reply as answer};
use shared::ids::{OrderId, StoreId};

use super::ActError;
use super::delays::{Side, when_name};
use super::once::{Once, Outcome};
use super::records::{NoticeRecord, NoticeState, PartKey, Standing, WaitingPart};
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::catalogue::Settings;
use crate::store::Writing;
use crate::store::writing::Note;

/// What a customer says to a delay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerReply {
    /// To wait for all that was asked about, as far as the customer knows of it.
    Consent(Known),
    /// To set the shop a last period for all that is late.
    SetExtraPeriod,
}

/// What a customer who agrees to wait knows of the dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// What our letters told.
    ByLetter,
    /// Every date up to this one, as the shop says.
    UpTo(When),
    /// What the order's page showed.
    Read(Read),
}

/// Which notices a page showed: the newest of each part that waits. Written `line.part.version`, joined by `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read(Vec<(PartKey, u32)>);

/// Takes a customer's reply to a delay, once where it is asked for so. Cancelling is [`super::cancel_order`]'s.
///
/// # Errors
///
/// [`ActError::NotFound`]; [`ActError::Conflict`] where nothing was asked, it is too late or too early for an answer, or it would
/// agree to a later date than the customer saw.
pub async fn reply_to_delay(
    app: &App,
    store: &StoreId,
    order: OrderId,
    reply: CustomerReply,
    once: Option<Once<Standing>>,
) -> Result<Outcome<Standing>, ActError> {
    let with = (app.clone(), store.clone(), order, reply, once);
    detached(with, |(app, store, order, reply, once)| async move {
        let now = app.clock.now();
        let note = Note::new("reply_to_delay", order.as_str());
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(once) = &once
            && let Some(answer) = once.before(&mut writing).await?
        {
            return Ok(Outcome::Before(answer));
        }
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let before = writing.order(&order).await?.ok_or(ActError::NotFound)?;
        take_reply(&mut writing, &shop.settings(), &before, reply, now).await?;
        writing.touch_order(&order).await?;
        let after = writing.order(&order).await?.ok_or(ActError::NotFound)?;
        if let Some(once) = &once {
            once.keep(&mut writing, &after);
        }
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(Outcome::Done(after))
    })
    .await
}

async fn take_reply(
    writing: &mut Writing,
    settings: &Settings,
    before: &Standing,
    reply: CustomerReply,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let order = &before.order.id;
    let read = Read::of(before);
    let (mut is_taken, mut refusal) = (false, None);
    for part in &before.waiting {
        let key = PartKey::of(part);
        let Some(mut side) = Side::of(before, settings, part, now) else {
            continue;
        };
        let mut shown = None;
        let said = match &reply {
            CustomerReply::SetExtraPeriod => Reply::SetExtraPeriod,
            CustomerReply::Consent(known) => {
                if *known != Known::ByLetter {
                    shown = side.show(before, key);
                    side.check_known(known, read.of_part(key))?;
                }
                match side.last_told() {
                    Some(to) => Reply::Consent { to },
                    None => continue,
                }
            }
        };
        let replied = match answer(&side.history, said, side.today) {
            Ok(replied) => replied,
            Err(refused) => {
                refusal = Some(refused);
                continue;
            }
        };
        is_taken = true;
        if let Some(notice) = shown {
            let told = Event::Told {
                on: side.today,
                due: notice.now,
            };
            writing.told(order, key, notice.version).await?;
            writing.note_delay(order, key, &told).await?;
        }
        if let Some(event) = replied.record {
            writing.note_delay(order, key, &event).await?;
        }
    }
    if is_taken {
        return Ok(());
    }
    let detail = match refusal {
        Some(refused) => format!(
            "the answer cannot be taken: {refused}. GET /v1/orders/{{id}} says how it stands"
        ),
        None => "nothing of this order was asked: there is nothing to answer".into(),
    };
    Err(ActError::conflict("nothing_to_answer", detail))
}

impl Side {
    /// Takes what is still to be told of a part as told, since it was read elsewhere. Returns it, if there was something.
    fn show<'a>(&mut self, standing: &'a Standing, key: PartKey) -> Option<&'a NoticeRecord> {
        let notices = standing.notices.iter();
        let notice = notices
            .filter(|notice| notice.key == key && notice.state == NoticeState::Due)
            .max_by_key(|notice| notice.version)?;
        let told = Event::Told {
            on: self.today,
            due: notice.now,
        };
        self.history.record(told).ok().map(|_| notice)
    }

    /// An answer is none to a question that was not read, or about a later date than the one that was.
    fn check_known(&self, known: &Known, newest: Option<(PartKey, u32)>) -> Result<(), ActError> {
        let is_asked = buttons(&self.history, self.today).contains(&Button::Consent);
        let is_known = |to: When| match known {
            Known::ByLetter => true,
            Known::UpTo(day) => to <= *day,
            Known::Read(read) => newest.is_none_or(|newest| read.0.contains(&newest)),
        };
        match self.last_told().filter(|to| is_asked && !is_known(*to)) {
            None => Ok(()),
            Some(to) => {
                let detail = format!(
                    "the date is another one by now: {}. Show it to the customer, and ask again",
                    when_name(to)
                );
                Err(ActError::conflict("promise_changed", detail))
            }
        }
    }
}

impl Read {
    /// What a page of this order shows.
    pub fn of(standing: &Standing) -> Self {
        let newest = |part: &WaitingPart| {
            let notice = newest_notice(standing, part)?;
            Some((notice.key, notice.version))
        };
        Self(standing.waiting.iter().filter_map(newest).collect())
    }

    fn of_part(&self, key: PartKey) -> Option<(PartKey, u32)> {
        self.0.iter().find(|(read, _)| *read == key).copied()
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, version)) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { "-" };
            write!(f, "{between}{}.{}.{version}", key.line, key.part)?;
        }
        Ok(())
    }
}

/// Why a text does not say what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not what `asked.read` of the order's page says")]
pub struct ReadError;

impl FromStr for Read {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self, ReadError> {
        let notice = |name: &str| {
            let mut numbers = name.splitn(3, '.').map(|number| number.parse().ok());
            let mut next = || numbers.next().flatten();
            let (line, part) = (next()?, next()?);
            Some((PartKey { line, part }, next()?))
        };
        let notices: Option<Vec<_>> = text.split('-').map(notice).collect();
        notices.map(Self).ok_or(ReadError)
    }
}

/// What was said last of a part, told or still to be.
pub fn newest_notice<'a>(standing: &'a Standing, part: &WaitingPart) -> Option<&'a NoticeRecord> {
    let notices = standing.notices.iter();
    notices
        .filter(|notice| notice.key == PartKey::of(part) && notice.state != NoticeState::Replaced)
        .max_by_key(|notice| notice.version)
}
