//! Purchase orders: those on their way, and a new one.

use leptos::prelude::*;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::day_or_dash;
use crate::parts::{
    self, Act, Row, anew, button_link, cell, field, head, hinted_field, link, load, mark, more,
    num, paged, refusal, select_field, shown, submit, table,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{counted, named, say, t};

/// The page.
pub fn page() -> AnyView {
    let status = RwSignal::new("open".to_owned());
    let list = paged(move || {
        let status = status.get();
        match status.as_str() {
            "all" => "/v1/purchase-orders?limit=50".to_owned(),
            _ => format!("/v1/purchase-orders?limit=50&status={status}"),
        }
    });
    let rows = move || {
        let rows: Vec<Row> = list.items.with(|items| items.iter().map(row).collect());
        let columns = [
            "common.id",
            "common.supplier",
            "purchase_orders.lines",
            "#purchase_orders.outstanding",
            "common.expected",
            "common.state",
        ];
        (!rows.is_empty()).then(|| table(t("purchase_orders.caption"), &columns, rows))
    };
    let states = ["open", "all"].map(|state| (state.to_owned(), named("purchase_orders", state)));
    let new = App::here()
        .may_change()
        .then(|| button_link(Place::NewPurchaseOrder.href(), t("purchase_orders.new")));
    view! {
        {head(t("purchase_orders.title"), t("purchase_orders.lead"))}
        <div class="row tools">{select_field(t("common.show"), status, states.to_vec())}{new}</div>
        {anew(rows)}
        {more(list)}
    }
    .into_any()
}

fn row(item: &Value) -> Row {
    let lines = item.list("lines");
    let missing: i64 = lines
        .iter()
        .map(|line| {
            (line.count("quantity").unwrap_or(0) - line.count("received").unwrap_or(0)).max(0)
        })
        .sum();
    let first = lines
        .first()
        .map(|line| line.text("sku"))
        .unwrap_or_default();
    let content = match lines.len() {
        0 | 1 => first,
        many => say(
            "purchase_orders.and_more",
            &[
                ("sku", &first),
                ("more", &counted("purchase_orders.others", many as i64 - 1)),
            ],
        ),
    };
    let expected = lines
        .iter()
        .map(expected_on)
        .filter(|day| !day.is_empty())
        .max()
        .unwrap_or_default();
    let status = item.text("status");
    vec![
        link(
            Place::PurchaseOrder(item.text("id")).href(),
            item.text("id"),
        ),
        cell(item.text("supplier")),
        cell(content),
        num(Some(missing)),
        cell(day_or_dash(&expected)),
        mark(
            if status == "open" { "wait" } else { "gone" },
            named("po_status", &status),
        ),
    ]
}

/// The day on which a line is expected: what the supplier says, else what its past says.
pub fn expected_on(line: &Value) -> String {
    [line.text("expected_on"), line.text("planned_on")]
        .into_iter()
        .find(|day| !day.is_empty())
        .unwrap_or_default()
}

/// One line of a new purchase order.
#[derive(Debug, Clone, Copy)]
struct Line {
    sku: RwSignal<String>,
    quantity: RwSignal<String>,
}

impl Line {
    fn new() -> Self {
        Self {
            sku: RwSignal::new(String::new()),
            quantity: RwSignal::new(String::new()),
        }
    }
}

/// The page of a new one.
pub fn new() -> AnyView {
    view! {
        {head(t("purchase_orders.new"), t("purchase_orders.new_lead"))}
        {shown(load("/v1/suppliers"), |suppliers| form(&suppliers))}
    }
    .into_any()
}

fn form(suppliers: &Value) -> AnyView {
    let app = App::here();
    let act = Act::new();
    let [id, supplier, expected] = [(); 3].map(|()| RwSignal::new(String::new()));
    let lines = RwSignal::new(vec![Line::new()]);
    let mut options = vec![(String::new(), t("purchase_orders.no_supplier"))];
    options.extend(
        suppliers
            .list("items")
            .iter()
            .map(|supplier| (supplier.text("id"), supplier.text("name"))),
    );
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let some = |value: RwSignal<String>| {
            Some(value.get_untracked().trim().to_owned()).filter(|value| !value.is_empty())
        };
        let ordered = lines.get_untracked().into_iter().filter_map(|line| {
            let quantity: u32 = line.quantity.get_untracked().trim().parse().ok()?;
            Some(json!({ "sku": some(line.sku)?, "quantity": quantity }))
        });
        let ordered: Vec<Value> = ordered.collect();
        let body = json!({ "id": some(id), "supplier": some(supplier), "expected_on": some(expected), "lines": ordered });
        act.run(ask::post("/v1/purchase-orders", &body), move |order| {
            app.say(say("purchase_orders.made", &[("id", &order.text("id"))]));
            go(&Place::PurchaseOrder(order.text("id")));
        });
    };
    let rows = move || {
        let rows = lines.get().into_iter().map(|line| {
            view! {
                <div class="row">{field(t("common.sku"), "text*", line.sku)}{field(t("common.quantity"), "number*", line.quantity)}</div>
            }.into_any()
        });
        rows.collect::<Vec<_>>()
    };
    view! {
        {parts::form("", send, view! {
            {hinted_field(t("purchase_orders.id"), "text", id, t("purchase_orders.id_hint"))}
            {select_field(t("common.supplier"), supplier, options)}
            {hinted_field(t("purchase_orders.expected"), "date", expected, t("purchase_orders.expected_hint"))}
            <fieldset><legend>{t("purchase_orders.lines")}</legend>{anew(rows)}
                {parts::press("quiet", t("purchase_orders.add_line"), move |_| lines.update(|lines| lines.push(Line::new())))}
            </fieldset>
            {refusal(act)}
            {submit(t("purchase_orders.make"), act)}
        }.into_any())}
    }
    .into_any()
}

/// Goes to a page.
pub fn go(place: &Place) {
    let window = web_sys::window().expect("a page has a window");
    // A browser that goes nowhere stays where it is.
    let _ = window.location().set_hash(&place.href());
}
