//! What all pages share.

use leptos::prelude::*;

use crate::fields::Fields;
use crate::place::Place;
use crate::value::Value;

/// What all pages share; signals, so that a copy is the same thing.
#[derive(Debug, Clone, Copy)]
pub struct App {
    /// Who is signed in, as `GET /v1/session` says; `None` before that and after signing out.
    pub session: RwSignal<Option<Value>>,
    /// What is looked at.
    pub place: RwSignal<Place>,
    /// What was done last, told politely.
    pub said: RwSignal<String>,
    /// Counts the catalogues that were taken in; everything is drawn again with a new one.
    pub spoken: RwSignal<u32>,
}

impl App {
    /// The one of this page.
    pub fn here() -> Self {
        expect_context()
    }

    /// Says what was done: shown at the edge for a while, and read out.
    pub fn say(self, text: String) {
        self.said.set(text);
    }

    /// Whether who is signed in may do all.
    pub fn is_owner(self) -> bool {
        self.role() == "owner"
    }

    /// Whether who is signed in may change things.
    pub fn may_change(self) -> bool {
        self.role() != "read_only"
    }

    // Untracked: a page is not drawn anew, and what it shows once is not lost, because something else of the session changed.
    fn role(self) -> String {
        self.session
            .with_untracked(|session| {
                session
                    .as_ref()
                    .map(|session| session.at("member").text("role"))
            })
            .unwrap_or_default()
    }
}
