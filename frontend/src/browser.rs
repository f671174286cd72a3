//! Dates, amounts and counts as the browser's own `Intl` writes them.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use chrono::{Datelike, NaiveDate};
use js_sys::{Array, Function, Intl, JsString, Object};
use shared::money::Money;
use shared::quantity::Quantity;
use shared::text::{DateStyle, Language, Locale};
use wasm_bindgen::{JsCast, JsValue};

use crate::widget::wire::object;

/// The browser's way of writing for one language. Its formatters are made when they are first needed.
pub struct Browser {
    locales: Array,
    dates: [OnceCell<Function>; 3],
    count: OnceCell<Function>,
}

/// Days from the beginning of chrono's count to 1970-01-01.
const EPOCH_DAYS_FROM_CE: i32 = 719_163;
const DAY_MS: f64 = 86_400_000.0;

impl Browser {
    /// Writes as `language` does. Formatters are dear to make, so all elements of a language share them.
    pub fn shared(language: Language) -> Rc<Self> {
        thread_local! {
            static KNOWN: RefCell<Vec<(Language, Rc<Browser>)>> = const { RefCell::new(Vec::new()) };
        }
        KNOWN.with_borrow_mut(|known| {
            if let Some((_, browser)) = known.iter().find(|(spoken, _)| *spoken == language) {
                return browser.clone();
            }
            let locales = Array::of1(&language.tag().into());
            let browser = Rc::new(Self {
                locales,
                dates: Default::default(),
                count: OnceCell::new(),
            });
            known.push((language, browser.clone()));
            browser
        })
    }
}

/// The civil date, in UTC, of an instant in milliseconds since 1970.
pub fn civil_date(instant_ms: f64) -> NaiveDate {
    let days = (instant_ms / DAY_MS) as i32;
    NaiveDate::from_num_days_from_ce_opt(days.saturating_add(EPOCH_DAYS_FROM_CE))
        .unwrap_or_default()
}

impl Locale for Browser {
    // A civil date is the same day everywhere: its midnight in UTC is written as in UTC.
    fn date(&self, date: NaiveDate, style: DateStyle) -> String {
        let (cell, extra) = match style {
            DateStyle::Weekday => (&self.dates[0], Some(("weekday", "long"))),
            DateStyle::Day => (&self.dates[1], None),
            DateStyle::Year => (&self.dates[2], Some(("year", "numeric"))),
        };
        let format = cell.get_or_init(|| {
            let (name, value) = extra.unwrap_or(("day", "numeric"));
            let shown = [
                ("timeZone", "UTC"),
                ("month", "long"),
                ("day", "numeric"),
                (name, value),
            ];
            Intl::DateTimeFormat::new(&self.locales, &options(shown)).format()
        });
        written(
            format,
            f64::from(date.num_days_from_ce() - EPOCH_DAYS_FROM_CE) * DAY_MS,
        )
    }

    fn money(&self, money: Money) -> String {
        let options = options([("style", "currency"), ("currency", money.currency.code())]);
        let minor_per_major =
            10_f64.powi(i32::try_from(money.currency.exponent()).unwrap_or_default());
        let amount = money.amount as f64 / minor_per_major;
        written(
            &Intl::NumberFormat::new(&self.locales, &options).format(),
            amount,
        )
    }

    fn count(&self, quantity: Quantity) -> String {
        let format = self
            .count
            .get_or_init(|| Intl::NumberFormat::new(&self.locales, &Object::new()).format());
        written(format, f64::from(quantity.units()))
    }
}

fn options<const N: usize>(entries: [(&str, &str); N]) -> Object {
    object(entries.map(|(name, value)| (name, value.into()))).unchecked_into()
}

fn written(format: &Function, value: f64) -> String {
    let text = format.call1(&JsValue::UNDEFINED, &value.into());
    text.map(|text| JsString::from(text).into())
        .unwrap_or_default()
}
