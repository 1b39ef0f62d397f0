//! People that watch, and people that read.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::parts::Parts;
use crate::harness::clients::api::agent;

const PODS: &str = "/api/cluster-auth/clusters/dev/proxy/api/v1/namespaces/team-a/pods";

/// Longer than an event is on its way, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A reader needs little of it.
const STACK: usize = 512 << 10;

/// Opens so many watches a user; each has had its first event.
pub fn open_watches(parts: &Parts, users: &[String], each: usize) -> Vec<TcpStream> {
    let url = &parts.backend.url;
    let opening = |token: &String| {
        let token = token.clone();
        move || (0..each).map(|_| open_watch(url, &token)).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let opening: Vec<_> = users.iter().map(|token| scope.spawn(opening(token))).collect();
        opening.into_iter().flat_map(|watches| watches.join().unwrap()).collect()
    })
}

fn open_watch(backend_url: &str, token: &str) -> TcpStream {
    let mut watch = TcpStream::connect(backend_url.strip_prefix("http://").unwrap()).unwrap();
    watch.set_read_timeout(Some(TIMEOUT)).unwrap();
    let head =
        format!("GET {PODS}?watch=true HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
    watch.write_all(head.as_bytes()).unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while !seen.windows(5).any(|window| window == b"web-1") {
        let count = watch.read(&mut buffer).unwrap();
        assert!(count > 0, "no watch: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..count]);
    }
    watch
}

/// Has each reader read so often, all at once, and does something else meanwhile. The time of the slowest read.
pub fn read_beside(parts: &Parts, readers: &[String], times: usize, meanwhile: impl FnOnce()) -> Duration {
    let together = Barrier::new(readers.len() + 1);
    let url = format!("{}{PODS}", parts.backend.url);
    let reading = |token: &String| {
        let bearer = format!("Bearer {token}");
        let (url, together) = (&url, &together);
        move || {
            let agent = agent();
            together.wait();
            let read = |_| {
                let began = Instant::now();
                let mut answer = agent.get(url).header("authorization", &bearer).call().unwrap();
                let text = answer.body_mut().read_to_string().unwrap();
                assert!(answer.status() == 200 && text.contains("web-1"), "{}: {text}", answer.status());
                began.elapsed()
            };
            (0..times).map(read).max().unwrap_or_default()
        }
    };
    std::thread::scope(|scope| {
        let start = |token| {
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, reading(token)).unwrap()
        };
        let reading: Vec<_> = readers.iter().map(start).collect();
        together.wait();
        meanwhile();
        reading.into_iter().map(|reader| reader.join().unwrap()).max().unwrap_or_default()
    })
}
