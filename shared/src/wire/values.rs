//! Amounts and dates as they cross the network.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::money::{Currency, Money as DomainMoney};

/// An amount in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money(pub DomainMoney);

/// A civil date, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub NaiveDate);

impl Date {
    /// Reads `YYYY-MM-DD`, four digits of year, and nothing else.
    ///
    /// ```
    /// use shared::wire::Date;
    ///
    /// assert_eq!(Date::parse("2026-12-15").map(|day| day.to_string()).as_deref(), Some("2026-12-15"));
    /// assert_eq!(Date::parse("15.12.2026"), None);
    /// assert_eq!(Date::parse("2026-02-30"), None);
    /// ```
    pub fn parse(raw: &str) -> Option<Self> {
        let digits = |part: &str, length: usize| {
            let plain = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
            if plain {
                part.parse::<u32>().ok()
            } else {
                None
            }
        };
        let (year, rest) = raw.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        let year = i32::try_from(digits(year, 4)?).ok()?;
        NaiveDate::from_ymd_opt(year, digits(month, 2)?, digits(day, 2)?).map(Self)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}",
            self.0.year(),
            self.0.month(),
            self.0.day()
        )
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(deserializer)?;
        Self::parse(&raw).ok_or_else(|| de::Error::custom("is no date of the form YYYY-MM-DD"))
    }
}

/// The shape of [`Money`] in JSON.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Money))]
pub struct MoneyShape {
    /// Minor units of the currency.
    amount: i64,
    /// ISO 4217 code.
    currency: String,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        MoneyShape {
            amount: self.0.amount,
            currency: self.0.currency.to_string(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let shape = MoneyShape::deserialize(deserializer)?;
        let currency: Currency = shape.currency.parse().map_err(de::Error::custom)?;
        Ok(Self(DomainMoney::new(shape.amount, currency)))
    }
}

#[cfg(feature = "schema")]
mod schema {
    //! How the hand-written types look in OpenAPI.

    use utoipa::openapi::RefOr;
    use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
    use utoipa::{PartialSchema, ToSchema};

    use super::{Date, Money, MoneyShape};

    impl PartialSchema for Date {
        fn schema() -> RefOr<Schema> {
            let format = SchemaFormat::KnownFormat(KnownFormat::Date);
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(format))
                .into()
        }
    }

    impl ToSchema for Date {}

    impl PartialSchema for Money {
        fn schema() -> RefOr<Schema> {
            MoneyShape::schema()
        }
    }

    impl ToSchema for Money {}
}
