//! The API over TLS: both versions of HTTP, what is refused at start, and what slow or wrong clients get.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use backstage_oidc_helper::outbound;
use rcgen::KeyPair;
use rustls::HandshakeKind;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use crate::harness::clients::api::{Answer, agent};
use crate::harness::clients::https::{Http2, Pair, address, connect, get_over_http1, nothing, run, text};
use crate::harness::clients::raw_http;
use crate::harness::programs::backend::{Backend, BackendPlan, NO_ISSUER};
use crate::harness::programs::command::Ended;
use crate::harness::world::World;

/// A backend that speaks TLS, and its certificate.
fn started(test: &str) -> (World, Pair, Backend) {
    let world = World::new(test);
    let pair = Pair::new(&world);
    let backend = pair.of(&BackendPlan::new(&world, NO_ISSUER)).start();
    (world, pair, backend)
}

#[test]
fn both_versions_of_http_are_served_and_the_health_listener_stays_plain() {
    let (world, pair, backend) = started("tls_versions");
    run(async {
        let first = get_over_http1(&backend, &pair, "/info").await;
        assert_eq!(first.version(), hyper::Version::HTTP_11);
        let second = Http2::connect(&backend, &pair).await.get("/info").await;
        assert_eq!((second.version(), second.status().as_u16()), (hyper::Version::HTTP_2, 200));
        assert_eq!(second.headers()["cache-control"], "no-store");
        assert!(second.headers().contains_key("x-request-id"));
        let (first, second) = (text(first).await.unwrap(), text(second).await.unwrap());
        assert_eq!(first, second);
        assert_eq!(serde_json::from_str::<Value>(&second).unwrap()["clusters"][0]["name"], "dev");
    });
    let health = Answer::read(agent().get(format!("{}/readyz", backend.control_url)).call().unwrap());
    assert_eq!(health.status, 200);
    assert!(backend.process.wait_for_line("\"listening\"").contains("\"scheme\":\"https\""));
    let plan = BackendPlan::new(&world, NO_ISSUER);
    let control = backend.control_url.trim_start_matches("http://");
    let checked = Ended::of(
        plan.command(&["healthcheck", "--control-listen", control]).env_remove("CONTROL_LISTEN"),
        &world,
    );
    assert_eq!(checked.code, Some(0), "{}", checked.err);
}

/// Of a body, in bytes: the buffers of two sockets hold less.
const LARGE: usize = 16 << 20;

#[test]
fn who_writes_http_is_told_to_write_https() {
    let (_world, _pair, backend) = started("tls_plain");
    // More than is taken unread: a client that is reset while it sends does not look at the answer.
    let large = format!(
        "PUT /api/cluster-auth/x HTTP/1.1\r\nhost: x\r\ncontent-length: {LARGE}\r\n\r\n{}",
        "x".repeat(LARGE)
    );
    for request in
        ["GET /api/cluster-auth/info HTTP/1.1\r\nhost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &large]
    {
        let answer = raw_http::send(&backend.url, request);
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        assert!(answer.contains("write https:// in place of http://"), "{answer}");
    }
    backend.process.wait_for_line("plain http came to the API");
    let lines = backend.process.printed().matches("plain http came to the API").count();
    assert_eq!(lines, 1, "said once");
}

#[test]
fn older_versions_of_tls_are_refused() {
    let (_world, _pair, backend) = started("tls_old");
    // A ClientHello of TLS 1.1 (RFC 4346, 7.4.1.2) with one cipher suite.
    let hello = [&[0x03, 0x02][..], &[7; 32], &[0, 0, 2, 0xc0, 0x13, 1, 0]].concat();
    let length = u8::try_from(hello.len()).unwrap();
    let record = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat();
    let mut connection = TcpStream::connect(address(&backend)).unwrap();
    connection.write_all(&record).unwrap();
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    // An alert, fatal (RFC 8446, 6).
    assert!(answer.first() == Some(&21) && answer.get(5) == Some(&2), "{answer:?}");
    backend.process.wait_for_line("a TLS handshake failed");
}

/// Each is closed by the backend; none is waited for longer than its own time.
#[test]
fn slow_clients_are_let_go_wherever_they_stop() {
    let (_world, pair, backend) = started("tls_slow");
    let silent = TcpStream::connect(address(&backend)).unwrap();
    let mut half = TcpStream::connect(address(&backend)).unwrap();
    half.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
    run(async {
        let mut head = connect(&backend, &pair, "http/1.1").await.unwrap();
        head.write_all(b"GET /api/cluster-auth/info HTTP/1.1\r\nhost:").await.unwrap();
        let mut preface = connect(&backend, &pair, "h2").await.unwrap();
        preface.write_all(b"PRI * HTTP/2.0").await.unwrap();
        // HEADERS without END_HEADERS, and no CONTINUATION (RFC 9113, 6.2).
        let mut headers = connect(&backend, &pair, "h2").await.unwrap();
        headers
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\0\0\0\0\x01\x82")
            .await
            .unwrap();
        let idle = Http2::connect(&backend, &pair).await;
        idle.closed().await;
        for stream in [&mut head, &mut preface, &mut headers] {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
    for mut connection in [silent, half] {
        connection.set_read_timeout(Some(Duration::from_mins(2))).unwrap();
        let _ = connection.read_to_end(&mut Vec::new()).map_err(|error| {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "the connection is kept");
        });
    }
}

#[test]
fn a_client_that_opens_and_resets_is_cut_off_and_others_are_served() {
    let (_world, pair, backend) = started("tls_rapid_reset");
    run(async {
        let mut stream = connect(&backend, &pair, "h2").await.unwrap();
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
        for number in 0..20_000_u32 {
            let id = (2 * number + 1).to_be_bytes();
            // GET, https, and a path of the static table (RFC 7541, A): `/`, with the authority x.
            bytes.extend([&[0, 0, 6, 1, 5][..], &id, &[0x82, 0x87, 0x84, 0x01, 1, b'x']].concat());
            bytes.extend([&[0, 0, 4, 3, 0][..], &id, &[0, 0, 0, 8]].concat());
        }
        let _ = stream.write_all(&bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        // GOAWAY with ENHANCE_YOUR_CALM (RFC 9113, 6.8 and 7), unless the connection was reset before that was read.
        let calm = answer.windows(4).any(|bytes| bytes == [0, 0, 0, 11]);
        assert!(calm || answer.is_empty(), "{answer:?}");
        assert_eq!(Http2::connect(&backend, &pair).await.get("/info").await.status(), 200);
    });
}

#[test]
fn what_a_request_says_of_its_host_and_address_counts_as_over_http_1() {
    let world = World::new("tls_host");
    let pair = Pair::new(&world);
    let plan = BackendPlan::new(&world, NO_ISSUER);
    let backend = pair.of(&plan).start();
    let strangers = plan.without("CLUSTER_AUTH_DEV_USER").with("REGISTRATIONS_PER_MINUTE", "1");
    let behind = pair.of(&strangers.with("TRUSTED_PROXIES", "127.0.0.1/32")).start();
    run(async {
        let client = Http2::connect(&backend, &pair).await;
        let own = format!("https://{}", address(&backend));
        for (authority, host, origin, status) in [
            (address(&backend), "", own.as_str(), 200),
            (address(&backend), "evil.example", "", 200),
            ("evil.example", "", "", 403),
            ("evil.example", "localhost", "", 403),
            (address(&backend), "", "https://evil.example", 403),
            (address(&backend), "", &own.replace("https", "http"), 403),
        ] {
            let mut request = hyper::Request::get(format!("https://{authority}/api/cluster-auth/status"));
            for (name, value) in [("host", host), ("origin", origin)] {
                if !value.is_empty() {
                    request = request.header(name, value);
                }
            }
            let answer = client.send(request.body(nothing()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), status, "{authority} {host} {origin}");
        }
        let client = Http2::connect(&behind, &pair).await;
        for (address, status) in [("203.0.113.1", 401), ("203.0.113.2", 401), ("203.0.113.1", 429)] {
            let request = client.request("POST", "/register").header("x-forwarded-for", address);
            let answer = client.send(request.body(nothing()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), status, "{address}");
        }
    });
}

/// Also with the TLS settings of our own requests, which these are.
#[test]
fn a_client_that_comes_again_resumes_its_session() {
    let (_world, pair, backend) = started("tls_resumed");
    run(async {
        let tls = TlsConnector::from(outbound::trusting_only(&pair.certificate).unwrap());
        let mut begun = Vec::new();
        for _ in 0..3 {
            let stream = actix_web::rt::net::TcpStream::connect(address(&backend)).await.unwrap();
            let mut stream = tls.connect("127.0.0.1".try_into().unwrap(), stream).await.unwrap();
            let request = "GET /api/cluster-auth/info HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).await.unwrap();
            // What a session is resumed with comes before the answer.
            stream.read_to_end(&mut Vec::new()).await.unwrap();
            begun.extend(stream.get_ref().1.handshake_kind());
        }
        assert_eq!(begun, [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed]);
    });
}

#[test]
fn a_renewed_certificate_is_taken_without_a_restart() {
    let (_world, pair, backend) = started("tls_renewed");
    run(async {
        let before = Http2::connect(&backend, &pair).await;
        assert_eq!(before.get("/info").await.status(), 200);
        pair.renew();
        backend.process.wait_for_line("a file has changed: what it holds now is used");
        assert!(connect(&backend, &pair, "h2").await.is_some());
        assert_eq!(before.get("/info").await.status(), 200);
    });
}

#[test]
fn what_cannot_be_served_is_said_at_start_and_by_config_check() {
    let world = World::new("tls_refused");
    let pair = Pair::new(&world);
    let plan = BackendPlan::new(&world, NO_ISSUER);
    let checked = Ended::of(&mut pair.of(&plan).command(&["config", "check"]), &world);
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    assert!(
        checked.out.contains("https on 127.0.0.1:0") && checked.out.contains("valid until"),
        "{}",
        checked.out
    );
    std::fs::write(&pair.key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let cases = [
        (pair.of(&plan), 1, "TLS_KEY_FILE is not the key of the first certificate in TLS_CERT_FILE"),
        (pair.of(&plan).with("TLS_CERT_FILE", "/does/not/exist"), 1, "TLS_CERT_FILE cannot be read"),
        (pair.of(&plan).without("TLS_KEY_FILE"), 2, "TLS_CERT_FILE is set without TLS_KEY_FILE"),
        (pair.of(&plan).without("TLS_CERT_FILE"), 2, "TLS_KEY_FILE is set without TLS_CERT_FILE"),
    ];
    for (plan, code, sentence) in cases {
        for command in [&["config", "check"][..], &["backend"]] {
            let ended = Ended::of(&mut plan.command(command), &world);
            assert_eq!(ended.code, Some(code), "{command:?}: {}", ended.err);
            assert!(ended.err.contains(sentence), "{command:?}: {}", ended.err);
        }
    }
}
