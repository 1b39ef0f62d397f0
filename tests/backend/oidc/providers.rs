//! What real identity providers do differently, each by a profile of the hostile one, at a login and at the refresh after it.

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api};
use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::{Cluster, PODS};
use crate::harness::peers::hostile_idp::HostileIdp;

const UGLY_SECRET: &str = "a:b%20c +d&e=f/ü?";

type Here = Deployment<HostileIdp, (), Cluster>;

/// A login with tokens that live for a second, and its refresh. The cluster knows RS256 and the claims of the first users' provider
/// alone, so that a 401 may be its answer.
fn logged_in_and_refreshed(here: &Here, api: &Api, why: &str) {
    here.idp.control("id-token-lifetime", &json!({ "seconds": 1 }));
    let answer = api.attempt_log_in(&here.idp, "felix");
    assert_eq!(answer.status, 200, "{why}: {}", answer.text);
    let first = api.cluster_status()["expiresAt"].clone();
    api.wait_for_expiry();
    let answer = api.get(PODS);
    assert!(matches!(answer.status, 200 | 401), "{why}: {}", answer.text);
    let status = api.cluster_status();
    assert_eq!(status["connected"], true, "{why}: {status}");
    assert_ne!(status["expiresAt"], first, "{why}: not refreshed");
    api.delete("/tokens");
}

fn refused(api: &Api, idp: &HostileIdp) -> Answer {
    let answer = api.attempt_log_in(idp, "felix");
    assert_ne!(answer.status, 200, "{}", answer.text);
    answer
}

fn without(claims: &[&str]) -> Value {
    claims.iter().map(|claim| ((*claim).to_owned(), Value::Null)).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn each_algorithm_with_a_public_key_is_taken_that_discovery_announces() {
    let here = Deployment::with_hostile_idp("providers_algorithms").with_cluster();
    for algorithm in ["RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"] {
        here.idp.profile(&json!({ "keys": { "algorithm": algorithm } }));
        // Its keys and its document have changed.
        let (_backend, api) = here.start();
        here.idp.control("id-token-lifetime", &json!({ "seconds": 3600 }));
        api.log_in(&here.idp, "felix");
        assert_eq!(api.cluster_status()["connected"], true, "{algorithm}");
    }
    // Not where it announces another one, unless the setting names it.
    here.idp.profile(&json!({
        "keys": { "algorithm": "ES256" },
        "discovery": { "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"] },
    }));
    let (_backend, api) = here.start();
    refused(&api, &here.idp).assert_problem(403, "id_token_rejected");
    let (_backend, api) = here.start_as(&here.plan.clone().with("OIDC_ALGORITHMS", "RS256, ES256"));
    api.log_in(&here.idp, "felix");
}

#[test]
fn a_key_is_found_among_those_that_cannot_be_it() {
    let here = Deployment::with_hostile_idp("providers_keys").with_cluster();
    for keys in [
        json!({ "published": "among others" }),
        json!({ "published": "among others", "kid": null }),
        json!({ "published": "among others", "kid": null, "algorithm": "ES256" }),
    ] {
        here.idp.profile(&json!({ "keys": keys }));
        let (_backend, api) = here.start();
        logged_in_and_refreshed(&here, &api, &keys.to_string());
    }
}

#[test]
fn a_cluster_that_refuses_a_token_that_counts_is_warned_of_once() {
    let here = Deployment::with_hostile_idp("providers_cluster_401").with_cluster();
    // The cluster takes RS256 alone.
    here.idp.profile(&json!({ "keys": { "algorithm": "ES256" } }));
    let (backend, api) = here.start();
    api.log_in(&here.idp, "felix");
    for _ in 0..3 {
        assert_eq!(api.get(PODS).status, 401, "passed through");
    }
    let warning = "the Kubernetes API refuses a token that has not expired";
    backend.process.wait_for_line(warning);
    let printed = backend.process.printed();
    assert_eq!(printed.matches(warning).count(), 1);
    let line = printed.lines().find(|line| line.contains(warning)).unwrap();
    assert!(line.contains(&here.idp.issuer) && line.contains("kubernetes"), "{line}");
}

#[test]
fn numbers_and_claims_are_taken_as_providers_write_them() {
    let here = Deployment::with_hostile_idp("providers_answers").with_cluster();
    let (_backend, api) = here.start();
    for profile in [
        json!({ "tokens": { "expires_in": "3599" } }),
        json!({ "tokens": { "expires_in": 3599.5 } }),
        json!({ "tokens": { "expires_in": 1e15 } }),
        json!({ "tokens": { "expires_in": 0 } }),
        json!({ "tokens": { "expires_in": -1 } }),
        json!({ "tokens": without(&["expires_in", "token_type", "access_token", "scope"]), "claims": without(&["at_hash"]) }),
        json!({ "claims": { "email_verified": "true" } }),
        json!({ "claims": { "aud": ["another", "kubernetes"] } }),
        json!({ "claims": { "aud": ["another", "kubernetes"], "azp": "kubernetes" } }),
        // Hydra and Zitadel.
        json!({ "refreshedClaims": without(&["email", "email_verified", "nickname", "org_id", "at_hash", "nonce"]) }),
    ] {
        here.idp.profile(&profile);
        logged_in_and_refreshed(&here, &api, &profile.to_string());
    }
    here.idp.control("id-token-lifetime", &json!({ "seconds": 3600 }));
    for exp in [json!(253_402_300_799_i64), json!(1_988_947_152.811)] {
        here.idp.profile(&json!({ "claims": { "exp": exp } }));
        api.log_in(&here.idp, "felix");
        assert_eq!(api.cluster_status()["connected"], true, "{exp}");
    }
}

#[test]
fn a_client_shows_that_it_is_itself_as_its_provider_wants() {
    let here = Deployment::with_hostile_idp("providers_client").with_cluster();
    let key = rcgen::KeyPair::generate().unwrap();
    let file = here.world.file("client-key.pem");
    std::fs::write(&file, key.serialize_pem()).unwrap();
    let method =
        |method: &str| json!({ "method": method, "secret": UGLY_SECRET, "publicKey": key.public_key_pem() });
    let secret = ("OIDC_CLIENT_SECRET", UGLY_SECRET);
    let key_file = ("OIDC_PRIVATE_KEY_FILE", file.to_str().unwrap());
    for (announced, wanted, settings) in [
        (json!(["client_secret_basic", "client_secret_post"]), "client_secret_basic", vec![secret]),
        (json!(["client_secret_post"]), "client_secret_post", vec![secret]),
        (
            json!(["client_secret_basic", "client_secret_post"]),
            "client_secret_post",
            vec![secret, ("OIDC_TOKEN_AUTH_METHOD", "client_secret_post")],
        ),
        (
            json!(["client_secret_post"]),
            "client_secret_basic",
            vec![secret, ("OIDC_TOKEN_AUTH_METHOD", "client_secret_basic")],
        ),
        (json!(["private_key_jwt"]), "private_key_jwt", vec![key_file]),
    ] {
        here.idp.profile(&json!({
            "client": method(wanted), "discovery": { "token_endpoint_auth_methods_supported": announced },
        }));
        let plan = settings.iter().fold(here.plan.clone(), |plan, (name, value)| plan.with(name, value));
        let (_backend, api) = here.start_as(&plan);
        logged_in_and_refreshed(&here, &api, &format!("{announced} {wanted}"));
    }
    // Discovery lists both, and the provider takes one: the error names the setting.
    here.idp.profile(&json!({
        "client": method("client_secret_post"),
        "discovery": { "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"] },
    }));
    let (_backend, api) = here.start_as(&here.plan.clone().with(secret.0, secret.1));
    let answer = refused(&api, &here.idp);
    answer.assert_problem(502, "idp_refused");
    assert!(answer.text.contains("OIDC_TOKEN_AUTH_METHOD"), "{}", answer.text);
}

#[test]
fn the_origin_is_sent_where_the_setting_says_so_and_named_where_it_is_missing() {
    let here = Deployment::with_hostile_idp("providers_origin").with_cluster();
    here.idp.profile(&json!({ "client": { "origin": "http://localhost:8000" } }));
    let (_backend, api) = here.start();
    let answer = refused(&api, &here.idp);
    answer.assert_problem(502, "idp_refused");
    assert!(answer.text.contains("OIDC_TOKEN_ORIGIN"), "{}", answer.text);
    let (_backend, api) = here.start_as(&here.plan.clone().with("OIDC_TOKEN_ORIGIN", "true"));
    logged_in_and_refreshed(&here, &api, "with the origin");
    let request = here.idp.read("token-request");
    assert_eq!(request["origin"], "http://localhost:8000");
    let program = concat!("backstage-oidc-helper/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request["userAgent"], program);
}

#[test]
fn userinfo_says_what_the_id_token_does_not() {
    let here = Deployment::with_hostile_idp("providers_userinfo").with_cluster();
    let asking = here.plan.clone().with("OIDC_USERINFO", "when_missing");
    let silent = without(&["email", "email_verified"]);
    let said = |body: Value| json!({ "claims": silent, "userinfo": { "body": body } });
    let felix = json!({ "email": "felix@example.com", "email_verified": true });
    here.idp.profile(&said(felix.clone()));
    let asked = || here.idp.read("userinfo")["requests"].as_u64().unwrap();
    // Not without the setting.
    let (_backend, api) = here.start();
    let answer = refused(&api, &here.idp);
    answer.assert_problem(403, "identity_mismatch");
    assert!(
        answer.text.contains("email_verified") && answer.text.contains("administrator"),
        "{}",
        answer.text
    );
    assert_eq!(asked(), 0);
    let (_backend, api) = here.start_as(&asking);
    logged_in_and_refreshed(&here, &api, "from userinfo");
    assert_eq!(asked(), 1, "a refresh does not ask");
    for (body, status) in [
        (json!({ "sub": "auth0|mara", "email": "felix@example.com", "email_verified": true }), 200),
        (json!({ "email": "mara@example.com", "email_verified": true }), 200),
        (json!({ "email": "felix@example.com", "email_verified": false }), 200),
        (json!({ "email": "felix@example.com" }), 200),
        (felix.clone(), 302),
        (felix, 500),
    ] {
        here.idp.profile(&json!({ "claims": silent, "userinfo": { "body": body, "status": status } }));
        refused(&api, &here.idp).assert_problem(403, "identity_mismatch");
    }
    assert_eq!(here.idp.read("followed")["redirectsFollowed"], 0);
    // What the ID token says itself is not asked for.
    let before = asked();
    here.idp.profile(&json!({ "userinfo": {} }));
    api.log_in(&here.idp, "felix");
    assert_eq!(asked(), before);
}

#[test]
fn another_claim_may_be_the_address_and_one_that_nobody_verifies_is_trusted_only_by_setting() {
    let here = Deployment::with_hostile_idp("providers_email").with_cluster();
    let entra = json!({
        "email": null, "email_verified": null, "preferred_username": "felix@example.com",
    });
    here.idp.profile(&json!({ "claims": entra }));
    let by_name = here.plan.clone().with("IDENTITY_EMAIL_CLAIM", "preferred_username");
    let (_backend, api) = here.start_as(&by_name);
    let answer = refused(&api, &here.idp);
    assert!(answer.text.contains("IDENTITY_EMAIL_MISSING_VERIFIED"), "{}", answer.text);
    let trusting = by_name.with("IDENTITY_EMAIL_MISSING_VERIFIED", "trust");
    let (_backend, api) = here.start_as(&trusting);
    logged_in_and_refreshed(&here, &api, "preferred_username");
    // A false one is never trusted, and the claim that is missing is named with what can be done.
    here.idp.profile(
        &json!({ "claims": { "preferred_username": "felix@example.com", "email_verified": false } }),
    );
    let answer = refused(&api, &here.idp);
    assert!(answer.text.contains("email_verified is false"), "{}", answer.text);
    here.idp.profile(&json!({ "claims": { "preferred_username": null } }));
    let answer = refused(&api, &here.idp);
    assert!(answer.text.contains("no claim preferred_username"), "{}", answer.text);
    here.idp.profile(&json!({ "claims": { "preferred_username": "mara@example.com" } }));
    let answer = refused(&api, &here.idp);
    assert!(answer.text.contains("felix@example.com") && !answer.text.contains("mara@"), "{}", answer.text);
}

#[test]
fn offline_access_is_asked_for_where_it_is_known() {
    let here = Deployment::with_hostile_idp("providers_scopes").with_cluster();
    for (known, asked) in [
        (json!(null), true),
        (json!(["openid", "offline_access"]), true),
        (json!(["openid", "profile", "email"]), false),
    ] {
        here.idp.profile(&json!({ "discovery": { "scopes_supported": known } }));
        let (_backend, api) = here.start();
        let auth_url = api.register().auth_url;
        assert_eq!(auth_url.contains("offline_access"), asked, "{known}: {auth_url}");
        assert!(auth_url.contains("openid"), "{auth_url}");
    }
}

#[test]
fn a_login_without_a_refresh_token_says_that_it_ends() {
    let here = Deployment::with_hostile_idp("providers_no_refresh_token").with_cluster();
    let (_backend, api) = here.start();
    here.idp.profile(&json!({ "tokens": { "refresh_token": null } }));
    let answer = api.attempt_log_in(&here.idp, "felix");
    assert_eq!((answer.status, &answer.json["refreshable"]), (200, &json!(false)));
    here.idp.profile(&json!({}));
    let answer = api.attempt_log_in(&here.idp, "felix");
    assert_eq!((answer.status, &answer.json["refreshable"]), (200, &json!(true)));
}
