//! Writes a letter to a customer from how the order stands now, and sends it. What the letter said is written down with its end.

use std::collections::HashMap;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use shared::delay::{Sense, Silence, When};
use shared::ids::{OrderId, ShipmentId, Sku, StoreId};
use shared::money::Money;
use shared::quantity::Quantity;
use shared::text::Language;

use super::ActError;
use super::delays::{as_told, have_told, policy_of, sense_of, to_tell};
use super::offer_words::{given, how, redeemable};
use super::records::{Charge, Errand, ErrandEnd, NoticeRecord, PartKey, Standing, WaitingPart};
use super::running::{Touched, publish};
use super::wait_reasons::stated_of;
use crate::app::App;
use crate::catalogue::{Settings, Shop};
use crate::hex;
use crate::mail::carrier::Undelivered;
use crate::mail::render::Template;
use crate::mail::{Change, Letter, LetterKind, LetterLine, Slice};
use crate::store::writing::Note;

/// Why a letter was not sent.
#[derive(Debug)]
pub(super) enum Unsent {
    /// It is tried again.
    Again(String),
    /// It cannot be sent.
    Never(String),
    /// There is nothing to tell any more.
    Needless,
}

impl From<ActError> for Unsent {
    fn from(error: ActError) -> Self {
        Self::Again(error.to_string())
    }
}

impl From<Unsent> for super::errands::Setback {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Again(why) => Self::Again(why, None),
            Unsent::Never(why) => Self::Never(why),
            Unsent::Needless => Self::Needless,
        }
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Content {
    letter: String,
    about: String,
    /// Lines and units, where it is about some.
    lines: Vec<(u32, u32)>,
}

/// Sends the letter of an errand, and ends the errand.
pub(super) async fn send(app: &App, store: &StoreId, errand: &Errand) -> Result<(), Unsent> {
    let order = errand.order.as_ref().ok_or(Unsent::Needless)?;
    let now = app.clock.now();
    let standing = app
        .store
        .order(store, order, now)
        .await
        .map_err(ActError::from)?;
    let standing = standing.ok_or(Unsent::Needless)?;
    let to = standing
        .order
        .customer
        .email
        .clone()
        .ok_or(Unsent::Needless)?;
    let shop = app.catalogue.shop(store).ok_or(Unsent::Needless)?;
    let carrier = app.connections.carrier(store).ok_or_else(|| {
        Unsent::Again("nobody said who carries the mail: see docs/accounts.md".into())
    })?;
    let content: Content = serde_json::from_str(&errand.content).unwrap_or_default();
    let notices: Vec<NoticeRecord> = match content.letter.as_str() {
        "delayed" => to_tell(&standing, &shop.settings(), now),
        _ => Vec::new(),
    };
    let letter = letter(app, &shop, &standing, &content, &notices)?;
    let own = app
        .store
        .letter_template(store, letter.kind.name(), letter.language.tag())
        .await
        .map_err(ActError::from)?;
    let mail = own
        .as_ref()
        .unwrap_or_else(|| Template::ours())
        .mail(&letter);
    // A template of the shop's that fails is no reason to tell nobody.
    let mail = mail.or_else(|_| Template::ours().mail(&letter));
    let mail = mail.map_err(|error| Unsent::Never(error.to_string()))?;
    let name = message_name(errand, order, &notices);
    carrier
        .carry(&format!("{store}.{name}"), &to, &mail, now)
        .await
        .map_err(|undelivered| match undelivered {
            Undelivered::Again(why) => Unsent::Again(why),
            Undelivered::Never(why) => Unsent::Never(why),
        })?;

    let note = Note::new("send_letter", errand.name.as_str());
    let mut writing = app
        .store
        .begin(store, note, now)
        .await
        .map_err(ActError::from)?;
    let ended = writing
        .end_errand(&errand.name, ErrandEnd::Done, None)
        .await;
    if !ended.map_err(ActError::from)? {
        writing.undo().await.map_err(ActError::from)?;
        return Ok(());
    }
    have_told(&mut writing, &shop.settings(), order, &notices, now).await?;
    let revision = writing.commit().await.map_err(ActError::from)?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}

/// By what a letter is known, however often it is sent: its errand. Where it tells of dates that were moved, by what it tells: an
/// errand that is tried again after another move tells something else, and a reader that knows the name would not show it.
fn message_name(errand: &Errand, order: &OrderId, notices: &[NoticeRecord]) -> String {
    if notices.is_empty() {
        return errand.name.clone();
    }
    let mut told = Sha256::new();
    for notice in notices {
        let (key, now) = (notice.key, day(notice.now));
        told.update(format!(
            "{} {} {} {} {now:?}\n",
            key.line, key.part, notice.version, notice.kind
        ));
    }
    format!("mail delayed/{order}/{}", hex::text(&told.finalize()[..8]))
}

fn letter(
    app: &App,
    shop: &Shop,
    standing: &Standing,
    content: &Content,
    notices: &[NoticeRecord],
) -> Result<Letter, Unsent> {
    let order = &standing.order;
    let settings = shop.settings();
    let tag = order.customer.language.as_deref().unwrap_or("en");
    let language = Language::for_tag(tag);
    let titles = Titles::of(shop, standing, language);
    let mail = app
        .connections
        .of(&standing.store)
        .and_then(|connection| connection.mail.as_ref());
    let page = order.token.as_deref().and_then(|token| {
        app.connections
            .link(&format!("/o/{}/{}/{token}", standing.store, order.id))
    });
    let money = |amount: i64| order.currency.map(|currency| Money::new(amount, currency));
    let kind = match content.letter.as_str() {
        "confirmed" => confirmed(standing, &titles, money)?,
        "delayed" => delayed(standing, &settings, &titles, notices)?,
        "shipped" => shipped(standing, &titles, &content.about, money)?,
        "payment_needed" => {
            let charge = charge_of(standing, &content.about).ok_or(Unsent::Needless)?;
            let is_needed = charge.state == super::records::ChargeState::PaymentNeeded;
            let amount = money(charge.amount.unwrap_or(charge.authorized)).filter(|_| is_needed);
            let zone = settings.location.calendar.clone();
            LetterKind::PaymentNeeded {
                amount: amount.ok_or(Unsent::Needless)?,
                pay_url: charge.pay_url.clone(),
                kept_until: match charge.amount {
                    None => charge.grace_ends.map(|end| zone.today(end)),
                    Some(_) => None,
                },
                has_left: charge.amount.is_some(),
            }
        }
        "cancelled" => LetterKind::Cancelled {
            content: listed(standing, &titles, &content.lines),
            is_charged_here: standing.account.is_some(),
        },
        "refunded" => {
            let refunds = standing.account.iter().flat_map(|account| &account.refunds);
            let refund = refunds
                .into_iter()
                .find(|refund| refund.id == content.about);
            let amount = refund.and_then(|refund| money(refund.amount));
            LetterKind::Refunded {
                amount: amount.ok_or(Unsent::Needless)?,
            }
        }
        _ => return Err(Unsent::Needless),
    };
    let today = settings.location.calendar.today(app.clock.now());
    Ok(Letter {
        kind,
        language,
        today,
        shop: settings.name.clone(),
        postal: mail.and_then(|mail| mail.postal.clone()),
        customer: order.customer.name.clone(),
        order: order.id.to_string(),
        page,
        lines: lines(standing, &settings, &titles),
        leave: None,
        offer: redeemable(standing, today).map(|offer| {
            let text = given(offer, shop, language);
            (text, how(offer, language, today))
        }),
    })
}

/// What goods are called, and why they wait.
struct Titles<'a> {
    shop: &'a Shop,
    language: Language,
    by_sku: HashMap<Sku, String>,
}

impl<'a> Titles<'a> {
    fn of(shop: &'a Shop, standing: &Standing, language: Language) -> Self {
        let skus = standing.order.lines.iter().map(|line| &line.sku);
        let titles = skus.filter_map(|sku| {
            let entry = shop.entry(sku.as_str())?;
            Some((sku.clone(), entry.title()?.to_owned()))
        });
        Self {
            shop,
            language,
            by_sku: titles.collect(),
        }
    }

    fn title(&self, sku: &Sku) -> String {
        let title = self.by_sku.get(sku).cloned();
        title.unwrap_or_else(|| sku.to_string())
    }

    fn reason(&self, part: &WaitingPart) -> Option<String> {
        stated_of(self.shop, part, self.language)
    }
}

fn lines(standing: &Standing, settings: &Settings, titles: &Titles<'_>) -> Vec<LetterLine> {
    let mut lines = Vec::new();
    for (at, line) in (0..).zip(&standing.order.lines) {
        let parts = standing.waiting.iter().filter(|part| part.line == at);
        let mut parts: Vec<&WaitingPart> = parts.collect();
        if parts.is_empty() {
            continue;
        }
        parts.sort_by_key(|part| (part.due_day().is_none(), part.due_day()));
        let late = parts.iter().rfind(|part| !part.filled);
        let slices = parts.iter().map(|part| Slice {
            quantity: part.quantity.units(),
            by: as_told(standing, settings, part),
            sense: sense_of(standing, settings, part),
        });
        lines.push(LetterLine {
            title: titles.title(&line.sku),
            slices: slices.collect(),
            reason: late.and_then(|part| titles.reason(part)),
        });
    }
    lines
}

/// What was cancelled before anybody was told is not confirmed: its own letter speaks of it.
fn confirmed(
    standing: &Standing,
    titles: &Titles<'_>,
    money: impl Fn(i64) -> Option<Money>,
) -> Result<LetterKind, Unsent> {
    let lines = standing.order.lines.iter();
    let left = lines.filter(|line| line.shipped != Quantity::ZERO);
    let left: Vec<_> = left
        .map(|line| (titles.title(&line.sku), line.shipped.units()))
        .collect();
    if left.is_empty() && standing.waiting.is_empty() {
        return Err(Unsent::Needless);
    }
    let total = match &standing.account {
        Some(_) => standing.comes_to(),
        None => standing.wanted_cost(),
    };
    Ok(LetterKind::Confirmed {
        left,
        total: money(total),
        is_paid_by_parcel: standing.account.is_some(),
    })
}

fn delayed(
    standing: &Standing,
    settings: &Settings,
    titles: &Titles<'_>,
    notices: &[NoticeRecord],
) -> Result<LetterKind, Unsent> {
    let changes: Vec<Change> = notices
        .iter()
        .filter_map(|notice| {
            let part = standing
                .waiting
                .iter()
                .find(|part| PartKey::of(part) == notice.key)?;
            Some(Change {
                title: titles.title(&part.sku),
                quantity: part.quantity.units(),
                was: day(notice.was),
                now: day(notice.now),
                sense: sense_of(standing, settings, part),
                reason: titles.reason(part),
            })
        })
        .collect();
    if changes.is_empty() {
        return Err(Unsent::Needless);
    }
    if notices.iter().all(|notice| notice.kind == "earlier") {
        return Ok(LetterKind::Sooner { changes });
    }
    // Of several the gravest: whoever answers in time for it has answered in time for all.
    let cancels = notices.iter().filter_map(|notice| match notice.silence {
        Silence::Cancels { on } => Some(on),
        Silence::Consents | Silence::ChangesNothing => None,
    });
    let silence = match cancels.min() {
        Some(on) => Silence::Cancels { on },
        None if notices
            .iter()
            .any(|notice| notice.silence == Silence::Consents) =>
        {
            Silence::Consents
        }
        None => Silence::ChangesNothing,
    };
    Ok(LetterKind::Delayed {
        changes,
        silence,
        may_set_period: policy_of(standing).law.sense() == Sense::DeliverBy,
    })
}

fn shipped(
    standing: &Standing,
    titles: &Titles<'_>,
    about: &str,
    money: impl Fn(i64) -> Option<Money>,
) -> Result<LetterKind, Unsent> {
    let shipment = standing
        .shipments
        .iter()
        .find(|shipment| shipment.id.as_str() == about);
    let shipment = shipment.ok_or(Unsent::Needless)?;
    let content = shipment
        .lines
        .iter()
        .map(|line| (titles.title(&line.sku), line.quantity.units()));
    let charge = charge_of(standing, about);
    Ok(LetterKind::Shipped {
        content: content.collect(),
        carrier: shipment.carrier.clone(),
        tracking_number: shipment.tracking_number.clone(),
        charged: charge
            .filter(|charge| 0 < charge.captured)
            .and_then(|charge| money(charge.captured)),
    })
}

/// The charge that a letter is about: its name begins with the parcel's.
fn charge_of<'a>(standing: &'a Standing, about: &str) -> Option<&'a Charge> {
    let id: ShipmentId = about.split('/').next()?.parse().ok()?;
    standing.account.as_ref()?.charge(&id)
}

/// Titles and units of lines.
fn listed(standing: &Standing, titles: &Titles<'_>, lines: &[(u32, u32)]) -> Vec<(String, u32)> {
    let goods = |(line, units): &(u32, u32)| {
        let line = standing.order.lines.get(usize::try_from(*line).ok()?)?;
        Some((titles.title(&line.sku), *units))
    };
    lines.iter().filter_map(goods).collect()
}

fn day(when: When) -> Option<NaiveDate> {
    match when {
        When::By(day) => Some(day),
        When::Unknown => None,
    }
}
