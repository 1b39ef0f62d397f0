//! Answers that stay open: each takes one of the user's places, until its caller is gone.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::canned_api::CannedApi;
use super::many_streams::gauge;
use super::{Connected, on_cluster};
use crate::harness::clients::raw_http;
use crate::harness::programs::backend::Backend;

/// Longer than it takes to see that an answer stays open and that its caller is gone, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(2);

/// An answer without an end.
const ENDLESS: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nevent\r\n";

/// Asks for something.
fn ask(backend: &Backend, path: &str, header: &str) -> TcpStream {
    let request =
        format!("GET /api/cluster-auth/clusters/dev/proxy{path} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n");
    raw_http::begin(&backend.url, &request)
}

/// Asks for something, and reads the beginning of what comes.
fn begun(backend: &Backend, path: &str) -> TcpStream {
    let mut connection = ask(backend, path, "");
    let mut answer = Vec::new();
    while !answer.ends_with(b"event\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    connection
}

fn wait_until_open(backend: &Backend, count: u64) {
    let deadline = Instant::now() + TIMEOUT;
    while gauge(backend) != count {
        assert!(Instant::now() < deadline, "{} are open, not {count}", gauge(backend));
    }
}

/// Whether the connection has ended by now.
fn has_ended(connection: &mut TcpStream) -> bool {
    connection.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    match connection.read(&mut [0]) {
        Ok(length) => length == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn an_answer_without_end_takes_a_place_or_is_ended() {
    let connected = Connected::to(on_cluster("proxy_endless").with("STREAMS_PER_USER", "1"));
    let api = CannedApi::start("127.0.0.1:0");
    let backend = api.backend(&connected);
    api.begins(ENDLESS);
    let mut answers = [begun(&backend, "/api/v1/pods"), begun(&backend, "/api/v1/pods")];
    assert_eq!(gauge(&backend), 0, "what may end by itself takes no place at once");
    let deadline = Instant::now() + TIMEOUT;
    let cut = loop {
        if let Some(cut) = answers.iter_mut().position(has_ended) {
            break cut;
        }
        assert!(Instant::now() < deadline, "both stay open, and one may");
    };
    wait_until_open(&backend, 1);
    let line = backend.process.wait_for_line("an answer that stayed open was ended");
    assert!(line.contains("STREAMS_PER_USER"), "{line}");
    assert!(!has_ended(&mut answers[1 - cut]), "both were ended");
    drop(answers);
    wait_until_open(&backend, 0);
}

#[test]
fn a_caller_that_sends_more_than_is_read_and_hangs_up_keeps_no_place() {
    let connected = Connected::new("proxy_pipelined");
    let api = CannedApi::start("127.0.0.1:0");
    let backend = api.backend(&connected);
    api.begins(ENDLESS);
    let mut watch = begun(&backend, "/api/v1/pods?watch=true");
    // A watch that has not begun to answer, and a request body that is not read.
    api.begins(b"");
    let mut silent = ask(&backend, "/api/v1/pods?watch=1", "content-length: 1000000\r\n");
    wait_until_open(&backend, 2);
    // More than actix keeps, and less than it and the kernels take.
    let behind = "GET /api/cluster-auth/info HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(8_000);
    for connection in [&mut watch, &mut silent] {
        connection.write_all(behind.as_bytes()).unwrap();
    }
    drop((watch, silent));
    wait_until_open(&backend, 0);
}

/// A container that logs nothing: the API server sends no head until it does.
#[test]
fn a_followed_log_may_be_silent_for_longer_than_another_answer_may_take() {
    let connected = Connected::new("proxy_silent_log");
    let api = CannedApi::start("127.0.0.1:0");
    let backend = api.backend(&connected);
    api.begins(b"");
    let mut followed = ask(&backend, "/api/v1/namespaces/team-a/pods/web-0/log?follow=true", "");
    api.wait_until_asked();
    let mut other = ask(&backend, "/api/v1/namespaces/team-a/pods/web-0/log", "connection: close\r\n");
    other.set_read_timeout(Some(TIMEOUT)).unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    followed.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let error = followed.read(&mut [0]).map(|_| ()).expect_err("the followed log ended or was answered");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
}
