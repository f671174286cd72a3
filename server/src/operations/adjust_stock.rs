//! Moves counts up and down, for a reason.

use shared::ids::{LocationId, Sku, StoreId};
use shared::quantity::{QUANTITY_MAX, Quantity};

use super::ActError;
use super::once::{Once, Outcome};
use super::records::Level;
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::writing::Note;

/// Most lines of one adjustment.
pub const ADJUSTMENT_LINES_MAX: usize = 100;

/// Changes that happen together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustStock {
    /// Why: "two broken in the shop".
    pub reason: String,
    /// What moves. SKUs and locations may be named more than once.
    pub lines: Vec<Adjustment>,
}

/// One count that moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Of what.
    pub sku: Sku,
    /// Where; `None`: at the location that ships.
    pub location: Option<LocationId>,
    /// Units, negative for fewer.
    pub change: i64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// The levels after it, each once.
    pub levels: Vec<Level>,
    /// The commit.
    pub revision: u64,
}

/// Moves counts up and down: all lines or none.
///
/// # Errors
///
/// [`ActError::Conflict`] where a count would become negative, [`ActError::Field`] for a SKU or
/// location that the store does not have or a count that would become too large.
pub async fn adjust_stock(
    app: &App,
    store: &StoreId,
    request: AdjustStock,
    once: Once<Adjusted>,
) -> Result<Outcome<Adjusted>, ActError> {
    let with = (app.clone(), store.clone(), request, once);
    detached(with, |(app, store, request, once)| async move {
        let note = Note {
            act: "adjust_stock",
            subject: None,
            reason: Some(request.reason),
        };
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let ships_from = shop.settings().location.id.clone();
        let skus: Vec<Sku> = request.lines.iter().map(|line| line.sku.clone()).collect();
        if let Some(unknown) = writing.unknown_skus(&skus).await?.first() {
            let at = skus.iter().position(|sku| sku == unknown).unwrap_or(0);
            return Err(ActError::unknown_sku(format!("/lines/{at}/sku"), unknown));
        }
        for (at, line) in request.lines.iter().enumerate() {
            if let Some(location) = &line.location
                && !writing.has_location(location).await?
            {
                let pointer = format!("/lines/{at}/location");
                return Err(ActError::unknown_location(pointer, location));
            }
        }
        let known = writing.levels(&skus).await?;
        let (before, mut after) = moved(&known, &request.lines, &ships_from)?;
        for level in &mut after {
            level.revision = writing.revision();
        }
        writing.move_levels(&before, &after).await?;
        let adjusted = Adjusted {
            revision: writing.revision(),
            levels: after,
        };
        let changed = settle(
            &mut writing,
            &shop.settings(),
            Some(&skus),
            Cause::StockAdjusted,
            now,
        )
        .await?;
        once.keep(&mut writing, &adjusted).await?;
        let revision = writing.commit().await?;
        let touched = skus.into_iter().chain(changed).collect();
        publish(&app, &store, Touched::Skus(touched), revision).await;
        Ok(Outcome::Done(adjusted))
    })
    .await
}

/// The levels that `lines` name, before and after them.
fn moved(
    known: &[Level],
    lines: &[Adjustment],
    ships_from: &LocationId,
) -> Result<(Vec<Level>, Vec<Level>), ActError> {
    let mut before: Vec<Level> = Vec::new();
    let mut after: Vec<Level> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let location = line.location.as_ref().unwrap_or(ships_from);
        let is_it = |level: &Level| level.sku == line.sku && level.location == *location;
        let index = match after.iter().position(is_it) {
            Some(index) => index,
            None => {
                let level = known.iter().find(|level| is_it(level)).cloned();
                let level =
                    level.unwrap_or_else(|| Level::empty(line.sku.clone(), location.clone()));
                before.push(level.clone());
                after.push(level);
                after.len() - 1
            }
        };
        let level = &mut after[index];
        let sum = i64::from(level.on_hand.units()) + line.change;
        if sum < 0 {
            let detail = format!(
                "line {at}: {} of `{}` are on hand at `{location}`, {} fewer cannot be; count again, then send what is true",
                level.on_hand,
                line.sku,
                line.change.unsigned_abs()
            );
            return Err(ActError::conflict("insufficient_stock", detail));
        }
        level.on_hand = u32::try_from(sum)
            .ok()
            .filter(|sum| *sum <= QUANTITY_MAX)
            .map(Quantity::new)
            .ok_or_else(|| {
                ActError::field(
                    format!("/lines/{at}/change"),
                    "quantity_too_large",
                    format!("makes {sum} on hand, at most {QUANTITY_MAX} can be"),
                )
            })?;
    }
    Ok((before, after))
}
