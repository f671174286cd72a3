//! What will be wanted, and what to order so that it is there.
//!
//! From what was sold of each SKU, period by period, to how many units will be wanted over any horizon: not one number, but how
//! probable each is. [`Pool::learn`] looks at all goods of a shop, [`Pool::forecast`] at one.

mod bulk;
mod distribution;
mod forecast;
mod history;
mod horizon;
mod level;
mod model;
mod negative_binomial;
mod pool;

pub use self::distribution::Distribution;
pub use self::forecast::Forecast;
pub use self::history::{PERIODS_MAX, Period, Season, SeasonError};
pub use self::horizon::{HORIZON_PERIODS_MAX, Horizon, HorizonError};
pub use self::model::Model;
pub use self::pool::{LEARNT_FROM_MAX, Pool};
