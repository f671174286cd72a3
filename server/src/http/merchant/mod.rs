//! What merchants may do, with a secret key.

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The merchant's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
