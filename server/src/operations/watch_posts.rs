//! Looks what is worth a post, and which posts say what is not so any more.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{Sku, StoreId};

use super::ActError;
use super::claims::{known, with_parts};
use super::post_goods::outlook;
use super::publish_posts::{publish_due, withdraw};
use super::records::{Post, PostPolicy, PostState, WhenOutdated};
use super::reserve::as_kept;
use super::running::{Touched, again, publish};
use super::watch_goods::changed_within;
use crate::app::App;
use crate::catalogue::Shop;
use crate::limits::{POST_LOOKED_AFTER, WEBHOOKS_NOTED_AT_ONCE};
use crate::posts::{Moment, Outlook};
use crate::store::Writing;
use crate::store::writing::Note;

/// How often all goods are looked at, whether they changed or not: a date may move by time alone.
const ALL_EVERY: TimeDelta = TimeDelta::minutes(10);

/// Up to which commit each store was looked at, and when as a whole, in memory.
#[derive(Debug, Default)]
pub struct PostsWatched(HashMap<StoreId, (u64, DateTime<Utc>)>);

/// Looks at a store that posts, makes and corrects posts, and lets those go whose time has come.
///
/// # Errors
///
/// As the database fails.
pub async fn look_after_posts(
    app: &App,
    shop: &Shop,
    watched: &mut PostsWatched,
) -> Result<(), ActError> {
    let policy = app.store.post_policy(&shop.id).await?;
    let standing = app
        .store
        .posts(&shop.id, Some(PostState::Published), None, 1);
    if policy.moments.is_empty() && standing.await?.is_empty() {
        watched.0.remove(&shop.id);
    } else {
        watch(app, shop, &policy, watched).await?;
    }
    publish_due(app, shop).await
}

async fn watch(
    app: &App,
    shop: &Shop,
    policy: &PostPolicy,
    watched: &mut PostsWatched,
) -> Result<(), ActError> {
    let (store, now) = (&shop.id, as_kept(app.clock.now()));
    let revision = shop.revision();
    let is_first = !app.store.are_outlooks_begun(store).await?;
    let seen = watched.0.get(store).copied();
    let seen = seen.filter(|(_, whole)| !is_first && now < *whole + ALL_EVERY);
    let skus = match seen {
        Some((reached, _)) if reached == revision => Vec::new(),
        Some((reached, _)) => changed_within(app, shop, reached, revision).await?,
        None => {
            let entries = shop.entries().into_iter();
            entries.map(|entry| entry.sku().clone()).collect()
        }
    };
    let known = match is_first || skus.is_empty() {
        true => HashMap::new(),
        false => app.store.outlooks(store, &skus).await?,
    };
    let is_news = |sku: &Sku| {
        let before = known.get(sku.as_str()).copied();
        let facts = shop.facts_and_parts(sku.as_str());
        before.unwrap_or(Outlook::There) != outlook(app, shop, &facts)
    };
    let news: Vec<Sku> = skus.into_iter().filter(is_news).collect();
    let page = usize::try_from(WEBHOOKS_NOTED_AT_ONCE).unwrap_or(usize::MAX);
    for skus in news.chunks(page) {
        again(|| note(app, shop, policy, skus, is_first, now)).await?;
    }
    if is_first {
        again(|| begin_to_watch(app, store, now)).await?;
    }
    let whole = seen.map_or(now, |(_, whole)| whole);
    watched.0.insert(store.clone(), (revision, whole));
    Ok(())
}

async fn begin_to_watch(app: &App, store: &StoreId, now: DateTime<Utc>) -> Result<(), ActError> {
    let begun = app.store.begin(store, of_many(), now);
    let mut writing = begun.await?;
    writing.note_outlooks_begun().await?;
    commit(app, store, writing).await
}

/// Notes what is so now of goods of which something else was known, and makes posts of it.
async fn note(
    app: &App,
    shop: &Shop,
    policy: &PostPolicy,
    skus: &[Sku],
    is_first: bool,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let store = &shop.id;
    let mut writing = app.store.begin(store, of_many(), now).await?;
    // Another server may know more of them than what is in memory here.
    let facts = known(&mut writing, shop, skus).await?;
    let mut made = 0;
    for sku in skus {
        let before = writing.outlook_of(sku).await?;
        let is = outlook(app, shop, &with_parts(&facts, sku));
        if before == is {
            continue;
        }
        writing.note_outlook(sku, is).await?;
        if is_first {
            continue;
        }
        let id = writing.post_id(made);
        let change = Change {
            sku,
            before,
            is,
            now,
        };
        made += usize::from(change.make_post(&mut writing, policy, id).await?);
    }
    commit(app, store, writing).await
}

/// Something that is so now of goods.
struct Change<'a> {
    sku: &'a Sku,
    before: Outlook,
    is: Outlook,
    now: DateTime<Utc>,
}

impl Change<'_> {
    /// Makes the post that is called for, if one is. True if it did.
    async fn make_post(
        &self,
        writing: &mut Writing,
        policy: &PostPolicy,
        id: String,
    ) -> Result<bool, ActError> {
        let since = self.now - POST_LOOKED_AFTER;
        let mut outdated = None;
        for post in writing.posts_that_stand(self.sku, since).await? {
            match post.state {
                // What a merchant words says whatever is so when it goes.
                _ if post.moment == Moment::ByHand && post.state != PostState::Published => {}
                PostState::Published if post.outlook == self.is => {}
                PostState::Published => match policy.when_outdated {
                    WhenOutdated::Leave => {}
                    WhenOutdated::Delete => withdraw(writing, post).await?,
                    WhenOutdated::FollowUp => {
                        outdated.get_or_insert(post.id.clone());
                        let state = PostState::Corrected;
                        writing.put_post(&Post { state, ..post }).await?;
                    }
                },
                _ => {
                    // What it was to correct is still to be corrected.
                    outdated = outdated.or(post.follows.clone());
                    let state = PostState::Cancelled;
                    writing.put_post(&Post { state, ..post }).await?;
                }
            }
        }
        if let Some(follows) = outdated {
            let template = policy.correction.clone();
            let post = self.post(id, Moment::Correction, template, policy, Some(follows));
            writing.put_post(&post).await?;
            return Ok(true);
        }
        let Some(moment) = Moment::between(self.before, self.is) else {
            return Ok(false);
        };
        let Some(template) = policy.template(moment) else {
            return Ok(false);
        };
        let quiet = self.now - TimeDelta::days(policy.per_sku_days.into());
        if 0 < writing.posts_since(Some(self.sku), quiet).await? {
            return Ok(false);
        }
        let post = self.post(id, moment, template.to_owned(), policy, None);
        writing.put_post(&post).await?;
        Ok(true)
    }

    fn post(
        &self,
        id: String,
        moment: Moment,
        template: String,
        policy: &PostPolicy,
        follows: Option<String>,
    ) -> Post {
        let state = match policy.approve && moment != Moment::Correction {
            true => PostState::Draft,
            false => PostState::Due,
        };
        Post {
            id,
            sku: self.sku.clone(),
            moment,
            template,
            language: policy.language.clone(),
            state,
            due_at: self.now,
            outlook: self.is,
            said: None,
            follows,
            made_at: self.now,
        }
    }
}

fn of_many() -> Note {
    Note {
        act: "watch_posts",
        subject: None,
        reason: None,
    }
}

async fn commit(app: &App, store: &StoreId, writing: Writing) -> Result<(), ActError> {
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}
