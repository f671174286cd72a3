//! Fields of forms. Each stands inside of its label, so that they cannot come apart.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

use super::Act;

static HINTS: AtomicU32 = AtomicU32::new(0);

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
        "code" => "text",
        kind => kind,
    };
    let id = format!("hint-{}", HINTS.fetch_add(1, Ordering::Relaxed));
    let described = (!hint.is_empty()).then(|| id.clone());
    let hint = (!hint.is_empty()).then(|| view! { <small id={id}>{hint}</small> });
    let mode = (kind == "number" || kind == "code").then_some("numeric");
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
