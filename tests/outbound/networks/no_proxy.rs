//! `NO_PROXY`: a request through the proxy is asked for a password here, so a request that succeeds went past it.

use super::{PROXY_PORT, status};
use crate::harness::network::far_network::{give_names, have_own_mounts, ip};
use crate::harness::network::front::{Behind, serve_plain};
use crate::harness::network::tinyproxy::Tinyproxy;
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::{World, free_port};

#[test]
fn each_form_is_obeyed_and_none_names_more_than_it_says() {
    let world = World::new("networks_no_proxy");
    have_own_mounts();
    give_names(&world, &[("backend.test", "10.77.0.1")]);
    ip("addr add 10.77.0.1/32 dev lo");
    ip("addr add fd77::1/128 dev lo");
    let port = free_port();
    let hosts = ["backend.test", "10.77.0.1", "[fd77::1]"];
    let idp = Idp::start(&world);
    let with_ports: Vec<String> = hosts.iter().map(|host| format!("{host}:{port}")).collect();
    let backend = BackendPlan::new(&world, &idp.issuer).with("ALLOWED_HOSTS", &with_ports.join(",")).start();
    serve_plain(&format!("[::]:{port}"), Behind::Plain(backend.url.clone()));
    let proxy = Tinyproxy::with_password(&world, "10.77.0.1", PROXY_PORT);
    let toward = |host: &str, no_proxy: &str| {
        let insecure = hosts.join(",");
        let variables = [
            ("HTTP_PROXY", proxy.address.as_str()),
            ("INSECURE_HTTP_HOSTS", &insecure),
            ("NO_PROXY", no_proxy),
        ];
        status(&world, &format!("http://{host}:{port}"), &variables)
    };

    for (host, no_proxy) in [
        ("backend.test", "*"),
        ("backend.test", "other.test, backend.test"),
        ("backend.test", ".test"),
        ("backend.test", "*.test"),
        ("backend.test", "test"),
        ("backend.test", &with_ports[0]),
        ("10.77.0.1", "10.77.0.1"),
        ("10.77.0.1", "10.77.0.0/16"),
        ("10.77.0.1", &with_ports[1]),
        ("[fd77::1]", "fd77::1"),
        ("[fd77::1]", "fd77::/16"),
        ("[fd77::1]", &with_ports[2]),
    ] {
        let passed = toward(host, no_proxy);
        assert_eq!(passed.code, Some(0), "NO_PROXY={no_proxy} toward {host}: {}", passed.said);
    }
    for (host, no_proxy) in [
        ("backend.test", ""),
        ("backend.test", "other.test"),
        ("backend.test", ".backend.test"),
        ("backend.test", "backend.test:1"),
        ("backend.test", "10.77.0.0/16"),
        ("10.77.0.1", "10.78.0.0/16"),
        ("[fd77::1]", "[fd77::1]:1"),
    ] {
        toward(host, no_proxy).assert(5, &["the proxy at 10.77.0.1:3128 wants credentials"]);
    }
    let loopback = backend.url.replace("127.0.0.1", "localhost");
    let passed = status(&world, &loopback, &[("HTTP_PROXY", &proxy.address)]);
    assert_eq!(passed.code, Some(0), "loopback: {}", passed.said);
}
