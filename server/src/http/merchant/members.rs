//! Members: who may sign in, and what they may do.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, sent};
use super::fields::{Email, Name, Password, RoleName};
use super::session::{MemberAnswer, drawn};
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::Named;
use crate::http::session::cookie;
use crate::operations::members::{
    ChangeMember, NewMember, add_member, change_member, members, remove_member,
};
use crate::operations::once::{self, Asked, Once};
use crate::operations::records::Member;

/// Somebody who is to be a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberRequest)]
pub struct Request {
    /// Their address, with which they sign in.
    email: Email,
    /// What they are called.
    name: Name,
    /// What they may do.
    role: RoleName,
    /// Their first password. Tell them another way than by mail; they change it themselves.
    password: Password,
}

/// What is to be another. Whatever is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberChange)]
pub struct ChangeRequest {
    /// What they may do. Another role ends their sessions.
    role: Option<RoleName>,
    /// What they are called.
    name: Option<Name>,
    /// Their password. Another one ends their sessions.
    password: Option<Password>,
}

/// All members.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Members)]
pub struct List {
    /// Members, the first one first.
    items: Vec<MemberAnswer>,
}

/// Lists who may sign in; for owners
#[utoipa::path(
    get,
    path = "/v1/members",
    tag = "dashboard",
    responses((status = 200, description = "All of them", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(State(app): State<App>, merchant: Merchant) -> Result<Json<List>, Problem> {
    let members = members(&app, &merchant.store).await?;
    Ok(Json(List {
        items: members.iter().map(MemberAnswer::of).collect(),
    }))
}

/// Lets somebody sign in; for owners
///
/// `409 email_taken` where a member has the address.
#[utoipa::path(
    post,
    path = "/v1/members",
    tag = "dashboard",
    params(("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")),
    request_body = Request,
    responses((status = 201, description = "They may", body = MemberAnswer), Refusals),
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
    let asked = without_password(asked, &body);
    let new = NewMember {
        id: drawn()?,
        email: body.email.0,
        name: body.name.0,
        role: body.role.0,
        password: body.password.0,
        salt: drawn()?,
    };
    let once = Once::claim(&app, asked, added)?;
    let outcome = add_member(&app, &merchant.store, new, once).await?;
    Ok(sent(outcome, added))
}

/// Changes a member's role, name or password; for owners
///
/// `409 last_owner` where no owner would be left.
#[utoipa::path(
    patch,
    path = "/v1/members/{id}",
    tag = "dashboard",
    params(("id" = String, Path, description = "The member's id")),
    request_body = ChangeRequest,
    responses((status = 200, description = "As they are now", body = MemberAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn change(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
    ApiJson(request): ApiJson<ChangeRequest>,
) -> Result<Response, Problem> {
    let change = ChangeMember {
        id,
        role: request.role.map(|role| role.0),
        name: request.name.map(|name| name.0),
        password: request.password.map(|password| password.0),
        salt: drawn()?,
        by: merchant.member.as_ref().map(|member| member.id.clone()),
        token: drawn()?,
    };
    let (member, goes_on) = change_member(&app, &merchant.store, change).await?;
    let mut response = Json(MemberAnswer::of(&member)).into_response();
    if let Some(signed_in) = goes_on {
        let headers = response.headers_mut();
        headers.insert(header::SET_COOKIE, cookie(&signed_in.token));
    }
    Ok(response)
}

/// Removes a member: they are signed out, and cannot sign in any more; for owners
///
/// `409 last_owner` where no owner would be left.
#[utoipa::path(
    delete,
    path = "/v1/members/{id}",
    tag = "dashboard",
    params(("id" = String, Path, description = "The member's id")),
    responses((status = 204, description = "They are removed"), Refusals),
    security(("secret" = []))
)]
pub async fn remove(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    remove_member(&app, &merchant.store, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn added(member: &Member) -> once::Answer {
    asking::answer(201, &MemberAnswer::of(member))
}

/// What a request is known by, without the password in it: a quick hash of one must not be kept.
fn without_password(asked: Asked, body: &Request) -> Asked {
    let mut fingerprint = Sha256::new();
    for part in [&body.email.0, &body.name.0, body.role.0.name()] {
        fingerprint.update(part);
        // Stands in none of them.
        fingerprint.update(b"\n");
    }
    Asked {
        fingerprint: fingerprint.finalize().into(),
        ..asked
    }
}
