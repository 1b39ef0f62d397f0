//! The development servers: each announces itself with one line of JSON.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

use serde_json::Value;

use super::process::Process;
use super::world::{World, repository};

/// The file with the certificate of a CA of the test's own, where there is one.
pub const PRIVATE_CA: &str = "private-ca.pem";

/// Those that many tests start, each made one file when the first test wants one: see `bundle.mjs`.
const BUNDLED: [&str; 3] = ["idp/idp.mjs", "idp/hostile.mjs", "cluster/cluster.mjs"];

/// Where a script is that is to be run.
fn runnable(script: &str) -> PathBuf {
    static MADE: Once = Once::new();
    if !BUNDLED.contains(&script) {
        return repository().join("dev").join(script);
    }
    MADE.call_once(|| {
        let bundler = repository().join("dev/bundle/bundle.mjs");
        let made = Command::new("node").arg(bundler).args(BUNDLED).output().unwrap();
        assert!(made.status.success(), "no bundles: {}", String::from_utf8_lossy(&made.stderr));
    });
    repository().join("target/bundles").join(script)
}

/// Starts `node dev/{script}` in the script's own folder: Backstage looks for its package upwards from where it is started.
pub fn start(world: &World, name: &str, script: &str, arguments: &[&str]) -> Process {
    let folder = repository().join("dev").join(script);
    let mut command = Command::new("node");
    command.current_dir(folder.parent().unwrap()).arg(runnable(script)).args(arguments);
    let private_ca = world.file(PRIVATE_CA);
    if private_ca.exists() {
        command.env("NODE_EXTRA_CA_CERTS", private_ca);
    }
    Process::start(name, &mut command, world.file(&format!("{name}.dev.log")))
}

/// Starts a server and waits for its announcement.
pub fn serve(world: &World, name: &str, script: &str, arguments: &[&str]) -> (Process, Value) {
    let mut all = arguments.to_vec();
    all.push("--exit-with-stdin");
    let process = start(world, name, script, &all);
    let announcement = process.wait_for("its announcement", |line| {
        serde_json::from_str::<Value>(line).ok().filter(|value| value.get("role").is_some())
    });
    (process, announcement)
}
