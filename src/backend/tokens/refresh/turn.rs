//! Whose turn it is to do something with a login: its lock is waited for, but not into the end of the process.

use std::time::Duration;

use super::{RefreshError, Refresher};
use crate::backend::logins::{LoginKey, TokenSet};
use crate::backend::stopping::TooLate;
use crate::store::lock::{Lock, LockError};

/// Whose turn it is to refresh.
pub(in crate::backend) enum Turn<'a> {
    /// Ours.
    Ours(Lock<'a>),
    /// Somebody else's, who is done.
    Newer(TokenSet),
}

/// Between two looks whether another replica is done.
pub(in crate::backend) const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Refresher<'_> {
    /// Waits until the lock is ours or somebody else has refreshed.
    pub(in crate::backend) async fn turn(&self, key: &LoginKey, seen: u64) -> Result<Turn<'_>, RefreshError> {
        let deadline = self.clock.now() + self.limits.wait;
        loop {
            if let Some(lock) = self.lock(key).await? {
                return Ok(Turn::Ours(lock));
            }
            let goes_on = self.a_moment().await;
            let (stored, live) = self.live(key).await?;
            if stored.record.version > seen {
                return Ok(Turn::Newer(live.tokens));
            }
            goes_on?;
            if self.clock.now() >= deadline {
                return Err(RefreshError::Busy);
            }
        }
    }

    /// Takes the login's lock, unless somebody has it.
    pub(in crate::backend) async fn lock(&self, key: &LoginKey) -> Result<Option<Lock<'_>>, LockError> {
        let (store, random) = (self.logins.store, self.logins.random);
        Lock::take(store, &key.lock(), random, self.limits.lock).await
    }

    /// Leaves somebody else a moment. When the listener closes, it is the last: who asks again asks another replica.
    pub(in crate::backend) async fn a_moment(&self) -> Result<(), TooLate> {
        tokio::select! {
            biased;
            () = self.stopping.closes() => Err(TooLate),
            () = self.pause.wait(LOOK_AGAIN) => Ok(()),
        }
    }
}
