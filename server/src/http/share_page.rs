//! `/s/{store}/{sku}` and `/s/{store}/{sku}.png`: what everybody may be told of goods who was sent a link, as a page and as a picture.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use shared::ids::{Sku, StoreId};
use shared::text::Language;

use super::availability::{cacheable_until, names};
use super::named::Named;
use super::query;
use super::snippet::end;
use super::web::Web;
use super::{jsonld, order_page};
use crate::cards::NoCard;
use crate::error::Problem;
use crate::hex;
use crate::limits::CARD_RETRY_S;
use crate::operations::share_goods::{SharedGoods, share_path, shared_goods};
use crate::page::card::Card;
use crate::page::share::{Addresses, STYLE, share_page};

/// What the page may load: its style from this server, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What the address of a picture ends in.
const AS_PNG: &str = ".png";
/// Languages in which a page is named to who looks for pages.
const OTHERS: [Language; 6] = [
    Language::English,
    Language::German,
    Language::French,
    Language::Spanish,
    Language::Japanese,
    Language::Arabic,
];

/// Shows goods and when they ship, to everybody
///
/// A page without script, with tags for pages elsewhere that show a link to it (Open Graph, Twitter's cards, schema.org). With `.png`
/// behind the SKU it is a picture, 1200 by 630, with the same words. No count is ever shown here. A store or SKU that does not exist,
/// and a store that has switched its pages off (`share_pages` of `PUT /v1/store`), give one and the same answer.
#[utoipa::path(
    get,
    path = "/s/{store}/{file}",
    tag = "shoppers",
    params(
        ("store" = String, Path, description = "The store"),
        ("file" = String, Path, description = "The SKU, percent-encoded; with `.png` behind it the picture"),
        ("lang" = Option<String>, Query, description = "BCP 47 tag of the language; English unless given"),
    ),
    responses(
        (status = 200, description = "The page, or the picture", content((String = "text/html"), (Vec<u8> = "image/png"))),
        (status = 304, description = "Nothing changed since the answer with this ETag"),
        (status = 404, description = "There is no such page: a page says so", body = String, content_type = "text/html"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many pictures are being drawn, or the server is cut off from its database", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn show(
    State(web): State<Web>,
    named: Result<Named<(String, String)>, Problem>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let missing = || order_page::nothing_there(&headers, "share_missing_why");
    let Named((store, file)) = named.map_err(|_| missing())?;
    let store: StoreId = store.parse().map_err(|_| missing())?;
    let asked = query::first(uri.query(), "lang");
    let language = asked.as_deref().map(Language::for_tag);
    let language = language.unwrap_or_default();
    let find = |name: &str| {
        let sku: Sku = name.parse().ok()?;
        let goods = shared_goods(&web.app, &store, &sku, language)?;
        let share = Share {
            web: &web,
            path: share_path(&store, &sku),
            goods,
            language,
            is_asked_for: asked.is_some(),
        };
        Some(share)
    };
    // A SKU may itself end like a picture: then its page is what is left where no other SKU has the picture.
    match file.strip_suffix(AS_PNG).and_then(find) {
        Some(share) => share.picture(&headers).await,
        None => Ok(find(&file).ok_or_else(missing)?.page(&headers)),
    }
}

/// The stylesheet of the pages.
pub async fn part(Named(file): Named<String>) -> Result<Response, Problem> {
    if file != "share.css" {
        return Err(Problem::not_found());
    }
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=60"),
    ];
    Ok((headers, STYLE).into_response())
}

/// Goods that are there, and how they were asked for.
struct Share<'a> {
    web: &'a Web,
    path: String,
    goods: SharedGoods,
    language: Language,
    is_asked_for: bool,
}

impl Share<'_> {
    fn page(self, headers: &HeaderMap) -> Response {
        let addresses = self.addresses();
        let offer = jsonld::json(self.goods.answer.clone()).unwrap_or_default();
        let html = share_page(&self.goods, self.language, &addresses, &offer);
        let name = hex::text(&Sha256::digest(html.as_bytes())[..16]);
        match self.known(headers, &name) {
            Some(unchanged) => unchanged,
            None => {
                let mut response = html.into_response();
                self.dress(&mut response, &name, "text/html; charset=utf-8");
                let policy = HeaderValue::from_static(POLICY);
                response
                    .headers_mut()
                    .insert(header::CONTENT_SECURITY_POLICY, policy);
                response
            }
        }
    }

    async fn picture(self, headers: &HeaderMap) -> Result<Response, Response> {
        let card = Card::of(&self.goods, self.language);
        let name = card_name(&card);
        let shown = hex::text(&name);
        if let Some(unchanged) = self.known(headers, &shown) {
            return Ok(unchanged);
        }
        let png = self.web.cards.png(name, card).await;
        let png = png.map_err(|error| match error {
            NoCard::Busy => busy().into_response(),
            NoCard::NotDrawn(error) => {
                tracing::error!(error = %error, "Cannot draw the picture of {}: {error}", self.path);
                Problem::internal().into_response()
            }
        })?;
        let mut response = png.into_response();
        self.dress(&mut response, &shown, "image/png");
        Ok(response)
    }

    /// The answer to who has it already.
    fn known(&self, headers: &HeaderMap, name: &str) -> Option<Response> {
        let known = headers.get(header::IF_NONE_MATCH)?;
        if !names(known, &tag(name)) {
            return None;
        }
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        self.dress_alike(&mut response, name);
        Some(response)
    }

    fn dress(&self, response: &mut Response, name: &str, kind: &'static str) {
        let kind = HeaderValue::from_static(kind);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        self.dress_alike(response, name);
    }

    fn dress_alike(&self, response: &mut Response, name: &str) {
        let now = self.web.app.clock.now();
        let cacheable = cacheable_until(end(&self.goods.answer), now);
        let headers = response.headers_mut();
        headers.insert(header::ETAG, tag(name));
        headers.insert(header::CACHE_CONTROL, cacheable);
    }

    /// Where nobody said how the server is reached, addresses begin with a slash: browsers know what that means, and most others too.
    fn addresses(&self) -> Addresses {
        let absolute = |path: String| self.web.app.connections.link(&path).unwrap_or(path);
        let in_language = |language: Language| {
            let tag = language.tag();
            (tag, absolute(format!("{}?lang={tag}", self.path)))
        };
        let default = absolute(self.path.clone());
        // Whoever keeps pictures keeps them by their address: another picture has another one.
        let version = &hex::text(&card_name(&Card::of(&self.goods, self.language)))[..12];
        let card = format!(
            "{}{AS_PNG}?lang={}&v={version}",
            self.path,
            self.language.tag()
        );
        Addresses {
            page: match self.is_asked_for {
                true => in_language(self.language).1,
                false => default.clone(),
            },
            others: OTHERS.map(in_language).to_vec(),
            default,
            card: absolute(card),
        }
    }
}

fn card_name(card: &Card) -> [u8; 16] {
    let said = serde_json::to_vec(card).expect("a card has only text keys");
    let digest: [u8; 32] = Sha256::digest(said).into();
    std::array::from_fn(|at| digest[at])
}

fn tag(name: &str) -> HeaderValue {
    let text = format!("\"{name}\"");
    HeaderValue::from_str(&text).expect("hexadecimal digits may stand in a header")
}

fn busy() -> Problem {
    Problem::new(
        503,
        "busy",
        "Too many pictures are being drawn",
        "Try again as Retry-After says.",
    )
    .retry_after_s(CARD_RETRY_S)
}
