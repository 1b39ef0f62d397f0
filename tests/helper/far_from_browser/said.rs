//! What is said, and to whom.

use std::path::Path;

use super::{NEVER_SEND, Parts};
use crate::harness::clients::api::Session;
use crate::harness::deployment::Deployment;
use crate::harness::programs::helper_program::Ending;

fn ended(parts: &Parts, variables: &[(&str, &str)]) -> String {
    let plan = variables.iter().fold(parts.plan(), |plan, (name, value)| plan.with(name, value));
    Ending::of(&mut plan.with("LOGIN_TIMEOUT", "1ms").launch()).said
}

#[test]
fn every_place_says_once_how_the_link_is_reached_from_there() {
    let parts = Parts::start("far_said");
    let over_ssh = [("SSH_CONNECTION", "203.0.113.7 50000 192.0.2.10 22"), ("LOGNAME", "felix")];
    let on_desk = ("DISPLAY", ":0");
    let in_container = ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists());
    let here = if in_container { "This is a container" } else { "There is no display here" };
    for (variables, line) in [
        (&over_ssh[..], "\n  ssh -L 8000:localhost:8000 felix@192.0.2.10\n"),
        (&[("VSCODE_IPC_HOOK_CLI", "/x")], "Your editor forwards ports"),
        (&[("CODESPACES", "true")], "\n  gh codespace ports forward 8000:8000\n"),
        (&[("WSL_DISTRO_NAME", "Debian")], "Windows forwards localhost to WSL"),
        (&[("IN_CONTAINER", "true"), ("LISTEN", "127.0.0.1:8000")], "-p 127.0.0.1:8000:8000"),
        (&[], here),
    ] {
        let said = ended(&parts, variables);
        assert_eq!(said.matches(line).count(), 1, "{line} is not once in: {said}");
    }
    let said = ended(&parts, &[on_desk]);
    assert!(!said.contains("ssh -L") && !said.contains("no display"), "{said}");
}

#[test]
fn an_address_to_log_in_at_is_shown_to_a_person_at_a_terminal_and_to_none_else() {
    let parts = Parts::start("far_unattended");
    let said = ended(&parts, &[]);
    assert!(said.contains("Waiting up to 1") || said.contains("Waiting up to 0"), "{said}");
    assert!(!said.contains("code_challenge") && !said.contains(NEVER_SEND), "{said}");
    // With a screen, the browser is here.
    let mut helper = parts.plan().with("DISPLAY", ":0").with("LOGIN_TIMEOUT", "1s").launch_at_terminal("");
    let said = Ending::of(&mut helper).said;
    assert!(said.contains("paste that page's address here"), "{said}");
    assert!(!said.contains("code_challenge") && !said.contains(NEVER_SEND), "{said}");
}

#[test]
fn it_is_not_shown_before_the_account_is_confirmed() {
    let parts = Parts::start("far_unconfirmed");
    let Session { token, auth_url, .. } = parts.api.register();
    let helper = parts.plan().with("BACKSTAGE_SESSION_TOKEN", &token);
    let mut helper = helper.start_at_terminal("");
    let words = helper.process.wait_for_words(&[]);
    helper.process.type_line(&words);
    let shown = super::shown_address(&helper.process);
    assert_eq!(shown, auth_url);
    let printed = helper.process.printed();
    let (before, _) = printed.split_once("the account was confirmed in the terminal").unwrap();
    assert!(!before.contains("code_challenge"), "{before}");
    helper.process.type_line(&parts.log_in(&shown));
    helper.end().assert(0, &["Connected", "user:default/felix"]);
}

#[test]
fn where_any_person_would_be_accepted_nothing_is_shown_and_nothing_taken_back() {
    let parts = Parts::of(Deployment::new("far_any").with("IDENTITY_RULE", "any"));
    let Session { token, auth_url, .. } = parts.api.register();
    let helper = parts.plan().with("BACKSTAGE_SESSION_TOKEN", &token);
    let mut helper = helper.start_at_terminal("");
    let words = helper.process.wait_for_words(&[]);
    helper.process.type_line(&words);
    helper.process.wait_for_line("no address is taken back here");
    let redirect = parts.here.idp.log_in(&auth_url, "mara");
    helper.process.type_line(&redirect);
    // The browser's own callback counts, as ever.
    let mut visitor =
        crate::harness::programs::proxy_program::Visitor::new(&parts.here.world, "http://localhost:8000");
    let sent_to = visitor.get(helper.link.strip_prefix("http://localhost:8000").unwrap());
    visitor.keep_cookie(&sent_to);
    let printed = helper.process.printed();
    assert!(!printed.contains("code_challenge") && !printed.contains("The login came back"), "{printed}");
    assert_eq!(visitor.come_back(&redirect), "success");
    helper.end().assert(0, &["Connected", "user:default/felix"]);
}

#[test]
fn the_time_to_wait_is_that_of_the_session_where_it_ends_first() {
    let parts = Parts::start("far_time");
    let mut helper = parts.plan().with("LOGIN_TIMEOUT", "10m").start();
    let said = helper.process.wait_for_line("Waiting up to");
    assert!(!said.contains("10m"), "{said}");
    helper.process.kill();
}
