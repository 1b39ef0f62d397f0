//! All that a replica holds at once: watches, exec sessions, and a long log that passes by.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::parts::Parts;

const ECHO: &str = "/api/cluster-auth/clusters/dev/proxy/echo";

/// What a session sends at a time: more than a tunnel's buffer.
const SENT: usize = 64 << 10;

/// Longer than bytes are on their way, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Longer than the allocator keeps what is free.
const AT_REST_WITHIN: Duration = Duration::from_secs(5);
/// Longer than the ends of all connections take on a busy machine.
const ENDED_WITHIN: Duration = Duration::from_mins(2);
/// Longer than idle connections to the API server are kept: hyper looks every 30 s for those that have been idle for 30 s.
const SETTLED_WITHIN: Duration = Duration::from_secs(75);

/// Opens so many upgraded connections a user; over each bytes have passed both ways, over all at the same time.
pub fn open_sessions(parts: &Parts, users: &[String], each: usize) -> Vec<TcpStream> {
    let url = &parts.backend.url;
    let opening = |token: &String| {
        let token = token.clone();
        move || {
            let mut sessions: Vec<_> = (0..each).map(|_| open_session(url, &token)).collect();
            pass_both_ways(&mut sessions);
            sessions
        }
    };
    std::thread::scope(|scope| {
        let opening: Vec<_> = users.iter().map(|token| scope.spawn(opening(token))).collect();
        opening.into_iter().flat_map(|sessions| sessions.join().unwrap()).collect()
    })
}

fn begin(backend_url: &str, request: &str, token: &str) -> TcpStream {
    let mut connection = TcpStream::connect(backend_url.strip_prefix("http://").unwrap()).unwrap();
    connection.set_read_timeout(Some(TIMEOUT)).unwrap();
    let head = format!("{request}host: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
    connection.write_all(head.as_bytes()).unwrap();
    connection
}

fn open_session(backend_url: &str, token: &str) -> TcpStream {
    let upgrade = "connection: Upgrade\r\nupgrade: SPDY/3.1\r\ncontent-length: 0\r\n";
    let mut session = begin(backend_url, &format!("POST {ECHO}/upgrade HTTP/1.1\r\n{upgrade}"), token);
    let head = read_head(&mut session);
    assert!(head.starts_with("HTTP/1.1 101 "), "no session: {head}");
    session
}

fn read_head(connection: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Sends over all, and only then reads what comes back.
fn pass_both_ways(sessions: &mut [TcpStream]) {
    let (sent, mut back) = (vec![b'x'; SENT], vec![0; SENT]);
    for session in &mut *sessions {
        session.write_all(&sent).unwrap();
    }
    for session in sessions {
        session.read_exact(&mut back).unwrap();
        assert!(back == sent, "other bytes came back");
    }
}

/// Reads a log of so many parts of 64 KiB to its end; its bytes.
pub fn read_log(parts: &Parts, token: &str, length: usize) -> usize {
    let request = format!("GET {ECHO}/flood?follow=true&parts={length} HTTP/1.1\r\nconnection: close\r\n");
    let mut log = begin(&parts.backend.url, &request, token);
    let head = read_head(&mut log);
    assert!(head.starts_with("HTTP/1.1 200 "), "no log: {head}");
    let (mut buffer, mut read) = (vec![0; 256 << 10], 0);
    loop {
        match log.read(&mut buffer).unwrap() {
            0 => return read,
            count => read += count,
        }
    }
}

/// Waits until all streams have ended, and then until the backend's memory is back below this, or for as long as it may take; where it
/// is then.
pub fn settle(parts: &Parts, below_kib: u64) -> u64 {
    wait(ENDED_WITHIN, || parts.streams() == 0);
    assert_eq!(parts.streams(), 0, "streams stay open without their callers");
    wait(SETTLED_WITHIN, || parts.resident_kib() <= below_kib);
    parts.resident_kib()
}

/// The backend's memory once it is at rest below this, or after as long as it may take: what is free goes back a second later.
pub fn at_rest(parts: &Parts, below_kib: u64) -> u64 {
    wait(AT_REST_WITHIN, || parts.resident_kib() <= below_kib);
    parts.resident_kib()
}

/// Neither is an event here.
fn wait(within: Duration, until: impl Fn() -> bool) {
    let deadline = Instant::now() + within;
    while !until() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(500));
    }
}
