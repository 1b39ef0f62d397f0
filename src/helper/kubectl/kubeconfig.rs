//! The `kubeconfig` command: writes contexts for the backend's Kubernetes proxy, with `get-token` for the credential.

pub mod edit;
pub mod entries;
pub mod files;
pub mod refusal;

use std::path::{Path, PathBuf};

use self::entries::Entries;
use self::files::Files;
use self::refusal::KubeconfigRefusal;
use crate::helper::HelperError;
use crate::helper::account::unless_interrupted;
use crate::helper::backend_client::BackendApi;
use crate::helper::confirmation::in_terminal;
use crate::helper::proxy::install::executable::lasting_path;
use crate::helper::proxy::install::machine::Machine;
use crate::helper::session::which_cluster::{check, list, names};
use crate::helper::terminal::elsewhere::location::Location;
use crate::helper::terminal::keyboard::Keyboard;
use crate::helper::terminal::shown_command::word;
use crate::helper::terminal::tools::Tools;
use crate::protocol::Info;
use crate::settings::SettingsError;
use crate::settings::login::LoginSettings;

/// Which clusters get a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clusters {
    /// The one that the settings name, or the only one.
    One,
    /// All that the backend has.
    All,
}

/// Whether kubectl's current context is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Current {
    /// It stays.
    Kept,
    /// It is the one that is written.
    Written,
}

/// Whether files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// They are.
    ToFile,
    /// What would be written is printed.
    DryRun,
}

/// What the user wants.
pub struct Order {
    /// For which clusters.
    pub clusters: Clusters,
    /// The current context.
    pub current: Current,
    /// Whether files are written.
    pub writing: Writing,
    /// The name in the backend's certificate, where kubectl is to expect another than the address has.
    pub tls_server_name: Option<String>,
    /// The kubeconfig files, as kubectl finds them.
    pub files: Files,
}

/// Writes the contexts.
///
/// # Errors
/// As the variants of [`HelperError`] say; then no file was changed, or those that the message names.
pub async fn run(
    settings: LoginSettings,
    order: Order,
    machine: &Machine,
    tools: &Tools,
) -> Result<(), HelperError> {
    unless_interrupted(write(settings, order, machine, tools)).await
}

async fn write(
    mut settings: LoginSettings,
    order: Order,
    machine: &Machine,
    tools: &Tools,
) -> Result<(), HelperError> {
    let command = executable(machine, tools)?;
    let api = BackendApi::connect(&settings, tools.random.as_ref(), &tools.clock)?;
    let trust = tools.backend_trust(&api, &settings)?;
    if trust.name().scheme() != "https" {
        return Err(KubeconfigRefusal::NotHttps(api.address().to_owned()).into());
    }
    if order.writing == Writing::ToFile {
        in_terminal::confirm(&trust, (&settings, tools), &mut Keyboard::default()).await?;
    }
    let info = api.info().await;
    let info =
        info.map_err(|reason| HelperError::Unreachable { backend: api.address().to_owned(), reason })?;
    let clusters = chosen(&info, (&settings, &order), api.address())?;
    let certificate_authority = certificate_authority(&mut settings, tools).await?;
    let entries = Entries {
        backend: trust.name(),
        address: api.address(),
        command: &command,
        certificate_authority: certificate_authority.as_deref(),
        tls_server_name: order.tls_server_name.as_deref(),
    };
    put(&entries, &clusters, &order, tools).await
}

/// The path of this program for kubectl, which must last.
fn executable(machine: &Machine, tools: &Tools) -> Result<String, KubeconfigRefusal> {
    if tools.location == Location::OwnContainer {
        return Err(KubeconfigRefusal::Container);
    }
    let path = lasting_path(&machine.executable, &machine.search, &machine.temporary);
    path.map_err(|reason| KubeconfigRefusal::Executable(Box::new(reason)))
}

/// The names of the clusters.
fn chosen(
    info: &Info,
    (settings, order): (&LoginSettings, &Order),
    address: &str,
) -> Result<Vec<String>, HelperError> {
    let all: Vec<String> = info.clusters.iter().map(|cluster| cluster.name.clone()).collect();
    let chosen = match (order.clusters, &settings.cluster, all.as_slice()) {
        (_, _, []) => return Err(KubeconfigRefusal::NoCluster(address.to_owned()).into()),
        (Clusters::One, Some(name), _) => {
            check(name, names(&info.clusters), address)?;
            vec![name.clone()]
        }
        (Clusters::One, None, [_]) | (Clusters::All, _, _) => all,
        (Clusters::One, None, _) => {
            let sentence = format!(
                "There are several clusters at {address}, so name one with --cluster, or all with --all: {}.",
                list(names(&info.clusters))
            );
            return Err(SettingsError(sentence).into());
        }
    };
    // The name becomes a part of an address and of a command.
    let is_plain = |name: &&String| name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    match chosen.iter().find(|name| !is_plain(name) || word(name, "").is_empty()) {
        Some(odd) => Err(KubeconfigRefusal::OddName(odd.clone()).into()),
        None => Ok(chosen),
    }
}

/// The file of `CA_FILE` with its whole path, if the backend cannot be reached without it: kubectl trusts it in the place of the system's
/// certificates, not beside them.
async fn certificate_authority(
    settings: &mut LoginSettings,
    tools: &Tools,
) -> Result<Option<PathBuf>, HelperError> {
    let Some(file) = settings.ca_file.take() else { return Ok(None) };
    let without = BackendApi::connect(settings, tools.random.as_ref(), &tools.clock)?;
    if without.info().await.is_ok() {
        return Ok(None);
    }
    let whole = std::path::absolute(&file);
    whole.map(Some).map_err(|reason| KubeconfigRefusal::File { path: file, reason }.into())
}

async fn put(
    entries: &Entries<'_>,
    clusters: &[String],
    order: &Order,
    tools: &Tools,
) -> Result<(), HelperError> {
    let contexts: Vec<String> = clusters.iter().map(|cluster| entries.name(cluster)).collect();
    let current = match (order.current, contexts.as_slice()) {
        (Current::Kept, _) => None,
        (Current::Written, [context]) => Some(context.as_str()),
        (Current::Written, _) => return Err(KubeconfigRefusal::ManyCurrent.into()),
    };
    let wanted = entries.wanted(clusters, current);
    if order.writing == Writing::DryRun {
        let files: Vec<String> =
            order.files.would_change(&wanted)?.iter().map(|path| path.display().to_string()).collect();
        let text = edit::edited("", &wanted).map_err(|reason| reason.of(Path::new("--dry-run")))?;
        let nothing = "Nothing is written, and nothing would be: all of this is there already:".to_owned();
        let said = if files.is_empty() {
            nothing
        } else {
            format!("Nothing is written. This would go to {}:", files.join(" and "))
        };
        tools.terminal.say_whole(&said);
        return tools.answers.pass_on(text.trim_end().as_bytes()).map_err(HelperError::Output);
    }
    for path in order.files.merge(&wanted).await? {
        tools.answers.say_whole(&format!("{} is written.", path.display()));
    }
    for context in &contexts {
        tools.answers.say_whole(&try_it(context));
    }
    Ok(())
}

fn try_it(context: &str) -> String {
    // zsh matches files with the brackets of an IPv6 address.
    let context = shlex::try_quote(context).unwrap_or_default();
    format!("Try it: kubectl --context {context} get pods")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_would_match_files_with_is_quoted() {
        assert_eq!(
            try_it("dev@b.example:8443/portal"),
            "Try it: kubectl --context dev@b.example:8443/portal get pods"
        );
        assert_eq!(try_it("dev@[::1]:8443"), "Try it: kubectl --context 'dev@[::1]:8443' get pods");
    }
}
