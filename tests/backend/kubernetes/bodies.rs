//! Where a user may write, bodies arrive as they were sent, and while they are being sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;
use ureq::SendBody;
use ureq::http::Request;

use super::Connected;
use crate::harness::clients::api::{Answer, agent};
use crate::harness::clients::raw_http;
use crate::harness::programs::backend::Backend;

/// Longer than a part of a body is on its way, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// More than is kept anywhere on the way.
const LARGE: usize = 5 << 20;

fn full(connected: &Connected) -> Backend {
    let backend = connected.here.plan.clone().with("USER_TOKENS", "full").start();
    connected.here.api(&backend).log_in(&connected.here.idp, "felix");
    backend
}

fn send(backend: &Backend, method: &str, headers: &[(&str, &str)], body: SendBody<'_>) -> Answer {
    let url = format!("{}/api/cluster-auth/clusters/dev/proxy/echo/x?a=b%20c", backend.url);
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = Answer::read(agent().run(request.body(body).unwrap()).unwrap());
    assert_eq!(answer.status, 200, "{method}: {}", answer.text);
    answer
}

#[test]
fn every_method_arrives_with_its_body() {
    let connected = Connected::new("proxy_bodies");
    let backend = full(&connected);
    let patch = [("content-type", "application/merge-patch+json")];
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let seen = send(&backend, method, &patch, SendBody::from_owned_reader(&b"{\"a\":1}"[..])).json;
        assert_eq!((&seen["method"], &seen["bodyBytes"]), (&json!(method), &json!(7)), "{seen}");
        assert_eq!(seen["headers"]["content-type"], "application/merge-patch+json");
        assert_eq!(seen["headers"]["transfer-encoding"], "chunked");
        assert_eq!(seen["rawUrl"], "/echo/x?a=b%20c");
    }
    let large = vec![b'x'; LARGE];
    let length = LARGE.to_string();
    let sized = [("content-length", length.as_str())];
    let seen =
        send(&backend, "POST", &sized, SendBody::from_owned_reader(std::io::Cursor::new(large.clone())));
    assert_eq!(
        (&seen.json["bodyBytes"], &seen.json["headers"]["content-length"]),
        (&json!(LARGE), &json!(length))
    );
    let seen = send(&backend, "PUT", &[], SendBody::from_owned_reader(std::io::Cursor::new(large)));
    assert_eq!(seen.json["bodyBytes"], LARGE);
    for method in ["DELETE", "OPTIONS", "POST"] {
        let seen = send(&backend, method, &[("content-length", "0")], SendBody::none()).json;
        assert_eq!((&seen["method"], &seen["bodyBytes"]), (&json!(method), &json!(0)), "{seen}");
    }
}

#[test]
fn a_caller_that_waits_to_be_asked_for_the_body_is_asked_here() {
    let connected = Connected::new("proxy_expect");
    let backend = full(&connected);
    let head = "POST /api/cluster-auth/clusters/dev/proxy/echo/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
        expect: 100-continue\r\ncontent-length: 4\r\n\r\n";
    let mut connection = BufReader::new(raw_http::begin(&backend.url, head));
    let mut line = String::new();
    connection.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
    connection.get_mut().write_all(b"body").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("\r\nHTTP/1.1 200 OK\r\n") && answer.contains("\"bodyBytes\":4"), "{answer}");
    assert!(!answer.contains("100-continue"), "{answer}");
}

#[test]
fn a_refused_request_with_a_body_is_answered() {
    let connected = Connected::new("proxy_refused_body");
    let large = std::io::Cursor::new(vec![b'x'; 1 << 20]);
    let url = format!("{}/api/cluster-auth/clusters/dev/proxy/echo/x", connected.backend.url);
    let request = Request::builder().method("POST").uri(url).header("content-length", "1048576");
    let request = request.body(SendBody::from_owned_reader(large)).unwrap();
    Answer::read(agent().run(request).unwrap()).assert_status_object(403, "not_allowed");
}

/// Takes the connection that comes.
fn accept(listener: TcpListener) -> TcpStream {
    let (accepted, connections) = std::sync::mpsc::channel();
    std::thread::spawn(move || accepted.send(listener.accept().unwrap().0));
    let connection: TcpStream = connections.recv_timeout(TIMEOUT).expect("nothing of the body arrives");
    connection.set_read_timeout(Some(TIMEOUT)).unwrap();
    connection
}

/// Reads until these bytes have come.
fn wait_for(connection: &mut TcpStream, wanted: &[u8]) {
    let mut tail = Vec::new();
    let mut buffer = [0; 16 << 10];
    while !tail.windows(wanted.len()).any(|window| window == wanted) {
        tail.drain(..tail.len().saturating_sub(wanted.len()));
        let count = connection.read(&mut buffer).unwrap();
        assert!(count > 0, "ended before {}", String::from_utf8_lossy(wanted));
        tail.extend_from_slice(&buffer[..count]);
    }
}

/// More than our client puts together before it sends any of it, and less than [`LARGE`].
const FIRST_PART: usize = 1 << 20;

/// Both ends of a POST after the first part of its body was sent: the caller's, and the cluster's, which is a plain listener: the
/// development cluster tells of a body only when it is whole.
fn partly_sent(
    test: &str,
    length: &str,
    before: &str,
    after: &str,
) -> (Connected, Backend, TcpStream, TcpStream) {
    let connected = Connected::new(test);
    let cluster = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", cluster.local_addr().unwrap());
    let plan = connected.here.plan.clone().without("KUBERNETES_CA_FILE").with("KUBERNETES_API_URL", &url);
    let backend = plan.with("USER_TOKENS", "full").start();
    connected.here.api(&backend).log_in(&connected.here.idp, "felix");
    let head = format!(
        "POST /api/cluster-auth/clusters/dev/proxy/api/v1/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{length}\r\n\r\n"
    );
    let caller = raw_http::begin(&backend.url, &format!("{head}{before}{}{after}", "x".repeat(FIRST_PART)));
    let mut arrived = accept(cluster);
    wait_for(&mut arrived, b"xxx");
    (connected, backend, caller, arrived)
}

#[test]
fn a_body_arrives_while_it_is_being_sent() {
    let chunk = format!("{FIRST_PART:x}\r\n");
    let (_connected, _backend, mut caller, mut arrived) =
        partly_sent("proxy_upload", "transfer-encoding: chunked", &chunk, "\r\n");
    caller.write_all(b"b\r\nsecond part\r\n0\r\n\r\n").unwrap();
    wait_for(&mut arrived, b"second part\r\n0\r\n\r\n");
    arrived.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}").unwrap();
    let mut answer = String::new();
    caller.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n") && answer.ends_with("\r\n\r\n{}"), "{answer}");
}

#[test]
fn a_body_that_is_broken_off_is_never_whole_at_the_cluster() {
    let (chunk, sized) = (format!("{FIRST_PART:x}\r\n"), format!("content-length: {LARGE}"));
    for (test, length, before, after) in [
        ("proxy_broken_chunked", "transfer-encoding: chunked", chunk.as_str(), "\r\n"),
        ("proxy_broken_sized", &sized, "", ""),
    ] {
        let (_connected, _backend, caller, mut arrived) = partly_sent(test, length, before, after);
        drop(caller);
        let mut rest = String::new();
        // Ends, since the cluster must not wait for ever; a reset is an end too.
        let _ = arrived.read_to_string(&mut rest);
        assert!(
            rest.len() < LARGE - FIRST_PART && !rest.ends_with("\r\n0\r\n\r\n"),
            "{test}: {}",
            rest.len()
        );
    }
}
