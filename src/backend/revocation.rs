//! Tokens that nobody shall have are revoked at their identity provider (RFC 7009): at once, and where it does not confirm that,
//! again later.

pub mod outbox;
pub mod retry;

use std::time::Duration;

use self::outbox::{Revocation, RevocationKey};
use super::assembly::{App, Clients};
use super::logins::{LiveLogin, LoginKey, RecordError};
use super::oidc::silence::WhileSilent;
use super::oidc::{Answered, ProviderError};
use crate::telemetry::AUDIT;

/// How long to try to write down what the identity provider did not confirm.
const KEEP_TRYING: Duration = Duration::from_secs(10);

/// What came of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is outstanding: it is confirmed, or the identity provider offers no revocation.
    Done,
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
}

/// Writes down that a login's tokens are to be revoked, before the login is taken out of the store: from here on no crash can
/// lose that. [`execute`] follows as soon as the login is gone.
///
/// # Errors
/// When it could not be written: then the login must stay.
pub async fn record(
    app: &App,
    login: &LoginKey,
    live: &LiveLogin,
    keep_trying: Duration,
) -> Result<(), RecordError> {
    let now = app.clock.now();
    let revocation = Revocation::of_login(live).begin(now, first_pause(app));
    app.revocations().keep(&RevocationKey::new(login, &revocation), &revocation, now, keep_trying).await
}

/// Revokes what a login held that is gone by now, as recorded.
pub async fn execute(
    app: &App,
    clients: &Clients,
    login: &LoginKey,
    live: &LiveLogin,
    while_silent: WhileSilent,
) -> Outcome {
    let revocation = Revocation::of_login(live).begin(app.clock.now(), first_pause(app));
    attempt(app, clients, &RevocationKey::new(login, &revocation), revocation, while_silent).await
}

/// Revokes tokens that no login holds.
pub async fn revoke(app: &App, clients: &Clients, login: &LoginKey, revocation: Revocation) -> Outcome {
    let now = app.clock.now();
    let revocation = revocation.begin(now, first_pause(app));
    let key = RevocationKey::new(login, &revocation);
    if let Err(error) = app.revocations().keep(&key, &revocation, now, Duration::ZERO).await {
        tracing::warn!(%error, "a revocation is tried without having been written down");
    }
    attempt(app, clients, &key, revocation, WhileSilent::Ask).await
}

/// One try, and what it means for the next.
pub async fn attempt(
    app: &App,
    clients: &Clients,
    key: &RevocationKey,
    revocation: Revocation,
    while_silent: WhileSilent,
) -> Outcome {
    match send(app, clients, key, &revocation, while_silent).await {
        Ok(answered) => {
            let outcome = match answered {
                Answered::Revoked => "revoked",
                Answered::NotOffered => "not_offered",
            };
            audit(app, key, outcome);
            complete(app, key).await;
            Outcome::Done
        }
        Err(error) => {
            tracing::warn!(%error, user = key.login.user(), cluster = key.login.cluster(), "a token is not revoked yet");
            put_off(app, key, revocation).await
        }
    }
}

async fn send(
    app: &App,
    clients: &Clients,
    key: &RevocationKey,
    revocation: &Revocation,
    while_silent: WhileSilent,
) -> Result<Answered, NotRevoked> {
    let (cluster, provider) = app.cluster(key.login.cluster()).map_err(|_| NotRevoked::AnotherClient)?;
    if cluster.oidc.issuer != revocation.issuer || cluster.oidc.client_id != revocation.client_id {
        return Err(NotRevoked::AnotherClient);
    }
    // Shorter than the first pause: what was tried alone is tried again when it is due.
    let silent = provider.silence.lasts(app.clock.now(), app.settings.idp_timeout);
    if silent && while_silent == WhileSilent::LeaveAlone {
        return Err(NotRevoked::LeftAlone);
    }
    let answered = async {
        let metadata = provider.metadata(&clients.provider).await?;
        provider.revoke(&metadata, &clients.provider, &revocation.token, revocation.kind).await
    };
    let answered = answered.await;
    match &answered {
        Err(error) if error.is_silence() => provider.silence.begin(app.clock.now()),
        _ => provider.silence.end(),
    }
    Ok(answered?)
}

async fn put_off(app: &App, key: &RevocationKey, revocation: Revocation) -> Outcome {
    let (now, first) = (app.clock.now(), revocation.is_first_try());
    let Some(later) = revocation.put_off(now, first_pause(app)) else {
        audit(app, key, "revocation_given_up");
        complete(app, key).await;
        return Outcome::GivenUp;
    };
    if first {
        audit(app, key, "revocation_pending");
    }
    if let Err(error) = app.revocations().keep(key, &later, now, KEEP_TRYING).await {
        tracing::error!(%error, "what is to be tried again could not be written: it is known only if it was written before");
    }
    Outcome::Pending
}

async fn complete(app: &App, key: &RevocationKey) {
    if let Err(error) = app.revocations().complete(key).await {
        tracing::warn!(%error, "a revocation that is over stays written down: it is tried once more");
    }
}

/// Discovery and revocation may each take their time before somebody else tries.
pub fn first_pause(app: &App) -> Duration {
    app.settings.idp_timeout * 2
}

fn audit(app: &App, key: &RevocationKey, outcome: &str) {
    app.metrics.revocations.with_label_values(&[outcome]).inc();
    tracing::info!(target: AUDIT, user = key.login.user(), cluster = key.login.cluster(), outcome, "revocation");
}
