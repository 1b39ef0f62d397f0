//! Secrets as Kubernetes mounts them: each file is a link through `..data`, which leads to the folder of one state. The next state is a new
//! folder, and one rename of that link.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::harness::world::World;

/// The mounted files of a test. They are not output, as they are secrets.
pub struct Mounted {
    folder: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
    states: u32,
}

impl Mounted {
    /// These files.
    pub fn new(world: &World, files: &[(&str, &str)]) -> Self {
        let folder = world.home.path().join("mounted");
        std::fs::create_dir(&folder).unwrap();
        for (name, _) in files {
            symlink(Path::new("..data").join(name), folder.join(name)).unwrap();
        }
        let mut mounted = Self { folder, files: BTreeMap::new(), states: 0 };
        mounted.replace(files);
        mounted
    }

    /// Where a file is.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// Replaces these files, all at once; the others stay as they are.
    pub fn replace(&mut self, files: &[(&str, &str)]) {
        self.replace_bytes(files.iter().map(|(name, text)| (*name, Some(text.as_bytes()))));
    }

    /// The same with any bytes; none takes a file away.
    pub fn replace_bytes<'f>(&mut self, files: impl IntoIterator<Item = (&'f str, Option<&'f [u8]>)>) {
        for (name, content) in files {
            match content {
                Some(bytes) => drop(self.files.insert(name.to_owned(), bytes.to_vec())),
                None => drop(self.files.remove(name)),
            }
        }
        self.states += 1;
        let state = format!("..{}", self.states);
        let (folder, next) = (self.folder.join(&state), self.folder.join("..data_tmp"));
        std::fs::create_dir(&folder).unwrap();
        for (name, content) in &self.files {
            std::fs::write(folder.join(name), content).unwrap();
        }
        symlink(&state, &next).unwrap();
        std::fs::rename(next, self.folder.join("..data")).unwrap();
        let _ = std::fs::remove_dir_all(self.folder.join(format!("..{}", self.states - 1)));
    }
}
