//! Requests that are not passed on: each answer is a `v1 Status`, and the cluster does not get them.

use super::{Connected, on_cluster};
use crate::harness::clients::raw_http;
use crate::harness::peers::cluster::{Cluster, PODS};

/// A request below the proxy as raw bytes; the status and the whole answer.
fn raw(connected: &Connected, path: &str, headers: &str) -> (u16, String) {
    send(&connected.backend.url, &format!("GET /api/cluster-auth/clusters/dev/proxy{path}"), headers)
}

fn send(url: &str, method_and_path: &str, headers: &str) -> (u16, String) {
    let head = format!("{method_and_path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    let answer = raw_http::send(url, &head);
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

#[test]
fn a_path_arrives_byte_for_byte_or_not_at_all() {
    let connected = Connected::new("proxy_paths");
    for path in [
        "/echo/a//b/",
        "/echo/%41%62c",
        "/echo/a%20b:c,d;e=f@g!$&'()*+~",
        "/echo/%252e%252e/x",
        "/echo/..a/b../.../.hidden",
        "/echo/?x=../..%2f%00&y",
        "/echo/%c3%bc%ff",
    ] {
        let (status, answer) = raw(&connected, path, "");
        assert_eq!(status, 200, "{path}: {answer}");
        assert!(answer.contains(&format!("\"rawUrl\":\"{path}\"")), "{path}: {answer}");
    }
    for path in [
        "/echo/..",
        "/echo/../x",
        "/echo/./x",
        "/echo/%2e%2e/x",
        "/echo/.%2E",
        "/echo/a%2fb",
        "/echo/a%2Fb",
        "/echo/a%5cb",
        "/echo/a\\b",
        "/echo/a%00b",
        "/echo/..;/x",
        "/echo/..;a=b/x",
        "/echo/.;/x",
        "/echo/%2e%2e%3bx/y",
        "/../../clusters/dev/proxy/echo/x",
        "/..%2fecho/x",
    ] {
        let (status, answer) = raw(&connected, path, "");
        assert_eq!(status, 400, "{path}: {answer}");
        assert!(answer.contains("\"reason\":\"BadRequest\""), "{path}: {answer}");
    }
    // Not even HTTP, so the answer is the server's own.
    assert_eq!(raw(&connected, "/echo/a\0b", "").0, 400);
}

#[test]
fn impersonation_is_refused_in_any_spelling() {
    let connected = Connected::new("proxy_impersonation");
    for name in [
        "Impersonate-User",
        "IMPERSONATE-GROUP",
        "impersonate-uid",
        "Impersonate-Extra-scopes",
        "Impersonate_User",
        "impersonate-anything_new",
    ] {
        let (status, answer) = raw(&connected, "/echo/x", &format!("{name}: root\r\n"));
        assert_eq!(status, 403, "{name}: {answer}");
        assert!(answer.contains("\"reason\":\"Forbidden\"") && answer.contains("--as"), "{name}: {answer}");
    }
    let named_by_connection = "connection: impersonate-user\r\nimpersonate-user: root\r\n";
    assert_eq!(raw(&connected, "/echo/x", named_by_connection).0, 403);
}

#[test]
fn two_lengths_are_one_too_many() {
    let connected = Connected::new("proxy_lengths");
    let both = "content-length: 5\r\ntransfer-encoding: chunked\r\n";
    let (status, answer) = raw(&connected, "/echo/x", &format!("{both}\r\n0\r\n"));
    assert_eq!(status, 400, "{answer}");
    assert!(!answer.contains("rawUrl"), "{answer}");
}

#[test]
fn pages_are_refused() {
    let connected = Connected::new("proxy_pages");
    let own_origin = connected.backend.url.clone();
    for headers in [
        &[("origin", own_origin.as_str())][..],
        &[("origin", "https://attacker.example")],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-mode", "no-cors")],
        &[("sec-fetch-dest", "image")],
    ] {
        connected
            .api
            .get_with("/clusters/dev/proxy/echo/x", headers)
            .assert_status_object(403, "not_allowed");
    }
    // No CORS for any origin.
    let preflight = [("access-control-request-method", "GET"), ("origin", own_origin.as_str())];
    let answer = connected.api.get_with("/clusters/dev/proxy/echo/x", &preflight);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None));
}

#[test]
fn user_tokens_do_what_the_setting_says() {
    let connected = Connected::new("proxy_user_tokens");
    for (setting, reads) in [("off", 403), ("read", 200), ("full", 200)] {
        let (backend, api) =
            connected.here.start_as(&connected.here.plan.clone().with("USER_TOKENS", setting));
        api.log_in(&connected.here.idp, "felix");
        let answer = api.get(PODS);
        assert_eq!(answer.status, reads, "{setting}: {}", answer.text);
        if reads == 403 {
            answer.assert_status_object(403, "not_allowed");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let path = format!("{method} /api/cluster-auth{PODS}");
            let (status, answer) = send(&backend.url, &path, "content-length: 0\r\n");
            // Kubernetes lets no user write pods here: with `full` the refusal is its own.
            let refused_by = if setting == "full" { "cannot" } else { "USER_TOKENS" };
            assert_eq!(status, 403, "{setting}, {method}: {answer}");
            assert!(
                answer.contains(refused_by) && answer.contains("\"kind\":\"Status\""),
                "{setting}, {method}: {answer}"
            );
        }
    }
    // Unset is off.
    let backend = connected.here.plan.clone().without("USER_TOKENS").start();
    connected.here.api(&backend).get(PODS).assert_status_object(403, "not_allowed");
}

#[test]
fn connect_and_trace_are_refused_whatever_a_user_may_do() {
    let connected = Connected::new("proxy_connect_trace");
    let backend = connected.here.plan.clone().with("USER_TOKENS", "full").start();
    connected.here.api(&backend).log_in(&connected.here.idp, "felix");
    let answers = ["CONNECT", "TRACE"].map(|method| {
        send(&backend.url, &format!("{method} /api/cluster-auth/clusters/dev/proxy/echo/x"), "")
    });
    for (status, answer) in &answers {
        assert!(*status == 403 && answer.contains("uses neither"), "{answers:?}");
        assert!(answer.contains("\"kind\":\"Status\""), "{answer}");
    }
}

#[test]
fn a_user_that_may_only_read_does_not_reach_through_a_pod() {
    let connected = Connected::new("proxy_read_through");
    for path in ["pods/web-0/proxy/shutdown", "services/web/proxy/", "pods/web-0/%70roxy/"] {
        let path = format!("/clusters/dev/proxy/api/v1/namespaces/team-a/{path}");
        connected.api.get(&path).assert_status_object(403, "not_allowed");
    }
    connected
        .api
        .get("/clusters/dev/proxy/api/v1/nodes/n1/proxy/run/x")
        .assert_status_object(403, "not_allowed");
    assert_eq!(connected.api.get(&format!("{PODS}/web-0")).status, 200);
}

#[test]
fn a_cluster_with_another_ca_is_not_talked_to() {
    let here = on_cluster("proxy_other_ca");
    // The CA of the second replaces that of the first in the same file.
    let other = Cluster::start(&here.world, &here.idp.issuer);
    assert_eq!(here.cluster.ca_file, other.ca_file);
    let (_backend, api) = here.start();
    api.log_in(&here.idp, "felix");
    api.get(PODS).assert_status_object(502, "cluster_unreachable");
    let (_backend, api) = here.start_as(&here.plan.clone().with_cluster(&other));
    api.log_in(&here.idp, "felix");
    assert_eq!(api.get(PODS).status, 200);
}

#[test]
fn user_tokens_that_may_read_may_ask_what_they_may_do() {
    let connected = Connected::new("proxy_self_reviews");
    let post =
        |path: &str| connected.api.post(&format!("/clusters/dev/proxy{path}"), &serde_json::json!({})).status;
    for path in [
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    ] {
        assert!(!matches!(post(path), 403 | 404), "{path}");
    }
    for path in [
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x",
        "/apis/authentication.k8s.io/v1/tokenreviews",
        "/api/v1/namespaces/team-a/pods",
    ] {
        assert_eq!(post(path), 403, "{path}");
    }
}
