//! The way from a file to Redis: `admin export | admin import`, while the backend runs, and nothing is redeemed in both places.

use std::io::Write;
use std::process::{Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::deployment::{Deployment, OnRedisWithCluster};
use crate::harness::peers::cluster::PODS;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::command::Ended;

/// More than are written at once.
const MANY: usize = 700;

/// A file with a backend, and a Redis to move to.
struct Scene {
    here: OnRedisWithCluster,
    from: BackendPlan,
}

impl Scene {
    fn new(test: &str) -> Self {
        let here = Deployment::new(test).with_cluster().with_redis();
        let from = here.plan.clone().without("REDIS_URL").with_store_file(&here.world);
        Self { here, from }
    }

    fn export(&self) -> String {
        let ended = Ended::of(&mut self.from.command(&["admin", "export"]), &self.here.world);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert!(ended.err.contains("STORE_FILE takes no login any more"), "{}", ended.err);
        ended.out
    }
}

fn import(plan: &BackendPlan, exported: &str) -> (Option<i32>, String) {
    let mut command = plan.command(&["admin", "import"]);
    let mut running =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may refuse the first line and read no other.
    let _ = running.stdin.take().unwrap().write_all(exported.as_bytes());
    let Output { status, stdout, stderr } = running.wait_with_output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn logins_move_to_redis_and_the_file_is_left_behind() {
    let scene = Scene::new("moved");
    let (backend, before) = scene.here.start_as(&scene.from);
    before.log_in(&scene.here.idp, "felix");
    let exported = scene.export();
    // What it holds serves; what it would have to write is refused.
    assert_eq!(before.get(PODS).status, 200);
    before.post("/register", &json!({})).assert_problem(503, "store_unavailable");
    before.delete("/tokens").assert_problem(503, "store_unavailable");
    backend.process.wait_for_line("it was moved away by `admin export`");
    let lines = exported.lines().count();
    let entries = lines - 2;
    assert_eq!(
        import(&scene.here.plan, &exported),
        (Some(0), format!("{entries} entries imported; 0 were here already, or have ended.\n"))
    );
    assert_eq!(
        import(&scene.here.plan, &scene.export()),
        (Some(0), format!("0 entries imported; {entries} were here already, or have ended.\n"))
    );
    let (_there, after) = scene.here.start();
    assert_eq!(after.get(PODS).status, 200);
    let listed = Ended::of(&mut scene.here.plan.command(&["admin", "list"]), &scene.here.world);
    assert!(listed.out.contains("user:default/felix"), "{}", listed.out);
    assert_eq!(after.delete("/tokens").json["disconnected"], json!(["dev"]));
    assert_eq!(scene.here.idp.revocations(), 1);
    drop(backend);
    let refused = Ended::of(&mut scene.from.command(&["backend"]), &scene.here.world);
    assert!(
        refused.code == Some(1) && refused.err.contains("was moved away by `admin export`"),
        "{}",
        refused.err
    );
}

#[test]
fn a_refresh_under_way_is_waited_for_and_its_tokens_are_carried() {
    let scene = Scene::new("moved_refreshed");
    let (_backend, api) = scene.here.start_as(&scene.from);
    api.log_in_and_expire(&scene.here.idp);
    scene.here.idp.hold_token("before");
    let exported = std::thread::scope(|scope| {
        let asks = scope.spawn(|| api.get(PODS));
        scene.here.idp.wait_held();
        let exports = scope.spawn(|| scene.export());
        // Writes are still taken, so it waits.
        assert_eq!(api.post("/register", &json!({})).status, 200);
        assert!(!exports.is_finished());
        scene.here.idp.release();
        assert_eq!(asks.join().unwrap().status, 200);
        exports.join().unwrap()
    });
    assert_eq!(import(&scene.here.plan, &exported).0, Some(0));
    let (_there, api) = scene.here.start();
    assert_eq!(api.get(PODS).status, 200);
    assert_eq!(scene.here.idp.refreshes(), 1);
    assert!(scene.here.idp.spend(scene.here.world.ledger.values_of("refresh_token").last().unwrap()) == 200);
}

#[test]
fn what_is_no_export_or_cut_off_is_said_and_the_file_can_be_the_store_again() {
    let scene = Scene::new("moved_back");
    let (backend, api) = scene.here.start_as(&scene.from);
    api.log_in(&scene.here.idp, "felix");
    drop(backend);
    let exported = scene.export();
    let half: Vec<&str> = exported.lines().take(2).collect();
    for (text, sentence) in [
        ("", "Line 1 is not of an export"),
        ("a letter\n", "Line 1 is not of an export"),
        (r#"{"export":{"version":2}}"#, "Line 1 is not of an export"),
        (&format!("{}\nnonsense", half.join("\n")), "Line 3 is not of an export"),
        (&half.join("\n"), "cut off after 1 entries"),
    ] {
        let (code, said) = import(&scene.here.plan, text);
        assert!(code == Some(1) && said.contains(sentence), "{code:?} {said}");
    }
    let nowhere = scene.here.plan.clone().without("REDIS_URL").without("TOKEN_ENCRYPTION_KEYS");
    let (code, said) = import(&nowhere, &exported);
    assert!(code == Some(2) && said.contains("set REDIS_URL or STORE_FILE"), "{code:?} {said}");
    let no_file = Ended::of(&mut scene.here.plan.command(&["admin", "export"]), &scene.here.world);
    assert!(no_file.code == Some(2) && no_file.err.contains("There is no file to export"), "{}", no_file.err);
    // The mark goes with the last line of its own export, not before.
    let (code, said) = import(&scene.from, &half.join("\n"));
    assert!(code == Some(1) && said.contains("cut off after 1 entries"), "{code:?} {said}");
    let earlier = exported.replace(r#""moved":"2"#, r#""moved":"1"#);
    assert_ne!(earlier, exported);
    let (code, said) = import(&scene.from, &earlier);
    assert!(code == Some(1) && said.contains("by another export than this one"), "{code:?} {said}");
    let refused = Ended::of(&mut scene.from.command(&["backend"]), &scene.here.world);
    assert!(refused.err.contains("was moved away by `admin export`"), "{}", refused.err);
    let entries = exported.lines().count() - 2;
    assert_eq!(
        import(&scene.from, &exported),
        (Some(0), format!("0 entries imported; {entries} were here already, or have ended.\n"))
    );
    let (_backend, api) = scene.here.start_as(&scene.from);
    assert_eq!(api.get(PODS).status, 200);
    api.log_in(&scene.here.idp, "felix");
}

/// Many are under way at once, and counted all the same; what is there already stays, and what came before a cut is there.
#[test]
fn entries_that_are_imported_side_by_side_are_all_there_and_counted() {
    let scene = Scene::new("moved_many");
    let tomorrow = OffsetDateTime::now_utc() + time::Duration::DAY;
    let ends = tomorrow.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap();
    let record = |number: usize| {
        let value = STANDARD.encode(format!("of the export, {number}"));
        json!({ "entry": { "record": { "key": format!("many-{number}"), "value": value, "ends": ends } } })
    };
    let noted = |number: usize| json!({ "entry": { "noted": { "index": "many", "member": format!("{number}"), "at": ends } } });
    let lines: Vec<String> = std::iter::once(json!({ "export": { "version": 1 } }))
        .chain((0..MANY).map(record))
        .chain((0..MANY).map(noted))
        .chain(std::iter::once(json!({ "end": 2 * MANY })))
        .map(|line| line.to_string())
        .collect();
    let (whole, cut) = (lines.join("\n"), lines[..=MANY].join("\n"));
    let spoilt = format!("{cut}\nnonsense\n{}", lines[MANY + 1..].join("\n"));
    let words = |new: usize, left: usize| {
        (Some(0), format!("{new} entries imported; {left} were here already, or have ended.\n"))
    };
    for plan in [&scene.here.plan, &scene.from] {
        let (code, said) = import(plan, &cut);
        assert!(code == Some(1) && said.contains(&format!("cut off after {MANY} entries")), "{said}");
        let (code, said) = import(plan, &spoilt);
        assert!(
            code == Some(1) && said.contains(&format!("Line {} is not of an export", MANY + 2)),
            "{said}"
        );
        assert_eq!(import(plan, &whole), words(MANY, MANY));
        assert_eq!(import(plan, &whole.replace("many-", "more-")), words(MANY, MANY));
        let other =
            whole.replace(&STANDARD.encode("of the export, 7"), &STANDARD.encode("of another one, 7"));
        assert_ne!(other, whole);
        let (code, said) = import(plan, &other);
        let (_, all) = words(0, 2 * MANY);
        assert!(code == Some(0) && said.starts_with(&all), "{said}");
        assert!(said.contains("1 of them are here with another content, which stays"), "{said}");
    }
    let there: Vec<String> =
        scene.here.redis.keys().into_iter().filter(|key| key.contains("many-")).collect();
    assert_eq!(there.len(), MANY);
    assert_eq!(scene.here.redis.cli(&["--raw", "GET", "cluster-auth:many-7"]), b"of the export, 7\n");
    assert_eq!(scene.here.redis.cli(&["ZCARD", "cluster-auth:many"]), format!("{MANY}\n").as_bytes());
    let exported = scene.export();
    let entries: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for number in 0..MANY {
        let (record, noted) = (record(number), noted(number));
        let is_it = |entry: &Value| {
            let of = |entry: &Value| ["key", "value"].map(|name| entry["entry"]["record"][name].clone());
            of(entry) == of(&record)
        };
        assert!(entries.iter().any(is_it) && entries.contains(&noted), "{number}");
    }
}
