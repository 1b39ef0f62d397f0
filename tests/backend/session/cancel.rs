//! Cancelling: by the session's own token, and by a ninth session for the oldest.

use std::thread;

use serde_json::{Value, json};

use super::exchange::{wait, wait_until_a_long_poll_waits};
use crate::harness::clients::api::{Answer, Api, Session, parameter, until};
use crate::harness::clients::login::Arrived;
use crate::harness::deployment::{Deployment, OnRedis};
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::Backend;

/// The most that one user may have pending.
const PENDING: usize = 8;

fn cancel(api: &Api, session: &Session) -> Answer {
    api.with_bearer(&session.token).delete("/session")
}

fn status(api: &Api, session: &Session) -> Value {
    api.session(session).json["status"].clone()
}

/// The session is `failed` with `cancelled`, and a sentence.
fn assert_cancelled(told: &Value) {
    assert_eq!((&told["status"], &told["error"]["code"]), (&json!("failed"), &json!("cancelled")), "{told}");
    assert!(
        told["error"]["message"].as_str().unwrap().ends_with('.') && told.get("authUrl").is_none(),
        "{told}"
    );
}

/// An exchange that is held lasts as long as the test needs, on a busy machine, too.
fn patient<R>(here: Deployment<Idp, R>) -> Deployment<Idp, R> {
    here.with("IDP_TIMEOUT", "2m").with("EXCHANGE_LEASE", "3m")
}

/// Two backends on one Redis.
fn replicas(here: &OnRedis) -> ([Backend; 2], [Api; 2]) {
    let replicas = [here.plan.start(), here.plan.start()];
    let apis = replicas.each_ref().map(|replica| here.api(replica));
    (replicas, apis)
}

#[test]
fn a_cancelled_session_is_over_at_once_for_those_who_wait_and_for_a_late_redirect() {
    let here = Deployment::new("cancel_waiting").with_redis();
    let (backends, [first, second]) = replicas(&here);
    let Arrived { session, redirect } = first.arrive(&here.idp, "felix");
    thread::scope(|scope| {
        let waiting = [&first, &second].map(|api| scope.spawn(|| wait(api, &session)));
        for backend in &backends {
            wait_until_a_long_poll_waits(backend, &session);
        }
        let answer = cancel(&first, &session);
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_cancelled(&answer.json);
        for told in waiting {
            assert_cancelled(&told.join().unwrap());
        }
    });
    let late = second.exchange(&session, &redirect);
    late.assert_problem(409, "session_finished");
    assert!(late.text.contains("was cancelled"), "{}", late.text);
    let refusal = json!({ "error": "access_denied", "state": parameter(&session.auth_url, "state") });
    second.with_bearer(&session.token).post("/exchange", &refusal).assert_problem(409, "session_finished");
    // Once more changes nothing.
    let again = cancel(&second, &session);
    assert_eq!(again.status, 200, "{}", again.text);
    assert_cancelled(&again.json);
    assert_eq!(here.idp.code_requests(), 0);
    assert_eq!(backends[0].metric("cluster_auth_logins_total{outcome=\"cancelled\"}"), 1);
    assert_eq!(backends[0].metric("cluster_auth_sessions_pending"), 0);
    let line = backends[0].process.wait_for_line("\"outcome\":\"cancelled\"");
    assert!(line.contains("\"target\":\"audit\"") && line.contains("user:default/felix"), "{line}");
}

#[test]
fn a_session_whose_code_is_being_redeemed_is_not_cancelled_and_a_finished_one_stays_as_it_is() {
    let here = patient(Deployment::new("cancel_exchanging"));
    let (_backend, api) = here.start();
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    here.idp.hold_token("before");
    thread::scope(|scope| {
        let exchange = scope.spawn(|| api.exchange(&session, &redirect));
        here.idp.wait_held();
        let refused = cancel(&api, &session);
        refused.assert_problem(409, "exchange_in_progress");
        assert_eq!(refused.header("retry-after"), Some("1"));
        here.idp.release();
        assert_eq!(exchange.join().unwrap().json["success"], true);
    });
    let answer = cancel(&api, &session);
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("complete")), "{}", answer.text);
    assert_eq!(api.cluster_status()["connected"], true);
    let (_brief, api) = here.start_as(&here.plan.clone().with("SESSION_LIFETIME", "1s"));
    let session = api.register();
    assert_eq!(wait(&api, &session)["status"], "expired");
    let answer = cancel(&api, &session);
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("expired")), "{}", answer.text);
}

#[test]
fn only_the_session_token_cancels() {
    let here = Deployment::new("cancel_who");
    let (_backend, api) = here.start();
    let session = api.register();
    api.delete("/session").assert_problem(401, "not_signed_in");
    api.with_bearer(&"A".repeat(43)).delete("/session").assert_problem(401, "session_unknown");
    assert_eq!(status(&api, &session), "pending");
}

/// The first session's code is being redeemed: the second is the oldest that can give way.
fn ninth(first: &Api, second: &Api, idp: &Idp) {
    let Arrived { session: finishing, redirect } = first.arrive(idp, "felix");
    let pending: Vec<Session> = (1..PENDING).map(|_| first.register()).collect();
    idp.hold_token("before");
    thread::scope(|scope| {
        let exchange = scope.spawn(|| first.exchange(&finishing, &redirect));
        idp.wait_held();
        let ninth = second.register();
        assert_cancelled(&first.session(&pending[0]).json);
        assert_eq!(status(second, &finishing), "exchanging");
        for session in pending[1..].iter().chain([&ninth]) {
            assert_eq!(status(first, session), "pending");
        }
        idp.release();
        assert_eq!(exchange.join().unwrap().json["success"], true);
    });
    // That one has freed its place.
    second.register();
    assert_eq!(status(first, &pending[1]), "pending");
}

#[test]
fn a_ninth_session_cancels_the_oldest_that_is_pending_in_process() {
    let here = patient(Deployment::new("cancel_ninth_in_process"));
    let (_backend, api) = here.start();
    ninth(&api, &api, &here.idp);
}

#[test]
fn a_ninth_session_cancels_the_oldest_that_is_pending_over_replicas() {
    let here = patient(Deployment::new("cancel_ninth_in_redis").with_redis());
    let (_backends, [first, second]) = replicas(&here);
    ninth(&first, &second, &here.idp);
}

#[test]
fn of_sessions_begun_at_once_eight_are_pending_and_none_is_refused() {
    const BEGUN: usize = 40;
    let here = Deployment::new("cancel_at_once").with_redis().with("REGISTRATIONS_PER_MINUTE", "100");
    let (_backends, apis) = replicas(&here);
    let sessions: Vec<Session> = thread::scope(|scope| {
        let begin = |number: usize| {
            let api = &apis[number % 2];
            scope.spawn(|| api.register())
        };
        let requests: Vec<_> = (0..BEGUN).map(begin).collect();
        requests.into_iter().map(|session| session.join().unwrap()).collect()
    });
    let told: Vec<Value> = sessions.iter().map(|session| apis[0].session(session).json).collect();
    let (pending, over): (Vec<_>, Vec<_>) = told.iter().partition(|told| told["status"] == "pending");
    assert_eq!(pending.len(), PENDING);
    over.into_iter().for_each(assert_cancelled);
}

#[test]
fn a_ninth_session_is_refused_while_eight_are_being_finished() {
    let here = patient(Deployment::new("cancel_none"));
    let (_backend, api) = here.start();
    let sessions: Vec<Session> = (0..PENDING).map(|_| api.register()).collect();
    thread::scope(|scope| {
        for session in &sessions {
            here.idp.hold_token("before");
            let state = parameter(&session.auth_url, "state");
            let redirect = json!({ "code": "a code", "state": state, "iss": here.idp.issuer });
            let api = api.with_bearer(&session.token);
            scope.spawn(move || api.post("/exchange", &redirect));
        }
        for session in &sessions {
            let told = until(|| api.session(session), |told| told.json["status"] != "pending");
            assert_eq!(told.json["status"], "exchanging", "{}", told.text);
        }
        let refused = api.post("/register", &json!({}));
        here.idp.release();
        refused.assert_problem(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), Some("5"));
    });
    api.register();
}
