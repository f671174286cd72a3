//! What was learnt for each day of waiting, as a column.

use std::sync::Arc;

use shared::lead_time::{Level, Measure, Outlook, Step};

use super::StoreError;

/// Until, days, reached, own and pooled of a step.
type Cells = (i32, i32, u8, u32, u32);

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
    let steps: Vec<Cells> = serde_json::from_str(steps)
        .map_err(|_| StoreError::Unreadable("supplier_model.outlook"))?;
    let step = |(until, days, reached, own, pooled)| Step {
        until,
        days,
        reached,
        own,
        pooled,
    };
    let steps = steps.into_iter().map(step);
    Ok(Arc::new(Outlook::new(measures, level, steps)))
}
