//! Liveness, readiness, metrics, and the end on SIGTERM.

use std::thread;

use backstage_oidc_helper::telemetry::build::{COMMIT, VERSION};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::harness::clients::api::{Answer, agent};
use crate::harness::clients::login::Arrived;
use crate::harness::deployment::Deployment;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan, NO_ISSUER};
use crate::harness::world::World;

const LIVENESS: &str = "/.backstage/health/v1/liveness";
const READINESS: &str = "/.backstage/health/v1/readiness";

fn get(url: &str) -> Answer {
    Answer::read(agent().get(url).call().unwrap())
}

/// The status of each probe: alive, ready, on the API's listener and on the other.
fn probes(backend: &Backend) -> [(u16, u16); 2] {
    let status = |base: &str, path: &str| {
        let answer = get(&format!("{base}{path}"));
        if answer.status == 200 {
            assert_eq!(answer.json, json!({ "status": "ok" }), "{path}");
        }
        answer.status
    };
    let (api, control) = (&backend.url, &backend.control_url);
    [
        (status(api, LIVENESS), status(api, READINESS)),
        (status(control, "/healthz"), status(control, "/readyz")),
    ]
}

#[test]
fn ready_while_the_store_answers_and_alive_anyway() {
    let world = World::new("health");
    let mut redis = RedisServer::start(&world);
    // Ready though the identity provider is away.
    let backend = BackendPlan::new(&world, NO_ISSUER).with_redis(&redis).start();
    assert_eq!(probes(&backend), [(200, 200), (200, 200)]);
    redis.kill();
    assert_eq!(probes(&backend), [(200, 503), (200, 503)]);
    redis.restart(&world);
    assert_eq!(probes(&backend), [(200, 200), (200, 200)]);
}

#[test]
fn metrics_stay_off_the_api_and_count_logins() {
    let here = Deployment::new("metrics");
    let (backend, api) = here.start();
    let pending = api.register();
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    assert_eq!(api.exchange(&session, &redirect).status, 200);
    let refused = api.register();
    assert_eq!(api.exchange(&refused, &here.idp.deny(&refused.auth_url)).status, 200);
    let text = backend.metrics();
    for line in [
        "cluster_auth_logins_total{outcome=\"complete\"} 1",
        "cluster_auth_logins_total{outcome=\"access_denied\"} 1",
        "cluster_auth_sessions_pending 1",
        "cluster_auth_exchange_seconds_count 1",
        "cluster_auth_idp_seconds_count{endpoint=\"discovery\"} 1",
        "cluster_auth_idp_seconds_count{endpoint=\"jwks\"} 1",
        "cluster_auth_idp_seconds_count{endpoint=\"token\"} 1",
        // Three sessions, a login, and the lock of the sweep for unused logins.
        "cluster_auth_store_seconds_count{op=\"put_new\"} 5",
        &format!("cluster_auth_build_info{{commit=\"{COMMIT}\",version=\"{VERSION}\"}} 1"),
    ] {
        assert!(text.lines().any(|printed| printed == line), "{line} is not in\n{text}");
    }
    for secret in [&pending.token, &session.token] {
        assert!(!text.contains(secret.as_str()));
    }
    assert_eq!(get(&format!("{}/metrics", backend.url)).status, 404);
    assert_eq!(get(&format!("{}/api/cluster-auth/info", backend.control_url)).status, 404);
}

#[test]
fn sigterm_lets_a_request_under_way_finish() {
    let here = Deployment::new("sigterm");
    let (mut backend, api) = here.start();
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    here.idp.hold_token("before");
    thread::scope(|scope| {
        let exchange = scope.spawn(|| api.exchange(&session, &redirect));
        here.idp.wait_held();
        backend.process.signal(Signal::SIGTERM);
        backend.process.wait_for_line("stopping: requests under way may finish");
        assert_eq!(get(&format!("{}/readyz", backend.control_url)).status, 503);
        assert_eq!(get(&format!("{}/healthz", backend.control_url)).status, 200);
        here.idp.release();
        let answer = exchange.join().unwrap();
        assert_eq!(answer.json["success"], true, "{}", answer.text);
    });
    assert_eq!(backend.process.wait().code(), Some(0));
}
