//! The store is slow, loses its master, or holds a record that cannot be read: which requests that concerns, and which not.

mod gate;
mod lost_answers;

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::harness::clients::api::Api;
use crate::harness::deployment::{Deployment, OnRedisWithCluster};
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::Backend;

use self::gate::Gate;

const FELIX: &str = "user:default/felix";

/// A master with one replica.
struct Parts {
    here: OnRedisWithCluster,
    replica: RedisServer,
}

impl Parts {
    fn start(test: &str) -> Self {
        let here = Deployment::new(test).with_cluster().with_redis();
        let replica = RedisServer::start_replica_of(&here.world, &here.redis);
        // Until the replica is there.
        here.redis.cli(&["WAIT", "1", "0"]);
        Self { here, replica }
    }

    fn log_in(&self, backend: &Backend, cluster: &str) -> Api {
        let api = self.here.api(backend);
        api.log_in_to(&self.here.idp, cluster, "felix");
        api
    }

    fn last_use(&self) -> i64 {
        let score = self.here.redis.cli(&["ZSCORE", "cluster-auth:logins", &format!("{FELIX}|dev")]);
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
    parts.log_in(&parts.here.plan.start(), "dev");
    parts.here.redis.cli(&[
        "ZADD",
        "cluster-auth:logins",
        "XX",
        &hours_ago(2).to_string(),
        &format!("{FELIX}|dev"),
    ]);
    // This one has not noted a use yet: the first counts.
    let mut backend = parts.here.plan.start();
    parts.replica.freeze();
    let api = parts.here.api(&backend);
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
    let backend = parts.here.plan.start();
    let api = parts.log_in(&backend, "dev");
    parts.here.redis.cli(&["WAIT", "1", "0"]);
    parts.replica.freeze();
    // Asked again, the login is gone at the master: what counts is that the replica still has it.
    for _ in 0..2 {
        api.delete("/tokens?cluster=dev").assert_problem(503, "store_unavailable");
    }
    parts.replica.resume();
    while api.delete("/tokens?cluster=dev").status != 200 {
        // The replica has to be heard of first.
        parts.here.redis.cli(&["WAIT", "1", "1000"]);
    }
    drop(backend);
    let Parts { mut here, replica } = parts;
    here.redis.kill();
    replica.cli(&["REPLICAOF", "NO", "ONE"]);
    let (_backend, api) = here.start_as(&here.plan.clone().with_redis(&replica));
    assert_eq!(reasons(&api), [("dev".to_owned(), Value::Null)]);
    assert_eq!(api.cluster_status()["connected"], false);
}

/// The refresh tokens that the identity provider has given, the oldest first.
fn refresh_tokens(parts: &Parts) -> Vec<String> {
    parts.here.world.ledger.values_of("refresh_token")
}

#[test]
fn of_two_logins_with_unconfirmed_writes_the_one_that_is_kept_is_not_revoked() {
    let parts = Parts::start("store_trouble_two_logins");
    let replicas = [parts.here.plan.start(), parts.here.plan.start()];
    let apis = [parts.log_in(&replicas[0], "dev"), replicas[1].api(&parts.here.world)];
    let sessions = [apis[0].register(), apis[1].register()];
    let redirects = sessions.each_ref().map(|session| parts.here.idp.log_in(&session.auth_url, "felix"));
    // Both have their tokens before either writes, and no write is confirmed from then on.
    let kept = std::thread::scope(|scope| {
        let redeeming = [0, 1].map(|number| {
            parts.here.idp.hold_token("after");
            let (api, session, redirect) = (&apis[number], &sessions[number], &redirects[number]);
            let redeeming = scope.spawn(move || api.exchange(session, redirect));
            while refresh_tokens(&parts).len() < number + 2 {
                std::thread::yield_now();
            }
            redeeming
        });
        parts.replica.freeze();
        let deadline = Instant::now() + Duration::from_secs(20);
        let gives_way = |backend: &Backend| backend.process.printed().contains("left_for_another_login");
        while !replicas.iter().any(gives_way) {
            assert!(Instant::now() < deadline, "neither login gives way");
            parts.here.idp.release();
        }
        parts.replica.resume();
        let answers = redeeming.map(|request| request.join().unwrap());
        let refused = usize::from(answers[0].status == 200);
        answers[refused].assert_problem(504, "timeout");
        assert_eq!(answers[1 - refused].json["success"], true, "{}", answers[1 - refused].text);
        refresh_tokens(&parts)[2 - refused].clone()
    });
    assert_eq!(apis[0].cluster_status()["connected"], true);
    // Both are one person's: with many providers to revoke one would end the other.
    assert_eq!(parts.here.idp.revocations(), 0);
    assert_eq!(parts.here.idp.spend(&kept), 200, "the login that the store has was revoked");
}

#[test]
fn a_record_that_cannot_be_read_concerns_its_own_cluster_alone() {
    let parts = Parts::start("store_trouble_unreadable");
    let plan =
        parts.here.plan.clone().with_clusters_named(&parts.here.world, &["dev", "prod", "stage", "test"]);
    let backend = plan.start();
    let api = parts.log_in(&backend, "dev");
    parts.log_in(&backend, "prod");
    let record = |cluster| format!("cluster-auth:login:{{{FELIX}|{cluster}}}");
    parts.here.redis.cli(&["SET", &record("prod"), "garbage"]);
    // Not even a record.
    parts.here.redis.cli(&["LPUSH", &record("stage"), "garbage"]);
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
    let gate = Gate::before(&parts.here.redis, clusters.len());
    let plan = parts.here.plan.clone().with_clusters_named(&parts.here.world, &clusters);
    let backend = plan.with("REDIS_URL", &gate.url).start();
    assert_eq!(reasons(&parts.here.api(&backend)).len(), clusters.len());
}
