//! What is read from the server, and how that is shown while it is under way and when it fails.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::anew;
use crate::app::App;
use crate::ask::{self, Answer, Refused};
use crate::fields::Fields;
use crate::value::Value;
use crate::words::t;

/// An answer that is or will be there.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The newest answer.
    pub answer: RwSignal<Option<Answer>>,
    again: RwSignal<u32>,
}

impl Load {
    /// Asks once more; what was there stays in sight until then. Nothing where its page was left.
    pub fn again(self) {
        self.again.try_update(|times| *times += 1);
    }
}

/// Reads what is at this path.
pub fn load(path: &str) -> Load {
    let path = path.to_owned();
    load_when(move || path.clone())
}

/// Reads what is at a path, and again whenever the path is another one. Of several answers the one asked for last stays.
pub fn load_when(path: impl Fn() -> String + 'static) -> Load {
    load_by(Box::new(path))
}

fn load_by(path: Box<dyn Fn() -> String>) -> Load {
    let app = App::here();
    let load = Load {
        answer: RwSignal::new(None),
        again: RwSignal::new(0),
    };
    let asked = StoredValue::new(0_u32);
    Effect::new(move |_| {
        load.again.track();
        let path = path();
        asked.update_value(|times| *times += 1);
        let mine = asked.get_value();
        spawn_local(async move {
            let answer = ask::get(&path).await;
            if asked.try_get_value() == Some(mine) {
                noticed(app, &answer);
                load.answer.try_set(Some(answer));
            }
        });
    });
    load
}

/// Goes to the sign-in where the session is over.
pub fn noticed(app: App, answer: &Answer) {
    if let Err(refused) = answer
        && refused.code == "login_required"
    {
        app.session.set(None);
    }
}

/// Draws what is there, or how it is going.
pub fn shown(load: Load, draw: impl Fn(Value) -> AnyView + Send + 'static) -> AnyView {
    drawn(load, Box::new(draw))
}

fn drawn(load: Load, draw: Box<dyn Fn(Value) -> AnyView + Send>) -> AnyView {
    let content = move || match load.answer.get() {
        None => waiting(),
        Some(Ok(value)) => draw(value),
        Some(Err(refused)) => failed(refused, move || load.again()),
    };
    view! { <div class="loaded" aria-live="off">{anew(content)}</div> }.into_any()
}

fn waiting() -> AnyView {
    view! { <p class="waiting" role="status">{t("common.loading")}</p> }.into_any()
}

fn failed(refused: Refused, again: impl Fn() + 'static) -> AnyView {
    view! {
        <div class="notice alert" role="alert">
            <p>{refused.text}</p>
            <button type="button" on:click=move |_| again()>{t("common.try_again")}</button>
        </div>
    }
    .into_any()
}

/// A list that is read page by page.
#[derive(Debug, Clone, Copy)]
pub struct Paged {
    /// What was read so far.
    pub items: RwSignal<Vec<Value>>,
    next: RwSignal<Option<String>>,
    state: RwSignal<State>,
    again: RwSignal<u32>,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    Reading,
    Read,
    Failed(Refused),
}

impl Paged {
    /// Reads it anew from its beginning.
    pub fn again(self) {
        self.again.update(|times| *times += 1);
    }
}

/// Reads the first page of the list at this path, which has a query, such as `/v1/skus?limit=50`.
pub fn paged(path: impl Fn() -> String + Send + Sync + 'static) -> Paged {
    paged_by(Arc::new(path))
}

fn paged_by(path: Arc<dyn Fn() -> String + Send + Sync>) -> Paged {
    let list = Paged {
        items: RwSignal::new(Vec::new()),
        next: RwSignal::new(None),
        state: RwSignal::new(State::Reading),
        again: RwSignal::new(0),
    };
    let app = App::here();
    let whole = Arc::clone(&path);
    let first = load_when(move || {
        list.again.track();
        whole()
    });
    Effect::new(move |_| {
        if let Some(answer) = first.answer.get() {
            took(list, app, answer, false);
        }
    });
    let following = StoredValue::new(None::<String>);
    Effect::new(move |_| {
        let State::Reading = list.state.get() else {
            return;
        };
        let Some(next) = list.next.get_untracked() else {
            return;
        };
        if following.get_value().as_ref() == Some(&next) {
            return;
        }
        following.set_value(Some(next.clone()));
        let path = format!("{}&after={next}", untrack(|| path()));
        spawn_local(async move {
            let answer = ask::get(&path).await;
            if following.try_get_value().flatten().as_ref() == Some(&next) {
                following.set_value(None);
                took(list, app, answer, true);
            }
        });
    });
    list
}

fn took(list: Paged, app: App, answer: Answer, is_more: bool) {
    noticed(app, &answer);
    match answer {
        Ok(page) => {
            list.next
                .try_set(Some(page.text("next")).filter(|next| !next.is_empty()));
            list.items.try_update(|items| match is_more {
                true => items.extend(page.list("items")),
                false => *items = page.list("items"),
            });
            list.state.try_set(State::Read);
        }
        Err(refused) => {
            list.state.try_set(State::Failed(refused));
        }
    }
}

/// What stands below a list: more of it, or why there is none.
pub fn more(list: Paged) -> AnyView {
    let foot = move || {
        match list.state.get() {
        State::Reading => waiting(),
        State::Failed(refused) => failed(refused, move || list.again()),
        State::Read if list.next.get().is_some() => view! {
            <button type="button" class="quiet" on:click=move |_| list.state.set(State::Reading)>{t("common.more")}</button>
        }
        .into_any(),
        State::Read if list.items.with(Vec::is_empty) => super::nothing(t("common.empty")),
        State::Read => ().into_any(),
    }
    };
    view! { <div class="foot">{anew(foot)}</div> }.into_any()
}
