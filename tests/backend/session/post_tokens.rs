//! Tokens that a client brings: those of a helper that has redeemed its code itself, and those that another program has kept.

use std::thread;

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api};
use crate::harness::clients::own_exchange::{OwnSession, note_verifier};
use crate::harness::deployment::Deployment;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::provider::Provider;
use crate::harness::world::free_port;

fn assert_connected(answer: &Answer, refreshable: bool) {
    let told = (answer.status, &answer.json["success"], &answer.json["refreshable"]);
    assert_eq!(told, (200, &json!(true), &json!(refreshable)), "{}", answer.text);
}

/// The login is kept, and can be refreshed or not.
fn assert_kept(api: &Api, refreshable: bool) {
    let status = api.cluster_status();
    assert_eq!(
        (&status["connected"], &status["refreshable"]),
        (&json!(true), &json!(refreshable)),
        "{status}"
    );
}

fn without_refresh_token(tokens: &Value) -> Value {
    let mut tokens = tokens.clone();
    tokens.as_object_mut().unwrap().remove("refreshToken");
    tokens
}

/// The tokens of a login that another program has made: those that a code of another session brought.
fn of_another_program(api: &Api, idp: &Idp, login: &str) -> Value {
    api.register_own().tokens(idp, login)
}

#[test]
fn what_a_helper_redeemed_connects_once_and_its_refresh_token_is_proved() {
    let here = Deployment::new("tokens_of_helper");
    note_verifier(&here.world);
    let (backend, api) = here.start();
    let own = api.register_own();
    let tokens = own.tokens(&here.idp, "felix");
    let first = api.bring(&own.session, &tokens);
    assert_connected(&first, true);
    assert_eq!((&first.json["user"], &first.json["cluster"]), (&json!("user:default/felix"), &json!("dev")));
    assert_kept(&api, true);
    assert_eq!(api.session(&own.session).json["status"], "complete");
    // Sent again, it gets the stored outcome, and nothing is spent.
    assert_eq!(api.bring(&own.session, &tokens).json, first.json);
    assert_eq!((here.idp.code_requests(), here.idp.refreshes()), (1, 1));
    let others = of_another_program(&api, &here.idp, "felix");
    api.bring(&own.session, &others).assert_problem(409, "session_finished");
    api.exchange(&own.session, "http://localhost:8000/?code=c&state=s").assert_problem(400, "state_mismatch");
    // Its own refresh token was spent for the proof: what is kept is the successor.
    assert_eq!(here.idp.spend(tokens["refreshToken"].as_str().unwrap()), 403);
    let line = backend.process.wait_for_line("\"outcome\":\"complete\"");
    assert!(line.contains("\"target\":\"audit\"") && line.contains("user:default/felix"), "{line}");
    assert_eq!(backend.metric("cluster_auth_logins_total{outcome=\"complete\"}"), 1);
}

#[test]
fn what_the_proof_brought_is_refreshed_from_then_on() {
    let here = Deployment::new("tokens_refreshed").with_cluster();
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let own = api.register_own();
    here.idp.set_id_token_lifetime(1);
    assert_connected(&api.bring(&own.session, &own.tokens(&here.idp, "felix")), true);
    here.idp.set_id_token_lifetime(3600);
    api.wait_for_expiry();
    let pods = api.get("/clusters/dev/proxy/api/v1/namespaces/team-a/pods");
    assert_eq!((pods.status, here.idp.refreshes()), (200, 2), "{}", pods.text);
}

#[test]
fn of_helpers_at_once_one_spends_the_refresh_token() {
    let here = Deployment::new("tokens_at_once").with("IDP_TIMEOUT", "2m").with("EXCHANGE_LEASE", "3m");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let own = api.register_own();
    let tokens = own.tokens(&here.idp, "felix");
    here.idp.hold_token("before");
    let answers: Vec<Answer> = thread::scope(|scope| {
        let calls: Vec<_> = (0..10).map(|_| scope.spawn(|| api.bring(&own.session, &tokens))).collect();
        here.idp.wait_held();
        assert_eq!(api.session(&own.session).json["status"], "exchanging");
        api.with_bearer(&own.session.token).delete("/session").assert_problem(409, "exchange_in_progress");
        here.idp.release();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let (done, waiting): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(!done.is_empty());
    for answer in waiting {
        answer.assert_problem(409, "exchange_in_progress");
    }
    assert_connected(&api.bring(&own.session, &tokens), true);
    assert_eq!(here.idp.refreshes(), 1);
}

#[test]
fn tokens_of_another_login_have_another_nonce() {
    let here = Deployment::new("tokens_other_nonce");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let (own, other) = (api.register_own(), api.register_own());
    let tokens = other.tokens(&here.idp, "felix");
    let refused = api.bring(&own.session, &tokens);
    refused.assert_problem(403, "id_token_rejected");
    assert!(refused.text.contains("nonce"), "{}", refused.text);
    assert_eq!(api.cluster_status()["connected"], false);
    assert_eq!(api.session(&own.session).json["error"]["code"], "id_token_rejected");
    // They are the other login's: neither spent nor given back.
    assert_eq!((here.idp.refreshes(), here.idp.revocations()), (0, 0));
    assert_connected(&api.bring(&other.session, &tokens), true);
}

#[test]
fn tokens_of_another_person_are_refused_and_given_back() {
    let here = Deployment::new("tokens_other_person");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let own = api.register_own();
    let tokens = own.tokens(&here.idp, "mara");
    api.bring(&own.session, &tokens).assert_problem(403, "identity_mismatch");
    assert_eq!(api.cluster_status()["connected"], false);
    assert_eq!((here.idp.refreshes(), here.idp.revocations()), (0, 1));
    // Imported ones are still their program's.
    let tokens = of_another_program(&api, &here.idp, "mara");
    api.post("/tokens", &tokens).assert_problem(403, "identity_mismatch");
    assert_eq!((here.idp.refreshes(), here.idp.revocations()), (0, 1));
    assert_eq!(here.idp.spend(tokens["refreshToken"].as_str().unwrap()), 200);
}

#[test]
fn a_session_of_the_backends_own_takes_no_tokens() {
    let here = Deployment::new("tokens_for_other_session");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let tokens = of_another_program(&api, &here.idp, "felix");
    let session = api.register();
    api.bring(&session, &tokens).assert_problem(403, "not_allowed");
    assert_eq!(api.session(&session).json["status"], "pending");
    let own = api.register_own();
    let mut elsewhere = tokens.clone();
    elsewhere["cluster"] = json!("another");
    api.bring(&own.session, &elsewhere).assert_problem(400, "bad_request");
    api.with_bearer(&"A".repeat(43)).post("/tokens", &tokens).assert_problem(401, "session_unknown");
    api.bring(&own.session, &json!({ "idToken": "a".repeat(70_000) })).assert_problem(413, "too_large");
    api.bring(&own.session, &json!({ "accessToken": "a" })).assert_problem(400, "bad_request");
    assert_eq!(api.session(&own.session).json["status"], "pending");
}

/// Its ID token, its refresh token and its identity, each wrong in all ways that the liar knows.
#[test]
fn a_lie_in_what_is_brought_is_refused_and_keeps_nothing() {
    const LIES: [(&str, &str); 20] = [
        ("iss", "id_token_rejected"),
        ("iss_without_slash", "id_token_rejected"),
        ("aud", "id_token_rejected"),
        ("azp", "id_token_rejected"),
        ("nonce_wrong", "id_token_rejected"),
        ("nonce_missing", "id_token_rejected"),
        ("exp", "id_token_rejected"),
        ("iat_future", "id_token_rejected"),
        ("at_hash", "id_token_rejected"),
        ("sub_missing", "id_token_rejected"),
        ("org_id_other", "id_token_rejected"),
        ("org_id_missing", "id_token_rejected"),
        ("email_unverified", "identity_mismatch"),
        ("email_other_domain", "identity_mismatch"),
        ("email_other_user", "identity_mismatch"),
        ("alg_none", "id_token_rejected"),
        ("hs256_with_public_key", "id_token_rejected"),
        ("foreign_key_known_kid", "id_token_rejected"),
        ("jku", "id_token_rejected"),
        ("crit", "id_token_rejected"),
    ];
    let here = Deployment::with_hostile_idp("tokens_lies");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    for (lie, code) in LIES {
        here.idp.lie("none");
        let own = api.register_own();
        here.idp.lie(lie);
        let tokens = own.tokens(&here.idp, "felix");
        // An import has a nonce of its own.
        if !lie.starts_with("nonce") {
            let answer = api.post("/tokens", &tokens);
            assert_eq!((answer.status, answer.code()), (403, code), "import: {lie}: {}", answer.text);
        }
        let answer = api.bring(&own.session, &tokens);
        assert_eq!((answer.status, answer.code()), (403, code), "{lie}: {}", answer.text);
        assert_eq!(api.cluster_status()["connected"], false, "{lie}");
    }
    assert!(here.idp.refreshes().is_empty(), "a refresh token of a login that is refused was spent");
    // The refresh brings another person's ID token.
    here.idp.lie("none");
    let own = api.register_own();
    let tokens = own.tokens(&here.idp, "felix");
    here.idp.lie("sub_other");
    api.bring(&own.session, &tokens).assert_problem(403, "id_token_rejected");
    assert_eq!(api.cluster_status()["connected"], false);
}

#[test]
fn the_refresh_token_of_another_person_makes_no_login() {
    let here = Deployment::new("tokens_mixed");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let theirs = of_another_program(&api, &here.idp, "mara");
    let own = api.register_own();
    let mut mixed = own.tokens(&here.idp, "felix");
    mixed["refreshToken"] = theirs["refreshToken"].clone();
    let refused = api.bring(&own.session, &mixed);
    refused.assert_problem(403, "id_token_rejected");
    assert!(refused.text.contains("refresh token does not belong"), "{}", refused.text);
    assert_eq!(api.cluster_status()["connected"], false);
    let mut mixed = of_another_program(&api, &here.idp, "felix");
    mixed["refreshToken"] = of_another_program(&api, &here.idp, "mara")["refreshToken"].clone();
    api.post("/tokens", &mixed).assert_problem(403, "id_token_rejected");
    assert_eq!(api.cluster_status()["connected"], false);
}

/// A backend that cannot reach the token endpoint, and a session there.
fn cut_off(here: &Deployment) -> (crate::harness::programs::backend::Backend, Api, OwnSession) {
    let mut discovery = here.idp.discovery();
    let reached = discovery["token_endpoint"].clone();
    discovery["token_endpoint"] = json!(format!("http://127.0.0.1:{}/oauth/token", free_port()));
    here.idp.control("next", json!({ "endpoint": "discovery", "status": 200, "body": discovery }));
    let (backend, api) = here.start();
    let OwnSession { session, mut answer } = api.register_own();
    assert_eq!(answer["tokenEndpoint"], discovery["token_endpoint"]);
    // The client reaches it.
    answer["tokenEndpoint"] = reached;
    (backend, api, OwnSession { session, answer })
}

#[test]
fn where_the_backend_cannot_reach_the_token_endpoint_the_login_is_kept_without_refresh() {
    let here = Deployment::new("tokens_cut_off");
    note_verifier(&here.world);
    let (_backend, api, own) = cut_off(&here);
    let tokens = own.tokens(&here.idp, "felix");
    assert_connected(&api.bring(&own.session, &tokens), false);
    assert_kept(&api, false);
    assert_eq!((here.idp.refreshes(), here.idp.revocations()), (0, 0));
    // The helper sends it again: the stored outcome.
    assert_connected(&api.bring(&own.session, &tokens), false);
}

#[test]
fn a_login_without_a_refresh_token_and_one_with_a_spent_one_are_kept_without_refresh() {
    let here = Deployment::new("tokens_without_refresh");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let own = api.register_own();
    let tokens = without_refresh_token(&own.tokens(&here.idp, "felix"));
    assert_connected(&api.bring(&own.session, &tokens), false);
    assert_kept(&api, false);
    api.delete("/tokens");
    let spent = of_another_program(&api, &here.idp, "felix");
    assert_eq!(here.idp.spend(spent["refreshToken"].as_str().unwrap()), 200);
    assert_connected(&api.post("/tokens", &spent), false);
    assert_kept(&api, false);
}

#[test]
fn an_import_belongs_to_its_user_and_spends_a_refresh_token_once() {
    let here = Deployment::new("tokens_import");
    note_verifier(&here.world);
    let (backend, api) = here.start();
    let mut tokens = of_another_program(&api, &here.idp, "felix");
    tokens["cluster"] = json!("dev");
    assert_connected(&api.post("/tokens", &tokens), true);
    assert_kept(&api, true);
    let line = backend.process.wait_for_line("\"imported\":true");
    assert!(line.contains("\"target\":\"audit\"") && line.contains("\"outcome\":\"complete\""), "{line}");
    // The same once more, as after a lost answer: sent twice, it would end the login at this provider.
    assert_connected(&api.post("/tokens", &tokens), true);
    assert_eq!(here.idp.refreshes(), 1);
    assert_kept(&api, true);
    tokens["cluster"] = json!("another");
    api.post("/tokens", &tokens).assert_problem(400, "unknown_cluster");
}

/// As after a lost answer: the second one would say that nothing came of it, and the first one then keeps what came.
#[test]
fn an_import_that_comes_again_beside_the_first_waits_for_it() {
    let here = Deployment::new("tokens_import_again");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let tokens = of_another_program(&api, &here.idp, "felix");
    here.idp.hold_token("after");
    let first = thread::scope(|scope| {
        let first = scope.spawn(|| api.post("/tokens", &tokens));
        here.idp.wait_held();
        api.post("/tokens", &tokens).assert_problem(409, "exchange_in_progress");
        assert_eq!(api.cluster_status()["connected"], false);
        here.idp.release();
        first.join().unwrap()
    });
    assert_connected(&first, true);
    assert_eq!(first.json["broughtRefreshToken"], "kept");
    let again = api.post("/tokens", &tokens);
    assert_connected(&again, true);
    assert_eq!((&again.json["broughtRefreshToken"], here.idp.refreshes()), (&json!("spent"), 1));
}

/// A provider that rotates, and sends no ID token then: the successor is dropped.
#[test]
fn a_refresh_token_is_told_as_spent_or_left_as_it_is() {
    let here = Deployment::with_hostile_idp("tokens_import_spent");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    for (lie, became) in [("no_id_token", "spent"), ("none", "kept"), ("token_endpoint_redirects", "left")] {
        here.idp.lie("none");
        let tokens = api.register_own().tokens(&here.idp, "felix");
        api.delete("/tokens");
        here.idp.lie(lie);
        let answer = api.post("/tokens", &tokens);
        assert_connected(&answer, became == "kept");
        assert_eq!(answer.json["broughtRefreshToken"], became, "{lie}");
        let without = api.post("/tokens", &without_refresh_token(&tokens));
        assert!(without.json.get("broughtRefreshToken").is_none(), "{}", without.text);
    }
}

#[test]
fn an_import_without_refresh_token_leaves_a_better_login() {
    let here = Deployment::new("tokens_import_worse");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    api.log_in(&here.idp, "felix");
    let tokens = without_refresh_token(&of_another_program(&api, &here.idp, "felix"));
    assert_connected(&api.post("/tokens", &tokens), true);
    assert_kept(&api, true);
    api.delete("/tokens");
    assert_connected(&api.post("/tokens", &tokens), false);
    assert_kept(&api, false);
    // A login for a session is what the person wants now, whatever was there.
    let own: OwnSession = api.register_own();
    assert_connected(&api.bring(&own.session, &own.tokens(&here.idp, "felix")), true);
    assert_kept(&api, true);
}

#[test]
fn only_a_user_imports_and_not_without_end() {
    let (here, backstage) = Deployment::beside_backstage("tokens_import_who", &[]);
    note_verifier(&here.world);
    let (_backend, api) = here.start_as(&here.plan.clone().with("REGISTRATIONS_PER_MINUTE", "3"));
    let felix = api.with_bearer(&backstage.sign_in(&here.world, "felix").user_token);
    let tokens = without_refresh_token(&of_another_program(&felix, &here.idp, "felix"));
    api.post("/tokens", &tokens).assert_problem(401, "not_signed_in");
    api.with_bearer("aaa.bbb.ccc").post("/tokens", &tokens).assert_problem(401, "token_invalid");
    assert_connected(&felix.post("/tokens", &tokens), false);
    // Its catalog entity has another address.
    let mara = api.with_bearer(&backstage.sign_in(&here.world, "mara").user_token);
    mara.post("/tokens", &tokens).assert_problem(403, "identity_mismatch");
    assert_eq!(mara.cluster_status()["connected"], false);
    assert_connected(&felix.post("/tokens", &tokens), false);
    felix.post("/tokens", &tokens).assert_problem(429, "rate_limited");
}

#[test]
fn a_cluster_that_takes_access_tokens_takes_one_that_is_bound_to_the_login() {
    let here = Deployment::with_hostile_idp("tokens_access").with("KUBERNETES_TOKEN", "access_token");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let redeemed = || without_refresh_token(&api.register_own().tokens(&here.idp, "felix"));
    // Its ID tokens have an at_hash.
    let tokens = redeemed();
    assert_connected(&api.post("/tokens", &tokens), false);
    let mut without = tokens.clone();
    without.as_object_mut().unwrap().remove("accessToken");
    api.post("/tokens", &without).assert_problem(400, "bad_request");
    let mut other = tokens;
    other["accessToken"] = redeemed()["accessToken"].clone();
    api.post("/tokens", &other).assert_problem(403, "id_token_rejected");
}

#[test]
fn an_access_token_that_nothing_binds_to_the_login_counts_after_a_refresh_alone() {
    let here = Deployment::new("tokens_access_unbound").with("KUBERNETES_TOKEN", "access_token");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let tokens = of_another_program(&api, &here.idp, "felix");
    api.post("/tokens", &without_refresh_token(&tokens)).assert_problem(403, "id_token_rejected");
    assert_eq!(api.cluster_status()["connected"], false);
    assert_connected(&api.post("/tokens", &tokens), true);
}
