//! Many watches do not block other requests, and are limited per user.

use std::io::Read;

use super::streams::{next_event, open, wait_until_open};
use super::{Connected, on_cluster};
use crate::harness::clients::raw_http;
use crate::harness::peers::cluster::{PODS, names};
use crate::harness::programs::backend::Backend;

/// More than one connection's streams, more than a worker's connections were.
const MANY: u64 = 300;

fn watch_path() -> String {
    format!("{PODS}?watch=true")
}

/// How many streams the backend says are open.
pub fn gauge(backend: &Backend) -> u64 {
    backend.metric("cluster_auth_kubernetes_streams{cluster=\"dev\"}")
}

fn many_watches_lock_no_request_out(connected: &Connected) {
    let mut watches: Vec<_> = (0..MANY).map(|_| open(connected, &watch_path())).collect();
    for watch in &mut watches {
        assert_eq!(next_event(watch), "ADDED web-0");
    }
    assert_eq!(gauge(&connected.backend), MANY);
    for _ in 0..4 {
        assert_eq!(names(&connected.api.get(PODS).json), ["web-0", "web-1"]);
    }
    wait_until_open(connected, MANY);
    // The watches are not read on: their events wait, and hold no other request back.
    for _ in 0..4 {
        connected.here.cluster.touch();
    }
    let large = connected.api.get("/clusters/dev/proxy/api/v1/namespaces/team-a/configmaps/large");
    assert_eq!(large.json["data"]["bytes"].as_str().map(str::len), Some(1 << 20));
    drop(watches);
    wait_until_open(connected, 0);
}

#[test]
fn many_watches_lock_no_request_out_over_http_1() {
    many_watches_lock_no_request_out(&Connected::new("proxy_many_watches"));
}

#[test]
fn many_watches_lock_no_request_out_over_http_2() {
    many_watches_lock_no_request_out(&Connected::over_http2("proxy_many_watches_http2"));
}

/// Callers that do not read; the windows of hyper's own choice have room for two on a connection.
const NOT_READING: usize = 12;

/// Each answer begins, and then waits for its caller.
fn callers_that_do_not_read_hold_no_request_back(connected: &Connected) {
    let head = "GET /api/cluster-auth/clusters/dev/proxy/echo/flood HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut floods: Vec<_> =
        (0..NOT_READING).map(|_| raw_http::begin(&connected.backend.url, head)).collect();
    for flood in &mut floods {
        let mut begun = [0; 15];
        flood.read_exact(&mut begun).unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200 OK");
    }
    for _ in 0..4 {
        let large = connected.api.get("/clusters/dev/proxy/api/v1/namespaces/team-a/configmaps/large");
        assert_eq!(large.json["data"]["bytes"].as_str().map(str::len), Some(1 << 20));
    }
    // They get all of it when they read on.
    let mut whole = vec![0; 32 << 20];
    floods[0].read_exact(&mut whole).unwrap();
}

#[test]
fn callers_that_do_not_read_hold_no_request_back_over_http_1() {
    callers_that_do_not_read_hold_no_request_back(&Connected::new("proxy_not_reading"));
}

#[test]
fn callers_that_do_not_read_hold_no_request_back_over_http_2() {
    callers_that_do_not_read_hold_no_request_back(&Connected::over_http2("proxy_not_reading_http2"));
}

#[test]
fn a_user_has_so_many_streams_and_no_more() {
    let connected = Connected::to(on_cluster("proxy_streams_per_user").with("STREAMS_PER_USER", "2"));
    let mut watch = open(&connected, &watch_path());
    let log = open(&connected, &format!("{PODS}/web-0/log?follow=true"));
    assert_eq!(next_event(&mut watch), "ADDED web-0");
    let refused = connected.api.get(&watch_path());
    refused.assert_status_object(429, "rate_limited");
    assert_eq!((&refused.json["reason"], refused.header("retry-after")), (&"TooManyRequests".into(), None));
    assert!(refused.text.contains("STREAMS_PER_USER"), "{}", refused.text);
    // What ends by itself has no such bound.
    assert_eq!(connected.api.get(PODS).status, 200);
    assert_eq!(connected.api.get(&format!("{PODS}?watch=false")).status, 200);
    drop(log);
    wait_until_open(&connected, 1);
    let mut second = open(&connected, &watch_path());
    assert_eq!(next_event(&mut second), "ADDED web-0");
    assert_eq!(gauge(&connected.backend), 2);
    drop((watch, second));
    wait_until_open(&connected, 0);
}

#[test]
fn a_watch_that_is_refused_takes_no_place() {
    let here = on_cluster("proxy_refused_watches").with("STREAMS_PER_USER", "1");
    let (backend, api) = here.start();
    // Not logged in.
    for _ in 0..3 {
        api.get(&watch_path()).assert_status_object(403, "not_connected");
    }
    api.log_in(&here.idp, "felix");
    // Not allowed there by the cluster.
    for _ in 0..3 {
        let foreign = api.get("/clusters/dev/proxy/api/v1/namespaces/team-b/pods?watch=true");
        assert_eq!((foreign.status, &foreign.json["reason"]), (403, &"Forbidden".into()));
    }
    assert_eq!(gauge(&backend), 0);
}
