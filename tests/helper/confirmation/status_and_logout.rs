//! Commands without a page: they ask in the terminal, or send nothing.

use super::Parts;
use crate::harness::programs::helper_program::{Ending, HelperPlan};

const COMMANDS: [&str; 2] = ["status", "logout"];

#[test]
fn nothing_is_sent_where_the_user_cannot_be_asked() {
    let parts = Parts::start("unconfirmed_commands");
    for name in COMMANDS {
        let plan = || parts.far.command(&parts.here.world, name);
        for plan in [
            plan(),
            plan().with("BACKSTAGE_TOKEN", "a.user.token"),
            plan().with("BACKSTAGE_SESSION", "github-refresh-token=a"),
        ] {
            let sentence = "https://10.66.0.1:443 was never confirmed on this machine, so nothing is sent there: run \
                            backstage-oidc-helper login --backend https://10.66.0.1:443 --ca-file ";
            Ending::of(&mut plan.launch()).assert(1, &[sentence, " first."]);
        }
    }
    assert!(parts.far.asked().is_empty());
    parts.confirm_and_log_in();
    Ending::of(&mut parts.far.command(&parts.here.world, "status").launch()).assert(0, &["dev: connected"]);
}

#[test]
fn the_words_count_for_this_once() {
    let parts = Parts::start("unconfirmed_commands_typed");
    for name in COMMANDS {
        let plan = || parts.far.command(&parts.here.world, name).with("BACKSTAGE_TOKEN", "a.user.token");
        let mut process = plan().launch_at_terminal("y\nyes\n");
        process.wait_for_line("No login at this Backstage has succeeded on this machine yet");
        process.wait_for_line("Address: https://10.66.0.1:443");
        let words = process.wait_for_words(&[]);
        assert!(parts.far.asked().is_empty(), "{name}");
        process.type_line("");
        process.type_line(&words);
        assert_eq!(Ending::of(&mut process).code, Some(0));
        let asked = parts.far.asked();
        assert!(asked.iter().all(|call| call.ends_with(" Bearer a.user.token")), "{asked:?}");

        let mut process = plan().launch_at_terminal("");
        let mut seen = process.wait_for_words(&[]);
        for wrong in ["y", "yes"] {
            process.type_line(wrong);
            seen = process.wait_for_words(&[&seen, &words]);
        }
        process.type_line("no");
        Ending::of(&mut process).assert(1, &["was never confirmed on this machine"]);
        assert!(parts.far.asked().is_empty(), "{name}");
    }
}

#[test]
fn the_end_of_input_is_a_no_at_once() {
    let parts = Parts::start("unconfirmed_commands_ended");
    for name in COMMANDS {
        let plan = parts.far.command(&parts.here.world, name).with("LOGIN_TIMEOUT", "1h");
        let mut process = plan.launch_at_terminal("");
        process.wait_for_words(&[]);
        process.type_keys("\x04");
        Ending::of(&mut process).assert(1, &["was never confirmed on this machine"]);
        assert!(parts.far.asked().is_empty(), "{name}");
    }
}

/// What is long pushes nothing out of sight.
#[test]
fn a_long_address_is_shown_whole_and_so_are_the_words_and_the_command() {
    let parts = Parts::start("unconfirmed_long_address");
    let host = format!("{}.example", ["a"; 125].join("."));
    let path = format!("/{}%1b[2J", "b".repeat(400));
    let plan = |name| HelperPlan::of_command(&parts.here.world, name, &format!("https://{host}{path}"));
    for name in COMMANDS {
        let mut process = plan(name).launch_at_terminal("");
        let words = process.wait_for_words(&[]);
        assert_eq!(words.split(' ').count(), 2, "{words}");
        let printed = process.printed();
        let lines: Vec<&str> = printed.lines().map(str::trim_end).collect();
        for line in [format!("  Path: {path}"), format!("  Address: https://{host}:443")] {
            assert!(lines.contains(&line.as_str()), "{line} is not in: {printed}");
        }
        process.kill();
        let command = format!("login --backend https://{host}:443{path} first.");
        Ending::of(&mut plan(name).launch()).assert(1, &[&command]);
    }
}
