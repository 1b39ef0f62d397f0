//! What kubectl runs: the credential plugin, beside a real Backstage.

mod asked;
mod contexts;
mod hours;
mod import;
mod one_tab;
mod printed;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::sign_in::Installation;
use crate::harness::clients::raw_http;
use crate::harness::peers::backstage::SignedIn;
use crate::harness::process::Process;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::world::World;

/// What kubectl 1.22 and later say where their user is at a terminal.
const AT_TERMINAL: &str =
    r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":true}}"#;
/// And where not.
const NO_TERMINAL: &str = r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"interactive":false}}"#;

/// A browser that opens nothing and writes down what it was to open.
struct Tabs(PathBuf);

impl Tabs {
    fn new(world: &World) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let program = world.home.path().join("browser");
        std::fs::write(&program, "#!/bin/sh\necho \"$1\" >>\"$0.tabs\"\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        Self(program)
    }

    fn program(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn opened(&self) -> Vec<String> {
        let tabs = std::fs::read_to_string(self.0.with_extension("tabs")).unwrap_or_default();
        tabs.lines().map(str::to_owned).collect()
    }
}

/// A running `get-token`; what it prints for kubectl is a secret, and goes to a file of the user's.
struct Run {
    process: Process,
    out: PathBuf,
}

impl Run {
    /// Starts it as kubectl does.
    fn start(plan: HelperPlan, world: &World, exec_info: &str) -> Self {
        let out = tempfile::Builder::new().tempfile_in(world.home.path()).unwrap().into_temp_path();
        let out = out.keep().unwrap();
        let asked = plan.with("KUBERNETES_EXEC_INFO", exec_info).with("RUST_LOG", "warn").into_command();
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" >\"$OUT\"", "sh"]).arg(asked.get_program()).args(asked.get_args());
        command.env_clear().envs(asked.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("OUT", &out);
        Self { process: Process::start("get-token", &mut command, world.file("get-token.log")), out }
    }

    /// The link that it prints.
    fn link(&self) -> String {
        self.process.wait_for("its link", |line| line.strip_prefix("Open ").map(str::to_owned))
    }

    fn end(&mut self) -> (Ending, String) {
        let ending = Ending::of(&mut self.process);
        (ending, std::fs::read_to_string(&self.out).unwrap())
    }

    /// Waits for its end, and asserts that it failed with that sentence and printed nothing for kubectl.
    fn fails(&mut self, code: i32, words: &[&str]) -> String {
        let (ending, out) = self.end();
        ending.assert(code, words);
        assert_eq!(out, "");
        ending.said
    }

    /// Waits for its end: what kubectl reads.
    fn credential(&mut self) -> Value {
        let (ending, out) = self.end();
        assert_eq!(ending.code, Some(0), "{}", ending.said);
        assert_eq!(out.lines().count(), 1);
        serde_json::from_str(&out).unwrap()
    }
}

impl Installation {
    fn get_token(&self) -> HelperPlan {
        HelperPlan::of_command(&self.world, "get-token", &self.ingress.url)
    }

    fn run_get_token(&self, plan: HelperPlan, exec_info: &str) -> Run {
        Run::start(plan, &self.world, exec_info)
    }

    /// Signs in and approves in the tab, as a browser does: the last page.
    fn answer_tab(&self, link: &str, who: &SignedIn) -> String {
        let (origin, path) = parts(link);
        let answer = get(origin, path, "");
        let header = |name: &str| {
            let value = answer.lines().find_map(|line| line.strip_prefix(name));
            value.unwrap_or_else(|| panic!("no {name} in: {answer}")).to_owned()
        };
        let cookie = header("set-cookie: ").split(';').next().unwrap().to_owned();
        self.world.ledger.note("state_cookie", cookie.split_once('=').unwrap().1);
        let callback = self.backstage.consent(&self.world, &header("location: "), who, "approve");
        let (redirected, path) = parts(&callback);
        assert_eq!(redirected, origin);
        get(redirected, path, &cookie)
    }
}

/// `http://localhost:18000`, and the rest.
fn parts(address: &str) -> (&str, &str) {
    address.split_at(address.match_indices('/').nth(2).unwrap().0)
}

fn get(origin: &str, path: &str, cookie: &str) -> String {
    let host = origin.strip_prefix("http://").unwrap();
    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{cookie}Connection: close\r\n\r\n");
    raw_http::send(&origin.replace("localhost", "127.0.0.1"), &request)
}
