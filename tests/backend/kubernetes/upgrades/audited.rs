//! What an upgraded connection leaves in the audit log.

use std::io::Write;

use serde_json::{Value, json};

use super::{Scene, WAYS, WEBSOCKET, read_exactly, read_head, read_to_end};

/// The proxy's audit line of this request with this outcome, once it is there.
fn line(scene: &Scene, id: &str, outcome: &str) -> Value {
    scene.backend.process.wait_for(&format!("{outcome} for {id}"), |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let is_it = line["target"] == "audit" && line["span"]["request_id"] == id;
        (is_it && line["message"] == "kubernetes" && line["outcome"] == outcome).then_some(line)
    })
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    ByApi,
    ByCaller,
    /// The API server resets it.
    Broken,
}

#[test]
fn an_upgrade_leaves_a_line_when_it_opens_and_one_that_says_who_closed_it() {
    let scene = Scene::new("upgrade_audited");
    for (method, asks, answers) in WAYS {
        for (end, reason) in
            [(End::ByApi, "ended_by_api"), (End::ByCaller, "caller_gone"), (End::Broken, "cut_short")]
        {
            let id = format!("{}-{end:?}", asks.len());
            let asks = format!("x-request-id: {id}\r\n{asks}");
            let (mut caller, mut arrived) = scene.upgraded((method, &asks, answers));
            let opened = line(&scene, &id, "opened");
            let verb = if method == "POST" { "create" } else { "get" };
            let expected = json!({ "user": "user:default/felix", "cluster": "dev", "verb": verb, "version": "v1", "namespace": "team-a", "resource": "pods", "subresource": "exec", "name": "web-0", "status": 101 });
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(&opened[field], value, "{field}: {opened}");
            }
            caller.write_all(b"typed").unwrap();
            match end {
                End::ByApi => {
                    read_exactly(&mut arrived.connection, 5);
                    drop(arrived);
                    assert_eq!(read_to_end(&mut caller), "");
                    drop(caller);
                }
                End::ByCaller => {
                    read_exactly(&mut arrived.connection, 5);
                    drop(caller);
                    assert_eq!(read_to_end(&mut arrived.connection), "");
                    drop(arrived);
                }
                End::Broken => {
                    // What is not read makes its end a reset.
                    read_exactly(&mut arrived.connection, 1);
                    drop(arrived);
                    assert_eq!(read_to_end(&mut caller), "");
                    drop(caller);
                }
            }
            let closed = line(&scene, &id, "closed");
            assert_eq!((&closed["reason"], closed["seconds"].is_u64()), (&json!(reason), true), "{closed}");
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(&closed[field], value, "{field}: {closed}");
            }
        }
    }
    for audited in scene.backend.process.printed().lines().filter(|line| line.contains("\"kubernetes\"")) {
        assert!(!audited.contains("command") && !audited.contains("typed"), "{audited}");
    }
}

#[test]
fn an_upgrade_that_is_refused_leaves_one_line_like_any_request() {
    let scene = Scene::new("upgrade_refused_audited");
    let asks = format!("x-request-id: there\r\n{}", WEBSOCKET.1);
    let mut caller = scene.ask((WEBSOCKET.0, &asks, ""), "");
    scene.api.next().answers("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    assert!(read_head(&mut caller).starts_with("HTTP/1.1 403 "));
    let said = line(&scene, "there", "answered");
    assert_eq!((&said["status"], &said["subresource"]), (&json!(403), &json!("exec")), "{said}");
    let asks = format!("x-request-id: here\r\ncontent-length: 1\r\n{}", WEBSOCKET.1);
    let mut caller = scene.ask((WEBSOCKET.0, &asks, ""), "x");
    assert!(read_head(&mut caller).starts_with("HTTP/1.1 400 "));
    assert_eq!(line(&scene, "here", "bad_request")["status"], 400);
    assert!(!scene.backend.process.printed().contains("\"opened\""));
}
