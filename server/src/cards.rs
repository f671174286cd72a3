//! Draws pictures of goods, few at once and apart from the threads that answer, and keeps those that were asked for last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::limits::{CARDS_AT_ONCE_MAX, CARDS_AWAITED_MAX, CARDS_KEPT_BYTES_MAX};
use crate::page::card::{Card, NotDrawn};

/// What a picture is known by: all that it says.
pub type CardName = [u8; 16];

/// Pictures that were drawn, and whose turn it is to draw.
pub struct Cards {
    kept: Mutex<Kept>,
    at_once: Arc<Semaphore>,
    awaited: Semaphore,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum NoCard {
    /// Too many are being drawn.
    #[error("too many pictures are being drawn")]
    Busy,
    /// It was not drawn.
    #[error(transparent)]
    NotDrawn(#[from] NotDrawn),
}

#[derive(Default)]
struct Kept {
    by_name: HashMap<CardName, Picture>,
    bytes: usize,
    uses: u64,
}

struct Picture {
    png: Bytes,
    last_use: u64,
}

impl Default for Cards {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            at_once: Arc::new(Semaphore::new(CARDS_AT_ONCE_MAX)),
            awaited: Semaphore::new(CARDS_AWAITED_MAX),
        }
    }
}

impl Cards {
    /// The picture that is called so, drawn now unless it is kept.
    ///
    /// # Errors
    ///
    /// [`NoCard::Busy`] where [`CARDS_AWAITED_MAX`] others wait for theirs.
    pub async fn png(&self, name: CardName, card: Card) -> Result<Bytes, NoCard> {
        if let Some(kept) = self.kept().take(&name) {
            return Ok(kept);
        }
        let _waiting = self.awaited.try_acquire().map_err(|_| NoCard::Busy)?;
        let turn = Arc::clone(&self.at_once).acquire_owned().await;
        let turn = turn.map_err(|_| NoCard::Busy)?;
        // Somebody before us in the row may have asked for the same.
        if let Some(kept) = self.kept().take(&name) {
            return Ok(kept);
        }
        // The turn lasts for as long as it is drawn, also where whoever asked has gone.
        let drawn = tokio::task::spawn_blocking(move || {
            let png = card.png();
            drop(turn);
            png
        });
        let png = match drawn.await {
            Ok(png) => Bytes::from(png?),
            Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            Err(_) => return Err(NoCard::Busy),
        };
        self.kept().put(name, png.clone());
        Ok(png)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn take(&mut self, name: &CardName) -> Option<Bytes> {
        self.uses += 1;
        let picture = self.by_name.get_mut(name)?;
        picture.last_use = self.uses;
        Some(picture.png.clone())
    }

    fn put(&mut self, name: CardName, png: Bytes) {
        self.uses += 1;
        self.bytes += png.len();
        let last_use = self.uses;
        if let Some(before) = self.by_name.insert(name, Picture { png, last_use }) {
            self.bytes -= before.png.len();
        }
        while CARDS_KEPT_BYTES_MAX < self.bytes {
            let all = self.by_name.iter();
            let oldest = all.min_by_key(|(_, picture)| picture.last_use);
            let Some(oldest) = oldest.map(|(name, _)| *name) else {
                break;
            };
            if let Some(gone) = self.by_name.remove(&oldest) {
                self.bytes -= gone.png.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_longest_makes_room() {
        let mut kept = Kept::default();
        let third = || Bytes::from(vec![0; CARDS_KEPT_BYTES_MAX / 3]);
        for name in 0..3 {
            kept.put([name; 16], third());
        }
        assert!(kept.take(&[0; 16]).is_some());
        kept.put([3; 16], third());
        let mut left: Vec<u8> = kept.by_name.keys().map(|name| name[0]).collect();
        left.sort_unstable();
        assert_eq!(left, [0, 2, 3]);
        kept.put([3; 16], third());
        assert!(kept.bytes <= CARDS_KEPT_BYTES_MAX);
        assert_eq!(kept.by_name.len(), 3);
    }
}
