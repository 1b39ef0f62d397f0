//! A way to Redis on which the first login that is asked for is answered only when others are asked for, too.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use crate::harness::peers::redis_server::RedisServer;

/// How the record of a login begins.
const LOGIN: &[u8] = b"cluster-auth:login:{";

/// How many logins were asked for, and the connections that wait for more.
type Asked = Arc<(Mutex<usize>, Condvar)>;

/// An address in front of Redis; it serves until the test's process ends.
pub struct Gate {
    pub url: String,
}

impl Gate {
    /// Answers when that many logins are asked for.
    pub fn before(redis: &RedisServer, together: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let (port, asked) = (redis.port(), Asked::default());
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let redis = TcpStream::connect(("127.0.0.1", port)).unwrap();
                pass_on(client.unwrap(), redis, &asked, together);
            }
        });
        Self { url }
    }
}

fn pass_on(client: TcpStream, redis: TcpStream, asked: &Asked, together: usize) {
    let (to_client, from_redis) = (client.try_clone().unwrap(), redis.try_clone().unwrap());
    let (questions, answers) = (Arc::clone(asked), Arc::clone(asked));
    std::thread::spawn(move || {
        copy(client, &redis, |chunk| {
            *questions.0.lock().unwrap() +=
                chunk.windows(LOGIN.len()).filter(|bytes| *bytes == LOGIN).count();
            questions.1.notify_all();
        });
    });
    std::thread::spawn(move || {
        copy(from_redis, &to_client, |_| {
            let asked = answers.0.lock().unwrap();
            drop(answers.1.wait_while(asked, |asked| (1..together).contains(asked)).unwrap());
        });
    });
}

fn copy(mut from: TcpStream, mut to: &TcpStream, look_at: impl Fn(&[u8])) {
    let mut chunk = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        look_at(&chunk[..length]);
        if to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
