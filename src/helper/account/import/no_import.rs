//! Why nothing is imported from kubelogin, or not all that was to be. Each is one sentence that names the next step.

use std::io::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use time::OffsetDateTime;

use crate::helper::account::shown_time::utc;
use crate::helper::backend_client::displayable;
use crate::helper::terminal::shown_command::word;
use crate::store::kubelogin_cache::place::is_azures;
use crate::store::kubelogin_cache::{Client, KubeloginCache, NoCache, Search};

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum NoImport {
    /// The folder is not there.
    #[error(
        "kubelogin has no cache at {}: run kubectl once at this cluster, or name its folder with --token-cache-dir.", .0.display()
    )]
    Missing(PathBuf),
    /// The folder is Azure's program's, or that has been used here alone.
    #[error(
        "There are no tokens at {}, only those of Azure's kubelogin, another program of the same name, which this program does not read: log in with backstage-oidc-helper login.", .0.display()
    )]
    Azures(PathBuf),
    /// The folder cannot be searched.
    #[error("kubelogin's cache at {folder} cannot be read ({reason}): let your user read it, or name another folder with --token-cache-dir.", folder = .folder.display())]
    NoCache {
        /// The folder.
        folder: PathBuf,
        /// The system's word.
        reason: NoCache,
    },
    /// Its ID token is over.
    #[error(
        "kubelogin's ID token for this cluster expired at {0}: run kubectl once at this cluster, so that kubelogin gets a new one, then import again."
    )]
    Expired(String),
    /// An access token, which says nothing to a login.
    #[error(
        "kubelogin keeps an access token for this cluster, no ID token: take --oidc-use-access-token out of its arguments, or log in with backstage-oidc-helper login."
    )]
    AccessToken,
    /// A file that may be the cluster's.
    #[error("{path} cannot be used ({reason}): run kubectl once at this cluster, or remove that file, then import again.", path = .path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A lock alone.
    #[error("kubelogin has left a lock at {} and no token of this cluster, as it does with --token-cache-storage=keyring, which this program does not read, and as does import --take-over: run kubectl once with --token-cache-storage=disk in kubelogin's arguments, then import again.", .0.display())]
    Keyring(PathBuf),
    /// Nothing of that client.
    #[error("kubelogin's cache at {folder} has no token of {issuer} for the client {client}: run kubectl once at this cluster, or name another folder with --token-cache-dir.", folder = .folder.display())]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// The issuer.
        issuer: String,
        /// The client id.
        client: String,
    },
    /// kubelogin is at it.
    #[error("kubelogin has kept its cache locked for {} s, for a login of its own: finish that in your browser, or end that kubectl, then import again.", .0.as_secs())]
    Locked(Duration),
    /// There is no refresh token.
    #[error(
        "kubelogin has no refresh token for this cluster, so there is no login to take over: import without --take-over, or add --oidc-extra-scope=offline_access to kubelogin's arguments and log in there again."
    )]
    NoRefreshToken,
    /// Another process was quicker.
    #[error("kubelogin's cache has changed meanwhile: run this again.")]
    Changed,
    /// The entry could not be removed afterwards; nothing was sent.
    #[error("{path} could not be locked or removed afterwards ({reason}), so nothing was sent: let your user write its folder, or import without --take-over.", path = .path.display())]
    NotRemovable {
        /// The entry.
        path: PathBuf,
        /// The system's word.
        reason: Error,
    },
    /// The entry could not be removed.
    #[error("The backend has spent the refresh token, but {shown} could not be removed ({reason}): remove it before kubectl is used again, since kubelogin would spend a refresh token that is spent.", shown = shown(.path))]
    Left {
        /// The entry.
        path: PathBuf,
        /// The system's word.
        reason: Error,
    },
    /// The backend could not refresh the login, so it has not got it.
    #[error(
        "The backend has the ID token, but not the refresh token, since the identity provider has not refreshed the login for it; kubelogin's cache is as it was: run this again later, or leave the login with kubelogin."
    )]
    NotMoved,
    /// The refresh token is of no use any more, and has no successor.
    #[error(
        "The backend has the ID token alone, and the refresh token is spent or may be, so kubelogin has this login no more: run kubectl once at this cluster, where kubelogin asks you to log in, then import again."
    )]
    Spent,
    /// No answer.
    #[error("The backend at {backend} has not said what became of the login, so it is not known whether it has the login: see backstage-oidc-helper status, and where you are connected remove {shown} before kubectl is used again, else run this again.", shown = shown(.path))]
    Unknown {
        /// The entry.
        path: PathBuf,
        /// The backend's address.
        backend: String,
    },
}

impl NoImport {
    /// Nothing is there.
    #[must_use]
    pub fn missing(folder: &Path) -> Self {
        if is_azures(folder) { Self::Azures(folder.to_owned()) } else { Self::Missing(folder.to_owned()) }
    }
}

fn shown(path: &Path) -> String {
    path.to_str().map_or_else(|| path.display().to_string(), |path| word(path, "PATH").to_owned())
}

/// Why a search has found no login of that client: the first of these that can be mended.
#[must_use]
pub fn nothing_in(search: &Search, client: Client<'_>, cache: &KubeloginCache) -> NoImport {
    let folder = cache.folder();
    if let Some(at) = search.expired.iter().map(|(_, at)| *at).max() {
        return expired(at);
    }
    if search.access_tokens > 0 {
        return NoImport::AccessToken;
    }
    if let Some((name, reason)) = search.unread.first() {
        return NoImport::Unread { path: cache.path_of(name), reason: reason.to_string() };
    }
    if !search.locks_alone.is_empty() {
        return NoImport::Keyring(folder.to_owned());
    }
    if search.foreign == 0 && is_azures(folder) {
        return NoImport::Azures(folder.to_owned());
    }
    NoImport::Foreign {
        folder: folder.to_owned(),
        issuer: displayable(client.issuer),
        client: displayable(client.id),
    }
}

fn expired(at: OffsetDateTime) -> NoImport {
    NoImport::Expired(utc(at))
}
