//! Errors as the network sees them: `application/problem+json` (RFC 9457), one table.

use serde::Serialize;

/// What went wrong, in words that say what to do. Inner detail goes to the log, never in here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    /// A stable URI for the kind of problem: `https://shipsby.example/problems/{code}`.
    pub r#type: String,
    /// The same in a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A stable code to program against.
    pub code: &'static str,
    /// What is wrong here, and what to do.
    pub detail: String,
    /// Which fields are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Seconds after which it is worth trying again; also sent as `Retry-After`.
    #[serde(skip)]
    pub retry_after_s: Option<u32>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub detail: String,
}

impl Problem {
    /// A problem of this status and code.
    pub fn new(
        status: u16,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            r#type: format!("https://shipsby.example/problems/{code}"),
            title,
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// The same, naming a field. The problem's own code is the first field's.
    #[must_use]
    pub fn field(
        mut self,
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        self.errors.push(FieldProblem {
            pointer: pointer.into(),
            code,
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
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let detail = detail.into();
        Self::new(
            422,
            code,
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
