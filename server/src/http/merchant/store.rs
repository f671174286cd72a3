//! The store: what a merchant decides about the whole shop.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::availability::{
    self, BETTER_BY_DAYS, HORIZON_DAYS_MAX, OVERDUE_FENCE_DAYS, OVERDUE_OFFSET_DAYS, PromisePolicy,
};
use shared::money::Money;
use shared::quantity::Quantity;
use shared::shipment::{self, SplitCharge};
use shared::wire::{Date, Split, SplitPolicy};
use utoipa::ToSchema;

use super::Refusals;
use super::fields::{
    CurrencyCode, Days, Holidays, LevelPercent, LocationName, Name, Origin, Parcels, Price,
    ProductUrl, Renewals, SomeDays, TransitZone, Units, Weekdays, WorkDays, day_name, present,
};
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::limits::TRANSIT_MAX;
use crate::operations::put_store::{PutStore, put_store};
use crate::operations::records::{DelayRules, StoreRecord, TransitRecord, Week};
use crate::operations::renew::HOLD_RENEWALS;
use crate::operations::show;

/// Most origins of a store.
const ORIGINS_MAX: usize = 100;

/// What you decide about the whole shop. What is left out takes the value that most shops want.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StoreRequest)]
pub struct Request {
    /// The shop's name.
    name: Name,
    /// The location that ships. The one that does unless said otherwise.
    location: Option<LocationName>,
    /// What prices are in. As before unless said otherwise; USD in a new store.
    currency: Option<CurrencyCode>,
    /// Who pays for more parcels than one. Everything leaves together unless said otherwise.
    split: Option<SplitRequest>,
    /// How much of the counts shoppers may see. All unless said otherwise.
    #[serde(default)]
    display: Display,
    /// Days ahead beyond which nothing is promised. 365 unless said otherwise.
    horizon_days: Option<SomeDays>,
    /// Days for which a late purchase order still counts. 30 unless said otherwise.
    overdue_fence_days: Option<Days>,
    /// Days from today in which a late purchase order is assumed to arrive. 1 unless said otherwise.
    overdue_offset_days: Option<SomeDays>,
    /// Smallest part of a line worth a parcel of its own. 1 unless said otherwise.
    min_shipment: Option<Units>,
    /// Working days by which goods that the supplier has sent may leave later than from the shelf, and still read
    /// as in stock. 0 unless said otherwise; `null`: never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<WorkDays>)]
    suppress_within_days: Option<Option<WorkDays>>,
    /// Who waits is told a sooner date where it is sooner by this many days. 3 unless said otherwise.
    better_by_days: Option<SomeDays>,
    /// How often a hold may be renewed, from 0 to 100; 3 unless given.
    hold_renewals: Option<Renewals>,
    /// What is done about late goods where the law leaves it a choice; as before unless given. An order keeps what was so when
    /// it was placed.
    delays: Option<DelaysRequest>,
    /// Percent of your suppliers' deliveries that are to come by the day for which they are planned: 1 to 99.
    /// As before unless said otherwise; 80 in a new store.
    promise_level: Option<LevelPercent>,
    /// True: everybody may read at `/v1/kept.json` how many of your dates were kept. As before unless said otherwise; false in a
    /// new store.
    publish_kept_rate: Option<bool>,
    /// False: your goods have no pages at `/s/{store}/{sku}` that can be shared. As before unless said otherwise; true in a new
    /// store.
    share_pages: Option<bool>,
    /// The page on which a product is bought, with `{sku}` in the place of its SKU: `https://shop.example/products/{sku}`. As
    /// before unless said otherwise; `null`: none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ProductUrl>)]
    product_url: Option<Option<ProductUrl>>,
    /// Origins (`https://shop.example`) whose pages may use the publishable keys. As before unless said otherwise.
    origins: Option<Vec<Origin>>,
    /// How long carriers take; the zone of the first counts where none is named. As before unless said otherwise.
    transit: Option<Vec<TransitRequest>>,
}

/// How long carriers take to one part of the world.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitRequest {
    /// What you call that part of the world.
    zone: TransitZone,
    /// The location that parcels leave. Each that has no line of its own for the zone, unless said otherwise.
    from: Option<LocationName>,
    /// The carrier's days from hand-over to the door.
    days: WorkDays,
    /// Days on which the carrier moves and delivers. Monday to Friday unless said otherwise.
    delivery_days: Option<Weekdays>,
    /// Days on which the carrier rests.
    holidays: Option<Holidays>,
}

/// What is done about late goods where the law leaves it a choice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DelaysRequest {
    /// False: time alone cancels nothing, whatever silence means by law. You see to it yourself.
    auto_cancel: Option<bool>,
    /// True: what will be late is cancelled and nothing is charged for it, and nobody is asked.
    cancel_instead_of_asking: Option<bool>,
    /// Days within which goods leave of which no date was told; 30 unless given.
    limit_days: Option<SomeDays>,
    /// Days of the last period that a customer may set; 14 unless given.
    extra_period_days: Option<SomeDays>,
    /// True: you sell what 16 CFR 435.3 leaves out, such as seeds and plants.
    exempt: Option<bool>,
}

/// What is done about late goods.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delays)]
pub struct DelaysAnswer {
    /// Whether time alone cancels; null: as the law of the customer's country has it.
    auto_cancel: Option<bool>,
    /// Whether what will be late is cancelled, and nobody is asked.
    cancel_instead_of_asking: bool,
    /// Days within which goods leave of which no date was told; null: as the law has it.
    limit_days: Option<u32>,
    /// Days of the last period that a customer may set; null: 14.
    extra_period_days: Option<u32>,
    /// Whether the goods are left out of 16 CFR 435.
    exempt: bool,
}

/// Who pays for more parcels than one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitRequest {
    /// Who pays.
    split: Split,
    /// What a shopper pays, where one does.
    amount: Option<Price>,
    /// Most parcels of one order. 2 unless said otherwise.
    parcels_max: Option<Parcels>,
}

/// How much of the counts shoppers may see.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// The counts themselves: "Only 3 left".
    #[default]
    Exact,
    /// That there are few, not how many.
    FewLeft,
    /// Nothing about how many.
    Hidden,
}

/// What you decide about the whole shop.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Store)]
pub struct Answer {
    /// The shop's name.
    name: String,
    /// The location that ships.
    location: String,
    /// What prices are in.
    currency: String,
    /// Who pays for more parcels than one.
    split: SplitPolicy,
    /// How much of the counts shoppers may see.
    display: Display,
    /// Days ahead beyond which nothing is promised.
    horizon_days: u32,
    /// Days for which a late purchase order still counts.
    overdue_fence_days: u32,
    /// Days from today in which a late purchase order is assumed to arrive.
    overdue_offset_days: u32,
    /// Smallest part of a line worth a parcel of its own.
    min_shipment: u32,
    /// Working days by which goods that the supplier has sent may leave later than from the shelf, and still read
    /// as in stock; null: never.
    suppress_within_days: Option<u32>,
    /// Who waits is told a sooner date where it is sooner by this many days.
    better_by_days: u32,
    /// How often a hold may be renewed.
    hold_renewals: u32,
    /// What is done about late goods.
    delays: DelaysAnswer,
    /// Percent of your suppliers' deliveries that are to come by the day for which they are planned.
    promise_level: u8,
    /// Whether everybody may read at `/v1/kept.json` how many of your dates were kept.
    publish_kept_rate: bool,
    /// Whether your goods have pages that can be shared.
    share_pages: bool,
    /// The page on which a product is bought, with `{sku}` in the place of its SKU; null: you have not said.
    product_url: Option<String>,
    /// Origins whose pages may use the publishable keys.
    origins: Vec<String>,
    /// How long carriers take; the zone of the first counts where none is named.
    transit: Vec<TransitAnswer>,
}

/// How long carriers take to one part of the world.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transit)]
pub struct TransitAnswer {
    /// What you call that part of the world.
    zone: String,
    /// The location that parcels leave; null: each that has no line of its own for the zone.
    from: Option<String>,
    /// The carrier's days from hand-over to the door.
    days: u32,
    /// Days on which the carrier moves and delivers.
    delivery_days: Vec<&'static str>,
    /// Days on which the carrier rests.
    holidays: Vec<Date>,
}

/// Replaces what you decide about the whole shop
#[utoipa::path(
    put,
    path = "/v1/store",
    tag = "merchants",
    request_body = Request,
    responses((status = 200, description = "What is decided now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn put(
    State(app): State<App>,
    merchant: Merchant,
    ApiJson(request): ApiJson<Request>,
) -> Result<Json<Answer>, Problem> {
    let record = put_store(&app, &merchant.store, request.parsed()?).await?;
    Ok(Json(record.into()))
}

/// Shows what is decided about the whole shop
#[utoipa::path(
    get,
    path = "/v1/store",
    tag = "merchants",
    responses((status = 200, description = "What is decided", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(State(app): State<App>, merchant: Merchant) -> Result<Json<Answer>, Problem> {
    let record = show::store(&app, &merchant.store).await?;
    Ok(Json(record.into()))
}

impl Request {
    fn parsed(self) -> Result<PutStore, Problem> {
        if self
            .origins
            .as_ref()
            .is_some_and(|origins| ORIGINS_MAX < origins.len())
        {
            let detail = format!("a store has at most {ORIGINS_MAX} origins");
            return Err(Problem::invalid("/origins", "too_many_lines", detail));
        }
        let transit = self.transit.map(transit_records).transpose()?;
        Ok(PutStore {
            name: self.name.0,
            location: self.location.map(|location| location.0),
            currency: self.currency.map(|currency| currency.0),
            split: self.split.unwrap_or(SplitRequest::OFF).policy()?,
            display: match self.display {
                Display::Exact => availability::Display::Exact,
                Display::FewLeft => availability::Display::FewLeft,
                Display::Hidden => availability::Display::Hidden,
            },
            horizon_days: self.horizon_days.map_or(HORIZON_DAYS_MAX, |days| days.0),
            overdue_fence_days: self
                .overdue_fence_days
                .map_or(OVERDUE_FENCE_DAYS, |days| days.0),
            overdue_offset_days: self
                .overdue_offset_days
                .map_or(OVERDUE_OFFSET_DAYS, |days| days.0),
            min_shipment: self.min_shipment.map_or(Quantity::new(1), |units| units.0),
            suppress_within_days: match self.suppress_within_days {
                None => PromisePolicy::default().suppress_within_days,
                Some(days) => days.map(|days| days.0),
            },
            better_by_days: self.better_by_days.map_or(BETTER_BY_DAYS, |days| days.0),
            hold_renewals: self.hold_renewals.map_or(HOLD_RENEWALS, |times| times.0),
            delays: self.delays.map(DelaysRequest::rules),
            promise_level: self.promise_level.map(|level| level.0),
            publish_kept_rate: self.publish_kept_rate,
            share_pages: self.share_pages,
            product_url: self.product_url.map(|url| url.map(|url| url.0)),
            origins: self
                .origins
                .map(|origins| origins.into_iter().map(|origin| origin.0).collect()),
            transit,
        })
    }
}

fn transit_records(requests: Vec<TransitRequest>) -> Result<Vec<TransitRecord>, Problem> {
    if TRANSIT_MAX < requests.len() {
        let detail = format!("a store has at most {TRANSIT_MAX} transit times");
        return Err(Problem::invalid("/transit", "too_many_lines", detail));
    }
    let mut records: Vec<TransitRecord> = Vec::with_capacity(requests.len());
    for (at, request) in requests.into_iter().enumerate() {
        let record = TransitRecord::from(request);
        let same =
            |other: &TransitRecord| (&other.zone, &other.from) == (&record.zone, &record.from);
        if let Some(before) = records.iter().position(same) {
            let detail = format!(
                "zone {} from the same place is in /transit/{before} already; keep one of them",
                record.zone
            );
            return Err(Problem::invalid(
                format!("/transit/{at}/zone"),
                "duplicate_zone",
                detail,
            ));
        }
        records.push(record);
    }
    Ok(records)
}

impl From<TransitRequest> for TransitRecord {
    fn from(request: TransitRequest) -> Self {
        let week = request.delivery_days;
        Self {
            zone: request.zone.0,
            from: request.from.map(|from| from.0),
            days: request.days.0,
            delivery_days: week.map_or(Week::MONDAY_TO_FRIDAY, |week| week.0),
            holidays: request.holidays.map(|days| days.0).unwrap_or_default(),
        }
    }
}

impl DelaysRequest {
    fn rules(self) -> DelayRules {
        DelayRules {
            auto_cancel: self.auto_cancel,
            cancel_instead_of_asking: self.cancel_instead_of_asking.unwrap_or(false),
            limit_days: self.limit_days.map(|days| days.0),
            extra_period_days: self.extra_period_days.map(|days| days.0),
            exempt: self.exempt.unwrap_or(false),
        }
    }
}

impl DelaysAnswer {
    fn of(rules: &DelayRules) -> Self {
        Self {
            auto_cancel: rules.auto_cancel,
            cancel_instead_of_asking: rules.cancel_instead_of_asking,
            limit_days: rules.limit_days,
            extra_period_days: rules.extra_period_days,
            exempt: rules.exempt,
        }
    }
}

impl SplitRequest {
    /// Parcels of an order unless the merchant says otherwise.
    const PARCELS: u32 = 2;

    const OFF: Self = Self {
        split: Split::Off,
        amount: None,
        parcels_max: None,
    };

    fn policy(self) -> Result<shipment::SplitPolicy, Problem> {
        let price = || -> Result<Money, Problem> {
            let price = self.amount.as_ref().ok_or_else(|| {
                let detail = "say what the shopper pays, or choose free or off";
                Problem::invalid("/split/amount", "invalid_amount", detail)
            })?;
            Ok(price.money())
        };
        Ok(shipment::SplitPolicy {
            charge: match self.split {
                Split::Off => SplitCharge::Off,
                Split::Free => SplitCharge::Free,
                Split::Flat => SplitCharge::Flat(price()?),
                Split::PerExtraParcel => SplitCharge::PerExtraParcel(price()?),
            },
            parcels_max: self.parcels_max.map_or(Self::PARCELS, |parcels| parcels.0),
        })
    }
}

impl From<StoreRecord> for Answer {
    fn from(record: StoreRecord) -> Self {
        Self {
            name: record.name,
            location: record.location.to_string(),
            currency: record.currency.to_string(),
            split: SplitPolicy::new(&record.split, record.currency),
            display: match record.display {
                availability::Display::Exact => Display::Exact,
                availability::Display::FewLeft => Display::FewLeft,
                availability::Display::Hidden => Display::Hidden,
            },
            horizon_days: record.horizon_days,
            overdue_fence_days: record.overdue_fence_days,
            overdue_offset_days: record.overdue_offset_days,
            min_shipment: record.min_shipment.units(),
            suppress_within_days: record.suppress_within_days,
            better_by_days: record.better_by_days,
            hold_renewals: record.hold_renewals,
            delays: DelaysAnswer::of(&record.delays),
            promise_level: record.promise_level.percent(),
            publish_kept_rate: record.publish_kept_rate,
            share_pages: record.share_pages,
            product_url: record.product_url,
            origins: record.origins,
            transit: record
                .transit
                .into_iter()
                .map(TransitAnswer::from)
                .collect(),
        }
    }
}

impl From<TransitRecord> for TransitAnswer {
    fn from(record: TransitRecord) -> Self {
        Self {
            zone: record.zone,
            from: record.from.map(|from| from.to_string()),
            days: record.days,
            delivery_days: record.delivery_days.days().map(day_name).collect(),
            holidays: record.holidays.into_iter().map(Date).collect(),
        }
    }
}
