//! A value and how sure it is, on a line: for a cell beside the same figures in words.

use leptos::prelude::*;

use crate::format::{px, view_box};

/// Width and height of the picture.
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 24.0;
/// Room at both ends, so that a mark at an end is whole.
const EDGE: f64 = 6.0;

/// What the left and the right end mean.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// The value at the beginning of the line.
    pub from: f64,
    /// The value at its end.
    pub to: f64,
}

impl Scale {
    /// Where a value is, in the picture's units.
    pub fn x(self, value: f64) -> f64 {
        let share = (value - self.from) / (self.to - self.from).max(f64::EPSILON);
        EDGE + share.clamp(0.0, 1.0) * (WIDTH - 2.0 * EDGE)
    }
}

/// Draws a span, the dot in it, and where given a hollow dot and an upright line to compare with.
pub fn interval(
    scale: Scale,
    span: (f64, f64),
    dot: Option<f64>,
    ring: Option<f64>,
    line: Option<f64>,
) -> AnyView {
    let middle = || px(HEIGHT / 2.0);
    let at = |value: f64| px(scale.x(value));
    let line = line.map(|value| {
        view! { <line class={"against"} x1={at(value)} x2={at(value)} y1={"2"} y2={"22"} /> }
            .into_any()
    });
    let ring = ring.map(|value| {
        view! { <circle class={"ring"} cx={at(value)} cy={middle()} r={"4.5"} /> }.into_any()
    });
    let dot = dot.map(|value| {
        view! { <circle class={"dot"} cx={at(value)} cy={middle()} r={"4.5"} /> }.into_any()
    });
    view! {
        <svg class="interval" viewBox={view_box(WIDTH, HEIGHT)} aria-hidden="true" focusable="false">
            <line class={"ground"} x1={at(scale.from)} x2={at(scale.to)} y1={middle()} y2={middle()} />
            {line}
            <line class={"span"} x1={at(span.0)} x2={at(span.1)} y1={middle()} y2={middle()} />
            {ring}
            {dot}
        </svg>
    }
    .into_any()
}
