//! How a login ends that does not succeed, and how the program stops.

use nix::sys::signal::Signal;

use super::{Parts, at_callback_port};
use crate::harness::programs::proxy_program::{APP, outcome};

#[test]
fn deny_at_the_identity_provider_ends_it() {
    let parts = Parts::start("proxy_deny");
    let session = parts.register();
    let mut visitor = parts.visitor();
    let link = visitor.hand_over(APP, &session.token);
    let redirect = parts.here.idp.deny(&visitor.press_button(&link));
    let at_callback = at_callback_port(&parts.here.world, &visitor);
    assert_eq!(at_callback.come_back(&redirect), "refused");
    parts.proxy.wait_for_line("the redirect URI's port is closed");
    let metrics = visitor.get("/metrics").text;
    assert!(metrics.contains(r#"oidc_helper_logins_total{outcome="access_denied"} 1"#), "{metrics}");
    assert!(metrics.contains("oidc_helper_sessions_pending 0"), "{metrics}");
}

#[test]
fn a_login_that_is_not_finished_frees_the_port() {
    let parts = Parts::start_with("proxy_not_finished", |plan| plan.with("LOGIN_TIMEOUT", "5s"));
    let session = parts.register();
    let mut visitor = parts.visitor();
    let link = visitor.hand_over(APP, &session.token);
    let metrics = visitor.get("/metrics").text;
    assert!(metrics.contains("oidc_helper_sessions_pending 1"), "{metrics}");
    parts.proxy.wait_for_line(r#""outcome":"session_expired""#);
    parts.proxy.wait_for_line("the redirect URI's port is closed");
    assert_eq!(outcome(&visitor.get(&link)), "not-found");
}

#[test]
fn sigterm_ends_it_well() {
    let mut parts = Parts::start("proxy_sigterm");
    let session = parts.register();
    parts.visitor().hand_over(APP, &session.token);
    parts.proxy.signal(Signal::SIGTERM);
    assert_eq!(parts.proxy.wait().code(), Some(0));
    assert!(parts.proxy.printed().contains("stopping: requests under way may finish"));
}
