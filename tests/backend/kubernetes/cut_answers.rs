//! An answer that the API server cut short reaches the client as cut, wherever it was cut; and what is not the answer never
//! becomes it.

use std::io::Read;

use super::Connected;
use super::canned_api::CannedApi;
use crate::harness::clients::raw_http;
use crate::harness::programs::backend::Backend;

const PATH: &str = "/api/cluster-auth/clusters/dev/proxy/api/v1/pods";

/// What a client makes of an answer.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    /// All of it, with that status and body.
    Whole(u16, Vec<u8>),
    /// Less than its head promised.
    Cut,
}

impl Got {
    /// Reads an answer as RFC 9112, 6.3 has it.
    fn read(method: &str, answer: &[u8]) -> Self {
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Self::Cut };
        let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = &answer[end + 4..];
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if method == "HEAD" || matches!(status, 204 | 304) {
            assert!(body.is_empty(), "a body where none may be");
            return Self::Whole(status, Vec::new());
        }
        if let Some(length) = header("content-length:") {
            assert_eq!(header("transfer-encoding:"), None);
            return if body.len() < length.parse::<usize>().unwrap() {
                Self::Cut
            } else {
                Self::Whole(status, body.to_vec())
            };
        }
        assert_eq!(header("transfer-encoding:"), Some("chunked"), "nothing says where the body ends: {head}");
        unchunked(body).map_or(Self::Cut, |body| Self::Whole(status, body))
    }
}

/// The body of chunks (RFC 9112, 7.1); none where the last one is missing.
fn unchunked(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = chunks.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..line]).ok()?, 16).ok()?;
        let chunk = chunks.get(line + 2..line + 4 + length)?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..length]);
        chunks = &chunks[line + 4 + length..];
    }
}

fn ask(backend: &Backend, method: &str) -> Vec<u8> {
    let head = format!("{method} {PATH} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let mut answer = Vec::new();
    // A reset is an end, too.
    let _ = raw_http::begin(&backend.url, &head).read_to_end(&mut answer);
    answer
}

/// `pods`, in gzip (RFC 1952).
const GZIPPED: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\x2b\xc8\x4f\x29\x06\0\xb8\x7d\x6d\xc1\x04\0\0\0";

/// A request's method, an answer's head without the empty line, its status, its body, and what the client shall make of that.
type Case = (&'static str, &'static str, u16, Vec<u8>, Vec<u8>);

fn answers() -> Vec<Case> {
    let gzip_chunks = [b"A\r\n", &GZIPPED[..10], b"\r\ne\r\n", &GZIPPED[10..], b"\r\n0\r\n\r\n"].concat();
    let chunks = b"4\r\npods\r\n1;x=y\r\n!\r\n0\r\n\r\n".to_vec();
    vec![
        ("GET", "200 OK\r\ntransfer-encoding: chunked", 200, chunks.clone(), b"pods!".to_vec()),
        ("GET", "404 Not Found\r\ntransfer-encoding: chunked", 404, chunks, b"pods!".to_vec()),
        ("GET", "200 OK\r\ncontent-length: 4", 200, b"pods".to_vec(), b"pods".to_vec()),
        (
            "GET",
            "200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked",
            200,
            gzip_chunks,
            GZIPPED.to_vec(),
        ),
        (
            "GET",
            "200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 24",
            200,
            GZIPPED.to_vec(),
            GZIPPED.to_vec(),
        ),
        ("HEAD", "200 OK\r\ncontent-length: 4", 200, Vec::new(), Vec::new()),
        ("HEAD", "200 OK\r\ntransfer-encoding: chunked", 200, Vec::new(), Vec::new()),
        ("GET", "204 No Content", 204, Vec::new(), Vec::new()),
        ("GET", "304 Not Modified\r\netag: \"x\"", 304, Vec::new(), Vec::new()),
        ("GET", "304 Not Modified\r\ncontent-length: 4", 304, Vec::new(), Vec::new()),
    ]
}

#[test]
fn a_client_sees_whether_an_answer_is_whole_wherever_it_was_cut() {
    let connected = Connected::new("proxy_cut_answers");
    let api = CannedApi::start("127.0.0.1:0");
    let backend = api.backend(&connected);
    for (method, head, status, body, expected) in answers() {
        let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").into_bytes();
        let whole = [&head[..], &body].concat();
        for length in 0..=whole.len() {
            api.answers(&whole[..length]);
            let answer = ask(&backend, method);
            assert!(answer.starts_with(b"HTTP/1.1 "), "the head is not lost with the rest");
            let got = Got::read(method, &answer);
            let place = format!("{method}, cut at {length} of {}", String::from_utf8_lossy(&whole));
            match got {
                Got::Whole(502, _) => assert!(length < head.len(), "{place}"),
                got if length == whole.len() => {
                    assert_eq!(got, Got::Whole(status, expected.clone()), "{place}");
                }
                got => assert!(length >= head.len() && got == Got::Cut, "{place}: {got:?}"),
            }
        }
    }
}

#[test]
fn a_head_answer_says_how_long_the_body_would_be() {
    let connected = Connected::new("proxy_head_length");
    let api = CannedApi::start("127.0.0.1:0");
    let backend = api.backend(&connected);
    for (head, length) in [("content-length: 1234", Some("content-length: 1234")), ("x: y", None)] {
        api.answers(format!("HTTP/1.1 200 OK\r\n{head}\r\nconnection: close\r\n\r\n").as_bytes());
        let answer = String::from_utf8(ask(&backend, "HEAD")).unwrap();
        let told =
            answer.lines().find(|line| line.starts_with("content-length") || line.starts_with("transfer"));
        assert_eq!(told, length, "{answer}");
    }
}

#[test]
fn hints_before_the_answer_are_not_the_answer() {
    let connected = Connected::new("proxy_hints");
    let api = CannedApi::start("127.0.0.1:0");
    let backend = api.backend(&connected);
    let hints =
        "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\nx-hint: early\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    api.answers(
        format!("{hints}HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\npods").as_bytes(),
    );
    let answer = ask(&backend, "GET");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(Got::read("GET", &answer), Got::Whole(200, b"pods".to_vec()));
    for hint in ["</x>", "x-hint"] {
        assert!(!String::from_utf8_lossy(&answer).contains(hint), "{hint} is passed on");
    }
    // Hints alone are no answer.
    api.answers(hints.as_bytes());
    assert!(matches!(Got::read("GET", &ask(&backend, "GET")), Got::Whole(502, _)));
}

#[test]
fn a_tunnel_that_was_not_asked_for_is_not_opened() {
    let connected = Connected::new("proxy_unasked_upgrade");
    let api = CannedApi::start("127.0.0.1:0");
    let backend = api.backend(&connected);
    for upgrade in ["connection: Upgrade\r\nupgrade: websocket\r\n", ""] {
        api.answers(format!("HTTP/1.1 101 Switching Protocols\r\n{upgrade}\r\nhidden").as_bytes());
        backend
            .api(&connected.here.world)
            .get("/clusters/dev/proxy/api/v1/pods")
            .assert_status_object(502, "cluster_unreachable");
    }
}

#[test]
fn a_client_that_hangs_up_ends_the_request_before_its_answer() {
    let connected = Connected::new("proxy_hung_up");
    let api = CannedApi::start("127.0.0.1:0");
    let backend = api.backend(&connected);
    for query in ["", "?watch=true"] {
        let request = format!("GET {PATH}{query} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let client = raw_http::begin(&backend.url, &request);
        api.wait_until_asked();
        drop(client);
        api.wait_until_hung_up();
    }
}

#[test]
fn a_watch_with_a_long_response_head_is_passed_on_whole() {
    let connected = Connected::new("proxy_long_head");
    let api = CannedApi::start("127.0.0.1:0");
    let backend = api.backend(&connected);
    // As long as what a gateway before an API server adds; streams have small buffers.
    let warning = "x".repeat(20_000);
    let head = format!("HTTP/1.1 200 OK\r\nwarning: 299 - {warning}\r\ncontent-length: 4\r\n\r\n");
    api.answers(format!("{head}pods").as_bytes());
    let request = format!("GET {PATH}?watch=true HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let mut answer = Vec::new();
    raw_http::begin(&backend.url, &request).read_to_end(&mut answer).unwrap();
    assert_eq!(Got::read("GET", &answer), Got::Whole(200, b"pods".to_vec()));
    assert!(String::from_utf8_lossy(&answer).contains(&warning));
}
