//! A fault of the program inside a refresh, planted by a debug build: that request fails, and nothing else.

use serde_json::{Value, json};

use super::{deploy, until};
use crate::harness::deployment::OnRedisWithCluster;
use crate::harness::peers::cluster::PODS;
use crate::harness::programs::backend::Backend;

fn assert_no_lock(here: &OnRedisWithCluster) {
    let left: Vec<_> = here.redis.keys().into_iter().filter(|key| key.contains("login-lock")).collect();
    assert!(left.is_empty(), "a lock is left behind: {left:?}");
}

fn faulty(here: &OnRedisWithCluster, place: &str) -> Backend {
    here.plan.clone().with("PLANTED_PANIC", place).start()
}

#[test]
fn a_panic_before_the_token_is_spent_costs_one_request() {
    let here = deploy("refresh_panics", &[]);
    let (backend, other) = (faulty(&here, "refresh"), here.plan.start());
    let (api, other) = (here.api(&backend), other.api(&here.world));
    api.log_in_and_expire(&here.idp);
    api.get(PODS).assert_status_object(500, "internal_error");
    assert_no_lock(&here);
    assert_eq!(other.get(PODS).status, 200);
    assert_eq!(api.get(PODS).status, 200);
    assert_eq!(here.idp.refreshes(), 1);
    let line = backend.process.wait_for_line("\"outcome\":\"internal_error\"");
    let event: Value = serde_json::from_str(&line).unwrap();
    assert!(event["span"]["request_id"].is_string(), "the line names no request: {line}");
}

#[test]
fn a_panic_when_the_new_tokens_are_looked_at_loses_none_of_them() {
    let here = deploy("refresh_panics_late", &[]);
    let backend = faulty(&here, "verification");
    let api = here.api(&backend);
    api.log_in_and_expire(&here.idp);
    api.get(PODS).assert_status_object(502, "idp_refused");
    assert_no_lock(&here);
    until(&api, |answer| answer.status == 200);
    assert_eq!(here.idp.refreshes(), 2);
    assert_eq!(api.cluster_status()["refreshable"], true);
}

#[test]
fn a_panic_in_the_end_of_a_login_leaves_it_to_be_ended_again() {
    let here = deploy("forget_panics", &[]);
    let backend = faulty(&here, "forget");
    let api = here.api(&backend);
    api.log_in_and_expire(&here.idp);
    api.delete("/tokens").assert_problem(500, "internal_error");
    assert_no_lock(&here);
    assert_eq!(api.delete("/tokens").json["disconnected"], json!(["dev"]));
}
