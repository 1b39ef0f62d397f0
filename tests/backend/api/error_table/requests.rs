//! Malformed requests, and requests that are not allowed.

use serde_json::json;

use super::{Ground, Row};
use crate::harness::clients::api::{Answer, parameter};

const JSON: (&str, &str) = ("content-type", "application/json");

pub(super) const ROWS: &[Row] = &[
    Row(400, "bad_request", |scene| scene.api.post_raw("/register", &[JSON], b"{\"cluster\":")),
    Row(400, "bad_request", |scene| scene.api.post("/register", &json!({ "cluster": 1 }))),
    Row(400, "bad_request", |scene| {
        let session = scene.api.register();
        scene.api.with_bearer(&session.token).get("/session?wait=26")
    }),
    Row(400, "bad_request", |scene| {
        let session = scene.api.register();
        scene.api.with_bearer(&session.token).get("/session?wait=soon")
    }),
    Row(400, "bad_request", |scene| {
        let session = scene.api.register();
        let state = parameter(&session.auth_url, "state");
        let both = json!({ "code": "a code", "error": "access_denied", "state": state });
        scene.api.with_bearer(&session.token).post("/exchange", &both)
    }),
    Row(400, "bad_request", |scene| {
        let session = scene.api.register();
        scene.api.with_bearer(&session.token).post("/exchange", &json!({ "code": "a code" }))
    }),
    Row(400, "unknown_cluster", |scene| scene.api.post("/register", &json!({ "cluster": "nowhere" }))),
    Row(400, "return_to_not_allowed", |scene| {
        scene.api.post("/register", &json!({ "returnTo": "https://attacker.example/" }))
    }),
    Row(400, "return_to_not_allowed", |scene| {
        scene.api.post("/register", &json!({ "returnTo": "//attacker.example/" }))
    }),
    // The guards of CLUSTER_AUTH_DEV_USER.
    Row(403, "not_allowed", |scene| scene.api.get_with("/status", &[("origin", "https://attacker.example")])),
    Row(403, "not_allowed", |scene| scene.api.get_with("/status", &[("origin", "null")])),
    Row(403, "not_allowed", |scene| scene.api.get_with("/status", &[("host", "attacker.example")])),
    Row(403, "not_allowed", |scene| scene.api.get_with("/status", &[("sec-fetch-site", "cross-site")])),
    Row(403, "not_allowed", |scene| scene.api.get_with("/status", &[("sec-fetch-site", "same-site")])),
    Row(404, "not_found", |scene| scene.api.get("/nothing")),
    Row(405, "method_not_allowed", |scene| scene.api.post("/info", &json!({}))),
    Row(405, "method_not_allowed", |scene| scene.api.get("/exchange")),
    Row(413, "too_large", |scene| scene.api.post("/register", &json!({ "returnTo": "/".repeat(64 * 1024) }))),
    Row(415, "unsupported_media_type", |scene| {
        scene.api.post_raw("/register", &[("content-type", "text/plain")], b"{}")
    }),
    Row(415, "unsupported_media_type", |scene| scene.api.post_raw("/register", &[], b"{}")),
];

#[test]
fn a_request_that_cannot_be_meant_is_told_so() {
    Ground::new("error_requests").walk(ROWS, Answer::assert_problem);
}
