//! Errors as the network sees them: `application/problem+json` (RFC 9457), one table.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shared::wire::Date;
use utoipa::ToSchema;

/// What went wrong, in words that say what to do. Inner detail goes to the log, never in here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// A stable URI for the kind of problem: `https://shipsby.example/problems/{code}`.
    pub r#type: String,
    /// The same in a few words.
    #[schema(value_type = String)]
    pub title: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// A stable code to program against.
    #[schema(value_type = String)]
    pub code: Cow<'static, str>,
    /// What is wrong here, and what to do.
    pub detail: String,
    /// Which fields are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Which dates are later than the shopper saw.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<ChangedDate>,
    /// What a count is that the request expected to be another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u32>,
    /// Seconds after which it is worth trying again; also sent as `Retry-After`.
    #[serde(skip)]
    pub retry_after_s: Option<u32>,
}

/// The code of a problem, on its response: for who writes down what was answered.
#[derive(Debug, Clone)]
pub struct Code(pub Cow<'static, str>);

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// A stable code.
    #[schema(value_type = String)]
    pub code: Cow<'static, str>,
    /// What is wrong, and what to do.
    pub detail: String,
}

/// A date that the shopper saw, and what can be promised instead.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChangedDate {
    /// The SKU.
    pub sku: String,
    /// The ship-by date that was shown.
    pub shown: Date,
    /// The one that can be promised now; null where none can.
    pub ships_by: Option<Date>,
}

impl Problem {
    /// A problem of this status and code.
    pub fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        let code = code.into();
        Self {
            r#type: format!("https://shipsby.example/problems/{code}"),
            title: title.into(),
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            changed: Vec::new(),
            current: None,
            retry_after_s: None,
        }
    }

    /// The same, naming a field. The problem's own code is the first field's.
    #[must_use]
    pub fn field(
        mut self,
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        self.errors.push(FieldProblem {
            pointer: pointer.into(),
            code: code.into(),
            detail: detail.into(),
        });
        self
    }

    /// The same, worth trying again after so many seconds.
    #[must_use]
    pub fn retry_after_s(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Something that is wrong with one field: status 422, the field's code.
    pub fn invalid(
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        let (code, detail) = (code.into(), detail.into());
        Self::new(
            422,
            code.clone(),
            "The request has a field that cannot be used",
            detail.clone(),
        )
        .field(pointer, code, detail)
    }

    /// There is no such thing, or it is another shop's: the two must not be told apart.
    pub fn not_found() -> Self {
        Self::new(
            404,
            "not_found",
            "There is nothing here",
            "No such thing exists in this store. Check the address and the id.",
        )
    }

    /// Something failed inside; the log has the cause under the request's id.
    pub fn internal() -> Self {
        Self::new(
            500,
            "internal",
            "The server failed",
            "Something went wrong on our side. Try again; if it stays, report the X-Request-Id.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).expect("a problem has only text keys");
        let mut response = (status, body).into_response();
        response.extensions_mut().insert(Code(self.code));
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
