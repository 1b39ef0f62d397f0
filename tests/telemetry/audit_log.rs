//! Where the backend's audit log goes.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::programs::backend::{Backend, BackendPlan, NO_ISSUER};
use crate::harness::programs::command::Ended;
use crate::harness::world::World;

/// Has the backend write an audit line that belongs to this request, and waits until it is printed or in a file.
fn use_refused(backend: &Backend, world: &World, id: &str) {
    let answer = backend.api(world).get_with("/clusters/dev/proxy/version", &[("x-request-id", id)]);
    assert_eq!(answer.status, 404, "{}", answer.text);
}

fn is_audit_of(line: &str, id: &str) -> bool {
    let Ok(line) = serde_json::from_str::<Value>(line) else { return false };
    line["target"] == "audit" && line["span"]["request_id"] == id
}

#[test]
fn audit_lines_go_to_standard_output_and_no_others() {
    let world = World::new("audit_stdout");
    // Of requests only what needs attention, and the lines of the audit log: these name their requests nevertheless.
    let plan = BackendPlan::new(&world, NO_ISSUER).with(
        "RUST_LOG",
        "warn,audit=info,backstage_oidc_helper::backend=info,backstage_oidc_helper::backend::inbound=warn",
    );
    let backend = plan.start();
    use_refused(&backend, &world, "asked");
    backend.process.wait_for("the audit line", |line| is_audit_of(line, "asked").then_some(()));
    let printed = backend.process.printed_to_stdout();
    assert!(printed.iter().any(|line| is_audit_of(line, "asked")), "{printed:?}");
    for line in printed {
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["target"], "audit", "{line}");
    }
}

#[test]
fn audit_lines_stay_among_the_others_where_that_is_asked() {
    let world = World::new("audit_stderr");
    let backend = BackendPlan::new(&world, NO_ISSUER).with("AUDIT_LOG", "stderr").start();
    use_refused(&backend, &world, "asked");
    backend.process.wait_for("the audit line", |line| is_audit_of(line, "asked").then_some(()));
    assert!(backend.process.printed_to_stdout().is_empty());
}

#[test]
fn a_file_is_appended_to_and_only_its_user_may_read_it() {
    let world = World::new("audit_file");
    let file = world.file("audit.log");
    let plan = BackendPlan::new(&world, NO_ISSUER).with("AUDIT_LOG", file.to_str().unwrap());
    for id in ["first", "second"] {
        let mut backend = plan.start();
        use_refused(&backend, &world, id);
        // Written before the answer was: no line is lost when the process ends without a word.
        backend.process.kill();
        assert!(!backend.process.printed().lines().any(|line| is_audit_of(line, id)));
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let ids = ["first", "second"].map(|id| text.lines().filter(|line| is_audit_of(line, id)).count());
    assert_eq!(ids, [1, 1], "{text}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_place_that_cannot_be_had_ends_the_start_with_a_sentence() {
    let world = World::new("audit_refused");
    let plan = BackendPlan::new(&world, NO_ISSUER);
    for (place, code, sentence) in [
        (
            "/does/not/exist/audit.log",
            1,
            "AUDIT_LOG names /does/not/exist/audit.log, which cannot be written",
        ),
        ("audit.log", 2, "neither stdout, stderr nor the whole path of a file"),
    ] {
        for command in [&["backend"][..], &["admin", "list"]] {
            let ended = Ended::of(&mut plan.clone().with("AUDIT_LOG", place).command(command), &world);
            assert_eq!(ended.code, Some(code), "{command:?}: {}", ended.err);
            assert!(ended.err.contains(sentence), "{command:?}: {}", ended.err);
        }
    }
}
