//! Redis Sentinel: three redis-servers, of which one is the master, and three sentinels that agree on which.

use std::io::Write;
use std::process::{Command, Stdio};

use super::redis_server::RedisServer;
use crate::harness::process::Process;
use crate::harness::world::{World, free_port};

/// The name of the master.
const MASTER: &str = "dev";

/// A master, its two replicas and three sentinels; the first server is the master until there is a failover.
pub struct RedisWithSentinels {
    /// `redis+sentinel://…`
    pub url: String,
    servers: Vec<RedisServer>,
    sentinels: Vec<Sentinel>,
    master: usize,
}

struct Sentinel {
    port: u16,
    process: Process,
}

impl RedisWithSentinels {
    /// Starts them all, and waits until each knows of the others.
    pub fn start(world: &World) -> Self {
        let master = RedisServer::start(world);
        let replicas =
            [RedisServer::start_replica_of(world, &master), RedisServer::start_replica_of(world, &master)];
        master.cli(&["WAIT", "2", "0"]);
        let sentinels: Vec<Sentinel> =
            (1..=3).map(|number| Sentinel::start(world, number, master.port())).collect();
        let servers: Vec<RedisServer> = std::iter::once(master).chain(replicas).collect();
        for sentinel in &sentinels {
            for replica in &servers[1..] {
                sentinel.process.wait_for_line(&format!("+slave slave 127.0.0.1:{}", replica.port()));
            }
            for other in sentinels.iter().filter(|other| other.port != sentinel.port) {
                sentinel.process.wait_for("the other sentinels", |line| {
                    (line.contains("+sentinel sentinel") && line.contains(&format!(" {} @ ", other.port)))
                        .then_some(())
                });
            }
        }
        let hosts: Vec<String> =
            sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).collect();
        let url = format!("redis+sentinel://{}/{MASTER}", hosts.join(","));
        Self { url, servers, sentinels, master: 0 }
    }

    /// The server that is the master.
    pub fn master(&self) -> &RedisServer {
        &self.servers[self.master]
    }

    /// Kills the master (SIGKILL), and says so at once: the failover is still to come.
    pub fn kill_master(&mut self) {
        self.servers[self.master].kill();
    }

    /// Waits until that many replicas have all that the master has.
    pub fn wait_for_replicas(&self, number: usize) {
        // What WAIT waits for is a write of its own connection.
        let port = self.master().port().to_string();
        let mut cli = Command::new("redis-cli")
            .args(["-p", &port])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        write!(cli.stdin.take().unwrap(), "SET mark 1\nWAIT {number} 0\n").unwrap();
        assert!(cli.wait().unwrap().success());
    }

    /// The servers that follow the master.
    pub fn replicas(&self) -> impl Iterator<Item = &RedisServer> {
        self.servers.iter().filter(|server| server.port() != self.master().port())
    }

    /// Kills every server: there is none to fail over to.
    pub fn kill_all(&mut self) {
        self.servers.iter_mut().for_each(RedisServer::kill);
    }

    /// Has the sentinels make another server the master though nothing is wrong with this one.
    pub fn ask_for_failover(&self) {
        let port = self.sentinels[0].port.to_string();
        let out =
            Command::new("redis-cli").args(["-p", &port, "SENTINEL", "FAILOVER", MASTER]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), "OK");
    }

    /// Waits until every sentinel has put another server in the master's place.
    pub fn wait_for_failover(&mut self) {
        let from = format!("+switch-master {MASTER} 127.0.0.1 {} 127.0.0.1 ", self.master().port());
        for sentinel in &self.sentinels {
            let to = sentinel.process.wait_for("that there is another master", |line| {
                line.split_once(&from).and_then(|(_, port)| port.trim().parse::<u16>().ok())
            });
            self.master = self.servers.iter().position(|server| server.port() == to).unwrap();
        }
    }
}

impl Sentinel {
    fn start(world: &World, number: usize, master: u16) -> Self {
        let (port, name) = (free_port(), format!("sentinel-{number}"));
        let configuration = world.file(&format!("{name}.conf"));
        let lines = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor {MASTER} 127.0.0.1 {master} 2\n\
             sentinel down-after-milliseconds {MASTER} 1500\nsentinel failover-timeout {MASTER} 3000\n"
        );
        std::fs::write(&configuration, lines).unwrap();
        let mut command = Command::new("redis-server");
        command.arg(&configuration).arg("--sentinel").current_dir(&world.folder);
        let process = Process::start(&name, &mut command, world.file(&format!("{name}.dev.log")));
        process.wait_for_line("+monitor master");
        Self { port, process }
    }
}
