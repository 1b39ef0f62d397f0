//! What becomes of the API server's answer to an upgrade.

use super::{SPDY, Scene, WAYS, WEBSOCKET, is_ended, read_head, read_to_end};

#[test]
fn a_switch_that_was_not_asked_for_is_not_made() {
    let scene = Scene::new("upgrade_misfits");
    let websocket = "connection: Upgrade\r\nupgrade: websocket\r\n";
    let accept = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    let chosen = |name: &str| format!("{websocket}{accept}sec-websocket-protocol: {name}\r\n");
    for (way, answer) in [
        (WEBSOCKET, String::new()),
        (WEBSOCKET, SPDY.2.to_owned()),
        (WEBSOCKET, websocket.to_owned()),
        (WEBSOCKET, format!("upgrade: websocket\r\n{accept}")),
        (WEBSOCKET, format!("{websocket}upgrade: h2c\r\n{accept}")),
        (WEBSOCKET, chosen("v3.channel.k8s.io")),
        (WEBSOCKET, chosen("v5.channel.k8s.io, v4.channel.k8s.io")),
        (WEBSOCKET, chosen("base64url.bearer.authorization.k8s.io.dG9rZW4")),
        (SPDY, String::new()),
        (SPDY, WEBSOCKET.2.to_owned()),
        (SPDY, "connection: upgrade\r\nupgrade: SPDY/3.1, websocket\r\n".to_owned()),
        (SPDY, "connection: close\r\nupgrade: SPDY/3.1\r\n".to_owned()),
    ] {
        let mut caller = scene.ask(way, "");
        let mut arrived = scene.api.next();
        arrived.switches(&answer, "hidden");
        let told = read_to_end(&mut caller);
        assert!(told.starts_with("HTTP/1.1 502 ") && told.contains("cluster_unreachable"), "{answer}{told}");
        assert!(!told.contains("hidden"), "{told}");
        // Nothing is left open there.
        assert!(is_ended(&mut arrived.connection), "{answer}");
    }
    scene.wait_until_open(0);
}

#[test]
fn a_switch_is_as_harmless_in_a_browser_as_any_answer() {
    let scene = Scene::new("upgrade_answer_headers");
    for way in WAYS {
        let mut caller = scene.ask(way, "");
        let more = "set-cookie: a=b\r\nclear-site-data: \"*\"\r\nstrict-transport-security: max-age=1\r\n\
            access-control-allow-origin: *\r\nkeep-alive: timeout=1\r\nwarning: 299 - \"kept\"\r\n";
        scene.api.next().switches(&format!("{}{more}", way.2), "");
        let head = read_head(&mut caller);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        for name in
            ["set-cookie", "clear-site-data", "strict-transport-security", "access-control", "keep-alive"]
        {
            assert!(!head.contains(name), "{name}: {head}");
        }
        for line in
            ["warning: 299 - \"kept\"", "x-content-type-options: nosniff", "content-security-policy: sandbox"]
        {
            assert!(head.contains(&format!("\r\n{line}\r\n")), "{line}: {head}");
        }
        assert!(head.contains("\r\nx-request-id: "), "{head}");
        assert_eq!(head.matches("\r\nconnection: ").count(), 1, "{head}");
        assert_eq!(head.matches("\r\nupgrade: ").count(), 1, "{head}");
    }
}

#[test]
fn an_ordinary_answer_passes_and_ends_the_connection() {
    let scene = Scene::new("upgrade_ordinary_answer");
    let status = "{\"kind\":\"Status\",\"message\":\"pods \\\"web-0\\\" is forbidden\"}";
    for way in WAYS {
        let mut caller = scene.ask(way, "GET /api/cluster-auth/info HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let mut arrived = scene.api.next();
        let length = status.len();
        arrived.answers(&format!("HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{status}"));
        let answer = read_to_end(&mut caller);
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{status}")), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n") && !answer.contains("\r\nupgrade:"), "{answer}");
        // What came behind the request did not arrive.
        assert_eq!(read_to_end(&mut arrived.connection), "");
    }
    scene.wait_until_open(0);
}
