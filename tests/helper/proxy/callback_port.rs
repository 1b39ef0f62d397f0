//! The redirect's port: open during every login, and free for kubelogin in between.

use std::net::TcpListener;

use super::{Parts, at_callback_port};
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::programs::proxy_program::{APP, CALLBACK, ProxyPlan, Visitor, outcome};
use crate::harness::world::World;

/// As kubelogin does it.
fn bind() -> Vec<std::io::Result<TcpListener>> {
    ["127.0.0.1:8000", "[::1]:8000"].map(TcpListener::bind).into_iter().collect()
}

fn is_free() -> bool {
    bind().iter().all(Result::is_ok)
}

#[test]
fn kubelogin_can_have_the_port_while_a_native_proxy_idles() {
    let parts = Parts::start("proxy_port_idle");
    assert!(is_free());
    for _ in 0..2 {
        let session = parts.register();
        let mut visitor = parts.visitor();
        let redirect = parts.log_in(&mut visitor, &session);
        assert!(bind().iter().all(Result::is_err), "held on both addresses");
        assert_eq!(at_callback_port(&parts.here.world, &visitor).come_back(&redirect), "success");
        parts.proxy.wait_for("that the port is free", |_| is_free().then_some(()));
    }
}

#[test]
fn two_logins_hold_the_port_until_the_second_has_ended() {
    let parts = Parts::start("proxy_port_two_logins");
    let mut visitor = parts.visitor();
    let [first, second] = [(), ()].map(|()| {
        let session = parts.register();
        parts.log_in(&mut visitor, &session)
    });
    let visitor = at_callback_port(&parts.here.world, &visitor);
    assert_eq!(visitor.come_back(&first), "success");
    assert_eq!(visitor.come_back(&second), "success");
    parts.proxy.wait_for_line("the redirect URI's port is closed");
    assert_eq!(parts.proxy.printed().matches("the redirect URI's port is bound").count(), 1);
}

#[test]
fn a_taken_port_is_reported_with_its_holder_and_leaves_the_session_usable() {
    let parts = Parts::start("proxy_port_taken");
    let session = parts.register();
    let mut visitor = parts.visitor();
    for address in ["127.0.0.1:8000", "[::1]:8000"] {
        let kubelogin = TcpListener::bind(address).unwrap();
        let answer = visitor.post("/start", &[("sessionToken", &session.token)], &[("origin", APP)]);
        assert_eq!((answer.status, outcome(&answer).as_str()), (409, "port-taken"));
        let holder = format!("(process {})", std::process::id());
        assert!(answer.text.contains(&holder), "{holder} is not in: {}", answer.text);
        drop(kubelogin);
        assert!(is_free());
    }
    let redirect = parts.log_in(&mut visitor, &session);
    assert_eq!(at_callback_port(&parts.here.world, &visitor).come_back(&redirect), "success");
}

#[test]
fn in_a_container_the_port_is_held_and_serves_everything() {
    let parts = Parts::start_with("proxy_port_held", |plan| {
        plan.with("HOLD_CALLBACK_PORT", "true").with("CONTROL_LISTEN", "127.0.0.1:9999")
    });
    assert!(!is_free());
    let mut visitor = Visitor::new(&parts.here.world, CALLBACK);
    for path in ["/", "/healthz", "/readyz", "/metrics", "/status"] {
        assert_eq!(visitor.get(path).status, 200, "{path}");
    }
    let session = parts.register();
    let redirect = parts.log_in(&mut visitor, &session);
    assert_eq!(visitor.come_back(&redirect), "success");
    assert_eq!(visitor.get("/").status, 200);
    assert!(!is_free());
}

#[test]
fn a_login_that_meets_our_own_proxy_says_so() {
    let parts = Parts::start_with("proxy_meets_login", |plan| plan.with("HOLD_CALLBACK_PORT", "true"));
    let mut login = HelperPlan::new(&parts.here.world, &parts.backend.url).launch();
    Ending::of(&mut login).assert(3, &["a backstage-oidc-helper proxy", "in Backstage"]);
}

/// As a container's port is published: on IPv4 alone, so that it cannot see who has the other address.
#[test]
fn a_login_beside_a_published_proxy_names_the_program_that_browsers_reach_instead() {
    let parts = Parts::start_with("proxy_beside_another", |plan| {
        plan.with("HOLD_CALLBACK_PORT", "true").with("LISTEN", "127.0.0.1:8000")
    });
    let other = TcpListener::bind("[::1]:8000").unwrap();
    let mut login = HelperPlan::new(&parts.here.world, &parts.backend.url).launch();
    let holder = format!("(process {})", std::process::id());
    Ending::of(&mut login).assert(3, &["browsers reach [::1]:8000 first", &holder, "stop that program"]);
    drop(other);
    let mut login = HelperPlan::new(&parts.here.world, &parts.backend.url).launch();
    Ending::of(&mut login).assert(3, &["taken by a backstage-oidc-helper proxy"]);
}

#[test]
fn a_proxy_on_ipv4_alone_leaves_no_address_of_localhost_to_another_program() {
    let world = World::new("proxy_on_ipv4_alone");
    let holder = format!("(process {})", std::process::id());
    for (port, listen) in [(8000, "LISTEN"), (8888, "CONTROL_LISTEN")] {
        let _other = TcpListener::bind(format!("[::1]:{port}")).unwrap();
        let plan = ProxyPlan::without_backend(&world).with("HOLD_CALLBACK_PORT", "true");
        let mut proxy = plan.with(listen, &format!("0.0.0.0:{port}")).launch();
        assert_eq!(proxy.wait().code(), Some(3), "{}", proxy.printed());
        let words = format!("Port {port} is taken by");
        assert!(proxy.printed().contains(&words) && proxy.printed().contains(&holder), "{}", proxy.printed());
    }
}
