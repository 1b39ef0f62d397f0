//! Starts and ends the service by its manager's commands.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBackoff, ConstantBuilder};

use super::{Manager, Returns};
use crate::clock::Timer;
use crate::helper::proxy::install::command_line::{CommandLine, FailedCommand, Failure, Runner};

/// How often it is looked whether a service has ended, and when: for 25 seconds, as launchd kills it after 20.
const LOOKS: usize = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// How often a start is tried again, and when.
const STARTS: usize = 4;
const BETWEEN_STARTS: Duration = Duration::from_secs(1);

/// What the manager of services knows of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Absent,
    /// It has the port, but would not start again, or the other way round.
    Part,
    /// It is installed.
    Whole,
}

/// A manager, and what its commands are run with.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    /// The manager.
    pub manager: &'a Manager,
    /// Runs its commands.
    pub runner: &'a dyn Runner,
    /// Lets time pass between them.
    pub timer: &'a dyn Timer,
}

impl Control<'_> {
    /// What the manager knows.
    #[must_use]
    pub fn state(&self) -> State {
        let lines = &self.manager.is_installed;
        match lines.iter().filter(|line| self.runner.run(line).is_ok()).count() {
            0 => State::Absent,
            known if known == lines.len() => State::Whole,
            _ => State::Part,
        }
    }

    /// Ends the service. What is not there any more need not be ended, so what counts is the state after it. `ran` gets the commands that
    /// succeeded.
    ///
    /// # Errors
    /// When the service is still there.
    pub async fn end(&self, ran: impl Fn(&CommandLine)) -> Result<(), FailedCommand> {
        let failed = self.run_all(&self.manager.stop, ran);
        let mut pauses = self.pauses(BETWEEN_LOOKS, LOOKS);
        while self.state() != State::Absent {
            let Some(pause) = pauses.next() else { return Err(failed.unwrap_or_else(|| self.still_there())) };
            self.timer.wait(pause).await;
        }
        Ok(())
    }

    /// Starts it, when its files are there.
    ///
    /// # Errors
    /// The first command that fails.
    pub async fn start(&self) -> Result<(), FailedCommand> {
        for line in &self.manager.start {
            let mut pauses = self.pauses(BETWEEN_STARTS, STARTS);
            while let Err(failure) = self.runner.run(line) {
                let Some(pause) = pauses.next() else {
                    return Err(FailedCommand { line: line.clone(), failure });
                };
                tracing::info!(%line, %failure, "a command is tried again");
                self.timer.wait(pause).await;
            }
        }
        Ok(())
    }

    /// Has the manager forget it, when its files are gone. A manager that does not answer has nothing to forget.
    pub fn forget(&self, ran: impl Fn(&CommandLine)) {
        self.run_all(&self.manager.forget, ran);
    }

    /// The first failure.
    fn run_all(&self, lines: &[CommandLine], ran: impl Fn(&CommandLine)) -> Option<FailedCommand> {
        let mut first = None;
        for line in lines {
            match self.runner.run(line) {
                Ok(()) => ran(line),
                Err(failure) => {
                    tracing::info!(%line, %failure, "a command failed that may fail");
                    first.get_or_insert_with(|| FailedCommand { line: line.clone(), failure });
                }
            }
        }
        first
    }

    fn still_there(&self) -> FailedCommand {
        let line = self.manager.stop.last().unwrap_or(&self.manager.answers).clone();
        FailedCommand { line, failure: Failure::StillThere }
    }

    /// The pauses where the commands return early; none where they do not.
    fn pauses(&self, pause: Duration, times: usize) -> ConstantBackoff {
        let times = match self.manager.returns {
            Returns::Afterwards => 0,
            Returns::Early => times,
        };
        ConstantBuilder::default().with_delay(pause).with_max_times(times).build()
    }
}
