//! A fault of the program, planted by a debug build, ends the request that it happens in and nothing else. What happens in a
//! refresh is in `backend::tokens::refresh::panics`.

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, agent};
use crate::harness::clients::login::Arrived;
use crate::harness::deployment::Deployment;
use crate::harness::process::Process;
use crate::harness::programs::backend::{Backend, BackendPlan, NO_ISSUER};
use crate::harness::programs::proxy_program::{CONTROL, ProxyPlan};
use crate::harness::world::World;

/// Part of the panic's message, as a token might be.
const SECRET: &str = "a-secret-that-a-panic-would-tell";

fn get(url: &str) -> Answer {
    Answer::read(agent().get(url).call().unwrap())
}

/// The log says where, once, and nothing of what the message held.
fn assert_told(process: &Process, metrics: &str, counter: &str) {
    let line = process.wait_for_line("a part of the program has panicked");
    let event: Value = serde_json::from_str(&line).unwrap();
    assert!(event["at"].as_str().unwrap().contains("planted.rs:"), "{line}");
    assert!(!process.printed().contains(SECRET), "the message was printed");
    let metrics = get(metrics).text;
    assert!(metrics.lines().any(|line| line == format!("{counter} 1")), "{metrics}");
}

/// A backend that panics once at that place.
fn faulty(world: &World, plan: &BackendPlan, place: &str) -> Backend {
    world.ledger.note("planted", SECRET);
    plan.clone().with("PLANTED_PANIC", place).with("PLANTED_SECRET", SECRET).start()
}

#[test]
fn a_request_that_panics_is_a_500() {
    let world = World::new("panic_request");
    let backend = faulty(&world, &BackendPlan::new(&world, NO_ISSUER), "request");
    let api = backend.api(&world);
    api.get("/info").assert_problem(500, "internal_error");
    assert_eq!(api.get("/info").status, 200);
    assert_told(&backend.process, &format!("{}/metrics", backend.control_url), "cluster_auth_panics_total");
}

#[test]
fn a_request_to_kubernetes_that_panics_is_a_status_that_kubectl_prints() {
    let world = World::new("panic_proxied");
    let backend = faulty(&world, &BackendPlan::new(&world, NO_ISSUER), "request");
    let api = backend.api(&world);
    api.get("/clusters/dev/proxy/api").assert_status_object(500, "internal_error");
    api.get("/clusters/dev/proxy/api").assert_status_object(404, "not_found");
}

#[test]
fn an_exchange_that_panics_is_lost_at_once() {
    let here = Deployment::new("panic_exchange");
    let backend = faulty(&here.world, &here.plan, "exchange");
    let api = here.api(&backend);
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    api.exchange(&session, &redirect).assert_problem(500, "internal_error");
    let known = api.session(&session);
    assert_eq!(
        (&known.json["status"], &known.json["error"]["code"]),
        (&json!("failed"), &json!("exchange_lost"))
    );
    api.exchange(&session, &redirect).assert_problem(409, "exchange_lost");
    api.log_in(&here.idp, "felix");
    assert_told(&backend.process, &format!("{}/metrics", backend.control_url), "cluster_auth_panics_total");
}

#[test]
fn a_request_to_the_helper_that_panics_is_a_page_that_says_so() {
    let world = World::new("panic_helper");
    world.ledger.note("planted", SECRET);
    let plan = ProxyPlan::without_backend(&world).with("HOLD_CALLBACK_PORT", "true");
    let proxy = plan.with("PLANTED_PANIC", "request").with("PLANTED_SECRET", SECRET).start();
    let broken = get(&format!("{CONTROL}/healthz"));
    assert_eq!(broken.status, 500, "{}", broken.text);
    assert!(broken.text.contains("An error in the helper"), "{}", broken.text);
    assert_eq!(broken.header("x-frame-options"), Some("DENY"));
    assert_eq!(get(&format!("{CONTROL}/healthz")).status, 200);
    assert_told(&proxy, &format!("{CONTROL}/metrics"), "oidc_helper_panics_total");
}
