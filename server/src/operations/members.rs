//! Who may sign in: the first owner, and whom an owner adds, changes and removes.

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::ActError;
use super::once::{Once, Outcome};
use super::records::{AuditEntry, AuditOutcome, Member, Role, TotpState};
use super::reserve::as_kept;
use super::running::{Touched, detached, publish};
use super::sign_in::{
    SignInError, SignedIn, TokenBytes, as_kept_email, begin_session, is_setup_open, read,
};
use crate::app::App;
use crate::catalogue::hash_of;
use crate::hex;
use crate::limits::{MEMBERS_MAX, SETUP_LINK_LIFE};
use crate::passwords::{self, Salt};
use crate::store::stores::FIRST_STORE;
use crate::store::writing::Note;
use crate::store::{Store, StoreError, Writing};

/// What making the first owner is called in the audit log.
const SETUP: &str = "POST /v1/setup";

/// Random bytes of an id.
pub type IdBytes = [u8; 8];

/// Somebody who is to be a member.
#[derive(Clone)]
pub struct NewMember {
    /// Drawn for their id.
    pub id: IdBytes,
    /// Their address.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their password.
    pub password: String,
    /// Drawn for its hash.
    pub salt: Salt,
}

/// What is to be another for a member.
#[derive(Clone)]
pub struct ChangeMember {
    /// Who.
    pub id: String,
    /// What they may do.
    pub role: Option<Role>,
    /// What they are called.
    pub name: Option<String>,
    /// Their password.
    pub password: Option<String>,
    /// Drawn for its hash.
    pub salt: Salt,
    /// Who changes it, where they go on with a session if it is themselves.
    pub by: Option<String>,
    /// Drawn for that session.
    pub token: TokenBytes,
}

/// Adds a member.
///
/// # Errors
///
/// `email_taken`, `too_many_members`.
pub async fn add_member(
    app: &App,
    store: &StoreId,
    new: NewMember,
    once: Once<Member>,
) -> Result<Outcome<Member>, SignInError> {
    let member = hashed(app, new).await?;
    let with = (app.clone(), store.clone(), member, once);
    detached(with, |(app, store, member, once)| async move {
        let note = Note::new("add_member", member.id.as_str());
        let mut writing = app.store.begin(&store, note, member.created_at).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        add(&mut writing, &member).await?;
        once.keep(&mut writing, &member);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(Outcome::Done(member))
    })
    .await
}

/// Changes what is known of a member. Another password or another role ends their sessions; whoever changes their own goes on
/// with a new one, which is returned.
///
/// # Errors
///
/// [`ActError::NotFound`]; `last_owner` where no owner would be left.
pub async fn change_member(
    app: &App,
    store: &StoreId,
    change: ChangeMember,
) -> Result<(Member, Option<SignedIn>), SignInError> {
    let password = match change.password.clone() {
        Some(password) => Some(app.sign_ins.passwords.hash(password, change.salt).await?),
        None => None,
    };
    let with = (app.clone(), store.clone(), change, password);
    detached(with, |(app, store, change, password)| async move {
        let note = Note::new("change_member", change.id.as_str());
        let now = as_kept(app.clock.now());
        let mut writing = app.store.begin(&store, note, now).await?;
        let mut members = writing.members().await?;
        let found = members.iter_mut().find(|member| member.id == change.id);
        let member = found.ok_or(ActError::NotFound)?;
        let role = change.role.unwrap_or(member.role);
        let is_another = role != member.role || password.is_some();
        member.role = role;
        member.name = change.name.unwrap_or(std::mem::take(&mut member.name));
        member.password = password.unwrap_or(std::mem::take(&mut member.password));
        let member = member.clone();
        refuse_no_owner(&members)?;
        writing.put_member(&member).await?;
        let mut goes_on = None;
        if is_another {
            writing.end_sessions(&member.id).await?;
            if change.by.as_ref() == Some(&member.id) {
                let begun = begin_session(&mut writing, &store, member.clone(), change.token);
                goes_on = Some(begun.await?);
            }
        }
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok((member, goes_on))
    })
    .await
}

/// Removes a member, and ends their sessions.
///
/// # Errors
///
/// [`ActError::NotFound`]; `last_owner` where no owner would be left.
pub async fn remove_member(app: &App, store: &StoreId, id: String) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), id);
    detached(with, |(app, store, id)| async move {
        let note = Note::new("remove_member", id.as_str());
        let now = as_kept(app.clock.now());
        let mut writing = app.store.begin(&store, note, now).await?;
        let mut members = writing.members().await?;
        let known = members.len();
        members.retain(|member| member.id != id);
        if members.len() == known {
            return Err(ActError::NotFound);
        }
        refuse_no_owner(&members)?;
        writing.remove_member(&id).await?;
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(())
    })
    .await
}

/// The members of a store, the first one first.
///
/// # Errors
///
/// As the database fails.
pub async fn members(app: &App, store: &StoreId) -> Result<Vec<Member>, ActError> {
    Ok(app.store.members(store).await?)
}

/// Makes a link with which the first owner can be made: what it ends in. `None`: there are members.
///
/// # Errors
///
/// As the database fails.
pub async fn setup_link(app: &App, token: TokenBytes) -> Result<Option<String>, ActError> {
    let shops = app.catalogue.shops();
    let mut stores: Vec<&StoreId> = shops.iter().map(|shop| &shop.id).collect();
    stores.sort_unstable_by_key(|store| (store.as_str() != FIRST_STORE, *store));
    let Some(store) = stores.first() else {
        return Ok(None);
    };
    if !is_setup_open(app).await? {
        return Ok(None);
    }
    let token = format!("{store}.{}", hex::text(&token));
    let now = as_kept(app.clock.now());
    let hash = hash_of(&token);
    let forget_before = now - SETUP_LINK_LIFE;
    app.store
        .add_setup_link(store, &hash, now, forget_before)
        .await?;
    Ok(Some(token))
}

/// The store of a link with which the first owner can be made; `None`: nobody made such a link, or too long ago.
///
/// # Errors
///
/// `setup_closed` where there are members.
pub async fn setup_store(app: &App, token: &str) -> Result<Option<StoreId>, ActError> {
    if !is_setup_open(app).await? {
        return Err(setup_closed());
    }
    let Some((store, hash)) = read(token) else {
        return Ok(None);
    };
    let made_after = as_kept(app.clock.now()) - SETUP_LINK_LIFE;
    let is_known = app.store.is_setup_link(&store, &hash, made_after).await?;
    Ok(is_known.then_some(store))
}

/// Makes the first owner of a store, and signs them in.
///
/// # Errors
///
/// `setup_closed` where somebody was quicker.
pub async fn set_up(
    app: &App,
    store: StoreId,
    first: NewMember,
    token: TokenBytes,
) -> Result<SignedIn, SignInError> {
    let member = hashed(app, first).await?;
    let with = (app.clone(), store, member, token);
    detached(with, |(app, store, member, token)| async move {
        let note = Note::new("set_up", member.id.as_str());
        let mut writing = app.store.begin(&store, note, member.created_at).await?;
        if !writing.members().await?.is_empty() {
            return Err(setup_closed().into());
        }
        add(&mut writing, &member).await?;
        writing.close_setup().await?;
        writing
            .add_audit(&super::audit::done(&member, SETUP, member.id.as_str()))
            .await?;
        let signed_in = begin_session(&mut writing, &store, member, token).await?;
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(signed_in)
    })
    .await
}

/// Adds a member to a database; a running server takes notice of it.
///
/// # Errors
///
/// As [`add_member`].
pub async fn add_directly(
    store: &Store,
    shop: &StoreId,
    new: NewMember,
    at: DateTime<Utc>,
    action: &str,
) -> Result<Member, ActError> {
    let password = passwords::hash(&new.password, new.salt);
    let member = made(new, password, at);
    let note = Note::new("add_member", member.id.as_str());
    let mut writing = store.begin(shop, note, at).await?;
    add(&mut writing, &member).await?;
    writing.close_setup().await?;
    writing.add_audit(&by_hand(action, &member)).await?;
    writing.commit().await?;
    Ok(member)
}

/// Gives a member another password, asks them for no code any more, and ends their sessions. `None`: nobody has this address.
///
/// # Errors
///
/// As the database fails.
pub async fn reset_directly(
    store: &Store,
    shop: &StoreId,
    email: &str,
    (password, salt): (&str, Salt),
    at: DateTime<Utc>,
    action: &str,
) -> Result<Option<Member>, StoreError> {
    let email = as_kept_email(email);
    let password = passwords::hash(password, salt);
    let mut writing = store.begin(shop, Note::new("reset_member", ""), at).await?;
    let members = writing.members().await?;
    let found = members.into_iter().find(|member| member.email == email);
    let Some(mut member) = found else {
        return Ok(None);
    };
    member.password = password;
    member.totp = TotpState::Off;
    member.totp_seed = None;
    writing.put_member(&member).await?;
    writing.put_recovery_codes(&member.id, &[]).await?;
    writing.end_sessions(&member.id).await?;
    writing.add_audit(&by_hand(action, &member)).await?;
    writing.commit().await?;
    Ok(Some(member))
}

async fn add(writing: &mut Writing, member: &Member) -> Result<(), ActError> {
    let members = writing.members().await?;
    if members.iter().any(|known| known.email == member.email) {
        return Err(ActError::conflict(
            "email_taken",
            "A member has this address already. Change what is known of them, or remove them first.",
        ));
    }
    if MEMBERS_MAX <= members.len() {
        return Err(ActError::conflict(
            "too_many_members",
            format!("A store has at most {MEMBERS_MAX} members. Remove one first."),
        ));
    }
    Ok(writing.put_member(member).await?)
}

/// Somebody must be able to let others in.
fn refuse_no_owner(members: &[Member]) -> Result<(), ActError> {
    if members.iter().any(|member| member.role == Role::Owner) {
        return Ok(());
    }
    Err(ActError::conflict(
        "last_owner",
        "Nobody would be left who may let others in. Make somebody else an owner first.",
    ))
}

fn setup_closed() -> ActError {
    ActError::conflict(
        "setup_closed",
        "There are members already. Sign in, or let an owner add you; who is locked out is helped by `ships-by members`.",
    )
}

async fn hashed(app: &App, new: NewMember) -> Result<Member, SignInError> {
    let turns = &app.sign_ins.passwords;
    let password = turns.hash(new.password.clone(), new.salt).await?;
    Ok(made(new, password, as_kept(app.clock.now())))
}

fn made(new: NewMember, password: String, at: DateTime<Utc>) -> Member {
    Member {
        id: format!("mem_{}", hex::text(&new.id)),
        email: as_kept_email(&new.email),
        name: new.name,
        role: new.role,
        password,
        totp: TotpState::Off,
        totp_seed: None,
        totp_is_keyed: false,
        totp_step: 0,
        created_at: at,
    }
}

/// What was done on the command line, to a member.
fn by_hand(action: &str, member: &Member) -> AuditEntry {
    AuditEntry {
        who: None,
        action: action.to_owned(),
        subject: member.id.clone(),
        outcome: AuditOutcome::Done,
        code: None,
    }
}
