//! What there is of goods at this moment, and not what is to come.

use chrono::{DateTime, Utc};

use super::{Booked, Line};
use crate::availability::{Location, PromisePolicy};
use crate::kit::Goods;
use crate::promise::Amount;
use crate::quantity::Quantity;

/// How many units of goods can be sold from the shelf at `now`, whatever else is on its way: what may be told to be there again.
///
/// ```
/// use shared::availability::{Location, PromisePolicy};
/// use shared::calendar::{DispatchCalendar, WorkingDays};
/// use shared::cart::ready_now;
/// use shared::kit::Goods;
/// use shared::promise::Amount;
/// use shared::quantity::Quantity;
/// use shared::supply::{Incoming, Place, SkuFacts};
///
/// let location = Location::new("main".parse()?, DispatchCalendar {
///     zone: chrono_tz::UTC,
///     working_days: WorkingDays::monday_to_friday(),
///     pickup_days: WorkingDays::monday_to_friday(),
///     cut_offs: "14:00:00".parse()?,
///     receiving_days: 0,
///     processing_days: 1,
/// });
/// let mut facts = SkuFacts::new("A".parse()?);
/// facts.places.push(Place {
///     on_hand: Quantity::new(2),
///     incoming: vec![Incoming::told("PO-1".parse()?, Quantity::new(9), "2026-12-01".parse()?)],
///     ..Place::new("main".parse()?)
/// });
/// let now = "2026-11-23T09:00:00Z".parse()?;
/// let ready = ready_now(&Goods::plain(&facts), &[location], &PromisePolicy::default(), now);
/// assert_eq!(ready, Amount::Counted(Quantity::new(2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn ready_now(
    goods: &Goods<'_>,
    locations: &[Location],
    policy: &PromisePolicy,
    now: DateTime<Utc>,
) -> Amount {
    let line = Line::new(goods, Quantity::new(1), locations, policy, now);
    if line.unreleased_until.is_some() {
        return Amount::ZERO;
    }
    let everywhere: Vec<usize> = (0..locations.len()).collect();
    let served = line.serve(locations, &everywhere, &Booked::new(), &[], policy);
    served.ready.min(served.most)
}
