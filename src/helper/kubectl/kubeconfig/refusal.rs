//! Why no context is written. Each message is one sentence that says what to do instead.

use std::io::Error;
use std::path::PathBuf;

use crate::helper::proxy::install::refusal::InstallRefusal;
use crate::helper::terminal::shown_command::word;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum KubeconfigRefusal {
    /// kubectl sends no credential over plain http.
    #[error("kubectl sends no credential to {0}: name a backend at an https:// address.")]
    NotHttps(String),
    /// kubectl runs outside.
    #[error(
        "This is a container of its own, in which kubectl cannot run this program: install it where kubectl is (docs/install.md), and run this there."
    )]
    Container,
    /// The path of this program will not last.
    #[error("{}", executable(.0))]
    Executable(Box<InstallRefusal>),
    /// The backend has no cluster.
    #[error("The backend at {0} has no cluster: ask its operator.")]
    NoCluster(String),
    /// The name would not be one word.
    #[error(
        "The name of the cluster {0:?} cannot be part of an address: ask the operator for another (CLUSTER_NAME)."
    )]
    OddName(String),
    /// There is one current context.
    #[error(
        "Only one context can be the current one: name its cluster with --cluster, or leave --current out."
    )]
    ManyCurrent,
    /// A file is not read or written.
    #[error("{} cannot be used ({reason}): let your user read and write it, or name another file with --kubeconfig.", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        reason: Error,
    },
    /// It belongs to another user, to whom a new file would be lost.
    #[error("{} belongs to another user: run this as that user, or name another file with --kubeconfig.", .0.display())]
    OthersFile(PathBuf),
    /// kubectl, or a run of it that was killed, has the lock.
    #[error("{} is there, as while kubectl writes: if no kubectl runs, remove that file, then run this again.", .0.display())]
    Locked(PathBuf),
    /// It is no kubeconfig.
    #[error("{} is no kubeconfig that can be read{at}, and was not changed: correct it, or name another file with --kubeconfig.", .path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, where it is known.
        at: String,
    },
    /// What is written there cannot be added to.
    #[error(
        "{} is written so that nothing can be added without changing the rest, and was not changed: write to a file of its own with \
         --kubeconfig FILE, and name both in KUBECONFIG.", .0.display()
    )]
    Unusual(PathBuf),
    /// An entry of that name is not ours.
    #[error("{} has another {kind} {name}, and was not changed: rename that one, or name another file with --kubeconfig.", .path.display())]
    OthersEntry {
        /// The file.
        path: PathBuf,
        /// `cluster`, `user` or `context`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Something went wrong after one of several files was written.
    #[error("{} is written, and the rest is not: {reason}", shown(.written))]
    Partly {
        /// What was written.
        written: Vec<PathBuf>,
        /// Why not all.
        reason: Box<KubeconfigRefusal>,
    },
    /// The user has no home.
    #[error(
        "Your user has no home in which a kubeconfig could be: name a file with --kubeconfig, or set KUBECONFIG."
    )]
    NoHome,
}

fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ")
}

fn executable(reason: &InstallRefusal) -> String {
    match reason {
        InstallRefusal::Temporary(path) => format!(
            "This program runs from {path}, where it is only for a time, and kubectl would not find it: install it first (docs/install.md), for \
             example with npm install -g, and run kubeconfig then."
        ),
        InstallRefusal::Unwritable(path) => format!(
            "The path {} cannot be written into a kubeconfig: install this program at a path of plain characters.",
            word(path, "of this program")
        ),
        other => other.to_string(),
    }
}

impl KubeconfigRefusal {
    /// 2 where the command has to be another, 1 for what else can go wrong.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotHttps(_) | Self::Container | Self::Executable(_) | Self::ManyCurrent | Self::NoHome => 2,
            Self::NoCluster(_)
            | Self::OddName(_)
            | Self::File { .. }
            | Self::OthersFile(_)
            | Self::Locked(_)
            | Self::Broken { .. }
            | Self::Unusual(_)
            | Self::OthersEntry { .. }
            | Self::Partly { .. } => 1,
        }
    }
}
