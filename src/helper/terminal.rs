//! What the person reads and types in the terminal.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;
use url::Url;

use crate::helper::backend_api::displayable;
use crate::protocol::WireSecret;

/// Whether a line was typed by a person, or came from whoever wrote the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// Standard input is a terminal.
    Person,
    /// It is a pipe or a file.
    Command,
}

/// What a line means.
#[derive(Debug)]
pub enum Typed {
    /// `y`.
    Yes,
    /// The query of an address that the person copied from the browser.
    CallbackQuery(WireSecret),
    /// Something else.
    Other,
}

/// Reads a line. A `y` counts only from a person: a command that brings its own must not skip the question.
#[must_use]
pub fn understand(line: &str, hand: Hand) -> Typed {
    let line = line.trim();
    if line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes") {
        return if hand == Hand::Person { Typed::Yes } else { Typed::Other };
    }
    match Url::parse(line) {
        Ok(url) if url.query().is_some() => Typed::CallbackQuery(url.query().unwrap_or_default().into()),
        _ => Typed::Other,
    }
}

/// Where progress is written to.
pub struct Terminal {
    writer: Mutex<Box<dyn Write + Send>>,
}

impl Terminal {
    /// Writes to stderr, so that stdout stays free.
    #[must_use]
    pub fn stderr() -> Self {
        Self::new(Box::new(std::io::stderr()))
    }

    /// Writes to stdout: the answer of a command that was asked for one.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(Box::new(std::io::stdout()))
    }

    /// Writes elsewhere.
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { writer: Mutex::new(writer) }
    }

    /// Writes one line; a terminal that has gone away is no reason to end a login.
    pub fn say(&self, line: &str) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(writer, "{}", displayable(line));
    }

    /// Writes what another program reads, byte for byte, as one line.
    ///
    /// # Errors
    /// When it cannot be written: that program would take nothing for an answer.
    pub fn pass_on(&self, text: &[u8]) -> std::io::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(text)?;
        writer.write_all(b"\n")?;
        writer.flush()
    }
}

/// Whose hand standard input is.
#[must_use]
pub fn hand() -> Hand {
    if std::io::stdin().is_terminal() { Hand::Person } else { Hand::Command }
}

/// Forgets what was typed before now: a pasted command may carry a `y` in the lines behind it.
pub fn forget_what_was_typed_ahead() {
    #[cfg(unix)]
    let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Standard input, read from the first line on that somebody waits for.
#[derive(Default)]
pub struct Input(Option<mpsc::UnboundedReceiver<String>>);

impl Input {
    /// The next line; none ever comes once standard input is closed.
    pub async fn line(&mut self) -> String {
        match self.0.get_or_insert_with(lines).recv().await {
            Some(line) => line,
            None => std::future::pending().await,
        }
    }
}

/// The lines of standard input, from now on. They are read by a thread of their own, which ends with the program.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_counts_only_from_a_person() {
        assert!(matches!(understand(" Y \n", Hand::Person), Typed::Yes));
        assert!(matches!(understand("y", Hand::Command), Typed::Other));
        assert!(matches!(understand("no", Hand::Person), Typed::Other));
    }

    #[test]
    fn an_address_gives_its_query() {
        let typed = understand(" http://localhost:8000/?code=a%2Fb&state=c#d ", Hand::Command);
        assert!(matches!(typed, Typed::CallbackQuery(query) if query.expose() == "code=a%2Fb&state=c"));
        assert!(matches!(understand("http://localhost:8000/", Hand::Person), Typed::Other));
    }
}
