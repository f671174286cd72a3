//! Everything that is set once, part by part.

mod account;
mod keys;
mod locations;
mod store;
mod team;
mod transit;
pub mod widget;

use leptos::prelude::*;

use crate::app::App;
use crate::parts::head;
use crate::place::Place;
use crate::words::{named, t};

/// The parts, and whether they are only for owners.
const PARTS: [(&str, bool); 6] = [
    ("store", false),
    ("locations", false),
    ("widget", false),
    ("keys", true),
    ("team", true),
    ("account", false),
];

/// The page of a part.
pub fn page(part: &str) -> AnyView {
    let links = PARTS.into_iter().filter(|(_, owners)| !owners || App::here().is_owner()).map(|(name, _)| {
        let current = (name == part).then_some("page");
        view! { <li><a href={Place::Settings(name.to_owned()).href()} aria-current={current}>{named("settings", name)}</a></li> }.into_any()
    });
    let links: Vec<_> = links.collect();
    let content = match part {
        "locations" => locations::part(),
        "widget" => widget::part(),
        "keys" => keys::part(),
        "team" => team::part(),
        "account" => account::part(),
        _ => store::part(),
    };
    view! {
        {head(t("settings.title"), String::new())}
        <nav class="parts" aria-label={t("settings.parts")}><ul>{links}</ul></nav>
        {content}
    }
    .into_any()
}
