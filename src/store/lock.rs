//! A lock in the store with a time to live, so that it expires when its holder dies.

use std::time::Duration;

use futures_util::future::{Either, select};

use super::{HeldLock, Key, Store, StoreError, Swap};
use crate::clock::Timer;
use crate::random::{NoRandomness, Random, random_secret};

/// Why a lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness for the owner's name.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// A lock that was taken. It may still expire when the store or this process is paused for longer than its time to live, so writes
/// under it must use [`Lock::swap`].
pub struct Lock<'a> {
    store: &'a dyn Store,
    key: String,
    owner: Vec<u8>,
    life: Duration,
}

impl<'a> Lock<'a> {
    /// Takes the lock; `None` if another holder has it.
    ///
    /// # Errors
    /// As the variants of [`LockError`] say. After a time-out the lock may have been taken all the same: it expires by itself.
    pub async fn take(
        store: &'a dyn Store,
        key: &Key,
        random: &dyn Random,
        life: Duration,
    ) -> Result<Option<Self>, LockError> {
        let owner = random_secret(random)?.expose().as_bytes().to_vec();
        let taken = store.put_new(key, &owner, life).await?;
        Ok((taken == Swap::Done).then(|| Self { store, key: key.to_owned(), owner, life }))
    }

    /// Runs work, and meanwhile renews the lock at every third of its time to live.
    pub async fn hold<T>(&self, timer: &dyn Timer, work: impl Future<Output = T>) -> T {
        let work = std::pin::pin!(work);
        let renewing = std::pin::pin!(self.renew(timer));
        match select(work, renewing).await {
            Either::Left((done, _)) => done,
            Either::Right(((), work)) => work.await,
        }
    }

    /// Returns when the lock is lost.
    async fn renew(&self, timer: &dyn Timer) {
        loop {
            timer.wait(self.life / 3).await;
            match self.confirm().await {
                Ok(Swap::Done) => {}
                Ok(Swap::Conflict) => return,
                Err(error) => tracing::warn!(%error, "a lock could not be renewed"),
            }
        }
    }

    /// Takes the lock again after it expired, unless another holder has it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn retake(&self) -> Result<Swap, StoreError> {
        self.store.put_new(&self.key, &self.owner, self.life).await
    }

    /// Writes a record only if this holder has the lock and the record is still `seen`; renews the lock.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn swap(
        &self,
        key: &Key,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Swap, StoreError> {
        let held = HeldLock { lock: &self.key, owner: &self.owner, life: self.life };
        self.store.swap_under(held, key, seen, value, ttl).await
    }

    /// Whether this holder still has the lock. If so, the lock is renewed, and no failover of the store loses an earlier write.
    ///
    /// # Errors
    /// When the store does not answer, or no replica of it confirms.
    pub async fn confirm(&self) -> Result<Swap, StoreError> {
        self.store.swap(&self.key, &self.owner, &self.owner, self.life).await
    }

    /// Releases the lock if this holder still has it. A lock that cannot be released expires by itself.
    pub async fn release(self) {
        if let Err(error) = self.store.release(&self.key, &self.owner).await {
            tracing::warn!(%error, "a lock could not be released: it expires by itself");
        }
    }
}
