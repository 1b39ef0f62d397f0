//! A new set of tokens for a login, spent once among all replicas.
//!
//! A refresh token that rotates is worth a login: spent twice, the identity provider ends the whole family. So: take the lock; read
//! again under it; write down the intent; POST once; write on condition that the lock is ours and no other write came first; release by
//! compare and delete. What that cannot save: a holder that dies after its POST has spent a token, and its successor is lost. The
//! old ID token serves until it expires, and then the token is sent again, with pauses, until the provider answers: within its overlap
//! period nothing is lost, without one the login ends as `refresh_lost`. Only the provider's own word ends a login here.

pub mod failure;
pub mod grant;
pub mod turn;

use std::sync::Arc;
use std::time::Duration;

use self::grant::{GrantFailure, RefreshGrant};
use crate::backend::logins::{
    EndReason, LiveLogin, LoginKey, LoginRecord, LoginState, Logins, RecordError, Stored, TokenSet, serves,
};
use crate::backend::stopping::{Stopping, TooLate};
use crate::clock::{Clock, Timer};
use crate::panics::{Panicked, caught};
use crate::protocol::WireSecret;
use crate::random::NoRandomness;
use crate::store::lock::{Lock, LockError};
use crate::store::{StoreError, Swap};

/// Is told how long each refresh waited for its lock, or for what another refresh brought.
pub trait LockWait {
    /// So long, this time.
    fn waited(&self, time: time::Duration);
}

/// Why there are no new tokens.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// There is no login, or it ended.
    #[error("there is no login")]
    NotConnected(Option<EndReason>),
    /// It cannot be refreshed: no refresh token.
    #[error("the login cannot be refreshed")]
    NotRefreshable,
    /// Not this time; the login lives on.
    #[error(transparent)]
    Grant(#[from] GrantFailure),
    /// Nothing was tried, since a refresh failed like this a moment ago; the login lives on.
    #[error("no refresh is tried yet: {0}")]
    NotYet(#[source] GrantFailure),
    /// Another refresh is in progress and takes too long.
    #[error("another replica refreshes this login")]
    Busy,
    /// Nothing was spent: the process ends before what comes of it could be written.
    #[error(transparent)]
    TooLate(#[from] TooLate),
    /// A fault of the program; what was written down says how far it came.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// The record cannot be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl From<LockError> for RefreshError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Store(error) => error.into(),
            LockError::Random(error) => error.into(),
        }
    }
}

/// How long what may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The life of the lock, which is renewed while its holder lives.
    pub lock: Duration,
    /// How long to wait for another replica's refresh.
    pub wait: Duration,
    /// How long to try to write a result that exists only here.
    pub keep_trying: Duration,
    /// How long it may take to spend a token and to write what comes of it.
    pub spending: Duration,
}

/// Between two looks whether another replica is done.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a refresh needs; a simulation brings its own of each.
#[derive(Clone, Copy)]
pub struct Refresher<'a> {
    /// The records.
    pub logins: &'a Logins,
    /// The identity provider.
    pub grant: &'a dyn RefreshGrant,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Waiting.
    pub timer: &'a dyn Timer,
    /// How long what may take.
    pub limits: Limits,
    /// Who is told how long it waits.
    pub lock_wait: &'a dyn LockWait,
    /// How far the end of the process is.
    pub stopping: &'a Stopping,
}

/// The replica that may refresh.
pub(in crate::backend) enum Turn<'a> {
    /// Ours.
    Ours(Lock<'a>),
    /// Another refresh has ended; these are its tokens.
    Newer(TokenSet),
}

impl Refresher<'_> {
    /// Replaces the tokens of version `seen`; answers with whatever newer set there is by then.
    ///
    /// # Errors
    /// As the variants of [`RefreshError`] say; only [`RefreshError::NotConnected`] means that the login is over.
    pub async fn refresh(&self, key: &LoginKey, seen: u64) -> Result<TokenSet, RefreshError> {
        self.stopping.time_for(self.limits.spending)?;
        let asked_at = self.clock.now();
        let turn = self.turn(key, seen).await;
        self.lock_wait.waited(self.clock.now() - asked_at);
        match turn? {
            Turn::Newer(tokens) => Ok(tokens),
            Turn::Ours(lock) => {
                let outcome = caught(lock.hold(self.timer, self.under_lock(&lock, key, seen))).await;
                lock.release().await;
                outcome?
            }
        }
    }

    pub(in crate::backend) async fn live(&self, key: &LoginKey) -> Result<(Stored, LiveLogin), RefreshError> {
        let stored = self.logins.read(key).await?.ok_or(RefreshError::NotConnected(None))?;
        match stored.record.state.clone() {
            LoginState::Live(live) => Ok((stored, Arc::unwrap_or_clone(live))),
            LoginState::Ended(reason) => Err(RefreshError::NotConnected(Some(reason))),
        }
    }

    async fn under_lock(&self, lock: &Lock<'_>, key: &LoginKey, seen: u64) -> Result<TokenSet, RefreshError> {
        let (stored, live) = self.live(key).await?;
        if stored.record.version > seen {
            return Ok(live.tokens);
        }
        let token = live.tokens.refresh_token.clone().ok_or(RefreshError::NotRefreshable)?;
        // With an intent from before, the token may be spent, and sending it again may end the login: not while its ID token serves.
        if live.intent.is_some() && serves(&live.tokens, self.clock.now()) {
            return Ok(live.tokens);
        }
        if let Some(trouble) = live.failing(self.clock.now()) {
            return if serves(&live.tokens, self.clock.now()) {
                Ok(live.tokens)
            } else {
                Err(RefreshError::NotYet(trouble.into()))
            };
        }
        match self.ready().await? {
            Ok(()) => Box::pin(self.spend(lock, key, stored, live, &token)).await,
            Err(failure) => Box::pin(self.fail(lock, key, stored, live, failure)).await,
        }
    }

    /// Has at hand what a refresh needs, in time for the token to be spent.
    async fn ready(&self) -> Result<Result<(), GrantFailure>, TooLate> {
        tokio::select! {
            biased;
            () = self.stopping.no_time_for(self.limits.spending) => Err(TooLate),
            ready = self.grant.ready() => Ok(ready),
        }
    }

    async fn spend(
        &self,
        lock: &Lock<'_>,
        key: &LoginKey,
        stored: Stored,
        live: LiveLogin,
        token: &WireSecret,
    ) -> Result<TokenSet, RefreshError> {
        let intending = live.intend(stored.record.version, token);
        let asked_at = self.clock.now();
        let stored = self.intend(lock, key, &stored, &live, intending).await?;
        let in_time = self.stopping.time_for(self.limits.spending);
        // The lock has lived on since we asked for that. If we then stood still, others may be spending the token by now.
        if in_time.is_err() || self.clock.now() - asked_at >= self.limits.lock / 2 {
            let as_before = self.sealed(key, LoginRecord::live(stored.record.version, live))?;
            self.write(lock, key, &stored, &as_before).await?;
            in_time?;
            return Err(RefreshError::Busy);
        }
        match self.grant.refresh(&live, token).await {
            Ok(tokens) => {
                let version = stored.record.version + 1;
                self.keep(
                    lock,
                    key,
                    stored,
                    version,
                    LiveLogin { tokens, intent: None, failing: None, ..live },
                )
                .await
            }
            Err(failure) => self.fail(lock, key, stored, live, failure).await,
        }
    }

    /// Writes the intent down. One that may or may not be written is taken back, if that can be: nothing was spent, and the
    /// next refresh need not wonder.
    async fn intend(
        &self,
        lock: &Lock<'_>,
        key: &LoginKey,
        stored: &Stored,
        live: &LiveLogin,
        intending: LiveLogin,
    ) -> Result<Stored, RefreshError> {
        let version = stored.record.version;
        let intended = self.sealed(key, LoginRecord::live(version, intending))?;
        let Err(failure) = self.write(lock, key, stored, &intended).await else { return Ok(intended) };
        let as_before = self.sealed(key, LoginRecord::live(version, live.clone()))?;
        // `Busy` means that there is nothing of ours to take back.
        if !matches!(failure, RefreshError::Busy)
            && let Err(error) = self.write(lock, key, &intended, &as_before).await
            && !matches!(error, RefreshError::Busy)
        {
            tracing::warn!(%error, "an intent was not taken back: the refresh after it counts as the second");
        }
        Err(failure)
    }

    pub(in crate::backend) fn sealed(
        &self,
        key: &LoginKey,
        record: LoginRecord,
    ) -> Result<Stored, RefreshError> {
        let sealed = self.logins.seal(key, &record).map_err(RecordError::from)?;
        Ok(Stored { record, sealed })
    }

    /// Writes once; nothing is lost yet when that fails.
    pub(in crate::backend) async fn write(
        &self,
        lock: &Lock<'_>,
        key: &LoginKey,
        seen: &Stored,
        next: &Stored,
    ) -> Result<(), RefreshError> {
        match lock.swap(&key.record(), &seen.sealed, &next.sealed, self.logins.ttl).await? {
            Swap::Conflict => Err(RefreshError::Busy),
            Swap::Done => Ok(()),
        }
    }

    /// Keeps tokens that exist only here: tries until they are written, a concurrent write has replaced the login, or it is gone.
    pub(in crate::backend) async fn keep(
        &self,
        lock: &Lock<'_>,
        key: &LoginKey,
        stored: Stored,
        version: u64,
        live: LiveLogin,
    ) -> Result<TokenSet, RefreshError> {
        let tokens = live.tokens.clone();
        let record = LoginRecord::live(version, live.clone());
        let sealed = self.logins.seal(key, &record).map_err(RecordError::from)?;
        let deadline = self.clock.now() + self.limits.keep_trying;
        loop {
            match self.try_to_keep(lock, key, &stored, &sealed).await {
                Ok(Kept::Written) => return Ok(tokens),
                Ok(Kept::Superseded) => match self.superseded(key, &live).await {
                    Err(RefreshError::Record(RecordError::Store(error))) => {
                        tracing::warn!(%error, "what replaced refreshed tokens is not known yet");
                    }
                    known => return known,
                },
                Ok(Kept::LoginGone) => {
                    self.grant.revoke(&live, &tokens).await;
                    return Err(RefreshError::NotConnected(None));
                }
                Ok(Kept::NotYet) => {}
                Err(error) => tracing::warn!(%error, "refreshed tokens are not written yet"),
            }
            if self.clock.now() >= deadline {
                tracing::error!(
                    "refreshed tokens could not be written: the login is lost when its ID token expires"
                );
                return Ok(tokens);
            }
            self.timer.wait(LOOK_AGAIN).await;
        }
    }

    /// A concurrent write came first: a new login, which ends ours, or another refresh of the same login: then its tokens count. While it
    /// is not known which, nothing is revoked: a revocation would end the tokens that count, too.
    async fn superseded(&self, key: &LoginKey, ours: &LiveLogin) -> Result<TokenSet, RefreshError> {
        let current = self.live(key).await;
        let ended = match &current {
            Ok((_, live)) => live.id != ours.id,
            Err(error) => matches!(error, RefreshError::NotConnected(_)),
        };
        if ended {
            self.grant.revoke(ours, &ours.tokens).await;
        }
        current.map(|(_, live)| live.tokens)
    }

    async fn try_to_keep(
        &self,
        lock: &Lock<'_>,
        key: &LoginKey,
        stored: &Stored,
        sealed: &[u8],
    ) -> Result<Kept, StoreError> {
        let store = &self.logins.store;
        if lock.swap(&key.record(), &stored.sealed, sealed, self.logins.ttl).await? == Swap::Done {
            return Ok(Kept::Written);
        }
        match store.get(&key.record()).await? {
            None => Ok(Kept::LoginGone),
            // Only the lock is lost: nothing has been spent since. Its new holder lets it go again.
            Some(now) if now == stored.sealed => lock.retake().await.map(|_| Kept::NotYet),
            Some(_) => Ok(Kept::Superseded),
        }
    }
}

enum Kept {
    Written,
    Superseded,
    LoginGone,
    NotYet,
}

#[cfg(test)]
mod tests;
