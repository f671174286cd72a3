//! Names in the path.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::Problem;

/// Names in the path, as text.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Bytes that are no UTF-8 name nothing.
        let Ok(Path(names)) = Path::<T>::from_request_parts(parts, state).await else {
            return Err(Problem::not_found());
        };
        Ok(Self(names))
    }
}

/// An id that this server made, in the path or in a cursor: what holds anything but letters, digits, `_` and `-` is none.
pub struct OwnId(pub String);

/// The text is no id of ours.
pub struct NoOwnId;

impl FromStr for OwnId {
    type Err = NoOwnId;

    fn from_str(raw: &str) -> Result<Self, NoOwnId> {
        let is_ours = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        match raw.bytes().all(is_ours) {
            true => Ok(Self(raw.to_owned())),
            false => Err(NoOwnId),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OwnId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Named(raw) = Named::<String>::from_request_parts(parts, state).await?;
        raw.parse().map_err(|_| Problem::not_found())
    }
}
