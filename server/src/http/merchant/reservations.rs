//! Reservations: goods held for a cart, until an instant.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::ids::{IdError, Sku};
use shared::quantity::Quantity;
use shared::shipment::{self, summed};
use shared::supply::Due;
use shared::wire::{Date, PlanKind};
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, existing, sent};
use super::fields::{HoldSeconds, SkuName, Units};
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::refuse_line_count;
use crate::http::named::Named;
use crate::http::query::requested;
use crate::limits::SKUS_PER_REQUEST_MAX;
use crate::operations::once::{self, Once};
use crate::operations::records::{
    Ending, PromiseRow, PromisedPart, Reservation, WaitingPart, plan_name,
};
use crate::operations::release::release;
use crate::operations::renew::{Renewed, renew as hold_longer};
use crate::operations::reserve::{HOLD_S, Reserve, Reserved, new_id, reserve};
use crate::operations::show;

/// Goods to hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReservationRequest)]
pub struct Request {
    /// What to hold, 1 to 100 lines; those with the same SKU are summed.
    lines: Vec<LineRequest>,
    /// How they are to be sent: everything together unless said otherwise.
    plan: Option<PlanKind>,
    /// For how many seconds, up to a week; 900 unless said otherwise.
    expires_in_s: Option<HoldSeconds>,
}

/// Units of a SKU to hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineRequest {
    /// The SKU.
    sku: SkuName,
    /// Units.
    quantity: Units,
}

/// Goods that are held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reservation)]
pub struct Answer {
    /// Its id.
    id: String,
    /// `open` while it holds goods, then `released` or `expired`; `ordered` for those of an order.
    status: &'static str,
    /// How the goods are to be sent.
    plan: &'static str,
    /// Instant (RFC 3339) at which it was made.
    created_at: String,
    /// Instant (RFC 3339) from which on it holds nothing; null: what it holds was ordered.
    expires_at: Option<String>,
    /// What is held of each line.
    lines: Vec<LineAnswer>,
    /// Every date that was told, each with its cause; oldest first for each part of a line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    promises: Vec<PromiseAnswer>,
    /// The commit that made it.
    revision: u64,
}

/// What is held of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReservedLine)]
pub struct LineAnswer {
    /// The SKU.
    sku: String,
    /// Units.
    quantity: u32,
    /// The day by which all of them are with the carrier; null where it is not known any more.
    ships_by: Option<Date>,
    /// Its parts, with the date of each.
    slices: Vec<PartAnswer>,
}

/// Part of a line that is held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReservedPart)]
pub struct PartAnswer {
    /// Units.
    quantity: u32,
    /// The day by which they are with the carrier; null where it is not known any more.
    ships_by: Option<Date>,
    /// The location that they leave.
    from: String,
}

/// A date that was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Promise)]
pub struct PromiseAnswer {
    /// The SKU.
    sku: String,
    /// The line, from 0.
    line: u32,
    /// The part of the line, from 0.
    part: u32,
    /// The how-manieth date of the part, from 1.
    version: u32,
    /// Units.
    quantity: u32,
    /// The day by which they are with the carrier; null where none was known.
    ships_by: Option<Date>,
    /// The location that they leave.
    from: String,
    /// Why this date: `reserved` at first; later `stock_counted`, `stock_adjusted`, `stock_imported`,
    /// `purchase_order_changed`, `sku_changed`, `supplier_changed`, `goods_received`, `reservation_ended`, `overtaken`,
    /// `supply_late` or `sooner`;
    /// `part_shipped` and `part_cancelled` for what is left of a part, with the date that it had.
    cause: String,
    /// What the date rests on: the supply that opens it, its rule, quantile and sample, and the version of the calendar.
    #[schema(value_type = Object)]
    basis: Box<RawValue>,
    /// Instant (RFC 3339) at which it was told.
    at: String,
    /// The commit that told it.
    revision: u64,
}

/// Holds goods for a cart: all lines or none
///
/// What is held is promised to nobody else, until the reservation is released or its time is over.
#[utoipa::path(
    post,
    path = "/v1/reservations",
    tag = "merchants",
    params(("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")),
    request_body = Request,
    responses((status = 201, description = "What is held, and until when", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn create(
    State(app): State<App>,
    request: asking::Once<Request>,
) -> Result<Response, Problem> {
    let asked = request.body.lines.iter();
    let asked: Vec<_> = asked
        .map(|line| (line.sku.0.clone(), line.quantity.0))
        .collect();
    let lines = lines(&asked)?;
    let wanted = Reserve {
        id: drawn("rsv")?,
        lines,
        plan: plan(request.body.plan),
        hold: TimeDelta::seconds(
            request
                .body
                .expires_in_s
                .map_or(HOLD_S, |hold| hold.0)
                .into(),
        ),
    };
    let once = Once::claim(&app, request.asked, reserved)?;
    let outcome = reserve(&app, &request.merchant.store, wanted, once).await?;
    Ok(sent(outcome, reserved))
}

/// Shows a reservation, and every date that was told for it
#[utoipa::path(
    get,
    path = "/v1/reservations/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The reservation")),
    responses((status = 200, description = "How it stands", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<Answer>, Problem> {
    let (found, promises) = show::reservation(&app, &merchant.store, &existing(&id)?).await?;
    Ok(Json(Answer::of(&found, promises, app.clock.now())))
}

/// For how long goods are held from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// Seconds from now; 900 unless given, a week at most.
    expires_in_s: Option<HoldSeconds>,
}

/// Holds goods for longer
///
/// What is held stays the same. `409 reservation_limit` once it was renewed as often as `hold_renewals` of the store allows.
#[utoipa::path(
    post,
    path = "/v1/reservations/{id}/renew",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The reservation"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
    ),
    request_body = RenewRequest,
    responses((status = 200, description = "How it stands", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn renew(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<RenewRequest>,
) -> Result<Response, Problem> {
    let id = existing(&id)?;
    let hold = request.body.expires_in_s.map_or(HOLD_S, |hold| hold.0);
    let hold = TimeDelta::seconds(hold.into());
    let once = Once::claim(&app, request.asked, renewed)?;
    let outcome = hold_longer(&app, &request.merchant.store, id, hold, once).await?;
    Ok(sent(outcome, renewed))
}

fn renewed(renewed: &Renewed) -> once::Answer {
    let Renewed {
        reservation,
        promises,
        at,
    } = renewed;
    asking::answer(200, &Answer::of(reservation, promises.clone(), *at))
}

/// Lets go of what is held
#[utoipa::path(
    delete,
    path = "/v1/reservations/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The reservation")),
    responses((status = 204, description = "It holds nothing any more"), Refusals),
    security(("secret" = []))
)]
pub async fn end(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    release(&app, &merchant.store, existing(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An id that nobody can guess.
pub(super) fn drawn<T: FromStr<Err = IdError>>(prefix: &str) -> Result<T, Problem> {
    new_id(prefix, &mut OsRng).map_err(|error| {
        tracing::error!(error = %error, "Cannot draw random bytes: {error}");
        Problem::internal()
    })
}

/// How goods are sent: together unless said otherwise.
pub(super) fn plan(asked: Option<PlanKind>) -> shipment::PlanKind {
    match asked {
        Some(PlanKind::Separate) => shipment::PlanKind::Separate,
        Some(PlanKind::Together) | None => shipment::PlanKind::Together,
    }
}

/// Lines of a cart, those with the same SKU summed.
pub(super) fn lines(asked: &[(Sku, Quantity)]) -> Result<Vec<(Sku, Quantity)>, Problem> {
    refuse_line_count(asked, SKUS_PER_REQUEST_MAX)?;
    let sums = summed(asked.iter().cloned());
    for (sku, sum) in &sums {
        requested(Some(sum.units().into())).map_err(|(code, detail)| {
            let last = asked.iter().rposition(|(named, _)| named == sku);
            let pointer = format!("/lines/{}/quantity", last.unwrap_or(0));
            Problem::invalid(pointer, code, detail)
        })?;
    }
    Ok(sums)
}

fn reserved(reserved: &Reserved) -> once::Answer {
    let parts = |line: usize| {
        let parts = reserved.parts.iter();
        parts.filter(move |part| usize::try_from(part.line) == Ok(line))
    };
    let lines = reserved.lines.iter().enumerate();
    let lines = lines.map(|(at, (sku, quantity))| {
        LineAnswer::of(sku, *quantity, parts(at).map(PartAnswer::of).collect())
    });
    asking::answer(
        201,
        &Answer {
            lines: lines.collect(),
            ..Answer::of(
                &reserved.reservation,
                Vec::new(),
                reserved.reservation.created_at,
            )
        },
    )
}

impl Answer {
    fn of(found: &Reservation, promises: Vec<PromiseRow>, now: DateTime<Utc>) -> Self {
        let status = match found.ended {
            Some((_, Ending::Released)) => "released",
            Some((_, Ending::Expired)) => "expired",
            None if found.is_over(now) => "expired",
            None if found.expires_at.is_none() => "ordered",
            None => "open",
        };
        // What stands is the last row of each part.
        let mut standing: BTreeMap<u32, BTreeMap<u32, &PromiseRow>> = BTreeMap::new();
        for row in &promises {
            standing.entry(row.line).or_default().insert(row.part, row);
        }
        let lines = standing.values().filter_map(|parts| {
            let first = parts.values().next()?;
            let units = parts.values().map(|row| row.held.quantity).sum();
            let parts = parts.values().map(|row| PartAnswer {
                quantity: row.held.quantity.units(),
                ships_by: date(row.held.due),
                from: row.held.location.to_string(),
            });
            Some(LineAnswer::of(&first.held.sku, units, parts.collect()))
        });
        Self {
            id: found.id.to_string(),
            status,
            plan: plan_name(found.plan),
            created_at: instant(found.created_at),
            expires_at: found.expires_at.map(instant),
            lines: lines.collect(),
            revision: found.revision,
            promises: promises.into_iter().map(PromiseAnswer::from).collect(),
        }
    }
}

impl LineAnswer {
    fn of(sku: &Sku, quantity: Quantity, slices: Vec<PartAnswer>) -> Self {
        let days: Option<Vec<Date>> = slices.iter().map(|slice| slice.ships_by).collect();
        Self {
            sku: sku.to_string(),
            quantity: quantity.units(),
            ships_by: days.and_then(|days| days.into_iter().max()),
            slices,
        }
    }
}

impl PartAnswer {
    fn of(part: &PromisedPart) -> Self {
        Self {
            quantity: part.held.quantity.units(),
            ships_by: date(part.held.due),
            from: part.held.location.to_string(),
        }
    }
}

impl From<&WaitingPart> for PartAnswer {
    fn from(part: &WaitingPart) -> Self {
        Self {
            quantity: part.quantity.units(),
            ships_by: date(part.due),
            from: part.location.to_string(),
        }
    }
}

impl From<PromiseRow> for PromiseAnswer {
    fn from(row: PromiseRow) -> Self {
        Self {
            sku: row.held.sku.to_string(),
            line: row.line,
            part: row.part,
            version: row.version,
            quantity: row.held.quantity.units(),
            ships_by: date(row.held.due),
            from: row.held.location.to_string(),
            cause: row.cause,
            basis: RawValue::from_string(row.basis).unwrap_or_default(),
            at: instant(row.at),
            revision: row.revision,
        }
    }
}

pub(super) fn date(due: Due) -> Option<Date> {
    due.day().map(Date)
}

pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
