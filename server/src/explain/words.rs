//! Dates, counts and lists in plain English. No line breaks in a date or a count: their spaces hold on to
//! what follows, until [`spaced`] makes plain ones of them.

use chrono::{Datelike, NaiveDate};
use shared::calendar::WorkingDays;
use shared::promise::Amount;
use shared::quantity::Quantity;
use shared::reason::Stated;
use shared::text::Language;

/// Most days off that are named one by one.
const DAYS_NAMED_MAX: usize = 4;

/// The same with plain spaces.
pub fn spaced(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

/// A civil date: `Wed 13 Jan 2027`.
pub fn day(date: NaiveDate) -> String {
    date.format("%a\u{a0}%-d\u{a0}%b\u{a0}%Y").to_string()
}

/// A civil date without its year where it is the year of `today`: `Wed 13 Jan`.
pub fn near(date: NaiveDate, today: NaiveDate) -> String {
    match date.year() == today.year() {
        true => date.format("%a\u{a0}%-d\u{a0}%b").to_string(),
        false => day(date),
    }
}

/// `1 unit`, `2 units`.
pub fn units(quantity: Quantity) -> String {
    count(quantity.units(), "unit")
}

/// `1 day`, `2 days`.
pub fn count(number: u32, one: &str) -> String {
    match number {
        1 => format!("1\u{a0}{one}"),
        _ => format!("{number}\u{a0}{one}s"),
    }
}

/// Units, or that there is no end of them.
pub fn amount(amount: Amount) -> String {
    amount
        .counted()
        .map_or_else(|| "as many as asked for".into(), units)
}

/// A number for a table.
pub fn number(amount: Amount) -> String {
    amount
        .counted()
        .map_or_else(|| "unlimited".into(), |count| count.units().to_string())
}

/// `a, b and c`.
pub fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// The days off after `from` and before `to`: `Sat 9 and Sun 10 Jan are days off`.
pub fn days_off(days: &WorkingDays, from: NaiveDate, to: NaiveDate) -> Option<String> {
    let between = from.iter_days().take_while(|day| *day < to);
    let off: Vec<NaiveDate> = between.filter(|day| !days.includes(*day)).collect();
    match off.as_slice() {
        [] => None,
        [one] => Some(format!(
            "{} is a day off",
            one.format("%a\u{a0}%-d\u{a0}%b")
        )),
        some if some.len() <= DAYS_NAMED_MAX => {
            let named: Vec<String> = some
                .iter()
                .enumerate()
                .map(|(at, day)| {
                    let month_follows = some.get(at + 1).is_some_and(|n| n.month() == day.month());
                    let pattern = if month_follows {
                        "%a\u{a0}%-d"
                    } else {
                        "%a\u{a0}%-d\u{a0}%b"
                    };
                    day.format(pattern).to_string()
                })
                .collect();
            Some(format!("{} are days off", list(&named)))
        }
        many => Some(format!("{} days off in between", many.len())),
    }
}

/// What shoppers read of why they wait, in English; in another language where there are words in that only.
pub fn stated(stated: &Stated) -> Option<String> {
    let other = || stated.words.values().next().map(String::as_str);
    stated.text(Language::English).or_else(other).map(plain)
}

/// The same as `text` where nothing steers a terminal or breaks a line.
pub fn plain(text: &str) -> String {
    let fits = |character: char| {
        !character.is_control()
            && !matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|character| if fits(character) { character } else { ' ' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn days_off_are_named_or_counted() {
        let week = WorkingDays::monday_to_friday().without([date("2026-11-26")]);
        let cases = [
            ("2026-11-23", "2026-11-25", None),
            ("2026-11-25", "2026-11-27", Some("Thu 26 Nov is a day off")),
            (
                "2027-01-08",
                "2027-01-12",
                Some("Sat 9 and Sun 10 Jan are days off"),
            ),
            (
                "2027-01-30",
                "2027-02-08",
                Some("Sat 30, Sun 31 Jan, Sat 6 and Sun 7 Feb are days off"),
            ),
            ("2027-01-01", "2027-02-01", Some("10 days off in between")),
        ];
        for (from, to, expected) in cases {
            assert_eq!(
                days_off(&week, date(from), date(to))
                    .map(|off| spaced(&off))
                    .as_deref(),
                expected,
                "{from} {to}"
            );
        }
    }

    #[test]
    fn nothing_of_a_name_steers_a_terminal() {
        assert_eq!(plain("a\u{1b}[31m\r\nb\u{202e}c"), "a [31m  b c");
    }
}
