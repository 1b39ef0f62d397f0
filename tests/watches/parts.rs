//! What is measured, and what it needs around it.

use serde_json::json;

use crate::harness::clients::api::{Api, agent};
use crate::harness::peers::backstage::Backstage;
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::forger::Forger;
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::World;

/// No plugin calls the backend here.
const BACKEND_UNKNOWN: &str = "http://localhost:1";

/// What the cluster offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    Http1,
    Http2,
}

impl Offered {
    pub fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// All parts.
pub struct Parts {
    pub backend: Backend,
    pub cluster: Cluster,
    world: World,
    idp: HostileIdp,
    backstage: Backstage,
    _its_idp: Idp,
}

impl Parts {
    /// Starts them.
    pub fn start(offered: Offered) -> Self {
        let world = World::new(if offered == Offered::Http1 { "watches_http1" } else { "watches_http2" });
        let (backstage, its_idp) = Backstage::start(&world, BACKEND_UNKNOWN);
        // The quick one, which logs a hundred people in in no time; it is honest here.
        let idp = HostileIdp::start(&world);
        let cluster = match offered {
            Offered::Http1 => Cluster::start(&world, &idp.issuer),
            Offered::Http2 => Cluster::start_with_http2(&world, &idp.issuer),
        };
        let plan = BackendPlan::new(&world, &idp.issuer)
            .without("CLUSTER_AUTH_DEV_USER")
            .with("BACKSTAGE_URL", &backstage.url)
            // All are Felix at the identity provider, which is beside the point here.
            .with("IDENTITY_RULE", "any")
            .with("RUST_LOG", "info")
            .with_cluster(&cluster);
        Self { backend: plan.start(), cluster, world, idp, backstage, _its_idp: its_idp }
    }

    /// Logs people in; their Backstage tokens.
    pub fn people(&self, kind: &str, count: usize) -> Vec<String> {
        let forger = Forger::of_users(&self.backstage);
        let token = |number| forger.with_claim("sub", json!(format!("user:default/{kind}-{number}")));
        let tokens: Vec<_> = (0..count).map(token).collect();
        for token in &tokens {
            self.log_in(token);
        }
        tokens
    }

    fn log_in(&self, token: &str) {
        let api: Api = self.backend.api(&self.world).with_bearer(token);
        let session = api.register();
        let answer = api.exchange(&session, &self.idp.log_in(&session.auth_url));
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// The backend's resident memory.
    pub fn resident_kib(&self) -> u64 {
        self.metric("process_resident_memory_bytes ") / 1024
    }

    /// The streams that the backend says are open.
    pub fn streams(&self) -> usize {
        usize::try_from(self.metric("cluster_auth_kubernetes_streams{cluster=\"dev\"} ")).unwrap()
    }

    fn metric(&self, name: &str) -> u64 {
        let metrics = agent().get(format!("{}/metrics", self.backend.control_url)).call().unwrap();
        let metrics = metrics.into_body().read_to_string().unwrap();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        value.parse().unwrap()
    }
}
