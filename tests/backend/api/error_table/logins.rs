//! Logins that fail.

use std::io::copy;
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::json;

use super::{Ground, Row, Scene};
use crate::harness::clients::api::{Answer, Session, redirect_body};
use crate::harness::clients::login::Arrived;
use crate::harness::world::free_port;

pub(super) const ROWS: &[Row] = &[
    Row(403, "identity_mismatch", |scene| log_in_as(scene, "mara")),
    Row(403, "identity_mismatch", |scene| log_in_as(scene, "unverified")),
    Row(403, "id_token_rejected", |scene| {
        let session = scene.api.register();
        let mut body = redirect_body(&scene.ground.idp.log_in(&session.auth_url, "felix"));
        body["iss"] = json!("https://attacker.example/");
        scene.api.with_bearer(&session.token).post("/exchange", &body)
    }),
    Row(502, "idp_refused", |scene| {
        canned(scene, &json!({ "status": 400, "body": { "error": "invalid_grant" } }), "failed")
    }),
    Row(409, "exchange_lost", |scene| {
        let html = json!({ "status": 500, "body": "<h1>Oops</h1>", "contentType": "text/html" });
        canned(scene, &html, "failed")
    }),
    // Not the provider's: a server before it, which has spent nothing.
    Row(502, "idp_unreachable", |scene| {
        canned(scene, &json!({ "status": 200, "body": "not tokens" }), "pending")
    }),
    Row(502, "idp_unreachable", |scene| {
        let html = json!({ "status": 403, "body": "<h1>Blocked</h1>", "contentType": "text/html" });
        canned(scene, &html, "pending")
    }),
    Row(502, "idp_unreachable", |scene| {
        let issuer = format!("http://localhost:{}/", free_port());
        let (_backend, api) =
            scene.ground.start_as(&scene.ground.plan.clone().with("OIDC_ISSUER_URL", &issuer));
        api.post("/register", &json!({}))
    }),
    Row(502, "idp_unreachable", unreachable_then_back),
    Row(409, "exchange_in_progress", |scene| {
        let (idp, api) = (&scene.ground.idp, &scene.api);
        let Arrived { session, redirect } = api.arrive(idp, "felix");
        idp.hold_token("before");
        thread::scope(|scope| {
            let first = scope.spawn(|| api.exchange(&session, &redirect));
            idp.wait_held();
            let second = api.exchange(&session, &redirect);
            assert!(second.header("retry-after").is_some());
            idp.release();
            assert_eq!(first.join().unwrap().status, 200);
            second
        })
    }),
    Row(409, "exchange_lost", |scene| {
        let plan = scene.ground.plan.clone().with("IDP_TIMEOUT", "4s").with("EXCHANGE_LEASE", "5s");
        let (_backend, api) = scene.ground.start_as(&plan);
        let Arrived { session, redirect } = api.arrive(&scene.ground.idp, "felix");
        scene.ground.idp.hold_token("after");
        let answer = api.exchange(&session, &redirect);
        scene.ground.idp.release();
        assert_eq!(api.session(&session).json["error"]["code"], "exchange_lost");
        // The same code again learns the stored outcome; the provider is not asked a second time.
        api.exchange(&session, &redirect).assert_problem(409, "exchange_lost");
        answer
    }),
];

#[test]
fn a_login_that_fails_says_why() {
    Ground::new("error_logins").walk(ROWS, Answer::assert_problem);
}

fn log_in_as(scene: &Scene<'_>, login: &str) -> Answer {
    let answer = scene.api.attempt_log_in(&scene.ground.idp, login);
    assert_eq!(scene.api.cluster_status()["connected"], false);
    answer
}

/// An exchange: its token request is answered like that, after which the session has this status.
fn canned(scene: &Scene<'_>, token_answer: &serde_json::Value, status: &str) -> Answer {
    let Arrived { session, redirect } = scene.api.arrive(&scene.ground.idp, "felix");
    let mut command = token_answer.clone();
    command["endpoint"] = json!("token");
    scene.ground.idp.control("next", command);
    let answer = scene.api.exchange(&session, &redirect);
    assert_eq!(scene.api.session(&session).json["status"], status);
    answer
}

/// The token endpoint is away when the code arrives, and back when it arrives again.
fn unreachable_then_back(scene: &Scene<'_>) -> Answer {
    let idp = &scene.ground.idp;
    let mut discovery = idp.discovery();
    let token_port = free_port();
    discovery["token_endpoint"] = json!(format!("http://127.0.0.1:{token_port}/oauth/token"));
    // The row's own backend has looked at the document by then.
    scene.api.register();
    idp.control("next", json!({ "endpoint": "discovery", "status": 200, "body": discovery }));
    let (_backend, api) = scene.ground.start_as(&scene.ground.plan);
    let session: Session = api.register();
    let redirect = idp.log_in(&session.auth_url, "felix");
    let answer = api.exchange(&session, &redirect);
    let told = api.session(&session).json;
    assert_eq!((&told["status"], &told["authUrl"]), (&json!("pending"), &json!(session.auth_url)));
    relay_one_connection(token_port, &idp.issuer);
    assert_eq!(api.exchange(&session, &redirect).json["success"], true);
    answer
}

/// Listens there from now on and passes one connection on to the identity provider.
fn relay_one_connection(port: u16, issuer: &str) {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let target = url::Url::parse(issuer).unwrap().port().unwrap();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", target)).unwrap();
        let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || copy(&mut from_client, &mut to_server));
        copy(&mut server, &mut client).unwrap();
    });
}
