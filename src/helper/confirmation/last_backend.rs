//! The backend of the last successful login: what commands without `BACKSTAGE_URL` use. It is only a default: it has to be confirmed like
//! any other backend.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::backend_name::BackendName;
use crate::helper::sign_in::private_folder::{FolderError, PrivateFolder};

/// The file, in the helper's folder.
const FILE: &str = "last-backend.json";

/// The version of its format.
const VERSION: u32 = 1;

/// Why the file cannot be used. It was not changed.
#[derive(Debug, thiserror::Error)]
pub enum LastBackendError {
    /// The system refuses access.
    #[error("{0}.")]
    FolderError(#[from] FolderError),
    /// It is damaged, or a newer version of this program wrote it.
    #[error("{0} does not hold a backend that this version can read: remove that file.")]
    Unreadable(PathBuf),
}

/// The file of the last backend; none for a user without a home.
#[derive(Debug)]
pub struct LastBackend(Option<PrivateFolder>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    backend: BackendName,
}

impl LastBackend {
    /// The file in that folder; nothing is read or created yet.
    #[must_use]
    pub fn new(folder: Option<&Path>) -> Self {
        Self(folder.map(PrivateFolder::new))
    }

    /// The backend, if a login has succeeded.
    ///
    /// # Errors
    /// When the file cannot be read, or its content cannot.
    pub fn read(&self) -> Result<Option<BackendName>, LastBackendError> {
        let Some(folder) = &self.0 else { return Ok(None) };
        let Some(text) = folder.read(FILE)? else { return Ok(None) };
        match serde_json::from_slice(&text) {
            Ok(Content { version: VERSION, backend }) => Ok(Some(backend)),
            _ => Err(LastBackendError::Unreadable(folder.path_of(FILE))),
        }
    }

    /// Remembers that a login there has succeeded. A failure costs only the default, so it is logged and is no error.
    pub fn remember(&self, backend: &BackendName) {
        let Some(folder) = &self.0 else { return };
        let written = match self.read() {
            Ok(Some(known)) if known == *backend => return,
            Ok(_) => write(folder, backend),
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::info!(%error, "this backend does not become the default of the next command");
        }
    }

    /// Forgets that backend, and returns whether it was the last one. A file that cannot be read is removed, too: it names no other.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn forget(&self, backend: &BackendName) -> Result<bool, LastBackendError> {
        let is_last = self.read().map_or(true, |last| last.is_some_and(|known| known == *backend));
        if let (true, Some(folder)) = (is_last, &self.0) {
            folder.remove(FILE)?;
        }
        Ok(is_last)
    }
}

fn write(folder: &PrivateFolder, backend: &BackendName) -> Result<(), LastBackendError> {
    let content = serde_json::to_vec(&Content { version: VERSION, backend: backend.clone() })
        .map_err(|error| FolderError::BySystem { path: folder.path_of(FILE), reason: error.into() })?;
    Ok(folder.write(FILE, &content)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(address: &str) -> BackendName {
        BackendName::new(address, "helper").unwrap()
    }

    #[test]
    fn the_last_one_is_remembered_until_it_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let last = LastBackend::new(Some(home.path()));
        assert_eq!(last.read().unwrap(), None);
        let (first, second) = (name("http://localhost:7007"), name("https://b.example/portal"));
        last.remember(&first);
        last.remember(&second);
        assert_eq!(last.read().unwrap().unwrap(), second);
        assert!(!last.forget(&first).unwrap());
        assert_eq!(last.read().unwrap().unwrap(), second);
        assert!(last.forget(&second).unwrap() && !last.forget(&second).unwrap());
        assert_eq!(last.read().unwrap(), None);
        let homeless = LastBackend::new(None);
        homeless.remember(&first);
        assert!(homeless.read().unwrap().is_none() && !homeless.forget(&first).unwrap());
    }

    #[test]
    fn what_cannot_be_read_is_no_default_and_stays_until_it_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let (last, folder) = (LastBackend::new(Some(home.path())), PrivateFolder::new(home.path()));
        let known = name("https://b.example");
        last.remember(&known);
        let whole = String::from_utf8(folder.read(FILE).unwrap().unwrap()).unwrap();
        let newer = whole.replace("\"version\":1", "\"version\":2");
        assert_ne!(newer, whole);
        for other in ["", "[]", &whole[..whole.len() - 1], &newer] {
            folder.write(FILE, other.as_bytes()).unwrap();
            last.remember(&known);
            assert!(last.read().unwrap_err().to_string().contains(FILE));
            assert_eq!(folder.read(FILE).unwrap().unwrap(), other.as_bytes());
            assert!(last.forget(&known).unwrap());
            assert_eq!(folder.read(FILE).unwrap(), None);
        }
    }

    #[cfg(unix)]
    #[test]
    fn other_users_can_neither_read_nor_set_it() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let last = LastBackend::new(Some(home.path()));
        last.remember(&name("https://b.example"));
        let file = PrivateFolder::new(home.path()).path_of(FILE);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o622)).unwrap();
        assert!(last.read().unwrap_err().to_string().contains("run chmod 600 "));
    }
}
