//! The running Keycloak, which is a Java program behind a shell script.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::process::Process;
use crate::harness::world::{World, free_port};
use crate::providers::programs::program;

/// Of its own administrator.
pub const ADMIN: &str = "admin";

pub struct Server {
    port: u16,
    folder: PathBuf,
    log: PathBuf,
    process: Process,
}

impl Server {
    /// On a copy of what is installed, which is built already: it writes into its own folder.
    pub fn start(world: &World) -> Self {
        let folder = world.home.path().join("keycloak");
        let copied = Command::new("cp").arg("-r").arg(program("KEYCLOAK")).arg(&folder).status().unwrap();
        assert!(copied.success(), "Keycloak cannot be copied");
        let (port, log) = (free_port(), world.file("keycloak.dev.log"));
        let process = launch(&folder, port, log.clone());
        Self { port, folder, log, process }
    }

    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    pub fn freeze(&self) {
        kill(self.java(), Signal::SIGSTOP).unwrap();
        let stat = format!("/proc/{}/stat", self.java());
        let deadline = Instant::now() + Duration::from_mins(1);
        while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
            assert!(Instant::now() < deadline, "it does not stop");
            std::thread::yield_now();
        }
    }

    pub fn resume(&self) {
        kill(self.java(), Signal::SIGCONT).unwrap();
    }

    /// As an operator does; what it has in its database stays.
    pub fn restart(&mut self) {
        kill(self.java(), Signal::SIGTERM).unwrap();
        self.process.wait();
        self.process = launch(&self.folder, self.port, self.log.clone());
    }

    /// The script's child, or the script itself once that has become Java.
    fn java(&self) -> Pid {
        let id = self.process.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let java = children.split_whitespace().next().and_then(|child| child.parse().ok());
        Pid::from_raw(java.unwrap_or_else(|| i32::try_from(id).unwrap()))
    }
}

impl Drop for Server {
    /// With its script alone, Java would go on.
    fn drop(&mut self) {
        let _ = kill(self.java(), Signal::SIGKILL);
    }
}

fn launch(folder: &Path, port: u16, log: PathBuf) -> Process {
    let mut command = Command::new(folder.join("bin/kc.sh"));
    command.args(["start", "--optimized", "--cache=local", "--http-enabled=true", "--http-host=127.0.0.1"]);
    command.args([format!("--http-port={port}"), format!("--hostname=http://localhost:{port}")]);
    command.env("KC_BOOTSTRAP_ADMIN_USERNAME", ADMIN).env("KC_BOOTSTRAP_ADMIN_PASSWORD", ADMIN);
    // It runs for minutes, beside much else: to compile its code well would take longer than it saves.
    command.env("JAVA_OPTS_APPEND", "-Xmx768m -XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC");
    let process = Process::start("keycloak", &mut command, log);
    process.wait_for_line("Listening on:");
    process
}
