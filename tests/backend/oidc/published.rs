//! Discovery and keys: asked for once however many need them, and again when the identity provider's keys have changed.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api, parameter, until_ok};
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::World;

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
fn twenty_who_register_at_once_cause_one_discovery_and_then_one_fetch_of_keys() {
    let world = World::new("one_flight");
    let idp = Idp::start(&world);
    let backend = BackendPlan::new(&world, &idp.issuer).start();
    let api = backend.api(&world);
    let answers = at_once(20, |_| register(&api));
    assert_eq!((with_status(&answers, 200), with_status(&answers, 429)), (8, 12));
    assert_eq!(idp.read("counts")["discovery"], 1);

    let sessions: Vec<_> =
        answers.iter().filter(|answer| answer.status == 200).map(|answer| api.session_of(answer)).collect();
    let answers = at_once(sessions.len(), |number| {
        let session = &sessions[number];
        let state = parameter(&session.auth_url, "state");
        let redirect = json!({ "code": "never issued", "state": state, "iss": idp.issuer });
        api.with_bearer(&session.token).post("/exchange", &redirect)
    });
    assert_eq!(with_status(&answers, 502), 8, "{answers:?}");
    let counts = idp.read("counts");
    assert_eq!((&counts["jwks"], &counts["token"]["authorization_code"]), (&json!(1), &json!(8)), "{counts}");
}

#[test]
fn those_who_wait_for_a_discovery_that_fails_share_its_failure() {
    let world = World::new("shared_failure");
    let idp = Idp::start(&world);
    let plan = BackendPlan::new(&world, &idp.issuer).with("IDP_TIMEOUT", "2s").with("EXCHANGE_LEASE", "3s");
    let backend = plan.start();
    let api = backend.api(&world);
    idp.control("next", json!({ "endpoint": "discovery", "delayMs": 4000, "times": 20 }));
    let begun = Instant::now();
    let answers = at_once(20, |_| register(&api));
    for answer in &answers {
        answer.assert_problem(502, "idp_unreachable");
    }
    // One after the other would be 40 s.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // One for all; more only for those whom a busy machine lets in late.
    let fetches = idp.read("counts")["discovery"].as_u64().unwrap();
    assert!((1..5).contains(&fetches), "{fetches} fetches for 20 who wait");
    idp.control("reset", json!({}));
    until_ok(|| register(&api));
}

fn log_in(api: &Api, idp: &Idp) -> Answer {
    let session = api.register();
    api.exchange(&session, &idp.log_in(&session.auth_url, "felix"))
}

fn rotate(idp: &Idp) -> Value {
    idp.control("rotate-keys", json!({ "drop": true }))
}

#[test]
fn keys_that_rotate_twice_are_fetched_twice_and_the_discovery_document_is_not() {
    let world = World::new("rotated_keys");
    let idp = Idp::start(&world);
    let backend = BackendPlan::new(&world, &idp.issuer).start();
    let api = backend.api(&world);
    assert_eq!(log_in(&api, &idp).status, 200);
    for fetches in 2..=3 {
        rotate(&idp);
        assert_eq!(log_in(&api, &idp).status, 200);
        let counts = idp.read("counts");
        assert_eq!((&counts["jwks"], &counts["discovery"]), (&json!(fetches), &json!(1)), "{counts}");
    }
}
