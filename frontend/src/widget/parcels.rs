//! The ways to send a cart: two cards of equal standing, both dates and both prices in sight.

use leptos::either::Either;
use leptos::prelude::*;
use shared::wire::{ParcelText, PlanOption};

use super::wire::kind_name;

/// Draws the ways: as a choice if it is `open`, told only if not.
pub fn ways(options: &[PlanOption], open: bool, compact: bool) -> impl IntoView + use<> {
    let cards = options.iter().map(|option| card(option, open, compact));
    let cards = cards.collect::<Vec<_>>();
    view! { <div part="options" class="options">{cards}</div> }
}

fn card(option: &PlanOption, open: bool, compact: bool) -> impl IntoView + use<> {
    let text = &option.text;
    let words = view! {
        <span class="name">{text.name.clone()}</span>
        " "
        <span class="price">{text.price.clone()}</span>
        " "
        <span class="when">{text.when.clone()}</span>
        " "
    };
    let parcels = text.parcels.iter().filter(|_| !compact);
    let parcels = parcels.map(|ParcelText { date, items }| {
        view! { <li><strong>{date.clone()}</strong><span>{format!(": {items}")}</span></li> }
    });
    let parcels = parcels.collect::<Vec<_>>();
    view! {
        <div part="option" class="option">
            {if open {
                let kind = kind_name(option.kind);
                Either::Left(view! { <label><input type="radio" name="plan" value=kind />{words}</label> })
            } else {
                Either::Right(view! { <p>{words}</p> })
            }}
            {(!compact).then(|| view! { <ul class="parcels">{parcels}</ul> })}
        </div>
    }
}
