//! SIGTERM in the middle of a refresh: it is finished before the process ends.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use super::{deploy, until};
use crate::backend::stopping::wait_until_workers_are_gone;
use crate::harness::clients::api::agent;
use crate::harness::deployment::OnRedisWithCluster;
use crate::harness::peers::cluster::PODS;
use crate::harness::programs::backend::Backend;

/// Asks for the pods and hangs up once the refresh that this needs has reached the provider, where it is held.
fn ask_and_hang_up(here: &OnRedisWithCluster, backend: &Backend) {
    let mut stream = TcpStream::connect(backend.url.trim_start_matches("http://")).unwrap();
    write!(stream, "GET /api/cluster-auth{PODS} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    here.idp.wait_held();
}

fn stop(backend: &Backend) {
    backend.process.signal(Signal::SIGTERM);
    backend.process.wait_for_line("stopping: requests under way may finish");
}

#[test]
fn a_refresh_under_way_is_finished_with_nothing_else_connected() {
    let here = deploy("stopping_refresh", &[]);
    let mut backend = here.plan.start();
    here.api(&backend).log_in_and_expire(&here.idp);
    here.idp.hold_token("after");
    ask_and_hang_up(&here, &backend);
    stop(&backend);
    wait_until_workers_are_gone(&backend);
    here.idp.release();
    assert_eq!(backend.process.wait().code(), Some(0));
    let after = here.plan.start();
    assert_eq!(after.api(&here.world).get(PODS).status, 200);
    assert_eq!(here.idp.refreshes(), 1, "the token's successor was lost");
}

#[test]
fn what_never_ends_is_left_before_28_seconds_a_watch_among_it() {
    let here = deploy("stopping_at_last", &[]);
    let backend = here.plan.clone().with("IDP_TIMEOUT", "60s").with("EXCHANGE_LEASE", "61s");
    let mut backend = backend.with("DRAIN_DELAY", "2s").start();
    let api = here.api(&backend);
    api.log_in_and_expire(&here.idp);
    let watch = agent().get(format!("{}/api/cluster-auth{PODS}?watch=true", backend.url)).call().unwrap();
    assert_eq!(watch.status(), 200);
    // Its ID token lives for a second, so that the next request refreshes.
    api.log_in_and_expire(&here.idp);
    here.idp.hold_token("before");
    ask_and_hang_up(&here, &backend);
    let told = Instant::now();
    stop(&backend);
    assert_eq!(backend.process.wait().code(), Some(0));
    let took = told.elapsed();
    assert!((Duration::from_secs(23)..Duration::from_secs(28)).contains(&took), "{took:?}");
    let cut = watch.into_body().read_to_vec();
    assert!(cut.is_err(), "a watch that was cut looks whole");
    backend.process.wait_for_line("the process ends before all its work is done");
}

#[test]
fn a_refresh_that_could_not_be_finished_is_not_begun() {
    let here = deploy("stopping_too_late", &[]);
    // The time-out of the token request and the writes after it take all the time that is left.
    let mut backend = here.plan.clone().with("DRAIN_DELAY", "20s").start();
    let api = here.api(&backend);
    api.log_in_and_expire(&here.idp);
    stop(&backend);
    let refused = api.get(PODS);
    refused.assert_status_object(503, "store_unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.text.contains("is being stopped"), "{}", refused.text);
    assert_eq!(here.idp.refreshes(), 0);
    let locks: Vec<_> = here.redis.keys().into_iter().filter(|key| key.contains("login-lock")).collect();
    assert!(locks.is_empty(), "{locks:?}");
    backend.process.kill();
    assert_eq!(here.plan.start().api(&here.world).get(PODS).status, 200);
    assert_eq!(here.idp.refreshes(), 1);
}

/// How often the backend has tried to take a lock, or anything else that must not be there yet.
fn tries(backend: &Backend) -> u64 {
    let metrics = backend.metrics();
    let counted = |line: &&str| line.contains("_store_seconds_count") && line.contains("\"put_new\"");
    metrics.lines().find(counted).map_or(0, |line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

#[test]
fn a_request_that_waits_for_another_replicas_refresh_is_answered_when_the_listener_closes() {
    let here = deploy("stopping_waits", &[]);
    let (holder, mut waiting) = (here.plan.start(), here.plan.start());
    let (holds, waits) = (holder.api(&here.world), waiting.api(&here.world));
    holds.log_in_and_expire(&here.idp);
    here.idp.hold_token("before");
    std::thread::scope(|scope| {
        let refreshing = scope.spawn(|| holds.get(PODS));
        here.idp.wait_held();
        // The sweep takes its lock once.
        let before = tries(&waiting);
        let asking = scope.spawn(|| waits.get(PODS));
        let forgetting = scope.spawn(|| waits.delete("/tokens"));
        while tries(&waiting) < before + 6 {
            std::thread::yield_now();
        }
        let told = Instant::now();
        stop(&waiting);
        asking.join().unwrap().assert_status_object(503, "store_unavailable");
        forgetting.join().unwrap().assert_problem(503, "store_unavailable");
        assert_eq!(waiting.process.wait().code(), Some(0));
        assert!(told.elapsed() < Duration::from_secs(15), "{:?}", told.elapsed());
        here.idp.release();
        assert_eq!(refreshing.join().unwrap().status, 200);
    });
}

#[test]
fn keys_that_do_not_come_before_the_end_cost_no_token() {
    let here = deploy("stopping_keys", &[]);
    let plan = here.plan.clone().with("IDP_TIMEOUT", "60s").with("EXCHANGE_LEASE", "61s");
    let mut backend = plan.start();
    here.api(&backend).log_in_and_expire(&here.idp);
    here.idp.control("rotate-keys", json!({ "drop": true }));
    here.idp.control("next", json!({ "endpoint": "jwks", "delayMs": 600_000 }));
    let mut caller = TcpStream::connect(backend.url.trim_start_matches("http://")).unwrap();
    write!(caller, "GET /api/cluster-auth{PODS} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    while here.idp.read("counts")["jwks"] != 2 {
        std::thread::yield_now();
    }
    stop(&backend);
    assert_eq!(backend.process.wait().code(), Some(0));
    let after = here.plan.start();
    until(&after.api(&here.world), |answer| answer.status == 200);
    assert_eq!(here.idp.refreshes(), 2, "the token's successor was lost");
}
