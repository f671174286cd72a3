//! What cannot be taken back is asked about in place.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

use super::{Act, act_button, anew, focus};

static ASKED: AtomicU32 = AtomicU32::new(0);

/// What is asked before something is done.
#[derive(Debug)]
pub struct Question {
    /// The button that asks, as its class and its words.
    pub button: (&'static str, String),
    /// What will come of it.
    pub sure: String,
    /// The button that does it, as its class and its words.
    pub yes: (&'static str, String),
    /// The button that leaves it.
    pub no: String,
}

/// A button that asks before it does something. The focus goes along, so that the keyboard never falls off the page.
pub fn confirm(question: Question, act: Act, yes: impl Fn() + 'static) -> AnyView {
    asked(question, act, Box::new(yes))
}

fn asked(question: Question, act: Act, yes: Box<dyn Fn()>) -> AnyView {
    let is_asked = RwSignal::new(false);
    let id = ASKED.fetch_add(1, Ordering::Relaxed);
    let (button, sure) = (format!("ask-{id}"), format!("sure-{id}"));
    let turn = move |on: bool, to: String| {
        is_asked.set(on);
        request_animation_frame(move || focus(&to));
    };
    let yes = StoredValue::new_local(yes);
    let content = anew(move || {
        let (button, sure) = (button.clone(), sure.clone());
        if !is_asked.get() {
            let (class, text) = question.button.clone();
            return view! { <button type="button" class={class} id={button} on:click=move |_| turn(true, sure.clone())>{text}</button> }.into_any();
        }
        let (class, text) = question.yes.clone();
        view! {
            <div class="sure">
                <p id={sure} tabindex="-1">{question.sure.clone()}</p>
                <div class="row">
                    {act_button(class, text, act, move || yes.with_value(|yes| yes()))}
                    <button type="button" on:click=move |_| turn(false, button.clone())>{question.no.clone()}</button>
                </div>
            </div>
        }
        .into_any()
    });
    view! { <div class="asked">{content}</div> }.into_any()
}
