//! Parcels that can leave: handing them over, and what to take from which shelf.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{encoded, moment};
use crate::parts::{
    self, Act, Load, Row, anew, button_link, cell, field, head, link, load, mark, more, nothing,
    num, paged, refusal, select_field, shown, submit, table,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{counted, named, say, t};

/// Parcels on one picking list: what one walk along the shelves takes.
const PICKED_MAX: u32 = 100;

/// The page.
pub fn page() -> AnyView {
    let status = RwSignal::new("ready".to_owned());
    let list = paged(move || format!("/v1/shipments?limit=50&status={}", status.get()));
    let states =
        ["ready", "shipped"].map(|state| (state.to_owned(), named("parcel_status", state)));
    let parcels = move || {
        let parcels = list.items.get();
        let parcels: Vec<_> = parcels
            .iter()
            .map(|one| parcel_then(one, move || list.again()))
            .collect();
        view! { <ul class="parcels">{parcels}</ul> }.into_any()
    };
    view! {
        {head(t("parcels.title"), t("parcels.lead"))}
        <div class="row tools">
            {select_field(t("common.show"), status, states.to_vec())}
            {button_link(Place::PickingList.href(), t("parcels.picking_list"))}
        </div>
        {anew(parcels)}
        {more(list)}
    }
    .into_any()
}

/// A parcel of an order: handed over here where it is ready.
pub fn parcel(shipment: &Value, load: Load) -> AnyView {
    parcel_then(shipment, move || load.again())
}

fn parcel_then(shipment: &Value, done: impl Fn() + Copy + 'static) -> AnyView {
    let is_ready = shipment.text("status") == "ready";
    let lines = shipment.list("lines");
    let lines: Vec<_> = lines.iter().map(|line| view! { <li dir="auto">{format!("{} × {}", line.count("quantity").unwrap_or(0), line.text("sku"))}</li> }.into_any()).collect();
    let state = match is_ready {
        true => mark(
            "ready",
            say("parcels.from", &[("location", &shipment.text("from"))]),
        ),
        false => mark(
            "gone",
            say(
                "parcels.left",
                &[("at", &moment(&shipment.text("shipped_at")))],
            ),
        ),
    };
    let tracking = [shipment.text("carrier"), shipment.text("tracking_number")].join(" ");
    let hand_over = (is_ready && App::here().may_change()).then(|| hand_over(shipment, done));
    view! {
        <li class="parcel">
            <p class="row">{link(Place::Order(shipment.text("order")).href(), shipment.text("order"))}{state}</p>
            <ul class="goods">{lines}</ul>
            <p class="soft" dir="auto">{tracking.trim().to_owned()}</p>
            {hand_over}
        </li>
    }
    .into_any()
}

fn hand_over(shipment: &Value, done: impl Fn() + Copy + 'static) -> AnyView {
    let app = App::here();
    let act = Act::new();
    let (carrier, number) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let path = format!("/v1/shipments/{}/ship", encoded(&shipment.text("id")));
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let some = |value: RwSignal<String>| {
            Some(value.get_untracked().trim().to_owned()).filter(|value| !value.is_empty())
        };
        let body = json!({ "carrier": some(carrier), "tracking_number": some(number) });
        let path = path.clone();
        let form: Option<web_sys::Element> = event.target().map(JsCast::unchecked_into);
        let opened = form.and_then(|form| form.closest("details").ok().flatten());
        act.run(ask::post(&path, &body), move |_| {
            app.say(t("parcels.gone"));
            // The next parcel takes this one's place: its form is not to stand open under the same finger.
            if let Some(opened) = opened {
                let _ = opened.remove_attribute("open");
            }
            done();
        });
    };
    view! {
        <details>
            <summary>{t("parcels.hand_over")}</summary>
            {parts::form("row wrap", send, view! {
                {field(t("parcels.carrier"), "text", carrier)}
                {field(t("parcels.tracking"), "text", number)}
                {submit(t("parcels.hand_over_now"), act)}
            }.into_any())}
            {refusal(act)}
        </details>
    }
    .into_any()
}

/// The picking list: by location and SKU, with the orders that get them.
pub fn picking_list() -> AnyView {
    let ready = load(&format!("/v1/shipments?status=ready&limit={PICKED_MAX}"));
    let print = |_| {
        let window = web_sys::window().expect("a page has a window");
        // Where a browser cannot print, nothing happens.
        let _ = window.print();
    };
    view! {
        {head(t("parcels.picking_list"), t("parcels.picking_lead"))}
        <p class="row tools">{parts::press("first", t("parcels.print"), print)}</p>
        {shown(ready, |found| picks(&found))}
    }
    .into_any()
}

fn picks(found: &Value) -> AnyView {
    let shipments = found.list("items");
    // What is taken: from where, of which SKU, how many units, and for which order.
    let mut taken = Vec::new();
    for shipment in &shipments {
        for line in shipment.list("lines") {
            let units = line.count("quantity").unwrap_or(0);
            let place = vec![shipment.text("from"), line.text("sku")];
            taken.push((place, units, shipment.text("order")));
        }
    }
    if taken.is_empty() {
        return nothing(t("parcels.nothing"));
    }
    taken.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    let lists = taken.chunk_by(|(one, ..), (other, ..)| one[0] == other[0]);
    let lists = lists.map(|shelf| {
        let skus = shelf.chunk_by(|(one, ..), (other, ..)| one == other);
        let rows = skus.map(|lines| {
            let orders = lines.iter();
            let orders = orders.map(|(_, units, order)| format!("{units} × {order}"));
            let orders: Vec<String> = orders.collect();
            let row: Row = vec![
                view! { <span class="box" aria-hidden="true"></span> }.into_any(),
                num(Some(lines.iter().map(|(_, units, _)| units).sum())),
                cell(lines[0].0[1].as_str()),
                cell(orders.join(", ")),
            ];
            row
        });
        let columns = [
            "parcels.taken",
            "#common.quantity",
            "common.sku",
            "parcels.for_orders",
        ];
        table(shelf[0].0[0].clone(), &columns, rows.collect())
    });
    let lists: Vec<_> = lists.collect();
    let cut = (!found.text("next").is_empty()).then(|| {
        view! { <p class="soft">{counted("parcels.cut", i64::from(PICKED_MAX))}</p> }.into_any()
    });
    view! { <div class="picking">{lists}{cut}</div> }.into_any()
}
