//! What others on this machine, and pages in a person's own browser, may send to the proxy's ports.

use super::{Parts, at_callback_port};
use crate::harness::clients::api::Answer;
use crate::harness::clients::raw_http;
use crate::harness::programs::proxy_program::{APP, CALLBACK, CONTROL};

fn status_of(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn send(port: &str, lines: &[&str]) -> String {
    raw_http::send(
        &format!("http://127.0.0.1:{port}"),
        &format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n")),
    )
}

#[test]
fn the_same_checks_stand_on_both_ports() {
    let parts = Parts::start("proxy_both_ports");
    let session = parts.register();
    let mut visitor = parts.visitor();
    visitor.hand_over(APP, &session.token);
    for port in ["8000", "8888"] {
        let own = format!("Host: localhost:{port}");
        for path in ["/", "/healthz", "/readyz", "/metrics", "/status", "/go/x", "/?code=a&state=b"] {
            let get = format!("GET {path} HTTP/1.1");
            for host in
                ["Host: evil.example", "Host: evil.example:8888", "Host: localhost", "Host: localhost:1"]
            {
                assert_eq!(status_of(&send(port, &[&get, host])), "421", "{path} {host} on {port}");
            }
            let hint = send(port, &[&get, &own, "Sec-Purpose: prefetch;prerender"]);
            assert_eq!(status_of(&hint), "503", "{path} on {port}");
            let answer = send(port, &[&get, &own, "Origin: https://evil.example"]).to_ascii_lowercase();
            for header in [
                "cache-control: no-store",
                "x-frame-options: deny",
                "content-security-policy: default-src 'none'",
            ] {
                assert!(answer.contains(header), "{path} on {port}: {answer}");
            }
            assert!(!answer.contains("access-control-allow"), "{path} on {port}: {answer}");
        }
        for (request, status) in [
            ("GET /start HTTP/1.1", "405"),
            ("GET /login HTTP/1.1", "405"),
            ("GET /continue HTTP/1.1", "405"),
            ("POST /go/x HTTP/1.1", "405"),
            ("DELETE / HTTP/1.1", "405"),
            ("OPTIONS /start HTTP/1.1", "204"),
            ("HEAD / HTTP/1.1", "200"),
            ("GET /nothing HTTP/1.1", "404"),
        ] {
            assert_eq!(
                status_of(&send(port, &[request, &own, "Content-Length: 0"])),
                status,
                "{request} on {port}"
            );
        }
    }
}

#[test]
fn what_is_not_a_navigation_uses_nothing_up() {
    let parts = Parts::start("proxy_uses_nothing_up");
    let session = parts.register();
    let mut visitor = parts.visitor();
    let redirect = parts.log_in(&mut visitor, &session);
    let path = redirect.strip_prefix(CALLBACK).unwrap();
    let cookie = format!("Cookie: {}", visitor.cookies().join("; "));
    for (method, more) in [("HEAD", "Accept: */*"), ("OPTIONS", "Accept: */*"), ("GET", "Purpose: prefetch")]
    {
        send("8000", &[&format!("{method} {path} HTTP/1.1"), "Host: localhost:8000", &cookie, more]);
        let status: Answer = parts.api().session(&session);
        assert_eq!(status.json["status"], "pending", "{method} {more}");
    }
    assert_eq!(at_callback_port(&parts.here.world, &visitor).come_back(&redirect), "success");
    assert_eq!(visitor.moved_to(&parts.here.world, CONTROL).come_back(&redirect), "success");
}
