//! What `proxy install` needs to know of the machine and its user.

use std::io::Error;
use std::path::{Path, PathBuf};

use super::command_line::{Failure, Runner};
use super::refusal::InstallRefusal;
use super::service::Manager;
use super::{launchd, logon_task, systemd};
use crate::helper::sign_in::token_file;
use crate::helper::terminal::elsewhere::location::System;

/// Files that Docker and Podman put into a container.
const CONTAINER_FILES: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// The machine and its user.
#[derive(Debug)]
pub struct Machine {
    /// The operating system.
    pub system: System,
    /// The user's number; 0 is root.
    pub user: u32,
    /// The user's name, with the domain's on Windows.
    pub user_name: String,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// The folder for the user's configuration.
    pub configuration: Option<PathBuf>,
    /// The folder for the helper's own files.
    pub state: Option<PathBuf>,
    /// The file of this program.
    pub executable: Result<PathBuf, Error>,
    /// The folders of `PATH`.
    pub search: Vec<PathBuf>,
    /// The folder for temporary files.
    pub temporary: PathBuf,
    /// Whether this is a container.
    pub is_container: bool,
    /// Whether this is Windows' Linux.
    pub is_wsl: bool,
    /// Whether `XDG_RUNTIME_DIR` is set, as a login does.
    pub has_runtime_directory: bool,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        use etcetera::BaseStrategy;
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let text = |name: &str| std::env::var(name).unwrap_or_default();
        let base = etcetera::choose_base_strategy().ok();
        Self {
            system: System::current(),
            user: user_number(),
            user_name: format!("{}\\{}", text("USERDOMAIN"), text("USERNAME")),
            home: base.as_ref().map(|base| base.home_dir().to_owned()),
            configuration: base.as_ref().map(BaseStrategy::config_dir),
            state: token_file::folder(),
            executable: std::env::current_exe(),
            search: std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect(),
            temporary: std::env::temp_dir(),
            is_container: !matches!(text("IN_CONTAINER").as_str(), "" | "false")
                || CONTAINER_FILES.iter().any(|file| Path::new(file).exists()),
            is_wsl: is_set("WSL_DISTRO_NAME"),
            has_runtime_directory: is_set("XDG_RUNTIME_DIR"),
        }
    }

    /// The manager of this user's services, which answers.
    ///
    /// # Errors
    /// When there is none, or this user should have none.
    pub fn manager(&self, runner: &dyn Runner) -> Result<Manager, InstallRefusal> {
        if self.user == 0 {
            return Err(InstallRefusal::Root);
        }
        if self.is_container {
            return Err(InstallRefusal::Container);
        }
        let folder = |folder: &Option<PathBuf>| folder.clone().ok_or(InstallRefusal::NoHome);
        let manager = match self.system {
            System::Linux => systemd::manager(&folder(&self.configuration)?),
            System::MacOs => launchd::manager(&folder(&self.home)?, self.user),
            System::Windows => logon_task::manager(&folder(&self.state)?),
        };
        match runner.run(&manager.answers) {
            Ok(()) => Ok(manager),
            Err(failure) => Err(self.why_it_does_not_answer(manager, failure)),
        }
    }

    fn why_it_does_not_answer(&self, manager: Manager, failure: Failure) -> InstallRefusal {
        match &failure {
            _ if self.is_wsl => InstallRefusal::WslWithoutSystemd,
            Failure::Missing => InstallRefusal::NoManager(manager.answers.program),
            Failure::Said(_) if self.system == System::Linux && !self.has_runtime_directory => {
                InstallRefusal::NoRuntimeDirectory
            }
            Failure::Said(_) | Failure::StillThere => {
                InstallRefusal::NoAnswer { line: manager.answers, failure }
            }
        }
    }
}

#[cfg(unix)]
fn user_number() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// Nothing here knows users by numbers.
#[cfg(not(unix))]
fn user_number() -> u32 {
    1
}
