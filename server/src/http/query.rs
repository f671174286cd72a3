//! The part of an address after the question mark: strictly decoded, names may repeat.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use shared::ids::Sku;
use shared::quantity::{QUANTITY_MAX, Quantity, REQUESTED_MAX};
use shared::text::Language;

use crate::error::Problem;
use crate::limits::{SHOPPER_BYTES_MAX, SKUS_PER_REQUEST_MAX, TRANSIT_ZONE_BYTES_MAX};

/// What every question about SKUs may say in its address. Other parameters are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `sku`, in the order given.
    pub skus: Vec<Sku>,
    /// `qty`; 1 unless given.
    pub quantity: Quantity,
    /// `lang`; English unless given.
    pub language: Language,
    /// `to`: the part of the world that parcels go to.
    pub to: Option<Arc<str>>,
    /// `since`: the revision that the client has seen.
    pub since: Option<u64>,
}

/// The values of a query in order, decoded; `None` for a value that is not UTF-8.
pub fn pairs(query: &str) -> impl Iterator<Item = (&str, Option<Cow<'_, str>>)> {
    raw_pairs(query).map(|(name, value)| (name, decoded(value)))
}

fn raw_pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// The first value with this name.
pub fn first<'a>(query: Option<&'a str>, wanted: &str) -> Option<Cow<'a, str>> {
    raw_pairs(query.unwrap_or_default())
        .find(|(name, _)| *name == wanted)
        .and_then(|(_, value)| decoded(value))
}

/// `shopper`: what the shop calls who looks. What cannot be such a name is passed over.
pub fn shopper(query: Option<&str>) -> Option<Cow<'_, str>> {
    first(query, "shopper").filter(|name| {
        let fits = (1..=SHOPPER_BYTES_MAX).contains(&name.len());
        fits && !name.chars().any(char::is_control)
    })
}

impl Asked {
    /// Reads a query.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let mut asked = Self {
            skus: Vec::new(),
            quantity: Quantity::new(1),
            language: Language::default(),
            to: None,
            since: None,
        };
        for (name, value) in pairs(query) {
            match name {
                "sku" => asked.skus.push(sku(value.as_deref())?),
                "qty" => asked.quantity = quantity(value.as_deref())?,
                "lang" => asked.language = Language::for_tag(value.as_deref().unwrap_or_default()),
                "to" => {
                    asked.to = value
                        .filter(|zone| zone.len() <= TRANSIT_ZONE_BYTES_MAX)
                        .map(Arc::from)
                }
                "since" => asked.since = value.and_then(|value| value.parse().ok()),
                _ => {}
            }
        }
        Ok(asked)
    }

    /// Refuses a question about no SKU or about too many.
    pub fn about_some(self) -> Result<Self, Problem> {
        match self.skus.len() {
            0 => Err(Problem::invalid(
                "?sku",
                "sku_required",
                "Name at least one SKU: ?sku=A&sku=B.",
            )),
            1..=SKUS_PER_REQUEST_MAX => Ok(self),
            count => Err(Problem::invalid(
                "?sku",
                "too_many_skus",
                format!(
                    "{count} SKUs are asked for, at most {SKUS_PER_REQUEST_MAX} can be. Ask in several requests."
                ),
            )),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

fn decoded(raw: &str) -> Option<Cow<'_, str>> {
    // Most values stand there as they are.
    if !raw.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Some(Cow::Borrowed(raw));
    }
    if raw.contains('+') {
        let spaced = raw.replace('+', " ");
        let bytes = percent_decode_str(&spaced).decode_utf8().ok()?;
        return Some(Cow::Owned(bytes.into_owned()));
    }
    percent_decode_str(raw).decode_utf8().ok()
}

fn sku(raw: Option<&str>) -> Result<Sku, Problem> {
    let refused = |why: &str| Problem::invalid("?sku", "invalid_sku", format!("A SKU {why}."));
    let raw = raw.ok_or_else(|| refused("must be UTF-8"))?;
    raw.parse()
        .map_err(|error: shared::ids::IdError| refused(&error.to_string()))
}

/// Reads `qty`.
pub fn quantity(raw: Option<&str>) -> Result<Quantity, Problem> {
    let raw = raw.unwrap_or_default();
    let digits = !raw.is_empty() && raw.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than a number can hold are still only "too large" or "not a count".
    let units = if digits { raw.parse().ok() } else { None };
    requested(units).map_err(|(code, detail)| Problem::invalid("?qty", code, detail))
}

/// Checks a count that a shopper asks for; `None` stands for what is no whole number.
pub fn requested(units: Option<u64>) -> Result<Quantity, (&'static str, String)> {
    match units.map(u32::try_from) {
        Some(Ok(units)) if (1..=REQUESTED_MAX).contains(&units) => Ok(Quantity::new(units)),
        Some(Ok(units)) if REQUESTED_MAX < units && units < QUANTITY_MAX => Err((
            "quantity_too_large",
            format!("At most {REQUESTED_MAX} units can be asked for at once."),
        )),
        _ => Err((
            "invalid_quantity",
            format!("A quantity is a whole number from 1 to {REQUESTED_MAX}."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_strictly_where_it_matters() {
        let asked = Asked::parse("sku=a%20b&sku=c+d&qty=3&lang=de-AT&since=7&x=%FF").expect("fine");
        let skus: Vec<_> = asked.skus.iter().map(Sku::as_str).collect();
        assert_eq!(skus, ["a b", "c d"]);
        assert_eq!(asked.quantity, Quantity::new(3));
        assert_eq!(asked.language, Language::German);
        assert_eq!(asked.since, Some(7));
    }

    #[test]
    fn what_is_no_sku_or_no_count_is_named() {
        let long = format!("sku={}", "x".repeat(129));
        let cases = [
            ("sku=", "invalid_sku"),
            ("sku=%00", "invalid_sku"),
            ("sku=a%FF", "invalid_sku"),
            ("sku=%ED%A0%80", "invalid_sku"),
            ("sku=a%E2%80%AEb", "invalid_sku"),
            (&long, "invalid_sku"),
            ("qty=", "invalid_quantity"),
            ("qty=0", "invalid_quantity"),
            ("qty=-1", "invalid_quantity"),
            ("qty=1.5", "invalid_quantity"),
            ("qty=abc", "invalid_quantity"),
            ("qty=1e30", "invalid_quantity"),
            ("qty=2147483648", "invalid_quantity"),
            ("qty=99999999999999999999999", "invalid_quantity"),
            ("qty=10000", "quantity_too_large"),
        ];
        for (query, code) in cases {
            let problem = Asked::parse(query).expect_err(query);
            assert_eq!(problem.code, code, "{query}");
            assert_eq!(problem.status, 422, "{query}");
        }
    }
}
