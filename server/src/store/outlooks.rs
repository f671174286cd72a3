//! What was learnt for each day of waiting, as a column.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use shared::lead_time::{Level, Measure, Outlook, Step};

use super::StoreError;

/// Until, days, reached, own and pooled of a step.
type Cells = (i32, i32, u8, u32, u32);

/// What is in memory already. An outlook is the same for every SKU of a supplier, whenever each was read.
static KNOWN: LazyLock<Mutex<HashMap<Key, Weak<Outlook>>>> = LazyLock::new(Mutex::default);

#[derive(PartialEq, Eq, Hash)]
struct Key(Measure, Level, Box<str>);

/// An outlook as JSON.
pub(super) fn written(outlook: &Outlook) -> String {
    let cells = |step: &Step| (step.until, step.days, step.reached, step.own, step.pooled);
    let steps: Vec<Cells> = outlook.steps().iter().map(cells).collect();
    serde_json::to_string(&steps).expect("numbers are always JSON")
}

/// The same read back.
pub(super) fn read(
    measures: Measure,
    level: Level,
    steps: &str,
) -> Result<Arc<Outlook>, StoreError> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let key = Key(measures, level, steps.into());
    if let Some(outlook) = known.get(&key).and_then(Weak::upgrade) {
        return Ok(outlook);
    }
    let cells: Vec<Cells> = serde_json::from_str(steps)
        .map_err(|_| StoreError::Unreadable("supplier_model.outlook"))?;
    let step = |(until, days, reached, own, pooled)| Step {
        until,
        days,
        reached,
        own,
        pooled,
    };
    let outlook = Arc::new(Outlook::new(measures, level, cells.into_iter().map(step)));
    if known.len() == known.capacity() {
        known.retain(|_, outlook| 0 < outlook.strong_count());
    }
    known.insert(key, Arc::downgrade(&outlook));
    Ok(outlook)
}
