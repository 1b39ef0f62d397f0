//! IPv6, also as addresses in URLs.

use super::{PROXY_PORT, status};
use crate::harness::deployment::Deployment;
use crate::harness::network::far_network::ip;
use crate::harness::network::front::{Behind, PrivateCa, serve_tls};
use crate::harness::network::tinyproxy::Tinyproxy;
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::{World, free_port};

#[test]
fn a_login_over_ipv6_alone() {
    let world = World::new("networks_ipv6_login");
    let port = free_port().to_string();
    let idp = Idp::start_with(&world, &["--port", &port, "--issuer", &format!("http://[::1]:{port}/")]);
    ip("addr del 127.0.0.1/8 dev lo");
    let here = Deployment::of(world, idp).with("LISTEN", "[::1]:0").with("CONTROL_LISTEN", "[::1]:0");
    let (backend, api) = here.start();
    api.log_in(&here.idp, "felix");
    let known = status(&here.world, &backend.url, &[]);
    assert_eq!(known.code, Some(0), "{}", known.said);
}

#[test]
fn a_certificate_for_an_ipv6_address_through_a_proxy_at_another() {
    let world = World::new("networks_ipv6_tls");
    for address in ["fd77::1", "fd77::2"] {
        ip(&format!("addr add {address}/128 dev lo"));
    }
    let ca = PrivateCa::new(&world);
    let idp = Idp::start(&world);
    let backend =
        BackendPlan::new(&world, &idp.issuer).with("ALLOWED_HOSTS", "[fd77::1],[fd77::1]:444").start();
    serve_tls("[fd77::1]:443", ca.server("fd77::1"), Behind::Plain(backend.url.clone()));
    serve_tls("[fd77::1]:444", ca.server("fd77::2"), Behind::Plain(backend.url.clone()));
    let proxy = Tinyproxy::open(&world, "fd77::2", PROXY_PORT);
    let ca_file = ("CA_FILE", ca.file.to_str().unwrap());
    for proxied in [&[ca_file][..], &[ca_file, ("HTTPS_PROXY", &proxy.address)]] {
        let good = status(&world, "https://[fd77::1]", proxied);
        assert_eq!(good.code, Some(0), "{proxied:?}: {}", good.said);
        let wrong_name = status(&world, "https://[fd77::1]:444", proxied);
        wrong_name.assert(5, &["the certificate of [fd77::1] is not valid"]);
    }
    status(&world, "https://[fd77::1]", &[])
        .assert(5, &["the certificate of [fd77::1] is signed by a CA that is not trusted here"]);
    proxy.wait_for_tunnel_to("[fd77::1]:443");
}
