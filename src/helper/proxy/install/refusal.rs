//! Why `proxy install` and `proxy uninstall` refuse or fail. Each message is one sentence that says what to do instead.

use std::io::Error;
use std::path::PathBuf;

use super::command_line::{CommandLine, FailedCommand, Failure};
use crate::helper::port::ListenError;

/// What failed on the way.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A command.
    #[error("{0}")]
    Command(FailedCommand),
    /// A file.
    #[error("{} could not be written ({reason})", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        reason: Error,
    },
}

/// Why nothing was installed, or removed.
#[derive(Debug, thiserror::Error)]
pub enum InstallRefusal {
    /// It is run by root, who has no browser.
    #[error(
        "This is for your own user, and you are root: run it without sudo, as the user with the browser."
    )]
    Root,
    /// A container has no manager of services.
    #[error(
        "This is a container, where nothing would start the proxy again: run this on the machine itself, or have Docker keep the container \
         with docker run -d --restart unless-stopped (docs/container.md)."
    )]
    Container,
    /// The program's file cannot be found.
    #[error(
        "The file of this program cannot be found ({0}), as after an upgrade while it ran: run this again."
    )]
    NoExecutable(String),
    /// The program's file is there only for a time.
    #[error(
        "This program runs from {0}, where it is only for a time: install it first, for example with npm install -g, and run proxy install \
         of the installed one."
    )]
    Temporary(String),
    /// A path that no file of a service can name.
    #[error(
        "The path {0} holds characters that the file of a service cannot: move it elsewhere, then run this again."
    )]
    Unwritable(String),
    /// The user has no home.
    #[error(
        "Your user has no home directory, where the service would be written: set HOME, then run this again."
    )]
    NoHome,
    /// The machine has no such manager of services.
    #[error(
        "There is no {0} here, which would start the proxy: run backstage-oidc-helper proxy yourself, for example where your desktop lists what \
         it starts."
    )]
    NoManager(&'static str),
    /// The shell was not begun by a login.
    #[error(
        "Your systemd cannot be reached, since XDG_RUNTIME_DIR is not set, as after su or sudo: log in as this user itself, on the screen or \
         by ssh, then run this again."
    )]
    NoRuntimeDirectory,
    /// WSL without systemd.
    #[error(
        "WSL runs without systemd here: add the lines [boot] and systemd=true to /etc/wsl.conf, run wsl --shutdown on Windows and try again, \
         or run backstage-oidc-helper proxy yourself."
    )]
    WslWithoutSystemd,
    /// The manager of services does not answer.
    #[error(
        "{line} fails ({failure}), so nothing here would start the proxy: log in as this user itself, or run backstage-oidc-helper proxy yourself."
    )]
    NoAnswer {
        /// What was asked.
        line: CommandLine,
        /// How that ended.
        failure: Failure,
    },
    /// The helper port is taken.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Another user of the machine has the helper port.
    #[error(
        "Port {port} belongs to another user of this machine (number {user}), perhaps to the helper of theirs, and only one can have it: use \
         backstage-oidc-helper login for your logins."
    )]
    OtherUser {
        /// The port.
        port: u16,
        /// The user's number.
        user: u32,
    },
    /// There is a file of that name which this program has not written.
    #[error("{} was not written by proxy install: move it away, then run this again.", .0.display())]
    OthersFile(PathBuf),
    /// A file cannot be removed.
    #[error("{} cannot be removed ({reason}): the helper starts no more by itself; remove that file yourself.", .path.display())]
    NotRemoved {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        reason: Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written ({reason}): nothing was changed; let your user write there, then run this again.", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        reason: Error,
    },
    /// A command failed after the files were written.
    #[error("{0}: all was put back as it was; when the cause is mended, run this again.")]
    Undone(FailedCommand),
    /// Something failed, and not all could be put back.
    #[error(
        "{failed}, and when all was to be put back, {left}: run backstage-oidc-helper proxy uninstall, mend the cause, then run this again."
    )]
    NotPutBack {
        /// What failed first.
        failed: Trouble,
        /// What failed then.
        left: Box<Trouble>,
    },
    /// A command failed that would have ended the service.
    #[error("{0}: nothing was removed; when the cause is mended, run this again.")]
    NotStopped(FailedCommand),
    /// No user is there to be asked.
    #[error(
        "Nothing was installed, since there is no terminal to ask in: run this with --yes to install what is shown above."
    )]
    NotAsked,
    /// The user did not say yes.
    #[error("Nothing was installed: run this again and type yes.")]
    Declined,
}

impl InstallRefusal {
    /// The exit code, as docs/errors.md lists them.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Root | Self::Container | Self::Temporary(_) | Self::NotAsked => 2,
            Self::Listen(error) => error.exit_code(),
            Self::OtherUser { .. } => 3,
            Self::NoExecutable(_)
            | Self::Unwritable(_)
            | Self::NoHome
            | Self::NoManager(_)
            | Self::NoRuntimeDirectory
            | Self::WslWithoutSystemd
            | Self::NoAnswer { .. }
            | Self::OthersFile(_)
            | Self::File { .. }
            | Self::NotRemoved { .. }
            | Self::Undone(_)
            | Self::NotPutBack { .. }
            | Self::NotStopped(_)
            | Self::Declined => 1,
        }
    }
}
