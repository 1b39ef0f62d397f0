//! Whether the user has confirmed a backend, and the file that remembers it: one file for all backends of a user.
//!
//! A backend on loopback needs no confirmation. Any other is remembered after the first successful login there. A file that cannot be
//! read confirms nothing, and is left unchanged.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::backend_name::BackendName;
use crate::helper::sign_in::private_folder::{FolderError, PrivateFolder};

/// The file, in the helper's folder.
const FILE: &str = "confirmed-backends.json";

/// The version of its format.
const VERSION: u32 = 1;

/// Why the file cannot be used. It was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TrustFileError {
    /// The system refuses access.
    #[error("{0}.")]
    FolderError(#[from] FolderError),
    /// It is damaged, or a newer version of this program wrote it.
    #[error(
        "{0} does not hold confirmed backends that this version can read: remove that file, or use a newer version of this program."
    )]
    Unreadable(PathBuf),
}

/// Whether the user has confirmed a backend.
#[derive(Debug)]
pub enum TrustStatus {
    /// It is on this machine, or a login there has succeeded before.
    Confirmed,
    /// It was never confirmed on this machine.
    Unconfirmed,
    /// The file cannot be read: treated as unconfirmed.
    Unknown(TrustFileError),
}

/// The confirmation of one backend.
#[derive(Debug)]
pub struct BackendTrust {
    name: BackendName,
    folder: Option<PrivateFolder>,
    /// A login there has succeeded in this process. Counts only if no file can be written: another process may have deleted what a file
    /// kept.
    here: AtomicBool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    backends: Vec<BackendName>,
}

impl BackendTrust {
    /// The confirmation of that backend, kept in that folder if the user has one.
    #[must_use]
    pub fn new(name: BackendName, folder: Option<&Path>) -> Self {
        Self { name, folder: folder.map(PrivateFolder::new), here: AtomicBool::new(false) }
    }

    /// The backend.
    #[must_use]
    pub fn name(&self) -> &BackendName {
        &self.name
    }

    /// The current status.
    #[must_use]
    pub fn status(&self) -> TrustStatus {
        if self.name.is_on_loopback() || self.is_known_only_here() {
            return TrustStatus::Confirmed;
        }
        match self.folder.as_ref().map_or_else(|| Ok(Vec::new()), read) {
            Ok(backends) if backends.contains(&self.name) => TrustStatus::Confirmed,
            Ok(_) => TrustStatus::Unconfirmed,
            Err(error) => TrustStatus::Unknown(error),
        }
    }

    /// Whether a login has succeeded in this process and no file can be written, as in a container without a writable home.
    fn is_known_only_here(&self) -> bool {
        self.here.load(Ordering::Acquire) && !self.folder.as_ref().is_some_and(PrivateFolder::takes_files)
    }

    /// Remembers that a login there has succeeded.
    ///
    /// # Errors
    /// When the file cannot be written, or its content cannot be read; it is then left unchanged.
    pub async fn remember(&self) -> Result<(), TrustFileError> {
        self.here.store(true, Ordering::Release);
        if self.name.is_on_loopback() {
            return Ok(());
        }
        let Some(folder) = &self.folder else { return Ok(()) };
        let _locked = folder.lock(FILE).await?;
        let mut backends = read(folder)?;
        if backends.contains(&self.name) {
            return Ok(());
        }
        backends.push(self.name.clone());
        write(folder, backends)
    }

    /// Deletes the confirmation, and returns whether there was one.
    ///
    /// # Errors
    /// As [`Self::remember`].
    pub async fn forget(&self) -> Result<bool, TrustFileError> {
        self.here.store(false, Ordering::Release);
        let Some(folder) = &self.folder else { return Ok(false) };
        let _locked = folder.lock(FILE).await?;
        let backends = read(folder)?;
        let others: Vec<_> = backends.iter().filter(|known| **known != self.name).cloned().collect();
        if others.len() == backends.len() {
            return Ok(false);
        }
        write(folder, others)?;
        Ok(true)
    }
}

fn read(folder: &PrivateFolder) -> Result<Vec<BackendName>, TrustFileError> {
    let Some(text) = folder.read(FILE)? else { return Ok(Vec::new()) };
    match serde_json::from_slice(&text) {
        Ok(Content { version: VERSION, backends }) => Ok(backends),
        _ => Err(TrustFileError::Unreadable(folder.path_of(FILE))),
    }
}

fn write(folder: &PrivateFolder, backends: Vec<BackendName>) -> Result<(), TrustFileError> {
    let content = serde_json::to_vec(&Content { version: VERSION, backends })
        .map_err(|error| FolderError::BySystem { path: folder.path_of(FILE), reason: error.into() })?;
    Ok(folder.write(FILE, &content)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(home: &Path, address: &str, client_id: &str) -> BackendTrust {
        BackendTrust::new(BackendName::new(address, client_id).unwrap(), Some(home))
    }

    fn is_confirmed(home: &Path, address: &str) -> bool {
        matches!(trust(home, address, "helper").status(), TrustStatus::Confirmed)
    }

    #[actix_web::test]
    async fn it_is_remembered_for_exactly_that_backend_until_it_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let known = trust(home.path(), "https://b.example", "helper");
        assert!(matches!(known.status(), TrustStatus::Unconfirmed));
        known.remember().await.unwrap();
        known.remember().await.unwrap();
        assert!(is_confirmed(home.path(), "https://b.example:443/"));
        for other in ["https://b.example:444", "https://b.example/x", "https://bb.example"] {
            assert!(!is_confirmed(home.path(), other), "{other}");
        }
        assert!(matches!(
            trust(home.path(), "https://b.example", "other").status(),
            TrustStatus::Unconfirmed
        ));
        assert!(known.forget().await.unwrap() && !known.forget().await.unwrap());
        assert!(!is_confirmed(home.path(), "https://b.example"));
    }

    #[actix_web::test]
    async fn loopback_needs_no_file_and_who_has_no_home_knows_it_in_this_process() {
        let home = tempfile::tempdir().unwrap();
        trust(home.path(), "http://localhost:7007", "helper").remember().await.unwrap();
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        let homeless = BackendTrust::new(BackendName::new("https://b.example", "helper").unwrap(), None);
        assert!(matches!(homeless.status(), TrustStatus::Unconfirmed));
        homeless.remember().await.unwrap();
        assert!(matches!(homeless.status(), TrustStatus::Confirmed));
    }

    #[cfg(unix)]
    #[actix_web::test]
    async fn what_no_file_can_keep_is_known_in_this_process_until_one_can() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let set_mode =
            |mode| std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        set_mode(0o770);
        let known = trust(home.path(), "https://b.example", "helper");
        assert!(known.remember().await.unwrap_err().to_string().contains("run chmod 700 "));
        assert!(matches!(known.status(), TrustStatus::Confirmed));
        set_mode(0o700);
        assert!(matches!(known.status(), TrustStatus::Unconfirmed));
        known.remember().await.unwrap();
        assert!(matches!(known.status(), TrustStatus::Confirmed));
        // As another process does.
        assert!(trust(home.path(), "https://b.example", "helper").forget().await.unwrap());
        assert!(matches!(known.status(), TrustStatus::Unconfirmed));
    }

    #[actix_web::test]
    async fn many_at_once_lose_nothing() {
        let home = tempfile::tempdir().unwrap();
        let addresses: Vec<String> = (0..16).map(|number| format!("https://b{number}.example")).collect();
        let trusts: Vec<_> = addresses.iter().map(|address| trust(home.path(), address, "helper")).collect();
        let all = trusts.iter().map(BackendTrust::remember);
        assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
        assert!(addresses.iter().all(|address| is_confirmed(home.path(), address)));
    }

    #[actix_web::test]
    async fn what_cannot_be_read_is_no_reason_to_trust_and_stays_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let known = trust(home.path(), "https://b.example", "helper");
        known.remember().await.unwrap();
        let folder = PrivateFolder::new(home.path());
        let whole = String::from_utf8(folder.read(FILE).unwrap().unwrap()).unwrap();
        let newer = whole.replace("\"version\":1", "\"version\":2");
        let wider = whole.replace("\"port\":443", "\"port\":443,\"tenant\":\"a\"");
        assert!(newer != whole && wider != whole);
        for other in ["", "{}", &whole[..whole.len() - 1], &newer, &wider] {
            folder.write(FILE, other.as_bytes()).unwrap();
            let again = trust(home.path(), "https://b.example", "helper");
            let TrustStatus::Unknown(error) = again.status() else { panic!("{other} is trusted") };
            assert!(error.to_string().contains(FILE), "{error}");
            assert!(again.remember().await.is_err() && again.forget().await.is_err());
            assert_eq!(folder.read(FILE).unwrap().unwrap(), other.as_bytes());
        }
    }
}
