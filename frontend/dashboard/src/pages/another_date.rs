//! Another date for a purchase order: dragged on a line of days or typed, and whom it would hurt is seen before it is saved.

use leptos::prelude::*;

use super::purchase_orders::expected_on;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{day, day_after, day_or_dash, days_between, encoded, today};
use crate::parts::{
    self, Act, Load, Row, anew, cell, field, link, num, paused, refusal, submit, table, track,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{counted, say, t};

/// Milliseconds for which a date has to stand still before it is asked whom it would hurt.
const STILL_MS: u64 = 250;
/// Days before the known date from which the line runs, and after it to which.
const SPAN_DAYS: (i64, i64) = (21, 63);

/// The form; with `load` the order is read again once the date is saved.
pub fn another_date(order: &Value, load: Load) -> AnyView {
    let app = App::here();
    let known = order.list("lines").iter().map(expected_on).max();
    let known = known.unwrap_or_default();
    let date = RwSignal::new(known.clone());
    let (looking, saving) = (Act::new(), Act::new());
    // What was found, and for which date.
    let found = RwSignal::new(None::<(String, Value)>);
    let path = format!("/v1/purchase-orders/{}", encoded(&order.text("id")));
    let path = StoredValue::new(path);
    let before = StoredValue::new(known.clone());
    paused(date, STILL_MS, move |iso| {
        if iso.is_empty() || iso == before.get_value() {
            found.set(None);
            return;
        }
        let path = format!("{}/preview", path.get_value());
        let body = json!({ "expected_on": iso.as_str() });
        looking.run_latest(ask::post(&path, &body), move |came| {
            found.set(Some((iso, came)));
        });
    });
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let iso = date.get_untracked();
        let (path, body) = (path.get_value(), json!({ "expected_on": iso.as_str() }));
        saving.run(ask::patch(&path, &body), move |_| {
            app.say(say("purchase_orders.moved", &[("day", &day(&iso))]));
            load.again();
        });
    };
    let now = today();
    let middle = if known.is_empty() {
        now.clone()
    } else {
        known.clone()
    };
    let first = day_after(&middle, -SPAN_DAYS.0);
    // What is long overdue can still come from now on.
    let first = first.min(now);
    let days = days_between(&first, &day_after(&middle, SPAN_DAYS.1)).unwrap_or(SPAN_DAYS.1);
    let is_stale = move || {
        found.with(|found| {
            let asked = found.as_ref().map(|(iso, _)| iso.clone());
            asked.is_some_and(|asked| asked != date.get())
        })
    };
    // What a table says under its name is read out, and not written twice.
    let is_told = move || {
        found.with(|found| {
            let told = found
                .as_ref()
                .map(|(_, preview)| ["later", "sooner"].map(|name| preview.list(name).len()));
            told.is_some_and(|counts| counts != [0, 0])
        })
    };
    let sentence = move || match found.get() {
        None => String::new(),
        Some(_) if is_stale() => t("common.loading"),
        Some((_, preview)) => in_short(&preview),
    };
    view! {
        {parts::form("another-date", save, view! {
            <p class="soft">{t("purchase_orders.change_lead")}</p>
            {track(t("purchase_orders.change_date"), first, days, known, date)}
            <div class="row">
                {field(t("purchase_orders.expected"), "date*", date)}
                {submit(t("purchase_orders.save_date"), saving)}
            </div>
            {refusal(looking)}{refusal(saving)}
            <p class="verdict" class:hidden=is_told role="status">{anew(sentence)}</p>
            <div class:stale=is_stale>{anew(move || found.get().map(|(_, preview)| hurt(&preview)))}</div>
        }.into_any())}
    }
    .into_any()
}

fn in_short(preview: &Value) -> String {
    let said = ["later", "sooner"].map(|name| {
        let count = preview.list(name).len() as i64;
        (0 < count).then(|| counted(&format!("purchase_orders.{name}"), count))
    });
    let said: Vec<String> = said.into_iter().flatten().collect();
    match said.is_empty() {
        true => t("purchase_orders.nobody"),
        false => said.join(" · "),
    }
}

fn hurt(preview: &Value) -> AnyView {
    let (later, sooner) = (preview.list("later"), preview.list("sooner"));
    let lists = [("later", later), ("sooner", sooner)]
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(name, lines)| {
            let rows = lines.iter().map(|line| {
                let row: Row = vec![
                    link(Place::Order(line.text("order")).href(), line.text("order")),
                    cell(line.text("sku")),
                    num(line.count("quantity")),
                    cell(day_or_dash(&line.text("first_ships_by"))),
                    cell(day_or_dash(&line.text("ships_by"))),
                    cell(day_or_dash(&line.text("would_ship_by"))),
                ];
                row
            });
            let columns = [
                "common.order",
                "common.sku",
                "#common.quantity",
                "common.promised",
                "purchase_orders.now",
                "purchase_orders.then",
            ];
            table(
                counted(&format!("purchase_orders.{name}"), lines.len() as i64),
                &columns,
                rows.collect(),
            )
        });
    let lists: Vec<_> = lists.collect();
    view! { <div class="hurt">{lists}</div> }.into_any()
}
