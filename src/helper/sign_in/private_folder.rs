//! The folder for the helper's private files: no other user of the machine can read or write them.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{Error, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::helper::terminal::shown_command::word;

/// How long to wait for a file that another run of this program has locked: longer than a refresh takes, and short enough for a user
/// to wait for a run that is paused.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a file or folder cannot be used. Each message ends with the next step.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system refuses access.
    #[error("{path} cannot be used ({reason}): let your user alone read and write it")]
    BySystem {
        /// The file, or the folder.
        path: PathBuf,
        /// The system's own words.
        reason: Error,
    },
    /// Other users can read or write it.
    #[error("{path} cannot be used (other users may read or write it): run chmod {mode} {shown}", shown = shown(.path))]
    Open {
        /// The file, or the folder.
        path: PathBuf,
        /// The mode that it should have.
        mode: &'static str,
    },
}

fn shown(path: &Path) -> &str {
    path.to_str().map_or("PATH", |path| word(path, "PATH"))
}

/// A folder with files that only their owner can read (0700 and 0600 on Unix).
#[derive(Clone, Debug)]
pub struct PrivateFolder(PathBuf);

/// What other users may not do with a file or folder, as bits of its mode.
#[cfg(unix)]
#[derive(Clone, Copy)]
enum Forbidden {
    Everything = 0o077,
    Writing = 0o022,
}

#[cfg(unix)]
impl Forbidden {
    /// The mode that the advice names.
    fn mode(self) -> &'static str {
        match self {
            Self::Everything => "600",
            Self::Writing => "700",
        }
    }
}

impl PrivateFolder {
    /// That folder; nothing is read or created yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The path of a file.
    #[must_use]
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Whether files can be written in it.
    #[must_use]
    pub fn takes_files(&self) -> bool {
        self.make().is_ok() && tempfile::tempfile_in(&self.0).is_ok()
    }

    /// Locks a file; waits for other runs of this program. Dropping the lock releases it.
    ///
    /// # Errors
    /// When the folder cannot be used, or the lock is not free in time.
    pub async fn lock(&self, name: &str) -> Result<File, FolderError> {
        match self.lock_within(name, LOCK_TIMEOUT).await? {
            Some(lock) => Ok(lock),
            None => Err(FolderError::BySystem {
                path: self.lock_path(name),
                reason: Error::new(ErrorKind::TimedOut, "another run of this program does not let go of it"),
            }),
        }
    }

    /// The same, or none if the lock is not free within that time.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub async fn lock_within(&self, name: &str, time: Duration) -> Result<Option<File>, FolderError> {
        self.make()?;
        let path = self.lock_path(name);
        let lock = open_private(&path).map_err(|reason| folder_error(&path, reason))?;
        // Its own thread, which ends with the program: at the end the runtime would wait for a blocking task.
        let (sender, receiver) = oneshot::channel();
        std::thread::spawn(move || {
            let locked = lock.lock().map(|()| lock);
            let _ = sender.send(locked);
        });
        match timeout(time, receiver).await {
            Ok(locked) => {
                let locked = locked.unwrap_or_else(|_| Err(ErrorKind::Other.into()));
                locked.map(Some).map_err(|reason| folder_error(&path, reason))
            }
            Err(_) => Ok(None),
        }
    }

    /// The same, or none if another run of this program has it.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn try_lock(&self, name: &str) -> Result<Option<File>, FolderError> {
        self.make()?;
        let path = self.lock_path(name);
        let lock = open_private(&path).map_err(|reason| folder_error(&path, reason))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(reason)) => Err(folder_error(&path, reason)),
        }
    }

    fn lock_path(&self, name: &str) -> PathBuf {
        self.path_of(&format!("{name}.lock"))
    }

    /// The content of a file, if it exists.
    ///
    /// # Errors
    /// When it cannot be read, or other users can read or write it.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let path = self.path_of(name);
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|reason| folder_error(&path, reason))?,
        };
        #[cfg(unix)]
        is_ours(&path, file.metadata(), Forbidden::Everything)?;
        #[cfg(unix)]
        is_ours(&self.0, std::fs::metadata(&self.0), Forbidden::Writing)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(|reason| folder_error(&path, reason))?;
        Ok(Some(content))
    }

    /// Replaces a file's content atomically.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), FolderError> {
        self.make()?;
        let path = self.path_of(name);
        let write = || {
            // Created with 0600 on Unix, so that other users can never read it.
            let mut file = tempfile::Builder::new().prefix(name).tempfile_in(&self.0)?;
            file.write_all(content)?;
            file.as_file().sync_all()?;
            file.persist(&path).map(drop).map_err(Error::from)
        };
        write().map_err(|reason| folder_error(&path, reason))
    }

    /// Removes a file, if it exists.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), FolderError> {
        let path = self.path_of(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(folder_error(&path, error)),
            _ => Ok(()),
        }
    }

    /// Creates it if it is not there.
    ///
    /// # Errors
    /// When it cannot be created, or is not the user's alone.
    pub fn make(&self) -> Result<(), FolderError> {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&self.0).map_err(|reason| folder_error(&self.0, reason))?;
        #[cfg(unix)]
        is_ours(&self.0, std::fs::metadata(&self.0), Forbidden::Writing)?;
        Ok(())
    }
}

fn folder_error(path: &Path, reason: Error) -> FolderError {
    FolderError::BySystem { path: path.to_owned(), reason }
}

#[cfg(unix)]
fn is_ours(
    path: &Path,
    metadata: std::io::Result<std::fs::Metadata>,
    forbidden: Forbidden,
) -> Result<(), FolderError> {
    use std::os::unix::fs::MetadataExt;
    let metadata = metadata.map_err(|reason| folder_error(path, reason))?;
    if metadata.uid() != nix::unistd::geteuid().as_raw() {
        let reason = Error::new(ErrorKind::PermissionDenied, "it belongs to another user");
        return Err(folder_error(path, reason));
    }
    if metadata.mode() & forbidden as u32 != 0 {
        return Err(FolderError::Open { path: path.to_owned(), mode: forbidden.mode() });
    }
    Ok(())
}

fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.create(true).truncate(false).write(true).open(path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder() -> (tempfile::TempDir, PrivateFolder) {
        let home = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::new(&home.path().join("made/by/us"));
        (home, folder)
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_is_written_is_its_owners_alone_and_read_again() {
        let (_home, folder) = folder();
        assert_eq!(folder.read("file").unwrap(), None);
        folder.write("file", b"one").unwrap();
        folder.write("file", b"two").unwrap();
        assert_eq!(folder.read("file").unwrap().unwrap(), b"two");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder.0), mode(&folder.path_of("file"))), (0o700, 0o600));
        folder.remove("file").unwrap();
        folder.remove("file").unwrap();
        assert_eq!(folder.read("file").unwrap(), None);
    }

    #[test]
    fn what_others_could_have_written_or_read_is_not_read() {
        let (_home, folder) = folder();
        folder.write("file", b"one").unwrap();
        let file = folder.path_of("file");
        for mode in [0o604, 0o640, 0o620, 0o602] {
            set_mode(&file, mode);
            let error = folder.read("file").unwrap_err().to_string();
            let advice = format!("other users may read or write it): run chmod 600 {}", file.display());
            assert!(error.ends_with(&advice), "{mode:o}: {error}");
        }
        set_mode(&file, 0o600);
        for mode in [0o777, 0o770, 0o702] {
            set_mode(&folder.0, mode);
            let advice = format!("run chmod 700 {}", folder.0.display());
            for error in [folder.read("file").unwrap_err(), folder.write("file", b"two").unwrap_err()] {
                assert!(error.to_string().ends_with(&advice), "{mode:o}: {error}");
            }
            assert!(!folder.takes_files());
        }
        set_mode(&folder.0, 0o755);
        assert_eq!(folder.read("file").unwrap().unwrap(), b"one");
        assert!(folder.takes_files());
        // Another user of the machine; only root can change a file's owner.
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::chown(&file, Some(65_534), None).unwrap();
            assert!(folder.read("file").unwrap_err().to_string().contains("another user"));
        }
    }
}
