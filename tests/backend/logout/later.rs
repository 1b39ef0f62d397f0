//! What could not be revoked at once is revoked later, whoever dies meanwhile.

use std::time::Duration;

use backstage_oidc_helper::backend::logins::{LoginKey, LoginState, Logins};
use backstage_oidc_helper::backend::revocation::outbox::{Revocation, RevocationKey, Revocations};
use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::settings::cluster::OidcClient;
use backstage_oidc_helper::store::redis::Redis;
use backstage_oidc_helper::store::sealing::Keyring;
use serde_json::json;
use time::OffsetDateTime;

use super::{PATIENCE, Parts, assert_answer, counted, until_nothing_is_pending, wait_for_audit};
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::SEALING_KEY;

#[test]
fn what_is_not_confirmed_is_pending_and_then_revoked_by_one_replica() {
    let parts = Parts::start_impatient("disconnect_pending");
    let replicas = [parts.plan.start(), parts.plan.start(), parts.plan.start()];
    let api = parts.api(&replicas[0]);
    let token = parts.log_in(&api);
    parts.fail_revocations(2, 503);
    assert_answer(&api.delete("/tokens?cluster=dev"), &["dev"], &["dev"]);
    assert_eq!(api.cluster_status()["connected"], false);
    wait_for_audit(&replicas[0], "revocation_pending");
    assert!(counted(&replicas[0], "revocation_pending", 1));
    // An earlier call's counts too, at whichever replica.
    assert_answer(&parts.api(&replicas[1]).delete("/tokens?cluster=dev"), &[], &["dev"]);
    until_nothing_is_pending(&api);
    parts.assert_dead(&token);
    assert_eq!(parts.revocations(), 3, "two that failed, and one");
    assert!(replicas.iter().any(|replica| counted(replica, "revoked", 1)));
    let left = parts.redis.keys();
    assert!(!left.iter().any(|key| key.contains("revocation")), "{left:?}");
}

#[test]
fn a_restart_loses_no_pending_revocation() {
    let parts = Parts::start_impatient("disconnect_restart");
    let mut backend = parts.plan.start();
    let token = parts.log_in(&parts.api(&backend));
    parts.fail_revocations(1_000, 503);
    assert_answer(&parts.api(&backend).delete("/tokens"), &["dev"], &["dev"]);
    backend.process.kill();
    parts.idp.control("reset", json!({}));
    let after = parts.plan.start();
    wait_for_audit(&after, "revoked");
    parts.assert_dead(&token);
    until_nothing_is_pending(&parts.api(&after));
}

#[test]
fn a_backend_killed_between_forgetting_and_revoking_has_promised_it() {
    let parts = Parts::start_impatient("disconnect_killed");
    let mut backend = parts.plan.start();
    let token = parts.log_in(&parts.api(&backend));
    // It comes so late that nobody lives to see it.
    parts.idp.control("next", json!({ "endpoint": "revocation", "delayMs": 600_000 }));
    std::thread::scope(|scope| {
        let api = parts.api(&backend);
        let asking = scope.spawn(move || api.attempt_delete("/tokens"));
        parts.wait_for_revocations(1);
        backend.process.kill();
        assert!(asking.join().unwrap().is_none(), "a backend that is dead has answered");
    });
    let after = parts.plan.start();
    assert_answer(&parts.api(&after).delete("/tokens"), &[], &["dev"]);
    wait_for_audit(&after, "revoked");
    parts.assert_dead(&token);
}

#[test]
fn what_a_refused_login_brought_is_revoked_later_if_not_at_once() {
    let parts = Parts::start_impatient("disconnect_refused");
    let backend = parts.plan.start();
    let api = parts.api(&backend);
    parts.fail_revocations(2, 503);
    let session = api.register();
    let refused = api.exchange(&session, &parts.idp.log_in(&session.auth_url, "mara"));
    refused.assert_problem(403, "identity_mismatch");
    let token = parts.newest_refresh_token();
    assert_answer(&api.delete("/tokens"), &[], &["dev"]);
    until_nothing_is_pending(&api);
    parts.assert_dead(&token);
}

#[test]
fn a_token_is_sent_to_nobody_but_whoever_issued_it() {
    let parts = Parts::start_impatient("disconnect_another_client");
    let mut backend = parts.plan.start();
    let token = parts.log_in(&parts.api(&backend));
    parts.fail_revocations(1_000, 503);
    assert_answer(&parts.api(&backend).delete("/tokens"), &["dev"], &["dev"]);
    backend.process.kill();
    parts.idp.control("reset", json!({}));
    let mut other = parts.plan.clone().with("OIDC_CLIENT_ID", "another").start();
    other.process.wait_for_line("with another issuer or client");
    other.process.kill();
    assert_eq!(parts.revocations(), 0, "another client has sent the token");
    let same = parts.plan.start();
    wait_for_audit(&same, "revoked");
    parts.assert_dead(&token);
}

/// Does something to the records of a test's Redis, as a backend would.
fn in_redis<T>(redis: &RedisServer, act: impl AsyncFnOnce(Revocations<'_>) -> T) -> T {
    let (store, keyring) = (Redis::new(&redis.url, None).unwrap(), Keyring::parse(SEALING_KEY).unwrap());
    let revocations = Revocations { store: &store, keyring: &keyring, random: &SystemRandom };
    actix_rt::Runtime::new().unwrap().block_on(act(revocations))
}

fn felix_at_dev() -> LoginKey {
    LoginKey::new(&"user:default/felix".parse().unwrap(), "dev")
}

/// Whoever promised the revocation died before the login was taken out of the store.
#[test]
fn a_login_that_was_not_forgotten_after_all_is_not_revoked() {
    let parts = Parts::start("disconnect_still_there");
    let backend = parts.plan.start();
    let token = parts.log_in(&parts.api(&backend));
    in_redis(&parts.redis, async |revocations| {
        let Revocations { store, keyring, random } = revocations;
        let (login, now) = (felix_at_dev(), OffsetDateTime::now_utc());
        let stored = Logins { store, keyring, random, kept: PATIENCE }.read(&login).await.unwrap().unwrap();
        let LoginState::Live(live) = stored.record.state else { panic!("the login has ended") };
        let revocation = Revocation::of_login(&live).begin(now, Duration::ZERO);
        let key = RevocationKey::new(&login, &revocation);
        revocations.keep(&key, &revocation, now, Duration::ZERO).await.unwrap();
    });
    backend.process.wait_for_line("is still there: it stays");
    assert_eq!(parts.api(&backend).cluster_status()["connected"], true);
    assert_eq!(parts.revocations(), 0);
    parts.assert_alive(&token);
}

/// Writes down that tokens are to be revoked, as of that moment.
fn promise_in_redis(parts: &Parts, tokens: &[String], begun: OffsetDateTime) {
    let oidc = OidcClient {
        issuer: parts.idp.issuer.clone(),
        client_id: "kubernetes".to_owned(),
        client_secret: None,
        organization: None,
        scopes: Vec::new(),
        redirect_uri: String::new(),
        audience: None,
        extra_params: Vec::new(),
    };
    in_redis(&parts.redis, async |revocations| {
        for token in tokens {
            let revocation = Revocation::of_tokens(&oidc, &token.as_str().into(), None);
            let revocation = revocation.begin(begun, Duration::ZERO);
            let key = RevocationKey::new(&felix_at_dev(), &revocation);
            let now = OffsetDateTime::now_utc();
            revocations.keep(&key, &revocation, now, Duration::ZERO).await.unwrap();
        }
    });
}

#[test]
fn replicas_that_look_at_once_take_each_revocation_once() {
    let parts = Parts::start("disconnect_replicas");
    let tokens: Vec<String> = (0..300).map(|number| format!("token {number}")).collect();
    promise_in_redis(&parts, &tokens, OffsetDateTime::now_utc());
    let replicas = [parts.plan.launch(), parts.plan.launch(), parts.plan.launch()];
    let backend = parts.plan.start();
    until_nothing_is_pending(&parts.api(&backend));
    assert_eq!(parts.revocations(), tokens.len());
    drop(replicas);
}

#[test]
fn a_revocation_is_given_up_after_seven_days() {
    let parts = Parts::start("disconnect_given_up");
    let begun = OffsetDateTime::now_utc() - time::Duration::days(7);
    promise_in_redis(&parts, &["an old token".to_owned()], begun);
    parts.fail_revocations(1, 503);
    let backend = parts.plan.start();
    wait_for_audit(&backend, "revocation_given_up");
    until_nothing_is_pending(&parts.api(&backend));
    assert_eq!(parts.revocations(), 1);
}
