//! The browser extension finishes a login: with the origin of its browser, with a session token, and without a cookie.

use crate::harness::clients::api::{Answer, Api, Session, redirect_body};
use crate::harness::deployment::Deployment;
use crate::harness::peers::provider::Provider as _;

const IN_CHROME: &str = "chrome-extension://abcdefghijklmnopabcdefghijklmnop";
/// Firefox draws another one at each installation, so that no operator can name it.
const IN_FIREFOX: &str = "moz-extension://0d1b7e8e-2f4c-4c0e-9a52-1d2a3b4c5d6e";

/// What a browser says of a request that an extension makes without a permission for the backend's address.
fn headers(origin: &str) -> [(&str, &str); 2] {
    [("origin", origin), ("sec-fetch-site", "cross-site")]
}

fn exchange(api: &Api, session: &Session, redirect: &str, origin: &str) -> Answer {
    let body = redirect_body(redirect).to_string();
    let headers = [&headers(origin)[..], &[("content-type", "application/json")]].concat();
    api.with_bearer(&session.token).post_raw("/exchange", &headers, body.as_bytes())
}

/// What an extension with this origin does between the page's word and the page's answer.
fn finish(api: &Api, here: &Deployment, session: &Session, origin: &str) -> Vec<Answer> {
    let info = api.get_with("/info", &headers(origin));
    let asked = api.with_bearer(&session.token).get_with("/session", &headers(origin));
    let redirect = here.idp.redirect_of(asked.json["authUrl"].as_str().unwrap(), "felix");
    vec![info, asked, exchange(api, session, &redirect, origin)]
}

fn allowed_origins(answers: &[Answer]) -> Vec<Option<&str>> {
    answers.iter().map(|answer| answer.header("access-control-allow-origin")).collect()
}

#[test]
fn any_extension_with_a_session_token_finishes_a_login_and_only_a_configured_one_needs_no_permission() {
    let (here, backstage) = Deployment::beside_backstage("extension_login", &[]);
    let here = here.with("BACKSTAGE_APP_URL", &backstage.url).with("EXTENSION_ORIGINS", IN_CHROME);
    let (_backend, api) = here.start();
    let felix = api.with_bearer(&backstage.sign_in(&here.world, "felix").user_token);
    for (origin, named) in [(IN_CHROME, Some(IN_CHROME)), (IN_FIREFOX, None)] {
        let answers = finish(&api, &here, &felix.register(), origin);
        for answer in &answers {
            assert_eq!(answer.status, 200, "{origin}: {}", answer.text);
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
            assert_eq!(answer.header("set-cookie"), None, "{origin}");
        }
        assert_eq!(answers[2].json["success"], true, "{}", answers[2].text);
        assert_eq!(allowed_origins(&answers), [named; 3], "{origin}");
        // It has no more than the session token.
        let status = api.get_with("/status", &headers(origin));
        status.assert_problem(401, "not_signed_in");
        assert_eq!(status.header("access-control-allow-origin"), None, "{origin}");
        let token = api.get_with("/token?cluster=dev", &headers(origin));
        token.assert_problem(401, "not_signed_in");
    }
}

#[test]
fn in_development_a_configured_extension_finishes_a_login_and_is_the_user_nowhere() {
    let here = Deployment::new("extension_development").with("EXTENSION_ORIGINS", IN_CHROME);
    let (_backend, api) = here.start();
    let session = api.register();
    let answers = finish(&api, &here, &session, IN_CHROME);
    assert_eq!(answers[2].json["success"], true, "{}", answers[2].text);
    assert_eq!(allowed_origins(&answers), [Some(IN_CHROME); 3]);
    for path in ["/status", "/openapi.json", "/token?cluster=dev"] {
        api.get_with(path, &headers(IN_CHROME)).assert_problem(403, "not_allowed");
    }
    api.post_raw("/register", &headers(IN_CHROME), b"").assert_problem(403, "not_allowed");
    // Every caller is the user there, so no stranger is let in.
    for path in ["/info", "/session", "/status"] {
        api.get_with(path, &headers(IN_FIREFOX)).assert_problem(403, "not_allowed");
    }
    exchange(&api, &session, "http://localhost:8000/?code=x&state=y", IN_FIREFOX)
        .assert_problem(403, "not_allowed");
}
