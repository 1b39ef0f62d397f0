//! What others on this machine, and pages in the person's own browser, may send to the helper while a login is under way.
//! Each is refused, and the real login beside it still succeeds.

mod callbacks;
mod codes;
mod confirmations;
mod expired_session;
mod floods;

use serde_json::json;

use crate::harness::clients::api::{Api, Session, parameter};
use crate::harness::clients::browser::Browser;
use crate::harness::deployment::Deployment;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::Helper;

/// A person's own login, with all that is behind it.
struct RealLogin {
    here: Deployment,
    backend: Backend,
    session: Session,
    helper: Helper,
    browser: Browser,
}

impl RealLogin {
    /// The browser shows the question whether the account is the user's.
    fn at_confirm_page(test: &str) -> Self {
        let here = Deployment::new(test);
        let plan = here.plan.clone().with("IDP_TIMEOUT", "50s").with("EXCHANGE_LEASE", "60s");
        let (backend, api) = here.start_as(&plan);
        let session = api.register();
        let helper = here
            .helper(&backend)
            .with("BACKSTAGE_SESSION_TOKEN", &session.token)
            // Ten thousand requests would fill the disk with traces.
            .with("RUST_LOG", "info")
            .start();
        let mut browser = Browser::start(&here.world);
        browser.open("felix", &helper.link);
        browser.wait_for_outcome("felix", "confirm");
        Self { here, backend, session, helper, browser }
    }

    /// The browser shows the identity provider's login page.
    fn at_login_page(test: &str) -> Self {
        let mut login = Self::at_confirm_page(test);
        login.confirm();
        login
    }

    fn confirm(&mut self) {
        self.browser.click("felix", "#continue");
        self.browser.wait_for("felix", "input[name=login]");
    }

    fn api(&self) -> Api {
        self.here.api(&self.backend)
    }

    /// What only the identity provider and the browser should know.
    fn state(&self) -> String {
        parameter(&self.session.auth_url, "state")
    }

    /// The header with the cookie that only the person's browser has.
    fn cookie(&mut self) -> String {
        let cookies = self.browser.act(&json!({ "op": "cookies", "context": "felix" }));
        let ours = cookies["cookies"]
            .as_array()
            .unwrap()
            .iter()
            .find(|cookie| cookie["name"].as_str().is_some_and(|name| name.starts_with("ocb_")));
        let ours = ours.expect("the helper has set its cookie");
        assert_eq!((&ours["httpOnly"], &ours["sameSite"]), (&json!(true), &json!("Lax")));
        format!("Cookie: {}={}", ours["name"].as_str().unwrap(), ours["value"].as_str().unwrap())
    }

    fn assert_still_pending(&self) {
        assert_eq!(self.api().session(&self.session).json["status"], "pending");
        assert!(!self.helper.process.printed().contains("The login came back"));
    }

    /// From the login page to the end.
    fn assert_succeeds(&mut self) {
        self.browser.log_in_at_idp("felix", "felix");
        self.assert_ends_well();
    }

    fn assert_ends_well(&mut self) {
        self.browser.wait_for_outcome("felix", "success");
        self.helper.end().assert(0, &["Connected", "user:default/felix"]);
        assert_eq!(self.api().cluster_status()["connected"], true);
    }
}
