//! A case as plain data, which both sides read: the code under judgement and the brute force.

use crate::civil::{Day, Week, Zone};

/// Everything that an answer may depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Locations that ship.
    pub houses: Vec<House>,
    pub items: Vec<Item>,
    /// Items, each at most once, with the units asked for.
    pub cart: Vec<(usize, u32)>,
    pub rules: Rules,
    /// Seconds since 1970 in UTC.
    pub now: i64,
    /// Where the answer is read.
    pub viewer: Zone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    pub name: &'static str,
    pub zone: Zone,
    pub working: Week,
    pub pickup: Week,
    /// Seconds of the day.
    pub cut_off: i64,
    pub receiving: u32,
    pub processing: u32,
    pub parcel_cost: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub name: &'static str,
    pub tracked: bool,
    pub discontinued: bool,
    pub mode: Mode,
    pub limit: Option<u32>,
    pub released_on: Option<Day>,
    pub sell_until: Option<Day>,
    pub days_max: Option<u32>,
    pub low: u32,
    /// Declared lead time, with the days on which the supplier works.
    pub lead: Option<(u32, Week)>,
    /// What one of it is made of.
    pub kit: Vec<(usize, u32)>,
    /// One for each house, in their order.
    pub shelves: Vec<Shelf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Deny,
    Allow,
    Silent,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    pub on_hand: u32,
    pub safety: u32,
    pub coming: Vec<Coming>,
    pub taken: Vec<Taken>,
}

/// Units on a purchase order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coming {
    pub units: u32,
    pub expected: Day,
    pub buffer: i32,
    pub told: bool,
    pub under_way: bool,
    /// By how many days after `expected` such orders come that are waited for until so many days after it; the first
    /// that still holds counts.
    pub habit: Option<[(i32, i32); 2]>,
}

/// Units promised to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub due: Due,
    pub units: u32,
    pub ends: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Owed,
    By(Day),
    Undated,
}

/// What a store decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub horizon: u32,
    pub fence: u32,
    pub offset: u32,
    pub suppress: Option<u32>,
    /// Fewest units of a line that are worth a parcel.
    pub least: u32,
}

impl Coming {
    pub fn planned(&self) -> Day {
        self.expected + Day::from(self.buffer)
    }

    /// When it is expected on a day, by habit.
    pub fn foreseen(&self, today: Day) -> Option<Day> {
        let steps = self.habit.iter().flatten();
        let mut holding = steps.filter(|(until, _)| today <= self.expected + Day::from(*until));
        let (_, days) = holding.next()?;
        Some(self.expected + Day::from(*days))
    }
}

impl Taken {
    pub fn stands(&self, now: i64) -> bool {
        self.ends.is_none_or(|end| now < end)
    }
}
