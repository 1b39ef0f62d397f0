//! SIGTERM in the middle of a refresh: it is finished before the process ends.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use super::{PODS, Parts};
use crate::harness::api::agent;
use crate::harness::backend::Backend;
use crate::stopping::wait_until_workers_are_gone;

/// Asks for the pods and hangs up once the refresh that this needs has reached the provider, where it is held.
fn ask_and_hang_up(parts: &Parts, backend: &Backend) {
    let mut stream = TcpStream::connect(backend.url.trim_start_matches("http://")).unwrap();
    write!(stream, "GET /api/cluster-auth{PODS} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    parts.idp.wait_held();
}

fn stop(backend: &Backend) {
    backend.process.signal(Signal::SIGTERM);
    backend.process.wait_for_line("stopping: requests under way may finish");
}

#[test]
fn a_refresh_under_way_is_finished_with_nothing_else_connected() {
    let parts = Parts::start("stopping_refresh", &[]);
    let mut backend = parts.plan.start();
    parts.log_in_and_expire(&backend.api(&parts.world));
    parts.idp.hold_token("after");
    ask_and_hang_up(&parts, &backend);
    stop(&backend);
    wait_until_workers_are_gone(&backend);
    parts.idp.control("release", json!({}));
    assert_eq!(backend.process.wait().code(), Some(0));
    let after = parts.plan.start();
    assert_eq!(after.api(&parts.world).get(PODS).status, 200);
    assert_eq!(parts.refreshes(), 1, "the token's successor was lost");
}

#[test]
fn what_never_ends_is_left_before_28_seconds_a_watch_among_it() {
    let parts = Parts::start("stopping_at_last", &[]);
    let backend = parts.plan.clone().with("IDP_TIMEOUT", "60s").with("EXCHANGE_LEASE", "61s");
    let mut backend = backend.with("DRAIN_DELAY", "2s").start();
    let api = backend.api(&parts.world);
    parts.log_in_and_expire(&api);
    let watch = agent().get(format!("{}/api/cluster-auth{PODS}?watch=true", backend.url)).call().unwrap();
    assert_eq!(watch.status(), 200);
    // Its ID token lives for a second, so that the next request refreshes.
    parts.log_in_and_expire(&api);
    parts.idp.hold_token("before");
    ask_and_hang_up(&parts, &backend);
    let told = Instant::now();
    stop(&backend);
    assert_eq!(backend.process.wait().code(), Some(0));
    let took = told.elapsed();
    assert!((Duration::from_secs(23)..Duration::from_secs(28)).contains(&took), "{took:?}");
    let cut = watch.into_body().read_to_vec();
    assert!(cut.is_err(), "a watch that was cut looks whole");
    backend.process.wait_for_line("the process ends before all its work is done");
}
