//! The store of a single process: lost when it ends, and not shared with other replicas.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::{HeldLock, Key, Names, Noted, Store, StoreError, Swap};
use crate::clock::Clock;

/// Below this many records no purge is worthwhile.
const FEW: usize = 64;

/// Keeps records in memory. Expired ones are never returned, and are removed before memory has doubled.
pub struct Memory {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

struct Kept {
    records: HashMap<String, Record>,
    sets: HashMap<String, HashMap<String, OffsetDateTime>>,
    /// The indexes. Their entries do not expire: the code that adds one also removes it.
    indexes: HashMap<String, HashMap<String, OffsetDateTime>>,
    /// The number of records and sets at which the next purge runs.
    purge_at: usize,
}

struct Record {
    value: Vec<u8>,
    ends: OffsetDateTime,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (records, sets, indexes) = (HashMap::new(), HashMap::new(), HashMap::new());
        let kept = Kept { records, sets, indexes, purge_at: FEW };
        Self { clock, kept: Mutex::new(kept) }
    }

    /// A poisoned lock is taken anyway: each change to the maps is a single call, so a panic leaves them consistent.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn living(&self, key: &Key, now: OffsetDateTime) -> Option<&Record> {
        self.records.get(key).filter(|record| record.ends > now)
    }

    fn write(&mut self, key: &Key, value: &[u8], now: OffsetDateTime, ttl: Duration) {
        self.purge(now);
        self.records.insert(key.to_owned(), Record { value: value.to_vec(), ends: end(now, ttl) });
    }

    /// Removes expired records, rarely enough that a write costs constant time on average.
    fn purge(&mut self, now: OffsetDateTime) {
        if self.records.len() + self.sets.len() < self.purge_at {
            return;
        }
        self.records.retain(|_, record| record.ends > now);
        self.sets.retain(|_, members| members.values().any(|ends| *ends > now));
        self.purge_at = FEW.max(2 * (self.records.len() + self.sets.len()));
    }
}

/// When a time to live that begins now ends; saturates.
fn end(now: OffsetDateTime, ttl: Duration) -> OffsetDateTime {
    let ttl = time::Duration::try_from(ttl).ok();
    ttl.and_then(|ttl| now.checked_add(ttl)).unwrap_or(PrimitiveDateTime::MAX.assume_utc())
}

#[async_trait]
impl Store for Memory {
    async fn put_new(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        let (now, mut kept) = (self.clock.now(), self.kept());
        if kept.living(key, now).is_some() {
            return Ok(Swap::Conflict);
        }
        kept.write(key, value, now, ttl);
        Ok(Swap::Done)
    }

    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<(), StoreError> {
        self.kept().write(key, value, self.clock.now(), ttl);
        Ok(())
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.kept().living(key, self.clock.now()).map(|record| record.value.clone()))
    }

    async fn swap(&self, key: &Key, seen: &[u8], value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        let (now, mut kept) = (self.clock.now(), self.kept());
        if kept.living(key, now).is_none_or(|record| record.value != seen && record.value != value) {
            return Ok(Swap::Conflict);
        }
        kept.write(key, value, now, ttl);
        Ok(Swap::Done)
    }

    async fn swap_under(
        &self,
        held: HeldLock<'_>,
        key: &Key,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Swap, StoreError> {
        let (now, mut kept) = (self.clock.now(), self.kept());
        let is = |key, bytes: &[u8]| kept.living(key, now).is_some_and(|record| record.value == bytes);
        let owned = is(held.lock, held.owner);
        let may = is(key, value) || (owned && is(key, seen));
        if !may {
            return Ok(Swap::Conflict);
        }
        if owned {
            kept.write(held.lock, held.owner, now, held.life);
        }
        kept.write(key, value, now, ttl);
        Ok(Swap::Done)
    }

    async fn delete_seen(&self, key: &Key, seen: &[u8]) -> Result<Swap, StoreError> {
        let (now, mut kept) = (self.clock.now(), self.kept());
        if kept.living(key, now).is_none_or(|record| record.value != seen) {
            return Ok(Swap::Conflict);
        }
        kept.records.remove(key);
        Ok(Swap::Done)
    }

    async fn release(&self, lock: &Key, owner: &[u8]) -> Result<Swap, StoreError> {
        self.delete_seen(lock, owner).await
    }

    async fn live_on(&self, key: &Key, ttl: Duration) -> Result<(), StoreError> {
        let now = self.clock.now();
        if let Some(record) = self.kept().records.get_mut(key).filter(|record| record.ends > now) {
            record.ends = end(now, ttl);
        }
        Ok(())
    }

    async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.kept().records.remove(key);
        Ok(())
    }

    async fn enter(&self, set: &Key, member: &str, ttl: Duration, limit: usize) -> Result<Swap, StoreError> {
        let (now, mut kept) = (self.clock.now(), self.kept());
        kept.purge(now);
        let members = kept.sets.entry(set.to_owned()).or_default();
        members.retain(|_, ends| *ends > now);
        if !members.contains_key(member) && members.len() >= limit {
            return Ok(Swap::Conflict);
        }
        members.insert(member.to_owned(), end(now, ttl));
        Ok(Swap::Done)
    }

    async fn leave(&self, set: &Key, member: &str) -> Result<(), StoreError> {
        if let Some(members) = self.kept().sets.get_mut(set) {
            members.remove(member);
        }
        Ok(())
    }

    async fn members(&self, set: &Key) -> Result<Vec<String>, StoreError> {
        let kept = self.kept();
        let members = kept.sets.get(set).into_iter().flatten();
        let mut members: Vec<_> = members.map(|(member, ends)| (*ends, member)).collect();
        members.sort_unstable();
        Ok(members.into_iter().map(|(_, member)| member.clone()).collect())
    }

    async fn note(&self, index: &Key, member: &str, at: OffsetDateTime) -> Result<(), StoreError> {
        self.kept().indexes.entry(index.to_owned()).or_default().insert(member.to_owned(), at);
        Ok(())
    }

    async fn note_all(&self, index: &Key, members: &[String], at: OffsetDateTime) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let index = kept.indexes.entry(index.to_owned()).or_default();
        index.extend(members.iter().map(|member| (member.clone(), at)));
        Ok(())
    }

    async fn noted(
        &self,
        index: &Key,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let kept = self.kept();
        let members = kept.indexes.get(index).into_iter().flatten();
        let mut due: Vec<_> = members.filter(|(_, at)| **at <= until).map(|(m, at)| (*at, m)).collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, member)| member.clone()).collect())
    }

    async fn noted_after(
        &self,
        index: &Key,
        after: &Noted,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<Noted>, StoreError> {
        let kept = self.kept();
        let after = (after.at, after.member.as_str());
        let entries =
            kept.indexes.get(index).into_iter().flatten().map(|(member, at)| (*at, member.as_str()));
        let mut page: Vec<_> = entries.filter(|entry| *entry > after && entry.0 <= until).collect();
        page.sort_unstable();
        page.truncate(limit);
        Ok(page.into_iter().map(|(at, member)| Noted { at, member: member.to_owned() }).collect())
    }

    async fn named(&self, index: &Key, names: Names<'_>, limit: usize) -> Result<Vec<String>, StoreError> {
        let kept = self.kept();
        let members = kept.indexes.get(index).into_iter().flatten().map(|(member, _)| member.as_str());
        let asked_for =
            |member: &&str| *member > names.after && names.before.is_none_or(|before| *member < before);
        let mut page: Vec<_> = members.filter(asked_for).collect();
        page.sort_unstable();
        page.truncate(limit);
        Ok(page.into_iter().map(str::to_owned).collect())
    }

    async fn noted_at(&self, index: &Key, member: &str) -> Result<Option<OffsetDateTime>, StoreError> {
        Ok(self.kept().indexes.get(index).and_then(|members| members.get(member).copied()))
    }

    async fn unnote(&self, index: &Key, member: &str) -> Result<(), StoreError> {
        if let Some(members) = self.kept().indexes.get_mut(index) {
            members.remove(member);
        }
        Ok(())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::ChosenClock;

    #[actix_web::test]
    async fn what_has_run_out_is_thrown_away_before_memory_has_doubled() {
        let clock = Arc::new(ChosenClock::default());
        let store = Memory::new(Arc::clone(&clock) as Arc<dyn Clock>);
        store.put("lasting", b"value", Duration::from_hours(1)).await.unwrap();
        for n in 0..10 * FEW {
            store.put(&format!("record {n}"), b"value", Duration::from_secs(1)).await.unwrap();
            store.enter(&format!("set {n}"), "member", Duration::from_secs(1), 1).await.unwrap();
            clock.advance(Duration::from_secs(1));
        }
        let kept = store.kept();
        assert!(kept.records.len() + kept.sets.len() <= FEW, "{}", kept.records.len() + kept.sets.len());
        assert!(kept.records.contains_key("lasting"));
    }

    #[actix_web::test]
    async fn a_time_to_live_without_end_is_kept() {
        let store = Memory::new(Arc::new(ChosenClock::default()));
        store.put("record", b"value", Duration::MAX).await.unwrap();
        assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"value"[..]));
    }
}
