//! The backend is killed (SIGKILL) in the middle of an exchange and started again on the same Redis and the same port:
//! steps 2 to 5 of the exchange, as the user in the browser sees them.

use crate::harness::clients::browser::Browser;
use crate::harness::deployment::{Deployment, OnRedis};
use crate::harness::network::ingress::Ingress;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::{Helper, HelperPlan};

const LOST: &str = "The login was interrupted and its outcome is unknown: log in again.";

/// A person at the login page, with all that is behind it.
struct AtLoginPage {
    here: OnRedis,
    backend: Backend,
    ingress: Ingress,
    helper: Helper,
    browser: Browser,
}

impl AtLoginPage {
    fn new(test: &str) -> Self {
        let here = Deployment::new(test).with_redis().with("IDP_TIMEOUT", "4s").with("EXCHANGE_LEASE", "5s");
        let backend = here.plan.start();
        let ingress = Ingress::start(&backend.url, &backend.url);
        let helper = HelperPlan::new(&here.world, &ingress.url).start();
        let mut browser = Browser::start(&here.world);
        browser.open("felix", &helper.link);
        Self { here, backend, ingress, helper, browser }
    }

    fn kill_and_restart_backend(&mut self) {
        self.backend.process.kill();
        self.backend = self.here.plan.clone().in_place_of(&self.backend).start();
    }

    /// The page and the terminal say in one sentence what happened, and nothing is connected.
    fn assert_lost(&mut self) {
        self.browser.wait_for_outcome("felix", "failed");
        let page = self.browser.page("felix");
        assert!(page.text.contains(LOST) && page.text.contains("exchange_lost"), "{}", page.text);
        self.browser.screenshot("felix", &self.here.world, "lost.png");
        self.helper.end().assert(1, &[LOST, "(exchange_lost)"]);
        assert_eq!(self.here.idp.code_requests(), 1, "the code was sent twice");
        assert_eq!(self.here.api(&self.backend).cluster_status()["connected"], false);
    }
}

/// The identity provider has the request and has not looked at it, or has answered into nothing: in neither
/// case is it known whether the code is spent, so it is never sent again.
fn killed_while_the_identity_provider_holds(when: &str, test: &str) {
    let mut at = AtLoginPage::new(test);
    at.here.idp.hold_token(when);
    at.browser.log_in_at_idp("felix", "felix");
    at.here.idp.wait_held();
    at.kill_and_restart_backend();
    at.assert_lost();
}

#[test]
fn killed_before_the_identity_provider_has_processed_the_code_the_login_is_lost() {
    killed_while_the_identity_provider_holds("before", "killed_before");
}

#[test]
fn killed_after_the_identity_provider_has_answered_the_login_is_lost() {
    killed_while_the_identity_provider_holds("after", "killed_after");
}

#[test]
fn killed_after_the_login_is_stored_it_succeeds() {
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
    assert_eq!(at.here.idp.code_requests(), 1, "the code was sent twice");
    assert_eq!(at.here.api(&at.backend).cluster_status()["connected"], true);
}
