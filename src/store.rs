//! What must outlive a request: one small interface, an in-process store and Redis behind it, and the sealing of
//! everything of value.
//!
//! Values are opaque bytes here; [`sealing`] makes them unreadable for whoever holds a copy of the store. Every
//! record carries its time to live, kept by the store itself, so that nothing is left behind by a crash.

pub mod lock;
pub mod memory;
pub mod observed;
pub mod redis;
pub mod sealing;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod redis_server;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

/// The key of a record: a prefix that names the kind and, behind it, what tells the records of a kind apart. Part of a
/// key in `{braces}` is a Redis hash tag: keys that share it live on one node.
pub type Key = str;

/// What a conditional write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// The record is as asked.
    Done,
    /// Somebody else was there first; nothing was changed.
    Refused,
}

/// A store of small records with a time to live. All of its operations are atomic, on every replica alike.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes a record that must not exist yet.
    async fn put_new(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<Write, StoreError>;

    /// Writes a record, whatever was there.
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<(), StoreError>;

    /// Reads a record.
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes a record only while its bytes are still those that were `seen`; its time to live begins anew.
    async fn swap(&self, key: &Key, seen: &[u8], value: &[u8], ttl: Duration) -> Result<Write, StoreError>;

    /// Writes as [`Store::swap`] does, and only while the record at `lock` is `owner`, both in one step.
    async fn swap_under(
        &self,
        lock: &Key,
        owner: &[u8],
        key: &Key,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Write, StoreError>;

    /// Removes a record only while its bytes are still those that were `seen`.
    async fn delete_seen(&self, key: &Key, seen: &[u8]) -> Result<Write, StoreError>;

    /// Removes a record; one that is not there is no error.
    async fn delete(&self, key: &Key) -> Result<(), StoreError>;

    /// Enters a bounded set: `Refused` when `limit` members that have not run out are in it already (a member that
    /// is already in it enters again and lives on).
    async fn enter(&self, set: &Key, member: &str, ttl: Duration, limit: usize) -> Result<Write, StoreError>;

    /// Leaves a bounded set; one who is not in it is no error.
    async fn leave(&self, set: &Key, member: &str) -> Result<(), StoreError>;

    /// Notes a member of an index at a moment; one that is in it already moves there.
    async fn note(&self, index: &Key, member: &str, at: OffsetDateTime) -> Result<(), StoreError>;

    /// The members noted until a moment, the earliest first, at most `limit`.
    async fn noted(
        &self,
        index: &Key,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;

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
