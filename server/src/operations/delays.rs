//! A date that was told is moved: the customer is told of it, and asked where the law wants that. What silence does is found by
//! [`look_after_delays`], and an answer is taken by [`super::reply_to_delay`].

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use shared::availability::Location;
use shared::delay::{
    Action, Button, DelayPolicy, Event, History, Law, Payment, Sense, Terms, When, buttons, on_day,
    on_revision,
};
use shared::ids::{OrderId, ReservationId, Sku, StoreId};
use shared::quantity::Quantity;
use shared::supply::Due;

use super::ActError;
use super::cancel_order::cancel_parts;
use super::offers::try_again;
use super::payment::write_to;
use super::records::{NoticeRecord, NoticeState, PartKey, Standing, WaitingPart};
use super::running::{Touched, again, publish};
use crate::app::App;
use crate::catalogue::{Settings, Shop};
use crate::store::Writing;
use crate::store::writing::Note;

/// Orders and holds that are looked through at a time.
const LOOKED_THROUGH_MAX: u32 = 1_000;

/// How a part that is late stands where the law lets its customer set the shop a last period (EU-2, UK-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtraPeriod {
    /// It has passed in vain: the customer may end the contract.
    Passed,
    /// It can be set today.
    Offered {
        /// Its last day, if it is.
        until: NaiveDate,
    },
    /// It was set.
    Running {
        /// Its last day.
        until: NaiveDate,
    },
}

/// Writes down what customers are to be told of parts whose promise was made anew in this change. Returns which orders they are of.
pub(super) async fn tell(
    writing: &mut Writing,
    settings: &Settings,
    moved: &[(ReservationId, PartKey)],
    now: DateTime<Utc>,
) -> Result<Vec<OrderId>, ActError> {
    let mut by_name: BTreeMap<&str, Vec<PartKey>> = BTreeMap::new();
    for (reservation, key) in moved {
        by_name.entry(reservation.as_str()).or_default().push(*key);
    }
    let names: Vec<&str> = by_name.keys().copied().collect();
    let orders = writing.orders_among(&names).await?;
    for order in &orders {
        let Some(keys) = by_name.get(order.as_str()) else {
            continue;
        };
        if let Some(standing) = writing.order(order).await? {
            tell_of(writing, settings, &standing, keys, now).await?;
        }
    }
    Ok(orders)
}

async fn tell_of(
    writing: &mut Writing,
    settings: &Settings,
    standing: &Standing,
    keys: &[PartKey],
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let order = &standing.order;
    let mut is_news = false;
    for part in &standing.waiting {
        let key = PartKey::of(part);
        let Some(side) = Side::of(standing, settings, part, now).filter(|_| keys.contains(&key))
        else {
            continue;
        };
        let Some(notice) = on_revision(&side.history, side.due, side.today) else {
            writing.replace_notices(&order.id, key).await?;
            continue;
        };
        let version = writing.add_notice(&order.id, key, &notice).await?;
        is_news = true;
        // The shop writes to its customers itself: it is told by the order and by a message of ours.
        if order.customer.email.is_none() {
            let told = Event::Told {
                on: side.today,
                due: notice.promise_to,
            };
            writing.told(&order.id, key, version).await?;
            writing.note_delay(&order.id, key, &told).await?;
        }
    }
    if is_news {
        try_again(writing, settings, standing, now).await?;
        let about = format!("{}/{}", order.id, writing.revision());
        write_to(writing, order, "delayed", &about).await?;
    }
    Ok(())
}

/// What is still to be told: of parts that wait, and that time has not ended meanwhile.
pub(super) fn to_tell(
    standing: &Standing,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Vec<NoticeRecord> {
    let stands = |key: PartKey| {
        let mut waiting = standing.waiting.iter();
        let part = waiting.find(|part| PartKey::of(part) == key);
        part.and_then(|part| Side::of(standing, settings, part, now))
            .is_some_and(|side| side.waits())
    };
    let notices = standing.notices.iter();
    notices
        .filter(|notice| notice.state == NoticeState::Due && stands(notice.key))
        .cloned()
        .collect()
}

/// The mail with these notices was handed over: from then on the customer knows. What came to be told while it was on its way is
/// reckoned from there.
pub(super) async fn have_told(
    writing: &mut Writing,
    settings: &Settings,
    order: &OrderId,
    notices: &[NoticeRecord],
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    if notices.is_empty() {
        return Ok(());
    }
    let standing = writing.order(order).await?.ok_or(ActError::NotFound)?;
    let stands = |notice: &NoticeRecord, state: NoticeState| {
        let mut known = standing.notices.iter();
        known.any(|known| {
            known.key == notice.key && known.version == notice.version && known.state == state
        })
    };
    let mut overtaken: Vec<PartKey> = Vec::new();
    for notice in notices {
        // The customer may have answered on the order's page meanwhile, and knows since then.
        if stands(notice, NoticeState::Told) {
            continue;
        }
        if stands(notice, NoticeState::Replaced) {
            overtaken.push(notice.key);
        }
        let part = standing
            .waiting
            .iter()
            .find(|part| PartKey::of(part) == notice.key);
        let today = match part {
            Some(part) => today_at(settings, part, now),
            None => settings.location.calendar.today(now),
        };
        writing.told(order, notice.key, notice.version).await?;
        let told = Event::Told {
            on: today,
            due: notice.now,
        };
        writing.note_delay(order, notice.key, &told).await?;
    }
    if !overtaken.is_empty() {
        let standing = writing.order(order).await?.ok_or(ActError::NotFound)?;
        tell_of(writing, settings, &standing, &overtaken, now).await?;
    }
    Ok(())
}

/// The parts of an order that are late where the law gives the shop a last period, and how each stands.
pub fn extra_periods<'a>(
    standing: &'a Standing,
    settings: &Settings,
    now: DateTime<Utc>,
) -> BTreeMap<ExtraPeriod, Vec<&'a WaitingPart>> {
    let mut found: BTreeMap<ExtraPeriod, Vec<&WaitingPart>> = BTreeMap::new();
    for part in &standing.waiting {
        let side = Side::of(standing, settings, part, now);
        if let Some(period) = side.and_then(|side| side.extra_period()) {
            found.entry(period).or_default().push(part);
        }
    }
    found
}

/// Does what time alone does: cancels what nobody agreed to wait for longer, or was never asked about. An order with which that
/// fails is logged, and keeps no other one waiting.
///
/// # Errors
///
/// As the database fails.
pub async fn look_after_delays(app: &App, store: &StoreId) -> Result<(), ActError> {
    let Some(shop) = app.catalogue.shop(store) else {
        return Ok(());
    };
    let now = app.clock.now();
    let today = shop.settings().location.calendar.today(now);
    let mut after = Some(String::new());
    while let Some(from) = after {
        let looked = app
            .store
            .orders_overdue(store, today, &from, LOOKED_THROUGH_MAX)
            .await?;
        for order in &looked.overdue {
            if let Err(error) = look_after_order(app, &shop, order, now).await {
                tracing::warn!(%order, error = %error, "Cannot look after the dates of order `{order}`: {error}");
            }
        }
        after = looked.next;
    }
    Ok(())
}

async fn look_after_order(
    app: &App,
    shop: &Shop,
    order: &OrderId,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let Some(standing) = app.store.order(&shop.id, order, now).await? else {
        return Ok(());
    };
    if lapsed(&standing, &shop.settings(), now).is_empty() {
        return Ok(());
    }
    again(|| end_lapsed(app, &shop.id, order, now)).await
}

async fn end_lapsed(
    app: &App,
    store: &StoreId,
    order: &OrderId,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let settings = shop.settings();
    let note = Note::new("end_lapsed", order.as_str());
    let mut writing = app.store.begin(store, note, now).await?;
    let standing = writing.order(order).await?.ok_or(ActError::NotFound)?;
    let lapsed = lapsed(&standing, &settings, now);
    for (part, cause) in &lapsed {
        let ended = Event::Cancelled {
            on: cause.on,
            cause: cause.why,
        };
        writing.note_delay(order, PartKey::of(part), &ended).await?;
    }
    let parts: Vec<(&WaitingPart, Quantity)> = lapsed
        .iter()
        .map(|(part, _)| (*part, part.quantity))
        .collect();
    let skus: Vec<Sku> =
        cancel_parts(&mut writing, &settings, &standing, &parts, None, now).await?;
    for (part, _) in &lapsed {
        let started = Event::RefundStarted {
            on: today_at(&settings, part, now),
        };
        writing
            .note_delay(order, PartKey::of(part), &started)
            .await?;
    }
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(skus), revision).await;
    Ok(())
}

/// Writes down that a part is over, and that its money is let go of or on its way back.
pub(super) async fn note_cancelled(
    writing: &mut Writing,
    settings: &Settings,
    order: &OrderId,
    part: &WaitingPart,
    cause: shared::delay::Cause,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let (key, on) = (PartKey::of(part), today_at(settings, part, now));
    writing
        .note_delay(order, key, &Event::Cancelled { on, cause })
        .await?;
    writing
        .note_delay(order, key, &Event::RefundStarted { on })
        .await?;
    Ok(())
}

struct Lapse {
    on: NaiveDate,
    why: shared::delay::Cause,
}

/// The parts of an order that time alone has ended.
fn lapsed<'a>(
    standing: &'a Standing,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Vec<(&'a WaitingPart, Lapse)> {
    let ended = |part: &'a WaitingPart| {
        let side = Side::of(standing, settings, part, now)?;
        let by_seller = standing.notices.iter().any(|notice| {
            notice.key == PartKey::of(part)
                && notice.kind == "cancelled_by_seller"
                && notice.state != NoticeState::Replaced
        });
        if by_seller {
            let why = shared::delay::Cause::Seller;
            return Some((
                part,
                Lapse {
                    on: side.today,
                    why,
                },
            ));
        }
        on_day(&side.history, side.today)
            .into_iter()
            .find_map(|action| match action {
                Action::Cancel { on, cause } => Some((part, Lapse { on, why: cause })),
                Action::Refund { .. } | Action::TellMissed { .. } => None,
            })
    };
    standing.waiting.iter().filter_map(ended).collect()
}

/// One part's side of the law.
pub(super) struct Side {
    /// What was told, and answered.
    pub(super) history: History,
    /// By when it is due now, in the sense of the law.
    due: Option<NaiveDate>,
    /// The day where it leaves.
    pub(super) today: NaiveDate,
}

impl Side {
    /// The side of a part; none where nobody knows the place any more that it leaves from.
    pub(super) fn of(
        standing: &Standing,
        settings: &Settings,
        part: &WaitingPart,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let location = settings
            .locations
            .iter()
            .find(|location| location.id == part.location)?;
        let policy = policy_of(standing);
        let zone = settings.promises.zone.as_deref();
        let in_sense = |due: Due| {
            due.day()
                .map(|day| as_meant(policy.law.sense(), location, zone, day))
        };
        let placed = location.calendar.today(standing.order.placed_at);
        let mut history = History::new(
            policy,
            Terms {
                placed,
                shown: in_sense(part.first_due),
                payment: Payment::Ordinary,
                essential: false,
            },
        );
        for past in &standing.delays {
            if past.key == PartKey::of(part)
                && let Err(refusal) = history.record(past.event)
            {
                tracing::warn!(order = %standing.order.id, %refusal, "A delay was recorded that the rules do not know: {refusal}");
            }
        }
        Some(Self {
            history,
            due: in_sense(part.due),
            today: location.calendar.today(now),
        })
    }

    fn extra_period(&self) -> Option<ExtraPeriod> {
        let today = self.today;
        match way_out(&self.history, today)? {
            Button::EndContract { from } if from <= today => Some(ExtraPeriod::Passed),
            Button::EndContract { from } => Some(ExtraPeriod::Running {
                until: from.pred_opt()?,
            }),
            Button::SetExtraPeriod { from } if from <= today => {
                let mut set = self.history.clone();
                set.record(Event::ExtraPeriodSet { on: today }).ok()?;
                match way_out(&set, today)? {
                    Button::EndContract { from } => Some(ExtraPeriod::Offered {
                        until: from.pred_opt()?,
                    }),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// True unless it has ended, perhaps by time alone.
    fn waits(&self) -> bool {
        let standing = self.history.standing(self.today);
        matches!(standing, shared::delay::Standing::Waits { .. })
    }

    /// The date that the customer was told last.
    pub(super) fn last_told(&self) -> Option<When> {
        let events = self.history.events().iter().rev();
        events
            .filter_map(|event| match event {
                Event::Told { due, .. } => Some(*due),
                _ => None,
            })
            .next()
    }
}

/// The answer that leads out of a contract which is not kept; none where nothing is late.
fn way_out(history: &History, today: NaiveDate) -> Option<Button> {
    let leads_out = |button: &Button| {
        matches!(
            button,
            Button::SetExtraPeriod { .. } | Button::EndContract { .. }
        )
    };
    buttons(history, today).into_iter().find(leads_out)
}

/// What is written for a date that is not known.
const UNKNOWN: &str = "unknown";

/// How a date that was told is written where a customer's answer names it.
pub(super) fn when_name(when: When) -> String {
    match when {
        When::By(day) => day.to_string(),
        When::Unknown => UNKNOWN.into(),
    }
}

/// Which date is written so; none for anything else.
pub fn when_named(name: &str) -> Option<When> {
    match name {
        UNKNOWN => Some(When::Unknown),
        day => day.parse().ok().map(When::By),
    }
}

/// The rules that an order was placed under.
pub fn policy_of(standing: &Standing) -> DelayPolicy {
    let country = standing.order.customer.country.as_deref();
    let law = country.map_or(Law::None, Law::of);
    standing.order.delays.policy(law)
}

/// A ship-by day in the sense of the law: where that looks at the door, the day on which it is there, if that can be known.
fn as_meant(sense: Sense, location: &Location, zone: Option<&str>, day: NaiveDate) -> NaiveDate {
    match (sense, zone) {
        (Sense::DeliverBy, Some(zone)) => location.delivers_by(day, zone).unwrap_or(day),
        _ => day,
    }
}

/// What the days are that a part's customer is told: those of delivery, where the law looks at the door and the way there is known.
pub fn sense_of(standing: &Standing, settings: &Settings, part: &WaitingPart) -> Sense {
    let mut locations = settings.locations.iter();
    let location = locations.find(|location| location.id == part.location);
    let zone = settings.promises.zone.as_deref();
    let is_known = location.zip(zone).is_some_and(|(location, zone)| {
        let mut ways = location.transit.iter();
        ways.any(|transit| &*transit.zone == zone)
    });
    match is_known {
        true => policy_of(standing).law.sense(),
        false => Sense::ShipBy,
    }
}

/// By when a part is due, in the sense of the law that its customer is under: what letters and pages say.
pub fn as_told(standing: &Standing, settings: &Settings, part: &WaitingPart) -> Option<NaiveDate> {
    let mut locations = settings.locations.iter();
    let location = locations.find(|location| location.id == part.location)?;
    let zone = settings.promises.zone.as_deref();
    let sense = policy_of(standing).law.sense();
    part.due_day()
        .map(|day| as_meant(sense, location, zone, day))
}

fn today_at(settings: &Settings, part: &WaitingPart, now: DateTime<Utc>) -> NaiveDate {
    let mut locations = settings.locations.iter();
    let there = locations.find(|location| location.id == part.location);
    there.unwrap_or(&settings.location).calendar.today(now)
}

impl PartKey {
    /// Which part it is.
    pub fn of(part: &WaitingPart) -> Self {
        Self {
            line: part.line,
            part: part.part,
        }
    }
}
