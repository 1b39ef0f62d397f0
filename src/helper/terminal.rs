//! The terminal: the lines that the user reads, and the meaning of lines that they type.

pub mod advice;
pub mod browser;
pub mod browser_command;
pub mod confirmation_words;
pub mod dialogue;
mod hidden_text;
mod input_mode;
pub mod keyboard;
pub mod location;
pub mod pasted_address;
pub mod shown_command;
pub mod tools;

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::backend_client::{displayable, harmless};

/// Writes lines for the user.
pub struct Terminal {
    writer: Mutex<Box<dyn Write + Send>>,
}

impl Terminal {
    /// Writes to stderr, so that stdout stays free.
    #[must_use]
    pub fn stderr() -> Self {
        Self::new(Box::new(std::io::stderr()))
    }

    /// Writes to stdout, for the result of a command.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(Box::new(std::io::stdout()))
    }

    /// Writes elsewhere.
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { writer: Mutex::new(writer) }
    }

    /// Writes one line; of a very long one the middle is left out. A closed terminal is ignored, as it must not end a login.
    pub fn say(&self, line: &str) {
        self.write_line(&displayable(line));
    }

    /// Writes one line without shortening it, for text that the user must compare or type.
    pub fn say_whole(&self, line: &str) {
        self.write_line(&harmless(line).collect::<String>());
    }

    fn write_line(&self, line: &str) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(writer, "{line}");
    }

    /// Writes one line byte for byte, for another program to read.
    ///
    /// # Errors
    /// When it cannot be written, as the other program would take empty output for the result.
    pub fn pass_on(&self, text: &[u8]) -> std::io::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(text)?;
        writer.write_all(b"\n")?;
        writer.flush()
    }
}
