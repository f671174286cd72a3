//! Lets posts go when it is time, and carries them to the networks, or away from there.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::ids::{Sku, StoreId};

use super::ActError;
use super::claims::{known, with_parts};
use super::errands::Setback;
use super::post_goods::told;
use super::posts::text_of;
use super::records::{
    Copy, CopyState, Errand, ErrandEnd, ErrandKind, Network, Post, PostPolicy, PostState, Said,
};
use super::reserve::as_kept;
use super::running::{Touched, again, publish};
use crate::app::App;
use crate::catalogue::Shop;
use crate::limits::{
    POST_CORRECTION_PUT_OFF, POST_CORRECTIONS_PER_DAY_MAX, POST_NEWS_LIFE, POSTS_AT_ONCE_MAX,
};
use crate::posts::{Moment, NetworkError, Posted, ToPost};
use crate::store::Writing;
use crate::store::writing::Note;
use crate::webhooks::happened::Happened;

/// Why a post is not on a network that had no time for it.
const OUTDATED: &str = "what it says was not so any more when it could be posted";

/// Why a post is not asked for again at Mastodon, which takes what it is asked twice for one post for an hour only.
const NO_ANSWER: &str = "there was no answer for so long that it could be there twice";
/// For how long it is asked again there.
const ASKED_AGAIN_FOR: TimeDelta = TimeDelta::minutes(50);
/// What is added to why a post could not be carried, where an attempt without an answer may have made it.
const IN_DOUBT: &str = "it is not known whether it is there";

/// What an errand is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    post: String,
    network: String,
    is_removed: bool,
    /// When the network was first asked without an answer that says no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_at_ms: Option<i64>,
}

impl About {
    fn is_asked_in_vain(&self, now: DateTime<Utc>) -> bool {
        let asked_at = self.asked_at_ms.and_then(DateTime::from_timestamp_millis);
        asked_at.is_some_and(|at| at + ASKED_AGAIN_FOR <= now)
    }
}

/// Lets the posts of a store go whose time has come.
///
/// # Errors
///
/// As the database fails.
pub async fn publish_due(app: &App, shop: &Shop) -> Result<(), ActError> {
    let now = as_kept(app.clock.now());
    let due = app
        .store
        .posts_due(&shop.id, now, POSTS_AT_ONCE_MAX)
        .await?;
    for post in due {
        again(|| publish_one(app, shop, &post.id, now)).await?;
    }
    Ok(())
}

/// What becomes of a post whose time has come.
enum Fate {
    /// It goes.
    Goes,
    /// Not now.
    Waits,
    /// Not before an instant.
    PutOff(DateTime<Utc>),
    /// What it was to say is not so any more, or is no news.
    Cancelled,
}

async fn publish_one(app: &App, shop: &Shop, id: &str, now: DateTime<Utc>) -> Result<(), ActError> {
    let store = &shop.id;
    let note = Note::new("publish_post", id);
    let mut writing = app.store.begin(store, note, now).await?;
    let policy = writing.post_policy().await?;
    let found = writing.post(id).await?;
    let Some(post) = found.filter(|post| post.state == PostState::Due) else {
        return Ok(writing.undo().await?);
    };
    // Another server may know more of the goods than what is in memory here.
    let facts = known(&mut writing, shop, std::slice::from_ref(&post.sku)).await?;
    let facts = with_parts(&facts, &post.sku);
    let Some(told) = told(app, shop, &facts, &post.language) else {
        return Ok(writing.undo().await?);
    };
    let sent = writing.posts_since(None, now - TimeDelta::days(1)).await?;
    let local = now
        .with_timezone(&shop.settings().location.calendar.zone)
        .time();
    let is_outdated = told.outlook != post.outlook;
    let fate = match post.moment {
        // What a merchant words says whatever is so when it goes.
        Moment::ByHand => Fate::Goes,
        Moment::Correction => correction_fate(&mut writing, &post.sku, now).await?,
        _ => fate(&post, &policy, sent, local, is_outdated, now),
    };
    match fate {
        Fate::Waits => return Ok(writing.undo().await?),
        Fate::PutOff(due_at) => writing.put_post(&Post { due_at, ..post }).await?,
        Fate::Cancelled => {
            let state = PostState::Cancelled;
            writing.put_post(&Post { state, ..post }).await?;
        }
        Fate::Goes => {
            let text = text_of(&post.template, &told)?.text;
            let post = Post {
                state: PostState::Published,
                outlook: told.outlook,
                said: Some(Said {
                    text,
                    title: told.goods.title,
                    told: told.goods.told,
                    link: told.link,
                    at: now,
                }),
                ..post
            };
            let_go(&mut writing, &post, &policy).await?;
        }
    }
    commit(app, store, writing).await
}

/// A correction says whatever is so when it goes, so it is never out of date; no hours keep it waiting. Where what is so changes again
/// and again, not everything is said.
async fn correction_fate(
    writing: &mut Writing,
    sku: &Sku,
    now: DateTime<Utc>,
) -> Result<Fate, ActError> {
    let day = now - TimeDelta::days(1);
    let sent = writing.corrections_since(sku, day).await?;
    Ok(match sent < POST_CORRECTIONS_PER_DAY_MAX {
        true => Fate::Goes,
        false => Fate::PutOff(now + POST_CORRECTION_PUT_OFF),
    })
}

fn fate(
    post: &Post,
    policy: &PostPolicy,
    sent: u64,
    local: NaiveTime,
    is_outdated: bool,
    now: DateTime<Utc>,
) -> Fate {
    let is_wanted = policy.template(post.moment).is_some();
    if is_outdated || !is_wanted || post.due_at + POST_NEWS_LIFE < now {
        return Fate::Cancelled;
    }
    match is_open(policy, local) && sent < u64::from(policy.per_day) {
        true => Fate::Goes,
        false => Fate::Waits,
    }
}

/// True if the shop posts at this time of the day. Its hours may go past midnight.
fn is_open(policy: &PostPolicy, local: NaiveTime) -> bool {
    let (from, until) = (policy.from, policy.until);
    match from.cmp(&until) {
        std::cmp::Ordering::Less => from <= local && local < until,
        std::cmp::Ordering::Equal => true,
        std::cmp::Ordering::Greater => from <= local || local < until,
    }
}

async fn let_go(writing: &mut Writing, post: &Post, policy: &PostPolicy) -> Result<(), ActError> {
    writing.put_post(post).await?;
    for network in &policy.networks {
        let copy = Copy {
            post: post.id.clone(),
            network: *network,
            state: CopyState::Due,
            posted: None,
            failure: None,
        };
        writing.put_post_copy(&copy).await?;
        carry_later(writing, &copy, false).await?;
    }
    if let Some(said) = &post.said {
        writing.happened(|| Happened::Published {
            post: post.id.clone(),
            sku: post.sku.clone(),
            moment: post.moment.name(),
            text: said.text.clone(),
            language: post.language.clone(),
            link: said.link.clone(),
            follows: post.follows.clone(),
        });
    }
    Ok(())
}

/// Removes a post from wherever it is.
pub(super) async fn withdraw(writing: &mut Writing, post: Post) -> Result<(), ActError> {
    remove_copies(writing, &post.id).await?;
    let state = PostState::Withdrawn;
    Ok(writing.put_post(&Post { state, ..post }).await?)
}

/// Asks the networks to remove a post. False if there is nothing that any of them is still to be asked.
pub(super) async fn remove_copies(writing: &mut Writing, post: &str) -> Result<bool, ActError> {
    let mut are_some = false;
    for copy in writing.post_copies(post).await? {
        match (copy.state, copy.network, &copy.posted) {
            (CopyState::Removed | CopyState::Removing, ..) => continue,
            // Whether it is there cannot be asked there: why it failed stays written down.
            (CopyState::Failed, Network::Mastodon, None) => continue,
            _ => are_some = true,
        }
        // Whoever carries it there sees that it is not wanted any more.
        let is_under_way = copy.state == CopyState::Due;
        let state = CopyState::Removing;
        let copy = Copy { state, ..copy };
        writing.put_post_copy(&copy).await?;
        if !is_under_way {
            carry_later(writing, &copy, true).await?;
        }
    }
    Ok(are_some)
}

async fn carry_later(writing: &mut Writing, copy: &Copy, is_removed: bool) -> Result<(), ActError> {
    let (network, revision) = (copy.network.name(), writing.revision());
    let about = match is_removed {
        false => format!("{}/{network}", copy.post),
        true => format!("{}/{network}/remove/{revision}", copy.post),
    };
    let content = About {
        post: copy.post.clone(),
        network: network.to_owned(),
        is_removed,
        asked_at_ms: None,
    };
    let content = serde_json::to_string(&content).expect("it has only text keys");
    writing
        .send(ErrandKind::Post, &about, None, &content)
        .await?;
    Ok(())
}

/// Carries a post to a network, or away from there, and ends the errand.
pub(super) async fn carry(app: &App, store: &StoreId, errand: &Errand) -> Result<(), Setback> {
    let (about, network) = about(errand).ok_or(Setback::Needless)?;
    let found = app.store.post(store, &about.post).await;
    let post = found.map_err(ActError::from)?.ok_or(Setback::Needless)?;
    let copy = copy_of(app, store, &about.post, network).await?;
    let copy = copy.ok_or(Setback::Needless)?;
    let may_be_there = about.asked_at_ms.is_some();
    let is_wanted = post.state != PostState::Corrected
        // There it cannot be looked up.
        || network == Network::Mastodon && may_be_there;
    let outcome = match (about.is_removed, copy.state, &copy.posted) {
        (false, CopyState::Due | CopyState::Removing, None)
            if network == Network::Mastodon && about.is_asked_in_vain(app.clock.now()) =>
        {
            return Err(Setback::Never(NO_ANSWER.into()));
        }
        (false, CopyState::Due, _) if is_wanted => {
            let before = before(app, store, network, &post).await?;
            if !may_be_there {
                let now = as_kept(app.clock.now()).timestamp_millis();
                note_asked(app, store, errand, &about, Some(now)).await?;
            }
            let posted = put_up(app, store, network, &post, before.as_ref()).await;
            let was_not_made =
                matches!(posted, Err(NetworkError::Later(_) | NetworkError::Busy(_)));
            if !may_be_there && was_not_made {
                note_asked(app, store, errand, &about, None).await?;
            }
            posted.map(Some)
        }
        // Nobody wants it there any more; an attempt whose answer was lost may have put it there.
        (false, CopyState::Due | CopyState::Removing, None) => match may_be_there {
            true => standing(app, store, network, &post).await,
            false => Ok(None),
        },
        (true, CopyState::Removing, Some(posted)) => {
            let removed = take_down(app, store, network, posted).await;
            removed.map(|()| None)
        }
        // It was given up there without an answer.
        (true, CopyState::Removing, None) => match standing(app, store, network, &post).await {
            Ok(Some(posted)) => {
                let removed = take_down(app, store, network, &posted).await;
                removed.map(|()| None)
            }
            other => other,
        },
        _ => return Err(Setback::Needless),
    };
    match outcome {
        Ok(posted) => Ok(again(|| record(app, store, errand, network, posted.as_ref())).await?),
        Err(NetworkError::Refused(why)) => Err(Setback::Never(why)),
        Err(NetworkError::Later(why) | NetworkError::Unknown(why)) => {
            Err(Setback::Again(why, None))
        }
        Err(NetworkError::Busy(seconds)) => Err(Setback::Again(
            "the network has too much to do".into(),
            Some(Duration::from_secs(seconds.into())),
        )),
    }
}

/// Writes down since when a network may have made a post of which it has not said so; `None`: it has not.
async fn note_asked(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    about: &About,
    asked_at_ms: Option<i64>,
) -> Result<(), ActError> {
    let content = About {
        asked_at_ms,
        ..about.clone()
    };
    let content = serde_json::to_string(&content).expect("it has only text keys");
    let put = app.store.put_errand_content(store, &errand.name, &content);
    Ok(put.await?)
}

/// What a post stands below: the last of those before it that is on the network.
async fn before(
    app: &App,
    store: &StoreId,
    network: Network,
    post: &Post,
) -> Result<Option<Posted>, Setback> {
    let mut follows = post.follows.clone();
    while let Some(id) = follows {
        let copy = copy_of(app, store, &id, network).await?;
        match copy.map(|copy| (copy.state, copy.posted)) {
            // It is there first, or never.
            Some((CopyState::Due, _)) => return Err(Setback::NotYet),
            Some((CopyState::Posted | CopyState::Failed, Some(posted))) => return Ok(Some(posted)),
            _ => {}
        }
        let found = app.store.post(store, &id).await;
        follows = found
            .map_err(ActError::from)?
            .and_then(|before| before.follows);
    }
    Ok(None)
}

async fn put_up(
    app: &App,
    store: &StoreId,
    network: Network,
    post: &Post,
    follows: Option<&Posted>,
) -> Result<Posted, NetworkError> {
    let name = name_of(store, post);
    let to_post = to_post(&name, post, follows)?;
    let connection = app.connections.of(store);
    match network {
        Network::Mastodon => {
            let account = connection.and_then(|connection| connection.mastodon.as_ref());
            account.ok_or_else(no_account)?.post(&to_post).await
        }
        Network::Bluesky => {
            let account = connection.and_then(|connection| connection.bluesky.as_ref());
            account.ok_or_else(no_account)?.post(&to_post).await
        }
    }
}

/// A post as the network knows it, if it is there.
async fn standing(
    app: &App,
    store: &StoreId,
    network: Network,
    post: &Post,
) -> Result<Option<Posted>, NetworkError> {
    match network {
        // It cannot be looked up there: under the same name it is there once, and its name is told.
        Network::Mastodon => put_up(app, store, network, post, None).await.map(Some),
        Network::Bluesky => {
            let connection = app.connections.of(store);
            let account = connection.and_then(|connection| connection.bluesky.as_ref());
            let name = name_of(store, post);
            let to_post = to_post(&name, post, None)?;
            account.ok_or_else(no_account)?.standing(&to_post).await
        }
    }
}

/// What networks know a post by.
fn name_of(store: &StoreId, post: &Post) -> String {
    format!("{store}/{}/{}", post.id, post.made_at.timestamp_millis())
}

fn to_post<'a>(
    id: &'a str,
    post: &'a Post,
    follows: Option<&'a Posted>,
) -> Result<ToPost<'a>, NetworkError> {
    let said = post.said.as_ref();
    let said = said.ok_or_else(|| NetworkError::Refused("it has not gone".into()))?;
    Ok(ToPost {
        id,
        text: &said.text,
        language: &post.language,
        title: &said.title,
        told: &said.told,
        link: said.link.as_deref(),
        follows,
        made_at: said.at,
    })
}

async fn take_down(
    app: &App,
    store: &StoreId,
    network: Network,
    posted: &Posted,
) -> Result<(), NetworkError> {
    let connection = app.connections.of(store);
    match network {
        Network::Mastodon => {
            let account = connection.and_then(|connection| connection.mastodon.as_ref());
            account.ok_or_else(no_account)?.remove(posted).await
        }
        Network::Bluesky => {
            let account = connection.and_then(|connection| connection.bluesky.as_ref());
            account.ok_or_else(no_account)?.remove(posted).await
        }
    }
}

fn no_account() -> NetworkError {
    NetworkError::Later("nobody said by which account: see docs/accounts.md".into())
}

/// Writes down that a post is on a network, as it knows it, or is not there any more, and ends the errand.
async fn record(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    network: Network,
    posted: Option<&Posted>,
) -> Result<(), ActError> {
    let Some((mut writing, copy)) = begin(app, store, errand, network).await? else {
        return Ok(());
    };
    writing
        .end_errand(&errand.name, ErrandEnd::Done, None)
        .await?;
    let copy = match posted {
        None if copy.state == CopyState::Due => Copy {
            state: CopyState::Failed,
            failure: Some(OUTDATED.to_owned()),
            ..copy
        },
        None => Copy {
            state: CopyState::Removed,
            failure: None,
            ..copy
        },
        Some(posted) => Copy {
            // Somebody may have removed it while it was on its way.
            state: match copy.state {
                CopyState::Removing => CopyState::Removing,
                _ => CopyState::Posted,
            },
            posted: Some(posted.clone()),
            failure: None,
            ..copy
        },
    };
    writing.put_post_copy(&copy).await?;
    if copy.state == CopyState::Removing {
        carry_later(&mut writing, &copy, true).await?;
    }
    commit(app, store, writing).await
}

/// Writes down that a post cannot be carried, and ends the errand.
pub(super) async fn give_up(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    why: &str,
) -> Result<(), ActError> {
    let Some((about, network)) = about(errand) else {
        return Ok(());
    };
    let Some((mut writing, copy)) = begin(app, store, errand, network).await? else {
        return Ok(());
    };
    let why = match about.asked_at_ms {
        Some(_) => format!("{why}; {IN_DOUBT}"),
        None => why.to_owned(),
    };
    writing
        .end_errand(&errand.name, ErrandEnd::GivenUp, Some(&why))
        .await?;
    let copy = Copy {
        state: CopyState::Failed,
        failure: Some(why),
        ..copy
    };
    writing.put_post_copy(&copy).await?;
    commit(app, store, writing).await
}

fn about(errand: &Errand) -> Option<(About, Network)> {
    let about: About = serde_json::from_str(&errand.content).ok()?;
    let network = Network::named(&about.network)?;
    Some((about, network))
}

async fn copy_of(
    app: &App,
    store: &StoreId,
    post: &str,
    network: Network,
) -> Result<Option<Copy>, ActError> {
    let mut copies = app.store.post_copies(store, &[post]).await?;
    let copies = copies.remove(post).unwrap_or_default();
    Ok(copies.into_iter().find(|copy| copy.network == network))
}

async fn begin(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    network: Network,
) -> Result<Option<(Writing, Copy)>, ActError> {
    let Some((about, _)) = about(errand) else {
        return Ok(None);
    };
    let now = as_kept(app.clock.now());
    let note = Note::new("carry_post", about.post.as_str());
    let mut writing = app.store.begin(store, note, now).await?;
    let copies = writing.post_copies(&about.post).await?;
    let found = copies.into_iter().find(|copy| copy.network == network);
    Ok(found.map(|copy| (writing, copy)))
}

async fn commit(app: &App, store: &StoreId, writing: Writing) -> Result<(), ActError> {
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}
