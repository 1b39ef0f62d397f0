//! `config check`: it says what the settings mean and what in them does not fit the identity provider, and never a secret.

use serde_json::json;

use crate::harness::deployment::Deployment;
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::command::Ended;

const SECRET: &str = "a-secret-of-the-client";

fn check(here: &Deployment<HostileIdp>, plan: &BackendPlan, more: &[&str]) -> Ended {
    let arguments = [&["config", "check"], more].concat();
    let ended = Ended::of(&mut plan.command(&arguments), &here.world);
    assert!(!ended.out.contains(SECRET) && !ended.err.contains(SECRET), "{}{}", ended.out, ended.err);
    ended
}

#[test]
fn it_says_what_the_settings_mean_and_asks_no_provider() {
    let here = Deployment::with_hostile_idp("config_check_settings");
    here.idp.lie("discovery_other_issuer");
    let plan = here.plan.clone().with("OIDC_CLIENT_SECRET", SECRET);
    let ended = check(&here, &plan.with("OIDC_TOKEN_AUTH_METHOD", "client_secret_post"), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    for said in [
        here.idp.issuer.as_str(),
        "kubernetes, client_secret_post",
        "openid profile email offline_access",
        "http://localhost:8000/",
        "example.com (claim email, email_verified has to be true)",
        "the ID token",
    ] {
        assert!(ended.out.contains(said), "{said} is missing in {}", ended.out);
    }
    let wrong = check(&here, &here.plan.clone().with("OIDC_USERINFO", "always"), &[]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("OIDC_USERINFO"), "{}", wrong.err);
}

#[test]
fn a_system_root_that_cannot_be_read_is_told_though_none_is_needed_yet() {
    let here = Deployment::with_hostile_idp("config_check_roots");
    let mut command = here.plan.command(&["config", "check"]);
    let ended = Ended::of(command.env("SSL_CERT_FILE", "/nowhere"), &here.world);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("a system root certificate cannot be read"), "{}", ended.err);
}

#[test]
fn the_catalogs_rules_are_said_with_who_may_write_there() {
    let here = Deployment::with_hostile_idp("config_check_catalog");
    let plan = here.plan.clone().without("CLUSTER_AUTH_DEV_USER").without("IDENTITY_EMAIL_DOMAINS");
    for (rule, annotation) in [("catalog", ""), ("annotation", "keycloak.org/id=sub")] {
        let plan = plan.clone().with("IDENTITY_RULE", rule).with("IDENTITY_ANNOTATION", annotation);
        let ended = check(&here, &plan, &[]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert!(ended.out.contains("may claim to be anyone"), "{}", ended.out);
    }
}

#[test]
fn online_it_names_what_does_not_fit() {
    let here = Deployment::with_hostile_idp("config_check_online");
    let online = |plan: &BackendPlan| check(&here, plan, &["--online"]);
    let fits = online(&here.plan);
    assert_eq!(fits.code, Some(0), "{}{}", fits.out, fits.err);
    assert!(fits.out.contains("keys for [RS256") && fits.out.contains("no userinfo"), "{}", fits.out);
    for (discovery, plan, named) in [
        (json!({ "code_challenge_methods_supported": ["plain"] }), here.plan.clone(), "S256"),
        (json!({ "response_types_supported": ["id_token"] }), here.plan.clone(), "authorization code flow"),
        (
            json!({ "scopes_supported": ["openid", "email", "offline_access"] }),
            here.plan.clone(),
            "scopes profile (OIDC_SCOPES)",
        ),
        // Not a fault: it is left out where it is not known.
        (json!({ "scopes_supported": ["openid", "email", "profile"] }), here.plan.clone(), ""),
        (
            json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] }),
            here.plan
                .clone()
                .with("OIDC_CLIENT_SECRET", SECRET)
                .with("OIDC_TOKEN_AUTH_METHOD", "client_secret_post"),
            "OIDC_TOKEN_AUTH_METHOD",
        ),
        (json!({}), here.plan.clone().with("OIDC_USERINFO", "when_missing"), "OIDC_USERINFO"),
        (
            json!({ "id_token_signing_alg_values_supported": ["HS256", "ES256"] }),
            here.plan.clone(),
            "OIDC_ALGORITHMS",
        ),
        (json!({ "issuer": "https://another.example/" }), here.plan.clone(), "https://another.example/"),
        (
            json!({}),
            here.plan.clone().with("OIDC_ISSUER_URL", &format!("{}realms/wrong", here.idp.issuer)),
            "nothing is at",
        ),
    ] {
        here.idp.profile(&json!({ "discovery": discovery }));
        let ended = online(&plan);
        let code = i32::from(!named.is_empty());
        assert_eq!(ended.code, Some(code), "{discovery}: {}{}", ended.out, ended.err);
        assert!(ended.out.contains(named), "{named} is missing in {}", ended.out);
    }
}
