//! A way to Redis on which a login that is new is written, and the answer to that is lost with its connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::harness::redis_server::RedisServer;

/// How the record of a login begins.
const LOGIN: &[u8] = b"cluster-auth:login:{";

/// How a command begins that writes a record.
const SET: &[u8] = b"$3\r\nSET\r\n";

/// An address in front of Redis; it serves until the test's process ends.
pub struct LostAnswers {
    pub url: String,
    count: Arc<AtomicUsize>,
}

impl LostAnswers {
    /// Passes everything on but so many of those answers.
    pub fn before(redis: &RedisServer, most: usize) -> Self {
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
    pub fn count(&self) -> usize {
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
