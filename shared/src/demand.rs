//! What will be wanted, and what to order so that it is there.
//!
//! From what was sold of each SKU, period by period, to how many units will be wanted over any horizon: not one number, but how
//! probable each is. [`Pool::learn`] looks at all goods of a shop, [`Pool::forecast`] at one. Several ways in which goods may be wanted
//! are tried ([`Model`]), each judged by how probable it made every period of the past before that was seen; what is believed of each
//! SKU begins with what is believed of all, so that a short history leans on the shop and a long one speaks for itself.
//!
//! Orders take time, and how long is not sure either: [`Forecast::until_covered`] puts both together. [`ReorderPoint`] says from it when
//! to order and how much, [`within_budget`] what first where the money does not reach all, and [`replay`] what would have come of it.
//!
//! docs/forecasts.md tells all of it in a merchant's words, with what was measured.

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
