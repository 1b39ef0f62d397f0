//! The proxy role: many logins, handed over by Backstage's page.

mod callback_port;
mod ends;
mod hand_over;
mod in_browser;
mod no_backend;
mod requests;
mod restart;
mod store_away;

use crate::harness::clients::api::{Api, Session};
use crate::harness::peers::idp::Idp;
use crate::harness::process::Process;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::programs::proxy_program::{CONTROL, ProxyPlan, Visitor};
use crate::harness::world::World;

/// Where Backstage's page is.
pub const APP: &str = "https://backstage.example";

/// The redirect's own address.
pub const CALLBACK: &str = "http://localhost:8000";

/// A proxy with all that is behind it; everybody is Felix.
struct Parts {
    world: World,
    idp: Idp,
    backend: Backend,
    proxy: Process,
}

impl Parts {
    fn start(test: &str) -> Self {
        Self::start_with(test, |plan| plan)
    }

    fn start_with(test: &str, change: impl FnOnce(ProxyPlan) -> ProxyPlan) -> Self {
        let world = World::new(test);
        let idp = Idp::start(&world);
        let backend = BackendPlan::new(&world, &idp.issuer).with("BACKSTAGE_APP_URL", APP).start();
        let proxy = change(ProxyPlan::new(&world, &backend.url)).start();
        Self { world, idp, backend, proxy }
    }

    fn api(&self) -> Api {
        self.backend.api(&self.world)
    }

    fn register(&self) -> Session {
        self.api().register()
    }

    fn visitor(&self) -> Visitor {
        Visitor::new(&self.world, CONTROL)
    }

    /// From the hand-over to the identity provider and back: where the browser is sent in the end.
    fn log_in(&self, visitor: &mut Visitor, session: &Session) -> String {
        let link = visitor.hand_over(APP, &session.token);
        let auth_url = visitor.press_button(&link);
        assert_eq!(auth_url, session.auth_url);
        self.idp.log_in(&auth_url, "felix")
    }
}

/// The same browser at the redirect's port: cookies know no ports.
fn at_callback_port(world: &World, visitor: &Visitor) -> Visitor {
    visitor.moved_to(world, CALLBACK)
}
