//! Opens the user's browser.

use std::process::{Command, Stdio};

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
        if is_without_screen() {
            return Err(NotOpened("there is no screen here".to_owned()));
        }
        webbrowser::open(address.expose()).map_err(|error| NotOpened(error.to_string()))
    }
}

/// On Linux without a display, the default browser runs in the terminal and would overwrite our lines.
fn is_without_screen() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "linux") && !["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].into_iter().any(is_set)
}

/// The command of `BROWSER` or `--browser`: words, with `%s` for the address.
#[derive(Clone, Debug)]
pub struct NamedBrowser(pub String);

impl NamedBrowser {
    fn command(&self, address: &str) -> Option<Command> {
        let mut words = self.0.split_ascii_whitespace();
        let mut command = Command::new(words.next()?);
        let arguments: Vec<String> = words.map(|word| word.replace("%s", address)).collect();
        command.args(&arguments);
        if !self.0.contains("%s") {
            command.arg(address);
        }
        Some(command)
    }
}

impl Browser for NamedBrowser {
    fn open(&self, address: &WireSecret) -> Result<(), NotOpened> {
        let mut command =
            self.command(address.expose()).ok_or_else(|| NotOpened("BROWSER names no program".to_owned()))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().map_err(|error| NotOpened(error.to_string()))?;
        if status.success() { Ok(()) } else { Err(NotOpened(format!("BROWSER ended with {status}"))) }
    }
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

    #[test]
    fn a_named_browser_gets_the_address_once() {
        let words = |browser: &str| -> Vec<String> {
            let command = NamedBrowser(browser.to_owned()).command("http://x/").unwrap();
            let program = std::iter::once(command.get_program());
            program.chain(command.get_args()).map(|word| word.to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(words("firefox --new-window"), ["firefox", "--new-window", "http://x/"]);
        assert_eq!(words("app --url=%s -x"), ["app", "--url=http://x/", "-x"]);
        assert!(NamedBrowser(" ".to_owned()).command("http://x/").is_none());
    }

    #[test]
    fn a_browser_that_fails_is_noticed() {
        let address = WireSecret::from("http://x/");
        assert!(NamedBrowser("true".to_owned()).open(&address).is_ok());
        assert!(NamedBrowser("false".to_owned()).open(&address).is_err());
        assert!(NamedBrowser("/does/not/exist".to_owned()).open(&address).is_err());
    }
}
