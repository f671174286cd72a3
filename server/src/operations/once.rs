//! At most once: a request that is sent again gets the answer it got, and does nothing.
//!
//! The answer is kept in the transaction of the effect it speaks of. So there is never an effect
//! without its answer, and a refusal, which has no effect, keeps none: it may be tried again.

use std::collections::HashMap;
use std::sync::Arc;

use super::ActError;
use crate::app::App;
use crate::store::Writing;
use crate::store::kept_answers::InFlight;
pub use crate::store::kept_answers::{Answer, Fingerprint, Kept, Ticket};

/// Longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// A request that is to be done at most once.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its name.
    pub ticket: Ticket,
    /// The hash of all that it asks.
    pub fingerprint: Fingerprint,
}

/// Doing something at most once, and how its outcome is put into an answer. A clone is the same request, tried again.
pub struct Once<T> {
    asked: Asked,
    answer: fn(&T) -> Answer,
    _in_flight: Arc<InFlight>,
}

impl<T> Clone for Once<T> {
    fn clone(&self) -> Self {
        Self {
            asked: self.asked.clone(),
            answer: self.answer,
            _in_flight: Arc::clone(&self._in_flight),
        }
    }
}

/// How a request ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It was done now.
    Done(T),
    /// It had been done before; this was answered then.
    Before(Answer),
}

impl<T> Once<T> {
    /// Claims the request.
    ///
    /// # Errors
    ///
    /// [`ActError::InFlight`] while the same request is being answered.
    pub fn claim(app: &App, asked: Asked, answer: fn(&T) -> Answer) -> Result<Self, ActError> {
        let in_flight = app.store.claim(&asked.ticket).ok_or(ActError::InFlight)?;
        Ok(Self {
            asked,
            answer,
            _in_flight: Arc::new(in_flight),
        })
    }

    /// What was answered before, if the request was done before.
    ///
    /// # Errors
    ///
    /// [`ActError::KeyReused`] if it asked something else then.
    pub async fn before(&self, writing: &mut Writing) -> Result<Option<Answer>, ActError> {
        let kept = writing.kept_answers(&[self.ticket()]).await?;
        self.before_among(&kept)
    }

    /// The same, of answers that were looked up together.
    ///
    /// # Errors
    ///
    /// [`ActError::KeyReused`] if it asked something else then.
    pub fn before_among(&self, kept: &HashMap<Ticket, Kept>) -> Result<Option<Answer>, ActError> {
        match kept.get(self.ticket()) {
            None => Ok(None),
            Some(kept) if kept.fingerprint == self.asked.fingerprint => {
                Ok(Some(kept.answer.clone()))
            }
            Some(_) => Err(ActError::KeyReused),
        }
    }

    /// What the request is known by.
    pub fn ticket(&self) -> &Ticket {
        &self.asked.ticket
    }

    /// What is to be kept of an outcome.
    pub fn kept(&self, outcome: &T) -> Kept {
        Kept {
            fingerprint: self.asked.fingerprint,
            answer: (self.answer)(outcome),
        }
    }

    /// Keeps the answer, to be committed with the effect.
    pub fn keep(&self, writing: &mut Writing, outcome: &T) {
        let kept = [(self.ticket(), self.kept(outcome))];
        writing.keep_answers(&kept);
    }
}
