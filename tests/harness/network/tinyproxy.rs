//! Debian's tinyproxy: a real HTTP proxy, which may want a password.

use std::path::Path;
use std::process::Command;

use tempfile::NamedTempFile;

use crate::harness::process::Process;
use crate::harness::world::World;

/// The user that it lets through.
pub const USER: &str = "helper";
/// That user's password.
pub const PASSWORD: &str = "a-password-of-a-proxy-in-tests";

/// A running proxy.
pub struct Tinyproxy {
    /// `host:port`
    pub address: String,
    /// Not in the test's folder, which is searched for passwords.
    configuration: NamedTempFile,
    process: Process,
}

impl Tinyproxy {
    /// Starts one that asks for no password.
    pub fn open(world: &World, host: &str, port: u16) -> Self {
        Self::start(world, host, port, "")
    }

    /// Starts one that wants [`USER`] and [`PASSWORD`].
    pub fn with_password(world: &World, host: &str, port: u16) -> Self {
        world.ledger.note("proxy_password", PASSWORD);
        Self::start(world, host, port, &format!("BasicAuth {USER} {PASSWORD}\n"))
    }

    /// Starts one that accepts no password that a test has.
    pub fn refusing(world: &World, host: &str, port: u16) -> Self {
        Self::start(world, host, port, "BasicAuth nobody nobodys-password\n")
    }

    fn start(world: &World, host: &str, port: u16, more: &str) -> Self {
        let configuration = NamedTempFile::new().unwrap();
        let text = format!("Port {port}\nListen {host}\nMaxClients 100\nLogLevel Info\n{more}");
        std::fs::write(configuration.path(), text).unwrap();
        let process = launch(world, configuration.path());
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Self { address: format!("{host}:{port}"), configuration, process }
    }

    /// A URL for `HTTPS_PROXY` with that user's password, its first letter percent-encoded.
    pub fn url_with_password(&self) -> String {
        let (first, rest) = PASSWORD.split_at(1);
        format!("http://{USER}:%{:x}{rest}@{}", first.as_bytes()[0], self.address)
    }

    /// Waits until it has been asked for a tunnel to there.
    pub fn wait_for_tunnel_to(&self, target: &str) {
        self.process.wait_for_line(&format!("CONNECT {target} "));
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again.
    pub fn restart(&mut self, world: &World) {
        self.process = launch(world, self.configuration.path());
    }
}

fn launch(world: &World, configuration: &Path) -> Process {
    let mut command = Command::new("tinyproxy");
    command.args(["-d", "-c"]).arg(configuration);
    let process = Process::start("tinyproxy", &mut command, world.file("tinyproxy.dev.log"));
    process.wait_for_line("Accepting connections");
    process
}
