//! A field to search with: the search begins when the typing pauses.

use leptos::prelude::*;

/// Milliseconds without a keystroke after which a search begins.
const PAUSE_MS: u64 = 120;

/// What is looked for, and the field for it.
pub fn search(label: String) -> (RwSignal<String>, AnyView) {
    let typed = RwSignal::new(String::new());
    let wanted = RwSignal::new(String::new());
    paused(typed, PAUSE_MS, move |text| {
        if wanted.get_untracked() != text {
            wanted.set(text);
        }
    });
    let field = view! {
        <form role="search" on:submit=move |event| { event.prevent_default(); wanted.set(typed.get_untracked()) }>
            <label class="field search">
                <span>{label}</span>
                <input
                    type="search"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=move || typed.get()
                    on:input=move |event| typed.set(event_target_value(&event))
                />
            </label>
        </form>
    }.into_any();
    (wanted, field.into_any())
}

/// Does something with a text once it has stayed the same for so many milliseconds.
pub fn paused(text: RwSignal<String>, pause_ms: u64, act: impl Fn(String) + Copy + 'static) {
    Effect::new(move |_| {
        let now = text.get();
        set_timeout(
            move || {
                if text.try_get_untracked().as_ref() == Some(&now) {
                    act(now);
                }
            },
            std::time::Duration::from_millis(pause_ms),
        );
    });
}
