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

/// Text for people.
pub const DOCUMENTS: &[&str] = &["md"];

/// What tools write into the repository's folders.
const GENERATED: [&str; 5] = ["node_modules", "dist", "dist-packed", "dist-stages", "dist-types"];

/// The repository's files in these folders, or these files themselves, with these extensions.
pub fn under(places: &[&str], extensions: &[&str]) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Files::new();
    for place in places {
        read(root, &root.join(place), extensions, &mut files);
    }
    files
}

fn read(root: &Path, path: &Path, extensions: &[&str], files: &mut Files) {
    if path.is_dir() && !GENERATED.iter().any(|name| path.ends_with(name)) {
        for entry in fs::read_dir(path).unwrap() {
            read(root, &entry.unwrap().path(), extensions, files);
        }
    } else if path.is_file() && extensions.contains(&extension(path)) {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        files.insert(name, fs::read_to_string(path).unwrap());
    }
}

/// A file without an extension, such as `Dockerfile`, goes by its name.
fn extension(path: &Path) -> &str {
    path.extension().or(path.file_name()).and_then(|name| name.to_str()).unwrap_or_default()
}
