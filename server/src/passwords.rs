//! Passwords: hashed with Argon2id, few at once, and off the threads that answer.
//!
//! A hash is slow and takes 19 MiB on purpose, so that whoever has the database cannot try many passwords. So that
//! whoever has none cannot keep the server busy with it, only a few are hashed at a time and only some wait.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::limits::{PASSWORDS_AT_ONCE_MAX, PASSWORDS_AWAITED_MAX};

/// Memory that a hash takes, its passes over it, and its lanes: what OWASP recommends for Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Random bytes of a hash.
pub type Salt = [u8; 16];

/// Whose turn it is to hash.
#[derive(Debug)]
pub struct Turns {
    at_once: Semaphore,
    awaited: Semaphore,
}

/// Too many wait for their turn already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being looked at")]
pub struct TooMany;

impl Default for Turns {
    fn default() -> Self {
        Self {
            at_once: Semaphore::new(PASSWORDS_AT_ONCE_MAX),
            awaited: Semaphore::new(PASSWORDS_AT_ONCE_MAX + PASSWORDS_AWAITED_MAX),
        }
    }
}

impl Turns {
    /// Hashes a password, as a PHC string.
    ///
    /// # Errors
    ///
    /// [`TooMany`].
    pub async fn hash(&self, password: String, salt: Salt) -> Result<String, TooMany> {
        self.take(move || hash(&password, salt)).await
    }

    /// True if a hash is a password's. It takes as long where there is no hash, and is not so.
    ///
    /// # Errors
    ///
    /// [`TooMany`].
    pub async fn is_of(
        &self,
        hashed: Option<String>,
        password: String,
        salt: Salt,
    ) -> Result<bool, TooMany> {
        let compare = move || match hashed {
            Some(hashed) => is_of(&hashed, &password),
            None => {
                hash(&password, salt);
                false
            }
        };
        self.take(compare).await
    }

    async fn take<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, TooMany> {
        let _waits = self.awaited.try_acquire().map_err(|_| TooMany)?;
        let _turn = self.at_once.acquire().await.map_err(|_| TooMany)?;
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => Ok(done),
            Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            // Only a runtime that shuts down cancels it.
            Err(_) => Err(TooMany),
        }
    }
}

/// Hashes a password here and now, as a PHC string.
pub fn hash(password: &str, salt: Salt) -> String {
    let hashed = hasher().hash_password_with_salt(password.as_bytes(), &salt);
    hashed
        .expect("the salt is long enough, and the password short enough")
        .to_string()
}

fn is_of(hashed: &str, password: &str) -> bool {
    PasswordHash::new(hashed).is_ok_and(|hashed| {
        hasher()
            .verify_password(password.as_bytes(), &hashed)
            .is_ok()
    })
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_its_passwords_alone_and_says_how_it_was_made() {
        let hashed = hash("correct horse", [1; 16]);
        assert!(
            hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hashed}"
        );
        assert!(is_of(&hashed, "correct horse"));
        assert!(!is_of(&hashed, "correct house"));
        assert_ne!(hashed, hash("correct horse", [2; 16]));
        assert!(!is_of("no hash", "correct horse"));
    }

    #[tokio::test]
    async fn only_so_many_wait_for_their_turn() {
        let turns = Turns::default();
        let _waiting: Vec<_> = (0..PASSWORDS_AT_ONCE_MAX + PASSWORDS_AWAITED_MAX)
            .map(|_| turns.awaited.try_acquire().expect("a place"))
            .collect();
        let refused = turns.hash("correct horse".into(), [1; 16]).await;
        assert_eq!(refused, Err(TooMany));
    }
}
