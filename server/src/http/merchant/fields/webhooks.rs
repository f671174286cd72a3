//! Of what endpoints are told.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::webhooks::happened::EventKind;

field!(
    /// A kind of event that an endpoint may ask for.
    EventName(EventKind),
    event,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(EventKind::to_ask_for().map(EventKind::name)))
);

fn event(value: &Value) -> Result<EventKind, String> {
    let kind = value.as_str().and_then(EventKind::named);
    kind.filter(|kind| *kind != EventKind::Test).ok_or_else(|| {
        let names: Vec<&str> = EventKind::to_ask_for().map(EventKind::name).collect();
        format!("unknown_event: must be one of {}", names.join(", "))
    })
}
