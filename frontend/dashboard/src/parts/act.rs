//! What the reader does: once at a time, and what came of it.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::anew;
use super::load::noticed;
use crate::app::App;
use crate::ask::{Asking, Refused};
use crate::value::Value;

/// Something that can be done, and how it goes.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    app: App,
    busy: RwSignal<bool>,
    refused: RwSignal<Option<Refused>>,
    begun: StoredValue<u32>,
}

impl Act {
    /// Nothing is under way.
    pub fn new() -> Self {
        Self {
            app: App::here(),
            busy: RwSignal::new(false),
            refused: RwSignal::new(None),
            begun: StoredValue::new(0),
        }
    }

    /// Does it, unless it is being done; then goes on with `done`.
    pub fn run(self, act: Asking, done: impl FnOnce(Value) + 'static) {
        if !self.busy.get_untracked() {
            self.begin(act, Box::new(done));
        }
    }

    /// Does it, whatever is under way; of several the one that was begun last counts.
    pub fn run_latest(self, act: Asking, done: impl FnOnce(Value) + 'static) {
        self.begin(act, Box::new(done));
    }

    fn begin(self, act: Asking, done: Box<dyn FnOnce(Value)>) {
        self.begun.update_value(|times| *times += 1);
        let mine = self.begun.get_value();
        self.busy.set(true);
        self.refused.set(None);
        spawn_local(async move {
            let answer = act.await;
            if self.begun.try_get_value() != Some(mine) {
                return;
            }
            self.busy.try_set(false);
            noticed(self.app, &answer);
            match answer {
                Ok(value) => done(value),
                Err(refused) => {
                    self.refused.try_set(Some(refused));
                }
            }
        });
    }

    /// Whether it is being done.
    pub fn is_busy(self) -> bool {
        self.busy.get()
    }

    /// Why it was not done, the last time.
    pub fn refused(self) -> Option<Refused> {
        self.refused.get()
    }
}

/// Why it was not done: read out at once.
pub fn refusal(act: Act) -> AnyView {
    let content = move || {
        act.refused().map(|refused| {
            // What is said above is not said twice.
            let others = refused.fields.into_iter();
            let others = others.filter(|(_, detail)| *detail != refused.text);
            let fields = others.map(|(pointer, detail)| {
                let name = pointer.trim_start_matches('/').replace('/', " ");
                view! { <li><strong>{name}</strong>" "{detail}</li> }.into_any()
            });
            let fields: Vec<_> = fields.collect();
            view! { <div class="notice alert"><p>{refused.text}</p><ul>{fields}</ul></div> }
                .into_any()
        })
    };
    view! { <div role="alert">{anew(content)}</div> }.into_any()
}

/// A button that does something, and is out of use while that is under way.
pub fn act_button(
    class: &'static str,
    text: String,
    act: Act,
    click: impl Fn() + 'static,
) -> AnyView {
    let click: Box<dyn Fn()> = Box::new(click);
    drawn_button(class, text, act, click)
}

fn drawn_button(class: &'static str, text: String, act: Act, click: Box<dyn Fn()>) -> AnyView {
    view! {
        <button type="button" class={class} aria-disabled=move || act.is_busy().to_string() on:click=move |_| click()>{text}</button>
    }
    .into_any()
}

/// A button that does something at once.
pub fn press(class: &'static str, text: String, click: impl Fn(MouseEvent) + 'static) -> AnyView {
    let click: Box<dyn Fn(MouseEvent)> = Box::new(click);
    pressed(class, text, click)
}

fn pressed(class: &'static str, text: String, click: Box<dyn Fn(MouseEvent)>) -> AnyView {
    view! { <button type="button" class={class} on:click=click>{text}</button> }.into_any()
}
