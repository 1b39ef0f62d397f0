//! What every store promises: the same tests over memory and a real Redis.

use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use redis::AsyncTypedCommands;
use time::OffsetDateTime;

use super::memory::Memory;
use super::redis::Redis;
use super::redis_server::RedisServer;
use super::{Key, Store, Write};
use crate::clock::Clock;

const TTL: Duration = Duration::from_mins(10);

/// A clock that stands still until it is moved.
pub struct ChosenClock(Mutex<OffsetDateTime>);

impl Default for ChosenClock {
    fn default() -> Self {
        Self(Mutex::new(OffsetDateTime::UNIX_EPOCH))
    }
}

impl ChosenClock {
    /// Moves on.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ChosenClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

/// A kind of store, and the passing of time in it.
#[async_trait]
trait Place: Send + Sync {
    /// Another replica's hold on the same records.
    fn open(&self) -> Arc<dyn Store>;

    /// Checks that a record or set that was just written has this long to live, and lets that time pass.
    async fn live_out(&self, key: &Key, ttl: Duration);
}

struct InMemory {
    clock: Arc<ChosenClock>,
    store: Arc<Memory>,
}

impl InMemory {
    fn start() -> Self {
        let clock = Arc::new(ChosenClock::default());
        let store = Arc::new(Memory::new(Arc::clone(&clock) as Arc<dyn Clock>));
        Self { clock, store }
    }
}

#[async_trait]
impl Place for InMemory {
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

struct InRedis(RedisServer);

#[async_trait]
impl Place for InRedis {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(Redis::new(&self.0.url(), None).unwrap())
    }

    /// A sleep of `ttl` in Redis: what it says is left to live is checked, and then is over.
    async fn live_out(&self, key: &Key, ttl: Duration) {
        let (mut redis, key) = (self.0.connect().await, format!("cluster-auth:{key}"));
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

async fn a_new_record_is_written_once(place: &dyn Place) {
    let (store, replica) = (place.open(), place.open());
    assert_eq!(store.put_new("record", b"first", TTL).await.unwrap(), Write::Done);
    assert_eq!(replica.put_new("record", b"second", TTL).await.unwrap(), Write::Refused);
    assert_eq!(replica.get("record").await.unwrap().as_deref(), Some(&b"first"[..]));
    place.live_out("record", TTL).await;
    assert_eq!(store.get("record").await.unwrap(), None);
    assert_eq!(store.put_new("record", b"third", TTL).await.unwrap(), Write::Done);
}

async fn a_record_is_any_bytes_and_deleted_for_good(place: &dyn Place) {
    let store = place.open();
    let bytes: Vec<u8> = (0..=255).collect();
    store.put("record", b"before", TTL).await.unwrap();
    store.put("record", &bytes, 2 * TTL).await.unwrap();
    assert_eq!(store.get("record").await.unwrap(), Some(bytes.clone()));
    assert_eq!(store.swap("record", &bytes, b"", 2 * TTL).await.unwrap(), Write::Done);
    assert_eq!(store.get("record").await.unwrap(), Some(Vec::new()));
    store.delete("record").await.unwrap();
    store.delete("record").await.unwrap();
    assert_eq!(store.get("record").await.unwrap(), None);
    store.put("record", &bytes, 2 * TTL).await.unwrap();
    place.live_out("record", 2 * TTL).await;
    assert_eq!(store.get("record").await.unwrap(), None);
    store.ping().await.unwrap();
}

async fn a_swap_needs_what_was_seen(place: &dyn Place) {
    let store = place.open();
    assert_eq!(store.swap("record", b"", b"new", TTL).await.unwrap(), Write::Refused, "there is no record");
    store.put("record", b"seen", TTL).await.unwrap();
    assert_eq!(store.swap("record", b"unseen", b"new", TTL).await.unwrap(), Write::Refused);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"seen"[..]));
    assert_eq!(store.swap("record", b"seen", b"new", 3 * TTL).await.unwrap(), Write::Done);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"new"[..]));
    place.live_out("record", 3 * TTL).await;
    assert_eq!(store.swap("record", b"new", b"newer", TTL).await.unwrap(), Write::Refused, "it has run out");
    assert_eq!(store.get("record").await.unwrap(), None);
}

async fn a_set_takes_no_more_than_its_limit(place: &dyn Place) {
    let (store, replica) = (place.open(), place.open());
    let enter = async |member, ttl| store.enter("set", member, ttl, 2).await.unwrap();
    assert_eq!(enter("one", TTL).await, Write::Done);
    assert_eq!(replica.enter("set", "two", TTL, 2).await.unwrap(), Write::Done);
    assert_eq!(enter("three", TTL).await, Write::Refused);
    assert_eq!(replica.enter("other set", "three", TTL, 2).await.unwrap(), Write::Done);
    assert_eq!(enter("one", 2 * TTL).await, Write::Done, "who is in enters again");
    replica.leave("set", "two").await.unwrap();
    replica.leave("set", "two").await.unwrap();
    replica.leave("no set", "two").await.unwrap();
    assert_eq!(enter("three", TTL).await, Write::Done);
    assert_eq!(enter("four", TTL).await, Write::Refused);
}

async fn a_member_leaves_a_set_when_its_time_is_over(place: &dyn Place) {
    let store = place.open();
    let enter = async |member, ttl| store.enter("set", member, ttl, 2).await.unwrap();
    assert_eq!(enter("long", 2 * TTL).await, Write::Done);
    place.live_out("set", 2 * TTL).await;
    assert_eq!(enter("short", TTL).await, Write::Done);
    assert_eq!(enter("long", 3 * TTL).await, Write::Done);
    assert_eq!(enter("third", TTL).await, Write::Refused);
    assert_eq!(enter("short", TTL).await, Write::Done);
    // The set lives as long as its longest member: the short one's end must not take it along.
    place.live_out("set", 3 * TTL).await;
    assert_eq!(enter("third", TTL).await, Write::Done);
    assert_eq!(enter("fourth", TTL).await, Write::Done);
}

async fn an_index_answers_by_moment(place: &dyn Place) {
    let (store, replica) = (place.open(), place.open());
    let at = |seconds| OffsetDateTime::UNIX_EPOCH + Duration::from_secs(seconds);
    assert!(store.noted("index", at(9), 9).await.unwrap().is_empty(), "there is no index");
    store.note("index", "third", at(3)).await.unwrap();
    store.note("index", "first", at(1)).await.unwrap();
    replica.note("index", "second", at(2)).await.unwrap();
    store.note("other index", "zeroth", at(0)).await.unwrap();
    assert_eq!(store.noted("index", at(2), 9).await.unwrap(), ["first", "second"]);
    assert_eq!(replica.noted("index", at(3), 2).await.unwrap(), ["first", "second"]);
    assert!(store.noted("index", at(0), 9).await.unwrap().is_empty());
    replica.note("index", "first", at(4)).await.unwrap();
    assert_eq!(store.noted("index", at(9), 9).await.unwrap(), ["second", "third", "first"]);
    replica.unnote("index", "second").await.unwrap();
    store.unnote("index", "second").await.unwrap();
    store.unnote("no index", "second").await.unwrap();
    assert_eq!(store.noted("index", at(9), 9).await.unwrap(), ["third", "first"]);
}

/// Fifty replicas, each on its own thread and, in Redis, on its own connection.
fn one_of_fifty_swaps_is_done(place: &dyn Place) {
    block_on(async { place.open().put("record", b"seen", TTL).await.unwrap() });
    let (start, done) = (Barrier::new(50), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for replica in 0..50_u8 {
            let (start, done) = (&start, &done);
            scope.spawn(move || {
                block_on(async {
                    let store = place.open();
                    store.ping().await.unwrap();
                    start.wait();
                    if store.swap("record", b"seen", &[replica], TTL).await.unwrap() == Write::Done {
                        done.lock().unwrap().push(vec![replica]);
                    }
                });
            });
        }
    });
    let written = block_on(async { place.open().get("record").await.unwrap() });
    assert_eq!(*done.lock().unwrap(), written.into_iter().collect::<Vec<_>>());
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    actix_rt::Runtime::new().unwrap().block_on(future)
}

macro_rules! over_every_store {
    ($($test:ident),*) => {
        mod in_memory {
            $(#[actix_web::test] async fn $test() { super::$test(&super::InMemory::start()).await; })*
            #[test] fn one_of_fifty_swaps_is_done() { super::one_of_fifty_swaps_is_done(&super::InMemory::start()); }
        }
        mod in_redis {
            use super::*;
            $(#[actix_web::test] async fn $test() { super::$test(&InRedis(RedisServer::start())).await; })*
            #[test] fn one_of_fifty_swaps_is_done() { super::one_of_fifty_swaps_is_done(&InRedis(RedisServer::start())); }
        }
    };
}

over_every_store!(
    a_new_record_is_written_once,
    a_record_is_any_bytes_and_deleted_for_good,
    a_swap_needs_what_was_seen,
    a_set_takes_no_more_than_its_limit,
    a_member_leaves_a_set_when_its_time_is_over,
    an_index_answers_by_moment
);
