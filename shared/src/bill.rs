//! What an order costs, and what of it each parcel carries: to the minor unit, however the order is split.

use crate::quantity::Quantity;

/// What the units of a line cost together, in minor units of the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// The goods, before any discount.
    pub goods: i64,
    /// What is taken off.
    pub discount: i64,
    /// What sending them costs the shopper.
    pub shipping: i64,
    /// Tax that is not within the prices.
    pub tax: i64,
}

impl Cost {
    /// What is to be paid.
    pub const fn total(self) -> i64 {
        self.goods - self.discount + self.shipping + self.tax
    }

    /// The sum of two.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            goods: self.goods + other.goods,
            discount: self.discount + other.discount,
            shipping: self.shipping + other.shipping,
            tax: self.tax + other.tax,
        }
    }

    /// What `units` of `all` cost, where those before them were settled already.
    ///
    /// Shares are cut out of the running total, so whatever the order in which parts leave or are cancelled, and
    /// however many there are, all of them together are the whole.
    ///
    /// ```
    /// use shared::bill::Cost;
    /// use shared::quantity::Quantity;
    ///
    /// let line = Cost { goods: 1000, ..Cost::default() };
    /// let one = |before| line.share(Quantity::new(before), Quantity::new(1), Quantity::new(3)).goods;
    /// assert_eq!([one(0), one(1), one(2)], [333, 333, 334]);
    /// ```
    #[must_use]
    pub fn share(self, before: Quantity, units: Quantity, all: Quantity) -> Self {
        let upto = before.plus(units);
        let part = |whole| running(whole, upto, all) - running(whole, before, all);
        self.each(part)
    }

    /// The most that `units` of `all` may cost, whichever of the line's units they turn out to be.
    #[must_use]
    pub fn share_at_most(self, units: Quantity, all: Quantity) -> i64 {
        let up = |whole: i64| -running(-whole, units, all);
        let least_discount = running(self.discount, units, all);
        up(self.goods) - least_discount + up(self.shipping) + up(self.tax)
    }

    fn each(self, part: impl Fn(i64) -> i64) -> Self {
        Self {
            goods: part(self.goods),
            discount: part(self.discount),
            shipping: part(self.shipping),
            tax: part(self.tax),
        }
    }
}

/// Spreads an amount over lines in proportion to their weights, so that the parts are the whole: what is left after
/// rounding down goes to the lines that lost most by it, of those that lost the same to the first.
///
/// Where all weights are zero, each line counts the same.
///
/// ```
/// use shared::bill::spread;
///
/// assert_eq!(spread(100, &[1, 1, 1]), [34, 33, 33]);
/// assert_eq!(spread(495, &[3900, 0, 1300]), [371, 0, 124]);
/// assert_eq!(spread(7, &[0, 0]), [4, 3]);
/// ```
pub fn spread(amount: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let even = sum == 0;
    let count = i128::try_from(weights.len()).unwrap_or(i128::MAX);
    let all = if even { count.max(1) } else { sum };
    let weight = |weight: &i64| if even { 1 } else { i128::from(*weight) };
    let exact = weights.iter().map(|one| i128::from(amount) * weight(one));
    let mut parts: Vec<(usize, i128, i128)> = exact
        .enumerate()
        .map(|(at, exact)| (at, exact.div_euclid(all), exact.rem_euclid(all)))
        .collect();
    let mut left = i128::from(amount) - parts.iter().map(|(_, part, _)| part).sum::<i128>();
    parts.sort_by_key(|(at, _, lost)| (std::cmp::Reverse(*lost), *at));
    for (_, part, _) in &mut parts {
        if left == 0 {
            break;
        }
        *part += 1;
        left -= 1;
    }
    parts.sort_by_key(|(at, ..)| *at);
    let narrow = |(_, part, _)| i64::try_from(part).unwrap_or(i64::MAX);
    parts.into_iter().map(narrow).collect()
}

/// What the first `units` of `all` have of a whole, rounded down.
fn running(whole: i64, units: Quantity, all: Quantity) -> i64 {
    let (units, all) = (i128::from(units.units()), i128::from(all.units().max(1)));
    let part = (i128::from(whole) * units).div_euclid(all);
    i64::try_from(part).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole_however_a_line_is_split(
            goods in 0_i64..10_000_000,
            discount in 0_i64..10_000,
            shipping in 0_i64..10_000,
            tax in 0_i64..1_000_000,
            parts in proptest::collection::vec(1_u32..50, 1..8),
        ) {
            let line = Cost { goods, discount, shipping, tax };
            let all = Quantity::new(parts.iter().sum());
            let (mut before, mut sum) = (Quantity::ZERO, Cost::default());
            for units in parts {
                let units = Quantity::new(units);
                let share = line.share(before, units, all);
                prop_assert!(share.total() <= line.share_at_most(units, all));
                sum = sum.plus(share);
                before = before.plus(units);
            }
            prop_assert_eq!(sum, line);
        }

        #[test]
        fn what_is_spread_adds_up_and_nobody_is_off_by_a_whole_unit(
            amount in 0_i64..1_000_000_000,
            weights in proptest::collection::vec(0_i64..1_000_000_000, 1..20),
        ) {
            let parts = spread(amount, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            let all: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let off = i128::from(*part) * all - i128::from(amount) * i128::from(*weight);
                prop_assert!(all == 0 || off.abs() < all);
            }
        }
    }
}
