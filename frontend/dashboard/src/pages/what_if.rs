//! What would have come of another way to order: tried on what was sold, before it is switched on.

use leptos::prelude::*;

use super::ordering::{kinds, request_of, saved, service_says, whole};
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{day, decimal, number, percent, px};
use crate::parts::{
    self, Act, Load, Name, Row, act_button, anew, area_field, bar, behind, cell, field,
    hinted_field, link, mirrored, num, picture, refusal, said_field, select_field, submit, table,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{counted, say, t};

/// What is compared: its name, and how many digits stand behind its point.
const MEASURES: [(&str, u32); 4] = [
    ("fill_rate", 0),
    ("mean_stock", 1),
    ("days_empty", 0),
    ("orders", 0),
];

/// The form, and what came of it.
pub fn what_if(policy: &Value, load: Load) -> AnyView {
    let (app, act, taking) = (App::here(), Act::new(), Act::new());
    let service = policy.at("service");
    let kind = RwSignal::new(service.text("kind"));
    let text = |count: Option<i64>, usual: i64| RwSignal::new(count.unwrap_or(usual).to_string());
    let share = text(service.count("percent"), 95);
    let (cover, review) = (
        text(policy.count("cover_days"), 30),
        text(policy.count("review_days"), 7),
    );
    let months = text(None, 12);
    let skus = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Value>);
    let asked = move || {
        json!({
            "service": json!({ "kind": kind.get_untracked(), "percent": whole(share) }),
            "cover_days": whole(cover),
            "review_days": whole(review),
        })
    };
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut body = asked();
        let skus = skus.get_untracked();
        let skus: Vec<&str> = skus
            .lines()
            .map(str::trim)
            .filter(|sku| !sku.is_empty())
            .collect();
        body["skus"] = json!(skus);
        body["months"] = json!(whole(months));
        act.run(ask::post("/v1/reorders/simulate", &body), move |came| {
            found.set(Some(came))
        });
    };
    let kept = StoredValue::new(policy.clone());
    let take = move || {
        let mut body = request_of(&kept.get_value());
        let asked = asked();
        for name in ["service", "cover_days", "review_days"] {
            body[name] = json!(asked.at(name));
        }
        saved(app, taking, body, load);
    };
    let came = move || {
        found.get().map(|found| {
            let take = app
                .may_change()
                .then(|| act_button("", t("what_if.take"), taking, take));
            view! { {outcome(&found)}<p class="tools">{take}</p>{refusal(taking)} }.into_any()
        })
    };
    view! {
        <p class="soft">{t("what_if.lead")}</p>
        {parts::form("", send, view! {
            {select_field(t("ordering.kind"), kind, kinds())}
            {said_field(t("ordering.percent"), "number*", share, move |percent| service_says(&kind.get(), &percent))}
            <div class="row">
                {field(t("ordering.cover_days"), "number*", cover)}
                {field(t("ordering.review_days"), "number*", review)}
            </div>
            {hinted_field(t("what_if.months"), "number*", months, t("what_if.months_hint"))}
            <details><summary>{t("what_if.skus")}</summary>{area_field(t("what_if.skus_lines"), 3, skus)}</details>
            {refusal(act)}
            {submit(t("what_if.try"), act)}
        }.into_any())}
        <div class="came">{anew(came)}</div>
    }
    .into_any()
}

fn outcome(found: &Value) -> AnyView {
    let (asked, current) = (found.at("asked"), found.at("current"));
    if asked.count("wanted").unwrap_or(0) == 0 {
        return view! { <p class="notice" role="status">{t("what_if.nothing")}</p> }.into_any();
    }
    let values = [
        ("from", day(&found.text("from"))),
        ("to", day(&found.text("to"))),
        ("asked", figure(asked, MEASURES[0])),
        ("current", figure(current, MEASURES[0])),
        ("stock", figure(asked, MEASURES[1])),
        ("current_stock", figure(current, MEASURES[1])),
    ];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let rows = MEASURES.map(|measure| {
        let row: Row = vec![
            cell(t(&format!("what_if.{}", measure.0))),
            cell(figure(asked, measure)),
            cell(figure(current, measure)),
        ];
        row
    });
    let columns = ["offers.measure", "#what_if.asked", "#what_if.current"];
    let left_out = found.texts("left_out");
    let left_out = (!left_out.is_empty()).then(|| {
        let sentence = counted("what_if.left_out", left_out.len() as i64);
        view! { <p class="soft">{sentence}" "<span dir="auto">{left_out.join(", ")}</span></p> }
            .into_any()
    });
    view! {
        <p class="verdict" role="status">{say("what_if.says", &values)}</p>
        {drawn(asked, current)}
        {table(t("what_if.picture"), &columns, rows.into())}
        {left_out}
        {behind(each(found))}
    }
    .into_any()
}

fn figure(outcome: &Value, (name, digits): (&str, u32)) -> String {
    let value = outcome.number(name);
    value.map_or_else(
        || "–".to_owned(),
        |value| match name {
            "fill_rate" => percent(value),
            _ => decimal(value, digits),
        },
    )
}

// Two bars for each measure, what is tried beside what holds; each pair has a scale of its own.
fn drawn(asked: &Value, current: &Value) -> AnyView {
    const SIZE: (f64, f64) = (640.0, 190.0);
    const GROUND: f64 = 140.0;
    const HIGH: f64 = 110.0;
    const WIDE: f64 = 34.0;
    let room = SIZE.0 / MEASURES.len() as f64;
    let (mut strokes, mut names) = (Vec::new(), Vec::new());
    for (at, measure) in MEASURES.into_iter().enumerate() {
        let middle = (at as f64 + 0.5) * room;
        let values = [asked, current].map(|outcome| outcome.number(measure.0).unwrap_or(0.0));
        let most = values[0].max(values[1]).max(f64::EPSILON);
        let sides = [("tried", asked, -0.6), ("held", current, 0.6)];
        for ((class, outcome, side), value) in sides.into_iter().zip(values) {
            let x = mirrored(middle + side * WIDE, SIZE.0);
            let top = GROUND - value / most * HIGH;
            strokes.push((class, bar(x, WIDE, top, GROUND)));
            names.push(Name {
                at: (x, top - 6.0),
                anchor: "middle",
                text: figure(outcome, measure),
            });
        }
        names.push(Name {
            at: (mirrored(middle, SIZE.0), GROUND + 22.0),
            anchor: "middle",
            text: t(&format!("what_if.{}", measure.0)),
        });
    }
    strokes.push(("ground", format!("M0 {}H{}", px(GROUND), px(SIZE.0))));
    view! {
        <figure class="what-if">
            {picture("bars", t("what_if.picture"), SIZE, strokes, names)}
            <ul class="legend">
                <li class="tried">{t("what_if.asked")}</li>
                <li class="held">{t("what_if.current")}</li>
            </ul>
        </figure>
    }
    .into_any()
}

fn each(found: &Value) -> AnyView {
    let skus = found.list("skus");
    let rows = skus.iter().map(|one| {
        let outcome = one.at("outcome");
        let mut row: Row = vec![
            link(Place::Forecast(one.text("sku")).href(), one.text("sku")),
            num(outcome.count("wanted")),
        ];
        row.extend(MEASURES.map(|measure| cell(figure(outcome, measure))));
        row
    });
    let columns = [
        "common.sku",
        "#what_if.wanted",
        "#what_if.fill_rate",
        "#what_if.mean_stock",
        "#what_if.days_empty",
        "#what_if.orders",
    ];
    let caption = say("what_if.each", &[("count", &number(skus.len() as i64))]);
    table(caption, &columns, rows.collect())
}
