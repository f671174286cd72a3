//! Locations: where goods are, and when people work there.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use shared::wire::Date;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{existing, new};
use super::fields::{
    Holidays, Name, ParcelCost, TimeOfDay, WeekdayTimes, Weekdays, WorkDays, Zone, day_name,
};
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::Named;
use crate::operations::put_location::put_location;
use crate::operations::records::LocationRecord;
use crate::operations::show;

/// Days and hours of a location. What is left out takes the value that most shops have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LocationRequest)]
pub struct Request {
    /// What people call it; its id unless said otherwise.
    name: Option<Name>,
    /// IANA time zone. All its dates are dates there.
    time_zone: Zone,
    /// Days on which goods are received and orders are worked on. Monday to Friday unless said otherwise.
    working_days: Option<Weekdays>,
    /// Days on which the carrier picks up. The working days unless said otherwise.
    pickup_days: Option<Weekdays>,
    /// Days off, for work and for the carrier.
    holidays: Option<Holidays>,
    /// An order strictly before this local time is begun the same day. 14:00 unless said otherwise.
    cut_off: Option<TimeOfDay>,
    /// Days of the week with another cut-off than that. None unless said otherwise.
    cut_offs: Option<WeekdayTimes>,
    /// Working days from the day an order is begun to hand-over. 1 unless said otherwise.
    processing_days: Option<WorkDays>,
    /// Working days from arrival of goods to when they may be picked. 1 unless said otherwise.
    receiving_days: Option<WorkDays>,
    /// Whether its stock may be promised to shoppers. It may unless said otherwise; that of the
    /// location that the store ships from always may.
    fulfils: Option<bool>,
    /// What a parcel from here costs you, in minor units of the store's currency: only chooses
    /// between locations. 0 unless said otherwise.
    parcel_cost: Option<ParcelCost>,
}

/// Days and hours of a location.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Location)]
pub struct Answer {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// IANA time zone.
    time_zone: &'static str,
    /// Days on which goods are received and orders are worked on.
    working_days: Vec<&'static str>,
    /// Days on which the carrier picks up.
    pickup_days: Vec<&'static str>,
    /// Days off.
    holidays: Vec<Date>,
    /// An order strictly before this local time is begun the same day.
    cut_off: String,
    /// Days of the week with another cut-off than that.
    cut_offs: BTreeMap<&'static str, String>,
    /// Working days from the day an order is begun to hand-over.
    processing_days: u32,
    /// Working days from arrival of goods to when they may be picked.
    receiving_days: u32,
    /// Whether its stock may be promised to shoppers.
    fulfils: bool,
    /// What a parcel from here costs you, in minor units of the store's currency.
    parcel_cost: u32,
}

/// All locations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Locations)]
pub struct List {
    /// Locations, by id.
    items: Vec<Answer>,
}

/// Makes a location or replaces its days and hours
#[utoipa::path(
    put,
    path = "/v1/locations/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The location")),
    request_body = Request,
    responses((status = 200, description = "Its days and hours now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn put(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
    ApiJson(request): ApiJson<Request>,
) -> Result<Json<Answer>, Problem> {
    let record = request.record(&id)?;
    let record = put_location(&app, &merchant.store, record).await?;
    Ok(Json(record.into()))
}

/// Shows the days and hours of a location
#[utoipa::path(
    get,
    path = "/v1/locations/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The location")),
    responses((status = 200, description = "Its days and hours", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<Answer>, Problem> {
    let record = show::location(&app, &merchant.store, &existing(&id)?).await?;
    Ok(Json(record.into()))
}

/// Lists all locations
#[utoipa::path(
    get,
    path = "/v1/locations",
    tag = "merchants",
    responses((status = 200, description = "All of them", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(State(app): State<App>, merchant: Merchant) -> Result<Json<List>, Problem> {
    let records = show::locations(&app, &merchant.store).await?;
    Ok(Json(List {
        items: records.into_iter().map(Answer::from).collect(),
    }))
}

impl Request {
    fn record(self, id: &str) -> Result<LocationRecord, Problem> {
        let name = self.name.map_or_else(|| id.to_owned(), |name| name.0);
        let id = new(id, "/id", "invalid_location")?;
        let mut record = LocationRecord::usual(id, name, self.time_zone.0);
        if let Some(week) = self.working_days {
            record.working_days = week.0;
        }
        record.pickup_days = self.pickup_days.map_or(record.working_days, |week| week.0);
        if let Some(holidays) = self.holidays {
            record.holidays = holidays.0;
        }
        if let Some(cut_off) = self.cut_off {
            record.cut_off = cut_off.0;
        }
        if let Some(cut_offs) = self.cut_offs {
            record.cut_offs = cut_offs.0;
        }
        if let Some(days) = self.processing_days {
            record.processing_days = days.0;
        }
        if let Some(days) = self.receiving_days {
            record.receiving_days = days.0;
        }
        if let Some(fulfils) = self.fulfils {
            record.fulfils = fulfils;
        }
        if let Some(cost) = self.parcel_cost {
            record.parcel_cost = cost.0;
        }
        Ok(record)
    }
}

impl From<LocationRecord> for Answer {
    fn from(record: LocationRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            time_zone: record.time_zone.name(),
            working_days: record.working_days.days().map(day_name).collect(),
            pickup_days: record.pickup_days.days().map(day_name).collect(),
            holidays: record.holidays.into_iter().map(Date).collect(),
            cut_off: shown(record.cut_off),
            cut_offs: record
                .cut_offs
                .times()
                .map(|(day, time)| (day_name(day), shown(time)))
                .collect(),
            processing_days: record.processing_days,
            receiving_days: record.receiving_days,
            fulfils: record.fulfils,
            parcel_cost: record.parcel_cost,
        }
    }
}

fn shown(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}
