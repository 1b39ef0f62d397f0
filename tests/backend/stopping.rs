//! How the backend stops: it is not ready first, then the listener closes, then work in progress is finished.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use crate::harness::clients::api::{Answer, Session, agent, redirect_body};
use crate::harness::clients::login::Arrived;
use crate::harness::clients::raw_http;
use crate::harness::deployment::{Deployment, OnRedis};
use crate::harness::programs::backend::{Backend, BackendPlan, NO_ISSUER};
use crate::harness::world::World;

/// Well within what the end may take at most, and more than a busy machine needs.
const SOON: Duration = Duration::from_secs(15);

fn stop(backend: &Backend, signal: Signal) -> Instant {
    let told = Instant::now();
    backend.process.signal(signal);
    backend.process.wait_for_line("stopping: requests under way may finish");
    told
}

fn status(url: &str) -> u16 {
    Answer::read(agent().get(url).call().unwrap()).status
}

/// Waits until the listener is closed and workers without a connection are gone, which takes them two seconds at most; the process
/// lives on meanwhile.
pub fn wait_until_workers_are_gone(backend: &Backend) {
    while listens(backend) {
        thread::yield_now();
    }
    let gone = Instant::now() + Duration::from_secs(3);
    while Instant::now() < gone {
        assert_eq!(status(&format!("{}/healthz", backend.control_url)), 200);
    }
}

/// Whether the API takes a connection.
fn listens(backend: &Backend) -> bool {
    TcpStream::connect(backend.url.trim_start_matches("http://")).is_ok()
}

#[test]
fn not_ready_at_once_and_no_listener_after_the_delay() {
    let world = World::new("stopping_drain");
    let mut backend = BackendPlan::new(&world, NO_ISSUER).with("DRAIN_DELAY", "3s").start();
    let told = stop(&backend, Signal::SIGTERM);
    assert_eq!(status(&format!("{}/readyz", backend.control_url)), 503);
    assert_eq!(status(&format!("{}/.backstage/health/v1/readiness", backend.url)), 503);
    assert_eq!(status(&format!("{}/api/cluster-auth/info", backend.url)), 200);
    while listens(&backend) {
        thread::yield_now();
    }
    assert!(told.elapsed() >= Duration::from_secs(3), "{:?}", told.elapsed());
    assert_eq!(backend.process.wait().code(), Some(0));
    assert!(told.elapsed() < SOON, "{:?}", told.elapsed());
}

#[test]
fn a_person_at_the_terminal_does_not_wait_for_the_delay() {
    let world = World::new("stopping_interrupt");
    let mut backend = BackendPlan::new(&world, NO_ISSUER).with("DRAIN_DELAY", "20s").start();
    let told = stop(&backend, Signal::SIGINT);
    assert_eq!(backend.process.wait().code(), Some(0));
    assert!(told.elapsed() < SOON, "{:?}", told.elapsed());
}

/// A backend, a session there, and the exchange of its code, which the identity provider will hold once it has come.
fn about_to_exchange(here: &OnRedis) -> (Backend, Session, String) {
    let (backend, api) = here.start();
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    here.idp.hold_token("after");
    (backend, session, redirect_body(&redirect).to_string())
}

/// Lets the exchange go on: the process ends well, and the next one knows the outcome.
fn assert_finished(here: &OnRedis, backend: &mut Backend, session: &Session) {
    here.idp.release();
    assert_eq!(backend.process.wait().code(), Some(0));
    let (_after, api) = here.start();
    assert_eq!(api.session(session).json["status"], "complete");
    assert_eq!(api.cluster_status()["connected"], true);
}

#[test]
fn an_exchange_under_way_is_finished_with_nothing_else_connected() {
    let here = Deployment::new("stopping_exchange").with_redis();
    let (mut backend, session, body) = about_to_exchange(&here);
    let caller = raw_http::begin_exchange(&backend.url, &session.token, &body);
    here.idp.wait_held();
    drop(caller);
    stop(&backend, Signal::SIGTERM);
    wait_until_workers_are_gone(&backend);
    assert_finished(&here, &mut backend, &session);
}

#[test]
fn an_exchange_that_could_not_be_finished_is_not_begun() {
    let here = Deployment::new("stopping_no_exchange").with_redis().with("IDP_TIMEOUT", "20s");
    let (mut backend, api) = here.start_as(&here.plan.clone().with("DRAIN_DELAY", "20s"));
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    stop(&backend, Signal::SIGTERM);
    let refused = api.exchange(&session, &redirect);
    refused.assert_problem(503, "store_unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(api.session(&session).json["status"], "pending");
    assert_eq!(here.idp.code_requests(), 0);
    backend.process.kill();
    let (_after, api) = here.start();
    assert_eq!(api.exchange(&session, &redirect).json["success"], true);
}

#[test]
fn a_revocation_under_way_is_finished_with_nothing_else_connected() {
    let here = Deployment::new("stopping_revocation").with_redis();
    let (mut backend, api) = here.start();
    api.log_in(&here.idp, "felix");
    here.idp.control("next", json!({ "endpoint": "revocation", "delayMs": 3_000 }));
    let request = "DELETE /api/cluster-auth/tokens HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let caller = raw_http::begin(&backend.url, request);
    while here.idp.revocations() == 0 {
        thread::yield_now();
    }
    drop(caller);
    stop(&backend, Signal::SIGTERM);
    assert_eq!(backend.process.wait().code(), Some(0));
    let keys = here.redis.keys();
    assert!(!keys.iter().any(|key| key.contains("revocation") || key.contains("login:")), "{keys:?}");
}

#[test]
fn what_the_last_request_begins_is_finished_though_its_caller_is_gone() {
    let here = Deployment::new("stopping_last_request").with_redis();
    let (mut backend, session, body) = about_to_exchange(&here);
    let head = raw_http::exchange_head(&session.token, body.len(), "expect: 100-continue\r\n");
    let mut caller = raw_http::begin(&backend.url, &head);
    // It has been taken, and nothing is detached yet.
    let mut asked_for_body = [0; 25];
    caller.read_exact(&mut asked_for_body).unwrap();
    assert_eq!(asked_for_body.as_slice(), b"HTTP/1.1 100 Continue\r\n\r\n");
    stop(&backend, Signal::SIGTERM);
    wait_until_workers_are_gone(&backend);
    caller.write_all(body.as_bytes()).unwrap();
    here.idp.wait_held();
    drop(caller);
    wait_until_workers_are_gone(&backend);
    assert_finished(&here, &mut backend, &session);
}

#[test]
fn a_long_poll_for_a_session_is_answered_early() {
    let here = Deployment::new("stopping_long_poll");
    let (mut backend, api) = here.start();
    let session = api.register();
    let answer = thread::scope(|scope| {
        let poll = scope.spawn(|| api.with_bearer(&session.token).get("/session?wait=25"));
        backend.process.wait_for_line("waits for a change");
        let told = stop(&backend, Signal::SIGTERM);
        let answer = poll.join().unwrap();
        assert!(told.elapsed() < SOON, "{:?}", told.elapsed());
        answer
    });
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("pending")), "{}", answer.text);
    assert_eq!(backend.process.wait().code(), Some(0));
}

#[test]
fn an_idle_connection_is_kept_for_longer_than_five_seconds_and_does_not_hold_up_the_end() {
    let world = World::new("stopping_keep_alive");
    let mut backend = BackendPlan::new(&world, NO_ISSUER).start();
    let request = "GET /api/cluster-auth/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut connection = raw_http::begin(&backend.url, request);
    read_answer(&mut connection);
    // actix's own patience is five seconds.
    connection.set_read_timeout(Some(Duration::from_secs(7))).unwrap();
    let idle = connection.read(&mut [0]);
    assert!(idle.is_err(), "the connection was closed: {idle:?}");
    connection.write_all(request.as_bytes()).unwrap();
    read_answer(&mut connection);
    let told = stop(&backend, Signal::SIGTERM);
    connection.set_read_timeout(Some(SOON)).unwrap();
    assert_eq!(connection.read(&mut [0]).unwrap(), 0);
    assert_eq!(backend.process.wait().code(), Some(0));
    assert!(told.elapsed() < SOON, "{:?}", told.elapsed());
}

/// Reads one answer with a Content-Length to its end.
fn read_answer(connection: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    connection.read_exact(&mut vec![0; length.parse().unwrap()]).unwrap();
}
