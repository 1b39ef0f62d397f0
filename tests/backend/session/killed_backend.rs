//! The backend is killed (SIGKILL) in the middle of an exchange and started again on the same Redis and the same port:
//! steps 2 to 5 of the exchange, as the person in the browser lives through them.

use crate::harness::clients::browser::Browser;
use crate::harness::network::ingress::Ingress;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::programs::helper_program::{Helper, HelperPlan};
use crate::harness::world::World;

const LOST: &str = "The login was interrupted and its outcome is unknown: log in again.";

/// A person at the login page, with all that is behind it.
struct AtLoginPage {
    world: World,
    idp: Idp,
    _redis: RedisServer,
    plan: BackendPlan,
    backend: Backend,
    ingress: Ingress,
    helper: Helper,
    browser: Browser,
}

impl AtLoginPage {
    fn new(test: &str) -> Self {
        let world = World::new(test);
        let idp = Idp::start(&world);
        let redis = RedisServer::start(&world);
        let plan = BackendPlan::new(&world, &idp.issuer)
            .with_redis(&redis)
            .with("IDP_TIMEOUT", "4s")
            .with("EXCHANGE_LEASE", "5s");
        let backend = plan.start();
        let ingress = Ingress::start(&backend.url, &backend.url);
        let helper = HelperPlan::new(&world, &ingress.url).start();
        let mut browser = Browser::start(&world);
        browser.open("felix", &helper.link);
        Self { world, idp, _redis: redis, plan, backend, ingress, helper, browser }
    }

    fn kill_and_restart_backend(&mut self) {
        self.backend.process.kill();
        self.backend = self.plan.clone().in_place_of(&self.backend).start();
    }

    /// How often a code was redeemed, or tried to be.
    fn redemptions(&self) -> u64 {
        self.idp.read("counts")["token"]["authorization_code"].as_u64().unwrap()
    }

    /// The page and the terminal say in one sentence what happened, and nothing is connected.
    fn assert_lost(&mut self) {
        self.browser.wait_for_outcome("felix", "failed");
        let page = self.browser.page("felix");
        assert!(page.text.contains(LOST) && page.text.contains("exchange_lost"), "{}", page.text);
        self.browser.screenshot("felix", &self.world, "lost.png");
        self.helper.end().assert(1, &[LOST, "(exchange_lost)"]);
        assert_eq!(self.redemptions(), 1, "the code was sent twice");
        assert_eq!(self.backend.api(&self.world).cluster_status()["connected"], false);
    }
}

/// The identity provider has the request and has not looked at it, or has answered into nothing: in both cases nobody can
/// know whether the code is spent, so it is never sent again.
fn killed_while_the_identity_provider_holds(when: &str, test: &str) {
    let mut at = AtLoginPage::new(test);
    at.idp.hold_token(when);
    at.browser.log_in_at_idp("felix", "felix");
    at.idp.wait_held();
    at.kill_and_restart_backend();
    at.assert_lost();
}

#[test]
fn before_the_identity_provider_has_processed_the_code() {
    killed_while_the_identity_provider_holds("before", "killed_before");
}

#[test]
fn after_the_identity_provider_has_answered() {
    killed_while_the_identity_provider_holds("after", "killed_after");
}

#[test]
fn after_the_login_is_stored() {
    let mut at = AtLoginPage::new("killed_stored");
    let lost = at.ingress.lose_answer_to("/exchange");
    at.browser.log_in_at_idp("felix", "felix");
    let answer = lost.wait();
    at.kill_and_restart_backend();
    drop(answer);
    at.browser.wait_for_outcome("felix", "success");
    let ending = at.helper.end();
    ending.assert(0, &["Connected", "user:default/felix"]);
    assert!(ending.said.contains("The backend does not answer yet"), "{}", ending.said);
    assert_eq!(at.redemptions(), 1, "the code was sent twice");
    assert_eq!(at.backend.api(&at.world).cluster_status()["connected"], true);
}
