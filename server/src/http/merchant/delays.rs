//! What customers were told of dates that were moved, what they answered, and the evidence of all of it.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::delay::{Silence, When};
use shared::wire::Date;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, existing, sent};
use super::fields::{ReadNotices, ToldDate};
use super::orders;
use super::reservations::instant;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::named::Named;
use crate::operations::evidence::{self, evidence as all_that_happened};
use crate::operations::once::{self, Once};
use crate::operations::records::{NoticeRecord, Standing, silence_name};
use crate::operations::reply_to_delay::{CustomerReply, Known, reply_to_delay};

/// What the customer said, for instance on the telephone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyRequest {
    /// What it was.
    reply: Reply,
    /// Of `consent`: the latest date that the customer was told, wherever that was, or `unknown`. What waits no longer than that
    /// counts as told, and what would wait longer is refused. Without it, what our letters told is agreed to.
    to: Option<ToldDate>,
    /// Of `consent`, instead of `to`: what `asked.read` of the order's page said when the customer looked at it.
    read: Option<ReadNotices>,
}

/// What a customer says to a delay. To cancel there is `/cancel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DelayReply)]
pub enum Reply {
    /// To wait for all that was asked about.
    Consent,
    /// To set you a last period for all that is late.
    ExtraPeriod,
}

/// What the customer is, or was, told of a date that was moved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notice)]
pub struct NoticeAnswer {
    /// The line of the order, from 0.
    line: u32,
    /// The part of the line.
    part: u32,
    /// The how-manieth date of the part it tells.
    version: u32,
    /// `earlier`, `within_agreed`, `definite`, `long`, `indefinite`, `renewed`, `extra_period`, `later` or `cancelled_by_seller`.
    kind: String,
    /// What was told before; null where no date was known.
    was: Option<Date>,
    /// What is told; null where no date is known.
    now: Option<Date>,
    /// What follows where nobody answers: `consents`, `cancels` or `nothing`.
    silence: &'static str,
    /// Last day on which an answer counts; null where none is waited for.
    reply_by: Option<Date>,
    /// The last day of the part, where silence cancels it.
    cancels_on: Option<Date>,
    /// `due` while it is to be sent, `told`, or `replaced` by a later one before it was sent.
    status: &'static str,
    /// Instant (RFC 3339) at which it was sent.
    told_at: Option<String>,
}

/// Something that happened to an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EvidenceEntry)]
pub struct EntryAnswer {
    /// Instant (RFC 3339).
    at: String,
    /// What: `placed`, `promised`, `notice_told`, `consented`, `shipped`, `captured`.
    what: String,
    /// The line of the order, where it is about one.
    line: Option<u32>,
    /// The part of the line.
    part: Option<u32>,
    /// The rest of it, in words and numbers.
    detail: String,
}

/// All that happened to an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Evidence)]
pub struct EvidenceAnswer {
    /// Oldest first.
    items: Vec<EntryAnswer>,
}

/// Takes a customer's reply to a delay
///
/// The customer can give it on the order's own page too. `409 nothing_to_answer` where nothing was asked, or it is too late; `409
/// promise_changed` where the date is another one by now than `read` or `to` says.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/replies",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
    ),
    request_body = ReplyRequest,
    responses((status = 200, description = "The order now", body = orders::Answer), Refusals),
    security(("secret" = []))
)]
pub async fn reply(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<ReplyRequest>,
) -> Result<Response, Problem> {
    let said = match request.body.reply {
        Reply::Consent => CustomerReply::Consent(known(request.body)?),
        Reply::ExtraPeriod => CustomerReply::SetExtraPeriod,
    };
    let order = existing(&id)?;
    let once = Once::claim(&app, request.asked, replied)?;
    let outcome = reply_to_delay(&app, &request.merchant.store, order, said, Some(once)).await?;
    Ok(sent(outcome, replied))
}

/// What the customer knows, as the request says.
fn known(request: ReplyRequest) -> Result<Known, Problem> {
    match (request.to, request.read) {
        (Some(_), Some(_)) => Err(Problem::invalid(
            "/read",
            "ambiguous",
            "say either to or read, not both",
        )),
        (Some(to), None) => Ok(Known::UpTo(to.0)),
        (None, Some(read)) => Ok(Known::Read(read.0)),
        (None, None) => Ok(Known::ByLetter),
    }
}

fn replied(standing: &Standing) -> once::Answer {
    asking::answer(200, &orders::Answer::of(standing))
}

/// Shows all that happened to an order: every date with what it rests on, every notice and reply, every parcel and payment
///
/// The ledgers behind it are only ever added to.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/evidence",
    tag = "merchants",
    params(("id" = String, Path, description = "The order")),
    responses((status = 200, description = "All of it, oldest first", body = EvidenceAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn evidence(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<EvidenceAnswer>, Problem> {
    let all = all_that_happened(&app, &merchant.store, &existing(&id)?).await?;
    Ok(Json(EvidenceAnswer {
        items: all.into_iter().map(EntryAnswer::from).collect(),
    }))
}

impl From<&NoticeRecord> for NoticeAnswer {
    fn from(notice: &NoticeRecord) -> Self {
        Self {
            line: notice.key.line,
            part: notice.key.part,
            version: notice.version,
            kind: notice.kind.clone(),
            was: day(notice.was),
            now: day(notice.now),
            silence: silence_name(notice.silence),
            reply_by: notice.reply_by.map(Date),
            cancels_on: match notice.silence {
                Silence::Cancels { on } => Some(Date(on)),
                Silence::Consents | Silence::ChangesNothing => None,
            },
            status: notice.state.name(),
            told_at: notice.told_at.map(instant),
        }
    }
}

impl From<evidence::Happened> for EntryAnswer {
    fn from(happened: evidence::Happened) -> Self {
        Self {
            at: instant(happened.at),
            what: happened.what,
            line: happened.line,
            part: happened.part,
            detail: happened.detail,
        }
    }
}

fn day(when: When) -> Option<Date> {
    match when {
        When::By(day) => Some(Date(day)),
        When::Unknown => None,
    }
}
