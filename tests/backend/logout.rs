//! A login that ends is forgotten at once and its refresh token is revoked at the identity provider: later if not at once, also
//! when a replica dies or the provider is away meanwhile.

mod later;
mod other_logins;
mod unused_sweep;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api};
use crate::harness::deployment::{Deployment, OnRedis};
use crate::harness::peers::cluster::{Cluster, PODS};
use crate::harness::peers::provider::Provider;
use crate::harness::programs::backend::Backend;

/// Longer than the pauses between two tries here.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Another key than [`SEALING_KEY`].
const OTHER_KEY: &str = "other:YW5vdGhlciBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyE=";

fn deploy(test: &str) -> OnRedis {
    Deployment::new(test).with_redis()
}

/// For a test that waits for revocations to be tried again: the pause before that is twice this time-out.
fn deploy_impatient(test: &str) -> OnRedis {
    deploy(test).with("IDP_TIMEOUT", "3s")
}

impl OnRedis {
    /// Logs in; the answer is the login's refresh token.
    fn log_in_to(&self, api: &Api, cluster: &str, login: &str) -> String {
        api.log_in_to(&self.idp, cluster, login);
        self.newest_refresh_token()
    }

    fn log_in(&self, api: &Api) -> String {
        self.log_in_to(api, "dev", "felix")
    }

    fn newest_refresh_token(&self) -> String {
        self.world.ledger.values_of("refresh_token").pop().unwrap()
    }

    /// The next revocations are answered like that.
    fn fail_revocations(&self, times: u32, status: u16) {
        self.idp.control("next", json!({ "endpoint": "revocation", "status": status, "times": times }));
    }

    fn wait_for_revocations(&self, count: u64) {
        let deadline = Instant::now() + TIMEOUT;
        while self.idp.revocations() < count {
            assert!(Instant::now() < deadline, "no revocation came");
        }
    }

    fn assert_dead(&self, refresh_token: &str) {
        assert_eq!(self.idp.spend(refresh_token), 403, "a refresh token that must be dead still counts");
    }

    fn assert_alive(&self, refresh_token: &str) {
        assert_eq!(self.idp.spend(refresh_token), 200, "a refresh token of a login that is kept is dead");
    }
}

#[track_caller]
fn assert_answer(answer: &Answer, disconnected: &[&str], pending: &[&str]) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json, json!({ "disconnected": disconnected, "revocationPending": pending }));
}

/// The login is forgotten, and not over at an identity provider that offers no revocation.
fn assert_lives_on(answer: &Answer) {
    let told = json!({ "disconnected": ["dev"], "revocationPending": [], "livesOn": [{ "name": "dev" }] });
    assert_eq!((answer.status, &answer.json), (200, &told));
}

/// Asks until nothing is pending any more.
fn until_nothing_is_pending(api: &Api) {
    let deadline = Instant::now() + TIMEOUT;
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
    backend.metric(&format!("cluster_auth_revocations_total{{outcome=\"{outcome}\"}}")) == count
}

fn until_counted(backend: &Backend, outcome: &str, count: u64) {
    let deadline = Instant::now() + TIMEOUT;
    while !counted(backend, outcome, count) {
        assert!(Instant::now() < deadline, "not {count} revocations {outcome}");
    }
}

#[test]
fn a_login_that_ends_is_revoked_at_the_identity_provider() {
    let here = deploy("disconnect_revoked");
    let (backend, api) = here.start();
    let control = here.log_in(&api);
    here.assert_alive(&control);
    let token = here.log_in(&api);
    assert_eq!(api.cluster_status()["connected"], true);
    api.delete("/tokens?cluster=elsewhere").assert_problem(400, "unknown_cluster");
    api.delete("/tokens?cluster=dev&cluster=dev").assert_problem(400, "bad_request");
    assert_eq!(api.cluster_status()["connected"], true);
    assert_answer(&api.delete("/tokens?cluster=dev"), &["dev"], &[]);
    assert_eq!(api.cluster_status()["connected"], false);
    here.assert_dead(&token);
    wait_for_audit(&backend, "revoked");
    // Asked again, there is nothing to do, and that is no error.
    assert_answer(&api.delete("/tokens?cluster=dev"), &[], &[]);
    assert_answer(&api.delete("/tokens"), &[], &[]);
    let left = here.redis.keys();
    assert!(!left.iter().any(|key| key.contains("revocation") || key.contains("login:")), "{left:?}");
}

#[test]
fn all_clusters_of_one_user_and_nothing_of_anothers() {
    let here = Deployment::with_idp_arguments("disconnect_all", &["--revocation-ends", "person"]);
    let here = here.with_redis().with("IDP_TIMEOUT", "3s").with("IDENTITY_RULE", "any");
    let here = here.with_clusters_named(&["dev", "prod"]);
    let as_mara = here.plan.clone().with("CLUSTER_AUTH_DEV_USER", "user:default/mara");
    let backends = [here.plan.start(), as_mara.start()];
    let [felix, mara] = backends.each_ref().map(|backend| here.api(backend));
    let of_mara = here.log_in_to(&mara, "dev", "mara");
    let of_felix = [here.log_in_to(&felix, "dev", "felix"), here.log_in_to(&felix, "prod", "felix")];
    here.fail_revocations(2, 500);
    let answer = felix.delete("/tokens");
    assert_eq!(answer.json["disconnected"], json!(["dev", "prod"]), "{}", answer.text);
    // The one that went last was to be revoked, or both, where both went at once.
    assert_ne!(answer.json["revocationPending"], json!([]));
    assert_eq!(felix.cluster_status()["connected"], false);
    // Of what is pending, she is told nothing, and only what she gives up goes.
    assert_answer(&mara.delete("/tokens?cluster=prod"), &[], &[]);
    assert_eq!(mara.cluster_status()["connected"], true);
    until_nothing_is_pending(&felix);
    for token in &of_felix {
        here.assert_dead(token);
    }
    here.assert_alive(&of_mara);
}

/// A refresh is under way, its lock has run out, and the login is forgotten meanwhile.
#[test]
fn a_refresh_under_way_revokes_what_it_got_for_a_forgotten_login() {
    let here = deploy("disconnect_refresh");
    let cluster = Cluster::start(&here.world, &here.idp.issuer);
    let plan = here.plan.clone().with_cluster(&cluster).with("IDP_TIMEOUT", "20s");
    let (_backend, api) = here.start_as(&plan);
    here.idp.set_id_token_lifetime(1);
    let spent = here.log_in(&api);
    here.idp.hold_token("after");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let deadline = Instant::now() + TIMEOUT;
            loop {
                let answer = api.get(PODS);
                // The ID token still serves, or the fast cluster has just seen it expire.
                if !matches!(answer.status, 200 | 401) || Instant::now() > deadline {
                    return answer;
                }
            }
        });
        here.idp.wait_held();
        here.redis.cli(&["DEL", "cluster-auth:login-lock:{user:default/felix|dev}"]);
        assert_answer(&api.delete("/tokens"), &["dev"], &[]);
        assert_eq!(here.idp.revocations(), 1);
        here.idp.release();
        let answer = asking.join().unwrap();
        assert_eq!(answer.status, 403, "{}", answer.text);
        assert!(answer.text.contains("not_connected"), "{}", answer.text);
    });
    // The caller may have been told by the store, while the refresh goes on.
    here.wait_for_revocations(2);
    assert_eq!(here.idp.revocations(), 2);
    let got = here.newest_refresh_token();
    assert_ne!(got, spent);
    here.assert_dead(&got);
    assert_answer(&api.delete("/tokens"), &[], &[]);
}

#[test]
fn while_the_identity_provider_is_away_a_login_is_forgotten_at_once_and_no_token_lies_in_redis() {
    let mut here = deploy("disconnect_away");
    let (_backend, api) = here.start();
    here.log_in(&api);
    here.idp.kill();
    assert_answer(&api.delete("/tokens"), &["dev"], &["dev"]);
    assert_eq!(api.cluster_status()["connected"], false);
    let dump = || String::from_utf8_lossy(&here.redis.dump()).into_owned();
    let sealed = dump();
    assert!(sealed.contains("revocation:{user:default/felix|dev}"), "nothing pending was found in Redis");
    assert!(!sealed.contains("login:{user:default/felix|dev}"), "the login is still there");
    let indexes = here.redis.cli(&["ZRANGE", "cluster-auth:revocations", "0", "-1"]);
    let sealed = sealed + &String::from_utf8_lossy(&indexes);
    assert!(sealed.contains("|user:default/felix|dev"), "no index was found in Redis");
    let kinds = ["id_token", "access_token", "refresh_token"];
    let tokens: Vec<String> = kinds.iter().flat_map(|kind| here.world.ledger.values_of(kind)).collect();
    assert_eq!(tokens.len(), 3);
    for token in &tokens {
        assert!(!sealed.contains(token.as_str()), "Redis holds a token");
        // A token that lay there would have been found.
        here.redis.cli(&["SET", "planted", token]);
        assert!(dump().contains(token.as_str()));
    }
}

#[test]
fn a_login_that_another_persons_replaces_is_revoked_and_the_new_one_is_not() {
    let here = deploy_impatient("disconnect_replaced").with("IDENTITY_RULE", "any");
    let (backend, api) = here.start();
    let first = here.log_in_to(&api, "dev", "felix");
    let second = here.log_in_to(&api, "dev", "mara");
    here.assert_dead(&first);
    here.fail_revocations(1, 503);
    let third = here.log_in_to(&api, "dev", "felix");
    wait_for_audit(&backend, "revocation_pending");
    until_counted(&backend, "revoked", 2);
    here.assert_dead(&second);
    assert_eq!(api.cluster_status()["connected"], true);
    here.assert_alive(&third);
}

#[test]
fn what_the_identity_provider_does_not_offer_is_not_pending() {
    let here = deploy_impatient("disconnect_not_offered");
    let mut discovery = here.idp.discovery();
    let (backend, api) = here.start();
    here.log_in(&api);
    let refusal = |error: &str| {
        let body = json!({ "error": error });
        here.idp.control("next", json!({ "endpoint": "revocation", "status": 400, "body": body }));
    };
    refusal("unsupported_token_type");
    assert_lives_on(&api.delete("/tokens"));
    wait_for_audit(&backend, "not_offered");
    // Any other refusal may be the configuration's fault, which can be mended.
    here.log_in(&api);
    refusal("invalid_client");
    assert_answer(&api.delete("/tokens"), &["dev"], &["dev"]);
    until_nothing_is_pending(&api);
    let before = here.idp.revocations();
    discovery.as_object_mut().unwrap().remove("revocation_endpoint").unwrap();
    here.idp.control("next", json!({ "endpoint": "discovery", "status": 200, "body": discovery }));
    let without = here.plan.start();
    let api = here.api(&without);
    here.log_in(&api);
    assert_lives_on(&api.delete("/tokens"));
    wait_for_audit(&without, "not_offered");
    assert_eq!(here.idp.revocations(), before);
}

#[test]
fn a_login_that_cannot_be_opened_is_kept() {
    let here = deploy("disconnect_unreadable");
    let backend = here.plan.start();
    let token = here.log_in(&here.api(&backend));
    drop(backend);
    let without_key = here.plan.clone().with("TOKEN_ENCRYPTION_KEYS", OTHER_KEY).start();
    here.api(&without_key).delete("/tokens").assert_problem(503, "record_unreadable");
    drop(without_key);
    let backend = here.plan.start();
    assert_eq!(here.api(&backend).cluster_status()["connected"], true);
    here.assert_alive(&token);
}
