//! The layout of `src/`: who may import what, how long files and functions are, and which names and words are left.
//!
//! Each rule is a function over a set of files, so that the tests can plant what breaks it. A test of the real tree fails with
//! one line a finding: the file, the line, and what to do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, and says so"
)]

#[path = "house/imports.rs"]
mod imports;
#[path = "house/names.rs"]
mod names;
#[path = "house/order.rs"]
mod order;
#[path = "house/parsed.rs"]
mod parsed;
#[path = "house/planted.rs"]
mod planted;
#[path = "house/sizes.rs"]
mod sizes;
#[path = "house/sources.rs"]
mod sources;
#[path = "house/words.rs"]
mod words;

use sources::{DOCUMENTS, SOURCES, WITH_COMMENTS, under};

/// Fails with every finding.
fn none(findings: &[String]) {
    assert!(findings.is_empty(), "{} to mend:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn no_modules_of_src_import_each_other_in_a_circle() {
    none(&order::circles(&imports::imports(&under(&["src"], SOURCES))));
}

#[test]
fn no_import_of_src_points_up() {
    none(&order::upward(&imports::imports(&under(&["src"], SOURCES))));
}

#[test]
fn no_folder_of_src_is_crowded() {
    none(&sizes::crowded_folders(&under(&["src"], SOURCES)));
}

#[test]
fn no_file_is_too_long() {
    none(&sizes::long_files(&under(&["src", "tests"], SOURCES)));
}

#[test]
fn no_function_of_src_is_too_long() {
    none(&sizes::long_functions(&under(&["src"], SOURCES)));
}

#[test]
fn half_of_the_functions_of_src_are_short() {
    none(&sizes::long_median(&under(&["src"], SOURCES)));
}

#[test]
fn no_unwanted_name_is_left_in_src() {
    none(&names::unwanted(&under(&["src"], SOURCES)));
}

#[test]
fn comments_say_the_subject() {
    let places = ["src", "tests", "dev", "bench", "config", "backstage", "npm", "extension", "charts"];
    none(&words::unwanted(&under(&places, WITH_COMMENTS)));
}

#[test]
fn documents_say_the_subject() {
    let places =
        ["docs", "backstage", "npm", "extension", "charts", "README.md", "ARCHITECTURE.md", "SECURITY.md"];
    none(&words::unwanted(&under(&places, DOCUMENTS)));
}
