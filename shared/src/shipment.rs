//! Which goods leave together: from dated lines to the choices a shopper has.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::ids::Sku;
use crate::money::Money;
use crate::promise::{Origin, Slice};
use crate::quantity::Quantity;

/// One line of a cart with the dates that were promised for it, SKUs once each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisedLine {
    /// The SKU.
    pub sku: Sku,
    /// Dated parts of the quantity, earliest first. Empty for a line that cannot be ordered: it
    /// rides in no parcel.
    pub slices: Vec<Slice>,
    /// The same where everything leaves in as few parcels as there can be, from other locations than
    /// `slices`. Empty where it is the same.
    pub together: Vec<Slice>,
}

impl PromisedLine {
    /// A line whose parts leave the same locations either way.
    pub fn new(sku: Sku, slices: Vec<Slice>) -> Self {
        Self {
            sku,
            slices,
            together: Vec::new(),
        }
    }

    fn together(&self) -> &[Slice] {
        match self.together.is_empty() {
            true => &self.slices,
            false => &self.together,
        }
    }
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
    /// One parcel when everything is there; one from each location where no single one has it all.
    Together,
    /// Each part as soon as it is there.
    Separate,
}

/// What leaves in one parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    /// The civil date by which it is with the carrier.
    pub ships_by: NaiveDate,
    /// The location that it leaves.
    pub from: Origin,
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
/// Empty if no line can be ordered. Goods of several locations never share a parcel. Where there would
/// be more parcels than allowed, the latest waits for no other: the parcel of its location before it
/// waits for it, until there are no more than allowed, or one for each location. A surcharge counts
/// the parcels that there are more than together.
///
/// ```
/// use shared::money::Money;
/// use shared::promise::Slice;
/// use shared::quantity::Quantity;
/// use shared::shipment::{PromisedLine, SplitCharge, SplitPolicy, plans};
///
/// let slice = |units, day: &str| Slice::new(Quantity::new(units), day.parse().expect("a date"));
/// let cart = [
///     PromisedLine::new("red".parse()?, vec![slice(1, "2026-11-25")]),
///     PromisedLine::new("blue".parse()?, vec![slice(2, "2026-12-15")]),
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
    let together = shipments(lines, PlanKind::Together, policy.parcels_max);
    if together.is_empty() {
        return Vec::new();
    }
    let separate = shipments(lines, PlanKind::Separate, policy.parcels_max);
    let parcels_max = most_parcels(policy.parcels_max);
    let extra = u32::try_from(separate.len().saturating_sub(together.len())).unwrap_or(u32::MAX);
    let differs = separate != together && separate.len() <= parcels_max;
    let together = Plan {
        kind: PlanKind::Together,
        shipments: together,
        surcharge: None,
    };
    let surcharge = match policy.charge {
        SplitCharge::Off => return vec![together],
        SplitCharge::Flat(fee) if 0 < extra => Some(Some(fee)),
        SplitCharge::PerExtraParcel(fee) => fee.times(extra).map(Some),
        SplitCharge::Free | SplitCharge::Flat(_) => Some(None),
    };
    let (Some(surcharge), true) = (surcharge, differs) else {
        return vec![together];
    };
    let separate = Plan {
        kind: PlanKind::Separate,
        shipments: separate,
        surcharge: surcharge.filter(|fee| !fee.is_zero()),
    };
    vec![together, separate]
}

/// The parcels of one way to send `lines`, in the order in which they leave: sent separately no more of them than
/// `parcels_max` where that can be, as [`plans`] says.
///
/// ```
/// use shared::promise::Slice;
/// use shared::quantity::Quantity;
/// use shared::shipment::{PlanKind, PromisedLine, shipments};
///
/// let slice = |day: &str| Slice::new(Quantity::new(1), day.parse().expect("a date"));
/// let cart = [PromisedLine::new("red".parse()?, vec![slice("2026-12-01"), slice("2026-12-16"), slice("2026-12-25")])];
/// assert_eq!(shipments(&cart, PlanKind::Together, 20).len(), 1);
/// assert_eq!(shipments(&cart, PlanKind::Separate, 20).len(), 3);
/// let two = shipments(&cart, PlanKind::Separate, 2);
/// assert_eq!(two[1].ships_by, "2026-12-25".parse()?);
/// assert_eq!(two[1].lines[0].1, Quantity::new(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn shipments(lines: &[PromisedLine], kind: PlanKind, parcels_max: u32) -> Vec<Shipment> {
    let slices = lines.iter().flat_map(|line| {
        let slices = match kind {
            PlanKind::Together => line.together(),
            PlanKind::Separate => &line.slices,
        };
        slices.iter().map(|slice| (&line.sku, slice))
    });
    let mut parcels = parcels(slices);
    let parcels_max = match kind {
        PlanKind::Together => 1,
        PlanKind::Separate => most_parcels(parcels_max),
    };
    while parcels_max < parcels.len() && merge_last(&mut parcels) {}
    for parcel in &mut parcels {
        let in_cart = |sku: &Sku| lines.iter().position(|line| line.sku == *sku);
        parcel.lines.sort_by_cached_key(|(sku, _)| in_cart(sku));
    }
    parcels
}

fn most_parcels(parcels_max: u32) -> usize {
    usize::try_from(parcels_max.min(PARCELS_MAX)).unwrap_or(usize::MAX)
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

/// One parcel for each day and location, earliest first.
fn parcels<'a>(slices: impl Iterator<Item = (&'a Sku, &'a Slice)>) -> Vec<Shipment> {
    let mut parcels: BTreeMap<(NaiveDate, Origin), Vec<(Sku, Quantity)>> = BTreeMap::new();
    for (sku, slice) in slices {
        let parcel = parcels.entry((slice.ships_by, slice.from)).or_default();
        put(parcel, sku, slice.quantity);
    }
    let parcel = |((ships_by, from), lines)| Shipment {
        ships_by,
        from,
        lines,
    };
    parcels.into_iter().map(parcel).collect()
}

/// Puts the parcel that leaves before the last one of the same location into that one. False if every
/// location sends one only.
fn merge_last(parcels: &mut Vec<Shipment>) -> bool {
    for last in (0..parcels.len()).rev() {
        let earlier = &parcels[..last];
        if let Some(before) = earlier
            .iter()
            .rposition(|one| one.from == parcels[last].from)
        {
            let waiting = parcels.remove(before);
            for (sku, quantity) in waiting.lines {
                put(&mut parcels[last - 1].lines, &sku, quantity);
            }
            return true;
        }
    }
    false
}

fn put(parcel: &mut Vec<(Sku, Quantity)>, sku: &Sku, quantity: Quantity) {
    match parcel.iter_mut().find(|(known, _)| known == sku) {
        Some((_, sum)) => *sum = sum.plus(quantity),
        None => parcel.push((sku.clone(), quantity)),
    }
}
