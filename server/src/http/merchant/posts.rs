//! What the shop posts about its goods: by which rules, and each post.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::text::Language;
use shared::wire::Date;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, Page, sent};
use super::fields::{
    LanguageTag, Moment as Instant, NetworkName, PostTemplate, SkuName, TimeOfDay, WhenOutdatedName,
};
use super::reservations::instant;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::OwnId;
use crate::operations::once::{self, Once};
use crate::operations::posts::{self as acts, ChangePost, NewPost, PostWithCopies};
use crate::operations::records::{Copy, PostPolicy, PostState};
use crate::posts::Moment;

/// Most posts of a day, and most days between two of a SKU.
const COUNT_MAX: u32 = 365;

/// By which rules the shop posts. What is left out takes the value that is named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostPolicyRequest)]
pub struct PolicyRequest {
    /// Of which moments, each with its template. None of them unless given.
    #[serde(default)]
    moments: Moments,
    /// What follows a post that is out of date. `{title}: {told}. {link}` unless given.
    correction: Option<PostTemplate>,
    /// Where, beside the feed and the webhooks. Nowhere unless given.
    #[serde(default)]
    networks: Vec<NetworkName>,
    /// In which language dates and states are told. English unless given.
    language: Option<LanguageTag>,
    /// Whether each post waits for somebody to approve it; what follows an outdated one does not. True unless said otherwise.
    approve: Option<bool>,
    /// From when on posts go, on the clocks of the location that ships. 09:00 unless given.
    from: Option<TimeOfDay>,
    /// Until when; the same as `from`: at any time. 20:00 unless given.
    until: Option<TimeOfDay>,
    /// Posts in 24 hours at most, 1 to 365; what follows an outdated one is not counted. 5 unless given.
    #[schema(minimum = 1, maximum = 365)]
    per_day: Option<u32>,
    /// For how many days nothing else is posted of a SKU by itself, 0 to 365. 7 unless given.
    #[schema(maximum = 365)]
    per_sku_days: Option<u32>,
    /// What becomes of a post when something else is so than it says. `follow_up` unless given.
    when_outdated: Option<WhenOutdatedName>,
}

/// Moments of which the shop posts, each with its template.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostMomentsRequest)]
pub struct Moments {
    /// Goods are on the shelf that were not.
    back_in_stock: Option<PostTemplate>,
    /// Goods that are awaited leave by another day than was known.
    new_date: Option<PostTemplate>,
    /// Goods can be ordered before they are released.
    preorder_opens: Option<PostTemplate>,
}

/// By which rules the shop posts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostPolicy)]
pub struct PolicyAnswer {
    /// Of which moments, each with its template.
    moments: MomentsAnswer,
    /// What follows a post that is out of date.
    correction: String,
    /// Where, beside the feed and the webhooks.
    networks: Vec<&'static str>,
    /// In which language dates and states are told.
    language: String,
    /// Whether each post waits for somebody to approve it.
    approve: bool,
    /// From when on posts go.
    from: String,
    /// Until when.
    until: String,
    /// Posts in 24 hours at most.
    per_day: u32,
    /// For how many days nothing else is posted of a SKU by itself.
    per_sku_days: u32,
    /// What becomes of a post when something else is so than it says.
    when_outdated: &'static str,
}

/// Moments of which the shop posts; null: it does not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostMoments)]
pub struct MomentsAnswer {
    /// Goods are on the shelf that were not.
    back_in_stock: Option<String>,
    /// Goods that are awaited leave by another day than was known.
    new_date: Option<String>,
    /// Goods can be ordered before they are released.
    preorder_opens: Option<String>,
}

/// A post that you want.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostRequest)]
pub struct Request {
    /// About what.
    sku: SkuName,
    /// What it says.
    template: PostTemplate,
    /// When it goes, at the earliest (RFC 3339). At once unless given.
    at: Option<Instant>,
}

/// What is to be another of a post that has not gone. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostChange)]
pub struct ChangeRequest {
    /// What it says.
    template: Option<PostTemplate>,
    /// When it goes, at the earliest (RFC 3339).
    at: Option<Instant>,
}

/// What a template is to be tried on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostPreviewRequest)]
pub struct PreviewRequest {
    /// The SKU.
    sku: SkuName,
    /// The template.
    template: PostTemplate,
}

/// What a post would say now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostPreview)]
pub struct PreviewAnswer {
    /// Its words.
    text: String,
    /// Its characters, at most 300.
    chars: usize,
    /// True if something was left out, so that it is short enough.
    is_shortened: bool,
    /// The first line of the link's card.
    title: String,
    /// The second.
    told: String,
    /// Where the link leads; null: nowhere, since nobody said how the server is reached.
    link: Option<String>,
}

/// A post.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Post)]
pub struct Answer {
    /// Its id.
    id: String,
    /// About what.
    sku: String,
    /// Why: `back_in_stock`, `new_date`, `preorder_opens`, `by_hand` or `correction`.
    moment: &'static str,
    /// What it is made of.
    template: String,
    /// `draft` (somebody is to approve it), `due`, `published`, `corrected` (another one follows it), `withdrawn` (it was removed) or `cancelled`
    /// (it never went).
    status: &'static str,
    /// When it goes, at the earliest.
    at: String,
    /// How it stands with the goods as the post says: `there`, `awaited`, `preorder` or `gone`.
    outlook: &'static str,
    /// The ship-by date that it says.
    ships_by: Option<Date>,
    /// What it said; null: it has not gone.
    text: Option<String>,
    /// When it went.
    published_at: Option<String>,
    /// The post that it corrects.
    follows: Option<String>,
    /// Where it is, beside the feed.
    copies: Vec<CopyAnswer>,
}

/// A post on a network.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostCopy)]
pub struct CopyAnswer {
    /// Which.
    network: &'static str,
    /// `due`, `posted`, `failed`, `removing` or `removed`.
    status: &'static str,
    /// Where people see it.
    url: Option<String>,
    /// Why it could not be posted, or not be removed.
    failure: Option<String>,
}

/// A page of posts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Posts)]
pub struct List {
    /// Posts, the latest first.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// A request that says nothing beyond its address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostStep)]
pub struct Nothing {}

/// Shows by which rules the shop posts
#[utoipa::path(
    get,
    path = "/v1/posts/policy",
    tag = "merchants",
    responses((status = 200, description = "As they are", body = PolicyAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn show_policy(
    State(app): State<App>,
    merchant: Merchant,
) -> Result<Json<PolicyAnswer>, Problem> {
    let policy = acts::post_policy(&app, &merchant.store).await?;
    Ok(Json(PolicyAnswer::from(policy)))
}

/// Replaces the rules by which the shop posts
///
/// `422 no_account` for a network of which the file of accounts says nothing.
#[utoipa::path(
    put,
    path = "/v1/posts/policy",
    tag = "merchants",
    request_body = PolicyRequest,
    responses((status = 200, description = "As they are now", body = PolicyAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn put_policy(
    State(app): State<App>,
    merchant: Merchant,
    ApiJson(request): ApiJson<PolicyRequest>,
) -> Result<Json<PolicyAnswer>, Problem> {
    let policy = acts::put_post_policy(&app, &merchant.store, request.policy()?).await?;
    Ok(Json(PolicyAnswer::from(policy)))
}

/// Shows what a post made of a template would say now
#[utoipa::path(
    post,
    path = "/v1/posts/preview",
    tag = "merchants",
    request_body = PreviewRequest,
    responses((status = 200, description = "What it would say", body = PreviewAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn preview(
    State(app): State<App>,
    merchant: Merchant,
    ApiJson(request): ApiJson<PreviewRequest>,
) -> Result<Json<PreviewAnswer>, Problem> {
    let (sku, template) = (request.sku.0, request.template.0);
    let preview = acts::preview(&app, &merchant.store, &sku, &template).await?;
    Ok(Json(PreviewAnswer {
        text: preview.text,
        chars: preview.chars,
        is_shortened: preview.is_shortened,
        title: preview.title,
        told: preview.told,
        link: preview.link,
    }))
}

/// Lists posts, the latest first
#[utoipa::path(
    get,
    path = "/v1/posts",
    tag = "merchants",
    params(Page),
    responses((status = 200, description = "A page of them", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(
    State(app): State<App>,
    merchant: Merchant,
    page: Page,
) -> Result<Json<List>, Problem> {
    let (store, limit) = (&merchant.store, page.limit()?);
    let before: Option<OwnId> = page.after(store)?;
    let before = before.map(|id| id.0);
    let state = page.status.as_deref().map(|word| {
        PostState::named(word).ok_or_else(|| {
            Problem::invalid(
                "?status",
                "invalid_parameter",
                "must be draft, due, published, corrected, withdrawn or cancelled",
            )
        })
    });
    let found = acts::posts(&app, store, state.transpose()?, before.as_deref(), limit).await?;
    Ok(Json(List {
        next: Page::next(store, &found, limit, |one| one.post.id.clone()),
        items: found.iter().map(Answer::of).collect(),
    }))
}

/// Makes a post that goes when you say
#[utoipa::path(
    post,
    path = "/v1/posts",
    tag = "merchants",
    params(("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")),
    request_body = Request,
    responses((status = 201, description = "It goes when it is time", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn create(
    State(app): State<App>,
    request: asking::Once<Request>,
) -> Result<Response, Problem> {
    let asking::Once {
        merchant,
        asked,
        body,
    } = request;
    let new = NewPost {
        sku: body.sku.0,
        template: body.template.0,
        at: body.at.map(|at| at.0),
    };
    let once = Once::claim(&app, asked, made)?;
    let outcome = acts::add_post(&app, &merchant.store, new, once).await?;
    Ok(sent(outcome, made))
}

/// Shows a post, and where it is
#[utoipa::path(
    get,
    path = "/v1/posts/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The post's id")),
    responses((status = 200, description = "As it is", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    OwnId(id): OwnId,
) -> Result<Json<Answer>, Problem> {
    let found = acts::post(&app, &merchant.store, &id).await?;
    Ok(Json(Answer::of(&found)))
}

/// Changes a post that has not gone
#[utoipa::path(
    patch,
    path = "/v1/posts/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The post's id")),
    request_body = ChangeRequest,
    responses((status = 200, description = "As it is now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn change(
    State(app): State<App>,
    merchant: Merchant,
    OwnId(id): OwnId,
    ApiJson(request): ApiJson<ChangeRequest>,
) -> Result<Json<Answer>, Problem> {
    let change = ChangePost {
        template: request.template.map(|template| template.0),
        at: request.at.map(|at| at.0),
    };
    let changed = acts::change_post(&app, &merchant.store, id, change).await?;
    Ok(Json(Answer::of(&changed)))
}

/// Lets a draft go when it is time
#[utoipa::path(
    post,
    path = "/v1/posts/{id}/approve",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The post's id"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
    ),
    request_body = Nothing,
    responses((status = 200, description = "It goes when it is time", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn approve(
    State(app): State<App>,
    OwnId(id): OwnId,
    request: asking::Once<Nothing>,
) -> Result<Response, Problem> {
    let once = Once::claim(&app, request.asked, approved)?;
    let outcome = acts::approve_post(&app, &request.merchant.store, id, once).await?;
    Ok(sent(outcome, approved))
}

/// Cancels a post that has not gone; removes one that has, from wherever it is
#[utoipa::path(
    delete,
    path = "/v1/posts/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The post's id")),
    responses((status = 204, description = "It is cancelled, or is being removed"), Refusals),
    security(("secret" = []))
)]
pub async fn remove(
    State(app): State<App>,
    merchant: Merchant,
    OwnId(id): OwnId,
) -> Result<StatusCode, Problem> {
    acts::remove_post(&app, &merchant.store, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl PolicyRequest {
    fn policy(self) -> Result<PostPolicy, Problem> {
        let usual = PostPolicy::default();
        let moments = [
            (Moment::BackInStock, self.moments.back_in_stock),
            (Moment::NewDate, self.moments.new_date),
            (Moment::PreorderOpens, self.moments.preorder_opens),
        ];
        let picked = moments.into_iter();
        let picked = picked.filter_map(|(moment, template)| Some((moment, template?.0)));
        let mut networks: Vec<_> = Vec::new();
        for network in self.networks {
            if !networks.contains(&network.0) {
                networks.push(network.0);
            }
        }
        let language = self.language.map(|tag| tag.0);
        let language = Language::for_tag(language.as_deref().unwrap_or(&usual.language));
        Ok(PostPolicy {
            moments: picked.collect(),
            correction: self.correction.map_or(usual.correction, |text| text.0),
            networks,
            language: language.tag().to_owned(),
            approve: self.approve.unwrap_or(usual.approve),
            from: self.from.map_or(usual.from, |time| time.0),
            until: self.until.map_or(usual.until, |time| time.0),
            per_day: count("/per_day", self.per_day.unwrap_or(usual.per_day), 1)?,
            per_sku_days: count(
                "/per_sku_days",
                self.per_sku_days.unwrap_or(usual.per_sku_days),
                0,
            )?,
            when_outdated: self
                .when_outdated
                .map_or(usual.when_outdated, |word| word.0),
        })
    }
}

fn count(pointer: &str, count: u32, least: u32) -> Result<u32, Problem> {
    match (least..=COUNT_MAX).contains(&count) {
        true => Ok(count),
        false => {
            let detail = format!("must be a whole number from {least} to {COUNT_MAX}");
            Err(Problem::invalid(pointer, "invalid_count", detail))
        }
    }
}

impl From<PostPolicy> for PolicyAnswer {
    fn from(policy: PostPolicy) -> Self {
        let template = |moment: Moment| policy.template(moment).map(str::to_owned);
        let networks = policy.networks.iter();
        let time = |time: chrono::NaiveTime| time.format("%H:%M").to_string();
        Self {
            moments: MomentsAnswer {
                back_in_stock: template(Moment::BackInStock),
                new_date: template(Moment::NewDate),
                preorder_opens: template(Moment::PreorderOpens),
            },
            networks: networks.map(|network| network.name()).collect(),
            approve: policy.approve,
            from: time(policy.from),
            until: time(policy.until),
            per_day: policy.per_day,
            per_sku_days: policy.per_sku_days,
            when_outdated: policy.when_outdated.name(),
            correction: policy.correction,
            language: policy.language,
        }
    }
}

fn made(done: &PostWithCopies) -> once::Answer {
    asking::answer(201, &Answer::of(done))
}

fn approved(done: &PostWithCopies) -> once::Answer {
    asking::answer(200, &Answer::of(done))
}

impl Answer {
    fn of(found: &PostWithCopies) -> Self {
        let post = &found.post;
        let (outlook, day) = post.outlook.stored();
        let said = post.said.as_ref();
        Self {
            id: post.id.clone(),
            sku: post.sku.to_string(),
            moment: post.moment.name(),
            template: post.template.clone(),
            status: post.state.name(),
            at: instant(post.due_at),
            outlook,
            ships_by: day.map(Date),
            text: said.map(|said| said.text.clone()),
            published_at: said.map(|said| instant(said.at)),
            follows: post.follows.clone(),
            copies: found.copies.iter().map(CopyAnswer::of).collect(),
        }
    }
}

impl CopyAnswer {
    fn of(copy: &Copy) -> Self {
        let posted = copy.posted.as_ref();
        Self {
            network: copy.network.name(),
            status: copy.state.name(),
            url: posted.and_then(|posted| posted.url.clone()),
            failure: copy.failure.clone(),
        }
    }
}
