//! How a date came about, for the merchant to read: as text, and as a picture.
//!
//! Shoppers never see any of it: it tells counts, whatever the merchant's display policy.

pub mod svg;
pub mod text;
pub mod words;

mod arrivals;
mod chart;
mod lane;
mod page;
mod style;
mod walk;

use chrono::{DateTime, Utc};
use shared::availability::{PromisePolicy, Status};
use shared::explain::{Explanation, PlaceExplained};
use shared::kit::{Goods, KitError};
use shared::promise::Slice;

/// An explanation with all that is needed to put it into words.
pub struct Told<'a> {
    /// What was computed.
    pub explanation: &'a Explanation<'a>,
    /// What was asked for.
    pub goods: &'a Goods<'a>,
    /// Why it is a kit that cannot be put together, if it is one.
    pub broken: Option<KitError>,
    /// What the store decides about promises.
    pub policy: &'a PromisePolicy,
    /// When it was asked.
    pub now: DateTime<Utc>,
    /// The store's revision that was looked at.
    pub revision: u64,
}

impl<'a> Told<'a> {
    /// The location that a part leaves.
    pub fn place_of(&self, slice: &Slice) -> Option<&'a PlaceExplained<'a>> {
        self.explanation.places.get(usize::from(slice.from.0))
    }

    /// True if the store ships from several locations.
    pub fn has_several_places(&self) -> bool {
        1 < self.explanation.places.len()
    }

    /// The merchant's name for the goods.
    pub fn title(&self) -> Option<&'a str> {
        self.goods.facts.title.as_deref()
    }

    /// What is the matter, in a word or two.
    pub fn label(&self) -> &'static str {
        let answer = &self.explanation.answer;
        match answer.status {
            Status::InStock => "In stock",
            Status::LowStock { .. } => "Low stock",
            Status::Backorder { silent: true } => "Made when ordered",
            Status::Backorder { silent: false } if answer.first_is_ready => "Partly backordered",
            Status::Backorder { silent: false } => "Backordered",
            Status::Preorder { .. } => "Preorder",
            Status::OutOfStock { .. } => "Out of stock",
            Status::Discontinued => "Discontinued",
            Status::Unknown => "Unknown",
        }
    }

    /// The answer in one sentence, without its last full stop.
    pub fn sentence(&self) -> String {
        let answer = &self.explanation.answer;
        let asked = answer.requested.units();
        match answer.ships_by {
            Some(day) if asked == 1 => format!("ships by {}", words::day(day)),
            Some(day) if self.explanation.slices.len() == 1 => {
                format!("{asked} units ship by {}", words::day(day))
            }
            Some(day) => format!("all {asked} units ship by {}", words::day(day)),
            None => match self.explanation.most.counted() {
                Some(most) if !most.is_zero() => {
                    let most = words::units(most);
                    format!("{most} can be ordered, not {asked}")
                }
                _ => "no date can be promised, so it cannot be ordered".into(),
            },
        }
    }
}
