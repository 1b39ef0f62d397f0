//! `proxy uninstall`: removes what `proxy install` has written, and nothing else.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::command_line::{CommandLine, Runner};
use super::machine::Machine;
use super::own_file;
use super::refusal::InstallRefusal;
use super::service::control::{Control, State};
use crate::clock::Timer;
use crate::helper::terminal::Terminal;

/// Ends the service and removes its files. Where the files are gone, the system may still start the helper: that ends, too.
///
/// # Errors
/// As the variants of [`InstallRefusal`] say.
pub async fn run(
    machine: &Machine,
    (runner, timer): (&dyn Runner, &dyn Timer),
    answers: &Terminal,
) -> Result<(), InstallRefusal> {
    let manager = machine.manager(runner)?;
    let control = Control { manager: &manager, runner, timer };
    let mut there = Vec::new();
    for file in &manager.files {
        if own_file(&manager, &file.path)?.is_some() {
            there.push(file.path.clone());
        }
    }
    if there.is_empty() && control.state() == State::Absent {
        answers.say_whole("Nothing is installed, and nothing was removed.");
        return Ok(());
    }
    let ran = |line: &CommandLine| answers.say_whole(&format!("Ran {line}"));
    control.end(ran).await.map_err(InstallRefusal::NotStopped)?;
    for path in there {
        remove(path, answers)?;
    }
    control.forget(ran);
    answers.say_whole("Removed: the helper does not start by itself any more. Your logins go on.");
    Ok(())
}

fn remove(path: PathBuf, answers: &Terminal) -> Result<(), InstallRefusal> {
    match std::fs::remove_file(&path) {
        Err(reason) if reason.kind() != ErrorKind::NotFound => {
            Err(InstallRefusal::NotRemoved { path, reason })
        }
        _ => {
            answers.say_whole(&format!("Removed {}", path.display()));
            Ok(())
        }
    }
}
