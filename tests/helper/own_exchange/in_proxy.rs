//! The same in the proxy role, which may be killed at any step.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::harness::clients::api::{Api, Session, parameter};
use crate::harness::deployment::Deployment;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::process::Process;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::proxy_program::{APP, CALLBACK, CONTROL, ProxyPlan, Visitor};

/// Whatever is shorter is no secret, and would be found in ordinary words.
const SHORTEST_SECRET: usize = 20;

/// A proxy that redeems codes itself and keeps what is pending in Redis.
struct Parts {
    here: Deployment,
    redis: RedisServer,
    backend: Backend,
    api: Api,
    plan: ProxyPlan,
    proxy: Process,
}

/// A person, at the moment when the identity provider sends the browser back.
struct Person {
    visitor: Visitor,
    session: Session,
    redirect: String,
}

impl Parts {
    fn start(test: &str) -> Self {
        let here = Deployment::new(test).with("BACKSTAGE_APP_URL", APP);
        let redis = RedisServer::start(&here.world);
        // A login that the backend keeps outlives the backend.
        let here = Deployment { plan: here.plan.clone().with_redis(&redis), ..here };
        let (backend, api) = here.start();
        let plan = here.proxy(&backend).with("REDIS_URL", &redis.url).with("EXCHANGE", "helper");
        let proxy = plan.start();
        Self { here, redis, backend, api, plan, proxy }
    }

    fn log_in(&self) -> Person {
        let session = self.api.register();
        let mut visitor = Visitor::new(&self.here.world, CONTROL);
        let link = visitor.hand_over(APP, &session.token);
        let auth_url = visitor.press_button(&link);
        assert_ne!(parameter(&auth_url, "code_challenge"), parameter(&session.auth_url, "code_challenge"));
        let redirect = self.here.idp.log_in(&auth_url, "felix");
        Person { visitor: visitor.moved_to(&self.here.world, CALLBACK), session, redirect }
    }

    fn restart_proxy(&mut self) {
        self.proxy.kill();
        self.proxy = self.plan.start();
        self.proxy.wait_for_line("the redirect URI's port is bound");
    }

    /// Redis holds no secret that passed through the test so far.
    fn assert_nothing_in_the_clear(&self) {
        let held = [self.redis.dump(), self.redis.keys().join("\n").into_bytes()].concat();
        let secrets = self.here.world.ledger.entries();
        let values: Vec<&str> = secrets
            .iter()
            .filter_map(|secret| secret["value"].as_str().filter(|value| value.len() >= SHORTEST_SECRET))
            .collect();
        let found = aho_corasick::AhoCorasick::new(&values).unwrap().find(&held);
        assert!(found.is_none(), "Redis holds a secret");
    }
}

/// Where the claim to the code of a login lies.
fn claim_to(state: &str) -> String {
    let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, state.as_bytes()));
    format!("cluster-auth:helper:redeeming:{hash}")
}

impl Person {
    /// The browser is on its way back, and the page that it gets is of no interest.
    fn begin_to_come_back(&self) {
        let _ = self.visitor.reload(&self.redirect);
    }
}

#[test]
fn a_login_that_is_handed_over_ends_connected() {
    let parts = Parts::start("own_exchange_proxy");
    let person = parts.log_in();
    assert_eq!(person.visitor.come_back_for_good(&person.redirect), "success");
    assert_eq!(parts.api.session(&person.session).json["status"], "complete");
    let status = parts.api.cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)), "{status}");
    assert_eq!((parts.here.idp.code_requests(), parts.here.idp.refreshes()), (1, 1));
}

/// RFC 9207: the code of another provider is not for this one's token endpoint.
#[test]
fn a_redirect_that_names_another_issuer_or_none_ends_before_the_code_is_sent() {
    let parts = Parts::start("own_exchange_proxy_iss");
    for iss in [Some("https://attacker.example/"), None] {
        let person = parts.log_in();
        let mut redirect = url::Url::parse(&person.redirect).unwrap();
        let others: Vec<(String, String)> =
            redirect.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
        redirect.query_pairs_mut().clear().extend_pairs(others).extend_pairs(iss.map(|iss| ("iss", iss)));
        assert_eq!(person.visitor.come_back_for_good(redirect.as_str()), "failed", "{iss:?}");
        assert_eq!(parts.api.session(&person.session).json["status"], "failed", "{iss:?}");
    }
    assert_eq!(parts.here.idp.code_requests(), 0, "the code was sent");
}

#[test]
fn a_proxy_that_dies_with_the_tokens_brings_them_after_its_restart() {
    let mut parts = Parts::start("own_exchange_proxy_tokens");
    let person = parts.log_in();
    parts.backend.process.kill();
    person.begin_to_come_back();
    parts.proxy.wait_for_line("the backend has given no final answer yet");
    parts.assert_nothing_in_the_clear();
    parts.restart_proxy();
    parts.backend = parts.here.plan.clone().in_place_of(&parts.backend).start();
    assert_eq!(person.visitor.come_back_for_good(&person.redirect), "success");
    assert_eq!(parts.here.idp.code_requests(), 1, "the code was sent twice");
    assert_eq!(parts.here.api(&parts.backend).cluster_status()["connected"], true);
    let deadline = std::time::Instant::now() + crate::harness::programs::proxy_program::TIMEOUT;
    while parts.redis.keys().iter().any(|key| key.contains("helper:redeemed")) {
        assert!(std::time::Instant::now() < deadline, "tokens of a login that has ended are kept");
        std::thread::yield_now();
    }
}

/// What such a crash costs: the login, and nothing else. The code is not sent again.
fn killed_while_the_provider_holds_the_code(when: &str, test: &str) {
    let mut parts = Parts::start(test);
    let person = parts.log_in();
    parts.here.idp.hold_token(when);
    person.begin_to_come_back();
    parts.here.idp.wait_held();
    parts.restart_proxy();
    parts.here.idp.release();
    assert_eq!(person.visitor.come_back_for_good(&person.redirect), "failed");
    assert_eq!(parts.here.idp.code_requests(), 1, "the code was sent twice");
    let told = parts.api.session(&person.session).json;
    assert_eq!((&told["status"], &told["error"]["code"]), (&json!("failed"), &json!("cancelled")), "{told}");
    assert_eq!(parts.api.cluster_status()["connected"], false);
}

#[test]
fn a_proxy_that_dies_before_the_provider_has_looked_at_the_code_loses_the_login() {
    killed_while_the_provider_holds_the_code("before", "own_exchange_proxy_before");
}

#[test]
fn a_proxy_that_dies_before_the_providers_answer_loses_the_login() {
    killed_while_the_provider_holds_the_code("after", "own_exchange_proxy_after");
}

#[test]
fn a_proxy_that_dies_while_the_provider_is_away_goes_on() {
    let mut parts = Parts::start("own_exchange_proxy_away");
    let person = parts.log_in();
    parts.here.idp.control("next", json!({ "endpoint": "token", "status": 503, "times": 3 }));
    person.begin_to_come_back();
    parts.proxy.wait_for_line("the backend has given no final answer yet");
    parts.restart_proxy();
    assert_eq!(person.visitor.come_back_for_good(&person.redirect), "success");
}

/// The provider is away, the replica that claimed the code lets go of it, and the browser's next load has come to this one.
#[test]
fn a_code_that_another_replica_let_go_of_is_redeemed_here() {
    let parts = Parts::start("own_exchange_proxy_replica");
    let person = parts.log_in();
    let claim = claim_to(&parameter(&person.redirect, "state"));
    parts.redis.cli(&["SET", &claim, "of another replica"]);
    let asked = parts.redis.monitor(&parts.here.world);
    person.begin_to_come_back();
    asked.wait_for_line(&format!(r#""GET" "{claim}""#));
    assert_eq!(parts.here.idp.code_requests(), 0, "the code is another's");
    parts.redis.cli(&["DEL", &claim]);
    assert_eq!(person.visitor.come_back_for_good(&person.redirect), "success");
    assert_eq!(parts.here.idp.code_requests(), 1);
}
