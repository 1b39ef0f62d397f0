//! The terminal's mode of input: usually it shows what is typed and gives it line by line, each of at most 4,095 bytes (Linux). For an
//! address with a code in it, it shows nothing and gives what has come.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
use self::unix as system;
#[cfg(windows)]
use self::windows as system;

pub use system::{continued, forget_input, is_quiet, survive_background};

/// Asks the terminal to mark pasted text, and not to.
const MARK_PASTED: &[u8] = b"\x1b[?2004h";
const NO_MARKS: &[u8] = b"\x1b[?2004l";

/// Whether a user is at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attended {
    /// Standard input is a terminal with this program in its foreground.
    Yes,
    /// It is no terminal, or another program is in its foreground.
    No,
}

/// Whether the terminal shows what is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// It does.
    #[default]
    On,
    /// It does not.
    Off,
}

/// The mode that this program wants, and the one that it found.
#[derive(Default)]
pub struct InputMode(Mutex<State>);

#[derive(Default)]
struct State {
    wanted: Echo,
    found: Option<system::Settings>,
}

impl InputMode {
    /// Shows nothing from now on, if a user is at the terminal.
    pub fn hide(&self) {
        let mut state = self.state();
        if state.wanted == Echo::Off || attended() == Attended::No {
            return;
        }
        let Some(found) = system::settings() else { return };
        if system::hide(&found) {
            *state = State { wanted: Echo::Off, found: Some(found) };
            write_mark(MARK_PASTED);
        }
    }

    /// The same once more, in case that another program has changed it.
    pub fn apply(&self) {
        let state = self.state();
        if let (Some(found), Attended::Yes) = (&state.found, attended()) {
            system::hide(found);
        }
    }

    /// What was found is there again. What came too late to be read is discarded: a shell would take it for a command.
    pub fn restore(&self) {
        let mut state = self.state();
        let State { found, .. } = std::mem::take(&mut *state);
        if let (Some(found), Attended::Yes) = (found, attended()) {
            system::restore(&found);
            write_mark(NO_MARKS);
        }
    }

    /// Whether the terminal shows what is typed.
    pub fn echo(&self) -> Echo {
        self.state().wanted
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a user is at the terminal now.
#[cfg(unix)]
#[must_use]
pub fn attended() -> Attended {
    let input = std::io::stdin();
    let is_ours = nix::unistd::tcgetpgrp(&input).is_ok_and(|group| group == nix::unistd::getpgrp());
    if input.is_terminal() && is_ours { Attended::Yes } else { Attended::No }
}

/// Whether a user is at the terminal now. Background jobs do not exist here.
#[cfg(not(unix))]
#[must_use]
pub fn attended() -> Attended {
    if std::io::stdin().is_terminal() { Attended::Yes } else { Attended::No }
}

/// A terminal that does not know the marks ignores them; one that cannot, as it says, or a Windows console, would show the request.
fn write_mark(mark: &[u8]) {
    let mut screen = std::io::stderr();
    let shows_all = cfg!(windows) || std::env::var_os("TERM").is_none_or(|name| name == "dumb");
    if screen.is_terminal() && !shows_all {
        let _ = screen.write_all(mark).and_then(|()| screen.flush());
    }
}
