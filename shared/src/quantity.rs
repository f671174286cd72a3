//! Counts of goods: whole, never negative, never infinite.

use std::fmt;
use std::iter::Sum;

/// A number of units.
///
/// There is no subtraction operator: [`Quantity::checked_sub`] and [`Quantity::less`] make the
/// reader say what happens at zero. Sums stop at the largest value instead of wrapping.
///
/// ```
/// use shared::quantity::Quantity;
///
/// let on_hand = Quantity::new(3);
/// assert_eq!(on_hand.checked_sub(Quantity::new(5)), None);
/// assert_eq!(on_hand.less(Quantity::new(5)), Quantity::ZERO);
/// assert_eq!(on_hand.plus(Quantity::new(5)), Quantity::new(8));
/// ```
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u32);

/// Largest count that any input may name: more units than a single shop holds of anything.
pub const QUANTITY_MAX: u32 = 1_000_000_000;

/// Most units of one SKU that a shopper may ask for at once.
pub const REQUESTED_MAX: u32 = 9_999;

impl Quantity {
    /// None at all.
    pub const ZERO: Self = Self(0);

    /// Makes a quantity from a whole number.
    pub const fn new(units: u32) -> Self {
        Self(units)
    }

    /// The count.
    pub const fn units(self) -> u32 {
        self.0
    }

    /// True for [`Quantity::ZERO`].
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or the largest value if it would not fit.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left after taking `other`; zero if `other` is more.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// What is left after taking `other`, or `None` if there is not enough.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(left) => Some(Self(left)),
            None => None,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::ZERO, Self::plus)
    }
}
