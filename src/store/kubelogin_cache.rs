//! kubelogin's token cache on this machine (`github.com/int128/kubelogin`, `pkg/tokencache/repository` of v1.36.3).
//!
//! A file for each login, named by 64 hexadecimal digits: a hash of its flags in an encoding of Go's, which is not worth computing. So the
//! files are read and their tokens' claims compared. Beside each lies `<name>.lock`, which kubelogin holds with flock(2) through a whole
//! login or refresh. With `--token-cache-storage=keyring` there is nothing but the lock. Nothing here is verified: these are words of a
//! file.

pub mod entry;
pub mod lock;
pub mod place;
mod private_file;

use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use self::entry::{CachedLogin, Content, Standing};
pub use self::entry::{Client, EntryName};
use self::private_file::Unread;

/// kubelogin's cache of a user with a dozen clusters has a dozen files: with so many it is another folder.
const MOST_FILES: usize = 4_096;

/// The end of a lock's name.
const LOCK: &str = ".lock";

/// Why the folder cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum NoCache {
    /// It is not there.
    #[error("there is no such folder")]
    Missing,
    /// It has too many files.
    #[error("it has more than {MOST_FILES} files")]
    Crowded,
    /// The system refuses.
    #[error(transparent)]
    BySystem(#[from] io::Error),
}

/// What a search has found.
#[derive(Debug, Default)]
pub struct Search {
    /// The ID tokens of that client, the one that lasts longest first.
    pub logins: Vec<CachedLogin>,
    /// The entries with an ID token that has expired, and when.
    pub expired: Vec<(EntryName, OffsetDateTime)>,
    /// How many entries hold an access token in the place of the ID token (`--oidc-use-access-token`).
    pub access_tokens: usize,
    /// How many entries are of other issuers or clients.
    pub foreign: usize,
    /// The entries that cannot be read or understood, with the reason.
    pub unread: Vec<(EntryName, Unread)>,
    /// Locks without a file beside them: kubelogin keeps these tokens in the keyring, or a first login has not ended.
    pub locks_alone: Vec<EntryName>,
}

/// kubelogin's cache folder.
#[derive(Clone, Debug)]
pub struct KubeloginCache(PathBuf);

impl KubeloginCache {
    /// That folder; nothing is read yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The path of an entry.
    #[must_use]
    pub fn path_of(&self, name: &EntryName) -> PathBuf {
        self.0.join(&name.0)
    }

    /// Whether there is a folder that can be searched.
    ///
    /// # Errors
    /// As the variants of [`NoCache`] say.
    pub fn check(&self) -> Result<(), NoCache> {
        self.names().map(drop)
    }

    /// Reads every entry and sorts out the client's. Blocks, for as long as the files take to read.
    ///
    /// # Errors
    /// As the variants of [`NoCache`] say. What is wrong with one file is said of that one.
    pub fn search(&self, client: Client<'_>, now: OffsetDateTime) -> Result<Search, NoCache> {
        let (entries, locks) = self.names()?;
        let locks_alone = locks.into_iter().filter(|name| !entries.contains(name)).collect();
        let mut search = Search { locks_alone, ..Search::default() };
        for name in entries {
            match self.read(&name) {
                Ok(Some(content)) => search.add(name, content.standing(client, now)),
                // Removed since the folder was listed.
                Ok(None) => {}
                Err(unread) => search.unread.push((name, unread)),
            }
        }
        search.logins.sort_by_key(|login| std::cmp::Reverse(login.expires_at));
        Ok(search)
    }

    /// An entry, if it is there.
    ///
    /// # Errors
    /// As the variants of [`Unread`] say.
    pub fn read(&self, name: &EntryName) -> Result<Option<Content>, Unread> {
        let Some(bytes) = private_file::read(&self.path_of(name))? else { return Ok(None) };
        Content::parse(&bytes).ok_or(Unread::Broken).map(Some)
    }

    /// The names of the entries, and those of the locks.
    fn names(&self) -> Result<(Vec<EntryName>, Vec<EntryName>), NoCache> {
        let files = std::fs::read_dir(&self.0).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => NoCache::Missing,
            _ => NoCache::BySystem(error),
        })?;
        let (mut entries, mut locks) = (Vec::new(), Vec::new());
        for (number, file) in files.enumerate() {
            if number >= MOST_FILES {
                return Err(NoCache::Crowded);
            }
            let name = file?.file_name();
            let Some(name) = name.to_str() else { continue };
            match name.strip_suffix(LOCK) {
                Some(locked) => locks.extend(EntryName::parse(locked)),
                None => entries.extend(EntryName::parse(name)),
            }
        }
        entries.sort();
        locks.sort();
        Ok((entries, locks))
    }
}

impl Search {
    fn add(&mut self, name: EntryName, standing: Standing) {
        match standing {
            Standing::Valid { id_token, refresh_token, expires_at } => {
                self.logins.push(CachedLogin { name, id_token, refresh_token, expires_at });
            }
            Standing::Expired(at) => self.expired.push((name, at)),
            Standing::AccessToken => self.access_tokens += 1,
            Standing::Foreign => self.foreign += 1,
            Standing::NoJwt => self.unread.push((name, Unread::Broken)),
        }
    }

    /// The entries that may become the client's when kubelogin is done with them.
    pub fn unsettled(&self) -> impl Iterator<Item = &EntryName> {
        let expired = self.expired.iter().map(|(name, _)| name);
        expired.chain(self.unread.iter().map(|(name, _)| name)).chain(&self.locks_alone)
    }
}

#[cfg(test)]
mod tests;
