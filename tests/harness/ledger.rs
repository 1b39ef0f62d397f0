//! The secrets that passed through a test, written down so that `secrets_in_output` can look for them.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

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

    /// The secrets of a kind that were written down, the oldest first.
    pub fn values_of(&self, kind: &str) -> Vec<String> {
        let of_kind = self.entries().into_iter().filter(|secret| secret["kind"] == kind);
        of_kind.map(|secret| secret["value"].as_str().unwrap().to_owned()).collect()
    }

    /// All that was written down; the last line may be half written.
    pub fn entries(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.0).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Writes a secret down.
    pub fn note(&self, kind: &str, value: &str) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.0).unwrap();
        // One write a line: other processes append here too.
        let line = format!("{}\n", json!({ "kind": kind, "value": value }));
        file.write_all(line.as_bytes()).unwrap();
    }
}
