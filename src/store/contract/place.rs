//! The stores that the contract is tested over, and how time passes in each.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use redis::AsyncTypedCommands;
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::store::file::StoreFile;
use crate::store::memory::Memory;
use crate::store::redis::Redis;
use crate::store::redis_server::RedisServer;
use crate::store::{Key, Store};

/// A timeout that these tests never reach.
const LONG: Duration = Duration::from_mins(1);

/// A clock that stands still until it is advanced.
pub struct ChosenClock(Mutex<OffsetDateTime>);

impl Default for ChosenClock {
    fn default() -> Self {
        Self(Mutex::new(OffsetDateTime::UNIX_EPOCH))
    }
}

impl ChosenClock {
    /// Advances it.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    /// Sets it back.
    pub fn set_back(&self, by: Duration) {
        *self.0.lock().unwrap() -= by;
    }
}

impl Clock for ChosenClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

/// A kind of store, and how time passes in it.
#[async_trait]
pub(super) trait Place: Send + Sync {
    /// The same records as another replica sees them.
    fn open(&self) -> Arc<dyn Store>;

    /// Checks that a record or set that was just written has this time to live, and lets it pass.
    async fn live_out(&self, key: &Key, ttl: Duration);
}

/// A store of one process: what others are to it are more references here.
pub(super) struct InProcess<S> {
    clock: Arc<ChosenClock>,
    store: Arc<S>,
    _folder: Option<TempDir>,
}

pub(super) type InMemory = InProcess<Memory>;
pub(super) type InFile = InProcess<StoreFile>;

impl InMemory {
    pub(super) fn start() -> Self {
        let clock = Arc::new(ChosenClock::default());
        let store = Arc::new(Memory::new(Arc::clone(&clock) as Arc<dyn Clock>));
        Self { clock, store, _folder: None }
    }
}

impl InFile {
    pub(super) fn start() -> Self {
        let clock = Arc::new(ChosenClock::default());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store/logins.db");
        let store = Arc::new(StoreFile::open(&path, Arc::clone(&clock) as Arc<dyn Clock>).unwrap());
        Self { clock, store, _folder: Some(folder) }
    }
}

#[async_trait]
impl<S: Store + 'static> Place for InProcess<S> {
    fn open(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    async fn live_out(&self, key: &Key, ttl: Duration) {
        let was_there = self.store.get(key).await.unwrap();
        let moment = Duration::from_millis(1);
        self.clock.advance(ttl.checked_sub(moment).unwrap());
        assert_eq!(self.store.get(key).await.unwrap(), was_there, "gone before its time");
        self.clock.advance(moment);
    }
}

pub(super) struct InRedis {
    url: String,
    master: RedisServer,
    _around: Vec<RedisServer>,
}

impl InRedis {
    pub(super) fn start() -> Self {
        let master = RedisServer::start();
        Self { url: master.url(), master, _around: Vec::new() }
    }

    pub(super) fn start_with_sentinel() -> Self {
        let master = RedisServer::start();
        let replica = RedisServer::start_replica_of(&master);
        let sentinel = RedisServer::start_sentinel("127.0.0.1", &master, "");
        let url = format!("redis+sentinel://127.0.0.1:{}/dev", sentinel.port());
        Self { url, master, _around: vec![sentinel, replica] }
    }
}

#[async_trait]
impl Place for InRedis {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(Redis::with_timeout(&self.url, None, LONG).unwrap())
    }

    /// Instead of a sleep: checks the remaining time to live that Redis reports, and then expires the record.
    async fn live_out(&self, key: &Key, ttl: Duration) {
        let (mut redis, key) = (self.master.connect().await, format!("cluster-auth:{key}"));
        let left = redis.pttl(&key).await.unwrap().raw();
        let ttl = isize::try_from(ttl.as_millis()).unwrap();
        assert!((ttl - 60_000..=ttl).contains(&left), "{left} ms left of {ttl} ms");
        if redis.key_type(&key).await.unwrap() == redis::ValueType::ZSet {
            let earlier = redis::Script::new(
                "for _, m in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZINCRBY', KEYS[1], -ARGV[1], m) end",
            );
            let () = earlier.key(&key).arg(ttl).invoke_async(&mut redis).await.unwrap();
        } else {
            redis.pexpire(&key, 0).await.unwrap();
        }
    }
}
