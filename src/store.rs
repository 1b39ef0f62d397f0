//! The store: one small interface, implemented in memory, in a file and in Redis, and the sealing of everything of value.
//!
//! Values are opaque bytes here; [`sealing`] makes them unreadable in a copy of the store. Every record has a time to live that the
//! store itself enforces, so that a crash leaves nothing behind.

#[cfg(test)]
pub(crate) mod contract;
pub mod entry;
pub mod file;
pub mod kubelogin_cache;
pub mod lock;
pub mod memory;
pub mod observed;
pub mod redis;
#[cfg(test)]
pub(crate) mod redis_server;
pub mod sealing;
pub mod write_retry;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

/// The key of a record: a prefix for the kind, then an id within the kind. A part in `{braces}` is a Redis hash tag: keys that share
/// it are on one node.
pub type Key = str;

/// The result of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// It was written.
    Done,
    /// A concurrent write came first, or there is no room; nothing was changed.
    Conflict,
}

/// The lock under which a write happens.
#[derive(Clone, Copy)]
pub struct HeldLock<'a> {
    /// Its key.
    pub lock: &'a Key,
    /// Its value while this holder has it.
    pub owner: &'a [u8],
    /// Its new time to live after the write.
    pub life: Duration,
}

/// An entry of an index, and a position when the index is read in pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Noted {
    /// The moment.
    pub at: OffsetDateTime,
    /// The member.
    pub member: String,
}

impl Noted {
    /// The position before all entries of that time or later.
    #[must_use]
    pub fn from(at: OffsetDateTime) -> Self {
        Self { at, member: String::new() }
    }
}

/// A range of members in byte order; both ends are excluded.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Members after this one.
    pub after: &'a str,
    /// Members before this one; none means to the last.
    pub before: Option<&'a str>,
}

/// A store of small records with a time to live. Every operation is atomic across all replicas.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes a record that must not exist yet.
    async fn put_new(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<Swap, StoreError>;

    /// Writes a record and overwrites an existing one.
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<(), StoreError>;

    /// Reads a record.
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes a record only if its bytes are still `seen`, and renews its time to live. If they are `value` already, it is written again:
    /// a writer may repeat a write after its answer was lost, as no two writers use the same `value`. After `Done`, no failover of the
    /// store loses this write or an earlier one.
    async fn swap(&self, key: &Key, seen: &[u8], value: &[u8], ttl: Duration) -> Result<Swap, StoreError>;

    /// As [`Store::swap`], but only while the lock is held; the same step renews the lock. A repeated write needs no lock.
    async fn swap_under(
        &self,
        held: HeldLock<'_>,
        key: &Key,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Swap, StoreError>;

    /// Removes a record only if its bytes are still `seen`. After `Done`, no failover of the store brings it back.
    async fn delete_seen(&self, key: &Key, seen: &[u8]) -> Result<Swap, StoreError>;

    /// Releases a lock if it is still the owner's. A failover may bring it back; it then expires by itself.
    async fn release(&self, lock: &Key, owner: &[u8]) -> Result<Swap, StoreError>;

    /// Renews a record's time to live, whatever its value; a missing record is no error. A failover may lose this.
    async fn live_on(&self, key: &Key, ttl: Duration) -> Result<(), StoreError>;

    /// Removes a record; a missing one is no error.
    async fn delete(&self, key: &Key) -> Result<(), StoreError>;

    /// Adds a member to a bounded set: `Conflict` when it holds `limit` unexpired members already. A member that is in it already renews
    /// its time to live.
    async fn enter(&self, set: &Key, member: &str, ttl: Duration, limit: usize) -> Result<Swap, StoreError>;

    /// Removes a member from a bounded set; a missing one is no error.
    async fn leave(&self, set: &Key, member: &str) -> Result<(), StoreError>;

    /// The members of a bounded set, earliest end first. There may be some among them that have just expired.
    async fn members(&self, set: &Key) -> Result<Vec<String>, StoreError>;

    /// Adds a member to an index at a time, or moves it there.
    async fn note(&self, index: &Key, member: &str, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Adds or moves several members to one time.
    async fn note_all(&self, index: &Key, members: &[String], at: OffsetDateTime) -> Result<(), StoreError>;

    /// The members up to a time, earliest first, at most `limit`.
    async fn noted(
        &self,
        index: &Key,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;

    /// The same after an entry, which need not exist any more; members of one time are in byte order. There may be fewer than `limit`
    /// even if more follow, and none only at the end.
    async fn noted_after(
        &self,
        index: &Key,
        after: &Noted,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<Noted>, StoreError>;

    /// The members in a range of an index, in byte order, at most `limit`. All members of the index must have the same time.
    async fn named(&self, index: &Key, names: Names<'_>, limit: usize) -> Result<Vec<String>, StoreError>;

    /// The time of a member.
    async fn noted_at(&self, index: &Key, member: &str) -> Result<Option<OffsetDateTime>, StoreError>;

    /// Removes a member from an index; a missing one is no error.
    async fn unnote(&self, index: &Key, member: &str) -> Result<(), StoreError>;

    /// Checks that the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// An operation failed; it is unknown whether it took effect.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store cannot be used: check {place} ({reason})")]
pub struct StoreError {
    /// What an operator looks at.
    place: &'static str,
    /// What went wrong; holds neither URL nor password.
    reason: String,
}

impl StoreError {
    /// Of Redis.
    pub fn of_redis(reason: impl Into<String>) -> Self {
        Self { place: "Redis and REDIS_URL", reason: reason.into() }
    }

    /// Of the one file.
    pub fn of_file(reason: impl Into<String>) -> Self {
        Self { place: "STORE_FILE", reason: reason.into() }
    }
}
