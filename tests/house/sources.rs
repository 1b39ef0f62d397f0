//! The files that are looked at.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Text by path, relative to the repository.
pub type Files = BTreeMap<String, String>;

/// What the compiler reads.
pub const SOURCES: &[&str] = &["rs"];

/// What has comments.
pub const WITH_COMMENTS: &[&str] =
    &["rs", "mjs", "js", "ts", "tsx", "css", "sh", "yaml", "yml", "toml", "env", "Dockerfile"];

/// The repository's files in these folders with these extensions.
pub fn under(folders: &[&str], extensions: &[&str]) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Files::new();
    for folder in folders {
        read(root, &root.join(folder), extensions, &mut files);
    }
    files
}

fn read(root: &Path, folder: &Path, extensions: &[&str], files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                read(root, &path, extensions, files);
            }
        } else if extensions.contains(&extension(&path)) {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// A file without an extension, such as `Dockerfile`, goes by its name.
fn extension(path: &Path) -> &str {
    path.extension().or(path.file_name()).and_then(|name| name.to_str()).unwrap_or_default()
}
