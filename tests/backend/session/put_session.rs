//! A session of which the helper keeps the verifier: what the backend gives it, and what it refuses.

use std::thread;

use serde_json::json;

use crate::harness::clients::api::{Session, parameter};
use crate::harness::clients::login::Arrived;
use crate::harness::clients::own_exchange::{CHALLENGE, OwnSession, VERIFIER, note_verifier};
use crate::harness::deployment::Deployment;

#[test]
fn the_helper_is_told_what_it_needs_and_the_address_from_before_counts_no_more() {
    let here = Deployment::new("put_session_answer");
    let (backend, api) = here.start();
    let before = api.register();
    let answer = api.keep_verifier(&before);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let auth_url = answer.json["authUrl"].as_str().unwrap();
    assert_eq!(answer.json["issuer"], here.idp.issuer);
    assert_eq!(answer.json["tokenEndpoint"], here.idp.discovery()["token_endpoint"]);
    assert_eq!(answer.json["clientId"], "kubernetes");
    assert_eq!(answer.json["redirectUri"], "http://localhost:8000/");
    assert_eq!(answer.json.get("tokenOrigin"), None);
    assert_eq!(parameter(auth_url, "code_challenge"), CHALLENGE);
    assert_eq!(parameter(auth_url, "code_challenge_method"), "S256");
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(parameter(auth_url, name), parameter(&before.auth_url, name), "{name}");
    }
    let told = api.session(&before).json;
    assert_eq!((&told["status"], &told["authUrl"]), (&json!("pending"), &json!(auth_url)));
    // A redirect to the address from before.
    let old = here.idp.log_in(&before.auth_url, "felix");
    api.exchange(&before, &old).assert_problem(400, "state_mismatch");
    let line = backend.process.wait_for_line("verifier_at_helper");
    assert!(line.contains("\"target\":\"audit\"") && line.contains("user:default/felix"), "{line}");
}

#[test]
fn such_a_session_refuses_a_code_and_takes_the_providers_no() {
    let here = Deployment::new("put_session_exchange");
    let (_backend, api) = here.start();
    let own = api.register_own();
    let redirect = here.idp.log_in(&own.session.auth_url, "felix");
    api.exchange(&own.session, &redirect).assert_problem(403, "not_allowed");
    assert_eq!(here.idp.code_requests(), 0, "the backend has sent a code that it has no verifier for");
    assert_eq!(api.session(&own.session).json["status"], "pending");
    let own = api.register_own();
    let answer = api.exchange(&own.session, &here.idp.deny(&own.session.auth_url));
    assert_eq!(answer.json, json!({ "success": false, "code": "access_denied" }));
    assert_eq!(api.session(&own.session).json["error"]["code"], "access_denied");
}

#[test]
fn a_session_takes_one_challenge_and_only_while_it_is_pending() {
    let here = Deployment::new("put_session_once").with("IDP_TIMEOUT", "2m").with("EXCHANGE_LEASE", "3m");
    let (_backend, api) = here.start();
    let own = api.register_own();
    api.keep_verifier(&own.session).assert_problem(403, "not_allowed");
    assert_eq!(api.session(&own.session).json["authUrl"], json!(own.session.auth_url));
    // One of two at once.
    let session = api.register();
    let answers: Vec<u16> = thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| api.keep_verifier(&session).status)).collect();
        asked.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|status| matches!(status, 200 | 403)), "{answers:?}");
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    here.idp.hold_token("before");
    thread::scope(|scope| {
        let exchange = scope.spawn(|| api.exchange(&session, &redirect));
        here.idp.wait_held();
        api.keep_verifier(&session).assert_problem(409, "session_finished");
        here.idp.release();
        assert_eq!(exchange.join().unwrap().json["success"], true);
    });
    api.keep_verifier(&session).assert_problem(409, "session_finished");
    let cancelled = api.register();
    api.with_bearer(&cancelled.token).delete("/session");
    api.keep_verifier(&cancelled).assert_problem(409, "session_finished");
    let (_brief, api) = here.start_as(&here.plan.clone().with("SESSION_LIFETIME", "1s"));
    let expired = api.register();
    assert_eq!(super::exchange::wait(&api, &expired)["status"], "expired");
    api.keep_verifier(&expired).assert_problem(401, "session_expired");
}

#[test]
fn a_challenge_that_is_none_and_a_caller_without_the_session_are_refused() {
    let here = Deployment::new("put_session_malformed");
    let (_backend, api) = here.start();
    let session = api.register();
    let put = |body| api.with_bearer(&session.token).put("/session", &body);
    for challenge in ["", VERIFIER.get(1..).unwrap(), &format!("{CHALLENGE}="), &"ü".repeat(43)] {
        put(json!({ "codeChallenge": challenge })).assert_problem(400, "bad_request");
    }
    put(json!({})).assert_problem(400, "bad_request");
    put(json!({ "codeChallenge": "a".repeat(70_000) })).assert_problem(413, "too_large");
    let body = json!({ "codeChallenge": CHALLENGE });
    api.put("/session", &body).assert_problem(401, "not_signed_in");
    api.with_bearer(&"A".repeat(43)).put("/session", &body).assert_problem(401, "session_unknown");
    assert_eq!(api.session(&session).json["authUrl"], json!(session.auth_url));
}

#[test]
fn a_cluster_with_a_secret_or_a_key_keeps_its_exchange_at_the_backend() {
    let here = Deployment::new("put_session_secret");
    let key = here.world.file("client.pem");
    let pair = rcgen::KeyPair::generate().unwrap();
    std::fs::write(&key, pair.serialize_pem()).unwrap();
    for (name, value) in
        [("OIDC_CLIENT_SECRET", "a secret of the client"), ("OIDC_PRIVATE_KEY_FILE", key.to_str().unwrap())]
    {
        let (_backend, api) = here.start_as(&here.plan.clone().with(name, value));
        let session = api.register();
        let refused = api.keep_verifier(&session);
        refused.assert_problem(403, "not_allowed");
        assert!(refused.text.contains("EXCHANGE=backend"), "{}", refused.text);
        assert_eq!(api.session(&session).json["authUrl"], json!(session.auth_url), "{name}");
    }
}

#[test]
fn another_verifier_redeems_nothing() {
    let here = Deployment::new("put_session_verifier");
    note_verifier(&here.world);
    let (_backend, api) = here.start();
    let own = api.register_own();
    let redirect = here.idp.log_in(&own.session.auth_url, "felix");
    let refused = own.redeem(&redirect, &"v".repeat(43));
    assert!(
        matches!(refused.status, 400 | 403) && refused.json["error"] == "invalid_grant",
        "{}",
        refused.text
    );
    assert_eq!(api.session(&own.session).json["status"], "pending");
}

#[test]
fn where_the_token_request_has_to_say_its_origin_the_helper_is_told() {
    let here = Deployment::new("put_session_origin").with("OIDC_TOKEN_ORIGIN", "true");
    let (_backend, api) = here.start();
    let OwnSession { session: Session { .. }, answer } = api.register_own();
    assert_eq!(answer["tokenOrigin"], true);
}
