//! Networks as people have them: a proxy on the only way out, a CA of the company's own, IPv6, browsers that want https.

mod ipv6;
mod no_proxy;
mod proxied_login;
mod sentences;
mod system_roots;
mod tls_on_the_port;

use crate::harness::network::far_network::{BEYOND, FAR, FarNetwork, NEAR};
use crate::harness::network::front::{Behind, PrivateCa, serve_tls};
use crate::harness::network::tinyproxy::Tinyproxy;
use crate::harness::programs::confirmed::have_confirmed;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::world::World;

/// Where the backend is for requests through the proxy.
const BACKSTAGE: &str = "https://backstage.test";
/// The proxy's port.
const PROXY_PORT: u16 = 3128;

/// A network from which nothing leads anywhere but a proxy that wants a password. Beyond it names can be looked up.
struct Site {
    world: World,
    far: FarNetwork,
    ca: PrivateCa,
    proxy: Tinyproxy,
}

impl Site {
    fn new(test: &str) -> Self {
        let world = World::new(test);
        let names = [
            ("idp.test", BEYOND),
            ("kubernetes.test", BEYOND),
            ("backstage.test", NEAR),
            ("nowhere.test", FAR),
        ];
        let far = FarNetwork::new(&world, &names);
        let ca = PrivateCa::new(&world);
        let proxy = far.run(|| Tinyproxy::with_password(&world, FAR, PROXY_PORT));
        Self { world, far, ca, proxy }
    }

    fn ca_file(&self) -> &str {
        self.ca.file.to_str().unwrap()
    }

    /// Has a backend that listens on loopback answer at [`BACKSTAGE`], which cannot be looked up in the near network.
    fn serve_backstage(&self, backend_url: &str) {
        serve_tls(
            &format!("{NEAR}:443"),
            self.ca.server("backstage.test"),
            Behind::Plain(backend_url.to_owned()),
        );
    }

    /// `status` toward there.
    fn status(&self, backend: &str, variables: &[(&str, &str)]) -> Ending {
        status(&self.world, backend, variables)
    }
}

/// The end of a `status` with these variables, where a login has succeeded before.
fn status(world: &World, backend: &str, variables: &[(&str, &str)]) -> Ending {
    have_confirmed(world, &[backend]);
    let plan = HelperPlan::of_command(world, "status", backend);
    let plan = variables.iter().fold(plan, |plan, (name, value)| plan.with(name, value));
    Ending::of(&mut plan.launch())
}
