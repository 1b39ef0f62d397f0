//! Runs one login to its end, from its beginning or from where another process left it.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::ProxyLogins;
use crate::helper::backend_client::BackendApi;
use crate::helper::callback::Callback;
use crate::helper::proxy::state::login_store::LoginRecord;
use crate::helper::session::delivery::{self, Trouble};
use crate::helper::session::facts::LoginFacts;
use crate::helper::session::outcome::Outcome;
use crate::helper::session::own_exchange::bring::Bringing;
use crate::helper::session::pending_login::PendingLogin;
use crate::helper::web::login_lookup::Unavailable;
use crate::helper::web::pages::RELOAD_TIMEOUT;
use crate::helper::web::server::LAST_PAGE;
use crate::protocol::WireSecret;
use crate::random::{random_secret, sha256};
use crate::store::sealing::derived::DoesNotOpen;
use crate::telemetry::AUDIT;

/// A login that waits for its callback.
struct UnderWay {
    login: Arc<PendingLogin>,
    /// Receives its callback.
    callbacks: UnboundedReceiver<Callback>,
    /// Its record in the store.
    record: LoginRecord,
    /// The hash of its state.
    hash: String,
    /// Names this process beside others that get the same callback.
    owner: WireSecret,
}

/// Makes this process wait for a login's callback and deliver it.
///
/// # Errors
/// When the record holds an authorization URL that no honest backend sends.
pub fn go_on_with(logins: &ProxyLogins, record: LoginRecord) -> Result<Arc<PendingLogin>, Unavailable> {
    let hosts = &logins.settings.insecure_http_hosts;
    let (login, callbacks) = record.open(hosts, logins.control_port).map_err(|_| DoesNotOpen)?;
    let login = Arc::new(login);
    let hash = sha256(login.auth_url().state().expose().as_bytes());
    if let Err(known) = logins.known.live.enter(&hash, &login) {
        return Ok(known);
    }
    let owner = random_secret(logins.random.as_ref())?;
    let under_way = UnderWay { login: Arc::clone(&login), callbacks, record, hash, owner };
    let there = logins.clone();
    logins.backend.thread.run(|api| run(there, api, under_way));
    Ok(login)
}

/// Waits for the callback, delivers it, and deletes the login after the backend's final answer.
async fn run(logins: ProxyLogins, api: Option<BackendApi>, mut under_way: UnderWay) {
    // Without a backend no login begins; one of another process waits for a process with a backend.
    let Some(api) = api.map(|api| api.under_request_id(&under_way.record.request_id)) else { return };
    let ends = Instant::now() + logins.store.until(under_way.record.ends);
    let outcome = match tokio::time::timeout_at(ends, under_way.callbacks.recv()).await {
        Ok(Some(callback)) => deliver(&logins, &api, &under_way, &callback, ends).await,
        Ok(None) | Err(_) => Outcome::Expired,
    };
    let UnderWay { login, record, hash, .. } = under_way;
    outcome.log();
    report(&logins, &record, &outcome);
    let succeeded = matches!(outcome, Outcome::Connected(_));
    login.end(outcome);
    if succeeded {
        logins.backend.remember().await;
    }
    // The waiting page reloads itself, and must still find the login.
    let shown = tokio::time::timeout(RELOAD_TIMEOUT, login.outcome_shown());
    if shown.await.is_ok() {
        tokio::time::sleep(LAST_PAGE).await;
    }
    // Not before the page was sent: if this process crashes, a reload must find the login at another one.
    if let Err(error) = logins.store.discard(login.auth_url().state(), &record.secrets.link).await {
        // It expires by itself, and the backend redeems no code twice.
        tracing::warn!(%error, "the record of an ended login stays until it expires");
    }
    logins.known.close_port_unless_needed().await;
    tokio::time::sleep_until(ends).await;
    logins.known.live.forget(&hash);
}

async fn deliver(
    logins: &ProxyLogins,
    api: &BackendApi,
    under_way: &UnderWay,
    callback: &Callback,
    ends: Instant,
) -> Outcome {
    let timer = logins.metrics.exchange_seconds.start_timer();
    let UnderWay { login, record, owner, .. } = under_way;
    let on_trouble = |trouble: &Trouble| {
        login.awaits(trouble.awaited());
        tracing::info!(reason = %trouble.reason, "the backend has given no final answer yet");
    };
    let (session_token, request) = (&record.session_token, &callback.request);
    let outcome = match &record.own_exchange {
        None => delivery::deliver(api, session_token, request, ends, on_trouble).await,
        Some(own) => {
            let (state, redemptions) = (login.auth_url().state(), logins.store.as_ref());
            let bringing =
                Bringing { api, session_token, state, own, redemptions, owner, session_ends: ends };
            bringing.deliver(request, on_trouble).await
        }
    };
    timer.observe_duration();
    outcome
}

fn report(logins: &ProxyLogins, record: &LoginRecord, outcome: &Outcome) {
    let name = match outcome {
        Outcome::Connected(_) => "complete",
        Outcome::Denied => "access_denied",
        Outcome::Expired => "session_expired",
        Outcome::Failed(failure) => failure.code.map_or("unknown", |code| code.as_str()),
    };
    logins.metrics.logins.with_label_values(&[name]).inc();
    let (LoginFacts { user, cluster, .. }, request_id) = (&record.facts, &record.request_id);
    tracing::info!(target: AUDIT, user, cluster, outcome = name, request_id, "login");
}
