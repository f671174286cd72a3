//! A text as a picture for a camera (ISO/IEC 18004).

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around the picture, as the standard asks for.
const QUIET: i32 = 4;

/// Draws it: dark on light whatever the page's colours, since cameras expect that. Nothing for a text that is too long.
pub fn qr(text: &str, label: String) -> Option<AnyView> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let run = (x..size).take_while(|x| code.get_module(*x, y)).count();
            if 0 < run {
                path.push_str(&format!("M{x} {y}h{run}v1h-{run}z"));
            }
            x += run as i32 + 1;
        }
    }
    let side = size + 2 * QUIET;
    let view_box = format!("-{QUIET} -{QUIET} {side} {side}");
    Some(
        view! { <svg class="qr" viewBox={view_box} role="img" aria-label={label} shape-rendering="crispEdges"><path d={path} /></svg> }
            .into_any(),
    )
}
