//! What libraries say through the `log` crate: their warnings are in the log, under their names, and never what they print at
//! `debug` and `trace`, which is headers, commands and bodies.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::harness::deployment::Deployment;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::{World, free_port};

/// A TLS record with a `ServerHelloDone`, where a client waits for a `ServerHello` (RFC 8446, 5.1): rustls warns of it.
const OUT_OF_TURN: [u8; 9] = [22, 3, 3, 0, 4, 14, 0, 0, 0];

/// A server that has its handshakes wrong, until the test ends.
fn serve_out_of_turn(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(&OUT_OF_TURN);
            // The side that hangs up first might lose the record.
            let _ = client.read_to_end(&mut Vec::new());
        }
    });
}

/// The events of a library in what it printed.
fn events_of(backend: &Backend, library: &str) -> Vec<Value> {
    let printed = backend.process.printed();
    let events = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events
        .filter(|event| event["target"].as_str().is_some_and(|target| target.starts_with(library)))
        .collect()
}

#[test]
fn a_warning_of_rustls_is_in_the_log_unless_it_is_asked_to_be_silent() {
    let world = World::new("library_logs_warning");
    let port = free_port();
    serve_out_of_turn(port);
    for (filter, expected) in [("info", true), ("trace", true), ("error", false)] {
        let plan = BackendPlan::new(&world, &format!("https://127.0.0.1:{port}/"));
        // A line of our own that is there whatever is asked for tells when it listens.
        let filter = format!("{filter},backstage_oidc_helper=info");
        let backend = plan.with("RUST_LOG", &filter).start();
        let answer = backend.api(&world).post("/register", &json!({}));
        assert_eq!((answer.status, answer.code()), (502, "idp_unreachable"), "{}", answer.text);
        if expected {
            backend.process.wait_for_line("\"target\":\"rustls");
        }
        let events = events_of(&backend, "rustls");
        assert!(expected || events.is_empty(), "{filter}: {events:?}");
        assert!(events.iter().all(|event| event["level"] == "WARN"), "{filter}: {events:?}");
        assert!(events.iter().all(|event| event["log.file"].is_null()), "a path of the build: {events:?}");
    }
}

#[test]
fn no_library_is_louder_than_that_whatever_is_asked_for() {
    let here = Deployment::new("library_logs_quiet").with_redis();
    let loud = "trace,hyper=trace,actix_http=trace,actix_web=trace,redis=trace,rustls=trace,h2=trace,mio=trace,log=trace";
    let (backend, api) = here.start_as(&here.plan.clone().with("RUST_LOG", loud));
    api.log_in(&here.idp, "felix");
    assert_eq!(api.cluster_status()["connected"], true);
    let printed = backend.process.printed();
    let secrets = here.world.ledger.entries();
    assert!(secrets.len() > 5, "{} secrets passed through", secrets.len());
    for secret in secrets {
        assert!(
            !printed.contains(secret["value"].as_str().unwrap()),
            "a secret was printed: {}",
            secret["kind"]
        );
    }
    for library in ["hyper", "actix", "redis", "rustls", "h2", "mio", "log"] {
        let loud: Vec<Value> = events_of(&backend, library)
            .into_iter()
            .filter(|event| event["level"] != "WARN" && event["level"] != "ERROR")
            .collect();
        assert!(loud.is_empty(), "{loud:?}");
    }
    assert!(
        printed.contains("\"level\":\"TRACE\"") || printed.contains("\"level\":\"DEBUG\""),
        "nothing of ours at trace"
    );
}
