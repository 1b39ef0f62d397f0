//! The tokens of a user at a cluster: those that serve, refreshed ahead of time or when there is no other way.

pub mod cluster_token;
pub mod get_token;
pub mod provider_grant;
pub mod refresh;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;

use self::provider_grant::ProviderGrant;
use self::refresh::grant::GrantFailure;
use self::refresh::{Limits, LockWait, RefreshError, Refresher};
use super::logins::backoff::wants_a_login;
use super::logins::from_kubelogin::Asker;
use super::logins::index::LoginIndex;
use super::logins::{EndReason, LiveLogin, LoginKey, LoginState, Logins, TokenSet, serves};
use super::oidc::clusters::KnownCluster;
use super::revocation::Revoker;
use super::stopping::Stopping;
use super::stopping::detached::Detached;
use crate::backstage_names::UserRef;
use crate::clock::{Clock, RuntimeTimer};
use crate::panics::Panicked;
use crate::problem::Problem;
use crate::protocol::Code;
use crate::settings::backend::BackendSettings;
use crate::telemetry::AUDIT;
use crate::telemetry::backend_metrics::BackendMetrics;

/// A refresh ahead of time begins this long before the ID token expires, or in the last fifth of a shorter life.
const AHEAD: time::Duration = time::Duration::minutes(5);

type Outcome = Result<TokenSet, Problem>;

/// The refreshes under way in this process, one a login.
#[derive(Default)]
pub struct Flights(Mutex<HashMap<LoginKey, watch::Receiver<Option<Outcome>>>>);

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<LoginKey, watch::Receiver<Option<Outcome>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokens that serve now.
pub enum Serving {
    /// A login's, as its record has them.
    Kept(Arc<LiveLogin>),
    /// A login's that were not there before.
    Refreshed {
        /// The login's id.
        login: String,
        /// The tokens.
        tokens: TokenSet,
    },
    /// Those that another program keeps, which are in no record of ours.
    WithoutLogin(TokenSet),
}

impl Serving {
    /// The tokens.
    #[must_use]
    pub fn tokens(&self) -> &TokenSet {
        match self {
            Self::Kept(live) => &live.tokens,
            Self::Refreshed { tokens, .. } | Self::WithoutLogin(tokens) => tokens,
        }
    }

    /// The id of their login, where it is in a record.
    #[must_use]
    pub fn login(&self) -> Option<&str> {
        match self {
            Self::Kept(live) => Some(&live.id),
            Self::Refreshed { login, .. } => Some(login),
            Self::WithoutLogin(_) => None,
        }
    }
}

/// Gives tokens that serve.
pub struct Tokens {
    /// Where logins are kept.
    pub logins: Arc<Logins>,
    /// Notes that a login is used.
    pub index: Arc<LoginIndex>,
    /// Revokes refreshed tokens that no login takes.
    pub revoker: Arc<Revoker>,
    /// The refreshes under way.
    pub flights: Flights,
    /// How long what may take.
    pub limits: Limits,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
    /// How far the end of the process is.
    pub stopping: Stopping,
    /// Where refreshes run.
    pub detached: Detached,
}

impl Tokens {
    /// Tokens that serve now. While the old ones still do, no request waits for new ones.
    ///
    /// # Errors
    /// `not_connected`; the errors of a refresh when nothing else serves; those of the store.
    pub async fn current(
        self: &Arc<Self>,
        asker: Asker<'_>,
        cluster: &Arc<KnownCluster>,
    ) -> Result<Serving, Problem> {
        let user = asker.user;
        let key = LoginKey::new(user, cluster.name());
        let Some(record) = self.logins.read_to_use(&key).await? else {
            return self.of_kubelogin(asker, cluster, None).await.map(Serving::WithoutLogin);
        };
        let version = record.version;
        let live = match record.state {
            LoginState::Live(live) => live,
            LoginState::Ended(reason) => {
                return self.of_kubelogin(asker, cluster, Some(reason)).await.map(Serving::WithoutLogin);
            }
        };
        self.index.used(&key, &live.issued_to);
        let now = self.clock.now();
        if serves(&live.tokens, now) {
            if is_due(&live, now) {
                drop(self.flight(user, cluster, key, version));
            }
            return Ok(Serving::Kept(live));
        }
        if live.tokens.refresh_token.is_none() {
            return self.of_kubelogin(asker, cluster, None).await.map(Serving::WithoutLogin);
        }
        if let Some(trouble) = live.failing(now) {
            return Err(problem(RefreshError::NotYet(trouble.into())));
        }
        let tokens = self.joined(self.flight(user, cluster, key, version)).await?;
        Ok(Serving::Refreshed { login: live.id.clone(), tokens })
    }

    /// What kubelogin has for a user without a login of their own that serves.
    async fn of_kubelogin(
        &self,
        asker: Asker<'_>,
        cluster: &Arc<KnownCluster>,
        ended: Option<EndReason>,
    ) -> Outcome {
        let found = self.logins.of_kubelogin(asker, cluster, self.clock.now()).await?;
        found.map(|login| login.tokens).ok_or_else(|| not_connected(ended))
    }

    async fn joined(&self, mut flight: watch::Receiver<Option<Outcome>>) -> Result<TokenSet, Problem> {
        // The flight goes on: while the store is away, it is all that has the new tokens.
        match tokio::time::timeout(self.limits.wait, flight.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => outcome.clone().unwrap_or_else(|| Err(interrupted())),
            // Its sender went without a word.
            Ok(Err(_)) => Err(Panicked.into()),
            Err(_) => Err(interrupted()),
        }
    }

    /// The refresh that is under way in this process, or a new one. It goes on when the caller hangs up.
    fn flight(
        self: &Arc<Self>,
        user: &UserRef,
        cluster: &Arc<KnownCluster>,
        key: LoginKey,
        seen: u64,
    ) -> watch::Receiver<Option<Outcome>> {
        let mut flights = self.flights.lock();
        // A flight without a task has lost its sender, and has no outcome.
        if let Some(under_way) = flights.get(&key).filter(|flight| flight.has_changed().is_ok()) {
            return under_way.clone();
        }
        let (sender, receiver) = watch::channel(None);
        flights.insert(key.clone(), receiver.clone());
        // Where the work cannot be begun, it takes itself off the list at once.
        drop(flights);
        let landing = Landing { tokens: Arc::clone(self), key };
        let (user, cluster) = (user.clone(), Arc::clone(cluster));
        drop(self.detached.begin(async move || {
            let outcome = landing.tokens.refresh(&user, &cluster, &landing.key, seen).await;
            drop(landing);
            let _ = sender.send(Some(outcome));
        }));
        receiver
    }

    async fn refresh(&self, user: &UserRef, cluster: &KnownCluster, key: &LoginKey, seen: u64) -> Outcome {
        let grant = self.grant(user, cluster);
        let result = self.refresher(&grant).refresh(key, seen).await;
        let label = label(&result);
        self.metrics.refreshes.with_label_values(&[label]).inc();
        if !matches!(result, Ok(_) | Err(RefreshError::NotYet(_) | RefreshError::TooLate(_))) {
            tracing::warn!(target: AUDIT, user = key.user(), cluster = key.cluster(), outcome = label, "refresh");
        }
        result.map_err(problem)
    }

    /// Spends the refresh tokens of a user's login at a cluster.
    pub fn grant<'a>(&'a self, user: &'a UserRef, cluster: &'a KnownCluster) -> ProviderGrant<'a> {
        let (revoker, clock, stopping) = (self.revoker.as_ref(), self.clock.as_ref(), &self.stopping);
        ProviderGrant { user, cluster, revoker, clock, stopping }
    }

    /// What refreshes a login with that grant, or forgets it.
    pub fn refresher<'a>(&'a self, grant: &'a ProviderGrant<'a>) -> Refresher<'a> {
        Refresher {
            logins: &self.logins,
            grant,
            clock: self.clock.as_ref(),
            timer: &RuntimeTimer,
            limits: self.limits,
            lock_wait: self.metrics.as_ref(),
            stopping: &self.stopping,
        }
    }
}

/// Takes a flight off the list, however it ended.
struct Landing {
    tokens: Arc<Tokens>,
    key: LoginKey,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.tokens.flights.lock().remove(&self.key);
    }
}

impl Limits {
    /// As the settings say.
    #[must_use]
    pub fn of(settings: &BackendSettings) -> Self {
        Self {
            lock: settings.refresh_lock_lifetime,
            wait: settings.idp_timeout * 3,
            keep_trying: Duration::from_mins(10),
            spending: settings.spending(),
        }
    }
}

impl LockWait for BackendMetrics {
    fn waited(&self, time: time::Duration) {
        self.refresh_lock_wait_seconds.observe(time.as_seconds_f64());
    }
}

/// Whether it is time to refresh, though nothing has expired. Where a refresh failed just now, it is not; nor with an intent
/// written down: its holder is at it, or is gone.
fn is_due(live: &LiveLogin, now: OffsetDateTime) -> bool {
    let tokens = &live.tokens;
    let ahead = AHEAD.min((tokens.expires_at - tokens.issued_at) / 5);
    tokens.refresh_token.is_some()
        && live.intent.is_none()
        && live.failing(now).is_none()
        && now + ahead >= tokens.expires_at
}

/// The bounded label of a refresh's result.
fn label(result: &Result<TokenSet, RefreshError>) -> &'static str {
    match result {
        Ok(_) => "refreshed",
        Err(RefreshError::NotConnected(Some(reason))) => reason.as_str(),
        Err(RefreshError::NotConnected(None) | RefreshError::NotRefreshable) => "not_connected",
        Err(RefreshError::Grant(GrantFailure::NotSent)) => "idp_unreachable",
        Err(RefreshError::Grant(GrantFailure::NotNow { .. } | GrantFailure::Unproven { .. })) => {
            "idp_refused"
        }
        Err(RefreshError::Grant(_)) => "answer_lost",
        Err(RefreshError::NotYet(_) | RefreshError::TooLate(_)) => "not_tried_yet",
        Err(RefreshError::Busy) => "busy",
        Err(RefreshError::Panicked(_)) => "internal_error",
        Err(RefreshError::Record(_) | RefreshError::Random(_)) => "store_unavailable",
    }
}

/// What the caller of a refresh that failed is told.
#[must_use]
pub fn problem(error: RefreshError) -> Problem {
    match error {
        RefreshError::NotConnected(reason) => not_connected(reason),
        RefreshError::NotRefreshable => not_connected(None),
        RefreshError::Grant(failure) | RefreshError::NotYet(failure) => not_refreshed(failure),
        RefreshError::Busy => interrupted(),
        RefreshError::TooLate(too_late) => too_late.into(),
        RefreshError::Panicked(panicked) => panicked.into(),
        RefreshError::Record(error) => error.into(),
        RefreshError::Random(error) => error.into(),
    }
}

fn not_refreshed(failure: GrantFailure) -> Problem {
    match failure {
        GrantFailure::NotNow { code, .. } if wants_a_login(&code) => Problem::new(
            Code::IdpRefused,
            format!(
                "The identity provider does not refresh your login before you have logged in again ({code}): log in with \"Get K8s access\" in Backstage."
            ),
        ),
        GrantFailure::NotNow { code, .. } => Problem::new(
            Code::IdpRefused,
            format!(
                "The identity provider did not refresh your login ({code}); it is kept: try again in a moment."
            ),
        ),
        GrantFailure::Unproven { reason, .. } => Problem::new(
            Code::IdpRefused,
            format!(
                "The identity provider's new ID token for you cannot be verified, {reason}; your login is kept: try again in a moment, or tell the operator."
            ),
        ),
        GrantFailure::NotSent
        | GrantFailure::Ambiguous
        | GrantFailure::InvalidGrant
        | GrantFailure::NotTheLogins { .. } => Problem::new(
            Code::IdpUnreachable,
            "Your login could not be refreshed because the identity provider does not answer; it is kept: try again in a moment.",
        ),
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
            "What the identity provider says of you has changed since you logged in to this cluster (identity_changed)"
        }
    };
    Problem::new(Code::NotConnected, format!("{why}: log in with \"Get K8s access\" in Backstage."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_backend::example_login;

    fn login(lives: i64) -> LiveLogin {
        let mut login = example_login("felix", OffsetDateTime::UNIX_EPOCH);
        login.tokens.expires_at = login.tokens.issued_at + time::Duration::seconds(lives);
        login
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
        let spending = login(100).intend(1, &"refresh".into());
        assert_eq!(due_from(&spending), None);
    }
}
