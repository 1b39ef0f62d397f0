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
    Ending::of(&mut helper).assert(
        5,
        &["There is no backend to be reached at", &nowhere, "check that address (--backend, BACKSTAGE_URL)"],
    );
}

/// What most people meet first: they have typed no address yet.
#[test]
fn without_an_address_it_says_how_to_name_one() {
    let world = World::new("exit_nowhere");
    for (name, flag) in [("login", "--no-browser"), ("status", "--output=text"), ("logout", "--all")] {
        let ending = Ending::of(&mut HelperPlan::without_backend(&world, name).argument(flag).launch());
        let advice = ["at http://localhost:7007 ", "name your Backstage with --backend or BACKSTAGE_URL."];
        ending.assert(5, &advice);
    }
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
    let unknown = here.helper(&backend).with("BACKSTAGE_SESSION_TOKEN", &"s".repeat(43));
    Ending::of(&mut unknown.launch()).assert(1, &["The backend does not know this session"]);
}

#[test]
fn the_help_shows_the_first_steps_and_both_names_of_the_flag_for_the_backend() {
    let world = World::new("exit_help");
    let help = |name| Ending::of(&mut HelperPlan::without_backend(&world, name).argument("--help").launch());
    for name in ["login", "status", "logout", "proxy", "backend"] {
        let said = help(name).said;
        assert!(said.contains("--backend <URL>") && said.contains("[alias: --backstage]"), "{name}: {said}");
    }
    let first = Ending::of(&mut HelperPlan::without_backend(&world, "help").launch());
    let steps = "backstage-oidc-helper login --backend https://backstage.example.com";
    assert!(first.code == Some(0) && first.said.contains(steps), "{}", first.said);
}

#[test]
fn a_session_that_was_cancelled_before_the_command_ran_says_so_and_what_to_do() {
    let here = Deployment::with_hostile_idp("exit_cancelled");
    let (backend, api) = here.start();
    let session = api.register();
    assert_eq!(api.with_bearer(&session.token).delete("/session").status, 200);
    let helper = here.helper(&backend).with("BACKSTAGE_SESSION_TOKEN", &session.token);
    let words = ["This login was cancelled: begin a new one in Backstage", "(cancelled)"];
    Ending::of(&mut helper.launch()).assert(1, &words);
}

#[test]
fn a_command_ends_when_its_session_is_cancelled_in_backstage_and_the_port_is_free_again() {
    let here = Deployment::with_hostile_idp("exit_cancelled_meanwhile");
    let (backend, api) = here.start();
    for _ in 0..2 {
        let session = api.register();
        let mut helper = here.helper(&backend).with("BACKSTAGE_SESSION_TOKEN", &session.token).start();
        helper.process.wait_for_line("Waiting up to");
        assert_eq!(api.with_bearer(&session.token).delete("/session").status, 200);
        helper.end().assert(1, &["This login was cancelled: begin a new one in Backstage", "(cancelled)"]);
    }
}
