//! What could not be revoked at once is revoked later, also when a replica dies meanwhile.

use std::sync::Arc;
use std::time::Duration;

use backstage_oidc_helper::backend::logins::{LoginKey, LoginState, Logins};
use backstage_oidc_helper::backend::revocation::outbox::{Outbox, Revocation, RevocationKey};
use backstage_oidc_helper::outbound::oauth2_bridge::token_response::Tokens;
use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::store::redis::Redis;
use backstage_oidc_helper::store::sealing::Keyring;
use serde_json::json;
use time::OffsetDateTime;

use super::{
    TIMEOUT, assert_answer, counted, deploy, deploy_impatient, until_nothing_is_pending, wait_for_audit,
};
use crate::harness::deployment::OnRedis;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::SEALING_KEY;

#[test]
fn what_is_not_confirmed_is_pending_and_then_revoked_by_one_replica() {
    let here = deploy_impatient("disconnect_pending");
    let replicas = [here.plan.start(), here.plan.start(), here.plan.start()];
    let api = here.api(&replicas[0]);
    let token = here.log_in(&api);
    here.fail_revocations(2, 503);
    assert_answer(&api.delete("/tokens?cluster=dev"), &["dev"], &["dev"]);
    assert_eq!(api.cluster_status()["connected"], false);
    wait_for_audit(&replicas[0], "revocation_pending");
    assert!(counted(&replicas[0], "revocation_pending", 1));
    // An earlier call's counts too, at whichever replica.
    assert_answer(&here.api(&replicas[1]).delete("/tokens?cluster=dev"), &[], &["dev"]);
    until_nothing_is_pending(&api);
    here.assert_dead(&token);
    assert_eq!(here.idp.revocations(), 3, "two that failed, and one");
    assert!(replicas.iter().any(|replica| counted(replica, "revoked", 1)));
    let left = here.redis.keys();
    assert!(!left.iter().any(|key| key.contains("revocation")), "{left:?}");
}

/// A refresh token with a revocation that a backend could not have confirmed before it was killed; the provider confirms from now on.
fn left_by_a_killed_backend(here: &OnRedis) -> String {
    let mut backend = here.plan.start();
    let token = here.log_in(&here.api(&backend));
    here.fail_revocations(1_000, 503);
    assert_answer(&here.api(&backend).delete("/tokens"), &["dev"], &["dev"]);
    backend.process.kill();
    here.idp.control("reset", json!({}));
    token
}

#[test]
fn a_restart_loses_no_pending_revocation() {
    let here = deploy_impatient("disconnect_restart");
    let token = left_by_a_killed_backend(&here);
    let after = here.plan.start();
    wait_for_audit(&after, "revoked");
    here.assert_dead(&token);
    until_nothing_is_pending(&here.api(&after));
}

#[test]
fn a_backend_killed_between_deleting_and_revoking_has_recorded_the_revocation() {
    let here = deploy_impatient("disconnect_killed");
    let mut backend = here.plan.start();
    let token = here.log_in(&here.api(&backend));
    // It comes after the backend has been killed.
    here.idp.control("next", json!({ "endpoint": "revocation", "delayMs": 600_000 }));
    std::thread::scope(|scope| {
        let api = here.api(&backend);
        let asking = scope.spawn(move || api.attempt_delete("/tokens"));
        here.wait_for_revocations(1);
        backend.process.kill();
        assert!(asking.join().unwrap().is_none(), "a backend that is dead has answered");
    });
    let after = here.plan.start();
    assert_answer(&here.api(&after).delete("/tokens"), &[], &["dev"]);
    wait_for_audit(&after, "revoked");
    here.assert_dead(&token);
}

#[test]
fn what_a_refused_login_brought_is_revoked_later_if_not_at_once() {
    let here = deploy_impatient("disconnect_refused");
    let (_backend, api) = here.start();
    here.fail_revocations(2, 503);
    let session = api.register();
    let refused = api.exchange(&session, &here.idp.log_in(&session.auth_url, "mara"));
    refused.assert_problem(403, "identity_mismatch");
    let token = here.newest_refresh_token();
    assert_answer(&api.delete("/tokens"), &[], &["dev"]);
    until_nothing_is_pending(&api);
    here.assert_dead(&token);
}

#[test]
fn a_token_is_sent_only_to_the_provider_that_issued_it() {
    let here = deploy_impatient("disconnect_another_client");
    let token = left_by_a_killed_backend(&here);
    let mut other = here.plan.clone().with("OIDC_CLIENT_ID", "another").start();
    other.process.wait_for_line("with another issuer or client");
    other.process.kill();
    assert_eq!(here.idp.revocations(), 0, "another client has sent the token");
    let same = here.plan.start();
    wait_for_audit(&same, "revoked");
    here.assert_dead(&token);
}

/// Does something to the records of a test's Redis, as a backend would.
fn in_redis<T>(redis: &RedisServer, act: impl AsyncFnOnce(Outbox) -> T) -> T {
    let store = Arc::new(Redis::new(&redis.url, None).unwrap());
    let keyring = Arc::new(Keyring::parse(SEALING_KEY).unwrap());
    let outbox = Outbox { store, keyring, random: Arc::new(SystemRandom) };
    actix_rt::Runtime::new().unwrap().block_on(act(outbox))
}

fn felix_at_dev() -> LoginKey {
    LoginKey::new(&"user:default/felix".parse().unwrap(), "dev")
}

/// The backend that recorded the revocation died before it deleted the login.
#[test]
fn a_login_that_was_not_forgotten_after_all_is_not_revoked() {
    let here = deploy("disconnect_still_there");
    let backend = here.plan.start();
    let token = here.log_in(&here.api(&backend));
    in_redis(&here.redis, async |outbox| {
        let Outbox { store, keyring, random } = outbox.clone();
        let (login, now) = (felix_at_dev(), OffsetDateTime::now_utc());
        let stored = Logins { store, keyring, random, ttl: TIMEOUT, kubelogin: None, opened: Arc::default() }
            .read(&login)
            .await
            .unwrap()
            .unwrap();
        let LoginState::Live(live) = stored.record.state else { panic!("the login has ended") };
        let revocation = Revocation::of_login(&live).unwrap().begin(now, Duration::ZERO);
        let key = RevocationKey::new(&login, &revocation);
        outbox.keep(&key, &revocation, now, Duration::ZERO).await.unwrap();
    });
    backend.process.wait_for_line("is still there: it stays");
    assert_eq!(here.api(&backend).cluster_status()["connected"], true);
    assert_eq!(here.idp.revocations(), 0);
    here.assert_alive(&token);
}

/// Writes down that tokens are to be revoked, as of that moment.
fn record_in_redis(here: &OnRedis, tokens: &[String], begun: OffsetDateTime) {
    in_redis(&here.redis, async |outbox| {
        for token in tokens {
            let tokens: Tokens = serde_json::from_value(json!({ "access_token": token })).unwrap();
            let revocation = Revocation::of_tokens(&here.idp.issuer, "kubernetes", &tokens).unwrap();
            let revocation = revocation.begin(begun, Duration::ZERO);
            let key = RevocationKey::new(&felix_at_dev(), &revocation);
            let now = OffsetDateTime::now_utc();
            outbox.keep(&key, &revocation, now, Duration::ZERO).await.unwrap();
        }
    });
}

#[test]
fn replicas_that_look_at_once_take_each_revocation_once() {
    let here = deploy("disconnect_replicas");
    let tokens: Vec<String> = (0..300).map(|number| format!("token {number}")).collect();
    record_in_redis(&here, &tokens, OffsetDateTime::now_utc());
    let replicas = [here.plan.launch(), here.plan.launch(), here.plan.launch()];
    let backend = here.plan.start();
    until_nothing_is_pending(&here.api(&backend));
    assert_eq!(here.idp.revocations(), tokens.len() as u64);
    drop(replicas);
}

#[test]
fn a_revocation_is_given_up_after_seven_days() {
    let here = deploy("disconnect_given_up");
    let begun = OffsetDateTime::now_utc() - time::Duration::days(7);
    record_in_redis(&here, &["an old token".to_owned()], begun);
    here.fail_revocations(1, 503);
    let backend = here.plan.start();
    wait_for_audit(&backend, "revocation_given_up");
    until_nothing_is_pending(&here.api(&backend));
    assert_eq!(here.idp.revocations(), 1);
}
