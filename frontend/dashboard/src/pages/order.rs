//! One order: its lines and parcels, and every date that was promised for it.

use leptos::prelude::*;

use super::orders::tone;
use super::parcels::parcel;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{day_or_dash, encoded, moment, money};
use crate::parts::{
    Act, Load, Question, Row, cell, confirm, head, link, load, mark, num, refusal, section, shown,
    table,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{named, t};

/// The page of an order.
pub fn page(id: String) -> AnyView {
    let path = format!("/v1/orders/{}", encoded(&id));
    let order = load(&path);
    view! { {head(id, String::new())}{shown(order, move |found| draw(&found, &path, order))} }
        .into_any()
}

fn draw(order: &Value, path: &str, load: Load) -> AnyView {
    let customer = order.at("customer");
    let status = order.text("status");
    let facts = [
        (t("orders.placed"), moment(&order.text("placed_at"))),
        (t("orders.customer"), customer.text("name")),
        (t("orders.email"), customer.text("email")),
        (t("orders.country"), customer.text("country")),
        (
            t("orders.total"),
            if order.has("total") {
                money(order.at("total"))
            } else {
                String::new()
            },
        ),
        (
            t("orders.payment"),
            named("payment", &order.at("payment").text("status")),
        ),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts: Vec<_> = facts
        .map(|(name, value)| {
            view! { <div><dt>{name}</dt><dd dir="auto">{value}</dd></div> }.into_any()
        })
        .collect();
    let parcels: Vec<_> = order
        .list("shipments")
        .iter()
        .map(|one| parcel(one, load))
        .collect();
    let parcels = match parcels.is_empty() {
        true => crate::parts::nothing(t("orders.no_parcel")),
        false => view! { <ul class="parcels">{parcels}</ul> }.into_any(),
    };
    let page = order.text("page");
    let page = (!page.is_empty()).then(|| {
        view! { <p><a href={page} target="_blank" rel="noopener">{t("orders.their_page")}</a></p> }.into_any()
    });
    view! {
        <p>{mark(tone(&status), named("order_status", &status))}</p>
        <dl class="figures">{facts}</dl>
        {page}
        {lines(&order.list("lines"))}
        {section(t("orders.parcels"), parcels)}
        {section(t("orders.promises"), promises(&order.list("promises")))}
        {(status == "open" && App::here().may_change()).then(|| cancel(path.to_owned(), load))}
    }
    .into_any()
}

fn lines(lines: &[Value]) -> AnyView {
    let rows = lines.iter().map(|line| {
        let row: Row = vec![
            link(Place::Sku(line.text("sku")).href(), line.text("sku")),
            num(line.count("quantity")),
            num(line.count("shipped")),
            num(line.count("cancelled")),
            cell(day_or_dash(&line.text("ships_by"))),
            cell(money(line.at("cost"))),
        ];
        row
    });
    let columns = [
        "common.sku",
        "#common.quantity",
        "#orders.shipped",
        "#orders.cancelled",
        "stock.ships_by",
        "#common.amount",
    ];
    table(t("orders.goods"), &columns, rows.collect())
}

fn promises(promises: &[Value]) -> AnyView {
    let rows = promises.iter().map(|promise| {
        let supply = promise.at("basis").list("supply");
        let from = supply.iter().map(|one| match one.text("purchase_order") {
            none if none.is_empty() => named("source", &one.text("from")),
            id => id,
        });
        let row: Row = vec![
            cell(promise.text("sku")),
            num(promise.count("quantity")),
            cell(day_or_dash(&promise.text("ships_by"))),
            cell(moment(&promise.text("at"))),
            cell(named("cause", &promise.text("cause"))),
            cell(from.collect::<Vec<_>>().join(", ")),
        ];
        row
    });
    let columns = [
        "common.sku",
        "#common.quantity",
        "common.promised",
        "orders.told_at",
        "orders.because",
        "sku.from",
    ];
    table(t("orders.promises_caption"), &columns, rows.collect())
}

fn cancel(path: String, load: Load) -> AnyView {
    let app = App::here();
    let act = Act::new();
    let question = Question {
        button: ("plain", t("orders.cancel")),
        sure: t("orders.cancel_sure"),
        yes: ("alert", t("orders.cancel_now")),
        no: t("orders.keep"),
    };
    let cancel = move || {
        let path = format!("{path}/cancel");
        act.run(ask::post(&path, &json!({ "by": "shop" })), move |_| {
            app.say(t("orders.was_cancelled"));
            load.again();
        });
    };
    view! { <section>{confirm(question, act, cancel)}{refusal(act)}</section> }.into_any()
}
