//! The store's policy, each choice with a sentence that says what shoppers will see.

use leptos::prelude::*;
use serde_json::{Value, json};

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{money, number};
use crate::parts::{
    Act, Load, area_field, check_field, field, hinted_field, load, refusal, select_field, shown,
    submit,
};
use crate::words::{named, say, t};

/// The part.
pub fn part() -> AnyView {
    let store = load("/v1/store");
    shown(store, move |found| form(found, store))
}

fn form(store: Value, load: Load) -> AnyView {
    let app = App::here();
    let act = Act::new();
    let text = |name: &str| RwSignal::new(store.text(name));
    let count = |name: &str| {
        RwSignal::new(
            store
                .count(name)
                .map(|count| count.to_string())
                .unwrap_or_default(),
        )
    };
    let (name, display) = (text("name"), text("display"));
    let (level, horizon) = (count("promise_level"), count("horizon_days"));
    let split = RwSignal::new(store.at("split").text("split"));
    let amount = store.at("split").at("amount").clone();
    let shares = RwSignal::new(store.flag("share_pages"));
    let publishes = RwSignal::new(store.flag("publish_kept_rate"));
    let origins = RwSignal::new(store.texts("origins").join("\n"));
    let choices = |kind: &str, names: &[&str]| {
        names
            .iter()
            .map(|name| ((*name).to_owned(), named(kind, name)))
            .collect::<Vec<_>>()
    };
    let displays = choices("display", &["exact", "few_left", "hidden"]);
    let splits = choices("split", &["off", "free", "flat", "per_extra_parcel"]);
    let sentences = move || {
        let level = number(level.get().trim().parse().unwrap_or(80));
        let days = number(horizon.get().trim().parse().unwrap_or(365));
        let sentences = [
            named("display_says", &display.get()),
            say(
                &format!("split_says.{}", split.get()),
                &[("amount", &money(&amount))],
            ),
            say("settings.level_says", &[("level", &level)]),
            say("settings.horizon_says", &[("days", &days)]),
        ];
        sentences
            .into_iter()
            .map(|sentence| view! { <li>{sentence}</li> })
            .collect::<Vec<_>>()
    };
    let kept = StoredValue::new(store.clone());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut body = kept.get_value();
        let count = |value: RwSignal<String>| value.get_untracked().trim().parse::<u32>().ok();
        let origins = origins.get_untracked();
        let origins: Vec<&str> = origins
            .lines()
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .collect();
        body["name"] = json!(name.get_untracked().trim());
        body["display"] = json!(display.get_untracked());
        body["promise_level"] = json!(count(level));
        body["horizon_days"] = json!(count(horizon));
        body["split"]["split"] = json!(split.get_untracked());
        body["share_pages"] = json!(shares.get_untracked());
        body["publish_kept_rate"] = json!(publishes.get_untracked());
        body["origins"] = json!(origins);
        act.run(
            async move { ask::put("/v1/store", &body).await },
            move |_| {
                app.say(t("settings.saved"));
                load.again();
            },
        );
    };
    let send = app.is_owner().then(|| submit(t("settings.save"), act));
    view! {
        <form on:submit=save>
            {field(t("settings.name"), "text*", name)}
            {select_field(t("settings.display"), display, displays)}
            {select_field(t("settings.split"), split, splits)}
            {hinted_field(t("settings.level"), "number*", level, t("settings.level_hint"))}
            {field(t("settings.horizon"), "number*", horizon)}
            {check_field(t("settings.share_pages"), shares)}
            {check_field(t("settings.publish"), publishes)}
            {area_field(t("settings.origins"), 3, origins)}
            <div class="notice"><h2>{t("settings.shoppers_see")}</h2><ul class="sentences">{sentences}</ul></div>
            {refusal(act)}
            {send}
        </form>
    }
    .into_any()
}
