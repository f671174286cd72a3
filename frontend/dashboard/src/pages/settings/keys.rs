//! Keys: made, shown once, revoked.

use leptos::prelude::*;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{encoded, moment};
use crate::parts::{
    self, Act, Load, Row, act_button, anew, cell, field, load, mark, refusal, section,
    select_field, shown, submit, table,
};
use crate::value::{Value, json};
use crate::words::{named, t};

/// The part.
pub fn part() -> AnyView {
    let keys = load("/v1/keys");
    view! {
        {shown(keys, move |found| list(&found, keys))}
        {section(t("keys.new"), form(keys))}
    }
    .into_any()
}

fn list(found: &Value, load: Load) -> AnyView {
    let rows = found
        .list("items")
        .iter()
        .map(|key| row(key, load))
        .collect();
    let columns = [
        "keys.begins",
        "keys.kind",
        "keys.label",
        "keys.made",
        "common.state",
        "common.actions",
    ];
    table(t("keys.caption"), &columns, rows)
}

fn row(key: &Value, load: Load) -> Row {
    let app = App::here();
    let act = Act::new();
    let path = format!("/v1/keys/{}", encoded(&key.text("id")));
    let revoke = move || {
        let path = path.clone();
        act.run(ask::delete(&path), move |_| {
            app.say(t("keys.revoked_now"));
            load.again();
        });
    };
    let is_live = !key.has("revoked_at");
    let asked = RwSignal::new(false);
    let revoke = StoredValue::new_local(revoke);
    let button = move || match (is_live, asked.get()) {
        (false, _) => ().into_any(),
        (true, false) => {
            view! { {parts::press("quiet", t("keys.revoke"), move |_| asked.set(true))} }.into_any()
        }
        (true, true) => act_button("alert", t("keys.revoke_sure"), act, move || {
            revoke.with_value(|revoke| revoke())
        }),
    };
    vec![
        view! { <code>{format!("{}…", key.text("prefix"))}</code> }.into_any(),
        cell(named("key_kind", &key.text("kind"))),
        cell(key.text("label")),
        cell(moment(&key.text("created_at"))),
        if is_live {
            mark("ready", t("keys.live"))
        } else {
            mark("gone", t("keys.revoked"))
        },
        view! { {anew(button)}{refusal(act)} }.into_any(),
    ]
}

fn form(load: Load) -> AnyView {
    let act = Act::new();
    let kind = RwSignal::new("publishable".to_owned());
    let label = RwSignal::new(String::new());
    let made = RwSignal::new(None::<String>);
    let kinds = ["publishable", "secret"].map(|kind| (kind.to_owned(), named("key_kind", kind)));
    let make = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut body = json!({ "kind": kind.get_untracked() });
        let text = label.get_untracked();
        if !text.trim().is_empty() {
            body["label"] = json!(text.trim());
        }
        act.run(ask::post("/v1/keys", &body), move |key| {
            made.set(Some(key.text("key")));
            load.again();
        });
    };
    let shown_once = move || {
        made.get().map(|key| {
            view! { <div class="notice"><p>{t("keys.once")}</p>{super::widget::copied(key)}</div> }.into_any()
        })
    };
    view! {
        {parts::form("", make, view! {
            {select_field(t("keys.kind"), kind, kinds.to_vec())}
            <p class="soft">{anew(move || named("key_says", &kind.get()))}</p>
            {field(t("keys.label"), "text", label)}
            {refusal(act)}
            {submit(t("keys.make"), act)}
            <div role="status">{anew(shown_once)}</div>
        }.into_any())}
    }
    .into_any()
}
