//! The exchange, step by step: one code, one token request, one outcome, however many ask and whichever process dies.

use std::thread;
use std::time::{Duration, Instant};

use backstage_oidc_helper::random::sha256;
use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api, Session, redirect_body};
use crate::harness::clients::login::Arrived;
use crate::harness::clients::raw_http;
use crate::harness::deployment::{Deployment, OnRedis};
use crate::harness::programs::backend::Backend;

pub(super) fn wait(api: &Api, session: &Session) -> Value {
    api.with_bearer(&session.token).get("/session?wait=25").json
}

#[test]
fn a_code_that_comes_again_gets_the_stored_outcome() {
    let here = Deployment::new("exchange_again");
    let (_backend, api) = here.start();
    let answer = api.post("/register", &json!({ "returnTo": "/kubernetes" }));
    let session = api.session_of(&answer);
    let redirect = here.idp.log_in(&session.auth_url, "felix");
    let first = api.exchange(&session, &redirect);
    assert_eq!((first.status, &first.json["success"]), (200, &json!(true)), "{}", first.text);
    assert!(first.json["returnTo"].as_str().unwrap().ends_with("/kubernetes"), "{}", first.text);
    assert_eq!(api.exchange(&session, &redirect).json, first.json);
    assert_eq!(here.idp.code_requests(), 1);
}

#[test]
fn a_session_says_whether_the_backend_compares_who_logs_in() {
    let here = Deployment::new("exchange_identity_checked");
    for (rule, said) in [("email", &json!(true)), ("any", &Value::Null)] {
        let (_backend, api) = here.start_as(&here.plan.clone().with("IDENTITY_RULE", rule));
        let answer = api.post("/register", &json!({}));
        let session = api.session_of(&answer);
        assert_eq!(&answer.json["identityChecked"], said, "{rule}");
        let asked = api.with_bearer(&session.token).get("/session").json;
        assert_eq!((&asked["status"], &asked["identityChecked"]), (&json!("pending"), said), "{rule}");
    }
}

#[test]
fn twenty_helpers_with_one_code_cause_one_token_request() {
    let here = Deployment::new("exchange_concurrent");
    let (_backend, api) = here.start();
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    here.idp.hold_token("before");
    let answers: Vec<_> = thread::scope(|scope| {
        let calls: Vec<_> = (0..20).map(|_| scope.spawn(|| api.exchange(&session, &redirect))).collect();
        here.idp.wait_held();
        assert_eq!(api.session(&session).json["status"], "exchanging");
        here.idp.release();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let (done, waiting): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(!done.is_empty());
    assert!(done.iter().all(|answer| answer.json["success"] == true));
    for answer in waiting {
        answer.assert_problem(409, "exchange_in_progress");
    }
    assert_eq!(here.idp.code_requests(), 1);
    assert_eq!(api.exchange(&session, &redirect).json, done[0].json);
}

/// The backend has read the session and waits for it to change.
pub(super) fn wait_until_a_long_poll_waits(backend: &Backend, session: &Session) {
    let id = sha256(session.token.as_bytes());
    backend.process.wait_for("that a long poll waits", |line| {
        (line.contains("waits for a change") && line.contains(&id)).then_some(())
    });
}

#[test]
fn a_long_poll_learns_of_the_change_at_once() {
    let here = Deployment::new("exchange_wait").with_redis();
    let replicas = [here.plan.start(), here.plan.start()];
    let [first, second] = replicas.each_ref().map(|replica| replica.api(&here.world));
    for (number, changing) in [&first, &second].into_iter().enumerate() {
        let Arrived { session, redirect } = first.arrive(&here.idp, "felix");
        here.idp.hold_token("before");
        let begun = Instant::now();
        thread::scope(|scope| {
            let claimed = scope.spawn(|| wait(&first, &session));
            // Only a long poll that saw the session pending can see it change.
            wait_until_a_long_poll_waits(&replicas[0], &session);
            let exchange = scope.spawn(|| changing.exchange(&session, &redirect));
            assert_eq!(claimed.join().unwrap()["status"], "exchanging");
            let concluded = scope.spawn(|| wait(&first, &session));
            here.idp.wait_held();
            here.idp.release();
            assert_eq!(exchange.join().unwrap().status, 200);
            assert_eq!(concluded.join().unwrap()["status"], "complete", "replica {number}");
        });
        assert!(begun.elapsed() < Duration::from_secs(15), "replica {number}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_caller_that_hangs_up_does_not_stop_the_exchange() {
    let here = Deployment::new("exchange_hang_up");
    let (backend, api) = here.start();
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    here.idp.hold_token("after");
    let body = redirect_body(&redirect).to_string();
    let caller = raw_http::begin_exchange(&backend.url, &session.token, &body);
    here.idp.wait_held();
    drop(caller);
    here.idp.release();
    assert_eq!(wait(&api, &session)["status"], "complete");
    assert_eq!(api.cluster_status()["connected"], true);
}

/// A deployment on Redis in which leases run out soon.
struct Crash(OnRedis);

impl Crash {
    fn prepare(test: &str) -> Self {
        let here = Deployment::new(test).with_redis();
        Self(here.with("IDP_TIMEOUT", "4s").with("EXCHANGE_LEASE", "5s"))
    }

    /// Kills the backend while the token request is held; what another one then says of the same code.
    fn while_held(&self, when: &str) {
        let idp = &self.0.idp;
        let (mut backend, api) = self.0.start();
        let Arrived { session, redirect } = api.arrive(idp, "felix");
        idp.hold_token(when);
        let exchange = redirect_body(&redirect);
        thread::scope(|scope| {
            let caller = scope.spawn(|| {
                api.with_bearer(&session.token)
                    .attempt_post("/exchange", &exchange)
                    .map(|answer| answer.status)
            });
            idp.wait_held();
            backend.process.kill();
            assert_eq!(caller.join().unwrap(), None, "who asked got an answer of a dead backend");
        });
        idp.release();
        let (_backend, api) = self.0.start();
        api.exchange(&session, &redirect).assert_problem(409, "exchange_in_progress");
        let told = wait(&api, &session);
        assert_eq!((&told["status"], &told["error"]["code"]), (&json!("failed"), &json!("exchange_lost")));
        assert!(told["error"]["message"].as_str().unwrap().ends_with("log in again."), "{told}");
        api.exchange(&session, &redirect).assert_problem(409, "exchange_lost");
        assert_eq!(idp.code_requests(), 1, "a code was redeemed twice");
        assert_eq!(api.cluster_status()["connected"], false);
        // Nothing of it stands in the way of the next login.
        let Arrived { session, redirect } = api.arrive(idp, "felix");
        assert_eq!(api.exchange(&session, &redirect).json["success"], true);
    }
}

#[test]
fn killed_before_the_identity_provider_acted_the_outcome_is_lost() {
    Crash::prepare("killed_before").while_held("before");
}

#[test]
fn killed_before_the_answer_arrived_the_outcome_is_lost() {
    Crash::prepare("killed_after").while_held("after");
}

#[test]
fn killed_after_storing_the_outcome_is_still_known() {
    let crash = Crash::prepare("killed_stored");
    let (mut backend, api) = crash.0.start();
    let Arrived { session, redirect } = api.arrive(&crash.0.idp, "felix");
    let first = api.exchange(&session, &redirect);
    assert_eq!(first.json["success"], true, "{}", first.text);
    backend.process.kill();
    let (_backend, api) = crash.0.start();
    assert_eq!(api.session(&session).json["status"], "complete");
    assert_eq!(api.exchange(&session, &redirect).json, first.json);
    assert_eq!(api.cluster_status()["connected"], true);
    assert_eq!(crash.0.idp.code_requests(), 1);
}

#[test]
fn of_logins_at_once_one_is_kept_and_no_revocation_ends_it() {
    const LOGINS: usize = 8;
    let here = Deployment::new("exchange_at_once").with_redis();
    let replicas = [here.plan.start(), here.plan.start()];
    let apis: Vec<Api> = replicas.iter().map(|replica| replica.api(&here.world)).collect();
    let sessions: Vec<Session> = (0..LOGINS).map(|_| apis[0].register()).collect();
    let links: Vec<String> = sessions.iter().map(|session| session.auth_url.clone()).collect();
    let redirects = here.idp.log_all_in(&links, "felix");
    for _ in 0..LOGINS {
        here.idp.hold_token("after");
    }
    let answers: Vec<Answer> = thread::scope(|scope| {
        let redeem = |(number, (session, redirect)): (usize, (&Session, &String))| {
            let (api, session, redirect) = (&apis[number % apis.len()], session.clone(), redirect.clone());
            scope.spawn(move || api.exchange(&session, &redirect))
        };
        let redeeming: Vec<_> = sessions.iter().zip(&redirects).enumerate().map(redeem).collect();
        while here.idp.code_requests() != LOGINS as u64 {
            thread::yield_now();
        }
        // Most of their answers come at the same moment; a request that was not held yet by then is let go a little later.
        while redeeming.iter().any(|request| !request.is_finished()) {
            here.idp.release();
        }
        redeeming.into_iter().map(|request| request.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!(answer.json["success"], true, "{}", answer.text);
    }
    // With many providers one revoked token would end the login that is kept, too.
    assert_eq!(here.idp.revocations(), 0);
    assert_eq!(apis[1].cluster_status()["connected"], true);
}
