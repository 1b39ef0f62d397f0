//! Liveness, readiness, metrics and status. Nothing here is secret.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::helper::proxy::logins::ProxyLogins;
use crate::helper::proxy::state::backend::Answers;
use crate::store::Store;

/// Whether the proxy can receive callbacks.
pub struct Readiness {
    store: Arc<dyn Store>,
    stopping: AtomicBool,
}

impl Readiness {
    /// Ready if this store answers.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, stopping: AtomicBool::new(false) }
    }

    /// Reports from now on that it is not ready.
    pub fn begin_to_stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// `GET /healthz`: the process answers.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the store answers. The backend need not: each login retries until it does.
pub async fn ready(readiness: web::Data<Readiness>) -> HttpResponse {
    let unready =
        |why: &str| HttpResponse::ServiceUnavailable().json(json!({ "status": "error", "message": why }));
    if readiness.is_stopping() {
        return unready("The helper is stopping.");
    }
    match readiness.store.ping().await {
        Ok(()) => HttpResponse::Ok().json(json!({ "status": "ok" })),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            unready("The store does not answer: check Redis and REDIS_URL.")
        }
    }
}

/// `GET /metrics`: the Prometheus text format.
pub async fn metrics(logins: web::Data<ProxyLogins>) -> HttpResponse {
    let metrics = &logins.metrics;
    metrics.sessions_pending.set(i64::try_from(logins.known.live.under_way()).unwrap_or(i64::MAX));
    match metrics.render() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be rendered");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// `GET /status`: public information for users and for other helpers that find the port taken.
pub async fn status(logins: web::Data<ProxyLogins>) -> HttpResponse {
    let ProxyLogins { backend, known, .. } = logins.as_ref();
    let answers = match (backend.backstage_url(), backend.answers().await) {
        (None, _) => "unknown",
        (Some(_), Answers::Yes) => "answers",
        (Some(_), Answers::No) => "away",
    };
    let facts = known.live.facts();
    let logins = facts.iter().map(|login| json!({ "user": login.user, "cluster": login.cluster }));
    HttpResponse::Ok().json(json!({
        "role": "proxy",
        "version": env!("CARGO_PKG_VERSION"),
        "backstageUrl": backend.backstage_url(),
        "backend": answers,
        "callbackPort": known.callback_port.port().await,
        "pending": known.live.under_way(),
        "logins": logins.collect::<Vec<_>>(),
    }))
}
