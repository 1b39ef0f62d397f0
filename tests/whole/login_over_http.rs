//! The whole path over HTTP: register, authorize, exchange, keep, use.

use serde_json::json;

use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::{Cluster, PODS, names, pods};
use crate::harness::peers::idp::Idp;

fn log_in_and_use<R>(here: &Deployment<Idp, R, Cluster>) {
    let (_backend, api) = here.start();
    assert_eq!(api.cluster_status()["connected"], false);
    let session = api.register();
    assert_eq!(api.session(&session).json["status"], "pending");
    let answer = api.exchange(&session, &here.idp.log_in(&session.auth_url, "felix"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["success"], true);
    assert_eq!(answer.json["user"], "user:default/felix");
    assert_eq!(answer.json["subject"], "auth0|felix");
    assert_eq!(answer.json["email"], "felix@example.com");
    let done = api.session(&session);
    assert_eq!((&done.json["status"], &done.json["authUrl"]), (&json!("complete"), &json!(null)));
    let status = api.cluster_status();
    assert_eq!((&status["connected"], &status["email"]), (&json!(true), &json!("felix@example.com")));
    let own = api.get(PODS);
    assert_eq!(own.status, 200, "{}", own.text);
    assert!(names(&own.json).contains(&"web-0"), "{}", own.text);
    let foreign = api.get(&pods("dev", "team-b"));
    assert_eq!(
        (foreign.status, foreign.json["reason"].as_str()),
        (403, Some("Forbidden")),
        "{}",
        foreign.text
    );
}

#[test]
fn a_login_in_process_ends_at_the_users_own_pods() {
    log_in_and_use(&Deployment::new("login_in_process").with_cluster());
}

#[test]
fn a_login_on_redis_ends_at_the_users_own_pods() {
    log_in_and_use(&Deployment::new("login_on_redis").with_cluster().with_redis());
}
