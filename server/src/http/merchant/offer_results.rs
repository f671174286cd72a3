//! Whether offers pay.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use shared::experiment::Sign;
use shared::ids::OfferRuleId;
use shared::money::{Currency, Money};
use shared::wire;
use utoipa::{IntoParams, ToSchema};

use super::Refusals;
use super::asking::existing;
use super::reservations::instant;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::offer_results::{Measured, OfferResults, offer_results};
use crate::operations::records::ArmCounts;

/// How the intervals of results are computed.
const METHOD: &str = "95 % interval of the difference of two shares, offer minus holdout: Newcombe 1998, method 10, made of Wilson intervals; \
    further_needed: for a difference as large as the one that was seen, found in 80 of 100 experiments. For one look: do not end it on the first \
    day that pleases";

/// Which experiment.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// The rule, also one that was removed; all that were not unless given.
    rule: Option<String>,
}

/// What experiments have shown so far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferResultList)]
pub struct ResultList {
    /// One for each rule, by id.
    items: Vec<ResultAnswer>,
    /// How it was computed.
    method: &'static str,
}

/// What an experiment has shown so far, in its present run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferResult)]
pub struct ResultAnswer {
    /// The rule.
    rule: String,
    /// Which run of it.
    run: u32,
    /// Instant (RFC 3339) at which the run began.
    begun_at: String,
    /// Of 100, so many get nothing.
    holdout_percent: u32,
    /// What became of those who get offers.
    offer: ArmAnswer,
    /// What became of those who get none.
    holdout: ArmAnswer,
    /// The share of orders of which everything was cancelled.
    cancel_rate: MeasuredAnswer,
    /// The share of shoppers who ordered, of those who saw an offer before, or would have.
    conversion: MeasuredAnswer,
    /// `paid`: an interval excludes zero for the better and none for the worse, and what came in is more after what the offers
    /// cost. `did_not_pay`: one excludes zero for the worse, or what is better cost more than it brought in. `too_few`: none does.
    verdict: &'static str,
    /// The same in words: `it paid here`, `it did not pay`, `too few to say`.
    words: &'static str,
}

/// One arm of an experiment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferArm)]
pub struct ArmAnswer {
    /// Shoppers who saw an offer before they ordered, or would have.
    shoppers: u64,
    /// Those of them who ordered afterwards.
    shoppers_who_ordered: u64,
    /// Orders that met the conditions.
    orders: u64,
    /// Those of them of which everything was cancelled.
    cancelled: u64,
    /// What is to be paid of them without what was cancelled; orders in another currency count nothing.
    revenue: wire::Money,
    /// Offers that were made.
    offers: u64,
    /// Those that were redeemed, and not taken back.
    redeemed: u64,
    /// What these are worth, or at most.
    cost: wire::Money,
}

/// A share in both arms.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferMeasure)]
pub struct MeasuredAnswer {
    /// Where offers are made; null of nobody.
    offer: Option<f64>,
    /// Where none are.
    holdout: Option<f64>,
    /// The first minus the second.
    difference: Option<f64>,
    /// The lower end of its interval of 95 %.
    low: Option<f64>,
    /// The upper end.
    high: Option<f64>,
    /// `more` or `less` with offers, or `unknown` while the interval holds zero.
    says: &'static str,
    /// How many more it takes, in both arms together, until a difference as large as this one is sure; null where no number is
    /// large enough.
    further_needed: Option<u64>,
}

/// Says whether offers pay here
///
/// Who meets a rule's conditions is drawn into one of two arms, once and for good: one gets offers, the other is held out. No
/// verdict is given before an interval excludes zero.
#[utoipa::path(
    get,
    path = "/v1/offers/results",
    tag = "merchants",
    params(Asked),
    responses((status = 200, description = "What each experiment has shown so far", body = ResultList), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Query(asked): Query<Asked>,
) -> Result<Json<ResultList>, Problem> {
    let rule: Option<OfferRuleId> = asked.rule.as_deref().map(existing).transpose()?;
    let results = offer_results(&app, &merchant.store, rule.as_ref()).await?;
    Ok(Json(ResultList {
        items: results.into_iter().map(ResultAnswer::of).collect(),
        method: METHOD,
    }))
}

impl ResultAnswer {
    fn of(results: OfferResults) -> Self {
        let counted = results.counted;
        Self {
            rule: results.rule.id.to_string(),
            run: results.rule.run,
            begun_at: instant(results.rule.begun_at),
            holdout_percent: results.rule.holdout_percent,
            offer: ArmAnswer::of(counted.offer, results.currency),
            holdout: ArmAnswer::of(counted.holdout, results.currency),
            cancel_rate: MeasuredAnswer::of(&results.cancelled),
            conversion: MeasuredAnswer::of(&results.converted),
            verdict: results.verdict.name(),
            words: results.verdict.words(),
        }
    }
}

impl ArmAnswer {
    fn of(arm: ArmCounts, currency: Currency) -> Self {
        let money = |amount| wire::Money(Money::new(amount, currency));
        Self {
            shoppers: arm.exposed,
            shoppers_who_ordered: arm.converted,
            orders: arm.orders,
            cancelled: arm.cancelled,
            revenue: money(arm.revenue),
            offers: arm.offers,
            redeemed: arm.redeemed,
            cost: money(arm.cost),
        }
    }
}

impl MeasuredAnswer {
    fn of(measured: &Measured) -> Self {
        let difference = measured.difference;
        Self {
            offer: measured.offer.share(),
            holdout: measured.holdout.share(),
            difference: difference.map(|difference| difference.seen),
            low: difference.map(|difference| difference.low),
            high: difference.map(|difference| difference.high),
            says: match difference.map(|difference| difference.sign()) {
                Some(Sign::More) => "more",
                Some(Sign::Less) => "less",
                Some(Sign::Unknown) | None => "unknown",
            },
            further_needed: measured.further,
        }
    }
}
