//! A wrong method on a path that there is: 405, and `Allow` names those that there are. A path that there is not is 404 for each.

use ureq::http::Request;

use crate::harness::clients::api::{Answer, agent};
use crate::harness::deployment::Deployment;
use crate::harness::programs::backend::{BackendPlan, NO_ISSUER};
use crate::harness::programs::proxy_program::{CONTROL, ProxyPlan};
use crate::harness::world::World;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn send(method: &str, url: &str) -> Answer {
    let request = Request::builder().method(method).uri(url).body(()).unwrap();
    // Some methods want a body and some none, ureq says; a server has to answer anyway.
    let request = agent().configure_request(request).allow_non_standard_methods(true).build();
    Answer::read(agent().run(request).unwrap())
}

/// Each method that the path does not answer to is 405, each other one is not.
fn assert_allows(url: &str, allowed: &[&str]) {
    for method in METHODS {
        let answer = send(method, url);
        if allowed.contains(&method) {
            assert_ne!(answer.status, 405, "{method} {url}");
            continue;
        }
        assert_eq!(answer.status, 405, "{method} {url}: {}", answer.text);
        assert_eq!(answer.header("allow"), Some(allowed.join(", ").as_str()), "{method} {url}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{method} {url}");
    }
}

#[test]
fn a_wrong_method_at_the_backend_is_answered_405() {
    let world = World::new("methods_backend");
    let backend = BackendPlan::new(&world, NO_ISSUER).start();
    let base = format!("{}/api/cluster-auth", backend.url);
    for (path, allowed) in [
        ("/info", &["GET"][..]),
        ("/register", &["POST"]),
        ("/session", &["GET", "PUT", "DELETE"]),
        ("/exchange", &["POST"]),
        ("/status", &["GET"]),
        ("/token", &["GET"]),
        ("/tokens", &["POST", "DELETE"]),
        ("/openapi.json", &["GET"]),
    ] {
        assert_allows(&format!("{base}{path}"), allowed);
    }
    send("PUT", &format!("{base}/info")).assert_problem(405, "method_not_allowed");
    let probes = [
        format!("{}/.backstage/health/v1/liveness", backend.url),
        format!("{}/.backstage/health/v1/readiness", backend.url),
        format!("{}/healthz", backend.control_url),
        format!("{}/readyz", backend.control_url),
        format!("{}/metrics", backend.control_url),
    ];
    for probe in probes {
        assert_allows(&probe, &["GET", "HEAD"]);
        assert_eq!(send("HEAD", &probe).status, 200, "{probe}");
    }
    for method in METHODS {
        assert_eq!(send(method, &format!("{base}/nothing")).status, 404, "{method}");
        assert_eq!(send(method, &format!("{}/nothing", backend.control_url)).status, 404, "{method}");
    }
}

const READ: &[&str] = &["GET", "HEAD", "OPTIONS"];
const WRITTEN: &[&str] = &["POST", "OPTIONS"];

#[test]
fn a_wrong_method_at_the_login_role_is_answered_405() {
    let here = Deployment::with_hostile_idp("methods_login");
    let backend = here.plan.start();
    let _helper = here.helper(&backend).start();
    for (path, allowed) in
        [("/", READ), ("/go/x", READ), ("/backstage/callback", READ), ("/continue", WRITTEN)]
    {
        assert_allows(&format!("http://localhost:8000{path}"), allowed);
    }
    for method in METHODS {
        assert_eq!(send(method, "http://localhost:8000/nothing").status, 404, "{method}");
    }
}

#[test]
fn a_wrong_method_at_either_port_of_the_proxy_is_answered_405() {
    let world = World::new("methods_proxy");
    let _proxy = ProxyPlan::without_backend(&world).with("HOLD_CALLBACK_PORT", "true").start();
    for port in ["http://localhost:8000", CONTROL] {
        for (path, allowed) in [
            ("/", READ),
            ("/go/x", READ),
            ("/backstage/callback", READ),
            ("/healthz", READ),
            ("/readyz", READ),
            ("/metrics", READ),
            ("/status", READ),
            ("/start", WRITTEN),
            ("/login", WRITTEN),
            ("/continue", WRITTEN),
        ] {
            assert_allows(&format!("{port}{path}"), allowed);
        }
        for method in METHODS {
            assert_eq!(send(method, &format!("{port}/nothing")).status, 404, "{method}");
        }
    }
}
