//! What members are known by.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use crate::operations::records::Role;

field!(
    /// A password to be kept: at least 8 characters, at most 256 bytes.
    Password(String),
    password,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(PASSWORD_CHARS_MIN))
        .max_length(Some(PASSWORD_BYTES_MAX))
);
field!(
    /// What somebody may do: `owner` everything, `staff` everything but keys, members, endpoints and the store's settings, `read_only` look.
    RoleName(Role),
    role,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["owner", "staff", "read_only"]))
);

/// Taken as it is: a space may be part of it.
fn password(value: &Value) -> Result<String, String> {
    let Some(password) = value.as_str() else {
        return Err("invalid_password: must be text".into());
    };
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(format!(
            "password_too_short: must have at least {PASSWORD_CHARS_MIN} characters"
        ));
    }
    if PASSWORD_BYTES_MAX < password.len() {
        return Err(format!(
            "password_too_long: must have at most {PASSWORD_BYTES_MAX} bytes"
        ));
    }
    Ok(password.to_owned())
}

fn role(value: &Value) -> Result<Role, String> {
    let role = value.as_str().and_then(Role::named);
    role.ok_or_else(|| "invalid_role: must be owner, staff or read_only".to_owned())
}
