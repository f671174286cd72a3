//! Orders, newest pages first found by their id.

use leptos::prelude::*;

use super::purchase_orders::go;
use crate::fields::Fields;
use crate::format::{day_or_dash, moment, money};
use crate::parts::{Row, anew, cell, field, head, link, mark, more, paged, table};
use crate::place::Place;
use crate::value::Value;
use crate::words::{named, t};

/// The page.
pub fn page() -> AnyView {
    let wanted = RwSignal::new(String::new());
    let list = paged(|| "/v1/orders?limit=50".to_owned());
    let open = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let id = wanted.get_untracked().trim().to_owned();
        if !id.is_empty() {
            go(&Place::Order(id));
        }
    };
    let rows = move || {
        let rows: Vec<Row> = list.items.with(|items| items.iter().map(row).collect());
        let columns = [
            "common.order",
            "orders.placed",
            "orders.customer",
            "orders.goods",
            "common.expected",
            "#orders.total",
            "common.state",
        ];
        (!rows.is_empty()).then(|| table(t("orders.caption"), &columns, rows))
    };
    view! {
        {head(t("orders.title"), t("orders.lead"))}
        <form class="row" role="search" on:submit=open>
            {field(t("orders.find"), "text", wanted)}
            <button type="submit">{t("orders.open")}</button>
        </form>
        {anew(rows)}
        {more(list)}
    }
    .into_any()
}

fn row(order: &Value) -> Row {
    let customer = order.at("customer");
    let name = [customer.text("name"), customer.text("email")]
        .into_iter()
        .find(|name| !name.is_empty());
    let lines = order.list("lines");
    let goods = lines.iter().map(|line| {
        format!(
            "{} × {}",
            line.count("quantity").unwrap_or(0),
            line.text("sku")
        )
    });
    let last = lines
        .iter()
        .map(|line| line.text("ships_by"))
        .max()
        .unwrap_or_default();
    let status = order.text("status");
    vec![
        link(Place::Order(order.text("id")).href(), order.text("id")),
        cell(moment(&order.text("placed_at"))),
        cell(name.unwrap_or_else(|| "–".to_owned())),
        cell(goods.collect::<Vec<_>>().join(", ")),
        cell(day_or_dash(&last)),
        cell(money(order.at("total"))),
        mark(tone(&status), named("order_status", &status)),
    ]
}

/// The tone of an order's status.
pub fn tone(status: &str) -> &'static str {
    match status {
        "shipped" => "ready",
        "cancelled" => "gone",
        _ => "wait",
    }
}
