//! One sentence first: what and when. Then how the quantity splits, then why.

use leptos::prelude::*;
use shared::text::Speaker;
use shared::wire::{Availability, Slice, Status};

/// What is shown about one SKU.
pub struct Promise {
    tone: &'static str,
    label: String,
    date: Option<String>,
    delivery: Option<String>,
    slices: Vec<(&'static str, String)>,
    separator: &'static str,
    reason: Option<String>,
    offer: Option<String>,
}

impl Promise {
    /// Words an answer. A compact one is a single line.
    pub fn new(answer: Availability, speaker: &Speaker<'_>, compact: bool) -> Self {
        let tone = tone(&answer);
        let slices = if compact || answer.slices.len() < 2 {
            Vec::new()
        } else {
            answer.slices
        };
        Self {
            tone,
            slices: slices.into_iter().map(slice_words).collect(),
            separator: speaker.words().slice_separator,
            label: answer.text.label,
            date: answer.text.date,
            delivery: answer.text.delivery.filter(|_| !compact),
            reason: answer.reason.filter(|_| !compact).map(|reason| reason.text),
            offer: answer.offer.filter(|_| !compact).map(|offer| offer.text),
        }
    }

    /// The style of its mark and of its first words.
    pub fn tone(&self) -> &'static str {
        self.tone
    }

    /// Draws it.
    pub fn view(&self) -> impl IntoView + use<> {
        let last = self.slices.len().saturating_sub(1);
        let slices = self.slices.iter().enumerate().map(|(at, (tone, words))| {
            // The sentence stays whole for those who hear it; those who see it see one parcel below the other.
            let between = (at < last).then(|| view! { <span class="say">{self.separator}</span> });
            view! { <li class=*tone>{words.clone()}{between}</li> }
        });
        let slices = slices.collect::<Vec<_>>();
        let detail = (!slices.is_empty()).then(
            || view! { <div part="detail" class="detail"><ul class="slices">{slices}</ul></div> },
        );
        view! {
            <p class="head">
                <span part="label" class="label">{self.label.clone()}</span>
                " "
                {self.date.clone().map(|words| view! { <span part="date" class="date">{words}</span> })}
            </p>
            {self.delivery.clone().map(|words| view! { <p part="delivery" class="delivery">{words}</p> })}
            {detail}
            {self.reason.clone().map(|words| view! { <p part="reason" class="reason"><bdi>{words}</bdi></p> })}
            {self.offer.clone().map(|words| view! { <p part="offer" class="offer"><bdi>{words}</bdi></p> })}
        }
    }
}

/// Draws a product's answer.
pub fn product(promise: &Promise) -> impl IntoView + use<> {
    view! { <div class=format!("product {}", promise.tone())>{promise.view()}</div> }
}

fn tone(answer: &Availability) -> &'static str {
    match answer.status {
        _ if !answer.orderable => "gone",
        Status::InStock | Status::LowStock => "ready",
        Status::Backorder | Status::Preorder => "wait",
        Status::OutOfStock | Status::Discontinued | Status::Unknown => "gone",
    }
}

fn slice_words(slice: Slice) -> (&'static str, String) {
    (if slice.ready { "ready" } else { "wait" }, slice.text)
}
