//! Puts a letter into sentences. Each stands once in each language, in words.json; what the widget says too is said in the
//! widget's words.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Serialize;
use shared::delay::{Sense, Silence};
use shared::quantity::Quantity;
use shared::text::{DateStyle, Language, Locale, Tables, YEAR_SHOWN_AFTER_DAYS};

use super::letter::{Change, Letter, LetterKind, LetterLine, Slice};

mod waitlist;

/// A letter in sentences, for a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// BCP 47.
    pub lang: &'static str,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    /// What it is about, in one line.
    pub subject: String,
    /// What a list of mails shows after the subject.
    pub preheader: String,
    /// The same as the subject, as a heading.
    pub heading: String,
    /// How it begins, where the customer's name is known.
    pub hello: Option<String>,
    /// What it says.
    pub paragraphs: Vec<String>,
    /// Goods, in groups.
    pub groups: Vec<Group>,
    /// Names and values.
    pub facts: Vec<Fact>,
    /// What comes after that.
    pub after: Vec<String>,
    /// What else there is of the order, in groups: nothing said before is about it.
    pub later: Vec<Group>,
    /// What can be done. A link alone does nothing: it leads to a page that asks.
    pub buttons: Vec<Button>,
    /// Where no more letters are asked for; none where they belong to an order.
    pub leave: Option<Button>,
    /// Why it was sent.
    pub why: String,
    /// What stands between a name and its value.
    pub colon: &'static str,
    /// The shop's name.
    pub shop: String,
    /// The shop's postal address.
    pub postal: Option<String>,
}

/// Goods under a heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The heading, if it has one.
    pub heading: Option<String>,
    /// The goods.
    pub items: Vec<Item>,
}

/// Goods, and what is said of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// How many of what: `2 × Hoodie, blue`.
    pub title: String,
    /// What is said of them, a line each.
    pub notes: Vec<String>,
    /// Why, more quietly.
    pub reason: Option<String>,
}

/// A name with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// True for the first thing to do.
    pub is_first: bool,
}

type Catalogue = HashMap<String, HashMap<String, String>>;

static WORDS: LazyLock<Catalogue> = LazyLock::new(|| {
    serde_json::from_str(include_str!("words.json"))
        .expect("words.json is an object of objects of texts")
});

/// Puts a letter into sentences.
pub fn said(letter: &Letter) -> Said {
    let speaker = Speaker::of(letter);
    let mut said = Said {
        lang: letter.language.tag(),
        dir: if letter.language == Language::Arabic {
            "rtl"
        } else {
            "ltr"
        },
        subject: speaker.plain(&format!("{}_subject", speaker.stem())),
        preheader: String::new(),
        heading: speaker.plain(&format!("{}_heading", speaker.stem())),
        hello: letter
            .customer
            .as_deref()
            .map(|name| speaker.with("hello", &[("name", &speaker.own(name))])),
        paragraphs: Vec::new(),
        groups: Vec::new(),
        facts: Vec::new(),
        after: Vec::new(),
        later: Vec::new(),
        buttons: Vec::new(),
        leave: None,
        why: speaker.plain("why"),
        colon: match letter.language {
            Language::French => "\u{a0}: ",
            Language::Japanese => "：",
            _ => ": ",
        },
        shop: letter.shop.clone(),
        postal: letter.postal.clone(),
    };
    speaker.fill(&mut said);
    said.preheader = said.paragraphs.first().cloned().unwrap_or_default();
    said
}

struct Speaker<'a> {
    letter: &'a Letter,
    tables: Tables,
}

impl<'a> Speaker<'a> {
    fn of(letter: &'a Letter) -> Self {
        Self {
            letter,
            tables: Tables(letter.language),
        }
    }

    /// What the keys of the letter's own words begin with.
    fn stem(&self) -> &'static str {
        match &self.letter.kind {
            LetterKind::PaymentNeeded { .. } => "payment",
            kind => kind.name(),
        }
    }

    fn fill(&self, said: &mut Said) {
        let letter = self.letter;
        match &letter.kind {
            LetterKind::Confirmed {
                left,
                total,
                is_paid_by_parcel,
            } => {
                said.paragraphs.push(self.plain("confirmed_intro"));
                said.groups.extend(self.waiting(None));
                said.groups.extend((!left.is_empty()).then(|| Group {
                    heading: Some(self.plain("has_left")),
                    ..self.goods(left)
                }));
                said.facts.extend(total.map(|total| Fact {
                    name: self.plain("total"),
                    value: self.tables.money(total),
                }));
                said.after.extend(self.offer());
                if *is_paid_by_parcel {
                    said.after.push(self.plain("pay_later"));
                }
                said.after.push(self.plain("may_cancel"));
                said.buttons.extend(self.see(true));
            }
            LetterKind::Delayed {
                changes,
                silence,
                may_set_period,
            } => {
                said.paragraphs.push(self.plain("delayed_intro"));
                said.groups.push(self.changed(changes));
                said.after.push(match silence {
                    Silence::Consents => self.plain("silence_consents"),
                    Silence::Cancels { on } => {
                        let date = self.date(*on);
                        self.with("silence_cancels", &[("date", &date)])
                    }
                    Silence::ChangesNothing => self.plain("silence_nothing"),
                });
                said.after.extend(self.offer());
                if *may_set_period {
                    said.after.push(self.plain("may_set_period"));
                }
                said.after.push(self.plain("may_cancel"));
                if *silence != Silence::ChangesNothing {
                    said.buttons
                        .extend(self.link("button_wait", "/consent", true));
                }
                said.buttons
                    .extend(self.link("button_cancel", "/cancel", false));
                said.buttons
                    .extend(self.see(*silence == Silence::ChangesNothing));
            }
            LetterKind::Sooner { changes } => {
                said.paragraphs.push(self.plain("sooner_intro"));
                said.groups.push(self.changed(changes));
                said.buttons.extend(self.see(true));
            }
            LetterKind::Shipped {
                content,
                carrier,
                tracking_number,
                charged,
            } => {
                said.paragraphs.push(self.plain("shipped_intro"));
                said.groups.push(self.goods(content));
                let charged = charged.map(|amount| self.tables.money(amount));
                let facts = [
                    ("carrier", carrier.clone()),
                    ("tracking", tracking_number.clone()),
                    ("charged", charged),
                ];
                said.facts
                    .extend(facts.into_iter().filter_map(|(name, value)| {
                        Some(Fact {
                            name: self.plain(name),
                            value: value?,
                        })
                    }));
                said.later
                    .extend(self.waiting(Some(self.plain("still_waits"))));
                said.buttons.extend(self.see(true));
            }
            LetterKind::PaymentNeeded {
                amount,
                pay_url,
                kept_until,
                has_left,
            } => {
                let amount = self.tables.money(*amount);
                let intro = if *has_left {
                    "payment_left_intro"
                } else {
                    "payment_intro"
                };
                said.paragraphs
                    .push(self.with(intro, &[("amount", &amount)]));
                said.paragraphs.extend(kept_until.map(|day| {
                    let date = self.date(day);
                    self.with("kept_until", &[("date", &date)])
                }));
                said.buttons.extend(pay_url.clone().map(|href| Button {
                    label: self.plain("button_pay"),
                    href,
                    is_first: true,
                }));
                said.buttons.extend(self.see(pay_url.is_none()));
            }
            LetterKind::Cancelled {
                content,
                is_charged_here,
            } => {
                said.paragraphs.push(self.plain("cancelled_intro"));
                said.groups.push(self.goods(content));
                if *is_charged_here {
                    said.after.push(self.plain("not_charged"));
                }
                said.later
                    .extend(self.waiting(Some(self.plain("still_waits"))));
                said.buttons.extend(self.see(true));
            }
            LetterKind::Refunded { amount } => {
                let amount = self.tables.money(*amount);
                said.subject = self.with("refunded_subject", &[("amount", &amount)]);
                said.paragraphs
                    .push(self.with("refunded_intro", &[("amount", &amount)]));
                said.buttons.extend(self.see(true));
            }
            LetterKind::BackInStockConfirm { titles, confirm } => {
                self.ask_to_confirm(said, titles, confirm);
            }
            LetterKind::BackInStock { title, ships, buy } => {
                self.say_it_is_back(said, title, ships.as_deref(), buy.as_deref());
            }
        }
    }

    /// What is given for the wait, if something is.
    fn offer(&self) -> Option<String> {
        let (text, how) = self.letter.offer.as_ref()?;
        Some(format!("{} {how}", self.own(text)))
    }

    /// What waits, with its dates; none where nothing does.
    fn waiting(&self, heading: Option<String>) -> Option<Group> {
        let items: Vec<Item> = self
            .letter
            .lines
            .iter()
            .map(|line| self.line(line))
            .collect();
        (!items.is_empty()).then_some(Group { heading, items })
    }

    fn line(&self, line: &LetterLine) -> Item {
        let units: u32 = line.slices.iter().map(|slice| slice.quantity).sum();
        let notes = match line.slices.as_slice() {
            [whole] => vec![self.whole(whole)],
            parts => parts.iter().map(|part| self.part(part)).collect(),
        };
        Item {
            title: self.counted(units, &line.title),
            notes,
            reason: line.reason.clone(),
        }
    }

    fn whole(&self, slice: &Slice) -> String {
        let words = self.letter.language.words();
        let by = match slice.sense {
            Sense::ShipBy => words.ships_by,
            Sense::DeliverBy => words.delivers_by,
        };
        match slice.by {
            Some(day) => fill(by, &[("date", &self.date(day))]),
            None => words.no_date.to_owned(),
        }
    }

    fn part(&self, slice: &Slice) -> String {
        let count = self.count(slice.quantity);
        let key = match (slice.by, slice.sense) {
            (None, _) => return self.with("part_unknown", &[("count", &count)]),
            (Some(_), Sense::ShipBy) => "part_ships",
            (Some(_), Sense::DeliverBy) => "part_arrives",
        };
        let date = slice.by.map(|day| self.date(day)).unwrap_or_default();
        self.with(key, &[("count", &count), ("date", &date)])
    }

    fn changed(&self, changes: &[Change]) -> Group {
        let items = changes.iter().map(|change| {
            let (was, now) = (
                change.was.map(|day| self.date(day)),
                change.now.map(|day| self.date(day)),
            );
            let note = match (&was, &now) {
                (Some(was), Some(now)) => {
                    let key = match change.sense {
                        Sense::ShipBy => "change_ships",
                        Sense::DeliverBy => "change_arrives",
                    };
                    self.with(key, &[("was", was), ("now", now)])
                }
                (Some(was), None) => self.with("change_unknown", &[("was", was)]),
                (None, Some(now)) => {
                    let key = match change.sense {
                        Sense::ShipBy => "change_known_ships",
                        Sense::DeliverBy => "change_known_arrives",
                    };
                    self.with(key, &[("now", now)])
                }
                (None, None) => self.letter.language.words().no_date.to_owned(),
            };
            Item {
                title: self.counted(change.quantity, &change.title),
                notes: vec![note],
                reason: change.reason.clone(),
            }
        });
        Group {
            heading: None,
            items: items.collect(),
        }
    }

    fn goods(&self, content: &[(String, u32)]) -> Group {
        let items = content.iter().map(|(title, units)| Item {
            title: self.counted(*units, title),
            notes: Vec::new(),
            reason: None,
        });
        Group {
            heading: None,
            items: items.collect(),
        }
    }

    fn counted(&self, units: u32, title: &str) -> String {
        format!("{} × {}", self.count(units), self.own(title))
    }

    fn count(&self, units: u32) -> String {
        self.tables.count(Quantity::new(units))
    }

    fn own<'t>(&self, own: &'t str) -> Cow<'t, str> {
        isolated(self.letter.language, own)
    }

    fn see(&self, is_first: bool) -> Option<Button> {
        self.link("button_see", "", is_first)
    }

    fn link(&self, label: &str, below: &str, is_first: bool) -> Option<Button> {
        let page = self.letter.page.as_deref()?;
        Some(Button {
            label: self.plain(label),
            href: format!("{page}{below}"),
            is_first,
        })
    }

    fn date(&self, day: NaiveDate) -> String {
        let is_far = YEAR_SHOWN_AFTER_DAYS < (day - self.letter.today).num_days();
        let style = if is_far {
            DateStyle::Year
        } else {
            DateStyle::Weekday
        };
        self.tables.date(day, style)
    }

    fn plain(&self, key: &str) -> String {
        self.with(key, &[])
    }

    fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        let words = WORDS
            .get(key)
            .unwrap_or_else(|| panic!("words.json lacks `{key}`"));
        let language = self.letter.language.tag().split('-').next().unwrap_or("en");
        let sentence = words.get(language).or_else(|| words.get("en"));
        let (order, shop) = (self.own(&self.letter.order), self.own(&self.letter.shop));
        let all = [("order", order.as_ref()), ("shop", shop.as_ref())];
        let values: Vec<(&str, &str)> = values.iter().copied().chain(all).collect();
        fill(sentence.map_or("", String::as_str), &values)
    }
}

/// Somebody's own words inside ours. Where they may read in another direction they stand between isolates (UAX #9, 2.7), so that
/// they cannot turn the rest around.
pub(super) fn isolated(language: Language, own: &str) -> Cow<'_, str> {
    let turns = |c| matches!(c, '\u{590}'..='\u{8FF}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}');
    match language.is_right_to_left() || own.chars().any(turns) {
        true => format!("\u{2068}{own}\u{2069}").into(),
        false => own.into(),
    }
}

/// Fills `{name}`s, once each: a value that looks like one stays as it is.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let Some(end) = from.find('}') else {
            rest = from;
            break;
        };
        let name = &from[1..end];
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(value),
            None => filled.push_str(&from[..=end]),
        }
        rest = &from[end + 1..];
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests;
