//! The team: who may sign in, and what each may do.

use leptos::prelude::*;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::format::{encoded, moment};
use crate::parts::{
    self, Act, Load, Row, act_button, anew, cell, field, hinted_field, load, more, paged, refusal,
    section, select_field, shown, submit, table,
};
use crate::value::{Value, json};
use crate::words::{named, t};

const ROLES: [&str; 3] = ["owner", "staff", "read_only"];

/// The part.
pub fn part() -> AnyView {
    let members = load("/v1/members");
    view! {
        {shown(members, move |found| list(&found, members))}
        {section(t("team.new"), form(members))}
        {section(t("team.log"), log())}
    }
    .into_any()
}

fn roles() -> Vec<(String, String)> {
    ROLES
        .map(|role| (role.to_owned(), named("role", role)))
        .to_vec()
}

fn list(found: &Value, load: Load) -> AnyView {
    let rows = found
        .list("items")
        .iter()
        .map(|member| row(member, load))
        .collect();
    let columns = [
        "common.name",
        "sign_in.email",
        "team.role",
        "common.actions",
    ];
    table(t("team.caption"), &columns, rows)
}

fn row(member: &Value, load: Load) -> Row {
    let app = App::here();
    let act = Act::new();
    let path = format!("/v1/members/{}", encoded(&member.text("id")));
    let role = RwSignal::new(member.text("role"));
    let changed = path.clone();
    Effect::new(move |before: Option<String>| {
        let wanted = role.get();
        if before.is_some_and(|before| before != wanted) {
            let (path, body) = (changed.clone(), json!({ "role": wanted.as_str() }));
            act.run(ask::patch(&path, &body), move |_| {
                app.say(t("settings.saved"))
            });
        }
        wanted
    });
    let remove = move || {
        let path = path.clone();
        act.run(ask::delete(&path), move |_| {
            app.say(t("team.removed"));
            load.again();
        });
    };
    vec![
        cell(member.text("name")),
        cell(member.text("email")),
        select_field(t("team.role"), role, roles()),
        view! { {act_button("quiet", t("team.remove"), act, remove)}{refusal(act)} }.into_any(),
    ]
}

fn form(load: Load) -> AnyView {
    let app = App::here();
    let act = Act::new();
    let [name, email, password] = [(); 3].map(|()| RwSignal::new(String::new()));
    let role = RwSignal::new("staff".to_owned());
    let add = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = json!({
            "name": name.get_untracked().trim(),
            "email": email.get_untracked().trim(),
            "role": role.get_untracked(),
            "password": password.get_untracked(),
        });
        act.run(ask::post("/v1/members", &body), move |_| {
            app.say(t("team.added"));
            for field in [name, email, password] {
                field.set(String::new());
            }
            load.again();
        });
    };
    view! {
        {parts::form("", add, view! {
            {field(t("common.name"), "text*", name)}
            {field(t("sign_in.email"), "email*", email)}
            {select_field(t("team.role"), role, roles())}
            <p class="soft">{anew(move || named("role_says", &role.get()))}</p>
            {hinted_field(t("team.first_password"), "new-password*", password, t("team.password_hint"))}
            {refusal(act)}
            {submit(t("team.add"), act)}
        }.into_any())}
    }
    .into_any()
}

fn log() -> AnyView {
    let list = paged(|| "/v1/audit?limit=50".to_owned());
    let rows = move || {
        let rows = list.items.with(|items| {
            let rows = items.iter().map(|item| {
                let outcome = match item.text("code") {
                    none if none.is_empty() => named("outcome", &item.text("outcome")),
                    code => format!("{} ({code})", named("outcome", &item.text("outcome"))),
                };
                let row: Row = vec![
                    cell(moment(&item.text("at"))),
                    cell(item.at("member").text("email")),
                    view! { <code>{item.text("action")}</code> }.into_any(),
                    cell(item.text("subject")),
                    cell(outcome),
                ];
                row
            });
            rows.collect::<Vec<_>>()
        });
        let columns = [
            "team.at",
            "sign_in.email",
            "team.action",
            "team.subject",
            "common.state",
        ];
        (!rows.is_empty()).then(|| table(t("team.log"), &columns, rows))
    };
    view! { {anew(rows)}{more(list)} }.into_any()
}
