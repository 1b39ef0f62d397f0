//! Sessions that do not exist, are over, or belong to another user.

use std::thread;

use serde_json::{Value, json};

use super::{Ground, Row, Scene};
use crate::harness::clients::api::{Answer, Session, parameter};
use crate::harness::clients::login::Arrived;

pub(super) const ROWS: &[Row] = &[
    Row(401, "not_signed_in", |scene| scene.api.get("/session")),
    Row(401, "not_signed_in", |scene| scene.api.post("/exchange", &json!({ "code": "c", "state": "s" }))),
    Row(401, "session_unknown", |scene| scene.api.with_bearer(&"A".repeat(43)).get("/session")),
    Row(401, "session_unknown", |scene| scene.api.with_bearer("no session token").get("/session")),
    Row(401, "session_expired", |scene| {
        let (session, scene) = expired(scene);
        exchange(&scene, &session, json!({ "code": "a code" }))
    }),
    Row(401, "session_expired", |scene| {
        let (session, scene) = expired(scene);
        exchange(&scene, &session, json!({ "error": "access_denied" }))
    }),
    Row(400, "state_mismatch", |scene| {
        let session = scene.api.register();
        let foreign = Session { token: session.token, ..scene.api.register() };
        exchange(scene, &foreign, json!({ "code": "a code" }))
    }),
    Row(400, "state_mismatch", |scene| {
        let session = scene.api.register();
        let foreign = Session { token: session.token.clone(), ..scene.api.register() };
        let answer = exchange(scene, &foreign, json!({ "error": "access_denied" }));
        // The refusal of another login ends nothing.
        assert_eq!(scene.api.session(&session).json["status"], "pending");
        answer
    }),
    Row(409, "session_finished", |scene| {
        let session = connected(scene);
        exchange(scene, &session, json!({ "code": "a second code" }))
    }),
    Row(409, "session_finished", |scene| {
        let session = connected(scene);
        let answer = exchange(scene, &session, json!({ "error": "access_denied" }));
        assert_eq!(scene.api.session(&session).json["status"], "complete");
        answer
    }),
    Row(409, "session_finished", |scene| {
        let session = scene.api.register();
        exchange(scene, &session, json!({ "error": "access_denied" }));
        exchange(scene, &session, json!({ "code": "a late code" }))
    }),
    // A cancelled login: what its redirect still brings.
    Row(409, "session_finished", |scene| {
        let session = scene.api.register();
        assert_eq!(scene.api.with_bearer(&session.token).delete("/session").status, 200);
        exchange(scene, &session, json!({ "code": "a late code" }))
    }),
    Row(409, "session_finished", |scene| {
        let session = scene.api.register();
        assert_eq!(scene.api.with_bearer(&session.token).delete("/session").status, 200);
        exchange(scene, &session, json!({ "error": "access_denied" }))
    }),
    Row(401, "not_signed_in", |scene| scene.api.delete("/session")),
    Row(401, "session_unknown", |scene| scene.api.with_bearer(&"A".repeat(43)).delete("/session")),
    Row(429, "rate_limited", |scene| {
        let (_backend, api) =
            scene.ground.start_as(&scene.ground.plan.clone().with("REGISTRATIONS_PER_MINUTE", "1"));
        api.register();
        api.post("/register", &json!({}))
    }),
    Row(429, "rate_limited", third_waiter),
];

#[test]
fn a_session_that_does_not_serve_says_why() {
    Ground::new("error_sessions").walk(ROWS, Answer::assert_problem);
}

#[test]
fn a_refusal_ends_the_session() {
    let ground = Ground::new("error_access_denied");
    let (_backend, api) = ground.start();
    let session = api.register();
    let redirect = ground.idp.deny(&session.auth_url);
    for _ in 0..2 {
        let answer = api.exchange(&session, &redirect);
        let expected = json!({ "success": false, "code": "access_denied" });
        assert_eq!((answer.status, &answer.json), (200, &expected), "{}", answer.text);
    }
    let told = api.session(&session).json;
    assert_eq!((&told["status"], &told["error"]["code"]), (&json!("failed"), &json!("access_denied")));
    assert!(told["error"]["message"].as_str().unwrap().ends_with('.'), "{told}");
}

/// What a redirect to this session carries, sent by its helper.
fn exchange(scene: &Scene<'_>, session: &Session, mut redirect: Value) -> Answer {
    redirect["state"] = json!(parameter(&session.auth_url, "state"));
    scene.api.with_bearer(&session.token).post("/exchange", &redirect)
}

fn connected(scene: &Scene<'_>) -> Session {
    let Arrived { session, redirect } = scene.api.arrive(&scene.ground.idp, "felix");
    assert_eq!(scene.api.exchange(&session, &redirect).status, 200);
    session
}

/// A session that has expired after a second, and the backend that knows it.
fn expired<'g>(scene: &Scene<'g>) -> (Session, Scene<'g>) {
    let (backend, api) = scene.ground.start_as(&scene.ground.plan.clone().with("SESSION_LIFETIME", "1s"));
    let scene = Scene { ground: scene.ground, api, _backend: backend };
    let session = scene.api.register();
    let told = scene.api.with_bearer(&session.token).get("/session?wait=25");
    assert_eq!(told.json["status"], "expired", "{}", told.text);
    (session, scene)
}

/// Three ask at once; the one too many is the one that is answered while nothing has happened yet.
fn third_waiter(scene: &Scene<'_>) -> Answer {
    let session = scene.api.register();
    let (answered, answers) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..3 {
            let (answered, api) = (answered.clone(), scene.api.with_bearer(&session.token));
            scope.spawn(move || answered.send(api.get("/session?wait=25")).unwrap());
        }
        let first = answers.recv().unwrap();
        exchange(scene, &session, json!({ "error": "access_denied" }));
        for _ in 0..2 {
            assert_eq!(answers.recv().unwrap().json["status"], "failed");
        }
        first
    })
}
