//! The checkout: a choice where there is one.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use shared::wire::PlanOption;

use super::cart::notices;
use super::parcels;

/// Draws the choice.
pub fn checkout(
    legend: &str,
    stranded: &[String],
    options: &[PlanOption],
    compact: bool,
) -> impl IntoView + use<> {
    let choice = match options {
        [] => EitherOf3::A(()),
        [_] => EitherOf3::B(parcels::ways(options, false, compact)),
        _ => EitherOf3::C(view! {
            <fieldset role="radiogroup"><legend>{legend.to_owned()}</legend>{parcels::ways(options, true, compact)}</fieldset>
        }),
    };
    view! {
        <div class="checkout">
            {notices(stranded)}
            {choice}
        </div>
    }
}
