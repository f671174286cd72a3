//! What pages are made of.

mod act;
mod confirm;
mod form;
mod interval;
mod load;
mod picture;
mod qr;
mod search;
mod table;
mod track;

pub use act::{Act, act_button, press, refusal};
pub use confirm::{Question, confirm};
pub use form::{
    area_field, check_field, field, form, hinted_field, money_field, said_field, select_field,
    submit,
};
pub use interval::{Scale, interval};
pub use load::{Load, Paged, load, load_when, more, paged, shown};
pub use picture::{Name, Stroke, bar, dot, line, mirrored, picture};
pub use qr::qr;
pub use search::{paused, search};
pub use table::{Row, cell, link, num, table};
pub use track::track;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::words::t;

/// The head of a page: its name, and a sentence about it.
pub fn head(title: String, lead: String) -> AnyView {
    let lead = (!lead.is_empty()).then(|| view! { <p class="lead">{lead}</p> }.into_any());
    view! { <header class="head"><h1 tabindex="-1" id="title">{title}</h1>{lead}</header> }
        .into_any()
}

/// A part of a page under a name of its own.
pub fn section(title: String, content: AnyView) -> AnyView {
    view! { <section><h2>{title}</h2>{content}</section> }.into_any()
}

/// What is drawn anew whenever something that it reads is another. Of one type whatever it draws, so that this is compiled once.
pub fn anew<View: IntoAny>(draw: impl Fn() -> View + Send + 'static) -> AnyView {
    let draw: Box<dyn Fn() -> AnyView + Send> = Box::new(move || draw().into_any());
    (move || draw()).into_any()
}

/// Facts, each under its name. What is empty is left out.
pub fn facts(facts: Vec<(String, String)>) -> AnyView {
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts: Vec<_> = facts
        .map(|(name, value)| {
            view! { <div><dt>{name}</dt><dd dir="auto">{value}</dd></div> }.into_any()
        })
        .collect();
    view! { <dl class="figures">{facts}</dl> }.into_any()
}

/// What stands behind a picture.
pub fn behind(table: AnyView) -> AnyView {
    view! { <details><summary>{t("common.as_table")}</summary>{table}</details> }.into_any()
}

/// Gives an element the focus. What cannot have it is passed over.
pub fn focus(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // The browser may know better.
        let _ = element.focus();
    }
}

/// A sentence in place of what is not there.
pub fn nothing(text: String) -> AnyView {
    view! { <p class="nothing">{text}</p> }.into_any()
}

/// How something stands, in words beside its mark. `tone` is `ready`, `wait`, `gone` or `alert`.
pub fn mark(tone: &'static str, text: String) -> AnyView {
    view! { <span class={format!("mark {tone}")}>{text}</span> }.into_any()
}

/// A link that looks like a button.
pub fn button_link(href: String, text: String) -> AnyView {
    view! { <a class="button" href={href}>{text}</a> }.into_any()
}
