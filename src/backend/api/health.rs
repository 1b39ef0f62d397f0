//! Is it alive, is it ready, how is it doing.

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::backend::assembly::App;

/// Alive: it answers.
pub async fn liveness() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Ready: the store answers. A dead identity provider is a metric, not a reason to unready every replica.
pub async fn readiness(app: web::Data<App>) -> HttpResponse {
    let unready =
        |why: &str| HttpResponse::ServiceUnavailable().json(json!({ "status": "error", "message": why }));
    if app.stopping.has_begun() {
        return unready("The backend is stopping.");
    }
    match app.store.ping().await {
        Ok(()) => HttpResponse::Ok().json(json!({ "status": "ok" })),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            unready("The store does not answer.")
        }
    }
}

/// The Prometheus text format.
pub async fn metrics(app: web::Data<App>) -> HttpResponse {
    let pending = app.changes.pending(app.clock.now());
    app.metrics.sessions_pending.set(i64::try_from(pending).unwrap_or(i64::MAX));
    match app.metrics.render() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be rendered");
            HttpResponse::InternalServerError().finish()
        }
    }
}
