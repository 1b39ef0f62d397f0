//! The login role's exit codes and the sentences they come with. 0 and 1 are seen in `in_browser`, too.

use std::net::TcpListener;

use nix::sys::signal::Signal;

use crate::harness::deployment::Deployment;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::world::{World, free_port};

#[test]
fn a_wrong_flag_or_setting_ends_with_code_2() {
    let world = World::new("exit_usage");
    let nowhere = || HelperPlan::new(&world, "http://localhost:1");
    let session = "s".repeat(43);
    let time = nowhere().with("LOGIN_TIMEOUT", "soon");
    Ending::of(&mut time.launch()).assert(2, &["LOGIN_TIMEOUT"]);
    let token = nowhere().with("BACKSTAGE_SESSION_TOKEN", "too.short");
    Ending::of(&mut token.launch()).assert(2, &["BACKSTAGE_TOKEN"]);
    let plain_http = HelperPlan::new(&world, "http://backstage.example");
    Ending::of(&mut plain_http.launch()).assert(2, &["BACKSTAGE_URL", "https"]);
    // No flag answers a question ahead of time.
    for unknown in ["--such-a-flag", "--yes", "-y"] {
        let plan = nowhere().argument(unknown).with("BACKSTAGE_SESSION_TOKEN", &session);
        let flag = Ending::of(&mut plan.launch());
        assert_eq!(flag.code, Some(2), "{}", flag.said);
        assert!(flag.said.contains(unknown), "{}", flag.said);
    }
}

#[test]
fn a_port_that_is_taken_names_the_program_that_has_it() {
    let world = World::new("exit_port_taken");
    for address in ["127.0.0.1:8000", "[::1]:8000"] {
        let _taken = TcpListener::bind(address).unwrap();
        let process = format!("(process {})", std::process::id());
        let mut helper = HelperPlan::new(&world, "http://localhost:1").launch();
        Ending::of(&mut helper).assert(3, &["Port 8000 is taken by", &process, "stop that program"]);
    }
}

#[test]
fn a_backend_that_cannot_be_reached_ends_with_code_5() {
    let world = World::new("exit_unreachable");
    let nowhere = format!("http://localhost:{}", free_port());
    let mut helper = HelperPlan::new(&world, &nowhere).launch();
    Ending::of(&mut helper)
        .assert(5, &["There is no backend to be reached at", &nowhere, "check BACKSTAGE_URL"]);
}

#[test]
fn a_time_out_an_interruption_and_a_refusal_have_their_own_codes() {
    let here = Deployment::new("exit_others");
    let backend = here.plan.start();
    let mut late = here.helper(&backend).with("LOGIN_TIMEOUT", "1s").start();
    late.end().assert(4, &["The login was not finished within 1s"]);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut interrupted = here.helper(&backend).start();
        interrupted.process.signal(signal);
        interrupted.end().assert(130, &["Interrupted before the login was done"]);
    }
    let unknown = here.helper(&backend).with("CLUSTER", "elsewhere");
    Ending::of(&mut unknown.launch()).assert(1, &["unknown_cluster"]);
}
