//! What element.js holds for each element near the screen.

use leptos::either::EitherOf4;
use leptos::prelude::*;
use leptos::tachys::view::Mountable;
use shared::text::{Language, Speaker};
use shared::wire::{PlanOption, plan_options};
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use super::cart::{Line, cart};
use super::checkout::checkout;
use super::promise::{Promise, product};
use super::wire;
use crate::browser::{Browser, civil_date};

/// One element's view.
#[wasm_bindgen]
#[derive(Default)]
pub struct View {
    content: Content,
    compact: bool,
    redraw: Option<Redraw>,
}

/// Changes what was drawn into what the view shows now.
type Redraw = Box<dyn FnMut(&View)>;

/// What is shown, in words.
#[derive(Default)]
enum Content {
    #[default]
    Nothing,
    Product(Promise),
    Cart {
        lines: Vec<Line>,
        notices: Vec<String>,
        options: Vec<PlanOption>,
    },
    Checkout {
        legend: String,
        notices: Vec<String>,
        options: Vec<PlanOption>,
    },
}

#[wasm_bindgen]
impl View {
    /// Makes a view that shows nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in an answer of the server, and returns the ways to send the cart, computed here.
    ///
    /// `place` is where in the shop the element stands: `product`, `cart` or `checkout`.
    ///
    /// # Errors
    ///
    /// When the answer is not of the form that `shared::wire` describes.
    pub fn read(
        &mut self,
        answer: &JsValue,
        place: &str,
        lang: &str,
        compact: bool,
        now_ms: f64,
    ) -> Result<JsValue, JsValue> {
        let language = Language::for_tag(lang);
        let browser = Browser::shared(language);
        let speaker = Speaker::new(language, &*browser, civil_date(now_ms));
        self.compact = compact;
        let content = if place == "product" {
            wire::availability(answer)
                .map(|answer| Content::Product(Promise::new(answer, &speaker, compact)))
        } else {
            plans(answer, place, &speaker, &browser, compact)
        };
        self.content = content.ok_or("an answer of another form")?;
        Ok(match &self.content {
            Content::Nothing | Content::Product(_) => JsValue::UNDEFINED,
            Content::Cart { options, .. } | Content::Checkout { options, .. } => {
                wire::options(options)
            }
        })
    }

    /// Draws into `root` what was read. Later calls change what the first one drew.
    ///
    /// Which way to send the cart is marked by element.js, which also hears when that changes.
    pub fn draw(&mut self, root: &HtmlElement) {
        let redraw = match self.redraw.take() {
            Some(mut redraw) => {
                redraw(self);
                redraw
            }
            None => {
                let mut state = self.page().build();
                state.mount(root, None);
                Box::new(move |view: &View| view.page().rebuild(&mut state))
            }
        };
        self.redraw = Some(redraw);
    }
}

impl View {
    fn page(&self) -> impl Render + use<> {
        match &self.content {
            Content::Nothing => EitherOf4::A(()),
            Content::Product(promise) => EitherOf4::B(product(promise)),
            Content::Cart {
                lines,
                notices,
                options,
            } => EitherOf4::C(cart(lines, notices, options, self.compact)),
            Content::Checkout {
                legend,
                notices,
                options,
            } => EitherOf4::D(checkout(legend, notices, options, self.compact)),
        }
    }
}

fn plans(
    answer: &JsValue,
    place: &str,
    speaker: &Speaker<'_>,
    browser: &Browser,
    compact: bool,
) -> Option<Content> {
    let lines = wire::lines(answer)?;
    let text = wire::plans_text(answer)?;
    let options = plan_options(&lines, &wire::policy(answer)?, speaker);
    Some(if place == "cart" {
        let lines = lines
            .into_iter()
            .map(|line| Line::new(line, speaker, browser, compact))
            .collect();
        Content::Cart {
            lines,
            notices: text.notices,
            options,
        }
    } else {
        Content::Checkout {
            legend: text.legend,
            notices: text.notices,
            options,
        }
    })
}
