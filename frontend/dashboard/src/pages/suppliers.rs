//! Suppliers: what they promised against what they did, each figure with how many deliveries stand behind it.

use leptos::prelude::*;

use super::supplier;
use crate::app::App;
use crate::fields::Fields;
use crate::format::{month, number, percent, px, view_box};
use crate::parts::{
    Row, Scale, cell, head, interval, link, load, nothing, num, section, shown, table,
};
use crate::place::Place;
use crate::value::Value;
use crate::words::{LANGUAGES, counted, say, t};

/// Deliveries of its own from which a supplier's lead time is learnt, as the API says of `lead_time_days`.
const OWN_DELIVERIES_MIN: i64 = 8;

/// The page.
pub fn page() -> AnyView {
    let all = shown(load("/v1/suppliers"), |found| {
        let items = found.list("items");
        let new = App::here().may_change().then(supplier::new);
        view! { {section(t("suppliers.all"), every(&items))}{new} }.into_any()
    });
    view! { {head(t("suppliers.title"), t("suppliers.lead"))}{shown(load("/v1/lead-times"), draw)}{all} }
        .into_any()
}

fn every(items: &[Value]) -> AnyView {
    if items.is_empty() {
        return nothing(t("suppliers.none"));
    }
    let rows = items.iter().map(|item| {
        let tag = item.text("lang");
        let language = LANGUAGES.iter().find(|(known, _)| *known == tag);
        let language = language.map_or(tag.as_str(), |(_, name)| name);
        let language = if language.is_empty() { "–" } else { language };
        // As dates are made: what a supplier did counts instead of what was said of it once it did enough.
        let (said, learnt) = (item.count("lead_time_days"), item.at("lead_time"));
        let own = learnt.count("own").unwrap_or(0);
        // What is known of others alone is no news of this one.
        let learnt = learnt.count("days").filter(|_| 0 < own);
        let takes = match own < OWN_DELIVERIES_MIN {
            true => said.or(learnt),
            false => learnt.or(said),
        };
        let row: Row = vec![
            link(Place::Supplier(item.text("id")).href(), item.text("name")),
            cell(item.text("id")),
            num(takes),
            cell(language),
        ];
        row
    });
    let columns = [
        "common.name",
        "common.id",
        "#supplier.takes",
        "supplier.lang",
    ];
    table(t("suppliers.all_lead"), &columns, rows.collect())
}

fn draw(found: Value) -> AnyView {
    let items = found.list("items");
    let mut known: Vec<&Value> = items.iter().filter(|item| item.has("lead_time")).collect();
    known.sort_by_key(|item| -item.count("deliveries").unwrap_or(0));
    if known.is_empty() {
        return nothing(t("suppliers.nothing"));
    }
    let most = known
        .iter()
        .filter_map(|item| item.at("lead_time").number("p90"))
        .fold(1.0, f64::max);
    let scale = Scale {
        from: 0.0,
        to: most * 1.05,
    };
    let rows = known.iter().map(|item| row(item, scale)).collect();
    let columns = [
        "common.supplier",
        "#suppliers.deliveries",
        "suppliers.picture",
        "#suppliers.promised",
        "#suppliers.half",
        "#suppliers.four_fifths",
        "#suppliers.nine_tenths",
        "suppliers.kept",
    ];
    let unknown = items.len() - known.len();
    let unknown = (0 < unknown).then(|| {
        view! { <p class="soft">{counted("suppliers.without", unknown as i64)}</p> }.into_any()
    });
    let trends: Vec<_> = known
        .iter()
        .filter(|item| 2 < item.list("months").len())
        .map(|item| trend(item))
        .collect();
    let trends = (!trends.is_empty()).then(|| {
        section(
            t("suppliers.trend"),
            view! { <div class="trends">{trends}</div> }.into_any(),
        )
    });
    view! {
        <p class="soft">{t("suppliers.key")}</p>
        {table(say("suppliers.caption", &[("days", &number(scale.to.round() as i64))]), &columns, rows)}
        {unknown}
        {trends}
    }
    .into_any()
}

fn row(item: &Value, scale: Scale) -> Row {
    let real = item.at("lead_time");
    let at = |name: &str| real.number(name).unwrap_or(0.0);
    let promised = item.at("promised").number("p50");
    let kept = item.at("kept");
    let kept = match kept.number("rate") {
        None => cell("–"),
        Some(rate) => {
            let (low, high) = (
                kept.number("low").unwrap_or(rate),
                kept.number("high").unwrap_or(rate),
            );
            let n = number(kept.count("n").unwrap_or(0));
            cell(say(
                "suppliers.kept_of",
                &[
                    ("rate", &percent(rate)),
                    ("low", &percent(low)),
                    ("high", &percent(high)),
                    ("n", &n),
                ],
            ))
        }
    };
    vec![
        link(
            Place::Supplier(item.text("supplier")).href(),
            item.text("name"),
        ),
        num(real.count("n").or_else(|| item.count("deliveries"))),
        interval(
            scale,
            (at("p10"), at("p90")),
            Some(at("p50")),
            promised,
            None,
        ),
        num(item.at("promised").count("p50")),
        num(real.count("p50")),
        num(real.count("p80")),
        num(real.count("p90")),
        kept,
    ]
}

// A line of medians, month by month, with the table behind it.
fn trend(item: &Value) -> AnyView {
    const WIDTH: f64 = 320.0;
    const HEIGHT: f64 = 90.0;
    let months = item.list("months");
    let value = |month: &Value, name: &str| month.at("lead_time").number(name).unwrap_or(0.0);
    let most = months
        .iter()
        .map(|month| value(month, "p80"))
        .fold(1.0, f64::max);
    let x = |at: usize| 4.0 + at as f64 / (months.len() - 1).max(1) as f64 * (WIDTH - 8.0);
    let y = |days: f64| HEIGHT - 4.0 - days / most * (HEIGHT - 12.0);
    let points = |name: &'static str| {
        let points = months
            .iter()
            .enumerate()
            .map(|(at, month)| format!("{},{}", px(x(at)), px(y(value(month, name)))));
        points.collect::<Vec<_>>().join(" ")
    };
    let rows = months.iter().map(|one| {
        let real = one.at("lead_time");
        let row: Row = vec![
            cell(month(&one.text("month"))),
            num(real.count("n")),
            num(real.count("p50")),
            num(real.count("p80")),
        ];
        row
    });
    let columns = [
        "common.month",
        "#suppliers.deliveries",
        "#suppliers.half",
        "#suppliers.four_fifths",
    ];
    let name = item.text("name");
    view! {
        <figure>
            <figcaption dir="auto">{name.clone()}</figcaption>
            <svg class="trend" viewBox={view_box(WIDTH, HEIGHT)} role="img" aria-label={say("suppliers.trend_of", &[("name", &name)])}>
                <polyline class={"faint"} points={points("p80")} />
                <polyline class={"strong"} points={points("p50")} />
            </svg>
            <details><summary>{t("common.as_table")}</summary>{table(name, &columns, rows.collect())}</details>
        </figure>
    }
    .into_any()
}
