//! What is measured, and what it needs around it.

use serde_json::json;

use crate::harness::deployment::Deployment;
use crate::harness::peers::backstage::{Backstage, NO_BACKEND};
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::forger::Forger;
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::Backend;
use crate::harness::world::World;

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
    pub here: Deployment<HostileIdp, (), Cluster>,
    pub backend: Backend,
    backstage: Backstage,
    _its_idp: Idp,
}

impl Parts {
    /// Starts them.
    pub fn start(offered: Offered) -> Self {
        let world = World::new(if offered == Offered::Http1 { "watches_http1" } else { "watches_http2" });
        let (backstage, its_idp) = Backstage::start(&world, NO_BACKEND);
        // The quick one, which logs a hundred people in in no time; it is honest here.
        let idp = HostileIdp::start(&world);
        let here = Deployment::of(world, idp);
        let here = match offered {
            Offered::Http1 => here.with_cluster(),
            Offered::Http2 => here.with_cluster_by(Cluster::start_with_http2),
        };
        let plan = here
            .plan
            .clone()
            .with_backstage(&backstage.url)
            // All are Felix at the identity provider, which is beside the point here.
            .with("IDENTITY_RULE", "any")
            .with("USER_TOKENS", "full")
            .with("RUST_LOG", "info");
        Self { backend: plan.start(), here, backstage, _its_idp: its_idp }
    }

    /// Logs people in; their Backstage tokens.
    pub fn people(&self, kind: &str, count: usize) -> Vec<String> {
        let forger = Forger::of_users(&self.backstage);
        let token = |number| forger.with_claim("sub", json!(format!("user:default/{kind}-{number}")));
        let tokens: Vec<_> = (0..count).map(token).collect();
        for token in &tokens {
            self.here.api(&self.backend).with_bearer(token).log_in(&self.here.idp, "felix");
        }
        tokens
    }

    /// The backend's resident memory.
    pub fn resident_kib(&self) -> u64 {
        self.backend.metric("process_resident_memory_bytes") / 1024
    }

    /// The most that it has been so far.
    pub fn most_resident_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.backend.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    }

    /// The streams that the backend says are open.
    pub fn streams(&self) -> usize {
        usize::try_from(self.backend.metric("cluster_auth_kubernetes_streams{cluster=\"dev\"}")).unwrap()
    }
}
