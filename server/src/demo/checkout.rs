//! Checkout and confirmation: where a cart becomes an order.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde_json::{Value, json};
use tracing::error;

use super::order::{self, Order};
use super::scenario::MIXED_CART;
use super::shop::{Asked, Refusal, Shop, language, lines};
use super::warehouse::{Changes, NotPlaced, Placed, WarehouseError};

/// The pages of an order.
pub(super) fn routes() -> Router<Arc<Shop>> {
    Router::new().route("/checkout", get(checkout)).route(
        "/confirmation",
        get(|| async { Redirect::to("/checkout") }).post(confirmation),
    )
}

async fn checkout(State(shop): State<Arc<Shop>>, asked: Asked) -> Response {
    let number = match shop.warehouse.order_number() {
        Ok(number) => number,
        Err(error) => return shop.not_placed(&asked, error.into()),
    };
    shop.page(
        "checkout.html",
        &asked,
        "/checkout",
        json!({ "goods": shop.goods(), "mixed": lines(MIXED_CART), "number": number }),
    )
}

async fn confirmation(
    State(shop): State<Arc<Shop>>,
    asked: Asked,
    form: Result<Form<order::Form>, FormRejection>,
) -> Response {
    let order = form.map_err(|_| ()).and_then(|Form(form)| {
        order::read(&form, &shop.products, language(&asked).code()).map_err(|_| ())
    });
    let Ok(order) = order else {
        return shop.refusal(
            StatusCode::UNPROCESSABLE_ENTITY,
            &asked,
            &Refusal::BAD_ORDER,
        );
    };
    match shop.warehouse.place_order(&order.basket).await {
        Ok(placed) => {
            if placed.is_new {
                shop.bank.agree(&placed.number, placed.total);
            }
            let page = shop.confirmed(&order, &placed);
            shop.page("confirmation.html", &asked, "/checkout", page)
        }
        Err(why) => shop.not_placed(&asked, why),
    }
}

impl Shop {
    fn confirmed(&self, order: &Order, placed: &Placed) -> Value {
        let parcels = placed.parcels.iter().map(
            |parcel| json!({ "ships_by": parcel.ships_by, "lines": self.listed(&parcel.lines) }),
        );
        let sent = placed.parcels.iter().flat_map(|parcel| &parcel.lines);
        let page = placed.page.as_ref();
        // What leaves last is what is waited for: the panel begins with it.
        let waited_for = placed
            .parcels
            .last()
            .and_then(|parcel| parcel.lines.first());
        json!({
            "order": {
                "number": placed.number,
                "kind": placed.kind,
                "parcels": parcels.collect::<Vec<_>>(),
                "left_out": self.listed(&order::left_out(&order.cart, sent)),
                "goods": placed.total.saturating_sub(placed.shipping),
                "surcharge": placed.shipping,
                "page": page.map(|page| format!("{}{page}", self.api_origin)),
            },
            "shelves": self.shelves(),
            "chosen": waited_for,
        })
    }

    fn not_placed(&self, asked: &Asked, why: NotPlaced) -> Response {
        let (status, refusal) = match why {
            NotPlaced::Changed(changes) => return self.changed(asked, &changes),
            NotPlaced::NothingHad => (StatusCode::UNPROCESSABLE_ENTITY, Refusal::NOTHING_HAD),
            NotPlaced::Gone => (StatusCode::CONFLICT, Refusal::GONE),
            NotPlaced::Taken => (StatusCode::CONFLICT, Refusal::TAKEN),
            NotPlaced::Warehouse(WarehouseError::Broken(source)) => {
                error!(
                    error = source.as_ref() as &dyn std::error::Error,
                    "The demo's warehouse does not answer: {source}"
                );
                (StatusCode::SERVICE_UNAVAILABLE, Refusal::BROKEN)
            }
            NotPlaced::Warehouse(refused) => {
                error!(error = %refused, "The demo's warehouse takes no order: {refused}");
                (StatusCode::UNPROCESSABLE_ENTITY, Refusal::BROKEN)
            }
        };
        self.refusal(status, asked, &refusal)
    }

    /// Both dates of what leaves later than was shown, and the way back to choose again.
    fn changed(&self, asked: &Asked, changes: &Changes) -> Response {
        let later = changes.later.iter().map(|one| {
            let title = self.card(&one.sku).map(|card| &card.variant.title);
            json!({ "title": title, "shown": one.shown, "ships_by": one.ships_by })
        });
        let page = json!({
            "later": later.collect::<Vec<_>>(),
            "surcharge": changes.surcharge.map(|(shown, now)| json!({ "shown": shown, "now": now })),
        });
        let page = self.page("changed.html", asked, "/checkout", page);
        (StatusCode::CONFLICT, page).into_response()
    }
}
