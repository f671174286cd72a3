//! How often signing in failed lately, for each account and each address of the network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::SignInError;
use crate::app::App;
use crate::limits::{LOGINS_COUNTED_MAX, LOGINS_MAX, LOGINS_WITHIN};

/// What failed lately. Each server counts for itself.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<HashMap<Counted, Vec<DateTime<Utc>>>>);

/// By what attempts are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Where they come from.
    Address(IpAddr),
    /// Whom they are about, whether there is such a member or not.
    Account(String),
}

impl Attempts {
    /// Counts an attempt before it is made, so that many at once are no more than many one after the other. Returns when
    /// it was made, by which it is forgiven.
    ///
    /// # Errors
    ///
    /// [`SignInError::TooMany`] where too many failed already.
    pub fn count(&self, app: &App, by: &[Counted]) -> Result<DateTime<Utc>, SignInError> {
        let now = app.clock.now();
        if !app.limits.rate_limited {
            return Ok(now);
        }
        let mut lately = self.lately();
        if LOGINS_COUNTED_MAX <= lately.len() + by.len() {
            lately.retain(|_, at| at.iter().any(|at| now - *at < LOGINS_WITHIN));
        }
        if LOGINS_COUNTED_MAX <= lately.len() + by.len() {
            return Err(too_many(now + LOGINS_WITHIN, now));
        }
        for one in by {
            let Some(at) = lately.get_mut(one) else {
                continue;
            };
            at.retain(|at| now - *at < LOGINS_WITHIN);
            if LOGINS_MAX <= at.len() {
                let first = at.iter().min().copied().unwrap_or(now);
                return Err(too_many(first + LOGINS_WITHIN, now));
            }
        }
        for one in by {
            lately.entry(one.clone()).or_default().push(now);
        }
        Ok(now)
    }

    /// Forgives an attempt that did not fail.
    pub fn forgive(&self, by: &[Counted], attempt: DateTime<Utc>) {
        let mut lately = self.lately();
        for one in by {
            let Some(at) = lately.get_mut(one) else {
                continue;
            };
            if let Some(found) = at.iter().position(|at| *at == attempt) {
                at.swap_remove(found);
            }
            if at.is_empty() {
                lately.remove(one);
            }
        }
    }

    fn lately(&self) -> MutexGuard<'_, HashMap<Counted, Vec<DateTime<Utc>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many(until: DateTime<Utc>, now: DateTime<Utc>) -> SignInError {
    let seconds = (until - now).num_seconds() + 1;
    SignInError::TooMany {
        retry_after_s: u32::try_from(seconds).unwrap_or(1).max(1),
    }
}
