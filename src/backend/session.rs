//! One login attempt as the store keeps it: sealed, under the SHA-256 of its session token.

pub mod accept;
pub mod catalog_email;
pub mod exchange;
pub mod get_session;
pub mod register;
pub mod waiters;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::assembly::App;
use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::protocol::{Code, SessionError, WireSecret};
use crate::random::{random_secret, sha256};
use crate::store::Swap;
use crate::store::sealing::Kind;
use crate::store::write_retry::retry_write;

/// A record outlives its session by this, so that whoever asks late still learns the outcome.
const KEPT_AFTER_END: Duration = Duration::from_mins(5);
/// The most sessions that one user may have pending.
const PENDING_PER_USER: usize = 8;

/// A session's record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Whose account the login will belong to.
    pub user: String,
    /// The cluster.
    pub cluster: String,
    /// Where in Backstage the browser goes after the login.
    pub return_to: Option<String>,
    /// The user's address in the catalog, where the identity rule asks for it.
    pub catalog_email: Option<String>,
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
    /// Nobody came back from the identity provider yet.
    Pending(Authorization),
    /// A code is being redeemed.
    Exchanging {
        /// SHA-256 of that code.
        code: String,
        /// Until when the one who redeems it may still be at it.
        #[serde(with = "time::serde::timestamp")]
        lease_until: OffsetDateTime,
    },
    /// Connected.
    Complete {
        /// SHA-256 of the code.
        code: String,
        /// `sub`.
        subject: String,
        /// When the ID token expires.
        #[serde(with = "time::serde::timestamp")]
        expires_at: OffsetDateTime,
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
    /// The PKCE verifier, which never leaves the backend.
    pub verifier: WireSecret,
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

/// A record as it was read, so that it can be replaced only while nobody else replaced it.
pub struct Stored {
    /// Which session.
    pub id: SessionId,
    /// What it says.
    pub record: SessionRecord,
    sealed: Vec<u8>,
}

fn seal(app: &App, id: &SessionId, record: &SessionRecord) -> Result<Vec<u8>, Problem> {
    Ok(app.keyring.seal_json(app.random.as_ref(), Kind::Session, &[id.as_str()], record)?)
}

fn time_to_live(app: &App, record: &SessionRecord) -> Duration {
    let left = record.expires_at - app.clock.now();
    Duration::try_from(left).unwrap_or_default() + KEPT_AFTER_END
}

fn pending_set(user: &str) -> String {
    format!("pending:{user}")
}

/// Begins a session: its record is new, and so is its token.
///
/// # Errors
/// `rate_limited` when the user has eight pending; `store_unavailable`.
pub async fn begin(app: &App, user: &UserRef, record: &SessionRecord) -> Result<WireSecret, Problem> {
    let token = random_secret(app.random.as_ref())?;
    let id = SessionId::of(&token);
    let lifetime = app.settings.session_lifetime;
    let set = pending_set(&user.to_string());
    if app.store.enter(&set, id.as_str(), lifetime, PENDING_PER_USER).await? == Swap::Conflict {
        return Err(Problem::new(
            Code::RateLimited,
            "You have eight logins under way: finish one, or wait until one has run out.",
        )
        .retry_after(lifetime));
    }
    app.store.put_new(&id.key(), &seal(app, &id, record)?, time_to_live(app, record)).await?;
    app.changes.begun(id.as_str(), app.clock.now(), record.expires_at);
    Ok(token)
}

/// Reads the session of a token.
///
/// # Errors
/// `session_unknown`, `store_unavailable`, `record_unreadable`.
pub async fn load(app: &App, token: &WireSecret) -> Result<Stored, Problem> {
    let unknown = || {
        Problem::new(
            Code::SessionUnknown,
            "There is no login with this session token, or it ended long ago: begin a new one in Backstage.",
        )
    };
    if !token.is_well_formed() {
        return Err(unknown());
    }
    let id = SessionId::of(token);
    let sealed = app.store.get(&id.key()).await?.ok_or_else(unknown)?;
    let record = app.keyring.open_json(Kind::Session, &[id.as_str()], &sealed)?;
    Ok(Stored { id, record, sealed })
}

impl Stored {
    /// Replaces the record, unless somebody else did so since it was read.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn swap(&mut self, app: &App, phase: Phase) -> Result<Swap, Problem> {
        self.swap_until(app, phase, Duration::ZERO).await
    }

    /// The same, for a result that must not be lost: a store that does not answer is asked again for as long as `patience`.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn swap_until(&mut self, app: &App, phase: Phase, patience: Duration) -> Result<Swap, Problem> {
        let record = SessionRecord { phase, ..self.record.clone() };
        let sealed = seal(app, &self.id, &record)?;
        let (key, ttl) = (self.id.key(), time_to_live(app, &record));
        let swap = || app.store.swap(&key, &self.sealed, &sealed, ttl);
        let write = retry_write(patience, swap).await?;
        if write == Swap::Done {
            self.record = record;
            self.sealed = sealed;
            self.announce(app).await;
        }
        Ok(write)
    }

    async fn announce(&self, app: &App) {
        match self.record.phase {
            Phase::Pending(_) | Phase::Exchanging { .. } => app.changes.changed(self.id.as_str()),
            Phase::Complete { .. } | Phase::Failed { .. } => {
                app.changes.ended(self.id.as_str());
                // A place that is not given back is only held until the session's own end.
                if let Err(error) = app.store.leave(&pending_set(&self.record.user), self.id.as_str()).await {
                    tracing::warn!(%error, "a finished login still counts as pending");
                }
            }
        }
    }
}
