//! Single units, handed out one by one.

use crate::civil::Day;

/// Units of one SKU at one house, each with the first day on which it can leave, and who gets which.
///
/// Nobody who was placed is ever put off: whoever comes later is placed only if the units can be handed
/// out anew so that everybody is still served in time (an augmenting path).
#[derive(Debug, Clone)]
pub struct Hands {
    units: Vec<Day>,
    holder: Vec<Option<usize>>,
    /// The last day that suits each who was placed.
    needs: Vec<Day>,
    /// From this day on there is one for everybody.
    endless_from: Option<Day>,
}

impl Hands {
    pub fn new(mut units: Vec<Day>, endless_from: Option<Day>) -> Self {
        units.sort_unstable();
        assert!(units.len() <= 128, "a case is small");
        let holder = vec![None; units.len()];
        Self {
            units,
            holder,
            needs: Vec::new(),
            endless_from,
        }
    }

    /// Places somebody who needs a unit by `last`. False, with nothing changed, if there is none.
    pub fn place(&mut self, last: Day) -> bool {
        if self.endless_from.is_some_and(|day| day <= last) {
            return true;
        }
        self.needs.push(last);
        let placed = self.find(self.needs.len() - 1, &mut 0);
        if !placed {
            self.needs.pop();
        }
        placed
    }

    /// Places `count` who need a unit by `last`, or stops at the first who cannot be.
    pub fn place_all(&mut self, last: Day, count: u32) -> bool {
        (0..count).all(|_| self.place(last))
    }

    /// Places somebody as early as can be, and says for when.
    pub fn place_first(&mut self) -> Option<Day> {
        self.days().into_iter().find(|day| self.place(*day))
    }

    /// How many more could be placed by `last`, at most `most`.
    pub fn room(&self, last: Day, most: u32) -> u32 {
        let mut copy = self.clone();
        (0..most).take_while(|_| copy.place(last)).count() as u32
    }

    /// The days on which units can leave, each once.
    pub fn days(&self) -> Vec<Day> {
        let mut days = self.units.clone();
        days.extend(self.endless_from);
        days.sort_unstable();
        days.dedup();
        days
    }

    fn find(&mut self, need: usize, seen: &mut u128) -> bool {
        let suitable = self.units.partition_point(|day| *day <= self.needs[need]);
        if let Some(free) = (0..suitable).rev().find(|at| self.holder[*at].is_none()) {
            self.holder[free] = Some(need);
            return true;
        }
        for at in (0..suitable).rev() {
            if *seen & (1 << at) != 0 {
                continue;
            }
            *seen |= 1 << at;
            if let Some(other) = self.holder[at]
                && self.find(other, seen)
            {
                self.holder[at] = Some(need);
                return true;
            }
        }
        false
    }
}
