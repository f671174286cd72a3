//! Whether the server hears what others commit: one that is cut off from its database cannot know.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// From when on a server that cannot look counts as cut off. It asks at least twice a second.
pub const CUT_OFF_AFTER: Duration = Duration::from_secs(5);

/// When the server last heard what others commit, or that nobody did. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Freshness(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    began: Instant,
    /// Milliseconds from `began` to the last time; 0 as long as nobody watches.
    confirmed_ms: AtomicU64,
}

/// What answers from memory are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// As new as can be.
    Fresh,
    /// As they were so long ago.
    Stale(Duration),
    /// Too old to be told.
    Nothing,
}

impl Default for Freshness {
    fn default() -> Self {
        Self(Arc::new(Parts {
            began: Instant::now(),
            confirmed_ms: AtomicU64::new(0),
        }))
    }
}

impl Freshness {
    /// It hears: all that was committed until now is in memory, or on its way there.
    pub fn confirm(&self) {
        self.confirm_at(Instant::now());
    }

    /// The same until `then`.
    pub fn confirm_at(&self, then: Instant) {
        let since = then.saturating_duration_since(self.0.began);
        let ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX).max(1);
        self.0.confirmed_ms.fetch_max(ms, Ordering::AcqRel);
    }

    /// How long ago it last heard; nothing as long as nobody watches.
    pub fn age(&self) -> Duration {
        match self.0.confirmed_ms.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            ms => self
                .0
                .began
                .elapsed()
                .saturating_sub(Duration::from_millis(ms)),
        }
    }

    /// What answers are worth, where they may be told for `stale_max` after it last heard.
    pub fn worth(&self, stale_max: Duration) -> Worth {
        match self.age() {
            age if age <= CUT_OFF_AFTER => Worth::Fresh,
            age if age <= stale_max => Worth::Stale(age),
            _ => Worth::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_confirms_goes_stale_and_then_is_worth_nothing() {
        let began = Instant::now().checked_sub(Duration::from_secs(30));
        let freshness = Freshness(Arc::new(Parts {
            began: began.expect("a machine that has run for half a minute"),
            confirmed_ms: AtomicU64::new(0),
        }));
        let (short, long) = (Duration::from_secs(20), Duration::from_secs(60));
        assert_eq!(freshness.worth(long), Worth::Fresh, "nobody watches");
        freshness.confirm_at(freshness.0.began);
        assert!(matches!(freshness.worth(long), Worth::Stale(age) if age.as_secs() == 29));
        assert_eq!(freshness.worth(short), Worth::Nothing);
        freshness.confirm();
        assert_eq!(freshness.worth(short), Worth::Fresh);
        freshness.confirm_at(freshness.0.began);
        assert_eq!(
            freshness.worth(short),
            Worth::Fresh,
            "late news are no news"
        );
    }
}
