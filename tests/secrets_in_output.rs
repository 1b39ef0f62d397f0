//! Looks for secrets in everything that the program printed during the tests; `make test` runs it after them.
//!
//! Each test has written the secrets that passed through it into its `ledger.jsonl`. The development servers' own logs
//! (`*.dev.log`) are theirs, and may say anything.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says no by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use serde::Deserialize;
use url::form_urlencoded;

/// What says what to do when there is nothing to search.
const RUN_THE_TESTS: &str =
    "the program tests have left too little to search: run `make test`, which runs them first";

/// The kinds that any run of the program tests brings forth.
const KINDS: [&str; 7] =
    ["code", "state", "verifier", "session_token", "id_token", "access_token", "refresh_token"];

/// Less than this of output is no test run at `RUST_LOG=trace`, in bytes.
const LEAST_OUTPUT: u64 = 100_000;

/// Whatever is shorter was made up by a test, such as `code=bogus`, and would be found in ordinary words.
const SHORTEST_SECRET: usize = 20;

#[derive(Deserialize)]
struct Entry {
    kind: String,
    value: String,
}

/// The secrets of a test run.
struct Secrets {
    kinds: Vec<String>,
    values: Vec<String>,
    patterns: AhoCorasick,
}

/// A secret that was found: what it is and where, never itself.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    kind: String,
    file: PathBuf,
}

impl Secrets {
    fn read(ledgers: &[PathBuf]) -> Self {
        let mut of_kind: BTreeMap<String, String> = BTreeMap::new();
        for entry in ledgers.iter().flat_map(|file| entries(file)) {
            let encoded = form_urlencoded::byte_serialize(entry.value.as_bytes()).collect();
            for value in [entry.value, encoded] {
                of_kind.insert(value, entry.kind.clone());
            }
        }
        let (values, kinds): (Vec<_>, Vec<_>) = of_kind.into_iter().unzip();
        Self { kinds, patterns: AhoCorasick::new(&values).unwrap(), values }
    }

    fn kinds(&self) -> BTreeSet<&str> {
        self.kinds.iter().map(String::as_str).collect()
    }

    fn search(&self, files: &[PathBuf]) -> BTreeSet<Finding> {
        files.iter().flat_map(|file| self.search_one(file)).collect()
    }

    fn search_one(&self, file: &Path) -> Vec<Finding> {
        let output = std::fs::read(file).unwrap();
        let found = self.patterns.find_overlapping_iter(&output);
        found.map(|at| Finding { kind: self.kinds[at.pattern()].clone(), file: file.to_owned() }).collect()
    }
}

fn entries(ledger: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(ledger).unwrap();
    let entries = text.lines().map(|line| serde_json::from_str::<Entry>(line).unwrap());
    entries.filter(|entry| entry.value.len() >= SHORTEST_SECRET).collect()
}

/// All files below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The ledgers, and the output that must not hold what is in them.
fn test_output() -> (Secrets, Vec<PathBuf>) {
    let files = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-output"));
    let ends_with = |ending: &str| -> Vec<PathBuf> {
        let named = |path: &&PathBuf| path.to_str().is_some_and(|name| name.ends_with(ending));
        files.iter().filter(named).cloned().collect()
    };
    let development = ends_with(".dev.log");
    let logs: Vec<_> = ends_with(".log").into_iter().filter(|path| !development.contains(path)).collect();
    let secrets = Secrets::read(&ends_with("ledger.jsonl"));
    let size: u64 = logs.iter().map(|log| log.metadata().unwrap().len()).sum();
    let missing: Vec<_> = KINDS.into_iter().filter(|kind| !secrets.kinds().contains(kind)).collect();
    assert!(
        size > LEAST_OUTPUT && missing.is_empty(),
        "{RUN_THE_TESTS} ({} logs of {size} bytes, no secret of these kinds: {missing:?})",
        logs.len()
    );
    (secrets, logs)
}

#[test]
fn no_secret_is_in_any_output() {
    let (secrets, logs) = test_output();
    let findings = secrets.search(&logs);
    assert!(findings.is_empty(), "secrets were printed: {findings:#?}");
}

#[test]
fn a_secret_of_each_kind_would_have_been_found() {
    let (secrets, logs) = test_output();
    let longest = logs.iter().max_by_key(|log| log.metadata().unwrap().len()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let planted = folder.path().join("planted.log");
    for kind in secrets.kinds() {
        let at = secrets.kinds.iter().position(|other| other == kind).unwrap();
        let mut output = std::fs::read(longest).unwrap();
        output.extend(format!("{{\"message\":\"{}\"}}\n", secrets.values[at]).bytes());
        std::fs::write(&planted, output).unwrap();
        let found = secrets.search(std::slice::from_ref(&planted));
        let kinds: Vec<_> = found.iter().map(|finding| finding.kind.as_str()).collect();
        assert!(kinds.contains(&kind), "a planted secret was not found: {kind}");
    }
}

#[test]
fn a_percent_encoded_secret_would_have_been_found() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, log) = (folder.path().join("ledger.jsonl"), folder.path().join("helper.log"));
    std::fs::write(&ledger, r#"{"kind":"auth_url","value":"https://idp.example/?state=abc&code=def"}"#)
        .unwrap();
    std::fs::write(&log, "GET /go?to=https%3A%2F%2Fidp.example%2F%3Fstate%3Dabc%26code%3Ddef").unwrap();
    let found = Secrets::read(&[ledger]).search(&[log]);
    assert_eq!(found.into_iter().map(|finding| finding.kind).collect::<Vec<_>>(), ["auth_url"]);
}
