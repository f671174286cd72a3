//! Today: what needs a decision, the gravest first. A day without any says so.

use leptos::prelude::*;

use crate::fields::Fields;
use crate::format::{day_or_dash, moment, money};
use crate::parts::{Row, cell, head, link, load, mark, num, section, shown, table};
use crate::place::Place;
use crate::value::Value;
use crate::words::{counted, t};

/// Draws the items of a list.
type Draw = fn(&[Value]) -> AnyView;

/// The page.
pub fn page() -> AnyView {
    view! { {head(t("today.title"), t("today.lead"))}{shown(load("/v1/today"), draw)} }.into_any()
}

fn draw(today: Value) -> AnyView {
    let ready = today.at("ready").count("count").unwrap_or(0);
    let lists: [(&str, Draw); 4] = [
        ("at_risk", at_risk),
        ("payments", payments),
        ("low_stock", low_stock),
        ("drafts", drafts),
    ];
    let lists: Vec<AnyView> = lists
        .into_iter()
        .filter_map(|(name, draw)| decision(today.at(name), name, draw))
        .collect();
    let calm = lists
        .is_empty()
        .then(|| view! { <p class="calm">{t("today.calm")}</p> }.into_any());
    let parcels = (0 < ready).then(|| {
        section(
            counted("today.ready", ready),
            view! {
                <p class="row">
                    {crate::parts::button_link(Place::Parcels.href(), t("today.hand_over"))}
                    {crate::parts::button_link(Place::PickingList.href(), t("parcels.picking_list"))}
                </p>
            }
            .into_any(),
        )
    });
    view! { {calm}{lists}{parcels} }.into_any()
}

fn decision(list: &Value, name: &str, draw: Draw) -> Option<AnyView> {
    let count = list.count("count").unwrap_or(0);
    (0 < count).then(|| {
        let items = list.list("items");
        let rest = count - items.len() as i64;
        let rest = (0 < rest)
            .then(|| view! { <p class="soft">{counted("today.rest", rest)}</p> }.into_any());
        section(
            counted(&format!("today.{name}"), count),
            view! { {draw(&items)}{rest} }.into_any(),
        )
    })
}

fn at_risk(items: &[Value]) -> AnyView {
    let rows = items.iter().map(|item| {
        let filled = item.flag("filled");
        let expected = item.text("ships_by");
        let late = match (filled, item.count("days_late")) {
            (true, _) => mark("ready", t("today.filled")),
            (false, Some(days)) => mark("alert", counted("today.days_late", days)),
            (false, None) => mark("alert", t("today.no_date")),
        };
        let waits: Vec<_> = item
            .texts("purchase_orders")
            .into_iter()
            .map(purchase_order)
            .collect();
        vec![
            link(Place::Order(item.text("order")).href(), item.text("order")),
            link(Place::Sku(item.text("sku")).href(), item.text("sku")),
            num(item.count("quantity")),
            cell(day_or_dash(&item.text("first_ships_by"))),
            cell(day_or_dash(&expected)),
            late,
            view! { <span class="row">{waits}</span> }.into_any(),
        ]
    });
    let columns = [
        "common.order",
        "common.sku",
        "#common.quantity",
        "common.promised",
        "common.expected",
        "common.state",
        "common.waits_for",
    ];
    table(t("today.at_risk_caption"), &columns, rows.collect())
}

fn purchase_order(id: String) -> AnyView {
    link(Place::PurchaseOrder(id.clone()).href(), id)
}

fn payments(items: &[Value]) -> AnyView {
    let rows = items.iter().map(|item| {
        let until = item.text("kept_until");
        let reason = [item.text("failure"), item.text("code")]
            .into_iter()
            .find(|reason| !reason.is_empty());
        let until = if until.is_empty() {
            "–".to_owned()
        } else {
            moment(&until)
        };
        let row: Row = vec![
            link(Place::Order(item.text("order")).href(), item.text("order")),
            cell(money(item.at("amount"))),
            cell(reason.unwrap_or_else(|| "–".to_owned())),
            cell(until),
        ];
        row
    });
    let columns = [
        "common.order",
        "#common.amount",
        "today.why",
        "today.kept_until",
    ];
    table(t("today.payments_caption"), &columns, rows.collect())
}

fn low_stock(items: &[Value]) -> AnyView {
    let rows = items.iter().map(|item| {
        let row: Row = vec![
            link(Place::Forecast(item.text("sku")).href(), item.text("sku")),
            cell(item.text("title")),
            num(item.count("position")),
            num(item.count("reorder_point")),
        ];
        row
    });
    let columns = [
        "common.sku",
        "common.name",
        "#common.available",
        "#today.reorder_point",
    ];
    table(t("today.low_stock_caption"), &columns, rows.collect())
}

fn drafts(items: &[Value]) -> AnyView {
    let rows = items.iter().map(|item| {
        let lines = item
            .count("lines")
            .or_else(|| Some(item.list("lines").len() as i64));
        let row: Row = vec![
            link(Place::Reorder(item.text("id")).href(), item.text("id")),
            cell(item.text("supplier")),
            num(lines),
            cell(money(item.at("cost"))),
        ];
        row
    });
    let columns = [
        "common.id",
        "common.supplier",
        "#today.lines",
        "#today.cost",
    ];
    table(t("today.drafts_caption"), &columns, rows.collect())
}
