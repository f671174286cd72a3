//! Writes down who did what, and shows it.

use shared::ids::StoreId;

use super::ActError;
use super::records::{AuditEntry, AuditRecord, AuditWho, Member};
use super::reserve::as_kept;
use super::running::detached;
use crate::app::App;

/// Writes down what a member did, after it was done or refused. A failure is logged: what was done stays so.
pub async fn note(app: &App, store: &StoreId, entry: AuditEntry) {
    let with = (app.clone(), store.clone(), entry);
    let noted: Result<(), ActError> = detached(with, |(app, store, entry)| async move {
        let at = as_kept(app.clock.now());
        Ok(app.store.add_audit(&store, &entry, at).await?)
    })
    .await;
    if let Err(error) = noted {
        tracing::error!(error = %error, "Cannot write down who did what: {error}");
    }
}

/// The same, without waiting for it: so that nobody learns from the time that an answer takes whether there was
/// somebody to write of.
pub fn note_aside(app: &App, store: &StoreId, entry: AuditEntry) {
    let (app, store) = (app.clone(), store.clone());
    drop(tokio::spawn(async move { note(&app, &store, entry).await }));
}

/// What was done in a store, the latest first.
///
/// # Errors
///
/// As the database fails.
pub async fn audit(
    app: &App,
    store: &StoreId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<AuditRecord>, ActError> {
    Ok(app.store.audit(store, before, limit).await?)
}

/// Something that a member did.
pub fn done(member: &Member, action: &str, subject: impl Into<String>) -> AuditEntry {
    AuditEntry {
        who: Some(AuditWho::of(member)),
        action: action.to_owned(),
        subject: subject.into(),
        outcome: super::records::AuditOutcome::Done,
        code: None,
    }
}

/// Something that a member was refused.
pub fn refused(member: &Member, action: &str, code: &'static str) -> AuditEntry {
    AuditEntry {
        outcome: super::records::AuditOutcome::Refused,
        code: Some(code.to_owned()),
        ..done(member, action, "")
    }
}
