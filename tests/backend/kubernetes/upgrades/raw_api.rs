//! An API server on raw sockets: each connection's request comes as it was sent, and the test is what answers.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::super::many_streams::gauge;
use super::{Scene, read_head};

/// Longer than anything takes here, even on a busy machine, but for the end of a login.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The stand-in.
pub struct RawApi {
    pub url: String,
    arrived: Receiver<Arrived>,
}

/// A request that has come, and its connection.
pub struct Arrived {
    pub head: String,
    pub connection: TcpStream,
}

impl RawApi {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, arrived) = channel();
        std::thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                connection.set_read_timeout(Some(TIMEOUT)).unwrap();
                let head = read_head(&mut connection);
                if sender.send(Arrived { head, connection }).is_err() {
                    return;
                }
            }
        });
        Self { url, arrived }
    }

    /// The next request.
    pub fn next(&self) -> Arrived {
        self.arrived.recv_timeout(TIMEOUT).expect("no request comes")
    }

    /// All requests, as they come.
    pub fn requests(self) -> impl Iterator<Item = Arrived> {
        self.arrived.into_iter()
    }

    /// Nothing has come so far.
    pub fn expect_nothing(&self) {
        assert!(self.arrived.try_recv().is_err(), "a request has come");
    }
}

impl Arrived {
    /// Answers 101 with these headers, and bytes right behind it.
    pub fn switches(&mut self, headers: &str, behind: &str) {
        self.answers(&format!("HTTP/1.1 101 Switching Protocols\r\n{headers}\r\n{behind}"));
    }

    /// Answers with these bytes.
    pub fn answers(&mut self, bytes: &str) {
        self.connection.write_all(bytes.as_bytes()).unwrap();
    }

    /// Nothing more comes for a moment.
    pub fn expect_silence(&mut self) {
        self.connection.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let error = self.connection.read(&mut [0]).map(|_| ()).expect_err("more has come, or its end");
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        self.connection.set_read_timeout(Some(TIMEOUT)).unwrap();
    }

    /// The headers, lower case, sorted, without those that say nothing here.
    pub fn headers(&self) -> Vec<String> {
        let lines = self.head.lines().skip(1).filter(|line| !line.is_empty());
        let mut headers: Vec<_> = lines.map(str::to_owned).collect();
        headers.retain(|line| !["host:", "x-request-id:"].iter().any(|name| line.starts_with(name)));
        headers.sort();
        headers
    }
}

impl Scene {
    /// Waits until so many streams are open.
    pub fn wait_until_open(&self, count: u64) {
        let deadline = Instant::now() + TIMEOUT;
        while gauge(&self.backend) != count {
            assert!(Instant::now() < deadline, "{} are open, not {count}", gauge(&self.backend));
        }
    }
}
