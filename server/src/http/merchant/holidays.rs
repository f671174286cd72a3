//! Holidays: days off of a location from a calendar or a table.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRef, FromRequest, FromRequestParts, Query, Request, State};
use axum::http::header;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::wire::Date;
use utoipa::{IntoParams, ToSchema};

use super::Refusals;
use super::asking::{self, asked, existing, idempotency_key, sent};
use super::imports::{RemarkAnswer, broken};
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::whole;
use crate::http::named::Named;
use crate::import::holidays::Kind;
use crate::operations::add_holidays::{AddHolidays, HolidaysAdded, HolidaysError, add_holidays};
use crate::operations::once::{self, Asked, Once};

/// How a file is to be taken in.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asking {
    /// True: forget the days off that the location has.
    #[serde(default)]
    replace: bool,
}

/// What came of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HolidaysImport)]
pub struct Answer {
    /// Events or lines read, without a header.
    entries: u64,
    /// Days off that they name.
    days: usize,
    /// Days off that were not known.
    added: usize,
    /// Days off that are forgotten: only where the file replaces them.
    removed: usize,
    /// The first 100 lines that were refused; the others count all the same.
    refused: Vec<RemarkAnswer>,
    /// All lines that were refused.
    refused_count: u64,
    /// All days off of the location now.
    holidays: Vec<Date>,
}

/// A file, read whole.
pub struct File {
    merchant: Merchant,
    asking: Asking,
    asked: Asked,
    kind: Kind,
    bytes: Bytes,
}

/// Adds the days off in a calendar or a table to a location
///
/// The same file again adds nothing.
#[utoipa::path(
    post,
    path = "/v1/locations/{id}/holidays",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The location"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
        Asking,
    ),
    request_body(
        description = "iCalendar: every day that an event touches, those that come again each year for this year and the next 5. CSV: a column of dates, the first one or the one called `date`",
        content((String = "text/calendar"), (String = "text/csv")),
    ),
    responses((status = 200, description = "What was taken in", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn add(
    State(app): State<App>,
    Named(id): Named<String>,
    file: File,
) -> Result<Response, Problem> {
    let request = AddHolidays {
        location: existing(&id)?,
        replace: file.asking.replace,
        kind: file.kind,
        file: Arc::from(&*file.bytes),
    };
    let once = Once::claim(&app, file.asked, added)?;
    let outcome = add_holidays(&app, &file.merchant.store, request, once).await?;
    Ok(sent(outcome, added))
}

impl<S> FromRequest<S> for File
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let merchant = Merchant::from_request_parts(&mut parts, state).await?;
        let Ok(Query(asking)) = Query::<Asking>::from_request_parts(&mut parts, state).await else {
            let detail = "the parameter is replace (true or false)";
            return Err(Problem::invalid("?", "invalid_parameter", detail));
        };
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        let kind = match essence.to_ascii_lowercase().as_str() {
            "text/calendar" => Kind::Calendar,
            "text/csv" => Kind::Table,
            _ => {
                return Err(Problem::new(
                    415,
                    "unsupported_media_type",
                    "The body is neither a calendar nor CSV",
                    "Send the file as it is with the header Content-Type: text/calendar (.ics) or text/csv.",
                ));
            }
        };
        let key = idempotency_key(&parts)?;
        let bytes = whole(Request::from_parts(parts.clone(), Body::new(body)), state).await?;
        let asked = asked(&parts, &merchant.store, key, &bytes);
        Ok(Self {
            merchant,
            asking,
            asked,
            kind,
            bytes,
        })
    }
}

impl From<HolidaysError> for Problem {
    fn from(error: HolidaysError) -> Self {
        match error {
            HolidaysError::Act(error) => error.into(),
            HolidaysError::Broken(file) => broken(&file),
        }
    }
}

fn added(added: &HolidaysAdded) -> once::Answer {
    asking::answer(
        200,
        &Answer {
            entries: added.entries,
            days: added.days,
            added: added.added,
            removed: added.removed,
            refused: added.refused.iter().map(RemarkAnswer::from).collect(),
            refused_count: added.refused_count,
            holidays: added.holidays.iter().copied().map(Date).collect(),
        },
    )
}
