//! Puts what a page says into HTML. All that is filled in is text, whatever it looks like.

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use shared::text::Language;

use super::view::{ItemView, OrderPage};
use super::words::say;

/// The stylesheet of the pages.
pub const STYLE: &str = include_str!("../../../style/order.css");
/// The script that keeps an open page up to date.
pub const SCRIPT: &str = include_str!("order.js");

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    let ours = [
        ("base.html", include_str!("templates/base.html")),
        ("order.html", include_str!("templates/order.html")),
        ("asking.html", include_str!("templates/asking.html")),
        ("waitlist.html", include_str!("templates/waitlist.html")),
        ("share.html", include_str!("templates/share.html")),
    ];
    for (name, text) in ours {
        let added = templates.add_template(name, text);
        added.expect("the templates are tested");
    }
    templates
});

/// A page that asks before something is done, or says why it was not.
pub struct Asking<'a> {
    /// The language.
    pub language: Language,
    /// What is asked or said.
    pub heading: &'static str,
    /// What it is about.
    pub items: Vec<ItemView>,
    /// Of what, and what became of its date.
    pub notes: Vec<(String, String)>,
    /// What it means, in words.
    pub text: Option<String>,
    /// What the button says, and where it is sent.
    pub yes: Option<(&'static str, String)>,
    /// The order's page; none where there is none.
    pub path: Option<&'a str>,
}

/// The page of an order, at `path`.
pub fn order(page: &OrderPage, path: &str) -> String {
    let filled = context! {
        lang => page.lang,
        dir => page.dir,
        page => Value::from(Serde(page.clone())),
        path => path,
    };
    html("order.html", filled)
}

/// A page that asks or refuses. Its heading and its button are keys of sentences.
pub fn asking(asking: &Asking<'_>) -> String {
    let language = asking.language;
    let items: Vec<Value> = asking
        .items
        .iter()
        .map(|item| Value::from(Serde(item.clone())))
        .collect();
    let filled = context! {
        lang => language.tag(),
        dir => if language.is_right_to_left() { "rtl" } else { "ltr" },
        heading => say(language, asking.heading, &[]),
        items => items,
        notes => &asking.notes,
        text => asking.text.as_deref(),
        yes => asking.yes.as_ref().map(|(key, _)| say(language, key, &[])),
        action => asking.yes.as_ref().map(|(_, action)| action),
        path => asking.path,
        back => say(language, "back", &[]),
    };
    html("asking.html", filled)
}

pub(super) fn html(name: &str, filled: Value) -> String {
    let template = TEMPLATES.get_template(name);
    let filled = template.and_then(|template| template.render(filled));
    filled.expect("the templates are tested")
}
