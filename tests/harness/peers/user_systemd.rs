//! A user of a machine that systemd runs, at a terminal: nothing of it is this machine's but programs and the network.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::process::Process;
use crate::harness::world::World;

const SCENE: &str = include_str!("user_systemd.sh");

/// Where the program is there: a path that has to be escaped in a unit, as far as systemd takes it.
const PROGRAM: &str = "/opt/a 100% $HOME ü/backstage-oidc-helper";

/// Longer than the last processes take to end.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A shell of the user's, with the program as `$helper`.
pub struct UserSystemd {
    shell: Process,
    cgroups: Vec<PathBuf>,
    asked: usize,
}

impl UserSystemd {
    /// Starts it in the calling thread's network; none, and the reason printed, where that cannot be.
    pub fn start(world: &World) -> Option<Self> {
        match prepare(world) {
            Ok(cgroups) => Some(Self::start_with(world, cgroups)),
            Err(reason) => {
                eprintln!("not run: no systemd of a user's can run here ({reason})");
                None
            }
        }
    }

    fn start_with(world: &World, cgroups: Vec<PathBuf>) -> Self {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SCENE, "sh"]);
        command.args([env!("CARGO_BIN_EXE_backstage-oidc-helper"), PROGRAM]);
        let folders: Vec<&str> = cgroups.iter().map(|folder| folder.to_str().unwrap()).collect();
        command.arg(folders.join(" ")).env("PATH", std::env::var_os("PATH").unwrap());
        let shell = Process::start_at_terminal("user", &command, world.file("user.log"), "");
        shell.wait_for_line("Version=");
        Self { shell, cgroups, asked: 0 }
    }

    /// Types a command, and waits for its end: what it printed, and its exit code.
    pub fn run(&mut self, command: &str) -> (String, i32) {
        self.begin(command);
        self.end()
    }

    /// Types a command that asks something.
    pub fn begin(&mut self, command: &str) {
        self.asked += 1;
        let number = self.asked;
        self.shell.type_line(&format!(
            "echo \"begun {number}\"; {{ {command}; }} 2>&1; echo \"ended {number}: $?\""
        ));
    }

    /// Waits for the question, then types the answer: what is typed before it is thrown away.
    pub fn answer(&mut self, question: &str, answer: &str) {
        let deadline = Instant::now() + TIMEOUT;
        while !self.printed().contains(question) {
            assert!(Instant::now() < deadline, "{question} is not asked: {}", self.printed());
            std::thread::yield_now();
        }
        self.shell.type_line(answer);
    }

    /// What the last command has printed so far.
    fn printed(&self) -> String {
        let begun = format!("begun {}", self.asked);
        let printed = self.shell.printed();
        let lines = printed.lines().skip_while(|line| *line != begun).skip(1);
        lines.filter(|line| !line.starts_with("ended ")).collect::<Vec<_>>().join("\n")
    }

    /// Waits for the end of the command that was begun.
    pub fn end(&self) -> (String, i32) {
        let ended = format!("ended {}: ", self.asked);
        let code = self.shell.wait_for(&ended, |line| line.strip_prefix(&ended)?.parse().ok());
        (self.printed(), code)
    }
}

impl Drop for UserSystemd {
    /// The shell is the first process there: with it all others end.
    fn drop(&mut self) {
        let id = self.shell.id();
        let first = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for number in first.split_whitespace().filter_map(|number| number.parse().ok()) {
            let _ = kill(Pid::from_raw(number), Signal::SIGKILL);
        }
        self.shell.kill();
        let deadline = Instant::now() + TIMEOUT;
        for folder in &self.cgroups {
            while folder.exists() && Instant::now() < deadline {
                remove(folder);
                std::thread::yield_now();
            }
        }
    }
}

/// A cgroup goes when it is empty, and those below it before.
fn remove(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove(&entry.path());
        }
    }
    let _ = std::fs::remove_dir(folder);
}

/// The cgroups for it, one in each hierarchy that systemd looks at; why not, where that cannot be.
fn prepare(world: &World) -> Result<Vec<PathBuf>, String> {
    let whole = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    if !whole.split_whitespace().eq(["0", "0", "4294967295"]) {
        return Err("it takes root, and not that of a user namespace".to_owned());
    }
    if !Path::new("/lib/systemd/systemd").exists() {
        return Err("the package systemd is missing".to_owned());
    }
    let test = world.folder.file_name().unwrap().to_str().unwrap();
    let name = format!("backstage-oidc-helper-{test}-{}", std::process::id());
    let hierarchies = ["", "systemd", "unified"].map(|part| Path::new("/sys/fs/cgroup").join(part));
    let cgroups: Vec<PathBuf> = hierarchies
        .iter()
        .filter(|hierarchy| hierarchy.join("cgroup.procs").exists())
        .map(|hierarchy| hierarchy.join(&name))
        .collect();
    for cgroup in &cgroups {
        std::fs::create_dir(cgroup).map_err(|error| format!("{}: {error}", cgroup.display()))?;
        let _ = std::fs::remove_dir(cgroup);
    }
    if cgroups.is_empty() { Err("there are no cgroups".to_owned()) } else { Ok(cgroups) }
}
