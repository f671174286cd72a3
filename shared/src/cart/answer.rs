//! From what was found for a line to what a shopper may be told.

use chrono::{DateTime, NaiveDate, Utc};

use super::choice::origin;
use super::{Line, Served};
use crate::availability::{Availability, Cause, Display, Location, PromisePolicy, Reason, Status};
use crate::promise::{Amount, Slice, by_day};
use crate::quantity::{Quantity, REQUESTED_MAX};
use crate::reason::most_specific;
use crate::supply::BackorderMode;
use crate::timeline::{Source, Timeline};

impl Line<'_> {
    /// What a shopper may be told.
    pub(super) fn answer(
        &self,
        served: &Served,
        locations: &[Location],
        policy: &PromisePolicy,
        now: DateTime<Utc>,
    ) -> Availability {
        let facts = self.goods.facts;
        let ships_by = match self.is_orderable(served) {
            true => served.slices.iter().map(|slice| slice.ships_by).max(),
            false => None,
        };
        let status = self.status(served, policy);
        let shows_counts = policy.display == Display::Exact;
        // Where a quantity splits would tell how much there is.
        let slices = match (shows_counts, ships_by, served.slices.last()) {
            (true, ..) => within(&served.slices, served.most),
            (false, Some(ships_by), Some(last)) => vec![Slice {
                quantity: self.requested,
                ships_by,
                from: last.from,
            }],
            (false, ..) => Vec::new(),
        };
        let is_suppressed =
            served.near.covers(self.requested) && !served.ready.covers(self.requested);
        let is_ready = |slice: &Slice| {
            let offer = served
                .offers
                .iter()
                .find(|(at, _)| origin(*at) == slice.from);
            offer.is_some_and(|(_, offer)| match is_suppressed {
                true => offer.near.covers(slice.quantity),
                false => {
                    offer.ready.covers(slice.quantity) && Some(slice.ships_by) <= offer.ready_by
                }
            })
        };
        let first = by_day(&slices).first().map(|day| day.ships_by);
        let mut on_first_day = slices.iter().filter(|slice| Some(slice.ships_by) == first);
        let first_is_ready =
            self.unreleased_until.is_none() && first.is_some() && on_first_day.all(is_ready);
        let delivery = |slice: &Slice| {
            let location = locations.get(usize::from(slice.from.0))?;
            location.delivers_by(slice.ships_by, policy.zone.as_deref()?)
        };
        Availability {
            sku: facts.sku.clone(),
            requested: self.requested,
            status,
            ships_by,
            // The last to arrive need not be the last to leave.
            delivers_by: ships_by.and_then(|_| {
                let days: Option<Vec<NaiveDate>> = served.slices.iter().map(delivery).collect();
                days?.into_iter().max()
            }),
            first_is_ready,
            is_suppressed,
            reason: self.reason(status, slices.last().or(served.slices.last())),
            slices,
            max_orderable: served.most.counted().filter(|_| shows_counts),
            valid_until: self.changes_at.filter(|change| now < *change),
            revision: self.revision(),
        }
    }

    fn revision(&self) -> u64 {
        let parts = self.goods.parts.iter().map(|(part, _)| part.revision);
        parts
            .chain([self.goods.facts.revision])
            .max()
            .unwrap_or_default()
    }

    fn status(&self, served: &Served, policy: &PromisePolicy) -> Status {
        let selling = &self.goods.facts.selling;
        let none = served.most == Amount::ZERO;
        if let Some(released_on) = self.unreleased_until.filter(|_| !none) {
            return Status::Preorder { released_on };
        }
        if none {
            return match selling.discontinued {
                true => Status::Discontinued,
                false => Status::OutOfStock {
                    more_comes: self.more_comes(served),
                },
            };
        }
        // What is there and may not be sold is not left.
        let left = served.near.min(served.most);
        let told = left.counted().filter(|_| policy.display == Display::Exact);
        match left {
            Amount::Unlimited => Status::InStock,
            Amount::Counted(units) if self.requested <= units => {
                let low = units <= selling.low_stock_threshold && policy.display != Display::Hidden;
                if low {
                    Status::LowStock { left: told }
                } else {
                    Status::InStock
                }
            }
            Amount::Counted(_) if self.mode == BackorderMode::Deny => {
                Status::LowStock { left: told }
            }
            Amount::Counted(_) => Status::Backorder {
                silent: self.mode == BackorderMode::AllowSilent,
            },
        }
    }

    /// True if something is on its way that may not be sold before it is there.
    fn more_comes(&self, served: &Served) -> bool {
        let comes =
            |timeline: &Timeline<'_>| timeline.atp(&[]).by(timeline.horizon) != Amount::ZERO;
        served.promisable != Amount::ZERO
            || self
                .timelines
                .iter()
                .any(|timelines| !timelines.is_empty() && timelines.iter().all(comes))
    }

    fn reason(&self, status: Status, last: Option<&Slice>) -> Option<Reason> {
        let sources: Vec<Source<'_>> = last.map_or_else(Vec::new, |last| {
            let there = self.timelines.get(usize::from(last.from.0));
            let arrivals = there.into_iter().flatten();
            let arrivals = arrivals.flat_map(|timeline| &timeline.supply);
            arrivals
                .filter(|part| part.ships_by == last.ships_by)
                .map(|part| part.source)
                .collect()
        });
        let made = sources.iter().find_map(|source| match source {
            Source::Replenishment(more) => Some(*more),
            _ => None,
        });
        let is_late = |source: &Source<'_>| matches!(source, Source::Late(_));
        let cause = match status {
            Status::Preorder { .. } => Cause::NotReleased,
            Status::Backorder { .. } if sources.iter().any(is_late) => Cause::SupplierLate,
            Status::Backorder { .. } if made.is_some() => Cause::MadeToOrder,
            Status::Backorder { .. } => Cause::AwaitingSupplier,
            _ => return None,
        };
        let orders = sources.iter().filter_map(|source| source.order());
        let stated = most_specific(&self.goods.facts.selling.backorder, orders, made);
        Some(Reason {
            cause,
            stated: stated.cloned(),
        })
    }
}

/// The slices, cut after `most` units.
pub(super) fn within(slices: &[Slice], most: Amount) -> Vec<Slice> {
    let mut left = most.counted().unwrap_or(Quantity::new(REQUESTED_MAX));
    let mut kept = Vec::with_capacity(slices.len());
    for slice in slices {
        let quantity = slice.quantity.min(left);
        if quantity.is_zero() {
            break;
        }
        left = left.less(quantity);
        kept.push(Slice { quantity, ..*slice });
    }
    kept
}
