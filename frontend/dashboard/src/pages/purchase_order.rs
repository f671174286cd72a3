//! One purchase order: its dates, whom another date would hurt, and what came.

use leptos::prelude::*;

use super::another_date::another_date;
use super::wait_reason;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{day_or_dash, encoded, today};
use crate::parts::{
    self, Act, Load, Row, cell, check_field, facts, field, head, link, load, nothing, num, refusal,
    section, shown, submit, table,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{named, t};

/// The page of a purchase order.
pub fn page(id: String) -> AnyView {
    let path = format!("/v1/purchase-orders/{}", encoded(&id));
    let order = load(&path);
    view! { {head(id, String::new())}{shown(order, move |found| draw(&found, path.clone(), order))} }.into_any()
}

fn draw(order: &Value, path: String, load: Load) -> AnyView {
    let lines = order.list("lines");
    let rows = lines.iter().map(|line| {
        let row: Row = vec![
            link(Place::Sku(line.text("sku")).href(), line.text("sku")),
            num(line.count("quantity")),
            num(line.count("received")),
            cell(day_or_dash(&line.text("expected_on"))),
            cell(day_or_dash(&line.text("planned_on"))),
        ];
        row
    });
    let columns = [
        "common.sku",
        "#purchase_orders.ordered",
        "#purchase_orders.received",
        "purchase_orders.told",
        "purchase_orders.planned",
    ];
    let known = vec![
        (t("common.state"), named("po_status", &order.text("status"))),
        (t("common.supplier"), order.text("supplier")),
        (t("common.location"), order.text("location")),
        (
            t("purchase_orders.ordered_on"),
            day_or_dash(&order.text("ordered_on")),
        ),
    ];
    let table = table(t("purchase_orders.lines"), &columns, rows.collect());
    let sold_path = path.clone();
    let acts = (order.text("status") == "open" && App::here().may_change()).then(|| {
        view! {
            {section(t("purchase_orders.change_date"), another_date(order, load))}
            <section>{wait_reason::form(order.at("wait_reason"), sold_path.clone(), load)}</section>
            {section(t("purchase_orders.receive"), receive_form(&lines, path, load))}
        }
        .into_any()
    });
    let is_open = order.text("status") == "open";
    let unsold = is_open.then(|| {
        let found = crate::parts::load(&format!("{sold_path}/not-sold-ahead"));
        shown(found, |found| unsold(&found))
    });
    view! { {facts(known)}{table}{unsold}{acts} }.into_any()
}

/// What is on its way and cannot be bought before it is here.
fn unsold(found: &Value) -> AnyView {
    let skus = found.texts("skus");
    let links: Vec<_> = skus
        .iter()
        .map(|sku| view! { {link(Place::Sku(sku.clone()).href(), sku.clone())}" " }.into_any())
        .collect();
    let notice = (!skus.is_empty()).then(|| {
        view! { <p class="notice">{t("purchase_orders.not_sold_ahead")}" "{links}</p> }.into_any()
    });
    view! { {notice} }.into_any()
}

fn receive_form(lines: &[Value], path: String, load: Load) -> AnyView {
    let app = App::here();
    let act = Act::new();
    let over = RwSignal::new(false);
    let date = RwSignal::new(today());
    let counts = lines.iter().filter_map(|line| {
        let missing = line.count("quantity")? - line.count("received")?;
        (0 < missing).then(|| (line.text("sku"), RwSignal::new(missing.to_string())))
    });
    let counts: Vec<(String, RwSignal<String>)> = counts.collect();
    if counts.is_empty() {
        return nothing(t("purchase_orders.all_came"));
    }
    let fields: Vec<_> = counts
        .iter()
        .map(|(sku, count)| field(sku.clone(), "number", *count))
        .collect();
    // The same key again if the answer is lost: goods are not counted twice.
    let receipt = format!("rcp_{}", &ask::unique()[..16]);
    let receive = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let came = counts.iter().filter_map(|(sku, count)| {
            let quantity: u32 = count
                .get_untracked()
                .trim()
                .parse()
                .ok()
                .filter(|quantity| 0 < *quantity)?;
            Some(json!({ "sku": sku.as_str(), "quantity": quantity }))
        });
        let came: Vec<Value> = came.collect();
        let body = json!({
            "receipt": receipt.as_str(),
            "received_on": date.get_untracked(),
            "allow_over_receipt": over.get_untracked(),
            "lines": came,
        });
        let path = format!("{path}/receipts");
        act.run(ask::post(&path, &body), move |_| {
            app.say(t("purchase_orders.came"));
            load.again();
        });
    };
    view! {
        {parts::form("", receive, view! {
            <p class="soft">{t("purchase_orders.receive_lead")}</p>
            <div class="row wrap">{fields}{field(t("purchase_orders.received_on"), "date*", date)}</div>
            {check_field(t("purchase_orders.over"), over)}
            {refusal(act)}
            {submit(t("purchase_orders.receive_now"), act)}
        }.into_any())}
    }
    .into_any()
}
