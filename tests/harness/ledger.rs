//! The secrets that passed through a test, written down so that `secrets_in_output` can look for them.

use std::io::Write;
use std::path::{Path, PathBuf};

/// One JSON line a secret, `{"kind":…,"value":…}`; the development identity provider appends to the same file.
pub struct Ledger(PathBuf);

impl Ledger {
    /// Kept in that file.
    pub fn new(file: PathBuf) -> Self {
        Self(file)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a secret down.
    pub fn note(&self, kind: &str, value: &str) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.0).unwrap();
        // One write a line: other processes append here too.
        let line = format!("{}\n", serde_json::json!({ "kind": kind, "value": value }));
        file.write_all(line.as_bytes()).unwrap();
    }
}
