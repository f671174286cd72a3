//! The demo shop: plain pages as a merchant's would be, on an origin of their own.

use std::sync::Arc;

use axum::extract::rejection::{FormRejection, JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::wire::Date;
use tracing::error;

use super::order;
use super::products::{Offer, Product, Section, Variant};
use super::render::{self, Language, Pages};
use super::scenario::{KIT_CART, MIXED_CART, STATES, TWO_PLACES_CART, UNKNOWN_SKU, parts_of};
use super::warehouse::{Shelf, Warehouse, WarehouseError};

/// Longest body of a form or of an act in the warehouse, in bytes.
const BODY_BYTES_MAX: usize = 60 * 1024;
/// Most units that can be counted onto a shelf.
const ON_HAND_MAX: u32 = 99_999;
/// Longest delay of a supplier, in days.
const DELAY_DAYS_MAX: u16 = 365;
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
}

/// Everything that the shop answers.
pub fn router(config: ShopConfig) -> Router {
    let policy = HeaderValue::from_str(&content_security_policy(&config.api_origin, config.plain))
        .expect("an origin has no character that a header may not have");
    let pages = Pages::new(&config.api_origin, &config.publishable_key);
    let shop = Arc::new(Shop {
        pages,
        products: config.products,
        warehouse: config.warehouse,
    });
    Router::new()
        .route("/", get(category))
        .route("/products/{handle}", get(product))
        .route("/cart", get(cart))
        .route("/checkout", get(checkout))
        .route(
            "/confirmation",
            get(|| async { Redirect::to("/checkout") }).post(confirmation),
        )
        .route("/states", get(states))
        .route("/assets/{name}", get(asset))
        .route("/warehouse/shelves/{sku}", get(shelf))
        .route("/warehouse/stock", post(set_stock))
        .route("/warehouse/purchase-orders", post(move_purchase_order))
        .route("/warehouse/delays", post(delay_supplier))
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

struct Shop {
    pages: Pages,
    products: Vec<Product>,
    warehouse: Arc<dyn Warehouse>,
}

/// What an address may ask of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ask {
    lang: Option<String>,
    variant: Option<String>,
}

type Asked = Result<Query<Ask>, QueryRejection>;

/// A variant as it stands among others.
#[derive(Serialize)]
struct Card<'a> {
    product: &'a Product,
    variant: &'a Variant,
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

async fn checkout(State(shop): State<Arc<Shop>>, asked: Asked) -> Response {
    shop.page(
        "checkout.html",
        &asked,
        "/checkout",
        json!({ "goods": shop.goods(), "mixed": lines(MIXED_CART) }),
    )
}

async fn confirmation(
    State(shop): State<Arc<Shop>>,
    asked: Asked,
    form: Result<Form<order::Form>, FormRejection>,
) -> Response {
    let order = |form: order::Form| {
        let cart = order::cart(&form, &shop.products).map_err(|_| Refusal::BAD_ORDER)?;
        let cart: Vec<_> = cart.into_iter().collect();
        let parcels_min = shop.warehouse.parcels_min(&cart);
        let parcels_min = parcels_min.ok_or(Refusal::NOTHING_HAD)?;
        order::read(&form, &shop.products, parcels_min).map_err(|_| Refusal::BAD_ORDER)
    };
    match form
        .map_err(|_| Refusal::BAD_ORDER)
        .and_then(|Form(form)| order(form))
    {
        Ok(order) => shop.page(
            "confirmation.html",
            &asked,
            "/checkout",
            json!({ "order": order }),
        ),
        Err(refusal) => shop.refusal(StatusCode::UNPROCESSABLE_ENTITY, &asked, &refusal),
    }
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
fn lines(cart: &[(&str, u32)]) -> Vec<Value> {
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
struct Refusal {
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
    const NOTHING_HAD: Self = Self {
        title: "nothing_had",
        next: None,
        href: "/checkout",
        label: "back",
    };
    const BAD_ORDER: Self = Self {
        title: "bad_order",
        next: Some("bad_order_next"),
        href: "/checkout",
        label: "back",
    };
}

impl Shop {
    fn page(&self, name: &str, asked: &Asked, path: &str, page: Value) -> Response {
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

    fn refusal(&self, status: StatusCode, asked: &Asked, refusal: &Refusal) -> Response {
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

    fn card(&self, sku: &str) -> Option<Card<'_>> {
        self.cards().find(|card| card.variant.sku == sku)
    }

    /// What the shop's script must know to draw a cart.
    fn goods(&self) -> Value {
        let goods = self.cards().map(|Card { product, variant, href }| {
            let known = json!({
                "title": variant.title, "price": variant.price, "picture": product.picture, "look": variant.look, "href": href,
            });
            (variant.sku.clone(), known)
        });
        goods.collect::<serde_json::Map<_, _>>().into()
    }

    fn shelves(&self) -> Vec<&Variant> {
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

fn language(asked: &Asked) -> Language {
    Language::asked(asked.as_ref().ok().and_then(|ask| ask.lang.as_deref()))
}

async fn guard(policy: HeaderValue, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    );
    response
}

// The warehouse. Bodies are JSON, which no form of another site can send.

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetStock {
    sku: String,
    on_hand: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MovePurchaseOrder {
    sku: String,
    id: String,
    arrives_on: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DelaySupplier {
    sku: String,
    days: u16,
}

async fn shelf(
    State(shop): State<Arc<Shop>>,
    Path(sku): Path<String>,
) -> Result<Json<Shelf>, Problem> {
    shop.shelf(&sku).await
}

async fn set_stock(
    State(shop): State<Arc<Shop>>,
    body: Result<Json<SetStock>, JsonRejection>,
) -> Result<Json<Shelf>, Problem> {
    let Json(SetStock { sku, on_hand }) = body?;
    if ON_HAND_MAX < on_hand {
        return Err(Problem::unprocessable(format!(
            "at most {ON_HAND_MAX} units fit on a shelf"
        )));
    }
    shop.warehouse.set_stock(&sku, on_hand).await?;
    shop.shelf(&sku).await
}

async fn move_purchase_order(
    State(shop): State<Arc<Shop>>,
    body: Result<Json<MovePurchaseOrder>, JsonRejection>,
) -> Result<Json<Shelf>, Problem> {
    let Json(MovePurchaseOrder {
        sku,
        id,
        arrives_on,
    }) = body?;
    shop.warehouse.move_purchase_order(&id, arrives_on).await?;
    shop.shelf(&sku).await
}

async fn delay_supplier(
    State(shop): State<Arc<Shop>>,
    body: Result<Json<DelaySupplier>, JsonRejection>,
) -> Result<Json<Shelf>, Problem> {
    let Json(DelaySupplier { sku, days }) = body?;
    if days == 0 || DELAY_DAYS_MAX < days {
        return Err(Problem::unprocessable(format!(
            "a delay is 1 to {DELAY_DAYS_MAX} days"
        )));
    }
    shop.warehouse.delay_supplier(&sku, days).await?;
    shop.shelf(&sku).await
}

impl Shop {
    async fn shelf(&self, sku: &str) -> Result<Json<Shelf>, Problem> {
        let shelf = self.warehouse.shelf(sku).await?;
        Ok(Json(
            shelf.ok_or_else(|| WarehouseError::Absent(sku.to_owned()))?,
        ))
    }
}

/// Why nothing was changed, as the panel says it.
struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    fn unprocessable(detail: String) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            detail,
        }
    }
}

impl From<WarehouseError> for Problem {
    fn from(cause: WarehouseError) -> Self {
        let status = match &cause {
            WarehouseError::Absent(_) => StatusCode::NOT_FOUND,
            WarehouseError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            WarehouseError::Broken(source) => {
                error!(
                    error = source.as_ref() as &dyn std::error::Error,
                    "The demo's warehouse does not answer"
                );
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        Self {
            status,
            detail: cause.to_string(),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(cause: JsonRejection) -> Self {
        Self {
            status: cause.status(),
            detail: cause.body_text(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason();
        let body = json!({ "type": "about:blank", "title": title, "status": self.status.as_u16(), "detail": self.detail });
        (
            self.status,
            [(CONTENT_TYPE, "application/problem+json")],
            body.to_string(),
        )
            .into_response()
    }
}
