//! What members change about their own account: their password, and whether they are asked for codes.

use std::net::IpAddr;

use shared::ids::StoreId;

use super::ActError;
use super::records::{Member, SecretHash, TOTP_SEED_BYTES, TotpState};
use super::reserve::as_kept;
use super::running::{Touched, detached, publish};
use super::sign_in::{
    Counted, SignInError, SignedIn, TokenBytes, begin_session, fresh_step, is_opened_by,
    totp_secret,
};
use crate::app::App;
use crate::limits::PASSWORD_BYTES_MAX;
use crate::passwords::Salt;
use crate::store::Writing;
use crate::store::writing::Note;
use crate::totp;

/// The code of what is no code.
const WRONG_CODE: &str = "wrong_code";

/// Whose account it is.
#[derive(Debug, Clone)]
pub struct Own {
    /// In which store.
    pub store: StoreId,
    /// Who.
    pub member: Member,
    /// Where they are in the network, as it is counted.
    pub address: IpAddr,
}

/// Another password for a member.
#[derive(Clone)]
pub struct ChangePassword {
    /// The one they have.
    pub old: String,
    /// The one they want.
    pub new: String,
    /// Drawn for its hash.
    pub salt: Salt,
    /// Drawn for the session with which they go on.
    pub token: TokenBytes,
}

/// A secret that a phone is to keep.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpBegun {
    /// In base 32, to be typed.
    pub secret: String,
    /// For a picture to be photographed.
    pub uri: String,
}

/// Changes a member's password, and ends all of their sessions. They go on with a new one.
///
/// # Errors
///
/// `wrong_password`; [`SignInError::TooMany`], since it could be guessed here as well as when signing in.
pub async fn change_password(
    app: &App,
    own: Own,
    change: ChangePassword,
) -> Result<SignedIn, SignInError> {
    let wrong = || {
        let detail = "is not the password that you have";
        SignInError::Act(ActError::field("/old", "wrong_password", detail))
    };
    let counted = counted(&own);
    let attempt = app.sign_ins.attempts.count(app, &counted)?;
    let turns = &app.sign_ins.passwords;
    let known =
        Some(own.member.password.clone()).filter(|_| change.old.len() <= PASSWORD_BYTES_MAX);
    if !turns.is_of(known, change.old, change.salt).await? {
        return Err(wrong());
    }
    app.sign_ins.attempts.forgive(&counted, attempt);
    let password = turns.hash(change.new, change.salt).await?;
    let with = (app.clone(), own, password, change.token);
    detached(with, move |(app, own, password, token)| async move {
        let (mut writing, mut member) = begin(&app, &own, "change_password").await?;
        if member.password != own.member.password {
            return Err(wrong());
        }
        member.password = password;
        writing.put_member(&member).await?;
        writing.end_sessions(&member.id).await?;
        let signed_in = begin_session(&mut writing, &own.store, member, token).await?;
        commit(&app, &own, writing).await?;
        Ok(signed_in)
    })
    .await
}

/// Begins to ask a member for codes: makes a secret for their phone, in the place of one that was not confirmed.
///
/// # Errors
///
/// `totp_on` where they are asked for codes already.
pub async fn begin_totp(
    app: &App,
    own: Own,
    seed: [u8; TOTP_SEED_BYTES],
) -> Result<TotpBegun, SignInError> {
    let with = (app.clone(), own, seed);
    detached(with, |(app, own, seed)| async move {
        let (mut writing, mut member) = begin(&app, &own, "begin_totp").await?;
        if member.totp == TotpState::On {
            return Err(ActError::conflict(
                "totp_on",
                "Codes are asked for already. End that first: DELETE /v1/session/totp.",
            )
            .into());
        }
        member.totp = TotpState::Begun;
        member.totp_seed = Some(seed);
        member.totp_is_keyed = app.connections.totp_key().is_some();
        writing.put_member(&member).await?;
        let secret = totp_secret(&app, &own.store, &member).unwrap_or_default();
        commit(&app, &own, writing).await?;
        let shop = app.catalogue.shop(&own.store);
        let title = shop.map_or_else(String::new, |shop| shop.settings().name.clone());
        Ok(TotpBegun {
            uri: totp::uri(&secret, &title, &member.email),
            secret: totp::base32(&secret),
        })
    })
    .await
}

/// From now on a member is asked for codes: their phone has shown one. Returns nothing; the recovery codes with these hashes open
/// once each.
///
/// # Errors
///
/// `totp_not_begun`, `wrong_code`; [`SignInError::TooMany`].
pub async fn confirm_totp(
    app: &App,
    own: Own,
    code: String,
    recovery: Vec<SecretHash>,
) -> Result<(), SignInError> {
    let counted = counted(&own);
    let attempt = app.sign_ins.attempts.count(app, &counted)?;
    let with = (app.clone(), own, code, recovery);
    let outcome = detached(with, |(app, own, code, recovery)| async move {
        let (mut writing, mut member) = begin(&app, &own, "confirm_totp").await?;
        if member.totp != TotpState::Begun {
            return Err(ActError::conflict(
                "totp_not_begun",
                "There is no secret to confirm. Make one first: POST /v1/session/totp.",
            )
            .into());
        }
        let code = totp::as_compared(&code);
        let step = fresh_step(&app, &own.store, &member, &code).ok_or_else(wrong_code)?;
        member.totp = TotpState::On;
        member.totp_step = step;
        writing.put_member(&member).await?;
        writing.put_recovery_codes(&member.id, &recovery).await?;
        commit(&app, &own, writing).await
    })
    .await;
    if !matches!(&outcome, Err(error) if is_wrong_code(error)) {
        app.sign_ins.attempts.forgive(&counted, attempt);
    }
    outcome
}

/// Asks a member for no code any more.
///
/// # Errors
///
/// `totp_off`, `wrong_code`; [`SignInError::TooMany`].
pub async fn end_totp(app: &App, own: Own, code: String) -> Result<(), SignInError> {
    let counted = counted(&own);
    let attempt = app.sign_ins.attempts.count(app, &counted)?;
    let with = (app.clone(), own, code);
    let outcome = detached(with, |(app, own, code)| async move {
        let (mut writing, mut member) = begin(&app, &own, "end_totp").await?;
        if member.totp != TotpState::On {
            return Err(ActError::conflict("totp_off", "No codes are asked for.").into());
        }
        if !is_opened_by(&app, &mut writing, &own.store, &mut member, &code).await? {
            return Err(wrong_code());
        }
        member.totp = TotpState::Off;
        member.totp_seed = None;
        writing.put_member(&member).await?;
        writing.put_recovery_codes(&member.id, &[]).await?;
        commit(&app, &own, writing).await
    })
    .await;
    if !matches!(&outcome, Err(error) if is_wrong_code(error)) {
        app.sign_ins.attempts.forgive(&counted, attempt);
    }
    outcome
}

fn wrong_code() -> SignInError {
    let detail = "is not what your phone shows now, or was used before";
    ActError::field("/code", WRONG_CODE, detail).into()
}

/// True where somebody may be guessing.
fn is_wrong_code(error: &SignInError) -> bool {
    matches!(error, SignInError::Act(ActError::Field { code, .. }) if *code == WRONG_CODE)
}

/// Begins a change of the member as they are now.
async fn begin(app: &App, own: &Own, act: &'static str) -> Result<(Writing, Member), SignInError> {
    let note = Note::new(act, own.member.id.as_str());
    let now = as_kept(app.clock.now());
    let mut writing = app.store.begin(&own.store, note, now).await?;
    let member = writing.member(&own.member.id).await?;
    Ok((writing, member.ok_or(ActError::NotFound)?))
}

async fn commit(app: &App, own: &Own, writing: Writing) -> Result<(), SignInError> {
    let revision = writing.commit().await?;
    publish(app, &own.store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}

fn counted(own: &Own) -> [Counted; 2] {
    [
        Counted::Address(own.address),
        Counted::Account(own.member.email.clone()),
    ]
}
