//! Is it alive, is it ready, how is it doing. Nothing here is secret.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::helper::proxy::state::App;
use crate::helper::proxy::state::backend_info::Answers;

/// `GET /healthz`: it answers.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /readyz`: it can take a redirect, so the store answers. A backend that is away is waited for, login by login.
pub async fn ready(app: web::Data<App>) -> HttpResponse {
    let unready =
        |why: &str| HttpResponse::ServiceUnavailable().json(json!({ "status": "error", "message": why }));
    if app.is_stopping() {
        return unready("The helper is stopping.");
    }
    match app.store.ping().await {
        Ok(()) => HttpResponse::Ok().json(json!({ "status": "ok" })),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            unready("The store does not answer: check Redis and REDIS_URL.")
        }
    }
}

/// `GET /metrics`: the Prometheus text format.
pub async fn metrics(app: web::Data<App>) -> HttpResponse {
    app.metrics.sessions_pending.set(i64::try_from(app.live.under_way()).unwrap_or(i64::MAX));
    match app.metrics.render() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be rendered");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// `GET /status`: what a person, or another helper that wants the port, may know.
pub async fn status(app: web::Data<App>) -> HttpResponse {
    let backend = match (app.backstage_url(), app.installation.answers(&Arc::clone(&app)).await) {
        (None, _) => "unknown",
        (Some(_), Answers::Yes) => "answers",
        (Some(_), Answers::No) => "away",
    };
    let facts = app.live.facts();
    let logins = facts.iter().map(|login| json!({ "user": login.user, "cluster": login.cluster }));
    HttpResponse::Ok().json(json!({
        "role": "proxy",
        "version": env!("CARGO_PKG_VERSION"),
        "backstageUrl": app.backstage_url(),
        "backend": backend,
        "callbackPort": app.callback_port.port().await,
        "pending": app.live.under_way(),
        "logins": logins.collect::<Vec<_>>(),
    }))
}
