//! Servers that we call and that do not answer, or not to the end: each call has a deadline, and afterwards everything works as
//! before.

mod backstage;
mod helper;
mod numbers;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Session, until, until_ok};
use crate::harness::clients::login::Arrived;
use crate::harness::deployment::Deployment;
use crate::harness::network::faulty_front::{Fault, FaultyFront};
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::Backend;
use crate::harness::world::World;

/// Within this every request is answered, whichever server stalls.
const IN_TIME: Duration = Duration::from_secs(15);

/// What comes of it, in time.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, done) = mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    done.recv_timeout(IN_TIME).expect("no answer in time")
}

/// An identity provider behind a front, and backends that know only the front.
struct Parts<R = (), C = ()> {
    here: Deployment<Idp, R, C>,
    front: FaultyFront,
}

impl Parts {
    fn start(test: &str) -> Self {
        let world = World::new(test);
        let front = FaultyFront::new();
        let idp = Idp::start_with(&world, &["--issuer", &format!("{}/", front.url)]);
        front.serve(idp.port);
        Self { here: Deployment::of(world, idp).with("IDP_TIMEOUT", "5s"), front }
    }
}

impl<R, C> Parts<R, C> {
    fn fault(&self, endpoint: &str, fault: Fault) {
        self.front.fault(&self.here.idp.path_of(endpoint), fault);
    }

    /// Hands over what came back, from a thread that may wait for ever.
    fn exchange_in_time(&self, backend: &Backend, session: &Session) -> Answer {
        let redirect = self.here.idp.log_in(&session.auth_url, "felix");
        let (api, session) = (self.here.api(backend), session.clone());
        in_time(move || api.exchange(&session, &redirect))
    }
}

#[test]
fn a_token_endpoint_that_stalls_at_a_refresh_locks_no_login() {
    let Parts { here, front } = Parts::start("stalled_refresh");
    let parts = Parts { here: here.with_redis().with_cluster(), front };
    let replicas = [parts.here.plan.start(), parts.here.plan.start()];
    let api = |replica: usize| parts.here.api(&replicas[replica]);
    let log_in_and_expire = || api(0).log_in_and_expire(&parts.here.idp);
    let get_in_time = |replica: usize| {
        let api = api(replica);
        in_time(move || api.get(PODS))
    };

    log_in_and_expire();
    parts.fault("token_endpoint", Fault::Stalls);
    get_in_time(0).assert_status_object(502, "idp_unreachable");
    parts.front.heal();
    assert_eq!(until_ok(|| get_in_time(1)).status, 200);

    log_in_and_expire();
    parts.fault("token_endpoint", Fault::Stalls);
    get_in_time(0).assert_status_object(502, "idp_unreachable");
    let other = api(1);
    let gone = in_time(move || other.delete("/tokens?cluster=dev"));
    assert_eq!((gone.status, &gone.json["disconnected"]), (200, &json!(["dev"])), "{}", gone.text);
    assert_eq!(api(0).cluster_status()["connected"], false);
    parts.front.heal();
    api(0).log_in(&parts.here.idp, "felix");
}

#[test]
fn a_token_endpoint_that_stalls_at_a_login_loses_that_login_alone() {
    let parts = Parts::start("stalled_exchange");
    let (backend, api) = parts.here.start();
    let session = api.register();
    parts.fault("token_endpoint", Fault::Stalls);
    parts.exchange_in_time(&backend, &session).assert_problem(409, "exchange_lost");
    assert_eq!(api.session(&session).json["error"]["code"], "exchange_lost");
    parts.front.heal();
    api.log_in(&parts.here.idp, "felix");
}

#[test]
fn a_discovery_that_stalls_is_waited_for_once() {
    let parts = Parts::start("stalled_discovery");
    let discovery = "/.well-known/openid-configuration";
    parts.front.fault(discovery, Fault::Stalls);
    let backend = parts.here.plan.clone().with("IDP_TIMEOUT", "8s").start();
    let ask = || {
        let api = parts.here.api(&backend);
        in_time(move || api.post("/register", &json!({})))
    };
    ask().assert_problem(502, "idp_unreachable");
    let begun = Instant::now();
    for _ in 0..3 {
        ask().assert_problem(502, "idp_unreachable");
    }
    // Eight seconds each would be 24.
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());
    parts.front.heal();
    until_ok(ask);
}

#[test]
fn keys_that_stall_spend_no_code() {
    let parts = Parts::start("stalled_keys");
    let (backend, api) = parts.here.start();
    let Arrived { session, redirect } = api.arrive(&parts.here.idp, "felix");
    parts.fault("jwks_uri", Fault::Stalls);
    let exchange = || {
        let (api, session, redirect) = (parts.here.api(&backend), session.clone(), redirect.clone());
        in_time(move || api.exchange(&session, &redirect))
    };
    exchange().assert_problem(502, "idp_unreachable");
    assert_eq!(api.session(&session).json["status"], "pending");
    parts.front.heal();
    assert_eq!(until_ok(exchange).json["success"], true);
}

#[test]
fn a_revocation_that_stalls_ends_a_login_all_the_same() {
    let parts = Parts::start("stalled_revocation");
    let (backend, api) = parts.here.start();
    api.log_in(&parts.here.idp, "felix");
    parts.fault("revocation_endpoint", Fault::Stalls);
    let api = parts.here.api(&backend);
    let gone = in_time(move || api.delete("/tokens"));
    assert_eq!((gone.status, &gone.json["revocationPending"]), (200, &json!(["dev"])), "{}", gone.text);
    let api = parts.here.api(&backend);
    assert_eq!(api.cluster_status()["connected"], false);
    parts.front.heal();
    until(|| api.delete("/tokens"), |answer| answer.json["revocationPending"] == json!([]));
    api.log_in(&parts.here.idp, "felix");
}

#[test]
fn half_an_answer_is_none_though_it_parses() {
    let parts = Parts::start("cut_answers");
    parts.front.fault("/.well-known/openid-configuration", Fault::LacksItsEnd);
    let (_backend, api) = parts.here.start();
    api.post("/register", &json!({})).assert_problem(502, "idp_unreachable");
    parts.front.heal();
    until_ok(|| api.post("/register", &json!({})));

    let Arrived { session, redirect } = api.arrive(&parts.here.idp, "felix");
    parts.fault("jwks_uri", Fault::LacksItsEnd);
    api.exchange(&session, &redirect).assert_problem(502, "idp_unreachable");
    parts.front.heal();
    until_ok(|| api.exchange(&session, &redirect));

    let session = api.register();
    parts.fault("token_endpoint", Fault::LacksItsEnd);
    let redirect = parts.here.idp.log_in(&session.auth_url, "felix");
    api.exchange(&session, &redirect).assert_problem(409, "exchange_lost");
}

#[test]
fn a_token_request_has_a_connection_of_its_own() {
    let parts = Parts::start("own_connection");
    let (_backend, api) = parts.here.start();
    for path in ["token_endpoint", "revocation_endpoint"] {
        parts.fault(path, Fault::WantsItsOwnConnection);
    }
    // Discovery and keys came just before, each on a connection that the front would keep.
    let answers: Vec<Value> =
        (0..3).map(|_| api.attempt_log_in(&parts.here.idp, "felix").json["success"].clone()).collect();
    assert_eq!(answers, [true, true, true]);
    assert_eq!(api.delete("/tokens").json["revocationPending"], json!([]));
}

#[test]
fn hints_before_an_answer_are_not_the_answer() {
    let parts = Parts::start("interim_answers");
    for path in ["jwks_uri", "token_endpoint", "revocation_endpoint"] {
        parts.fault(path, Fault::Hints);
    }
    parts.front.fault("/.well-known/openid-configuration", Fault::Hints);
    let (_backend, api) = parts.here.start();
    api.log_in(&parts.here.idp, "felix");
    assert_eq!(api.delete("/tokens").json["revocationPending"], json!([]));
}
