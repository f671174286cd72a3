//! What will be wanted, and what to order so that it is there.
//!
//! From what was sold of each SKU, period by period, to how many units will be wanted over any horizon: not one number, but how
//! probable each is. [`Pool::learn`] looks at all goods of a shop, [`Pool::forecast`] at one.

mod budget;
mod bulk;
mod distribution;
mod forecast;
mod history;
mod horizon;
mod lead_times;
mod level;
mod model;
mod negative_binomial;
mod pool;
mod reorder;
mod what_if;

pub use self::budget::{BudgetError, Wish, within_budget};
pub use self::distribution::Distribution;
pub use self::forecast::Forecast;
pub use self::history::{PERIODS_MAX, Period, Season, SeasonError};
pub use self::horizon::{HORIZON_PERIODS_MAX, Horizon, HorizonError};
pub use self::lead_times::{LeadTimes, Rhythm};
pub use self::model::Model;
pub use self::pool::{LEARNT_FROM_MAX, Pool};
pub use self::reorder::{Lot, ReorderPoint, Service, Stock};
pub use self::what_if::{Outcome, Past, replay};
