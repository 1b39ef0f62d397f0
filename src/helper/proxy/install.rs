//! `proxy install` and `proxy uninstall`: the proxy as a service of the user's own. What is written and run is shown before.
//!
//! `machine` knows the user and the manager of services; `systemd`, `launchd` and `logon_task` say how each of these is told of the one
//! [`Description`]; `executable` and `helper_port` look at what would not work later; `written` puts files in place, or back.

pub mod command_line;
pub mod executable;
pub mod helper_port;
pub mod launchd;
pub mod logon_task;
pub mod machine;
pub mod refusal;
pub mod service;
pub mod systemd;
pub mod uninstall;
pub mod written;

use std::path::{Path, PathBuf};

use self::command_line::{FailedCommand, Runner};
use self::executable::lasting_path;
use self::machine::Machine;
use self::refusal::{InstallRefusal, Trouble};
use self::service::control::{Control, State};
use self::service::{Description, MARK, Manager};
use self::written::{Written, read};
use crate::clock::Timer;
use crate::helper::HelperError;
use crate::helper::backend_client::BackendApi;
use crate::helper::confirmation::in_terminal;
use crate::helper::terminal::Terminal;
use crate::helper::terminal::keyboard::{self, Attended, Keyboard};
use crate::helper::terminal::tools::Tools;
use crate::settings::proxy::ProxySettings;
use crate::settings::proxy::carried::Carried;

/// Whether the user is asked before anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// They type yes.
    InTerminal,
    /// They have said so with the command.
    SaidBefore,
}

/// What shall be installed.
pub struct Order {
    /// The proxy's settings, checked.
    pub settings: ProxySettings,
    /// The same as they are written.
    pub carried: Carried,
    /// Whether the user is asked.
    pub asking: Asking,
}

/// Where it is installed.
pub struct Here<'a> {
    /// The machine and its user.
    pub machine: &'a Machine,
    /// Runs commands.
    pub runner: &'a dyn Runner,
    /// Lets time pass.
    pub timer: &'a dyn Timer,
    /// What commands in a terminal use.
    pub tools: &'a Tools,
}

/// A file with its text.
type Text = (PathBuf, String);

/// Installs the proxy, or brings what is installed up to date.
///
/// # Errors
/// As the variants of [`InstallRefusal`] say, and when the backend is not confirmed. Then nothing is changed.
pub async fn run(order: Order, here: &Here<'_>) -> Result<(), HelperError> {
    let Here { machine, runner, timer, tools } = *here;
    let manager = machine.manager(runner)?;
    let executable = lasting_path(&machine.executable, &machine.search, &machine.temporary)?;
    if executable.contains(manager.not_in_paths) {
        return Err(InstallRefusal::Unwritable(executable).into());
    }
    let mut keyboard = Keyboard::default();
    confirm_backend(&order.settings, tools, &mut keyboard).await?;
    let control = Control { manager: &manager, runner, timer };
    let state = control.state();
    let wanted = &order.settings.control_listen;
    let listen = match state {
        State::Whole | State::Part => helper_port::own_addresses(wanted),
        State::Absent => helper_port::free_addresses(wanted, machine.user).await?,
    };
    let settings = with_backend(order.carried, &order.settings);
    if let Some(sentence) = (manager.not_held)(&settings) {
        tools.terminal.say_whole(&sentence);
    }
    let (log, user) = (manager.log.clone(), machine.user_name.clone());
    let description = Description { executable, settings, listen, log, user };
    let texts = texts(&manager, &description)?;
    if state == State::Whole && are_there(&manager, &texts)? {
        tools.answers.say_whole("It is installed like this already: nothing was changed.");
        return Ok(());
    }
    let lines = match state {
        State::Absent => manager.start.clone(),
        State::Whole | State::Part => [&manager.stop[..], &manager.start[..]].concat(),
    };
    show(&texts, &lines, &tools.terminal);
    ask(order.asking, (&mut keyboard, &tools.terminal)).await?;
    put_in_place(&control, &texts, state).await?;
    tools.answers.say_whole(manager.installed);
    tools.answers.say_whole("To remove it: backstage-oidc-helper proxy uninstall");
    Ok(())
}

/// As `login` does: a backend that was never confirmed on this machine is not started with every session.
async fn confirm_backend(
    settings: &ProxySettings,
    tools: &Tools,
    keyboard: &mut Keyboard,
) -> Result<(), HelperError> {
    let api = BackendApi::connect(&settings.login, tools.random.as_ref(), &tools.clock)?;
    let trust = tools.backend_trust(&api, &settings.login)?;
    in_terminal::confirm(&trust, (&settings.login, tools), keyboard).await
}

/// The backend stands in the file also where it is the default: another login must not change which one the service is for.
fn with_backend(mut carried: Carried, settings: &ProxySettings) -> Carried {
    let name = "BACKSTAGE_URL";
    if !carried.iter().any(|(known, _)| known == name) {
        carried.insert(0, (name.to_owned(), settings.login.backstage_url.clone()));
    }
    carried
}

fn texts(manager: &Manager, description: &Description) -> Result<Vec<Text>, InstallRefusal> {
    let of_files = manager.files.iter().map(|file| {
        let text = (file.content)(description);
        let text = text.map_err(|reason| InstallRefusal::File { path: file.path.clone(), reason })?;
        Ok((file.path.clone(), text))
    });
    of_files.collect()
}

/// Whether all files hold just this.
fn are_there(manager: &Manager, texts: &[Text]) -> Result<bool, InstallRefusal> {
    for (path, text) in texts {
        let content = own_file(manager, path)?;
        if content.is_none_or(|content| content != manager.encoding.bytes(text)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The content of a file, if it is there.
///
/// # Errors
/// When it cannot be read, or this program has not written it.
fn own_file(manager: &Manager, path: &Path) -> Result<Option<Vec<u8>>, InstallRefusal> {
    let content = read(path).map_err(|reason| InstallRefusal::File { path: path.to_owned(), reason })?;
    match content {
        Some(content) if !manager.encoding.text(&content).contains(MARK) => {
            Err(InstallRefusal::OthersFile(path.to_owned()))
        }
        content => Ok(content),
    }
}

fn show(texts: &[Text], lines: &[command_line::CommandLine], terminal: &Terminal) {
    for (path, text) in texts {
        terminal.say_whole(&format!("Writes {}:", path.display()));
        for line in text.lines() {
            terminal.say_whole(&format!("    {line}"));
        }
    }
    terminal.say_whole("Runs:");
    for line in lines {
        terminal.say_whole(&format!("    {line}"));
    }
}

async fn ask(asking: Asking, (keyboard, terminal): (&mut Keyboard, &Terminal)) -> Result<(), InstallRefusal> {
    if asking == Asking::SaidBefore {
        return Ok(());
    }
    if keyboard::attended() == Attended::No {
        return Err(InstallRefusal::NotAsked);
    }
    keyboard.forget_what_was_typed_ahead();
    terminal.say("Type yes to do that:");
    match keyboard.line().await {
        Some(line) if line.trim().eq_ignore_ascii_case("yes") => Ok(()),
        _ => Err(InstallRefusal::Declined),
    }
}

async fn put_in_place(control: &Control<'_>, texts: &[Text], before: State) -> Result<(), InstallRefusal> {
    let manager = control.manager;
    for (path, _) in texts {
        own_file(manager, path)?;
    }
    let mut written = Written::default();
    for (path, text) in texts {
        written.write(path, &manager.encoding.bytes(text))?;
    }
    let ended = match before {
        State::Absent => Ok(()),
        State::Whole | State::Part => control.end(|_| ()).await,
    };
    let started = match ended {
        Ok(()) => control.start().await,
        Err(failed) => Err(failed),
    };
    match started {
        Ok(()) => Ok(()),
        Err(failed) => Err(undo(control, written, before, failed).await),
    }
}

/// Puts all back as it was, and says whether that is true.
async fn undo(
    control: &Control<'_>,
    mut written: Written,
    before: State,
    failed: FailedCommand,
) -> InstallRefusal {
    let ended = control.end(|_| ()).await;
    let put_back = written.put_back();
    control.forget(|_| ());
    let service = match before {
        State::Absent => ended,
        State::Whole | State::Part => control.start().await,
    };
    match put_back.and(service.map_err(Trouble::Command)) {
        Ok(()) => InstallRefusal::Undone(failed),
        Err(left) => InstallRefusal::NotPutBack { failed: Trouble::Command(failed), left: Box::new(left) },
    }
}

#[cfg(test)]
mod tests;
