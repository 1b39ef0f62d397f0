//! The commands of the system that are run: each is shown before, and its words are kept where it fails.

use std::fmt;
use std::io::ErrorKind;
use std::process::{Command, Output, Stdio};

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The program, found in `PATH`.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl CommandLine {
    /// From words.
    #[must_use]
    pub fn new(program: &'static str, arguments: &[&str]) -> Self {
        Self { program, arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect() }
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)?;
        for argument in &self.arguments {
            let quote = if argument.contains(' ') { "\"" } else { "" };
            write!(f, " {quote}{argument}{quote}")?;
        }
        Ok(())
    }
}

/// Why a command did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The system has no such program.
    Missing,
    /// It failed with these words.
    Said(String),
    /// It succeeded, and what it was to end is still there.
    StillThere,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such program"),
            Self::Said(words) => f.write_str(words),
            Self::StillThere => f.write_str("the service is still there"),
        }
    }
}

/// A command that did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCommand {
    /// The command.
    pub line: CommandLine,
    /// How it ended.
    pub failure: Failure,
}

impl fmt::Display for FailedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed ({})", self.line, self.failure)
    }
}

/// Runs commands.
pub trait Runner {
    /// Runs one to its end.
    ///
    /// # Errors
    /// When it fails.
    fn run(&self, line: &CommandLine) -> Result<(), Failure>;
}

/// Runs them on this machine.
pub struct SystemRunner;

impl Runner for SystemRunner {
    fn run(&self, line: &CommandLine) -> Result<(), Failure> {
        let ran = Command::new(line.program).args(&line.arguments).stdin(Stdio::null()).output();
        let ended = ran.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::Missing,
            _ => Failure::Said(error.to_string()),
        })?;
        if ended.status.success() {
            return Ok(());
        }
        Err(Failure::Said(words(&ended)))
    }
}

/// What it said about its failure, in one line; how it ended if it said nothing. What it said before of its success is left out.
fn words(ended: &Output) -> String {
    let said = String::from_utf8_lossy(&ended.stderr);
    let lines =
        said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Created symlink"));
    let words = lines.collect::<Vec<_>>().join(" ");
    if words.is_empty() { ended.status.to_string() } else { words.trim_end_matches('.').to_owned() }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_the_commands_own_words() {
        let ran = |script: &str| SystemRunner.run(&CommandLine::new("sh", &["-c", script]));
        assert_eq!(ran("true"), Ok(()));
        let said = ran("echo Created symlink x >&2; echo Job failed. >&2; echo See the log. >&2; false");
        assert_eq!(said, Err(Failure::Said("Job failed. See the log".to_owned())));
        assert_eq!(ran("exit 3"), Err(Failure::Said("exit status: 3".to_owned())));
        assert_eq!(SystemRunner.run(&CommandLine::new("no-such-program", &[])), Err(Failure::Missing));
    }
}
