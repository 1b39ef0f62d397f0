//! The development servers: each announces itself with one line of JSON.

use std::process::Command;

use serde_json::Value;

use super::process::Process;
use super::world::{World, repository};

/// The file with the certificate of a CA of the test's own, where there is one.
pub const PRIVATE_CA: &str = "private-ca.pem";

/// Starts `node dev/{script}` in the script's own folder: Backstage looks for its package upwards from where it is started.
pub fn start(world: &World, name: &str, script: &str, arguments: &[&str]) -> Process {
    let script = repository().join("dev").join(script);
    let mut command = Command::new("node");
    command.current_dir(script.parent().unwrap()).arg(&script).args(arguments);
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
