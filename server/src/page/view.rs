//! All that the page of an order says, in the customer's language.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use shared::availability::{Cause, Location};
use shared::delay::{Event, Sense, Silence, When};
use shared::money::{Currency, Money};
use shared::quantity::Quantity;
use shared::text::{DateStyle, Language, Locale, Tables, YEAR_SHOWN_AFTER_DAYS};
use shared::wire::Date;
use utoipa::ToSchema;

use super::labels::Labels;
use super::words::{fill, say};
use crate::catalogue::{Settings, Shop};
use crate::operations::check_availability::{Question, answer, instant};
use crate::operations::delays::{ExtraPeriod, as_told, extra_periods, policy_of};
use crate::operations::offer_words::{given, how, redeemable};
use crate::operations::records::{
    Account, ChargeState, NoticeRecord, OrderLine, PartKey, PaymentState, PromiseRow, RefundState,
    Shipment, Standing, WaitingPart,
};
use crate::operations::reply_to_delay::{Read, newest_notice};
use crate::operations::wait_reasons::stated_of;

/// An order as its customer sees it. Every text is ready to show, in `lang`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OrderPage)]
pub struct OrderPage {
    /// BCP 47.
    pub lang: &'static str,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    /// The shop's name.
    pub shop: String,
    /// The order's number.
    pub order: String,
    /// "Order W-1"
    pub title: String,
    /// Instant (RFC 3339) at which it was placed.
    pub placed_at: String,
    /// "Placed on November 23"
    pub placed: String,
    /// `open`, `part_shipped`, `shipped` or `cancelled`.
    pub status: &'static str,
    /// The same in a sentence.
    pub status_text: String,
    /// What was ordered.
    pub lines: Vec<LineView>,
    /// What is given for the wait; null where nothing is, or it cannot be redeemed any more.
    pub offer: Option<OfferView>,
    /// What the customer is asked about a delay; null where nothing is.
    pub asked: Option<AskedView>,
    /// The last periods that the customer may set for what is late, or has set; none where the law knows none, or nothing is late.
    pub extra_periods: Vec<PeriodView>,
    /// What has left, oldest first.
    pub parcels: Vec<ParcelView>,
    /// What is paid; null where nothing is charged through this server.
    pub money: Option<MoneyView>,
    /// True while something waits: it can be cancelled.
    pub cancellable: bool,
    /// The words around it.
    pub text: Labels,
    /// Instant (RFC 3339) at which all of this was so. No part of the `ETag`.
    pub as_of: String,
}

/// What was ordered of a SKU.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OrderPageLine)]
pub struct LineView {
    /// The line, from 0.
    pub line: u32,
    /// The SKU.
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// Units ordered.
    pub quantity: u32,
    /// Units that wait.
    pub waiting: u32,
    /// Units that have left.
    pub shipped: u32,
    /// Units that are not wanted any more.
    pub cancelled: u32,
    /// The day by which all that waits is with the carrier; null where it is not known, or nothing waits.
    pub ships_by: Option<Date>,
    /// Its parts, in the order in which they leave: what has left, what waits, what is cancelled.
    pub parts: Vec<PartView>,
    /// Why it waits, in the shop's words or ours.
    pub reason: Option<String>,
    /// What became of the dates that were told first.
    pub changes: Vec<ChangeView>,
}

/// Part of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPagePart)]
pub struct PartView {
    /// Units.
    pub quantity: u32,
    /// `shipped`, `ready`, `waiting` or `cancelled`.
    pub state: &'static str,
    /// The day by which it is with the carrier; null where it is not known or it does not wait.
    pub ships_by: Option<Date>,
    /// "Ships by Tuesday, December 15"
    pub text: String,
    /// "Arrives by Friday, December 18"; null where the shop has no transit times.
    pub delivery: Option<String>,
}

/// A date that is another one now than when it was first told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPageChange)]
pub struct ChangeView {
    /// What was told first; null where no date was known.
    pub was: Option<Date>,
    /// What is told now; null where no date is known.
    pub now: Option<Date>,
    /// "Ships by January 29 instead of December 15"
    pub text: String,
    /// Why.
    pub cause: String,
}

/// What is given for the wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPageOffer)]
pub struct OfferView {
    /// What it is.
    pub text: String,
    /// With which code it is redeemed, and until when.
    pub how: String,
    /// The code.
    pub code: String,
}

/// A question about a delay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPageQuestion)]
pub struct AskedView {
    /// True if the customer has said to wait.
    pub answered: bool,
    /// What is asked, or what was answered.
    pub heading: String,
    /// What follows where nobody answers.
    pub silence: String,
    /// Names the dates that are shown: it goes with the answer, so that nobody agrees to others. Null where nothing is asked any more.
    pub read: Option<String>,
}

/// A last period for what is late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPageExtraPeriod)]
pub struct PeriodView {
    /// `offered`, `running` or `passed`.
    pub status: &'static str,
    /// How it stands.
    pub heading: String,
    /// What is late.
    pub items: Vec<ItemView>,
    /// What it means.
    pub text: String,
}

/// A parcel that has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPageParcel)]
pub struct ParcelView {
    /// "Left on November 24"
    pub text: String,
    /// Who carries it.
    pub carrier: Option<String>,
    /// Under which number.
    pub tracking_number: Option<String>,
    /// What is in it.
    pub items: Vec<ItemView>,
}

/// Units of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPageItem)]
pub struct ItemView {
    /// Units.
    pub quantity: u32,
    /// What it is called.
    pub title: String,
}

/// What is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPageMoney)]
pub struct MoneyView {
    /// What was charged for what has left, and what the rest costs. What is cancelled costs nothing.
    pub total: String,
    /// What was charged and given back, and what is only agreed; a sentence each.
    pub facts: Vec<String>,
    /// What has to be paid now.
    pub due: Vec<DueView>,
}

/// Something to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPageDue)]
pub struct DueView {
    /// What is wanted, and why.
    pub text: String,
    /// Until when the goods are kept.
    pub kept: Option<String>,
    /// Where to pay.
    pub pay_url: Option<String>,
}

/// Gathers the page of an order.
pub fn order_page(
    shop: &Shop,
    standing: &Standing,
    language: Language,
    now: DateTime<Utc>,
) -> OrderPage {
    let settings = shop.settings();
    let teller = Teller {
        shop,
        settings: &settings,
        standing,
        language,
        tables: Tables(language),
        now,
    };
    teller.page()
}

/// What goods are called here.
pub fn title(shop: &Shop, line: &OrderLine) -> String {
    let entry = shop.entry(line.sku.as_str());
    let title = entry.and_then(|entry| entry.facts().title);
    title.map_or_else(|| line.sku.to_string(), |title| title.to_string())
}

/// The language of an order's customer.
pub fn language(standing: &Standing) -> Language {
    let tag = standing.order.customer.language.as_deref();
    tag.map_or(Language::English, Language::for_tag)
}

struct Teller<'a> {
    shop: &'a Shop,
    settings: &'a Settings,
    standing: &'a Standing,
    language: Language,
    tables: Tables,
    now: DateTime<Utc>,
}

impl Teller<'_> {
    fn page(&self) -> OrderPage {
        let order = &self.standing.order;
        let status = self.standing.status();
        let lines = (0..).zip(&order.lines);
        OrderPage {
            lang: self.language.tag(),
            dir: match self.language.is_right_to_left() {
                true => "rtl",
                false => "ltr",
            },
            shop: self.settings.name.clone(),
            order: order.id.to_string(),
            title: self.say("title", &[("order", order.id.as_str())]),
            placed_at: instant(order.placed_at),
            placed: self.on("placed", order.placed_at),
            status,
            status_text: self.status_text(status),
            lines: lines.map(|(at, line)| self.line(at, line)).collect(),
            offer: self.offer(),
            asked: self.asked(),
            extra_periods: extra_periods(self.standing, self.settings, self.now)
                .iter()
                .map(|(period, late)| self.extra_period(*period, late))
                .collect(),
            parcels: self
                .standing
                .shipments
                .iter()
                .map(|shipment| self.parcel(shipment))
                .collect(),
            money: self
                .standing
                .account
                .as_ref()
                .zip(order.currency)
                .map(|(account, currency)| self.money(account, currency)),
            cancellable: !self.standing.waiting.is_empty(),
            text: Labels::of(self.language),
            as_of: instant(self.now),
        }
    }

    fn status_text(&self, status: &str) -> String {
        let mut lines = self.standing.order.lines.iter();
        let rest = match status {
            "shipped" if lines.any(|line| line.cancelled != Quantity::ZERO) => "_rest",
            _ => "",
        };
        self.say(&format!("status_{status}{rest}"), &[])
    }

    fn line(&self, at: u32, line: &OrderLine) -> LineView {
        let waiting = self.standing.waiting.iter();
        let mut waiting: Vec<&WaitingPart> = waiting.filter(|part| part.line == at).collect();
        waiting.sort_by_key(|part| (part.due_day().is_none(), part.due_day(), part.part));
        let days: Option<Vec<NaiveDate>> = waiting.iter().map(|part| part.due_day()).collect();
        let settled = |state, units: Quantity, key: &str| {
            (units != Quantity::ZERO).then(|| PartView {
                quantity: units.units(),
                state,
                ships_by: None,
                text: self.say(key, &[]),
                delivery: None,
            })
        };
        let shipped = settled("shipped", line.shipped, "line_shipped");
        let cancelled = settled("cancelled", line.cancelled, "line_cancelled");
        let parts = shipped
            .into_iter()
            .chain(waiting.iter().map(|part| self.part(part)))
            .chain(cancelled);
        LineView {
            line: at,
            sku: line.sku.to_string(),
            title: title(self.shop, line),
            quantity: line.quantity.units(),
            waiting: waiting.iter().map(|part| part.quantity.units()).sum(),
            shipped: line.shipped.units(),
            cancelled: line.cancelled.units(),
            ships_by: days.and_then(|days| days.into_iter().max()).map(Date),
            parts: parts.collect(),
            reason: self.reason(&waiting),
            changes: waiting
                .iter()
                .filter_map(|part| self.change(PartKey::of(part)))
                .collect(),
        }
    }

    fn part(&self, part: &WaitingPart) -> PartView {
        let words = self.language.words();
        let text = match part.due_day() {
            Some(day) => fill(words.ships_by, &[("date", &self.date(day))]),
            None => words.no_date.to_owned(),
        };
        let arrives = match policy_of(self.standing).law.sense() {
            Sense::DeliverBy => as_told(self.standing, self.settings, part),
            Sense::ShipBy => None,
        };
        let arrives = arrives.or_else(|| self.arrives(part));
        PartView {
            quantity: part.quantity.units(),
            state: if part.filled { "ready" } else { "waiting" },
            ships_by: part.due_day().map(Date),
            text,
            delivery: arrives
                .filter(|day| part.due_day() < Some(*day))
                .map(|day| fill(words.delivers_by, &[("date", &self.date(day))])),
        }
    }

    fn arrives(&self, part: &WaitingPart) -> Option<NaiveDate> {
        let zone = self.settings.promises.zone.as_deref()?;
        let mut locations = self.settings.locations.iter();
        let location: &Location = locations.find(|location| location.id == part.location)?;
        location.delivers_by(part.due_day()?, zone)
    }

    /// Why a line waits: what the shop says of what its last date stands on, else what kind of wait the product's own
    /// page names for so many of it, in our words.
    fn reason(&self, waiting: &[&WaitingPart]) -> Option<String> {
        let last = waiting.iter().rfind(|part| !part.filled)?;
        let units: u32 = waiting.iter().map(|part| part.quantity.units()).sum();
        let question = Question {
            quantity: Quantity::new(units),
            language: self.language,
            to: None,
            visitor: None,
        };
        let ours = || {
            let told = answer(self.shop, self.settings, &last.sku, &question, self.now);
            let cause = Cause::named(&told.reason?.code)?;
            Some(self.language.cause(cause).to_owned())
        };
        stated_of(self.shop, last, self.language).or_else(ours)
    }

    /// What became of the first date of a part; none where it is the same day.
    fn change(&self, key: PartKey) -> Option<ChangeView> {
        let rows = self.standing.promises.iter();
        let rows = rows.filter(|row| row.line == key.line && row.part == key.part);
        let mut rows: Vec<&PromiseRow> = rows.collect();
        rows.sort_by_key(|row| row.version);
        let day = |row: &PromiseRow| row.held.due.day();
        let (was, now) = (day(rows.first()?), day(rows.last()?));
        if was == now {
            return None;
        }
        // A row may say something else than a date: that fewer units are wanted.
        let mut pairs = rows.windows(2);
        let moved = pairs.rfind(|pair| day(pair[0]) != day(pair[1]))?;
        let (old, new) = (was.map(|day| self.date(day)), now.map(|day| self.date(day)));
        let text = match (&old, &new) {
            (Some(was), Some(now)) => self.say("change_ships", &[("was", was), ("now", now)]),
            (Some(was), None) => self.say("change_unknown", &[("was", was)]),
            (None, Some(now)) => self.say("change_known_ships", &[("now", now)]),
            (None, None) => return None,
        };
        let cause = self.say(cause_key(&moved[1].cause), &[]);
        Some(ChangeView {
            was: was.map(Date),
            now: now.map(Date),
            text,
            cause: self.say("why_changed", &[("cause", &cause)]),
        })
    }

    fn offer(&self) -> Option<OfferView> {
        let today = self.settings.location.calendar.today(self.now);
        let offer = redeemable(self.standing, today)?;
        Some(OfferView {
            text: given(offer, self.shop, self.language),
            how: how(offer, self.language, today),
            code: offer.code.clone(),
        })
    }

    fn asked(&self) -> Option<AskedView> {
        let open = open_notices(self.standing);
        if open.is_empty() {
            return None;
        }
        let asked: Vec<&&NoticeRecord> = open
            .iter()
            .filter(|notice| !has_consented(self.standing, notice))
            .collect();
        if asked.is_empty() {
            return Some(AskedView {
                answered: true,
                heading: self.say("will_wait", &[]),
                silence: self.say("may_cancel", &[]),
                read: None,
            });
        }
        // Of several the gravest: whoever answers in time for it has answered in time for all.
        let ends = asked.iter().filter_map(|notice| match notice.silence {
            Silence::Cancels { on } => Some(on),
            Silence::Consents | Silence::ChangesNothing => None,
        });
        let silence = match ends.min() {
            Some(on) => self.say("silence_cancels", &[("date", &self.date(on))]),
            None => self.say("silence_consents", &[]),
        };
        Some(AskedView {
            answered: false,
            heading: self.say("ask_wait", &[]),
            silence,
            read: Some(Read::of(self.standing).to_string()),
        })
    }

    fn extra_period(&self, period: ExtraPeriod, late: &[&WaitingPart]) -> PeriodView {
        let dated = |key: &str, day: NaiveDate| self.say(key, &[("date", &self.date(day))]);
        let plain = |key: &str| self.say(key, &[]);
        let (status, heading, text) = match period {
            ExtraPeriod::Passed => ("passed", plain("period_passed"), plain("period_passed_why")),
            ExtraPeriod::Offered { until } => {
                ("offered", plain("late"), dated("period_offered", until))
            }
            ExtraPeriod::Running { until } => {
                ("running", dated("period_runs", until), plain("period_ends"))
            }
        };
        let lines = (0..).zip(&self.standing.order.lines);
        let items = lines.filter_map(|(at, line)| {
            let parts = late.iter().filter(|part| part.line == at);
            let quantity = parts.map(|part| part.quantity.units()).sum();
            (quantity != 0).then(|| ItemView {
                quantity,
                title: title(self.shop, line),
            })
        });
        PeriodView {
            status,
            heading,
            items: items.collect(),
            text,
        }
    }

    fn parcel(&self, shipment: &Shipment) -> ParcelView {
        let items = shipment.lines.iter().map(|content| {
            let lines = self.standing.order.lines.iter();
            let mut of_sku = lines.filter(|line| line.sku == content.sku);
            ItemView {
                quantity: content.quantity.units(),
                title: of_sku
                    .next()
                    .map_or_else(|| content.sku.to_string(), |line| title(self.shop, line)),
            }
        });
        ParcelView {
            text: self.on("left_on", shipment.shipped_at),
            carrier: shipment.carrier.clone(),
            tracking_number: shipment.tracking_number.clone(),
            items: items.collect(),
        }
    }

    fn money(&self, account: &Account, currency: Currency) -> MoneyView {
        let amount = |units: i64| self.tables.money(Money::new(units, currency));
        let mut facts = Vec::new();
        for charge in account.charges.iter().filter(|charge| 0 < charge.captured) {
            let taken = amount(charge.captured);
            let at = charge.captured_at.unwrap_or(self.now);
            let date = self.date(self.settings.location.calendar.today(at));
            facts.push(self.say("charged_on", &[("amount", &taken), ("date", &date)]));
        }
        if facts.is_empty() {
            facts.push(self.say("nothing_charged", &[]));
        }
        for refund in &account.refunds {
            let back = amount(refund.amount);
            let date = self.date(self.settings.location.calendar.today(refund.at));
            let key = match refund.state {
                RefundState::Due => "refund_due",
                RefundState::Done => "refunded_on",
                RefundState::Failed => "refund_failed",
            };
            facts.push(self.say(key, &[("amount", &back), ("date", &date)]));
        }
        let captured: i64 = account.charges.iter().map(|charge| charge.captured).sum();
        let agreed = account.payment.authorized - captured;
        if account.payment.state == PaymentState::Authorized
            && 0 < agreed
            && !self.standing.waiting.is_empty()
        {
            facts.push(self.say("authorized", &[("amount", &amount(agreed))]));
        }
        let due = account.charges.iter();
        let due = due.filter(|charge| charge.state == ChargeState::PaymentNeeded);
        let due = due.map(|charge| {
            let wanted = amount(charge.amount.unwrap_or(charge.authorized));
            // What has left is not kept any more.
            let ends = charge.grace_ends.filter(|_| charge.amount.is_none());
            let kept = ends.map(|end| {
                let date = self.date(self.settings.location.calendar.today(end));
                self.say("kept_until", &[("date", &date)])
            });
            DueView {
                text: self.say("payment_needed", &[("amount", &wanted)]),
                kept,
                pay_url: charge.pay_url.clone().filter(|url| is_web_address(url)),
            }
        });
        MoneyView {
            total: amount(self.standing.comes_to()),
            facts,
            due: due.collect(),
        }
    }

    fn on(&self, key: &str, at: DateTime<Utc>) -> String {
        let day = self.settings.location.calendar.today(at);
        self.say(key, &[("date", &self.date(day))])
    }

    fn date(&self, day: NaiveDate) -> String {
        let today = self.settings.location.calendar.today(self.now);
        let is_far = YEAR_SHOWN_AFTER_DAYS < (day - today).num_days().abs();
        let style = if is_far {
            DateStyle::Year
        } else {
            DateStyle::Weekday
        };
        self.tables.date(day, style)
    }

    fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        say(self.language, key, values)
    }
}

/// The last notice of each part that waits, where an answer to it means something.
fn open_notices(standing: &Standing) -> Vec<&NoticeRecord> {
    let last = |part: &WaitingPart| {
        newest_notice(standing, part).filter(|notice| notice.silence != Silence::ChangesNothing)
    };
    standing.waiting.iter().filter_map(last).collect()
}

fn has_consented(standing: &Standing, notice: &NoticeRecord) -> bool {
    standing.delays.iter().any(|past| {
        let agreed = match past.event {
            Event::Consented { to, .. } => covers(to, notice.now),
            _ => false,
        };
        agreed && past.key == notice.key
    })
}

/// True if whoever agreed to wait until `agreed` waits until `now` too.
fn covers(agreed: When, now: When) -> bool {
    match (agreed, now) {
        (When::Unknown, _) => true,
        (When::By(agreed), When::By(now)) => now <= agreed,
        (When::By(_), When::Unknown) => false,
    }
}

fn cause_key(cause: &str) -> &'static str {
    match cause {
        "stock_counted" | "stock_adjusted" | "stock_imported" => "cause_counted",
        "purchase_order_changed" => "cause_delivery",
        "sku_changed" => "cause_product",
        "supplier_changed" => "cause_supplier",
        "goods_received" => "cause_received",
        "reservation_ended" => "cause_freed",
        "supply_late" => "cause_late",
        _ => "cause_other",
    }
}

/// True for what a link may lead to: an address of another kind would be a script's.
fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
