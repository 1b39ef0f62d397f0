//! What a storm runs against: replicas of the real binary, Redis behind a gate, an identity provider, a cluster.

use super::redis_gate::RedisGate;
use crate::harness::clients::api::Api;
use crate::harness::deployment::{Deployment, OnRedisWithCluster};
use crate::harness::programs::backend::Backend;

/// What the identity provider does with a refresh token that is spent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// It ends the login.
    Detected,
    /// It takes the one just before the newest for two minutes more.
    Overlap,
}

impl Reuse {
    /// As the scenarios are named.
    pub fn name(self) -> &'static str {
        match self {
            Self::Detected => "strict",
            Self::Overlap => "overlap",
        }
    }

    fn idp_arguments(self) -> &'static [&'static str] {
        match self {
            Self::Detected => &[],
            Self::Overlap => &["--overlap", "120"],
        }
    }
}

/// All parts but the replicas.
pub struct Parts {
    pub here: OnRedisWithCluster,
    pub gate: RedisGate,
}

impl Parts {
    /// Starts them, with a way to Redis for so many replicas.
    pub fn start(reuse: Reuse, replicas: usize) -> Self {
        let test = format!("storm_{}", reuse.name());
        let here = Deployment::with_idp_arguments(&test, reuse.idp_arguments()).with_cluster().with_redis();
        let gate = RedisGate::open(here.redis.port, replicas);
        // The program tests have every secret pass through a trace; here it would only take its time.
        Self { here: here.with("RUST_LOG", "info"), gate }
    }

    /// Starts the replicas, each with these settings besides.
    pub fn replicas(&self, settings: &[(&str, &str)]) -> (Vec<Backend>, Vec<Api>) {
        let plan = settings.iter().fold(self.here.plan.clone(), |plan, (name, value)| plan.with(name, value));
        let replicas: Vec<_> =
            self.gate.urls.iter().map(|url| plan.clone().with("REDIS_URL", url).start()).collect();
        let apis = replicas.iter().map(|replica| self.here.api(replica)).collect();
        (replicas, apis)
    }
}
