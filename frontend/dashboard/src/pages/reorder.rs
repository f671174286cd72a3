//! One reorder: what is ordered and why, what it costs, and its next step.

use leptos::prelude::*;

use super::reorders::tone;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{day, decimal, encoded, moment, money, number};
use crate::parts::{
    self, Act, Load, Question, Row, Scale, act_button, anew, cell, confirm, facts, head,
    hinted_field, interval, link, load, mark, num, refusal, section, shown, submit, table,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{counted, named, say, t};

/// Lines that are shown at a time: why each is ordered is asked about it by itself.
const LINES_AT_ONCE: usize = 20;

/// The page of a reorder.
pub fn page(id: String) -> AnyView {
    let path = format!("/v1/reorders/{}", encoded(&id));
    let reorder = load(&path);
    let policy = load("/v1/reorders/policy");
    view! {
        {head(id, String::new())}
        {shown(reorder, move |found| {
            let path = path.clone();
            shown(policy, move |policy| draw(&found, &policy, &path, reorder))
        })}
    }
    .into_any()
}

fn draw(reorder: &Value, policy: &Value, path: &str, load: Load) -> AnyView {
    let status = reorder.text("status");
    let supplier = reorder.text("supplier");
    let suppliers = policy.list("suppliers");
    let terms = suppliers
        .iter()
        .find(|one| one.text("supplier") == supplier)
        .cloned()
        .unwrap_or_default();
    let at = |name: &str| match reorder.text(name) {
        none if none.is_empty() => none,
        instant => moment(&instant),
    };
    let fires_on = match reorder.text("fires_on") {
        none if none.is_empty() => none,
        iso => day(&iso),
    };
    let known = vec![
        (t("common.supplier"), supplier),
        (t("reorders.drafted"), at("made_at")),
        (t("reorders.by_schedule"), fires_on),
        (t("reorders.sent_on"), at("sent_at")),
        (t("reorders.followed_up"), at("followed_up_at")),
    ];
    let order = reorder.text("purchase_order");
    let order = (!order.is_empty()).then(|| {
        let href = Place::PurchaseOrder(order.clone()).href();
        view! { <p>{t("reorders.became")}" "{link(href, order)}</p> }.into_any()
    });
    let note = reorder.text("note");
    let note = (!note.is_empty())
        .then(|| view! { <p class="notice">{named("reorder_note", &note)}</p> }.into_any());
    let steps = App::here()
        .may_change()
        .then(|| steps(&status, &terms.text("email"), path, load));
    view! {
        <p>{mark(tone(&status), named("reorder_status", &status))}</p>
        {facts(known)}
        {order}
        {note}
        {section(t("today.cost"), cost(reorder, terms.at("budget")))}
        {steps}
        {section(t("reorders.goods"), lines(reorder))}
    }
    .into_any()
}

fn cost(reorder: &Value, budget: &Value) -> AnyView {
    let cost = reorder.at("cost");
    let (Some(costs), Some(most)) = (cost.number("amount"), budget.number("amount")) else {
        let text = match cost.is_null() {
            true => t("reorders.cost_unknown"),
            false => money(cost),
        };
        return view! { <p class="sum">{text}</p> }.into_any();
    };
    let scale = Scale {
        from: 0.0,
        to: costs.max(most),
    };
    let text = say(
        "reorders.of_budget",
        &[("cost", &money(cost)), ("budget", &money(budget))],
    );
    view! { <p class="sum">{text}</p>{interval(scale, (0.0, costs), None, None, Some(most))} }
        .into_any()
}

fn lines(reorder: &Value) -> AnyView {
    let lines = reorder.list("lines");
    let currency = reorder.at("cost").text("currency");
    let many = lines.len();
    let seen = RwSignal::new(LINES_AT_ONCE);
    let rows = move || {
        let rows = lines.iter().take(seen.get());
        let rows = rows.map(|line| row(line, &currency)).collect();
        let columns = [
            "common.sku",
            "#common.quantity",
            "#today.cost",
            "#forecasts.position",
            "#today.reorder_point",
            "today.why",
        ];
        table(counted("reorders.lines", many as i64), &columns, rows)
    };
    let more = move || {
        (seen.get() < many).then(|| {
            view! {
                {parts::press("quiet", t("common.more"), move |_| seen.update(|seen| *seen += LINES_AT_ONCE))}
            }.into_any()
        })
    };
    view! { {anew(rows)}<div class="foot">{anew(more)}</div> }.into_any()
}

fn row(line: &Value, currency: &str) -> Row {
    let sku = line.text("sku");
    let cost = line
        .count("unit_cost")
        .zip(line.count("quantity"))
        .map(|(each, units)| json!({ "amount": each * units, "currency": currency }));
    let forecast = load(&format!("/v1/forecasts?sku={}", encoded(&sku)));
    vec![
        link(Place::Forecast(sku.clone()).href(), sku),
        num(line.count("quantity")),
        cell(cost.map_or_else(|| "–".to_owned(), |cost| money(&cost))),
        num(line.count("position")),
        num(line.count("reorder_point")),
        shown(forecast, |found| {
            let items = found.list("items");
            cell(items.first().map(why).unwrap_or_default())
        }),
    ]
}

/// Why so many of a SKU are to be there, in words.
pub fn why(forecast: &Value) -> String {
    let count = |name: &str| number(forecast.count(name).unwrap_or(0));
    let covered = forecast.at("until_covered");
    let wanted = covered.at("wanted");
    let days =
        covered.number("lead_days").unwrap_or(0.0) + covered.number("review_days").unwrap_or(0.0);
    let there = say(
        "reorders.there",
        &[
            ("on_hand", &count("on_hand")),
            ("incoming", &count("incoming")),
            ("owed", &count("owed")),
        ],
    );
    if covered.is_null() {
        return format!("{there} {}", named("forecast_reason", "no_lead_time"));
    }
    let wanted = say(
        "reorders.wanted",
        &[
            ("days", &decimal(days, 0)),
            ("mean", &decimal(wanted.number("mean").unwrap_or(0.0), 1)),
            ("most", &number(wanted.count("p90").unwrap_or(0))),
        ],
    );
    format!("{there} {wanted}")
}

// What can be done next, and what cannot be taken back is asked about first.
fn steps(status: &str, email: &str, path: &str, load: Load) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let step = |name: &'static str, said: &'static str| {
        let path = format!("{path}/{name}");
        move || taken(app, act, path.clone(), json!({}), said, load)
    };
    let dismiss = || {
        let question = Question {
            button: ("plain", t("reorders.dismiss")),
            sure: t("reorders.dismiss_sure"),
            yes: ("alert", t("reorders.dismiss_now")),
            no: t("orders.keep"),
        };
        confirm(question, act, step("dismiss", "reorders.dismissed"))
    };
    let content = match status {
        "draft" => vec![
            act_button(
                "first",
                t("reorders.approve"),
                act,
                step("approve", "reorders.approved"),
            ),
            dismiss(),
        ],
        "approved" => {
            let send = match email.is_empty() {
                true => view! {
                    <p class="notice">{t("reorders.no_address")}" "{link(Place::Ordering.href(), t("ordering.title"))}</p>
                }
                .into_any(),
                false => {
                    let question = Question {
                        button: ("first", t("reorders.send")),
                        sure: say("reorders.send_sure", &[("email", email)]),
                        yes: ("first", t("reorders.send_now")),
                        no: t("reorders.not_yet"),
                    };
                    confirm(question, act, step("send", "reorders.was_sent"))
                }
            };
            vec![
                send,
                confirmed(act, path, "reorders.by_telephone", load),
                dismiss(),
            ]
        }
        "sent" => vec![confirmed(act, path, "reorders.confirm_lead", load)],
        _ => return ().into_any(),
    };
    view! { <section class="steps-next"><h2>{t("reorders.decide")}</h2>{content}{refusal(act)}</section> }.into_any()
}

// The supplier said yes, perhaps with a day.
fn confirmed(act: Act, path: &str, lead: &str, load: Load) -> AnyView {
    let app = App::here();
    let date = RwSignal::new(String::new());
    let path = format!("{path}/confirm");
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let date = date.get_untracked();
        let date = (!date.is_empty()).then_some(date);
        let body = json!({ "expected_on": date });
        taken(app, act, path.clone(), body, "reorders.was_confirmed", load);
    };
    view! {
        {parts::form("", send, view! {
            <p class="soft">{t(lead)}</p>
            {hinted_field(t("purchase_orders.expected"), "date", date, t("purchase_orders.expected_hint"))}
            {submit(t("reorders.confirm"), act)}
        }.into_any())}
    }
    .into_any()
}

fn taken(app: App, act: Act, path: String, body: Value, said: &'static str, load: Load) {
    act.run(ask::post(&path, &body), move |_| {
        app.say(t(said));
        load.again();
    });
}
