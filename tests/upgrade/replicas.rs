//! Two replicas, each of one version or the other, and how one takes the place of the other.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use nix::sys::signal::Signal;

use crate::harness::clients::api::Api;
use crate::harness::deployment::OnRedisWithCluster;
use crate::harness::programs::backend::Backend;

/// Which binary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Earlier,
    This,
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Earlier => "earlier",
            Self::This => "this",
        })
    }
}

/// Where requests go: what a load balancer knows.
pub type Shared = Arc<RwLock<Vec<Arc<Api>>>>;

/// One that runs.
pub struct Replica {
    version: Version,
    pub backend: Backend,
    pub api: Arc<Api>,
}

/// The running ones.
pub struct Replicas<'a> {
    here: &'a OnRedisWithCluster,
    earlier: PathBuf,
    running: Vec<Replica>,
    shared: Shared,
}

impl<'a> Replicas<'a> {
    /// None yet.
    pub fn new(here: &'a OnRedisWithCluster, earlier: PathBuf) -> Self {
        Self { here, earlier, running: Vec::new(), shared: Arc::default() }
    }

    /// Where requests go from now on, whatever runs.
    pub fn shared(&self) -> Shared {
        Arc::clone(&self.shared)
    }

    /// A client of each.
    pub fn apis(&self) -> Vec<Arc<Api>> {
        self.shared.read().unwrap().clone()
    }

    /// Starts what is to run and does not, then ends what ran and is not to: first out of the load balancer's sight, then by SIGTERM.
    pub fn become_all(&mut self, versions: [Version; 2]) {
        let mut before = std::mem::take(&mut self.running);
        for version in versions {
            let there = before.iter().position(|replica| replica.version == version);
            self.running.push(there.map_or_else(|| self.start(version), |at| before.swap_remove(at)));
        }
        *self.shared.write().unwrap() = self.running.iter().map(|replica| Arc::clone(&replica.api)).collect();
        for mut gone in before {
            gone.backend.process.signal(Signal::SIGTERM);
            let ended = gone.backend.process.wait();
            assert!(ended.success(), "{:?} did not end well: {ended}", gone.version);
        }
    }

    /// Starts one beside them.
    pub fn start(&self, version: Version) -> Replica {
        let mut plan = self.here.plan.clone();
        if version == Version::Earlier {
            plan.program.clone_from(&self.earlier);
        }
        let (backend, api) = self.here.start_as(&plan);
        Replica { version, backend, api: Arc::new(api) }
    }
}
