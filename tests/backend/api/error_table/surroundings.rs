//! Backstage, Redis or the sealing key is missing, or another than before.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::{Ground, Row, Scene};
use crate::harness::clients::api::{Answer, Api, Session};
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan, SEALING_KEY};
use crate::harness::world::free_port;

/// Another key than [`SEALING_KEY`].
const OTHER_KEY: &str = "other:YW5vdGhlciBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyE=";

pub(super) const ROWS: &[Row] = &[
    Row(401, "not_signed_in", |scene| beside_backstage(scene).1.get("/status")),
    Row(401, "not_signed_in", |scene| beside_backstage(scene).1.delete("/tokens")),
    Row(401, "not_signed_in", |scene| beside_backstage(scene).1.post_raw("/register", &[], b"")),
    Row(401, "token_invalid", |scene| beside_backstage(scene).1.with_bearer("garbage").get("/status")),
    Row(504, "timeout", |scene| beside_backstage(scene).1.with_bearer(&user_token()).get("/status")),
    // Backstage is away: a plugin that is not trusted is refused without a look at any key.
    Row(403, "plugin_not_trusted", |scene| {
        beside_backstage(scene).1.with_bearer(&plugin_token("stranger")).get("/token?cluster=dev")
    }),
    Row(504, "timeout", |scene| {
        beside_backstage(scene).1.with_bearer(&plugin_token("kubernetes")).get("/token?cluster=dev")
    }),
    Row(403, "not_allowed", |scene| scene.api.get("/token?cluster=dev")),
    Row(503, "store_unavailable", |scene| {
        let (mut redis, _backend, api, session) = on_redis(scene);
        redis.kill();
        api.session(&session)
    }),
    Row(503, "record_unreadable", |scene| {
        let (redis, backend, _, session) = on_redis(scene);
        drop(backend);
        let restart = |keys: &str| {
            let plan = scene.ground.plan.clone().with_redis(&redis).with("TOKEN_ENCRYPTION_KEYS", keys);
            let backend = plan.start();
            let answer = backend.api(&scene.ground.world).session(&session);
            drop(backend);
            answer
        };
        let answer = restart(OTHER_KEY);
        // Nothing was deleted: with the key back, also behind a newer one, the record is read again.
        assert_eq!(restart(SEALING_KEY).json["status"], "pending");
        assert_eq!(restart(&format!("{OTHER_KEY},{SEALING_KEY}")).json["status"], "pending");
        answer
    }),
];

#[test]
fn what_is_away_is_named() {
    Ground::new("error_surroundings").walk(ROWS, Answer::assert_problem);
}

/// A backend that wants Backstage's tokens, and a Backstage that is away.
pub(super) fn without_backstage(plan: &BackendPlan) -> BackendPlan {
    let url = format!("http://127.0.0.1:{}", free_port());
    plan.clone().without("CLUSTER_AUTH_DEV_USER").with("BACKSTAGE_URL", &url)
}

fn beside_backstage(scene: &Scene<'_>) -> (Backend, Api) {
    scene.ground.start_as(&without_backstage(&scene.ground.plan))
}

/// Looks like a user token; the Backstage that could tell whether it is one is away.
pub(super) fn user_token() -> String {
    looks_like("vnd.backstage.user", &json!({}))
}

/// Looks like the token of that plugin.
fn plugin_token(plugin: &str) -> String {
    looks_like("vnd.backstage.plugin", &json!({ "sub": plugin }))
}

fn looks_like(typ: &str, claims: &serde_json::Value) -> String {
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "typ": typ, "alg": "ES256", "kid": "some" });
    format!("{}.{}.{}", part(&header), part(claims), URL_SAFE_NO_PAD.encode([0; 64]))
}

/// A session that lies in Redis.
fn on_redis(scene: &Scene<'_>) -> (RedisServer, Backend, Api, Session) {
    let redis = RedisServer::start(&scene.ground.world);
    let (backend, api) = scene.ground.start_as(&scene.ground.plan.clone().with_redis(&redis));
    let session = api.register();
    (redis, backend, api, session)
}
