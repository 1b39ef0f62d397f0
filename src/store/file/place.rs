//! Where the file is: in a folder of its own, for this user alone, on a disk of this machine, and open in one process.

use std::fs::{DirBuilder, File, Metadata, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file, and what SQLite and this program write beside it, by what they append to its name.
const OURS: [&str; 5] = ["", "-wal", "-shm", "-journal", ".lock"];

/// Why `STORE_FILE` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableFile {
    /// It has no folder of its own.
    #[error(
        "STORE_FILE is in {0}, which others may read and which has other files: name a file in a folder of its own, such as \
         /var/lib/backstage-oidc-helper/store/logins.db"
    )]
    Folder(PathBuf),
    /// Another user could have planted it.
    #[error("STORE_FILE leads to {0}, which is not this user's: run this as its owner, or name another file")]
    AnotherUsers(PathBuf),
    /// A link, a folder, a pipe.
    #[error("STORE_FILE leads to {0}, which is a link or no file: name the file itself")]
    NoFile(PathBuf),
    /// Locks and memory that is shared are not to be relied on there.
    #[error(
        "STORE_FILE is on a network file system, where two machines could write it at once: name a file on a local disk, or use Redis"
    )]
    Network,
    /// Another process has it.
    #[error(
        "STORE_FILE is open in another process: stop that one first, since only one may keep logins there"
    )]
    InUse,
    /// Its logins are elsewhere.
    #[error(
        "STORE_FILE ({0}) was moved away by `admin export`: use the store that has its logins now, or bring them back with `admin import`"
    )]
    Moved(PathBuf),
    /// Nothing was kept there yet.
    #[error(
        "STORE_FILE ({0}) is not there: start the backend once, or name the file in which it keeps its logins"
    )]
    NotThere(PathBuf),
    /// Not a file of this program's, or no more.
    #[error(
        "STORE_FILE ({0}) is damaged, of another program or of a later version of this one; nothing was changed: put a backup in its \
         place, name another file, or run that version"
    )]
    Unreadable(PathBuf),
    /// The disk is full.
    #[error("The disk of STORE_FILE ({0}) is full: make room, then start this again")]
    Full(PathBuf),
    /// The system refuses.
    #[error("STORE_FILE ({0}) cannot be opened ({1}): mend that, or name another file")]
    BySystem(PathBuf, String),
}

impl UnusableFile {
    /// What SQLite says.
    pub(super) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Unreadable(path)
            }
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full(path),
            _ => Self::BySystem(path, error.to_string()),
        }
    }

    fn system(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(path.to_owned()),
            _ => Self::BySystem(path.to_owned(), error.to_string()),
        }
    }
}

/// The whole path: SQLite takes a name such as `:memory:` for something else than a file.
///
/// # Errors
/// When it is empty, or the folder in which this process runs is gone.
pub(super) fn whole(path: &Path) -> Result<PathBuf, UnusableFile> {
    std::path::absolute(path).map_err(UnusableFile::system(path))
}

/// Keeps other processes from the file for as long as it lives.
pub(super) struct HeldPlace {
    _lock: File,
}

impl HeldPlace {
    /// Makes folder and file where there are none, and takes the lock.
    ///
    /// # Errors
    /// As the variants of [`UnusableFile`] say.
    pub(super) fn take(path: &Path) -> Result<Self, UnusableFile> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str()))
        else {
            return Err(UnusableFile::NoFile(path.to_owned()));
        };
        make(folder).map_err(UnusableFile::system(folder))?;
        refuse_network(folder)?;
        own(folder, name)?;
        let lock = folder.join(format!("{name}.lock"));
        private_file(&lock)?;
        let lock = File::options().read(true).write(true).open(&lock).map_err(UnusableFile::system(&lock))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => UnusableFile::InUse,
            TryLockError::Error(error) => UnusableFile::system(path)(error),
        })?;
        private_file(path)?;
        // What a process that was killed has left: SQLite reads it.
        for end in OURS {
            let left = folder.join(format!("{name}{end}"));
            if let Ok(found) = std::fs::symlink_metadata(&left) {
                close_to_others(&left, &found)?;
            }
        }
        Ok(Self { _lock: lock })
    }
}

/// Looks whether there is such a file, of this user's.
///
/// # Errors
/// As the variants of [`UnusableFile`] say.
pub(super) fn check(path: &Path) -> Result<(), UnusableFile> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => close_to_others(path, &found),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(UnusableFile::NotThere(path.to_owned())),
        Err(error) => Err(UnusableFile::system(path)(error)),
    }
}

/// Makes the folder for this user alone; the one above is the operator's.
fn make(folder: &Path) -> std::io::Result<()> {
    match private_folder().create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

#[cfg(unix)]
fn private_folder() -> DirBuilder {
    let mut maker = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker
}

#[cfg(not(unix))]
fn private_folder() -> DirBuilder {
    DirBuilder::new()
}

/// Refuses a folder that has anything else while others may read it. One that is ours alone is closed to them: Kubernetes opens a volume
/// to the pod's group each time that it is mounted.
#[cfg(unix)]
fn own(folder: &Path, name: &str) -> Result<(), UnusableFile> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let found = std::fs::metadata(folder).map_err(UnusableFile::system(folder))?;
    if found.uid() != nix::unistd::geteuid().as_raw() {
        return Err(UnusableFile::AnotherUsers(folder.to_owned()));
    }
    let others_may = found.mode() & 0o077 != 0;
    if !others_may {
        return Ok(());
    }
    let is_ours = |found: &str| OURS.iter().any(|end| found.strip_prefix(name) == Some(end));
    for entry in std::fs::read_dir(folder).map_err(UnusableFile::system(folder))? {
        let entry = entry.map_err(UnusableFile::system(folder))?;
        if !entry.file_name().to_str().is_some_and(is_ours) {
            return Err(UnusableFile::Folder(folder.to_owned()));
        }
    }
    let closed = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(folder, closed).map_err(UnusableFile::system(folder))
}

#[cfg(not(unix))]
fn own(_: &Path, _: &str) -> Result<(), UnusableFile> {
    Ok(())
}

/// Makes a file that only this user may read, unless it is there. What is there is not opened: SQLite's locks end with the first
/// descriptor of the process that is closed.
fn private_file(path: &Path) -> Result<(), UnusableFile> {
    if let Ok(found) = std::fs::symlink_metadata(path) {
        return close_to_others(path, &found);
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(UnusableFile::system(path))
}

fn close_to_others(path: &Path, found: &Metadata) -> Result<(), UnusableFile> {
    if !found.is_file() {
        return Err(UnusableFile::NoFile(path.to_owned()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        if found.uid() != nix::unistd::geteuid().as_raw() {
            return Err(UnusableFile::AnotherUsers(path.to_owned()));
        }
        if found.mode() & 0o077 != 0 {
            let closed = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(path, closed).map_err(UnusableFile::system(path))?;
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn refuse_network(folder: &Path) -> Result<(), UnusableFile> {
    let found =
        nix::sys::statfs::statfs(folder).map_err(|error| UnusableFile::system(folder)(error.into()))?;
    // A signed or an unsigned number, as the C library has it.
    match u32::try_from(found.filesystem_type().0 & 0xffff_ffff) {
        Ok(kind) if is_network(kind) => Err(UnusableFile::Network),
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn refuse_network(_: &Path) -> Result<(), UnusableFile> {
    Ok(())
}

/// NFS, SMB in its three generations, AFS: the numbers of Linux' `magic.h`.
#[cfg(target_os = "linux")]
pub(super) fn is_network(kind: u32) -> bool {
    matches!(kind, 0x6969 | 0x517b | 0xff53_4d42 | 0xfe53_4d42 | 0x5346_414f)
}
