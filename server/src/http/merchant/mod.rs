//! What merchants may do, with a secret key or signed in: one file a noun.

pub mod alerts;
pub mod asking;
pub mod audit;
pub mod backorders;
pub mod delays;
pub mod explain;
mod explained;
pub mod fields;
pub mod forecasts;
pub mod holidays;
pub mod imports;
pub mod keys;
pub mod lead_times;
pub mod letters;
pub mod locations;
pub mod members;
pub mod money;
pub mod offer_results;
pub mod offer_rules;
pub mod offers;
pub mod orders;
pub mod past_forecasts;
pub mod posts;
pub mod problems;
pub mod promises;
pub mod purchase_orders;
pub mod reorder_policy;
pub mod reorders;
pub mod reservations;
pub mod search;
pub mod session;
pub mod setup;
pub mod shipments;
pub mod skus;
pub mod stock;
pub mod store;
pub mod suppliers;
pub mod today;
pub mod waitlist;
pub mod webhook_endpoints;
pub mod webhooks;

use std::collections::BTreeMap;

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use utoipa::IntoResponses;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::session::audited;
use crate::limits::HOLIDAYS_BYTES_MAX;

/// The merchant's routes.
pub fn routes() -> OpenApiRouter<App> {
    let imports = OpenApiRouter::new()
        .routes(routes!(imports::import))
        .routes(routes!(imports::under_way))
        .layer(DefaultBodyLimit::max(imports::IMPORT_BYTES_MAX));
    let holidays = OpenApiRouter::new()
        .routes(routes!(holidays::add))
        .layer(DefaultBodyLimit::max(HOLIDAYS_BYTES_MAX));
    OpenApiRouter::new()
        .routes(routes!(skus::put, skus::show))
        .routes(routes!(skus::list))
        .routes(routes!(search::search))
        .routes(routes!(explain::show))
        .routes(routes!(stock::set, stock::show))
        .routes(routes!(stock::adjust))
        .routes(routes!(locations::put, locations::show))
        .routes(routes!(locations::list))
        .routes(routes!(suppliers::put, suppliers::show))
        .routes(routes!(suppliers::list))
        .routes(routes!(lead_times::list))
        .routes(routes!(store::put, store::show))
        .routes(routes!(purchase_orders::create, purchase_orders::list))
        .routes(routes!(purchase_orders::show, purchase_orders::change))
        .routes(routes!(purchase_orders::not_sold_ahead))
        .routes(routes!(purchase_orders::preview))
        .routes(routes!(purchase_orders::receive))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(reservations::create))
        .routes(routes!(reservations::show, reservations::end))
        .routes(routes!(reservations::renew))
        .routes(routes!(orders::create, orders::list))
        .routes(routes!(orders::show, orders::change))
        .routes(routes!(orders::cancel))
        .routes(routes!(
            offer_rules::put,
            offer_rules::show,
            offer_rules::remove
        ))
        .routes(routes!(offer_rules::list))
        .routes(routes!(offer_results::show))
        .routes(routes!(offers::list))
        .routes(routes!(offers::redeem))
        .routes(routes!(letters::show, letters::put, letters::remove))
        .routes(routes!(letters::preview))
        .routes(routes!(money::refund))
        .routes(routes!(money::say))
        .routes(routes!(webhooks::receive))
        .routes(routes!(posts::list, posts::create))
        .routes(routes!(posts::show_policy, posts::put_policy))
        .routes(routes!(posts::preview))
        .routes(routes!(posts::show, posts::change, posts::remove))
        .routes(routes!(posts::approve))
        .routes(routes!(webhook_endpoints::list, webhook_endpoints::create))
        .routes(routes!(
            webhook_endpoints::show,
            webhook_endpoints::change,
            webhook_endpoints::remove
        ))
        .routes(routes!(webhook_endpoints::rotate))
        .routes(routes!(webhook_endpoints::test))
        .routes(routes!(webhook_endpoints::deliveries))
        .routes(routes!(delays::reply))
        .routes(routes!(delays::evidence))
        .routes(routes!(promises::report))
        .routes(routes!(backorders::list))
        .routes(routes!(today::show))
        .routes(routes!(shipments::list))
        .routes(routes!(shipments::show))
        .routes(routes!(shipments::ship))
        .routes(routes!(waitlist::list, waitlist::erase_address))
        .routes(routes!(session::show, session::begin, session::end))
        .routes(routes!(session::put_password))
        .routes(routes!(
            session::begin_codes,
            session::confirm_codes,
            session::end_codes
        ))
        .routes(routes!(setup::show, setup::make))
        .routes(routes!(members::list, members::create))
        .routes(routes!(members::change, members::remove))
        .routes(routes!(audit::list))
        .routes(routes!(forecasts::list))
        .routes(routes!(past_forecasts::show))
        .routes(routes!(alerts::list))
        .routes(routes!(reorder_policy::show, reorder_policy::put))
        .routes(routes!(reorder_policy::list_skus, reorder_policy::put_skus))
        .routes(routes!(reorders::list))
        .routes(routes!(reorders::run))
        .routes(routes!(reorders::simulate))
        .routes(routes!(reorders::show))
        .routes(routes!(reorders::pdf))
        .routes(routes!(reorders::csv))
        .routes(routes!(reorders::approve))
        .routes(routes!(reorders::dismiss))
        .routes(routes!(reorders::send))
        .routes(routes!(reorders::confirm))
        .merge(imports)
        .merge(holidays)
        .layer(middleware::from_fn(audited))
}

/// The refusals that every route of merchants may give.
pub struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            ("400", "The request cannot be read"),
            (
                "401",
                "The key is missing, unknown or revoked, or nobody is signed in",
            ),
            (
                "403",
                "The key is publishable, a secret one is needed; or your role does not allow it; or another site's page asks",
            ),
            ("404", "There is no such thing in this store"),
            ("409", "Things do not stand as the request expects"),
            ("413", "The body is too large"),
            ("415", "The body is not of the kind that is taken here"),
            (
                "422",
                "A field cannot be used; `errors` says which, and why",
            ),
            (
                "503",
                "The server is busy or has no room; nothing was changed",
            ),
        ]
        .into_iter()
        .map(|(status, description)| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
            let response = ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", content.build());
            (status.to_owned(), response.build().into())
        })
        .collect()
    }
}
