//! Letters to customers, as a merchant words them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Refusals;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::Named;
use crate::mail::render::Template;
use crate::operations::letter_templates::{
    self, LetterName, put_template, remove_template, template,
};

/// How a letter looks: places such as `{{ heading }}` are filled for each.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LetterTemplateRequest)]
pub struct Request {
    /// The subject.
    subject: String,
    /// MJML: the HTML part.
    mjml: String,
    /// The plain text part.
    plain: String,
}

/// How a letter looks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LetterTemplate)]
pub struct Answer {
    /// The subject.
    subject: String,
    /// MJML: the HTML part.
    mjml: String,
    /// The plain text part.
    plain: String,
    /// False where it is ours.
    own: bool,
}

/// A made-up letter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LetterPreview)]
pub struct Preview {
    /// The subject.
    subject: String,
    /// The HTML part.
    html: String,
    /// The plain text part.
    plain: String,
}

/// Shows how a letter looks
#[utoipa::path(
    get,
    path = "/v1/letters/{letter}/{lang}",
    tag = "merchants",
    params(
        ("letter" = String, Path, description = "`confirmed`, `delayed`, `sooner`, `shipped`, `payment_needed`, `cancelled`, `refunded`, `back_in_stock_confirm` or `back_in_stock`"),
        ("lang" = String, Path, description = "`en-US`, `en-GB`, `de`, `fr`, `es`, `ja` or `ar`"),
    ),
    responses((status = 200, description = "Its template", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(names): Named<(String, String)>,
) -> Result<Json<Answer>, Problem> {
    let (template, own) = template(&app, &merchant.store, named(&names)?).await?;
    Ok(Json(Answer {
        subject: template.subject,
        mjml: template.mjml,
        plain: template.plain,
        own,
    }))
}

/// Replaces how a letter looks
///
/// It is tried on a made-up letter first, and refused with the line that is wrong.
#[utoipa::path(
    put,
    path = "/v1/letters/{letter}/{lang}",
    tag = "merchants",
    params(
        ("letter" = String, Path, description = "The letter"),
        ("lang" = String, Path, description = "The language"),
    ),
    request_body = Request,
    responses((status = 200, description = "A made-up letter by it", body = Preview), Refusals),
    security(("secret" = []))
)]
pub async fn put(
    State(app): State<App>,
    merchant: Merchant,
    Named(names): Named<(String, String)>,
    ApiJson(request): ApiJson<Request>,
) -> Result<Json<Preview>, Problem> {
    let (name, template) = (named(&names)?, Template::from(request));
    let preview = Preview::of(name, &template)?;
    put_template(&app, &merchant.store, name, template).await?;
    Ok(Json(preview))
}

/// Goes back to our letter
#[utoipa::path(
    delete,
    path = "/v1/letters/{letter}/{lang}",
    tag = "merchants",
    params(
        ("letter" = String, Path, description = "The letter"),
        ("lang" = String, Path, description = "The language"),
    ),
    responses((status = 204, description = "It is ours"), Refusals),
    security(("secret" = []))
)]
pub async fn remove(
    State(app): State<App>,
    merchant: Merchant,
    Named(names): Named<(String, String)>,
) -> Result<StatusCode, Problem> {
    remove_template(&app, &merchant.store, named(&names)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows a made-up letter by a template, without keeping it
#[utoipa::path(
    post,
    path = "/v1/letters/{letter}/{lang}/preview",
    tag = "merchants",
    params(
        ("letter" = String, Path, description = "The letter"),
        ("lang" = String, Path, description = "The language"),
    ),
    request_body = Request,
    responses((status = 200, description = "A made-up letter", body = Preview), Refusals),
    security(("secret" = []))
)]
pub async fn preview(
    _: Merchant,
    Named(names): Named<(String, String)>,
    ApiJson(request): ApiJson<Request>,
) -> Result<Json<Preview>, Problem> {
    Ok(Json(Preview::of(named(&names)?, &request.into())?))
}

fn named((letter, language): &(String, String)) -> Result<LetterName, Problem> {
    LetterName::named(letter, language).ok_or_else(Problem::not_found)
}

impl Preview {
    fn of(name: LetterName, template: &Template) -> Result<Self, Problem> {
        let mail = letter_templates::preview(name, template)?;
        Ok(Self {
            subject: mail.subject,
            html: mail.html,
            plain: mail.plain,
        })
    }
}

impl From<Request> for Template {
    fn from(request: Request) -> Self {
        Self {
            subject: request.subject,
            mjml: request.mjml,
            plain: request.plain,
        }
    }
}
