//! Callbacks that are not the identity provider's answer to this login, and requests that must not use one up.

use super::RealLogin;
use crate::harness::clients::api::parameter;
use crate::harness::clients::callback_port::{HOST, RawAnswer, request};

fn get(query: &str, headers: &[&str]) -> RawAnswer {
    let line = format!("GET /?{query} HTTP/1.1");
    request(&[&[line.as_str(), HOST], headers].concat(), "")
}

#[test]
fn a_callback_with_a_wrong_missing_or_foreign_state_is_refused() {
    let mut login = RealLogin::at_login_page("attack_state");
    let (right, cookie) = (login.state(), login.cookie());
    let foreign = parameter(&login.api().register().auth_url, "state");
    for query in [
        "code=x".to_owned(),
        "code=x&state=".to_owned(),
        format!("code=x&state={}", "s".repeat(43)),
        format!("code=x&state={foreign}"),
        format!("code=x&state={right}&state={right}"),
        format!("code=x&state={right}&state={foreign}"),
        "error=access_denied".to_owned(),
        format!("error=access_denied&state={foreign}"),
    ] {
        for headers in [&[][..], &[cookie.as_str()]] {
            let answer = get(&query, headers);
            assert_eq!((answer.status, answer.outcome()), (Some(400), Some("wrong-state")), "{query}");
        }
    }
    login.assert_still_pending();
    login.assert_succeeds();
}

#[test]
fn a_callback_with_the_right_state_alone_is_refused() {
    let mut login = RealLogin::at_login_page("attack_right_state");
    let (right, cookie) = (login.state(), login.cookie());
    let (name, _) = cookie.split_once('=').unwrap();
    let other_cookie = format!("{name}={}", "c".repeat(43));
    for query in [format!("code=x&state={right}"), format!("error=access_denied&state={right}")] {
        for headers in [&[][..], &[other_cookie.as_str()]] {
            let answer = get(&query, headers);
            assert_eq!((answer.status, answer.outcome()), (Some(403), Some("no-cookie")), "{query}");
        }
    }
    for repeated in ["code=x&code=y", "code=x&code=x", "code=x&error=y", "code=x&iss=y&iss=y", "code=", ""] {
        let answer = get(&format!("{repeated}&state={right}"), &[&cookie]);
        assert_eq!((answer.status, answer.outcome()), (Some(400), Some("malformed")), "{repeated}");
    }
    login.assert_still_pending();
    login.assert_succeeds();
}

#[test]
fn a_callback_with_a_wrong_host_method_or_purpose_is_refused() {
    let mut login = RealLogin::at_login_page("attack_manner");
    let (state, cookie) = (login.state(), login.cookie());
    let target = format!("/?code=x&state={state}");
    let statuses = |cases: &[(&str, &[&str], u16)]| {
        for (method, headers, status) in cases {
            let line = format!("{method} {target} HTTP/1.1");
            let answer = request(&[&[line.as_str(), cookie.as_str()], *headers].concat(), "");
            assert_eq!(answer.status, Some(*status), "{method} {headers:?}");
        }
    };
    statuses(&[
        ("GET", &["Host: evil.example:8000"], 421),
        ("GET", &["Host: localhost:8001"], 421),
        ("GET", &["Host: localhost"], 421),
        ("GET", &["Host: localhost:8000.evil.example"], 421),
        ("GET", &["Host: evil.example", HOST], 400),
        ("GET", &[], 400),
    ]);
    statuses(&[
        ("HEAD", &[HOST], 200),
        ("OPTIONS", &[HOST], 204),
        ("POST", &[HOST], 405),
        ("PUT", &[HOST], 405),
        ("GET", &[HOST, "Sec-Purpose: prefetch"], 503),
        ("GET", &[HOST, "Sec-Purpose: prefetch;prerender"], 503),
        ("GET", &[HOST, "Purpose: prefetch"], 503),
    ]);
    login.assert_still_pending();
    login.assert_succeeds();
}
