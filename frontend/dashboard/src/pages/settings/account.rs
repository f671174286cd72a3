//! One's own account: the password, and the second factor.

use leptos::prelude::*;

use super::widget::copied;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::parts::{
    self, Act, act_button, anew, field, hinted_field, qr, refusal, section, submit,
};
use crate::value::{Value, json};
use crate::words::t;

/// The part.
pub fn part() -> AnyView {
    view! { {section(t("account.password"), password())}{section(t("account.totp"), totp())} }
        .into_any()
}

fn password() -> AnyView {
    let app = App::here();
    let act = Act::new();
    let (old, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let change = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = json!({ "old": old.get_untracked(), "new": new.get_untracked() });
        act.run(ask::put("/v1/session/password", &body), move |_| {
            app.say(t("account.password_changed"));
            old.set(String::new());
            new.set(String::new());
        });
    };
    view! {
        {parts::form("", change, view! {
            {field(t("account.old"), "password*", old)}
            {hinted_field(t("account.new"), "new-password*", new, t("team.password_hint"))}
            {refusal(act)}
            {submit(t("account.change"), act)}
        }.into_any())}
    }
    .into_any()
}

fn totp() -> AnyView {
    let app = App::here();
    let is_on = Memo::new(move |_| {
        app.session.with(|session| {
            session
                .as_ref()
                .is_some_and(|session| session.at("member").flag("totp"))
        })
    });
    let act = Act::new();
    let code = RwSignal::new(String::new());
    let begun = RwSignal::new(None::<Value>);
    let recovery = RwSignal::new(Vec::<String>::new());
    let set_on = move |on: bool| {
        app.session.update(|session| {
            if let Some(session) = session {
                session["member"]["totp"] = json!(on);
            }
        });
    };
    let begin = move || {
        act.run(ask::post("/v1/session/totp", &json!({})), move |found| {
            begun.set(Some(found))
        })
    };
    let confirm = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = json!({ "code": code.get_untracked().trim() });
        act.run(ask::put("/v1/session/totp", &body), move |found| {
            begun.set(None);
            code.set(String::new());
            recovery.set(found.texts("recovery_codes"));
            set_on(true);
        });
    };
    let end = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = json!({ "code": code.get_untracked().trim() });
        act.run(ask::delete_with("/v1/session/totp", &body), move |_| {
            recovery.set(Vec::new());
            code.set(String::new());
            set_on(false);
            app.say(t("account.totp_ended"));
        });
    };
    let content = move || {
        match (is_on.get(), begun.get()) {
        (true, _) => view! {
            <p>{t("account.totp_on")}</p>
            {parts::form("", end, view! {{field(t("sign_in.code"), "code*", code)}{submit(t("account.totp_end"), act)}}.into_any())}
        }
        .into_any(),
        (false, Some(secret)) => view! {
            <p>{t("account.totp_scan")}</p>
            {qr(secret.at("qr"), t("account.totp_qr"))}
            <p><a href={secret.text("uri")}>{t("account.totp_open")}</a></p>
            {copied(secret.text("secret"))}
            {parts::form("", confirm, view! {{field(t("sign_in.code"), "code*", code)}{submit(t("account.totp_confirm"), act)}}.into_any())}
        }
        .into_any(),
        (false, None) => view! { <p>{t("account.totp_off")}</p>{act_button("", t("account.totp_begin"), act, begin)} }.into_any(),
    }
    };
    let codes = move || {
        let codes = recovery.get();
        (!codes.is_empty()).then(|| view! { <div class="notice"><p>{t("account.recovery")}</p>{copied(codes.join("\n"))}</div> }.into_any())
    };
    view! { {anew(content)}{refusal(act)}<div role="status">{anew(codes)}</div> }.into_any()
}
