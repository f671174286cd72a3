//! `GET /v1/extras`: what the widget needs for what it shows below an answer where a page asks for it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::IntoResponse;
use serde::Serialize;
use shared::text::Language;
use utoipa::ToSchema;

use super::auth::Publishable;
use super::query;
use crate::app::App;
use crate::error::Problem;
use crate::limits::EXTRAS_MAX_AGE_S;
use crate::operations::share_goods::share_place;
use crate::operations::waitlist::is_written_to;
use crate::page::say;

/// What a button that shares and a form for who waits say, and where they lead.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Extras)]
pub struct Answer {
    /// Where the page of a product is, with `{sku}` where its SKU belongs, percent-encoded; relative to this server where nobody said
    /// how it is reached. Null: the shop has switched its pages off.
    share_page: Option<String>,
    /// False: nobody could be told that goods are there again, since the server has no way to write letters for this store.
    back_in_stock: bool,
    /// Every word, ready to show.
    text: Words,
    /// The language of `text`.
    lang: &'static str,
}

/// The words around buttons and fields.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtrasText)]
pub struct Words {
    /// "Share"
    share: String,
    /// "Link copied"
    copied: String,
    /// "Your e-mail address"
    email: String,
    /// "Tell me when it is back"
    notify: String,
    /// "We write once for each, and about nothing else. Every letter has a link that ends it."
    once: String,
    /// "Please enter a complete e-mail address, such as name@example.com."
    no_email: String,
    /// "Too many addresses were entered from here. Please try again later."
    often: String,
    /// "That did not work. Please try again."
    failed: String,
}

/// Says what stands on the widget's buttons, and where they lead
///
/// The widget asks this once for each language, and only where an element of the page has `share` or `notify`.
#[utoipa::path(
    get,
    path = "/v1/extras",
    tag = "shoppers",
    params(("lang" = Option<String>, Query, description = "BCP 47 tag of the language of `text`; English unless given")),
    responses(
        (status = 200, description = "Words and addresses", body = Answer),
        (status = 401, description = "The key is missing, unknown or revoked", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The page's origin is not listed", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
    security(("publishable" = []), ("publishable_in_query" = []), ("secret" = []))
)]
pub async fn show(State(app): State<App>, caller: Publishable, uri: Uri) -> impl IntoResponse {
    let asked = query::first(uri.query(), "lang");
    let language = asked.as_deref().map(Language::for_tag);
    let language = language.unwrap_or_default();
    let share_page = share_place(&caller.shop).map(|path| {
        let path = in_language(path, language);
        app.connections.link(&path).unwrap_or(path)
    });
    let answer = Answer {
        share_page,
        back_in_stock: is_written_to(&app, &caller.shop.id),
        text: Words::of(language),
        lang: language.tag(),
    };
    let kept = HeaderValue::from_str(&format!("public, max-age={EXTRAS_MAX_AGE_S}"))
        .expect("letters and digits may stand in a header");
    ([(header::CACHE_CONTROL, kept)], Json(answer))
}

/// Who is sent the link reads what its sender read.
fn in_language(path: String, language: Language) -> String {
    match language == Language::default() {
        true => path,
        false => format!("{path}?lang={}", language.tag()),
    }
}

impl Words {
    fn of(language: Language) -> Self {
        let word = |key: &str| say(language, key, &[]);
        Self {
            share: word("button_share"),
            copied: word("share_copied"),
            email: word("waitlist_email"),
            notify: word("button_notify"),
            once: word("waitlist_once"),
            no_email: word("waitlist_no_email"),
            often: word("waitlist_often"),
            failed: word("waitlist_failed"),
        }
    }
}
