//! The line that counts down: where there is a terminal, and in no other line's way.

use nix::sys::signal::Signal;

use super::Parts;
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::screen::{Screen, rows_of};

/// A login of one's own: nothing is asked.
fn plan(parts: &Parts) -> HelperPlan {
    parts.here.helper(&parts.backend).with("DISPLAY", ":0")
}

/// Waits until the last row is the line, at least that often drawn anew.
fn wait_for_turns(screen: &Screen, turns: &[char]) {
    for turn in turns {
        screen.wait_for("the line that counts down", |screen| {
            let rows: Vec<String> = rows_of(screen).collect();
            let last = rows.iter().rfind(|row| !row.trim().is_empty())?;
            let once = rows.iter().filter(|row| row.contains(" left")).count() == 1;
            (once && last.starts_with(&format!("{turn} ")) && last.contains(" left")).then_some(())
        });
    }
}

#[test]
fn the_time_that_is_left_changes_in_one_row_below_the_other_lines_and_is_gone_in_the_end() {
    let parts = Parts::start("terminal_counts");
    let mut screen = plan(&parts).with("LOGIN_TIMEOUT", "4s").start_on_screen((40, 120));
    wait_for_turns(&screen, &['/', '-']);
    assert_eq!(screen.wait(), Some(4));
    let lines = screen.lines();
    assert!(lines.last().unwrap().starts_with("The login was not finished within 4s"), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains(" left ")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.starts_with("Waiting up to")), "{lines:#?}");
}

#[test]
fn a_narrow_screen_and_one_that_becomes_narrow_keep_it_in_one_row() {
    let parts = Parts::start("terminal_narrow");
    let mut screen = plan(&parts).start_on_screen((60, 60));
    wait_for_turns(&screen, &['|']);
    screen.resize(20);
    wait_for_turns(&screen, &['/', '-', '\\', '|', '/']);
    let rows = screen.rows();
    let last = rows.last().unwrap();
    assert!(last.len() < 20 && last.contains(" left"), "{rows:#?}");
    screen.type_keys("\x03");
    assert_eq!(screen.wait(), Some(130));
}

#[test]
fn a_dumb_terminal_a_job_of_ci_and_a_pipe_get_a_plain_line_that_stays() {
    let parts = Parts::start("terminal_plain");
    for (name, value) in [("TERM", "dumb"), ("CI", "true")] {
        let plan = plan(&parts).with(name, value).with("LOGIN_TIMEOUT", "1s");
        let mut screen = plan.start_on_screen((40, 120));
        assert_eq!(screen.wait(), Some(4));
        let written = screen.written();
        assert!(written.contains("Waiting up to 1s for you to log in."), "{written}");
        assert!(!written.contains(" left ") && !written.contains("\x1b[2K"), "{name}: {written:?}");
    }
    let mut helper = plan(&parts).with("LOGIN_TIMEOUT", "1s").launch_at_terminal("");
    helper.wait();
    let printed = helper.printed();
    assert!(printed.contains("Waiting up to 1s") && !printed.contains('\x1b'), "{printed:?}");
}

#[test]
fn where_words_are_to_be_typed_no_line_moves_under_them() {
    let parts = Parts::start("terminal_words");
    let session = parts.session();
    let mut screen = parts.plan(&session).with("LOGIN_TIMEOUT", "2s").start_on_screen((40, 120));
    screen.wait_for_text("Waiting up to");
    screen.type_keys("amber ca");
    assert_eq!(screen.wait(), Some(4));
    let lines = screen.lines();
    assert!(lines.iter().any(|line| line.starts_with("amber ca")), "{lines:#?}");
    assert!(!screen.written().contains(" left "), "{lines:#?}");
}

#[test]
fn a_job_in_the_background_leaves_the_screen_to_the_shell_and_counts_again_in_the_foreground() {
    let parts = Parts::start("terminal_job");
    let script = "set -m; helper & read line; echo \"the shell got $line\"; fg %1 >/dev/null";
    let plan = plan(&parts).with("LOGIN_TIMEOUT", "1m").in_shell(script);
    let mut screen = plan.start_on_screen((40, 120));
    screen.wait_for_text("Waiting up to 1m");
    screen.type_line("a line");
    screen.wait_for_text("the shell got a line");
    assert!(!screen.written().contains(" left "), "{}", screen.written());
    screen.signal(Signal::SIGKILL);
}

#[test]
fn only_the_outcome_is_coloured_and_only_where_no_color_is_not_set() {
    let parts = Parts::start("terminal_colours");
    let sentence = "The login was not finished";
    let red = vt100::Color::Idx(1);
    for (variable, colour) in [
        (("X", "1"), red),
        (("NO_COLOR", "1"), vt100::Color::Default),
        (("CLICOLOR", "0"), vt100::Color::Default),
    ] {
        let plan = plan(&parts).with(variable.0, variable.1).with("LOGIN_TIMEOUT", "1s");
        let mut screen = plan.start_on_screen((40, 120));
        assert_eq!(screen.wait(), Some(4));
        assert_eq!(screen.colour_of(sentence), colour, "{variable:?}");
        assert_eq!(screen.colour_of("This login will be"), vt100::Color::Default, "{variable:?}");
    }
}
