//! Refreshes: one among all replicas; an error of the identity provider keeps the login, and a login that ends has a reason.

mod answers;
mod backoff;
mod identity;
mod panics;
mod stopping;
mod ten_minutes;
mod without_rotation;

use serde_json::{Value, json};

use crate::harness::clients::api;
use crate::harness::clients::api::{Answer, Api};
use crate::harness::deployment::{Deployment, OnRedisWithCluster};
use crate::harness::peers::cluster::{Cluster, PODS};

/// A deployment in which a refresh waits for its provider, which on a busy machine is slow.
fn deploy(test: &str, idp_arguments: &[&str]) -> OnRedisWithCluster {
    let deployment = Deployment::with_idp_arguments(test, idp_arguments);
    // Over HTTP/2, many requests at once do not have to wait for as many handshakes.
    deployment.with_cluster_by(Cluster::start_with_http2).with_redis().with("IDP_TIMEOUT", "20s")
}

/// Asks for the pods until the answer is as wanted: longer than the lock lives that a killed backend has left.
fn until(api: &Api, wanted: impl Fn(&Answer) -> bool) -> Answer {
    api::until(|| api.get(PODS), wanted)
}

#[test]
fn two_hundred_requests_over_three_replicas_are_one_refresh() {
    let here = deploy("refresh_once", &[]);
    let replicas = [here.plan.start(), here.plan.start(), here.plan.start()];
    let apis: Vec<Api> = replicas.iter().map(|replica| replica.api(&here.world)).collect();
    apis[0].log_in_and_expire(&here.idp);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = |number: usize| {
            let api = &apis[number % apis.len()];
            scope.spawn(move || api.get(PODS).status)
        };
        let asking: Vec<_> = (0..200).map(ask).collect();
        asking.into_iter().map(|request| request.join().unwrap()).collect()
    });
    assert_eq!(statuses, vec![200; 200]);
    assert_eq!(here.idp.refreshes(), 1);
    let status = apis[1].cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)), "{status}");
    // Requests of a process share a flight, which waited for its turn. One that had read the login before the flight began, and was
    // slow to join it, begins another, which finds the new tokens.
    let flights: Vec<[u64; 2]> = replicas
        .iter()
        .map(|replica| {
            [
                replica.metric("cluster_auth_refresh_total{result=\"refreshed\"}"),
                replica.metric("cluster_auth_refresh_lock_wait_seconds_count"),
            ]
        })
        .collect();
    assert!(flights.iter().all(|[refreshes, waits]| refreshes == waits), "{flights:?}");
    let flights: u64 = flights.iter().map(|[refreshes, _]| refreshes).sum();
    assert!((1..=50).contains(&flights), "{flights} flights for 200 requests");
}

#[test]
fn invalid_grant_ends_a_login_and_says_so() {
    let here = deploy("refresh_refused", &[]);
    let (_backend, api) = here.start();
    api.log_in_and_expire(&here.idp);
    let body = json!({ "error": "invalid_grant" });
    here.idp.control(
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
fn kill_the_holder(
    test: &str,
    idp_arguments: &[&str],
    wanted: impl Fn(&Answer) -> bool,
) -> (OnRedisWithCluster, Value) {
    let here = deploy(test, idp_arguments);
    // The lock that the dead one leaves behind lives for ten seconds.
    let plan = here.plan.clone().with("IDP_TIMEOUT", "5s");
    let (mut holder, other) = (plan.start(), plan.start());
    other.api(&here.world).log_in_and_expire(&here.idp);
    here.idp.hold_token("after");
    std::thread::scope(|scope| {
        let api = holder.api(&here.world);
        let asking = scope.spawn(move || api.attempt_get(PODS));
        here.idp.wait_held();
        holder.process.kill();
        assert!(asking.join().unwrap().is_none(), "a backend that is dead has answered");
    });
    here.idp.release();
    let api = other.api(&here.world);
    until(&api, wanted);
    let status = api.cluster_status();
    (here, status)
}

#[test]
fn a_holder_that_dies_after_its_request_costs_the_login_under_strict_reuse_detection() {
    let lost = |answer: &Answer| answer.status == 403 && answer.text.contains("refresh_lost");
    let (here, status) = kill_the_holder("refresh_lost", &[], lost);
    assert_eq!((&status["connected"], &status["reason"]), (&json!(false), &json!("refresh_lost")));
    assert_eq!(here.idp.refreshes(), 2, "the token is sent once more, and never again");
}

#[test]
fn a_holder_that_dies_after_its_request_costs_nothing_within_an_overlap() {
    let (here, status) =
        kill_the_holder("refresh_overlap", &["--overlap", "120"], |answer| answer.status == 200);
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)));
    assert_eq!(here.idp.refreshes(), 2);
}

#[test]
fn redis_holds_no_token_of_a_refresh() {
    let here = deploy("refresh_sealed", &[]);
    let (_backend, api) = here.start();
    api.log_in_and_expire(&here.idp);
    assert_eq!(api.get(PODS).status, 200);
    let found = |token: &str| String::from_utf8_lossy(&here.redis.dump()).contains(token);
    assert!(found("login:{user:default/felix|dev}"), "no login was found in Redis");
    let secrets = here.world.ledger.entries().into_iter();
    let tokens: Vec<Value> =
        secrets.filter(|secret| secret["kind"].as_str().unwrap().ends_with("_token")).collect();
    assert!(tokens.len() >= 6, "two sets of tokens went through this test");
    let mut values = tokens.iter().map(|token| token["value"].as_str().unwrap());
    for (token, value) in tokens.iter().zip(values.clone()) {
        assert!(!found(value), "Redis holds the {}", token["kind"]);
    }
    // One that is there is found.
    let planted = values.next().unwrap();
    here.redis.cli(&["SET", "planted", planted]);
    assert!(found(planted));
}
