//! `config from-kubeconfig`: the backend's settings out of a kubeconfig that runs kubelogin. Nothing of it is executed, and no request
//! is sent.

mod certificates;
mod cluster_names;
mod exec_command;
mod flags;
mod kubeconfig;
mod notes;
mod oidc_login;
mod private_files;
mod redirect_port;
mod settings_of;
mod written;

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use self::certificates::Places;
use self::exec_command::Runs;
use self::kubeconfig::{Kubeconfig, Use, User};
use self::notes::{LeftOut, Notes};
use self::private_files::UnwritableFile;
use self::settings_of::ClusterSettings;
use self::written::helm_values;
use crate::settings::lists::separated;

/// A larger file is no kubeconfig.
const MOST: u64 = 4 << 20;

/// What the settings are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The program itself: lines of the environment, or a `CONFIG_FILE`.
    Program,
    /// The chart: its values.
    Chart,
}

/// What is to be read, and where the files go that settings name.
pub struct Request {
    /// What the settings are for.
    pub purpose: Purpose,
    /// The kubeconfig; `-` is standard input.
    pub file: PathBuf,
    /// Only these contexts; all when there is none.
    pub contexts: Vec<String>,
    /// The folder for client secrets and certificates.
    pub folder: PathBuf,
    /// Hosts to which plain http is allowed (`INSECURE_HTTP_HOSTS`).
    pub insecure_http_hosts: Vec<String>,
    /// What `~` stands for.
    pub home: Option<PathBuf>,
}

/// The one variable of the environment that decides what can be carried over.
#[derive(Deserialize)]
pub struct AllowedHosts {
    /// `INSECURE_HTTP_HOSTS`
    #[serde(default, deserialize_with = "separated")]
    pub insecure_http_hosts: Vec<String>,
}

/// Why no settings came out. No message holds text of the file.
#[derive(Debug, thiserror::Error)]
pub enum FromKubeconfigError {
    /// The file cannot be read.
    #[error("{0} cannot be read ({1}): name a kubeconfig, or - for standard input.")]
    Unreadable(String, std::io::Error),
    /// It is not UTF-8.
    #[error(
        "{0} is no text in UTF-8. The > of Windows PowerShell writes UTF-16: use `kubectl config view --raw | Out-File -Encoding utf8 FILE` there."
    )]
    NotText(String),
    /// It is larger than any kubeconfig.
    #[error("{0} is larger than 4 MiB: name a kubeconfig.")]
    TooLarge(String),
    /// It is not YAML, or not of a kubeconfig's form.
    #[error(
        "{file} is no kubeconfig: line {line} is not as expected. `kubectl config view --raw` shows what kubectl reads."
    )]
    NotAKubeconfig {
        /// The file.
        file: String,
        /// Where reading it failed; the parser's own words may repeat a secret.
        line: u64,
    },
    /// There is no context at all.
    #[error("{0} has no context, so there is nothing to carry over: is it the right file?")]
    Empty(String),
    /// A context was named that is not there.
    #[error("{file} has no context {name:?}: `kubectl config get-contexts` lists them.")]
    NoSuchContext {
        /// The file.
        file: String,
        /// The context.
        name: String,
    },
    /// Each context was left out, with its reason.
    #[error("{0} has no cluster that could be carried over: the lines above say why. Nothing was written.")]
    Nothing(String),
    /// A file of the settings cannot be written.
    #[error(transparent)]
    File(#[from] UnwritableFile),
    /// The settings are not read.
    #[error("The settings could not be printed ({0}): run this again.")]
    Output(#[from] std::io::Error),
}

impl FromKubeconfigError {
    /// The exit code of the command.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unreadable(..)
            | Self::NotText(_)
            | Self::TooLarge(_)
            | Self::NotAKubeconfig { .. }
            | Self::NoSuchContext { .. } => 2,
            Self::Empty(_) | Self::Nothing(_) | Self::File(_) | Self::Output(_) => 1,
        }
    }
}

/// Prints the settings, writes the files that they name, and says what could not be carried over.
///
/// # Errors
/// As the variants of [`FromKubeconfigError`] say. Then nothing was printed.
pub fn run(
    request: &Request,
    out: &mut dyn Write,
    say: &mut dyn FnMut(&str),
) -> Result<(), FromKubeconfigError> {
    let file = request.file.display().to_string();
    let text = zeroize::Zeroizing::new(read(&request.file, &file)?);
    let kubeconfig = Kubeconfig::read(&text)
        .map_err(|line| FromKubeconfigError::NotAKubeconfig { file: file.clone(), line })?;
    let uses = kubeconfig.uses(&request.contexts);
    let uses = uses.map_err(|name| FromKubeconfigError::NoSuchContext { file: file.clone(), name })?;
    if uses.is_empty() {
        return Err(FromKubeconfigError::Empty(file));
    }
    let mut notes = Notes::default();
    let clusters = carried(&kubeconfig, uses, request, &mut notes);
    notes.iter().for_each(&mut *say);
    if clusters.is_empty() {
        return Err(FromKubeconfigError::Nothing(file));
    }
    match request.purpose {
        Purpose::Program => {
            let clusters = private_files::write(clusters, &request.folder)?;
            written::write(&clusters, &file, out)?;
            if let Some(sentence) = written::beside(&clusters) {
                say(&sentence);
            }
        }
        Purpose::Chart => {
            let secrets = private_files::write_secrets(&clusters, &request.folder)?;
            helm_values::write(&clusters, &secrets, &file, out)?;
            for secret in &secrets {
                say(&helm_values::how_to_keep(secret));
            }
        }
    }
    Ok(())
}

fn read(path: &Path, shown: &str) -> Result<String, FromKubeconfigError> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::InvalidData => FromKubeconfigError::NotText(shown.to_owned()),
        _ => FromKubeconfigError::Unreadable(shown.to_owned(), error),
    };
    let mut text = String::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(unreadable)?)
    };
    let length = source.take(MOST.saturating_add(1)).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(length).is_ok_and(|length| length <= MOST) {
        Ok(text)
    } else {
        Err(FromKubeconfigError::TooLarge(shown.to_owned()))
    }
}

/// The clusters that can be carried over, each once, in the order of the contexts.
fn carried(
    kubeconfig: &Kubeconfig,
    uses: Vec<Use<'_>>,
    request: &Request,
    notes: &mut Notes,
) -> Vec<ClusterSettings> {
    let mut clusters: Vec<ClusterSettings> = Vec::new();
    let places = Places { beside: request.file.parent(), home: request.home.as_deref() };
    for found in uses {
        let context = found.context;
        let cluster = settings_of::cluster(&found, &places, notes);
        let checked = |cluster| settings_of::check(&cluster, &request.insecure_http_hosts).map(|()| cluster);
        match cluster.and_then(checked) {
            Ok(cluster) if clusters.iter().any(|kept| kept.is_the_same_as(&cluster)) => {}
            Ok(cluster) => clusters.push(cluster),
            Err(reason) => left_out(notes, context, &reason),
        }
    }
    let clusters = redirect_port::one(clusters, notes);
    let kept = cluster_names::give(clusters);
    let unused = kubeconfig.unused_users().filter(|(_, user)| runs_kubelogin(user));
    for (name, _) in unused.filter(|_| request.contexts.is_empty()) {
        notes.add(format!("The user {name:?} runs kubelogin and is in no context: it is left out."));
    }
    kept
}

fn runs_kubelogin(user: &User) -> bool {
    user.exec.as_ref().is_some_and(|exec| matches!(Runs::of(exec), Runs::Kubelogin(_) | Runs::Script))
}

fn left_out(notes: &mut Notes, context: &str, LeftOut(reason): &LeftOut) {
    notes.add(format!("The context {context:?} is left out: {reason}"));
}

#[cfg(test)]
mod tests;
