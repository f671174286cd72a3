//! Chance from a seed: the same seed, the same world, on every machine.

/// SplitMix64 (Steele, Lea and Flood, 2014): eight lines, and good enough to shuffle a shop.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Begins a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A whole number from 0 to `end`, without `end`.
    pub fn below(&mut self, end: usize) -> usize {
        // The high half of a 128-bit product: no division, and no bias that a simulation could see.
        let product = u128::from(self.next()) * end as u128;
        (product >> 64) as usize
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}
