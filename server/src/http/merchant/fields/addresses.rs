//! Addresses on the web.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::texts;
use crate::operations::share_goods::SKU_PLACE;

/// Longest origin, in bytes.
const ORIGIN_BYTES_MAX: usize = 255;
/// Longest address of a product's page, in bytes.
const PRODUCT_URL_BYTES_MAX: usize = 500;

field!(
    /// The origin of a page: `https://shop.example`, with its port where that is not the usual one.
    Origin(String),
    origin,
    texts(ORIGIN_BYTES_MAX)
);
field!(
    /// The page of a product, with `{sku}` in the place of its SKU.
    ProductUrl(String),
    product_url,
    texts(PRODUCT_URL_BYTES_MAX)
);

/// Browsers send origins in one form only, so that is the only one taken: compared byte for byte.
fn origin(value: &Value) -> Result<String, String> {
    let wrong = || {
        "invalid_origin: must be scheme and host in small letters, such as https://shop.example, without a path"
            .to_owned()
    };
    let origin = value.as_str().ok_or_else(wrong)?;
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"))
        .ok_or_else(wrong)?;
    let allowed = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | ':' | '[' | ']')
    };
    if host.is_empty() || !host.chars().all(allowed) || ORIGIN_BYTES_MAX < origin.len() {
        return Err(wrong());
    }
    Ok(origin.to_owned())
}

/// The SKU may stand anywhere behind the host: which host a link leads to is the merchant's to say, and no SKU's.
fn product_url(value: &Value) -> Result<String, String> {
    let wrong = || {
        "invalid_url: must be an address with one {sku} behind the host, such as https://shop.example/products/{sku}"
            .to_owned()
    };
    let url = value
        .as_str()
        .filter(|url| url.len() <= PRODUCT_URL_BYTES_MAX);
    let url = url.ok_or_else(wrong)?;
    let (before, after) = url.split_once(SKU_PLACE).ok_or_else(wrong)?;
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| before.starts_with(scheme));
    let host = before[scheme.ok_or_else(wrong)?.len()..].split_once('/');
    let read = reqwest::Url::parse(&url.replace(SKU_PLACE, "sku")).map_err(|_| wrong())?;
    let is_plain = read.username().is_empty() && read.password().is_none() && read.has_host();
    let shows_what_it_says =
        |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '`' | '\\');
    match host {
        Some(_)
            if is_plain && !after.contains(['{', '}']) && url.chars().all(shows_what_it_says) =>
        {
            Ok(url.to_owned())
        }
        _ => Err(wrong()),
    }
}
