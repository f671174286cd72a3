//! The frame of all pages: who is signed in, where one is, and where one can go.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::App;
use crate::ask;
use crate::fields::Fields;
use crate::pages;
use crate::parts::{Act, anew, focus};
use crate::place::Place;
use crate::words::{self, LANGUAGES, t};

/// Milliseconds for which what was done is in sight.
const SAID_MS: u64 = 6_000;
/// Our name. A value, since Leptos would make an element of literals from text, which the page forbids itself.
const SHIPS_BY: &str = "ShipsBy";

/// Shows the dashboard in this page.
pub fn start() {
    // Before anything is shown, Leptos runs nothing by itself.
    wasm_bindgen_futures::spawn_local(async {
        words::speak(words::wanted(), false).await;
        let session = ask::get("/v1/session").await.ok();
        mount_to_body(move || {
            let app = App {
                session: RwSignal::new(session),
                place: RwSignal::new(Place::read(&address())),
                said: RwSignal::new(String::new()),
                spoken: RwSignal::new(0),
            };
            provide_context(app);
            follow(app);
            frame(app)
        });
    });
}

fn address() -> String {
    let window = web_sys::window().expect("a page has a window");
    window.location().hash().unwrap_or_default()
}

// Another address is another page: its name is read out, and it is looked at from its top.
fn follow(app: App) {
    let handle = window_event_listener(ev::hashchange, move |_| {
        app.place.set(Place::read(&address()));
        app.said.set(String::new());
        request_animation_frame(arrive);
    });
    on_cleanup(move || handle.remove());
    request_animation_frame(entitle);
}

fn arrive() {
    entitle();
    let window = web_sys::window().expect("a page has a window");
    window.scroll_to_with_x_and_y(0.0, 0.0);
    // Of what is done in steps, the step is what is new.
    let is_step = document().get_element_by_id("step").is_some();
    focus(if is_step { "step" } else { "title" });
}

fn entitle() {
    let document = document();
    let name = document
        .get_element_by_id("title")
        .and_then(|title| title.text_content());
    if let Some(name) = name {
        document.set_title(&format!("{name} · ShipsBy"));
    }
}

fn frame(app: App) -> AnyView {
    let is_in = Memo::new(move |_| app.session.with(Option::is_some));
    let content = move || {
        app.spoken.track();
        match (is_in.get(), app.place.get()) {
            (false, Place::SetUp(token)) => outside(app, pages::set_up::owner(token)),
            (false, _) => outside(app, pages::sign_in::page()),
            (true, _) => inside(app),
        }
    };
    view! { <div class="all">{anew(content)}</div> }.into_any()
}

fn outside(app: App, page: AnyView) -> AnyView {
    view! {
        <div class="outside">
            <header><p class="brand">{SHIPS_BY}</p></header>
            <main id="main">{page}</main>
            <footer>{languages(app)}</footer>
        </div>
    }
    .into_any()
}

fn inside(app: App) -> AnyView {
    let is_open = RwSignal::new(false);
    // Whoever goes somewhere is done with the menu.
    Effect::new(move |_| {
        app.place.track();
        is_open.set(false);
    });
    view! {
        <a class="skip" href="#main" on:click=|event| { event.prevent_default(); focus("main") }>{t("nav.skip")}</a>
        <div class="frame">
            <header class="side">
                <div class="top">
                    <p class="brand">{anew(move || title(app))}</p>
                    <button
                        type="button"
                        class="menu"
                        aria-expanded=move || is_open.get().to_string()
                        aria-controls="menu"
                        on:click=move |_| is_open.update(|open| *open = !*open)
                    >{t("nav.menu")}</button>
                </div>
                <div id="menu" class:open=move || is_open.get()>
                    {navigation(app)}
                    <div class="self">{who(app)}{languages(app)}</div>
                </div>
            </header>
            <main id="main" tabindex="-1">{anew(move || pages::page(&app.place.get()))}</main>
        </div>
        {said(app)}
    }
    .into_any()
}

fn title(app: App) -> String {
    app.session.with(|session| {
        session
            .as_ref()
            .map(|session| session.text("title"))
            .unwrap_or_default()
    })
}

fn navigation(app: App) -> AnyView {
    let groups: [&[(Place, &str)]; 4] = [
        &[(Place::Today, "today.title")],
        &[
            (Place::Stock, "stock.title"),
            (Place::Forecasts, "forecasts.title"),
            (Place::Reorders, "reorders.title"),
            (Place::Backorders, "backorders.title"),
            (Place::PurchaseOrders, "purchase_orders.title"),
            (Place::Suppliers, "suppliers.title"),
        ],
        &[
            (Place::Orders, "orders.title"),
            (Place::Parcels, "parcels.title"),
        ],
        &[
            (Place::Promises, "promises.title"),
            (Place::Offers, "offers.title"),
            (Place::Mail, "mail.title"),
            (Place::Posts, "posts.title"),
        ],
    ];
    let groups = groups.into_iter().map(|group| {
        let links = group
            .iter()
            .map(|(place, key)| nav_link(app, place.clone(), key));
        let links: Vec<_> = links.collect();
        view! { <ul>{links}</ul> }.into_any()
    });
    let groups: Vec<_> = groups.collect();
    let settings = nav_link(app, Place::Settings("store".to_owned()), "settings.title");
    view! { <nav aria-label={t("nav.label")}>{groups}<ul>{settings}</ul></nav> }.into_any()
}

fn nav_link(app: App, place: Place, key: &str) -> AnyView {
    let href = place.href();
    let current = move || (app.place.get().section() == place).then_some("page");
    view! { <li><a href={href} aria-current=current>{t(key)}</a></li> }.into_any()
}

fn who(app: App) -> AnyView {
    let act = Act::new();
    let leave = move |_| {
        act.run(ask::delete("/v1/session"), move |_| app.session.set(None));
    };
    let name = move || {
        app.session.with(|session| {
            session
                .as_ref()
                .map(|session| session.at("member").text("name"))
                .unwrap_or_default()
        })
    };
    view! {
        <p dir="auto">{anew(name)}</p>
        <p><a href={Place::Settings("account".to_owned()).href()}>{t("nav.account")}</a></p>
        <button type="button" class="plain" on:click=leave>{t("nav.sign_out")}</button>
    }
    .into_any()
}

fn languages(app: App) -> AnyView {
    let options = LANGUAGES.map(|(tag, name)| {
        view! { <option value={tag} lang={tag} selected={tag == words::language()}>{name}</option> }.into_any()
    });
    let options: Vec<_> = options.into_iter().collect();
    let chosen = move |event| {
        let tag = event_target_value(&event);
        spawn_local(async move {
            words::speak(&tag, true).await;
            app.spoken.update(|times| *times += 1);
            request_animation_frame(entitle);
        });
    };
    view! {
        <label class="languages">
            <span class="hidden">{t("nav.language")}</span>
            <select on:change=chosen>{options}</select>
        </label>
    }
    .into_any()
}

fn said(app: App) -> AnyView {
    Effect::new(move |_| {
        let text = app.said.get();
        if text.is_empty() {
            return;
        }
        set_timeout(
            move || {
                if app.said.get_untracked() == text {
                    app.said.set(String::new());
                }
            },
            std::time::Duration::from_millis(SAID_MS),
        );
    });
    view! { <p class="said" role="status" class:shown=move || !app.said.get().is_empty()>{anew(move || app.said.get())}</p> }.into_any()
}
