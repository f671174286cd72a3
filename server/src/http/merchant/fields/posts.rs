//! What posts are made of.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::operations::records::{Network, WhenOutdated};
use crate::posts::text::TEMPLATE_CHARS_MAX;

field!(
    /// What a post is made of: text in which `{shop}`, `{title}`, `{sku}`, `{label}`, `{date}`, `{told}` and `{link}` are filled in.
    PostTemplate(String),
    |value| {
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| "invalid_template: must be text".to_owned())
    },
    ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(TEMPLATE_CHARS_MAX))
);
field!(
    /// A network on which the shop has an account.
    NetworkName(Network),
    |value| {
        let network = value.as_str().and_then(Network::named);
        network.ok_or_else(|| "unknown_network: must be mastodon or bluesky".to_owned())
    },
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["mastodon", "bluesky"]))
);
field!(
    /// What becomes of a post that is out of date: `follow_up` another one follows it, `delete` it is removed, `leave` nothing.
    WhenOutdatedName(WhenOutdated),
    |value| {
        let word = value.as_str().and_then(WhenOutdated::named);
        word.ok_or_else(|| "invalid_when_outdated: must be follow_up, delete or leave".to_owned())
    },
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["follow_up", "delete", "leave"]))
);
