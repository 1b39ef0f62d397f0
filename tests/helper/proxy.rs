//! The proxy role: many logins, handed over by Backstage's page.

mod callback_port;
mod ends;
mod hand_over;
mod in_browser;
mod install;
mod no_backend;
mod no_provider;
mod on_demand;
mod requests;
mod restart;
mod store_away;
mod which_cluster;

use crate::harness::clients::api::{Api, Session};
use crate::harness::deployment::Deployment;
use crate::harness::process::Process;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::proxy_program::{APP, CALLBACK, CONTROL, ProxyPlan, Visitor};
use crate::harness::world::World;

/// Backends that know where Backstage's page is; every user is Felix.
fn deploy(test: &str) -> Deployment {
    Deployment::new(test).with("BACKSTAGE_APP_URL", APP)
}

/// A proxy with all that is behind it; Felix is every caller.
struct Parts {
    here: Deployment,
    backend: Backend,
    proxy: Process,
}

impl Parts {
    fn start(test: &str) -> Self {
        Self::start_with(test, |plan| plan)
    }

    fn start_with(test: &str, change: impl FnOnce(ProxyPlan) -> ProxyPlan) -> Self {
        let here = deploy(test);
        let backend = here.plan.start();
        let proxy = change(here.proxy(&backend)).start();
        Self { here, backend, proxy }
    }

    fn api(&self) -> Api {
        self.here.api(&self.backend)
    }

    fn register(&self) -> Session {
        self.api().register()
    }

    fn visitor(&self) -> Visitor {
        Visitor::new(&self.here.world, CONTROL)
    }

    /// From the hand-over to the identity provider and back: where the browser is sent in the end.
    fn log_in(&self, visitor: &mut Visitor, session: &Session) -> String {
        visitor.log_in(&self.here.idp, session)
    }
}

/// The same browser at the redirect's port: cookies know no ports.
fn at_callback_port(world: &World, visitor: &Visitor) -> Visitor {
    visitor.moved_to(world, CALLBACK)
}
