//! Dates, amounts and counts as CLDR writes them, for where no browser does it.
//!
//! The tables are checked against a real `Intl` in tests/e2e/text.test.js.

use chrono::{Datelike, NaiveDate};

use super::catalogue::Language;
use super::{DateStyle, Locale};
use crate::money::Money;
use crate::quantity::Quantity;

/// A [`Locale`] made of tables.
///
/// ```
/// use shared::money::Money;
/// use shared::quantity::Quantity;
/// use shared::text::{DateStyle, Language, Locale, Tables};
///
/// let day = "2026-12-15".parse()?;
/// assert_eq!(Tables(Language::English).date(day, DateStyle::Weekday), "Tuesday, December 15");
/// assert_eq!(Tables(Language::Spanish).date(day, DateStyle::Year), "15 de diciembre de 2026");
/// assert_eq!(Tables(Language::English).money(Money::new(495, "USD".parse()?)), "$4.95");
/// assert_eq!(Tables(Language::German).count(Quantity::new(1234)), "1.234");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Tables(pub Language);

impl Locale for Tables {
    fn date(&self, date: NaiveDate, style: DateStyle) -> String {
        let (day, year) = (date.day(), date.year());
        let weekday = name(self.weekdays(), date.weekday().num_days_from_monday());
        let month = name(self.months(), date.month0());
        match (self.0, style) {
            (Language::English, DateStyle::Weekday) => format!("{weekday}, {month} {day}"),
            (Language::English, DateStyle::Day) => format!("{month} {day}"),
            (Language::English, DateStyle::Year) => format!("{month} {day}, {year}"),
            (Language::German, DateStyle::Weekday) => format!("{weekday}, {day}. {month}"),
            (Language::German, DateStyle::Day) => format!("{day}. {month}"),
            (Language::German, DateStyle::Year) => format!("{day}. {month} {year}"),
            (Language::EnglishDayFirst | Language::French, DateStyle::Weekday) => {
                format!("{weekday} {day} {month}")
            }
            (Language::EnglishDayFirst | Language::French | Language::Arabic, DateStyle::Day) => {
                format!("{day} {month}")
            }
            (Language::EnglishDayFirst | Language::French | Language::Arabic, DateStyle::Year) => {
                format!("{day} {month} {year}")
            }
            (Language::Spanish, DateStyle::Weekday) => format!("{weekday}, {day} de {month}"),
            (Language::Spanish, DateStyle::Day) => format!("{day} de {month}"),
            (Language::Spanish, DateStyle::Year) => format!("{day} de {month} de {year}"),
            (Language::Japanese, DateStyle::Weekday) => format!("{month}{day}日{weekday}"),
            (Language::Japanese, DateStyle::Day) => format!("{month}{day}日"),
            (Language::Japanese, DateStyle::Year) => format!("{year}年{month}{day}日"),
            (Language::Arabic, DateStyle::Weekday) => format!("{weekday}، {day} {month}"),
        }
    }

    fn money(&self, money: Money) -> String {
        let code = money.currency.code();
        let number = self.decimal(money);
        let sign = if money.amount < 0 { "-" } else { "" };
        let symbol = self.symbol(code);
        match self.0 {
            Language::English | Language::EnglishDayFirst | Language::Japanese => match symbol {
                Some(symbol) => format!("{sign}{symbol}{number}"),
                None => format!("{sign}{code}\u{a0}{number}"),
            },
            Language::Arabic => format!("\u{200f}{sign}{number}\u{a0}{}", symbol.unwrap_or(code)),
            _ => format!("{sign}{number}\u{a0}{}", symbol.unwrap_or(code)),
        }
    }

    fn count(&self, quantity: Quantity) -> String {
        self.grouped(&quantity.units().to_string())
    }
}

impl Tables {
    fn decimal(&self, money: Money) -> String {
        let digits = usize::try_from(money.currency.exponent()).unwrap_or_default();
        let minor = format!(
            "{:0>width$}",
            money.amount.unsigned_abs(),
            width = digits + 1
        );
        let (whole, fraction) = minor.split_at(minor.len() - digits);
        let point = match self.0 {
            Language::German | Language::French | Language::Spanish => ",",
            _ => ".",
        };
        let whole = self.grouped(whole);
        if fraction.is_empty() {
            whole
        } else {
            format!("{whole}{point}{fraction}")
        }
    }

    fn grouped(&self, digits: &str) -> String {
        let separator = match self.0 {
            Language::German | Language::Spanish => ".",
            Language::French => "\u{202f}",
            _ => ",",
        };
        // Spanish groups only from five digits on.
        if digits.len() < 4 || (self.0 == Language::Spanish && digits.len() == 4) {
            return digits.into();
        }
        let head = match digits.len() % 3 {
            0 => 3,
            rest => rest,
        };
        let (first, rest) = digits.split_at(head);
        let mut grouped = String::from(first);
        for (at, digit) in rest.chars().enumerate() {
            if at % 3 == 0 {
                grouped.push_str(separator);
            }
            grouped.push(digit);
        }
        grouped
    }

    fn symbol(&self, code: &str) -> Option<&'static str> {
        Some(match (code, self.0) {
            ("USD", Language::EnglishDayFirst | Language::Spanish | Language::Arabic) => "US$",
            ("USD", Language::French) => "$US",
            ("USD", _) => "$",
            ("EUR", _) => "€",
            ("GBP", Language::French) => "£GB",
            ("GBP", Language::Arabic) => "UK£",
            ("GBP", Language::Spanish) => return None,
            ("GBP", _) => "£",
            ("JPY", Language::Japanese) => "￥",
            ("JPY", Language::English | Language::German) => "¥",
            ("JPY", Language::EnglishDayFirst | Language::Arabic) => "JP¥",
            _ => return None,
        })
    }

    fn weekdays(&self) -> &'static [&'static str; 7] {
        match self.0 {
            Language::English | Language::EnglishDayFirst => &[
                "Monday",
                "Tuesday",
                "Wednesday",
                "Thursday",
                "Friday",
                "Saturday",
                "Sunday",
            ],
            Language::German => &[
                "Montag",
                "Dienstag",
                "Mittwoch",
                "Donnerstag",
                "Freitag",
                "Samstag",
                "Sonntag",
            ],
            Language::French => &[
                "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
            ],
            Language::Spanish => &[
                "lunes",
                "martes",
                "miércoles",
                "jueves",
                "viernes",
                "sábado",
                "domingo",
            ],
            Language::Japanese => &[
                "月曜日",
                "火曜日",
                "水曜日",
                "木曜日",
                "金曜日",
                "土曜日",
                "日曜日",
            ],
            Language::Arabic => &[
                "الاثنين",
                "الثلاثاء",
                "الأربعاء",
                "الخميس",
                "الجمعة",
                "السبت",
                "الأحد",
            ],
        }
    }

    fn months(&self) -> &'static [&'static str; 12] {
        match self.0 {
            Language::English | Language::EnglishDayFirst => &[
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
            Language::German => &[
                "Januar",
                "Februar",
                "März",
                "April",
                "Mai",
                "Juni",
                "Juli",
                "August",
                "September",
                "Oktober",
                "November",
                "Dezember",
            ],
            Language::French => &[
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ],
            Language::Spanish => &[
                "enero",
                "febrero",
                "marzo",
                "abril",
                "mayo",
                "junio",
                "julio",
                "agosto",
                "septiembre",
                "octubre",
                "noviembre",
                "diciembre",
            ],
            Language::Japanese => &[
                "1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月",
                "12月",
            ],
            Language::Arabic => &[
                "يناير",
                "فبراير",
                "مارس",
                "أبريل",
                "مايو",
                "يونيو",
                "يوليو",
                "أغسطس",
                "سبتمبر",
                "أكتوبر",
                "نوفمبر",
                "ديسمبر",
            ],
        }
    }
}

fn name<'a>(names: &[&'a str], index: u32) -> &'a str {
    usize::try_from(index)
        .ok()
        .and_then(|index| names.get(index).copied())
        .unwrap_or_default()
}
