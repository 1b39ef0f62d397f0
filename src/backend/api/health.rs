//! Is it alive, is it ready, how is it doing.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::backend::session::Sessions;
use crate::backend::stopping::Stopping;
use crate::store::Store;
use crate::telemetry::backend_metrics::BackendMetrics;

/// What probes and Prometheus are told of.
pub struct Health {
    /// The store, which has to answer.
    pub store: Arc<dyn Store>,
    /// How far the end of the process is.
    pub stopping: Stopping,
    /// The sessions, some of which are under way.
    pub sessions: Arc<Sessions>,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
}

/// Alive: it answers.
pub async fn liveness() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Ready: the store answers. A dead identity provider is a metric, not a reason to unready every replica.
pub async fn readiness(health: web::Data<Health>) -> HttpResponse {
    let unready =
        |why: &str| HttpResponse::ServiceUnavailable().json(json!({ "status": "error", "message": why }));
    if health.stopping.has_begun() {
        return unready("The backend is stopping.");
    }
    match health.store.ping().await {
        Ok(()) => HttpResponse::Ok().json(json!({ "status": "ok" })),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            unready("The store does not answer.")
        }
    }
}

/// The Prometheus text format.
pub async fn metrics(health: web::Data<Health>) -> HttpResponse {
    let pending = health.sessions.waiters.pending(health.sessions.clock.now());
    health.metrics.sessions_pending.set(i64::try_from(pending).unwrap_or(i64::MAX));
    match health.metrics.render() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be rendered");
            HttpResponse::InternalServerError().finish()
        }
    }
}
