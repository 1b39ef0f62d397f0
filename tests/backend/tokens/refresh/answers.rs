//! What real token endpoints answer to a refresh instead of tokens, and what stands before them: nothing but `invalid_grant` ends a login.
//! While no ID token serves, `/status` says why not, and the next refresh that succeeds brings the login back by itself.

use serde_json::{Value, json};

use super::{deploy, until};
use crate::harness::peers::cluster::PODS;

/// An answer: status, content type and body; then the code of the error at the proxy, and the reason in `/status`.
struct Row(u16, &'static str, &'static str, &'static str, &'static str);

const JSON: &str = "application/json";
const HTML: &str = "text/html";
const FAILING: &str = "refresh_failing";

#[track_caller]
fn assert_kept(test: &str, rows: &[Row]) {
    let here = deploy(test, &[]);
    let (_backend, api) = here.start();
    for Row(status, content_type, body, code, reason) in rows {
        api.log_in_and_expire(&here.idp);
        let canned =
            json!({ "endpoint": "token", "status": status, "body": body, "contentType": content_type });
        here.idp.control("next", canned);
        let stumbled = api.get(PODS);
        let cause = &stumbled.json["details"]["causes"][0]["reason"];
        assert_eq!(
            (stumbled.status, cause.as_str()),
            (502, Some(*code)),
            "{status} {body}: {}",
            stumbled.text
        );
        let told = api.cluster_status();
        assert_eq!((&told["connected"], &told["reason"]), (&json!(false), &json!(reason)), "{status} {body}");
        assert_eq!(told["refreshable"], true, "{status} {body}");
        // After a pause.
        until(&api, |answer| answer.status == 200);
        let told = api.cluster_status();
        assert_eq!((&told["connected"], &told["reason"]), (&json!(true), &Value::Null), "{status} {body}");
    }
}

#[test]
fn an_error_that_may_pass_ends_no_login() {
    assert_kept(
        "refresh_stumbles",
        &[
            Row(500, JSON, "{}", "idp_unreachable", FAILING),
            Row(503, JSON, r#"{"error":"temporarily_unavailable"}"#, "idp_refused", FAILING),
            Row(429, JSON, r#"{"error":"slow_down"}"#, "idp_refused", FAILING),
            Row(401, JSON, r#"{"error":"invalid_client"}"#, "idp_refused", FAILING),
            // Dex and Zitadel, for many a fault; Pinniped.
            Row(
                400,
                JSON,
                r#"{"error":"invalid_request","error_description":"claimed"}"#,
                "idp_refused",
                FAILING,
            ),
            Row(401, JSON, r#"{"error":"error"}"#, "idp_refused", FAILING),
        ],
    );
}

#[test]
fn what_comes_from_a_server_before_the_identity_provider_ends_no_login() {
    assert_kept(
        "refresh_before_it",
        &[
            Row(403, HTML, "<html>blocked</html>", "idp_refused", FAILING),
            Row(404, "text/plain", "not found", "idp_refused", FAILING),
            Row(400, JSON, "", "idp_refused", FAILING),
            Row(302, HTML, "moved", "idp_refused", FAILING),
            Row(200, HTML, "<html>log in to the hotel</html>", "idp_refused", FAILING),
        ],
    );
}

#[test]
fn an_answer_without_an_id_token_or_cut_short_ends_no_login() {
    assert_kept(
        "refresh_without_id_token",
        &[
            // PingFederate and F5.
            Row(200, JSON, r#"{"access_token":"a","token_type":"Bearer"}"#, "idp_refused", FAILING),
            Row(200, JSON, r#"{"id_token":"ey"#, "idp_unreachable", FAILING),
        ],
    );
}

/// Nothing that the person does helps.
#[test]
fn an_operator_is_told_what_to_set_where_no_id_token_comes() {
    let here = deploy("refresh_operator", &[]);
    let (backend, api) = here.start();
    api.log_in_and_expire(&here.idp);
    let body = r#"{"access_token":"a","token_type":"Bearer"}"#;
    here.idp
        .control("next", json!({ "endpoint": "token", "status": 200, "body": body, "contentType": JSON }));
    assert_eq!(api.get(PODS).status, 502);
    backend.process.wait_for("what to set", |line| {
        let event: Value = serde_json::from_str(line).ok()?;
        let told = event["message"].as_str()?.contains("Return ID Token On Refresh Grant");
        (told && event["level"] == "WARN" && event["cluster"] == "dev").then_some(())
    });
}

/// Entra: the person has to be seen again. A refresh that succeeds all the same brings the login back.
#[test]
fn a_provider_that_wants_to_see_the_person_gets_the_button_shown_at_once() {
    assert_kept(
        "refresh_interaction",
        &[
            Row(400, JSON, r#"{"error":"interaction_required"}"#, "idp_refused", "login_required"),
            Row(400, JSON, r#"{"error":"login_required"}"#, "idp_refused", "login_required"),
            Row(400, JSON, r#"{"error":"consent_required"}"#, "idp_refused", "login_required"),
        ],
    );
}
