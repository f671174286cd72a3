//! Mail: every letter in every language, as the merchant words it, with a made-up one beside it while it is written.

use leptos::html::Iframe;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::HtmlIFrameElement;

use super::purchase_orders::go;
use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::parts::{
    self, Act, Load, Row, act_button, anew, area_field, cell, field, head, link, load, refusal,
    select_field, shown, submit, table,
};
use crate::place::Place;
use crate::value::{Value, json};
use crate::words::{LANGUAGES, language, named, t};

/// The letters there are.
const LETTERS: [&str; 9] = [
    "confirmed",
    "delayed",
    "sooner",
    "shipped",
    "payment_needed",
    "cancelled",
    "refunded",
    "back_in_stock_confirm",
    "back_in_stock",
];
/// Milliseconds without a keystroke after which a letter is made up anew.
const PAUSE_MS: u64 = 400;

#[wasm_bindgen(module = "/src/letter.js")]
extern "C" {
    #[wasm_bindgen(js_name = showLetter)]
    fn show_letter(frame: &HtmlIFrameElement, html: &str);
}

/// The page of all letters.
pub fn page() -> AnyView {
    let rows = LETTERS.map(|letter| {
        // Letters are in English with the days of two countries.
        let language = match language() {
            "en" => "en-US",
            other => other,
        };
        let place = Place::Letter(letter.to_owned(), language.to_owned());
        let row: Row = vec![
            link(place.href(), named("letter", letter)),
            cell(named("letter_when", letter)),
        ];
        row
    });
    let columns = ["mail.letter", "mail.when"];
    view! { {head(t("mail.title"), t("mail.lead"))}{table(t("mail.caption"), &columns, rows.into_iter().collect())} }.into_any()
}

/// The page of one letter in one language.
pub fn letter(letter: String, tag: String) -> AnyView {
    let path = format!("/v1/letters/{letter}/{tag}");
    let found = load(&path);
    let wanted = RwSignal::new(tag.clone());
    let name = letter.clone();
    Effect::new(move |_| {
        let wanted = wanted.get();
        if wanted != tag {
            go(&Place::Letter(letter.clone(), wanted));
        }
    });
    let languages = LANGUAGES.into_iter().flat_map(|(tag, name)| match tag {
        "en" => vec![
            ("en-US".to_owned(), format!("{name} (US)")),
            ("en-GB".to_owned(), format!("{name} (GB)")),
        ],
        tag => vec![(tag.to_owned(), name.to_owned())],
    });
    view! {
        {head(named("letter", &name), named("letter_when", &name))}
        <div class="narrow">{select_field(t("mail.language"), wanted, languages.collect())}</div>
        {shown(found, move |template| editor(&template, path.clone(), found))}
    }
    .into_any()
}

fn editor(template: &Value, path: String, load: Load) -> AnyView {
    let app = App::here();
    let [subject, mjml, plain] =
        ["subject", "mjml", "plain"].map(|name| RwSignal::new(template.text(name)));
    let body =
        move || json!({ "subject": subject.get(), "mjml": mjml.get(), "plain": plain.get() });
    let (trying, saving) = (Act::new(), Act::new());
    let preview = RwSignal::new(None::<Value>);
    let tried = StoredValue::new(0_u32);
    let try_path = format!("{path}/preview");
    Effect::new(move |before: Option<()>| {
        let body = body();
        tried.update_value(|times| *times += 1);
        let mine = tried.get_value();
        let path = try_path.clone();
        let try_it = move || {
            if tried.try_get_value() == Some(mine) {
                trying.run_latest(ask::post(&path, &body), move |made| {
                    preview.try_set(Some(made));
                });
            }
        };
        let pause = if before.is_some() { PAUSE_MS } else { 0 };
        set_timeout(try_it, std::time::Duration::from_millis(pause));
    });
    let save_path = path.clone();
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (path, body) = (save_path.clone(), untrack(body));
        saving.run(ask::put(&path, &body), move |_| {
            app.say(t("mail.saved"));
            load.again();
        });
    };
    let back = move || {
        let path = path.clone();
        saving.run(ask::delete(&path), move |_| {
            app.say(t("mail.ours_again"));
            load.again();
        });
    };
    let own = template.flag("own");
    let back = (own && app.may_change())
        .then(|| act_button("plain", t("mail.back_to_ours"), saving, back));
    let send = app.may_change().then(|| submit(t("mail.save"), saving));
    view! {
        <p class="soft">{t(if own { "mail.own" } else { "mail.ours" })}</p>
        <div class="split">
            {parts::form("", save, view! {
                {field(t("mail.subject"), "text*", subject)}
                {area_field(t("mail.mjml"), 18, mjml)}
                {area_field(t("mail.plain"), 10, plain)}
                {refusal(saving)}
                <div class="row">{send}{back}</div>
            }.into_any())}
            <div class="preview">
                <h2>{t("mail.preview")}</h2>
                {refusal(trying)}
                {made_up(preview)}
            </div>
        </div>
    }
    .into_any()
}

fn made_up(preview: RwSignal<Option<Value>>) -> AnyView {
    let frame = NodeRef::<Iframe>::new();
    Effect::new(move |_| {
        if let (Some(frame), Some(made)) = (frame.get(), preview.get()) {
            show_letter(&frame, &made.text("html"));
        }
    });
    let text = move |name: &'static str| {
        preview
            .get()
            .map(|made| made.text(name))
            .unwrap_or_default()
    };
    view! {
        <p dir="auto"><strong>{anew(move || text("subject"))}</strong></p>
        <iframe node_ref=frame sandbox={"allow-same-origin"} title={t("mail.preview")}></iframe>
        <details><summary>{t("mail.plain")}</summary><pre tabindex="0" dir="auto">{anew(move || text("plain"))}</pre></details>
    }
    .into_any()
}
