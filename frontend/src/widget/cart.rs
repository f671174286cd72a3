//! The cart: each line with its date, then the ways to send them.

use leptos::prelude::*;
use shared::quantity::Quantity;
use shared::text::{Locale, Speaker};
use shared::wire::{Availability, PlanOption, Status};

use super::parcels;
use super::promise::Promise;

/// One line of the cart.
pub struct Line {
    times: Option<String>,
    name: String,
    promise: Promise,
}

impl Line {
    /// Words a line.
    pub fn new(
        mut answer: Availability,
        speaker: &Speaker<'_>,
        locale: &dyn Locale,
        compact: bool,
    ) -> Self {
        // Of a SKU that we do not know we claim nothing: the shop may sell it all the same.
        if answer.status == Status::Unknown {
            answer.text.label.clear();
        }
        let units = Quantity::new(answer.requested);
        Self {
            times: (Quantity::new(1) < units).then(|| format!("{} × ", locale.count(units))),
            name: answer.name().to_owned(),
            promise: Promise::new(answer, speaker, compact),
        }
    }

    fn view(&self) -> impl IntoView + use<> {
        let class = format!("line {}", self.promise.tone());
        view! {
            <li class=class>
                <p class="title">{self.times.clone()}<bdi>{self.name.clone()}</bdi></p>
                {self.promise.view()}
            </li>
        }
    }
}

/// Draws the cart.
pub fn cart(
    lines: &[Line],
    stranded: &[String],
    options: &[PlanOption],
    compact: bool,
) -> impl IntoView + use<> {
    view! {
        <div class="cart">
            <ul class="lines">{lines.iter().map(Line::view).collect::<Vec<_>>()}</ul>
            {notices(stranded)}
            {(!options.is_empty()).then(|| parcels::ways(options, false, compact))}
        </div>
    }
}

/// What the shopper must know first.
pub fn notices(words: &[String]) -> impl IntoView + use<> {
    let notice = |words: &String| view! { <p part="notice" class="notice">{words.clone()}</p> };
    words.iter().map(notice).collect::<Vec<_>>()
}
