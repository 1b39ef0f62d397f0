//! `EXCHANGE=helper`: the helper redeems the code itself, and brings the backend the tokens.

mod in_proxy;

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::json;

use crate::harness::clients::browser::Browser;
use crate::harness::deployment::Deployment;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::{Ending, Helper, HelperPlan};

/// The login role that redeems the code itself.
fn helper<R, C>(here: &Deployment<crate::harness::peers::idp::Idp, R, C>, backend: &Backend) -> HelperPlan {
    here.helper(backend).argument("--exchange").argument("helper")
}

#[test]
fn a_login_ends_connected_and_the_backend_never_has_the_code() {
    let here = Deployment::new("own_exchange_browser").with_cluster();
    let (backend, api) = here.start();
    let session = api.register();
    let mut helper = helper(&here, &backend).with("BACKSTAGE_SESSION_TOKEN", &session.token).start();
    let mut browser = Browser::start(&here.world);
    browser.open("felix", &helper.link);
    browser.wait_for_outcome("felix", "confirm");
    let question = browser.page("felix");
    // As with any other exchange: the provider's host stands beside the account.
    for shown in ["Is this your account?", "user:default/felix", &backend.url, "localhost"] {
        assert!(question.text.contains(shown), "{shown} is not in: {}", question.text);
    }
    browser.click("felix", "#continue");
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for_outcome("felix", "success");
    helper.end().assert(0, &["Connected", "user:default/felix", "cluster dev"]);
    let status = api.cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)), "{status}");
    let pods = api.get("/clusters/dev/proxy/api/v1/namespaces/team-a/pods");
    assert_eq!(pods.status, 200, "{}", pods.text);
    // One by the helper; the backend has refreshed once, for the proof.
    assert_eq!((here.idp.code_requests(), here.idp.refreshes()), (1, 1));
    assert_eq!(backend.metric("cluster_auth_logins_total{outcome=\"complete\"}"), 1);
    assert!(!backend.process.printed().contains("/exchange"), "the backend was asked to redeem the code");
}

/// A helper at the identity provider's login page, where that is asked for nothing but a redirect.
fn at_login_page(here: &Deployment, backend: &Backend) -> (Helper, Browser) {
    let helper = helper(here, backend).start();
    let mut browser = Browser::start(&here.world);
    browser.open("felix", &helper.link);
    (helper, browser)
}

#[test]
fn another_person_and_a_person_who_says_no_are_refused() {
    let here = Deployment::new("own_exchange_refused");
    let (backend, api) = here.start();
    let (mut program, mut browser) = at_login_page(&here, &backend);
    browser.log_in_at_idp("felix", "mara");
    browser.wait_for_outcome("felix", "failed");
    program.end().assert(1, &["(identity_mismatch)"]);
    assert_eq!(api.cluster_status()["connected"], false);
    // The helper has no use for what came: it is given back.
    assert_eq!(here.idp.revocations(), 1);
    let (mut program, mut browser) = at_login_page(&here, &backend);
    browser.click("felix", "button[value=deny]");
    browser.wait_for_outcome("felix", "refused");
    program.end().assert(1, &["(access_denied)"]);
    assert_eq!(backend.metric("cluster_auth_logins_total{outcome=\"access_denied\"}"), 1);
    assert_eq!(here.idp.code_requests(), 1);
}

#[test]
fn a_code_is_sent_again_only_where_nothing_was_spent() {
    let here = Deployment::new("own_exchange_again");
    let (backend, api) = here.start();
    let (mut program, mut browser) = at_login_page(&here, &backend);
    here.idp.control("next", json!({ "endpoint": "token", "status": 503, "times": 2 }));
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for_outcome("felix", "success");
    let ending = program.end();
    ending.assert(0, &["Connected"]);
    assert!(ending.said.contains("The identity provider does not answer yet"), "{}", ending.said);
    api.delete("/tokens");
    // The provider has seen it, and what it answered is not known.
    let (mut program, mut browser) = at_login_page(&here, &backend);
    let sent = here.idp.code_requests();
    let html =
        json!({ "endpoint": "token", "status": 500, "body": "<h1>Oops</h1>", "contentType": "text/html" });
    here.idp.control("next", html);
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for_outcome("felix", "failed");
    program.end().assert(1, &["its outcome is unknown", "(exchange_lost)"]);
    assert_eq!(here.idp.code_requests(), sent + 1, "the code was sent twice");
    assert_eq!(api.cluster_status()["connected"], false);
    assert_eq!(backend.metric("cluster_auth_logins_total{outcome=\"cancelled\"}"), 1, "the dialog waits on");
}

/// The helper has its answer, and then the backend gets none.
#[test]
fn where_the_backend_cannot_use_the_token_endpoint_the_login_is_kept_until_its_token_ends() {
    let here = Deployment::new("own_exchange_cut_off");
    let (backend, api) = here.start();
    let (mut program, mut browser) = at_login_page(&here, &backend);
    here.idp.hold_token("after");
    browser.log_in_at_idp("felix", "felix");
    here.idp.wait_held();
    here.idp.control("next", json!({ "endpoint": "token", "status": 503 }));
    here.idp.release();
    browser.wait_for_outcome("felix", "success");
    let page = browser.page("felix");
    assert!(page.text.contains("the backend has no refresh token for it"), "{}", page.text);
    let ending = program.end();
    ending.assert(0, &[]);
    assert!(ending.said.contains("with EXCHANGE=helper at what the backend reaches"), "{}", ending.said);
    let status = api.cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(false)), "{status}");
}

#[test]
fn a_cluster_with_a_secret_is_refused_before_the_browser_is_sent_anywhere() {
    let here = Deployment::new("own_exchange_secret").with("OIDC_CLIENT_SECRET", "a secret of the client");
    let (backend, _api) = here.start();
    let ending = Ending::of(&mut helper(&here, &backend).launch());
    ending.assert(1, &["EXCHANGE=backend", "(not_allowed)"]);
    assert!(!ending.said.contains("/go/"), "{}", ending.said);
}

/// A backend that names a token endpoint of its own gets neither the code nor the verifier.
#[test]
fn the_providers_own_document_says_where_the_code_goes() {
    let here = Deployment::new("own_exchange_other_endpoint");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut discovery = here.idp.discovery();
    discovery["token_endpoint"] = json!(format!("http://127.0.0.1:{port}/oauth/token"));
    here.idp.control("next", json!({ "endpoint": "discovery", "status": 200, "body": discovery }));
    let (backend, api) = here.start();
    // It looks at the document when it starts.
    assert_eq!(api.register_own().answer["tokenEndpoint"], discovery["token_endpoint"]);
    let ending = Ending::of(&mut helper(&here, &backend).launch());
    ending.assert(1, &["another identity provider than the one that the code would be sent to"]);
    assert!(!ending.said.contains("/go/"), "{}", ending.said);
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "something was sent there");
}

#[test]
fn where_the_helper_cannot_ask_the_provider_it_says_so() {
    let mut here = Deployment::new("own_exchange_no_provider");
    let (backend, api) = here.start();
    let session = api.register();
    here.idp.kill();
    let plan = helper(&here, &backend).with("BACKSTAGE_SESSION_TOKEN", &session.token);
    let words =
        ["cannot be read from this machine", "EXCHANGE=backend, and begin a new login", "(idp_unreachable)"];
    Ending::of(&mut plan.launch()).assert(1, &words);
    // No other program could go on with it.
    let told = api.session(&session).json;
    assert_eq!((&told["status"], &told["error"]["code"]), (&json!("failed"), &json!("cancelled")), "{told}");
}

#[test]
fn a_word_that_is_neither_is_a_wrong_setting() {
    let here = Deployment::new("own_exchange_setting");
    let (backend, _api) = here.start();
    let plan = here.helper(&backend).with("EXCHANGE", "browser");
    Ending::of(&mut plan.launch()).assert(2, &["EXCHANGE", "backend", "helper"]);
}
