//! The contract of every store: the same tests over memory, a file, a real Redis, and one with a replica and a sentinel.

mod place;

use std::sync::{Barrier, Mutex};
use std::time::Duration;

use time::OffsetDateTime;

pub use self::place::ChosenClock;
use self::place::{InFile, InMemory, InRedis, Place};
use super::{HeldLock, Names, Noted, Swap};

const TTL: Duration = Duration::from_mins(10);

async fn a_new_record_is_written_once(place: &dyn Place) {
    let (store, replica) = (place.open(), place.open());
    assert_eq!(store.put_new("record", b"first", TTL).await.unwrap(), Swap::Done);
    assert_eq!(replica.put_new("record", b"second", TTL).await.unwrap(), Swap::Conflict);
    assert_eq!(replica.get("record").await.unwrap().as_deref(), Some(&b"first"[..]));
    place.live_out("record", TTL).await;
    assert_eq!(store.get("record").await.unwrap(), None);
    assert_eq!(store.put_new("record", b"third", TTL).await.unwrap(), Swap::Done);
}

async fn a_record_is_any_bytes_and_deleted_for_good(place: &dyn Place) {
    let store = place.open();
    let bytes: Vec<u8> = (0..=255).collect();
    store.put("record", b"before", TTL).await.unwrap();
    store.put("record", &bytes, 2 * TTL).await.unwrap();
    assert_eq!(store.get("record").await.unwrap(), Some(bytes.clone()));
    assert_eq!(store.swap("record", &bytes, b"", 2 * TTL).await.unwrap(), Swap::Done);
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
    assert_eq!(store.swap("record", b"", b"new", TTL).await.unwrap(), Swap::Conflict, "there is no record");
    store.put("record", b"seen", TTL).await.unwrap();
    assert_eq!(store.swap("record", b"unseen", b"new", TTL).await.unwrap(), Swap::Conflict);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"seen"[..]));
    assert_eq!(store.swap("record", b"seen", b"new", 3 * TTL).await.unwrap(), Swap::Done);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"new"[..]));
    place.live_out("record", 3 * TTL).await;
    assert_eq!(store.swap("record", b"new", b"newer", TTL).await.unwrap(), Swap::Conflict, "it has run out");
    assert_eq!(store.get("record").await.unwrap(), None);
}

async fn a_write_under_a_lock_needs_the_lock_and_what_was_seen(place: &dyn Place) {
    let (store, replica) = (place.open(), place.open());
    let write = async |owner, seen| {
        let held = HeldLock { lock: "lock", owner, life: 2 * TTL };
        replica.swap_under(held, "record", seen, b"new", 10 * TTL).await.unwrap()
    };
    store.put("record", b"seen", 10 * TTL).await.unwrap();
    assert_eq!(write(b"me", b"seen").await, Swap::Conflict, "there is no lock");
    store.put("lock", b"me", TTL).await.unwrap();
    assert_eq!(write(b"you", b"seen").await, Swap::Conflict);
    assert_eq!(write(b"me", b"unseen").await, Swap::Conflict);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"seen"[..]));
    // A refused write did not renew the lock either.
    place.live_out("lock", TTL).await;
    store.put("lock", b"me", TTL).await.unwrap();
    assert_eq!(write(b"me", b"seen").await, Swap::Done);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"new"[..]));
    place.live_out("lock", 2 * TTL).await;
    store.put("record", b"seen", 10 * TTL).await.unwrap();
    assert_eq!(write(b"me", b"seen").await, Swap::Conflict, "the lock has run out");
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"seen"[..]));
}

async fn what_was_not_seen_is_not_deleted(place: &dyn Place) {
    let store = place.open();
    assert_eq!(store.delete_seen("record", b"").await.unwrap(), Swap::Conflict, "there is no record");
    store.put("record", b"seen", TTL).await.unwrap();
    assert_eq!(store.delete_seen("record", b"unseen").await.unwrap(), Swap::Conflict);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"seen"[..]));
    assert_eq!(store.delete_seen("record", b"seen").await.unwrap(), Swap::Done);
    assert_eq!(store.get("record").await.unwrap(), None);
}

async fn a_swap_that_was_done_is_done_again(place: &dyn Place) {
    let store = place.open();
    store.put("record", b"seen", TTL).await.unwrap();
    store.put("lock", b"owner", TTL).await.unwrap();
    let swap = async |value| store.swap("record", b"seen", value, TTL).await.unwrap();
    assert_eq!(
        (swap(b"new").await, swap(b"new").await, swap(b"other").await),
        (Swap::Done, Swap::Done, Swap::Conflict)
    );
    let held = HeldLock { lock: "lock", owner: b"owner", life: 2 * TTL };
    let swap_under =
        async |seen, value, ttl| store.swap_under(held, "record", seen, value, ttl).await.unwrap();
    assert_eq!(swap_under(b"new", b"newer", TTL).await, Swap::Done);
    store.put("lock", b"another", TTL).await.unwrap();
    assert_eq!(swap_under(b"newer", b"newest", TTL).await, Swap::Conflict);
    assert_eq!(swap_under(b"new", b"newer", 2 * TTL).await, Swap::Done);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"newer"[..]));
    // Another owner has the lock, so its time to live must not change.
    place.live_out("lock", TTL).await;
    assert_eq!(store.get("lock").await.unwrap(), None);
}

async fn a_set_takes_no_more_than_its_limit(place: &dyn Place) {
    let (store, replica) = (place.open(), place.open());
    let enter = async |member, ttl| store.enter("set", member, ttl, 2).await.unwrap();
    assert_eq!(enter("one", TTL).await, Swap::Done);
    assert_eq!(replica.enter("set", "two", TTL, 2).await.unwrap(), Swap::Done);
    assert_eq!(enter("three", TTL).await, Swap::Conflict);
    assert_eq!(replica.enter("other set", "three", TTL, 2).await.unwrap(), Swap::Done);
    assert_eq!(enter("one", 2 * TTL).await, Swap::Done, "who is in enters again");
    replica.leave("set", "two").await.unwrap();
    replica.leave("set", "two").await.unwrap();
    replica.leave("no set", "two").await.unwrap();
    assert_eq!(enter("three", TTL).await, Swap::Done);
    assert_eq!(enter("four", TTL).await, Swap::Conflict);
}

async fn a_set_names_its_members_in_the_order_in_which_they_end(place: &dyn Place) {
    let (store, replica) = (place.open(), place.open());
    let enter = async |member, ttl| store.enter("set", member, ttl, 9).await.unwrap();
    assert!(store.members("set").await.unwrap().is_empty(), "there is no set");
    for (member, ttl) in [("b", 3 * TTL), ("c", TTL), ("a", 2 * TTL)] {
        assert_eq!(enter(member, ttl).await, Swap::Done);
    }
    assert_eq!(replica.members("set").await.unwrap(), ["c", "a", "b"]);
    assert_eq!(enter("c", 4 * TTL).await, Swap::Done);
    store.leave("set", "a").await.unwrap();
    assert_eq!(replica.members("set").await.unwrap(), ["b", "c"]);
}

async fn a_member_leaves_a_set_when_its_time_is_over(place: &dyn Place) {
    let store = place.open();
    let enter = async |member, ttl| store.enter("set", member, ttl, 2).await.unwrap();
    assert_eq!(enter("long", 2 * TTL).await, Swap::Done);
    place.live_out("set", 2 * TTL).await;
    assert_eq!(enter("short", TTL).await, Swap::Done);
    assert_eq!(enter("long", 3 * TTL).await, Swap::Done);
    assert_eq!(enter("third", TTL).await, Swap::Conflict);
    assert_eq!(enter("short", TTL).await, Swap::Done);
    // The set lives as long as its longest member: the short one's end must not remove it.
    place.live_out("set", 3 * TTL).await;
    assert_eq!(enter("third", TTL).await, Swap::Done);
    assert_eq!(enter("fourth", TTL).await, Swap::Done);
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
    assert_eq!(store.noted_at("index", "first").await.unwrap(), Some(at(4)));
    assert_eq!(replica.noted_at("index", "zeroth").await.unwrap(), None);
    replica.unnote("index", "second").await.unwrap();
    store.unnote("index", "second").await.unwrap();
    store.unnote("no index", "second").await.unwrap();
    assert_eq!(store.noted("index", at(9), 9).await.unwrap(), ["third", "first"]);
}

async fn a_lock_is_given_back_by_its_owner_only(place: &dyn Place) {
    let store = place.open();
    store.put("lock", b"me", TTL).await.unwrap();
    assert_eq!(store.release("lock", b"you").await.unwrap(), Swap::Conflict);
    assert_eq!(store.get("lock").await.unwrap().as_deref(), Some(&b"me"[..]));
    assert_eq!(store.release("lock", b"me").await.unwrap(), Swap::Done);
    assert_eq!(store.get("lock").await.unwrap(), None);
    assert_eq!(store.release("lock", b"me").await.unwrap(), Swap::Conflict);
}

async fn a_record_lives_on_as_it_is(place: &dyn Place) {
    let store = place.open();
    store.live_on("record", TTL).await.unwrap();
    assert_eq!(store.get("record").await.unwrap(), None);
    store.put("record", b"value", TTL).await.unwrap();
    store.live_on("record", 3 * TTL).await.unwrap();
    place.live_out("record", 3 * TTL).await;
    assert_eq!(store.get("record").await.unwrap(), None);
    store.live_on("record", TTL).await.unwrap();
    assert_eq!(store.get("record").await.unwrap(), None, "it has run out");
}

async fn an_index_is_read_in_pages(place: &dyn Place) {
    let store = place.open();
    let at = |seconds| OffsetDateTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let expected: Vec<_> = (0..10)
        .map(|number: u64| Noted { at: at(1 + number / 4), member: format!("member-{number}") })
        .collect();
    for entry in &expected {
        store.note("index", &entry.member, entry.at).await.unwrap();
    }
    // With a page smaller than the number of entries of one time, and a larger one.
    for limit in [1, 3, 7, 20] {
        let (mut read, mut after) = (Vec::new(), Noted::from(at(0)));
        loop {
            let page = store.noted_after("index", &after, at(2), limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = last.clone();
            read.extend(page);
        }
        assert_eq!(read, expected[..8], "in pages of {limit}");
    }
    let second = &expected[1];
    store.unnote("index", &second.member).await.unwrap();
    assert_eq!(store.noted_after("index", second, at(9), 20).await.unwrap(), expected[2..]);
    let late = Noted::from(at(9));
    assert!(store.noted_after("index", &late, at(99), 2).await.unwrap().is_empty());
    assert!(store.noted_after("no index", &Noted::from(at(0)), at(9), 2).await.unwrap().is_empty());
}

async fn an_index_is_read_by_name(place: &dyn Place) {
    let store = place.open();
    let at = OffsetDateTime::UNIX_EPOCH;
    store.note_all("index", &[], at).await.unwrap();
    let members = ["b|2", "a|1", "b|1", "b-c|1", "c|1"].map(str::to_owned);
    store.note_all("index", &members, at).await.unwrap();
    store.note("index", "b|3", at).await.unwrap();
    let named =
        async |after, before, limit| store.named("index", Names { after, before }, limit).await.unwrap();
    assert_eq!(named("", None, 9).await, ["a|1", "b-c|1", "b|1", "b|2", "b|3", "c|1"]);
    assert_eq!(named("b|", Some("b}"), 9).await, ["b|1", "b|2", "b|3"]);
    assert_eq!(named("b|", Some("b}"), 2).await, ["b|1", "b|2"]);
    assert_eq!(named("b|2", Some("b}"), 2).await, ["b|3"]);
    store.unnote("index", "b|3").await.unwrap();
    assert!(named("b|2", Some("b}"), 2).await.is_empty());
    assert!(store.named("no index", Names { after: "", before: None }, 9).await.unwrap().is_empty());
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
                    if store.swap("record", b"seen", &[replica], TTL).await.unwrap() == Swap::Done {
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
        mod in_file {
            $(#[actix_web::test] async fn $test() { super::$test(&super::InFile::start()).await; })*
            #[test] fn one_of_fifty_swaps_is_done() { super::one_of_fifty_swaps_is_done(&super::InFile::start()); }
        }
        mod in_redis {
            use super::*;
            $(#[actix_web::test] async fn $test() { super::$test(&InRedis::start()).await; })*
            #[test] fn one_of_fifty_swaps_is_done() { super::one_of_fifty_swaps_is_done(&InRedis::start()); }
        }
        mod in_redis_with_sentinel {
            use super::*;
            $(#[actix_web::test] async fn $test() { super::$test(&InRedis::start_with_sentinel()).await; })*
            #[test] fn one_of_fifty_swaps_is_done() {
                super::one_of_fifty_swaps_is_done(&InRedis::start_with_sentinel());
            }
        }
    };
}

over_every_store!(
    a_new_record_is_written_once,
    a_record_is_any_bytes_and_deleted_for_good,
    a_swap_needs_what_was_seen,
    a_write_under_a_lock_needs_the_lock_and_what_was_seen,
    what_was_not_seen_is_not_deleted,
    a_swap_that_was_done_is_done_again,
    a_set_takes_no_more_than_its_limit,
    a_set_names_its_members_in_the_order_in_which_they_end,
    a_member_leaves_a_set_when_its_time_is_over,
    a_lock_is_given_back_by_its_owner_only,
    a_record_lives_on_as_it_is,
    an_index_answers_by_moment,
    an_index_is_read_in_pages,
    an_index_is_read_by_name
);
