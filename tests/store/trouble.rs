//! The store is slow, loses its master, or holds what nobody can read: whom that concerns, and whom not.

mod gate;
mod lost_answers;

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::harness::clients::api::Api;
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::World;

use self::gate::Gate;

const FELIX: &str = "user:default/felix";
const PODS: &str = "/clusters/dev/proxy/api/v1/namespaces/team-a/pods";

/// A master with one replica.
struct Parts {
    world: World,
    idp: Idp,
    redis: RedisServer,
    replica: RedisServer,
    plan: BackendPlan,
    _cluster: Cluster,
}

impl Parts {
    fn start(test: &str) -> Self {
        let world = World::new(test);
        let idp = Idp::start(&world);
        let cluster = Cluster::start(&world, &idp.issuer);
        let redis = RedisServer::start(&world);
        let replica = RedisServer::start_replica_of(&world, &redis);
        // Until the replica is there.
        redis.cli(&["WAIT", "1", "0"]);
        let plan = BackendPlan::new(&world, &idp.issuer).with_cluster(&cluster).with_redis(&redis);
        Self { world, idp, redis, replica, plan, _cluster: cluster }
    }

    fn log_in(&self, backend: &Backend, cluster: &str) -> Api {
        let api = backend.api(&self.world);
        let session = api.session_of(&api.post("/register", &json!({ "cluster": cluster })));
        let answer = api.exchange(&session, &self.idp.log_in(&session.auth_url, "felix"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        api
    }

    fn last_use(&self) -> i64 {
        let score = self.redis.cli(&["ZSCORE", "cluster-auth:logins", &format!("{FELIX}|dev")]);
        String::from_utf8(score).unwrap().trim().parse().unwrap()
    }
}

fn hours_ago(hours: i64) -> i64 {
    (OffsetDateTime::now_utc() - time::Duration::hours(hours)).unix_timestamp() * 1_000
}

/// What the caller is told of each cluster: its name, and why it is not connected.
fn reasons(api: &Api) -> Vec<(String, Value)> {
    let answer = api.get("/status");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let clusters = answer.json["clusters"].as_array().unwrap();
    clusters.iter().map(|it| (it["name"].as_str().unwrap().to_owned(), it["reason"].clone())).collect()
}

#[test]
fn a_use_is_written_beside_the_request_whatever_the_replica_does() {
    let parts = Parts::start("store_trouble_use");
    parts.log_in(&parts.plan.start(), "dev");
    parts.redis.cli(&[
        "ZADD",
        "cluster-auth:logins",
        "XX",
        &hours_ago(2).to_string(),
        &format!("{FELIX}|dev"),
    ]);
    // This one has not noted a use yet: the first counts.
    let mut backend = parts.plan.start();
    parts.replica.freeze();
    let api = backend.api(&parts.world);
    for _ in 0..3 {
        assert_eq!(api.get(PODS).status, 200);
    }
    backend.process.signal(Signal::SIGTERM);
    assert!(backend.process.wait().success());
    assert!(parts.last_use() > hours_ago(1), "the use is lost");
    let log = backend.process.printed();
    for trouble in ["no replica has confirmed", "could not be written"] {
        assert!(!log.contains(trouble), "a request had to do with the replica: {log}");
    }
    parts.replica.resume();
}

#[test]
fn a_login_is_forgotten_when_a_failover_cannot_bring_it_back() {
    let parts = Parts::start("store_trouble_disconnect");
    let backend = parts.plan.start();
    let api = parts.log_in(&backend, "dev");
    parts.redis.cli(&["WAIT", "1", "0"]);
    parts.replica.freeze();
    // Asked again, the login is gone at the master: what counts is that the replica still has it.
    for _ in 0..2 {
        api.delete("/tokens?cluster=dev").assert_problem(503, "store_unavailable");
    }
    parts.replica.resume();
    while api.delete("/tokens?cluster=dev").status != 200 {
        // The replica has to be heard of first.
        parts.redis.cli(&["WAIT", "1", "1000"]);
    }
    drop(backend);
    let Parts { world, mut redis, replica, plan, .. } = parts;
    redis.kill();
    replica.cli(&["REPLICAOF", "NO", "ONE"]);
    let backend = plan.with_redis(&replica).start();
    assert_eq!(reasons(&backend.api(&world)), [("dev".to_owned(), Value::Null)]);
    assert_eq!(backend.api(&world).cluster_status()["connected"], false);
}

/// The refresh tokens that the identity provider has given, the oldest first.
fn refresh_tokens(world: &World) -> Vec<String> {
    let ledger = std::fs::read_to_string(world.ledger.path()).unwrap();
    // The last line may be half written.
    let secrets = ledger.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let tokens = secrets.filter(|secret| secret["kind"] == "refresh_token");
    tokens.map(|token| token["value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn of_two_logins_whose_writes_are_not_confirmed_the_one_that_is_kept_lives() {
    let parts = Parts::start("store_trouble_two_logins");
    let replicas = [parts.plan.start(), parts.plan.start()];
    let apis = [parts.log_in(&replicas[0], "dev"), replicas[1].api(&parts.world)];
    let sessions = [apis[0].register(), apis[1].register()];
    let redirects = sessions.each_ref().map(|session| parts.idp.log_in(&session.auth_url, "felix"));
    // Both have their tokens before either writes, and no write is confirmed from then on.
    let tokens = std::thread::scope(|scope| {
        let redeeming = [0, 1].map(|number| {
            parts.idp.hold_token("after");
            let (api, session, redirect) = (&apis[number], &sessions[number], &redirects[number]);
            let redeeming = scope.spawn(move || api.exchange(session, redirect));
            while refresh_tokens(&parts.world).len() < number + 2 {
                std::thread::yield_now();
            }
            redeeming
        });
        parts.replica.freeze();
        let deadline = Instant::now() + Duration::from_secs(20);
        while parts.idp.read("counts")["revocation"] == 0 {
            assert!(Instant::now() < deadline, "neither login gives way");
            parts.idp.control("release", json!({}));
        }
        parts.replica.resume();
        let answers = redeeming.map(|request| request.join().unwrap());
        let refused = usize::from(answers[0].status == 200);
        answers[refused].assert_problem(504, "timeout");
        assert_eq!(answers[1 - refused].json["success"], true, "{}", answers[1 - refused].text);
        let tokens = refresh_tokens(&parts.world);
        [tokens[1 + refused].clone(), tokens[2 - refused].clone()]
    });
    assert_eq!(apis[0].cluster_status()["connected"], true);
    let [refused, kept] = tokens;
    assert_eq!(parts.idp.spend(&refused), 403, "tokens that no login holds still count");
    assert_eq!(parts.idp.spend(&kept), 200, "the login that the store has was revoked");
}

#[test]
fn a_record_that_cannot_be_read_is_its_own_clusters_trouble() {
    let parts = Parts::start("store_trouble_unreadable");
    let plan = parts.plan.clone().with_clusters_named(&parts.world, &["dev", "prod", "stage", "test"]);
    let backend = plan.start();
    let api = parts.log_in(&backend, "dev");
    parts.log_in(&backend, "prod");
    let record = |cluster| format!("cluster-auth:login:{{{FELIX}|{cluster}}}");
    parts.redis.cli(&["SET", &record("prod"), "garbage"]);
    // Not even a record.
    parts.redis.cli(&["LPUSH", &record("stage"), "garbage"]);
    let reason = |cluster: &str, reason: Value| (cluster.to_owned(), reason);
    assert_eq!(
        reasons(&api),
        [
            reason("dev", Value::Null),
            reason("prod", json!("unreadable")),
            reason("stage", json!("unreadable")),
            reason("test", Value::Null),
        ]
    );
    assert_eq!(api.cluster_status()["connected"], true);
}

#[test]
fn status_asks_for_all_clusters_at_once() {
    let parts = Parts::start("store_trouble_at_once");
    let clusters = ["dev", "prod", "stage", "test"];
    let gate = Gate::before(&parts.redis, clusters.len());
    let plan = parts.plan.clone().with_clusters_named(&parts.world, &clusters);
    let backend = plan.with("REDIS_URL", &gate.url).start();
    assert_eq!(reasons(&backend.api(&parts.world)).len(), clusters.len());
}
