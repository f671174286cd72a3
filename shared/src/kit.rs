//! Kits: what is bought, and what it takes from the shelf.

use crate::ids::Sku;
use crate::quantity::Quantity;
use crate::supply::SkuFacts;

/// How deep kits may stand in kits.
pub const KIT_DEPTH_MAX: usize = 5;

/// Most different SKUs that one kit is made of, down to the last.
pub const KIT_PARTS_MAX: usize = 100;

/// Most kits that are opened to take one apart, each as often as it stands in others.
pub const KITS_OPENED_MAX: usize = 500;

/// What is bought, with the facts about all that it takes from the shelf.
///
/// ```
/// use shared::kit::Goods;
/// use shared::quantity::Quantity;
/// use shared::supply::SkuFacts;
///
/// let part = |sku: &str, units| (sku.parse().expect("a SKU"), Quantity::new(units));
/// let mut known: Vec<SkuFacts> = ["set", "box", "lid"].map(|sku| SkuFacts::new(sku.parse().expect("a SKU"))).into();
/// known[0].kit = vec![part("box", 2), part("lid", 1)];
/// known[1].kit = vec![part("lid", 3)];
/// let find = |sku: &shared::ids::Sku| known.iter().find(|facts| facts.sku == *sku);
///
/// let set = Goods::new(&known[0], find)?;
/// assert_eq!(set.parts.len(), 1);
/// assert_eq!((set.parts[0].0.sku.as_str(), set.parts[0].1.units()), ("lid", 7));
/// # Ok::<(), shared::kit::KitError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Goods<'a> {
    /// What is known of it.
    pub facts: &'a SkuFacts,
    /// What one of it takes from the shelf, each SKU once: itself, or for a kit all that it is made of.
    pub parts: Vec<(&'a SkuFacts, Quantity)>,
}

/// Why a kit cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KitError {
    /// It is made of something that nobody knows.
    #[error("it is made of {0}, which is not known")]
    Unknown(Sku),
    /// Kits stand in kits too deep, or in themselves.
    #[error("kits stand in each other more than {KIT_DEPTH_MAX} deep at {0}")]
    TooDeep(Sku),
    /// It is made of too much.
    #[error("it is made of more than {KIT_PARTS_MAX} SKUs")]
    TooMany,
}

impl<'a> Goods<'a> {
    /// What is no kit, and kits that need no look-up.
    pub fn plain(facts: &'a SkuFacts) -> Self {
        Self {
            facts,
            parts: vec![(facts, Quantity::new(1))],
        }
    }

    /// Takes a kit apart, down to what is no kit. `find` gives the facts about a SKU.
    ///
    /// # Errors
    ///
    /// [`KitError`] where a part is not known, or there is no end.
    pub fn new(
        facts: &'a SkuFacts,
        find: impl Fn(&Sku) -> Option<&'a SkuFacts>,
    ) -> Result<Self, KitError> {
        if facts.kit.is_empty() {
            return Ok(Self::plain(facts));
        }
        let mut parts = Vec::new();
        let mut open: Vec<(&SkuFacts, Quantity, usize)> = vec![(facts, Quantity::new(1), 0)];
        let mut opened = 0;
        while let Some((kit, times, depth)) = open.pop() {
            opened += 1;
            if KIT_DEPTH_MAX < depth {
                return Err(KitError::TooDeep(kit.sku.clone()));
            }
            for (sku, each) in kit.kit.iter().rev() {
                let part = find(sku).ok_or_else(|| KitError::Unknown(sku.clone()))?;
                let units = Quantity::new(times.units().saturating_mul(each.units()));
                if part.kit.is_empty() {
                    add(&mut parts, part, units);
                } else {
                    open.push((part, units, depth + 1));
                }
                if KIT_PARTS_MAX < parts.len() + open.len() || KITS_OPENED_MAX < opened {
                    return Err(KitError::TooMany);
                }
            }
        }
        parts.sort_unstable_by(|(one, _), (other, _)| one.sku.cmp(&other.sku));
        Ok(Self { facts, parts })
    }

    /// A kit that cannot be put together: none can be had.
    pub fn broken(facts: &'a SkuFacts) -> Self {
        Self {
            facts,
            parts: Vec::new(),
        }
    }

    /// True if it is made of other SKUs.
    pub fn is_kit(&self) -> bool {
        !self.facts.kit.is_empty()
    }
}

fn add<'a>(parts: &mut Vec<(&'a SkuFacts, Quantity)>, part: &'a SkuFacts, units: Quantity) {
    match parts.iter_mut().find(|(known, _)| known.sku == part.sku) {
        Some((_, sum)) => *sum = sum.plus(units),
        None => parts.push((part, units)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(sku: &str, kit: &[(&str, u32)]) -> SkuFacts {
        let part =
            |(sku, units): &(&str, u32)| (sku.parse().expect("a SKU"), Quantity::new(*units));
        SkuFacts {
            kit: kit.iter().map(part).collect(),
            ..SkuFacts::new(sku.parse().expect("a SKU"))
        }
    }

    #[test]
    fn a_kit_without_an_end_or_with_a_hole_is_refused() {
        let known = [facts("loop", &[("loop", 1)]), facts("hole", &[("gone", 1)])];
        let find = |sku: &Sku| known.iter().find(|facts| facts.sku == *sku);
        let (looped, gone) = (known[0].sku.clone(), "gone".parse().expect("a SKU"));
        assert_eq!(
            Goods::new(&known[0], find).err(),
            Some(KitError::TooDeep(looped))
        );
        assert_eq!(
            Goods::new(&known[1], find).err(),
            Some(KitError::Unknown(gone))
        );
    }

    #[test]
    fn a_part_that_comes_twice_is_summed() {
        let known = [
            facts("set", &[("a", 1), ("pair", 2)]),
            facts("pair", &[("a", 2), ("b", 1)]),
            facts("a", &[]),
            facts("b", &[]),
        ];
        let find = |sku: &Sku| known.iter().find(|facts| facts.sku == *sku);
        let set = Goods::new(&known[0], find).expect("a kit");
        let parts: Vec<_> = set
            .parts
            .iter()
            .map(|(part, units)| (part.sku.as_str(), units.units()))
            .collect();
        assert_eq!(parts, [("a", 5), ("b", 2)]);
    }
}
