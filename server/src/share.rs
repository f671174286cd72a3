//! Which stores a server holds: all, those that are named, or a share that a load balancer can compute as well.
//!
//! A store belongs to the share that nginx's `split_clients` finds for its id: MurmurHash2 (32 bits, seed 0) of
//! the id, and equal parts of the numbers that it can be, in hundredths of a percent, the last with the rest
//! (docs/growing.md).

use std::collections::BTreeSet;
use std::str::FromStr;

use shared::ids::StoreId;

/// Most shares that stores can be spread over.
pub const SHARES_MAX: u32 = 1_000;

/// Parts of the whole by which nginx counts: hundredths of a percent.
const PARTS: u64 = 10_000;

/// Which stores a server holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Held {
    /// All of the database.
    #[default]
    All,
    /// These.
    Named(BTreeSet<StoreId>),
    /// Those of one share.
    Share(Share),
}

/// One of several shares of all stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which, from one.
    number: u32,
    /// Of how many.
    of: u32,
}

/// A text is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no share: write which of how many, such as 2/5, of at most {SHARES_MAX}")]
pub struct ShareError(String);

impl Held {
    /// True if the server holds a store.
    pub fn holds(&self, store: &StoreId) -> bool {
        match self {
            Self::All => true,
            Self::Named(stores) => stores.contains(store),
            Self::Share(share) => share.holds(store),
        }
    }
}

impl Share {
    /// True if the store belongs to it.
    ///
    /// ```
    /// use server::share::Share;
    ///
    /// let shares: Vec<Share> = ["1/3", "2/3", "3/3"].map(|share| share.parse().expect("a share")).into();
    /// let holding = |store: &str| {
    ///     let store = store.parse().expect("an id");
    ///     shares.iter().filter(|share| share.holds(&store)).count()
    /// };
    /// assert_eq!(holding("default"), 1);
    /// assert_eq!(holding("corner-shop"), 1);
    /// ```
    pub fn holds(&self, store: &StoreId) -> bool {
        let width = PARTS / u64::from(self.of) * u64::from(u32::MAX) / PARTS;
        let before = u64::from(murmur2(store.as_str().as_bytes())) / width;
        before.min(u64::from(self.of) - 1) + 1 == u64::from(self.number)
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(raw: &str) -> Result<Self, ShareError> {
        let refused = || ShareError(raw.into());
        let (number, of) = raw.split_once('/').ok_or_else(refused)?;
        let (number, of) = (number.parse().ok(), of.parse().ok());
        let (Some(number), Some(of)) = (number, of) else {
            return Err(refused());
        };
        if number < 1 || of < number || SHARES_MAX < of {
            return Err(refused());
        }
        Ok(Self { number, of })
    }
}

/// MurmurHash2 by Austin Appleby, of 32 bits and with the seed 0, as nginx has it.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        let word = word
            .iter()
            .rev()
            .fold(0, |all, byte| all << 8 | u32::from(*byte));
        let mut word = word.wrapping_mul(M);
        word ^= word >> 24;
        hash = hash.wrapping_mul(M) ^ word.wrapping_mul(M);
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        hash ^= rest
            .iter()
            .rev()
            .fold(0, |all, byte| all << 8 | u32::from(*byte));
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ hash >> 13).wrapping_mul(M);
    hash ^ hash >> 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_one_of_some() {
        assert_eq!("2/5".parse(), Ok(Share { number: 2, of: 5 }));
        for raw in [
            "", "2", "0/5", "6/5", "1/1001", "a/b", "-1/5", "1/0", "1/2/3",
        ] {
            assert!(raw.parse::<Share>().is_err(), "{raw} was taken");
        }
    }

    #[test]
    fn stores_are_spread_as_nginx_spreads_them() {
        // Compared with nginx 1.22.1: 2,000 ids over 1, 2, 3, 5, 7 and 64 shares, none of them elsewhere.
        for (store, hash, of_five) in [
            ("default", 0x198e_c3e3, 1),
            ("a", 0x9268_5f5e, 3),
            ("corner-shop", 0x0e44_22e4, 1),
            ("store-1", 0xfebf_b3ed, 5),
        ] {
            assert_eq!(murmur2(store.as_bytes()), hash, "{store}");
            let share = Share {
                number: of_five,
                of: 5,
            };
            assert!(share.holds(&store.parse().expect("an id")), "{store}");
        }
    }

    #[test]
    fn each_store_belongs_to_one_share_and_the_shares_are_even() {
        for of in [1, 2, 3, 7, 1_000] {
            let mut stores = vec![0; usize::try_from(of).expect("few")];
            for store in 0..10_000 {
                let store: StoreId = format!("store-{store}").parse().expect("an id");
                let holding: Vec<u32> = (1..=of)
                    .filter(|number| {
                        Share {
                            number: *number,
                            of,
                        }
                        .holds(&store)
                    })
                    .collect();
                assert_eq!(holding.len(), 1, "{store} of {of}: {holding:?}");
                stores[usize::try_from(holding[0]).expect("few") - 1] += 1;
            }
            let even = 10_000 / stores.len();
            let most = stores.iter().max().expect("some");
            assert!(*most <= even + even / 10 + 25, "{of}: {most} of {even}");
        }
    }
}
