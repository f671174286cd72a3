//! The first owner, made with the link that `ships-by serve` prints.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Refusals;
use super::fields::{Email, Name, Password};
use super::session::{self, drawn, with_cookie};
use crate::app::App;
use crate::error::Problem;
use crate::http::body::ApiJson;
use crate::http::session::refuse_other_pages;
use crate::operations::members::{NewMember, set_up, setup_store};
use crate::operations::records::Role;
use crate::operations::sign_in::is_setup_open;

/// Whether the first owner is still to be made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Setup)]
pub struct Answer {
    /// True while there is no member.
    is_open: bool,
}

/// The first owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetupRequest)]
pub struct Request {
    /// What stands behind `#setup=` in the link.
    token: String,
    /// Your address.
    email: Email,
    /// Your password.
    password: Password,
    /// What you are called.
    name: Name,
}

/// Says whether the first owner is still to be made
#[utoipa::path(
    get,
    path = "/v1/setup",
    tag = "dashboard",
    responses((status = 200, description = "Whether it is", body = Answer), Refusals),
    security(())
)]
pub async fn show(State(app): State<App>) -> Result<Json<Answer>, Problem> {
    let is_open = is_setup_open(&app).await?;
    Ok(Json(Answer { is_open }))
}

/// Makes the first owner, and signs them in
///
/// While there is no member, `ships-by serve` prints a link with the token each time it starts; it works for 7 days. `401
/// setup_token_unknown` for another one, `409 setup_closed` once there are members.
#[utoipa::path(
    post,
    path = "/v1/setup",
    tag = "dashboard",
    request_body = Request,
    responses(
        (status = 200, description = "You are signed in, and Set-Cookie has the session", body = session::Answer),
        Refusals,
    ),
    security(())
)]
pub async fn make(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    ApiJson(request): ApiJson<Request>,
) -> Result<Response, Problem> {
    refuse_other_pages(&app, &headers, &uri)?;
    let store = setup_store(&app, &request.token).await?;
    let store = store.ok_or_else(unknown)?;
    let first = NewMember {
        id: drawn()?,
        email: request.email.0,
        name: request.name.0,
        role: Role::Owner,
        password: request.password.0,
        salt: drawn()?,
    };
    let signed_in = set_up(&app, store, first, drawn()?).await?;
    with_cookie(&app, &signed_in)
}

fn unknown() -> Problem {
    Problem::new(
        401,
        "setup_token_unknown",
        "The link does not work",
        "Take the whole link that `ships-by serve` printed last. It works for 7 days; start the server again for another.",
    )
}
