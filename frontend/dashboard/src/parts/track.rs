//! A day on a line of days: dragged with the pointer, or moved with the keys.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{anew, focus};
use crate::format::{day, day_after, days_between, fixed, month};
use crate::words::language;

/// The thumb of the one track of a page.
const THUMB: &str = "thumb";

/// A line of so many days from the first on, the day that is chosen on it, and where it stood before.
pub fn track(
    label: String,
    first: String,
    days: i64,
    before: String,
    date: RwSignal<String>,
) -> AnyView {
    let percent = move |at: i64| fixed(at.clamp(0, days) as f64 / days as f64 * 100.0, 2) + "%";
    let first = StoredValue::new(first);
    let place = move |iso: &str| {
        let found = first.with_value(|first| days_between(first, iso));
        found.unwrap_or(0).clamp(0, days)
    };
    let chosen = Memo::new(move |_| place(&date.get()));
    let choose = move |at: i64| {
        let iso = first.with_value(|first| day_after(first, at.clamp(0, days)));
        if iso != date.get_untracked() {
            date.set(iso);
        }
    };
    let line = NodeRef::<leptos::html::Div>::new();
    let point = move |event: &PointerEvent| {
        let Some(line) = line.get_untracked() else {
            return;
        };
        let area = line.get_bounding_client_rect();
        let share = (f64::from(event.client_x()) - area.left()) / area.width().max(1.0);
        let share = if language() == "ar" {
            1.0 - share
        } else {
            share
        };
        choose((share * days as f64).round() as i64);
    };
    let grab = move |event: PointerEvent| {
        event.prevent_default();
        let target = event.current_target();
        if let Some(element) = target.and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
            // Without it the pointer is followed within the line only.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        focus(THUMB);
        point(&event);
    };
    let drag = move |event: PointerEvent| {
        if event.buttons() == 1 {
            point(&event);
        }
    };
    let press = move |event: KeyboardEvent| {
        let later = if language() == "ar" { -1 } else { 1 };
        let step = match event.key().as_str() {
            "ArrowRight" => later,
            "ArrowLeft" => -later,
            "ArrowUp" => 1,
            "ArrowDown" => -1,
            "PageUp" => 7,
            "PageDown" => -7,
            "Home" => -days,
            "End" => days,
            _ => return,
        };
        event.prevent_default();
        choose(chosen.get_untracked() + step);
    };
    let months = (0..=days).filter_map(|at| {
        let iso = first.with_value(|first| day_after(first, at));
        iso.ends_with("-01").then(|| {
            view! { <li style:inset-inline-start={percent(at)}>{month(&iso)}</li> }.into_any()
        })
    });
    let months: Vec<_> = months.collect();
    let was = (!before.is_empty()).then(|| {
        view! { <span class="was" style:inset-inline-start={percent(place(&before))}></span> }
            .into_any()
    });
    view! {
        <div class="track" on:pointerdown=grab on:pointermove=drag>
            <div class="rail" node_ref=line>
                {was}
                <span
                    id={THUMB}
                    class="thumb"
                    role="slider"
                    tabindex="0"
                    aria-label={label}
                    aria-valuemin="0"
                    aria-valuemax={days.to_string()}
                    aria-valuenow=move || chosen.get().to_string()
                    aria-valuetext=move || day(&date.get())
                    style:inset-inline-start=move || percent(chosen.get())
                    on:keydown=press
                ><output aria-hidden="true">{anew(move || day(&date.get()))}</output></span>
            </div>
            <ul class="months" aria-hidden="true">{months}</ul>
        </div>
    }
    .into_any()
}
