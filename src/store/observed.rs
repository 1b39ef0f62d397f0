//! Measures how long a store takes.

use std::time::Duration;

use async_trait::async_trait;
use prometheus::HistogramVec;
use time::OffsetDateTime;

use super::{HeldLock, Key, Names, Noted, Store, StoreError, Swap};

/// A store that records the time of every operation, failed ones included.
pub struct Observed<S> {
    store: S,
    seconds: HistogramVec,
}

impl<S: Store> Observed<S> {
    /// Records into `seconds`, with the operation (`op`) as its only label.
    pub fn new(store: S, seconds: HistogramVec) -> Self {
        Self { store, seconds }
    }

    async fn timed<T>(&self, op: &str, answer: impl Future<Output = T> + Send) -> T {
        // The timer also records when the caller gives up and drops this future.
        let _timer = self.seconds.with_label_values(&[op]).start_timer();
        answer.await
    }
}

#[async_trait]
impl<S: Store> Store for Observed<S> {
    async fn put_new(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        self.timed("put_new", self.store.put_new(key, value, ttl)).await
    }

    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<(), StoreError> {
        self.timed("put", self.store.put(key, value, ttl)).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        self.timed("get", self.store.get(key)).await
    }

    async fn swap(&self, key: &Key, seen: &[u8], value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        self.timed("swap", self.store.swap(key, seen, value, ttl)).await
    }

    async fn swap_under(
        &self,
        held: HeldLock<'_>,
        key: &Key,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Swap, StoreError> {
        self.timed("swap_under", self.store.swap_under(held, key, seen, value, ttl)).await
    }

    async fn delete_seen(&self, key: &Key, seen: &[u8]) -> Result<Swap, StoreError> {
        self.timed("delete_seen", self.store.delete_seen(key, seen)).await
    }

    async fn release(&self, lock: &Key, owner: &[u8]) -> Result<Swap, StoreError> {
        self.timed("release", self.store.release(lock, owner)).await
    }

    async fn live_on(&self, key: &Key, ttl: Duration) -> Result<(), StoreError> {
        self.timed("live_on", self.store.live_on(key, ttl)).await
    }

    async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.timed("delete", self.store.delete(key)).await
    }

    async fn enter(&self, set: &Key, member: &str, ttl: Duration, limit: usize) -> Result<Swap, StoreError> {
        self.timed("enter", self.store.enter(set, member, ttl, limit)).await
    }

    async fn leave(&self, set: &Key, member: &str) -> Result<(), StoreError> {
        self.timed("leave", self.store.leave(set, member)).await
    }

    async fn members(&self, set: &Key) -> Result<Vec<String>, StoreError> {
        self.timed("members", self.store.members(set)).await
    }

    async fn note(&self, index: &Key, member: &str, at: OffsetDateTime) -> Result<(), StoreError> {
        self.timed("note", self.store.note(index, member, at)).await
    }

    async fn note_all(&self, index: &Key, members: &[String], at: OffsetDateTime) -> Result<(), StoreError> {
        self.timed("note_all", self.store.note_all(index, members, at)).await
    }

    async fn noted(
        &self,
        index: &Key,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.timed("noted", self.store.noted(index, until, limit)).await
    }

    async fn noted_after(
        &self,
        index: &Key,
        after: &Noted,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<Noted>, StoreError> {
        self.timed("noted_after", self.store.noted_after(index, after, until, limit)).await
    }

    async fn named(&self, index: &Key, names: Names<'_>, limit: usize) -> Result<Vec<String>, StoreError> {
        self.timed("named", self.store.named(index, names, limit)).await
    }

    async fn noted_at(&self, index: &Key, member: &str) -> Result<Option<OffsetDateTime>, StoreError> {
        self.timed("noted_at", self.store.noted_at(index, member)).await
    }

    async fn unnote(&self, index: &Key, member: &str) -> Result<(), StoreError> {
        self.timed("unnote", self.store.unnote(index, member)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.timed("ping", self.store.ping()).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::contract::ChosenClock;
    use crate::store::memory::Memory;
    use crate::telemetry::backend_metrics::BackendMetrics;

    #[actix_web::test]
    async fn each_operation_is_counted_under_its_own_name() {
        let metrics = BackendMetrics::new().unwrap();
        let memory = Memory::new(Arc::new(ChosenClock::default()));
        let store = Observed::new(memory, metrics.store_seconds.clone());
        let ttl = Duration::from_secs(1);
        store.put_new("record", b"1", ttl).await.unwrap();
        store.put("record", b"2", ttl).await.unwrap();
        store.swap("record", b"2", b"3", ttl).await.unwrap();
        assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"3"[..]));
        let held = HeldLock { lock: "record", owner: b"3", life: ttl };
        store.swap_under(held, "record", b"3", b"4", ttl).await.unwrap();
        store.live_on("record", ttl).await.unwrap();
        store.delete_seen("record", b"4").await.unwrap();
        store.release("record", b"4").await.unwrap();
        store.delete("record").await.unwrap();
        store.enter("set", "member", ttl, 1).await.unwrap();
        assert_eq!(store.members("set").await.unwrap(), ["member"]);
        store.leave("set", "member").await.unwrap();
        let at = OffsetDateTime::UNIX_EPOCH;
        store.note("index", "member", at).await.unwrap();
        assert_eq!(store.noted("index", at, 1).await.unwrap(), ["member"]);
        store.note_all("index", &["other".to_owned()], at).await.unwrap();
        assert_eq!(store.noted_after("index", &Noted::from(at), at, 9).await.unwrap().len(), 2);
        let names = Names { after: "member", before: None };
        assert_eq!(store.named("index", names, 9).await.unwrap(), ["other"]);
        assert_eq!(store.noted_at("index", "member").await.unwrap(), Some(at));
        store.unnote("index", "member").await.unwrap();
        store.ping().await.unwrap();
        let conditional = ["put_new", "swap", "swap_under", "delete_seen"];
        let index = ["note", "note_all", "noted", "noted_after", "named", "noted_at", "unnote"];
        let others = ["put", "get", "live_on", "release", "delete", "enter", "members", "leave", "ping"];
        for op in others.into_iter().chain(conditional).chain(index) {
            let count = metrics.store_seconds.with_label_values(&[op]).get_sample_count();
            assert_eq!(count, 1, "{op}");
        }
    }
}
