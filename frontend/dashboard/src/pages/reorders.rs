//! Reorders: what is to be ordered at suppliers, drafted for the merchant to decide.

use leptos::prelude::*;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{moment, money};
use crate::parts::{
    Act, Row, act_button, anew, button_link, cell, head, link, load, mark, more, num, paged,
    refusal, select_field, shown, table,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{counted, named, say, t};

/// The steps that an order goes through, and all of them.
const STATES: [&str; 6] = ["draft", "approved", "sent", "confirmed", "dismissed", "all"];

/// The page.
pub fn page() -> AnyView {
    let app = App::here();
    let status = RwSignal::new("draft".to_owned());
    let list = paged(move || match status.get().as_str() {
        "all" => "/v1/reorders?limit=50".to_owned(),
        status => format!("/v1/reorders?limit=50&status={status}"),
    });
    let act = Act::new();
    let run = move || {
        act.run(ask::post("/v1/reorders/run", &json!({})), move |made| {
            let count = made.list("items").len() as i64;
            app.say(match count {
                0 => t("reorders.nothing_due"),
                _ => counted("reorders.made", count),
            });
            status.set("draft".to_owned());
            list.again();
        })
    };
    let run = app
        .may_change()
        .then(|| act_button("first", t("reorders.run"), act, run));
    let rows = move || {
        let rows: Vec<Row> = list.items.with(|items| items.iter().map(row).collect());
        let columns = [
            "common.id",
            "common.supplier",
            "#today.lines",
            "#common.quantity",
            "#today.cost",
            "reorders.drafted",
            "common.state",
        ];
        (!rows.is_empty()).then(|| table(t("reorders.caption"), &columns, rows))
    };
    let states = STATES.map(|state| (state.to_owned(), named("reorder_status", state)));
    view! {
        {head(t("reorders.title"), t("reorders.lead"))}
        <div class="row tools">
            {select_field(t("common.show"), status, states.to_vec())}
            {run}
            {button_link(Place::Ordering.href(), t("ordering.title"))}
        </div>
        {refusal(act)}
        {shown(load("/v1/reorders/policy"), |policy| next(&policy))}
        {anew(rows)}
        {more(list)}
    }
    .into_any()
}

// When drafts come by themselves.
fn next(policy: &Value) -> AnyView {
    let suppliers = policy.list("suppliers");
    let next = suppliers.iter().filter_map(|supplier| {
        let at = supplier.at("schedule").text("next_at");
        (!at.is_empty()).then(|| {
            let values = [("supplier", supplier.text("supplier")), ("at", moment(&at))];
            let sentence = say(
                "reorders.next",
                &values
                    .each_ref()
                    .map(|(name, value)| (*name, value.as_str())),
            );
            view! { <li>{sentence}</li> }.into_any()
        })
    });
    let next: Vec<_> = next.collect();
    match next.is_empty() {
        true => view! { <p class="soft">{t("reorders.no_schedule")}</p> }.into_any(),
        false => view! { <ul class="soft">{next}</ul> }.into_any(),
    }
}

fn row(item: &Value) -> Row {
    let lines = item.list("lines");
    let units = lines.iter().filter_map(|line| line.count("quantity")).sum();
    let status = item.text("status");
    vec![
        link(Place::Reorder(item.text("id")).href(), item.text("id")),
        cell(item.text("supplier")),
        num(Some(lines.len() as i64)),
        num(Some(units)),
        cell(money(item.at("cost"))),
        cell(moment(&item.text("made_at"))),
        mark(tone(&status), named("reorder_status", &status)),
    ]
}

/// The tone of a step.
pub fn tone(status: &str) -> &'static str {
    match status {
        "draft" => "alert",
        "approved" | "sent" => "wait",
        "confirmed" => "ready",
        _ => "gone",
    }
}
