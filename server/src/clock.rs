//! The one place that asks the wall clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time. May be set to start elsewhere, from where it runs on, or be moved by hand.
#[derive(Debug, Clone)]
pub struct Clock(Time);

#[derive(Debug, Clone)]
enum Time {
    /// The machine's own, so much later.
    Running { ahead: TimeDelta },
    /// Where the hand is, in milliseconds since 1970.
    ByHand(Arc<AtomicI64>),
}

/// The hand of a clock that stands still until it is moved.
#[derive(Debug)]
pub struct Hand(Arc<AtomicI64>);

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Time::Running {
            ahead: TimeDelta::zero(),
        })
    }

    /// A clock that shows `start` now and runs on from there.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self(Time::Running {
            ahead: start - wall_clock(),
        })
    }

    /// A clock that shows `start`, in whole milliseconds, until its hand is moved.
    pub fn by_hand(start: DateTime<Utc>) -> (Self, Hand) {
        let at = Arc::new(AtomicI64::new(start.timestamp_millis()));
        (Self(Time::ByHand(Arc::clone(&at))), Hand(at))
    }

    /// The present instant.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Time::Running { ahead } => wall_clock() + *ahead,
            Time::ByHand(at) => {
                let at = DateTime::from_timestamp_millis(at.load(Ordering::Acquire));
                at.expect("it was made of an instant")
            }
        }
    }
}

impl Hand {
    /// Moves the hand.
    pub fn show(&self, now: DateTime<Utc>) {
        self.0.store(now.timestamp_millis(), Ordering::Release);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "everything else is given a Clock"
)]
fn wall_clock() -> DateTime<Utc> {
    Utc::now()
}
