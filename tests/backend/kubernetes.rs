//! The Kubernetes API as the user: what passes through, byte for byte, and what never does.

mod audit;
mod bodies;
mod caching;
mod canned_api;
mod cut_answers;
mod http2;
mod lasting;
mod many_streams;
mod over_tls;
mod refusals;
mod streams;
mod upgrades;
mod vanished;

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api, agent};
use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::{Cluster, PODS, names};
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::programs::backend::Backend;

/// The identity provider is the quick one; it is honest here.
type OnCluster = Deployment<HostileIdp, (), Cluster>;

fn on_cluster(test: &str) -> OnCluster {
    Deployment::with_hostile_idp(test).with_cluster()
}

/// Felix, logged in to a cluster.
struct Connected {
    here: OnCluster,
    backend: Backend,
    api: Api,
}

impl Connected {
    fn new(test: &str) -> Self {
        Self::to(on_cluster(test))
    }

    /// The same to a cluster that offers HTTP/2.
    fn over_http2(test: &str) -> Self {
        Self::to(Deployment::with_hostile_idp(test).with_cluster_by(Cluster::start_with_http2))
    }

    fn to(here: OnCluster) -> Self {
        let (backend, api) = here.start();
        api.log_in(&here.idp, "felix");
        Self { here, backend, api }
    }

    fn echo(&self, headers: &[(&str, &str)]) -> Value {
        let answer = self.api.get_with("/clusters/dev/proxy/echo/headers?a=b%20c", headers);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json
    }
}

#[test]
fn a_user_reads_what_kubernetes_lets_them() {
    let connected = Connected::new("proxy_read");
    let api = &connected.api;
    assert_eq!(names(&api.get(PODS).json), ["web-0", "web-1"]);
    assert_eq!(names(&api.get(&format!("{PODS}?labelSelector=app%3Dnone")).json), [""; 0]);
    assert_eq!(api.get(&format!("{PODS}/web-0")).json["metadata"]["name"], "web-0");
    let log = api.get(&format!("{PODS}/web-0/log?tailLines=1"));
    assert_eq!((log.status, log.text.as_str()), (200, "web-0 ready\n"));
    let large = api.get("/clusters/dev/proxy/api/v1/namespaces/team-a/configmaps/large");
    assert_eq!(large.json["data"]["bytes"].as_str().map(str::len), Some(1 << 20));
    // Kubernetes' own refusals come through as they are.
    let foreign = api.get("/clusters/dev/proxy/api/v1/namespaces/team-b/pods");
    assert_eq!((foreign.status, &foreign.json["reason"]), (403, &json!("Forbidden")));
    let missing = api.get(&format!("{PODS}/web-9"));
    assert_eq!((missing.status, &missing.json["reason"]), (404, &json!("NotFound")));
    let metrics = connected.backend.metrics();
    for (code, count) in [(200, 5), (403, 1), (404, 1)] {
        let line =
            format!("cluster_auth_kubernetes_requests_total{{cluster=\"dev\",code=\"{code}\"}} {count}");
        assert!(metrics.contains(&line), "{line} is not in {metrics}");
    }
}

#[test]
fn a_head_request_has_headers_and_no_body() {
    let connected = Connected::new("proxy_head");
    let url = format!("{}/api/cluster-auth{PODS}", connected.backend.url);
    let mut answer = agent().head(&url).call().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.body_mut().read_to_string().unwrap(), "");
}

#[test]
fn requests_arrive_without_what_is_not_kubernetes_business() {
    let connected = Connected::new("proxy_request_headers");
    let seen = connected.echo(&[
        ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io"),
        ("user-agent", "kubectl/v1.33"),
        ("accept-encoding", "gzip"),
        ("cookie", "session=browser"),
        ("x-remote-user", "root"),
        ("x-remote-group", "system:masters"),
        ("x_remote_extra", "1"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x_forwarded_host", "attacker.example"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
        ("X_Real_IP", "203.0.113.9"),
        ("true-client-ip", "203.0.113.9"),
        ("cf-connecting-ip", "203.0.113.9"),
        ("x-client-ip", "203.0.113.9"),
        ("sec-websocket-protocol", "base64url.bearer.authorization.k8s.io.dG9rZW4"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("te", "trailers"),
        ("proxy-authorization", "Basic eDp5"),
    ]);
    assert_eq!((&seen["method"], &seen["rawUrl"]), (&json!("GET"), &json!("/echo/headers?a=b%20c")));
    let headers = seen["headers"].as_object().unwrap();
    let mut arrived: Vec<_> = headers.keys().map(String::as_str).collect();
    arrived.retain(|name| !matches!(*name, "host" | "date" | "x-request-id" | "content-length"));
    assert_eq!(headers.get("content-length").unwrap_or(&json!("0")), "0");
    assert_eq!(arrived, ["accept", "accept-encoding", "authorization", "user-agent"], "{seen}");
    assert_eq!(headers["accept"], "application/json;as=Table;v=v1;g=meta.k8s.io");
    assert_eq!(headers["user-agent"], "kubectl/v1.33");
    let own = headers["authorization"].as_str().unwrap();
    assert_eq!(own.split('.').count(), 3, "not the ID token");
    assert!(connected.here.cluster.url.ends_with(headers["host"].as_str().unwrap()), "{seen}");
}

#[test]
fn the_callers_own_credential_never_reaches_kubernetes() {
    let connected = Connected::new("proxy_credential");
    let api = connected.api.with_bearer("the caller's own");
    let seen = api.get("/clusters/dev/proxy/echo/credential").text;
    assert!(seen.contains("authorization") && !seen.contains("the caller's own"), "{seen}");
}

#[test]
fn answers_are_harmless_in_a_browser() {
    let connected = Connected::new("proxy_answer_headers");
    let answer = connected.api.get("/clusters/dev/proxy/echo/answer-headers");
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("content-type", "text/html"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox"),
        ("cache-control", "no-store, no-transform"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    for name in [
        "set-cookie",
        "clear-site-data",
        "strict-transport-security",
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "keep-alive",
    ] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert!(answer.header("x-request-id").is_some());
}

#[test]
fn a_redirect_of_the_cluster_is_not_followed() {
    let connected = Connected::new("proxy_redirect");
    let answer: Answer = connected.api.get("/clusters/dev/proxy/echo/redirect");
    assert_eq!((answer.status, answer.header("location")), (302, Some("/echo/followed")));
    assert!(!answer.text.contains("followed"), "{}", answer.text);
}
