//! The real binary, run to its end beside a backend and with the same settings.

use std::process::Command;

use crate::harness::world::World;

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub out: String,
    /// What it printed on standard error.
    pub err: String,
}

impl Ended {
    /// Runs a command; standard error goes to the test's folder, too.
    pub fn of(command: &mut Command, world: &World) -> Self {
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ended = Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
        let log = world.file("command.log");
        let before = std::fs::read_to_string(&log).unwrap_or_default();
        std::fs::write(log, before + &ended.err).unwrap();
        ended
    }
}
