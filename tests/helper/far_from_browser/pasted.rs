//! What a person pastes into the terminal.

use std::process::Command;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Parts, shown_address};
use crate::harness::process::Process;
use crate::harness::programs::proxy_program::TIMEOUT;

/// A value of a parameter that only makes the address long.
const LONG: usize = 6_000;

#[test]
fn an_address_of_six_thousand_characters_is_taken_whole() {
    let parts = Parts::start("far_long");
    let mut helper = parts.plan().launch_at_terminal("");
    let ends = parts.log_in(&shown_address(&helper));
    // What matters stands behind all that a terminal's line would hold.
    let (address, query) = ends.split_once('?').unwrap();
    helper.type_line(&format!("{address}?session_state={}&{query}", "a".repeat(LONG)));
    helper.wait_for_line("Connected: user:default/felix");
    assert!(helper.wait().success());
}

#[test]
fn an_address_that_a_mail_has_broken_into_lines_or_wrapped_is_taken_and_marks_of_a_paste_are_no_part_of_it() {
    let parts = Parts::start("far_broken");
    for form in [
        |ends: &str| ends.replace("code=", "co\n  de=").replace("state=", "state\r\n="),
        |ends: &str| format!("\x1b[200~<{}>\n\x1b[201~", ends.replace("state=", "\nstate=")),
        |ends: &str| format!("\"{}\"", ends.replace("http:", "https:")),
        |ends: &str| ends.split_once('?').unwrap().1.to_owned(),
    ] {
        let mut helper = parts.plan().launch_at_terminal("");
        let ends = parts.log_in(&shown_address(&helper));
        helper.type_line(&form(&ends));
        helper.wait_for_line("Connected: user:default/felix");
        assert!(helper.wait().success());
    }
}

#[test]
fn anything_else_is_answered_with_what_helps_and_the_login_goes_on() {
    let parts = Parts::start("far_else");
    let mut helper = parts.plan().start_at_terminal("");
    let shown = shown_address(&helper.process);
    let link = helper.link.clone();
    for (pasted, sentence) in [
        (shown.as_str(), "That is the address that you opened"),
        (&link, "That is this program's own link"),
        ("http://localhost:8000/", "That is not the whole address"),
        ("yes", "That is no address"),
        ("http://localhost:8000/?code=a&state=b", "That address does not count"),
    ] {
        helper.process.type_line(pasted);
        helper.process.wait_for_line(sentence);
    }
    helper.process.type_line(&parts.log_in(&shown));
    helper.end().assert(0, &["Connected"]);
}

/// What `stty -a` says of the terminal after a helper that was ended like this.
fn terminal_after(test: &str, end: impl FnOnce(&mut Process, u32)) -> String {
    let parts = Parts::start(test);
    let script = "trap : INT; helper; echo \"ended with $?\"; stty -a; echo end of the script";
    let mut shell = parts.plan().in_shell(script).launch_at_terminal("");
    shown_address(&shell);
    let helper = child_of(shell.id());
    assert!(is_hidden(helper));
    end(&mut shell, helper);
    shell.wait_for_line("end of the script");
    shell.printed()
}

/// Whether the terminal of this process shows nothing that is typed.
fn is_hidden(id: u32) -> bool {
    let input = format!("/proc/{id}/fd/0");
    let out = Command::new("stty").args(["-F", &input, "-a"]).output().unwrap();
    String::from_utf8_lossy(&out.stdout).contains("-echo ")
}

fn child_of(id: u32) -> u32 {
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    children.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn after_ctrl_z_and_fg_nothing_that_is_pasted_is_shown_and_a_long_address_is_taken() {
    let parts = Parts::start("far_stopped");
    let script =
        "set -m; helper; stty sane; echo stopped; read line; fg %1 >/dev/null; echo \"ended with $?\"";
    let mut shell = parts.plan().in_shell(script).launch_at_terminal("");
    let ends = parts.log_in(&shown_address(&shell));
    let helper = child_of(shell.id());
    // Without Enter, which would be the line that the shell waits for.
    shell.type_keys("\x1a");
    shell.wait_for_line("stopped");
    assert!(!is_hidden(helper));
    shell.type_line("");
    let deadline = Instant::now() + TIMEOUT;
    while !is_hidden(helper) {
        assert!(Instant::now() < deadline, "the terminal shows what is typed");
        std::thread::yield_now();
    }
    let (address, query) = ends.split_once('?').unwrap();
    shell.type_line(&format!("{address}?session_state={}&{query}", "a".repeat(LONG)));
    shell.wait_for_line("ended with 0");
}

#[test]
fn the_terminal_shows_what_is_typed_again_after_ctrl_c_and_after_a_kill() {
    let interrupted = terminal_after("far_interrupted", |shell, _| shell.type_keys("\x03"));
    let killed = terminal_after("far_killed", |_, helper| {
        kill(Pid::from_raw(i32::try_from(helper).unwrap()), Signal::SIGTERM).unwrap();
    });
    for after in [interrupted, killed] {
        for shown in ["ended with 130", " echo ", " icanon ", "quit = ^\\"] {
            assert!(after.contains(shown), "{shown} is not in: {after}");
        }
    }
}
