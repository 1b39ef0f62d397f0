//! A real Redis for tests, a replica or a sentinel, on a free port; stopped when it is dropped.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

/// A running `redis-server`, or one that was killed and may be started again on the same port.
pub struct RedisServer {
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
    /// The line that it prints when it is ready.
    ready: &'static str,
    child: Option<Child>,
}

impl RedisServer {
    /// Without TLS, without a password.
    pub fn start() -> Self {
        let mut server = Self::prepare();
        server.arguments.extend(["--port".to_owned(), server.port.to_string()]);
        server.restart();
        server
    }

    /// The only node of a Redis Cluster.
    pub fn start_cluster_node() -> Self {
        let mut server = Self::prepare();
        // Its cluster bus has the port 10,000 above.
        while server.port > u16::MAX - 10_000 {
            server = Self::prepare();
        }
        server
            .arguments
            .extend(["--port", &server.port.to_string(), "--cluster-enabled", "yes"].map(str::to_owned));
        server.restart();
        server
    }

    /// A replica of `master`.
    pub fn start_replica_of(master: &Self) -> Self {
        let mut server = Self::prepare();
        let (own, masters) = (server.port.to_string(), master.port.to_string());
        let arguments = ["--port", &own, "--replicaof", "127.0.0.1", &masters];
        server.arguments.extend(arguments.map(str::to_owned));
        server.restart();
        // The master counts it after its first acknowledgement: waits for that, however long it takes.
        let cli = ["-p", &masters, "WAIT", "1", "0"];
        assert!(Command::new("redis-cli").args(cli).stdout(Stdio::null()).status().unwrap().success());
        server
    }

    /// A sentinel for `master`, as `dev` at `host`, with more lines for its configuration.
    pub fn start_sentinel(host: &str, master: &Self, more: &str) -> Self {
        let mut server = Self::prepare();
        let monitored = master.port;
        let (own, more) = (server.port, more.replace("OWN_PORT", &server.port.to_string()));
        let configuration = format!(
            "bind 127.0.0.1\nport {own}\nsentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n\
             sentinel monitor dev {host} {monitored} 1\n{more}\n"
        );
        std::fs::write(server.folder.path().join("sentinel.conf"), configuration).unwrap();
        server.arguments = ["sentinel.conf", "--sentinel"].map(str::to_owned).to_vec();
        server.ready = "+monitor master dev";
        server.restart();
        server
    }

    /// With TLS only, for `localhost`, by a CA of its own: [`RedisServer::ca_file`].
    pub fn start_with_tls() -> Self {
        let mut server = Self::prepare();
        let ca = rcgen::KeyPair::generate().unwrap();
        let mut ca_params = rcgen::CertificateParams::default();
        ca_params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_certificate = ca_params.self_signed(&ca).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::new(ca_params, ca);
        let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        for (name, pem) in [
            ("ca.pem", ca_certificate.pem()),
            ("cert.pem", certificate.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            std::fs::write(server.folder.path().join(name), pem).unwrap();
        }
        let port = server.port.to_string();
        let tls =
            ["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no", "--tls-cert-file", "cert.pem"];
        let files = ["--tls-key-file", "key.pem", "--tls-ca-cert-file", "ca.pem"];
        server.arguments.extend(tls.iter().chain(&files).map(|argument| (*argument).to_owned()));
        server.restart();
        server
    }

    fn prepare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let in_memory = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let no_delay = ["--repl-diskless-sync-delay", "0"];
        let arguments = in_memory.iter().chain(&no_delay).map(|argument| (*argument).to_owned()).collect();
        Self { port, folder, arguments, ready: "eady to accept connections", child: None }
    }

    /// Starts it, empty, and waits until it listens.
    pub fn restart(&mut self) {
        let mut child = Command::new("redis-server")
            .args(&self.arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("these tests need a real redis-server on the PATH: install Redis (6 or newer)");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        self.child = Some(child);
        let mut seen = Vec::new();
        while !seen.last().is_some_and(|line: &String| line.contains(self.ready)) {
            seen.push(lines.next().unwrap_or_else(|| panic!("redis-server does not start: {seen:#?}")));
        }
        // Read on, or Redis would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Its process.
    pub fn id(&self) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(self.child.as_ref().unwrap().id().try_into().unwrap())
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Pauses the process, as a machine that hangs would; [`RedisServer::resume`] continues it.
    pub fn freeze(&self) {
        nix::sys::signal::kill(self.id(), nix::sys::signal::Signal::SIGSTOP).unwrap();
        // It may still run for a moment.
        while !std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap().contains(") T ") {
            std::thread::yield_now();
        }
    }

    /// Continues it.
    pub fn resume(&self) {
        nix::sys::signal::kill(self.id(), nix::sys::signal::Signal::SIGCONT).unwrap();
    }

    /// The folder with its certificates.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its URL without TLS.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The certificate of the CA that it has with TLS.
    pub fn ca_file(&self) -> PathBuf {
        Path::join(self.folder.path(), "ca.pem")
    }

    /// Another connection, for a test.
    pub async fn connect(&self) -> MultiplexedConnection {
        redis::Client::open(self.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
