//! Signs members in and out.
//!
//! Whatever is wrong, the same is answered after the same time: nobody learns from it who is a member. What a browser
//! shows afterwards names the store and 256 random bits; the database has only its hash.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::ActError;
use super::audit::{done, note_aside, refused};
use super::records::{Member, SecretHash, Session, TotpState};
use super::reserve::as_kept;
use super::running::{MayRace, Touched, detached, publish};
use crate::app::App;
use crate::catalogue::hash_of;
use crate::demo;
use crate::hex;
use crate::limits::{
    LOGIN_CODE_BYTES_MAX, PASSWORD_BYTES_MAX, SESSION_IDLE, SESSION_LIFE, SESSION_SEEN_EVERY,
    SESSIONS_PER_MEMBER_MAX, STORES_LOOKED_THROUGH_MAX,
};
use crate::passwords::{Salt, TooMany, Turns};
use crate::store::writing::Note;
use crate::store::{StoreError, Writing};
use crate::totp;

mod attempts;

pub use attempts::{Attempts, Counted};

/// What signing in is called in the audit log.
pub const ACTION: &str = "POST /v1/session";

/// Random bytes of what a browser shows.
pub type TokenBytes = [u8; 32];

/// Who tries to sign in how often, and whose password is looked at.
#[derive(Debug, Default)]
pub struct SignIns {
    /// What failed lately.
    pub attempts: Attempts,
    /// Whose turn it is to have a password hashed.
    pub passwords: Turns,
    /// True once it is known that there are members: from then on there always are.
    has_members: AtomicBool,
}

/// What somebody shows to sign in.
#[derive(Clone)]
pub struct SignIn {
    /// Who they say they are.
    pub email: String,
    /// Their password.
    pub password: String,
    /// A code of their phone, or a recovery code.
    pub code: Option<String>,
    /// In which store; `None`: in the one that they have been a member of for longest.
    pub store: Option<StoreId>,
    /// Where they are in the network, as it is counted.
    pub address: IpAddr,
    /// What their browser showed before: it ends.
    pub before: Option<String>,
}

/// What has to be drawn for a sign-in.
#[derive(Debug, Clone, Copy)]
pub struct Drawn {
    /// For what the browser will show.
    pub token: TokenBytes,
    /// For a hash where there is none to compare with.
    pub salt: Salt,
}

/// Somebody has signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// What their browser shows from now on. It is known this once.
    pub token: String,
    /// The store.
    pub store: StoreId,
    /// Their session.
    pub session: Session,
}

/// Why somebody is not signed in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SignInError {
    /// The address, the password, or both are not right.
    #[error("there is no member with this address and this password")]
    Failed,
    /// All is right, but that a code of their phone is missing, wrong, or was used before.
    #[error("a code is needed that was not used before")]
    CodeRequired,
    /// Too much failed lately.
    #[error("too many attempts failed; more may be made in {retry_after_s} s")]
    TooMany {
        /// Seconds until the next may be made.
        retry_after_s: u32,
    },
    /// Too many passwords are being looked at.
    #[error(transparent)]
    Busy(#[from] TooMany),
    /// It could not be done.
    #[error(transparent)]
    Act(#[from] ActError),
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Act(error.into())
    }
}

impl MayRace for SignInError {
    fn has_raced(&self) -> bool {
        matches!(self, Self::Act(error) if error.has_raced())
    }
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SignedIn").field(&self.session).finish()
    }
}

/// Signs somebody in. What their browser showed before opens nothing any more.
///
/// What fails is counted, for the account and for the address of the network; so is a wrong code. A sign-in that succeeds
/// is not.
///
/// # Errors
///
/// [`SignInError`]: the same, after the same time, for an address that nobody has.
pub async fn sign_in(app: &App, request: SignIn, drawn: Drawn) -> Result<SignedIn, SignInError> {
    let email = as_kept_email(&request.email);
    let counted = [
        Counted::Address(request.address),
        Counted::Account(email.clone()),
    ];
    let has_code = request.code.is_some();
    let attempt = app.sign_ins.attempts.count(app, &counted)?;
    let outcome = compare(app, request, email, drawn).await;
    match &outcome {
        Err(SignInError::Failed) => {}
        Err(SignInError::CodeRequired) if has_code => {}
        _ => app.sign_ins.attempts.forgive(&counted, attempt),
    }
    outcome
}

async fn compare(
    app: &App,
    request: SignIn,
    email: String,
    drawn: Drawn,
) -> Result<SignedIn, SignInError> {
    let found = whom(app, request.store.as_ref(), &email).await?;
    let fits = PASSWORD_BYTES_MAX >= request.password.len();
    let hashed = found.as_ref().filter(|_| fits);
    let hashed = hashed.map(|(_, member)| member.password.clone());
    let password = if fits {
        request.password.clone()
    } else {
        String::new()
    };
    let turns = &app.sign_ins.passwords;
    let is_right = turns.is_of(hashed, password, drawn.salt).await?;
    let Some((store, member)) = found else {
        return Err(SignInError::Failed);
    };
    if !is_right || is_of_a_demo(app, &member, &request.password) {
        note_aside(app, &store, refused(&member, ACTION, "login_failed"));
        return Err(SignInError::Failed);
    }
    let has_code = request.code.is_some();
    let with = (app.clone(), store.clone(), member.clone(), request, drawn);
    let signed_in = detached(with, |(app, store, member, request, drawn)| async move {
        enter(&app, &store, &member, &request, drawn).await
    })
    .await;
    if has_code && matches!(signed_in, Err(SignInError::CodeRequired)) {
        note_aside(app, &store, refused(&member, ACTION, "code_required"));
    }
    signed_in
}

/// Whose address this is: in the store that is named, or in the one of those here where it has been known for longest.
async fn whom(
    app: &App,
    store: Option<&StoreId>,
    email: &str,
) -> Result<Option<(StoreId, Member)>, SignInError> {
    let stores = match store {
        Some(store) => app
            .catalogue
            .shop(store)
            .map(|_| store.clone())
            .into_iter()
            .collect(),
        None => stores_here(app),
    };
    let mut found = app.store.members_by_email(&stores, email).await?;
    found.sort_by_key(|(_, member)| member.created_at);
    Ok(found.into_iter().next())
}

/// The stores in which whoever names none is looked for.
fn stores_here(app: &App) -> Vec<StoreId> {
    let shops = app.catalogue.shops();
    let mut stores: Vec<StoreId> = shops.iter().map(|shop| shop.id.clone()).collect();
    stores.sort_unstable();
    stores.truncate(STORES_LOOKED_THROUGH_MAX);
    stores
}

/// The password was right: looks at the code, and begins a session.
async fn enter(
    app: &App,
    store: &StoreId,
    member: &Member,
    request: &SignIn,
    drawn: Drawn,
) -> Result<SignedIn, SignInError> {
    let now = as_kept(app.clock.now());
    let note = Note::new("sign_in", member.id.as_str());
    let mut writing = app.store.begin(store, note, now).await?;
    // The password may have been changed since it was looked at.
    let known = writing.member(&member.id).await?;
    let known = known.filter(|known| known.password == member.password);
    let mut member = known.ok_or(SignInError::Failed)?;
    if member.totp == TotpState::On {
        let code = request.code.as_deref().ok_or(SignInError::CodeRequired)?;
        if !is_opened_by(app, &mut writing, store, &mut member, code).await? {
            return Err(SignInError::CodeRequired);
        }
    }
    let before = request.before.as_deref().and_then(read);
    if let Some((_, hash)) = before.as_ref().filter(|(of, _)| of == store) {
        writing.end_session(hash).await?;
    }
    let signed_in = begin_session(&mut writing, store, member, drawn.token).await?;
    writing
        .add_audit(&done(&signed_in.session.member, ACTION, ""))
        .await?;
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    // Of another store, so by a change of its own.
    if let Some((of, hash)) = before.filter(|(of, _)| of != store) {
        app.store.end_session(&of, &hash).await?;
    }
    Ok(signed_in)
}

/// Begins a session of a member.
pub(super) async fn begin_session(
    writing: &mut Writing,
    store: &StoreId,
    member: Member,
    token: TokenBytes,
) -> Result<SignedIn, StoreError> {
    let now = writing.at();
    let token = format!("{store}.{}", hex::text(&token));
    let hash = hash_of(&token);
    writing.add_session(&member.id, &hash, now).await?;
    writing
        .forget_sessions(
            &member.id,
            now - SESSION_LIFE,
            now - SESSION_IDLE,
            SESSIONS_PER_MEMBER_MAX,
        )
        .await?;
    Ok(SignedIn {
        token,
        store: store.clone(),
        session: Session {
            hash,
            member,
            created_at: now,
            seen_at: now,
        },
    })
}

/// True if a code opens, now and never again: it is one of the member's phone, of a later step than any before, or a recovery
/// code.
pub(super) async fn is_opened_by(
    app: &App,
    writing: &mut Writing,
    store: &StoreId,
    member: &mut Member,
    typed: &str,
) -> Result<bool, StoreError> {
    if LOGIN_CODE_BYTES_MAX < typed.len() {
        return Ok(false);
    }
    let code = totp::as_compared(typed);
    if !totp::is_from_a_phone(&code) {
        let hash = totp::recovery_hash(&code);
        return writing.use_recovery_code(&member.id, &hash).await;
    }
    let Some(step) = fresh_step(app, store, member, &code) else {
        return Ok(false);
    };
    member.totp_step = step;
    writing.put_member(member).await?;
    Ok(true)
}

/// The step whose code this is, if it is one of the member's phone, now, and later than any that was used.
pub(super) fn fresh_step(app: &App, store: &StoreId, member: &Member, code: &str) -> Option<u64> {
    let seconds = u64::try_from(app.clock.now().timestamp()).ok()?;
    let secret = totp_secret(app, store, member)?;
    totp::step_of(&secret, code, seconds).filter(|step| member.totp_step < *step)
}

/// The secret that a member's phone has; `None` where they have none, or the server lacks the key that it was made with.
pub(super) fn totp_secret(app: &App, store: &StoreId, member: &Member) -> Option<Vec<u8>> {
    let seed = member.totp_seed?;
    if !member.totp_is_keyed {
        return Some(seed.to_vec());
    }
    let Some(key) = app.connections.totp_key() else {
        tracing::error!(
            member.id = member.id,
            "`totp_key` is missing from the file of accounts: codes of `{}` cannot be looked at",
            member.id
        );
        return None;
    };
    Some(key.secret(store.as_str(), &member.id, &seed))
}

/// Who is signed in with what a browser shows, if it still opens.
///
/// # Errors
///
/// As the database fails.
pub async fn session(app: &App, token: &str) -> Result<Option<(StoreId, Session)>, ActError> {
    let Some((store, hash)) = read(token) else {
        return Ok(None);
    };
    let Some(mut session) = app.store.session(&store, &hash).await? else {
        return Ok(None);
    };
    let now = as_kept(app.clock.now());
    if expires_at(&session) <= now {
        return Ok(None);
    }
    if SESSION_SEEN_EVERY <= now - session.seen_at {
        session.seen_at = now;
        if let Err(error) = app.store.see_session(&store, &hash, now).await {
            tracing::warn!(error = %error, "Cannot note that a session is used: {error}");
        }
    }
    Ok(Some((store, session)))
}

/// When a session ends, unless it is used.
pub fn expires_at(session: &Session) -> DateTime<Utc> {
    (session.created_at + SESSION_LIFE).min(session.seen_at + SESSION_IDLE)
}

/// Ends a session.
///
/// # Errors
///
/// As the database fails.
pub async fn sign_out(app: &App, store: &StoreId, session: &Session) -> Result<(), ActError> {
    Ok(app.store.end_session(store, &session.hash).await?)
}

/// An address as it is kept.
pub fn as_kept_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// True while this server's stores have no member: then whoever has the link makes the first one.
///
/// # Errors
///
/// As the database fails.
pub async fn is_setup_open(app: &App) -> Result<bool, ActError> {
    let known = &app.sign_ins.has_members;
    if known.load(Ordering::Relaxed) {
        return Ok(false);
    }
    let has = app.store.has_members(&stores_here(app)).await?;
    if has {
        known.store(true, Ordering::Relaxed);
    }
    Ok(!has)
}

/// The store and the hash that something belongs to which nobody could guess: `default.0123...`.
pub(super) fn read(token: &str) -> Option<(StoreId, SecretHash)> {
    let (store, _) = token.rsplit_once('.')?;
    Some((store.parse().ok()?, hash_of(token)))
}

/// The demo's owner has a password that everybody knows: it opens no real store.
fn is_of_a_demo(app: &App, member: &Member, password: &str) -> bool {
    !app.limits.demo_keys && member.email == demo::OWNER_EMAIL && password == demo::OWNER_PASSWORD
}
