//! One login from its beginning, or from where another process left it, to its end.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use crate::helper::backend_client::BackendApi;
use crate::helper::callback::Arrival;
use crate::helper::proxy::state::App;
use crate::helper::proxy::state::login_store::LoginRecord;
use crate::helper::session::delivery;
use crate::helper::session::facts::LoginFacts;
use crate::helper::session::outcome::Outcome;
use crate::helper::session::pending_login::PendingLogin;
use crate::helper::web::pages::RELOAD_PATIENCE;
use crate::helper::web::server::LAST_PAGE;
use crate::telemetry::AUDIT;

/// A login that waits for its answer.
pub struct UnderWay {
    /// The login.
    pub login: Arc<PendingLogin>,
    /// Where its answer arrives.
    pub arrivals: UnboundedReceiver<Arrival>,
    /// What the store has of it.
    pub record: LoginRecord,
    /// The hash of its state.
    pub hash: String,
}

/// Waits for the answer, delivers it, and forgets the login once the backend has answered for good.
pub async fn see_through(app: Arc<App>, api: Option<BackendApi>, mut under_way: UnderWay) {
    // Without a backend no login begins; one that another process began waits for a process that has one.
    let Some(api) = api.map(|api| api.under_request_id(&under_way.record.request_id)) else { return };
    let ends = Instant::now() + app.until(under_way.record.ends);
    let outcome = match tokio::time::timeout_at(ends, under_way.arrivals.recv()).await {
        Ok(Some(arrival)) => deliver(&app, &api, &under_way, &arrival, ends).await,
        Ok(None) | Err(_) => Outcome::Expired,
    };
    let UnderWay { login, record, hash, .. } = under_way;
    report(&app, &record, &outcome);
    let succeeded = matches!(outcome, Outcome::Connected(_));
    login.end(outcome);
    if succeeded {
        app.remember_backend().await;
    }
    // The page that waits reloads itself: it has to find somebody.
    let shown = tokio::time::timeout(RELOAD_PATIENCE, login.outcome_shown());
    if shown.await.is_ok() {
        tokio::time::sleep(LAST_PAGE).await;
    }
    // Not before the page has gone out: whoever reloads it after a crash is given the outcome by whichever process is there.
    if let Err(error) = app.discard(login.auth_url().state(), &record.secrets.link).await {
        // It runs out by itself, and the backend redeems no code twice.
        tracing::warn!(%error, "the record of a login that has ended stays until it runs out");
    }
    app.callback_port.close_unless_needed(&app).await;
    tokio::time::sleep_until(ends).await;
    app.live.forget(&hash);
}

async fn deliver(
    app: &App,
    api: &BackendApi,
    under_way: &UnderWay,
    arrival: &Arrival,
    ends: Instant,
) -> Outcome {
    let timer = app.metrics.exchange_seconds.start_timer();
    let token = &under_way.record.session_token;
    let outcome = delivery::deliver(api, token, &arrival.request, ends, |trouble| {
        tracing::info!(reason = %trouble.reason, "the backend has not answered for good");
    })
    .await;
    timer.observe_duration();
    outcome
}

fn report(app: &App, record: &LoginRecord, outcome: &Outcome) {
    let name = match outcome {
        Outcome::Connected(_) => "complete",
        Outcome::Denied => "access_denied",
        Outcome::Expired => "session_expired",
        Outcome::Failed(failure) => failure.code.map_or("unknown", |code| code.as_str()),
    };
    app.metrics.logins.with_label_values(&[name]).inc();
    let (LoginFacts { user, cluster, .. }, request_id) = (&record.facts, &record.request_id);
    tracing::info!(target: AUDIT, user, cluster, outcome = name, request_id, "login");
}
