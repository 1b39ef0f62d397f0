//! The real binary in the backend role.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

use backstage_oidc_helper::settings::Source;
use backstage_oidc_helper::settings::backend::BackendSettings;
use serde_json::Value;

use crate::harness::clients::api::{Answer, Api, agent};
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::peers::sentinel::RedisWithSentinels;
use crate::harness::process::Process;
use crate::harness::world::World;

/// A key that sealed records of tests are sealed with.
pub const SEALING_KEY: &str = "test:dGhpcnR5LXR3byBieXRlcyBvZiBhIHRlc3Qga2V5ISE=";

/// An issuer at which no server listens: for backends that are asked for nothing that needs an identity provider.
pub const NO_ISSUER: &str = "http://localhost:1/";

/// What a backend shall be started with; every setting can be changed.
#[derive(Clone)]
pub struct BackendPlan {
    /// The binary: this one, unless said.
    pub program: PathBuf,
    variables: BTreeMap<String, String>,
    log: PathBuf,
}

impl BackendPlan {
    /// One cluster `dev` behind this issuer, in-process store, and `user:default/felix` as every caller.
    pub fn new(world: &World, issuer: &str) -> Self {
        let log = world.file("backend.log");
        let program = PathBuf::from(env!("CARGO_BIN_EXE_backstage-oidc-helper"));
        let plan = Self { program, variables: BTreeMap::new(), log };
        plan.with("CLUSTER_AUTH_DEV_USER", "user:default/felix")
            .with("CLUSTER_NAME", "dev")
            .with("OIDC_ISSUER_URL", issuer)
            .with("OIDC_CLIENT_ID", "kubernetes")
            .with("OIDC_ORGANIZATION_ID", "org_dev")
            .with("OIDC_EXTRA_PARAMS", "prompt=consent")
            .with("IDENTITY_RULE", "email")
            .with("IDENTITY_EMAIL_DOMAINS", "example.com")
            .with("USER_TOKENS", "read")
            .with("REGISTRATIONS_PER_MINUTE", "10000")
            .with("DRAIN_DELAY", "0s")
            .with("LISTEN", "127.0.0.1:0")
            .with("CONTROL_LISTEN", "127.0.0.1:0")
            .with("LOG_FORMAT", "json")
            .with("RUST_LOG", "trace")
    }

    /// Sets a variable; a file of clusters takes the place of the one cluster's.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if name == "CONFIG_FILE" {
            self.variables.retain(|variable, _| !is_of_cluster(variable));
        }
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Unsets a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Listens where that backend did.
    #[must_use]
    pub fn in_place_of(self, backend: &Backend) -> Self {
        self.with("LISTEN", backend.url.trim_start_matches("http://"))
    }

    /// Uses this cluster.
    #[must_use]
    pub fn with_cluster(self, cluster: &Cluster) -> Self {
        self.with("KUBERNETES_API_URL", &cluster.url)
            .with("KUBERNETES_CA_FILE", cluster.ca_file.to_str().unwrap())
    }

    /// The same cluster once more under each of these names, instead of the one.
    #[must_use]
    pub fn with_clusters_named(self, world: &World, names: &[&str]) -> Self {
        let mut file = String::new();
        for name in names {
            writeln!(file, "[[clusters]]\ncluster_name = {name:?}").unwrap();
            let own = |variable: &str| is_of_cluster(variable) && variable != "CLUSTER_NAME";
            for (variable, value) in self.variables.iter().filter(|(variable, _)| own(variable)) {
                writeln!(file, "{} = {value:?}", variable.to_lowercase()).unwrap();
            }
        }
        let path = world.file("clusters.toml");
        std::fs::write(&path, file).unwrap();
        self.with("CONFIG_FILE", path.to_str().unwrap())
    }

    /// Behind this Backstage: its catalog says which email a user has.
    #[must_use]
    pub fn with_backstage(self, url: &str) -> Self {
        self.without("CLUSTER_AUTH_DEV_USER").with("BACKSTAGE_URL", url).with("IDENTITY_RULE", "catalog")
    }

    /// Keeps records in this Redis.
    #[must_use]
    pub fn with_redis(self, redis: &RedisServer) -> Self {
        self.with("REDIS_URL", &redis.url).with("TOKEN_ENCRYPTION_KEYS", SEALING_KEY)
    }

    /// Keeps records in a file of the test's.
    #[must_use]
    pub fn with_store_file(self, world: &World) -> Self {
        let file = world.file("store/logins.db");
        self.with("STORE_FILE", file.to_str().unwrap()).with("TOKEN_ENCRYPTION_KEYS", SEALING_KEY)
    }

    /// Keeps records in what these sentinels watch over.
    #[must_use]
    pub fn with_sentinels(self, redis: &RedisWithSentinels) -> Self {
        self.with("REDIS_URL", &redis.url).with("TOKEN_ENCRYPTION_KEYS", SEALING_KEY)
    }

    /// What the program would read.
    pub fn settings(&self) -> BackendSettings {
        BackendSettings::read(&Source::new(self.variables.clone())).unwrap()
    }

    /// Starts the program, which may refuse to.
    pub fn launch(&self) -> Process {
        Process::start("backend", &mut self.command(&["backend"]), self.log.clone())
    }

    /// A command where the backend's settings are.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // What TLS roots there are is the machine's business, unless a test says otherwise.
        let machine = std::env::vars()
            .filter(|(name, _)| matches!(name.as_str(), "PATH" | "SSL_CERT_FILE" | "SSL_CERT_DIR"));
        command.args(arguments).env_clear().envs(machine).envs(&self.variables);
        command
    }

    /// Starts the program and waits until it listens.
    pub fn start(&self) -> Backend {
        Backend::of(self.launch())
    }
}

fn is_of_cluster(variable: &str) -> bool {
    let prefixes = ["CLUSTER_NAME", "OIDC_", "KUBERNETES_", "IDENTITY_", "USER_TOKENS"];
    prefixes.iter().any(|prefix| variable.starts_with(prefix))
}

/// A running backend.
pub struct Backend {
    /// Where the API is.
    pub url: String,
    /// Where health and metrics are.
    pub control_url: String,
    /// The program.
    pub process: Process,
}

impl Backend {
    /// The one that this program is, once it listens.
    pub fn of(process: Process) -> Self {
        let listening = process.wait_for("that it listens", |line| {
            serde_json::from_str::<Value>(line)
                .ok()
                .filter(|event| event["message"] == "listening" && event["control_address"].is_string())
        });
        let address = |field: &str| listening[field].as_str().unwrap().to_owned();
        Self {
            url: format!("http://{}", address("address")),
            control_url: format!("http://{}", address("control_address")),
            process,
        }
    }

    /// A caller without a credential.
    pub fn api(&self, world: &World) -> Api {
        Api::new(&self.url, world)
    }

    /// Its metrics, as text.
    pub fn metrics(&self) -> String {
        Answer::read(agent().get(format!("{}/metrics", self.control_url)).call().unwrap()).text
    }

    /// The value of one series, 0 where there is none.
    pub fn metric(&self, series: &str) -> u64 {
        let metrics = self.metrics();
        let value = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }
}
