//! Suppliers: who delivers, on which days, and how far their dates are to be believed.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::wire::Date;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{existing, new};
use super::fields::{Days, Holidays, Name, Weekdays, day_name};
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::Named;
use crate::operations::put_supplier::put_supplier;
use crate::operations::records::{SupplierRecord, Week};
use crate::operations::show;

/// Days and dates of a supplier. What is left out takes the value that most have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SupplierRequest)]
pub struct Request {
    /// What people call it; its id unless said otherwise.
    name: Option<Name>,
    /// Days on which it takes orders and delivers. Monday to Friday unless said otherwise.
    working_days: Option<Weekdays>,
    /// Days off.
    holidays: Option<Holidays>,
    /// Calendar days from order to arrival; none, nothing is promised without a purchase order,
    /// unless said otherwise.
    lead_time_days: Option<Days>,
    /// Calendar days added to each date that it tells. 0 unless said otherwise.
    buffer_days: Option<Days>,
}

/// Days and dates of a supplier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Supplier)]
pub struct Answer {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// Days on which it takes orders and delivers.
    working_days: Vec<&'static str>,
    /// Days off.
    holidays: Vec<Date>,
    /// Calendar days from order to arrival.
    lead_time_days: Option<u32>,
    /// Calendar days added to each date that it tells.
    buffer_days: u32,
}

/// All suppliers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suppliers)]
pub struct List {
    /// Suppliers, by id.
    items: Vec<Answer>,
}

/// Makes a supplier or replaces its days and dates
#[utoipa::path(
    put,
    path = "/v1/suppliers/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The supplier")),
    request_body = Request,
    responses((status = 200, description = "Its days and dates now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn put(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
    ApiJson(request): ApiJson<Request>,
) -> Result<Json<Answer>, Problem> {
    let record = SupplierRecord {
        name: request.name.map_or_else(|| id.clone(), |name| name.0),
        id: new(&id, "/id", "invalid_supplier")?,
        working_days: request
            .working_days
            .map_or(Week::MONDAY_TO_FRIDAY, |week| week.0),
        holidays: request.holidays.map(|days| days.0).unwrap_or_default(),
        lead_time_days: request.lead_time_days.map(|days| days.0),
        buffer_days: request.buffer_days.map_or(0, |days| days.0),
    };
    let record = put_supplier(&app, &merchant.store, record).await?;
    Ok(Json(record.into()))
}

/// Shows the days and dates of a supplier
#[utoipa::path(
    get,
    path = "/v1/suppliers/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The supplier")),
    responses((status = 200, description = "Its days and dates", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<Answer>, Problem> {
    let record = show::supplier(&app, &merchant.store, &existing(&id)?).await?;
    Ok(Json(record.into()))
}

/// Lists all suppliers
#[utoipa::path(
    get,
    path = "/v1/suppliers",
    tag = "merchants",
    responses((status = 200, description = "All of them", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(State(app): State<App>, merchant: Merchant) -> Result<Json<List>, Problem> {
    let records = show::suppliers(&app, &merchant.store).await?;
    Ok(Json(List {
        items: records.into_iter().map(Answer::from).collect(),
    }))
}

impl From<SupplierRecord> for Answer {
    fn from(record: SupplierRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            working_days: record.working_days.days().map(day_name).collect(),
            holidays: record.holidays.into_iter().map(Date).collect(),
            lead_time_days: record.lead_time_days,
            buffer_days: record.buffer_days,
        }
    }
}
