//! What platforms and providers of payment tell. Each message is believed by its signature, over the bytes as they came, before
//! anything of it is read.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use shared::ids::StoreId;

use super::Refusals;
use crate::app::App;
use crate::error::Problem;
use crate::http::body::whole;
use crate::http::named::Named;
use crate::operations::hear::{Heard, hear};
use crate::payments::signature::{Distrust, verify_stripe};
use crate::payments::stripe::StripeEvent;

/// Hears what a platform or a provider of payment tells
///
/// `platform` is `stripe`, `connection` the store. The answer comes once it is written down; until then, send it again. A message
/// that comes twice, or late, changes nothing: what is true is looked up.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{platform}/{connection}",
    tag = "platforms",
    params(
        ("platform" = String, Path, description = "Who tells: `stripe`"),
        ("connection" = String, Path, description = "The store"),
    ),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "It is written down"), Refusals)
)]
pub async fn receive(
    State(app): State<App>,
    Named((platform, connection)): Named<(String, String)>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let store: StoreId = connection.parse().map_err(|_| Problem::not_found())?;
    // A store that is not connected and a platform that is not known look the same.
    let known = app.connections.of(&store).filter(|_| platform == "stripe");
    let secrets = known.map(|connection| connection.stripe_secrets.as_slice());
    let secrets = secrets
        .filter(|secrets| !secrets.is_empty())
        .ok_or_else(Problem::not_found)?;
    let signature = request
        .headers()
        .get("stripe-signature")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let body = whole(request, &app).await?;
    let believed = verify_stripe(secrets, &signature, &body, app.clock.now());
    believed.map_err(|distrust| {
        let code = match distrust {
            Distrust::TooOld => "timestamp_out_of_window",
            Distrust::Unreadable | Distrust::Forged => "bad_signature",
        };
        let detail = format!("{distrust}: check the secret that signs it, and the clock.");
        Problem::new(401, code, "The message is not believed", detail)
    })?;
    let Some(event) = StripeEvent::read(&body) else {
        return Ok(StatusCode::OK);
    };
    // Stores may share an account at Stripe: it tells each of them what became of all.
    if event.store.is_some_and(|theirs| theirs != store.as_str()) {
        return Ok(StatusCode::OK);
    }
    let heard = Heard {
        id: event.id,
        reference: event.reference,
        order: event.order.and_then(|order| order.parse().ok()),
        shipment: event.shipment.and_then(|shipment| shipment.parse().ok()),
        refund: event.refund,
    };
    hear(&app, &store, heard).await?;
    Ok(StatusCode::OK)
}
