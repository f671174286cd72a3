//! What was given to whoever waits, and how it is redeemed.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::ids::OrderId;
use shared::wire::{self, Date};
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, Page, sent};
use super::fields::{OfferCode, OrderName, ShopperName};
use super::offer_rules::GivesAnswer;
use super::reservations::instant;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::offers::code_as_kept;
use crate::operations::once::{self, Once};
use crate::operations::records::Offer;
use crate::operations::redeem_offer::{RedeemOffer, redeem_offer};
use crate::operations::show;

/// A code to redeem.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferRedemption)]
pub struct RedeemRequest {
    /// The code, however it was typed.
    code: OfferCode,
    /// The order that it must have been given for; any unless given.
    order: Option<OrderName>,
    /// Who must have got it, by the same name as in `shopper` of the order, or else by the address for mail in small letters;
    /// anybody unless given.
    shopper: Option<ShopperName>,
}

/// What was given for an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderOffer)]
pub struct Answer {
    /// The order.
    order: String,
    /// The rule.
    rule: String,
    /// `issued`, `redeemed`, `revoked` or `taken_back`.
    state: &'static str,
    /// With what it is redeemed, once.
    code: String,
    /// `free_shipping`, `percentage`, `amount` or `gift`: what your shop grants when it is redeemed.
    kind: &'static str,
    /// Of `percentage`.
    percent: Option<u32>,
    /// What it is worth; null of a gift, and where the order has no prices.
    amount: Option<wire::Money>,
    /// What it is worth at most; null where it is not limited.
    amount_max: Option<wire::Money>,
    /// Of `gift`: the SKU.
    sku: Option<String>,
    /// Instant (RFC 3339) at which it was made.
    issued_at: String,
    /// The last day on which it can be redeemed, at the store's own location.
    expires_on: Date,
    /// When it was redeemed.
    redeemed_at: Option<String>,
    /// When it was revoked or taken back.
    revoked_at: Option<String>,
}

/// A page of offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderOfferPage)]
pub struct List {
    /// Offers, by order.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Lists what was given, by order
#[utoipa::path(
    get,
    path = "/v1/offers",
    tag = "merchants",
    params(Page),
    responses((status = 200, description = "A page of offers", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(
    State(app): State<App>,
    merchant: Merchant,
    page: Page,
) -> Result<Json<List>, Problem> {
    let limit = page.limit()?;
    let after: Option<OrderId> = page.after(&merchant.store)?;
    let offers = show::offers(&app, &merchant.store, after.as_ref(), limit).await?;
    let items: Vec<Answer> = offers.iter().map(Answer::of).collect();
    Ok(Json(List {
        next: Page::next(&merchant.store, &items, limit, |item| item.order.clone()),
        items,
    }))
}

/// Redeems a code, at most once
///
/// Your shop grants what the answer says: nothing that is charged here changes by it. `409 offer_already_redeemed`,
/// `offer_expired`, `offer_revoked`, `offer_not_transferable`, or `gift_unavailable` where the gift is not on the shelf now.
#[utoipa::path(
    post,
    path = "/v1/offers/redeem",
    tag = "merchants",
    params(("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")),
    request_body = RedeemRequest,
    responses((status = 200, description = "What is to be granted", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn redeem(
    State(app): State<App>,
    request: asking::Once<RedeemRequest>,
) -> Result<Response, Problem> {
    let wanted = RedeemOffer {
        code: code_as_kept(&request.body.code.0),
        order: request.body.order.map(|order| order.0),
        shopper: request.body.shopper.map(|name| name.0),
    };
    let once = Once::claim(&app, request.asked, redeemed)?;
    let outcome = redeem_offer(&app, &request.merchant.store, wanted, once).await?;
    Ok(sent(outcome, redeemed))
}

fn redeemed(offer: &Offer) -> once::Answer {
    asking::answer(200, &Answer::of(offer))
}

impl Answer {
    /// What was given for an order.
    pub fn of(offer: &Offer) -> Self {
        let gives = GivesAnswer::of(&offer.gives);
        Self {
            order: offer.order.to_string(),
            rule: offer.rule.to_string(),
            state: offer.state.name(),
            code: offer.code.clone(),
            kind: gives.kind,
            percent: gives.percent,
            amount: offer.worth.amount.map(wire::Money),
            amount_max: offer.worth.amount_max.map(wire::Money),
            sku: gives.sku,
            issued_at: instant(offer.issued_at),
            expires_on: Date(offer.expires_on),
            redeemed_at: offer.redeemed_at.map(instant),
            revoked_at: offer.revoked_at.map(instant),
        }
    }
}
