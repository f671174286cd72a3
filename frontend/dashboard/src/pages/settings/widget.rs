//! The tag to copy, and the look of the widget: tried on a real one, on this page.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::parts::{self, Act, act_button, anew, field, link, load, refusal, section, shown};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{language, t};

/// The tokens that are tried here, of all that style/tokens.css has: name, key of its word, kind of its field.
const TOKENS: [(&str, &str, &str); 4] = [
    ("--ships-by-ready", "widget.ready", "color"),
    ("--ships-by-wait", "widget.wait", "color"),
    ("--ships-by-accent", "widget.accent", "color"),
    ("--ships-by-radius", "widget.radius", "text"),
];
/// What holds unless something else is said.
const DEFAULTS: [&str; 4] = ["#146c43", "#8a5300", "#1f4fd8", "12px"];

/// The part.
pub fn part() -> AnyView {
    view! { {section(t("widget.tag"), tag())}{section(t("widget.look"), look())} }.into_any()
}

/// The two lines for a shop's page, once a key is made for them.
pub fn tag() -> AnyView {
    let act = Act::new();
    let key = RwSignal::new(None::<String>);
    let make = move || {
        let body = json!({ "kind": "publishable", "label": t("widget.tag") });
        act.run(ask::post("/v1/keys", &body), move |made| {
            key.set(Some(made.text("key")));
        });
    };
    let lines = move || match key.get() {
        Some(key) => lines(&key),
        None => view! {
            <p>{t("widget.make_lead")}</p>
            {refusal(act)}
            {act_button("first", t("widget.make"), act, make)}
        }
        .into_any(),
    };
    let unlisted = shown(load("/v1/store"), |store| {
        let nobody = store.texts("origins").is_empty();
        let place = Place::Settings("store".to_owned()).href();
        let notice = nobody.then(|| {
            view! { <p class="notice">{t("widget.no_origins")}" "{link(place, t("settings.title"))}</p> }.into_any()
        });
        view! { {notice} }.into_any()
    });
    view! { {unlisted}<div role="status">{anew(lines)}</div> }.into_any()
}

fn lines(key: &str) -> AnyView {
    let origin = web_sys::window()
        .and_then(|window| window.location().origin().ok())
        .unwrap_or_default();
    let script = format!(
        "<script type=\"module\" src=\"{origin}/embed/v1/ships-by.js\" data-key=\"{key}\"></script>"
    );
    let element = "<ships-by sku=\"SKU\">…</ships-by>";
    view! {
        <p>{t("widget.tag_lead")}</p>
        {copied(script)}
        <p>{t("widget.element_lead")}</p>
        {copied(element.to_owned())}
    }
    .into_any()
}

/// A text, and a button that copies it.
pub fn copied(text: String) -> AnyView {
    let app = App::here();
    let copy = {
        let text = text.clone();
        move |_| {
            let window = web_sys::window().expect("a page has a window");
            let written = window.navigator().clipboard().write_text(&text);
            spawn_local(async move {
                let said = match JsFuture::from(written).await {
                    Ok(_) => t("common.copied"),
                    Err(_) => t("common.not_copied"),
                };
                app.say(said);
            });
        }
    };
    view! {
        <div class="copied">
            <pre tabindex="0" dir="ltr">{text}</pre>
            {parts::press("quiet", t("common.copy"), copy)}
        </div>
    }
    .into_any()
}

fn look() -> AnyView {
    let values = DEFAULTS.map(|value| RwSignal::new(value.to_owned()));
    let fields: Vec<_> = TOKENS
        .iter()
        .zip(values)
        .map(|((_, key, kind), value)| field(t(key), kind, value))
        .collect();
    let style =
        move || {
            let lines = TOKENS.iter().zip(values).zip(DEFAULTS).filter_map(
                |(((name, ..), value), default)| {
                    let value = value.get();
                    (value != default).then(|| format!("  {name}: {value};\n"))
                },
            );
            let lines: String = lines.collect();
            format!("ships-by {{\n{lines}}}")
        };
    view! {
        <p>{t("widget.look_lead")}</p>
        <div class="row wrap">{fields}</div>
        {shown(load("/v1/stock?limit=3"), move |found| sample(&found, values))}
        <p>{t("widget.style_lead")}</p>
        {anew(move || copied(style()))}
    }
    .into_any()
}

// Looks like the widget's own markup: this page has no publishable key to ask with.
fn sample(found: &Value, values: [RwSignal<String>; 4]) -> AnyView {
    let place = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        let Some(element) = place.get() else { return };
        let element: &HtmlElement = element.unchecked_ref();
        for ((name, ..), value) in TOKENS.iter().zip(values) {
            // What is no value of CSS is passed over by the browser.
            let _ = element.style().set_property(name, &value.get());
        }
    });
    let items = found.list("items");
    let items = items.iter().map(|item| {
        let tone = crate::pages::stock::tone(&item.text("status"));
        let words = item.text("text");
        let words = match words.is_empty() {
            true => crate::words::named("status", &item.text("status")),
            false => words,
        };
        view! { <p><span class="soft">{item.text("title")}</span><br /><strong class={format!("mark {tone}")} lang={language()}>{words}</strong></p> }.into_any()
    });
    let items: Vec<_> = items.collect();
    view! { <div class="sample" node_ref=place>{items}</div> }.into_any()
}
