//! What must outlive a request: one small interface, an in-process store and Redis behind it, and the sealing of
//! everything of value.
//!
//! Values are opaque bytes here; [`sealing`] makes them unreadable for whoever holds a copy of the store. Every
//! record carries its time to live, kept by the store itself, so that nothing is left behind by a crash.

#[cfg(test)]
pub(crate) mod contract;
pub mod lock;
pub mod memory;
pub mod observed;
pub mod redis;
#[cfg(test)]
mod redis_server;
pub mod sealing;
pub mod write_retry;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

/// The key of a record: a prefix that names the kind and, behind it, what tells the records of a kind apart. Part of a
/// key in `{braces}` is a Redis hash tag: keys that share it live on one node.
pub type Key = str;

/// What a conditional write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The record is as asked.
    Done,
    /// Another write was there first, or there is no room; nothing was changed.
    Conflict,
}

/// A lock as its holder writes under it.
#[derive(Clone, Copy)]
pub struct HeldLock<'a> {
    /// Where it lies.
    pub lock: &'a Key,
    /// What lies there while it is the holder's.
    pub owner: &'a [u8],
    /// How long it lives from a write on.
    pub life: Duration,
}

/// An entry of an index, which also says how far somebody has read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Noted {
    /// The moment.
    pub at: OffsetDateTime,
    /// The member.
    pub member: String,
}

impl Noted {
    /// Where all that is noted at a moment or later is still to be read.
    #[must_use]
    pub fn from(at: OffsetDateTime) -> Self {
        Self { at, member: String::new() }
    }
}

/// Which members of an index, by the order of their bytes; neither end is among them.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Those behind this one.
    pub after: &'a str,
    /// Those before this one; without it, up to the last.
    pub before: Option<&'a str>,
}

/// A store of small records with a time to live. All of its operations are atomic, on every replica alike.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes a record that must not exist yet.
    async fn put_new(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<Swap, StoreError>;

    /// Writes a record, whatever was there.
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<(), StoreError>;

    /// Reads a record.
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes a record only while its bytes are still those that were `seen`; its time to live begins anew. One that is
    /// `value` already is written once more, so that a write whose answer was lost can be asked for again: no two writers
    /// have the same `value`. Once it is `Done`, no failover of the store forgets it, nor what was written before it.
    async fn swap(&self, key: &Key, seen: &[u8], value: &[u8], ttl: Duration) -> Result<Swap, StoreError>;

    /// Writes as [`Store::swap`] does, and only while the lock is held; the lock lives on from then, all in one step. What is
    /// written already is written once more whoever has the lock.
    async fn swap_under(
        &self,
        held: HeldLock<'_>,
        key: &Key,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Swap, StoreError>;

    /// Removes a record only while its bytes are still those that were `seen`. Once it is `Done`, no failover of the store
    /// brings it back.
    async fn delete_seen(&self, key: &Key, seen: &[u8]) -> Result<Swap, StoreError>;

    /// Gives a lock back while it is still its owner's. A failover may bring it back: it ends by itself.
    async fn release(&self, lock: &Key, owner: &[u8]) -> Result<Swap, StoreError>;

    /// Lets a record live for so long from now, whatever it is by then; one that is not there is no error. A failover may
    /// forget this.
    async fn live_on(&self, key: &Key, ttl: Duration) -> Result<(), StoreError>;

    /// Removes a record; one that is not there is no error.
    async fn delete(&self, key: &Key) -> Result<(), StoreError>;

    /// Enters a bounded set: `Conflict` when `limit` members that have not run out are in it already (a member that
    /// is already in it enters again and lives on).
    async fn enter(&self, set: &Key, member: &str, ttl: Duration, limit: usize) -> Result<Swap, StoreError>;

    /// Leaves a bounded set; one who is not in it is no error.
    async fn leave(&self, set: &Key, member: &str) -> Result<(), StoreError>;

    /// Notes a member of an index at a moment; one that is in it already moves there.
    async fn note(&self, index: &Key, member: &str, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Notes several members of an index at one moment.
    async fn note_all(&self, index: &Key, members: &[String], at: OffsetDateTime) -> Result<(), StoreError>;

    /// The members noted until a moment, the earliest first, at most `limit`.
    async fn noted(
        &self,
        index: &Key,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;

    /// The same behind an entry, which itself need not be there any more; those of one moment are in the order of their bytes.
    /// There are fewer than `limit` also where more follow, and none only at the end.
    async fn noted_after(
        &self,
        index: &Key,
        after: &Noted,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<Noted>, StoreError>;

    /// The members of an index whose members are all noted at one moment, in the order of their bytes, at most `limit`.
    async fn named(&self, index: &Key, names: Names<'_>, limit: usize) -> Result<Vec<String>, StoreError>;

    /// The moment at which a member is noted.
    async fn noted_at(&self, index: &Key, member: &str) -> Result<Option<OffsetDateTime>, StoreError>;

    /// Takes a member out of an index; one that is not in it is no error.
    async fn unnote(&self, index: &Key, member: &str) -> Result<(), StoreError>;

    /// Answers when the store does.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// The store did not do what was asked; nothing is known of whether it happened.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store cannot be used: check Redis and REDIS_URL ({reason})")]
pub struct StoreError {
    /// What went wrong; holds neither URL nor password.
    pub reason: String,
}
