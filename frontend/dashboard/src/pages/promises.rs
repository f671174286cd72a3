//! Promises: how many were kept by the date that was told first, and whether that is what was aimed at.

use leptos::prelude::*;

use crate::fields::Fields;
use crate::format::{day, decimal, month, percent, px, view_box};
use crate::parts::{
    Row, Scale, cell, head, interval, load, load_when, nothing, num, section, select_field, shown,
    table,
};
use crate::value::Value;
use crate::words::{named, say, t};

/// The ways to tell promises apart.
const BY: [&str; 5] = ["total", "supplier", "sku", "horizon", "month"];

/// The page.
pub fn page() -> AnyView {
    let by = RwSignal::new("supplier".to_owned());
    let report = load_when(move || format!("/v1/promises/report?by={}", by.get()));
    let ways = BY.map(|way| (way.to_owned(), named("promises_by", way)));
    view! {
        {head(t("promises.title"), t("promises.lead"))}
        <div class="narrow">{select_field(t("promises.by"), by, ways.to_vec())}</div>
        {shown(report, |report| rates(&report))}
        {section(t("promises.calibration"), calibration())}
    }
    .into_any()
}

fn rates(report: &Value) -> AnyView {
    let by = report.text("by");
    let items = report.list("items");
    if items.is_empty() {
        return nothing(t("promises.nothing"));
    }
    let scale = Scale { from: 0.0, to: 1.0 };
    let rows = items.iter().map(|item| {
        let (low, high) = (
            item.number("rate_low").unwrap_or(0.0),
            item.number("rate_high").unwrap_or(1.0),
        );
        let rate = item.number("rate");
        let words = rate.map_or_else(
            || "–".to_owned(),
            |rate| {
                say(
                    "promises.rate",
                    &[
                        ("rate", &percent(rate)),
                        ("low", &percent(low)),
                        ("high", &percent(high)),
                    ],
                )
            },
        );
        let picture = match rate {
            Some(rate) => interval(scale, (low, high), Some(rate), None, None),
            None => ().into_any(),
        };
        let row: Row = vec![
            cell(key_name(&by, &item.text("key"))),
            picture,
            cell(words),
            num(item.count("kept")),
            num(item.count("broken")),
            num(item.count("open")),
            cell(
                item.number("days_late")
                    .map_or_else(|| "–".to_owned(), |days| decimal(days, 1)),
            ),
        ];
        row
    });
    let by = format!("promises_by.{by}");
    let columns = [
        by.as_str(),
        "promises.picture",
        "#promises.kept_rate",
        "#promises.kept",
        "#promises.broken",
        "#promises.open",
        "#promises.days_late",
    ];
    let caption = say(
        "promises.caption",
        &[
            ("from", &day(&report.text("from"))),
            ("to", &day(&report.text("to"))),
        ],
    );
    let cut = report
        .flag("cut")
        .then(|| view! { <p class="soft">{t("promises.cut")}</p> }.into_any());
    view! { {table(caption, &columns, rows.collect())}{cut} }.into_any()
}

fn key_name(by: &str, key: &str) -> String {
    match (by, key) {
        ("total", _) => named("promises_by", "total"),
        ("month", key) => month(key),
        ("supplier", "none") => t("promises.no_supplier"),
        ("horizon", key) => say("promises.days_ahead", &[("days", key)]),
        (_, key) => key.to_owned(),
    }
}

fn calibration() -> AnyView {
    let store = load("/v1/store");
    let report = load("/v1/promises/report?by=horizon");
    shown(store, move |store| {
        let aim = store.number("promise_level").unwrap_or(80.0) / 100.0;
        shown(report, move |report| curve(&report, aim))
    })
}

// For each horizon the share that was kept, between the ends of its interval; the line across is what is aimed at.
fn curve(report: &Value, aim: f64) -> AnyView {
    const WIDTH: f64 = 640.0;
    const HEIGHT: f64 = 240.0;
    const BEGIN: f64 = 52.0;
    const FOOT: f64 = 30.0;
    let items: Vec<Value> = report
        .list("items")
        .into_iter()
        .filter(|item| item.has("rate"))
        .collect();
    let aimed = say("promises.aimed", &[("level", &percent(aim))]);
    if items.is_empty() {
        return view! { <p class="soft">{aimed}</p>{nothing(t("promises.nothing"))} }.into_any();
    }
    let y = |share: f64| 10.0 + (1.0 - share) * (HEIGHT - 10.0 - FOOT);
    let step = (WIDTH - BEGIN) / items.len() as f64;
    let bars = items.iter().enumerate().map(|(at, item)| {
        let x = px(BEGIN + (at as f64 + 0.5) * step);
        let value = |name: &str| px(y(item.number(name).unwrap_or(0.0)));
        view! {
            <g>
                <line class={"span"} x1={x.clone()} x2={x.clone()} y1={value("rate_low")} y2={value("rate_high")} />
                <circle class={"dot"} cx={x.clone()} cy={value("rate")} r={"5"} />
                <text class={"name"} x={x} y={px(HEIGHT - 8.0)} text-anchor={"middle"}>{item.text("key")}</text>
            </g>
        }.into_any()
    });
    let bars: Vec<_> = bars.collect();
    let marks = [0.0, 0.5, 1.0].map(|share| {
        view! {
            <g>
                <line class={"ground"} x1={px(BEGIN)} x2={px(WIDTH)} y1={px(y(share))} y2={px(y(share))} />
                <text class={"name"} x={px(BEGIN - 8.0)} y={px(y(share) + 4.0)} text-anchor={"end"}>{percent(share)}</text>
            </g>
        }.into_any()
    });
    let marks: Vec<_> = marks.into_iter().collect();
    let rows = items.iter().map(|item| {
        let shares = ["rate", "rate_low", "rate_high"]
            .map(|name| cell(percent(item.number(name).unwrap_or(0.0))));
        let mut row: Row = vec![cell(key_name("horizon", &item.text("key")))];
        row.extend(shares);
        row.push(num(Some(
            item.count("kept").unwrap_or(0) + item.count("broken").unwrap_or(0),
        )));
        row
    });
    let columns = [
        "promises_by.horizon",
        "#promises.kept_rate",
        "#promises.low",
        "#promises.high",
        "#promises.judged",
    ];
    let label = t("promises.calibration_lead");
    view! {
        <figure>
            <figcaption>{label.clone()}" "{aimed}</figcaption>
            <div class="wide" tabindex="0" role="region" aria-label={t("promises.calibration")}>
                <svg class="curve" viewBox={view_box(WIDTH, HEIGHT)} role="img" dir="ltr" aria-label={label}>
                    {marks}
                    <line class={"against"} x1={px(BEGIN)} x2={px(WIDTH)} y1={px(y(aim))} y2={px(y(aim))} />
                    {bars}
                </svg>
            </div>
            <details><summary>{t("common.as_table")}</summary>{table(t("promises.calibration"), &columns, rows.collect())}</details>
        </figure>
    }
    .into_any()
}
