//! What opens the link: Windows' browser from WSL, the desktop's on Linux; and a login goes on whatever becomes of it. macOS and Windows
//! have one way each, which the platforms' own tests and runners see.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{HELPER, Parts};
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::programs::proxy_program::{TIMEOUT, Visitor};

/// A folder with programs of these names, the only ones in `PATH`; each notes what it was called with.
fn programs(parts: &Parts, names: &[&str]) -> PathBuf {
    let folder = parts.here.world.home.path().join(names.join("-"));
    std::fs::create_dir_all(&folder).unwrap();
    for name in names {
        write_program(&folder.join(name), "#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"$0.called\"\n");
    }
    folder
}

fn write_program(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
}

/// A login that may open a browser.
fn plan(parts: &Parts, path: &Path) -> HelperPlan {
    let plan = HelperPlan::of_command(&parts.here.world, "login", &parts.backend.url);
    plan.with("PATH", path.to_str().unwrap()).with("LOGIN_TIMEOUT", "2s")
}

/// What a program was called with, in a login that then times out; the link is written as `LINK`.
fn called(parts: &Parts, folder: &Path, variable: (&str, &str), program: &str) -> String {
    let mut helper = plan(parts, folder).with(variable.0, variable.1).start();
    helper.end().assert(4, &["was not finished"]);
    let called = std::fs::read_to_string(folder.join(format!("{program}.called"))).unwrap_or_default();
    called.trim().replace(&helper.link, "LINK")
}

const WSL: (&str, &str) = ("WSL_DISTRO_NAME", "Debian");

#[test]
fn from_wsl_the_browser_of_windows_opens_the_link_with_whichever_program_a_fake_windows_has() {
    let parts = Parts::start("opened_wsl");
    for (there, program, arguments) in [
        (&["wslview", "cmd.exe"][..], "wslview", "LINK"),
        (&["rundll32.exe", "cmd.exe"], "rundll32.exe", "url.dll,FileProtocolHandler LINK"),
        (
            &["powershell.exe"],
            "powershell.exe",
            "-NoLogo -NoProfile -NonInteractive -Command Start-Process LINK",
        ),
        (&["cmd.exe"], "cmd.exe", "/c start LINK"),
    ] {
        let folder = programs(&parts, there);
        assert_eq!(called(&parts, &folder, WSL, program), arguments, "{there:?}");
    }
}

#[test]
fn a_fake_wslview_that_fails_is_followed_by_the_next_program() {
    let parts = Parts::start("opened_wsl_failing");
    let folder = programs(&parts, &["cmd.exe"]);
    write_program(&folder.join("wslview"), "#!/bin/sh\nexit 1\n");
    assert_eq!(called(&parts, &folder, WSL, "cmd.exe"), "/c start LINK");
}

#[test]
fn on_a_desktop_of_linux_a_fake_xdg_open_opens_the_link_and_without_it_what_else_there_is() {
    let parts = Parts::start("opened_xdg");
    let both = programs(&parts, &["xdg-open", "x-www-browser"]);
    assert_eq!(called(&parts, &both, ("DISPLAY", ":0"), "xdg-open"), "LINK");
    assert!(!both.join("x-www-browser.called").exists(), "it is opened twice");
    let other = programs(&parts, &["x-www-browser"]);
    assert_eq!(called(&parts, &other, ("DISPLAY", ":0"), "x-www-browser"), "LINK");
}

#[test]
fn without_any_browser_a_sentence_says_to_open_the_link_oneself() {
    let parts = Parts::start("opened_none");
    let folder = programs(&parts, &[]);
    for variable in [WSL, ("DISPLAY", ":0")] {
        let mut helper = plan(&parts, &folder).with(variable.0, variable.1).start();
        helper.process.wait_for_line("open the link above yourself");
        assert_eq!(helper.end().code, Some(4), "{variable:?}");
    }
}

#[test]
fn an_opener_that_does_not_come_back_holds_nothing_up() {
    let parts = Parts::start("opened_blocked");
    let folder = programs(&parts, &["reached"]);
    // It ends with the helper, which is its parent.
    let opener = folder.join("opener");
    write_program(&opener, "#!/bin/sh\n: >\"$0.called\"\nexec tail --pid=$PPID -f /dev/null\n");
    let plan = HelperPlan::of_command(&parts.here.world, "login", &parts.backend.url);
    let mut helper = plan.argument("--browser").argument(opener.to_str().unwrap()).start();
    let mut visitor = Visitor::new(&parts.here.world, HELPER);
    let sent = visitor.get(helper.link.strip_prefix(HELPER).unwrap());
    visitor.keep_cookie(&sent);
    let redirect = parts.here.idp.log_in(sent.header("location").unwrap(), "felix");
    assert_eq!(visitor.come_back_for_good(&redirect), "success");
    helper.end().assert(0, &["Connected"]);
}

#[test]
fn ctrl_c_ends_the_helper_and_not_the_browser_that_it_has_opened() {
    let parts = Parts::start("opened_interrupted");
    let folder = programs(&parts, &["reached"]);
    let opener = folder.join("opener");
    // It ends with the helper, unless Ctrl-C ends it first.
    let text = "#!/bin/sh\n: >\"$0.began\"\ntail --pid=$PPID -f /dev/null\n: >\"$0.outlived\"\n";
    write_program(&opener, text);
    let plan = HelperPlan::of_command(&parts.here.world, "login", &parts.backend.url).with("DISPLAY", ":0");
    let mut helper = plan.argument("--browser").argument(opener.to_str().unwrap()).start_at_terminal("");
    wait_for_file(&folder.join("opener.began"));
    helper.process.type_keys("\x03");
    helper.end().assert(130, &["Interrupted"]);
    wait_for_file(&folder.join("opener.outlived"));
}

fn wait_for_file(path: &Path) {
    let deadline = Instant::now() + TIMEOUT;
    while !path.exists() {
        assert!(Instant::now() < deadline, "{} never comes", path.display());
        std::thread::yield_now();
    }
}
