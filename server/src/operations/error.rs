//! Why an act was not done. Nothing is changed then.

use crate::store::StoreError;

/// A date that the shopper saw, and what can be promised instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedPromise {
    /// The SKU.
    pub sku: shared::ids::Sku,
    /// The ship-by date that was shown.
    pub shown: chrono::NaiveDate,
    /// The one that can be promised now; none where none can.
    pub ships_by: Option<chrono::NaiveDate>,
}

/// Why an act was not done. Nothing is changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ActError {
    /// The thing the act is about is not there.
    #[error("there is no such thing in this store")]
    NotFound,
    /// A field of the request cannot be used.
    #[error("{pointer}: {detail}")]
    Field {
        /// JSON pointer to it.
        pointer: String,
        /// A stable code.
        code: &'static str,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// The request is sound, and at odds with how things stand.
    #[error("{detail}")]
    Conflict {
        /// A stable code.
        code: &'static str,
        /// What is at odds, and what to do.
        detail: String,
    },
    /// The count is not what the request expects.
    #[error("the count is {current}")]
    VersionConflict {
        /// What it is.
        current: u32,
    },
    /// Goods would leave later than the shopper saw.
    #[error("what can be promised is later than what was shown")]
    PromiseChanged(Vec<ChangedPromise>),
    /// The idempotency key was used for another query or body.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The first request with this idempotency key is still being answered.
    #[error("the first request with this idempotency key is still being answered")]
    InFlight,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ActError {
    /// A field of the request cannot be used.
    pub fn field(
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self::Field {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }

    /// The request is at odds with how things stand.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            detail: detail.into(),
        }
    }

    /// A reference to a SKU that the store does not have.
    pub fn unknown_sku(pointer: impl Into<String>, sku: &shared::ids::Sku) -> Self {
        let detail =
            format!("`{sku}` is not known here; create it first with PUT /v1/skus/{{sku}}");
        Self::field(pointer, "unknown_sku", detail)
    }

    /// A reference to a location that the store does not have.
    pub fn unknown_location(
        pointer: impl Into<String>,
        location: &shared::ids::LocationId,
    ) -> Self {
        let detail = format!(
            "`{location}` is not known here; create it first with PUT /v1/locations/{{id}}"
        );
        Self::field(pointer, "unknown_location", detail)
    }

    /// A reference to a supplier that the store does not have.
    pub fn unknown_supplier(
        pointer: impl Into<String>,
        supplier: &shared::ids::SupplierId,
    ) -> Self {
        let detail = format!(
            "`{supplier}` is not known here; create it first with PUT /v1/suppliers/{{id}}"
        );
        Self::field(pointer, "unknown_supplier", detail)
    }
}
