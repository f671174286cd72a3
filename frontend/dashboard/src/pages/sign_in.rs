//! Signing in: e-mail and password, and the code of the second factor where it is on.

use leptos::prelude::*;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::parts::{self, Act, anew, field, hinted_field, load, refusal, submit};
use crate::value::json;
use crate::words::t;

/// The page of whoever is not signed in.
pub fn page() -> AnyView {
    let app = App::here();
    let (email, password, code) = (
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
    );
    let act = Act::new();
    // The code is asked for once the password is known to be right.
    let wants_code = Memo::new(move |before: Option<&bool>| {
        before == Some(&true)
            || act
                .refused()
                .is_some_and(|refused| refused.code == "code_required")
    });
    let sign_in = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut body =
            json!({ "email": email.get_untracked().trim(), "password": password.get_untracked() });
        if wants_code.get_untracked() {
            body["code"] = json!(code.get_untracked().trim());
        }
        let signed_in = ask::post("/v1/session", &body);
        act.run(signed_in, move |session| app.session.set(Some(session)));
    };
    let code_field = move || {
        wants_code
            .get()
            .then(|| hinted_field(t("sign_in.code"), "code*", code, t("sign_in.code_hint")))
    };
    let set_up = load("/v1/setup");
    let is_open = move || {
        set_up
            .answer
            .get()
            .and_then(Result::ok)
            .is_some_and(|answer| answer.flag("is_open"))
    };
    view! {
        <h1 id="title" tabindex="-1">{t("sign_in.title")}</h1>
        {anew(move || is_open().then(|| view! { <p class="notice">{t("sign_in.first_run")}</p> }.into_any()))}
        {parts::form("", sign_in, view! {
            {field(t("sign_in.email"), "email*", email)}
            {field(t("sign_in.password"), "password*", password)}
            {anew(code_field)}
            {refusal(act)}
            {submit(t("sign_in.go"), act)}
        }.into_any())}
    }
    .into_any()
}
