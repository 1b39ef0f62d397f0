//! A login is written, and the answer to that is lost with its connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::FELIX;
use crate::harness::deployment::Deployment;
use crate::harness::peers::redis_server::RedisServer;

/// How the record of a login begins.
const LOGIN: &[u8] = b"cluster-auth:login:{";

/// How a command begins that writes a record.
const SET: &[u8] = b"$3\r\nSET\r\n";

/// A way to Redis on which answers to the write of a new login are lost; it serves until the test's process ends.
struct LostAnswers {
    url: String,
    count: Arc<AtomicUsize>,
}

impl LostAnswers {
    /// Passes everything on but so many of those answers.
    fn before(redis: &RedisServer, most: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let (port, count) = (redis.port(), Arc::<AtomicUsize>::default());
        let counted = Arc::clone(&count);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let redis = TcpStream::connect(("127.0.0.1", port)).unwrap();
                pass_on(client.unwrap(), redis, Arc::clone(&counted), most);
            }
        });
        Self { url, count }
    }

    /// How many were lost.
    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

fn pass_on(client: TcpStream, redis: TcpStream, count: Arc<AtomicUsize>, most: usize) {
    let (to_client, from_redis) = (client.try_clone().unwrap(), redis.try_clone().unwrap());
    let lost = Arc::<AtomicBool>::default();
    let loses = Arc::clone(&lost);
    std::thread::spawn(move || {
        copy(client, redis, |chunk| {
            if holds(chunk, SET) && holds(chunk, LOGIN) {
                loses.store(true, Ordering::SeqCst);
            }
            true
        });
    });
    std::thread::spawn(move || {
        copy(from_redis, to_client, |_| {
            let is_lost = lost.swap(false, Ordering::SeqCst) && count.load(Ordering::SeqCst) < most;
            count.fetch_add(usize::from(is_lost), Ordering::SeqCst);
            !is_lost
        });
    });
}

fn holds(chunk: &[u8], wanted: &[u8]) -> bool {
    chunk.windows(wanted.len()).any(|bytes| bytes == wanted)
}

/// Copies what may pass; with the first that may not, both connections end.
fn copy(mut from: TcpStream, mut to: TcpStream, may_pass: impl Fn(&[u8]) -> bool) {
    let mut chunk = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        if !may_pass(&chunk[..length]) || to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    for end in [from, to] {
        let _ = end.shutdown(Shutdown::Both);
    }
}

/// Logs in while so many of the answers to the write of the login are lost; how many were.
fn login_is_kept_though_answers_are_lost(test: &str, most: usize) -> usize {
    let here = Deployment::new(test).with_redis();
    let lost = LostAnswers::before(&here.redis, most);
    // For so long a login is tried to be written, however often its answer is lost.
    let here = here.with("REDIS_URL", &lost.url).with("IDP_TIMEOUT", "5s").with("EXCHANGE_LEASE", "6s");
    let (_backend, api) = here.start();
    api.log_in(&here.idp, "felix");
    assert_eq!(api.cluster_status()["connected"], true);
    assert_eq!(here.idp.revocations(), 0, "a login is kept and revoked");
    let listed = here.redis.cli(&["ZSCORE", "cluster-auth:logins", &format!("{FELIX}|dev")]);
    assert!(!listed.trim_ascii().is_empty(), "no sweep and no operator finds this login");
    lost.count()
}

#[test]
fn a_login_is_its_own_though_the_answer_to_its_write_was_lost() {
    assert_eq!(login_is_kept_though_answers_are_lost("store_trouble_lost_answer", 1), 1);
}

#[test]
fn a_login_that_the_store_has_is_not_revoked_though_no_answer_said_so() {
    assert!(login_is_kept_though_answers_are_lost("store_trouble_lost_answers", usize::MAX) > 1);
}
