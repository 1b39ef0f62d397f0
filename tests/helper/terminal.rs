//! The terminal: what is on its screen, what a script gets instead, and how a login ends there. Here: standard input is read only where
//! a person types, not in a script, not in a loop, not in the background.

mod completions;
mod countdown;
mod interrupted;
mod json;
mod opened;
mod same_sentence;
mod sessions;

use std::process::{Command, Stdio};

use crate::harness::clients::api::Session;
use crate::harness::deployment::Deployment;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::programs::proxy_program::Visitor;
use crate::harness::world::World;

const HELPER: &str = "http://localhost:8000";

struct Parts {
    here: Deployment,
    backend: Backend,
}

impl Parts {
    fn start(test: &str) -> Self {
        let here = Deployment::new(test);
        let backend = here.plan.start();
        Self { here, backend }
    }

    fn session(&self) -> Session {
        self.here.api(&self.backend).register()
    }

    /// A login that would read lines, if any were its own.
    fn plan(&self, session: &Session) -> HelperPlan {
        self.here.helper(&self.backend).with("BACKSTAGE_SESSION_TOKEN", &session.token)
    }
}

/// What a shell prints that runs the script with these lines as its standard input.
fn run_with_input(plan: HelperPlan, script: &str, lines: &str, world: &World) -> String {
    let input = world.file("input");
    std::fs::write(&input, lines).unwrap();
    let mut shell: Command = plan.in_shell(script).into_command();
    let out = shell.stdin(Stdio::from(std::fs::File::open(input).unwrap())).output().unwrap();
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
fn a_loop_keeps_its_lines_and_a_script_its_rest() {
    let parts = Parts::start("terminal_loop");
    let plan = || parts.plan(&parts.session()).with("LOGIN_TIMEOUT", "1s");
    let script = "while read line; do echo \"got $line\"; helper; done";
    assert_eq!(run_with_input(plan(), script, "one\ntwo\n", &parts.here.world), "got one\ngot two\n");
    let script = "read line; echo \"$line\"; helper; cat";
    assert_eq!(run_with_input(plan(), script, "one\ntwo\nthree\n", &parts.here.world), "one\ntwo\nthree\n");
}

#[test]
fn a_background_job_is_not_stopped_and_leaves_the_terminal_to_the_shell() {
    let parts = Parts::start("terminal_background");
    let session = parts.session();
    let plan = parts.plan(&session).with("LOGIN_TIMEOUT", "1m");
    let script = "set -m; helper & wait $!; echo \"ended with $?\"; read line; echo \"the shell got $line\"";
    let mut shell = plan.in_shell(script).start_at_terminal("");
    shell.process.type_line("a line for the shell");
    let mut visitor = Visitor::new(&parts.here.world, HELPER);
    let auth_url = visitor.press_button(shell.link.strip_prefix(HELPER).unwrap());
    assert_eq!(auth_url, session.auth_url);
    let redirect = parts.here.idp.log_in(&auth_url, "felix");
    assert_eq!(visitor.come_back_for_good(&redirect), "success");
    shell.process.wait_for_line("ended with 0");
    shell.process.wait_for_line("the shell got a line for the shell");
    let printed = shell.process.printed();
    assert!(
        printed.contains("press the button on the helper's page.") && !printed.contains("ype: "),
        "{printed}"
    );
}

#[test]
fn a_job_that_comes_to_the_foreground_reads_from_then_on() {
    let parts = Parts::start("terminal_foreground");
    let session = parts.session();
    let plan = parts.plan(&session).with("LOGIN_TIMEOUT", "1m");
    let mut shell =
        plan.in_shell("set -m; helper & read line; fg %1; echo \"ended with $?\"").start_at_terminal("");
    let mut visitor = Visitor::new(&parts.here.world, HELPER);
    let auth_url = visitor.press_button(shell.link.strip_prefix(HELPER).unwrap());
    let redirect = parts.here.idp.log_in(&auth_url, "felix");
    shell.process.type_line("for the shell");
    shell.process.type_line(&redirect);
    shell.process.wait_for_line("ended with 0");
}
