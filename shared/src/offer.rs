//! What a merchant gives to whoever waits: to whom, what it is worth, and on whom it is tried.
//!
//! Every rule is an experiment. Whoever meets its conditions is in one of two arms: one gets the offer, the other does not, so
//! that the difference says whether offers pay ([`crate::experiment`]).

use chrono::NaiveDate;

use crate::ids::Sku;
use crate::money::Money;

/// Most percent that an offer can take off.
pub const PERCENT_MAX: u32 = 100;

/// To whom something is given, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Days from today to the day by which the goods leave, at least. At least 1.
    pub waits_days: u32,
    /// What the goods of a cart cost, at least.
    pub goods_at_least: Option<Money>,
    /// Of which SKUs one has to wait; none: any.
    pub skus: Vec<Sku>,
    /// Only to those who have not waited before.
    pub first_backorder: bool,
    /// How often one shopper is tried on, at most. At least 1.
    pub per_shopper_max: u32,
    /// What is given.
    pub gives: Gives,
    /// What one offer may cost, at most; none: what it costs.
    pub amount_max: Option<Money>,
}

/// What is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gives {
    /// What sending the order costs.
    FreeShipping,
    /// So many percent of what the goods cost, from 1 to [`PERCENT_MAX`].
    Percentage(u32),
    /// An amount of money.
    Amount(Money),
    /// One of a SKU that is there.
    Gift(Sku),
}

/// A cart or an order, as far as a rule looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cart {
    /// Goods that have to come first, with the days from today to the day by which they leave.
    pub waits: Vec<(Sku, u32)>,
    /// What the goods cost, before any discount; none: nobody says.
    pub goods: Option<Money>,
    /// What sending them costs the shopper; none: nobody says.
    pub shipping: Option<Money>,
}

/// What is known of a shopper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Past {
    /// True if an earlier order of theirs had to wait.
    pub has_waited: bool,
    /// How often the rule was tried on them, in either arm.
    pub tried: u32,
}

/// What is left of a rule's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// Offers; none: any number.
    pub count: Option<u32>,
    /// Minor units; none: any amount.
    pub amount: Option<i64>,
}

/// What an offer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worth {
    /// The amount, where what is bought has prices; of a gift, none.
    pub amount: Option<Money>,
    /// What it is at most; none: it is not limited.
    pub amount_max: Option<Money>,
}

/// On which side of the experiment somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Arm {
    /// Gets the offer.
    Offer,
    /// Meets the conditions and gets nothing.
    Holdout,
}

impl Arm {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Holdout => "holdout",
        }
    }
}

/// The arm of somebody whose `ticket` is drawn evenly from all numbers: so many of 100 are held out.
///
/// With a larger share those who were held out stay so.
///
/// ```
/// use shared::offer::{Arm, arm};
///
/// assert_eq!(arm(1_219, 20), Arm::Holdout);
/// assert_eq!(arm(1_220, 20), Arm::Offer);
/// ```
pub const fn arm(ticket: u64, holdout_percent: u32) -> Arm {
    match ticket % 100 < holdout_percent as u64 {
        true => Arm::Holdout,
        false => Arm::Offer,
    }
}

impl Terms {
    /// True if somebody in this cart waits as long as the rule asks for, and the cart is as large. What is known of the shopper
    /// and of the budget comes on top.
    ///
    /// A cart of which nobody says what it costs is never large enough, and neither is one in another currency.
    pub fn fit(&self, cart: &Cart) -> bool {
        let waits = cart
            .waits
            .iter()
            .any(|(sku, days)| self.waits_days <= *days && self.is_about(sku));
        let is_large = match (self.goods_at_least, cart.goods) {
            (None, _) => true,
            (Some(least), Some(goods)) => {
                least.currency == goods.currency && least.amount <= goods.amount
            }
            (Some(_), None) => false,
        };
        waits && is_large
    }

    /// True if a shopper with this past may be tried on once more.
    pub const fn may_try(&self, past: Past) -> bool {
        past.tried < self.per_shopper_max && !(self.first_backorder && past.has_waited)
    }

    /// What an offer for a cart is worth; `None` where there is nothing to give: no cost of shipping to take off, or prices in
    /// another currency.
    ///
    /// ```
    /// use shared::money::Money;
    /// use shared::offer::{Cart, Gives, Terms};
    ///
    /// let dollars = |amount| Money::new(amount, "USD".parse().expect("a currency"));
    /// let terms = Terms {
    ///     waits_days: 7,
    ///     goods_at_least: None,
    ///     skus: Vec::new(),
    ///     first_backorder: false,
    ///     per_shopper_max: 1,
    ///     gives: Gives::Percentage(10),
    ///     amount_max: Some(dollars(1_500)),
    /// };
    /// let worth = |goods| terms.worth(&Cart { goods: Some(dollars(goods)), ..Cart::default() }).expect("something");
    /// assert_eq!(worth(9_999).amount, Some(dollars(999)));
    /// assert_eq!(worth(99_900).amount, Some(dollars(1_500)));
    /// ```
    pub fn worth(&self, cart: &Cart) -> Option<Worth> {
        let known = match self.gives {
            Gives::FreeShipping => cart.shipping,
            Gives::Percentage(percent) => cart.goods.map(|goods| share(goods, percent)),
            Gives::Amount(amount) => Some(amount),
            Gives::Gift(_) => None,
        };
        let others = [self.amount_max, cart.goods, cart.shipping];
        let currency = known.map(|known| known.currency);
        let is_other = |other: &Money| currency.is_some_and(|currency| other.currency != currency);
        if others.iter().flatten().any(is_other) {
            return None;
        }
        let amount = known.map(|known| match self.amount_max {
            Some(most) => Money::new(known.amount.min(most.amount), known.currency),
            None => known,
        });
        if amount.is_some_and(|amount| amount.amount <= 0) {
            return None;
        }
        let fixed = match self.gives {
            Gives::Amount(_) => amount,
            _ => self.amount_max,
        };
        Some(Worth {
            amount,
            amount_max: fixed,
        })
    }

    /// True if this rule is about a SKU.
    pub fn is_about(&self, sku: &Sku) -> bool {
        self.skus.is_empty() || self.skus.contains(sku)
    }
}

impl Worth {
    /// What it takes of a budget, in minor units: what it is worth, or else what it is worth at most.
    pub fn counted(&self) -> i64 {
        let counted = self.amount.or(self.amount_max);
        counted.map_or(0, |money| money.amount)
    }
}

impl Left {
    /// True if an offer that takes so many minor units can still be made.
    pub fn is_enough(self, counted: i64) -> bool {
        self.count.is_none_or(|count| 0 < count)
            && self.amount.is_none_or(|amount| counted <= amount)
    }

    /// True if no offer at all can be made any more.
    pub fn is_spent(self) -> bool {
        self.count == Some(0) || self.amount.is_some_and(|amount| amount <= 0)
    }
}

/// Days from one civil date to another; 0 where it is no later.
pub fn days_of_wait(today: NaiveDate, ships_by: NaiveDate) -> u32 {
    u32::try_from((ships_by - today).num_days()).unwrap_or(0)
}

/// So many percent, rounded down to the minor unit.
fn share(of: Money, percent: u32) -> Money {
    let part = i128::from(of.amount) * i128::from(percent.min(PERCENT_MAX)) / 100;
    Money::new(i64::try_from(part).unwrap_or(i64::MAX), of.currency)
}
