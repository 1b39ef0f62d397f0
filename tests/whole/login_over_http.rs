//! The whole path over HTTP: register, authorize, exchange, keep, use.

use serde_json::json;

use crate::harness::peers::cluster::{Cluster, names};
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::World;

fn log_in_and_use(world: &World, idp: &Idp, plan: &BackendPlan) {
    let backend = plan.start();
    let api = backend.api(world);
    assert_eq!(api.cluster_status()["connected"], false);
    let session = api.register();
    assert_eq!(api.session(&session).json["status"], "pending");
    let answer = api.exchange(&session, &idp.log_in(&session.auth_url, "felix"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["success"], true);
    assert_eq!(answer.json["user"], "user:default/felix");
    assert_eq!(answer.json["subject"], "auth0|felix");
    let done = api.session(&session);
    assert_eq!((&done.json["status"], &done.json["authUrl"]), (&json!("complete"), &json!(null)));
    assert_eq!(api.cluster_status()["connected"], true);
    let own = api.get("/clusters/dev/proxy/api/v1/namespaces/team-a/pods");
    assert_eq!(own.status, 200, "{}", own.text);
    assert!(names(&own.json).contains(&"web-0"), "{}", own.text);
    let foreign = api.get("/clusters/dev/proxy/api/v1/namespaces/team-b/pods");
    assert_eq!(
        (foreign.status, foreign.json["reason"].as_str()),
        (403, Some("Forbidden")),
        "{}",
        foreign.text
    );
}

#[test]
fn a_login_in_process_ends_at_the_users_own_pods() {
    let world = World::new("login_in_process");
    let idp = Idp::start(&world);
    let cluster = Cluster::start(&world, &idp.issuer);
    log_in_and_use(&world, &idp, &BackendPlan::new(&world, &idp.issuer).with_cluster(&cluster));
}

#[test]
fn a_login_on_redis_ends_at_the_users_own_pods() {
    let world = World::new("login_on_redis");
    let idp = Idp::start(&world);
    let cluster = Cluster::start(&world, &idp.issuer);
    let redis = RedisServer::start(&world);
    log_in_and_use(
        &world,
        &idp,
        &BackendPlan::new(&world, &idp.issuer).with_cluster(&cluster).with_redis(&redis),
    );
}
