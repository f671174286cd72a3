//! Posts about goods, and where each of them is.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{Sku, StoreId};

use super::engine::{Session, instant, query, query_as, query_scalar, stored};
use super::payments::words;
use super::post_outlooks::outlook;
use super::post_policy::Network;
use super::skus::{json_list, read};
use super::{Store, StoreError, Writing};
use crate::posts::{Moment, Outlook, Posted};

words!(
    /// How far a post is.
    PostState {
        /// Somebody is to look at it first.
        Draft = "draft",
        /// It goes when it is time.
        Due = "due",
        /// It went.
        Published = "published",
        /// Another one follows it that says what is so now.
        Corrected = "corrected",
        /// It was removed.
        Withdrawn = "withdrawn",
        /// It never went.
        Cancelled = "cancelled",
    }
);

words!(
    /// How far a post is on a network.
    CopyState {
        /// It is to be posted.
        Due = "due",
        /// It is there.
        Posted = "posted",
        /// It cannot be posted, or not be removed.
        Failed = "failed",
        /// It is to be removed.
        Removing = "removing",
        /// It is not there any more.
        Removed = "removed",
    }
);

/// A post about goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its id.
    pub id: String,
    /// About what.
    pub sku: Sku,
    /// Why.
    pub moment: Moment,
    /// What it is made of.
    pub template: String,
    /// In which language, by its tag.
    pub language: String,
    /// How far it is.
    pub state: PostState,
    /// When it goes, at the earliest.
    pub due_at: DateTime<Utc>,
    /// What it says of the goods, or will.
    pub outlook: Outlook,
    /// What it said, once it went.
    pub said: Option<Said>,
    /// The post that it corrects.
    pub follows: Option<String>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

/// What a post said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its words.
    pub text: String,
    /// What the goods were called.
    pub title: String,
    /// What was told of them.
    pub told: String,
    /// Where they were looked at; `None`: nobody said where the server is.
    pub link: Option<String>,
    /// When it went.
    pub at: DateTime<Utc>,
}

/// A post on a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Which post.
    pub post: String,
    /// Where.
    pub network: Network,
    /// How far it is.
    pub state: CopyState,
    /// As the network knows it.
    pub posted: Option<Posted>,
    /// Why it could not be posted, or removed.
    pub failure: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    post: String,
    sku: String,
    moment: String,
    template: String,
    language: String,
    state: String,
    due_at_ms: i64,
    outlook: String,
    ships_by: Option<NaiveDate>,
    said: Option<String>,
    title: Option<String>,
    told: Option<String>,
    link: Option<String>,
    published_at_ms: Option<i64>,
    follows: Option<String>,
    made_at_ms: i64,
}

#[derive(sqlx::FromRow)]
struct CopyRow {
    post: String,
    network: String,
    state: String,
    reference: Option<String>,
    edition: Option<String>,
    url: Option<String>,
    failure: Option<String>,
}

/// Posts, of which `$wanted` says which and in what order.
macro_rules! posts_where {
    ($wanted:literal) => {
        concat!(
            "
        SELECT post
             , sku
             , moment
             , template
             , language
             , state
             , due_at_ms
             , outlook
             , ships_by
             , said
             , title
             , told
             , link
             , published_at_ms
             , follows
             , made_at_ms
          FROM post
         WHERE store_id = $1",
            $wanted
        )
    };
}

impl Store {
    /// Posts from before one, the latest first; of one state only, where that is asked for.
    pub async fn posts(
        &self,
        store: &StoreId,
        state: Option<PostState>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Post>, StoreError> {
        let rows: Vec<Row> = query_as(posts_where!(
            "
           AND ($2 = '' OR post < $2)
           AND ($3 = '' OR state = $3)
         ORDER BY post DESC
         LIMIT $4"
        ))
        .bind(store.as_str())
        .bind(before.unwrap_or_default())
        .bind(state.map_or("", PostState::name))
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::post).collect()
    }

    /// What stands in the feed: the posts that went last and were not removed, the latest first.
    pub async fn posts_in_feed(
        &self,
        store: &StoreId,
        limit: u32,
    ) -> Result<Vec<Post>, StoreError> {
        let rows: Vec<Row> = query_as(posts_where!(
            "
           AND published_at_ms IS NOT NULL
           AND state IN ('published', 'corrected')
         ORDER BY published_at_ms DESC
                , post DESC
         LIMIT $2"
        ))
        .bind(store.as_str())
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::post).collect()
    }

    /// When a post last went or was removed; `None`: none ever did.
    pub async fn feed_changed_at(
        &self,
        store: &StoreId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (last,): (Option<i64>,) = query_as(
            "
            SELECT max(published_at_ms)
              FROM post
             WHERE store_id = $1
               AND published_at_ms IS NOT NULL",
        )
        .bind(store.as_str())
        .fetch_one(&mut self.read(store).await?)
        .await?;
        last.map(instant).transpose()
    }

    /// A post.
    pub async fn post(&self, store: &StoreId, id: &str) -> Result<Option<Post>, StoreError> {
        post(&mut self.read(store).await?, store, id).await
    }

    /// Where some posts are, by their ids.
    pub async fn post_copies(
        &self,
        store: &StoreId,
        posts: &[&str],
    ) -> Result<HashMap<String, Vec<Copy>>, StoreError> {
        copies(&mut self.read(store).await?, store, posts).await
    }

    /// Posts that are to go now: at first what no hours and no number keep waiting, of each those first that were to go first.
    pub async fn posts_due(
        &self,
        store: &StoreId,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Post>, StoreError> {
        let rows: Vec<Row> = query_as(posts_where!(
            "
           AND state = 'due'
           AND due_at_ms <= $2
         ORDER BY moment NOT IN ('by_hand', 'correction')
                , due_at_ms
                , post
         LIMIT $3"
        ))
        .bind(store.as_str())
        .bind(now.timestamp_millis())
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::post).collect()
    }

    /// Forgets posts that were cancelled and were to go before an instant, `limit` at most.
    pub async fn forget_cancelled_posts(
        &self,
        store: &StoreId,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<(), StoreError> {
        let old: Vec<String> = query_scalar(
            "
            SELECT post
              FROM post
             WHERE store_id = $1
               AND state = 'cancelled'
               AND due_at_ms < $2
               AND made_at_ms < $2
             ORDER BY post
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(before.timestamp_millis())
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        if old.is_empty() {
            return Ok(());
        }
        let mut session = self.0.engine.write(store).await?;
        query(
            "
            DELETE FROM post
             WHERE store_id = $1
               AND state = 'cancelled'
               AND post IN (SELECT value FROM json_each($2))",
        )
        .bind(store.as_str())
        .bind(json_list(&old))
        .execute(&mut session)
        .await?;
        session.commit().await
    }
}

impl Writing {
    /// The id of a post that is made in this change, the how-manieth from 0.
    pub fn post_id(&self, at: usize) -> String {
        format!("P-{:012}-{at:05}", self.revision)
    }

    /// A post, as this change sees it.
    pub async fn post(&mut self, id: &str) -> Result<Option<Post>, StoreError> {
        let store = self.store.clone();
        post(&mut self.session, &store, id).await
    }

    /// Where a post is, as this change sees it.
    pub async fn post_copies(&mut self, id: &str) -> Result<Vec<Copy>, StoreError> {
        let store = self.store.clone();
        let mut found = copies(&mut self.session, &store, &[id]).await?;
        Ok(found.remove(id).unwrap_or_default())
    }

    /// Posts about a SKU that are still to go, or that went after an instant and stand, the latest first.
    pub async fn posts_that_stand(
        &mut self,
        sku: &Sku,
        after: DateTime<Utc>,
    ) -> Result<Vec<Post>, StoreError> {
        let rows: Vec<Row> = query_as(posts_where!(
            "
           AND sku = $2
           AND ( state IN ('draft', 'due')
              OR (state = 'published' AND $3 < published_at_ms)
               )
         ORDER BY post DESC"
        ))
        .bind(self.store.as_str())
        .bind(sku.as_str())
        .bind(after.timestamp_millis())
        .fetch_all(&mut self.session)
        .await?;
        rows.into_iter().map(Row::post).collect()
    }

    /// How many posts went after an instant, but for those that follow others; of a SKU only, where one is named.
    pub async fn posts_since(
        &mut self,
        sku: Option<&Sku>,
        after: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let count: i64 = query_scalar(
            "
            SELECT count(*)
              FROM post
             WHERE store_id = $1
               AND $2 < published_at_ms
               AND moment <> 'correction'
               AND ($3 = '' OR sku = $3)",
        )
        .bind(self.store.as_str())
        .bind(after.timestamp_millis())
        .bind(sku.map_or("", Sku::as_str))
        .fetch_one(&mut self.session)
        .await?;
        Ok(count.unsigned_abs())
    }

    /// How many posts about a SKU that follow others went after an instant.
    pub async fn corrections_since(
        &mut self,
        sku: &Sku,
        after: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let count: i64 = query_scalar(
            "
            SELECT count(*)
              FROM post
             WHERE store_id = $1
               AND sku = $2
               AND $3 < published_at_ms
               AND moment = 'correction'",
        )
        .bind(self.store.as_str())
        .bind(sku.as_str())
        .bind(after.timestamp_millis())
        .fetch_one(&mut self.session)
        .await?;
        Ok(count.unsigned_abs())
    }

    /// Adds a post, or writes down how far it is.
    pub async fn put_post(&mut self, post: &Post) -> Result<(), StoreError> {
        let (outlook, day) = post.outlook.stored();
        let said = post.said.as_ref();
        query(
            "
            INSERT INTO post
                 ( store_id
                 , post
                 , sku
                 , moment
                 , template
                 , language
                 , state
                 , due_at_ms
                 , outlook
                 , ships_by
                 , said
                 , title
                 , told
                 , link
                 , published_at_ms
                 , follows
                 , made_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
                ON CONFLICT (store_id, post) DO UPDATE
               SET template        = excluded.template
                 , state           = excluded.state
                 , due_at_ms       = excluded.due_at_ms
                 , outlook         = excluded.outlook
                 , ships_by        = excluded.ships_by
                 , said            = excluded.said
                 , title           = excluded.title
                 , told            = excluded.told
                 , link            = excluded.link
                 , published_at_ms = excluded.published_at_ms
                 , revision        = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(&post.id)
        .bind(post.sku.as_str())
        .bind(post.moment.name())
        .bind(&post.template)
        .bind(&post.language)
        .bind(post.state.name())
        .bind(post.due_at.timestamp_millis())
        .bind(outlook)
        .bind(day)
        .bind(said.map(|said| said.text.as_str()))
        .bind(said.map(|said| said.title.as_str()))
        .bind(said.map(|said| said.told.as_str()))
        .bind(said.and_then(|said| said.link.as_deref()))
        .bind(said.map(|said| said.at.timestamp_millis()))
        .bind(post.follows.as_deref())
        .bind(post.made_at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Writes down where a post is.
    pub async fn put_post_copy(&mut self, copy: &Copy) -> Result<(), StoreError> {
        let posted = copy.posted.as_ref();
        query(
            "
            INSERT INTO post_copy
                 ( store_id
                 , post
                 , network
                 , state
                 , reference
                 , edition
                 , url
                 , failure
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (store_id, post, network) DO UPDATE
               SET state     = excluded.state
                 , reference = excluded.reference
                 , edition   = excluded.edition
                 , url       = excluded.url
                 , failure   = excluded.failure
                 , revision  = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(&copy.post)
        .bind(copy.network.name())
        .bind(copy.state.name())
        .bind(posted.map(|posted| posted.reference.as_str()))
        .bind(posted.and_then(|posted| posted.edition.as_deref()))
        .bind(posted.and_then(|posted| posted.url.as_deref()))
        .bind(copy.failure.as_deref())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

async fn post(
    session: &mut Session,
    store: &StoreId,
    id: &str,
) -> Result<Option<Post>, StoreError> {
    let row: Option<Row> = query_as(posts_where!(
        "
           AND post = $2"
    ))
    .bind(store.as_str())
    .bind(id)
    .fetch_optional(session)
    .await?;
    row.map(Row::post).transpose()
}

async fn copies(
    session: &mut Session,
    store: &StoreId,
    posts: &[&str],
) -> Result<HashMap<String, Vec<Copy>>, StoreError> {
    let rows: Vec<CopyRow> = query_as(
        "
        SELECT post
             , network
             , state
             , reference
             , edition
             , url
             , failure
          FROM post_copy
         WHERE store_id = $1
           AND post IN (SELECT value FROM json_each($2))
         ORDER BY network",
    )
    .bind(store.as_str())
    .bind(json_list(posts))
    .fetch_all(session)
    .await?;
    let mut copies: HashMap<String, Vec<Copy>> = HashMap::new();
    for row in rows {
        copies
            .entry(row.post.clone())
            .or_default()
            .push(row.copy()?);
    }
    Ok(copies)
}

impl Row {
    fn post(self) -> Result<Post, StoreError> {
        let said = match (self.said, self.published_at_ms) {
            (Some(text), Some(at)) => Some(Said {
                text,
                title: self.title.unwrap_or_default(),
                told: self.told.unwrap_or_default(),
                link: self.link,
                at: instant(at)?,
            }),
            _ => None,
        };
        Ok(Post {
            id: self.post,
            sku: read(&self.sku, "post.sku")?,
            moment: Moment::named(&self.moment).ok_or(StoreError::Unreadable("post.moment"))?,
            template: self.template,
            language: self.language,
            state: PostState::named(&self.state).ok_or(StoreError::Unreadable("post.state"))?,
            due_at: instant(self.due_at_ms)?,
            outlook: outlook(&self.outlook, self.ships_by)?,
            said,
            follows: self.follows,
            made_at: instant(self.made_at_ms)?,
        })
    }
}

impl CopyRow {
    fn copy(self) -> Result<Copy, StoreError> {
        let (edition, url) = (self.edition, self.url);
        let posted = self.reference.map(|reference| Posted {
            reference,
            edition,
            url,
        });
        Ok(Copy {
            post: self.post,
            network: Network::named(&self.network)
                .ok_or(StoreError::Unreadable("post_copy.network"))?,
            state: CopyState::named(&self.state)
                .ok_or(StoreError::Unreadable("post_copy.state"))?,
            posted,
            failure: self.failure,
        })
    }
}
