//! Fields of requests: parsed once, each refusal with its code.
//!
//! A refusal reads `code: what it must be`; [`crate::http::body`] makes it a problem with a pointer.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use shared::delay::When;
use shared::ids::{
    LocationId, OrderId, PurchaseOrderId, ReservationId, ShipmentId, Sku, SupplierId,
};
use shared::lead_time::Level;
use shared::money::{Currency, Money};
use shared::offer::PERCENT_MAX;
use shared::quantity::{QUANTITY_MAX, Quantity};
use shared::wire;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

use crate::limits::{
    HOLIDAYS_MAX, OFFER_CODE_BYTES_MAX, OFFER_WORDS_CHARS_MAX, PARCEL_COST_MAX, SHOPPER_BYTES_MAX,
    TRANSIT_ZONE_BYTES_MAX,
};
use crate::operations::delays::when_named;
use crate::operations::parcels::ORDER_ID_BYTES_MAX;
use crate::operations::prioritize::PRIORITY_MAX;
pub use crate::operations::records::day_name;
use crate::operations::records::{MODE_CHARS_MAX, Week, WeekTimes, day_named};
use crate::operations::reply_to_delay::Read;
use crate::operations::reserve::HOLD_S_MAX;

/// Longest name or title, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// Longest list of the notices that were read.
pub const READ_CHARS_MAX: usize = 8_000;
/// Longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 500;
/// Longest name of a carrier and longest tracking number, in characters.
const CARRIER_CHARS_MAX: usize = 64;
/// Longest address for mail, in characters (RFC 5321, 4.5.3.1.3).
const EMAIL_CHARS_MAX: usize = 254;
/// Longest name of a language, in bytes.
const LANGUAGE_BYTES_MAX: usize = 35;
/// Largest amount of money, in minor units.
const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// A field's type: how it is read from JSON, and how OpenAPI shows it.
macro_rules! field {
    ($(#[$doc:meta])* $name:ident($inner:ty), $read:expr, $schema:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                let read: fn(&Value) -> Result<$inner, String> = $read;
                read(&value).map(Self).map_err(D::Error::custom)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {}
    };
}

mod accounts;
mod addresses;
mod posts;
mod reasons;
mod webhooks;

pub use accounts::{Password, RoleName};
pub use addresses::{Origin, ProductUrl};
pub use posts::{NetworkName, PostTemplate, WhenOutdatedName};
pub use reasons::{WaitReason, WaitReasonAnswer};
pub use webhooks::EventName;

field!(
    /// A count: a whole number from 0 to 1,000,000,000.
    Count(Quantity),
    |value| counted(value, 0),
    whole(0, i64::from(QUANTITY_MAX))
);
field!(
    /// A count of at least one.
    Units(Quantity),
    |value| counted(value, 1),
    whole(1, i64::from(QUANTITY_MAX))
);
field!(
    /// How much more (or, negative, fewer) there is: a whole number other than 0.
    Change(i64),
    |value| {
        let limit = i64::from(QUANTITY_MAX);
        value
            .as_i64()
            .filter(|change| *change != 0 && (-limit..=limit).contains(change))
            .ok_or_else(|| {
                "invalid_quantity: must be a whole number from -1,000,000,000 to 1,000,000,000, and not 0"
                    .to_owned()
            })
    },
    whole(-i64::from(QUANTITY_MAX), i64::from(QUANTITY_MAX))
);
field!(
    /// A number of days, from 0 to 365.
    Days(u32),
    |value| days(value, 0, 365),
    whole(0, 365)
);
field!(
    /// A number of days, from 1 to 365.
    SomeDays(u32),
    |value| days(value, 1, 365),
    whole(1, 365)
);
field!(
    /// A number of working days, from 0 to 60.
    WorkDays(u32),
    |value| days(value, 0, 60),
    whole(0, 60)
);
field!(
    /// How often a hold may be renewed, from 0 to 100.
    Renewals(u32),
    |value| days(value, 0, 100),
    whole(0, 100)
);
field!(
    /// How much before others, from 0 to 1,000.
    Priority(u32),
    |value| days(value, 0, PRIORITY_MAX.into()),
    whole(0, PRIORITY_MAX.into())
);
field!(
    /// For how many seconds goods are held, from 1 to a week.
    HoldSeconds(u32),
    |value| {
        let most = i64::from(HOLD_S_MAX);
        let seconds = value.as_i64().filter(|seconds| (1..=most).contains(seconds));
        seconds.and_then(|seconds| u32::try_from(seconds).ok()).ok_or_else(|| {
            format!("invalid_duration: must be a whole number of seconds from 1 to {most}")
        })
    },
    whole(1, i64::from(HOLD_S_MAX))
);
field!(
    /// A number of parcels, from 1 to 20.
    Parcels(u32),
    |value| days(value, 1, i64::from(shared::shipment::PARCELS_MAX)),
    whole(1, i64::from(shared::shipment::PARCELS_MAX))
);
field!(
    /// A civil date, `YYYY-MM-DD`.
    Day(NaiveDate),
    |value| {
        let day = value.as_str().and_then(wire::Date::parse);
        day.filter(|day| day.0 >= FIRST_DAY)
            .map(|day| day.0)
            .ok_or_else(|| "invalid_date: must be a date of the calendar, as YYYY-MM-DD".to_owned())
    },
    formatted(KnownFormat::Date)
);
field!(
    /// A name: 1 to 200 characters.
    Name(String),
    |value| text(value, NAME_CHARS_MAX),
    texts(NAME_CHARS_MAX)
);
field!(
    /// A reason: 1 to 500 characters.
    Reason(String),
    |value| text(value, REASON_CHARS_MAX),
    texts(REASON_CHARS_MAX)
);
field!(
    /// The number of a delivery: 1 to 200 characters.
    ReceiptName(String),
    |value| text(value, NAME_CHARS_MAX),
    texts(NAME_CHARS_MAX)
);
field!(
    /// A way of shipping: 1 to 64 characters.
    ModeName(String),
    |value| text(value, MODE_CHARS_MAX),
    texts(MODE_CHARS_MAX)
);
field!(
    /// A share in percent, from 1 to 99.
    LevelPercent(Level),
    |value| {
        let level = value.as_u64().and_then(|percent| u8::try_from(percent).ok());
        level
            .and_then(|percent| Level::new(percent).ok())
            .ok_or_else(|| "invalid_number: must be a whole number of percent from 1 to 99".to_owned())
    },
    whole(1, 99)
);
field!(
    /// A share in percent, from 1 to 100.
    Percent(u32),
    |value| days(value, 1, i64::from(PERCENT_MAX)),
    whole(1, i64::from(PERCENT_MAX))
);
field!(
    /// A share in percent that is held out of an experiment, from 5 to 95.
    HoldoutPercent(u32),
    |value| days(value, 5, 95),
    whole(5, 95)
);
field!(
    /// How often, from 1 to 100.
    Times(u32),
    |value| days(value, 1, 100),
    whole(1, 100)
);
field!(
    /// What a shop calls a shopper: 1 to 128 bytes.
    ShopperName(String),
    |value| {
        let name = text(value, SHOPPER_BYTES_MAX)?;
        match name.len() <= SHOPPER_BYTES_MAX {
            true => Ok(name),
            false => Err(format!("too_long: must have at most {SHOPPER_BYTES_MAX} bytes")),
        }
    },
    texts(SHOPPER_BYTES_MAX)
);
field!(
    /// What an offer says: 1 to 200 characters.
    OfferWords(String),
    |value| text(value, OFFER_WORDS_CHARS_MAX),
    texts(OFFER_WORDS_CHARS_MAX)
);
field!(
    /// The code of an offer, however it was typed.
    OfferCode(String),
    |value| text(value, OFFER_CODE_BYTES_MAX),
    texts(OFFER_CODE_BYTES_MAX)
);
field!(
    /// A SKU: 1 to 128 bytes without control characters.
    SkuName(Sku),
    |value| parsed(value, "invalid_sku"),
    texts(shared::ids::SKU_BYTES_MAX)
);
field!(
    /// The id of a location.
    LocationName(LocationId),
    |value| parsed(value, "invalid_location"),
    texts(shared::ids::ID_BYTES_MAX)
);
field!(
    /// The id of a supplier.
    SupplierName(SupplierId),
    |value| parsed(value, "invalid_supplier"),
    texts(shared::ids::ID_BYTES_MAX)
);
field!(
    /// The id of a purchase order.
    PurchaseOrderName(PurchaseOrderId),
    |value| parsed(value, "invalid_purchase_order"),
    texts(shared::ids::ID_BYTES_MAX)
);
field!(
    /// The id of an order: up to 40 letters, digits, `-`, `_`, `.` and `~`.
    OrderName(OrderId),
    |value| {
        let id: OrderId = parsed(value, "invalid_order")?;
        match id.as_str().len() <= ORDER_ID_BYTES_MAX {
            true => Ok(id),
            false => Err(format!("invalid_order: must have at most {ORDER_ID_BYTES_MAX} characters")),
        }
    },
    texts(ORDER_ID_BYTES_MAX)
);
field!(
    /// The id of a reservation.
    ReservationName(ReservationId),
    |value| parsed(value, "invalid_reservation"),
    texts(shared::ids::ID_BYTES_MAX)
);
field!(
    /// The id of a shipment.
    ShipmentName(ShipmentId),
    |value| parsed(value, "invalid_shipment"),
    texts(shared::ids::ID_BYTES_MAX)
);
field!(
    /// A carrier or a tracking number: 1 to 64 characters.
    CarrierText(String),
    |value| text(value, CARRIER_CHARS_MAX),
    texts(CARRIER_CHARS_MAX)
);
field!(
    /// An IANA time zone: `America/New_York`.
    Zone(Tz),
    |value| {
        value
            .as_str()
            .and_then(|name| name.parse().ok())
            .ok_or_else(|| "unknown_time_zone: must be an IANA time zone such as Europe/Berlin".to_owned())
    },
    texts(64)
);
field!(
    /// A local time of day, `HH:MM`.
    TimeOfDay(NaiveTime),
    |value| {
        time_of_day(value).ok_or_else(|| "invalid_time: must be a time of day, as HH:MM".to_owned())
    },
    texts(5)
);
field!(
    /// Local times of days of the week: `{"fri": "12:00"}`.
    WeekdayTimes(WeekTimes),
    weekday_times,
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(texts(5)))
        .examples([serde_json::json!({"fri": "12:00"})])
);
field!(
    /// What a parcel costs, in minor units of the store's currency.
    ParcelCost(u32),
    |value| {
        value
            .as_u64()
            .and_then(|cost| u32::try_from(cost).ok())
            .filter(|cost| *cost <= PARCEL_COST_MAX)
            .ok_or_else(|| "invalid_amount: must be a whole number of minor units (cents) from 0 to 1,000,000,000".to_owned())
    },
    whole(0, i64::from(PARCEL_COST_MAX))
);
field!(
    /// A part of the world that carriers take the same time to: 1 to 32 letters, digits and hyphens.
    TransitZone(String),
    transit_zone,
    texts(TRANSIT_ZONE_BYTES_MAX)
);
field!(
    /// Days of the week: `["mon", "tue"]`.
    Weekdays(Week),
    weekdays,
    ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String))
);
field!(
    /// Dates of days off.
    Holidays(BTreeSet<NaiveDate>),
    holidays,
    ArrayBuilder::new().items(
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
    )
);
field!(
    /// An ISO 4217 code.
    CurrencyCode(Currency),
    |value| {
        value
            .as_str()
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| "invalid_amount: must be an ISO 4217 currency code such as USD".to_owned())
    },
    texts(3)
);
field!(
    /// Minor units of a currency.
    Amount(i64),
    |value| {
        value
            .as_i64()
            .filter(|amount| (0..=AMOUNT_MAX).contains(amount))
            .ok_or_else(|| "invalid_amount: must be a whole number of minor units (cents), not negative".to_owned())
    },
    whole(0, AMOUNT_MAX)
);
field!(
    /// An address for mail.
    Email(String),
    |value| {
        let address = text(value, EMAIL_CHARS_MAX)?;
        match address.parse::<lettre::Address>() {
            Ok(_) => Ok(address),
            Err(_) => Err("invalid_email: must be one address, such as anna@example.org".into()),
        }
    },
    texts(EMAIL_CHARS_MAX)
);
field!(
    /// A language, BCP 47.
    LanguageTag(String),
    |value| {
        let fits = |tag: &&str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (2..=LANGUAGE_BYTES_MAX).contains(&tag.len()) && tag.bytes().all(plain)
        };
        let tag = value.as_str().filter(fits).map(str::to_owned);
        tag.ok_or_else(|| "invalid_language: must be a BCP 47 tag such as en-US".to_owned())
    },
    texts(LANGUAGE_BYTES_MAX)
);
field!(
    /// A country, ISO 3166-1 in two letters.
    Country(String),
    |value| {
        let fits = |code: &&str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        let code = value.as_str().filter(fits).map(str::to_owned);
        code.ok_or_else(|| "invalid_country: must be two capital letters of ISO 3166-1, such as US".to_owned())
    },
    texts(2)
);
field!(
    /// A date that a customer was told, or `unknown` where it was that nobody knows one.
    ToldDate(When),
    |value| {
        let when = value.as_str().and_then(when_named);
        when.ok_or_else(|| "invalid_date: must be a date such as 2026-12-15, or unknown".to_owned())
    },
    texts(10)
);
field!(
    /// Which notices the page of an order showed.
    ReadNotices(Read),
    |value| {
        let short = value.as_str().filter(|text| text.len() <= READ_CHARS_MAX);
        let read = short.and_then(|text| text.parse().ok());
        read.ok_or_else(|| "invalid_read: must be what asked.read of the order's page says".to_owned())
    },
    texts(READ_CHARS_MAX)
);
field!(
    /// An instant, RFC 3339.
    Moment(DateTime<Utc>),
    |value| {
        let at = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        at.map(|at| at.to_utc())
            .ok_or_else(|| "invalid_instant: must be an instant with its offset, such as 2026-11-24T19:00:00Z".to_owned())
    },
    formatted(KnownFormat::DateTime)
);
/// An amount of money.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Minor units.
    pub amount: Amount,
    /// ISO 4217 code.
    pub currency: CurrencyCode,
}

impl Price {
    /// The money.
    pub fn money(&self) -> Money {
        Money::new(self.amount.0, self.currency.0)
    }
}

/// Reads a field that may be null, and tells that it was there: absent is `None`, null is
/// `Some(None)`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// No date before this one is meant.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");

fn counted(value: &Value, least: u32) -> Result<Quantity, String> {
    value
        .as_u64()
        .and_then(|units| u32::try_from(units).ok())
        .filter(|units| (least..=QUANTITY_MAX).contains(units))
        .map(Quantity::new)
        .ok_or_else(|| {
            format!("invalid_quantity: must be a whole number from {least} to 1,000,000,000")
        })
}

fn days(value: &Value, least: i64, most: i64) -> Result<u32, String> {
    value
        .as_i64()
        .filter(|days| (least..=most).contains(days))
        .and_then(|days| u32::try_from(days).ok())
        .ok_or_else(|| format!("invalid_number: must be a whole number from {least} to {most}"))
}

/// A text of one line that shows what it says.
fn text(value: &Value, chars_max: usize) -> Result<String, String> {
    let Some(text) = value.as_str().map(str::trim) else {
        return Err("invalid_text: must be text".into());
    };
    if chars_max < text.chars().count() {
        return Err(format!(
            "too_long: must have at most {chars_max} characters"
        ));
    }
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("invalid_text: must be one line of text, without control characters".into());
    }
    Ok(text.to_owned())
}

fn parsed<T: std::str::FromStr<Err = shared::ids::IdError>>(
    value: &Value,
    code: &str,
) -> Result<T, String> {
    let Some(text) = value.as_str() else {
        return Err(format!("{code}: must be text"));
    };
    text.parse().map_err(|error| format!("{code}: {error}"))
}

fn weekdays(value: &Value) -> Result<Week, String> {
    let wrong =
        || "invalid_weekday: must be a list of mon, tue, wed, thu, fri, sat, sun".to_owned();
    let mut week = [false; 7];
    for day in value.as_array().ok_or_else(wrong)? {
        let name = day.as_str().ok_or_else(wrong)?;
        let day = day_named(name).ok_or_else(wrong)?;
        week[day.num_days_from_monday() as usize] = true;
    }
    Ok(Week(week))
}

fn time_of_day(value: &Value) -> Option<NaiveTime> {
    let time = value.as_str().filter(|time| time.len() == 5)?;
    NaiveTime::parse_from_str(time, "%H:%M").ok()
}

fn weekday_times(value: &Value) -> Result<WeekTimes, String> {
    let Some(named) = value.as_object() else {
        return Err("invalid_time: must be an object such as {\"fri\": \"12:00\"}".into());
    };
    let times: Result<Vec<_>, String> = named
        .iter()
        .map(|(name, time)| {
            let day = day_named(name).ok_or_else(|| {
                "invalid_weekday: must have only mon, tue, wed, thu, fri, sat and sun".to_owned()
            })?;
            let time = time_of_day(time).ok_or_else(|| {
                format!("invalid_time: the time of {name} must be a time of day, as HH:MM")
            })?;
            Ok((day, time))
        })
        .collect();
    times.map(WeekTimes::new)
}

fn transit_zone(value: &Value) -> Result<String, String> {
    let fits = |zone: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=TRANSIT_ZONE_BYTES_MAX).contains(&zone.len()) && zone.bytes().all(plain)
    };
    value.as_str().filter(fits).map(str::to_owned).ok_or_else(|| {
        format!("invalid_zone: must be 1 to {TRANSIT_ZONE_BYTES_MAX} letters, digits and hyphens such as us or eu-1")
    })
}

fn holidays(value: &Value) -> Result<BTreeSet<NaiveDate>, String> {
    let wrong = || "invalid_date: must be a list of dates, each as YYYY-MM-DD".to_owned();
    let days = value.as_array().ok_or_else(wrong)?;
    if HOLIDAYS_MAX < days.len() {
        return Err(format!("too_long: must have at most {HOLIDAYS_MAX} dates"));
    }
    days.iter()
        .map(|day| {
            let day = day.as_str().and_then(wire::Date::parse);
            day.map(|day| day.0).ok_or_else(wrong)
        })
        .collect()
}

fn whole(least: i64, most: i64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(least))
        .maximum(Some(most))
}

fn texts(length_max: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(length_max))
}

fn formatted(format: KnownFormat) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(format)))
}
