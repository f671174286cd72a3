//! Which location sends which units on which day.

use chrono::NaiveDate;

use super::offer::Offer;
use super::{ENTRIES_READ_MAX, LOCATIONS_MAX};
use crate::availability::Location;
use crate::promise::{Origin, Slice, merge_small};
use crate::quantity::Quantity;

/// Dates `wanted` units as early as can be; see [`date_cart`](super::date_cart) for the choice between locations.
/// `used` holds the parcels that leave anyway.
pub(super) fn earliest(
    offers: &[(usize, Offer)],
    wanted: Quantity,
    locations: &[Location],
    used: &[(NaiveDate, usize)],
) -> Vec<Slice> {
    let mut days: Vec<NaiveDate> = offers
        .iter()
        .flat_map(|(_, offer)| offer.steps.iter().map(|(day, _)| *day))
        .collect();
    days.sort_unstable();
    days.dedup();
    let mut taken = vec![Quantity::ZERO; offers.len()];
    let mut left = wanted;
    let mut slices = Vec::new();
    for day in days {
        if left.is_zero() {
            break;
        }
        // What each location can send on this day and could not before.
        let fresh: Vec<Quantity> = offers
            .iter()
            .zip(&taken)
            .map(|((_, offer), taken)| {
                offer
                    .by(day)
                    .less(*taken)
                    .counted()
                    .unwrap_or(left)
                    .min(left)
            })
            .collect();
        for at in senders(offers, &fresh, left, locations, |location| {
            used.contains(&(day, location))
        }) {
            let quantity = fresh[at].min(left);
            if quantity.is_zero() {
                continue;
            }
            left = left.less(quantity);
            taken[at] = taken[at].plus(quantity);
            slices.push(Slice {
                quantity,
                ships_by: day,
                from: origin(offers[at].0),
            });
        }
    }
    slices
}

/// Which of the offers send `left` units on a day on which they can send `fresh`, in the order in
/// which they are emptied.
fn senders(
    offers: &[(usize, Offer)],
    fresh: &[Quantity],
    left: Quantity,
    locations: &[Location],
    sends_anyway: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let rank = |at: usize| {
        let location = &locations[offers[at].0];
        (location.parcel_cost, &location.id)
    };
    let mut able: Vec<usize> = (0..offers.len())
        .filter(|at| !fresh[*at].is_zero())
        .collect();
    able.sort_by(|one, other| rank(*one).cmp(&rank(*other)));
    let sum: Quantity = able.iter().map(|at| fresh[*at]).sum();
    if able.len() < 2 || sum <= left {
        return able;
    }
    let (anyway, others): (Vec<usize>, Vec<usize>) =
        able.into_iter().partition(|at| sends_anyway(offers[*at].0));
    let there: Quantity = anyway.iter().map(|at| fresh[*at]).sum();
    let missing = left.less(there);
    let more = subsets(others.len())
        .filter(|chosen| {
            let sent: Quantity = chosen.iter().map(|at| fresh[others[*at]]).sum();
            missing <= sent
        })
        .map(|chosen| chosen.into_iter().map(|at| others[at]).collect::<Vec<_>>())
        .min_by_key(|chosen| {
            let cost: u64 = chosen.iter().map(|at| u64::from(rank(*at).0)).sum();
            let mut ids: Vec<_> = chosen.iter().map(|at| rank(*at).1).collect();
            ids.sort_unstable();
            (chosen.len(), cost, ids)
        });
    anyway.into_iter().chain(more.unwrap_or_default()).collect()
}

/// All subsets of the numbers below `count`, smaller ones first. `count` is at most [`LOCATIONS_MAX`].
pub(super) fn subsets(count: usize) -> impl Iterator<Item = Vec<usize>> {
    let count = count.min(LOCATIONS_MAX);
    let mut all: Vec<u32> = (0..1_u32 << count).collect();
    all.sort_by_key(|set| set.count_ones());
    all.into_iter()
        .map(move |set| (0..count).filter(|at| set & (1 << at) != 0).collect())
}

/// The first of the sets of locations, as many as can be tried without reading more than
/// [`ENTRIES_READ_MAX`]; `entries` says how much there is to be read at each location.
pub(super) fn affordable(
    sets: impl Iterator<Item = Vec<usize>>,
    entries: &[usize],
) -> impl Iterator<Item = Vec<usize>> {
    let mut read = 0_usize;
    sets.take_while(move |set| {
        let more: usize = set.iter().map(|at| entries[*at]).sum();
        read = read.saturating_add(more);
        read <= ENTRIES_READ_MAX
    })
}

/// Slices that are worth a parcel of their own, for each location, earliest first.
pub(super) fn merged(slices: Vec<Slice>, min_shipment: Quantity) -> Vec<Slice> {
    if min_shipment <= Quantity::new(1) {
        return slices;
    }
    let mut origins: Vec<Origin> = slices.iter().map(|slice| slice.from).collect();
    origins.sort_unstable();
    origins.dedup();
    let mut all: Vec<Slice> = Vec::with_capacity(slices.len());
    for origin in origins {
        let own = slices.iter().copied().filter(|slice| slice.from == origin);
        all.extend(merge_small(own.collect(), min_shipment));
    }
    all.sort_by_key(|slice| (slice.ships_by, slice.from));
    all
}

/// The location at this place of the list.
pub(super) fn origin(location: usize) -> Origin {
    Origin(u16::try_from(location).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_tried_until_too_much_is_read() {
        let all: Vec<Vec<usize>> = subsets(LOCATIONS_MAX).collect();
        let tried = |entries: usize| -> Vec<Vec<usize>> {
            affordable(all.iter().cloned(), &[entries; LOCATIONS_MAX]).collect()
        };
        // Each location is in every other set.
        let most = ENTRIES_READ_MAX / (LOCATIONS_MAX << (LOCATIONS_MAX - 1));
        assert_eq!(tried(most), all);
        for entries in [most + 1, 100 * most, ENTRIES_READ_MAX] {
            let tried = tried(entries);
            let read: usize = tried.iter().map(|set| set.len() * entries).sum();
            assert!(read <= ENTRIES_READ_MAX);
            assert!(tried.len() < all.len() && all.starts_with(&tried));
        }
    }
}
