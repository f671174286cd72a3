//! What a shop posts: by which rules, which posts there are, and what a merchant does with them.

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{Sku, StoreId};

use super::ActError;
use super::once::{Once, Outcome};
use super::post_goods::{Told, told};
use super::publish_posts::{remove_copies, withdraw};
use super::records::{Copy, Network, Post, PostPolicy, PostState, Said};
use super::reserve::as_kept;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::limits::{
    POST_FEED_MAX, POST_SCHEDULED_DAYS_MAX, POSTS_CANCELLED_KEPT, POSTS_FORGOTTEN_AT_ONCE,
};
use crate::posts::Moment;
use crate::posts::feed::{Entry, Feed};
use crate::posts::text::{Filled, check, filled};
use crate::store::Writing;
use crate::store::writing::Note;

/// A post that a merchant wants.
#[derive(Debug, Clone)]
pub struct NewPost {
    /// About what.
    pub sku: Sku,
    /// What it is made of.
    pub template: String,
    /// When it goes; `None`: at once.
    pub at: Option<DateTime<Utc>>,
}

/// What is to be another of a post that has not gone.
#[derive(Debug, Clone, Default)]
pub struct ChangePost {
    /// What it is made of.
    pub template: Option<String>,
    /// When it goes.
    pub at: Option<DateTime<Utc>>,
}

/// A post with where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostWithCopies {
    /// The post.
    pub post: Post,
    /// Where it is.
    pub copies: Vec<Copy>,
}

/// What a post would say now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Its words.
    pub text: String,
    /// Its characters.
    pub chars: usize,
    /// What the card of the link says: the goods, and what is told of them.
    pub title: String,
    /// What is told of them.
    pub told: String,
    /// Where the link leads; `None`: nowhere.
    pub link: Option<String>,
    /// Whether something was left out, so that it is short enough.
    pub is_shortened: bool,
}

/// By which rules a store posts.
///
/// # Errors
///
/// As the database fails.
pub async fn post_policy(app: &App, store: &StoreId) -> Result<PostPolicy, ActError> {
    Ok(app.store.post_policy(store).await?)
}

/// Keeps by which rules a store posts. What waits to go by a rule that there is no more is cancelled when its time comes.
///
/// # Errors
///
/// `invalid_template`; `no_account` for a network of which the file of accounts says nothing.
pub async fn put_post_policy(
    app: &App,
    store: &StoreId,
    policy: PostPolicy,
) -> Result<PostPolicy, ActError> {
    for (moment, template) in &policy.moments {
        refuse_template(&format!("/moments/{}", moment.name()), template)?;
    }
    refuse_template("/correction", &policy.correction)?;
    for (at, network) in policy.networks.iter().enumerate() {
        if !has_account(app, store, *network) {
            let detail = format!(
                "whoever runs the server puts the account at `{}` into the file of accounts first",
                network.name()
            );
            return Err(ActError::field(
                format!("/networks/{at}"),
                "no_account",
                detail,
            ));
        }
    }
    let with = (app.clone(), store.clone(), policy);
    detached(with, |(app, store, policy)| async move {
        let note = Note::new("put_post_policy", "");
        let mut writing = app
            .store
            .begin(&store, note, as_kept(app.clock.now()))
            .await?;
        let before = writing.post_policy().await?;
        if policy.moments.is_empty() != before.moments.is_empty() {
            // What is so when a shop begins to post is no news.
            writing.forget_outlooks().await?;
        }
        writing.put_post_policy(&policy).await?;
        commit(&app, &store, writing).await?;
        Ok(policy)
    })
    .await
}

/// What a post made of a template would say of goods now.
///
/// # Errors
///
/// `unknown_sku`, `invalid_template`.
pub async fn preview(
    app: &App,
    store: &StoreId,
    sku: &Sku,
    template: &str,
) -> Result<Preview, ActError> {
    let policy = app.store.post_policy(store).await?;
    refuse_template("/template", template)?;
    let told = told_of(app, store, sku, &policy.language)?;
    let filled = text_of(template, &told)?;
    Ok(Preview {
        chars: filled.text.chars().count(),
        is_shortened: filled.is_shortened,
        text: filled.text,
        title: told.goods.title,
        told: told.goods.told,
        link: told.link,
    })
}

/// Makes a post that goes when it is time, whatever the rules about moments say.
///
/// # Errors
///
/// `unknown_sku`, `invalid_template`, `invalid_time`.
pub async fn add_post(
    app: &App,
    store: &StoreId,
    new: NewPost,
    once: Once<PostWithCopies>,
) -> Result<Outcome<PostWithCopies>, ActError> {
    let with = (app.clone(), store.clone(), new, once);
    detached(with, |(app, store, new, once)| async move {
        let now = as_kept(app.clock.now());
        let note = Note::new("add_post", new.sku.as_str());
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        refuse_template("/template", &new.template)?;
        refuse_time(new.at, now)?;
        let policy = writing.post_policy().await?;
        let told = told_of(&app, &store, &new.sku, &policy.language)?;
        let post = Post {
            id: writing.post_id(0),
            sku: new.sku,
            moment: Moment::ByHand,
            template: new.template,
            language: policy.language,
            state: PostState::Due,
            due_at: new.at.unwrap_or(now),
            outlook: told.outlook,
            said: None,
            follows: None,
            made_at: now,
        };
        writing.put_post(&post).await?;
        let done = PostWithCopies {
            post,
            copies: Vec::new(),
        };
        once.keep(&mut writing, &done);
        commit(&app, &store, writing).await?;
        Ok(Outcome::Done(done))
    })
    .await
}

/// Changes a post that has not gone.
///
/// # Errors
///
/// [`ActError::NotFound`]; `post_gone` where it has; `invalid_template`, `invalid_time`.
pub async fn change_post(
    app: &App,
    store: &StoreId,
    id: String,
    change: ChangePost,
) -> Result<PostWithCopies, ActError> {
    let with = (app.clone(), store.clone(), id, change);
    detached(with, |(app, store, id, change)| async move {
        let now = as_kept(app.clock.now());
        let note = Note::new("change_post", id.as_str());
        let mut writing = app.store.begin(&store, note, now).await?;
        let mut post = waiting(&mut writing, &id).await?;
        if let Some(template) = change.template {
            refuse_template("/template", &template)?;
            post.template = template;
        }
        refuse_time(change.at, now)?;
        post.due_at = change.at.unwrap_or(post.due_at);
        writing.put_post(&post).await?;
        commit(&app, &store, writing).await?;
        Ok(PostWithCopies {
            post,
            copies: Vec::new(),
        })
    })
    .await
}

/// Lets a draft go when it is time.
///
/// # Errors
///
/// [`ActError::NotFound`]; `post_gone`. One that is approved stays so.
pub async fn approve_post(
    app: &App,
    store: &StoreId,
    id: String,
    once: Once<PostWithCopies>,
) -> Result<Outcome<PostWithCopies>, ActError> {
    let with = (app.clone(), store.clone(), id, once);
    detached(with, |(app, store, id, once)| async move {
        let note = Note::new("approve_post", id.as_str());
        let now = as_kept(app.clock.now());
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let post = Post {
            state: PostState::Due,
            ..waiting(&mut writing, &id).await?
        };
        writing.put_post(&post).await?;
        let done = PostWithCopies {
            post,
            copies: Vec::new(),
        };
        once.keep(&mut writing, &done);
        commit(&app, &store, writing).await?;
        Ok(Outcome::Done(done))
    })
    .await
}

/// Cancels a post that has not gone, and removes one that has from wherever it is; again, where that failed.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn remove_post(app: &App, store: &StoreId, id: String) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), id);
    detached(with, |(app, store, id)| async move {
        let note = Note::new("remove_post", id.as_str());
        let now = as_kept(app.clock.now());
        let mut writing = app.store.begin(&store, note, now).await?;
        let post = writing.post(&id).await?.ok_or(ActError::NotFound)?;
        match post.state {
            PostState::Draft | PostState::Due => {
                let state = PostState::Cancelled;
                writing.put_post(&Post { state, ..post }).await?;
            }
            PostState::Published | PostState::Corrected => withdraw(&mut writing, post).await?,
            // What could not be removed somewhere is tried again.
            PostState::Withdrawn if remove_copies(&mut writing, &post.id).await? => {}
            PostState::Withdrawn | PostState::Cancelled => return Ok(writing.undo().await?),
        }
        commit(&app, &store, writing).await
    })
    .await
}

/// Forgets posts that were cancelled long ago.
///
/// # Errors
///
/// As the database fails.
pub async fn forget_posts(app: &App, store: &StoreId) -> Result<(), ActError> {
    let before = app.clock.now() - POSTS_CANCELLED_KEPT;
    let forgotten = app
        .store
        .forget_cancelled_posts(store, before, POSTS_FORGOTTEN_AT_ONCE);
    Ok(forgotten.await?)
}

/// Posts from before one, the latest first, each with where it is.
///
/// # Errors
///
/// As the database fails.
pub async fn posts(
    app: &App,
    store: &StoreId,
    state: Option<PostState>,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<PostWithCopies>, ActError> {
    let posts = app.store.posts(store, state, before, limit).await?;
    let ids: Vec<&str> = posts.iter().map(|post| post.id.as_str()).collect();
    let mut copies = app.store.post_copies(store, &ids).await?;
    let with = posts.into_iter().map(|post| PostWithCopies {
        copies: copies.remove(&post.id).unwrap_or_default(),
        post,
    });
    Ok(with.collect())
}

/// A post with where it is.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn post(app: &App, store: &StoreId, id: &str) -> Result<PostWithCopies, ActError> {
    let post = app.store.post(store, id).await?.ok_or(ActError::NotFound)?;
    let mut copies = app.store.post_copies(store, &[id]).await?;
    Ok(PostWithCopies {
        copies: copies.remove(id).unwrap_or_default(),
        post,
    })
}

/// What stands in the feed of a store; `None`: there is no such store, or its goods have no pages.
///
/// # Errors
///
/// As the database fails.
pub async fn feed(app: &App, store: &StoreId) -> Result<Option<Feed>, ActError> {
    let Some(shop) = app.catalogue.shop(store) else {
        return Ok(None);
    };
    let settings = shop.settings();
    if !settings.share_pages {
        return Ok(None);
    }
    let posts = app.store.posts_in_feed(store, POST_FEED_MAX).await?;
    let changed = app.store.feed_changed_at(store).await?;
    let name = |post: &str| format!("urn:shipsby:{store}:posts:{post}");
    let entry = |post: Post| {
        let said: Said = post.said?;
        Some(Entry {
            id: name(&post.id),
            title: said.title,
            text: said.text,
            language: post.language,
            link: said.link,
            published: said.at,
        })
    };
    Ok(Some(Feed {
        id: name("feed"),
        title: settings.name.clone(),
        address: app.connections.link(&format!("/s/{store}/feed.atom")),
        updated: changed.unwrap_or(DateTime::UNIX_EPOCH),
        entries: posts.into_iter().filter_map(entry).collect(),
    }))
}

/// Whether the file of accounts names an account at a network.
pub(super) fn has_account(app: &App, store: &StoreId, network: Network) -> bool {
    let connection = app.connections.of(store);
    connection.is_some_and(|connection| match network {
        Network::Mastodon => connection.mastodon.is_some(),
        Network::Bluesky => connection.bluesky.is_some(),
    })
}

/// What a post made of a template says.
pub(super) fn text_of(template: &str, told: &Told) -> Result<Filled, ActError> {
    filled(template, &told.goods)
        .map_err(|error| ActError::field("/template", "invalid_template", error.to_string()))
}

fn told_of(app: &App, store: &StoreId, sku: &Sku, language: &str) -> Result<Told, ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let facts = shop.facts_and_parts(sku.as_str());
    told(app, &shop, &facts, language).ok_or_else(|| ActError::unknown_sku("/sku", sku))
}

fn refuse_template(pointer: &str, template: &str) -> Result<(), ActError> {
    check(template).map_err(|error| ActError::field(pointer, "invalid_template", error.to_string()))
}

fn refuse_time(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), ActError> {
    let latest = now + TimeDelta::days(POST_SCHEDULED_DAYS_MAX);
    match at {
        Some(at) if latest < at => {
            let detail = format!("must be within {POST_SCHEDULED_DAYS_MAX} days");
            Err(ActError::field("/at", "invalid_time", detail))
        }
        _ => Ok(()),
    }
}

async fn waiting(writing: &mut Writing, id: &str) -> Result<Post, ActError> {
    let post = writing.post(id).await?.ok_or(ActError::NotFound)?;
    match post.state {
        PostState::Draft | PostState::Due => Ok(post),
        state => {
            let detail = format!(
                "the post is {} and cannot be changed any more; make another one",
                state.name()
            );
            Err(ActError::conflict("post_gone", detail))
        }
    }
}

async fn commit(app: &App, store: &StoreId, writing: Writing) -> Result<(), ActError> {
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}
