//! What to order first where the money does not reach all.

use std::collections::BinaryHeap;

use super::distribution::Distribution;
use super::reorder::Lot;
use crate::ids::Sku;
use crate::money::{Currency, Money};
use crate::quantity::Quantity;

/// Parts into which an order is taken to pieces at most.
const PIECES_MAX: u32 = 64;

/// An order that a shop would place if it had the money.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Of what.
    pub sku: Sku,
    /// How many.
    pub units: Quantity,
    /// What a unit costs.
    pub unit_cost: Money,
    /// What the supplier accepts.
    pub lot: Lot,
    /// On hand, and incoming, less backorders: [`Stock::position`](super::Stock::position).
    pub position: i64,
    /// What may be wanted until the next order could be there.
    pub demand: Distribution,
}

/// A wish in another currency than the budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sku} is paid in {found}, the budget is in {wanted}")]
pub struct BudgetError {
    /// The SKU.
    pub sku: Sku,
    /// Its currency.
    pub found: Currency,
    /// That of the budget.
    pub wanted: Currency,
}

/// Says how much of each wish to order, in their sequence, so that all together cost at most `budget`.
///
/// The rule: pack by pack, the money goes where it saves the most. What the next pack saves are the units that would otherwise be
/// missing, on the mean, until the next order could be there; whichever saves more of them for the same money comes first
/// (marginal analysis; Sherbrooke, *METRIC*, 1968). A supplier's minimum is one piece. What no longer fits is passed over, and the
/// next one tried. Of equals the first by SKU.
///
/// # Errors
///
/// [`BudgetError`] where a wish is paid in another currency.
pub fn within_budget(wishes: &[Wish], budget: Money) -> Result<Vec<Quantity>, BudgetError> {
    if let Some(other) = wishes
        .iter()
        .find(|wish| wish.unit_cost.currency != budget.currency)
    {
        return Err(BudgetError {
            sku: other.sku.clone(),
            found: other.unit_cost.currency,
            wanted: budget.currency,
        });
    }
    let mut granted = vec![Quantity::ZERO; wishes.len()];
    let mut left = budget.amount;
    let mut pieces: BinaryHeap<Piece<'_>> = wishes
        .iter()
        .enumerate()
        .filter_map(|(at, wish)| wish.piece(at, Quantity::ZERO))
        .collect();
    while let Some(piece) = pieces.pop() {
        if left < piece.cost {
            continue;
        }
        left -= piece.cost;
        granted[piece.at] = piece.until;
        pieces.extend(wishes[piece.at].piece(piece.at, piece.until));
    }
    Ok(granted)
}

/// The next units of a wish.
struct Piece<'a> {
    /// Units saved per minor unit of money.
    worth: f64,
    sku: &'a Sku,
    at: usize,
    /// Units of the wish when they are granted.
    until: Quantity,
    cost: i64,
}

impl Wish {
    /// What comes after so many units; `None` where all were granted, or where its price is beyond all numbers.
    fn piece(&self, at: usize, granted: Quantity) -> Option<Piece<'_>> {
        let left = self.units.checked_sub(granted)?;
        if left.is_zero() {
            return None;
        }
        let pack = self.lot.pack.units().max(1);
        let least = if granted.is_zero() {
            self.lot.minimum.units()
        } else {
            0
        };
        let units = least.max(self.units.units() / PIECES_MAX).max(1);
        let units = Quantity::new(units.div_ceil(pack).saturating_mul(pack)).min(left);
        let until = granted.plus(units);
        let cost = self.unit_cost.times(units.units())?.amount.max(0);
        let saved = self.missing(granted) - self.missing(until);
        Some(Piece {
            worth: saved / (cost as f64).max(0.5),
            sku: &self.sku,
            at,
            until,
            cost,
        })
    }

    /// Mean units missing with so many ordered.
    fn missing(&self, ordered: Quantity) -> f64 {
        let there = self.position + i64::from(ordered.units());
        match u32::try_from(there) {
            Ok(there) => self.demand.missing(Quantity::new(there)),
            // What is owed is missing too.
            Err(_) if there < 0 => self.demand.mean() - there as f64,
            Err(_) => 0.0,
        }
    }
}

impl Ord for Piece<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let worth = self.worth.total_cmp(&other.worth);
        // The greatest comes first: the earlier SKU is the greater.
        worth
            .then_with(|| other.sku.cmp(self.sku))
            .then_with(|| other.at.cmp(&self.at))
    }
}

impl PartialOrd for Piece<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Piece<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Piece<'_> {}
