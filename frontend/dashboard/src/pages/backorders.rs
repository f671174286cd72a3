//! Backorders: which order waits for which purchase order, in the order in which goods are given out.

use leptos::prelude::*;

use super::another_date::another_date;
use crate::app::App;
use crate::fields::Fields;
use crate::format::{day_or_dash, encoded};
use crate::parts::{
    Paged, Row, anew, cell, check_field, head, link, load, mark, more, num, paged, section,
    select_field, shown, table,
};
use crate::place::Place;
use crate::value::Value;
use crate::words::t;

/// The page.
pub fn page() -> AnyView {
    let only_late = RwSignal::new(false);
    let list = paged(|| "/v1/backorders?limit=50".to_owned());
    let rows = move || {
        let rows: Vec<Row> = list.items.with(|items| {
            let wanted = items
                .iter()
                .filter(|item| !only_late.get() || item.flag("late"));
            wanted.map(row).collect()
        });
        let columns = [
            "common.order",
            "common.sku",
            "#common.quantity",
            "common.promised",
            "common.expected",
            "common.waits_for",
            "common.state",
        ];
        (!rows.is_empty()).then(|| table(t("backorders.caption"), &columns, rows))
    };
    view! {
        {head(t("backorders.title"), t("backorders.lead"))}
        {check_field(t("backorders.only_late"), only_late)}
        {anew(rows)}
        {more(list)}
        {App::here().may_change().then(|| section(t("backorders.what_if"), what_if(list)))}
    }
    .into_any()
}

// What if one of those that are waited for came on another day?
fn what_if(list: Paged) -> AnyView {
    let chosen = RwSignal::new(String::new());
    let awaited = Memo::new(move |_| {
        let mut ids = list.items.with(|items| {
            let ids = items.iter().flat_map(|item| item.texts("purchase_orders"));
            ids.collect::<Vec<String>>()
        });
        ids.sort();
        ids.dedup();
        ids
    });
    let choice = move || {
        let mut options = vec![(String::new(), t("backorders.choose"))];
        options.extend(awaited.get().into_iter().map(|id| (id.clone(), id)));
        select_field(t("backorders.if_moved"), chosen, options)
    };
    let form = move || {
        let id = chosen.get();
        (!id.is_empty()).then(|| {
            let order = load(&format!("/v1/purchase-orders/{}", encoded(&id)));
            let saved = order.answer;
            // Who waits, and for what, is another list once a date was saved.
            Effect::new(move |before: Option<bool>| {
                let is_there = saved.with(Option::is_some);
                if before == Some(true) {
                    list.again();
                }
                is_there
            });
            shown(order, move |found| another_date(&found, order))
        })
    };
    view! { <div class="narrow">{anew(choice)}</div>{anew(form)} }.into_any()
}

fn row(item: &Value) -> Row {
    let orders = item.texts("purchase_orders");
    let waits: Vec<_> = orders
        .into_iter()
        .map(|id| link(Place::PurchaseOrder(id.clone()).href(), id))
        .collect();
    let waits = match waits.is_empty() {
        true => cell(t("backorders.nothing_on_its_way")),
        false => view! { <span class="row">{waits}</span> }.into_any(),
    };
    let late = item.flag("late");
    vec![
        link(Place::Order(item.text("order")).href(), item.text("order")),
        link(Place::Sku(item.text("sku")).href(), item.text("sku")),
        num(item.count("quantity")),
        cell(day_or_dash(&item.text("first_ships_by"))),
        cell(day_or_dash(&item.text("ships_by"))),
        waits,
        if late {
            mark("alert", t("backorders.late"))
        } else {
            mark("wait", t("backorders.in_time"))
        },
    ]
}
