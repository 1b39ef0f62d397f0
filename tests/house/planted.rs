//! What each rule says of files that break it.

use std::fmt::Write;

use crate::imports::imports;
use crate::sources::Files;
use crate::{names, order, sizes, words};

fn files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Files {
    files.into_iter().map(|(file, text)| (file.to_owned(), text.to_owned())).collect()
}

/// Fails unless there is one finding a text, in this order, which begins and goes on so.
fn found(findings: &[String], expected: &[(&str, &str)]) {
    assert_eq!(findings.len(), expected.len(), "{findings:#?}");
    for (finding, (start, part)) in findings.iter().zip(expected) {
        assert!(
            finding.starts_with(start) && finding.contains(part),
            "{finding}\ninstead of {start} … {part}"
        );
    }
}

#[test]
fn a_circle_of_three_is_told_once_with_its_lines() {
    let planted = files([
        ("src/lib.rs", "mod store;\nmod clock;\nmod random;"),
        ("src/store.rs", "use crate::{\n    clock::Clock,\n};"),
        ("src/clock.rs", "fn now() {\n    let _ = super::random::fill();\n}"),
        ("src/random.rs", "fn fill() {\n    println!(\"{}\", crate::store::read(1));\n}"),
    ]);
    let circle = "clock -> random (src/clock.rs:2) -> store (src/random.rs:2) -> clock (src/store.rs:2)";
    found(&order::circles(&imports(&planted)), &[("src/clock.rs:2", circle)]);
}

#[test]
fn a_parent_and_its_child_can_be_a_circle() {
    let planted = files([
        ("src/lib.rs", "mod store;"),
        ("src/store.rs", "mod lock;\nuse lock::Lock;"),
        ("src/store/lock.rs", "use super::Store;"),
    ]);
    found(&order::circles(&imports(&planted)), &[("src/store", "store::lock")]);
}

#[test]
fn what_only_tests_compile_imports_nothing() {
    let planted = files([
        ("src/lib.rs", "mod store;\nmod clock;"),
        ("src/store.rs", "use crate::clock::Clock;"),
        ("src/clock.rs", "#[cfg(test)]\nmod tests {\n    use crate::store::Store;\n}"),
    ]);
    assert_eq!(imports(&planted).len(), 1);
    assert_eq!(order::circles(&imports(&planted)), [""; 0]);
}

#[test]
fn a_variable_that_is_called_as_a_module_is_imports_nothing() {
    let planted = files([
        ("src/lib.rs", "mod store;"),
        ("src/store.rs", "mod lock;\nfn f(lock: u8) -> u8 {\n    println!(\"{}\", lock);\n    lock\n}"),
        ("src/store/lock.rs", "use super::*;"),
    ]);
    let found: Vec<String> = imports(&planted).into_iter().map(|import| import.at).collect();
    assert_eq!(found, ["src/store/lock.rs:1"]);
}

#[test]
fn an_import_that_points_up_is_told() {
    let planted = files([
        ("src/lib.rs", "mod backend;\nmod helper;\nmod store;"),
        ("src/backend.rs", "mod oidc;\nmod logins;\nuse oidc::Provider;"),
        ("src/backend/oidc.rs", "use super::logins::{Logins, Record};"),
        ("src/backend/logins.rs", "use crate::backend::oidc::Provider;\nuse crate::store::Store;"),
        ("src/helper.rs", "use crate::backend;"),
        ("src/store.rs", "type It = crate::helper::Helper;"),
    ]);
    let expected = [
        ("src/backend/oidc.rs:1", "backend::oidc imports backend::logins, which is above it"),
        ("src/helper.rs:1", "helper imports backend: move what both need"),
        ("src/store.rs:1", "the foundation store imports helper"),
    ];
    found(&order::upward(&imports(&planted)), &expected);
}

#[test]
fn a_folder_of_the_backend_without_a_place_is_told() {
    let planted = files([
        ("src/lib.rs", "mod backend;"),
        ("src/backend.rs", "mod new;\nuse new::New;"),
        ("src/backend/new.rs", ""),
    ]);
    found(&order::upward(&imports(&planted)), &[("src/backend.rs:2", "give both a place")]);
}

#[test]
fn one_module_too_many_is_told_and_a_folder_with_its_file_is_one() {
    let mut planted: Files = (0..12).map(|n| (format!("src/store/m{n}.rs"), String::new())).collect();
    planted.insert("src/store/m1/below.rs".to_owned(), String::new());
    assert_eq!(sizes::crowded_folders(&planted), [""; 0]);
    planted.insert("src/store/last/below.rs".to_owned(), String::new());
    found(&sizes::crowded_folders(&planted), &[("src/store:1", "13 modules, at most 12")]);
    let top: Files = (0..17).map(|n| (format!("src/m{n}.rs"), String::new())).collect();
    found(&sizes::crowded_folders(&top), &[("src:1", "17 modules, at most 16")]);
}

#[test]
fn a_long_file_is_told() {
    let planted = |lines: usize| files([("src/a.rs", "\n".repeat(lines).as_str())]);
    assert_eq!(sizes::long_files(&planted(400)), [""; 0]);
    found(&sizes::long_files(&planted(401)), &[("src/a.rs:401", "at most 400")]);
}

#[test]
fn a_long_function_is_told_wherever_it_stands() {
    let body = |lines: usize| format!("{{{}}}", "\n".repeat(lines - 1));
    let mut text = format!("fn fits() {}\nfn long() {}\n", body(51), body(52));
    write!(text, "impl A {{ fn method() {} }}\ntrait T {{ fn provided() {} }}", body(52), body(53)).unwrap();
    let expected = [
        ("src/a.rs:52", "fn long has 52 lines"),
        ("src/a.rs:104", "fn method has 52 lines"),
        ("src/a.rs:156", "fn provided has 53 lines"),
    ];
    found(&sizes::long_functions(&files([("src/a.rs", text.as_str())])), &expected);
}

#[test]
fn a_long_median_is_told() {
    let three = |middle: usize| {
        format!("fn a() {{}}\nfn b() {{{}}}\nfn c() {{{}}}", "\n".repeat(middle - 1), "\n".repeat(40))
    };
    assert_eq!(sizes::long_median(&files([("src/a.rs", three(7).as_str())])), [""; 0]);
    found(
        &sizes::long_median(&files([("src/a.rs", three(8).as_str())])),
        &[("src/a.rs:2", "8 lines, at most 7")],
    );
}

#[test]
fn unwanted_names_are_told_with_the_fields_word() {
    let planted = files([
        ("src/a.rs", "/// A Stage is a word here.\nstruct Stage;\nimpl A {\n    fn carry_out(&self) {}\n}"),
        ("src/a/mod.rs", ""),
        ("src/utils.rs", "enum Fine { Held }\nconst A_USE_STANDS: u8 = 0;\ntrait Grant {}"),
    ]);
    let expected = [
        ("src/a.rs:2", "SingleLogin"),
        ("src/a.rs:4", "execute"),
        ("src/a/mod.rs:1", "x.rs beside x/"),
        ("src/utils.rs:1", "after what it holds"),
        ("src/utils.rs:2", "USE_RESOLUTION"),
        ("src/utils.rs:3", "RefreshGrant"),
    ];
    found(&names::unwanted(&planted), &expected);
}

#[test]
fn unwanted_words_are_told_in_comments_of_each_language() {
    let [any, some, no, of] =
        [concat!("Who", "ever"), concat!("some", "body"), concat!("no", "body"), concat!("who", "se")];
    let rust = format!(
        "/// {any} asks.\nlet a = \"http://{no}\"; // {some}\n/* two\nlines: {of} */\nfn {no}() {{}}\n"
    );
    let docker = format!("USER {no}\n# {no} reads it\n");
    let document = format!("# A\n{any} reads it.\n");
    let planted = files([
        ("dev/Dockerfile", docker.as_str()),
        ("docs/a.md", document.as_str()),
        ("src/a.rs", rust.as_str()),
    ]);
    let expected = [
        ("dev/Dockerfile:2", no),
        ("docs/a.md:2", "name the subject"),
        ("src/a.rs:1", "name the subject"),
        ("src/a.rs:2", some),
        ("src/a.rs:4", of),
    ];
    found(&words::unwanted(&planted), &expected);
}
