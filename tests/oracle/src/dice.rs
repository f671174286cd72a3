//! Chance that can be repeated: a seed and the number of a case give the same case each time.

/// A stream of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of one case.
    pub fn of(seed: u64, case: u64) -> Self {
        let first = Self(seed).next();
        Self(Self(first ^ case).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` on and below `end`.
    pub fn within(&mut self, low: i64, end: i64) -> i64 {
        low + (self.next() % (end - low).unsigned_abs()) as i64
    }

    /// A count from `low` on and below `end`.
    pub fn count(&mut self, low: u32, end: u32) -> u32 {
        low + (self.next() % u64::from(end - low)) as u32
    }

    /// An index below `end`.
    pub fn index(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }
}
