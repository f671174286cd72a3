//! The demo shop: plain pages as a merchant's would be, on an origin of their own.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::error;

use super::bank::Bank;
use super::products::{Offer, Product, Section, Variant};
use super::render::{self, Language, Pages};
use super::scenario::{KIT_CART, MIXED_CART, STATES, TWO_PLACES_CART, UNKNOWN_SKU, parts_of};
use super::warehouse::{Units, Warehouse};
use super::{bank, checkout, mailbox, panel};
use crate::clock::Clock;

/// Longest body of a form or of an act in the warehouse, in bytes.
const BODY_BYTES_MAX: usize = 60 * 1024;
/// How long a browser keeps a file whose address has its version, in seconds.
const FILE_AGE_S_MAX: u32 = 31_536_000;

/// What the shop is made of.
#[derive(Clone)]
pub struct ShopConfig {
    /// Where the browser finds ShipsBy: scheme, host and port.
    pub api_origin: String,
    /// The key that browsers may see.
    pub publishable_key: String,
    /// True: pages forbid WebAssembly.
    pub plain: bool,
    /// What is for sale.
    pub products: Vec<Product>,
    /// The merchant's side of ShipsBy, behind the panel beside the pages.
    pub warehouse: Arc<dyn Warehouse>,
    /// The folder into which ShipsBy writes letters.
    pub mail: PathBuf,
    /// The shop's own clock, by which its bank writes.
    pub clock: Clock,
}

/// Everything that the shop answers.
pub fn router(config: ShopConfig) -> Router {
    let rules = content_security_policy(&config.api_origin, config.plain);
    let policy = HeaderValue::from_str(&rules)
        .expect("an origin has no character that a header may not have");
    let pages = Pages::new(&config.api_origin, &config.publishable_key);
    let shop = Arc::new(Shop {
        pages,
        api_origin: config.api_origin,
        policy: rules,
        mail: config.mail,
        bank: Bank::new(config.clock),
        products: config.products,
        warehouse: config.warehouse,
    });
    Router::new()
        .route("/", get(category))
        .route("/products/{handle}", get(product))
        .route("/cart", get(cart))
        .merge(checkout::routes())
        .route("/states", get(states))
        .route("/assets/{name}", get(asset))
        .merge(bank::routes())
        .merge(mailbox::routes())
        .merge(panel::routes())
        .fallback(no_page)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(move |request, next| {
            guard(policy.clone(), request, next)
        }))
        .with_state(shop)
}

/// What the pages may load, as a careful merchant's would say it.
fn content_security_policy(api_origin: &str, plain: bool) -> String {
    let wasm = if plain { "" } else { " 'wasm-unsafe-eval'" };
    format!(
        "default-src 'none'; script-src 'self' {api_origin}{wasm}; style-src 'self'; img-src 'self' data:; \
         connect-src 'self' {api_origin}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The shop, as its pages know it.
pub(super) struct Shop {
    pages: Pages,
    /// Where the browser finds ShipsBy.
    pub(super) api_origin: String,
    /// What its pages may load.
    pub(super) policy: String,
    /// The folder of letters.
    pub(super) mail: PathBuf,
    /// Who takes the money.
    pub(super) bank: Bank,
    /// What is for sale.
    pub(super) products: Vec<Product>,
    /// The merchant's side of ShipsBy.
    pub(super) warehouse: Arc<dyn Warehouse>,
}

/// What an address may ask of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ask {
    lang: Option<String>,
    variant: Option<String>,
}

/// What an address asks, if it can be read.
pub(super) type Asked = Result<Query<Ask>, QueryRejection>;

/// A variant as it stands among others.
#[derive(Serialize)]
pub(super) struct Card<'a> {
    product: &'a Product,
    pub(super) variant: &'a Variant,
    href: String,
}

async fn category(State(shop): State<Arc<Shop>>, asked: Asked) -> Response {
    let sections = [
        Section::Tshirts,
        Section::Hoodies,
        Section::Accessories,
        Section::Music,
        Section::Home,
        Section::Besides,
    ];
    let sections = sections.map(|section| {
        let cards: Vec<_> = shop
            .cards()
            .filter(|card| card.product.section == section)
            .collect();
        json!({ "key": section, "cards": cards })
    });
    shop.page(
        "category.html",
        &asked,
        "/",
        json!({ "sections": sections }),
    )
}

async fn product(
    State(shop): State<Arc<Shop>>,
    Path(handle): Path<String>,
    asked: Asked,
) -> Response {
    let Some(product) = shop
        .products
        .iter()
        .find(|product| product.handle == handle)
    else {
        return shop.refusal(StatusCode::NOT_FOUND, &asked, &Refusal::NO_PAGE);
    };
    let wanted = asked.as_ref().ok().and_then(|ask| ask.variant.as_deref());
    let chosen = product
        .variants
        .iter()
        .find(|variant| Some(variant.sku.as_str()) == wanted);
    let (path, chosen) = match chosen {
        Some(chosen) => (format!("/products/{handle}?variant={}", chosen.sku), chosen),
        None => (format!("/products/{handle}"), &product.variants[0]),
    };
    let mut colours: Vec<_> = product
        .variants
        .iter()
        .filter_map(|variant| variant.colour.as_deref())
        .collect();
    colours.sort_unstable();
    colours.dedup();
    let pieces: Vec<_> = match &product.offer {
        Offer::Set { pieces } => pieces.iter().filter_map(|sku| shop.card(sku)).collect(),
        Offer::Goods => {
            let parts = parts_of(&chosen.sku).iter();
            parts.filter_map(|(sku, _)| shop.card(sku)).collect()
        }
        Offer::Elsewhere { .. } => Vec::new(),
    };
    // A kit has no shelf of its own.
    let shelves: Vec<_> = match (&product.offer, pieces.is_empty()) {
        (Offer::Goods, true) => product.variants.iter().collect(),
        _ => pieces.iter().map(|piece| piece.variant).collect(),
    };
    let logos = product
        .variants
        .iter()
        .any(|variant| variant.logo.is_some());
    let page = json!({
        "product": product, "section": product.section, "chosen": chosen,
        "colours": colours, "logos": logos, "pieces": pieces, "shelves": shelves,
    });
    shop.page("product.html", &asked, &path, page)
}

async fn cart(State(shop): State<Arc<Shop>>, asked: Asked) -> Response {
    shop.page(
        "cart.html",
        &asked,
        "/cart",
        json!({ "goods": shop.goods(), "shelves": shop.shelves(), "mixed": lines(MIXED_CART) }),
    )
}

async fn states(State(shop): State<Arc<Shop>>, asked: Asked) -> Response {
    let states = STATES.iter().map(|state| {
        json!({ "heading": state.heading, "sku": state.sku, "quantity": state.quantity, "card": shop.card(state.sku) })
    });
    let shown = STATES
        .iter()
        .map(|state| state.sku)
        .filter(|sku| *sku != UNKNOWN_SKU);
    let in_carts = [MIXED_CART, TWO_PLACES_CART].into_iter().flatten();
    let mut on_shelves: Vec<&str> = Vec::new();
    for sku in shown.chain(in_carts.map(|(sku, _)| *sku)) {
        let parts = parts_of(sku).iter().map(|(part, _)| *part);
        let parts: Vec<_> = match parts.len() {
            0 => vec![sku],
            _ => parts.collect(),
        };
        for part in parts {
            if !on_shelves.contains(&part) {
                on_shelves.push(part);
            }
        }
    }
    let shelves: Vec<_> = on_shelves
        .into_iter()
        .filter_map(|sku| shop.card(sku))
        .map(|card| card.variant)
        .collect();
    let page = json!({
        "states": states.collect::<Vec<_>>(), "shelves": shelves,
        "mixed": lines(MIXED_CART), "kit": lines(KIT_CART), "two_places": lines(TWO_PLACES_CART),
    });
    shop.page("states.html", &asked, "/states", page)
}

/// A cart, as an attribute of the element says it.
pub(super) fn lines(cart: &[(&str, u32)]) -> Vec<Value> {
    cart.iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect()
}

async fn asset(Path(name): Path<String>, uri: Uri) -> Response {
    let Some(file) = render::file(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let current = uri.query() == Some(format!("v={}", file.version()).as_str());
    let age = if current {
        format!("public, max-age={FILE_AGE_S_MAX}, immutable")
    } else {
        "no-cache".to_owned()
    };
    (
        [
            (CONTENT_TYPE, file.media_type.to_owned()),
            (CACHE_CONTROL, age),
        ],
        file.text,
    )
        .into_response()
}

async fn no_page(State(shop): State<Arc<Shop>>, asked: Asked) -> Response {
    shop.refusal(StatusCode::NOT_FOUND, &asked, &Refusal::NO_PAGE)
}

/// A page that says no, in the shop's words, and where to go from there.
pub(super) struct Refusal {
    title: &'static str,
    next: Option<&'static str>,
    href: &'static str,
    label: &'static str,
}

impl Refusal {
    const NO_PAGE: Self = Self {
        title: "not_found",
        next: None,
        href: "/",
        label: "look_around",
    };
    /// An order of which nothing can be had.
    pub(super) const NOTHING_HAD: Self = Self {
        title: "nothing_had",
        next: None,
        href: "/checkout",
        label: "back",
    };
    /// An order of which somebody else got the last.
    pub(super) const GONE: Self = Self {
        title: "gone",
        next: Some("gone_next"),
        href: "/checkout",
        label: "back",
    };
    /// An order whose number is another's.
    pub(super) const TAKEN: Self = Self {
        title: "taken",
        next: Some("taken_next"),
        href: "/checkout",
        label: "back",
    };
    /// A shop whose warehouse does not answer.
    pub(super) const BROKEN: Self = Self {
        title: "broken",
        next: Some("bad_order_next"),
        href: "/checkout",
        label: "back",
    };
    /// A letter that is not in the mailbox.
    pub(super) const NO_LETTER: Self = Self {
        title: "no_letter",
        next: None,
        href: "/mailbox",
        label: "all_mail",
    };
    /// An order that no page of the shop sends.
    pub(super) const BAD_ORDER: Self = Self {
        title: "bad_order",
        next: Some("bad_order_next"),
        href: "/checkout",
        label: "back",
    };
}

impl Shop {
    /// A page in the language that was asked for.
    pub(super) fn page(&self, name: &str, asked: &Asked, path: &str, page: Value) -> Response {
        match self.pages.render(name, language(asked), path, page) {
            Ok(html) => ([(CACHE_CONTROL, "no-cache")], Html(html)).into_response(),
            Err(cause) => {
                error!(
                    page.name = name,
                    error = &cause as &dyn std::error::Error,
                    "Cannot render `{name}`: {cause:#}"
                );
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// A page that says no.
    pub(super) fn refusal(&self, status: StatusCode, asked: &Asked, refusal: &Refusal) -> Response {
        let language = language(asked);
        let page = json!({
            "title": language.word(refusal.title),
            "next": refusal.next.map(|next| language.word(next)),
            "href": refusal.href,
            "label": language.word(refusal.label),
        });
        (status, self.page("refusal.html", asked, refusal.href, page)).into_response()
    }

    fn cards(&self) -> impl Iterator<Item = Card<'_>> {
        self.products.iter().flat_map(|product| {
            product
                .variants
                .iter()
                .map(move |variant| card(product, variant))
        })
    }

    /// The variant of a SKU.
    pub(super) fn card(&self, sku: &str) -> Option<Card<'_>> {
        self.cards().find(|card| card.variant.sku == sku)
    }

    /// What the shop's script must know to draw a cart.
    pub(super) fn goods(&self) -> Value {
        let goods = self.cards().map(|Card { product, variant, href }| {
            let known = json!({
                "title": variant.title, "price": variant.price, "picture": product.picture, "look": variant.look, "href": href,
            });
            (variant.sku.clone(), known)
        });
        goods.collect::<serde_json::Map<_, _>>().into()
    }

    /// Units with their names and pictures, as a page lists them.
    pub(super) fn listed<'a>(&self, lines: impl IntoIterator<Item = &'a Units>) -> Vec<Value> {
        let line = |line: &Units| {
            let card = self.card(&line.sku);
            let card = card.map(
                |Card {
                     product, variant, ..
                 }| (product, variant),
            );
            json!({
                "title": card.map_or(line.sku.as_str(), |(_, variant)| &variant.title),
                "quantity": line.quantity,
                "picture": card.map_or("parcel", |(product, _)| &product.picture),
                "look": card.map_or("none", |(_, variant)| &variant.look),
            })
        };
        lines.into_iter().map(line).collect()
    }

    /// Everything that has a shelf of its own.
    pub(super) fn shelves(&self) -> Vec<&Variant> {
        self.cards()
            .filter(|card| card.product.offer == Offer::Goods)
            .filter(|card| parts_of(&card.variant.sku).is_empty())
            .map(|card| card.variant)
            .collect()
    }
}

fn card<'a>(product: &'a Product, variant: &'a Variant) -> Card<'a> {
    let page = format!("/products/{}", product.handle);
    let href = if product.variants.len() > 1 {
        format!("{page}?variant={}", variant.sku)
    } else {
        page
    };
    Card {
        product,
        variant,
        href,
    }
}

/// The language that an address asks for.
pub(super) fn language(asked: &Asked) -> Language {
    Language::asked(asked.as_ref().ok().and_then(|ask| ask.lang.as_deref()))
}

async fn guard(policy: HeaderValue, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // A letter has rules of its own.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    );
    response
}
