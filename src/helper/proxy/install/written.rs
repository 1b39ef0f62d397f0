//! Writes the files of a service so that they can be put back as they were.

use std::fs;
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::refusal::{InstallRefusal, Trouble};

/// A file that was replaced, and what was there before.
struct Replaced {
    path: PathBuf,
    before: Option<Vec<u8>>,
}

/// The files that were written. Dropping it leaves them as they are.
#[derive(Default)]
pub struct Written(Vec<Replaced>);

impl Written {
    /// Replaces a file atomically, with its folder where that is missing. Where it fails, all that was written before it is put back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, path: &Path, content: &[u8]) -> Result<(), InstallRefusal> {
        let replaced = read(path).and_then(|before| replace(path, content).map(|()| before));
        match replaced {
            Ok(before) => {
                self.0.push(Replaced { path: path.to_owned(), before });
                Ok(())
            }
            Err(reason) => {
                let path = path.to_owned();
                Err(match self.put_back() {
                    Ok(()) => InstallRefusal::File { path, reason },
                    Err(left) => InstallRefusal::NotPutBack {
                        failed: Trouble::File { path, reason },
                        left: Box::new(left),
                    },
                })
            }
        }
    }

    /// Puts all back as it was.
    ///
    /// # Errors
    /// The first file that cannot be put back; the others are.
    pub fn put_back(&mut self) -> Result<(), Trouble> {
        let mut ended = Ok(());
        for Replaced { path, before } in self.0.drain(..).rev() {
            let put_back = match before {
                Some(before) => replace(&path, &before),
                None => gone(fs::remove_file(&path)),
            };
            ended = ended.and(put_back.map_err(|reason| Trouble::File { path, reason }));
        }
        ended
    }
}

/// A file that is not there any more need not be removed.
fn gone(removed: Result<(), Error>) -> Result<(), Error> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// The content of a file, if there is one.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn replace(path: &Path, content: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_puts_back_what_was_written_before_it() {
        let home = tempfile::tempdir().unwrap();
        let [first, second] = ["a/first", "a/second"].map(|name| home.path().join(name));
        let mut written = Written::default();
        written.write(&first, b"old").unwrap();
        let mut written = Written::default();
        written.write(&first, b"new").unwrap();
        written.write(&second, b"new").unwrap();
        // A folder in a file.
        let refusal = written.write(&first.join("third"), b"new").unwrap_err().to_string();
        assert!(refusal.contains("nothing was changed"), "{refusal}");
        assert_eq!(read(&first).unwrap().unwrap(), b"old");
        assert_eq!(read(&second).unwrap(), None);
        assert_eq!(fs::read_dir(home.path().join("a")).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn what_cannot_be_put_back_is_named_and_the_rest_is_put_back() {
        let home = tempfile::tempdir().unwrap();
        let [first, second] = ["a/first", "b/second"].map(|name| home.path().join(name));
        let mut written = Written::default();
        written.write(&first, b"new").unwrap();
        written.write(&second, b"old").unwrap();
        written.write(&second, b"new").unwrap();
        // A file where its folder was.
        fs::remove_dir_all(home.path().join("b")).unwrap();
        fs::write(home.path().join("b"), "").unwrap();
        let refusal = written.write(&first.join("third"), b"new").unwrap_err();
        let said = refusal.to_string();
        assert!(matches!(refusal, InstallRefusal::NotPutBack { .. }), "{said}");
        assert!(
            said.contains("third could not be written") && said.contains("second could not be"),
            "{said}"
        );
        assert_eq!(read(&first).unwrap(), None);
    }
}
