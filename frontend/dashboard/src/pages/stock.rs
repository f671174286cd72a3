//! Stock: search over all SKUs, and how each stands.

use leptos::prelude::*;

use crate::fields::Fields;
use crate::format::{day_or_dash, encoded};
use crate::parts::{
    Row, button_link, cell, head, link, load_when, mark, nothing, num, search, shown, table,
};
use crate::place::Place;
use crate::value::Value;
use crate::words::{named, t};

/// SKUs that are shown.
const FOUND_MAX: u32 = 50;

/// The page.
pub fn page() -> AnyView {
    let (wanted, field) = search(t("stock.search"));
    let found = load_when(move || {
        format!(
            "/v1/stock?limit={FOUND_MAX}&q={}",
            encoded(wanted.get().trim())
        )
    });
    view! {
        {head(t("stock.title"), t("stock.lead"))}
        {field}
        <p class="row tools">{button_link(Place::Import.href(), t("set_up.file"))}</p>
        {shown(found, move |found| draw(found, wanted.get_untracked().trim().is_empty()))}
    }
    .into_any()
}

fn draw(found: Value, is_all: bool) -> AnyView {
    let items = found.list("items");
    if items.is_empty() {
        let why = if is_all {
            "stock.none"
        } else {
            "stock.nothing"
        };
        return nothing(t(why));
    }
    let rows = items.iter().map(row).collect();
    let columns = [
        "common.sku",
        "common.name",
        "#common.on_hand",
        "#common.available",
        "#stock.waiting",
        "stock.next_in",
        "stock.shoppers_see",
        "stock.ships_by",
    ];
    let more = found
        .flag("more")
        .then(|| view! { <p class="soft">{t("stock.more")}</p> }.into_any());
    view! { {table(t("stock.caption"), &columns, rows)}{more} }.into_any()
}

fn row(item: &Value) -> Row {
    let status = item.text("status");
    let next = item.at("next_in");
    let next = next
        .as_str()
        .map_or_else(|| next.text("date"), str::to_owned);
    vec![
        link(Place::Sku(item.text("sku")).href(), item.text("sku")),
        cell(item.text("title")),
        num(item.count("on_hand")),
        num(item.count("available")),
        num(item.count("waiting")),
        cell(day_or_dash(&next)),
        mark(tone(&status), named("status", &status)),
        cell(day_or_dash(&item.text("ships_by"))),
    ]
}

/// The tone of a status that shoppers see.
pub fn tone(status: &str) -> &'static str {
    match status {
        "in_stock" | "low_stock" => "ready",
        "backorder" | "preorder" => "wait",
        _ => "gone",
    }
}
