//! The kubeconfig files, found, locked and written as kubectl does.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::edit::{edited, has, parsed};
use super::entries::Wanted;
use super::refusal::KubeconfigRefusal;

/// How often the lock is tried: kubectl holds it for milliseconds.
const TRIES: usize = 60;
/// The time between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// How many links lead from one to the next at most.
const LINKS: usize = 40;

/// The files; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files(Vec<PathBuf>);

impl Files {
    /// The named file, else those of `KUBECONFIG`, else `~/.kube/config`.
    ///
    /// # Errors
    /// When there is none of these.
    pub fn find(
        named: Option<PathBuf>,
        variable: Option<&OsStr>,
        home: Option<&Path>,
    ) -> Result<Self, KubeconfigRefusal> {
        if let Some(named) = named {
            return Ok(Self(vec![named]));
        }
        let mut files: Vec<PathBuf> = Vec::new();
        for file in variable.map(std::env::split_paths).into_iter().flatten() {
            if !file.as_os_str().is_empty() && !files.contains(&file) {
                files.push(file);
            }
        }
        match (files.is_empty(), home) {
            (false, _) => Ok(Self(files)),
            (true, Some(home)) => Ok(Self(vec![home.join(".kube").join("config")])),
            (true, None) => Err(KubeconfigRefusal::NoHome),
        }
    }

    /// The file for entries that no file has: the first one that exists, else the last one.
    fn default(&self) -> &Path {
        let there = self.0.iter().find(|file| file.exists());
        there.or(self.0.last()).map_or(Path::new(""), PathBuf::as_path)
    }

    /// The files that [`Self::merge`] would change. Nothing is locked or written.
    ///
    /// # Errors
    /// As the variants of [`KubeconfigRefusal`] say, but those of writing.
    pub fn would_change(&self, wanted: &Wanted) -> Result<Vec<PathBuf>, KubeconfigRefusal> {
        let mut changed = Vec::new();
        for (path, part) in self.parts(wanted)? {
            if changed_text(&path, &part)?.is_some() {
                changed.push(path);
            }
        }
        Ok(changed)
    }

    /// Writes each entry where one of its name is, else to the default file. Returns the files that were changed.
    ///
    /// # Errors
    /// As the variants of [`KubeconfigRefusal`] say. What can be known before is looked at in all files before one is written.
    pub async fn merge(&self, wanted: &Wanted) -> Result<Vec<PathBuf>, KubeconfigRefusal> {
        let parts = self.parts(wanted)?;
        for (path, part) in &parts {
            if changed_text(path, part)?.is_some() {
                is_own(&followed(path).map_err(|reason| unusable(path, reason))?)?;
            }
        }
        let mut written = Vec::new();
        for (path, part) in parts {
            match write(&path, &part).await {
                Ok(true) => written.push(path),
                Ok(false) => {}
                Err(reason) if written.is_empty() => return Err(reason),
                Err(reason) => return Err(KubeconfigRefusal::Partly { written, reason: Box::new(reason) }),
            }
        }
        Ok(written)
    }

    /// What goes to which file.
    fn parts(&self, wanted: &Wanted) -> Result<Vec<(PathBuf, Wanted)>, KubeconfigRefusal> {
        let mut contents: Vec<(&Path, Map<String, Value>)> = Vec::new();
        for path in &self.0 {
            contents.push((path, parsed(&read(path)?).map_err(|reason| reason.of(path))?));
        }
        let default = self.default();
        let mut parts: Vec<(PathBuf, Wanted)> = Vec::new();
        let mut part_of = |path: &Path| {
            parts.iter().position(|(known, _)| known == path).unwrap_or_else(|| {
                parts.push((path.to_owned(), Wanted { entries: Vec::new(), current: None }));
                parts.len() - 1
            })
        };
        let places: Vec<usize> = wanted
            .entries
            .iter()
            .map(|entry| {
                let there = contents.iter().find(|(_, content)| has(content, entry));
                part_of(there.map_or(default, |(path, _)| path))
            })
            .collect();
        let current = wanted.current.as_ref().map(|_| part_of(default));
        for (entry, place) in wanted.entries.iter().zip(places) {
            if let Some((_, part)) = parts.get_mut(place) {
                part.entries.push(entry.clone());
            }
        }
        if let Some((_, part)) = current.and_then(|place| parts.get_mut(place)) {
            part.current.clone_from(&wanted.current);
        }
        Ok(parts)
    }
}

/// kubectl's own lock: a file that only one can create.
struct Lock(PathBuf);

impl Lock {
    async fn of(path: &Path) -> Result<Self, KubeconfigRefusal> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock = PathBuf::from(name);
        for _ in 0..TRIES {
            match File::create_new(&lock) {
                Ok(_) => return Ok(Self(lock)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                Err(reason) => return Err(unusable(path, reason)),
            }
        }
        Err(KubeconfigRefusal::Locked(lock))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(%error, "the lock of the kubeconfig stays");
        }
    }
}

/// Reads, edits and replaces a file under its lock, then without a pause in which the program could be ended. Returns whether it changed.
async fn write(path: &Path, wanted: &Wanted) -> Result<bool, KubeconfigRefusal> {
    let target = followed(path).map_err(|reason| unusable(path, reason))?;
    if let Some(folder) = path.parent() {
        make(folder).map_err(|reason| unusable(path, reason))?;
    }
    let _lock = Lock::of(path).await?;
    let Some(new) = changed_text(path, wanted)? else { return Ok(false) };
    is_own(&target)?;
    replace(&target, new.as_bytes()).map_err(|reason| unusable(path, reason))?;
    Ok(true)
}

/// What would be in the file; none where it is there already.
fn changed_text(path: &Path, wanted: &Wanted) -> Result<Option<String>, KubeconfigRefusal> {
    let text = read(path)?;
    let new = edited(&text, wanted).map_err(|reason| reason.of(path))?;
    Ok(Some(new).filter(|new| *new != text || text.is_empty()))
}

/// Atomically, with 0600: a kubeconfig may hold credentials.
fn replace(target: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".kubeconfig-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(target).map(drop).map_err(Error::from)
}

/// The content; empty where there is no file.
fn read(path: &Path) -> Result<String, KubeconfigRefusal> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(reason) => Err(unusable(path, reason)),
    }
}

/// Where symbolic links lead, which stay as they are. The last one may lead to a file that is not there yet.
fn followed(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match std::fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // It is no link, or not there.
            Err(_) => return Ok(path),
        }
    }
    Err(Error::other("its links lead in a circle"))
}

fn make(folder: &Path) -> std::io::Result<()> {
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(unix)]
fn is_own(path: &Path) -> Result<(), KubeconfigRefusal> {
    use std::os::unix::fs::MetadataExt;
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.uid() != nix::unistd::geteuid().as_raw() => {
            Err(KubeconfigRefusal::OthersFile(path.to_owned()))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn is_own(_path: &Path) -> Result<(), KubeconfigRefusal> {
    Ok(())
}

fn unusable(path: &Path, reason: Error) -> KubeconfigRefusal {
    KubeconfigRefusal::File { path: path.to_owned(), reason }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
