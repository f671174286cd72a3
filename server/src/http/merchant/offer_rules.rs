//! The rules by which something is given to whoever waits.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::ids::OfferRuleId;
use shared::money::Money;
use shared::offer::{Gives, Terms};
use shared::wire;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{existing, new};
use super::fields::{Count, HoldoutPercent, OfferWords, Percent, Price, SkuName, SomeDays, Times};
use super::reservations::instant;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::Named;
use crate::limits::OFFER_SKUS_MAX;
use crate::operations::offer_rules::{
    PutOfferRule, offer_rule, offer_rules, put_offer_rule, remove_offer_rule,
};
use crate::operations::records::{OfferRule, gives_name};

/// Percent that are held out, unless the merchant says otherwise.
const HOLDOUT_PERCENT: u32 = 20;
/// Days for which an offer is good, unless the merchant says otherwise.
const EXPIRES_DAYS: u32 = 30;
/// A rule by which something is given to whoever waits. What is left out takes the value that is named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferRuleRequest)]
pub struct Request {
    /// Whether it is tried on anybody. False unless said otherwise.
    #[serde(default)]
    on: bool,
    /// Only whoever waits at least so many days, from today to the day by which goods leave.
    waits_days: SomeDays,
    /// Only where the goods cost at least so much before any discount. Then nothing is offered where nobody says what they cost.
    cart_at_least: Option<Price>,
    /// Only where one of these SKUs is waited for, at most 100; any unless given.
    #[serde(default)]
    skus: Vec<SkuName>,
    /// Only those who have not waited before, as long as the store has rules. False unless said otherwise.
    #[serde(default)]
    first_backorder: bool,
    /// On how many orders of one shopper it is tried, in either arm. 1 unless said otherwise.
    per_shopper: Option<Times>,
    /// What is given.
    gives: GivesRequest,
    /// What one offer may cost at most. A percentage needs it, and a budget of money needs it for all but an amount.
    cap: Option<Price>,
    /// How many offers there may be, and what they may cost.
    budget: BudgetRequest,
    /// Of 100 who meet the conditions, so many get nothing, so that the others can be compared with them: 5 to 95. 20 unless said
    /// otherwise.
    holdout_percent: Option<HoldoutPercent>,
    /// For how many days an offer is good. 30 unless said otherwise.
    expires_days: Option<SomeDays>,
    /// What becomes of an offer that was redeemed where all of its order is cancelled: it `stays`, unless said otherwise, or is
    /// `taken_back`. One that was not redeemed is revoked.
    #[serde(default)]
    after_cancel: AfterCancel,
    /// What it says in your words: `en`, `de`, `fr`, `es`, `ja`, `ar`. In ours where you have none.
    #[serde(default)]
    words: WordsRequest,
}

/// What is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferGivesRequest)]
pub struct GivesRequest {
    /// What sending costs, a share of what the goods cost, an amount, or one of a SKU that is on the shelf.
    kind: Kind,
    /// Of `percentage`: so many percent, rounded down to the minor unit.
    percent: Option<Percent>,
    /// Of `amount`.
    amount: Option<Price>,
    /// Of `gift`.
    sku: Option<SkuName>,
}

/// What kind of thing is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OfferKind)]
pub enum Kind {
    /// What sending costs.
    FreeShipping,
    /// A share of what the goods cost.
    Percentage,
    /// An amount of money.
    Amount,
    /// One of a SKU.
    Gift,
}

/// How many offers there may be, and what they may cost; one of both is needed. Those that are revoked or taken back count no more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferBudgetRequest)]
pub struct BudgetRequest {
    /// Offers.
    count: Option<Count>,
    /// What they may cost, each counted with what it is worth, or at most.
    amount: Option<Price>,
}

/// What becomes of an offer that was redeemed where all of its order is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OfferAfterCancel)]
pub enum AfterCancel {
    /// It stays.
    #[default]
    Stays,
    /// It is taken back: your shop has to do so.
    TakenBack,
}

/// What an offer says, by language.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferSentences)]
pub struct WordsRequest {
    en: Option<OfferWords>,
    de: Option<OfferWords>,
    fr: Option<OfferWords>,
    es: Option<OfferWords>,
    ja: Option<OfferWords>,
    ar: Option<OfferWords>,
}

/// A rule, and how far it has come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferRule)]
pub struct RuleAnswer {
    /// Its id. Of several rules that fit, the first by id is tried.
    id: String,
    /// Whether it is tried on anybody.
    on: bool,
    /// Days that one has to wait, at least.
    waits_days: u32,
    /// What the goods cost, at least.
    cart_at_least: Option<wire::Money>,
    /// Of which SKUs one has to wait; any where there are none.
    skus: Vec<String>,
    /// Only those who have not waited before.
    first_backorder: bool,
    /// On how many orders of one shopper it is tried.
    per_shopper: u32,
    /// What is given.
    gives: GivesAnswer,
    /// What one offer may cost at most.
    cap: Option<wire::Money>,
    /// How many offers there may be, what they may cost, and what was given so far.
    budget: BudgetAnswer,
    /// Of 100, so many get nothing.
    holdout_percent: u32,
    /// For how many days an offer is good.
    expires_days: u32,
    /// What becomes of an offer that was redeemed where its order is cancelled.
    after_cancel: AfterCancel,
    /// What it says in your words, by language.
    words: BTreeMap<String, String>,
    /// Which run of the experiment this is: with other conditions, gifts or shares the next one begins.
    run: u32,
    /// Instant (RFC 3339) at which this run began.
    begun_at: String,
    /// The commit that last changed it.
    revision: u64,
}

/// What is given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferGives)]
pub struct GivesAnswer {
    /// `free_shipping`, `percentage`, `amount` or `gift`.
    pub kind: &'static str,
    /// Of `percentage`.
    pub percent: Option<u32>,
    /// Of `amount`.
    pub amount: Option<wire::Money>,
    /// Of `gift`.
    pub sku: Option<String>,
}

/// What offers may cost, and what they may cost so far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferBudget)]
pub struct BudgetAnswer {
    /// Most offers.
    count: Option<u32>,
    /// Most that they may cost.
    amount: Option<wire::Money>,
    /// Offers that were made and not revoked or taken back.
    issued: u32,
    /// What they may cost.
    issued_amount: wire::Money,
}

/// Rules, by id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferRuleList)]
pub struct RuleList {
    /// The rules.
    items: Vec<RuleAnswer>,
}

/// Makes a rule by which something is given to whoever waits, or replaces it
///
/// Other conditions, another gift or another share that is held out begin a new run of the experiment.
#[utoipa::path(
    put,
    path = "/v1/offers/rules/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The rule; of several that fit an order, the first by id is tried")),
    request_body = Request,
    responses((status = 200, description = "The rule", body = RuleAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn put(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
    ApiJson(request): ApiJson<Request>,
) -> Result<Json<RuleAnswer>, Problem> {
    let id: OfferRuleId = new(&id, "/id", "invalid_rule")?;
    let rule = put_offer_rule(&app, &merchant.store, request.parsed(id)?).await?;
    Ok(Json(RuleAnswer::of(&app, &merchant, rule)?))
}

/// Shows a rule
#[utoipa::path(
    get,
    path = "/v1/offers/rules/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The rule")),
    responses((status = 200, description = "The rule", body = RuleAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<RuleAnswer>, Problem> {
    let rule = offer_rule(&app, &merchant.store, &existing(&id)?).await?;
    Ok(Json(RuleAnswer::of(&app, &merchant, rule)?))
}

/// Removes a rule
///
/// Nobody is tried on any more. What was given stands until it expires, and the results can still be asked for.
#[utoipa::path(
    delete,
    path = "/v1/offers/rules/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The rule")),
    responses((status = 204, description = "It is gone"), Refusals),
    security(("secret" = []))
)]
pub async fn remove(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    remove_offer_rule(&app, &merchant.store, existing(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the rules
#[utoipa::path(
    get,
    path = "/v1/offers/rules",
    tag = "merchants",
    responses((status = 200, description = "The rules, by id", body = RuleList), Refusals),
    security(("secret" = []))
)]
pub async fn list(State(app): State<App>, merchant: Merchant) -> Result<Json<RuleList>, Problem> {
    let rules = offer_rules(&app, &merchant.store).await?.into_iter();
    let items: Result<Vec<RuleAnswer>, Problem> = rules
        .map(|rule| RuleAnswer::of(&app, &merchant, rule))
        .collect();
    Ok(Json(RuleList { items: items? }))
}

impl Request {
    fn parsed(self, id: OfferRuleId) -> Result<PutOfferRule, Problem> {
        if OFFER_SKUS_MAX < self.skus.len() {
            let detail = format!("at most {OFFER_SKUS_MAX} SKUs are taken");
            return Err(Problem::invalid("/skus", "too_many_skus", detail));
        }
        if self.budget.count.is_none() && self.budget.amount.is_none() {
            let detail = "say how many offers there may be, or what they may cost: `count`, `amount` or both";
            return Err(Problem::invalid("/budget", "required", detail));
        }
        let positive = |pointer: &str, price: &Option<Price>| {
            if price.as_ref().is_some_and(|price| price.amount.0 == 0) {
                let pointer = format!("{pointer}/amount");
                return Err(Problem::invalid(
                    pointer,
                    "invalid_amount",
                    "must be more than nothing",
                ));
            }
            Ok(price.as_ref().map(Price::money))
        };
        Ok(PutOfferRule {
            id,
            terms: Terms {
                waits_days: self.waits_days.0,
                goods_at_least: positive("/cart_at_least", &self.cart_at_least)?,
                skus: self.skus.into_iter().map(|sku| sku.0).collect(),
                first_backorder: self.first_backorder,
                per_shopper_max: self.per_shopper.map_or(1, |times| times.0),
                gives: self.gives.parsed()?,
                amount_max: positive("/cap", &self.cap)?,
            },
            holdout_percent: self
                .holdout_percent
                .map_or(HOLDOUT_PERCENT, |percent| percent.0),
            expires_days: self.expires_days.map_or(EXPIRES_DAYS, |days| days.0),
            is_taken_back: self.after_cancel == AfterCancel::TakenBack,
            words: self.words.parsed(),
            budget_count: self.budget.count.map(|count| count.0.units()),
            budget_amount: self.budget.amount.as_ref().map(Price::money),
            is_on: self.on,
        })
    }
}

impl GivesRequest {
    /// What is given: what its kind asks for, and nothing else.
    fn parsed(self) -> Result<Gives, Problem> {
        let missing = |name: &str| {
            let pointer = format!("/gives/{name}");
            Problem::invalid(pointer, "required", "is what this kind gives")
        };
        let given = [
            ("percent", self.percent.is_some(), Kind::Percentage),
            ("amount", self.amount.is_some(), Kind::Amount),
            ("sku", self.sku.is_some(), Kind::Gift),
        ];
        let strange = given
            .into_iter()
            .find(|(_, is_given, kind)| *is_given && *kind != self.kind);
        if let Some((name, ..)) = strange {
            let pointer = format!("/gives/{name}");
            return Err(Problem::invalid(
                pointer,
                "invalid_parameter",
                "is of another kind",
            ));
        }
        Ok(match self.kind {
            Kind::FreeShipping => Gives::FreeShipping,
            Kind::Percentage => {
                Gives::Percentage(self.percent.ok_or_else(|| missing("percent"))?.0)
            }
            Kind::Amount => {
                let amount = self.amount.ok_or_else(|| missing("amount"))?.money();
                if amount.is_zero() {
                    let detail = "must be more than nothing";
                    return Err(Problem::invalid(
                        "/gives/amount/amount",
                        "invalid_amount",
                        detail,
                    ));
                }
                Gives::Amount(amount)
            }
            Kind::Gift => Gives::Gift(self.sku.ok_or_else(|| missing("sku"))?.0),
        })
    }
}

impl WordsRequest {
    fn parsed(self) -> BTreeMap<String, String> {
        let all = [
            ("en", self.en),
            ("de", self.de),
            ("fr", self.fr),
            ("es", self.es),
            ("ja", self.ja),
            ("ar", self.ar),
        ];
        let all = all.into_iter();
        all.filter_map(|(tag, words)| Some((tag.to_owned(), words?.0)))
            .collect()
    }
}

impl RuleAnswer {
    fn of(app: &App, merchant: &Merchant, rule: OfferRule) -> Result<Self, Problem> {
        let shop = app.catalogue.shop(&merchant.store);
        let currency = shop.ok_or_else(Problem::not_found)?.settings().currency;
        let money = |amount| wire::Money(Money::new(amount, currency));
        let terms = rule.terms;
        Ok(Self {
            id: rule.id.to_string(),
            on: rule.is_on,
            waits_days: terms.waits_days,
            cart_at_least: terms.goods_at_least.map(wire::Money),
            skus: terms.skus.iter().map(ToString::to_string).collect(),
            first_backorder: terms.first_backorder,
            per_shopper: terms.per_shopper_max,
            gives: GivesAnswer::of(&terms.gives),
            cap: terms.amount_max.map(wire::Money),
            budget: BudgetAnswer {
                count: rule.budget_count,
                amount: rule.budget_amount.map(money),
                issued: rule.issued,
                issued_amount: money(rule.issued_amount),
            },
            holdout_percent: rule.holdout_percent,
            expires_days: rule.expires_days,
            after_cancel: match rule.is_taken_back {
                true => AfterCancel::TakenBack,
                false => AfterCancel::Stays,
            },
            words: rule.words,
            run: rule.run,
            begun_at: instant(rule.begun_at),
            revision: rule.revision,
        })
    }
}

impl GivesAnswer {
    /// What is given.
    pub fn of(gives: &Gives) -> Self {
        let (mut percent, mut amount, mut sku) = (None, None, None);
        match gives {
            Gives::FreeShipping => {}
            Gives::Percentage(share) => percent = Some(*share),
            Gives::Amount(money) => amount = Some(wire::Money(*money)),
            Gives::Gift(gift) => sku = Some(gift.to_string()),
        }
        Self {
            kind: gives_name(gives),
            percent,
            amount,
            sku,
        }
    }
}
