//! Where the helper keeps what signing in to Backstage gave: a file for each backend and client, for its owner alone.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::helper::backstage_sign_in::Tokens;
use crate::random::sha256;

/// Why the file cannot be used. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The system does not let us.
    #[error(
        "{path} cannot be used ({reason}): let your user read and write it, or set BACKSTAGE_TOKEN instead."
    )]
    NotGiven {
        /// The file, or its folder.
        path: PathBuf,
        /// The system's own words.
        reason: std::io::Error,
    },
    /// Somebody else wrote it, or part of it is gone.
    #[error("{0} does not hold a Backstage sign-in: remove that file, then sign in again.")]
    Damaged(PathBuf),
}

/// The tokens of one client at one backend.
pub struct TokenFile {
    folder: PathBuf,
    name: String,
    owner: Owner,
}

/// Whose tokens they are; in the file, too, so that a copy under another name is noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    backstage_url: String,
    client_id: String,
}

#[derive(Serialize, Deserialize)]
struct Content {
    #[serde(flatten)]
    owner: Owner,
    #[serde(flatten)]
    tokens: Tokens,
}

/// The folder for a user's tokens, by the conventions of their system: below `$XDG_STATE_HOME` (`~/.local/state`) on Unix.
/// None for a user without a home.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let base = etcetera::choose_base_strategy().ok()?;
    let state = base.state_dir().unwrap_or_else(|| base.data_dir());
    Some(state.join("backstage-oidc-helper"))
}

impl TokenFile {
    /// In that folder; nothing is read or made yet.
    #[must_use]
    pub fn new(folder: &Path, backstage_url: &str, client_id: &str) -> Self {
        let owner = Owner { backstage_url: backstage_url.to_owned(), client_id: client_id.to_owned() };
        let name = format!("backstage-{}", sha256(format!("{backstage_url}\n{client_id}").as_bytes()));
        Self { folder: folder.to_owned(), name, owner }
    }

    /// The file to itself; waits for other runs of this program. Free again when the answer is dropped.
    ///
    /// # Errors
    /// When the folder or the lock cannot be had.
    pub async fn lock(&self) -> Result<Locked<'_>, TokenFileError> {
        make_private(&self.folder).map_err(|reason| not_given(&self.folder, reason))?;
        let path = self.folder.join(format!("{}.lock", self.name));
        let lock = open_private(&path).map_err(|reason| not_given(&path, reason))?;
        // A thread of its own, which ends with the program: the runtime would wait for one of its own at the end.
        let (sender, receiver) = oneshot::channel();
        std::thread::spawn(move || {
            let locked = lock.lock().map(|()| lock);
            let _ = sender.send(locked);
        });
        let locked = receiver.await.unwrap_or_else(|_| Err(ErrorKind::Other.into()));
        Ok(Locked { file: self, _lock: locked.map_err(|reason| not_given(&path, reason))? })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }
}

/// The file, while nobody else has it.
pub struct Locked<'f> {
    file: &'f TokenFile,
    _lock: File,
}

impl Locked<'_> {
    /// What is kept.
    ///
    /// # Errors
    /// When it cannot be read, or is not what we wrote.
    pub fn read(&self) -> Result<Option<Tokens>, TokenFileError> {
        let path = self.file.path();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(reason) => return Err(not_given(&path, reason)),
        };
        // What serde says about it may repeat a token.
        match serde_json::from_slice::<Content>(&text) {
            Ok(content) if content.owner == self.file.owner => Ok(Some(content.tokens)),
            _ => Err(TokenFileError::Damaged(path)),
        }
    }

    /// Keeps these instead: all of them, or after a crash the old ones.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, tokens: &Tokens) -> Result<(), TokenFileError> {
        let path = self.file.path();
        let content = Content { owner: self.file.owner.clone(), tokens: tokens.clone() };
        let write = || {
            // Nobody else can read it from the start (0600 on Unix).
            let mut file = tempfile::Builder::new().prefix(&self.file.name).tempfile_in(&self.file.folder)?;
            file.write_all(&serde_json::to_vec(&content)?)?;
            file.as_file().sync_all()?;
            file.persist(&path).map(drop).map_err(std::io::Error::from)
        };
        write().map_err(|reason| not_given(&path, reason))
    }

    /// Forgets them.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove(&self) -> Result<(), TokenFileError> {
        let path = self.file.path();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(not_given(&path, error)),
            _ => Ok(()),
        }
    }
}

fn not_given(path: &Path, reason: std::io::Error) -> TokenFileError {
    TokenFileError::NotGiven { path: path.to_owned(), reason }
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.create(true).truncate(false).write(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::OffsetDateTime;

    use super::*;

    fn tokens(access: &str) -> Tokens {
        Tokens {
            access_token: access.into(),
            expires_at: OffsetDateTime::UNIX_EPOCH,
            refresh_token: Some("a refresh token".into()),
        }
    }

    fn file_in(folder: &Path) -> TokenFile {
        TokenFile::new(folder, "https://backstage.example", "helper")
    }

    fn access(locked: &Locked<'_>) -> Option<String> {
        locked.read().unwrap().map(|tokens| tokens.access_token.expose().to_owned())
    }

    #[actix_web::test]
    async fn what_is_kept_is_read_again_by_that_client_of_that_backend_only() {
        let home = tempfile::tempdir().unwrap();
        let file = file_in(home.path());
        let locked = file.lock().await.unwrap();
        assert_eq!(access(&locked), None);
        for token in ["one", "two"] {
            locked.write(&tokens(token)).unwrap();
            assert_eq!(access(&locked).as_deref(), Some(token));
        }
        for (backend, client) in [("https://other.example", "helper"), ("https://backstage.example", "other")]
        {
            let other = TokenFile::new(home.path(), backend, client);
            assert_eq!(access(&other.lock().await.unwrap()), None);
        }
        locked.remove().unwrap();
        assert_eq!(access(&locked), None);
        locked.remove().unwrap();
    }

    #[cfg(unix)]
    #[actix_web::test]
    async fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let file = file_in(&home.path().join("made/by/us"));
        let locked = file.lock().await.unwrap();
        locked.write(&tokens("one")).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file.path()), 0o600);
        assert_eq!(mode(&file.folder), 0o700);
        let names = std::fs::read_dir(&file.folder).unwrap().map(|entry| entry.unwrap().path());
        assert!(names.map(|path| mode(&path)).all(|mode| mode == 0o600));
    }

    #[actix_web::test]
    async fn one_has_it_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let (first, second) = (file_in(home.path()), file_in(home.path()));
        let locked = first.lock().await.unwrap();
        let mut waiting = Box::pin(second.lock());
        let early = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
        assert!(early.is_err(), "two had the file at once");
        locked.write(&tokens("one")).unwrap();
        drop(locked);
        assert_eq!(access(&waiting.await.unwrap()).as_deref(), Some("one"));
    }

    #[actix_web::test]
    async fn a_damaged_file_is_named_left_as_it_is_and_not_repeated() {
        let home = tempfile::tempdir().unwrap();
        let file = file_in(home.path());
        let locked = file.lock().await.unwrap();
        locked.write(&tokens("a token")).unwrap();
        let whole = std::fs::read_to_string(file.path()).unwrap();
        let of_another = whole.replace("backstage.example", "elsewhere.example");
        let typed_wrong = whole.replace("\"1970-01-01T00:00:00Z\"", "\"a token\"");
        assert!(of_another != whole && typed_wrong != whole);
        for damaged in ["", "{}", &whole[..whole.len() - 1], &of_another, &typed_wrong] {
            std::fs::write(file.path(), damaged).unwrap();
            let error = locked.read().unwrap_err().to_string();
            assert!(error.contains(file.path().to_str().unwrap()) && error.contains("remove"), "{error}");
            assert!(!error.contains("a token"), "{error}");
            assert_eq!(std::fs::read_to_string(file.path()).unwrap(), damaged);
        }
    }

    #[actix_web::test]
    async fn a_file_that_cannot_be_had_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = file_in(home.path());
        std::fs::create_dir_all(file.path()).unwrap();
        let locked = file.lock().await.unwrap();
        let path = file.path().display().to_string();
        for error in [locked.read().unwrap_err(), locked.write(&tokens("one")).unwrap_err()] {
            assert!(error.to_string().starts_with(&path), "{error}");
        }
        let no_folder = file_in(&home.path().join("file/below"));
        std::fs::write(home.path().join("file"), "").unwrap();
        assert!(no_folder.lock().await.err().unwrap().to_string().contains("file/below"));
    }
}
