//! Forecasts: what will be wanted of each SKU, and when to order it.

use leptos::prelude::*;

use crate::fields::Fields;
use crate::format::{decimal, encoded, number};
use crate::parts::{Row, anew, cell, head, link, mark, more, num, paged, search, table};
use crate::place::Place;
use crate::value::Value;
use crate::words::{counted, named, t};

/// The page.
pub fn page() -> AnyView {
    let (wanted, field) = search(t("stock.search"));
    let list = paged(move || {
        let words = encoded(wanted.get().trim());
        match words.is_empty() {
            true => "/v1/forecasts?limit=50".to_owned(),
            false => format!("/v1/forecasts?limit=50&q={words}"),
        }
    });
    let rows = move || {
        let rows: Vec<Row> = list.items.with(|items| items.iter().map(row).collect());
        let columns = [
            "common.sku",
            "common.name",
            "#forecasts.next_month",
            "#forecasts.p95",
            "#forecasts.position",
            "#today.reorder_point",
            "#forecasts.safety_stock",
            "common.state",
        ];
        (!rows.is_empty()).then(|| table(t("forecasts.caption"), &columns, rows))
    };
    view! {
        {head(t("forecasts.title"), t("forecasts.lead"))}
        {field}
        {anew(rows)}
        {more(list)}
    }
    .into_any()
}

fn row(item: &Value) -> Row {
    let next = item.list("ahead");
    let next = next.first().map(|ahead| ahead.at("wanted").clone());
    let next = next.unwrap_or_default();
    let mean = next.number("mean").map(|mean| decimal(mean, 1));
    vec![
        link(Place::Forecast(item.text("sku")).href(), item.text("sku")),
        cell(item.text("title")),
        cell(mean.unwrap_or_else(|| "–".to_owned())),
        num(next.count("p95")),
        num(item.count("position")),
        num(item.count("reorder_point")),
        num(item.count("safety_stock")),
        standing(item),
    ]
}

/// Whether something is to be ordered.
pub fn standing(item: &Value) -> AnyView {
    let reason = item.text("reason");
    match (reason.as_str(), item.count("order_now")) {
        (_, Some(units)) => mark("alert", counted("forecasts.order_now", units)),
        ("enough", None) => mark("ready", named("forecast_state", &reason)),
        _ => mark("gone", named("forecast_state", &reason)),
    }
}

/// A count in words of the reader; a dash where there is none.
pub fn units(count: Option<i64>) -> String {
    count.map_or_else(|| "–".to_owned(), number)
}
