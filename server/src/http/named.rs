//! Names in the path.

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
