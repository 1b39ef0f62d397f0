//! Upgrades that are not passed on, and what is left out of those that are.

use super::{EXEC, SPDY, Scene, WAYS, WEBSOCKET, ask, read_head, read_to_end};
use crate::harness::clients::raw_http;

#[test]
fn an_upgrade_arrives_without_what_is_not_kubernetes_business() {
    let scene = Scene::new("upgrade_request_headers");
    let others = "accept: */*\r\nuser-agent: kubectl/v1.36\r\ncookie: session=browser\r\nx-remote-user: root\r\n\
        x_remote_group: system:masters\r\nx-forwarded-for: 203.0.113.9\r\nforwarded: for=203.0.113.9\r\nx-real-ip: 203.0.113.9\r\n\
        X_Real_IP: 203.0.113.9\r\ntrue-client-ip: 203.0.113.9\r\nte: trailers\r\nproxy-authorization: Basic eDp5\r\n\
        authorization: Bearer mine\r\nconnection: x-hop\r\nx-hop: 1\r\nkeep-alive: 1\r\n\
        sec-websocket-protocol: base64url.bearer.authorization.k8s.io.dG9rZW4\r\n\
        sec-websocket-protocol: SPDY/3.1+portforward.k8s.io,Base64Url.Bearer.Authorization.K8s.io.dG9rZW4\r\n";
    let of_websocket = [
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol: v5.channel.k8s.io, v4.channel.k8s.io, SPDY/3.1+portforward.k8s.io",
        "sec-websocket-version: 13",
        "upgrade: websocket",
    ];
    let of_spdy = ["upgrade: SPDY/3.1", "x-stream-protocol-version: v4.channel.k8s.io"];
    for ((method, asks, _), own) in [(WEBSOCKET, &of_websocket[..]), (SPDY, &of_spdy[..])] {
        let _caller = ask(&scene.backend, method, &format!("{asks}{others}"), "");
        let arrived = scene.api.next();
        let path = EXEC.strip_prefix("/api/cluster-auth/clusters/dev/proxy").unwrap();
        assert!(arrived.head.starts_with(&format!("{method} {path} HTTP/1.1\r\n")), "{}", arrived.head);
        let (tokens, mut headers): (Vec<_>, Vec<_>) =
            arrived.headers().into_iter().partition(|line| line.starts_with("authorization: "));
        headers.retain(|line| !line.starts_with("traceparent"));
        let mut expected = vec!["accept: */*", "connection: Upgrade", "user-agent: kubectl/v1.36"];
        expected.extend(own);
        expected.sort_unstable();
        assert_eq!(headers, expected);
        assert!(matches!(&tokens[..], [one] if one.starts_with("authorization: Bearer ey")), "{tokens:?}");
        assert!(!arrived.head.contains("dG9rZW4") && !arrived.head.contains("mine"), "{}", arrived.head);
    }
}

#[test]
fn what_no_request_may_do_no_upgrade_may() {
    let scene = Scene::new("upgrade_refusals");
    let path = |tail: &str| format!("/api/cluster-auth/clusters/dev/proxy/api/v1/{tail}");
    for (method, asks, _) in WAYS {
        for (path, more, expected) in [
            (EXEC.to_owned(), "impersonate-user: root\r\n", 403),
            (EXEC.to_owned(), "Impersonate_Group: system:masters\r\n", 403),
            (EXEC.to_owned(), "origin: https://attacker.example\r\n", 403),
            (EXEC.to_owned(), "sec-fetch-site: same-origin\r\n", 403),
            (path("../x"), "", 400),
            (path("%2e%2e/x"), "", 400),
            (path("a%2fb"), "", 400),
            (path("a\\b"), "", 400),
            (path("a%00b"), "", 400),
        ] {
            let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{asks}{more}\r\n");
            // The connection ends: it was no request's any more.
            let answer = raw_http::send(&scene.backend.url, &request);
            assert!(answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{request}{answer}");
            assert!(
                answer.contains("\"kind\":\"Status\"") && answer.contains("\r\nconnection: close\r\n"),
                "{answer}"
            );
        }
    }
    scene.api.expect_nothing();
}

/// A server that reads the body and one that does not would not agree on where the upgraded bytes begin.
#[test]
fn an_upgrade_has_no_body() {
    let scene = Scene::new("upgrade_bodies");
    for (method, asks, _) in WAYS {
        let asks = asks.replace("content-length: 0\r\n", "");
        for (length, body) in [
            ("content-length: 5\r\n", "hello"),
            ("transfer-encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
            ("content-length: 0\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
            ("content-length: 00000000005\r\n", "hello"),
        ] {
            let request = format!(
                "{method} {EXEC} HTTP/1.1\r\nhost: localhost\r\n{asks}{length}\r\n{body}GET /api/cluster-auth/info HTTP/1.1\r\n\
                 host: localhost\r\nconnection: close\r\n\r\n"
            );
            let answer = raw_http::send(&scene.backend.url, &request);
            assert!(answer.starts_with("HTTP/1.1 400 "), "{request}{answer}");
        }
    }
    scene.api.expect_nothing();
}

#[test]
fn a_request_that_follows_a_refused_upgrade_is_none() {
    let scene = Scene::new("upgrade_followed");
    let behind = "GET /api/cluster-auth/info HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for (method, asks, _) in WAYS {
        for path in [EXEC, "/api/cluster-auth/info", "/api/cluster-auth/nowhere"] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: localhost\r\nimpersonate-user: root\r\n{asks}\r\n{}",
                behind.repeat(3)
            );
            let answer = raw_http::send(&scene.backend.url, &request);
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request}{answer}");
        }
    }
}

#[test]
fn user_tokens_that_may_only_read_upgrade_nothing() {
    let watch = "/api/cluster-auth/clusters/dev/proxy/api/v1/pods?watch=true";
    for setting in ["read", "off"] {
        let scene = Scene::with(&format!("upgrade_user_tokens_{setting}"), &[("USER_TOKENS", setting)]);
        for (method, asks, _) in WAYS {
            for path in
                [EXEC, &EXEC.replace("/exec", "/attach"), &EXEC.replace("/exec", "/portforward"), watch]
            {
                let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{asks}\r\n");
                let answer = raw_http::send(&scene.backend.url, &request);
                assert!(
                    answer.starts_with("HTTP/1.1 403 ") && answer.contains("USER_TOKENS"),
                    "{request}{answer}"
                );
            }
        }
        // What would upgrade, without that.
        for path in
            ["exec", "attach", "portforward", "%65xec", "exec/"].map(|name| EXEC.replace("exec", name))
        {
            let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
            let answer = raw_http::send(&scene.backend.url, &request);
            assert!(
                answer.starts_with("HTTP/1.1 403 ") && answer.contains("USER_TOKENS"),
                "{request}{answer}"
            );
        }
        scene.api.expect_nothing();
    }
}

/// RFC 9110, 7.8: a server that does not know the protocol goes on as if it had not been asked for.
#[test]
fn an_unknown_upgrade_is_ignored() {
    let scene = Scene::new("upgrade_unknown");
    for (request_line, asks) in [
        (
            "GET",
            "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n",
        ),
        ("POST", "connection: upgrade\r\nupgrade: TLS/1.0\r\ncontent-length: 2\r\n"),
        ("GET", "connection: upgrade\r\nupgrade: SPDY/3\r\n"),
        // Nothing says that it is for this connection.
        ("GET", "upgrade: SPDY/3.1\r\n"),
        ("GET", "connection: keep-alive\r\nupgrade: websocket\r\n"),
    ] {
        let body = if request_line == "POST" { "{}" } else { "" };
        let mut caller = ask(&scene.backend, request_line, asks, body);
        let mut arrived = scene.api.next();
        let head = arrived.head.to_ascii_lowercase();
        for name in ["upgrade", "connection: ", "http2-settings", "sec-websocket-protocol"] {
            assert!(!head.contains(&format!("\r\n{name}")), "{name}: {head}");
        }
        arrived.answers("HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}");
        let answer = read_head(&mut caller);
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    }
    // HTTP/1.0 knows no upgrade.
    let request = format!(
        "GET {EXEC} HTTP/1.0\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    );
    let mut caller = raw_http::begin(&scene.backend.url, &request);
    let mut arrived = scene.api.next();
    assert!(!arrived.head.to_ascii_lowercase().contains("upgrade"), "{}", arrived.head);
    arrived.answers("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    assert!(read_to_end(&mut caller).starts_with("HTTP/1.0 502 "));
}

#[test]
fn an_upgrade_takes_one_of_the_users_places() {
    let scene = Scene::with("upgrade_places", &[("USER_TOKENS", "full"), ("STREAMS_PER_USER", "1")]);
    let (caller, arrived) = scene.upgraded(WEBSOCKET);
    scene.wait_until_open(1);
    for (method, asks, _) in WAYS {
        let request = format!("{method} {EXEC} HTTP/1.1\r\nhost: localhost\r\n{asks}\r\n");
        let answer = raw_http::send(&scene.backend.url, &request);
        assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("STREAMS_PER_USER"), "{answer}");
        assert!(!answer.contains("retry-after"), "{answer}");
    }
    drop(caller);
    drop(arrived);
    scene.wait_until_open(0);
    scene.upgraded(SPDY);
}

#[test]
fn an_api_that_offers_http_2_is_asked_for_an_upgrade_over_http_1() {
    let connected = super::Connected::over_http2("upgrade_http2_api");
    let backend = connected.here.plan.clone().with("USER_TOKENS", "full").start();
    connected.here.api(&backend).log_in(&connected.here.idp, "felix");
    let request = "GET /api/cluster-auth/clusters/dev/proxy/echo/headers HTTP/1.1\r\nhost: localhost\r\n\
        connection: upgrade\r\nupgrade: SPDY/3.1\r\n\r\n";
    let answer = raw_http::send(&backend.url, request);
    assert!(answer.contains("\"upgrade\":\"SPDY/3.1\""), "{answer}");
    assert!(answer.contains("\"host\":") && !answer.contains(":authority"), "{answer}");
}
