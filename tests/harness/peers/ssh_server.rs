//! A real OpenSSH server on this machine, with keys and settings of its own.

use std::fmt::Write;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::process::Process;
use crate::harness::world::{World, free_port};

/// A server that lets one key in.
pub struct SshServer {
    /// Where it listens.
    pub port: u16,
    folder: PathBuf,
    _process: Process,
}

impl SshServer {
    /// Starts one at that address of the calling thread's network; none, and the reason printed, where no server can run.
    pub fn start(world: &World, address: &str) -> Option<Self> {
        let folder = world.home.path().join("ssh");
        std::fs::create_dir(&folder).unwrap();
        let port = free_port();
        match prepare(&folder, address, port) {
            Ok(()) => {}
            Err(reason) => {
                eprintln!("not run: no SSH server can run here ({reason})");
                return None;
            }
        }
        let mut command = Command::new("/usr/sbin/sshd");
        command.arg("-D").arg("-e").arg("-f").arg(folder.join("sshd_config"));
        let process = Process::start("sshd", &mut command, world.file("sshd.log"));
        process.wait_for_line("Server listening on");
        Some(Self { port, folder, _process: process })
    }

    /// A client that knows this server and its key, with more options than the command that a person would type.
    pub fn client(&self) -> Command {
        let mut client = Command::new("ssh");
        client.args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no"]);
        client
            .args(["-o", "LogLevel=ERROR", "-o", "ExitOnForwardFailure=yes", "-i"])
            .arg(self.folder.join("user"));
        client.arg("-o").arg(format!("UserKnownHostsFile={}", self.folder.join("known_hosts").display()));
        client
    }
}

/// Keys and settings; why not, where the server does not take them.
fn prepare(folder: &Path, address: &str, port: u16) -> Result<(), String> {
    let whole = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    if !whole.split_whitespace().eq(["0", "0", "4294967295"]) {
        return Err("it takes root, and not that of a user namespace".to_owned());
    }
    for key in ["host", "user"] {
        let file = folder.join(key);
        said("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", file.to_str().unwrap()])?;
    }
    std::fs::copy(folder.join("user.pub"), folder.join("authorized_keys")).unwrap();
    // Where the server keeps what its unprivileged half sees: nothing. A package's start script makes it otherwise.
    std::fs::create_dir_all("/run/sshd").map_err(|error| error.to_string())?;
    std::fs::set_permissions("/run/sshd", Permissions::from_mode(0o755)).unwrap();
    let config = folder.join("sshd_config");
    std::fs::write(&config, settings(folder, address, port)).unwrap();
    said("/usr/sbin/sshd", &["-t", "-f", config.to_str().unwrap()])
}

fn settings(folder: &Path, address: &str, port: u16) -> String {
    let folder = folder.display();
    let mut settings = format!("Port {port}\nListenAddress {address}\nHostKey {folder}/host\n");
    writeln!(settings, "AuthorizedKeysFile {folder}/authorized_keys").unwrap();
    for line in [
        // The folder is a test's own, below a folder of everybody's.
        "StrictModes no",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "UsePAM no",
        "PidFile none",
        "PrintLastLog no",
        "PrintMotd no",
        "X11Forwarding no",
    ] {
        writeln!(settings, "{line}").unwrap();
    }
    settings
}

fn said(program: &str, arguments: &[&str]) -> Result<(), String> {
    let out =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&out.stderr).trim().to_owned()) }
}
