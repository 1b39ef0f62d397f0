//! What a storm blows over: replicas of the real binary, Redis behind a gate, an identity provider, a cluster.

use serde_json::json;

use super::redis_gate::RedisGate;
use crate::harness::clients::api::Api;
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::World;

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
    pub idp: Idp,
    pub gate: RedisGate,
    world: World,
    plan: BackendPlan,
    _redis: RedisServer,
    _cluster: Cluster,
}

impl Parts {
    /// Starts them, with a way to Redis for so many replicas.
    pub fn start(reuse: Reuse, replicas: usize) -> Self {
        let world = World::new(&format!("storm_{}", reuse.name()));
        let idp = Idp::start_with(&world, reuse.idp_arguments());
        let cluster = Cluster::start(&world, &idp.issuer);
        let redis = RedisServer::start(&world);
        let gate = RedisGate::open(redis.port, replicas);
        // The program tests have every secret pass through a trace; here it would only take its time.
        let plan = BackendPlan::new(&world, &idp.issuer).with_cluster(&cluster).with("RUST_LOG", "info");
        Self { idp, gate, world, plan: plan.with_redis(&redis), _redis: redis, _cluster: cluster }
    }

    /// Starts the replicas, each with these settings besides.
    pub fn replicas(&self, settings: &[(&str, &str)]) -> (Vec<Backend>, Vec<Api>) {
        let plan = settings.iter().fold(self.plan.clone(), |plan, (name, value)| plan.with(name, value));
        let replicas: Vec<_> =
            self.gate.urls.iter().map(|url| plan.clone().with("REDIS_URL", url).start()).collect();
        let apis = replicas.iter().map(|replica| replica.api(&self.world)).collect();
        (replicas, apis)
    }

    /// Logs in with an ID token that expires after a second, and lets it; the ones after it live for an hour.
    pub fn log_in_and_expire(&self, api: &Api) {
        self.idp.control("id-token-lifetime", json!({ "seconds": 1 }));
        let session = api.register();
        let answer = api.exchange(&session, &self.idp.log_in(&session.auth_url, "felix"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.idp.control("id-token-lifetime", json!({ "seconds": 3600 }));
        api.wait_for_expiry();
    }

    /// How many refreshes the identity provider has seen.
    pub fn refreshes(&self) -> u64 {
        self.idp.read("counts")["token"]["refresh_token"].as_u64().unwrap()
    }
}
