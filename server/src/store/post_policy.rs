//! What a shop posts by itself.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use shared::ids::StoreId;

use super::engine::{Session, query, query_scalar, stored};
use super::payments::words;
use super::{Store, StoreError, Writing};
use crate::posts::Moment;

words!(
    /// Where posts go, beside the feed and whoever is told by webhook.
    Network {
        /// A server of Mastodon.
        Mastodon = "mastodon",
        /// Bluesky.
        Bluesky = "bluesky",
    }
);

words!(
    /// What becomes of a post when something else is so than it says.
    WhenOutdated {
        /// Another post follows it that says so.
        FollowUp = "follow_up",
        /// It is removed.
        Delete = "delete",
        /// It stays.
        Leave = "leave",
    }
);

/// What a shop posts by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostPolicy {
    /// Of which moments, each with its template.
    pub moments: Vec<(Moment, String)>,
    /// What follows a post that is out of date says.
    pub correction: String,
    /// Where.
    pub networks: Vec<Network>,
    /// In which language, by its tag.
    pub language: String,
    /// Whether somebody looks at each post before it goes.
    pub approve: bool,
    /// From when on the shop posts, on the clocks of the location that ships.
    pub from: NaiveTime,
    /// Until when; the same as `from`: at any time.
    pub until: NaiveTime,
    /// Posts in 24 hours at most; what follows an outdated one is not counted.
    pub per_day: u32,
    /// For how many days nothing else is posted of a SKU by itself, but for what follows an outdated post.
    pub per_sku_days: u32,
    /// What becomes of a post when something else is so than it says.
    pub when_outdated: WhenOutdated,
}

impl Default for PostPolicy {
    fn default() -> Self {
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour of the day");
        Self {
            moments: Vec::new(),
            correction: "{title}: {told}. {link}".into(),
            networks: Vec::new(),
            language: "en".into(),
            approve: true,
            from: hour(9),
            until: hour(20),
            per_day: 5,
            per_sku_days: 7,
            when_outdated: WhenOutdated::FollowUp,
        }
    }
}

impl PostPolicy {
    /// The template for a moment; `None`: nothing is posted of it.
    pub fn template(&self, moment: Moment) -> Option<&str> {
        let mut moments = self.moments.iter();
        let (_, template) = moments.find(|(picked, _)| *picked == moment)?;
        Some(template)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    moments: Vec<(String, String)>,
    correction: String,
    networks: Vec<String>,
    language: String,
    approve: bool,
    from: String,
    until: String,
    per_day: u32,
    per_sku_days: u32,
    when_outdated: String,
}

/// How a time of the day is kept.
const TIME: &str = "%H:%M";

impl Store {
    /// What a store posts by itself; nothing where nobody said anything.
    pub async fn post_policy(&self, store: &StoreId) -> Result<PostPolicy, StoreError> {
        policy(&mut self.read(store).await?, store).await
    }
}

impl Writing {
    /// What the store posts by itself, as this change sees it.
    pub async fn post_policy(&mut self) -> Result<PostPolicy, StoreError> {
        let store = self.store.clone();
        policy(&mut self.session, &store).await
    }

    /// Keeps what the store posts by itself.
    pub async fn put_post_policy(&mut self, policy: &PostPolicy) -> Result<(), StoreError> {
        let terms = serde_json::to_string(&Stored::of(policy));
        query(
            "
            INSERT INTO post_policy
                 ( store_id
                 , terms
                 , revision
                 )
            VALUES ($1, $2, $3)
                ON CONFLICT (store_id) DO UPDATE
               SET terms    = excluded.terms
                 , revision = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(terms.expect("texts and numbers are always JSON"))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

async fn policy(session: &mut Session, store: &StoreId) -> Result<PostPolicy, StoreError> {
    let terms: Option<String> = query_scalar(
        "
        SELECT terms
          FROM post_policy
         WHERE store_id = $1",
    )
    .bind(store.as_str())
    .fetch_optional(session)
    .await?;
    let Some(terms) = terms else {
        return Ok(PostPolicy::default());
    };
    let stored: Option<Stored> = serde_json::from_str(&terms).ok();
    stored
        .and_then(Stored::policy)
        .ok_or(StoreError::Unreadable("post_policy.terms"))
}

impl Stored {
    fn of(policy: &PostPolicy) -> Self {
        let moments = policy.moments.iter();
        let networks = policy.networks.iter();
        Self {
            moments: moments
                .map(|(moment, template)| (moment.name().to_owned(), template.clone()))
                .collect(),
            correction: policy.correction.clone(),
            networks: networks.map(|network| network.name().to_owned()).collect(),
            language: policy.language.clone(),
            approve: policy.approve,
            from: policy.from.format(TIME).to_string(),
            until: policy.until.format(TIME).to_string(),
            per_day: policy.per_day,
            per_sku_days: policy.per_sku_days,
            when_outdated: policy.when_outdated.name().to_owned(),
        }
    }

    fn policy(self) -> Option<PostPolicy> {
        let time = |text: &str| NaiveTime::parse_from_str(text, TIME).ok();
        let moments = self.moments.into_iter();
        let moments = moments.map(|(word, template)| Some((Moment::named(&word)?, template)));
        let networks = self.networks.iter().map(|word| Network::named(word));
        Some(PostPolicy {
            moments: moments.collect::<Option<_>>()?,
            correction: self.correction,
            networks: networks.collect::<Option<_>>()?,
            language: self.language,
            approve: self.approve,
            from: time(&self.from)?,
            until: time(&self.until)?,
            per_day: self.per_day,
            per_sku_days: self.per_sku_days,
            when_outdated: WhenOutdated::named(&self.when_outdated)?,
        })
    }
}
