//! Ctrl-C, and every other signal that ends a login: the session in Backstage ends, too, and nothing waits for it.

use std::net::TcpListener;

use nix::sys::signal::Signal;

use super::Parts;
use crate::harness::clients::api::Session;

/// The state of a session, and why it failed.
fn state_of(parts: &Parts, session: &Session) -> (String, String) {
    let answer = parts.here.api(&parts.backend).session(session).json;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    (text(&answer["status"]), text(&answer["error"]["code"]))
}

fn cancelled() -> (String, String) {
    ("failed".to_owned(), "cancelled".to_owned())
}

#[test]
fn ctrl_c_and_every_signal_to_stop_cancel_the_session_that_backstage_began() {
    let parts = Parts::start("interrupted_cancels");
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let session = parts.session();
        let mut helper = parts.plan(&session).start_at_terminal("");
        helper.process.signal(signal);
        let words = ["Interrupted before the login was done, and cancelled: begin a new one in Backstage"];
        helper.end().assert(130, &words);
        assert_eq!(state_of(&parts, &session), cancelled(), "{signal}");
    }
}

#[test]
fn a_session_that_the_command_has_begun_itself_is_cancelled_too() {
    let parts = Parts::start("interrupted_own");
    let mut helper = parts.here.helper(&parts.backend).with("DISPLAY", ":0").start_at_terminal("");
    helper.process.wait_for_line("paste that page's address here");
    helper.process.type_keys("\x03");
    helper.end().assert(130, &["Interrupted before the login was done: run this again"]);
    parts.backend.process.wait_for_line("\"outcome\":\"cancelled\"");
}

#[test]
fn a_backend_that_hangs_or_is_away_delays_nothing_and_the_sentence_says_so() {
    let mut parts = Parts::start("interrupted_away");
    let words = ["which the backend could not be told", "cancel it in Backstage, and begin a new one there"];
    let session = parts.session();
    let mut helper = parts.plan(&session).start_at_terminal("");
    parts.backend.process.freeze();
    helper.process.type_keys("\x03");
    helper.end().assert(130, &words);
    parts.backend.process.resume();
    let session = parts.session();
    let mut helper = parts.plan(&session).start_at_terminal("");
    parts.backend.process.kill();
    helper.process.type_keys("\x03");
    helper.end().assert(130, &words);
}

#[test]
fn a_second_ctrl_c_waits_for_no_answer() {
    let parts = Parts::start("interrupted_twice");
    let session = parts.session();
    let mut helper = parts.plan(&session).start_at_terminal("");
    parts.backend.process.freeze();
    helper.process.type_keys("\x03\x03");
    helper.end().assert(130, &["Interrupted before the login was done"]);
    parts.backend.process.resume();
    // The port is free again.
    drop(TcpListener::bind("127.0.0.1:8000").unwrap());
}

#[test]
fn a_login_whose_code_is_being_redeemed_is_not_cancelled() {
    let parts = Parts::start("interrupted_exchange");
    let mut helper = parts.here.helper(&parts.backend).with("SSH_CONNECTION", "203.0.113.7 5 192.0.2.10 22");
    helper = helper.with("LOGNAME", "felix");
    let mut helper = helper.start_at_terminal("");
    let shown = helper.process.wait_for("the address", |line| {
        line.strip_prefix("  ").filter(|line| line.contains("code_challenge=")).map(str::to_owned)
    });
    let ends = parts.here.idp.log_in(&shown, "felix");
    parts.here.idp.hold_token("before");
    helper.process.type_line(&ends);
    parts.here.idp.wait_held();
    helper.process.type_keys("\x03");
    helper.end().assert(130, &["Interrupted before the login was done: run this again"]);
    parts.here.idp.release();
    parts.backend.process.wait_for_line("\"outcome\":\"complete\"");
    assert_eq!(parts.here.api(&parts.backend).cluster_status()["connected"], true);
    let log = parts.backend.process.printed();
    assert!(!log.contains("\"method\":\"DELETE\""), "{log}");
}
