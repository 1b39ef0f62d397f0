//! Tokens that last: refreshed once among all replicas, kept when the identity provider stumbles, ended only by name.

mod backoff;
mod identity;
mod panics;
mod stopping;
mod without_rotation;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api, agent};
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::World;

const PODS: &str = "/clusters/dev/proxy/api/v1/namespaces/team-a/pods";

/// Longer than a lock lives that somebody dead has left.
const PATIENCE: Duration = Duration::from_mins(1);

struct Parts {
    world: World,
    idp: Idp,
    redis: RedisServer,
    plan: BackendPlan,
    _cluster: Cluster,
}

impl Parts {
    fn start(test: &str, idp_arguments: &[&str]) -> Self {
        let world = World::new(test);
        let idp = Idp::start_with(&world, idp_arguments);
        let cluster = Cluster::start(&world, &idp.issuer);
        let redis = RedisServer::start(&world);
        let plan = BackendPlan::new(&world, &idp.issuer).with_cluster(&cluster).with_redis(&redis);
        // A provider on a busy machine is slow.
        let plan = plan.with("IDP_TIMEOUT", "20s");
        Self { world, idp, redis, plan, _cluster: cluster }
    }

    /// Logs in with an ID token that expires after a second; the ones after it live for an hour.
    fn log_in_and_expire(&self, api: &Api) {
        self.idp.control("id-token-lifetime", json!({ "seconds": 1 }));
        let session = api.register();
        let answer = api.exchange(&session, &self.idp.log_in(&session.auth_url, "felix"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.idp.control("id-token-lifetime", json!({ "seconds": 3600 }));
        api.wait_for_expiry();
    }

    fn refreshes(&self) -> Value {
        self.idp.read("counts")["token"]["refresh_token"].clone()
    }
}

/// Asks until the answer is as wanted.
fn until(api: &Api, wanted: impl Fn(&Answer) -> bool) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = api.get(PODS);
        if wanted(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "still {}: {}", answer.status, answer.text);
    }
}

#[test]
fn two_hundred_requests_over_three_replicas_are_one_refresh() {
    let parts = Parts::start("refresh_once", &[]);
    let replicas = [parts.plan.start(), parts.plan.start(), parts.plan.start()];
    let apis: Vec<Api> = replicas.iter().map(|replica| replica.api(&parts.world)).collect();
    parts.log_in_and_expire(&apis[0]);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = |number: usize| {
            let api = &apis[number % apis.len()];
            scope.spawn(move || api.get(PODS).status)
        };
        let asking: Vec<_> = (0..200).map(ask).collect();
        asking.into_iter().map(|request| request.join().unwrap()).collect()
    });
    assert_eq!(statuses, vec![200; 200]);
    assert_eq!(parts.refreshes(), 1);
    let status = apis[1].cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)), "{status}");
    // Requests of a process share a flight, which waited for its turn. One that had read the login before the flight began, and was
    // slow to join it, begins another, which finds the new tokens.
    let flights: Vec<[u64; 2]> = replicas
        .iter()
        .map(|replica| {
            let metrics = agent().get(format!("{}/metrics", replica.control_url)).call().unwrap();
            let metrics = Answer::read(metrics).text;
            let value = |name: &str| {
                let line = metrics.lines().find_map(|line| line.strip_prefix(name));
                line.map_or(0, |value| value.trim().parse().unwrap())
            };
            [
                value("cluster_auth_refresh_total{result=\"refreshed\"}"),
                value("cluster_auth_refresh_lock_wait_seconds_count"),
            ]
        })
        .collect();
    assert!(flights.iter().all(|[refreshes, waits]| refreshes == waits), "{flights:?}");
    let flights: u64 = flights.iter().map(|[refreshes, _]| refreshes).sum();
    assert!((1..=50).contains(&flights), "{flights} flights for 200 requests");
}

#[test]
fn what_the_identity_provider_stumbles_over_does_not_end_a_login() {
    let parts = Parts::start("refresh_stumbles", &[]);
    let backend = parts.plan.start();
    let api = backend.api(&parts.world);
    for (status, body, code) in [
        (500, json!({}), "idp_refused"),
        (503, json!({ "error": "temporarily_unavailable" }), "idp_refused"),
        (429, json!({ "error": "slow_down" }), "idp_refused"),
        (401, json!({ "error": "invalid_client" }), "idp_refused"),
        (200, json!("garbage"), "idp_unreachable"),
    ] {
        parts.log_in_and_expire(&api);
        let canned =
            json!({ "endpoint": "token", "status": status, "body": body, "contentType": "application/json" });
        parts.idp.control("next", canned);
        let stumbled = api.get(PODS);
        let cause = &stumbled.json["details"]["causes"][0]["reason"];
        assert_eq!((stumbled.status, cause.as_str()), (502, Some(code)), "{status}: {}", stumbled.text);
        assert_eq!(api.cluster_status()["connected"], true, "{status}");
        // After a pause.
        until(&api, |answer| answer.status == 200);
    }
}

#[test]
fn invalid_grant_ends_a_login_and_says_so() {
    let parts = Parts::start("refresh_refused", &[]);
    let backend = parts.plan.start();
    let api = backend.api(&parts.world);
    parts.log_in_and_expire(&api);
    let body = json!({ "error": "invalid_grant" });
    parts.idp.control(
        "next",
        json!({ "endpoint": "token", "status": 403, "body": body, "contentType": "application/json" }),
    );
    let refused = api.get(PODS);
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert!(
        refused.text.contains("not_connected") && refused.text.contains("refresh_refused"),
        "{}",
        refused.text
    );
    let status = api.cluster_status();
    assert_eq!((&status["connected"], &status["reason"]), (&json!(false), &json!("refresh_refused")));
}

/// The holder of the lock dies after the identity provider has spent the token.
fn kill_the_holder(test: &str, idp_arguments: &[&str], wanted: impl Fn(&Answer) -> bool) -> (Parts, Value) {
    let parts = Parts::start(test, idp_arguments);
    // The lock that the dead one leaves behind lives for ten seconds.
    let plan = parts.plan.clone().with("IDP_TIMEOUT", "5s");
    let (mut holder, other) = (plan.start(), plan.start());
    parts.log_in_and_expire(&other.api(&parts.world));
    parts.idp.hold_token("after");
    std::thread::scope(|scope| {
        let api = holder.api(&parts.world);
        let asking = scope.spawn(move || api.attempt_get(PODS));
        parts.idp.wait_held();
        holder.process.kill();
        assert!(asking.join().unwrap().is_none(), "a backend that is dead has answered");
    });
    parts.idp.control("release", json!({}));
    let api = other.api(&parts.world);
    until(&api, wanted);
    let status = api.cluster_status();
    (parts, status)
}

#[test]
fn a_holder_that_dies_after_its_request_costs_the_login_under_strict_reuse_detection() {
    let lost = |answer: &Answer| answer.status == 403 && answer.text.contains("refresh_lost");
    let (parts, status) = kill_the_holder("refresh_lost", &[], lost);
    assert_eq!((&status["connected"], &status["reason"]), (&json!(false), &json!("refresh_lost")));
    assert_eq!(parts.refreshes(), 2, "the token is sent once more, and never again");
}

#[test]
fn a_holder_that_dies_after_its_request_costs_nothing_within_an_overlap() {
    let (parts, status) =
        kill_the_holder("refresh_overlap", &["--overlap", "120"], |answer| answer.status == 200);
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)));
    assert_eq!(parts.refreshes(), 2);
}

#[test]
fn redis_holds_no_token_of_a_refresh() {
    let parts = Parts::start("refresh_sealed", &[]);
    let backend = parts.plan.start();
    let api = backend.api(&parts.world);
    parts.log_in_and_expire(&api);
    assert_eq!(api.get(PODS).status, 200);
    let found = |token: &str| String::from_utf8_lossy(&parts.redis.dump()).contains(token);
    assert!(found("login:{user:default/felix|dev}"), "no login was found in Redis");
    let ledger = std::fs::read_to_string(parts.world.ledger.path()).unwrap();
    let secrets = ledger.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let tokens: Vec<Value> =
        secrets.filter(|secret| secret["kind"].as_str().unwrap().ends_with("_token")).collect();
    assert!(tokens.len() >= 6, "two sets of tokens went through this test");
    let mut values = tokens.iter().map(|token| token["value"].as_str().unwrap());
    for (token, value) in tokens.iter().zip(values.clone()) {
        assert!(!found(value), "Redis holds the {}", token["kind"]);
    }
    // One that is there is found.
    let planted = values.next().unwrap();
    parts.redis.cli(&["SET", "planted", planted]);
    assert!(found(planted));
}
