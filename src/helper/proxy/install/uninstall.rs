//! `proxy uninstall`: removes what `proxy install` has written, and nothing else.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::command_line::Runner;
use super::machine::Machine;
use super::own_file;
use super::refusal::InstallRefusal;
use super::service::Manager;
use crate::helper::terminal::Terminal;

/// Ends the service and removes its files.
///
/// # Errors
/// As the variants of [`InstallRefusal`] say.
pub fn run(machine: &Machine, runner: &dyn Runner, answers: &Terminal) -> Result<(), InstallRefusal> {
    let manager = machine.manager(runner)?;
    let mut there = Vec::new();
    for file in &manager.files {
        if own_file(&manager, &file.path)?.is_some() {
            there.push(file.path.clone());
        }
    }
    if there.is_empty() {
        answers.say_whole("Nothing is installed, and nothing was removed.");
        return Ok(());
    }
    stop(&manager, runner, answers)?;
    for path in there {
        remove(path, answers)?;
    }
    for line in &manager.forget {
        run_one(&manager, line, runner, answers)?;
    }
    answers.say_whole("Removed: the helper does not start by itself any more. Your logins go on.");
    Ok(())
}

fn stop(manager: &Manager, runner: &dyn Runner, answers: &Terminal) -> Result<(), InstallRefusal> {
    manager.stop.iter().try_for_each(|line| run_one(manager, line, runner, answers))
}

/// A service that is not there any more need not be ended.
fn run_one(
    manager: &Manager,
    line: &super::command_line::CommandLine,
    runner: &dyn Runner,
    answers: &Terminal,
) -> Result<(), InstallRefusal> {
    match runner.run(line) {
        Ok(()) => {
            answers.say_whole(&format!("Ran {line}"));
            Ok(())
        }
        Err(failure) if manager.is_installed.iter().any(|line| runner.run(line).is_ok()) => {
            Err(InstallRefusal::NotStopped { line: line.clone(), failure })
        }
        Err(_) => Ok(()),
    }
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
