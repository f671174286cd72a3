//! Which goods leave together: from dated lines to the choices a shopper has.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::ids::Sku;
use crate::money::Money;
use crate::promise::Slice;
use crate::quantity::Quantity;

/// One line of a cart with the dates that were promised for it, SKUs once each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisedLine {
    /// The SKU.
    pub sku: Sku,
    /// Dated parts of the quantity, earliest first. Empty for a line that cannot be ordered: it
    /// rides in no parcel.
    pub slices: Vec<Slice>,
}

/// What the merchant offers besides one parcel for everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitPolicy {
    /// Who pays for more parcels than one.
    pub charge: SplitCharge,
    /// Most parcels of one order.
    pub parcels_max: u32,
}

/// Most parcels of one order that a merchant may allow.
pub const PARCELS_MAX: u32 = 20;

/// Who pays for more parcels than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitCharge {
    /// Everything leaves together; there is no choice.
    Off,
    /// The merchant pays.
    Free,
    /// The shopper pays this once.
    Flat(Money),
    /// The shopper pays this for each parcel after the first.
    PerExtraParcel(Money),
}

/// One way to send the cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which way.
    pub kind: PlanKind,
    /// Parcels in the order in which they leave.
    pub shipments: Vec<Shipment>,
    /// What the shopper pays for this way, on top. `None`: nothing.
    pub surcharge: Option<Money>,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlanKind {
    /// One parcel when everything is there.
    Together,
    /// Each part as soon as it is there.
    Separate,
}

/// What leaves in one parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    /// The civil date by which it is with the carrier.
    pub ships_by: NaiveDate,
    /// SKUs and quantities, in the order of the cart.
    pub lines: Vec<(Sku, Quantity)>,
}

impl Plan {
    /// The day by which the last parcel is with the carrier.
    pub fn last_ships_by(&self) -> Option<NaiveDate> {
        self.shipments.last().map(|shipment| shipment.ships_by)
    }
}

/// Computes the ways to send `lines`: everything together first, and each part as soon as it is
/// ready where that differs and the merchant offers it.
///
/// Empty if no line can be ordered. Where there are more ship-by days than parcels allowed, the
/// earliest days keep a parcel each and all that is later leaves on the last day.
///
/// ```
/// use shared::money::Money;
/// use shared::promise::Slice;
/// use shared::quantity::Quantity;
/// use shared::shipment::{PromisedLine, SplitCharge, SplitPolicy, plans};
///
/// let slice = |units, day: &str| Slice { quantity: Quantity::new(units), ships_by: day.parse().expect("a date") };
/// let cart = [
///     PromisedLine { sku: "red".parse()?, slices: vec![slice(1, "2026-11-25")] },
///     PromisedLine { sku: "blue".parse()?, slices: vec![slice(2, "2026-12-15")] },
/// ];
/// let fee = Money::new(495, "USD".parse()?);
/// let policy = SplitPolicy { charge: SplitCharge::PerExtraParcel(fee), parcels_max: 3 };
/// let ways = plans(&cart, &policy);
/// assert_eq!(ways.len(), 2);
/// assert_eq!(ways[0].shipments.len(), 1);
/// assert_eq!(ways[1].surcharge, Some(fee));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plans(lines: &[PromisedLine], policy: &SplitPolicy) -> Vec<Plan> {
    let days: BTreeMap<NaiveDate, ()> = slices(lines)
        .map(|(_, slice)| (slice.ships_by, ()))
        .collect();
    let Some(last) = days.keys().next_back().copied() else {
        return Vec::new();
    };
    let together = Plan {
        kind: PlanKind::Together,
        shipments: parcels(lines, |_| last),
        surcharge: None,
    };

    let parcels_max = usize::try_from(policy.parcels_max.min(PARCELS_MAX)).unwrap_or(usize::MAX);
    let parcel_count = days.len().min(parcels_max);
    let extra = u32::try_from(parcel_count.saturating_sub(1)).unwrap_or(u32::MAX);
    let surcharge = match policy.charge {
        SplitCharge::Off => return vec![together],
        SplitCharge::Free => Some(None),
        SplitCharge::Flat(fee) => Some(Some(fee)),
        SplitCharge::PerExtraParcel(fee) => fee.times(extra).map(Some),
    };
    let (Some(surcharge), 1..) = (surcharge, extra) else {
        return vec![together];
    };

    let early: Vec<NaiveDate> = days.keys().copied().take(parcel_count - 1).collect();
    let leaves = |day: NaiveDate| if early.contains(&day) { day } else { last };
    let separate = Plan {
        kind: PlanKind::Separate,
        shipments: parcels(lines, leaves),
        surcharge: surcharge.filter(|fee| !fee.is_zero()),
    };
    vec![together, separate]
}

/// Sums `lines` that name the same SKU, keeping the order of first mention.
///
/// ```
/// use shared::quantity::Quantity;
/// use shared::shipment::summed;
///
/// let line = |sku: &str, units| (sku.parse().expect("a SKU"), Quantity::new(units));
/// let cart = summed([line("red", 1), line("blue", 2), line("red", 3)]);
/// assert_eq!(cart, [line("red", 4), line("blue", 2)]);
/// ```
pub fn summed(lines: impl IntoIterator<Item = (Sku, Quantity)>) -> Vec<(Sku, Quantity)> {
    let mut sums: Vec<(Sku, Quantity)> = Vec::new();
    for (sku, quantity) in lines {
        match sums.iter_mut().find(|(known, _)| *known == sku) {
            Some((_, sum)) => *sum = sum.plus(quantity),
            None => sums.push((sku, quantity)),
        }
    }
    sums
}

fn slices(lines: &[PromisedLine]) -> impl Iterator<Item = (&Sku, &Slice)> {
    lines
        .iter()
        .flat_map(|line| line.slices.iter().map(move |slice| (&line.sku, slice)))
}

fn parcels(lines: &[PromisedLine], leaves: impl Fn(NaiveDate) -> NaiveDate) -> Vec<Shipment> {
    let mut by_day: BTreeMap<NaiveDate, Vec<(Sku, Quantity)>> = BTreeMap::new();
    for (sku, slice) in slices(lines) {
        let parcel = by_day.entry(leaves(slice.ships_by)).or_default();
        // Slices of one line follow each other, so the same SKU can only be the last one.
        match parcel.last_mut().filter(|(last, _)| last == sku) {
            Some((_, quantity)) => *quantity = quantity.plus(slice.quantity),
            None => parcel.push((sku.clone(), slice.quantity)),
        }
    }
    by_day
        .into_iter()
        .map(|(ships_by, lines)| Shipment { ships_by, lines })
        .collect()
}
