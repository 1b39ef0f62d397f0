//! A login that is over is over everywhere: forgotten at once, its refresh token dead at the identity provider, later if not at
//! once, whoever dies or is away meanwhile.

mod later;
mod unused_sweep;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api, agent};
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::World;

/// Longer than the pauses between two tries here.
const PATIENCE: Duration = Duration::from_mins(1);

/// Another key than [`SEALING_KEY`].
const OTHER_KEY: &str = "other:YW5vdGhlciBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyE=";

struct Parts {
    world: World,
    idp: Idp,
    redis: RedisServer,
    plan: BackendPlan,
}

impl Parts {
    fn start(test: &str) -> Self {
        let world = World::new(test);
        let idp = Idp::start(&world);
        let redis = RedisServer::start(&world);
        let plan = BackendPlan::new(&world, &idp.issuer).with_redis(&redis);
        Self { world, idp, redis, plan }
    }

    /// The same for a test that waits for revocations to be tried again: the pause before that is twice this time-out.
    fn start_impatient(test: &str) -> Self {
        Self::start(test).impatient()
    }

    fn impatient(self) -> Self {
        Self { plan: self.plan.with("IDP_TIMEOUT", "3s"), ..self }
    }

    /// Two clusters, `dev` and `prod`.
    fn start_with_two_clusters(test: &str) -> Self {
        let parts = Self::start(test);
        let cluster = |name: &str| {
            format!(
                "[[clusters]]\ncluster_name = \"{name}\"\noidc_issuer_url = \"{}\"\noidc_client_id = \"kubernetes\"\n\
                 oidc_organization_id = \"org_dev\"\noidc_extra_params = \"prompt=consent\"\nidentity_rule = \"any\"\n",
                parts.idp.issuer
            )
        };
        let file = parts.world.file("clusters.toml");
        std::fs::write(&file, cluster("dev") + &cluster("prod")).unwrap();
        Self { plan: parts.plan.with("CONFIG_FILE", file.to_str().unwrap()), ..parts }
    }

    fn api(&self, backend: &Backend) -> Api {
        backend.api(&self.world)
    }

    /// Logs in; the answer is the login's refresh token.
    fn log_in_to(&self, api: &Api, cluster: &str, login: &str) -> String {
        let session = api.session_of(&api.post("/register", &json!({ "cluster": cluster })));
        let answer = api.exchange(&session, &self.idp.log_in(&session.auth_url, login));
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.newest_refresh_token()
    }

    fn log_in(&self, api: &Api) -> String {
        self.log_in_to(api, "dev", "felix")
    }

    fn secrets(&self) -> Vec<Value> {
        let ledger = std::fs::read_to_string(self.world.ledger.path()).unwrap();
        ledger.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn newest_refresh_token(&self) -> String {
        let secrets = self.secrets();
        let newest = secrets.iter().rfind(|secret| secret["kind"] == "refresh_token").unwrap();
        newest["value"].as_str().unwrap().to_owned()
    }

    /// The next revocations are answered like that.
    fn fail_revocations(&self, times: u32, status: u16) {
        self.idp.control("next", json!({ "endpoint": "revocation", "status": status, "times": times }));
    }

    fn revocations(&self) -> Value {
        self.idp.read("counts")["revocation"].clone()
    }

    fn wait_for_revocations(&self, count: u64) {
        let deadline = Instant::now() + PATIENCE;
        while self.revocations().as_u64().unwrap() < count {
            assert!(Instant::now() < deadline, "no revocation came");
        }
    }

    fn assert_dead(&self, refresh_token: &str) {
        assert_eq!(self.idp.spend(refresh_token), 403, "a refresh token that shall be dead still counts");
    }

    fn assert_alive(&self, refresh_token: &str) {
        assert_eq!(self.idp.spend(refresh_token), 200, "a refresh token that nobody gave up is dead");
    }
}

#[track_caller]
fn assert_answer(answer: &Answer, disconnected: &[&str], pending: &[&str]) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json, json!({ "disconnected": disconnected, "revocationPending": pending }));
}

/// Asks until nothing is pending any more.
fn until_nothing_is_pending(api: &Api) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = api.delete("/tokens");
        if answer.json["revocationPending"] == json!([]) {
            return;
        }
        assert!(answer.status == 200 && Instant::now() < deadline, "still {}", answer.text);
    }
}

/// The audit line of a revocation with that outcome.
fn wait_for_audit(backend: &Backend, outcome: &str) {
    let event = backend.process.wait_for(outcome, |line| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["target"] == "audit" && event["message"] == "revocation" && event["outcome"] == outcome)
            .then_some(event)
    });
    assert_eq!((&event["user"], &event["cluster"]), (&json!("user:default/felix"), &json!("dev")));
}

/// Whether the backend has counted that many revocations of that outcome.
fn counted(backend: &Backend, outcome: &str, count: u64) -> bool {
    let metrics = Answer::read(agent().get(format!("{}/metrics", backend.control_url)).call().unwrap()).text;
    metrics.contains(&format!("cluster_auth_revocations_total{{outcome=\"{outcome}\"}} {count}\n"))
}

fn until_counted(backend: &Backend, outcome: &str, count: u64) {
    let deadline = Instant::now() + PATIENCE;
    while !counted(backend, outcome, count) {
        assert!(Instant::now() < deadline, "not {count} revocations {outcome}");
    }
}

#[test]
fn a_forgotten_login_is_dead_at_the_identity_provider() {
    let parts = Parts::start("disconnect_revoked");
    let backend = parts.plan.start();
    let api = parts.api(&backend);
    let control = parts.log_in(&api);
    parts.assert_alive(&control);
    let token = parts.log_in(&api);
    assert_eq!(api.cluster_status()["connected"], true);
    api.delete("/tokens?cluster=elsewhere").assert_problem(400, "unknown_cluster");
    api.delete("/tokens?cluster=dev&cluster=dev").assert_problem(400, "bad_request");
    assert_eq!(api.cluster_status()["connected"], true);
    assert_answer(&api.delete("/tokens?cluster=dev"), &["dev"], &[]);
    assert_eq!(api.cluster_status()["connected"], false);
    parts.assert_dead(&token);
    wait_for_audit(&backend, "revoked");
    // Asked again, there is nothing to do, and that is no error.
    assert_answer(&api.delete("/tokens?cluster=dev"), &[], &[]);
    assert_answer(&api.delete("/tokens"), &[], &[]);
    let left = parts.redis.keys();
    assert!(!left.iter().any(|key| key.contains("revocation") || key.contains("login:")), "{left:?}");
}

#[test]
fn all_clusters_of_one_user_and_nothing_of_anothers() {
    let parts = Parts::start_with_two_clusters("disconnect_all").impatient();
    let backends =
        [parts.plan.start(), parts.plan.clone().with("CLUSTER_AUTH_DEV_USER", "user:default/mara").start()];
    let [felix, mara] = backends.each_ref().map(|backend| parts.api(backend));
    let hers = parts.log_in_to(&mara, "dev", "mara");
    let his = [parts.log_in_to(&felix, "dev", "felix"), parts.log_in_to(&felix, "prod", "felix")];
    parts.fail_revocations(2, 500);
    assert_answer(&felix.delete("/tokens"), &["dev", "prod"], &["dev", "prod"]);
    assert_eq!(felix.cluster_status()["connected"], false);
    // Of what is pending, she is told nothing, and only what she gives up goes.
    assert_answer(&mara.delete("/tokens?cluster=prod"), &[], &[]);
    assert_eq!(mara.cluster_status()["connected"], true);
    until_nothing_is_pending(&felix);
    for token in &his {
        parts.assert_dead(token);
    }
    parts.assert_alive(&hers);
}

/// A refresh is under way, its lock has run out, and the login is forgotten meanwhile.
#[test]
fn a_refresh_under_way_revokes_what_it_got_for_a_forgotten_login() {
    let parts = Parts::start("disconnect_refresh");
    let cluster = Cluster::start(&parts.world, &parts.idp.issuer);
    let backend = parts.plan.clone().with_cluster(&cluster).with("IDP_TIMEOUT", "20s").start();
    let api = parts.api(&backend);
    parts.idp.control("id-token-lifetime", json!({ "seconds": 1 }));
    let spent = parts.log_in(&api);
    parts.idp.hold_token("after");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let pods = "/clusters/dev/proxy/api/v1/namespaces/team-a/pods";
            let deadline = Instant::now() + PATIENCE;
            loop {
                let answer = api.get(pods);
                // The ID token still serves, or the fast cluster has just seen it expire.
                if !matches!(answer.status, 200 | 401) || Instant::now() > deadline {
                    return answer;
                }
            }
        });
        parts.idp.wait_held();
        parts.redis.cli(&["DEL", "cluster-auth:login-lock:{user:default/felix|dev}"]);
        assert_answer(&api.delete("/tokens"), &["dev"], &[]);
        assert_eq!(parts.revocations(), 1);
        parts.idp.control("release", json!({}));
        let answer = asking.join().unwrap();
        assert_eq!(answer.status, 403, "{}", answer.text);
        assert!(answer.text.contains("not_connected"), "{}", answer.text);
    });
    // The caller may have been told by the store, while the refresh goes on.
    parts.wait_for_revocations(2);
    assert_eq!(parts.revocations(), 2);
    let got = parts.newest_refresh_token();
    assert_ne!(got, spent);
    parts.assert_dead(&got);
    assert_answer(&api.delete("/tokens"), &[], &[]);
}

#[test]
fn while_the_identity_provider_is_away_a_login_is_forgotten_at_once_and_no_token_lies_in_redis() {
    let mut parts = Parts::start("disconnect_away");
    let backend = parts.plan.start();
    let api = parts.api(&backend);
    parts.log_in(&api);
    parts.idp.kill();
    assert_answer(&api.delete("/tokens"), &["dev"], &["dev"]);
    assert_eq!(api.cluster_status()["connected"], false);
    let dump = || String::from_utf8_lossy(&parts.redis.dump()).into_owned();
    let sealed = dump();
    assert!(sealed.contains("revocation:{user:default/felix|dev}"), "nothing pending was found in Redis");
    assert!(!sealed.contains("login:{user:default/felix|dev}"), "the login is still there");
    let indexes = parts.redis.cli(&["ZRANGE", "cluster-auth:revocations", "0", "-1"]);
    let sealed = sealed + &String::from_utf8_lossy(&indexes);
    assert!(sealed.contains("|user:default/felix|dev"), "no index was found in Redis");
    let tokens: Vec<String> = parts
        .secrets()
        .iter()
        .filter(|secret| {
            secret["kind"].as_str().unwrap().ends_with("_token") && secret["kind"] != "session_token"
        })
        .map(|secret| secret["value"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(tokens.len(), 3);
    for token in &tokens {
        assert!(!sealed.contains(token.as_str()), "Redis holds a token");
        // A token that lay there would have been found.
        parts.redis.cli(&["SET", "planted", token]);
        assert!(dump().contains(token.as_str()));
    }
}

#[test]
fn a_login_that_another_replaces_is_dead_and_the_new_one_lives() {
    let parts = Parts::start_impatient("disconnect_replaced");
    let backend = parts.plan.start();
    let api = parts.api(&backend);
    let first = parts.log_in(&api);
    let second = parts.log_in(&api);
    parts.assert_dead(&first);
    parts.fail_revocations(1, 503);
    let third = parts.log_in(&api);
    wait_for_audit(&backend, "revocation_pending");
    until_counted(&backend, "revoked", 2);
    parts.assert_dead(&second);
    assert_eq!(api.cluster_status()["connected"], true);
    parts.assert_alive(&third);
}

#[test]
fn what_the_identity_provider_does_not_offer_is_not_pending() {
    let parts = Parts::start_impatient("disconnect_not_offered");
    let mut discovery = parts.idp.discovery();
    let backend = parts.plan.start();
    let api = parts.api(&backend);
    parts.log_in(&api);
    let refusal = |error: &str| {
        let body = json!({ "error": error });
        parts.idp.control("next", json!({ "endpoint": "revocation", "status": 400, "body": body }));
    };
    refusal("unsupported_token_type");
    assert_answer(&api.delete("/tokens"), &["dev"], &[]);
    wait_for_audit(&backend, "not_offered");
    // Any other refusal may be the configuration's fault, which can be mended.
    parts.log_in(&api);
    refusal("invalid_client");
    assert_answer(&api.delete("/tokens"), &["dev"], &["dev"]);
    until_nothing_is_pending(&api);
    let before = parts.revocations();
    discovery.as_object_mut().unwrap().remove("revocation_endpoint").unwrap();
    parts.idp.control("next", json!({ "endpoint": "discovery", "status": 200, "body": discovery }));
    let without = parts.plan.start();
    let api = parts.api(&without);
    parts.log_in(&api);
    assert_answer(&api.delete("/tokens"), &["dev"], &[]);
    wait_for_audit(&without, "not_offered");
    assert_eq!(parts.revocations(), before);
}

#[test]
fn a_login_that_cannot_be_opened_is_kept() {
    let parts = Parts::start("disconnect_unreadable");
    let backend = parts.plan.start();
    let token = parts.log_in(&parts.api(&backend));
    drop(backend);
    let without_key = parts.plan.clone().with("TOKEN_ENCRYPTION_KEYS", OTHER_KEY).start();
    parts.api(&without_key).delete("/tokens").assert_problem(503, "record_unreadable");
    drop(without_key);
    let backend = parts.plan.start();
    assert_eq!(parts.api(&backend).cluster_status()["connected"], true);
    parts.assert_alive(&token);
}
