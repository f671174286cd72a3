//! The words a shopper reads, in six languages, from one catalogue.
//!
//! The server fills in dates and amounts with its own tables ([`Tables`]); the widget fills in the
//! browser's (`Intl`). Sentences are the same bytes in both.

mod catalogue;
mod reasons;
mod tables;

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::availability::{Availability, Status};
use crate::money::Money;
use crate::promise::{Slice, by_day};
use crate::quantity::Quantity;
use crate::shipment::{Plan, PlanKind};

pub use catalogue::{Language, Words};
pub use tables::Tables;

/// A date further ahead than this is shown with its year.
pub const YEAR_SHOWN_AFTER_DAYS: i64 = 180;

/// How dates, amounts and counts are written where the reader is.
pub trait Locale {
    /// Writes a civil date.
    fn date(&self, date: NaiveDate, style: DateStyle) -> String;
    /// Writes an amount with its currency.
    fn money(&self, money: Money) -> String;
    /// Writes a count.
    fn count(&self, quantity: Quantity) -> String;
}

/// How much of a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateStyle {
    /// "Tuesday, December 15"
    Weekday,
    /// "December 15"
    Day,
    /// "December 15, 2026"
    Year,
}

/// What is said about one [`Availability`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityText {
    /// The state in a word or two: "Backordered".
    pub label: String,
    /// When: "Ships by Tuesday, December 15".
    pub date: Option<String>,
    /// When it is at the door: "Arrives by Friday, December 18".
    pub delivery: Option<String>,
    /// How the quantity splits: "1 ready now, 2 more by December 15".
    pub detail: Option<String>,
    /// Why there is a wait: the merchant's words, or ours for the kind of wait.
    pub reason: Option<String>,
}

/// What is said about one [`Plan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanText {
    /// "Everything together"
    pub name: String,
    /// "No extra cost", "+ $4.95"
    pub price: String,
    /// "2 parcels, last one by December 15"
    pub when: String,
    /// One entry for each parcel.
    pub parcels: Vec<ParcelText>,
}

/// What is said about one parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelText {
    /// "December 15"
    pub date: String,
    /// "Hoodie, red; 2 × Hoodie, blue"
    pub items: String,
}

/// The catalogue in one language, with a way to write dates; seen from one day.
///
/// ```
/// use shared::promise::Slice;
/// use shared::quantity::Quantity;
/// use shared::shipment::{PromisedLine, SplitCharge, SplitPolicy, plans};
/// use shared::text::{Language, Speaker, Tables};
///
/// let tables = Tables(Language::German);
/// let speaker = Speaker::new(Language::German, &tables, "2026-11-23".parse()?);
/// assert_eq!(speaker.language().tag(), "de");
/// assert_eq!(speaker.words().in_stock, "Auf Lager");
///
/// let slice = |units, day: &str| Slice::new(Quantity::new(units), day.parse().expect("a date"));
/// assert_eq!(speaker.slice(&slice(2, "2026-12-15"), 1, true), "2 weitere bis 15. Dezember");
///
/// let cart = [PromisedLine::new("hoodie".parse()?, vec![slice(1, "2026-11-25"), slice(2, "2026-12-15")])];
/// let ways = plans(&cart, &SplitPolicy { charge: SplitCharge::Free, parcels_max: 2 });
/// let text = speaker.plan(&ways[1], &|_| "Kapuzenjacke".into());
/// assert_eq!(text.when, "2 Pakete, das letzte bis 15. Dezember");
/// assert_eq!(text.parcels[1].items, "2 × Kapuzenjacke");
/// assert_eq!(speaker.announcement(&text), "Jeweils sobald bereit: 2 Pakete, das letzte bis 15. Dezember. Ohne Aufpreis.");
/// assert!(speaker.not_orderable("Mütze").starts_with("Mütze ist zurzeit nicht bestellbar"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Speaker<'a> {
    language: Language,
    words: &'static Words,
    locale: &'a dyn Locale,
    today: NaiveDate,
}

impl<'a> Speaker<'a> {
    /// Speaks `language`, writing dates as `locale` does, on the civil date `today`.
    pub fn new(language: Language, locale: &'a dyn Locale, today: NaiveDate) -> Self {
        Self {
            language,
            words: language.words(),
            locale,
            today,
        }
    }

    /// The language that is spoken.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The catalogue itself, for sentences that need nothing filled in.
    pub fn words(&self) -> &'static Words {
        self.words
    }

    /// Says what is the matter with a quantity of a SKU.
    pub fn availability(&self, answer: &Availability) -> AvailabilityText {
        let words = self.words;
        let label = match answer.status {
            _ if !answer.orderable() && !answer.max_orderable.is_none_or(Quantity::is_zero) => {
                let most = answer.max_orderable.unwrap_or_default();
                fill(words.only_orderable, &[("count", &self.locale.count(most))])
            }
            Status::LowStock { left: None } | Status::Backorder { .. } if !answer.orderable() => {
                words.not_that_many.into()
            }
            Status::InStock => words.in_stock.into(),
            Status::LowStock { left: Some(left) } => {
                fill(words.only_left, &[("count", &self.locale.count(left))])
            }
            Status::LowStock { left: None } => words.few_left.into(),
            Status::Backorder { silent: false } => words.backordered.into(),
            Status::Backorder { silent: true } => words.made_to_order.into(),
            Status::Preorder { .. } => words.preorder.into(),
            Status::OutOfStock { .. } => words.sold_out.into(),
            Status::Discontinued => words.discontinued.into(),
            Status::Unknown => words.unknown.into(),
        };
        let date = match (answer.ships_by, answer.status) {
            (Some(day), Status::Preorder { released_on }) => {
                let released = self.date(released_on, DateStyle::Day);
                Some(fill(
                    words.released_ships_by,
                    &[
                        ("release", &released),
                        ("date", &self.date(day, DateStyle::Day)),
                    ],
                ))
            }
            (Some(day), _) => Some(fill(
                words.ships_by,
                &[("date", &self.date(day, DateStyle::Weekday))],
            )),
            (None, Status::OutOfStock { more_comes: false }) => Some(words.no_date.into()),
            (None, _) => None,
        };
        let detail = match by_day(&answer.slices).as_slice() {
            slices @ [_, _, ..] => Some(self.slices(slices, answer.first_is_ready)),
            _ => None,
        };
        let reason = answer.reason.as_ref().map(|reason| {
            let stated = reason.stated.as_ref();
            let stated = stated.and_then(|stated| stated.text(self.language));
            stated
                .unwrap_or_else(|| self.language.cause(reason.cause))
                .to_owned()
        });
        let delivery = answer.delivers_by.map(|day| {
            let day = self.date(day, DateStyle::Weekday);
            fill(words.delivers_by, &[("date", &day)])
        });
        AvailabilityText {
            label,
            date,
            delivery,
            detail,
            reason,
        }
    }

    /// Says one slice of several: "1 ready now", "2 more by December 15".
    pub fn slice(&self, slice: &Slice, position: usize, first_is_ready: bool) -> String {
        let template = match position {
            0 if first_is_ready => self.words.slice_ready,
            0 => self.words.slice_first,
            _ => self.words.slice_more,
        };
        let date = self.date(slice.ships_by, DateStyle::Day);
        fill(
            template,
            &[
                ("count", &self.locale.count(slice.quantity)),
                ("date", &date),
            ],
        )
    }

    /// Says a way to send the cart. `title` gives the name of a SKU.
    pub fn plan(&self, plan: &Plan, title: &dyn Fn(&str) -> String) -> PlanText {
        let words = self.words;
        let name = match plan.kind {
            PlanKind::Together => words.together,
            PlanKind::Separate => words.separate,
        };
        let price = match plan.surcharge {
            Some(fee) => fill(words.surcharge, &[("amount", &self.locale.money(fee))]),
            None => words.no_extra_cost.into(),
        };
        let count = u32::try_from(plan.shipments.len()).unwrap_or(u32::MAX);
        let last = plan
            .last_ships_by()
            .map(|day| self.date(day, DateStyle::Day))
            .unwrap_or_default();
        let template = if count == 1 {
            words.one_parcel_by
        } else {
            words.parcels_last_by.of(count)
        };
        let when = fill(
            template,
            &[
                ("count", &self.locale.count(Quantity::new(count))),
                ("date", &last),
            ],
        );
        let parcels = plan.shipments.iter().map(|shipment| {
            let items: Vec<String> = shipment
                .lines
                .iter()
                .map(|(sku, units)| self.item(&title(sku.as_str()), *units))
                .collect();
            ParcelText {
                date: self.date(shipment.ships_by, DateStyle::Day),
                items: items.join(words.list_separator),
            }
        });
        PlanText {
            name: name.into(),
            price,
            when,
            parcels: parcels.collect(),
        }
    }

    /// Says a way to send the cart in one sentence, for those who hear the page.
    pub fn announcement(&self, text: &PlanText) -> String {
        fill(
            self.words.announcement,
            &[
                ("name", &text.name),
                ("when", &text.when),
                ("price", &text.price),
            ],
        )
    }

    /// Says that a line can ride in no parcel.
    pub fn not_orderable(&self, title: &str) -> String {
        fill(
            self.words.not_orderable,
            &[("title", &self.isolated(title))],
        )
    }

    fn slices(&self, slices: &[Slice], first_is_ready: bool) -> String {
        let parts: Vec<String> = slices
            .iter()
            .enumerate()
            .map(|(at, slice)| self.slice(slice, at, first_is_ready))
            .collect();
        parts.join(self.words.slice_separator)
    }

    fn item(&self, title: &str, units: Quantity) -> String {
        let title = self.isolated(title);
        if units == Quantity::new(1) {
            title.into_owned()
        } else {
            format!("{} × {title}", self.locale.count(units))
        }
    }

    /// The merchant's words inside one of our sentences. Where they may read in another direction,
    /// they stand between isolates, so that they cannot turn the rest around (UAX #9, 2.7).
    fn isolated<'t>(&self, own: &'t str) -> Cow<'t, str> {
        if self.language.is_right_to_left() || own.chars().any(is_right_to_left) {
            format!("\u{2068}{own}\u{2069}").into()
        } else {
            own.into()
        }
    }

    fn date(&self, date: NaiveDate, style: DateStyle) -> String {
        let far = YEAR_SHOWN_AFTER_DAYS < date.signed_duration_since(self.today).num_days();
        self.locale
            .date(date, if far { DateStyle::Year } else { style })
    }
}

/// True for letters of the scripts that are written from right to left: the blocks from Hebrew to
/// Arabic Extended-A, and the presentation forms.
fn is_right_to_left(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

/// Puts values into a template's `{names}`. Values are taken as they are, braces and all.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + 24);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(
            values
                .iter()
                .find(|(known, _)| *known == name)
                .map_or("", |(_, value)| value),
        );
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_turn_the_words_around_it() {
        let say = |language, title: &str| {
            Speaker::new(language, &Tables(language), NaiveDate::default()).not_orderable(title)
        };
        let hebrew = "\u{5db}\u{5d5}\u{5e1}";

        assert!(say(Language::English, "Mug").starts_with("Mug cannot"));
        assert!(say(Language::English, hebrew).starts_with(&format!("\u{2068}{hebrew}\u{2069} ")));
        assert!(say(Language::Arabic, "Mug (2)").contains("\u{2068}Mug (2)\u{2069}"));
    }
}
