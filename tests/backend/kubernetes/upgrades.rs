//! Upgraded connections, which exec, attach, port-forward and cp use: what passes, byte for byte both ways, and what never does.

mod answers;
mod audited;
mod ends;
mod over_tls;
pub mod raw_api;
mod refusals;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use self::raw_api::{Arrived, RawApi};
use super::Connected;
use super::many_streams::gauge;
use crate::harness::clients::raw_http;
use crate::harness::programs::backend::Backend;

const EXEC: &str =
    "/api/cluster-auth/clusters/dev/proxy/api/v1/namespaces/team-a/pods/web-0/exec?command=sh&stdin=true";

/// What kubectl asks for, in its three ways, and what an API server answers.
const WAYS: [(&str, &str, &str); 3] = [
    (
        "GET",
        "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\
         sec-websocket-protocol: v5.channel.k8s.io, v4.channel.k8s.io\r\n",
        "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         sec-websocket-protocol: v5.channel.k8s.io\r\n",
    ),
    (
        "POST",
        "connection: Upgrade\r\nupgrade: SPDY/3.1\r\nx-stream-protocol-version: v4.channel.k8s.io\r\ncontent-length: 0\r\n",
        "connection: Upgrade\r\nupgrade: SPDY/3.1\r\nx-stream-protocol-version: v4.channel.k8s.io\r\n",
    ),
    (
        "GET",
        "connection: keep-alive, upgrade\r\nupgrade: spdy/3.1\r\n",
        "connection: upgrade\r\nupgrade: SPDY/3.1\r\n",
    ),
];

const WEBSOCKET: (&str, &str, &str) = WAYS[0];
const SPDY: (&str, &str, &str) = WAYS[1];

/// Felix, who may do anything at a cluster behind raw sockets.
struct Scene {
    connected: Connected,
    api: RawApi,
    backend: Backend,
}

impl Scene {
    fn new(test: &str) -> Self {
        Self::with(test, &[("USER_TOKENS", "full")])
    }

    fn with(test: &str, settings: &[(&str, &str)]) -> Self {
        let connected = Connected::new(test);
        let api = RawApi::start();
        let plan =
            connected.here.plan.clone().without("KUBERNETES_CA_FILE").with("KUBERNETES_API_URL", &api.url);
        let plan = settings.iter().fold(plan, |plan, (name, value)| plan.with(name, value));
        let backend = plan.with("RUST_LOG", "debug").start();
        connected.here.api(&backend).log_in(&connected.here.idp, "felix");
        Self { connected, api, backend }
    }

    /// Sends the request of one way, and bytes right behind it.
    fn ask(&self, (method, asks, _): (&str, &str, &str), behind: &str) -> TcpStream {
        ask(&self.backend, method, asks, behind)
    }

    /// Both ends of a connection that was upgraded in one of the ways.
    fn upgraded(&self, way: (&str, &str, &str)) -> (TcpStream, Arrived) {
        let mut caller = self.ask(way, "");
        let mut arrived = self.api.next();
        arrived.switches(way.2, "");
        assert!(read_head(&mut caller).starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
        (caller, arrived)
    }
}

fn ask(backend: &Backend, method: &str, headers: &str, behind: &str) -> TcpStream {
    raw_http::begin(
        &backend.url,
        &format!("{method} {EXEC} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n{behind}"),
    )
}

/// Reads the head of an answer, and nothing of what follows it.
fn read_head(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(read_exactly(connection, 1));
    }
    String::from_utf8(head).unwrap()
}

fn read_exactly(connection: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    connection.read_exact(&mut bytes).unwrap();
    bytes
}

fn read_to_end(connection: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    connection.read_to_end(&mut rest).unwrap();
    String::from_utf8(rest).unwrap()
}

/// Waits for an end, also by a reset; where nothing comes in time there is none.
fn is_ended(connection: &mut TcpStream) -> bool {
    match connection.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn bytes_pass_both_ways_and_each_end_on_its_own() {
    let scene = Scene::new("upgrade_both_ways");
    for way in WAYS {
        let mut caller = scene.ask(way, "early");
        let mut arrived = scene.api.next();
        // What follows the head would be a request to a server that does not switch.
        arrived.expect_silence();
        arrived.switches(way.2, "hello");
        let head = read_head(&mut caller).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101 switching protocols\r\n"), "{head}");
        for line in way.2.to_ascii_lowercase().lines().filter(|line| !line.starts_with("connection")) {
            assert!(head.contains(&format!("\r\n{line}\r\n")), "{line} is missing: {head}");
        }
        assert!(head.contains("\r\nconnection: upgrade\r\n"), "{head}");
        assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{head}");
        assert_eq!(read_exactly(&mut caller, 5), b"hello");
        assert_eq!(read_exactly(&mut arrived.connection, 5), b"early");
        assert_eq!(gauge(&scene.backend), 1);
        // What would be a request and the end of chunks, before.
        caller.write_all(b"GET / HTTP/1.1\r\n\r\n\0\xff").unwrap();
        assert_eq!(read_exactly(&mut arrived.connection, 20), b"GET / HTTP/1.1\r\n\r\n\0\xff");
        arrived.connection.write_all(b"0\r\n\r\n").unwrap();
        assert_eq!(read_exactly(&mut caller, 5), b"0\r\n\r\n");
        caller.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&mut arrived.connection), "");
        arrived.connection.write_all(b"after its end").unwrap();
        drop(arrived);
        assert_eq!(read_to_end(&mut caller), "after its end");
        scene.wait_until_open(0);
    }
}

#[test]
fn the_api_may_end_its_way_first() {
    let scene = Scene::new("upgrade_api_ends");
    for way in WAYS {
        let (mut caller, mut arrived) = scene.upgraded(way);
        arrived.connection.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&mut caller), "");
        caller.write_all(b"still").unwrap();
        assert_eq!(read_exactly(&mut arrived.connection, 5), b"still");
        drop(caller);
        assert_eq!(read_to_end(&mut arrived.connection), "");
        scene.wait_until_open(0);
    }
}

#[test]
fn an_upgrade_may_follow_other_requests_on_its_connection() {
    let scene = Scene::new("upgrade_kept_connection");
    let before = format!(
        "GET /api/cluster-auth/info HTTP/1.1\r\nhost: localhost\r\n\r\n\
         POST /api/cluster-auth/register HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n\
         POST {EXEC} HTTP/1.1\r\nhost: localhost\r\n{}\r\nearly",
        SPDY.1
    );
    let mut caller = raw_http::begin(&scene.backend.url, &before);
    for _ in 0..2 {
        let head = read_head(&mut caller);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        read_exactly(&mut caller, length.parse().unwrap());
    }
    let mut arrived = scene.api.next();
    arrived.switches(SPDY.2, "");
    assert!(read_head(&mut caller).starts_with("HTTP/1.1 101 "));
    assert_eq!(read_exactly(&mut arrived.connection, 5), b"early");
}

/// More than the buffers of four sockets and ours hold.
const MORE_THAN_FITS: usize = 64 << 20;

/// Another byte at each place of a while.
fn pattern() -> Vec<u8> {
    (0..1 << 16).map(|at: u32| at.to_le_bytes()[1] ^ at.to_le_bytes()[0]).collect()
}

/// Sends as much as a side that is not read can send, and says how much that is.
fn fill(from: &mut TcpStream) -> usize {
    let chunk = pattern();
    from.set_nonblocking(true).unwrap();
    let (mut sent, mut last) = (0, Instant::now());
    // A second without room is an end: whatever fits has found its place by then.
    while last.elapsed() < Duration::from_secs(1) && sent < MORE_THAN_FITS {
        match from.write(&chunk[sent % chunk.len()..]) {
            Ok(count) => {
                sent += count;
                last = Instant::now();
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    assert!(sent < MORE_THAN_FITS, "all of {sent} bytes are kept on the way");
    from.set_nonblocking(false).unwrap();
    sent
}

/// Reads that, to the last byte.
fn read_filled(to: &mut TcpStream, sent: usize) {
    let (chunk, mut got) = (pattern(), 0);
    while got < sent {
        let bytes = read_exactly(to, (sent - got).min(chunk.len() - got % chunk.len()));
        assert!(bytes == chunk[got % chunk.len()..][..bytes.len()], "other bytes at {got}");
        got += bytes.len();
    }
}

#[test]
fn a_side_that_does_not_read_holds_the_other_back() {
    let scene = Scene::new("upgrade_backpressure");
    let (mut caller, mut arrived) = scene.upgraded(SPDY);
    let sent = fill(&mut caller);
    read_filled(&mut arrived.connection, sent);
    let sent = fill(&mut arrived.connection);
    read_filled(&mut caller, sent);
    // And a caller that sends more than it may before its upgrade is answered.
    let mut early = scene.ask(WEBSOCKET, "");
    let mut arrived = scene.api.next();
    let behind = "x".repeat(1 << 20);
    let sender = {
        let (mut early, behind) = (early.try_clone().unwrap(), behind.clone());
        std::thread::spawn(move || early.write_all(behind.as_bytes()).unwrap())
    };
    arrived.switches(WEBSOCKET.2, "");
    assert!(read_head(&mut early).starts_with("HTTP/1.1 101 "));
    assert!(read_exactly(&mut arrived.connection, behind.len()) == behind.as_bytes());
    sender.join().unwrap();
}
