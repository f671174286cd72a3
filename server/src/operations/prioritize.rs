//! Puts an order before others: it is filled first, whatever was promised to whom.

use shared::ids::{OrderId, StoreId};

use super::ActError;
use super::records::Standing;
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::store::writing::Note;

/// Highest priority that an order may have.
pub const PRIORITY_MAX: u32 = 1_000;

/// Puts an order before others, or back to where it was with 0. Dates stay as they were told: it is about who gets what has
/// come. The reason stands with the act in the log, since others may wait longer for it.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn prioritize(
    app: &App,
    store: &StoreId,
    order: OrderId,
    priority: u32,
    reason: String,
) -> Result<Standing, ActError> {
    let with = (app.clone(), store.clone(), order, priority, reason);
    detached(with, |(app, store, order, priority, reason)| async move {
        let note = Note {
            reason: Some(format!("priority {priority}: {reason}")),
            ..Note::new("prioritize", order.as_str())
        };
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        writing.order(&order).await?.ok_or(ActError::NotFound)?;
        writing
            .set_priority(&order, priority.min(PRIORITY_MAX))
            .await?;
        writing.touch_order(&order).await?;
        let after = writing.order(&order).await?.ok_or(ActError::NotFound)?;
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(after)
    })
    .await
}
