//! The same over HTTP/2, which API servers offer.

use std::io::Read;

use serde_json::json;
use ureq::SendBody;
use ureq::http::Request;

use super::Connected;
use super::streams::{next_event, open, wait_until_open};
use crate::harness::clients::api::{Answer, agent};
use crate::harness::clients::raw_http;
use crate::harness::peers::cluster::{PODS, names};

#[test]
fn requests_and_answers_pass_as_over_http_1() {
    let connected = Connected::over_http2("proxy_http2");
    assert_eq!(names(&connected.api.get(PODS).json), ["web-0", "web-1"]);
    let large = connected.api.get("/clusters/dev/proxy/api/v1/namespaces/team-a/configmaps/large");
    assert_eq!(large.json["data"]["bytes"].as_str().map(str::len), Some(1 << 20));
    let seen = connected.echo(&[("x-real-ip", "203.0.113.9"), ("te", "trailers"), ("cookie", "a=b")]);
    assert_eq!(seen["rawUrl"], "/echo/headers?a=b%20c");
    let headers = seen["headers"].as_object().unwrap();
    assert!(headers.contains_key(":authority"), "not over HTTP/2: {seen}");
    for name in ["host", "connection", "transfer-encoding", "x-real-ip", "te", "cookie"] {
        assert!(!headers.contains_key(name), "{name}: {seen}");
    }
    let mut head = agent().head(format!("{}/api/cluster-auth{PODS}", connected.backend.url)).call().unwrap();
    assert_eq!((head.status().as_u16(), head.body_mut().read_to_string().unwrap().as_str()), (200, ""));
    let hints = connected.api.get("/clusters/dev/proxy/echo/hints");
    assert_eq!((hints.status, hints.text.as_str()), (200, "after the hints"));
}

#[test]
fn a_body_passes_whole() {
    let connected = Connected::over_http2("proxy_http2_bodies");
    let backend = connected.here.plan.clone().with("USER_TOKENS", "full").start();
    connected.here.api(&backend).log_in(&connected.here.idp, "felix");
    let url = format!("{}/api/cluster-auth/clusters/dev/proxy/echo/x", backend.url);
    for length in [7, 5 << 20] {
        for sized in [true, false] {
            let request = Request::builder().method("PUT").uri(&url);
            let request = if sized { request.header("content-length", length.to_string()) } else { request };
            let body = std::io::Cursor::new(vec![b'x'; length]);
            let request = request.body(SendBody::from_owned_reader(body)).unwrap();
            let answer = Answer::read(agent().run(request).unwrap());
            assert_eq!((answer.status, &answer.json["bodyBytes"]), (200, &json!(length)), "{}", answer.text);
        }
    }
}

#[test]
fn an_answer_that_is_taken_back_reaches_the_client_as_cut() {
    let connected = Connected::over_http2("proxy_http2_cut");
    // NO_ERROR, INTERNAL_ERROR, CANCEL (RFC 9113, 7).
    for code in [0, 2, 8] {
        let path = format!("/api/cluster-auth/clusters/dev/proxy/echo/cut?code={code}");
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let mut answer = Vec::new();
        let _ = raw_http::begin(&connected.backend.url, &head).read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{code}: {answer}");
        assert!(answer.contains("chunked") && !answer.ends_with("\r\n0\r\n\r\n"), "{code}: {answer}");
    }
}

#[test]
fn watches_pass_and_end_with_their_clients() {
    let connected = Connected::over_http2("proxy_http2_watch");
    let mut watch = open(&connected, &format!("{PODS}?watch=true"));
    assert_eq!([next_event(&mut watch), next_event(&mut watch)], ["ADDED web-0", "ADDED web-1"]);
    connected.here.cluster.touch();
    assert_eq!(next_event(&mut watch), "MODIFIED web-0");
    wait_until_open(&connected, 1);
    drop(watch);
    wait_until_open(&connected, 0);
}
