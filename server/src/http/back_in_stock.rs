//! `POST /v1/back-in-stock`: an address that wants to be told when goods are there again.

use std::net::IpAddr;
use std::num::NonZeroU32;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};
use shared::ids::StoreId;
use shared::text::Language;
use utoipa::ToSchema;

use super::auth::{Publishable, counted_as};
use super::body::ApiJson;
use super::merchant::fields::{Email, LanguageTag, SkuName};
use super::web::Web;
use crate::error::Problem;
use crate::limits::{RATE_FORGET_EVERY, SIGN_UPS_PER_HOUR};
use crate::operations::join_waitlist::{JoinWaitlist, join_waitlist};
use crate::page::say;

/// Who wants to be told of what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BackInStockRequest)]
pub struct Request {
    /// The SKU.
    sku: SkuName,
    /// The address to write to.
    email: Email,
    /// BCP 47 tag of the language to write in; English unless given.
    lang: Option<LanguageTag>,
}

/// What everybody is answered, whatever is known of the address and the SKU.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackInStockAnswer)]
pub struct Answer {
    /// What to show, in the language that was asked for.
    text: String,
}

/// Signs an address up to be told once when goods are there again
///
/// The address gets a letter that asks its owner to confirm, at most one a day, and nothing else before they have. The answer is the same
/// for an unknown SKU and for an address that is known.
#[utoipa::path(
    post,
    path = "/v1/back-in-stock",
    tag = "shoppers",
    request_body = Request,
    responses(
        (status = 202, description = "Taken; always the same", body = Answer),
        (status = 400, description = "The body is no JSON", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The key is missing, unknown or revoked", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The page's origin is not listed", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is larger than 64 KiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not declared as JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "What was sent is no SKU or no address, whoever's it would be", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "More than five sign-ups in an hour from one address of the network", body = Problem, content_type = "application/problem+json"),
    ),
    security(("publishable" = []), ("publishable_in_query" = []), ("secret" = []))
)]
pub async fn sign_up(
    State(web): State<Web>,
    caller: Publishable,
    ApiJson(request): ApiJson<Request>,
) -> Result<impl IntoResponse, Problem> {
    web.sign_ups
        .count(&caller.shop.id, caller.address, web.next_number())?;
    let tag = request.lang.map(|tag| tag.0).unwrap_or_default();
    let language = Language::for_tag(&tag);
    let joins = JoinWaitlist {
        sku: request.sku.0,
        email: request.email.0,
        language,
    };
    join_waitlist(&web.app, &caller.shop.id, joins).await?;
    let text = say(language, "waitlist_accepted", &[]);
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::ACCEPTED, headers, Json(Answer { text })))
}

/// How often addresses are signed up, for each store and address of the network.
pub struct SignUps(Option<DefaultKeyedRateLimiter<(StoreId, IpAddr)>>);

impl SignUps {
    /// Counts, unless nothing is limited.
    pub fn limited(is_limited: bool) -> Self {
        let most = NonZeroU32::new(SIGN_UPS_PER_HOUR).unwrap_or(NonZeroU32::MIN);
        Self(is_limited.then(|| RateLimiter::keyed(Quota::per_hour(most))))
    }

    fn count(&self, store: &StoreId, address: IpAddr, number: u64) -> Result<(), Problem> {
        let Some(rates) = &self.0 else {
            return Ok(());
        };
        if number.is_multiple_of(RATE_FORGET_EVERY) {
            rates.retain_recent();
        }
        let key = (store.clone(), counted_as(address));
        rates.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(rates.clock().now());
            let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
            Problem::new(
                429,
                "rate_limited",
                "Too many sign-ups",
                "Wait as Retry-After says before more addresses are signed up from here.",
            )
            .retry_after_s(seconds)
        })
    }
}
