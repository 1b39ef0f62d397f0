//! Reading a file that other programs write: no link is followed, nothing but a file is opened, no more is read than a token set has.

use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

/// A token set with many groups has some ten kilobytes; providers and API servers take no more than some hundred.
const LARGEST: u64 = 1024 * 1024;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The system refuses.
    #[error("{0}")]
    BySystem(#[from] Error),
    /// A link, a folder, a pipe.
    #[error("it is a link, or no file")]
    NoFile,
    /// Another user of the machine could have planted it.
    #[error("it belongs to another user")]
    AnotherUsers,
    /// Too large.
    #[error("it is larger than {} KiB", LARGEST / 1024)]
    TooLarge,
    /// Not what kubelogin writes, or cut off.
    #[error("it holds no tokens that kubelogin has written")]
    Broken,
}

/// The content of a file; none if there is no such file.
///
/// # Errors
/// As the variants of [`Unread`] say.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Unread> {
    let file = match open(path, File::options().read(true)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    check(&file.metadata()?)?;
    let mut content = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(Unread::TooLarge);
    }
    Ok(Some(content))
}

/// Opens a file. A pipe would wait for a writer.
///
/// # Errors
/// The system's, and [`Unread::NoFile`] for a link.
pub fn open(path: &Path, options: &mut std::fs::OpenOptions) -> Result<File, OpenError> {
    #[cfg(unix)]
    {
        use nix::fcntl::OFlag;
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
        options.open(path).map_err(|error| match error.raw_os_error() {
            Some(number) if number == nix::errno::Errno::ELOOP as i32 => OpenError::Link,
            _ => OpenError::BySystem(error),
        })
    }
    #[cfg(not(unix))]
    {
        if std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(OpenError::Link);
        }
        options.open(path).map_err(OpenError::BySystem)
    }
}

/// Why a file cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The system refuses.
    BySystem(Error),
    /// It is a link.
    Link,
}

impl OpenError {
    /// The system's word.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::BySystem(error) => error.kind(),
            Self::Link => ErrorKind::InvalidInput,
        }
    }
}

impl From<OpenError> for Unread {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::BySystem(error) => Self::BySystem(error),
            OpenError::Link => Self::NoFile,
        }
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::BySystem(error) => error,
            OpenError::Link => Self::new(ErrorKind::InvalidInput, "it is a link"),
        }
    }
}

/// Root reads the folder of a user who mounted it into a container.
fn check(metadata: &Metadata) -> Result<(), Unread> {
    if !metadata.is_file() {
        return Err(Unread::NoFile);
    }
    #[cfg(unix)]
    if is_anothers(owner(metadata), nix::unistd::geteuid()) {
        return Err(Unread::AnotherUsers);
    }
    Ok(())
}

#[cfg(unix)]
fn owner(metadata: &Metadata) -> nix::unistd::Uid {
    use std::os::unix::fs::MetadataExt;
    nix::unistd::Uid::from_raw(metadata.uid())
}

#[cfg(unix)]
fn is_anothers(owner: nix::unistd::Uid, me: nix::unistd::Uid) -> bool {
    !me.is_root() && owner != me
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use nix::unistd::{Uid, geteuid};

    use super::*;

    #[test]
    fn a_file_of_another_user_is_theirs_unless_root_asks() {
        let [root, felix, mara] = [0, 1000, 1001].map(Uid::from_raw);
        assert!(is_anothers(mara, felix) && is_anothers(root, felix));
        assert!(!is_anothers(felix, felix) && !is_anothers(felix, root));
        assert_eq!(owner(&tempfile::tempfile().unwrap().metadata().unwrap()), geteuid());
    }
}
