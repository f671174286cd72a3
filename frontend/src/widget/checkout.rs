//! The checkout: a choice where there is one.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use shared::wire::{PlanKind, PlanOption};

use super::cart::notice;
use super::parcels;

/// Draws the choice.
pub fn checkout(
    legend: &str,
    notices: &[String],
    options: &[PlanOption],
    chosen: Option<PlanKind>,
    compact: bool,
) -> impl IntoView + use<> {
    let choice = match options {
        [] => EitherOf3::A(()),
        [_] => EitherOf3::B(parcels::ways(options, false, None, compact)),
        _ => EitherOf3::C(view! {
            <fieldset><legend>{legend.to_owned()}</legend>{parcels::ways(options, true, chosen, compact)}</fieldset>
        }),
    };
    view! {
        <div class="checkout">
            {notices.iter().map(notice).collect::<Vec<_>>()}
            {choice}
        </div>
    }
}
