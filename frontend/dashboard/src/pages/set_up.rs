//! The first run: the owner, the store, a file, the tag, and then it is live.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlInputElement;

use super::purchase_orders::go;
use super::settings::widget;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{encoded, moment, number};
use crate::parts::{
    self, Act, Load, Row, anew, button_link, cell, field, head, hinted_field, load, num, refusal,
    select_field, shown, submit, table,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{counted, named, say, t};

#[wasm_bindgen(module = "/src/shop.js")]
extern "C" {
    /// The reader's time zone.
    fn zone() -> String;
    /// The origin of a page whose address somebody typed.
    pub fn origin_of(typed: &str) -> String;
    /// The whole address of a page that somebody typed; empty for what is none.
    fn page_of(typed: &str) -> String;
    /// Shows a page in a small window beside this one.
    fn show_beside(page: &str);
}

/// The files that are taken in.
const FORMATS: [&str; 5] = [
    "shipsby",
    "woocommerce",
    "shopify-inventory",
    "supplier-deliveries",
    "sales",
];
/// Steps after the owner.
const STEPS: [&str; 4] = ["store", "file", "tag", "live"];
/// How long a file that is being taken in is left alone.
const LOOKED_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// What a store is called that nobody has named, and the zone of a location where nobody said it.
const UNNAMED: &str = "default";
const NO_ZONE: &str = "UTC";

/// The first step, before anybody can sign in: makes the owner.
pub fn owner(token: String) -> AnyView {
    let app = App::here();
    let act = Act::new();
    let [name, email, password] = [(); 3].map(|()| RwSignal::new(String::new()));
    let make = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = json!({
            "token": token.as_str(),
            "name": name.get_untracked().trim(),
            "email": email.get_untracked().trim(),
            "password": password.get_untracked(),
        });
        act.run(ask::post("/v1/setup", &body), move |session| {
            app.session.set(Some(session));
            go(&step_at(0));
        });
    };
    view! {
        {head(t("set_up.title"), t("set_up.lead"))}
        {parts::form("", make, view! {
            {field(t("set_up.name"), "text*", name)}
            {field(t("sign_in.email"), "email*", email)}
            {hinted_field(t("sign_in.password"), "new-password*", password, t("team.password_hint"))}
            {refusal(act)}
            {submit(t("set_up.make_owner"), act)}
        }.into_any())}
    }
    .into_any()
}

/// A step after that; any of them can be left for later, and found again.
pub fn steps(step: &str) -> AnyView {
    let at = STEPS.iter().position(|known| *known == step).unwrap_or(0);
    let list = STEPS.iter().enumerate().map(|(number, step)| {
        let (current, name) = match number == at {
            true => (Some("step"), view! { {named("set_up", step)} }.into_any()),
            false => (
                None,
                parts::link(step_at(number).href(), named("set_up", step)),
            ),
        };
        view! { <li aria-current={current}>{name}</li> }.into_any()
    });
    let list: Vec<_> = list.collect();
    let content = match STEPS[at] {
        "store" => store(),
        "file" => view! { <p>{t("set_up.file_lead")}</p>{import()} }.into_any(),
        "tag" => widget::tag(),
        _ => live(),
    };
    let skip = (at + 1 < STEPS.len()).then(|| match at {
        0 => button_link(Place::Today.href(), t("set_up.later")),
        _ => button_link(step_at(at + 1).href(), t("set_up.next")),
    });
    view! {
        {head(t("set_up.welcome"), t("set_up.welcome_lead"))}
        <ol class="steps">{list}</ol>
        <section><h2 id="step" tabindex="-1">{named("set_up", STEPS[at])}</h2>{content}<p class="row tools">{skip}</p></section>
    }
    .into_any()
}

fn step_at(step: usize) -> Place {
    Place::Steps(STEPS[step].to_owned())
}

/// A file taken in at any time.
pub fn import_page() -> AnyView {
    view! { {head(t("set_up.file"), t("set_up.file_lead"))}<section>{import()}</section> }
        .into_any()
}

fn store() -> AnyView {
    shown(load("/v1/store"), move |store| {
        let path = format!("/v1/locations/{}", encoded(&store.text("location")));
        shown(load(&path), move |location| {
            named_store(store.clone(), location)
        })
    })
}

fn named_store(store: Value, mut location: Value) -> AnyView {
    let app = App::here();
    let (act, moving) = (Act::new(), Act::new());
    // A store that nobody has named is called by its id, in the zone of nobody.
    let named = Some(store.text("name")).filter(|name| name != UNNAMED);
    let name = RwSignal::new(named.unwrap_or_default());
    let address = RwSignal::new(store.texts("origins").first().cloned().unwrap_or_default());
    let known = location.text("time_zone");
    let is_new = known == NO_ZONE && name.with_untracked(String::is_empty);
    let time_zone = RwSignal::new(if is_new { zone() } else { known });
    let path = format!("/v1/locations/{}", encoded(&location.text("id")));
    location.keep(|name, _| name != "id");
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut body = store.clone();
        body["name"] = json!(name.get_untracked().trim());
        let mut origins = store.texts("origins");
        let typed = address.get_untracked();
        if !typed.trim().is_empty() && !origins.contains(&origin_of(&typed)) {
            origins.push(origin_of(&typed));
        }
        body["origins"] = json!(origins);
        let mut place = location.clone();
        place["time_zone"] = json!(time_zone.get_untracked().trim());
        let path = path.clone();
        act.run(ask::put("/v1/store", &body), move |saved| {
            moving.run(ask::put(&path, &place), move |_| {
                app.session.update(|session| {
                    if let Some(session) = session {
                        session["title"] = json!(saved.text("name"));
                    }
                });
                go(&step_at(1));
            });
        });
    };
    view! {
        {parts::form("", save, view! {
            {hinted_field(t("settings.name"), "text*", name, t("set_up.name_hint"))}
            {hinted_field(t("set_up.address"), "text", address, t("set_up.address_hint"))}
            {field(t("settings.zone"), "text*", time_zone)}
            {refusal(act)}
            {refusal(moving)}
            {submit(t("set_up.save_next"), act)}
        }.into_any())}
    }
    .into_any()
}

fn import() -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let format = RwSignal::new(FORMATS[0].to_owned());
    let file = StoredValue::new_local(None::<web_sys::File>);
    let found = RwSignal::new(None::<Value>);
    let taken = load("/v1/imports");
    let formats = FORMATS.map(|format| (format.to_owned(), named("format", format)));
    let chosen = move |event: web_sys::Event| {
        let input: HtmlInputElement = event
            .target()
            .expect("a change has a target")
            .unchecked_into();
        found.set(None);
        file.set_value(input.files().and_then(|files| files.get(0)));
    };
    let send = move |dry: bool| {
        let Some(file) = file.get_value() else {
            return;
        };
        let path = format!(
            "/v1/imports/{}?dry_run={dry}",
            encoded(&format.get_untracked())
        );
        found.set(None);
        act.run(ask::upload(&path, &file, "text/csv"), move |answer| {
            if dry {
                found.set(Some(answer));
            } else {
                app.say(outcome(&answer));
                taken.again();
            }
        });
    };
    let try_it = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        send(true);
    };
    let take = move || {
        let tried = found.get().is_some_and(|found| found.flag("dry_run"));
        tried.then(|| crate::parts::act_button("first", t("import.take"), act, move || send(false)))
    };
    view! {
        {parts::form("", try_it, view! {
            {select_field(t("import.format"), format, formats.to_vec())}
            <label class="field"><span>{t("import.file")}</span><input type="file" accept={".csv,text/csv"} required={true} on:change=chosen /></label>
            {refusal(act)}
            <div class="row">{submit(t("import.try"), act)}{anew(take)}</div>
        }.into_any())}
        <div role="status">{anew(move || found.get().map(|found| came(&found)))}</div>
        {taken_in(taken, act)}
    }
    .into_any()
}

/// The file that is being taken in, whoever sent it, or the last that was: a file goes on when its page is left.
fn taken_in(taken: Load, act: Act) -> AnyView {
    let looks_again = StoredValue::new(false);
    shown(taken, move |imports| {
        let file = imports.at("under_way");
        if (!file.is_null() || act.is_busy()) && !looks_again.get_value() {
            looks_again.set_value(true);
            set_timeout(
                move || {
                    if looks_again.try_set_value(false).is_none() {
                        taken.again();
                    }
                },
                LOOKED_AGAIN_AFTER,
            );
        }
        if !file.is_null() {
            let [read, all] =
                ["bytes_read", "bytes"].map(|name| file.count(name).unwrap_or(0).to_string());
            return view! {
                <p>{t("import.under_way")}</p>
                <progress value={read} max={all} aria-label={t("import.under_way")}></progress>
            }
            .into_any();
        }
        let last = imports.at("last");
        if last.is_null() {
            return ().into_any();
        }
        let values = [
            named("format", &last.text("format")),
            moment(&last.text("at")),
        ];
        let [format, at] = values.each_ref().map(String::as_str);
        view! { <p>{say("import.last", &[("format", format), ("at", at)])}</p>{came(last.at("answer"))} }.into_any()
    })
}

fn outcome(found: &Value) -> String {
    let figure = |name: &str| number(found.count(name).unwrap_or(0));
    let key = if found.flag("dry_run") {
        "import.would"
    } else {
        "import.did"
    };
    let figures = [
        ("rows", figure("rows_read")),
        ("changed", figure("changed")),
        ("unchanged", figure("unchanged")),
        ("refused", figure("refused_count")),
    ];
    let figures = figures.each_ref();
    say(key, &figures.map(|(name, value)| (*name, value.as_str())))
}

fn came(found: &Value) -> AnyView {
    let remarks = found.list("refused");
    let rows: Vec<Row> = remarks
        .iter()
        .map(|remark| vec![num(remark.count("line")), cell(remark.text("detail"))])
        .collect();
    let columns = ["#import.line", "import.wrong"];
    let refused = (!rows.is_empty()).then(|| {
        table(
            counted("import.refused", remarks.len() as i64),
            &columns,
            rows,
        )
    });
    view! { <p>{outcome(found)}</p>{refused} }.into_any()
}

/// A page of the shop's own, as it is in the web at this moment: in a window beside this one, as no frame may stand in the dashboard.
fn own_page(store: &Value) -> AnyView {
    let typed = RwSignal::new(store.texts("origins").first().cloned().unwrap_or_default());
    let look = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let page = page_of(&typed.get_untracked());
        if !page.is_empty() {
            show_beside(&page);
        }
    };
    parts::form(
        "",
        look,
        view! {
            {hinted_field(t("set_up.page"), "text*", typed, t("set_up.page_hint"))}
            {submit(t("common.show"), Act::new())}
        }
        .into_any(),
    )
}

fn live() -> AnyView {
    view! {
        <p>{t("set_up.live_lead")}</p>
        {shown(load("/v1/stock?limit=5"), |found| {
            let items = found.list("items");
            if items.is_empty() {
                return crate::parts::nothing(t("set_up.no_goods"));
            }
            let rows = items.iter().map(|item| {
                let row: Row = vec![
                    crate::parts::link(Place::Sku(item.text("sku")).href(), item.text("sku")),
                    cell(item.text("title")),
                    crate::parts::mark(super::stock::tone(&item.text("status")), named("status", &item.text("status"))),
                    cell(crate::format::day_or_dash(&item.text("ships_by"))),
                ];
                row
            });
            let columns = ["common.sku", "common.name", "stock.shoppers_see", "stock.ships_by"];
            table(t("set_up.live_caption"), &columns, rows.collect())
        })}
        <section>{shown(load("/v1/store"), |store| own_page(&store))}</section>
        <p class="row tools">{button_link(Place::Today.href(), t("set_up.go"))}{button_link(Place::Settings("store".to_owned()).href(), t("settings.title"))}</p>
    }
    .into_any()
}
