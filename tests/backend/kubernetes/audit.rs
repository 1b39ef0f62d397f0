//! The audit log of the proxy: a line for each use, and for what stays open one when it opens and one when it closes.

use std::io::Read;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::streams::{open, wait_until_open};
use super::upgrades::raw_api::RawApi;
use super::{Connected, on_cluster};
use crate::harness::clients::raw_http;
use crate::harness::peers::cluster::PODS;
use crate::harness::programs::backend::Backend;

/// In a query, a body and a header: it must be in no line.
const SECRET: &str = "rm-the-secret-thing";

/// The audit lines of the proxy so far.
fn lines(backend: &Backend) -> Vec<Value> {
    backend.process.printed().lines().filter_map(audited).collect()
}

fn audited(line: &str) -> Option<Value> {
    let event = serde_json::from_str::<Value>(line).ok()?;
    (event["target"] == "audit" && event["message"] == "kubernetes").then_some(event)
}

/// The line of the request with this id; it is there before the answer is.
fn line_of(backend: &Backend, id: &str) -> Value {
    backend.process.wait_for(id, |line| {
        let event: Value = serde_json::from_str(line).ok()?;
        let is_it = event["target"] == "audit"
            && event["span"]["request_id"] == id
            && event["message"] == "kubernetes";
        is_it.then_some(event)
    })
}

/// Whether a line says exactly this.
fn assert_says(line: &Value, expected: &Value) {
    const FIELDS: [&str; 14] = [
        "user",
        "plugin",
        "cluster",
        "verb",
        "group",
        "version",
        "namespace",
        "resource",
        "subresource",
        "name",
        "status",
        "outcome",
        "reason",
        "seconds",
    ];
    for field in FIELDS {
        let is_free = field == "reason" && expected["outcome"] == "not_allowed";
        assert!(is_free || line[field] == expected[field], "{field}: {line} is not {expected}");
    }
}

#[test]
fn each_use_leaves_a_line_that_says_who_did_what() {
    let connected = Connected::new("audit_uses");
    let (api, backend) = (&connected.api, &connected.backend);
    let user = "user:default/felix";
    let pods = |more: Value| {
        let mut line = json!({ "user": user, "cluster": "dev", "version": "v1", "namespace": "team-a", "resource": "pods", "outcome": "answered", "status": 200 });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let group = json!({ "user": user, "cluster": "dev", "verb": "create", "group": "authorization.k8s.io", "version": "v1", "resource": "selfsubjectaccessreviews", "outcome": "answered" });
    let version = json!({ "user": user, "cluster": "dev", "verb": "get", "outcome": "answered" });
    let proxy = "/clusters/dev/proxy";
    let cases = [
        ("GET", PODS.to_owned(), pods(json!({ "verb": "list" }))),
        (
            "GET",
            format!("{PODS}?fieldSelector=metadata.name%3Dweb-0&{SECRET}"),
            pods(json!({ "verb": "list", "name": "web-0" })),
        ),
        ("GET", format!("{PODS}/web-0"), pods(json!({ "verb": "get", "name": "web-0" }))),
        ("GET", format!("{PODS}/web-9"), pods(json!({ "verb": "get", "name": "web-9", "status": 404 }))),
        (
            "GET",
            format!("{PODS}/web-0/log?tailLines=1"),
            pods(json!({ "verb": "get", "name": "web-0", "subresource": "log" })),
        ),
        (
            "GET",
            format!("{proxy}/api/v1/namespaces/team-b/pods"),
            pods(json!({ "verb": "list", "namespace": "team-b", "status": 403 })),
        ),
        (
            "DELETE",
            format!("{PODS}?{SECRET}"),
            pods(json!({ "verb": "deletecollection", "outcome": "not_allowed", "status": 403 })),
        ),
        (
            "POST",
            format!("{PODS}/web-0/exec?command={SECRET}"),
            pods(
                json!({ "verb": "create", "name": "web-0", "subresource": "exec", "outcome": "not_allowed", "status": 403 }),
            ),
        ),
        ("POST", format!("{proxy}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"), group),
        ("GET", format!("{proxy}/version"), version),
    ];
    for (number, (method, path, mut expected)) in cases.into_iter().enumerate() {
        let id = format!("audit-{number}");
        let head = format!(
            "{method} /api/cluster-auth{path} HTTP/1.1\r\nhost: localhost\r\nx-request-id: {id}\r\nx-note: {SECRET}\r\nconnection: close\r\n"
        );
        let answer =
            raw_http::send(&backend.url, &format!("{head}content-length: {}\r\n\r\n{SECRET}", SECRET.len()));
        let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let line = line_of(backend, &id);
        if expected["status"].is_null() {
            expected["status"] = json!(status);
        }
        if expected["outcome"] == "not_allowed" {
            // Refused before it was asked who calls: there is no credential.
            expected.as_object_mut().unwrap().remove("user");
        }
        assert_eq!(expected["status"], status, "{answer}");
        assert_says(&line, &expected);
    }
    // Refused before it is known what it is.
    for (path, outcome, status) in [
        ("/clusters/dev/proxy/a/../b", "bad_request", 400),
        ("/clusters/prod/proxy/version", "unknown_cluster", 400),
    ] {
        let answer = api.get_with(path, &[("x-request-id", outcome)]);
        let line = line_of(backend, outcome);
        assert_eq!(
            (answer.status, &line["status"], &line["outcome"]),
            (status, &json!(status), &json!(outcome)),
            "{line}"
        );
    }
    for line in lines(backend) {
        assert!(!line.to_string().contains(SECRET), "{line}");
    }
}

#[test]
fn what_stays_open_has_a_line_when_it_opens_and_one_when_it_closes() {
    let connected = Connected::new("audit_streams");
    let backend = &connected.backend;
    // The line of that number with this outcome, once it is there.
    let said = |outcome: &str, number: usize| {
        backend.process.wait_until(outcome, |printed| {
            let all = printed.iter().filter_map(|line| audited(line));
            all.filter(|line| line["outcome"] == outcome).nth(number - 1)
        })
    };
    let watch = open(&connected, &format!("{PODS}?watch=true&fieldSelector=metadata.name%3Dweb-0"));
    let opened = said("opened", 1);
    let mut expected = json!({ "user": "user:default/felix", "cluster": "dev", "verb": "watch", "version": "v1", "namespace": "team-a", "resource": "pods", "name": "web-0", "status": 200, "outcome": "opened" });
    assert_says(&opened, &expected);
    drop(watch);
    let closed = said("closed", 1);
    (expected["outcome"], expected["reason"]) = (json!("closed"), json!("caller_gone"));
    expected["seconds"] = closed["seconds"].clone();
    assert!(closed["seconds"].is_u64(), "{closed}");
    assert_says(&closed, &expected);
    assert_eq!(closed["span"]["request_id"], opened["span"]["request_id"]);
    // One that the API ends, and one that it refuses.
    let mut over = open(&connected, &format!("{PODS}?watch=true&timeoutSeconds=1&labelSelector=app%3Dnone"));
    std::io::copy(&mut over, &mut std::io::sink()).unwrap();
    assert_eq!(said("closed", 2)["reason"], "ended_by_api");
    let refused = "/clusters/dev/proxy/api/v1/namespaces/team-b/pods?watch=true";
    let refused = connected.api.get_with(refused, &[("x-request-id", "refused")]);
    let line = line_of(backend, "refused");
    assert_eq!(
        (refused.status, &line["outcome"], &line["verb"]),
        (403, &json!("answered"), &json!("watch")),
        "{line}"
    );
}

#[test]
fn a_stream_that_the_end_of_the_process_cuts_says_so() {
    let connected = Connected::to(on_cluster("audit_stopping").with("DRAIN_DELAY", "20s"));
    let _watch = open(&connected, &format!("{PODS}?watch=true"));
    wait_until_open(&connected, 1);
    connected.backend.process.signal(Signal::SIGTERM);
    connected.backend.process.wait_for_line("\"reason\":\"stopping\"");
    assert_eq!(lines(&connected.backend).pop().unwrap()["outcome"], "closed");
}

#[test]
fn an_operator_chooses_what_is_audited() {
    for (uses, expected) in [("changes", &["list", "deletecollection"][..]), ("none", &[])] {
        let connected = Connected::to(on_cluster(&format!("audit_{uses}")).with("AUDIT_KUBERNETES", uses));
        let read = connected.api.get(PODS);
        let refused = connected.api.get("/clusters/dev/proxy/api/v1/namespaces/team-b/pods");
        let head = format!(
            "DELETE /api/cluster-auth{PODS} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        );
        let deleted = raw_http::send(&connected.backend.url, &head);
        assert_eq!((read.status, refused.status), (200, 403));
        assert!(deleted.starts_with("HTTP/1.1 403"), "{deleted}");
        drop(open(&connected, &format!("{PODS}?watch=true")));
        wait_until_open(&connected, 0);
        // Its line stands behind all of these.
        let headers = [("x-request-id", "the-last"), ("content-type", "application/json")];
        assert_eq!(connected.api.post_raw("/register", &headers, b"{}").status, 200);
        connected.backend.process.wait_for("the last audit line", |line| {
            (line.contains("\"audit\"") && line.contains("the-last")).then_some(())
        });
        let verbs: Vec<_> =
            lines(&connected.backend).iter().map(|line| line["verb"].as_str().unwrap().to_owned()).collect();
        assert_eq!(verbs, expected);
    }
}

#[test]
fn a_caller_that_hangs_up_before_the_answer_leaves_a_line() {
    for (uses, are_audited) in [("all", &["delete", "get"][..]), ("changes", &["delete"])] {
        let connected = Connected::new(&format!("audit_unanswered_{uses}"));
        let api = RawApi::start();
        let plan =
            connected.here.plan.clone().without("KUBERNETES_CA_FILE").with("KUBERNETES_API_URL", &api.url);
        let backend = plan.with("USER_TOKENS", "full").with("AUDIT_KUBERNETES", uses).start();
        connected.here.api(&backend).log_in(&connected.here.idp, "felix");
        // The read first: its line would stand before the other's.
        for (method, id) in [("GET", "a-read"), ("DELETE", "a-change")] {
            let head = format!(
                "{method} /api/cluster-auth{PODS}/web-0 HTTP/1.1\r\nhost: localhost\r\nx-request-id: {id}\r\n\r\n"
            );
            let caller = raw_http::begin(&backend.url, &head);
            let mut arrived = api.next();
            // The API server has it, and thinks.
            drop(caller);
            assert_eq!(arrived.connection.read(&mut [0]).unwrap(), 0, "{id} goes on without its caller");
        }
        if are_audited.contains(&"get") {
            line_of(&backend, "a-read");
        }
        let line = line_of(&backend, "a-change");
        let expected = json!({ "user": "user:default/felix", "cluster": "dev", "verb": "delete", "version": "v1", "namespace": "team-a", "resource": "pods", "name": "web-0", "outcome": "unanswered", "reason": "caller_gone" });
        assert_says(&line, &expected);
        let mut verbs: Vec<_> =
            lines(&backend).iter().map(|line| line["verb"].as_str().unwrap().to_owned()).collect();
        verbs.sort();
        assert_eq!(verbs, are_audited, "{uses}");
    }
}
