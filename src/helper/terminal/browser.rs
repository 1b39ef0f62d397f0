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
        webbrowser::open(address.expose()).map_err(|error| NotOpened(error.to_string()))
    }
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
    let status = command.status().map_err(|error| failed(&error))?;
    if status.success() { Ok(()) } else { Err(failed(&status)) }
}

/// Opens nothing, for users who open the link themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBrowser;

impl Browser for NoBrowser {
    fn open(&self, _address: &WireSecret) -> Result<(), NotOpened> {
        Ok(())
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
