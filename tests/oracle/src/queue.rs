//! Promises that were made one after the other, at a case that may have changed since.

use crate::cart::exploded;
use crate::case::{Case, Due, Taken};

/// Everything on which it depends whether promises stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// What there is, and who else waits for it. The cart is empty.
    pub case: Case,
    /// Who came first stands first.
    pub held: Vec<Promise>,
    /// Days by which a date must be sooner to be told; `None`: no sooner date is told.
    pub better_by: Option<u32>,
}

/// Units promised to somebody who bought an item, which may be a kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    pub item: usize,
    pub house: usize,
    pub units: u32,
    /// A day, or [`Due::Undated`].
    pub due: Due,
    /// When it was promised, in seconds since 1970 in UTC.
    pub since: Option<i64>,
    /// True if it leaves with nothing else.
    pub alone: bool,
}

/// A promise that is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place in the queue.
    pub held: usize,
    /// What is promised instead.
    pub parts: Vec<Promise>,
    pub better: bool,
}

impl Queue {
    /// The case with what is held claimed in it, kits taken apart.
    pub fn claimed(&self) -> Case {
        let mut case = self.case.clone();
        for promise in &self.held {
            let mut takes = exploded(&self.case, promise.item, promise.units);
            if !self.case.items[promise.item].kit.is_empty() {
                takes.push((promise.item, promise.units));
            }
            for (item, units) in takes {
                let claim = Taken {
                    due: promise.due,
                    units,
                    ends: None,
                };
                case.items[item].shelves[promise.house].taken.push(claim);
            }
        }
        case
    }

    /// The promises as they are after these changes, those of one in its place.
    pub fn after(&self, changes: &[Change]) -> Vec<Promise> {
        let parts = |(at, promise): (usize, &Promise)| {
            let change = changes.iter().find(|change| change.held == at);
            change.map_or_else(|| vec![*promise], |change| change.parts.clone())
        };
        self.held.iter().enumerate().flat_map(parts).collect()
    }
}
