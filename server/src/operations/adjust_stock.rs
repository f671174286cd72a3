//! Moves counts up and down, for a reason.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;

use shared::ids::{LocationId, Sku, StoreId};
use shared::quantity::{QUANTITY_MAX, Quantity};
use tokio::sync::oneshot;

use super::ActError;
use super::once::{Kept, Once, Outcome, Ticket};
use super::records::Level;
use super::running::{Touched, again, publish_several};
use super::settle::{Cause, settle_claimed};
use super::together::{Brought, Leading};
use crate::app::App;
use crate::store::stock::Movement;
use crate::store::writing::Note;
use crate::store::{StoreError, Writing};

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

/// An adjustment that waits for its turn, and who waits for it.
pub struct Waiting {
    request: AdjustStock,
    once: Once<Adjusted>,
    done: oneshot::Sender<Ended>,
}

type Ended = Result<Outcome<Adjusted>, ActError>;

/// Levels by SKU and location.
type Levels = HashMap<(Sku, LocationId), Level>;

/// Moves counts up and down: all lines or none. Adjustments that come at the same time are committed
/// together, each with a revision of its own, and each is answered after the commit.
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
) -> Ended {
    let (done, ended) = oneshot::channel();
    let waiting = Waiting {
        request,
        once,
        done,
    };
    match app.adjustments.bring(store, waiting) {
        Brought::Full => return Err(StoreError::busy().into()),
        Brought::Wait => {}
        Brought::Lead(leading) => {
            drop(tokio::spawn(lead(app.clone(), store.clone(), leading)));
        }
    }
    ended
        .await
        .unwrap_or_else(|_| Err(StoreError::stopping().into()))
}

/// Does the adjustments of a store until none waits. Runs in a task of its own: the web server drops a
/// handler when its client hangs up.
async fn lead(app: App, store: StoreId, mut leading: Leading<Waiting>) {
    loop {
        let waiting = leading.take();
        if waiting.is_empty() {
            return;
        }
        let ended = adjust_these(&app, &store, &waiting).await;
        let came = waiting.len() + leading.waiting();
        for (one, ended) in waiting.into_iter().zip(ended) {
            // Whoever was refused may ask at once again: the request is not under way any more.
            drop(one.once);
            // An error only says that nobody waits for it any more.
            let _ = one.done.send(ended);
        }
        if 1 < came {
            leading.gather(came).await;
        }
    }
}

/// Does adjustments and brings them into memory. Returns what came of each.
async fn adjust_these(app: &App, store: &StoreId, waiting: &[Waiting]) -> Vec<Ended> {
    let error = match again(|| adjust(app, store, waiting)).await {
        Ok(done) => return publish_done(app, store, done).await,
        Err(error) => error,
    };
    let is_by_one = matches!(
        error,
        ActError::Store(StoreError::Constraint(_) | StoreError::Database(_))
    );
    if !is_by_one || waiting.len() == 1 {
        return waiting.iter().map(|_| Err(error.clone())).collect();
    }
    // What one of them did wrong must not be the others' loss.
    let mut ended = Vec::with_capacity(waiting.len());
    for alone in waiting.chunks(1) {
        match again(|| adjust(app, store, alone)).await {
            Ok(done) => ended.extend(publish_done(app, store, done).await),
            Err(error) => ended.push(Err(error)),
        }
    }
    ended
}

/// Adjustments that were committed together, if any was.
struct Done {
    ended: Vec<Ended>,
    touched: Touched,
    revisions: RangeInclusive<u64>,
}

/// Brings what was committed into memory.
async fn publish_done(app: &App, store: &StoreId, done: Done) -> Vec<Ended> {
    if !done.revisions.is_empty() {
        publish_several(app, store, done.touched, done.revisions).await;
    }
    done.ended
}

/// Does adjustments, one after the other, in one commit.
async fn adjust(app: &App, store: &StoreId, waiting: &[Waiting]) -> Result<Done, ActError> {
    let now = app.clock.now();
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let settings = shop.settings();
    let changes_max = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
    let mut writing = app.store.begin_several(store, changes_max, now).await?;
    let before = writing.revision();
    let mut desk = Desk::new(&mut writing, waiting, &settings.location.id).await?;

    let mut ended = Vec::with_capacity(waiting.len());
    for one in waiting {
        let moved = desk.judge(one);
        ended.push(moved.map(|outcome| match outcome {
            Outcome::Before(answer) => Outcome::Before(answer),
            Outcome::Done(moved) => Outcome::Done(desk.move_levels(&mut writing, one, moved)),
        }));
    }
    let done: Vec<(&Ticket, Kept)> = waiting
        .iter()
        .zip(&ended)
        .filter_map(|(one, ended)| match ended {
            Ok(Outcome::Done(adjusted)) => Some((one.once.ticket(), one.once.kept(adjusted))),
            _ => None,
        })
        .collect();
    if done.is_empty() {
        writing.undo().await?;
        return Ok(Done {
            ended,
            touched: Touched::Skus(Vec::new()),
            revisions: before + 1..=before,
        });
    }

    let levels = desk.changed();
    writing.record_movements(&desk.movements);
    writing.keep_answers(&done);
    drop(done);
    let mut skus: Vec<Sku> = levels.iter().map(|level| level.sku.clone()).collect();
    skus.dedup();
    let mut claimed = desk.claimed;
    claimed.retain(|sku| skus.binary_search(sku).is_ok());
    let mut changed = Vec::new();
    if claimed.is_empty() {
        writing.put_levels_at_the_end(&levels);
    } else {
        writing.put_levels(&levels).await?;
        changed =
            settle_claimed(&mut writing, &settings, &claimed, Cause::StockAdjusted, now).await?;
    }
    let revision = writing.commit().await?;
    Ok(Done {
        ended,
        touched: Touched::Stock {
            levels,
            revision,
            more: changed,
        },
        revisions: before + 1..=revision,
    })
}

/// What adjustments are judged by: all that was known before the first, and what those before did.
struct Desk<'a> {
    ships_from: &'a LocationId,
    kept: HashMap<Ticket, Kept>,
    unknown_skus: Vec<Sku>,
    claimed: Vec<Sku>,
    unknown_locations: Vec<LocationId>,
    levels: Levels,
    touched: BTreeSet<(Sku, LocationId)>,
    movements: Vec<Movement>,
}

impl<'a> Desk<'a> {
    async fn new(
        writing: &mut Writing,
        waiting: &[Waiting],
        ships_from: &'a LocationId,
    ) -> Result<Self, ActError> {
        let lines = || waiting.iter().flat_map(|one| &one.request.lines);
        let skus: BTreeSet<&Sku> = lines().map(|line| &line.sku).collect();
        let skus: Vec<Sku> = skus.into_iter().cloned().collect();
        let named: BTreeSet<&LocationId> =
            lines().filter_map(|line| line.location.as_ref()).collect();
        let named: Vec<LocationId> = named.into_iter().cloned().collect();
        let tickets: Vec<&Ticket> = waiting.iter().map(|one| one.once.ticket()).collect();
        let (levels, mut claimed) = writing.levels_and_claimed(&skus).await?;
        // What there is stock of is known.
        let stocked: HashSet<&Sku> = levels.iter().map(|level| &level.sku).collect();
        let mut in_doubt = skus;
        in_doubt.retain(|sku| !stocked.contains(sku));
        let mut unknown_skus = Vec::new();
        if !in_doubt.is_empty() {
            unknown_skus = writing.unknown_skus(&in_doubt).await?;
            claimed.extend(writing.claimed_among(Some(&in_doubt)).await?);
        }
        let known = |level: Level| ((level.sku.clone(), level.location.clone()), level);
        Ok(Self {
            ships_from,
            kept: writing.kept_answers(&tickets).await?,
            unknown_skus,
            claimed,
            unknown_locations: match named.is_empty() {
                true => Vec::new(),
                false => writing.unknown_locations(&named).await?,
            },
            levels: levels.into_iter().map(known).collect(),
            touched: BTreeSet::new(),
            movements: Vec::new(),
        })
    }

    /// The levels that an adjustment makes of those that stand, each once; changes nothing.
    fn judge(&self, one: &Waiting) -> Result<Outcome<Vec<Level>>, ActError> {
        if let Some(answer) = one.once.before_among(&self.kept)? {
            return Ok(Outcome::Before(answer));
        }
        let lines = &one.request.lines;
        for (at, line) in lines.iter().enumerate() {
            if self.unknown_skus.contains(&line.sku) {
                return Err(ActError::unknown_sku(format!("/lines/{at}/sku"), &line.sku));
            }
        }
        for (at, line) in lines.iter().enumerate() {
            if let Some(location) = &line.location
                && self.unknown_locations.contains(location)
            {
                let pointer = format!("/lines/{at}/location");
                return Err(ActError::unknown_location(pointer, location));
            }
        }
        Ok(Outcome::Done(moved(&self.levels, lines, self.ships_from)?))
    }

    /// Lets an adjustment that was judged well stand.
    fn move_levels(
        &mut self,
        writing: &mut Writing,
        one: &Waiting,
        mut levels: Vec<Level>,
    ) -> Adjusted {
        let revision = writing.next(Note {
            act: "adjust_stock",
            subject: None,
            reason: Some(one.request.reason.clone()),
        });
        for level in &mut levels {
            level.revision = revision;
            let place = (level.sku.clone(), level.location.clone());
            let before = self.levels.insert(place.clone(), level.clone());
            let before = before.map_or(0, |level| level.on_hand.units());
            self.movements.push(Movement {
                revision,
                sku: level.sku.clone(),
                location: level.location.clone(),
                change: i64::from(level.on_hand.units()) - i64::from(before),
            });
            self.touched.insert(place);
        }
        Adjusted { levels, revision }
    }

    /// The levels that changed, by SKU.
    fn changed(&self) -> Vec<Level> {
        let touched = self.touched.iter();
        touched
            .filter_map(|place| self.levels.get(place).cloned())
            .collect()
    }
}

/// The levels that `lines` name, as they are after them.
fn moved(
    known: &Levels,
    lines: &[Adjustment],
    ships_from: &LocationId,
) -> Result<Vec<Level>, ActError> {
    let mut after: Vec<Level> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let location = line.location.as_ref().unwrap_or(ships_from);
        let is_it = |level: &Level| level.sku == line.sku && level.location == *location;
        let index = match after.iter().position(is_it) {
            Some(index) => index,
            None => {
                let level = known.get(&(line.sku.clone(), location.clone())).cloned();
                let level =
                    level.unwrap_or_else(|| Level::empty(line.sku.clone(), location.clone()));
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
    Ok(after)
}
