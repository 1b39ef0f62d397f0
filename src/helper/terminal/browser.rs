//! Opens the user's browser.

use std::path::Path;
use std::process::{Command, Stdio};

use super::browser_command::{BrowserCommand, Syntax, is_bundle};
use crate::protocol::WireSecret;

/// Opens an address in a browser. May block, so call it on its own thread.
pub trait Browser: Send + Sync {
    /// Opens it.
    ///
    /// # Errors
    /// When no browser could be started.
    fn open(&self, address: &WireSecret) -> Result<(), NotOpened>;

    /// Whether it opens a window: without one, the user opens what is printed.
    fn opens_windows(&self) -> bool {
        true
    }
}

/// No browser could be started.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotOpened(String);

/// The system's default browser.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemBrowser;

impl Browser for SystemBrowser {
    fn open(&self, address: &WireSecret) -> Result<(), NotOpened> {
        // What desktops other than these two have for this, in a process group of its own: Ctrl-C would end what the library starts.
        let has_own_way = cfg!(any(windows, target_os = "macos"));
        if !has_own_way && opened_by("xdg-open", address) {
            return Ok(());
        }
        webbrowser::open(address.expose()).map_err(|error| NotOpened(error.to_string()))
    }
}

/// What opens an address in Windows' own browser from WSL, in this order: wslu's, then those of Windows, at last by its folder, which `PATH` may lack.
const FROM_WSL: &str = "wslview\
    :rundll32.exe url.dll,FileProtocolHandler\
    :powershell.exe -NoLogo -NoProfile -NonInteractive -Command Start-Process\
    :cmd.exe /c start\
    :/mnt/c/Windows/System32/cmd.exe /c start";

/// The browser of Windows, for a program in WSL.
#[derive(Clone, Copy, Debug, Default)]
pub struct WslBrowser;

impl Browser for WslBrowser {
    fn open(&self, address: &WireSecret) -> Result<(), NotOpened> {
        if opened_by(FROM_WSL, address) { Ok(()) } else { SystemBrowser.open(address) }
    }
}

/// Whether one of those commands opens the address.
fn opened_by(commands: &str, address: &WireSecret) -> bool {
    let commands = BrowserCommand::all(commands, Syntax::Unix, &|_| false);
    commands.is_ok_and(|commands| commands.iter().any(|command| run(command, address).is_ok()))
}

/// The command of `BROWSER` or `--browser`.
#[derive(Clone, Debug)]
pub struct NamedBrowser(pub String);

impl Browser for NamedBrowser {
    fn open(&self, address: &WireSecret) -> Result<(), NotOpened> {
        let exists = |path: &str| Path::new(path).is_file() || (is_bundle(path) && Path::new(path).is_dir());
        let commands = BrowserCommand::all(&self.0, Syntax::of_this_system(), &exists);
        let mut failure = NotOpened("BROWSER names no program".to_owned());
        for command in commands.map_err(|error| NotOpened(error.to_string()))? {
            match run(&command, address) {
                Ok(()) => return Ok(()),
                Err(reason) => failure = reason,
            }
        }
        Err(failure)
    }
}

/// Runs one of the commands; its failure says what it was taken for, as a path with spaces is easily taken for several words.
fn run(browser: &BrowserCommand, address: &WireSecret) -> Result<(), NotOpened> {
    let (program, arguments) = browser.words(address.expose());
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let failed = |reason: &dyn std::fmt::Display| {
        NotOpened(format!("BROWSER was taken for {browser}: {reason}; put a path with spaces in quotes"))
    };
    apart_from_ctrl_c(&mut command);
    let status = command.status().map_err(|error| failed(&error))?;
    if status.success() { Ok(()) } else { Err(failed(&status)) }
}

/// Ctrl-C in the terminal ends this program, and not the browser that it has opened.
#[cfg(unix)]
fn apart_from_ctrl_c(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// A console of Windows sends Ctrl-C to programs for the console only, which browsers are not.
#[cfg(not(unix))]
fn apart_from_ctrl_c(_command: &mut Command) {}

/// Opens nothing, for users who open the link themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBrowser;

impl Browser for NoBrowser {
    fn open(&self, _address: &WireSecret) -> Result<(), NotOpened> {
        Ok(())
    }

    fn opens_windows(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(browser: &str) -> Result<(), String> {
        NamedBrowser(browser.to_owned())
            .open(&WireSecret::from("http://x/"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_browser_that_fails_is_noticed_and_said_for_what_it_was_taken() {
        assert_eq!(open("true"), Ok(()));
        let failed = open("false --new-window").unwrap_err();
        assert!(
            failed.contains("the program false with --new-window") && failed.contains("exit status"),
            "{failed}"
        );
        let missing = open("/does/not exist").unwrap_err();
        assert!(missing.contains("the program /does/not with exist: No such file"), "{missing}");
        assert!(missing.contains("quotes") && !missing.contains("http://x/"), "{missing}");
        assert!(open("\"unclosed").unwrap_err().contains("quote"));
        assert_eq!(open(" ").unwrap_err(), "BROWSER names no program");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_with_spaces_in_its_path_gets_the_address_and_the_next_one_of_a_list_is_tried() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("Some Browser");
        std::fs::write(&program, "#!/bin/sh\nprintf %s \"$*\" >\"$0.got\"\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let got = folder.path().join("Some Browser.got");
        let program = program.to_str().unwrap();
        for (browser, expected) in [
            (program.to_owned(), "http://x/"),
            (format!("{program} --new-window"), "--new-window http://x/"),
            (format!("'{program}' -u %s"), "-u http://x/"),
            (format!("/does/not/exist:\"{program}\""), "http://x/"),
        ] {
            assert_eq!(open(&browser), Ok(()), "{browser}");
            assert_eq!(std::fs::read_to_string(&got).unwrap(), expected, "{browser}");
            std::fs::remove_file(&got).unwrap();
        }
    }
}
