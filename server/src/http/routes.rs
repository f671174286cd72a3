//! All routes, and their description.

use std::collections::HashMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, Info, License, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bundles::Bundles;
use super::front::{Front, method_not_allowed};
use super::web::Web;
use super::{
    availability, back_in_stock, dashboard, docs, embed, extras, feed, health, jsonld, kept,
    merchant, order_page, plans, share_page, snippet, stream, waitlist_page,
};
use crate::app::App;
use crate::error::Problem;
use crate::limits::{MERCHANT_BODY_BYTES_MAX, PUBLIC_BODY_BYTES_MAX};

/// Names of routes, to count by: each is a path of the description.
pub struct RouteNames {
    plain: HashMap<String, &'static str>,
    with_parameters: Vec<&'static str>,
}

/// Where a customer cancels, below the page of the order.
const CANCEL: &str = "/o/{store}/{order}/{token}/cancel";
/// Where a customer answers to a delay.
const CONSENT: &str = "/o/{store}/{order}/{token}/consent";
/// Where a customer sets the shop a last period for what is late.
const EXTRA_PERIOD: &str = "/o/{store}/{order}/{token}/extra-period";
/// The style and the script of these pages.
const ORDER_PAGE_PART: &str = "/o/{file}";
/// The style of pages that are shared.
const SHARE_PAGE_PART: &str = "/s/{file}";
/// Where the owner of an address confirms that it is to be written to.
const WAITLIST: &str = "/b/{store}/{token}";
/// Where they end it.
const WAITLIST_LEAVE: &str = "/b/{store}/{token}/leave";
/// Where they say that they had not asked.
const WAITLIST_REFUSE: &str = "/b/{store}/{token}/refuse";
/// The dashboard's first page, as a browser may ask for it too.
const DASHBOARD_BEGIN: &str = "/dashboard/";
/// The dashboard's files, and its other pages.
const DASHBOARD_PART: &str = "/dashboard/{*path}";
/// What requests for no known path are counted as.
const NO_ROUTE: &str = "none";

/// Opens the server's way in, until `stop`.
pub fn front(app: App, bundles: Bundles, stop: CancellationToken) -> Front {
    let (ours, merchants, description) = all();
    let names = RouteNames::new(&description);
    let openapi = Bytes::from(json(&description));
    let web = Web::new(app.clone(), bundles, openapi, stop);
    let router = ours
        .merge(merchants.with_state(app))
        .fallback(async || {
            Problem::new(
                404,
                "not_found",
                "There is nothing here",
                "No such address exists. All of them are listed at /docs.",
            )
        })
        .method_not_allowed_fallback(async || method_not_allowed())
        .with_state(web.clone());
    Front::new(web, router, names)
}

/// The OpenAPI 3.1 description of all routes.
pub fn description() -> OpenApi {
    let (_, _, description) = all();
    description
}

/// A description as it is served and committed.
pub fn json(description: &OpenApi) -> String {
    let mut text = description
        .to_pretty_json()
        .expect("a description has only text keys");
    text.push('\n');
    text
}

fn all() -> (Router<Web>, Router<App>, OpenApi) {
    let plans = OpenApiRouter::new()
        .routes(routes!(plans::make))
        .layer(DefaultBodyLimit::max(PUBLIC_BODY_BYTES_MAX));
    let sign_ups = OpenApiRouter::new()
        .routes(routes!(back_in_stock::sign_up))
        .layer(DefaultBodyLimit::max(PUBLIC_BODY_BYTES_MAX));
    let (ours, mut description) = OpenApiRouter::with_openapi(about())
        .routes(routes!(availability::show))
        .merge(plans)
        .merge(sign_ups)
        .routes(routes!(stream::open))
        .routes(routes!(snippet::show))
        .routes(routes!(jsonld::show))
        .routes(routes!(kept::show))
        .routes(routes!(extras::show))
        .routes(routes!(order_page::show))
        .routes(routes!(share_page::show))
        .routes(routes!(feed::show))
        .routes(routes!(embed::manifest))
        .routes(routes!(embed::elements))
        .routes(routes!(embed::types))
        .routes(routes!(embed::file))
        .routes(routes!(docs::description))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .split_for_parts();
    let (merchants, described) = merchant::routes().split_for_parts();
    description.merge(described);
    describe_keys(&mut description);
    let pages = Router::new()
        .route(
            CANCEL,
            get(order_page::ask_to_cancel).post(order_page::cancel),
        )
        .route(
            CONSENT,
            get(order_page::ask_to_consent).post(order_page::consent),
        )
        .route(
            EXTRA_PERIOD,
            get(order_page::ask_for_extra_period).post(order_page::set_extra_period),
        )
        .route(
            WAITLIST,
            get(waitlist_page::show).post(waitlist_page::confirm),
        )
        .route(
            WAITLIST_LEAVE,
            get(waitlist_page::ask_to_leave).post(waitlist_page::leave),
        )
        .route(
            WAITLIST_REFUSE,
            get(waitlist_page::ask_to_refuse).post(waitlist_page::refuse),
        )
        .layer(DefaultBodyLimit::max(PUBLIC_BODY_BYTES_MAX));
    let ours = ours
        .merge(pages)
        .route(ORDER_PAGE_PART, get(order_page::part))
        .route(SHARE_PAGE_PART, get(share_page::part))
        .route(dashboard::PATH, get(dashboard::page))
        .route(DASHBOARD_BEGIN, get(dashboard::page))
        .route(DASHBOARD_PART, get(dashboard::part))
        .route("/docs", get(docs::page))
        .route("/docs/{file}", get(docs::part));
    let merchants = merchants.layer(DefaultBodyLimit::max(MERCHANT_BODY_BYTES_MAX));
    (ours, merchants, description)
}

fn about() -> OpenApi {
    let mut info = Info::new("ShipsBy", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.into());
    info.license = Some(License::new("MIT OR Apache-2.0"));
    OpenApi::new(info, utoipa::openapi::Paths::new())
}

/// What stands above the routes.
const ABOUT: &str = "Says when things ship: availability and plans for shoppers, stock and supply for merchants. \
    Dates are civil dates (YYYY-MM-DD) of the location that ships, instants are RFC 3339, money is in minor units. \
    Every failure is an application/problem+json (RFC 9457) with a stable `code`; every answer has an X-Request-Id. \
    A server that has just started answers 503 for a store until it has loaded it; one that holds only some stores answers 421 for the others.";

fn describe_keys(description: &mut OpenApi) {
    let components = description.components.get_or_insert_with(Components::new);
    let mut add = |name: &str, scheme: SecurityScheme| {
        components
            .security_schemes
            .insert(name.into(), scheme.into());
    };
    let header = ApiKeyValue::with_description(
        "X-ShipsBy-Key",
        "A publishable key (pk_...), tied to the origins of its store.",
    );
    let query = ApiKeyValue::with_description("key", "The same where headers cannot be sent.");
    add(
        "publishable",
        SecurityScheme::ApiKey(ApiKey::Header(header)),
    );
    add(
        "publishable_in_query",
        SecurityScheme::ApiKey(ApiKey::Query(query)),
    );
    let secret = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A secret key (sk_...), on the merchant's server only.",
        ))
        .build();
    add("secret", SecurityScheme::Http(secret));
    let session = ApiKeyValue::with_description(
        "__Host-sid",
        "The session of a member who signed in with POST /v1/session. Only pages of this server may change something with it.",
    );
    add("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    let paths = description.paths.paths.values_mut();
    let operations = paths.flat_map(|path| {
        [
            &mut path.get,
            &mut path.put,
            &mut path.post,
            &mut path.patch,
            &mut path.delete,
        ]
    });
    let secret = SecurityRequirement::new("secret", [""; 0]);
    for operation in operations.flatten() {
        // Whatever a secret key alone opens, a session opens too.
        if let Some(security) = &mut operation.security
            && *security == [secret.clone()]
        {
            security.push(SecurityRequirement::new("session", [""; 0]));
        }
    }
}

impl RouteNames {
    fn new(description: &OpenApi) -> Self {
        let mut names = Self {
            plain: HashMap::new(),
            with_parameters: Vec::new(),
        };
        let described = description.paths.paths.keys().map(String::as_str);
        let others = [
            "/docs",
            "/docs/{file}",
            dashboard::PATH,
            DASHBOARD_BEGIN,
            DASHBOARD_PART,
            CANCEL,
            CONSENT,
            EXTRA_PERIOD,
            ORDER_PAGE_PART,
            SHARE_PAGE_PART,
            WAITLIST,
            WAITLIST_LEAVE,
            WAITLIST_REFUSE,
        ];
        for path in described.chain(others) {
            // A server has one set of routes, for as long as it lives.
            let name: &'static str = Box::leak(path.to_owned().into_boxed_str());
            if name.contains('{') {
                names.with_parameters.push(name);
            } else {
                names.plain.insert(path.to_owned(), name);
            }
        }
        names
    }

    /// The route that a path leads to. Only known names come back, so that nobody can make the
    /// counters many.
    pub fn of(&self, path: &str) -> &'static str {
        if let Some(name) = self.plain.get(path) {
            return name;
        }
        let fits = |name: &&&'static str| {
            let mut parts = path.split('/');
            let alike = name.split('/').all(|wanted| match parts.next() {
                Some(part) => wanted.starts_with('{') || wanted == part,
                None => false,
            });
            alike && parts.next().is_none()
        };
        self.with_parameters
            .iter()
            .find(fits)
            .copied()
            .unwrap_or(NO_ROUTE)
    }
}
