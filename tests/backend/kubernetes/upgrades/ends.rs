//! What ends an upgraded connection beside its two sides: the end of the login, of the process, and of a side that vanished.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::super::streams::{next_event, open};
use super::super::{Connected, on_cluster};
use super::raw_api::RawApi;
use super::{SPDY, Scene, WAYS, WEBSOCKET, ask, fill, is_ended, read_head, read_to_end};
use crate::harness::peers::cluster::PODS;
use crate::harness::programs::backend::{Backend, SEALING_KEY};

/// What is promised, and what a busy machine needs beside it.
pub const WITHIN: Duration = Duration::from_secs(60 + 15);

#[test]
fn a_caller_that_gives_up_before_the_answer_ends_the_request() {
    let scene = Scene::new("upgrade_given_up");
    for way in WAYS {
        let caller = scene.ask(way, "early");
        let mut arrived = scene.api.next();
        drop(caller);
        assert_eq!(read_to_end(&mut arrived.connection), "");
    }
    scene.wait_until_open(0);
}

#[test]
fn a_side_that_breaks_off_ends_the_other() {
    let scene = Scene::new("upgrade_broken");
    for way in WAYS {
        let (mut caller, mut arrived) = scene.upgraded(way);
        // What waits to be read makes its end a reset.
        arrived.connection.write_all(b"unread").unwrap();
        read_one(&mut caller);
        drop(caller);
        assert!(is_ended(&mut arrived.connection));
        drop(arrived);
        let (mut caller, arrived) = scene.upgraded(way);
        drop(arrived);
        assert_eq!(read_to_end(&mut caller), "");
        drop(caller);
    }
    scene.wait_until_open(0);
}

fn read_one(connection: &mut TcpStream) {
    connection.read_exact(&mut [0]).unwrap();
}

#[test]
fn the_end_of_the_process_ends_it() {
    let mut scene = Scene::new("upgrade_stopping");
    let (mut caller, mut arrived) = scene.upgraded(SPDY);
    caller.set_read_timeout(Some(WITHIN)).unwrap();
    scene.backend.process.signal(Signal::SIGTERM);
    scene.backend.process.wait_for_line("stopping: requests under way may finish");
    // It may go on until then.
    caller.write_all(b"x").unwrap();
    read_one(&mut arrived.connection);
    let _ = caller.read_to_end(&mut Vec::new());
    scene.backend.process.wait_for_line("\"reason\":\"stopping\"");
    assert!(scene.backend.process.wait().success());
}

/// Waits for the end of a connection; what has come before is of no interest.
fn wait_for_end(connection: &mut impl Read, what: &str) {
    let begun = Instant::now();
    let _ = connection.read_to_end(&mut Vec::new());
    assert!(begun.elapsed() < WITHIN, "{what} ended too late, or not at all: {:?}", begun.elapsed());
}

/// A connection through this backend, upgraded.
fn upgraded(backend: &Backend, api: &RawApi) -> (TcpStream, super::Arrived) {
    let mut caller = ask(backend, WEBSOCKET.0, WEBSOCKET.1, "");
    let mut arrived = api.next();
    arrived.switches(WEBSOCKET.2, "");
    assert!(read_head(&mut caller).starts_with("HTTP/1.1 101 "));
    for end in [&caller, &arrived.connection] {
        end.set_read_timeout(Some(2 * WITHIN)).unwrap();
    }
    (caller, arrived)
}

/// Another replica, or a command where the settings are, ends the login.
#[test]
fn the_end_of_a_login_ends_its_streams_on_every_replica() {
    let here = on_cluster("upgrade_logged_out").with_redis();
    let api = RawApi::start();
    let plan = here.plan.clone().without("KUBERNETES_CA_FILE").with("KUBERNETES_API_URL", &api.url);
    let plan = plan.with("USER_TOKENS", "full").with("TOKEN_ENCRYPTION_KEYS", SEALING_KEY);
    let (first, of_first) = here.start_as(&plan);
    let of_mara =
        plan.clone().with("CLUSTER_AUTH_DEV_USER", "user:default/mara").with("IDENTITY_RULE", "any");
    let (second, of_second) = here.start_as(&of_mara);
    let (third, _) = here.start_as(&plan);
    of_first.log_in(&here.idp, "felix");
    of_second.log_in(&here.idp, "mara");
    let (mut felixs, mut at_api) = upgraded(&third, &api);
    let (mut maras, mut at_api_of_mara) = upgraded(&second, &api);
    assert_eq!(of_first.delete("/tokens").status, 200);
    // Logged in anew: the old streams end nevertheless.
    of_first.log_in(&here.idp, "felix");
    wait_for_end(&mut felixs, "the upgrade of a login that was ended at another replica");
    wait_for_end(&mut at_api.connection, "its connection to the API");
    third.process.wait_for_line("an answer that stayed open was ended");
    third.process.wait_for_line("\"reason\":\"logged_out\"");
    // Nothing of another user's.
    maras.write_all(b"x").unwrap();
    read_one(&mut at_api_of_mara.connection);
    let revoked = plan.command(&["admin", "revoke", "--user", "user:default/mara"]).output().unwrap();
    assert!(revoked.status.success(), "{}", String::from_utf8_lossy(&revoked.stderr));
    wait_for_end(&mut maras, "the upgrade of a login that an admin ended");
    drop((first, second));
}

/// The API may ignore the upgrade and answer without end, to a caller that reads nothing of it.
#[test]
fn the_end_of_a_login_ends_what_was_to_be_upgraded_and_was_not() {
    let scene = Scene::new("upgrade_ignored_logged_out");
    let mut caller = scene.ask(SPDY, "");
    let mut arrived = scene.api.next();
    arrived.answers("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n");
    assert!(read_head(&mut caller).starts_with("HTTP/1.1 200 OK\r\n"));
    fill(&mut arrived.connection);
    arrived.connection.set_read_timeout(Some(2 * WITHIN)).unwrap();
    assert_eq!(scene.connected.here.api(&scene.backend).delete("/tokens").status, 200);
    wait_for_end(&mut arrived.connection, "what a caller does not read");
    scene.backend.process.wait_for_line("\"reason\":\"logged_out\"");
    scene.wait_until_open(0);
}

#[test]
fn the_end_of_a_login_ends_its_watches() {
    let connected = Connected::new("watch_logged_out");
    let mut watch = open(&connected, &format!("{PODS}?watch=true"));
    assert_eq!(next_event(&mut watch), "ADDED web-0");
    assert_eq!(connected.api.delete("/tokens").status, 200);
    wait_for_end(&mut watch, "the watch of a login that was ended");
    connected.backend.process.wait_for_line("\"reason\":\"logged_out\"");
}
