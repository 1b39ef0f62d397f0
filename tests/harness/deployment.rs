//! A backend and what it needs around it, as most tests begin; what a test has besides, it starts itself.

use super::clients::api::Api;
use super::peers::backstage::{Backstage, NO_BACKEND};
use super::peers::cluster::Cluster;
use super::peers::hostile_idp::HostileIdp;
use super::peers::idp::Idp;
use super::peers::provider::Provider;
use super::peers::redis_server::RedisServer;
use super::programs::backend::{Backend, BackendPlan};
use super::programs::helper_program::HelperPlan;
use super::programs::proxy_program::ProxyPlan;
use super::world::World;

/// What runs before any backend, and how to start one.
pub struct Deployment<I = Idp, R = (), C = ()> {
    /// The test's own network and folder.
    pub world: World,
    /// The identity provider.
    pub idp: I,
    /// Redis, where records are kept there.
    pub redis: R,
    /// The cluster, where there is one.
    pub cluster: C,
    /// How to start a backend here.
    pub plan: BackendPlan,
}

/// A deployment with its records in Redis.
pub type OnRedis = Deployment<Idp, RedisServer>;

/// The same with a cluster behind it.
pub type OnRedisWithCluster = Deployment<Idp, RedisServer, Cluster>;

impl Deployment {
    /// An identity provider, and records in process: every user is Felix.
    pub fn new(test: &str) -> Self {
        Self::with_idp_arguments(test, &[])
    }

    /// The same with arguments for the identity provider.
    pub fn with_idp_arguments(test: &str, arguments: &[&str]) -> Self {
        let world = World::new(test);
        let idp = Idp::start_with(&world, arguments);
        Self::of(world, idp)
    }

    /// Beside a real Backstage, started with these arguments: users show its tokens, and its catalog says which email is theirs.
    pub fn beside_backstage(test: &str, arguments: &[&str]) -> (Self, Backstage) {
        let world = World::new(test);
        let (backstage, idp) = Backstage::start_with(&world, NO_BACKEND, arguments);
        let here = Self::of(world, idp);
        let plan = here.plan.with_backstage(&backstage.url);
        (Self { plan, ..here }, backstage)
    }
}

impl Deployment<HostileIdp> {
    /// The hostile identity provider, which is also the quick one, and is honest until told to lie.
    pub fn with_hostile_idp(test: &str) -> Self {
        let world = World::new(test);
        let idp = HostileIdp::start(&world);
        Self::of(world, idp)
    }
}

impl<I: Provider> Deployment<I> {
    /// With this identity provider.
    pub fn of(world: World, idp: I) -> Self {
        let plan = BackendPlan::new(&world, idp.issuer());
        Self { world, idp, redis: (), cluster: (), plan }
    }
}

impl<I: Provider, R, C> Deployment<I, R, C> {
    /// Adds a Redis, in which backends keep their records.
    pub fn with_redis(self) -> Deployment<I, RedisServer, C> {
        let Self { world, idp, cluster, plan, .. } = self;
        let redis = RedisServer::start(&world);
        let plan = plan.with_redis(&redis);
        Deployment { world, idp, redis, cluster, plan }
    }

    /// Adds a cluster that trusts the identity provider.
    pub fn with_cluster(self) -> Deployment<I, R, Cluster> {
        self.with_cluster_by(Cluster::start)
    }

    /// Adds a cluster that is started like this.
    pub fn with_cluster_by(self, start: impl FnOnce(&World, &str) -> Cluster) -> Deployment<I, R, Cluster> {
        let Self { world, idp, redis, plan, .. } = self;
        let cluster = start(&world, idp.issuer());
        let plan = plan.with_cluster(&cluster);
        Deployment { world, idp, redis, cluster, plan }
    }

    /// Has one cluster under several names, instead of the one.
    pub fn with_clusters_named(self, names: &[&str]) -> Self {
        let plan = self.plan.with_clusters_named(&self.world, names);
        Self { plan, ..self }
    }

    /// Changes a setting of all backends.
    pub fn with(self, name: &str, value: &str) -> Self {
        Self { plan: self.plan.with(name, value), ..self }
    }

    /// Starts a backend; the client has no credential.
    pub fn start(&self) -> (Backend, Api) {
        self.start_as(&self.plan)
    }

    /// Starts a backend by another plan.
    pub fn start_as(&self, plan: &BackendPlan) -> (Backend, Api) {
        let backend = plan.start();
        let api = self.api(&backend);
        (backend, api)
    }

    /// A client of a backend, without a credential.
    pub fn api(&self, backend: &Backend) -> Api {
        backend.api(&self.world)
    }

    /// The login role toward a backend.
    pub fn helper(&self, backend: &Backend) -> HelperPlan {
        HelperPlan::new(&self.world, &backend.url)
    }

    /// The proxy role toward a backend.
    pub fn proxy(&self, backend: &Backend) -> ProxyPlan {
        ProxyPlan::new(&self.world, &backend.url)
    }
}
