//! The backend is killed (SIGKILL) while it proves a refresh token that was brought: that token is never sent a second time.

use std::thread;

use serde_json::{Value, json};

use super::exchange::wait;
use crate::harness::clients::api::{Api, until};
use crate::harness::clients::own_exchange::note_verifier;
use crate::harness::deployment::{Deployment, OnRedis};
use crate::harness::programs::backend::Backend;

/// A deployment on Redis in which leases run out soon.
fn deploy(test: &str) -> OnRedis {
    let here = Deployment::new(test).with_redis().with("IDP_TIMEOUT", "4s").with("EXCHANGE_LEASE", "5s");
    note_verifier(&here.world);
    here
}

/// Kills the backend while the identity provider holds the refresh that this request causes; another one that takes its place.
fn killed(here: &OnRedis, when: &str, backend: &mut Backend, api: &Api, tokens: &Value) -> (Backend, Api) {
    here.idp.hold_token(when);
    thread::scope(|scope| {
        let caller = scope.spawn(|| api.attempt_post("/tokens", tokens).map(|answer| answer.status));
        here.idp.wait_held();
        backend.process.kill();
        assert_eq!(caller.join().unwrap(), None, "a client got an answer of a dead backend");
    });
    here.idp.release();
    here.start()
}

#[test]
fn the_tokens_of_a_session_are_lost_with_their_backend() {
    let here = deploy("killed_with_tokens");
    for (number, when) in (1..).zip(["before", "after"]) {
        let (mut backend, api) = here.start();
        let own = api.register_own();
        let tokens = own.tokens(&here.idp, "felix");
        let with_token = api.with_bearer(&own.session.token);
        let (_backend, api) = killed(&here, when, &mut backend, &with_token, &tokens);
        api.bring(&own.session, &tokens).assert_problem(409, "exchange_in_progress");
        let told = wait(&api, &own.session);
        assert_eq!((&told["status"], &told["error"]["code"]), (&json!("failed"), &json!("exchange_lost")));
        api.bring(&own.session, &tokens).assert_problem(409, "exchange_lost");
        assert_eq!(here.idp.refreshes(), number, "{when}: the refresh token was sent twice");
        assert_eq!(api.cluster_status()["connected"], false, "{when}");
    }
}

#[test]
fn an_import_after_such_a_death_is_kept_without_refresh() {
    let here = deploy("killed_with_import");
    let (mut backend, api) = here.start();
    let tokens = api.register_own().tokens(&here.idp, "felix");
    let (_backend, api) = killed(&here, "after", &mut backend, &api, &tokens);
    // As long as the first request may still be at it, nothing is said.
    api.post("/tokens", &tokens).assert_problem(409, "exchange_in_progress");
    let again = until(|| api.post("/tokens", &tokens), |answer| answer.status == 200);
    let told = (again.status, &again.json["refreshable"], &again.json["broughtRefreshToken"]);
    assert_eq!(told, (200, &json!(false), &json!("spent")), "{}", again.text);
    assert_eq!(here.idp.refreshes(), 1, "the refresh token was sent twice");
    assert_eq!(api.cluster_status()["connected"], true);
}

/// What has come of its refresh token is lost with the fault, and the ID token counts all the same.
#[test]
fn an_import_with_a_fault_of_the_program_in_its_proof_is_told_as_spent() {
    let here = Deployment::new("import_with_a_fault");
    note_verifier(&here.world);
    let (_backend, api) = here.start_as(&here.plan.clone().with("PLANTED_PANIC", "verification"));
    let tokens = api.register_own().tokens(&here.idp, "felix");
    let answer = api.post("/tokens", &tokens);
    let told = (answer.status, &answer.json["refreshable"], &answer.json["broughtRefreshToken"]);
    assert_eq!(told, (200, &json!(false), &json!("spent")), "{}", answer.text);
    assert_eq!(api.cluster_status()["connected"], true);
    assert_eq!(here.idp.refreshes(), 1);
}
