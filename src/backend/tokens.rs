//! The tokens of a user at a cluster: those that serve, refreshed ahead of time or when there is no other way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;

use super::app::{App, Clients};
use super::login_index;
use super::login_record::{EndReason, LiveLogin, LoginKey, LoginState, TokenSet};
use super::provider_grant::ProviderGrant;
use super::refresh::{GrantFailure, Limits, LockWait, RefreshError, Refresher, serves};
use crate::pause::RuntimePause;
use crate::problem::Problem;
use crate::protocol::Code;
use crate::telemetry::AUDIT;
use crate::telemetry::backend_metrics::BackendMetrics;
use crate::user::UserRef;

/// A refresh ahead of time begins this long before the ID token expires, or in the last fifth of a shorter life.
const AHEAD: time::Duration = time::Duration::minutes(5);

type Outcome = Result<TokenSet, Problem>;

/// The refreshes under way in this process, one a login.
#[derive(Default)]
pub struct Flights(Mutex<HashMap<LoginKey, watch::Receiver<Option<Outcome>>>>);

/// Tokens that serve now. While the old ones still do, nobody waits for new ones.
///
/// # Errors
/// `not_connected`; the errors of a refresh when nothing else serves; those of the store.
pub async fn current(
    app: &Arc<App>,
    clients: &Arc<Clients>,
    user: &UserRef,
    cluster: &str,
) -> Result<TokenSet, Problem> {
    let key = LoginKey::new(user, cluster);
    let stored = app.logins().read(&key).await?.ok_or_else(|| not_connected(None))?;
    let version = stored.record.version;
    let live = match stored.record.state {
        LoginState::Live(live) => live,
        LoginState::Ended(reason) => return Err(not_connected(Some(reason))),
    };
    login_index::used(app, &key);
    let now = app.clock.now();
    if !serves(&live.tokens, now) {
        if live.tokens.refresh_token.is_none() {
            return Err(not_connected(None));
        }
        return joined(app, clients, user, key, version).await;
    }
    if is_due(&live, now) {
        let _ = flight(app, clients, user, key, version);
    }
    Ok(live.tokens)
}

/// Whether it is time to refresh, though nothing has expired. With an intent written down, it is not: somebody is at it, or is gone.
fn is_due(live: &LiveLogin, now: OffsetDateTime) -> bool {
    let tokens = &live.tokens;
    let ahead = AHEAD.min((tokens.expires_at - tokens.issued_at) / 5);
    tokens.refresh_token.is_some() && live.intent.is_none() && now + ahead >= tokens.expires_at
}

async fn joined(
    app: &Arc<App>,
    clients: &Arc<Clients>,
    user: &UserRef,
    key: LoginKey,
    seen: u64,
) -> Result<TokenSet, Problem> {
    let mut flight = flight(app, clients, user, key, seen);
    // The flight goes on: while the store is away, it is all that has the new tokens.
    match tokio::time::timeout(longest_wait(app), flight.wait_for(Option::is_some)).await {
        Ok(Ok(outcome)) => outcome.clone().unwrap_or_else(|| Err(interrupted())),
        Ok(Err(_)) | Err(_) => Err(interrupted()),
    }
}

/// The refresh that is under way in this process, or a new one. It goes on when whoever asked hangs up.
fn flight(
    app: &Arc<App>,
    clients: &Arc<Clients>,
    user: &UserRef,
    key: LoginKey,
    seen: u64,
) -> watch::Receiver<Option<Outcome>> {
    let mut flights = app.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
    // A flight whose task is gone without an outcome has lost its sender.
    if let Some(under_way) = flights.get(&key).filter(|flight| flight.has_changed().is_ok()) {
        return under_way.clone();
    }
    let (sender, receiver) = watch::channel(None);
    flights.insert(key.clone(), receiver.clone());
    let (app, clients, user) = (Arc::clone(app), Arc::clone(clients), user.clone());
    actix_web::rt::spawn(async move {
        let outcome = refresh(&app, &clients, &user, &key, seen).await;
        app.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        let _ = sender.send(Some(outcome));
    });
    receiver
}

async fn refresh(app: &App, clients: &Clients, user: &UserRef, key: &LoginKey, seen: u64) -> Outcome {
    let (cluster, provider) = app.cluster(key.cluster())?;
    let grant = ProviderGrant { app, clients, cluster, provider, user };
    let refresher = refresher(app, &grant);
    let result = refresher.refresh(key, seen).await;
    let label = label(&result);
    app.metrics.refreshes.with_label_values(&[label]).inc();
    if label != "refreshed" {
        tracing::warn!(target: AUDIT, user = key.user(), cluster = key.cluster(), outcome = label, "refresh");
    }
    result.map_err(problem)
}

impl LockWait for BackendMetrics {
    fn waited(&self, time: time::Duration) {
        self.refresh_lock_wait_seconds.observe(time.as_seconds_f64());
    }
}

/// How long a caller waits for a refresh, whoever is at it.
fn longest_wait(app: &App) -> Duration {
    app.settings.idp_timeout * 3
}

/// The refresher of this process.
pub fn refresher<'a>(app: &'a App, grant: &'a ProviderGrant<'a>) -> Refresher<'a> {
    Refresher {
        logins: app.logins(),
        grant,
        clock: app.clock.as_ref(),
        pause: &RuntimePause,
        limits: Limits {
            lock: app.settings.refresh_lock_lifetime,
            wait: longest_wait(app),
            keep_trying: Duration::from_mins(10),
        },
        lock_wait: app.metrics.as_ref(),
    }
}

/// The bounded label of a refresh's result.
fn label(result: &Result<TokenSet, RefreshError>) -> &'static str {
    match result {
        Ok(_) => "refreshed",
        Err(RefreshError::NotConnected(Some(reason))) => reason.as_str(),
        Err(RefreshError::NotConnected(None) | RefreshError::NotRefreshable) => "not_connected",
        Err(RefreshError::Grant(GrantFailure::NotSent)) => "idp_unreachable",
        Err(RefreshError::Grant(GrantFailure::NotNow(_) | GrantFailure::Unproven { .. })) => "idp_refused",
        Err(RefreshError::Grant(_)) => "answer_lost",
        Err(RefreshError::Busy) => "busy",
        Err(RefreshError::Record(_) | RefreshError::Random(_)) => "store_unavailable",
    }
}

/// What the caller of a refresh that failed is told.
#[must_use]
pub fn problem(error: RefreshError) -> Problem {
    match error {
        RefreshError::NotConnected(reason) => not_connected(reason),
        RefreshError::NotRefreshable => not_connected(None),
        RefreshError::Grant(GrantFailure::NotNow(code)) => Problem::new(
            Code::IdpRefused,
            format!(
                "The identity provider did not refresh your login ({code}); it is kept: try again in a moment."
            ),
        ),
        RefreshError::Grant(GrantFailure::Unproven { reason, .. }) => Problem::new(
            Code::IdpRefused,
            format!(
                "The identity provider's new ID token for you cannot be verified, {reason}; your login is kept: try again in a moment, or tell the operator."
            ),
        ),
        RefreshError::Grant(_) => Problem::new(
            Code::IdpUnreachable,
            "Your login could not be refreshed because the identity provider does not answer; it is kept: try again in a moment.",
        ),
        RefreshError::Busy => interrupted(),
        RefreshError::Record(error) => error.into(),
        RefreshError::Random(error) => error.into(),
    }
}

fn interrupted() -> Problem {
    Problem::new(Code::Timeout, "Refreshing your login takes longer than it should: try again in a moment.")
}

fn not_connected(reason: Option<EndReason>) -> Problem {
    let why = match reason {
        None => "You are not connected to this cluster",
        Some(EndReason::RefreshRefused) => {
            "The identity provider has ended your login to this cluster (refresh_refused)"
        }
        Some(EndReason::RefreshLost) => {
            "Your login to this cluster was lost in an interrupted refresh (refresh_lost)"
        }
        Some(EndReason::IdentityChanged) => {
            "Your login to this cluster came back as somebody else's (identity_changed)"
        }
    };
    Problem::new(Code::NotConnected, format!("{why}: log in with \"Get K8s access\" in Backstage."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::login_record::Attempt;

    fn login(lives: i64) -> LiveLogin {
        let issued_at = OffsetDateTime::UNIX_EPOCH;
        LiveLogin {
            id: "login".to_owned(),
            issuer: "https://idp.example/".to_owned(),
            audience: "kubernetes".to_owned(),
            subject: "felix".to_owned(),
            organization: None,
            catalog_email: None,
            tokens: TokenSet {
                id_token: "id".into(),
                issued_at,
                expires_at: issued_at + time::Duration::seconds(lives),
                access_token: "access".into(),
                access_token_expires_at: None,
                refresh_token: Some("refresh".into()),
            },
            intent: None,
        }
    }

    fn due_from(login: &LiveLogin) -> Option<i64> {
        let at = |second: i64| OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second);
        (0..4_000).find(|second| is_due(login, at(*second)))
    }

    #[test]
    fn a_refresh_begins_five_minutes_ahead_or_in_the_last_fifth_of_a_short_life() {
        assert_eq!(due_from(&login(3_600)), Some(3_300));
        assert_eq!(due_from(&login(100)), Some(80));
    }

    #[test]
    fn nothing_is_due_without_a_refresh_token_or_while_one_is_being_spent() {
        let mut without = login(100);
        without.tokens.refresh_token = None;
        assert_eq!(due_from(&without), None);
        let spending = login(100).intend(1, &"refresh".into(), Attempt::First);
        assert_eq!(due_from(&spending), None);
    }
}
