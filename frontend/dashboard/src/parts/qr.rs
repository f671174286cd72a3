//! A picture for a camera (ISO/IEC 18004), as the server makes it.

use leptos::prelude::*;

use crate::fields::Fields;
use crate::value::Value;

/// Light modules around the picture, as the standard asks for.
const QUIET: i64 = 4;

/// Draws it: dark on light whatever the page's colours, since cameras expect that. Nothing where there is none.
pub fn qr(code: &Value, label: String) -> Option<AnyView> {
    let side = code.count("modules")? + 2 * QUIET;
    let view_box = format!("-{QUIET} -{QUIET} {side} {side}");
    Some(
        view! { <svg class="qr" viewBox={view_box} role="img" aria-label={label} shape-rendering="crispEdges"><path d={code.text("path")} /></svg> }
            .into_any(),
    )
}
