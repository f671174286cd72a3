//! The pages on which the owner of an address says whether it is to be written to.

use minijinja::context;
use shared::text::Language;

use super::render::html;
use super::words::say;

/// What a page says: keys of sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What is asked or said.
    pub heading: &'static str,
    /// What it is about.
    pub items: Vec<String>,
    /// What it means.
    pub text: Option<&'static str>,
    /// What the button says, and where it is sent.
    pub yes: Option<(&'static str, String)>,
    /// What else there is, and where.
    pub other: Option<(&'static str, String)>,
}

/// The page.
pub fn waitlist_page(language: Language, said: &Said) -> String {
    let word = |key: &str| say(language, key, &[]);
    html(
        "waitlist.html",
        context! {
            lang => language.tag(),
            dir => if language.is_right_to_left() { "rtl" } else { "ltr" },
            heading => word(said.heading),
            items => &said.items,
            text => said.text.map(word),
            yes => said.yes.as_ref().map(|(key, _)| word(key)),
            action => said.yes.as_ref().map(|(_, action)| action),
            other => said.other.as_ref().map(|(key, _)| word(key)),
            other_path => said.other.as_ref().map(|(_, path)| path),
        },
    )
}
