//! One login attempt as the store keeps it: sealed, under the SHA-256 of its session token.

pub mod accept;
pub mod brought;
pub mod cancel;
pub mod exchange;
pub mod get_session;
pub mod post_tokens;
pub mod put_session;
mod redirect_error;
pub mod register;
pub mod waiters;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use self::accept::Login;
use self::waiters::Waiters;
use super::inbound::caller::bearer;
use super::logins::empty_for_none;
use super::oidc::identity_rule::CatalogSaid;
use crate::clock::Clock;
use crate::problem::Problem;
use crate::protocol::{Code, SessionError, WireSecret};
use crate::random::{Random, random_secret, sha256};
use crate::store::sealing::{Keyring, Kind};
use crate::store::write_retry::retry_write;
use crate::store::{Store, Swap};
use crate::telemetry::backend_metrics::BackendMetrics;

/// A record outlives its session by this, so that a late request still learns the outcome.
const KEPT_AFTER_END: Duration = Duration::from_mins(5);

/// A session's record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionRecord {
    /// The user to whom the login will belong.
    pub user: String,
    /// The cluster.
    pub cluster: String,
    /// Where in Backstage the browser goes after the login.
    pub return_to: Option<String>,
    /// What the catalog says of the user, where the identity rule asks for it.
    #[serde(flatten)]
    pub said: CatalogSaid,
    /// When the session ends.
    #[serde(with = "time::serde::timestamp")]
    pub expires_at: OffsetDateTime,
    /// The state of the authorization request.
    pub state: WireSecret,
    /// How far it is.
    pub phase: Phase,
}

/// How far a session is, with what each phase needs and no other has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Phase {
    /// The browser has not come back from the identity provider yet.
    Pending(Authorization),
    /// A code is being redeemed.
    Exchanging {
        /// SHA-256 of that code.
        code: String,
        /// Until when its exchange may still be under way.
        #[serde(with = "time::serde::timestamp")]
        lease_until: OffsetDateTime,
    },
    /// Connected.
    Complete {
        /// SHA-256 of the code.
        code: String,
        /// What the helper is told.
        #[serde(flatten)]
        login: Login,
    },
    /// Ended without a login.
    Failed {
        /// SHA-256 of the code; none when the identity provider refused before there was one.
        code: Option<String>,
        /// Why.
        error: SessionError,
    },
}

/// The secrets of an authorization request that is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Authorization {
    /// Comes back in the ID token.
    pub nonce: WireSecret,
    /// The PKCE verifier, which never leaves the backend; none where the helper keeps it and redeems the code itself. Older binaries know
    /// no record without one: with an empty one they can redeem nothing.
    #[serde(with = "empty_for_none")]
    pub verifier: Option<WireSecret>,
    /// Where the browser logs in.
    pub auth_url: WireSecret,
}

/// The name of a session in the store and in this process: the SHA-256 of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId(String);

impl SessionId {
    /// From its token.
    #[must_use]
    pub fn of(token: &WireSecret) -> Self {
        Self(sha256(token.expose().as_bytes()))
    }

    /// As text; no secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn key(&self) -> String {
        format!("session:{}", self.0)
    }
}

/// A record as it was read, so that it is replaced only where no concurrent write has replaced it.
pub struct Stored {
    /// Which session.
    pub id: SessionId,
    /// What it says.
    pub record: SessionRecord,
    sealed: Vec<u8>,
}

fn pending_set(user: &str) -> String {
    format!("pending:{user}")
}

/// The session token of a request.
///
/// # Errors
/// `not_signed_in` without one.
pub fn token(request: &HttpRequest) -> Result<WireSecret, Problem> {
    bearer(request).ok_or_else(|| {
        Problem::new(
            Code::NotSignedIn,
            "Send the session token that Backstage showed as Authorization: Bearer.",
        )
    })
}

/// The outcome of an exchange after its answer was lost.
#[must_use]
pub fn lost() -> SessionError {
    SessionError {
        code: Code::ExchangeLost,
        message: "The login was interrupted and its outcome is unknown: log in again.".to_owned(),
    }
}

fn unknown() -> Problem {
    Problem::new(
        Code::SessionUnknown,
        "There is no login with this session token, or it ended long ago: begin a new one in Backstage.",
    )
}

/// The sessions that the store keeps.
pub struct Sessions {
    /// The store.
    pub store: Arc<dyn Store>,
    /// What records are sealed with.
    pub keyring: Arc<Keyring>,
    /// Randomness for tokens and sealing.
    pub random: Arc<dyn Random>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long a session lasts.
    pub lifetime: Duration,
    /// The requests that wait for a session to change.
    pub waiters: Waiters,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
}

impl Sessions {
    /// Begins a session: its record is new, and so is its token. Of a user's eight others the oldest that is pending gives way.
    ///
    /// # Errors
    /// `rate_limited` when the user has eight that are just being finished; `store_unavailable`.
    pub async fn begin(&self, record: &SessionRecord) -> Result<WireSecret, Problem> {
        let token = random_secret(self.random.as_ref())?;
        let id = SessionId::of(&token);
        // Before it has a place: each session that has one can be read, and cancelled.
        self.store.put_new(&id.key(), &self.seal(&id, record)?, self.ttl(record)).await?;
        if let Err(problem) = self.take_place(&record.user, &id).await {
            self.store.delete(&id.key()).await?;
            return Err(problem);
        }
        self.waiters.begun(id.as_str(), self.clock.now(), record.expires_at);
        Ok(token)
    }

    /// Reads the session of a token.
    ///
    /// # Errors
    /// `session_unknown`, `store_unavailable`, `record_unreadable`.
    pub async fn load(&self, token: &WireSecret) -> Result<Stored, Problem> {
        if !token.is_well_formed() {
            return Err(unknown());
        }
        self.reload(&SessionId::of(token)).await
    }

    /// Reads a session once more.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn reload(&self, id: &SessionId) -> Result<Stored, Problem> {
        let sealed = self.store.get(&id.key()).await?.ok_or_else(unknown)?;
        let record = self.keyring.open_json(Kind::Session, &[id.as_str()], &sealed)?;
        Ok(Stored { id: id.clone(), record, sealed })
    }

    /// Replaces a record, unless a concurrent write did so since it was read.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn swap(&self, stored: &mut Stored, phase: Phase) -> Result<Swap, Problem> {
        self.swap_until(stored, phase, Duration::ZERO).await
    }

    /// The same, for a result that must not be lost: a store that does not answer is asked again for as long as `keep_trying`.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn swap_until(
        &self,
        stored: &mut Stored,
        phase: Phase,
        keep_trying: Duration,
    ) -> Result<Swap, Problem> {
        let record = SessionRecord { phase, ..stored.record.clone() };
        self.replace(stored, record, keep_trying).await
    }

    /// Replaces the whole record, unless a concurrent write did so since it was read.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn replace_once(&self, stored: &mut Stored, record: SessionRecord) -> Result<Swap, Problem> {
        self.replace(stored, record, Duration::ZERO).await
    }

    async fn replace(
        &self,
        stored: &mut Stored,
        record: SessionRecord,
        keep_trying: Duration,
    ) -> Result<Swap, Problem> {
        let sealed = self.seal(&stored.id, &record)?;
        let (key, ttl) = (stored.id.key(), self.ttl(&record));
        let swap = || self.store.swap(&key, &stored.sealed, &sealed, ttl);
        let swapped = retry_write(keep_trying, swap).await?;
        if swapped == Swap::Done {
            stored.record = record;
            stored.sealed = sealed;
            self.announce(stored).await;
        }
        Ok(swapped)
    }

    async fn announce(&self, stored: &Stored) {
        let id = stored.id.as_str();
        match stored.record.phase {
            Phase::Pending(_) | Phase::Exchanging { .. } => self.waiters.changed(id),
            Phase::Complete { .. } | Phase::Failed { .. } => {
                self.waiters.ended(id);
                // A place that is not given back is only held until the session's own end.
                if let Err(error) = self.store.leave(&pending_set(&stored.record.user), id).await {
                    tracing::warn!(%error, "a finished login still counts as pending");
                }
            }
        }
    }

    fn seal(&self, id: &SessionId, record: &SessionRecord) -> Result<Vec<u8>, Problem> {
        Ok(self.keyring.seal_json(self.random.as_ref(), Kind::Session, &[id.as_str()], record)?)
    }

    fn ttl(&self, record: &SessionRecord) -> Duration {
        let left = record.expires_at - self.clock.now();
        Duration::try_from(left).unwrap_or_default() + KEPT_AFTER_END
    }
}

#[cfg(test)]
mod tests;
