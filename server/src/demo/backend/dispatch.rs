//! What comes into the warehouse, and what leaves it.

use sha2::{Digest, Sha256};
use shared::ids::{PurchaseOrderId, ShipmentId};
use shared::wire::Date;

use super::super::scenario::warehouses;
use super::super::setup::store;
use super::super::warehouse::{Dispatch, ReadyParcel, Units, Waiting, WarehouseError};
use super::refused;
use crate::app::App;
use crate::hex;
use crate::operations::once::{Answer as Kept, Asked, Once, Ticket};
use crate::operations::parcels::Parcel;
use crate::operations::receive_purchase_order::{
    ReceivePurchaseOrder, Received, receive_purchase_order,
};
use crate::operations::records::{Shipment, WaitingPart};
use crate::operations::ship::{Ship, ship};
use crate::operations::{ActError, show};

/// Who carries the demo's parcels.
const CARRIER: &str = "Plain Parcel";
/// Bytes of a hash that make a tracking number.
const TRACKING_BYTES: usize = 5;
/// Most parcels, and most parts that wait, that the panel shows.
const SHOWN_MAX: u32 = 50;

/// All that is open of a purchase order has come.
pub async fn receive(app: &App, id: &str) -> Result<u32, WarehouseError> {
    let known: PurchaseOrderId = id.parse().map_err(|_| WarehouseError::Absent(id.into()))?;
    let failed = |error| refused(id, error);
    let order = show::purchase_order(app, &store(), &known)
        .await
        .map_err(failed)?;
    let open = order.lines.iter();
    let open = open.map(|line| (line.sku.clone(), line.quantity.less(line.received)));
    let lines: Vec<_> = open.filter(|(_, quantity)| 0 < quantity.units()).collect();
    let units = lines.iter().map(|(_, quantity)| quantity.units()).sum();
    if units == 0 {
        return Err(WarehouseError::Refused(format!(
            "All of {id} has arrived already."
        )));
    }
    let before: u32 = order.lines.iter().map(|line| line.received.units()).sum();
    // What came before is part of the name: pressed twice for one delivery, the second press does nothing.
    let receipt = format!("demo-{id}-{before}");
    let request = ReceivePurchaseOrder {
        receipt: receipt.clone(),
        received_on: None,
        lines,
        allow_over_receipt: false,
    };
    let once = claimed(app, "receive", &receipt, |_: &Received| kept()).map_err(failed)?;
    receive_purchase_order(app, &store(), known, request, once)
        .await
        .map_err(failed)?;
    Ok(units)
}

/// What can leave, and who waits for what.
pub async fn dispatch(app: &App) -> Result<Dispatch, WarehouseError> {
    let failed = |error| refused("the list", error);
    let ready = show::ready_parcels(app, &store(), None, SHOWN_MAX)
        .await
        .map_err(failed)?;
    let waiting = show::backorders(app, &store(), None, SHOWN_MAX)
        .await
        .map_err(failed)?;
    Ok(Dispatch {
        ready: ready.iter().map(ready_parcel).collect(),
        waiting: waiting.iter().map(waiting_part).collect(),
    })
}

/// Hands a parcel to the carrier.
pub async fn hand_over(app: &App, shipment: &str) -> Result<String, WarehouseError> {
    let id: ShipmentId = shipment
        .parse()
        .map_err(|_| WarehouseError::Absent(shipment.into()))?;
    let number = tracking_number(&id);
    let request = Ship {
        id,
        carrier: Some(CARRIER.into()),
        tracking_number: Some(number.clone()),
    };
    let once = claimed(app, "ship", shipment, |_: &Shipment| kept());
    let shipped = match once {
        Ok(once) => ship(app, &store(), request, once).await.map(|_| ()),
        Err(error) => Err(error),
    };
    shipped.map_err(|error| not_handed_over(shipment, error))?;
    Ok(number)
}

/// The store speaks to developers of its API; the panel to who stands in the warehouse.
fn not_handed_over(shipment: &str, error: ActError) -> WarehouseError {
    match error {
        ActError::Conflict {
            code: "payment_needed",
            detail,
        } => WarehouseError::Refused(format!("Not yet: {detail}.")),
        ActError::Conflict {
            code: "shipment_changed",
            ..
        } => WarehouseError::Refused(
            "This parcel is not what it was: something was counted, cancelled or came since. The list is new now; look again."
                .into(),
        ),
        ActError::Conflict {
            code: "already_shipped",
            ..
        } => WarehouseError::Refused("This parcel has left already.".into()),
        other => refused(shipment, other),
    }
}

fn ready_parcel(parcel: &Parcel) -> ReadyParcel {
    let mut lines: Vec<Units> = Vec::new();
    for part in &parcel.parts {
        match lines.last_mut() {
            Some(last) if last.sku == part.sku.as_str() => last.quantity += part.quantity.units(),
            _ => lines.push(Units {
                sku: part.sku.to_string(),
                quantity: part.quantity.units(),
            }),
        }
    }
    let location = parcel.location.as_str();
    let known = warehouses().find(|one| one.id == location);
    ReadyParcel {
        id: parcel.id.to_string(),
        order: parcel.order.to_string(),
        from: known.map_or(location, |one| one.name).into(),
        lines,
    }
}

fn waiting_part(part: &WaitingPart) -> Waiting {
    let (first, now) = (part.first_due.day(), part.due_day());
    let orders = part.purchase_orders.iter();
    Waiting {
        order: part.order.to_string(),
        units: Units {
            sku: part.sku.to_string(),
            quantity: part.quantity.units(),
        },
        ships_by: now.map(Date),
        late: now.is_none() || first < now,
        purchase_orders: orders.map(ToString::to_string).collect(),
    }
}

/// Made up, and always the same for a parcel.
fn tracking_number(shipment: &ShipmentId) -> String {
    let hash = Sha256::digest(shipment.as_str());
    format!("PP{}", hex::text(&hash[..TRACKING_BYTES]).to_uppercase())
}

/// Claims an act of the panel that is done at most once for what it is about.
fn claimed<T>(
    app: &App,
    act: &str,
    about: &str,
    answer: fn(&T) -> Kept,
) -> Result<Once<T>, ActError> {
    let asked = Asked {
        ticket: Ticket {
            store: store(),
            route: format!("POST /warehouse/{act}"),
            key: about.into(),
        },
        fingerprint: Sha256::digest(about).into(),
    };
    Once::claim(app, asked, answer)
}

/// Nobody reads these answers: they are kept because each is.
fn kept() -> Kept {
    Kept {
        status: 200,
        body: Vec::new(),
    }
}
