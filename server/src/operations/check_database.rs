//! Says whether the database answers.

use crate::app::App;

/// True if the database answers.
pub async fn database_answers(app: &App) -> bool {
    app.store.answers().await
}
