//! The one place that asks the wall clock.

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time. May be set to start elsewhere, from where it runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    ahead: TimeDelta,
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that shows `start` now and runs on from there.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self {
            ahead: start - wall_clock(),
        }
    }

    /// The present instant.
    pub fn now(&self) -> DateTime<Utc> {
        wall_clock() + self.ahead
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "everything else is given a Clock"
)]
fn wall_clock() -> DateTime<Utc> {
    Utc::now()
}
