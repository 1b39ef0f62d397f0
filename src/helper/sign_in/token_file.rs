//! The file for the tokens of a Backstage sign-in: one for each backend and client, readable by its owner only.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::helper::sign_in::private_folder::{FolderError, PrivateFolder};
use crate::protocol::WireSecret;
use crate::random::sha256;

/// Why the file cannot be used. It was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The system refuses access.
    #[error("{0}, or set BACKSTAGE_TOKEN instead.")]
    FolderError(#[from] FolderError),
    /// Another program wrote it, or it is damaged.
    #[error("{0} does not hold a Backstage sign-in: remove that file, then sign in again.")]
    Damaged(PathBuf),
}

/// The tokens of a sign-in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// The Backstage user token.
    pub access_token: WireSecret,
    /// When it expires, by our clock.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// When it was issued, by our clock. Earlier versions did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub issued_at: Option<OffsetDateTime>,
    /// For the next token, usable once; only if Backstage issues them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<WireSecret>,
}

/// How far a clock is corrected without a word: by less, a token does not count as one of the future.
const CORRECTION: time::Duration = time::Duration::minutes(1);

impl Tokens {
    /// Whether the access token lasts beyond that time. If it was issued later than now, the clock was set back since, and its end by that
    /// clock is too late by as much: such a token does not count.
    #[must_use]
    pub fn serve_until(&self, time: OffsetDateTime, now: OffsetDateTime) -> bool {
        let is_of_the_future = self.issued_at.is_some_and(|at| at > now.saturating_add(CORRECTION));
        self.expires_at > time && !is_of_the_future
    }
}

/// The tokens of one client at one backend.
pub struct TokenFile {
    folder: PrivateFolder,
    name: String,
    owner: Owner,
}

/// The client that the tokens belong to. It is also in the file, so that a copy under another name is noticed.
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

/// The system's folder for such files, below `$XDG_STATE_HOME` (`~/.local/state`) on Unix, and `%LOCALAPPDATA%` on Windows. None for a
/// user without a home.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let base = etcetera::choose_base_strategy().ok()?;
    // Windows has no folder for state: the local one then, which is not copied to the person's other machines as the roaming one is.
    let state = base.state_dir().unwrap_or_else(|| base.cache_dir());
    Some(state.join("backstage-oidc-helper"))
}

impl TokenFile {
    /// The file in that folder; nothing is read or created yet.
    #[must_use]
    pub fn new(folder: &Path, backstage_url: &str, client_id: &str) -> Self {
        let owner = Owner { backstage_url: backstage_url.to_owned(), client_id: client_id.to_owned() };
        let name = format!("backstage-{}", sha256(format!("{backstage_url}\n{client_id}").as_bytes()));
        Self { folder: PrivateFolder::new(folder), name, owner }
    }

    /// Locks the file; waits for other runs of this program. Dropping the result releases it.
    ///
    /// # Errors
    /// When the folder cannot be used, or the lock is not free in time.
    pub async fn lock(&self) -> Result<Locked<'_>, TokenFileError> {
        Ok(Locked { file: self, _lock: self.folder.lock(&self.name).await? })
    }

    /// Deletes the file, readable or not, and returns whether it existed.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn forget(&self) -> Result<bool, TokenFileError> {
        let locked = self.lock().await?;
        let there = !matches!(locked.read(), Ok(None));
        locked.remove()?;
        Ok(there)
    }

    /// Its name, without the end.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder that it is in.
    #[must_use]
    pub fn folder(&self) -> &PrivateFolder {
        &self.folder
    }

    fn file_name(&self) -> String {
        format!("{}.json", self.name)
    }

    fn path(&self) -> PathBuf {
        self.folder.path_of(&self.file_name())
    }
}

/// The locked file.
pub struct Locked<'f> {
    file: &'f TokenFile,
    _lock: File,
}

impl Locked<'_> {
    /// The tokens, if there are any.
    ///
    /// # Errors
    /// When it cannot be read, or this program did not write it.
    pub fn read(&self) -> Result<Option<Tokens>, TokenFileError> {
        let Some(text) = self.file.folder.read(&self.file.file_name())? else { return Ok(None) };
        // serde's error may repeat a token.
        match serde_json::from_slice::<Content>(&text) {
            Ok(content) if content.owner == self.file.owner => Ok(Some(content.tokens)),
            _ => Err(TokenFileError::Damaged(self.file.path())),
        }
    }

    /// Replaces the tokens atomically.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, tokens: &Tokens) -> Result<(), TokenFileError> {
        let content = Content { owner: self.file.owner.clone(), tokens: tokens.clone() };
        let content = serde_json::to_vec(&content)
            .map_err(|error| FolderError::BySystem { path: self.file.path(), reason: error.into() })?;
        Ok(self.file.folder.write(&self.file.file_name(), &content)?)
    }

    /// Deletes the tokens.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove(&self) -> Result<(), TokenFileError> {
        Ok(self.file.folder.remove(&self.file.file_name())?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn tokens(access: &str) -> Tokens {
        Tokens {
            access_token: access.into(),
            expires_at: OffsetDateTime::UNIX_EPOCH,
            issued_at: None,
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
    async fn other_users_cannot_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let file = file_in(&home.path().join("made/by/us"));
        let locked = file.lock().await.unwrap();
        locked.write(&tokens("one")).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file.path()), 0o600);
        let folder = home.path().join("made/by/us");
        assert_eq!(mode(&folder), 0o700);
        let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
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
