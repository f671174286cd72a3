//! Why one waits, as shoppers read it beside a date: a code, words of the shop's own by language, or both.

use leptos::prelude::*;

use super::ordering::some;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::parts::{self, Act, Load, field, refusal, select_field, submit};
use crate::value::{Value, json, object};
use crate::words::{LANGUAGES, named, t};

/// The codes that the API knows.
const CODES: [&str; 9] = [
    "production",
    "materials",
    "transport",
    "customs",
    "weather",
    "demand",
    "quality",
    "closure",
    "season",
];

/// A reason that is being written.
#[derive(Clone, Copy)]
pub struct WaitReason {
    code: RwSignal<String>,
    words: [(&'static str, &'static str, RwSignal<String>); LANGUAGES.len()],
}

impl WaitReason {
    /// What is said now.
    pub fn of(stated: &Value) -> Self {
        let said = stated.at("words");
        Self {
            code: RwSignal::new(stated.text("code")),
            words: LANGUAGES.map(|(tag, name)| (tag, name, RwSignal::new(said.text(tag)))),
        }
    }

    /// What is to be said from now on; null for nothing.
    pub fn value(self) -> Value {
        let words = self.words.into_iter();
        let words = words.filter_map(|(tag, _, words)| Some((tag, json!(some(words)?))));
        let words: Vec<(&str, Value)> = words.collect();
        let code = some(self.code);
        if code.is_none() && words.is_empty() {
            return Value::Null;
        }
        json!({ "code": code, "words": object(words) })
    }

    /// The fields.
    pub fn fields(self) -> AnyView {
        let mut codes = vec![(String::new(), t("wait_reason.none"))];
        codes.extend(CODES.map(|code| (code.to_owned(), named("wait_reason", code))));
        let words = self
            .words
            .map(|(_, name, words)| field(name.to_owned(), "text", words));
        let words: Vec<_> = words.into_iter().collect();
        let mut said = self.words.iter();
        let is_said = said.any(|(.., words)| !words.with_untracked(String::is_empty));
        view! {
            {select_field(t("wait_reason.title"), self.code, codes)}
            <p class="soft">{t("wait_reason.lead")}</p>
            <details open={is_said}><summary>{t("wait_reason.words")}</summary>{words}</details>
        }
        .into_any()
    }
}

/// A form for the reason of a purchase order.
pub fn form(stated: &Value, path: String, load: Load) -> AnyView {
    let (app, act) = (App::here(), Act::new());
    let reason = WaitReason::of(stated);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = json!({ "wait_reason": reason.value() });
        act.run(ask::patch(&path, &body), move |_| {
            app.say(t("settings.saved"));
            load.again();
        });
    };
    view! {
        {parts::form("", save, view! {
            {reason.fields()}
            {refusal(act)}
            {submit(t("settings.save"), act)}
        }.into_any())}
    }
    .into_any()
}
