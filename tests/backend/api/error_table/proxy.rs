//! At the Kubernetes proxy each own error is a `v1 Status`, so that kubectl prints it.

use super::surroundings::{user_token, without_backstage};
use super::{Ground, Row};
use crate::harness::clients::api::Answer;
use crate::harness::clients::login::Arrived;
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::free_port;

pub(super) const ROWS: &[Row] = &[
    Row(403, "not_connected", |scene| {
        let (_backend, api) = scene.ground.start_as(&behind_a_closed_port(&scene.ground.plan));
        api.get(PODS)
    }),
    Row(404, "not_found", |scene| scene.api.get(PODS)),
    Row(400, "unknown_cluster", |scene| scene.api.get("/clusters/nowhere/proxy/api")),
    Row(400, "bad_request", |scene| scene.api.get("/clusters/dev/proxy/api/%2e%2e/metrics")),
    Row(403, "not_allowed", |scene| scene.api.get_with(PODS, &[("sec-fetch-mode", "cors")])),
    Row(403, "not_allowed", |scene| scene.api.get_with(PODS, &[("impersonate-user", "root")])),
    Row(401, "not_signed_in", |scene| {
        let (_backend, api) = scene.ground.start_as(&without_backstage(&scene.ground.plan));
        api.get(PODS)
    }),
    Row(401, "token_invalid", |scene| {
        let (_backend, api) = scene.ground.start_as(&without_backstage(&scene.ground.plan));
        api.with_bearer("garbage").get(PODS)
    }),
    Row(504, "timeout", |scene| {
        let (_backend, api) = scene.ground.start_as(&without_backstage(&scene.ground.plan));
        api.with_bearer(&user_token()).get(PODS)
    }),
    Row(502, "cluster_unreachable", |scene| {
        let (_backend, api) = scene.ground.start_as(&behind_a_closed_port(&scene.ground.plan));
        let Arrived { session, redirect } = api.arrive(&scene.ground.idp, "felix");
        assert_eq!(api.exchange(&session, &redirect).status, 200);
        api.get(PODS)
    }),
    Row(503, "store_unavailable", |scene| {
        let mut redis = RedisServer::start(&scene.ground.world);
        let backend = behind_a_closed_port(&scene.ground.plan).with_redis(&redis).start();
        redis.kill();
        backend.api(&scene.ground.world).get(PODS)
    }),
];

#[test]
fn errors_of_the_proxy_are_status_objects() {
    Ground::new("error_proxy").walk(ROWS, Answer::assert_status_object);
}

/// A cluster with an address at which no server listens.
fn behind_a_closed_port(plan: &BackendPlan) -> BackendPlan {
    plan.clone().with("KUBERNETES_API_URL", &format!("https://127.0.0.1:{}", free_port()))
}
