//! Logins in `STORE_FILE`: they outlive the process, only one process has them, and a full disk loses none.

mod killed;
mod moved;

use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::PODS;
use crate::harness::process::Process;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::programs::command::Ended;
use crate::harness::world::World;

#[test]
fn a_login_outlives_the_process_however_it_ends() {
    let here = Deployment::new("file_outlives").with_cluster();
    let plan = here.plan.clone().with_store_file(&here.world);
    let (mut backend, api) = here.start_as(&plan);
    api.log_in(&here.idp, "felix");
    backend.process.kill();
    let (mut backend, api) = here.start_as(&plan);
    assert_eq!(api.get(PODS).status, 200);
    backend.process.signal(Signal::SIGTERM);
    assert!(backend.process.wait().success());
    let (mut backend, api) = here.start_as(&plan);
    assert_eq!(api.cluster_status()["connected"], true);
    backend.process.kill();
    // What is kept is sealed.
    let other_key = format!("other:{}", "A".repeat(43));
    let (_backend, api) = here.start_as(&plan.with("TOKEN_ENCRYPTION_KEYS", &other_key));
    assert_eq!(api.cluster_status()["reason"], "unreadable");
}

#[test]
fn only_one_process_has_the_file() {
    let here = Deployment::new("file_alone");
    let plan = here.plan.clone().with_store_file(&here.world);
    let (mut backend, api) = here.start_as(&plan);
    let refused = Ended::of(&mut plan.command(&["backend"]), &here.world);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("STORE_FILE is open in another process"), "{}", refused.err);
    api.log_in(&here.idp, "felix");
    backend.process.kill();
    assert_eq!(here.start_as(&plan).1.cluster_status()["connected"], true);
}

/// SQLite would keep what has this name in memory.
#[test]
fn a_name_alone_is_of_a_file_where_the_process_runs() {
    let here = Deployment::new("file_name_alone");
    let folder = here.world.home.path().join("others");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("anothers"), "").unwrap();
    let plan = here.plan.clone().with_store_file(&here.world).with("STORE_FILE", ":memory:");
    let refused = Ended::of(plan.command(&["backend"]).current_dir(&folder), &here.world);
    let sentence = format!("STORE_FILE is in {}, which others may read", folder.display());
    assert!(refused.code == Some(1) && refused.err.contains(&sentence), "{}", refused.err);
}

#[test]
fn an_admin_reaches_the_logins_while_the_backend_runs() {
    let here = Deployment::new("file_admin").with_cluster();
    let plan = here.plan.clone().with_store_file(&here.world);
    let admin = |arguments: &[&str]| Ended::of(&mut plan.command(arguments), &here.world);
    let list = &["admin", "list"][..];
    let nothing = admin(list);
    assert!(
        nothing.code == Some(1) && nothing.err.contains("is not there: start the backend once"),
        "{}",
        nothing.err
    );
    let checked = admin(&["config", "check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    assert!(!here.world.file("store").exists(), "a look has made something");
    let (_backend, api) = here.start_as(&plan);
    api.log_in(&here.idp, "felix");
    let listed = admin(list);
    assert!(
        listed.code == Some(0) && listed.out.contains("user:default/felix"),
        "{}{}",
        listed.out,
        listed.err
    );
    let revoked = admin(&["admin", "revoke", "--user", "user:default/felix"]);
    assert!(revoked.out.contains("at dev: revoked and forgotten."), "{}{}", revoked.out, revoked.err);
    assert_eq!(api.get(PODS).status, 403);
    api.log_in(&here.idp, "felix");
    assert_eq!(api.get(PODS).status, 200);
}

#[test]
fn settings_that_keep_logins_in_two_places_or_in_the_clear_are_refused() {
    let here = Deployment::new("file_settings");
    let plan = here.plan.clone().with_store_file(&here.world);
    let both = "REDIS_URL and STORE_FILE are both set";
    for (plan, sentence) in [
        (plan.clone().with("REDIS_URL", "redis://localhost/"), both),
        (plan.clone().without("TOKEN_ENCRYPTION_KEYS"), "STORE_FILE is set without TOKEN_ENCRYPTION_KEYS"),
    ] {
        let refused = Ended::of(&mut plan.command(&["backend"]), &here.world);
        assert!(
            refused.code == Some(2) && refused.err.contains(sentence),
            "{:?} {}",
            refused.code,
            refused.err
        );
    }
}

/// A backend with a small disk of its own for the file.
struct SmallDisk {
    backend: Backend,
    folder: PathBuf,
}

impl SmallDisk {
    fn start(plan: &BackendPlan, world: &World) -> Self {
        let folder = world.home.path().join("disk");
        std::fs::create_dir(&folder).unwrap();
        let plan = plan.clone().with("STORE_FILE", folder.join("store/logins.db").to_str().unwrap());
        let inner = plan.command(&["backend"]);
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", r#"mount -t tmpfs -o size=8m none "$0" && exec "$@""#])
            .arg(&folder);
        command.arg(inner.get_program()).args(inner.get_args()).env_clear();
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let process = Process::start("backend", &mut command, world.file("backend.log"));
        Self { backend: Backend::of(process), folder }
    }

    /// The folder as that process sees it.
    fn seen(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.backend.process.id(), self.folder.display()))
    }
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let here = Deployment::new("file_full").with_cluster();
    let disk = SmallDisk::start(&here.plan.clone().with_store_file(&here.world), &here.world);
    let api = here.api(&disk.backend);
    api.log_in(&here.idp, "felix");
    let ballast = disk.seen().join("ballast");
    // It ends with the first byte that has no place.
    std::fs::write(&ballast, vec![0; 16 << 20]).unwrap_err();
    let refused = api.post("/register", &serde_json::json!({}));
    refused.assert_problem(503, "store_unavailable");
    disk.backend.process.wait_for_line("check STORE_FILE (its disk is full: make room)");
    assert_eq!(api.get(PODS).status, 200);
    std::fs::remove_file(&ballast).unwrap();
    api.log_in(&here.idp, "felix");
    assert_eq!(api.get(PODS).status, 200);
}
