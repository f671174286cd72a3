//! What will be wanted of one SKU: what was sold, what was and is expected, how sure that is, and when to order.

use leptos::prelude::*;

use super::forecasts::{standing, units};
use super::reorder::why;
use crate::fields::Fields;
use crate::format::{decimal, encoded, month, number, percent, px};
use crate::parts::{
    Name, Row, Scale, Stroke, bar, behind, cell, dot, facts, head, interval, line, link, load,
    mirrored, nothing, num, picture, section, shown, table,
};
use crate::place::Place;
use crate::value::Value;
use crate::words::{counted, named, say, t};

/// Width and height of the picture.
const SIZE: (f64, f64) = (760.0, 250.0);
/// Where the months stand in it: room for the numbers before, and for the names below.
const BEGIN: f64 = 44.0;
const GROUND: f64 = 214.0;
const ABOVE: f64 = 16.0;

/// A month that is drawn.
struct Month {
    iso: String,
    sold: Option<f64>,
    was_empty: bool,
    wanted: Value,
}

/// The page of a SKU.
pub fn page(sku: String) -> AnyView {
    let path = encoded(&sku);
    let forecast = load(&format!("/v1/forecasts?sku={path}"));
    let past = load(&format!("/v1/forecasts/{path}/past"));
    let stock = Place::Sku(sku.clone()).href();
    view! {
        {head(sku, String::new())}
        {shown(forecast, move |found| match found.list("items").first() {
            None => nothing(t("forecasts.never_sold")),
            Some(forecast) => draw(forecast, past),
        })}
        <p class="tools">{link(stock, t("forecasts.in_stock"))}</p>
    }
    .into_any()
}

fn draw(forecast: &Value, past: crate::parts::Load) -> AnyView {
    let reason = forecast.text("reason");
    let known = vec![
        (t("forecasts.position"), units(forecast.count("position"))),
        (
            t("today.reorder_point"),
            units(forecast.count("reorder_point")),
        ),
        (
            t("forecasts.safety_stock"),
            units(forecast.count("safety_stock")),
        ),
        (
            t("forecasts.order_quantity"),
            units(forecast.count("order_quantity")),
        ),
    ];
    let service = forecast.at("service");
    let share = service.count("percent").unwrap_or(95).to_string();
    let served = super::ordering::service_says(&service.text("kind"), &share);
    let own = forecast.clone();
    let again = forecast.clone();
    view! {
        <p class="lead"><span dir="auto">{forecast.text("title")}</span></p>
        <p class="verdict">{standing(forecast)}</p>
        {facts(known)}
        <p>{named("forecast_reason", &reason)}</p>
        <p class="soft">{why(forecast)}" "{served}</p>
        {section(t("forecasts.months"), shown(past, move |past| months(&own, &past)))}
        {section(t("forecasts.ahead"), ahead(forecast))}
        {section(t("forecasts.how"), shown(past, move |past| how(&again, &past)))}
    }
    .into_any()
}

// What was sold month by month, what was expected of each before, and what is of the next.
fn months(forecast: &Value, past: &Value) -> AnyView {
    let known = past.list("months");
    let mut months: Vec<Month> = known
        .iter()
        .map(|one| Month {
            iso: one.text("month"),
            sold: one.number("sold"),
            was_empty: one.flag("was_empty"),
            wanted: one.at("forecast").clone(),
        })
        .collect();
    if let Some(next) = forecast.list("ahead").first() {
        months.push(Month {
            iso: month_after(&forecast.text("last_month")),
            sold: None,
            was_empty: false,
            wanted: next.at("wanted").clone(),
        });
    }
    view! {
        <figure class="demand">
            <figcaption>{t("forecasts.picture_lead")}</figcaption>
            {drawn(&months)}
            <ul class="legend">
                <li class="sold">{t("forecasts.sold")}</li>
                <li class="expected">{t("forecasts.expected")}</li>
                <li class="likely">{t("forecasts.likely")}</li>
            </ul>
            {behind(as_table(&months))}
        </figure>
    }
    .into_any()
}

fn drawn(months: &[Month]) -> AnyView {
    let most = months.iter().flat_map(|one| {
        let p95 = one.wanted.number("p95");
        [one.sold, p95]
    });
    let most = most.flatten().fold(1.0, f64::max);
    let step = (SIZE.0 - BEGIN) / months.len().max(1) as f64;
    let x = |at: usize| mirrored(BEGIN + (at as f64 + 0.5) * step, SIZE.0);
    let y = |units: f64| GROUND - units / most * (GROUND - ABOVE);
    let bands = months.iter().enumerate().filter_map(|(at, one)| {
        let high = one.wanted.number("p95")?;
        Some(("likely", bar(x(at), step, y(high), GROUND)))
    });
    let mut strokes: Vec<Stroke> = bands.collect();
    let mut names = Vec::new();
    for share in [0.0, 0.5, 1.0] {
        let units = (share * most).round();
        strokes.push(("ground", format!("M0 {}H{}", px(y(units)), px(SIZE.0))));
        names.push(Name {
            at: (mirrored(2.0, SIZE.0), y(units) - 4.0),
            anchor: "start",
            text: number(units as i64),
        });
    }
    let mut means = Vec::new();
    for (at, one) in months.iter().enumerate() {
        let (x, wide) = (x(at), step * 0.62);
        if let Some(sold) = one.sold {
            let class = if one.was_empty { "sold empty" } else { "sold" };
            strokes.push((class, bar(x, wide, y(sold), GROUND)));
        }
        if let Some(mean) = one.wanted.number("mean") {
            means.push((x, y(mean)));
        }
    }
    strokes.push(("expected", line(&means)));
    strokes.extend(means.iter().map(|(x, y)| ("dot", dot(*x, *y, 3.5))));
    // Names stand so far apart that none runs into the next.
    let every = (90.0 / step).ceil() as usize;
    for (at, one) in months.iter().enumerate().rev().step_by(every.max(1)) {
        let edge = 40.0;
        names.push(Name {
            at: (x(at).clamp(edge, SIZE.0 - edge), GROUND + 22.0),
            anchor: "middle",
            text: month(&one.iso),
        });
    }
    picture("demand", t("forecasts.picture"), SIZE, strokes, names)
}

fn as_table(months: &[Month]) -> AnyView {
    let rows = months.iter().rev().map(|one| {
        let sold = match (one.sold, one.was_empty) {
            (Some(units), true) => say("forecasts.at_least", &[("units", &number(units as i64))]),
            (Some(units), false) => number(units as i64),
            (None, _) => t("forecasts.not_yet"),
        };
        let mean = one.wanted.number("mean").map(|mean| decimal(mean, 1));
        let row: Row = vec![
            cell(month(&one.iso)),
            cell(sold),
            cell(mean.unwrap_or_else(|| "–".to_owned())),
            num(one.wanted.count("p50")),
            num(one.wanted.count("p80")),
            num(one.wanted.count("p95")),
        ];
        row
    });
    let columns = [
        "common.month",
        "#forecasts.sold",
        "#forecasts.expected",
        "#forecasts.p50",
        "#forecasts.p80",
        "#forecasts.p95",
    ];
    table(t("forecasts.months"), &columns, rows.collect())
}

// How much within one, two and three months, and until the next order could be there.
fn ahead(forecast: &Value) -> AnyView {
    let mut spans: Vec<(String, Value)> = forecast
        .list("ahead")
        .iter()
        .map(|ahead| {
            let months = ahead.count("months").unwrap_or(1);
            (
                counted("forecasts.within", months),
                ahead.at("wanted").clone(),
            )
        })
        .collect();
    let covered = forecast.at("until_covered");
    if !covered.is_null() {
        spans.push((t("forecasts.until_covered"), covered.at("wanted").clone()));
    }
    let most = spans.iter().filter_map(|(_, wanted)| wanted.number("p95"));
    let scale = Scale {
        from: 0.0,
        to: most.fold(1.0, f64::max),
    };
    let rows = spans.into_iter().map(|(name, wanted)| {
        let at = |name: &str| wanted.number(name).unwrap_or(0.0);
        let row: Row = vec![
            cell(name),
            interval(scale, (at("p50"), at("p95")), Some(at("p50")), None, None),
            cell(decimal(at("mean"), 1)),
            num(wanted.count("p50")),
            num(wanted.count("p80")),
            num(wanted.count("p95")),
        ];
        row
    });
    let columns = [
        "forecasts.span",
        "forecasts.sure",
        "#forecasts.expected",
        "#forecasts.p50",
        "#forecasts.p80",
        "#forecasts.p95",
    ];
    table(t("forecasts.ahead_caption"), &columns, rows.collect())
}

// The way that is believed, and how far off it was.
fn how(forecast: &Value, past: &Value) -> AnyView {
    let models = forecast.list("models");
    let rows = models.iter().map(|model| {
        let name = model.text("model");
        let row: Row = vec![
            cell(named("model", &name)),
            cell(named("model_says", &name)),
            cell(percent(model.number("belief").unwrap_or(0.0))),
        ];
        row
    });
    let columns = [
        "forecasts.model",
        "forecasts.model_expects",
        "#forecasts.belief",
    ];
    let rests = counted("forecasts.rests_on", forecast.count("months").unwrap_or(0));
    let judged = past.at("judged");
    let error = match judged.count("months") {
        None => t("forecasts.not_judged"),
        Some(months) => {
            let count = |name: &str| number(judged.count(name).unwrap_or(0));
            let mean = |name: &str| decimal(judged.number(name).unwrap_or(0.0), 1);
            say(
                "forecasts.judged",
                &[
                    ("months", &number(months)),
                    ("off", &mean("off")),
                    ("sold", &mean("sold")),
                    ("within", &count("within_p95")),
                ],
            )
        }
    };
    let best = named("model_says", &forecast.text("model"));
    let best = say("forecasts.best", &[("says", &best)]);
    view! {
        <p>{best}" "{rests}</p>
        <p>{error}</p>
        {behind(table(t("forecasts.models"), &columns, rows.collect()))}
    }
    .into_any()
}

fn month_after(iso: &str) -> String {
    let (year, month) = iso.split_once('-').unwrap_or((iso, ""));
    let (year, month) = (
        year.parse().unwrap_or(0_u32),
        month
            .get(..2)
            .and_then(|month| month.parse().ok())
            .unwrap_or(0_u32),
    );
    match month {
        12 => format!("{:04}-01-01", year + 1),
        _ => format!("{year:04}-{:02}-01", month + 1),
    }
}
