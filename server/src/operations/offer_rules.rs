//! Makes and removes the rules by which something is given to whoever waits.

use std::collections::BTreeMap;

use shared::ids::{OfferRuleId, Sku, StoreId};
use shared::money::Money;
use shared::offer::{Gives, Terms};

use super::ActError;
use super::records::OfferRule;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::store::Writing;
use crate::store::writing::Note;

/// Most rules of a store.
pub const OFFER_RULES_MAX: usize = 20;

/// A rule as the merchant words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutOfferRule {
    /// Its id.
    pub id: OfferRuleId,
    /// To whom something is given, and what.
    pub terms: Terms,
    /// Of 100 that meet the conditions, so many get nothing.
    pub holdout_percent: u32,
    /// For how many days an offer is good.
    pub expires_days: u32,
    /// Whether an offer is taken back where its order is cancelled after it was redeemed.
    pub is_taken_back: bool,
    /// What it says, in the merchant's words, by the first part of a language's tag.
    pub words: BTreeMap<String, String>,
    /// Most offers.
    pub budget_count: Option<u32>,
    /// Most that they may cost.
    pub budget_amount: Option<Money>,
    /// Whether it is tried on anybody.
    pub is_on: bool,
}

/// Makes a rule or replaces it. With other terms, or another share that is held out, a new run of the experiment begins.
///
/// # Errors
///
/// [`ActError::Field`] for a SKU that the store does not have, for money in another currency than the store's, for an offer
/// whose cost nobody knows beside a budget of money, and for a budget below what was given.
pub async fn put_offer_rule(
    app: &App,
    store: &StoreId,
    request: PutOfferRule,
) -> Result<OfferRule, ActError> {
    let with = (app.clone(), store.clone(), request);
    detached(with, |(app, store, request)| async move {
        let note = Note::new("put_offer_rule", request.id.as_str());
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        let before = writing.offer_rule(&request.id).await?;
        if before.is_none() && OFFER_RULES_MAX <= writing.offer_rules().await?.len() {
            let detail = format!("at most {OFFER_RULES_MAX} rules are kept; remove one first");
            return Err(ActError::conflict("too_many_rules", detail));
        }
        refuse_other_currency(&mut writing, &request).await?;
        refuse_unknown_skus(&mut writing, &request.terms).await?;
        refuse_unknown_cost(&request)?;
        let rule = replaced(before, request, &writing);
        refuse_small_budget(&rule)?;
        writing.put_offer_rule(&rule).await?;
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Settings, revision).await;
        Ok(rule)
    })
    .await
}

/// Removes a rule: nobody is tried on any more. What was given stands, and so do the results.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn remove_offer_rule(
    app: &App,
    store: &StoreId,
    id: OfferRuleId,
) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), id);
    detached(with, |(app, store, id)| async move {
        let note = Note::new("remove_offer_rule", id.as_str());
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        let before = writing.offer_rule(&id).await?;
        let rule = before
            .filter(|rule| rule.removed_at.is_none())
            .ok_or(ActError::NotFound)?;
        writing
            .put_offer_rule(&OfferRule {
                is_on: false,
                removed_at: Some(now),
                ..rule
            })
            .await?;
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Settings, revision).await;
        Ok(())
    })
    .await
}

/// A rule that was not removed.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn offer_rule(
    app: &App,
    store: &StoreId,
    id: &OfferRuleId,
) -> Result<OfferRule, ActError> {
    let found = app.store.offer_rule(store, id).await?;
    found
        .filter(|rule| rule.removed_at.is_none())
        .ok_or(ActError::NotFound)
}

/// All rules that were not removed, by id.
///
/// # Errors
///
/// As the database fails.
pub async fn offer_rules(app: &App, store: &StoreId) -> Result<Vec<OfferRule>, ActError> {
    Ok(app.store.offer_rules(store).await?)
}

fn replaced(before: Option<OfferRule>, request: PutOfferRule, writing: &Writing) -> OfferRule {
    let is_same = before.as_ref().is_some_and(|before| {
        before.terms == request.terms
            && before.holdout_percent == request.holdout_percent
            && before.removed_at.is_none()
    });
    let run = before.as_ref().map_or(0, |before| before.run);
    let begun_at = before.as_ref().map(|before| before.begun_at);
    OfferRule {
        id: request.id,
        terms: request.terms,
        holdout_percent: request.holdout_percent,
        expires_days: request.expires_days,
        is_taken_back: request.is_taken_back,
        words: request.words,
        budget_count: request.budget_count,
        budget_amount: request.budget_amount.map(|money| money.amount),
        is_on: request.is_on,
        run: if is_same { run } else { run + 1 },
        begun_at: begun_at.filter(|_| is_same).unwrap_or_else(|| writing.at()),
        issued: before.as_ref().map_or(0, |before| before.issued),
        issued_amount: before.map_or(0, |before| before.issued_amount),
        removed_at: None,
        revision: writing.revision(),
    }
}

async fn refuse_other_currency(
    writing: &mut Writing,
    request: &PutOfferRule,
) -> Result<(), ActError> {
    let store = writing.store_record().await?.ok_or(ActError::NotFound)?;
    let terms = &request.terms;
    let given = match &terms.gives {
        Gives::Amount(amount) => Some(*amount),
        _ => None,
    };
    for (pointer, money) in [
        ("/cart_at_least", terms.goods_at_least),
        ("/gives/amount", given),
        ("/cap", terms.amount_max),
        ("/budget/amount", request.budget_amount),
    ] {
        if money.is_some_and(|money| money.currency != store.currency) {
            let detail = format!("must be in {}, the currency of the store", store.currency);
            let pointer = format!("{pointer}/currency");
            return Err(ActError::field(pointer, "invalid_amount", detail));
        }
    }
    Ok(())
}

async fn refuse_unknown_skus(writing: &mut Writing, terms: &Terms) -> Result<(), ActError> {
    let gift = match &terms.gives {
        Gives::Gift(sku) => Some(("/gives/sku".to_owned(), sku)),
        _ => None,
    };
    let others = terms.skus.iter().enumerate();
    let others = others.map(|(at, sku)| (format!("/skus/{at}"), sku));
    let named: Vec<(String, &Sku)> = gift.into_iter().chain(others).collect();
    let skus: Vec<Sku> = named.iter().map(|(_, sku)| (*sku).clone()).collect();
    let known = writing.revisions_of(&skus).await?;
    let unknown = |(_, sku): &&(String, &Sku)| !known.iter().any(|(known, _)| known == *sku);
    match named.iter().find(unknown) {
        Some((pointer, sku)) => Err(ActError::unknown_sku(pointer.as_str(), sku)),
        None => Ok(()),
    }
}

/// A budget of money is kept to the cent, so each offer must have a cost, or a most.
fn refuse_unknown_cost(request: &PutOfferRule) -> Result<(), ActError> {
    let terms = &request.terms;
    let is_known = match terms.gives {
        Gives::Amount(_) => true,
        Gives::FreeShipping | Gives::Percentage(_) | Gives::Gift(_) => terms.amount_max.is_some(),
    };
    let is_percentage = matches!(terms.gives, Gives::Percentage(_));
    if !is_known && (is_percentage || request.budget_amount.is_some()) {
        let detail = "say what one offer costs at most: a percentage needs it, and so does a budget of money";
        return Err(ActError::field("/cap", "required", detail));
    }
    Ok(())
}

fn refuse_small_budget(rule: &OfferRule) -> Result<(), ActError> {
    if rule.budget_count.is_some_and(|most| most < rule.issued) {
        let detail = format!(
            "{} offers were made already: allow at least as many, or switch the rule off",
            rule.issued
        );
        return Err(ActError::field(
            "/budget/count",
            "budget_below_issued",
            detail,
        ));
    }
    if rule
        .budget_amount
        .is_some_and(|most| most < rule.issued_amount)
    {
        let detail = format!(
            "offers over {} minor units were made already: allow at least as much, or switch the rule off",
            rule.issued_amount
        );
        return Err(ActError::field(
            "/budget/amount/amount",
            "budget_below_issued",
            detail,
        ));
    }
    Ok(())
}
