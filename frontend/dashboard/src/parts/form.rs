//! Fields of forms. Each stands inside of its label, so that they cannot come apart.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::{Act, anew};

static HINTS: AtomicU32 = AtomicU32::new(0);

/// A form: what is done when it is sent, and its fields.
pub fn form(
    class: &'static str,
    send: impl FnMut(SubmitEvent) + 'static,
    fields: AnyView,
) -> AnyView {
    let send: Box<dyn FnMut(SubmitEvent)> = Box::new(send);
    sent_by(class, send, fields)
}

fn sent_by(class: &'static str, send: Box<dyn FnMut(SubmitEvent)>, fields: AnyView) -> AnyView {
    view! { <form class={class} on:submit=send>{fields}</form> }.into_any()
}

/// A field of one line. `kind` is an input's type, with `*` behind it where it must be filled in.
pub fn field(label: String, kind: &'static str, value: RwSignal<String>) -> AnyView {
    hinted_field(label, kind, value, String::new())
}

/// A field with a sentence about it.
pub fn hinted_field(
    label: String,
    kind: &'static str,
    value: RwSignal<String>,
    hint: String,
) -> AnyView {
    let hint = (!hint.is_empty()).then(|| view! { {hint} }.into_any());
    described_field(label, kind, value, hint)
}

/// A field with a sentence that says what comes of its value.
pub fn said_field(
    label: String,
    kind: &'static str,
    value: RwSignal<String>,
    says: impl Fn(String) -> String + Send + 'static,
) -> AnyView {
    let says = anew(move || view! { {says(value.get())} }.into_any());
    described_field(label, kind, value, Some(says))
}

/// A field for an amount of money, in units of the currency as people write them; empty for none.
pub fn money_field(
    label: String,
    currency: &str,
    value: RwSignal<String>,
    hint: String,
) -> AnyView {
    hinted_field(format!("{label} ({currency})"), "money", value, hint)
}

fn described_field(
    label: String,
    kind: &'static str,
    value: RwSignal<String>,
    hint: Option<AnyView>,
) -> AnyView {
    let (kind, required) = match kind.strip_suffix('*') {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    let complete = match kind {
        "password" => "current-password",
        "new-password" => "new-password",
        "email" => "username",
        "code" => "one-time-code",
        _ => "off",
    };
    let input = match kind {
        "new-password" => "password",
        "code" | "money" => "text",
        kind => kind,
    };
    let id = format!("hint-{}", HINTS.fetch_add(1, Ordering::Relaxed));
    let described = hint.is_some().then(|| id.clone());
    let hint = hint.map(|hint| view! { <small id={id}>{hint}</small> }.into_any());
    let mode = match kind {
        "number" | "code" => Some("numeric"),
        "money" => Some("decimal"),
        _ => None,
    };
    view! {
        <label class="field">
            <span>{label}</span>
            <input
                type={input}
                required={required}
                autocomplete={complete}
                inputmode={mode}
                min={(kind == "number").then_some("0")}
                spellcheck="false"
                aria-describedby={described}
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
            {hint}
        </label>
    }
    .into_any()
}

/// A field of many lines.
pub fn area_field(label: String, rows: u32, value: RwSignal<String>) -> AnyView {
    view! {
        <label class="field">
            <span>{label}</span>
            <textarea
                rows={rows.to_string()}
                spellcheck="false"
                dir="auto"
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
        </label>
    }
    .into_any()
}

/// A choice of few: value and word of each.
pub fn select_field(
    label: String,
    value: RwSignal<String>,
    options: Vec<(String, String)>,
) -> AnyView {
    let options = options.into_iter().map(|(name, word)| {
        let own = name.clone();
        view! { <option value={name} selected=move || value.get() == own>{word}</option> }
            .into_any()
    });
    let options: Vec<_> = options.collect();
    view! {
        <label class="field">
            <span>{label}</span>
            <select on:change=move |event| value.set(event_target_value(&event))>{options}</select>
        </label>
    }
    .into_any()
}

/// A thing that is on or off.
pub fn check_field(label: String, value: RwSignal<bool>) -> AnyView {
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked=move || value.get()
                on:change=move |event| value.set(event_target_checked(&event))
            />
            <span>{label}</span>
        </label>
    }
    .into_any()
}

/// The button that sends a form; out of use while that is under way.
pub fn submit(text: String, act: Act) -> AnyView {
    view! { <button type="submit" class="first" aria-disabled=move || act.is_busy().to_string()>{text}</button> }.into_any()
}
