//! After a refresh that failed, none is tried for a while, on any replica.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{deploy, until};
use crate::harness::clients::api::{Answer, Api};
use crate::harness::deployment::OnRedisWithCluster;
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::provider::Provider;

/// The token endpoint says that again and again.
fn fail(here: &OnRedisWithCluster, canned: &Value) {
    let mut all = json!({ "endpoint": "token", "times": 1_000_000 });
    all.as_object_mut().unwrap().extend(canned.as_object().unwrap().clone());
    here.idp.control("next", all);
}

fn assert_cause(answer: &Answer, status: u16, code: &str) {
    let cause = &answer.json["details"]["causes"][0]["reason"];
    assert_eq!((answer.status, cause.as_str()), (status, Some(code)), "{}", answer.text);
}

#[test]
fn sixty_requests_over_two_replicas_are_a_handful_of_refreshes() {
    let here = deploy("refresh_backoff", &[]);
    let replicas = [here.plan.start(), here.plan.start()];
    let apis: Vec<Api> = replicas.iter().map(|replica| replica.api(&here.world)).collect();
    apis[0].log_in_and_expire(&here.idp);
    fail(&here, &json!({ "status": 429, "body": { "error": "slow_down" }, "retryAfter": 3600 }));
    for request in 0..60 {
        let answer = apis[request % 2].get(PODS);
        assert_cause(&answer, 502, "idp_refused");
        assert!(answer.text.contains("it is kept: try again"), "{}", answer.text);
    }
    assert_eq!(here.idp.refreshes(), 1, "the provider asked for an hour");
    // A new login asks for nothing of the old one's.
    here.idp.control("reset", json!({}));
    apis[0].log_in_and_expire(&here.idp);
    assert_eq!(apis[1].get(PODS).status, 200);
}

#[test]
fn a_provider_that_asks_for_three_seconds_gets_them_and_then_the_login_goes_on() {
    let here = deploy("refresh_retry_after", &[]);
    let (_backend, api) = here.start();
    api.log_in_and_expire(&here.idp);
    here.idp.control("next", json!({ "endpoint": "token", "status": 503, "retryAfter": 3 }));
    let asked = Instant::now();
    assert_cause(&api.get(PODS), 502, "idp_refused");
    until(&api, |answer| answer.status == 200);
    assert!(asked.elapsed() >= Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(here.idp.refreshes(), 2);
}

#[test]
fn pauses_grow_while_nothing_is_asked_for() {
    let here = deploy("refresh_backoff_grows", &[]);
    let (_backend, api) = here.start();
    api.log_in_and_expire(&here.idp);
    fail(&here, &json!({ "status": 503 }));
    let until = Instant::now() + Duration::from_secs(6);
    while Instant::now() < until {
        assert_cause(&api.get(PODS), 502, "idp_refused");
    }
    // At once, and after 1, 2 and 4 seconds at the soonest.
    let refreshes = here.idp.refreshes();
    assert!((2..=3).contains(&refreshes), "{refreshes}");
}

#[test]
fn while_the_old_id_token_serves_requests_succeed() {
    let here = deploy("refresh_backoff_ahead", &[]);
    let (_backend, api) = here.start();
    here.idp.set_id_token_lifetime(10);
    api.log_in(&here.idp, "felix");
    fail(&here, &json!({ "status": 429, "retryAfter": 3600 }));
    let refused = loop {
        let answer = api.get(PODS);
        if answer.status != 200 {
            break answer;
        }
    };
    // Ahead of time, and then never again.
    assert_cause(&refused, 502, "idp_refused");
    assert_eq!(here.idp.refreshes(), 1);
    assert_eq!(api.cluster_status()["refreshable"], true);
}
