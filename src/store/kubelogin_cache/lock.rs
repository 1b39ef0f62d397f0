//! The lock of an entry: the exclusive flock(2) that kubelogin takes, on the same file. Who spends the refresh token, or removes the
//! entry, holds it.

use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::private_file::open;
use super::{EntryName, KubeloginCache, LOCK};

/// Between two looks whether kubelogin is done.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Why an entry is not locked.
#[derive(Debug, thiserror::Error)]
pub enum NotLocked {
    /// kubelogin did not let go of it in time.
    #[error("kubelogin holds its lock")]
    Held,
    /// The system refuses.
    #[error(transparent)]
    BySystem(#[from] Error),
}

/// An entry that is ours until this is dropped. The file stays: who waits for it has it open.
#[derive(Debug)]
pub struct EntryLock {
    name: EntryName,
    _held: File,
}

impl KubeloginCache {
    /// Whether kubelogin holds the lock of an entry. Never waits.
    #[must_use]
    pub fn is_locked(&self, name: &EntryName) -> bool {
        let path = self.lock_path(name);
        let locked = open(&path, File::options().read(true)).ok().map(|file| file.try_lock());
        matches!(locked, Some(Err(TryLockError::WouldBlock)))
    }

    /// Locks an entry, and waits so long for kubelogin; `on_wait` is called when that begins.
    ///
    /// # Errors
    /// As the variants of [`NotLocked`] say.
    pub async fn lock(
        &self,
        name: &EntryName,
        patience: Duration,
        on_wait: impl FnOnce(),
    ) -> Result<EntryLock, NotLocked> {
        let until = Instant::now() + patience;
        let mut on_wait = Some(on_wait);
        loop {
            if let Some(held) = try_lock(&self.lock_path(name))? {
                return Ok(EntryLock { name: name.clone(), _held: held });
            }
            if let Some(on_wait) = on_wait.take() {
                on_wait();
            }
            if Instant::now() >= until {
                return Err(NotLocked::Held);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until no entry of these is locked, at most so long; returns whether that is so.
    pub async fn settled(&self, names: &[EntryName], patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while names.iter().any(|name| self.is_locked(name)) {
            if Instant::now() >= until {
                return false;
            }
            sleep(LOOK_AGAIN).await;
        }
        true
    }

    /// Whether this user can remove files there; asked before anything is done that must end with that.
    ///
    /// # Errors
    /// The system's word.
    pub fn check_removable(&self) -> Result<(), Error> {
        tempfile::tempfile_in(self.folder()).map(drop)?;
        tempfile::NamedTempFile::new_in(self.folder())?.close()
    }

    /// Removes the entry, so that kubelogin asks anew.
    ///
    /// # Errors
    /// The system's word.
    pub fn remove(&self, locked: &EntryLock) -> Result<(), Error> {
        match std::fs::remove_file(self.path_of(&locked.name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn lock_path(&self, name: &EntryName) -> PathBuf {
        self.folder().join(format!("{}{LOCK}", name.0))
    }
}

/// The lock, unless another holds it. A file that was replaced meanwhile, as by `kubelogin clean`, is none.
fn try_lock(path: &Path) -> Result<Option<File>, Error> {
    let file = match open(path, File::options().read(true)) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut options = File::options();
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            open(path, options.read(true).write(true).create(true).truncate(false))?
        }
        opened => opened?,
    };
    match file.try_lock() {
        Ok(()) if is_still(&file, path)? => Ok(Some(file)),
        Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> Result<bool, Error> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(theirs) => Ok((ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix; here an open file cannot be replaced")]
fn is_still(_file: &File, _path: &Path) -> Result<bool, Error> {
    Ok(true)
}
