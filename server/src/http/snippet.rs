//! `GET /v1/snippet/{sku}.html`: the answer as a piece of HTML, for pages put together on a server.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use shared::ids::Sku;
use shared::wire::Availability;

use super::auth::Publishable;
use super::availability::cacheable_until;
use super::named::Named;
use super::query::Asked;
use super::web::Web;
use crate::error::Problem;
use crate::operations::check_availability::{Question, answer};

/// Says when a SKU ships, as a piece of HTML
///
/// Text only, without style and script. Classes: `ships-by` and `ships-by--{status}` on the whole;
/// `ships-by__label`, `ships-by__date`, `ships-by__detail`, `ships-by__reason` on its parts. An
/// unknown SKU gives an empty piece, so that the page keeps its own words.
#[utoipa::path(
    get,
    path = "/v1/snippet/{file}",
    tag = "shoppers",
    params(
        ("file" = String, Path, description = "The SKU, percent-encoded, with `.html` behind it"),
        ("qty" = Option<u32>, Query, description = "Units, 1 to 9,999", minimum = 1, maximum = 9999),
        ("lang" = Option<String>, Query, description = "BCP 47 tag of the language; English unless given"),
    ),
    responses(
        (status = 200, description = "The piece of HTML", body = String, content_type = "text/html"),
        (status = 401, description = "The key is missing, unknown or revoked", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The page's origin is not listed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The address does not end in .html", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The SKU or a parameter cannot be used", body = Problem, content_type = "application/problem+json"),
    ),
    security(("publishable" = []), ("publishable_in_query" = []), ("secret" = []))
)]
pub async fn show(
    State(web): State<Web>,
    caller: Publishable,
    Named(file): Named<String>,
    asked: Asked,
) -> Result<impl IntoResponse, Problem> {
    let sku = sku_of(&file, ".html")?;
    let settings = caller.shop.settings();
    let now = web.app.clock.now();
    let question = Question {
        quantity: asked.quantity,
        language: asked.language,
        to: None,
        visitor: None,
    };
    let answer = answer(&caller.shop, &settings, &sku, &question, now);
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let cacheable = cacheable_until(end(&answer), now);
    Ok((
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, cacheable),
        ],
        html(&answer, asked.language.tag()),
    ))
}

/// The SKU in a file's name.
pub fn sku_of(file: &str, ending: &str) -> Result<Sku, Problem> {
    let raw = file.strip_suffix(ending).ok_or_else(Problem::not_found)?;
    raw.parse().map_err(|error: shared::ids::IdError| {
        Problem::invalid(
            "",
            "invalid_sku",
            format!("The SKU in the address {error}."),
        )
    })
}

/// When an answer may change.
pub fn end(answer: &Availability) -> Option<chrono::DateTime<chrono::Utc>> {
    answer.valid_until.as_deref()?.parse().ok()
}

fn html(answer: &Availability, language: &str) -> String {
    use shared::wire::Status;

    let status = match answer.status {
        Status::InStock => "in-stock",
        Status::LowStock => "low-stock",
        Status::Backorder => "backorder",
        Status::Preorder => "preorder",
        Status::OutOfStock => "out-of-stock",
        Status::Discontinued => "discontinued",
        Status::Unknown => return String::new(),
    };
    let part = |class: &str, text: Option<&str>| {
        text.map(|text| format!("<span class=\"ships-by__{class}\">{}</span>", escaped(text)))
    };
    let text = &answer.text;
    let parts = [
        part("label", Some(&text.label)),
        part("date", text.date.as_deref()),
        part("detail", text.detail.as_deref()),
        part(
            "reason",
            answer.reason.as_ref().map(|reason| reason.text.as_str()),
        ),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let direction = if language == "ar" { " dir=\"rtl\"" } else { "" };
    format!(
        "<span class=\"ships-by ships-by--{status}\" lang=\"{language}\"{direction}>{}</span>\n",
        parts.join(" ")
    )
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            plain => html.push(plain),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let html = escaped("<img src=x onerror=\"alert(1)\">&'");
        assert_eq!(
            html,
            "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;"
        );
    }

    #[test]
    fn a_sku_may_itself_look_like_a_file() {
        assert_eq!(
            sku_of("a.html.html", ".html").expect("a SKU").as_str(),
            "a.html"
        );
        assert_eq!(sku_of("a.json", ".html").expect_err("no HTML").status, 404);
        assert_eq!(
            sku_of(".html", ".html").expect_err("no SKU").code,
            "invalid_sku"
        );
    }
}
