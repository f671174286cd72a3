//! Who did what.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::Page;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::audit::audit;
use crate::operations::check_availability::instant;
use crate::operations::records::AuditRecord;

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct Answer {
    /// Its number: 1, 2, 3, without a gap.
    id: u64,
    /// Instant (RFC 3339) at which it was done.
    at: String,
    /// Who did it; null: it was done on the command line.
    member: Option<Who>,
    /// What: a method and a route, such as `PUT /v1/skus/{sku}`, or a command.
    action: String,
    /// To what, such as `cc-mug`: what stood in the place of the route's parameters. Empty where it has none.
    subject: String,
    /// `done` or `refused`.
    outcome: &'static str,
    /// Why it was refused: the problem's code.
    code: Option<String>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditMember)]
pub struct Who {
    /// Their id.
    id: String,
    /// The address that they had then.
    email: String,
}

/// A page of what was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditPage)]
pub struct List {
    /// What was done, the latest first.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Lists who signed in, and what they changed or tried to
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "dashboard",
    params(Page),
    responses((status = 200, description = "A page of it", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(
    State(app): State<App>,
    merchant: Merchant,
    page: Page,
) -> Result<Json<List>, Problem> {
    let limit = page.limit()?;
    let store = &merchant.store;
    let before: Option<u64> = page.after(store)?;
    let records = audit(&app, store, before, limit).await?;
    Ok(Json(List {
        next: Page::next(store, &records, limit, |record| record.number.to_string()),
        items: records.into_iter().map(Answer::from).collect(),
    }))
}

impl From<AuditRecord> for Answer {
    fn from(record: AuditRecord) -> Self {
        let entry = record.entry;
        Self {
            id: record.number,
            at: instant(record.at),
            member: entry.who.map(|who| Who {
                id: who.id,
                email: who.email,
            }),
            action: entry.action,
            subject: entry.subject,
            outcome: entry.outcome.name(),
            code: entry.code,
        }
    }
}
