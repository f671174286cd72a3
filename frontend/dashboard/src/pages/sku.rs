//! One SKU: what shoppers are told, why, and how many are on the shelves.

use leptos::prelude::*;

use super::stock::tone;
use super::timeline::timeline;
use super::wait_reason::WaitReason;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::encoded;
use crate::parts::{
    self, Act, field, head, link, load, load_when, num, refusal, section, select_field, shown,
    submit,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{named, say, t};

/// The page of a SKU.
pub fn page(sku: String) -> AnyView {
    let quantity = RwSignal::new("1".to_owned());
    let path = format!("/v1/availability/{}/explain", encoded(&sku));
    let explained = load_when(move || {
        let units: u32 = quantity.get().parse().unwrap_or(1);
        format!("{path}?qty={}", units.max(1))
    });
    let shelves = {
        let sku = sku.clone();
        shown(load("/v1/locations"), move |locations| {
            let shelves = locations
                .list("items")
                .iter()
                .map(|location| shelf(location, &sku, explained))
                .collect::<Vec<_>>();
            view! { <div class="shelves">{shelves}</div> }.into_any()
        })
    };
    let forecast = Place::Forecast(sku.clone()).href();
    let path = format!("/v1/skus/{}", encoded(&sku));
    let sold_out = App::here().may_change().then(|| {
        let loaded = load(&path);
        let form = shown(loaded, move |record| sold_out(record, &path, explained));
        section(t("sku.sold_out"), form)
    });
    view! {
        {head(sku, String::new())}
        {shown(explained, answer)}
        <div class="narrow">{field(t("sku.quantity"), "number", quantity)}</div>
        <p>{link(forecast, t("forecasts.of_sku"))}</p>
        {section(t("sku.shelves"), shelves)}
        {sold_out}
        {section(t("sku.explanation"), shown(explained, explanation))}
    }
    .into_any()
}

/// Whether more than is on the shelf may be ordered.
fn sold_out(record: Value, path: &str, explained: crate::parts::Load) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let policy = RwSignal::new(record.at("backorder").text("policy"));
    let reason = WaitReason::of(record.at("backorder").at("wait_reason"));
    let policies = ["deny", "allow", "allow_silent"];
    let policies = policies.map(|policy| (policy.to_owned(), named("sku", policy)));
    let path = path.to_owned();
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut body = record.clone();
        body.keep(|name, _| name != "sku" && name != "revision");
        body["backorder"]["policy"] = json!(policy.get_untracked());
        body["backorder"]["wait_reason"] = reason.value();
        act.run(ask::put(&path, &body), move |_| {
            app.say(t("settings.saved"));
            explained.again();
        });
    };
    view! {
        {parts::form("", save, view! {
            {select_field(t("sku.sold_out"), policy, policies.to_vec())}
            {reason.fields()}
            {refusal(act)}
            {submit(t("sku.change"), act)}
        }.into_any())}
    }
    .into_any()
}

fn answer(explained: Value) -> AnyView {
    let answer = explained.at("answer");
    let text = answer.at("text");
    let reason = answer.at("reason").text("text");
    let reason =
        (!reason.is_empty()).then(|| view! { <p class="soft" dir="auto">{reason}</p> }.into_any());
    let label = view! { <span class={format!("mark {}", tone(&answer.text("status")))}>{text.text("label")}</span> }.into_any();
    view! {
        <div class="told">
            <p class="soft">{answer.text("title")}</p>
            <p class="answer">{label}" "<strong>{text.text("date")}</strong></p>
            <p class="soft">{text.text("detail")}" "{text.text("delivery")}</p>
            {reason}
        </div>
    }
    .into_any()
}

fn explanation(explained: Value) -> AnyView {
    let parts = explained.list("parts");
    let mut pictures = Vec::new();
    for location in explained.list("locations") {
        // The date that is told is of the place from which the last of it leaves.
        let own = parts
            .iter()
            .filter(|part| part.at("from") == location.at("location"));
        let ships_by = own
            .map(|part| part.text("ships_by"))
            .max()
            .unwrap_or_default();
        for sku in location.list("skus") {
            pictures.push(timeline(&location, &sku, &ships_by));
        }
    }
    view! {
        {pictures}
        <details class="words"><summary>{t("sku.in_words")}</summary><pre tabindex="0" lang="en" dir="ltr">{explained.text("text")}</pre></details>
    }
    .into_any()
}

fn shelf(location: &Value, sku: &str, explained: crate::parts::Load) -> AnyView {
    let path = format!(
        "/v1/stock/{}/{}",
        encoded(&location.text("id")),
        encoded(sku)
    );
    let name = location.text("name");
    let loaded = load(&path);
    let counted = shown(loaded, move |level| {
        let app = App::here();
        let on_hand = level.count("on_hand");
        let typed = RwSignal::new(on_hand.unwrap_or(0).to_string());
        let act = Act::new();
        let path = path.clone();
        let name = name.clone();
        let set = move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            let Ok(quantity) = typed.get_untracked().trim().parse::<u32>() else {
                return;
            };
            // Refused where somebody else counted since: their count is shown then.
            let body = json!({ "quantity": quantity, "if_quantity": on_hand });
            let path = path.clone();
            let said = say("sku.counted", &[("count", &quantity.to_string())]);
            act.run(ask::put(&path, &body), move |_| {
                app.say(said);
                explained.again();
                loaded.again();
            });
        };
        let [promised, withheld] =
            ["promised", "safety_stock"].map(|name| level.count(name).unwrap_or(0));
        let figures = [
            ("common.on_hand", on_hand),
            ("sku.promised", Some(promised)),
            (
                "common.available",
                on_hand.map(|on_hand| on_hand - promised - withheld),
            ),
        ];
        let figures = figures.map(|(key, count)| {
            view! { <div><dt>{t(key)}</dt><dd>{num(count)}</dd></div> }.into_any()
        });
        let figures: Vec<_> = figures.into_iter().collect();
        let form = app.may_change().then(|| {
            view! {
                {parts::form("row", set, view! {
                    {field(t("sku.set_count"), "number*", typed)}
                    {submit(t("sku.set"), act)}
                }.into_any())}
                {refusal(act)}
            }
            .into_any()
        });
        view! { <h3 dir="auto">{name}</h3><dl class="figures">{figures}</dl>{form} }.into_any()
    });
    view! { <div class="shelf">{counted}</div> }.into_any()
}
