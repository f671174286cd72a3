//! What pages are made of.

mod act;
mod form;
mod interval;
mod load;
mod table;

pub use act::{Act, act_button, refusal};
pub use form::{area_field, check_field, field, hinted_field, select_field, submit};
pub use interval::{Scale, interval};
pub use load::{Load, load, load_when, more, paged, shown};
pub use table::{Row, cell, link, num, table};

use leptos::prelude::*;

/// The head of a page: its name, and a sentence about it.
pub fn head(title: String, lead: String) -> AnyView {
    let lead = (!lead.is_empty()).then(|| view! { <p class="lead">{lead}</p> });
    view! { <header class="head"><h1 tabindex="-1" id="title">{title}</h1>{lead}</header> }
        .into_any()
}

/// A part of a page under a name of its own.
pub fn section(title: String, content: AnyView) -> AnyView {
    view! { <section><h2>{title}</h2>{content}</section> }.into_any()
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
