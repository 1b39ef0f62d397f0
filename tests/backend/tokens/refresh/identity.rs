//! A refresh that brings another user's tokens ends the login, and those tokens are revoked.

use serde_json::{Value, json};

use crate::harness::clients::api::{Api, until_ok};
use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::hostile_idp::HostileIdp;

/// What the ID token after a refresh can be wrong in: the login it must continue, and the identity rule.
const NOT_THE_LOGINS: [&str; 8] = [
    "sub_other",
    "sub_missing",
    "aud",
    "iss",
    "org_id_other",
    "email_other_user",
    "email_other_domain",
    "email_unverified",
];

/// Answers that do not show which user the ID token belongs to: there is none, or it is not valid.
const UNPROVEN: [&str; 9] = [
    "no_id_token",
    "exp",
    "iat_future",
    "at_hash",
    "alg_none",
    "hs256_with_public_key",
    "foreign_key_known_kid",
    "jku",
    "crit",
];

/// Logs in honestly, and lets the ID token expire.
fn log_in_and_expire(api: &Api, idp: &HostileIdp) {
    idp.lie("none");
    api.log_in_and_expire(idp);
}

fn revoked(idp: &HostileIdp) -> u64 {
    idp.read("revoked")["revoked"].as_u64().unwrap()
}

fn lied_to_at_a_refresh(api: &Api, idp: &HostileIdp, lie: &str) {
    log_in_and_expire(api, idp);
    let before = revoked(idp);
    idp.lie(lie);
    let refused = api.get(PODS);
    let cause = &refused.json["details"]["causes"][0]["reason"];
    assert_eq!((refused.status, cause.as_str()), (403, Some("not_connected")), "{lie}: {}", refused.text);
    assert!(refused.text.contains("identity_changed"), "{lie}: {}", refused.text);
    assert_eq!(idp.read("newest")["revoked"], true, "{lie}: what the refresh brought was not revoked");
    // Over is over: an honest provider is not asked again.
    idp.lie("none");
    assert_eq!(api.get(PODS).status, 403, "{lie}");
    let status = api.cluster_status();
    let ended = [&status["connected"], &status["refreshable"], &status["reason"], &status["subject"]];
    assert_eq!(ended, [&json!(false), &json!(false), &json!("identity_changed"), &Value::Null], "{lie}");
    assert_told(lie, &status["detail"]);
    assert_eq!(revoked(idp) - before, 1, "{lie}");
}

/// The person is told what their own claim was and is; what another person's token holds is not told.
fn assert_told(lie: &str, detail: &Value) {
    let detail = detail.as_str().unwrap_or_default();
    let told = match lie {
        "email_other_user" => r#"its claim email was "felix@example.com" and is "mara@example.com""#,
        "email_other_domain" => r#"its claim email was "felix@example.com" and is "felix@attacker.example""#,
        "email_unverified" => "its email_verified is false",
        "org_id_other" => "its org_id is not",
        "aud" => "its aud is not",
        "iss" => "its iss is not",
        _ => "its sub is missing or another one",
    };
    assert!(detail.contains(told), "{lie}: {detail}");
    assert!(lie == "email_other_user" || !detail.contains("mara"), "{lie}: {detail}");
}

#[test]
fn an_id_token_that_cannot_be_verified_is_not_used_and_costs_no_login() {
    let here = Deployment::with_hostile_idp("refresh_unproven").with_cluster();
    let (_backend, api) = here.start();
    for lie in UNPROVEN {
        log_in_and_expire(&api, &here.idp);
        let before = revoked(&here.idp);
        here.idp.lie(lie);
        for _ in 0..2 {
            let stumbled = api.get(PODS);
            let cause = &stumbled.json["details"]["causes"][0]["reason"];
            assert_eq!(
                (stumbled.status, cause.as_str()),
                (502, Some("idp_refused")),
                "{lie}: {}",
                stumbled.text
            );
        }
        let status = api.cluster_status();
        assert_eq!((&status["connected"], &status["refreshable"]), (&json!(false), &json!(true)), "{lie}");
        assert_eq!(revoked(&here.idp), before, "{lie}");
        // It takes only the refresh token that it gave out last: the one that came with the lie was kept.
        here.idp.lie("none");
        // It is tried again after a pause.
        until_ok(|| api.get(PODS));
    }
}

/// Hydra and Zitadel leave claims out at a refresh, and errata 2 of OpenID Connect Core wants no `azp`.
#[test]
fn claims_that_are_missing_at_a_refresh_change_nothing() {
    let here = Deployment::with_hostile_idp("refresh_absent_claims").with_cluster();
    let (_backend, api) = here.start();
    for variant in ["org_id_missing", "aud_several_without_azp"] {
        log_in_and_expire(&api, &here.idp);
        here.idp.lie(variant);
        let answer = api.get(PODS);
        assert_eq!(answer.status, 200, "{variant}: {}", answer.text);
    }
}

#[test]
fn tokens_of_another_user_end_the_login_and_are_revoked() {
    let here = Deployment::with_hostile_idp("refresh_identity").with_cluster().with_redis();
    let (backend, api) = here.start();
    for lie in NOT_THE_LOGINS {
        lied_to_at_a_refresh(&api, &here.idp, lie);
    }
    // Each was refused for its lie: without one the same refresh goes well.
    log_in_and_expire(&api, &here.idp);
    let honest = api.get(PODS);
    assert_eq!(honest.status, 200, "{}", honest.text);
    let status = api.cluster_status();
    assert_eq!((&status["connected"], &status["subject"]), (&json!(true), &json!("auth0|felix")));
    let audit = backend.process.printed();
    let lines = audit.lines().filter(|line| {
        line.contains("\"target\":\"audit\"") && line.contains("\"outcome\":\"identity_changed\"")
    });
    assert_eq!(lines.count(), NOT_THE_LOGINS.len());
}
