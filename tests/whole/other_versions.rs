//! A helper that is newer than its backend, and one that is older.

use backstage_oidc_helper::protocol::REDIRECT_URI;

use crate::harness::clients::login::Arrived;
use crate::harness::deployment::Deployment;
use crate::harness::network::faulty_front::{Fault, FaultyFront};
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::programs::proxy_program::Visitor;

const HELPER: &str = "http://localhost:8000";

/// A backend, and what stands in front of it and rewrites what it says.
struct Parts {
    here: Deployment,
    backend: Backend,
    front: FaultyFront,
}

impl Parts {
    fn start(test: &str) -> Self {
        let here = Deployment::new(test);
        let backend = here.plan.start();
        let front = FaultyFront::before(&backend.url);
        Self { here, backend, front }
    }

    fn login(&self) -> HelperPlan {
        HelperPlan::new(&self.here.world, &self.front.url)
    }
}

#[test]
fn a_backend_that_names_no_redirect_uri_for_each_cluster_has_one_for_all() {
    const OF_THE_CLUSTER: &str = ",\"redirectUri\":\"http://localhost:8000/\"}";
    assert!(OF_THE_CLUSTER.contains(REDIRECT_URI));
    let parts = Parts::start("older_backend");
    parts.front.fault("/api/cluster-auth/info", Fault::Rewrites(OF_THE_CLUSTER, "}"));
    let mut helper = parts.login().start();
    let mut visitor = Visitor::new(&parts.here.world, HELPER);
    let sent = visitor.get(helper.link.strip_prefix(HELPER).unwrap());
    visitor.keep_cookie(&sent);
    let redirect = parts.here.idp.log_in(sent.header("location").unwrap(), "felix");
    assert_eq!(visitor.come_back_for_good(&redirect), "success");
    helper.end().assert(0, &["Connected", "user:default/felix"]);
}

#[test]
fn a_session_that_failed_for_a_reason_of_a_newer_backend_has_failed() {
    let parts = Parts::start("newer_backend");
    let api = parts.here.api(&parts.backend);
    let Arrived { session, redirect } = api.arrive(&parts.here.idp, "mara");
    let refused = api.exchange(&session, &redirect);
    refused.assert_problem(403, "identity_mismatch");
    let newer = Fault::Rewrites("\"identity_mismatch\"", "\"newer_than_we\"");
    parts.front.fault("/api/cluster-auth/session", newer);
    let plan = parts.login().with("BACKSTAGE_SESSION_TOKEN", &session.token);
    Ending::of(&mut plan.launch()).assert(1, &["This session has failed: begin a new one in Backstage."]);
}
