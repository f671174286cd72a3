//! Says whether the database answers, and whether memory keeps up with it.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::app::App;

/// How long it is waited for the database, and then for memory to hold what the database did.
pub const LOOK_MAX: Duration = Duration::from_secs(1);
/// How often it is looked meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How the database is, seen from here.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Revisions of each store that memory has not reached within [`LOOK_MAX`]; `None` where the
    /// database does not answer.
    pub behind: Option<Vec<(String, u64)>>,
    /// How long memory took to hold what the database did.
    pub reached_after: Duration,
    /// Bytes of the write-ahead log beside a file.
    pub journal_bytes: Option<u64>,
}

/// True if the database answers.
pub async fn database_answers(app: &App) -> bool {
    app.store.answers().await
}

/// Looks what the database has, and how long memory takes to have it too.
pub async fn database_state(app: &App) -> State {
    let journal_bytes = app.store.journal_bytes();
    let Ok(Ok(standings)) = timeout(LOOK_MAX, app.store.standings()).await else {
        return State {
            behind: None,
            reached_after: Duration::ZERO,
            journal_bytes,
        };
    };
    let looked = Instant::now();
    loop {
        let behind: Vec<(String, u64)> = standings
            .iter()
            .map(|standing| {
                let shop = app.catalogue.shop(&standing.store);
                let reached = shop.map_or(0, |shop| shop.revision());
                let behind = standing.revision.saturating_sub(reached);
                (standing.store.to_string(), behind)
            })
            .collect();
        let is_reached = behind.iter().all(|(_, revisions)| *revisions == 0);
        if is_reached || LOOK_MAX <= looked.elapsed() {
            return State {
                behind: Some(behind),
                reached_after: looked.elapsed(),
                journal_bytes,
            };
        }
        sleep(LOOK_EVERY).await;
    }
}
