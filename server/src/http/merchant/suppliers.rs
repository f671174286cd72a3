//! Suppliers: who delivers, on which days, and how far their dates are to be believed.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::ids::SupplierId;
use shared::wire::Date;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{existing, new};
use super::fields::{
    Days, Holidays, LanguageTag, Name, WaitReason, WaitReasonAnswer, Weekdays, day_name,
};
use super::promises::WidenedAnswer;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::Named;
use crate::operations::put_supplier::put_supplier;
use crate::operations::records::{LeadTimeModel, SlipModel, SupplierModel, SupplierRecord, Week};
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
    /// Why one waits for what it delivers, where neither the purchase order nor the SKU says.
    wait_reason: Option<WaitReason>,
    /// The language of letters to it, BCP 47: English, German, French, Spanish, Japanese or Arabic. English where there is none better.
    lang: Option<LanguageTag>,
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
    /// Why one waits for what it delivers, where neither the purchase order nor the SKU says.
    wait_reason: Option<WaitReasonAnswer>,
    /// The language of letters to it, BCP 47.
    lang: Option<String>,
    /// How long it takes, as learnt from deliveries; null where nothing is known.
    lead_time: Option<LeadTimeAnswer>,
    /// The same for each way of shipping that was seen.
    lead_time_by_mode: Vec<ModeAnswer>,
    /// By how much it misses its dates, once 8 of its deliveries with a date have come: then in place of `buffer_days`.
    slip: Option<SlipAnswer>,
    /// How much of what is ordered comes, where that is habitually less.
    #[serde(rename = "yield")]
    expected_yield: Option<YieldAnswer>,
    /// Days that are added to all of its dates, because too few promises that waited for it were kept.
    widened: Option<WidenedAnswer>,
}

/// The days within which a share of deliveries comes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupplierLeadTime)]
pub struct LeadTimeAnswer {
    /// Calendar days from order to arrival.
    days: u32,
    /// Percent of deliveries that come within them.
    level: u8,
    /// Its own deliveries behind it. From 8 on they stand in place of a lead time that is declared.
    own: u32,
    /// Deliveries of others behind it.
    pooled: u32,
}

/// The same for one way of shipping.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupplierMode)]
pub struct ModeAnswer {
    /// How it is shipped.
    mode: String,
    /// How long it takes.
    lead_time: LeadTimeAnswer,
}

/// By how much a supplier misses its dates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupplierSlip)]
pub struct SlipAnswer {
    /// Calendar days from the date first told to the arrival; negative where it is usually early. Dates are planned by it, but never before the supplier's own.
    days: i32,
    /// Percent of deliveries that come within them.
    level: u8,
    /// Its own deliveries behind it.
    sample: u32,
}

/// How much of what is ordered comes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupplierYield)]
pub struct YieldAnswer {
    /// Units ordered.
    ordered: u64,
    /// Units of them that came.
    received: u64,
    /// Its own deliveries behind it.
    sample: u32,
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
        wait_reason: request
            .wait_reason
            .map(|reason| reason.parsed("/wait_reason"))
            .transpose()?,
        language: request.lang.map(|lang| lang.0),
    };
    let record = put_supplier(&app, &merchant.store, record).await?;
    let models = show::supplier_models(&app, &merchant.store, Some(&record.id)).await?;
    Ok(Json(Answer::new(record, &models)))
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
    let models = show::supplier_models(&app, &merchant.store, Some(&record.id)).await?;
    Ok(Json(Answer::new(record, &models)))
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
    let models = show::supplier_models(&app, &merchant.store, None).await?;
    let models_of = |id: &SupplierId| {
        let begin = models.partition_point(|model| model.supplier < *id);
        let count = models[begin..].partition_point(|model| model.supplier == *id);
        &models[begin..begin + count]
    };
    let items = records.into_iter().map(|record| {
        let models = models_of(&record.id);
        Answer::new(record, models)
    });
    Ok(Json(List {
        items: items.collect(),
    }))
}

impl Answer {
    /// A supplier with what was learnt of it.
    fn new(record: SupplierRecord, models: &[SupplierModel]) -> Self {
        let any = models.iter().find(|model| model.mode.is_empty());
        let modes = models.iter().filter(|model| !model.mode.is_empty());
        Self {
            id: record.id.to_string(),
            name: record.name,
            working_days: record.working_days.days().map(day_name).collect(),
            holidays: record.holidays.into_iter().map(Date).collect(),
            lead_time_days: record.lead_time_days,
            buffer_days: record.buffer_days,
            wait_reason: WaitReasonAnswer::of(record.wait_reason),
            lang: record.language,
            lead_time: any.map(|model| model.lead_time.into()),
            lead_time_by_mode: modes
                .map(|model| ModeAnswer {
                    mode: model.mode.clone(),
                    lead_time: model.lead_time.into(),
                })
                .collect(),
            slip: any
                .and_then(|model| model.slip.as_ref())
                .map(SlipAnswer::from),
            expected_yield: any
                .and_then(|model| model.expected_yield)
                .map(|known| YieldAnswer {
                    ordered: known.share.ordered(),
                    received: known.share.received(),
                    sample: known.sample,
                }),
            widened: any
                .and_then(|model| model.widened.as_ref())
                .map(WidenedAnswer::of),
        }
    }
}

impl From<LeadTimeModel> for LeadTimeAnswer {
    fn from(known: LeadTimeModel) -> Self {
        Self {
            days: known.days,
            level: known.level.percent(),
            own: known.own,
            pooled: known.pooled,
        }
    }
}

impl From<&SlipModel> for SlipAnswer {
    fn from(known: &SlipModel) -> Self {
        Self {
            days: known.days,
            level: known.level.percent(),
            sample: known.sample,
        }
    }
}
