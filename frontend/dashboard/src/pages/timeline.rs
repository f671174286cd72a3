//! The picture of a SKU at a location: what there is, what is promised of it, and what can still be promised, day by day.

use leptos::prelude::*;

use crate::fields::Fields;
use crate::format::{day, day_or_dash, days_between, number, px, view_box};
use crate::parts::{Row, cell, num, table};
use crate::value::Value;
use crate::words::{language, named, say, t};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 250.0;
/// Room at the sides.
const SIDE: f64 = 12.0;
/// Room above, for what comes.
const ABOVE: f64 = 52.0;
/// Room below, for the days.
const BELOW: f64 = 34.0;
/// Days are named where there is so much room for a name.
const NAME_WIDTH: f64 = 84.0;

/// A day on which something changes.
struct Step {
    x: f64,
    day: String,
    // None: any number.
    supply: Option<f64>,
    claims: f64,
}

/// Draws a location of an explanation, and the table behind it.
///
/// `ships_by` is the date that is told of it, where one is.
pub fn timeline(location: &Value, sku: &Value, ships_by: &str) -> AnyView {
    let today = location.text("today");
    let days = sku.list("days");
    let last = days
        .iter()
        .map(|day| day.text("by"))
        .chain([ships_by.to_owned()])
        .max()
        .unwrap_or_default();
    let span = days_between(&today, &last).unwrap_or(0).max(7) as f64 * 1.12;
    let x = |iso: &str| {
        let share = days_between(&today, iso).unwrap_or(0).max(0) as f64 / span;
        mirrored(SIDE + share * (WIDTH - 2.0 * SIDE))
    };
    let steps: Vec<Step> = days
        .iter()
        .filter(|step| ["owed", "date"].contains(&step.text("due").as_str()))
        .map(|step| Step {
            x: if step.has("by") {
                x(&step.text("by"))
            } else {
                mirrored(SIDE)
            },
            day: step.text("by"),
            supply: step.number("supply"),
            claims: step.number("claims").unwrap_or(0.0),
        })
        .collect();
    let most = steps
        .iter()
        .flat_map(|step| [step.supply.unwrap_or(0.0), step.claims])
        .fold(1.0, f64::max);
    let y = |units: f64| HEIGHT - BELOW - units / most / 1.15 * (HEIGHT - ABOVE - BELOW);
    let end = mirrored(WIDTH - SIDE);
    let supply = line(&steps, end, |step| step.supply.map_or(ABOVE - 6.0, y));
    let claims = line(&steps, end, |step| y(step.claims));
    let ground = HEIGHT - BELOW;
    let begin = mirrored(SIDE);
    let area = format!(
        "{claims} L{} {foot} L{} {foot} Z",
        px(end),
        px(begin),
        foot = px(ground)
    );
    let names = day_names(&steps, ground);
    let foot = |x: f64| {
        let step = steps.iter().find(|step| (step.x - x).abs() < 0.1);
        step.map_or(ground, |step| step.supply.map_or(ABOVE - 6.0, y))
    };
    let arrivals = arrivals(&sku.list("supply"), &x, &foot);
    let answer = (!ships_by.is_empty()).then(|| {
        let at = px(x(ships_by));
        view! { <line class={"answer"} x1={at.clone()} x2={at} y1={px(ABOVE)} y2={px(ground)} /> }
            .into_any()
    });
    let place = location.text("location");
    let label = say("sku.picture", &[("location", &place)]);
    let (name, description) = (label.clone(), label.clone());
    view! {
        <figure class="timeline">
            <figcaption>{label}</figcaption>
            <div class="wide" tabindex="0" role="region" aria-label={name}>
                <svg viewBox={view_box(WIDTH, HEIGHT)} role="img" aria-label={description}>
                    <path class={"claims"} d={area} />
                    <path class={"supply"} d={supply} />
                    <line class={"ground"} x1={px(begin)} x2={px(end)} y1={px(ground)} y2={px(ground)} />
                    {answer}
                    {arrivals}
                    {names}
                </svg>
            </div>
            <ul class="legend">
                <li class="supply">{t("sku.legend_supply")}</li>
                <li class="claims">{t("sku.legend_claims")}</li>
                <li class="answer">{t("sku.legend_answer")}</li>
            </ul>
            <details><summary>{t("common.as_table")}</summary>{behind(&days)}{supplies(sku)}</details>
        </figure>
    }
    .into_any()
}

// Right to left, time runs to the left.
fn mirrored(x: f64) -> f64 {
    if language() == "ar" { WIDTH - x } else { x }
}

fn line(steps: &[Step], end: f64, y: impl Fn(&Step) -> f64) -> String {
    let mut path = String::new();
    for (at, step) in steps.iter().enumerate() {
        let height = px(y(step));
        match at {
            0 => path = format!("M{} {height}", px(mirrored(SIDE))),
            _ => path.push_str(&format!(" H{} V{height}", px(step.x))),
        }
    }
    if path.is_empty() {
        path = format!("M{} {}", px(mirrored(SIDE)), px(HEIGHT - BELOW));
    }
    format!("{path} H{}", px(end))
}

fn day_names(steps: &[Step], ground: f64) -> Vec<AnyView> {
    let mut last: Option<f64> = None;
    let mut names = Vec::new();
    for step in steps.iter().filter(|step| !step.day.is_empty()) {
        if last.is_some_and(|last| (last - step.x).abs() < NAME_WIDTH) {
            continue;
        }
        last = Some(step.x);
        let x = step.x.clamp(NAME_WIDTH / 2.0, WIDTH - NAME_WIDTH / 2.0);
        let y = px(ground + 20.0);
        names.push(
            view! { <text class={"name"} x={px(x)} y={y} text-anchor={"middle"}>{day(&step.day)}</text> }.into_any(),
        );
    }
    names
}

fn arrivals(
    supply: &[Value],
    x: &impl Fn(&str) -> f64,
    foot: &impl Fn(f64) -> f64,
) -> Vec<AnyView> {
    let coming = supply
        .iter()
        .filter(|one| one.text("source") != "shelf" && one.has("ships_by"));
    coming
        .enumerate()
        .map(|(at, one)| {
            let x = x(&one.text("ships_by"));
            let name = match one.text("purchase_order") {
                none if none.is_empty() => named("source", &one.text("source")),
                id => id,
            };
            let units = one
                .count("units")
                .map(|units| format!("+{} ", number(units)))
                .unwrap_or_default();
            let y = 14.0 + (at % 2) as f64 * 18.0;
            // At the end of the picture the name stands before its mark.
            let anchor = if (WIDTH * 0.7 < x) == (language() != "ar") {
                "end"
            } else {
                "start"
            };
            view! {
                <g class={"arrival"}>
                    <line x1={px(x)} x2={px(x)} y1={px(y + 4.0)} y2={px(foot(x))} />
                    <text x={px(x)} y={px(y)} text-anchor={anchor}>{units}{name}</text>
                </g>
            }
            .into_any()
        })
        .collect()
}

fn behind(days: &[Value]) -> AnyView {
    let any = || cell(t("sku.any"));
    let rows = days.iter().map(|step| {
        let day = match step.text("due").as_str() {
            "owed" => t("sku.owed"),
            _ => day_or_dash(&step.text("by")),
        };
        let row: Row = vec![
            cell(day),
            step.count("supply")
                .map_or_else(any, |units| num(Some(units))),
            num(step.count("claims")),
            step.count("promisable")
                .map_or_else(any, |units| num(Some(units))),
        ];
        row
    });
    let columns = [
        "common.day",
        "#sku.legend_supply",
        "#sku.legend_claims",
        "#sku.promisable",
    ];
    table(t("sku.days_caption"), &columns, rows.collect())
}

fn supplies(sku: &Value) -> AnyView {
    let items = sku.list("supply");
    let rows = items.iter().map(|one| {
        let name = match one.text("purchase_order") {
            none if none.is_empty() => named("source", &one.text("source")),
            id => id,
        };
        let row: Row = vec![
            cell(name),
            num(one.count("units")),
            cell(day_or_dash(&one.text("ships_by"))),
            cell(one.text("text")),
        ];
        row
    });
    let columns = ["sku.from", "#common.quantity", "stock.ships_by", "sku.why"];
    table(t("sku.supply_caption"), &columns, rows.collect())
}
