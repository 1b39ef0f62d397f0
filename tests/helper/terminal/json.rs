//! `login --output json`: one object on standard output, however the login ends, and the lines for people beside it.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::{HELPER, Parts};
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::programs::proxy_program::Visitor;

/// A run with its two streams apart.
struct Run {
    code: Option<i32>,
    object: Value,
    said: String,
}

impl Run {
    fn of(plan: HelperPlan) -> Self {
        Self::ended(plan.argument("--output=json").into_command().output().unwrap())
    }

    fn ended(out: std::process::Output) -> Self {
        let stdout = String::from_utf8(out.stdout).unwrap();
        assert_eq!(stdout.matches('\n').count(), 1, "{stdout}");
        let said = String::from_utf8(out.stderr).unwrap();
        let said = said.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>().join("\n");
        Self { code: out.status.code(), object: serde_json::from_str(&stdout).unwrap(), said }
    }

    fn assert_failed(&self, exit_code: i32, code: &str) {
        let sentence = self.said.lines().last().unwrap();
        let expected = json!({
            "status": "failed", "error": { "code": code, "message": sentence }, "exitCode": exit_code,
        });
        assert_eq!((self.code, &self.object), (Some(exit_code), &expected));
    }
}

#[test]
fn a_login_that_succeeds_gives_the_documented_fields_and_no_secret() {
    let parts = Parts::start("json_connected");
    let browser = parts.here.world.file("browser");
    std::fs::write(&browser, "#!/bin/sh\nprintf '%s\\n' \"$1\" >\"$0.opened\"\n").unwrap();
    let made = std::process::Command::new("chmod").arg("+x").arg(&browser).status().unwrap();
    assert!(made.success());
    let plan = parts.here.helper(&parts.backend).argument("--output=json");
    let mut command = plan.into_command();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let link = loop {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
        if let Some(link) = line.strip_prefix("Open ") {
            break link.trim().to_owned();
        }
    };
    let mut visitor = Visitor::new(&parts.here.world, HELPER);
    let sent = visitor.get(link.strip_prefix(HELPER).unwrap());
    visitor.keep_cookie(&sent);
    let redirect = parts.here.idp.log_in(sent.header("location").unwrap(), "felix");
    let rest = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap());
    assert_eq!(visitor.come_back_for_good(&redirect), "success");
    let run = Run::ended(child.wait_with_output().unwrap());
    assert!(rest.join().unwrap().contains("Connected: user:default/felix"));
    let status = parts.here.api(&parts.backend).cluster_status();
    let expected = json!({
        "status": "connected", "backend": parts.backend.url, "user": "user:default/felix", "cluster": "dev",
        "subject": status["subject"], "email": status["email"], "expiresAt": status["expiresAt"], "refreshable": true,
    });
    assert_eq!((run.code, run.object), (Some(0), expected));
}

#[test]
fn each_failure_has_its_code_its_sentence_and_its_exit_code() {
    let parts = Parts::start("json_failed");
    let plan = || parts.here.helper(&parts.backend);
    Run::of(plan().with("LOGIN_TIMEOUT", "soon")).assert_failed(2, "settings");
    let nowhere = HelperPlan::new(&parts.here.world, "http://localhost:1");
    Run::of(nowhere).assert_failed(5, "backend_unreachable");
    Run::of(plan().with("LOGIN_TIMEOUT", "1s")).assert_failed(4, "timed_out");
    let unknown = plan().with("BACKSTAGE_SESSION_TOKEN", &"s".repeat(43));
    Run::of(unknown).assert_failed(1, "session_unknown");
    let session = parts.session();
    let api = parts.here.api(&parts.backend);
    assert_eq!(api.with_bearer(&session.token).delete("/session").status, 200);
    Run::of(parts.plan(&session)).assert_failed(1, "cancelled");
    let taken = std::net::TcpListener::bind("127.0.0.1:8000").unwrap();
    Run::of(plan()).assert_failed(3, "port_taken");
    drop(taken);
}

#[test]
fn an_interruption_gives_its_object_too() {
    let parts = Parts::start("json_interrupted");
    let mut command = parts.here.helper(&parts.backend).argument("--output=json").into_command();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("Open ") {
        line.clear();
        std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    }
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let rest = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap());
    let out = child.wait_with_output().unwrap();
    let object: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), &object["exitCode"]), (Some(130), &json!(130)));
    assert_eq!(object["error"]["code"], "interrupted");
    assert!(rest.join().unwrap().contains("Interrupted before the login was done"));
}
