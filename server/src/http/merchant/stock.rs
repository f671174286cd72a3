//! Stock: what is on hand.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, existing, sent};
use super::fields::{Change, Count, LocationName, Reason, SkuName, present};
use crate::app::App;
use crate::catalogue::Shop;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::{ApiJson, refuse_line_count};
use crate::http::named::Named;
use crate::operations::adjust_stock::{
    ADJUSTMENT_LINES_MAX, AdjustStock, Adjusted, Adjustment, adjust_stock,
};
use crate::operations::once::{self, Once};
use crate::operations::records::Level;
use crate::operations::set_stock::{SetStock, set_stock};
use crate::operations::show;

/// A count, and what it replaces.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetStockRequest)]
pub struct SetRequest {
    /// Units on hand from now on.
    quantity: Count,
    /// Units on hand until now, as far as you know: if they are not, nothing is changed. `null`
    /// overwrites whatever they are. Must be there.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Count>, required = true)]
    if_quantity: Option<Option<Count>>,
    /// Units of open orders that only your shop knows. As before unless said otherwise.
    committed: Option<Count>,
    /// Units withheld from sale. As before unless said otherwise.
    safety_stock: Option<Count>,
}

/// Changes that happen together or not at all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdjustStockRequest)]
pub struct AdjustRequest {
    /// Why.
    reason: Reason,
    /// What moves, 1 to 100 lines.
    lines: Vec<AdjustmentRequest>,
}

/// One count that moves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustmentRequest {
    /// Of what.
    sku: SkuName,
    /// Where; at the location that ships unless said otherwise.
    location: Option<LocationName>,
    /// Units, negative for fewer.
    change: Change,
}

/// What is there of a SKU at a location.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockLevel)]
pub struct Answer {
    /// The location.
    location: String,
    /// The SKU.
    sku: String,
    /// Units physically there and in saleable condition.
    on_hand: u32,
    /// Units of open orders that only your shop knows.
    committed: u32,
    /// Units withheld from sale.
    safety_stock: u32,
    /// Units for sale: on hand, less committed, less safety stock.
    available: u32,
    /// The commit that last changed it.
    revision: u64,
}

/// What is there of a SKU at a location, and how much of it is spoken for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockLevelShown)]
pub struct ShownAnswer {
    /// The location.
    location: String,
    /// The SKU.
    sku: String,
    /// Units physically there and in saleable condition.
    on_hand: u32,
    /// Units of open orders that only your shop knows.
    committed: u32,
    /// Units withheld from sale.
    safety_stock: u32,
    /// Units for sale: on hand, less committed, less safety stock.
    available: u32,
    /// Units that orders and carts were promised from here, `committed` among them. May be more than there are: the rest waits.
    promised: u64,
    /// The commit that last changed it.
    revision: u64,
}

/// What came of an adjustment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockAdjustment)]
pub struct AdjustedAnswer {
    /// The levels after it, each once.
    levels: Vec<Answer>,
    /// The commit.
    revision: u64,
}

/// Sets what is on hand, provided that it is what you think it is
#[utoipa::path(
    put,
    path = "/v1/stock/{location}/{sku}",
    tag = "merchants",
    params(
        ("location" = String, Path, description = "The location"),
        ("sku" = String, Path, description = "The SKU"),
    ),
    request_body = SetRequest,
    responses((status = 200, description = "What is there now", body = ShownAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn set(
    State(app): State<App>,
    merchant: Merchant,
    Named((location, sku)): Named<(String, String)>,
    ApiJson(request): ApiJson<SetRequest>,
) -> Result<Json<ShownAnswer>, Problem> {
    let Some(if_quantity) = request.if_quantity else {
        return Err(Problem::invalid(
            "/if_quantity",
            "if_quantity_required",
            "say what count you believe is there, so that nobody's change is lost, or null to overwrite whatever it is",
        ));
    };
    let set = SetStock {
        sku: existing(&sku)?,
        location: existing(&location)?,
        quantity: request.quantity.0,
        if_quantity: if_quantity.map(|count| count.0),
        committed: request.committed.map(|count| count.0),
        safety_stock: request.safety_stock.map(|count| count.0),
    };
    let level = set_stock(&app, &merchant.store, set).await?;
    Ok(Json(shown(&app, &merchant.shop, &level)))
}

/// Shows what is on hand
#[utoipa::path(
    get,
    path = "/v1/stock/{location}/{sku}",
    tag = "merchants",
    params(
        ("location" = String, Path, description = "The location"),
        ("sku" = String, Path, description = "The SKU"),
    ),
    responses((status = 200, description = "What is there", body = ShownAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named((location, sku)): Named<(String, String)>,
) -> Result<Json<ShownAnswer>, Problem> {
    let (sku, location) = (existing(&sku)?, existing(&location)?);
    let level = show::level(&app, &merchant.store, &sku, &location).await?;
    Ok(Json(shown(&app, &merchant.shop, &level)))
}

fn shown(app: &App, shop: &Shop, level: &Level) -> ShownAnswer {
    let entry = shop.entry(level.sku.as_str());
    let now = app.clock.now();
    let answer = Answer::from(level);
    ShownAnswer {
        location: answer.location,
        sku: answer.sku,
        on_hand: answer.on_hand,
        committed: answer.committed,
        safety_stock: answer.safety_stock,
        available: answer.available,
        promised: entry.map_or(0, |entry| entry.promised(Some(&level.location), now)),
        revision: answer.revision,
    }
}

/// Moves counts up and down for a reason: all lines or none
#[utoipa::path(
    post,
    path = "/v1/stock/adjustments",
    tag = "merchants",
    params(("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")),
    request_body = AdjustRequest,
    responses((status = 200, description = "The levels now", body = AdjustedAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn adjust(
    State(app): State<App>,
    request: asking::Once<AdjustRequest>,
) -> Result<Response, Problem> {
    let lines = request.body.lines;
    refuse_line_count(&lines, ADJUSTMENT_LINES_MAX)?;
    let adjust = AdjustStock {
        reason: request.body.reason.0,
        lines: lines
            .into_iter()
            .map(|line| Adjustment {
                sku: line.sku.0,
                location: line.location.map(|location| location.0),
                change: line.change.0,
            })
            .collect(),
    };
    let once = Once::claim(&app, request.asked, adjusted)?;
    let outcome = adjust_stock(&app, &request.merchant.store, adjust, once).await?;
    Ok(sent(outcome, adjusted))
}

fn adjusted(adjusted: &Adjusted) -> once::Answer {
    asking::answer(
        200,
        &AdjustedAnswer {
            levels: adjusted.levels.iter().map(Answer::from).collect(),
            revision: adjusted.revision,
        },
    )
}

impl From<&Level> for Answer {
    fn from(level: &Level) -> Self {
        let available = level.on_hand.less(level.committed).less(level.safety_stock);
        Self {
            location: level.location.to_string(),
            sku: level.sku.to_string(),
            on_hand: level.on_hand.units(),
            committed: level.committed.units(),
            safety_stock: level.safety_stock.units(),
            available: available.units(),
            revision: level.revision,
        }
    }
}
