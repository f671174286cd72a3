//! What is said about a case.

use std::fmt;

use crate::civil::{Day, date_of};

/// Units that leave a house by a day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub day: Day,
    pub house: usize,
    pub units: u32,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.day);
        write!(
            f,
            "{} by {year}-{month:02}-{day:02} from {}",
            self.units, self.house
        )
    }
}

/// What is said about a line of the cart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// By when all of it leaves; `None` where it cannot be ordered.
    pub ships_by: Option<Day>,
    /// Dated parts, as far as there are any.
    pub shown: Vec<Part>,
    /// Dated parts of what can be ordered.
    pub promised: Vec<Part>,
    /// The same with the fewest houses, where that takes others.
    pub together: Vec<Part>,
    /// Most that can be ordered; `None` if there is no end.
    pub most: Option<u32>,
}

/// Sums up the days of single units, of one house.
pub fn parts(days: &[Day], house: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for day in days {
        match parts.last_mut() {
            Some(part) if part.day == *day => part.units += 1,
            _ => parts.push(Part {
                day: *day,
                house,
                units: 1,
            }),
        }
    }
    parts
}

/// What leaves of one house, where fewer than `least` units are not worth a parcel: they wait for the
/// next, and what is left at the end takes the last parcel along. Nothing leaves earlier for it.
pub fn parcels(days: &[Day], house: usize, least: u32) -> Vec<Part> {
    let mut sent: Vec<Part> = Vec::new();
    let mut waiting = 0;
    for part in parts(days, house) {
        waiting += part.units;
        if least <= waiting {
            sent.push(Part {
                units: waiting,
                ..part
            });
            waiting = 0;
        }
    }
    if let Some(day) = days.last().filter(|_| 0 < waiting) {
        let along = sent.pop().map_or(0, |part| part.units);
        sent.push(Part {
            day: *day,
            house,
            units: along + waiting,
        });
    }
    sent
}

/// The days of single units.
pub fn unit_days(parts: &[Part]) -> Vec<Day> {
    let days = parts
        .iter()
        .flat_map(|part| (0..part.units).map(|_| part.day));
    days.collect()
}

/// The first `most` units.
pub fn first(parts: &[Part], most: u32) -> Vec<Part> {
    let mut left = most;
    let mut kept = Vec::new();
    for part in parts {
        let units = part.units.min(left);
        left -= units;
        if 0 < units {
            kept.push(Part { units, ..*part });
        }
    }
    kept
}

impl Told {
    /// The same, with parcels of one day in the order of the houses. What cannot be ordered in full is
    /// told by its days alone.
    pub fn settled(mut self) -> Self {
        if self.ships_by.is_none() {
            self.shown = parts(&unit_days(&self.shown), 0);
        }
        for parts in [&mut self.shown, &mut self.promised, &mut self.together] {
            parts.sort_unstable();
        }
        self
    }
}
