//! Tokens that must not count any more are revoked at their identity provider (RFC 7009): at once, and where it does not confirm that,
//! again later.

pub mod old_keys;
mod other_logins;
pub mod outbox;
pub mod retry;

use std::sync::Arc;
use std::time::Duration;

use self::outbox::{Outbox, Revocation, RevocationKey};
use super::logins::index::LoginIndex;
use super::logins::{LiveLogin, LoginKey, Logins, RecordError};
use super::oidc::clusters::Clusters;
use super::oidc::provider_error::ProviderError;
use super::oidc::revocation_request::Answered;
use super::oidc::revocation_request::silence::WhileSilent;
use crate::clock::Clock;
use crate::telemetry::AUDIT;
use crate::telemetry::backend_metrics::BackendMetrics;

/// How long to try to write down what the identity provider did not confirm.
const KEEP_TRYING: Duration = Duration::from_secs(10);

/// What came of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is outstanding: it is confirmed, or it goes with another login of the person.
    Done,
    /// Nothing can be done: the identity provider offers no revocation.
    NotOffered,
    /// It is tried again.
    Pending,
    /// It was tried for as long as that is done.
    GivenUp,
}

/// Why a token is not revoked yet.
#[derive(Debug, thiserror::Error)]
enum NotRevoked {
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("the cluster is not configured any more, or with another issuer or client")]
    AnotherClient,
    #[error("the identity provider has just not answered, and is left alone")]
    LeftAlone,
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What came of a try.
enum Sent {
    Answered(Answered),
    /// The person has another login at the client: the last one of them is revoked.
    LeftForAnotherLogin,
}

impl Sent {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Answered(Answered::NotOffered) => Outcome::NotOffered,
            Self::Answered(Answered::Revoked) | Self::LeftForAnotherLogin => Outcome::Done,
        }
    }

    fn as_str(&self) -> &'static str {
        match self {
            Self::Answered(Answered::Revoked) => "revoked",
            Self::Answered(Answered::NotOffered) => "not_offered",
            Self::LeftForAnotherLogin => "left_for_another_login",
        }
    }
}

/// Revokes tokens, and writes down what is outstanding.
pub struct Revoker {
    /// What is outstanding.
    pub outbox: Outbox,
    /// The clusters; their providers are asked.
    pub clusters: Arc<Clusters>,
    /// The logins that a revocation may end, too.
    pub logins: Arc<Logins>,
    /// Finds them.
    pub index: Arc<LoginIndex>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
    /// How long a request to a provider may take.
    pub idp_timeout: Duration,
}

impl Revoker {
    /// Writes down that a login's tokens are to be revoked, before the login is taken out of the store: from here on no crash can
    /// lose that. [`Self::execute`] follows as soon as the login is gone.
    ///
    /// # Errors
    /// When it could not be written: then the login must stay.
    pub async fn record(
        &self,
        login: &LoginKey,
        live: &LiveLogin,
        keep_trying: Duration,
    ) -> Result<(), RecordError> {
        let Some(revocation) = Revocation::of_login(live) else { return Ok(()) };
        let now = self.clock.now();
        let revocation = revocation.begin(now, self.first_pause());
        self.outbox.keep(&RevocationKey::new(login, &revocation), &revocation, now, keep_trying).await
    }

    /// Revokes what a login held that is gone by now, as recorded.
    pub async fn execute(&self, login: &LoginKey, live: &LiveLogin, while_silent: WhileSilent) -> Outcome {
        let Some(revocation) = Revocation::of_login(live) else { return Outcome::Done };
        let revocation = revocation.begin(self.clock.now(), self.first_pause());
        self.attempt(&RevocationKey::new(login, &revocation), revocation, while_silent).await
    }

    /// Revokes tokens that no login holds.
    pub async fn revoke(&self, login: &LoginKey, revocation: Revocation) -> Outcome {
        let now = self.clock.now();
        let revocation = revocation.begin(now, self.first_pause());
        let key = RevocationKey::new(login, &revocation);
        if let Err(error) = self.outbox.keep(&key, &revocation, now, Duration::ZERO).await {
            tracing::warn!(%error, "a revocation is tried without having been written down");
        }
        self.attempt(&key, revocation, WhileSilent::Ask).await
    }

    /// One try, and what it means for the next.
    pub async fn attempt(
        &self,
        key: &RevocationKey,
        revocation: Revocation,
        while_silent: WhileSilent,
    ) -> Outcome {
        match self.send(key, &revocation, while_silent).await {
            Ok(sent) => {
                self.audit(key, sent.as_str());
                self.complete(key).await;
                sent.outcome()
            }
            Err(error) => {
                tracing::warn!(%error, user = key.login.user(), cluster = key.login.cluster(), "a token is not revoked yet");
                self.put_off(key, revocation).await
            }
        }
    }

    async fn send(
        &self,
        key: &RevocationKey,
        revocation: &Revocation,
        while_silent: WhileSilent,
    ) -> Result<Sent, NotRevoked> {
        if self.would_end_another(key, revocation).await? {
            return Ok(Sent::LeftForAnotherLogin);
        }
        let cluster = self.clusters.get(key.login.cluster()).map_err(|_| NotRevoked::AnotherClient)?;
        let (oidc, provider) = (&cluster.settings.oidc, &cluster.provider);
        if oidc.issuer != revocation.issuer || oidc.client_id != revocation.client_id {
            return Err(NotRevoked::AnotherClient);
        }
        // Shorter than the first pause: what was tried alone is tried again when it is due.
        let silent = provider.silence.lasts(self.clock.now(), self.idp_timeout);
        if silent && while_silent == WhileSilent::LeaveAlone {
            return Err(NotRevoked::LeftAlone);
        }
        let answered = async {
            let metadata = provider.metadata().await?;
            provider.revoke(&metadata, &revocation.token, revocation.kind).await
        };
        let answered = answered.await;
        match &answered {
            Err(error) if error.is_silence() => provider.silence.begin(self.clock.now()),
            _ => provider.silence.end(),
        }
        Ok(Sent::Answered(answered?))
    }

    async fn put_off(&self, key: &RevocationKey, revocation: Revocation) -> Outcome {
        let (now, first) = (self.clock.now(), revocation.is_first_try());
        let Some(later) = revocation.put_off(now, self.first_pause()) else {
            self.audit(key, "revocation_given_up");
            self.complete(key).await;
            return Outcome::GivenUp;
        };
        if first {
            self.audit(key, "revocation_pending");
        }
        if let Err(error) = self.outbox.keep(key, &later, now, KEEP_TRYING).await {
            tracing::error!(%error, "what is to be tried again could not be written: it is known only if it was written before");
        }
        Outcome::Pending
    }

    async fn complete(&self, key: &RevocationKey) {
        if let Err(error) = self.outbox.complete(key).await {
            tracing::warn!(%error, "a revocation that is over stays written down: it is tried once more");
        }
    }

    /// Discovery and revocation may each take their time before another replica tries.
    #[must_use]
    pub fn first_pause(&self) -> Duration {
        self.idp_timeout * 2
    }

    fn audit(&self, key: &RevocationKey, outcome: &str) {
        self.metrics.revocations.with_label_values(&[outcome]).inc();
        tracing::info!(target: AUDIT, user = key.login.user(), cluster = key.login.cluster(), outcome, "revocation");
    }
}
