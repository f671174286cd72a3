//! The secrets of endpoints: made of the operator's key, so that the database holds none of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::ids::StoreId;

use crate::payments::signature::Secret;

/// Bytes of the key.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 32..=64;
/// Bytes of the mark by which a key is known again.
pub const MARK_BYTES: usize = 8;

/// The operator's key, without which no message can be signed. It is never shown.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// Reads a key: 32 to 64 bytes in base64. `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        KEY_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The secret of an endpoint, the `generation`th that it has.
    pub fn secret(&self, store: &StoreId, endpoint: &str, generation: u32) -> Secret {
        Secret::made_of(self.made("secret", store, endpoint, generation))
    }

    /// Tells whether a key is the one with which that secret was made, and nothing of either.
    pub fn mark(&self, store: &StoreId, endpoint: &str, generation: u32) -> [u8; MARK_BYTES] {
        let made = self.made("mark", store, endpoint, generation);
        std::array::from_fn(|at| made[at])
    }

    fn made(&self, what: &str, store: &StoreId, endpoint: &str, generation: u32) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("keys may be of any length");
        // Neither word nor id has a line end, so nothing else's four parts look the same.
        mac.update(format!("{what}\n{store}\n{endpoint}\n{generation}").as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_and_each_generation_has_a_secret_of_its_own() {
        let key = Key::read(&STANDARD.encode([7; 32])).expect("a key");
        let other = Key::read(&STANDARD.encode([8; 32])).expect("a key");
        let (one, two): (StoreId, StoreId) =
            ("one".parse().expect("an id"), "two".parse().expect("an id"));
        let secrets = [
            key.secret(&one, "wh_1", 1),
            key.secret(&one, "wh_1", 2),
            key.secret(&one, "wh_2", 1),
            key.secret(&two, "wh_1", 1),
            other.secret(&one, "wh_1", 1),
        ]
        .map(|secret| secret.text());
        for (at, secret) in secrets.iter().enumerate() {
            assert!(!secrets[..at].contains(secret));
            assert!(Secret::standard(secret).is_ok(), "it is taken as one");
        }
        assert_eq!(key.secret(&one, "wh_1", 1).text(), secrets[0]);
        assert_ne!(key.mark(&one, "wh_1", 1), other.mark(&one, "wh_1", 1));
        assert_eq!(format!("{key:?}"), "Key");
    }

    #[test]
    fn a_key_is_long() {
        assert!(Key::read(&STANDARD.encode([7; 31])).is_none());
        assert!(Key::read("no base64").is_none());
    }
}
