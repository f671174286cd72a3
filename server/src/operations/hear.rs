//! A provider of payment says that something happened. It is only a reason to look: what is true is asked.

use shared::ids::{OrderId, ShipmentId, StoreId};

use super::ActError;
use super::records::ErrandKind;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::store::writing::Note;

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Their name for the message: the same one is looked after once.
    pub id: String,
    /// Their name for what it is about.
    pub reference: String,
    /// The order, if they know it.
    pub order: Option<OrderId>,
    /// The parcel, if it is about one.
    pub shipment: Option<ShipmentId>,
    /// The refund, if it is one.
    pub refund: Option<String>,
}

/// Writes down that it is to be looked up. Once this has returned, nothing of it is lost.
///
/// # Errors
///
/// As the database fails: then the message is to be sent again.
pub async fn hear(app: &App, store: &StoreId, heard: Heard) -> Result<(), ActError> {
    let order = match &heard.order {
        Some(order) => Some(order.clone()),
        None => {
            app.store
                .order_of_reference(store, &heard.reference)
                .await?
        }
    };
    let Some(order) = order else {
        // About something that the merchant does elsewhere.
        return Ok(());
    };
    let with = (app.clone(), store.clone(), heard, order);
    detached(with, |(app, store, heard, order)| async move {
        let note = Note::new("hear", heard.id.as_str());
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        let account = writing.account(&order).await?;
        let Some(account) = account else {
            return Ok(writing.undo().await?);
        };
        let is_known = |id: &&String| account.refunds.iter().any(|refund| refund.id == **id);
        let refund = heard.refund.as_ref().filter(is_known);
        let is_charged = |shipment: &&ShipmentId| account.charge(shipment).is_some();
        let shipment = heard.shipment.as_ref().filter(is_charged);
        let (kind, about, content) = match (refund, shipment) {
            (Some(refund), _) => (
                ErrandKind::Refund,
                refund.clone(),
                serde_json::json!({"refund": refund}),
            ),
            (None, Some(shipment)) => (
                ErrandKind::LookUpCharge,
                shipment.to_string(),
                serde_json::json!({"shipment": shipment.as_str()}),
            ),
            (None, None) => (
                ErrandKind::LookUpPayment,
                order.to_string(),
                serde_json::json!({}),
            ),
        };
        let (about, content) = (format!("{about}/{}", heard.id), content.to_string());
        let now = app.clock.now();
        if !writing
            .send_at(kind, &about, Some(&order), &content, now)
            .await?
        {
            // It was told before.
            return Ok(writing.undo().await?);
        }
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(())
    })
    .await
}
