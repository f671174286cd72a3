//! How orders are drafted: how much is to be served, and what holds at each supplier.

use leptos::prelude::*;

use super::what_if::what_if;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{amount, moment, money, typed};
use crate::parts::{
    self, Act, Load, check_field, field, head, hinted_field, load, money_field, nothing, refusal,
    said_field, section, select_field, shown, submit,
};
use crate::value::{Value, json};
use crate::words::{named, say, t};

/// The days of a week.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The page.
pub fn page() -> AnyView {
    let policy = load("/v1/reorders/policy");
    let suppliers = load("/v1/suppliers");
    let store = load("/v1/store");
    view! {
        {head(t("ordering.title"), t("ordering.lead"))}
        {shown(policy, move |found| view! {
            {served(&found, policy)}
            {section(t("ordering.at_suppliers"), shown(suppliers, move |suppliers| {
                let found = found.clone();
                shown(store, move |store| each(&found, &suppliers, &store.text("currency"), policy))
            }))}
        }.into_any())}
        {section(t("what_if.title"), shown(policy, move |found| what_if(&found, policy)))}
    }
    .into_any()
}

/// The kinds of service, each with its word.
pub fn kinds() -> Vec<(String, String)> {
    ["cycle", "fill"]
        .map(|kind| (kind.to_owned(), named("service", kind)))
        .to_vec()
}

/// What a service comes to, in a sentence.
pub fn service_says(kind: &str, percent: &str) -> String {
    say(&format!("service_says.{kind}"), &[("percent", percent)])
}

/// What is asked for to have this policy: what the server adds to its answer is not taken.
pub fn request_of(policy: &Value) -> Value {
    let mut body = policy.clone();
    let keep = |value: &mut Value| {
        let added = ["revision", "next_on", "next_at"];
        value.keep(|name, value| !added.contains(&name) && !value.is_null());
    };
    keep(&mut body);
    body["follow_up_days"] = policy.at("follow_up_days").clone();
    let mut suppliers = body.list("suppliers");
    for supplier in &mut suppliers {
        keep(supplier);
        if supplier.has("schedule") {
            keep(&mut supplier["schedule"]);
        }
    }
    body["suppliers"] = json!(suppliers);
    body
}

fn served(policy: &Value, load: Load) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let count = |name: &str| {
        let count = policy.count(name);
        RwSignal::new(count.map(|count| count.to_string()).unwrap_or_default())
    };
    let service = policy.at("service");
    let kind = RwSignal::new(service.text("kind"));
    let percent = RwSignal::new(service.count("percent").unwrap_or(95).to_string());
    let (cover, review, follow_up) = (
        count("cover_days"),
        count("review_days"),
        count("follow_up_days"),
    );
    let email = RwSignal::new(policy.text("email"));
    let kept = StoredValue::new(policy.clone());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut body = request_of(&kept.get_value());
        body["service"] = json!({ "kind": kind.get_untracked(), "percent": whole(percent) });
        body["cover_days"] = json!(whole(cover));
        body["review_days"] = json!(whole(review));
        body["follow_up_days"] = json!(whole(follow_up));
        body["email"] = json!(some(email));
        saved(app, act, body, load);
    };
    let send = app.may_change().then(|| submit(t("settings.save"), act));
    view! {
        {parts::form("", save, view! {
            {select_field(t("ordering.kind"), kind, kinds())}
            {said_field(t("ordering.percent"), "number*", percent, move |percent| service_says(&kind.get(), &percent))}
            {said_field(t("ordering.cover_days"), "number*", cover, |days| say("ordering.cover_says", &[("days", &days)]))}
            {said_field(t("ordering.review_days"), "number*", review, |days| say("ordering.review_says", &[("days", &days)]))}
            {hinted_field(t("ordering.email"), "email", email, t("ordering.email_hint"))}
            {hinted_field(t("ordering.follow_up"), "number", follow_up, t("ordering.follow_up_hint"))}
            {refusal(act)}
            {send}
        }.into_any())}
    }
    .into_any()
}

fn each(policy: &Value, suppliers: &Value, currency: &str, load: Load) -> AnyView {
    let suppliers = suppliers.list("items");
    if suppliers.is_empty() {
        return nothing(t("common.empty"));
    }
    let forms = suppliers
        .iter()
        .map(|one| supplier(policy, one, currency, load));
    let forms: Vec<_> = forms.collect();
    view! { {forms} }.into_any()
}

fn supplier(policy: &Value, supplier: &Value, currency: &str, load: Load) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let id = supplier.text("id");
    let known = policy.list("suppliers");
    let known = known.iter().find(|one| one.text("supplier") == id);
    let terms = known.cloned().unwrap_or_default();
    let schedule = terms.at("schedule").clone();
    let by_itself = terms.at("by_itself").clone();
    let count = |name: &str| {
        let count = terms.count(name);
        RwSignal::new(count.map(|count| count.to_string()).unwrap_or_default())
    };
    let money = |value: &Value| RwSignal::new(typed(value));
    let email = RwSignal::new(terms.text("email"));
    let (cover, review) = (count("cover_days"), count("review_days"));
    let (minimum, budget) = (money(terms.at("minimum")), money(terms.at("budget")));
    let approves = money(by_itself.at("approves_up_to"));
    let sends = RwSignal::new(by_itself.flag("sends"));
    let is_on = RwSignal::new(schedule.flag("on"));
    let time = RwSignal::new(match schedule.text("time") {
        none if none.is_empty() => "08:00".to_owned(),
        time => time,
    });
    let on_holiday = RwSignal::new(match schedule.text("on_holiday") {
        none if none.is_empty() => "next".to_owned(),
        rule => rule,
    });
    let chosen = schedule.texts("weekdays");
    let days = WEEKDAYS.map(|day| {
        let is_chosen = chosen.iter().any(|chosen| chosen == day);
        (day, RwSignal::new(is_chosen))
    });
    let boxes = days.map(|(day, on)| check_field(named("weekday", day), on));
    let boxes: Vec<_> = boxes.into_iter().collect();
    let rules = ["next", "skip"].map(|rule| (rule.to_owned(), named("on_holiday", rule)));
    let summary = summary(&terms);
    let name = match supplier.text("name") {
        none if none.is_empty() => id.clone(),
        name => name,
    };
    let kept = StoredValue::new((policy.clone(), id, currency.to_owned()));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (policy, id, currency) = kept.get_value();
        let amount = |value: RwSignal<String>| amount(&value.get_untracked(), &currency);
        let weekdays = days.iter().filter(|(_, on)| on.get_untracked());
        let weekdays: Vec<&str> = weekdays.map(|(day, _)| *day).collect();
        let schedule = (!weekdays.is_empty()).then(|| {
            json!({
                "on": is_on.get_untracked(),
                "weekdays": weekdays,
                "time": time.get_untracked(),
                "on_holiday": on_holiday.get_untracked(),
            })
        });
        let limit = amount(approves);
        let by_itself = (!limit.is_null())
            .then(|| json!({ "approves_up_to": limit, "sends": sends.get_untracked() }));
        let terms = json!({
            "supplier": id.as_str(),
            "email": some(email),
            "cover_days": whole(cover),
            "review_days": whole(review),
            "minimum": amount(minimum),
            "budget": amount(budget),
            "schedule": schedule,
            "by_itself": by_itself,
        });
        let mut body = policy;
        let mut suppliers = body.list("suppliers");
        suppliers.retain(|one| one.text("supplier") != id);
        suppliers.push(terms);
        body["suppliers"] = json!(suppliers);
        saved(app, act, request_of(&body), load);
    };
    let send = app.may_change().then(|| submit(t("settings.save"), act));
    view! {
        <section class="terms">
            <h3 dir="auto">{name}</h3>
            <p class="soft">{summary}</p>
            <details>
                <summary>{t("settings.change")}</summary>
                {parts::form("", save, view! {
                    {hinted_field(t("ordering.orders_to"), "email", email, t("ordering.orders_to_hint"))}
                    <div class="row">
                        {money_field(t("ordering.minimum"), currency, minimum, t("ordering.minimum_hint"))}
                        {money_field(t("ordering.budget"), currency, budget, t("ordering.budget_hint"))}
                    </div>
                    <div class="row">
                        {hinted_field(t("ordering.cover_days"), "number", cover, t("ordering.as_store"))}
                        {hinted_field(t("ordering.review_days"), "number", review, t("ordering.as_store"))}
                    </div>
                    {check_field(t("ordering.schedule"), is_on)}
                    <fieldset class="days"><legend>{t("ordering.weekdays")}</legend>{boxes}</fieldset>
                    {field(t("ordering.time"), "time", time)}
                    {select_field(t("ordering.on_holiday"), on_holiday, rules.to_vec())}
                    {money_field(t("ordering.approves"), currency, approves, t("ordering.approves_hint"))}
                    {check_field(t("ordering.sends"), sends)}
                    {refusal(act)}
                    {send}
                }.into_any())}
            </details>
        </section>
    }
    .into_any()
}

// How it goes at a supplier, in sentences.
fn summary(terms: &Value) -> String {
    let schedule = terms.at("schedule");
    let next = schedule.text("next_at");
    let days = schedule.texts("weekdays");
    let days: Vec<String> = days.iter().map(|day| named("weekday", day)).collect();
    let mut said = match schedule.flag("on") {
        false => vec![t("ordering.no_schedule")],
        true => vec![say(
            "ordering.schedule_says",
            &[("days", &days.join(", ")), ("time", &schedule.text("time"))],
        )],
    };
    if !next.is_empty() {
        said.push(say("ordering.next", &[("at", &moment(&next))]));
    }
    let limits = terms.at("by_itself");
    if !limits.is_null() {
        let key = match limits.flag("sends") {
            true => "ordering.sends_says",
            false => "ordering.approves_says",
        };
        said.push(say(key, &[("amount", &money(limits.at("approves_up_to")))]));
    }
    said.join(" ")
}

/// Saves a policy.
pub fn saved(app: App, act: Act, body: Value, load: Load) {
    act.run(ask::put("/v1/reorders/policy", &body), move |_| {
        app.say(t("settings.saved"));
        load.again();
    });
}

/// The whole number that was typed, where it is one.
pub fn whole(value: RwSignal<String>) -> Option<u32> {
    value.get_untracked().trim().parse().ok()
}

/// The text that was typed, where something was.
pub fn some(value: RwSignal<String>) -> Option<String> {
    Some(value.get_untracked().trim().to_owned()).filter(|text| !text.is_empty())
}
