//! Debian's Redis.

use std::process::Command;

use crate::harness::process::Process;
use crate::harness::world::{World, free_port};

/// A running Redis that keeps nothing on disk.
pub struct RedisServer {
    /// `redis://…`
    pub url: String,
    /// On loopback.
    pub port: u16,
    process: Process,
    /// What `redis-cli` needs besides the port.
    reached_with: Vec<String>,
}

impl RedisServer {
    /// Starts one on a port that is free in the test's own network.
    pub fn start(world: &World) -> Self {
        let port = free_port();
        let process = Self::launch(world, port, &[]);
        Self { url: format!("redis://127.0.0.1:{port}/"), port, process, reached_with: Vec::new() }
    }

    /// Starts one that shows this certificate, which is its own authority, and is reached over TLS alone.
    pub fn start_with_tls(world: &World, certificate: &(String, String)) -> Self {
        let (port, files) = (free_port(), certificate_files(world, "first", certificate));
        let tls =
            ["--port", "0", "--tls-port", &port.to_string(), "--tls-auth-clients", "no"].map(str::to_owned);
        let shown =
            ["--tls-cert-file".to_owned(), files[0].clone(), "--tls-key-file".to_owned(), files[1].clone()];
        let arguments: Vec<&str> = tls.iter().chain(&shown).map(String::as_str).collect();
        let process = Self::launch(world, port, &arguments);
        let reached_with = ["--tls", "--cacert", &files[0]].map(str::to_owned).to_vec();
        Self { url: format!("rediss://127.0.0.1:{port}/"), port, process, reached_with }
    }

    /// Shows another certificate from now on: to new connections.
    pub fn show(&mut self, world: &World, certificate: &(String, String)) {
        let files = certificate_files(world, "second", certificate);
        self.cli(&["CONFIG", "SET", "tls-cert-file", &files[0], "tls-key-file", &files[1]]);
        self.reached_with = ["--tls", "--cacert", &files[0]].map(str::to_owned).to_vec();
    }

    /// Closes all connections of clients.
    pub fn close_connections(&self) {
        self.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    }

    /// Starts the only node of a Redis Cluster.
    pub fn start_cluster_node(world: &World) -> Self {
        // Its cluster bus has the port 10,000 above.
        let mut ports = std::iter::repeat_with(free_port);
        let port = ports.find(|port| *port <= u16::MAX - 10_000).unwrap();
        let process = Self::launch(world, port, &["--cluster-enabled", "yes"]);
        Self { url: format!("redis://127.0.0.1:{port}/"), port, process, reached_with: Vec::new() }
    }

    /// Starts one that follows `master`.
    pub fn start_replica_of(world: &World, master: &Self) -> Self {
        let port = free_port();
        let process = Self::launch(world, port, &["--replicaof", "127.0.0.1", &master.port.to_string()]);
        Self { url: format!("redis://127.0.0.1:{port}/"), port, process, reached_with: Vec::new() }
    }

    fn launch(world: &World, port: u16, more: &[&str]) -> Process {
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--repl-diskless-sync-delay",
            "0",
        ]);
        command.args(more);
        command.current_dir(&world.folder);
        let process = Process::start("redis-server", &mut command, world.file("redis.dev.log"));
        process.wait_for_line("Ready to accept connections");
        process
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it (SIGSTOP).
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Kills it; what it held is gone.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again, empty, on the same port.
    pub fn restart(&mut self, world: &World) {
        self.process = Self::launch(world, self.port, &[]);
    }

    /// Everything it holds, as `redis-cli` prints keys and values: for looking, not for testing the format.
    pub fn dump(&self) -> Vec<u8> {
        let script = "local out = {} for _, key in ipairs(redis.call('KEYS', '*')) do table.insert(out, key) \
            if redis.call('TYPE', key).ok == 'string' then table.insert(out, redis.call('GET', key)) end end return table.concat(out, '\\n')";
        self.cli(&["--raw", "EVAL", script, "0"])
    }

    /// The keys it holds.
    pub fn keys(&self) -> Vec<String> {
        let out = String::from_utf8(self.cli(&["--raw", "KEYS", "*"])).unwrap();
        out.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Prints each command that it is sent from now on.
    pub fn monitor(&self, world: &World) -> Process {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string(), "MONITOR"]);
        let process = Process::start("redis-cli", &mut command, world.file("monitor.dev.log"));
        process.wait_for_line("OK");
        process
    }

    /// Runs a command.
    pub fn cli(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string()]).args(&self.reached_with).args(arguments);
        let out = command.output().unwrap();
        assert!(out.status.success(), "redis-cli failed: {}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    }
}

/// A certificate and its key in files of the test's.
fn certificate_files(world: &World, name: &str, (certificate, key): &(String, String)) -> [String; 2] {
    [("pem", certificate), ("key.pem", key)].map(|(ending, text)| {
        let file = world.file(&format!("redis-{name}.{ending}"));
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    })
}
