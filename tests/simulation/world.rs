//! Time, chance, and a store made of a map: what all tasks of a schedule share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use backstage_oidc_helper::backend::tokens::refresh::LockWait;
use backstage_oidc_helper::clock::Clock;
use backstage_oidc_helper::clock::Timer;
use backstage_oidc_helper::random::{NoRandomness, Random};
use backstage_oidc_helper::store::{HeldLock, Names, Noted, Store, StoreError, Swap};
use time::OffsetDateTime;

use super::mistakes::{Mistake, Mistaken};

/// What can go wrong in a schedule.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each kind of trouble is there or is not, alone or with others"
)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Troubles {
    /// A replica dies.
    pub kills: bool,
    /// An answer of the identity provider is lost, with or without effect.
    pub lost_answers: bool,
    /// The store fails, before or after it did what was asked.
    pub store_failures: bool,
    /// A replica stands still for longer than the lock lives.
    pub stalls: bool,
    /// The program has a fault.
    pub panics: bool,
    /// The identity provider stands still for the first ten minutes: no answer comes, and nothing is done.
    pub frozen: bool,
    /// What goes wrong does so once or twice, and everything else goes on around it; else all over.
    pub seldom: bool,
}

impl Troubles {
    /// Whether anything happens that others notice.
    pub fn disturb(self) -> bool {
        self.kills || self.lost_answers || self.store_failures || self.stalls || self.panics || self.frozen
    }
}

/// The state of a schedule.
pub struct Inner {
    /// The time.
    pub now: OffsetDateTime,
    chance: u64,
    records: HashMap<String, (Vec<u8>, OffsetDateTime)>,
    /// The earliest time at which the task that is being polled wants to go on.
    pub wake: Option<OffsetDateTime>,
    /// Which task is being polled.
    pub task: usize,
    /// The tasks that met trouble of their own: killed, stalled, failed by the store, an answer lost.
    pub troubled: Vec<usize>,
    /// What can go wrong.
    pub troubles: Troubles,
    /// The mistake that the refresh code makes.
    pub mistaken: Mistaken,
    /// Which task took each lock.
    takers: HashMap<String, usize>,
    /// What the store saw that must never be.
    pub faults: Vec<String>,
    /// What happened.
    pub trace: Vec<String>,
}

impl Inner {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        // splitmix64: every seed another sequence.
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Whether trouble comes now that comes so rarely.
    pub fn trouble_once_in(&mut self, times: u64) -> bool {
        let seldom = if self.troubles.seldom { 15 } else { 1 };
        self.once_in(times * seldom)
    }

    /// Notes what happened.
    pub fn tell(&mut self, what: &str) {
        let at = (self.now - OffsetDateTime::UNIX_EPOCH).whole_milliseconds();
        let task = self.task;
        self.trace.push(format!("{at:>8} ms  task {task}: {what}"));
    }

    /// The task that is being polled met trouble.
    pub fn trouble(&mut self) {
        let task = self.task;
        if !self.troubled.contains(&task) {
            self.troubled.push(task);
        }
    }

    fn living(&self, key: &str) -> Option<&Vec<u8>> {
        self.records.get(key).filter(|(_, ends)| *ends > self.now).map(|(value, _)| value)
    }

    /// A lock that lives is removed only by the task that took it.
    fn remove(&mut self, key: &str) {
        self.tell(&format!("removes {key}"));
        let taker = self.takers.get(key).copied();
        if self.living(key).is_some() && taker.is_some_and(|taker| taker != self.task) {
            self.faults.push(format!("task {} removes the lock of another", self.task));
        }
        self.records.remove(key);
    }

    fn set(&mut self, key: &str, value: &[u8], ttl: Duration) {
        let ends = self.now + ttl;
        self.records.insert(key.to_owned(), (value.to_vec(), ends));
    }
}

/// A handle on the schedule's state.
#[derive(Clone)]
pub struct World(Arc<Mutex<Inner>>);

impl World {
    /// A new one; all chance comes from the seed.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            now: OffsetDateTime::UNIX_EPOCH,
            chance: seed.wrapping_mul(0xD134_2543_DE82_EF95),
            records: HashMap::new(),
            wake: None,
            task: 0,
            troubled: Vec::new(),
            troubles: Troubles::default(),
            mistaken: Mistaken::default(),
            takers: HashMap::new(),
            faults: Vec::new(),
            trace: Vec::new(),
        })))
    }

    /// Its state.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Lets time pass for the task that asks, and others run meanwhile.
    pub async fn sleep(&self, time: Duration) {
        let until = self.lock().now + time;
        std::future::poll_fn(|_| {
            let mut inner = self.lock();
            if inner.now >= until {
                return std::task::Poll::Ready(());
            }
            inner.wake = Some(inner.wake.map_or(until, |wake| wake.min(until)));
            std::task::Poll::Pending
        })
        .await;
    }

    /// A network's delay: 1 to 20 ms, so that others come in between.
    pub async fn delay(&self) {
        let milliseconds = self.lock().below(20) + 1;
        self.sleep(Duration::from_millis(milliseconds)).await;
    }

    /// One operation of the store, with its delays and its failures.
    async fn store<T>(&self, name: &str, act: impl FnOnce(&mut Inner) -> T) -> Result<T, StoreError> {
        let failure = |inner: &mut Inner, when: &str| {
            inner.tell(&format!("{name} fails {when}"));
            inner.trouble();
            Err(StoreError::of_redis(format!("failed {when}")))
        };
        self.delay().await;
        {
            let mut inner = self.lock();
            if inner.troubles.store_failures && inner.trouble_once_in(12) {
                return failure(&mut inner, "before");
            }
        }
        let done = act(&mut self.lock());
        self.delay().await;
        let mut inner = self.lock();
        if inner.troubles.store_failures && inner.trouble_once_in(12) {
            return failure(&mut inner, "after");
        }
        Ok(done)
    }
}

fn write(done: bool) -> Swap {
    if done { Swap::Done } else { Swap::Conflict }
}

#[async_trait]
impl Store for World {
    async fn put_new(&self, key: &str, value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        self.store("put_new", |inner| {
            let free = inner.living(key).is_none();
            if free {
                inner.tell(&format!("takes {key}"));
                let task = inner.task;
                inner.takers.insert(key.to_owned(), task);
                inner.mistaken.locks(task);
                inner.set(key, value, ttl);
            }
            write(free)
        })
        .await
    }

    async fn put(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), StoreError> {
        self.store("put", |inner| inner.set(key, value, ttl)).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store("get", |inner| {
            let value = inner.living(key).cloned();
            inner.mistaken.reads(inner.task, value)
        })
        .await
    }

    async fn swap(&self, key: &str, seen: &[u8], value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        self.store("swap", |inner| {
            let same = inner.living(key).is_some_and(|now| now == seen || now == value);
            if same {
                inner.set(key, value, ttl);
            }
            write(same)
        })
        .await
    }

    async fn swap_under(
        &self,
        held: HeldLock<'_>,
        key: &str,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Swap, StoreError> {
        self.store("swap_under", |inner| {
            let Some(seen) = inner.mistaken.writes(inner.task, seen, value) else { return Swap::Done };
            let is = |key, bytes: &[u8]| inner.living(key).is_some_and(|now| now == bytes);
            let owned = is(held.lock, held.owner);
            let careless = inner.mistaken.makes(Mistake::WritesUnconditionally);
            let may = careless || is(key, value) || (owned && is(key, &seen));
            inner.tell(if may { "writes the record" } else { "may not write the record" });
            if owned && may {
                inner.set(held.lock, held.owner, held.life);
            }
            if may {
                inner.set(key, value, ttl);
            }
            write(may)
        })
        .await
    }

    async fn delete_seen(&self, key: &str, seen: &[u8]) -> Result<Swap, StoreError> {
        self.store("delete_seen", |inner| {
            let same = inner.living(key).is_some_and(|now| now == seen);
            if same {
                inner.remove(key);
            }
            write(same)
        })
        .await
    }

    async fn release(&self, lock: &str, owner: &[u8]) -> Result<Swap, StoreError> {
        if self.lock().mistaken.makes(Mistake::ReleasesWithoutCompare) {
            return self.delete(lock).await.map(|()| Swap::Done);
        }
        self.delete_seen(lock, owner).await
    }

    async fn live_on(&self, _: &str, _: Duration) -> Result<(), StoreError> {
        unreachable!("a refresh writes the record anew")
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.store("delete", |inner| {
            inner.remove(key);
        })
        .await
    }

    async fn enter(&self, _: &str, _: &str, _: Duration, _: usize) -> Result<Swap, StoreError> {
        unreachable!("no refresh enters a set")
    }

    async fn members(&self, _: &str) -> Result<Vec<String>, StoreError> {
        unreachable!("no refresh reads a set")
    }

    async fn leave(&self, _: &str, _: &str) -> Result<(), StoreError> {
        unreachable!("no refresh leaves a set")
    }

    async fn note(&self, _: &str, _: &str, _: OffsetDateTime) -> Result<(), StoreError> {
        unreachable!("no refresh notes anything")
    }

    async fn note_all(&self, _: &str, _: &[String], _: OffsetDateTime) -> Result<(), StoreError> {
        unreachable!("no refresh notes anything")
    }

    async fn noted_after(
        &self,
        _: &str,
        _: &Noted,
        _: OffsetDateTime,
        _: usize,
    ) -> Result<Vec<Noted>, StoreError> {
        unreachable!("no refresh asks an index")
    }

    async fn named(&self, _: &str, _: Names<'_>, _: usize) -> Result<Vec<String>, StoreError> {
        unreachable!("no refresh asks an index")
    }

    async fn noted(&self, _: &str, _: OffsetDateTime, _: usize) -> Result<Vec<String>, StoreError> {
        unreachable!("no refresh asks an index")
    }

    async fn noted_at(&self, _: &str, _: &str) -> Result<Option<OffsetDateTime>, StoreError> {
        unreachable!("no refresh asks an index")
    }

    async fn unnote(&self, _: &str, _: &str) -> Result<(), StoreError> {
        unreachable!("no refresh notes anything")
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Clock for World {
    fn now(&self) -> OffsetDateTime {
        let mut inner = self.lock();
        let (task, now) = (inner.task, inner.now);
        inner.mistaken.looks(task, now)
    }
}

#[async_trait]
impl Timer for World {
    async fn wait(&self, time: Duration) {
        self.sleep(time).await;
    }
}

impl LockWait for World {
    fn waited(&self, time: time::Duration) {
        self.lock().tell(&format!("has waited {} ms for its turn", time.whole_milliseconds()));
    }
}

impl Random for World {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        let mut inner = self.lock();
        for byte in buffer {
            *byte = u8::try_from(inner.below(256)).unwrap();
        }
        Ok(())
    }
}
