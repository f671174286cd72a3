//! Whether offers pay here: what became of those who got one, beside those who were held out.

use shared::experiment::{Counts, Difference, Sign, further_needed};
use shared::ids::{OfferRuleId, StoreId};
use shared::money::Currency;

use super::ActError;
use super::records::{ArmCounts, ArmsCounted, OfferRule};
use crate::app::App;

/// What an experiment has shown so far.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferResults {
    /// The rule.
    pub rule: OfferRule,
    /// What amounts are in.
    pub currency: Currency,
    /// What was counted.
    pub counted: ArmsCounted,
    /// Orders of which everything was cancelled.
    pub cancelled: Measured,
    /// Shoppers who saw it and ordered.
    pub converted: Measured,
    /// What can be said.
    pub verdict: Verdict,
}

/// A share in both arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Where offers are made.
    pub offer: Counts,
    /// Where none are.
    pub holdout: Counts,
    /// The first minus the second; `None`: an arm has nobody.
    pub difference: Option<Difference>,
    /// How many more, in both arms together, it takes to find a difference as large as this one; `None`: none is large enough.
    pub further: Option<u64>,
}

/// What can be said of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Offers made a difference for the better, none for the worse, and brought in more than they cost.
    Paid,
    /// They made a difference for the worse, or one for the better that cost more than it brought in.
    DidNotPay,
    /// No difference is sure yet.
    TooFew,
}

impl Verdict {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::DidNotPay => "did_not_pay",
            Self::TooFew => "too_few",
        }
    }

    /// The same for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Paid => "it paid here",
            Self::DidNotPay => "it did not pay",
            Self::TooFew => "too few to say",
        }
    }
}

/// What the experiments of a store have shown so far: of one rule, removed or not, or of all that were not removed.
///
/// # Errors
///
/// [`ActError::NotFound`] for a rule that the store never had.
pub async fn offer_results(
    app: &App,
    store: &StoreId,
    rule: Option<&OfferRuleId>,
) -> Result<Vec<OfferResults>, ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let currency = shop.settings().currency;
    let rules = match rule {
        Some(id) => {
            let found = app.store.offer_rule(store, id).await?;
            vec![found.ok_or(ActError::NotFound)?]
        }
        None => app.store.offer_rules(store).await?,
    };
    let mut results = Vec::with_capacity(rules.len());
    for rule in rules {
        let counted = app
            .store
            .offer_results(store, &rule.id, rule.run, currency)
            .await?;
        results.push(judged(rule, currency, counted));
    }
    Ok(results)
}

fn judged(rule: OfferRule, currency: Currency, counted: ArmsCounted) -> OfferResults {
    let cancelled = measured(&counted, |arm| Counts {
        happened: arm.cancelled,
        of: arm.orders,
    });
    let converted = measured(&counted, |arm| Counts {
        happened: arm.converted,
        of: arm.exposed,
    });
    OfferResults {
        verdict: verdict(&counted, &cancelled, &converted),
        rule,
        currency,
        counted,
        cancelled,
        converted,
    }
}

fn measured(counted: &ArmsCounted, counts: impl Fn(&ArmCounts) -> Counts) -> Measured {
    let (offer, holdout) = (counts(&counted.offer), counts(&counted.holdout));
    Measured {
        offer,
        holdout,
        difference: Difference::between(offer, holdout),
        further: further_needed(offer, holdout),
    }
}

fn verdict(counted: &ArmsCounted, cancelled: &Measured, converted: &Measured) -> Verdict {
    let sign = |measured: &Measured| {
        let difference = measured.difference;
        difference.map_or(Sign::Unknown, |difference| difference.sign())
    };
    match (sign(cancelled), sign(converted)) {
        (Sign::Unknown, Sign::Unknown) => Verdict::TooFew,
        (Sign::More, _) | (_, Sign::Less) => Verdict::DidNotPay,
        (_, converts) => match brings_in_more(counted, converts == Sign::More) {
            true => Verdict::Paid,
            false => Verdict::DidNotPay,
        },
    }
}

/// True if the arm with offers brought in more than the other after what the offers cost: of each shopper who saw one where more
/// of them ordered, else of each order. Where no order has a price, what brings in more is left to the merchant.
fn brings_in_more(counted: &ArmsCounted, by_shopper: bool) -> bool {
    let (offer, holdout) = (&counted.offer, &counted.holdout);
    if offer.priced == 0 || holdout.priced == 0 {
        return true;
    }
    let of = |arm: &ArmCounts| i128::from(if by_shopper { arm.exposed } else { arm.orders });
    let net = |arm: &ArmCounts| i128::from(arm.revenue) - i128::from(arm.cost);
    // Compared as fractions: nothing is rounded.
    net(holdout) * of(offer) < net(offer) * of(holdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_of(offer: ArmCounts, holdout: ArmCounts) -> Verdict {
        let counted = ArmsCounted { offer, holdout };
        let cancelled = measured(&counted, |arm| Counts {
            happened: arm.cancelled,
            of: arm.orders,
        });
        let converted = measured(&counted, |arm| Counts {
            happened: arm.converted,
            of: arm.exposed,
        });
        verdict(&counted, &cancelled, &converted)
    }

    fn arm(orders: u64, cancelled: u64, revenue: i64, cost: i64) -> ArmCounts {
        ArmCounts {
            orders,
            cancelled,
            revenue,
            cost,
            priced: orders,
            ..ArmCounts::default()
        }
    }

    #[test]
    fn an_offer_paid_where_fewer_cancel_and_what_it_cost_came_in() {
        let holdout = arm(1_000, 300, 7_000_000, 0);
        for (offer, wanted) in [
            (arm(1_000, 200, 8_000_000, 500_000), Verdict::Paid),
            (arm(1_000, 200, 8_000_000, 1_500_000), Verdict::DidNotPay),
            (arm(1_000, 400, 6_000_000, 0), Verdict::DidNotPay),
            (arm(1_000, 290, 9_000_000, 0), Verdict::TooFew),
            (ArmCounts::default(), Verdict::TooFew),
        ] {
            assert_eq!(verdict_of(offer, holdout), wanted, "{offer:?}");
        }
    }

    #[test]
    fn more_who_order_are_judged_by_what_each_who_saw_it_brings_in() {
        let seen = |exposed, converted, revenue, cost| ArmCounts {
            exposed,
            converted,
            ..arm(converted, 0, revenue, cost)
        };
        let holdout = seen(1_000, 100, 1_000_000, 0);
        let offer = seen(1_000, 200, 2_000_000, 400_000);
        assert_eq!(verdict_of(offer, holdout), Verdict::Paid);
        let dear = seen(1_000, 200, 2_000_000, 1_200_000);
        assert_eq!(verdict_of(dear, holdout), Verdict::DidNotPay);
    }
}
