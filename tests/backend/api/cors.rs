//! CORS: the app's pages may call, the extension may for a login, other pages may not, and no page may call the proxy.

use ureq::http::Request;

use crate::harness::clients::api::{Answer, agent};
use crate::harness::programs::backend::{BackendPlan, NO_ISSUER};
use crate::harness::world::World;

const APP: &str = "https://portal.example.com";
const SECOND_APP: &str = "http://localhost:3000";
const EXTENSION: &str = "chrome-extension://abcdefghijklmnop";
const STRANGER: &str = "https://attacker.example";

/// The calls, and whether the extension may make them.
const CALLS: [(&str, &str, bool); 10] = [
    ("GET", "/info", true),
    ("POST", "/register", false),
    ("GET", "/session", true),
    ("PUT", "/session", true),
    ("DELETE", "/session", true),
    ("POST", "/exchange", true),
    ("GET", "/status", false),
    ("POST", "/tokens", false),
    ("DELETE", "/tokens", false),
    ("GET", "/openapi.json", false),
];

fn send(url: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("{url}/api/cluster-auth{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(agent().run(request.body(()).unwrap()).unwrap())
}

fn preflight(url: &str, (method, path): (&str, &str), origin: &str) -> Answer {
    let asked = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    send(url, "OPTIONS", path, &asked)
}

/// A backend with two apps and an extension, to which callers show Backstage tokens: the guards of development are off.
fn plan(test: &str) -> BackendPlan {
    BackendPlan::new(&World::new(test), NO_ISSUER)
        .without("CLUSTER_AUTH_DEV_USER")
        .with("BACKSTAGE_APP_URL", &format!("{APP},{SECOND_APP}"))
        .with("EXTENSION_ORIGINS", EXTENSION)
}

#[test]
fn a_preflight_lets_in_the_app_and_the_extension() {
    let backend = plan("cors_preflight").start();
    for (method, path, for_extension) in CALLS {
        let mut allowed = vec![APP, SECOND_APP];
        allowed.extend(for_extension.then_some(EXTENSION));
        for origin in [APP, SECOND_APP, EXTENSION, STRANGER, "null"] {
            let answer = preflight(&backend.url, (method, path), origin);
            let let_in = answer.header("access-control-allow-origin");
            let expected = allowed.contains(&origin).then_some(origin);
            assert_eq!(let_in, expected, "{method} {path} from {origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            if expected.is_some() {
                assert_eq!(answer.status, 200, "{method} {path} from {origin}");
                let headers = answer.header("access-control-allow-headers").unwrap().to_lowercase();
                assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
                let methods = answer.header("access-control-allow-methods").unwrap();
                assert!(methods.contains(method), "{methods}");
            }
        }
    }
}

#[test]
fn an_answer_names_the_origin_also_when_it_is_an_error() {
    let backend = plan("cors_answers").start();
    for (path, status) in [("/info", 200), ("/status", 401), ("/session", 401)] {
        let answer = send(&backend.url, "GET", path, &[("origin", APP)]);
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (status, Some(APP)),
            "{path}"
        );
        assert!(answer.header("vary").unwrap().to_lowercase().contains("origin"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
        let answer = send(&backend.url, "GET", path, &[("origin", STRANGER)]);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
    // A request header that no caller needs is not allowed.
    let cookies = [
        ("origin", APP),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "x-anything"),
    ];
    let answer = send(&backend.url, "OPTIONS", "/status", &cookies);
    assert_eq!(answer.header("access-control-allow-origin"), None, "{answer:?}");
}

/// A page that is not let in sees a network error, and not what happened.
#[test]
fn a_fault_names_the_origin_like_any_other_answer() {
    let backend = plan("cors_panic").with("PLANTED_PANIC", "route").start();
    let answer = send(&backend.url, "GET", "/info", &[("origin", APP)]);
    answer.assert_problem(500, "internal_error");
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP), "{answer:?}");
    assert!(answer.header("x-request-id").is_some() && answer.header("cache-control") == Some("no-store"));
    assert_eq!(send(&backend.url, "GET", "/info", &[("origin", APP)]).status, 200);
}

#[test]
fn no_page_may_ask_for_a_token() {
    let backend = plan("cors_token").start();
    for origin in [APP, EXTENSION, STRANGER] {
        let asked = preflight(&backend.url, ("GET", "/token?cluster=dev"), origin);
        let answer = send(&backend.url, "GET", "/token?cluster=dev", &[("origin", origin)]);
        assert_eq!((asked.status, answer.status), (405, 401), "{origin}");
        for answer in [asked, answer] {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        }
    }
}

#[test]
fn the_proxy_knows_no_cors() {
    let backend = plan("cors_proxy").start();
    for origin in [APP, EXTENSION, STRANGER] {
        let answer = preflight(&backend.url, ("GET", "/clusters/dev/proxy/api"), origin);
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None), "{origin}");
        answer.assert_status_object(403, "not_allowed");
    }
}
