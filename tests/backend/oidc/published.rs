//! Discovery and keys: asked for once however many need them, and again when the identity provider's keys have changed.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api, parameter, until_ok};
use crate::harness::deployment::Deployment;
use crate::harness::peers::idp::Idp;

/// All at once; the answers.
fn at_once(count: usize, call: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    thread::scope(|scope| {
        let call = &call;
        let calls: Vec<_> = (0..count).map(|number| scope.spawn(move || call(number))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

fn with_status(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

fn register(api: &Api) -> Answer {
    api.post("/register", &json!({}))
}

#[test]
fn twenty_registrations_at_once_cause_one_discovery_and_then_one_fetch_of_keys() {
    let here = Deployment::new("one_flight");
    let (_backend, api) = here.start();
    let answers = at_once(20, |_| register(&api));
    assert_eq!(with_status(&answers, 200), 20);
    assert_eq!(here.idp.read("counts")["discovery"], 1);

    let sessions: Vec<_> = answers.iter().map(|answer| api.session_of(answer)).collect();
    let answers = at_once(sessions.len(), |number| {
        let session = &sessions[number];
        let state = parameter(&session.auth_url, "state");
        let redirect = json!({ "code": "never issued", "state": state, "iss": here.idp.issuer });
        api.with_bearer(&session.token).post("/exchange", &redirect)
    });
    // Twelve have given way to newer ones.
    assert_eq!((with_status(&answers, 502), with_status(&answers, 409)), (8, 12), "{answers:?}");
    let counts = here.idp.read("counts");
    assert_eq!((&counts["jwks"], &counts["token"]["authorization_code"]), (&json!(1), &json!(8)), "{counts}");
}

#[test]
fn requests_that_wait_for_a_failing_discovery_share_its_failure() {
    let here = Deployment::new("shared_failure").with("IDP_TIMEOUT", "2s").with("EXCHANGE_LEASE", "3s");
    // Before it starts: it would have the document from then on.
    here.idp.control("next", json!({ "endpoint": "discovery", "delayMs": 4000, "times": 20 }));
    let (_backend, api) = here.start();
    let begun = Instant::now();
    let answers = at_once(20, |_| register(&api));
    for answer in &answers {
        answer.assert_problem(502, "idp_unreachable");
    }
    // One after the other would be 40 s.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // One for all; more only for requests that a busy machine lets in late.
    let fetches = here.idp.read("counts")["discovery"].as_u64().unwrap();
    assert!((1..5).contains(&fetches), "{fetches} fetches for 20 who wait");
    here.idp.control("reset", json!({}));
    until_ok(|| register(&api));
}

fn rotate(idp: &Idp) -> Value {
    idp.control("rotate-keys", json!({ "drop": true }))
}

#[test]
fn keys_that_rotate_twice_are_fetched_twice_and_the_discovery_document_is_not() {
    let here = Deployment::new("rotated_keys");
    let (_backend, api) = here.start();
    api.log_in(&here.idp, "felix");
    for fetches in 2..=3 {
        rotate(&here.idp);
        api.log_in(&here.idp, "felix");
        let counts = here.idp.read("counts");
        assert_eq!((&counts["jwks"], &counts["discovery"]), (&json!(fetches), &json!(1)), "{counts}");
    }
}
