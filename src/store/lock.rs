//! A lock in the store: taken by whoever comes first, held only as long as its holder lives.

use std::time::Duration;

use futures_util::future::{Either, select};

use super::{HeldLock, Key, Store, StoreError, Swap};
use crate::clock::Timer;
use crate::random::{NoRandomness, Random, random_secret};

/// Why a lock could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No name for the owner.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// A lock that was taken. It may be lost all the same, when the store or this process stands still for longer than its life:
/// whatever is written under it must be written with [`Lock::swap`].
pub struct Lock<'a> {
    store: &'a dyn Store,
    key: String,
    owner: Vec<u8>,
    life: Duration,
}

impl<'a> Lock<'a> {
    /// Takes the lock; `None` when somebody holds it.
    ///
    /// # Errors
    /// As the variants of [`LockError`] say. After a time-out the lock may be ours without our knowing: it ends by itself.
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

    /// Does work, and renews the lock at every third of its life meanwhile.
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

    /// Takes the lock back after it was lost, unless somebody else has it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn retake(&self) -> Result<Swap, StoreError> {
        self.store.put_new(&self.key, &self.owner, self.life).await
    }

    /// Writes a record only while the lock is ours and the record is as it was `seen`; the lock lives anew from then.
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

    /// Whether the lock is still ours; if so, it lives anew, and no failover of the store forgets what was written before.
    ///
    /// # Errors
    /// When the store does not answer, or no replica of it confirms.
    pub async fn confirm(&self) -> Result<Swap, StoreError> {
        self.store.swap(&self.key, &self.owner, &self.owner, self.life).await
    }

    /// Gives the lock back, if it is still ours. One that cannot be given back ends by itself.
    pub async fn release(self) {
        if let Err(error) = self.store.release(&self.key, &self.owner).await {
            tracing::warn!(%error, "a lock could not be given back: it ends by itself");
        }
    }
}
