//! The turn to do something with a login: its lock is waited for, but not into the end of the process.

use super::{LOOK_AGAIN, RefreshError, Refresher, Turn};
use crate::backend::logins::LoginKey;
use crate::backend::stopping::TooLate;
use crate::store::lock::{Lock, LockError};

impl Refresher<'_> {
    /// Waits until the lock is ours or another refresh has ended.
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

    /// Takes the login's lock where it is free.
    pub(in crate::backend) async fn lock(&self, key: &LoginKey) -> Result<Option<Lock<'_>>, LockError> {
        let (store, random) = (self.logins.store.as_ref(), self.logins.random.as_ref());
        Lock::take(store, &key.lock(), random, self.limits.lock).await
    }

    /// Waits a moment for another refresh. When the listener closes, this is the last wait: the caller's next request goes to another replica.
    pub(in crate::backend) async fn a_moment(&self) -> Result<(), TooLate> {
        tokio::select! {
            biased;
            () = self.stopping.closes() => Err(TooLate),
            () = self.timer.wait(LOOK_AGAIN) => Ok(()),
        }
    }
}
