//! Discovery documents and redirects as real providers have them: elsewhere, with another name, with nothing where something should be.

use serde_json::{Value, json};

use crate::harness::clients::api::agent;
use crate::harness::deployment::Deployment;
use crate::harness::programs::backend::Backend;

/// The line in the log that says as the backend starts that no user can log in, and why.
fn told_at_start(backend: &Backend) -> String {
    backend.process.wait_for_line("no user can log in to this cluster")
}

fn is_ready(backend: &Backend) -> bool {
    agent().get(format!("{}/readyz", backend.control_url)).call().unwrap().status() == 200
}

/// Azure AD B2C: the document's address is not made from the issuer.
#[test]
fn the_document_may_be_elsewhere_than_the_issuer() {
    let here = Deployment::with_hostile_idp("discovery_elsewhere");
    let issuer = "https://login.example/tenant/v2.0/";
    here.idp.profile(&json!({ "discovery": { "issuer": issuer }, "claims": { "iss": issuer } }));
    let address = format!("{}.well-known/openid-configuration?p=b2c_1_login", here.idp.issuer);
    let plan = here.plan.clone().with("OIDC_ISSUER_URL", issuer).with("OIDC_DISCOVERY_URL", &address);
    let (_backend, api) = here.start_as(&plan);
    let answer = api.attempt_log_in(&here.idp, "felix");
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(api.cluster_status()["subject"], "auth0|felix");
}

#[test]
fn a_revocation_endpoint_that_is_empty_is_none() {
    let here = Deployment::with_hostile_idp("discovery_no_revocation");
    here.idp.profile(&json!({ "discovery": { "revocation_endpoint": "" } }));
    let (_backend, api) = here.start();
    api.log_in(&here.idp, "felix");
    let gone = api.delete("/tokens").json;
    assert_eq!((&gone["disconnected"], &gone["livesOn"][0]["name"]), (&json!(["dev"]), &json!("dev")));
}

#[test]
fn a_document_of_another_issuer_is_named_with_both_and_the_cluster() {
    let here = Deployment::with_hostile_idp("discovery_other_issuer");
    let other = "https://idp.example/realms/other";
    here.idp.profile(&json!({ "discovery": { "issuer": other } }));
    let (backend, api) = here.start();
    let line = told_at_start(&backend);
    for named in [other, &here.idp.issuer, "\"cluster\":\"dev\""] {
        assert!(line.contains(named), "{named} is not in: {line}");
    }
    api.post("/register", &json!({})).assert_problem(502, "idp_refused");
}

/// A wrong realm: nothing is there, and trying again changes nothing.
#[test]
fn a_document_that_is_not_there_is_named_with_its_setting_from_the_start() {
    let here = Deployment::with_hostile_idp("discovery_wrong_realm");
    let realm = format!("{}realms/misspelled", here.idp.issuer);
    let (backend, api) = here.start_as(&here.plan.clone().with("OIDC_ISSUER_URL", &realm));
    let line = told_at_start(&backend);
    for named in [&realm, "404", "OIDC_ISSUER_URL"] {
        assert!(line.contains(named), "{named} is not in: {line}");
    }
    let answer = api.post("/register", &json!({}));
    answer.assert_problem(502, "idp_refused");
    assert!(
        answer.text.contains("OIDC_ISSUER_URL") && !answer.text.contains("in a moment"),
        "{}",
        answer.text
    );
    assert!(is_ready(&backend), "other clusters go on");
}

#[test]
fn an_error_in_the_redirect_is_told_to_the_one_who_can_mend_it() {
    let here = Deployment::with_hostile_idp("discovery_redirect_errors");
    let (_backend, api) = here.start();
    for (error, code, told) in [
        ("invalid_scope", "idp_refused", "OIDC_SCOPES"),
        ("unauthorized_client", "idp_refused", "authorization code flow"),
        ("server_error", "idp_unreachable", "try again in a moment"),
        ("temporarily_unavailable", "idp_unreachable", "try again in a moment"),
        ("access_denied", "access_denied", "access_denied"),
    ] {
        here.idp.profile(&json!({ "redirect": { "error": error } }));
        let arrived = api.arrive(&here.idp, "felix");
        let answer = api.exchange(&arrived.session, &arrived.redirect);
        assert_eq!(answer.json["code"], code, "{error}: {}", answer.text);
        assert!(answer.text.contains(told), "{error}: {}", answer.text);
        let session = api.session(&arrived.session).json;
        assert_eq!(
            (&session["status"], &session["error"]["code"]),
            (&json!("failed"), &json!(code)),
            "{session}"
        );
        assert_ne!(session["error"]["message"], Value::Null);
    }
}
