//! Days, numbers and money as the reader writes them, by the browser's own `Intl`.

use js_sys::Intl::{DateTimeFormat, NumberFormat};
use js_sys::{Array, Date, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::fields::Fields;
use crate::value::{Value, json, number_of};
use crate::words::locale;

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

/// `2026-12-15` as `Tuesday, December 15`; with its year where that is another one than now.
pub fn day(iso: &str) -> String {
    let year = Date::new_0().get_full_year().to_string();
    let long = [("weekday", "short"), ("day", "numeric"), ("month", "short")];
    let with_year = [("day", "numeric"), ("month", "short"), ("year", "numeric")];
    let parts = if iso.starts_with(&year) {
        long
    } else {
        with_year
    };
    shown(iso, &parts, Some("UTC"))
}

/// The day where there is one, else a dash.
pub fn day_or_dash(iso: &str) -> String {
    if iso.is_empty() {
        "–".to_owned()
    } else {
        day(iso)
    }
}

/// `2026-12`, or a day of it, as `December 2026`.
pub fn month(iso: &str) -> String {
    shown(
        &format!("{}-01", iso.get(..7).unwrap_or(iso)),
        &[("month", "short"), ("year", "numeric")],
        Some("UTC"),
    )
}

/// An instant, in the reader's own time zone.
pub fn moment(instant: &str) -> String {
    let parts = [
        ("day", "numeric"),
        ("month", "short"),
        ("hour", "numeric"),
        ("minute", "2-digit"),
    ];
    shown(instant, &parts, None)
}

fn shown(iso: &str, parts: &[(&str, &str)], zone: Option<&str>) -> String {
    let date = Date::new(&JsValue::from_str(iso));
    if date.get_time().is_nan() {
        return iso.to_owned();
    }
    let options = options(parts);
    if let Some(zone) = zone {
        set(&options, "timeZone", &JsValue::from_str(zone));
    }
    let format = DateTimeFormat::new(&locales(), &options).format();
    // A day is one word: it stays on one line.
    called(&format, &date.into()).replace(' ', "\u{a0}")
}

/// A whole number.
pub fn number(count: i64) -> String {
    called(
        &NumberFormat::new(&locales(), &Object::new()).format(),
        &JsValue::from_f64(count as f64),
    )
}

/// A number with so many digits behind its point at most.
pub fn decimal(value: f64, digits: u32) -> String {
    let options = Object::new();
    set(
        &options,
        "maximumFractionDigits",
        &JsValue::from_f64(f64::from(digits)),
    );
    called(
        &NumberFormat::new(&locales(), &options).format(),
        &JsValue::from_f64(value),
    )
}

/// A number with so many digits behind its point, for whoever is no reader of ours. By the browser: Rust's own way brings tables.
pub fn fixed(value: f64, digits: u8) -> String {
    let text = js_sys::Number::from(value).to_fixed(digits);
    text.map(String::from).unwrap_or_default()
}

/// A length of a picture.
pub fn px(value: f64) -> String {
    fixed(value, 1)
}

/// The width and the height of a picture.
pub fn view_box(width: f64, height: f64) -> String {
    format!("0 0 {} {}", px(width), px(height))
}

/// A share of one in percent.
pub fn percent(share: f64) -> String {
    let options = options(&[("style", "percent")]);
    called(
        &NumberFormat::new(&locales(), &options).format(),
        &JsValue::from_f64(share),
    )
}

/// An amount of the API, `{"amount": 4500, "currency": "USD"}`.
pub fn money(money: &Value) -> String {
    let (Some(amount), currency) = (money.count("amount"), money.text("currency")) else {
        return "–".to_owned();
    };
    let (format, digits) = currency_format(&currency);
    called(
        &format.format(),
        &JsValue::from_f64(amount as f64 / unit(digits)),
    )
}

/// An amount of the API as it stands in a field, such as `45.00`; empty where there is none.
pub fn typed(money: &Value) -> String {
    let Some(amount) = money.count("amount") else {
        return String::new();
    };
    let digits = currency_format(&money.text("currency")).1;
    fixed(amount as f64 / unit(digits), digits)
}

/// What was typed as an amount of the API; null where nothing was. What is no number is given as it is, so that the server says so.
pub fn amount(typed: &str, currency: &str) -> Value {
    let typed = typed.trim();
    if typed.is_empty() {
        return Value::Null;
    }
    let amount = match number_of(&typed.replace(',', ".")) {
        Some(units) => json!((units * unit(currency_format(currency).1)).round() as i64),
        None => json!(typed),
    };
    json!({ "amount": amount, "currency": currency })
}

// How many minor units are one, of a currency with so many digits behind its point.
fn unit(digits: u8) -> f64 {
    (0..digits).fold(1.0, |unit, _| unit * 10.0)
}

// How a currency is written, and how many digits stand behind its point. What is no code yet, as it is typed, is a plain number.
fn currency_format(currency: &str) -> (NumberFormat, u8) {
    let is_code = currency.len() == 3 && currency.bytes().all(|one| one.is_ascii_alphabetic());
    if !is_code {
        return (NumberFormat::new(&locales(), &Object::new()), 2);
    }
    let options = options(&[("style", "currency"), ("currency", currency)]);
    let format = NumberFormat::new(&locales(), &options);
    let digits = Reflect::get(
        &format.resolved_options(),
        &JsValue::from_str("maximumFractionDigits"),
    );
    let digits = digits.ok().and_then(|digits| digits.as_f64());
    (format, digits.map_or(2, |digits| digits as u8))
}

/// Days from the first to the second date.
pub fn days_between(from: &str, to: &str) -> Option<i64> {
    let days = |iso: &str| {
        let time = Date::new(&JsValue::from_str(iso)).get_time();
        (!time.is_nan()).then_some(time / DAY_MS)
    };
    Some((days(to)? - days(from)?).round() as i64)
}

/// The day so many days after this one; as it is where it is none.
pub fn day_after(iso: &str, days: i64) -> String {
    let time = Date::new(&JsValue::from_str(iso)).get_time();
    if time.is_nan() {
        return iso.to_owned();
    }
    let time = JsValue::from_f64(time + days as f64 * DAY_MS);
    let day = String::from(Date::new(&time).to_iso_string());
    day[..10].to_owned()
}

/// The instant of a day and a time on the reader's clock, as a field has it, for the server; as it is where it is none.
pub fn instant(local: &str) -> String {
    let date = Date::new(&JsValue::from_str(local));
    match date.get_time().is_nan() {
        true => local.to_owned(),
        false => String::from(date.to_iso_string()),
    }
}

/// Today in the reader's own time zone, `2026-11-29`.
pub fn today() -> String {
    let now = Date::new_0();
    format!(
        "{:04}-{:02}-{:02}",
        now.get_full_year(),
        now.get_month() + 1,
        now.get_date()
    )
}

/// A text for a part of an address.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(byte.into())
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The text of a part of an address; as it is where it is broken.
pub fn decoded(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let hex = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}

fn locales() -> Array {
    Array::of1(&JsValue::from_str(&locale()))
}

fn options(parts: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (name, value) in parts {
        set(&options, name, &JsValue::from_str(value));
    }
    options
}

fn set(object: &Object, name: &str, value: &JsValue) {
    let is_set = Reflect::set(object, &JsValue::from_str(name), value);
    debug_assert_eq!(is_set, Ok(true), "a plain object takes any name");
}

fn called(format: &JsValue, value: &JsValue) -> String {
    let format: &Function = format.unchecked_ref();
    let text = format.call1(&JsValue::UNDEFINED, value).ok();
    text.and_then(|text| text.as_string()).unwrap_or_default()
}
