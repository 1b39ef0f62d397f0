//! Keys, secrets and certificates in mounted files, which change while people work.

mod redis_over_tls;
mod refused;

use std::collections::BTreeMap;
use std::path::PathBuf;

use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use time::OffsetDateTime;

use crate::harness::clients::api::Api;
use crate::harness::clients::https::{Http2, Pair, get_over_http1, run};
use crate::harness::clients::load::Load;
use crate::harness::deployment::Deployment;
use crate::harness::mounted::Mounted;
use crate::harness::peers::cluster::{Cluster, PODS};
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::programs::command::Ended;

/// 32 bytes each.
const KEY_A: &str = "a:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=";
const KEY_B: &str = "b:YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";

const KEY_C: &str = "c:Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M=";

const FIRST_SECRET: &str = "the-first-secret-of-the-client";
const SECOND_SECRET: &str = "the-second-secret-of-the-client";

const KEYS: &str = "TOKEN_ENCRYPTION_KEYS_FILE";
const REDIS: &str = "REDIS_URL_FILE";
const SECRET: &str = "OIDC_CLIENT_SECRET_FILE";
const CLUSTER_CA: &str = "KUBERNETES_CA_FILE";
const CERTIFICATE: &str = "TLS_CERT_FILE";
const PRIVATE_KEY: &str = "TLS_KEY_FILE";
/// Each with a file of that name; the certificate and its key are one.
const SETTINGS: [&str; 6] = [KEYS, REDIS, SECRET, CLUSTER_CA, CERTIFICATE, PRIVATE_KEY];

/// A backend for each way to call it, over the same files.
struct Parts {
    here: Deployment<HostileIdp, RedisServer, Cluster>,
    /// What clients of the API trust.
    trusted: Pair,
    plan: BackendPlan,
    /// The same over https.
    plan_with_tls: BackendPlan,
}

impl Parts {
    fn start(test: &str, certificate: &(String, String), trusted: &str) -> (Self, Mounted) {
        let here = Deployment::with_hostile_idp(test).with_cluster().with_redis();
        for secret in [FIRST_SECRET, SECOND_SECRET] {
            here.world.ledger.note("client_secret", secret);
        }
        here.redis.cli(&["ACL", "SETUSER", "backend", "on", ">first-password", "~*", "&*", "+@all"]);
        let ca = std::fs::read_to_string(&here.cluster.ca_file).unwrap();
        let redis = redis_url(&here.redis, "first-password");
        let files: [(&str, &str); 6] = [
            (KEYS, KEY_A),
            (REDIS, &redis),
            (SECRET, FIRST_SECRET),
            (CLUSTER_CA, &ca),
            (CERTIFICATE, &certificate.0),
            (PRIVATE_KEY, &certificate.1),
        ];
        let mounted = Mounted::new(&here.world, &files);
        let of_api = here.world.file("trusted.pem");
        std::fs::write(&of_api, trusted).unwrap();
        let trusted = Pair { certificate: of_api, key: PathBuf::new() };
        let plan = here.plan.clone().without("REDIS_URL").without("TOKEN_ENCRYPTION_KEYS");
        let with = |plan: BackendPlan, settings: &[&str]| {
            settings.iter().fold(plan, |plan, name| plan.with(name, &mounted.path(name)))
        };
        let plan = with(plan, &SETTINGS[..4]);
        let plan_with_tls = with(plan.clone(), &SETTINGS[4..]);
        let parts = Self { here, trusted, plan, plan_with_tls };
        parts.accept_secrets(&[FIRST_SECRET]);
        (parts, mounted)
    }

    /// The client secrets that the identity provider accepts: two of them while one is replaced.
    fn accept_secrets(&self, secrets: &[&str]) {
        self.here.idp.profile(&json!({
            "client": { "method": "client_secret_post", "secret": secrets },
            "discovery": { "token_endpoint_auth_methods_supported": ["client_secret_post"] },
        }));
    }
}

fn redis_url(redis: &RedisServer, password: &str) -> String {
    format!("redis://backend:{password}@127.0.0.1:{}/", redis.port())
}

/// A certificate that is its own authority, and its key.
fn certificate() -> (String, String) {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - time::Duration::DAY, now + time::Duration::days(90));
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// Waits until a backend has said this so often of a setting.
fn wait_for_said(backend: &Backend, what: &str, setting: &str, times: usize) {
    let setting = format!("\"setting\":\"{setting}\"");
    backend.process.wait_until(&format!("{what}, {setting}, {times} times"), |lines| {
        let said = lines.iter().filter(|line| line.contains(what) && line.contains(&setting));
        (said.count() >= times).then_some(())
    });
}

/// As metrics name it.
fn cluster_of(setting: &str) -> &'static str {
    if matches!(setting, SECRET | CLUSTER_CA) { "dev" } else { "" }
}

/// What a backend has counted of a setting.
fn counted(backend: &Backend, setting: &str, outcome: &str) -> u64 {
    let cluster = cluster_of(setting);
    let labels = format!("cluster=\"{cluster}\",outcome=\"{outcome}\",setting=\"{setting}\"");
    backend.metric(&format!("cluster_auth_file_changes_total{{{labels}}}"))
}

const TAKEN: &str = "a file has changed: what it holds now is used";

/// Asks again and again; each has to succeed.
fn ask(load: &Load, api: &Api, path: &str) {
    load.keep(|| {
        let answer = api.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    });
}

/// New connections, and one that stays.
fn ask_over_tls(load: &Load, backend: &Backend, trusted: &Pair) {
    let _over = load.over_when_dropped();
    run(async {
        let kept = Http2::connect(backend, trusted).await;
        while load.goes_on() {
            assert_eq!(get_over_http1(backend, trusted, "/info").await.status(), 200);
            assert_eq!(kept.get("/info").await.status(), 200);
        }
    });
}

#[test]
fn keys_secrets_and_certificates_are_replaced_under_load_and_no_request_fails() {
    let (first, second) = (certificate(), certificate());
    let both = format!("{}{}", first.0, second.0);
    let (parts, mut mounted) = Parts::start("renewals_under_load", &first, &both);
    let (parts, plain, tls) = (&parts, &parts.plan.start(), &parts.plan_with_tls.start());
    let (api, redis) = (parts.here.api(plain), &parts.here.redis);
    api.log_in(&parts.here.idp, "felix");
    let load = &Load::default();
    let bundle = {
        let ca = std::fs::read_to_string(&parts.here.cluster.ca_file).unwrap();
        format!("{}{ca}", certificate().0)
    };
    std::thread::scope(|scope| {
        let _over = load.over_when_dropped();
        // New logins, too, with a code that is redeemed.
        scope.spawn(|| load.keep(|| api.log_in(&parts.here.idp, "felix")));
        scope.spawn(|| ask(load, &api, PODS));
        scope.spawn(|| ask(load, &api, "/status"));
        scope.spawn(|| ask_over_tls(load, tls, &parts.trusted));
        let mut replaced = BTreeMap::<String, usize>::new();
        let mut replace = |files: &[(&str, &str)]| {
            load.wait_for_work();
            mounted.replace(files);
            for (setting, _) in files.iter().filter(|(setting, _)| *setting != PRIVATE_KEY) {
                let times = replaced.entry((*setting).to_owned()).or_default();
                *times += 1;
                wait_for_said(tls, TAKEN, setting, *times);
                if *setting != CERTIFICATE {
                    wait_for_said(plain, TAKEN, setting, *times);
                }
            }
            load.wait_for_work();
        };
        // A new key is appended, then moved to the front; then the old one is left out.
        replace(&[(KEYS, &format!("{KEY_A},{KEY_B}"))]);
        replace(&[(KEYS, &format!("{KEY_B},{KEY_A}"))]);
        let resealed = Ended::of(&mut parts.plan.command(&["admin", "reseal"]), &parts.here.world);
        assert_eq!(resealed.code, Some(0), "{}", resealed.err);
        // Both passwords count while one is replaced, and so do both secrets.
        redis.cli(&["ACL", "SETUSER", "backend", ">second-password"]);
        replace(&[(REDIS, &redis_url(redis, "second-password"))]);
        redis.cli(&["ACL", "SETUSER", "backend", "<first-password"]);
        parts.accept_secrets(&[FIRST_SECRET, SECOND_SECRET]);
        replace(&[(SECRET, SECOND_SECRET)]);
        parts.accept_secrets(&[SECOND_SECRET]);
        replace(&[(CERTIFICATE, &second.0), (PRIVATE_KEY, &second.1)]);
        replace(&[(CLUSTER_CA, &bundle)]);
        // And all of them by one rename.
        redis.cli(&["ACL", "SETUSER", "backend", ">third-password"]);
        parts.accept_secrets(&[FIRST_SECRET, SECOND_SECRET]);
        replace(&[
            (KEYS, &format!("{KEY_B},{KEY_C}")),
            (REDIS, &redis_url(redis, "third-password")),
            (SECRET, FIRST_SECRET),
            (CLUSTER_CA, &format!("{bundle}\n")),
            (CERTIFICATE, &first.0),
            (PRIVATE_KEY, &first.1),
        ]);
    });
    let taken: Vec<_> = SETTINGS[..4].iter().map(|setting| counted(plain, setting, "taken")).collect();
    assert_eq!(taken, [3, 2, 2, 2]);
    assert_eq!(counted(tls, CERTIFICATE, "taken"), 2);
    for setting in SETTINGS {
        assert_eq!(counted(tls, setting, "refused"), 0, "{setting}");
    }
}

/// Without the look into the file, the first request would be refused for as long as the file was not read anyway.
#[test]
fn a_record_of_a_key_that_has_just_come_is_read_at_once() {
    let pair = certificate();
    let (parts, mut mounted) = Parts::start("renewals_unknown_key", &pair, &pair.0);
    let behind = parts.plan.start();
    let api = parts.here.api(&behind);
    api.log_in(&parts.here.idp, "felix");
    // Another replica has the new key first already.
    let plan = parts.plan.clone().without(KEYS).with("TOKEN_ENCRYPTION_KEYS", &format!("{KEY_B},{KEY_A}"));
    let (_ahead, first) = parts.here.start_as(&plan);
    first.log_in(&parts.here.idp, "felix");
    api.get(PODS).assert_status_object(503, "record_unreadable");
    mounted.replace(&[(KEYS, &format!("{KEY_A},{KEY_B}"))]);
    let answer = api.get(PODS);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(counted(&behind, KEYS, "taken"), 1);
}

#[test]
fn a_new_key_of_the_client_signs() {
    let here = Deployment::with_hostile_idp("renewals_client_key").with_cluster();
    let keys = [KeyPair::generate().unwrap(), KeyPair::generate().unwrap()];
    let accept = |key: &KeyPair| {
        here.idp.profile(&json!({
            "client": { "method": "private_key_jwt", "publicKey": key.public_key_pem() },
            "discovery": { "token_endpoint_auth_methods_supported": ["private_key_jwt"] },
        }));
    };
    let mut mounted = Mounted::new(&here.world, &[("key.pem", &keys[0].serialize_pem())]);
    accept(&keys[0]);
    let (backend, api) =
        here.start_as(&here.plan.clone().with("OIDC_PRIVATE_KEY_FILE", &mounted.path("key.pem")));
    api.log_in(&here.idp, "felix");
    mounted.replace(&[("key.pem", &keys[1].serialize_pem())]);
    wait_for_said(&backend, TAKEN, "OIDC_PRIVATE_KEY_FILE", 1);
    accept(&keys[1]);
    api.log_in(&here.idp, "felix");
}
