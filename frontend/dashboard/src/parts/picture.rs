//! Pictures: lines, areas and names. Each has a label, and a table stands behind it.

use leptos::prelude::*;

use crate::format::{px, view_box};
use crate::words::language;

/// A line or an area: its class, and its path.
pub type Stroke = (&'static str, String);

/// A word in a picture.
#[derive(Debug, Clone)]
pub struct Name {
    /// Where it stands, in the picture's units.
    pub at: (f64, f64),
    /// `start`, `middle` or `end`.
    pub anchor: &'static str,
    /// The word.
    pub text: String,
}

/// Draws it, under a label for whoever does not see it. On a narrow screen it is moved within its place.
pub fn picture(
    class: &'static str,
    label: String,
    size: (f64, f64),
    strokes: Vec<Stroke>,
    names: Vec<Name>,
) -> AnyView {
    let strokes = strokes
        .into_iter()
        .map(|(class, path)| view! { <path class={class} d={path} /> }.into_any());
    let strokes: Vec<_> = strokes.collect();
    let names = names.into_iter().map(|name| {
        let (x, y) = (px(name.at.0), px(name.at.1));
        view! { <text class={"name"} x={x} y={y} text-anchor={name.anchor}>{name.text}</text> }
            .into_any()
    });
    let names: Vec<_> = names.collect();
    let name = label.clone();
    view! {
        <div class="wide" tabindex="0" role="region" aria-label={name}>
            <svg class={class} viewBox={view_box(size.0, size.1)} role="img" aria-label={label}>{strokes}{names}</svg>
        </div>
    }
    .into_any()
}

/// Where `x` is in a picture that is so wide: right to left, time runs to the left.
pub fn mirrored(x: f64, width: f64) -> f64 {
    if language() == "ar" { width - x } else { x }
}

/// The path of a line through these points.
pub fn line(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        let pen = if at == 0 { 'M' } else { 'L' };
        path.push_str(&format!("{pen}{} {}", px(*x), px(*y)));
    }
    path
}

/// The path of a dot.
pub fn dot(x: f64, y: f64, radius: f64) -> String {
    let (begin, y, r, wide) = (px(x - radius), px(y), px(radius), px(2.0 * radius));
    format!("M{begin} {y}a{r} {r} 0 1 0 {wide} 0a{r} {r} 0 1 0 -{wide} 0")
}

/// The path of a bar that stands on the ground.
pub fn bar(x: f64, width: f64, top: f64, ground: f64) -> String {
    let (begin, width, top, ground) = (px(x - width / 2.0), px(width), px(top), px(ground));
    format!("M{begin} {ground}V{top}h{width}V{ground}Z")
}
