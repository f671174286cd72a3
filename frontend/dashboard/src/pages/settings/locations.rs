//! Locations and their calendars: when goods leave.

use leptos::prelude::*;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{encoded, number};
use crate::pages::ordering::WEEKDAYS;
use crate::parts::{
    self, Act, Load, anew, area_field, check_field, field, load, refusal, shown, submit,
};
use crate::value::{Value, json};
use crate::words::{named, say, t};

/// The part.
pub fn part() -> AnyView {
    let locations = load("/v1/locations");
    shown(locations, move |found| {
        let forms: Vec<_> = found
            .list("items")
            .into_iter()
            .map(|location| form(location, locations))
            .collect();
        view! { {forms} }.into_any()
    })
}

fn form(location: Value, load: Load) -> AnyView {
    let app = App::here();
    let act = Act::new();
    let text = |name: &str| RwSignal::new(location.text(name));
    let count = |name: &str| RwSignal::new(location.count(name).unwrap_or(0).to_string());
    let (name, zone, cut_off) = (text("name"), text("time_zone"), text("cut_off"));
    let (processing, receiving) = (count("processing_days"), count("receiving_days"));
    let holidays = RwSignal::new(location.texts("holidays").join("\n"));
    let working = location.texts("working_days");
    let days = WEEKDAYS.map(|day| {
        (
            day,
            RwSignal::new(working.iter().any(|working| working == day)),
        )
    });
    let boxes: Vec<_> = days
        .iter()
        .map(|(day, on)| check_field(named("weekday", day), *on))
        .collect();
    let sentence = move || {
        let days = number(processing.get().trim().parse().unwrap_or(0));
        say(
            "settings.calendar_says",
            &[
                ("time", &cut_off.get()),
                ("zone", &zone.get()),
                ("days", &days),
            ],
        )
    };
    let title = location.text("name");
    let kept = StoredValue::new(location);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let location = kept.get_value();
        let path = format!("/v1/locations/{}", encoded(&location.text("id")));
        let mut body = location;
        body.keep(|name, _| name != "id");
        let count = |value: RwSignal<String>| value.get_untracked().trim().parse::<u32>().ok();
        let holidays = holidays.get_untracked();
        let holidays: Vec<&str> = holidays
            .lines()
            .map(str::trim)
            .filter(|day| !day.is_empty())
            .collect();
        let working: Vec<&str> = days
            .iter()
            .filter(|(_, on)| on.get_untracked())
            .map(|(day, _)| *day)
            .collect();
        body["name"] = json!(name.get_untracked().trim());
        body["time_zone"] = json!(zone.get_untracked().trim());
        body["cut_off"] = json!(cut_off.get_untracked());
        body["processing_days"] = json!(count(processing));
        body["receiving_days"] = json!(count(receiving));
        body["holidays"] = json!(holidays);
        body["working_days"] = json!(working);
        act.run(ask::put(&path, &body), move |_| {
            app.say(t("settings.saved"));
            load.again();
        });
    };
    let send = app.is_owner().then(|| submit(t("settings.save"), act));
    view! {
        <section>
            <h2 dir="auto">{title}</h2>
            <p class="soft">{anew(sentence)}</p>
            <details>
                <summary>{t("settings.change")}</summary>
                {parts::form("", save, view! {
                    {field(t("common.name"), "text*", name)}
                    {field(t("settings.zone"), "text*", zone)}
                    {field(t("settings.cut_off"), "time*", cut_off)}
                    {field(t("settings.processing"), "number*", processing)}
                    {field(t("settings.receiving"), "number*", receiving)}
                    <fieldset class="days"><legend>{t("settings.working_days")}</legend>{boxes}</fieldset>
                    {area_field(t("settings.holidays"), 6, holidays)}
                    {refusal(act)}
                    {send}
                }.into_any())}
            </details>
        </section>
    }
    .into_any()
}
